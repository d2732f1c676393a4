//! A constraint whose name PostgreSQL makes up.

use super::support::columns::is_kept;
use super::support::locks::{constraint_name, runs_live};
use super::{Check, Context, Kind};
use crate::facts::{Action, Constraint, ConstraintKind, Name, ObjectName, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let (table, constraints): (_, &[Constraint]) = match action {
            Action::CreateTable(create) if is_kept(create) => (&create.name, &create.constraints),
            Action::AlterTable(alter) => match &alter.change {
                TableChange::AddColumn { constraints, .. } => (&alter.name, constraints),
                TableChange::AddConstraint(constraint) => (&alter.name, std::slice::from_ref(constraint)),
                _ => continue,
            },
            _ => continue,
        };
        constraints.iter().filter(|constraint| constraint.name.is_none()).for_each(|constraint| report(ctx, table, constraint));
    }
}

fn report(ctx: &Context, table: &ObjectName, constraint: &Constraint) {
    let none: &[Name] = &[];
    let (what, columns, suffix) = match &constraint.kind {
        ConstraintKind::Check(_) => ("check", none, "check"),
        ConstraintKind::NotNull(_) => return, // nobody names these
        ConstraintKind::Key { primary: true, .. } => ("primary key", none, "pkey"),
        ConstraintKind::Key { columns, .. } => ("unique constraint", columns.as_slice(), "key"),
        ConstraintKind::ForeignKey { columns, .. } => ("foreign key", columns.as_slice(), "fkey"),
        ConstraintKind::Exclude { .. } => ("exclusion constraint", none, "excl"),
    };
    let name = constraint_name(None, table, columns, suffix);
    let message = format!("this {what} of {table} gets a name that PostgreSQL makes up: databases may differ, and the migration that drops it has to guess");
    let start = crate::source::Span::new(constraint.span.start, constraint.span.start);
    let named = format!("CONSTRAINT {name} ");
    ctx.add(ctx.report(constraint.span, message).help(format!("say {named}before it")).fix("name it", false, start, named));
}
