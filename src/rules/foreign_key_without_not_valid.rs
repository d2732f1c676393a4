//! Adding a foreign key that validates scans the table while writers of both tables wait.
use super::support::locks::{constraint_name, is_null, live_alterations};
use super::{Check, Context, Kind};
use crate::facts::{AlterTable, ColumnDef, Constraint, ConstraintKind, Name, ObjectName, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        match &alter.change {
            TableChange::AddConstraint(constraint) if !constraint.not_valid && !constraint.not_enforced => {
                if let ConstraintKind::ForeignKey { columns, table, .. } = &constraint.kind {
                    validating(ctx, alter, constraint, columns, table);
                }
            }
            // without a default every row of the new column is null and PostgreSQL checks none
            TableChange::AddColumn { column, constraints, .. } if column.default.as_ref().is_some_and(|default| !is_null(default)) => {
                with_default(ctx, alter, column, constraints);
            }
            _ => {}
        }
    }
}

fn validating(ctx: &Context, alter: &AlterTable, constraint: &Constraint, columns: &[Name], parent: &ObjectName) {
    let table = &alter.name;
    let name = constraint_name(constraint.name.as_ref(), table, columns, "fkey");
    let report = ctx.report(alter.span, message(&name, table, parent));
    if ctx.is_partitioned(table) && !ctx.version().at_least(18) {
        let help = format!(
            "before PostgreSQL 18 a foreign key of a partitioned table cannot be NOT VALID: add and validate it on each partition first,\nthen on {table}, with SET lock_timeout = '2s' and retries"
        );
        return ctx.add(report.help(help));
    }
    let help = format!(
        "{} NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};",
        format_args!("ALTER TABLE {table} {}", ctx.source(alter.span))
    );
    let at = Span::new(alter.span.end, alter.span.end);
    ctx.add(report.help(help).fix("add it NOT VALID, and validate it in a later migration", false, at, " NOT VALID"));
}

fn with_default(ctx: &Context, alter: &AlterTable, column: &ColumnDef, constraints: &[Constraint]) {
    for constraint in constraints {
        let ConstraintKind::ForeignKey { table: parent, .. } = &constraint.kind else { continue };
        let (table, column) = (&alter.name, &column.name);
        let name = constraint_name(constraint.name.as_ref(), table, std::slice::from_ref(column), "fkey");
        let help = format!(
            "add {column} without REFERENCES, then:\nALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {parent} NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        );
        ctx.add(ctx.report(alter.span, message(&name, table, parent)).help(help));
    }
}

fn message(name: &str, table: &ObjectName, parent: &ObjectName) -> String {
    format!(
        "adding foreign key {name} holds SHARE ROW EXCLUSIVE on {table} and {parent} while every row of {table} is checked: writes to both tables wait"
    )
}
