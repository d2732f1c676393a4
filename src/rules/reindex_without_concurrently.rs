//! `REINDEX` blocks writes on the table, and nearly all reads through the index being rebuilt.
use super::support::locks::{leave_transaction, outside_transaction, runs_live, shown};
use super::{Check, Context, Kind};
use crate::facts::{Action, Reindex};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::Reindex(reindex) = action {
            // REINDEX SYSTEM has no concurrent form
            if runs_live(ctx) && !reindex.concurrently && reindex.kind != "SYSTEM" && !is_new(ctx, reindex) {
                blocking_rebuild(ctx, reindex);
            }
        }
    }
}

fn is_new(ctx: &Context, reindex: &Reindex) -> bool {
    let Some(name) = &reindex.name else { return false };
    match reindex.kind.as_str() {
        "TABLE" => ctx.is_new(name),
        "INDEX" => ctx.is_new(name) || ctx.catalog.index(name).is_some_and(|(_, index)| ctx.is_new(&shown(&index.table))),
        _ => false,
    }
}

fn blocking_rebuild(ctx: &Context, reindex: &Reindex) {
    let name = reindex.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let message = match reindex.kind.as_str() {
        "INDEX" => {
            let index = reindex.name.as_ref().and_then(|name| ctx.catalog.index(name));
            let table = index.map_or_else(|| "its table".to_owned(), |(_, index)| index.table.to_string());
            format!("rebuilding index {name} holds SHARE on {table} and ACCESS EXCLUSIVE on the index until it ends: writes wait, and so do nearly all reads, since planning a query locks every index")
        }
        "TABLE" => format!("rebuilding the indexes of {name} holds SHARE on it and ACCESS EXCLUSIVE on each index in turn: writes wait, and so do nearly all reads, since planning a query locks every index"),
        kind => format!("rebuilding every index of {} {name} blocks one table after another: writes wait, and so do nearly all reads", kind.to_lowercase()),
    };
    let sql = format!("REINDEX {} CONCURRENTLY {name}", reindex.kind);
    let mut report = ctx.report(reindex.verb_span, message).help(outside_transaction(ctx, &format!("{};", sql.trim_end())));
    if leave_transaction(ctx).is_none() {
        let at = Span::new(reindex.verb_span.end, reindex.verb_span.end);
        report = report.fix("rebuild concurrently", ctx.surely_outside_transaction(), at, " CONCURRENTLY");
    }
    ctx.add(report);
}
