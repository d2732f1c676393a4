//! A timeout that protects brief statements ends a concurrent build in the middle.

use super::support::locks::runs_live;
use super::{Check, Context};
use crate::facts::{Action, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Migration(check);

/// What waits or works long without holding anybody up.
struct Long {
    span: Span,
    what: String,
    left: String,
    /// Whether it waits for older transactions, for which lock_timeout counts.
    waits: bool,
}

fn check(ctx: &Context) {
    if !runs_live(ctx) || ctx.in_transaction() && !ctx.actions().iter().any(is_validate) {
        return;
    }
    for long in ctx.actions().iter().filter_map(|action| long(ctx, action)) {
        let limit = ctx.settings.short_timeout_ms;
        let lock = ctx.session.lock_timeout().filter(|&ms| long.waits && ms < limit).map(|ms| ("lock_timeout", ms));
        let statement = ctx.session.statement_timeout().filter(|&ms| ms < limit).map(|ms| ("statement_timeout", ms));
        let short: Vec<(&str, u64)> = lock.into_iter().chain(statement).collect();
        if !short.is_empty() {
            report(ctx, &long, &short);
        }
    }
}

fn is_validate(action: &Action) -> bool {
    matches!(action, Action::AlterTable(alter) if matches!(alter.change, TableChange::ValidateConstraint { .. }))
}

fn long(ctx: &Context, action: &Action) -> Option<Long> {
    let invalid = |index: &str| format!("{index} is then left behind invalid");
    Some(match action {
        Action::CreateIndex(index) if !ctx.is_new(&index.table) => {
            let name = super::support::locks::index_name(index);
            Long { span: index.concurrently?, what: format!("the concurrent build of {name}"), left: invalid(&name), waits: true }
        }
        Action::Drop(drop) => {
            let name = drop.names.first()?.to_string();
            Long { span: drop.concurrently?, what: format!("the concurrent drop of {name}"), left: invalid(&name), waits: true }
        }
        Action::Reindex(reindex) if reindex.concurrently => Long {
            span: reindex.verb_span,
            what: "the concurrent rebuild".to_owned(),
            left: "an invalid index named …_ccnew is then left behind".to_owned(),
            waits: true,
        },
        Action::AlterTable(alter) => match &alter.change {
            TableChange::DetachPartition { partition, concurrently: true, .. } => Long {
                span: alter.span,
                what: format!("the concurrent detaching of {partition}"),
                left: format!("{partition} is then left half detached, until DETACH PARTITION … FINALIZE"),
                waits: true,
            },
            TableChange::ValidateConstraint { name } if !ctx.is_new(&alter.name) => Long {
                span: alter.span,
                what: format!("the validation of {name}"),
                left: "all that was read is then read again by the next attempt".to_owned(),
                waits: false,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn report(ctx: &Context, long: &Long, short: &[(&str, u64)]) {
    let named: Vec<String> = short.iter().map(|(name, ms)| format!("{name} = {}", shown(*ms))).collect();
    let (named, it) = (named.join(" and "), if short.len() == 1 { "it ends" } else { "they end" });
    let why = if long.waits { "which waits for every older transaction and then reads the whole table" } else { "which reads the whole table" };
    let message = format!("{named} is in force: {it} {}, {why}, and {}", long.what, long.left);
    let off: Vec<String> = short.iter().map(|(name, _)| format!("SET {name} = 0;")).collect();
    let mut report = ctx.report(long.span, message).help(format!("before it (it holds nobody up, so it may take its time):\n{}", off.join("\n")));
    for (name, _) in short {
        if let Some(at) = set_at(ctx, name) {
            report = report.related(ctx.at(at), format!("{name} is set here"));
        }
    }
    ctx.add(report);
}

/// Where the file last set it.
fn set_at(ctx: &Context, name: &str) -> Option<Span> {
    let actions = ctx.preceding.iter().rev().flat_map(|statement| &statement.actions);
    actions.into_iter().find_map(|action| match action {
        Action::Set(set) if set.name == name => Some(set.span),
        _ => None,
    })
}

/// Milliseconds as people write them.
fn shown(ms: u64) -> String {
    match ms {
        _ if ms.is_multiple_of(60_000) => format!("{}min", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}
