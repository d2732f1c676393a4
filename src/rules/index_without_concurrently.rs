//! `CREATE INDEX` holds SHARE on its table for the whole build.
use super::support::locks::{index_name, index_tail, leave_transaction, outside_transaction, partitioned_index_recipe, runs_live};
use super::{Check, Context, Kind};
use crate::facts::{Action, CreateIndex};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::CreateIndex(index) = action
            && runs_live(ctx) && index.concurrently.is_none() && !ctx.is_new(&index.table) {
                blocking_build(ctx, index);
            }
    }
}

fn blocking_build(ctx: &Context, index: &CreateIndex) {
    let (name, table) = (index_name(index), &index.table);
    if ctx.is_partitioned(table) {
        if !index.only {
            let message = format!(
                "creating index {name} holds SHARE on {table} and on each of its partitions until all are built: every INSERT, UPDATE and DELETE waits"
            );
            ctx.add(ctx.report(index.keys_span, message).help(partitioned_index_recipe(ctx, index)));
        }
        return;
    }
    if index.only && ctx.table(table).is_none() {
        return; // ONLY is written for partitioned parents, where nothing is built
    }
    let message = format!("creating index {name} holds SHARE on {table} until the build ends: every INSERT, UPDATE and DELETE waits");
    let unique = if index.unique { "UNIQUE " } else { "" };
    let sql = format!("CREATE {unique}INDEX CONCURRENTLY {name} ON {table} {};", index_tail(ctx, index));
    let mut report = ctx.report(index.keys_span, message).help(outside_transaction(ctx, &sql));
    if leave_transaction(ctx).is_none() {
        let at = Span::new(index.verb_span.end, index.verb_span.end);
        report = report.fix("build the index concurrently", ctx.surely_outside_transaction(), at, " CONCURRENTLY");
    }
    ctx.add(report);
}
