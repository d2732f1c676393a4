//! ATTACH PARTITION reads the new partition, and the default one, under ACCESS EXCLUSIVE unless a valid CHECK proves the bound.
use super::support::locks::{is_live, live_alterations, made_up_name, object_name};
use super::{Check, Context};
use crate::facts::TableChange;
use crate::postgres::effect::{Work, effect};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        let TableChange::AttachPartition { partition, .. } = &alter.change else { continue };
        let scanned = effect(action, ctx.catalog, ctx.version()).into_iter().find(|e| e.work.contains(&Work::Scan) && is_live(ctx, e));
        let Some(effect) = scanned else { continue };
        let (parent, relation) = (&alter.name, &effect.relation);
        let message = format!(
            "attaching {partition} to {parent} holds ACCESS EXCLUSIVE on {relation} while every row is checked against the bound: all reads and writes of {relation} wait"
        );
        let check = made_up_name(&object_name(relation), &[], "bound");
        let condition = if ctx.catalog.resolve(partition) == *relation { "the bound" } else { "the opposite of the bound" };
        let help = format!(
            "let a valid CHECK prove it first:\nALTER TABLE {relation} ADD CONSTRAINT {check} CHECK (…) NOT VALID; -- {condition}, and the key IS NOT NULL\n-- in a later transaction:\nALTER TABLE {relation} VALIDATE CONSTRAINT {check};\n-- then attach, and drop {check}"
        );
        ctx.add(ctx.report(alter.span, message).help(help));
    }
}
