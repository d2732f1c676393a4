//! LOCK TABLE in a mode that stops other sessions.
use super::support::locks::runs_live;
use super::{Check, Context, Kind};
use crate::facts::Action;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::LockTable { tables, mode, mode_span, .. } = action else { continue };
        let Some(first) = tables.iter().find(|target| !ctx.is_new(&target.name)) else { continue };
        if !mode.blocks_writes() {
            continue;
        }
        let who = if mode.blocks_reads() { "all reads and writes" } else { "all writes" };
        let table = &first.name;
        let message = format!("LOCK TABLE {table} holds {} until the transaction ends: {who} of {table} wait", mode.sql());
        let span = if mode_span.is_empty() { table.span() } else { *mode_span };
        let help = format!("lock the rows that matter instead:\nSELECT FROM {table} WHERE id BETWEEN :first AND :last FOR UPDATE;\nor, to keep other schema changes away only:\nBEGIN;\nLOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;\nCOMMIT;");
        ctx.add(ctx.report(span, message).help(help));
    }
}
