//! DISTINCT ON without ORDER BY.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::index_match::same;
use crate::facts::{ColumnRef, Expr, ExprKind, Query, QueryBody, SetOperator};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // what EXCEPT takes away, or takes from, is compared as a whole: a duplicate stays on one side, whichever it is
    let mut compared: Vec<*const Query> = vec![];
    query.walk(&mut |query| {
        if let QueryBody::SetOperation { op: SetOperator::Except, left, right, .. } = &query.body {
            compared.extend([&raw const **left, &raw const **right]);
        }
        if compared.iter().any(|of| std::ptr::eq(*of, query)) {
            return;
        }
        let Some(select) = query.select() else { return };
        let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
        // where nothing but the keys is asked for, all rows of a group give the same
        let own_row = |item: &Expr| of_one_row(ctx, query, on, item);
        let alike = select.items.iter().all(|item| on.iter().any(|key| same(key, &item.expr)) || is_window(&item.expr) || is_first_of_group(on, &item.expr) || own_row(&item.expr));
        if !query.order_by.is_empty() || alike {
            return;
        }
        let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
        let keys = keys.join(", ");
        let message = format!("DISTINCT ON ({keys}) without ORDER BY keeps an arbitrary row of each group, another one after the next plan change");
        ctx.add(ctx.report(distinct.span, message).help(format!("say which row is kept: ORDER BY {keys}, <what decides within the group>")));
    });
}

/// The columns of a relation that have one value within a group: the keys of DISTINCT ON, and what a join makes equal to one.
fn fixed_columns<'a>(query: &'a Query, on: &'a [Expr], relation: &str) -> Vec<&'a str> {
    let of_relation = |column: &&ColumnRef| column.relation.as_ref().is_some_and(|of| of.value == relation);
    let is_key = |e: &Expr| on.iter().any(|key| same(key, e));
    let conditions = query.select().map(|select| select.conditions()).unwrap_or_default();
    let equal = conditions.into_iter().flat_map(|condition| condition.conjuncts()).filter_map(|condition| match &condition.kind {
        ExprKind::Binary { left, op, right, .. } if op == "=" && is_key(left) => right.column(),
        ExprKind::Binary { left, op, right, .. } if op == "=" && is_key(right) => left.column(),
        _ => None,
    });
    on.iter().filter_map(Expr::column).chain(equal).filter(of_relation).map(|column| column.column.value.as_str()).collect()
}

/// A number that a window gives depends on the order of all rows anyway.
fn is_window(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if ["row_number", "rank", "dense_rank"].contains(&call.name.name.value.as_str()))
}

/// The first value of a window that is ordered within the same group: one for all of its rows.
fn is_first_of_group(on: &[Expr], expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.uncast().kind else { return false };
    let over = call.over.as_deref().unwrap_or_default();
    call.name.name.value == "first_value" && over.len() > on.len() && on.iter().all(|key| over.iter().any(|part| same(key, part)))
}

/// Whether an item belongs to a relation of which DISTINCT ON fixes the key, so that all rows of a group have the same.
fn of_one_row(ctx: &Context, query: &Query, on: &[Expr], item: &Expr) -> bool {
    let relation = match &item.uncast().kind {
        ExprKind::Wildcard(Some(of)) => of.name.value.as_str(),
        ExprKind::Column(column) => match &column.relation {
            Some(of) => of.value.as_str(),
            None => return false,
        },
        _ => return false,
    };
    let fixed = fixed_columns(query, on, relation);
    let table = query.from().iter().flat_map(|from| from.relations()).find(|r| r.binding().is_some_and(|name| name.value == relation)).and_then(|r| r.table());
    match table.and_then(|table| ctx.table(table)) {
        Some((name, _)) => ctx.catalog.is_key_fixed(name, &fixed),
        None => fixed.contains(&"id"),
    }
}
