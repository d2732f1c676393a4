//! ADD COLUMN whose value differs from row to row writes the whole table anew under ACCESS EXCLUSIVE.
use super::support::locks::{live_alterations, named_effect};
use super::{Check, Context, Kind};
use crate::facts::{AlterTable, ColumnDef, ConstraintKind, Constraint, TableChange};
use crate::finding::Severity;
use crate::postgres::effect::Work;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        let TableChange::AddColumn { column, constraints, .. } = &alter.change else { continue };
        let Some(effect) = named_effect(ctx, action).filter(|effect| effect.work.contains(&Work::Rewrite)) else { continue };
        let (span, why) = cause(ctx, alter, column);
        let table = &alter.name;
        let maybe = if effect.unsure.is_some() { "may rewrite" } else { "rewrites" };
        let mut message = format!(
            "adding {} to {table} {maybe} the table and all its indexes under ACCESS EXCLUSIVE, with all reads and writes waiting: {why}",
            column.name
        );
        if let Some(unsure) = &effect.unsure {
            message.push_str(&format!(", and {unsure} is not known"));
        }
        let report = ctx.report(span, message).help(safe_way(ctx, alter, column, constraints));
        ctx.add(if effect.unsure.is_some() { report.severity(Severity::Warning) } else { report });
    }
}

/// The piece that makes each row's value its own, and why.
fn cause(ctx: &Context, alter: &AlterTable, column: &ColumnDef) -> (Span, String) {
    if let Some((expr, _)) = &column.generated {
        return (expr.span, "a STORED generated column is computed for every row".to_owned());
    }
    if column.identity.is_some() {
        return (column.span, "an identity column numbers every row".to_owned());
    }
    match (&column.ty, &column.default) {
        (Some(ty), None) if is_serial(&ty.name) => (ty.span, format!("{} numbers every row", ty.name)),
        (_, Some(default)) => (default.span, format!("{} is computed for every row", ctx.source(default.span))),
        (Some(ty), None) => (ty.span, format!("{ty} is a domain whose constraint is checked for every row")),
        (None, None) => (alter.span, "its value is computed for every row".to_owned()),
    }
}

fn is_serial(name: &str) -> bool {
    matches!(name, "serial" | "bigserial" | "smallserial")
}

fn safe_way(ctx: &Context, alter: &AlterTable, column: &ColumnDef, constraints: &[Constraint]) -> String {
    let (table, name) = (&alter.name, &column.name);
    let ty = match &column.ty {
        Some(ty) if ty.name == "serial" => "integer".to_owned(),
        Some(ty) if ty.name == "bigserial" => "bigint".to_owned(),
        Some(ty) if ty.name == "smallserial" => "smallint".to_owned(),
        Some(ty) => ty.to_string(),
        None => "bigint".to_owned(),
    };
    let key = ctx.table(table).map(|(_, t)| t.primary_key().first().copied().unwrap_or("id").to_owned()).unwrap_or_else(|| "id".to_owned());
    let key = crate::facts::quote_identifier(&key);
    if let Some((expr, _)) = &column.generated {
        let expr = ctx.source(expr.span);
        return format!("ALTER TABLE {table} ADD COLUMN {name} {ty};\n-- a trigger sets {name} on every write; then fill old rows in batches:\nUPDATE {table} SET {name} = {expr} WHERE {key} BETWEEN :first AND :last;");
    }
    let numbered = column.identity.is_some() || column.default.is_none();
    let sequence = super::support::locks::made_up_name(table, std::slice::from_ref(name), "seq");
    let (before, default) = match &column.default {
        Some(default) if !numbered => (String::new(), ctx.source(default.span).to_owned()),
        _ => (format!("CREATE SEQUENCE {sequence};\n"), format!("nextval('{sequence}')")),
    };
    let mut help = format!(
        "{before}ALTER TABLE {table} ADD COLUMN {name} {ty};\nALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default};\n-- then fill old rows in batches, each in its own transaction:\nUPDATE {table} SET {name} = DEFAULT WHERE {key} BETWEEN :first AND :last;"
    );
    let required = column.not_null.is_some() || constraints.iter().any(|c| matches!(c.kind, ConstraintKind::Key { primary: true, .. }));
    if required || numbered {
        help.push_str("\n-- then NOT NULL by way of a validated CHECK (see not-null-scan)");
    }
    help
}
