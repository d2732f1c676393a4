//! BEGIN without COMMIT: the connection's end takes everything back.

use super::{Check, Context, Origin};
use crate::facts::Action;
use crate::session::Transaction;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    let is_file = matches!(ctx.origin, Origin::Migration | Origin::Down) && !ctx.around.in_do && !ctx.around.in_function;
    if !is_file || !matches!(ctx.session.transaction(), Transaction::None | Transaction::Implicit) {
        return;
    }
    let Some(span) = ctx.actions().iter().find_map(opens) else { return };
    if ends_another(ctx) {
        return;
    }
    let ends = |action: &Action| matches!(action, Action::Commit { chain: false } | Action::Rollback { chain: false });
    if ctx.following.iter().flat_map(|statement| &statement.actions).any(ends) {
        return;
    }
    // whoever runs it by hand looks first, and ends it by the line that is commented out
    let after = ctx.text.get(ctx.statement.span.end as usize..).unwrap_or("").to_ascii_lowercase();
    if after.lines().filter_map(|line| line.trim().strip_prefix("--")).any(|line| ["commit", "rollback"].contains(&line.trim().trim_end_matches(';'))) {
        return;
    }
    let message = "the transaction that begins here is never committed: when the connection closes, everything after it is undone";
    let help = "end it after the last statement:\nCOMMIT;\nor leave BEGIN out where the migration runner opens and commits one itself";
    ctx.add(ctx.report(span, message).help(help));
}

fn opens(action: &Action) -> Option<crate::source::Span> {
    match action {
        Action::Begin { span } => Some(*span),
        _ => None,
    }
}

/// Whether the file has ended a transaction that it did not begin: then the runner opened one, and this opens it again.
fn ends_another(ctx: &Context) -> bool {
    let mut open = 0i32;
    ctx.preceding.iter().flat_map(|statement| &statement.actions).any(|action| {
        match action {
            Action::Begin { .. } => open = 1,
            Action::Commit { .. } | Action::Rollback { .. } => open -= 1,
            _ => {}
        }
        open < 0
    })
}
