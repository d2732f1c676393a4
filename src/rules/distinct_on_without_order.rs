//! DISTINCT ON without ORDER BY.

use super::support::{rows, spelling};
use super::{Check, Context};
use crate::source::Span;
use crate::catalog::index_match::{is_value, same};
use crate::catalog::resolve::Scope;
use crate::extract::{Hole, Role};
use crate::facts::{ColumnRef, Expr, ExprKind, FromItem, Query, QueryBody, Relation, RelationSource, Select, SetOperator};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // what EXCEPT takes away, or takes from, is compared as a whole: a duplicate stays on one side, whichever it is
    let mut compared: Vec<*const Query> = vec![];
    query.walk(&mut |query| {
        if let QueryBody::SetOperation { op: SetOperator::Except, left, right, .. } = &query.body {
            compared.extend([&raw const **left, &raw const **right]);
        }
    });
    ctx.visit(&mut |query, scope| {
        if compared.iter().any(|of| std::ptr::eq(*of, query)) {
            return;
        }
        let Some(select) = query.select() else { return };
        let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
        // where nothing but the keys is asked for, all rows of a group give the same
        let mut others = select.items.iter().filter(|item| !is_alike(ctx, query, on, &item.expr));
        if !query.order_by.is_empty() || comes_ordered(query) || may_go_on(ctx, query) || !others.any(|item| is_of_a_table(&item.expr, scope)) {
            return;
        }
        let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
        let keys = keys.join(", ");
        let message = format!("DISTINCT ON ({keys}) without ORDER BY keeps an arbitrary row of each group, another one after the next plan change");
        ctx.add(ctx.report(distinct.span, message).help(format!("say which row is kept: ORDER BY {keys}, <what decides within the group>")));
    });
}

/// Whether something of an item is a column of a table that the schema has in full, or of any where there is no schema: what a view
/// or an unknown table gives may be the same for all rows of a group.
fn is_of_a_table(expr: &Expr, scope: &Scope) -> bool {
    let any = scope.catalog().tables.is_empty();
    let known = || any || scope.bindings().iter().any(|b| b.relation.table().is_some_and(|name| scope.catalog().table(name).is_some()));
    let (mut of_table, mut columns) = (false, false);
    expr.walk(&mut |e| match &e.kind {
        ExprKind::Column(column) => {
            columns = true;
            of_table |= scope.resolve(column).map_or(any, |found| any || found.is_whole());
        }
        ExprKind::Wildcard(_) | ExprKind::Subquery(_) => of_table |= known(),
        _ => {}
    });
    // `random()`
    of_table || !columns && known()
}

/// Whether all comes from one subquery or CTE that orders: the planner keeps that order where it does for the groups.
fn comes_ordered(query: &Query) -> bool {
    let from: Vec<&Relation> = query.from().iter().flat_map(FromItem::relations).collect();
    let [only] = &from[..] else { return false };
    match &only.source {
        RelationSource::Subquery(inner) => !inner.order_by.is_empty(),
        RelationSource::Table(name) => query.ctes.iter().any(|cte| cte.name == name.name && !cte.query.order_by.is_empty()),
        _ => false,
    }
}

/// Whether the program adds to the text, or puts a piece of SQL in: the order may stand there.
fn may_go_on(ctx: &Context, query: &Query) -> bool {
    let piece = |hole: &Hole| hole.role == Role::Fragment && hole.span.start >= query.span.start;
    let whole = ctx.statement.query.as_ref().is_some_and(|outermost| std::ptr::eq(outermost, query));
    ctx.application.is_some_and(|fragment| whole && (fragment.open || fragment.holes.iter().any(piece)))
}

/// Whether all rows of a group give the same for an item.
fn is_alike(ctx: &Context, query: &Query, on: &[Expr], item: &Expr) -> bool {
    let fixed =
        |e: &Expr| on.iter().any(|key| same(key, e)) || is_given(query, e) || of_one_row(ctx, query, on, e) || of_the_only_row(query, e) || is_first_of_group(on, e);
    fixed(item) || is_window(item) || is_within_group(on, item) || is_made_of(query, item, &fixed)
}

