//! `json` keeps text: it has no equality, and no index can look into it.

use super::support::columns::{defined_columns, has_type_of};
use super::{Check, Context, Kind};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for columns in defined_columns(ctx).into_iter().filter_map(|columns| columns.of_type(|ty| ty.name == "json")) {
        // who writes why it is not jsonb has thought of it
        if says_why(ctx) {
            continue;
        }
        for (column, ty) in &columns.list {
            let table = columns.table;
            let message = format!(
                "{table}.{column} is json: it has no equality, so DISTINCT, GROUP BY and UNION over it fail, each access parses the text anew, and no GIN index serves it"
            );
            let report = ctx.report(ty.span, message).while_so(ctx.at(ty.span), column.value.as_str(), has_type_of).help(format!("  {column} jsonb{}", "[]".repeat(usize::from(ty.dimensions))));
            ctx.add(if ty.dimensions == 0 { report.fix("use jsonb", false, ty.span, "jsonb") } else { report });
        }
    }
}

/// Whether a remark inside the statement speaks of jsonb.
fn says_why(ctx: &Context) -> bool {
    let remark = |line: &str| line.split_once("--").is_some_and(|(_, remark)| remark.to_ascii_lowercase().contains("jsonb"));
    ctx.source(ctx.statement.span).lines().any(remark)
}
