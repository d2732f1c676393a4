//! `money` reads and prints by lc_monetary, and holds no currency.

use super::support::columns::defined_columns;
use super::{Check, Context, Kind};

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for columns in defined_columns(ctx).into_iter().filter_map(|columns| columns.of_type(|ty| ty.name == "money")) {
        for (column, ty) in &columns.list {
            let table = columns.table;
            let message = format!("{table}.{column} is money: the same number becomes another amount under another lc_monetary, and its currency is not kept");
            ctx.add(ctx.report(ty.span, message).help(format!("keep the currency in a column of its own:\n  {column} numeric(12,2)")));
        }
    }
}