/// `WHERE address = $1`: all rows have that one.
fn is_given(query: &Query, expr: &Expr) -> bool {
    let conditions = query.select().map(|select| select.conditions()).unwrap_or_default();
    let equals = |c: &Expr| match &c.kind {
        ExprKind::Binary { left, op, right, .. } if op == "=" => is_value(left) && same(right, expr) || is_value(right) && same(left, expr),
        _ => false,
    };
    expr.column().is_some() && conditions.into_iter().flat_map(Expr::conjuncts).any(equals)
}

/// Whether an expression is computed from nothing but what has one value within a group.
fn is_made_of(query: &Query, expr: &Expr, fixed: &dyn Fn(&Expr) -> bool) -> bool {
    let own = |of: &str| query.from().iter().flat_map(FromItem::relations).any(|r| r.binding().is_some_and(|name| name.value == of));
    let mut made = true;
    let mut settled: Vec<Span> = vec![];
    expr.walk(&mut |e| match &e.kind {
        _ if settled.iter().any(|whole| whole.contains(e.span)) => {}
        ExprKind::Call(call) if call.over.is_some() && fixed(e) => settled.push(e.span),
        ExprKind::Column(_) | ExprKind::Wildcard(_) => made &= fixed(e),
        // volatile, aggregates and windows aside, a function gives the same for the same
        ExprKind::Call(call) => made &= call.over.is_none() && !matches!(call.name.name.value.as_str(), "random" | "gen_random_uuid" | "nextval"),
        ExprKind::InSubquery { query: inner, .. } | ExprKind::Exists { query: inner, .. } | ExprKind::Subquery(inner) => {
            let refers = |column: &&ColumnRef| column.relation.as_ref().is_some_and(|of| own(&of.value));
            let bare = inner.column_refs().iter().any(|column| column.relation.is_none());
            let outer = inner.column_refs().into_iter().filter(refers).map(|column| Expr::new(ExprKind::Column(column.clone()), e.span));
            made &= !bare && outer.into_iter().all(|column| fixed(&column));
        }
        _ => {}
    });
    made
}

/// Whether a column comes from a subquery that has one row: an aggregate over all.
fn of_the_only_row(query: &Query, expr: &Expr) -> bool {
    let Some(column) = expr.column() else { return false };
    let sums_up = |select: &Select| select.group_by.is_empty() && !select.items.is_empty() && select.items.iter().all(|item| rows::holds_aggregate(&item.expr));
    let gives = |relation: &Relation| match (&relation.source, &column.relation) {
        (RelationSource::Subquery(inner), Some(of)) => relation.binding() == Some(of) && inner.select().is_some_and(sums_up),
        (RelationSource::Subquery(inner), None) => inner.select().is_some_and(|select| sums_up(select) && select.items.iter().any(|item| item.alias.as_ref() == Some(&column.column))),
        _ => false,
    };
    query.from().iter().flat_map(FromItem::relations).any(gives)
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

/// `count(*) OVER (PARTITION BY minute)`: of all rows of the group, and the same for each.
fn is_within_group(on: &[Expr], expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.uncast().kind else { return false };
    let over = call.over.as_deref().unwrap_or_default();
    let aggregate = ["count", "sum", "min", "max", "avg", "bool_or", "bool_and"].contains(&call.name.name.value.as_str());
    aggregate && !over.is_empty() && over.iter().all(|part| on.iter().any(|key| same(key, part)))
}

/// The first value of a window that is ordered within the same group: one for all of its rows.
fn is_first_of_group(on: &[Expr], expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.uncast().kind else { return false };
    let over = call.over.as_deref().unwrap_or_default();
    // what a named window is made of is not read
    let named = call.over.is_some() && over.is_empty();
    let within = || over.len() > on.len() && on.iter().all(|key| over.iter().any(|part| same(key, part)));
    call.name.name.value == "first_value" && (named || within())
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
