//! ALTER COLUMN TYPE that writes or reads every row under ACCESS EXCLUSIVE.
use super::support::locks::{live_alterations, named_effect};
use super::{Check, Context};
use crate::facts::{AlterTable, Name, TableChange, TypeName};
use crate::finding::Severity;
use crate::postgres::effect::{Effect, Work};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        if let TableChange::SetType { column, ty, .. } = &alter.change
            && let Some(effect) = named_effect(ctx, action) {
                type_change(ctx, alter, column, ty, &effect);
            }
    }
}

fn type_change(ctx: &Context, alter: &AlterTable, column: &Name, ty: &TypeName, effect: &Effect) {
    let table = &alter.name;
    let old = ctx.column(table, &column.value).and_then(|column| column.ty.as_ref());
    let from = old.map(|old| format!(" from {old}")).unwrap_or_default();
    let change = format!("changing {table}.{column}{from} to {ty}");
    let message = if let Some(unsure) = &effect.unsure {
        format!("{change} may rewrite {table} under ACCESS EXCLUSIVE, with all reads and writes waiting: {unsure} is not known and decides")
    } else if effect.work.contains(&Work::Rewrite) {
        format!("{change} rewrites {table} and all its indexes under ACCESS EXCLUSIVE: all reads and writes wait until the last row is written")
    } else if effect.work.contains(&Work::Scan) {
        format!("{change} holds ACCESS EXCLUSIVE on {table} while every row is checked: all reads and writes wait")
    } else if effect.work.contains(&Work::IndexBuild) {
        format!("{change} rebuilds the indexes on {column} under ACCESS EXCLUSIVE: all reads and writes of {table} wait")
    } else {
        return; // brief: the catalog changes and no row is touched
    };
    let mut report = ctx.report(alter.span, message).help(safe_way(alter, column, ty));
    for at in ctx.uses.of_column(ctx.catalog, &ctx.catalog.resolve(table), &column.value).into_iter().take(6) {
        report = report.related(at, format!("uses {table}.{column}"));
    }
    ctx.add(if effect.unsure.is_some() { report.severity(Severity::Warning) } else { report });
}

fn safe_way(alter: &AlterTable, column: &Name, ty: &TypeName) -> String {
    let table = &alter.name;
    let new = crate::facts::quote_identifier(&format!("{}_new", column.value));
    format!(
        "ALTER TABLE {table} ADD COLUMN {new} {ty};\n-- a trigger keeps {new} in step with {column}; then fill old rows in batches:\nUPDATE {table} SET {new} = {column} WHERE id BETWEEN :first AND :last;\n-- then move the application to {new}, and drop {column}"
    )
}
