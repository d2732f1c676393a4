//! ADD EXCLUDE builds its index under ACCESS EXCLUSIVE, and no index can be adopted instead.
use super::support::locks::{constraint_name, live_alterations};
use super::{Check, Context, Kind};
use crate::facts::{ConstraintKind, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::AddConstraint(constraint) = &alter.change else { continue };
        let ConstraintKind::Exclude { .. } = &constraint.kind else { continue };
        let table = &alter.name;
        let name = constraint_name(constraint.name.as_ref(), table, &[], "excl");
        let message = format!(
            "adding exclusion constraint {name} holds ACCESS EXCLUSIVE on {table} while its index is built: all reads and writes wait, and there is no concurrent form"
        );
        let help = format!(
            "create a table like {table} with the constraint, copy the rows in batches while a trigger keeps both in step, then swap the names;\nor add it in a maintenance window"
        );
        ctx.add(ctx.report(alter.span, message).help(help));
    }
}
