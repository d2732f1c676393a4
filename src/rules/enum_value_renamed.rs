//! A renamed enum value breaks the application that still runs.

use super::support::enums::{defined_in, known_type};
use super::support::locks::runs_live;
use super::{Check, Context, Kind};
use crate::facts::{Action, TypeChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::AlterType(alter) = action else { continue };
        let TypeChange::RenameValue { from, to } = &alter.change else { continue };
        let name = &alter.name;
        if known_type(ctx, name).is_some_and(|known| defined_in(ctx, known)) {
            continue;
        }
        let (from, to) = (from.replace('\'', "''"), to.replace('\'', "''"));
        let message = format!("renaming '{from}' of enum {name} to '{to}': every running process that still writes '{from}' gets an error, and one that reads '{to}' may not know it");
        let help = format!(
            "ALTER TYPE {name} ADD VALUE '{to}' AFTER '{from}';\n-- then deploy code that reads both and writes '{to}', and move the rows in batches; '{from}' stays, unused"
        );
        ctx.add(ctx.report(ctx.statement.span, message).help(help));
    }
}
