//! CREATE TABLE … REFERENCES stops the writers of the table that it points at.
use super::support::locks::{columns, does_not_wait_long, runs_live};
use super::{Check, Context, Kind, Origin};
use crate::facts::{Action, ConstraintKind, ObjectName};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::CreateTable(create) = action else { continue };
        // a document shows how a table looks
        if create.temporary || does_not_wait_long(ctx) || ctx.origin == Origin::Document {
            continue;
        }
        let mut seen: Vec<&ObjectName> = vec![&create.name];
        for constraint in &create.constraints {
            let ConstraintKind::ForeignKey { table: parent, columns: keys, referenced, .. } = &constraint.kind else { continue };
            if seen.contains(&parent) || ctx.is_new(parent) {
                continue;
            }
            seen.push(parent);
            let message = format!(
                "creating {} takes SHARE ROW EXCLUSIVE on {parent}, briefly but behind every open write: all writes to {parent} wait meanwhile",
                create.name
            );
            let help = format!(
                "if {parent} is busy, create {0} without the reference and add it by itself, with a lock_timeout:\nSET lock_timeout = '2s';\nALTER TABLE {0} ADD FOREIGN KEY ({1}) REFERENCES {parent}{2};",
                create.name,
                columns(keys),
                if referenced.is_empty() { String::new() } else { format!(" ({})", columns(referenced)) }
            );
            ctx.add(ctx.report(constraint.span, message).help(help));
        }
    }
}
