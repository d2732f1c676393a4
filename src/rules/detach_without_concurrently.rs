//! DETACH PARTITION takes ACCESS EXCLUSIVE on the parent.
use super::support::locks::{leave_transaction, live_alterations, outside_transaction};
use super::{Check, Context};
use crate::facts::{PartitionBound, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::DetachPartition { partition, concurrently: false, finalize: false } = &alter.change else { continue };
        if !ctx.version().at_least(14) {
            continue; // there is no other form
        }
        let parent = &alter.name;
        let message = format!("detaching {partition} takes ACCESS EXCLUSIVE on {parent} and on it: all reads and writes of every partition wait");
        let resolved = ctx.catalog.resolve(parent);
        let default = ctx.catalog.children_of(&resolved).find(|(_, t)| matches!(t.partition_of, Some((_, PartitionBound::Default))));
        let fixable = default.is_none() && leave_transaction(ctx).is_none();
        let help = match default {
            Some((name, _)) => format!(
                "{parent} has the default partition {name}, with which PostgreSQL refuses the concurrent form; wait only briefly and retry:\nSET lock_timeout = '2s';\nALTER TABLE {parent} DETACH PARTITION {partition};"
            ),
            None => outside_transaction(ctx, &format!("ALTER TABLE {parent} DETACH PARTITION {partition} CONCURRENTLY;")),
        };
        let mut report = ctx.report(alter.span, message).help(help);
        if fixable {
            let at = Span::new(alter.span.end, alter.span.end);
            report = report.fix("detach the partition concurrently", ctx.surely_outside_transaction(), at, " CONCURRENTLY");
        }
        ctx.add(report);
    }
}
