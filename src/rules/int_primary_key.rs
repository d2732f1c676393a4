//! A four-byte primary key runs out after 2,147,483,647 rows, and widening it rewrites the table.

use super::support::columns::{has_type_of, is_kept, makes_own, serial_base, single_key};
use super::support::dictionary::{self, is_dictionary};
use super::{Check, Context, Kind};
use crate::facts::{Action, ColumnDef, Constraint, ConstraintKind, Expr, ExprKind, Name, ObjectName, TableChange, TypeName};
use crate::source::Location;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| makes_own(ctx)) {
        match action {
            // a list of things that somebody thinks of never has so many
            Action::CreateTable(create) if is_kept(create) && !is_dictionary(create) && create.columns.len() > 1 => {
                let Some(key) = single_key(create) else { continue };
                if let Some(column) = create.columns.iter().find(|column| column.name == *key) {
                    defined(ctx, &create.name, column, &create.constraints);
                }
            }
            Action::AlterTable(alter) if ctx.table(&alter.name).is_none_or(|(_, table)| !table.temporary) => match &alter.change {
                TableChange::AddColumn { column, constraints, .. } if constraints.iter().any(is_primary) => {
                    defined(ctx, &alter.name, column, constraints);
                }
                TableChange::AddConstraint(constraint) => added_key(ctx, &alter.name, constraint),
                _ => {}
            },
            _ => {}
        }
    }
}

fn is_primary(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Key { primary: true, .. })
}

/// Whether the column's values come from another table, whose own key is told there.
fn is_reference(constraints: &[Constraint], column: &Name) -> bool {
    constraints.iter().any(|c| matches!(&c.kind, ConstraintKind::ForeignKey { columns, .. } if columns.contains(column)))
}

fn defined(ctx: &Context, table: &ObjectName, column: &ColumnDef, constraints: &[Constraint]) {
    let Some(ty) = &column.ty else { return };
    // a smallint that numbers itself is a mistake, one that is given is a short list of things
    let numbered = column.identity.is_some() || column.default.is_some();
    let small = ty.is("int4") || (ty.is("int2") && numbered) || serial_base(ty).is_some_and(|base| base != "bigint");
    if !small || is_reference(constraints, &column.name) {
        return;
    }
    if constraints.iter().any(|c| matches!(&c.kind, ConstraintKind::Check(check) if holds_to_one(check, &column.name))) {
        return;
    }
    // what nobody counts up may be anything: another system's number, a code, a year
    if !numbered && serial_base(ty).is_none() {
        return;
    }
    let wide = if serial_base(ty).is_some() { "bigserial" } else { "bigint" };
    let report = ctx.report(ty.span, message(table, &column.name, ty));
    // a serial column's type stands for the whole of its definition
    let written = if serial_base(ty).is_some() { column.span } else { ty.span };
    let report = report.while_so(ctx.at(written), column.name.value.as_str(), has_type_of);
    ctx.add(report.help(format!("  {} {wide}", column.name)).fix(&format!("use {wide}"), false, ty.span, wide));
}

/// `CHECK (id = 1)`: the table has one row.
fn holds_to_one(check: &Expr, column: &Name) -> bool {
    let own = |e: &Expr| e.column().is_some_and(|c| c.column == *column);
    let number = |e: &Expr| matches!(e.uncast().kind, ExprKind::Literal(_));
    check.conjuncts().into_iter().any(|part| match &part.kind {
        ExprKind::Binary { left, op, right, .. } => op == "=" && (own(left) && number(right) || number(left) && own(right)),
        _ => false,
    })
}

fn added_key(ctx: &Context, table: &ObjectName, constraint: &Constraint) {
    let ConstraintKind::Key { primary: true, columns, .. } = &constraint.kind else { return };
    let [key] = columns.as_slice() else { return };
    let Some(column) = ctx.column(table, &key.value) else { return };
    if ctx.table(table).is_some_and(|(name, known)| dictionary::is_one(&name.name, known)) {
        return;
    }
    let referring = ctx.table(table).is_some_and(|(_, known)| {
        known.constraints.iter().any(|c| matches!(&c.constraint.kind, ConstraintKind::ForeignKey { columns, .. } if columns.contains(key)))
    });
    let Some(ty) = column.ty.as_ref().filter(|ty| ty.is("int4") && !referring) else { return };
    if column.default.is_none() && column.identity.is_none() {
        return;
    }
    let written = Location { file: column.defined_at.file, span: column.type_span };
    let report = ctx.report(key.span, message(table, key, ty)).while_so(written, key.value.as_str(), has_type_of);
    ctx.add(report.help(format!("make {key} bigint where the table is created, while it holds few rows")));
}

fn message(table: &ObjectName, column: &Name, ty: &TypeName) -> String {
    let last = if ty.is("int2") || serial_base(ty) == Some("smallint") { "32,767" } else { "2,147,483,647" };
    format!("primary key {column} of {table} is {ty}: after {last} every INSERT fails, and widening it then rewrites the table under ACCESS EXCLUSIVE")
}
