//! Adding a CHECK that validates scans the table under ACCESS EXCLUSIVE.
use super::support::locks::{constraint_name, live_alterations};
use super::{Check, Context, Kind};
use crate::facts::{AlterTable, ConstraintKind, Constraint, Name, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        match &alter.change {
            TableChange::AddConstraint(constraint) if !constraint.not_valid && !constraint.not_enforced => {
                if matches!(constraint.kind, ConstraintKind::Check(_)) {
                    by_itself(ctx, alter, constraint);
                }
            }
            TableChange::AddColumn { column, constraints, .. } => {
                let checks = constraints.iter().filter(|c| matches!(c.kind, ConstraintKind::Check(_)) && !c.not_enforced);
                checks.for_each(|constraint| with_column(ctx, alter, constraint, &column.name));
            }
            _ => {}
        }
    }
}

fn by_itself(ctx: &Context, alter: &AlterTable, constraint: &Constraint) {
    let table = &alter.name;
    let named = constraint.name.as_ref();
    let name = constraint_name(named, table, &[], "check");
    let body = constraint_body(ctx.source(alter.span), named.is_some(), &name);
    let help = format!("ALTER TABLE {table} {body} NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};");
    let at = Span::new(alter.span.end, alter.span.end);
    let report = ctx.report(alter.span, message(&name, table)).help(help);
    ctx.add(report.fix("add it NOT VALID, and validate it in a later migration", false, at, " NOT VALID"));
}

/// The action with a name that VALIDATE can call it by.
fn constraint_body(action: &str, named: bool, name: &str) -> String {
    match action.get(..3) {
        Some(add) if !named && add.eq_ignore_ascii_case("add") => format!("ADD CONSTRAINT {name}{}", &action[3..]),
        _ => action.to_owned(),
    }
}

fn with_column(ctx: &Context, alter: &AlterTable, constraint: &Constraint, column: &Name) {
    let table = &alter.name;
    let name = constraint_name(constraint.name.as_ref(), table, std::slice::from_ref(column), "check");
    let ConstraintKind::Check(expr) = &constraint.kind else { return };
    let help = format!(
        "add {column} without CHECK, then:\nALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({}) NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};",
        ctx.source(expr.span)
    );
    ctx.add(ctx.report(constraint.span, message(&name, table)).help(help));
}

fn message(name: &str, table: &crate::facts::ObjectName) -> String {
    format!("adding check {name} holds ACCESS EXCLUSIVE on {table} while every row is checked: all reads and writes wait")
}
