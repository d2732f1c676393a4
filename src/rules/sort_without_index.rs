//! ORDER BY with LIMIT that no known index serves.

use super::support::access::Unserved;
use super::support::{ground, rows};
use super::{Check, Context};
use crate::facts::{Expr, ExprKind, Query, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    for found in ctx.unserved {
        let in_order = found.table.order.iter().zip(&found.wanted.tail).all(|(sort, key)| sort.node.is_operand(&key.node));
        let by_order = found.wanted.equal.is_empty() && !found.wanted.tail.is_empty() && in_order && found.wanted.method == "btree";
        let (Some(first), Some(last)) = (found.table.order_keys.first(), found.table.order_keys.last()) else { continue };
        let counts_all = found.table.query.select().is_some_and(is_windowed);
        // the one row of a table that keeps the state of something
        let one = found.table.limit.is_some_and(|limit| rows::constant(limit) == Some(1)) && rows::keeps_a_state(&found.table.name.name);
        // the rows of another relation lead to few of its own, as what a function is given may
        let led = found.table.has_driver || (ctx.around.in_function && is_given(found));
        if one || led || !by_order || found.table.limit.is_none() || found.is_bounded() || counts_all || ground::is_open(ctx, found.table.query) {
            continue;
        }
        let Some(definition) = found.wanted.definition() else { continue };
        let table = &found.table.name;
        let message = format!("no index of {table} gives this order, so every row is read and sorted before the first few are returned");
        let help = format!("if the table grows, build one, and the first rows are read from it:\n{};", definition.text(table, ctx.catalog));
        ctx.add(ctx.report(first.expr.span.to(last.expr.span), message).help(help));
    }
}

/// Whether a column of the table is held to a name that none of its columns has: a variable or parameter of the function.
fn is_given(found: &Unserved) -> bool {
    let own = |e: &Expr| e.column().is_some_and(|c| found.table.table.is_some_and(|t| t.column(&c.column.value).is_some()));
    let other = |e: &Expr| e.column().is_some_and(|c| c.relation.is_none()) && !own(e);
    let given = |e: &&Expr| matches!(&e.kind, ExprKind::Binary { left, op, right, .. } if op == "=" && (own(left) && other(right) || other(left) && own(right)));
    found.table.query.select().is_some_and(|select| select.conditions().iter().flat_map(|c| c.conjuncts()).any(|c| given(&c)))
}

/// Whether a window goes over the rows (`count(*) OVER ()`), so that all of them are read before LIMIT takes the first.
fn is_windowed(select: &Select) -> bool {
    let mut found = false;
    for item in &select.items {
        item.expr.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Call(call) if call.over.is_some()));
    }
    found
}
