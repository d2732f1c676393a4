//! A foreign key of a new table stops the writers of the table that it points at.
use super::support::locks::{columns, does_not_wait_long, runs_live};
use super::{Check, Context, Kind, Origin};
use crate::facts::{Action, AlterTable, Constraint, ConstraintKind, CreateTable, ObjectName, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    // a document shows how a table looks
    if does_not_wait_long(ctx) || ctx.origin == Origin::Document || !runs_live(ctx) {
        return;
    }
    for action in ctx.actions() {
        match action {
            Action::CreateTable(create) if !create.temporary => created(ctx, create),
            // of a table that holds rows, the rules about its own locks say it
            Action::AlterTable(alter) if ctx.is_new(&alter.name) => altered(ctx, alter),
            _ => {}
        }
    }
}

fn created(ctx: &Context, create: &CreateTable) {
    let mut seen: Vec<&ObjectName> = vec![&create.name];
    for constraint in &create.constraints {
        let ConstraintKind::ForeignKey { table: parent, columns: keys, referenced, .. } = &constraint.kind else { continue };
        if seen.contains(&parent) || ctx.is_new(parent) {
            continue;
        }
        seen.push(parent);
        let help = format!(
            "if {parent} is busy, create {0} without the reference and add it by itself, with a lock_timeout:\nSET lock_timeout = '2s';\nALTER TABLE {0} ADD FOREIGN KEY ({1}) REFERENCES {parent}{2};",
            create.name,
            columns(keys),
            if referenced.is_empty() { String::new() } else { format!(" ({})", columns(referenced)) }
        );
        ctx.add(ctx.report(constraint.span, message("creating", &create.name, parent)).help(help));
    }
}

/// NOT VALID takes the same lock.
fn altered(ctx: &Context, alter: &AlterTable) {
    let added: &[Constraint] = match &alter.change {
        TableChange::AddConstraint(constraint) => std::slice::from_ref(constraint),
        TableChange::AddColumn { constraints, .. } => constraints,
        _ => return,
    };
    for constraint in added {
        let ConstraintKind::ForeignKey { table: parent, .. } = &constraint.kind else { continue };
        if *parent != alter.name && !ctx.is_new(parent) && !is_temporary(ctx, &alter.name) {
            let help = format!(
                "if {parent} is busy, add the reference in a transaction of its own, which waits briefly and is tried again:\nSET lock_timeout = '2s';\nALTER TABLE {} {};",
                alter.name,
                ctx.source(alter.span)
            );
            ctx.add(ctx.report(constraint.span, message("adding a foreign key to", &alter.name, parent)).help(help));
        }
    }
}

fn is_temporary(ctx: &Context, table: &ObjectName) -> bool {
    ctx.table(table).is_some_and(|(_, table)| table.temporary)
}

fn message(doing: &str, table: &ObjectName, parent: &ObjectName) -> String {
    format!("{doing} {table} takes SHARE ROW EXCLUSIVE on {parent}, briefly but behind every open write: all writes to {parent} wait meanwhile")
}
