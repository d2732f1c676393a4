//! Rows that somebody works off: those not taken now are taken another time, whichever come first.

use super::cut::Cut;
use crate::extract::name_words;
use crate::facts::{Action, ColumnRef, Expr, ExprKind, JoinKind, Literal};
use crate::rules::support::columns::is_passing;
use crate::rules::support::{joins, rows};
use crate::source::floor_boundary;

/// So many rows nobody looks at: whoever asks for them works through all that match, one batch after the other.
const BATCH: u64 = 1000;

/// A batch, by its size or by what its size is called.
pub(super) fn is_batch(cut: &Cut) -> bool {
    let is_size = |name: &str| ["batch", "chunk"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    let called = || match cut.limit.count.as_ref().map(|count| &count.uncast().kind) {
        Some(ExprKind::Column(column)) => is_size(&column.column.value),
        Some(ExprKind::Parameter(name)) => is_size(name) || is_size(values_of(cut)),
        _ => false,
    };
    cut.query.offset.is_none() && (cut.rows.is_some_and(|n| n >= BATCH) || called())
}

/// What the program writes right behind the statement: the values of its parameters.
fn values_of<'c>(cut: &Cut<'c, '_>) -> &'c str {
    const NEAR: usize = 120;
    let Some(end) = cut.ctx.application.filter(|_| cut.is_outermost()).map(|fragment| fragment.span.end as usize) else { return "" };
    let after = cut.ctx.code.get(end..floor_boundary(cut.ctx.code, end.saturating_add(NEAR).min(cut.ctx.code.len()))).unwrap_or("");
    after.split(';').next().unwrap_or("")
}

/// What passes through a table goes in the end, whichever comes first.
pub(super) fn is_of_passing_rows(cut: &Cut) -> bool {
    takes_several(cut) && cut.table().is_some_and(|table| is_passing(&table.name.value))
}

/// Workers that skip what others hold take any free row.
pub(super) fn is_queue(cut: &Cut) -> bool {
    cut.query.locking.as_ref().is_some_and(|locking| locking.skip_locked)
}

/// The program's function says in its name that it works rows off.
pub(super) fn is_named_so(cut: &Cut) -> bool {
    const WORDS: &[&str] = &[
        "purge", "prune", "clean", "cleanup", "cleanable", "sweep", "expire", "expired", "backfill", "unprocessed", "batch", "reap", "stale", "vacuum", "gc",
        "garbage", "evict", "process", "migrate", "reindex", "orphaned", "orphans", "upsert", "sync", "refresh",
"pending",
    ];
    let function = || cut.ctx.application.and_then(|fragment| fragment.function).map(|name| name.of(cut.ctx.code));
    let says = |name: &str| name_words(name).iter().any(|word| WORDS.contains(&word.as_str()));
    takes_several(cut) && function().or_else(|| query_name(cut)).is_some_and(says)
}

/// `-- name: FindStaleAlerts :many`: what sqlc makes of it is a function of that name.
fn query_name<'c>(cut: &Cut<'c, '_>) -> Option<&'c str> {
    let before = cut.ctx.text.get(..cut.ctx.statement.span.start as usize)?;
    let mut comments = before.lines().rev().map(str::trim).skip_while(|line| line.is_empty()).take_while(|line| line.starts_with("--"));
    let name = comments.find_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("name:"))?;
    name.split_whitespace().next()
}

/// `COPY (SELECT … LIMIT :most) TO`: whoever runs it takes away as much as can be worked off.
pub(super) fn is_taken_away(cut: &Cut) -> bool {
    let copies = cut.ctx.actions().iter().any(|action| matches!(action, Action::Copy(copy) if copy.query.is_some()));
    copies && takes_several(cut) && cut.rows.is_none()
}

/// A condition asks for what is still to be done, so that a row goes from the list by being worked off.
pub(super) fn is_of_what_is_to_be_done(cut: &Cut) -> bool {
    takes_several(cut) && cut.conditions().into_iter().any(|condition| is_to_be_done(cut, condition))
}

