//! A `timestamp` says what a clock on some wall showed, and not when.

use super::support::columns::{defined_columns, has_type_of};
use super::{Check, Context, Kind};
use crate::facts::{Action, ColumnDef, Name, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for mut columns in defined_columns(ctx).into_iter().filter_map(|columns| columns.of_type(|ty| ty.name == "timestamp")) {
        columns.list.retain(|(name, _)| !is_in_utc(ctx, name));
        let Some((first, ty)) = columns.list.first() else { continue };
        // another precision of what it was
        if ctx.column(columns.table, &first.value).and_then(|old| old.ty.as_ref()).is_some_and(|old| old.name == "timestamp") {
            continue;
        }
        let (table, names) = (columns.table, columns.names());
        let verb = if columns.list.len() == 1 { "keeps" } else { "keep" };
        let message = format!(
            "{names} of {table} {verb} a local time without its zone: sessions with another TimeZone read it as another moment, and twice a year an hour is ambiguous"
        );
        let precision = ty.modifiers.first().map(|digits| format!("({digits})")).unwrap_or_default();
        let help = format!("write timestamptz{precision}, which takes no more room:\n  {first} timestamptz{precision}");
        ctx.add(ctx.report(ty.span, message).help(help).while_so(ctx.at(ty.span), first.value.as_str(), has_type_of));
    }
}

/// `DEFAULT (now() AT TIME ZONE 'UTC')`: the zone is said where the column is made.
fn is_in_utc(ctx: &Context, name: &Name) -> bool {
    let says = |column: &ColumnDef| {
        let default = column.default.as_ref().map(|default| ctx.source(default.span).to_ascii_lowercase());
        column.name.span == name.span && default.is_some_and(|text| text.contains("'utc'") || text.contains("'gmt'"))
    };
    ctx.actions().iter().any(|action| match action {
        Action::CreateTable(create) => create.columns.iter().any(says),
        Action::AlterTable(alter) => matches!(&alter.change, TableChange::AddColumn { column, .. } if says(column)),
        _ => false,
    })
}
