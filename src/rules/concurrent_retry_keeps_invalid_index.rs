//! `CREATE INDEX CONCURRENTLY IF NOT EXISTS` is content with the invalid index that a failed build leaves behind.

use super::support::locks::{index_tail, runs_live};
use super::{Check, Context, Kind, Origin};
use crate::facts::{Action, CreateIndex, Name, ObjectName};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex], check);

fn check(ctx: &Context) {
    if ctx.origin == Origin::Document {
        return; // an excerpt does not show what is dropped before it
    }
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::CreateIndex(index) = action else { continue };
        let Some(name) = index.name.as_ref().filter(|_| index.if_not_exists && index.concurrently.is_some()) else { continue };
        if !ctx.is_new(&index.table) && !is_dropped_before(ctx, index, name) {
            report(ctx, index, name);
        }
    }
}

/// The same file takes the index away first, or sees whether it is valid.
fn is_dropped_before(ctx: &Context, index: &CreateIndex, name: &Name) -> bool {
    let same = |dropped: &ObjectName| dropped.name == *name && (dropped.schema.is_none() || dropped.schema == index.table.schema || index.table.schema.is_none());
    ctx.preceding.iter().any(|statement| {
        let drops = statement.actions.iter().any(|action| matches!(action, Action::Drop(drop) if drop.kind == "INDEX" && drop.names.iter().any(same)));
        let looks = matches!(statement.actions.first(), Some(Action::Do { .. })) && ctx.source(statement.span).contains("indisvalid");
        drops || looks
    })
}

fn report(ctx: &Context, index: &CreateIndex, name: &Name) {
    let table = &index.table;
    let message = format!(
        "a build of {name} that fails leaves it behind invalid, and IF NOT EXISTS then takes the retry for done: {table} pays for an index that no query may use"
    );
    let full = ObjectName { schema: table.schema.clone(), name: name.clone() };
    let unique = if index.unique { "UNIQUE " } else { "" };
    let help = format!(
        "take away what a failed build left, then build without IF NOT EXISTS, each as a statement of its own:\nDROP INDEX CONCURRENTLY IF EXISTS {full};\nCREATE {unique}INDEX CONCURRENTLY {name} ON {table} {};",
        index_tail(ctx, index)
    );
    let span = index.concurrently.map_or(index.verb_span, |at| at.to(name.span));
    ctx.add(ctx.report(span, message).help(help));
}
