//! ADD COLUMN NOT NULL without a default fails on a table with rows, and breaks old writers.
use super::support::locks::{live_alterations, made_up_name};
use super::{Check, Context, Kind};
use crate::facts::{ColumnDef, ObjectName, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::AddColumn { column, .. } = &alter.change else { continue };
        let Some(not_null) = column.not_null else { continue };
        if has_value(ctx, column) {
            continue;
        }
        let (table, name) = (&alter.name, &column.name);
        let message = format!(
            "adding {name} NOT NULL without a default fails when {table} holds any row, and every running process that inserts without {name} fails after it"
        );
        let ty = column.ty.as_ref().map(ToString::to_string).unwrap_or_default();
        let check = made_up_name(table, std::slice::from_ref(name), "not_null");
        let key = ctx.table(table).and_then(|(_, t)| t.primary_key().first().copied()).unwrap_or("id");
        let key = crate::facts::quote_identifier(key);
        let help = format!(
            "give it a constant default, which writes no row; or:\nALTER TABLE {table} ADD COLUMN {name} {ty};\n-- deploy code that sets {name}, then fill old rows in batches, each in its own transaction:\nUPDATE {table} SET {name} = :value WHERE {key} BETWEEN :first AND :last;\n-- then:\nALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {check};\n-- then, with nothing left to scan:\nALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL;\nALTER TABLE {table} DROP CONSTRAINT {check};"
        );
        ctx.add(ctx.report(not_null, message).help(help));
    }
}

/// Whether new rows get a value by themselves.
fn has_value(ctx: &Context, column: &ColumnDef) -> bool {
    let given = column.default.as_ref().is_some_and(|default| !super::support::locks::is_null(default));
    let by_type = column.ty.as_ref().is_some_and(|ty| {
        let name = ObjectName { schema: None, name: crate::facts::Name::new(ty.name.clone(), ty.span) };
        let domain = ctx.catalog.domains.get(&ctx.catalog.resolve(&name));
        matches!(ty.name.as_str(), "serial" | "bigserial" | "smallserial") || domain.is_some_and(|domain| domain.default_sql.is_some())
    });
    given || by_type || column.identity.is_some() || column.generated.is_some()
}
