//! `DROP INDEX` takes ACCESS EXCLUSIVE on the index's table.
use super::support::locks::{leave_transaction, outside_transaction, runs_live, shown};
use super::{Check, Context, Kind};
use crate::facts::{Action, Drop, ObjectName, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::Drop], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::Drop(drop) = action
            && runs_live(ctx) && drop.kind == "INDEX" && drop.concurrently.is_none() {
                blocking_drop(ctx, drop);
            }
    }
}

fn blocking_drop(ctx: &Context, drop: &Drop) {
    let table_of = |name: &ObjectName| ctx.catalog.index(name).map(|(_, index)| shown(&index.table));
    let spared = |table: ObjectName| ctx.is_new(&table) || goes_anyway(ctx, &table);
    let gone = |name: &ObjectName| drop.if_exists && table_of(name).is_none() && went_with_constraint(ctx, name);
    let old: Vec<&ObjectName> =
        drop.names.iter().filter(|name| !ctx.is_new(name) && !table_of(name).is_some_and(spared) && !gone(name)).collect();
    let Some(first) = old.first() else { return };
    let table = table_of(first);
    let whose = table.as_ref().map_or_else(|| format!("the table of {first}"), ToString::to_string);
    let message = format!(
        "dropping index {first} takes ACCESS EXCLUSIVE on {whose}: it waits for every open query there, and all reads and writes wait behind it"
    );
    let report = ctx.report(drop.verb_span, message);
    if table.as_ref().is_some_and(|table| ctx.is_partitioned(table)) {
        let help = format!("an index of a partitioned table cannot be dropped concurrently; wait only briefly and retry:\nSET lock_timeout = '2s';\nDROP INDEX {first};");
        return ctx.add(report.help(help));
    }
    let if_exists = if drop.if_exists { "IF EXISTS " } else { "" };
    let sql: Vec<String> = old.iter().map(|name| format!("DROP INDEX CONCURRENTLY {if_exists}{name};")).collect();
    let mut report = report.help(outside_transaction(ctx, &sql.join("\n")));
    if leave_transaction(ctx).is_none() && drop.names.len() == 1 && !drop.cascade {
        let at = Span::new(drop.verb_span.end, drop.verb_span.end);
        report = report.fix("drop the index concurrently", ctx.surely_outside_transaction(), at, " CONCURRENTLY");
    }
    ctx.add(report);
}

/// Whether the same file drops the table itself: everybody has to have left it by then.
fn goes_anyway(ctx: &Context, table: &ObjectName) -> bool {
    let drops = |action: &Action| matches!(action, Action::Drop(drop) if drop.kind == "TABLE" && drop.names.iter().any(|name| ctx.catalog.resolve(name) == ctx.catalog.resolve(table)));
    ctx.following.iter().flat_map(|statement| &statement.actions).any(drops)
}

/// Whether the same file dropped the constraint that the index stood behind: then it is not there any more.
fn went_with_constraint(ctx: &Context, index: &ObjectName) -> bool {
    let drops = |action: &Action| matches!(action, Action::AlterTable(alter) if matches!(&alter.change, TableChange::DropConstraint { name, .. } if name.value == index.name.value));
    ctx.preceding.iter().flat_map(|statement| &statement.actions).any(drops)
}
