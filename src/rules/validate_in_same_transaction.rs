//! NOT VALID and its VALIDATE in one transaction: the scan runs under the lock that NOT VALID was to keep short.
use super::support::locks::{live_alterations, named_effect};
use super::{Check, Context, Kind};
use crate::facts::{Action, AlterTable, Constraint, Name, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::ValidateConstraint { name } = &alter.change else { continue };
        let (table, resolved) = (&alter.name, ctx.catalog.resolve(&alter.name));
        let added = ctx.session.earlier_in_transaction(|action| match action {
            Action::AlterTable(earlier) => {
                let same = |c: &Constraint| c.not_valid && c.name.as_ref() == Some(name);
                matches!(&earlier.change, TableChange::AddConstraint(c) if same(c)) && ctx.catalog.resolve(&earlier.name) == resolved
            }
            _ => false,
        });
        let Some((added_at, _)) = added else {
            beside_stronger(ctx, alter, name);
            continue;
        };
        let message = format!(
            "validating {name} in the transaction that added it scans {table} under the lock that adding it took: writes wait as if NOT VALID had not been said"
        );
        let help = format!("in a later migration, in its own transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};");
        ctx.add(ctx.report(alter.span, message).help(help).related(added_at, format!("{name} is added here, and the lock is held from here on")));
    }
}

/// One ALTER TABLE takes the strongest lock of its actions, for all of them.
fn beside_stronger(ctx: &Context, alter: &AlterTable, name: &Name) {
    let table = &alter.name;
    let strongest = ctx.actions().iter().filter_map(|action| named_effect(ctx, action)).map(|effect| effect.mode).max();
    let valid = ctx.table(table).is_some_and(|(_, t)| t.constraints.iter().any(|c| *name == *c.name.as_str() && c.valid));
    let Some(mode) = strongest.filter(|mode| mode.blocks_writes() && !valid) else { return };
    let who = if mode.blocks_reads() { "all reads and writes" } else { "all writes" };
    let message = format!(
        "validating {name} in one ALTER TABLE with other changes scans {table} under {}, the strongest lock of them all: {who} wait",
        mode.sql()
    );
    let help = format!("by itself, before it, in its own transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};");
    ctx.add(ctx.report(alter.span, message).help(help));
}
