//! A column that may be null from now on, read by code that never saw one.

use super::support::locks::{live_alterations, made_up_name};
use super::{Check, Context, Kind};
use crate::facts::TableChange;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::DropNotNull { column } = &alter.change else { continue };
        let table = &alter.name;
        let message = format!("{table}.{column} may be null from now on: every running process that reads it without expecting one fails at the first");
        let check = made_up_name(table, std::slice::from_ref(column), "not_null");
        let help = format!(
            "first deploy code that reads a null; until then, where rows without it must go in, a default keeps readers whole.\nThe way back scans the table:\nALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;"
        );
        ctx.add(ctx.report(alter.span, message).help(help));
    }
}