/// No page of a list: several rows, and none passed over.
fn takes_several(cut: &Cut) -> bool {
    !cut.is_one() && cut.query.offset.is_none()
}

fn is_to_be_done(cut: &Cut, condition: &Expr) -> bool {
    let own = |e: &Expr, is_it: &dyn Fn(&ColumnRef) -> bool| {
        e.uncast().column().is_some_and(|c| (cut.is_of_one() || cut.scope.binding(c).is_some()) && is_it(c))
    };
    match &condition.kind {
        ExprKind::IsNull { expr, negated: false } => own(expr, &|column| is_left_empty(cut, column)),
        ExprKind::Not(expr) => own(expr, &is_done),
        ExprKind::IsTruth { expr, test } if matches!(test.as_str(), "FALSE" | "NOT TRUE") => own(expr, &is_done),
        ExprKind::Binary { left, op, right, .. } => match op.as_str() {
            "=" => right.kind == ExprKind::Literal(Literal::Boolean(false)) && own(left, &is_done),
            "<" | "<=" => (cut.is_given(right) || is_moving(right)) && own(left, &is_due),
            _ => false,
        },
        _ => false,
    }
}

/// `now() - interval '1 day'`.
fn is_moving(expr: &Expr) -> bool {
    let mut moving = false;
    expr.walk(&mut |e| moving |= matches!(&e.kind, ExprKind::Call(call) if ["now", "current_timestamp", "clock_timestamp"].contains(&call.name.name.value.as_str())));
    moving
}

/// `embedding IS NULL`, `processed_at IS NULL`, or what an outer join did not find; not the mark of rows that are still valid.
fn is_left_empty(cut: &Cut, column: &ColumnRef) -> bool {
    const VALID: &[&str] = &[
        "deleted", "removed", "archived", "revoked", "disabled", "banned", "hidden", "canceled", "cancelled", "ended", "end", "closed", "expires", "expired",
        "expiry", "until", "to", "valid", "suspended", "blocked", "parent", "deactivated", "withdrawn", "retired", "superseded", "replaced",
    ];
    let words = name_words(&column.column.value);
    let outer = || {
        let of = cut.scope.binding(column).and_then(|b| joins::join_of(cut.select?, b.relation));
        of.is_some_and(|join| join.kind == JoinKind::Left)
    };
    let mark = words.iter().any(|word| VALID.contains(&word.as_str()));
    outer() || !mark && words.last().is_some_and(|last| last != "id")
}

/// `processed = false`.
fn is_done(column: &ColumnRef) -> bool {
    const DONE: &[&str] = &[
        "processed", "sent", "done", "synced", "indexed", "notified", "exported", "handled", "migrated", "delivered", "published", "scanned", "completed",
        "finished", "reindexed", "imported", "uploaded", "pushed", "acked", "checked", "resolved",
    ];
    name_words(&column.column.value).last().is_some_and(|last| DONE.contains(&last.as_str()))
}

/// `refreshed_at < $1`: what was done too long ago is done again.
fn is_due(column: &ColumnRef) -> bool {
    const DUE: &[&str] = &[
        "updated", "refreshed", "checked", "synced", "fetched", "heartbeat", "seen", "expires", "expire", "expired", "expiry", "expiration", "attempt", "attempted",
        "due", "next", "indexed", "crawled", "scanned", "polled", "until", "deleted",
    ];
    name_words(&column.column.value).iter().any(|word| DUE.contains(&word.as_str()))
}

/// A body that puts some of the rows aside for its next step, in a table of its own: which ones is the same to it.
pub(super) fn is_put_aside(cut: &Cut) -> bool {
    let kept = |action: &Action| matches!(action, Action::CreateTableAs(create) if create.temporary);
    (cut.ctx.around.in_function || cut.ctx.around.in_do) && cut.ctx.actions().iter().any(kept)
}

/// What a migration does once, with the one row that there is.
pub(super) fn is_one_of_a_migration(cut: &Cut) -> bool {
    cut.is_one() && rows::runs_once(cut.ctx)
}
