//! ORDER BY with LIMIT that no known index serves.

use super::support::access;
use super::{Check, Context};
use crate::facts::Query;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    for found in access::unserved(ctx, query) {
        let in_order = found.table.order.iter().zip(&found.wanted.tail).all(|(sort, key)| sort.node.is_operand(&key.node));
        let by_order = found.wanted.equal.is_empty() && !found.wanted.tail.is_empty() && in_order && found.wanted.method == "btree";
        let (Some(first), Some(last)) = (found.table.order_keys.first(), found.table.order_keys.last()) else { continue };
        if !by_order || found.table.limit.is_none() || found.is_bounded() {
            continue;
        }
        let Some(definition) = found.wanted.definition() else { continue };
        let table = &found.table.name;
        let message = format!("no index of {table} gives this order, so every row is read and sorted before the first few are returned");
        let help = format!("if the table grows, build one, and the first rows are read from it:\n{};", definition.text(table, ctx.catalog));
        ctx.add(ctx.report(first.expr.span.to(last.expr.span), message).help(help));
    }
}
