//! PostgreSQL refuses the CONCURRENTLY forms in a transaction block; only REFRESH may run in one.
use super::support::locks::{leave_transaction, runs_live};
use super::{Check, Context, Origin};
use crate::facts::{Action, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    if ctx.origin == Origin::Down || !(runs_live(ctx) || ctx.around.in_function) {
        return;
    }
    let Some(way) = leave_transaction(ctx) else { return };
    for action in ctx.actions() {
        let Some((span, what)) = concurrent(action) else { continue };
        let mut help = way.clone();
        if let Action::CreateIndex(index) = action
            && ctx.is_new(&index.table) {
                help = format!("{} is created here and holds no rows yet: drop the word CONCURRENTLY", index.table);
            }
        let message = format!("{what} cannot run inside a transaction block: PostgreSQL refuses it and the migration fails");
        ctx.add(ctx.report(span, message).help(help));
    }
}

/// The concurrent forms that PostgreSQL refuses, and the bytes that make them so.
fn concurrent(action: &Action) -> Option<(Span, String)> {
    match action {
        Action::CreateIndex(index) => index.concurrently.map(|span| (span, format!("CREATE INDEX CONCURRENTLY on {}", index.table))),
        Action::Drop(drop) => {
            let name = drop.names.first().map(ToString::to_string).unwrap_or_default();
            drop.concurrently.map(|span| (span, format!("DROP INDEX CONCURRENTLY {name}")))
        }
        Action::Reindex(reindex) if reindex.concurrently => {
            let name = reindex.name.as_ref().map(ToString::to_string).unwrap_or_default();
            Some((reindex.verb_span, format!("REINDEX {} CONCURRENTLY {name}", reindex.kind).trim_end().to_owned()))
        }
        Action::AlterTable(alter) => match &alter.change {
            TableChange::DetachPartition { partition, concurrently: true, .. } => {
                Some((alter.span, format!("DETACH PARTITION {partition} CONCURRENTLY")))
            }
            _ => None,
        },
        _ => None,
    }
}
