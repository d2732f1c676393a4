//! DETACH PARTITION takes ACCESS EXCLUSIVE on the parent.
use super::support::locks::{live_alterations, outside_transaction};
use super::{Check, Context};
use crate::facts::{PartitionBound, TableChange};

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
        let help = match default {
            Some((name, _)) => format!(
                "{parent} has the default partition {name}, with which PostgreSQL refuses the concurrent form; wait only briefly and retry:\nSET lock_timeout = '2s';\nALTER TABLE {parent} DETACH PARTITION {partition};"
            ),
            None => outside_transaction(ctx, &format!("ALTER TABLE {parent} DETACH PARTITION {partition} CONCURRENTLY;")),
        };
        ctx.add(ctx.report(alter.span, message).help(help));
    }
}
