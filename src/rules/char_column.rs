//! `char(n)` pads with spaces and compares as if they were not there.

use super::support::columns::defined_columns;
use super::{Check, Context, Kind};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    // "char" in quotes is another type, of one byte
    for columns in defined_columns(ctx).into_iter().filter_map(|columns| columns.of_type(|ty| ty.name == "bpchar")) {
        for (column, ty) in &columns.list {
            let table = columns.table;
            let length = ty.modifiers.first().copied().unwrap_or(1);
            let message = format!(
                "{table}.{column} is char({length}): shorter values are filled with spaces, which take room and count in LIKE but not in a comparison"
            );
            let help = format!("where the length matters, say it in a CHECK:\n  {column} text CHECK (length({column}) = {length})");
            ctx.add(ctx.report(ty.span, message).help(help).fix("use text", false, ty.span, format!("text{}", "[]".repeat(usize::from(ty.dimensions)))));
        }
    }
}
