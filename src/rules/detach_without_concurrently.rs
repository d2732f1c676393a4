//! DETACH PARTITION takes ACCESS EXCLUSIVE on the parent.
use super::support::locks::{leave_transaction, live_alterations, outside_transaction};
use super::{Check, Context, Kind};
use crate::catalog::{Qualified, Table};
use crate::facts::{AlterTable, ObjectName, PartitionBound, TableChange};
use crate::finding::Severity;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        refused(ctx, alter);
        let TableChange::DetachPartition { partition, concurrently: false, finalize: false } = &alter.change else { continue };
        if !ctx.version().at_least(14) {
            continue; // there is no other form
        }
        let parent = &alter.name;
        let message = format!("detaching {partition} takes ACCESS EXCLUSIVE on {parent} and on it: all reads and writes of every partition wait");
        let default = default_partition(ctx, parent);
        let fixable = default.is_none() && leave_transaction(ctx).is_none();
        let help = match default {
            Some(name) => format!(
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

fn default_partition<'a>(ctx: &Context<'a>, parent: &ObjectName) -> Option<&'a Qualified> {
    let is_default = |table: &Table| matches!(table.partition_of.as_deref(), Some((_, PartitionBound::Default)));
    let (name, _) = ctx.table(parent)?;
    ctx.catalog.children_of(name).find(|(_, table)| is_default(table)).map(|(name, _)| name)
}

/// The concurrent form beside a default partition.
fn refused(ctx: &Context, alter: &AlterTable) {
    let TableChange::DetachPartition { partition, concurrently: true, .. } = &alter.change else { return };
    let parent = &alter.name;
    let Some(default) = default_partition(ctx, parent) else { return };
    let message = format!("PostgreSQL refuses to detach {partition} concurrently: {parent} has the default partition {default}");
    let help = format!("without CONCURRENTLY, waiting only briefly, and again when it gives up:\nSET lock_timeout = '2s';\nALTER TABLE {parent} DETACH PARTITION {partition};");
    ctx.add(ctx.report(alter.span, message).help(help).severity(Severity::Error));
}
