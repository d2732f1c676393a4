//! A lock that waits without limit makes everyone queue behind it. Said once a file.
use super::support::locks::{is_live, runs_live};
use super::{Check, Context, Origin};
use crate::facts::{Action, TableChange};
use crate::session::Transaction;
use crate::source::Span;

pub(super) const CHECK: Check = Check::OncePerFile(check);

fn check(ctx: &Context) {
    // the lines before a document's excerpt may well set one
    if !runs_live(ctx) || ctx.origin == Origin::Document || ctx.settings.runner_sets_lock_timeout || ctx.session.lock_timeout().is_some() {
        return;
    }
    let Some(action) = ctx.actions().first() else { return };
    if matches!(action, Action::LockTable { nowait: true, .. } | Action::Do { .. }) || is_concurrent(action) {
        return; // NOWAIT does not wait; a block's statements are looked at one by one
    }
    let blocking = |mode: crate::postgres::lock::LockMode| mode.blocks_reads() || mode.blocks_writes();
    let Some(effect) = ctx.effects.iter().find(|effect| blocking(effect.mode) && is_live(ctx, effect)) else { return };
    let (mode, relation) = (effect.mode.sql(), &effect.relation);
    let who = if effect.mode.blocks_reads() { "reads and writes" } else { "writes" };
    let message = format!("no lock_timeout is in force: while this waits for {mode} on {relation}, all {who} of {relation} queue behind it");
    let local = ctx.around.in_do || matches!(ctx.session.transaction(), Transaction::Explicit(_) | Transaction::Framework(_));
    let set = if local { "SET LOCAL lock_timeout = '2s';" } else { "SET lock_timeout = '2s';" };
    let mut report = ctx.report(piece(ctx, action), message).help(format!("before it, and retry when it gives up:\n{set}"));
    if !ctx.around.in_do {
        let start = ctx.statement.span.start;
        report = report.fix("limit the wait for locks", false, Span::new(start, start), format!("{set}\n"));
    }
    ctx.add(report.once_per_file());
}

/// The forms made to wait without holding anyone up: a timeout would only leave them half done.
fn is_concurrent(action: &Action) -> bool {
    match action {
        Action::RefreshMaterializedView(refresh) => refresh.concurrently,
        Action::AlterTable(alter) => matches!(alter.change, TableChange::DetachPartition { concurrently: true, .. }),
        _ => false,
    }
}

/// The words that take the lock.
fn piece(ctx: &Context, action: &Action) -> Span {
    match action {
        Action::AlterTable(alter) => alter.span,
        Action::CreateIndex(index) => index.verb_span,
        Action::Drop(drop) => drop.verb_span,
        Action::Reindex(reindex) => reindex.verb_span,
        Action::RefreshMaterializedView(refresh) => refresh.verb_span,
        _ => ctx.statement.span,
    }
}
