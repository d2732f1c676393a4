//! UNION that looks for duplicates which cannot be, or do not matter.

use super::{Check, Context};
use crate::catalog::resolve::{Scope, Source};
use crate::facts::{Expr, ExprKind, Literal, Query, QueryBody, Select, SetOperator};
use std::rc::Rc;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| {
        check_one(ctx, query, scope);
        for expr in query.expressions() {
            expr.walk(&mut |e| check_membership(ctx, e));
        }
    });
}

/// `x IN (… UNION …)`, `EXISTS (… UNION …)`: how often a row is there does not matter.
fn check_membership(ctx: &Context, expr: &Expr) {
    let (ExprKind::InSubquery { query, .. } | ExprKind::Exists { query, .. }) = &expr.kind else { return };
    let QueryBody::SetOperation { op: SetOperator::Union, all: false, op_span, .. } = &query.body else { return };
    if query.limit.is_none() && query.offset.is_none() {
        let message = "UNION sorts or hashes all rows to drop duplicates, and a test for membership does not care how often a row is there";
        ctx.add(ctx.report(*op_span, message).help("write UNION ALL").fix("replace by UNION ALL", true, *op_span, "UNION ALL"));
    }
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let QueryBody::SetOperation { op: SetOperator::Union, all: false, op_span, left, right } = &query.body else { return };
    let (Some(a), Some(b)) = (left.select(), right.select()) else { return };
    // of what is written out there are a few rows
    if a.from.is_empty() || b.from.is_empty() {
        return;
    }
    let Some((x, y)) = differing_constants(a, b) else { return };
    let scope = Rc::new(scope.clone());
    if !has_distinct_rows(left, a, &scope) || !has_distinct_rows(right, b, &scope) {
        return;
    }
    let text = |e: &Expr| super::support::spelling::text(ctx, e.span);
    let message = format!(
        "the branches cannot share a row ({} against {}) and have none twice, yet UNION sorts or hashes all of them to look for duplicates",
        text(x),
        text(y)
    );
    ctx.add(ctx.report(*op_span, message).help("write UNION ALL").fix("replace by UNION ALL", true, *op_span, "UNION ALL"));
}

/// Two different constants in the same place of the select lists.
fn differing_constants<'a>(a: &'a Select, b: &'a Select) -> Option<(&'a Expr, &'a Expr)> {
    let pairs = a.items.iter().zip(&b.items).map(|(a, b)| (&a.expr, &b.expr));
    let constant = |e: &'a Expr| match &e.uncast().kind {
        ExprKind::Literal(literal) if *literal != Literal::Null => Some(literal),
        _ => None,
    };
    // A wildcard before them would move one list against the other.
    pairs
        .take_while(|(a, b)| !matches!(a.kind, ExprKind::Wildcard(_)) && !matches!(b.kind, ExprKind::Wildcard(_)))
        .find(|(a, b)| matches!((constant(a), constant(b)), (Some(x), Some(y)) if differ(x, y)))
}

/// Whether two constants differ whatever their type turns out to be.
fn differ(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::String(a), Literal::String(b)) => a.trim().to_lowercase() != b.trim().to_lowercase(),
        (Literal::Number(a), Literal::Number(b)) => matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a != b),
        (Literal::Boolean(a), Literal::Boolean(b)) => a != b,
        _ => false,
    }
}

/// Whether a branch returns a unique key of the one table that it reads.
fn has_distinct_rows<'a>(query: &'a Query, select: &'a Select, outer: &Rc<Scope<'a>>) -> bool {
    let scope = Scope::new(outer.catalog(), query, Some(outer.clone()));
    let [binding] = scope.bindings() else { return select.from.is_empty() };
    let Source::Table(written) = binding.source else { return false };
    let Some((name, _)) = outer.catalog().table(written) else { return false };
    if select.items.iter().any(|item| matches!(item.expr.kind, ExprKind::Wildcard(_))) {
        return !outer.catalog().keys_of(name).is_empty();
    }
    let shown: Vec<&str> = select.items.iter().filter_map(|item| Some(item.expr.column()?.column.value.as_str())).collect();
    select.distinct.is_some() || outer.catalog().is_key_fixed(name, &shown)
}
