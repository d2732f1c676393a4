//! `varchar(n)`: a limit that costs a lock to change, and saves nothing.

use super::support::columns::defined_columns;
use super::{Check, Context, Kind};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    let limited = |ty: &crate::facts::TypeName| ty.name == "varchar" && !ty.modifiers.is_empty();
    for columns in defined_columns(ctx).into_iter().filter_map(|columns| columns.of_type(limited)) {
        for (column, ty) in &columns.list {
            let (table, limit) = (columns.table, ty.modifiers.first().copied().unwrap_or_default());
            let message = format!(
                "{table}.{column} is limited to {limit} characters by its type: it takes no less room than text, and lowering the limit rewrites the table under ACCESS EXCLUSIVE"
            );
            let help = format!("where the limit matters, a CHECK can be changed without a long lock:\n  {column} text CHECK (length({column}) <= {limit})");
            ctx.add(ctx.report(ty.span, message).help(help).fix("use text", false, ty.span, format!("text{}", "[]".repeat(usize::from(ty.dimensions)))));
        }
    }
}
