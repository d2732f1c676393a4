//! NOT IN over a subquery that may hold a NULL.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Literal, Query};
use std::rc::Rc;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e, scope));
        }
    });
}

fn check_expr<'a>(ctx: &Context, expr: &'a Expr, scope: &Scope<'a>) {
    let ExprKind::InSubquery { expr: tested, query, negated: true } = &expr.kind else { return };
    let Some(select) = query.select() else { return };
    let [item] = &select.items[..] else { return };
    let inner = Scope::new(scope.catalog(), query, Some(Rc::new(scope.clone())));
    if is_never_null(&item.expr, select.filter.as_ref(), &inner) {
        return;
    }
    let given = spelling::text(ctx, item.expr.span);
    let message = format!("NOT IN returns no row at all once {given} of the subquery is NULL in one row, and it cannot be planned as an anti-join");
    let qualified = |e: &Expr, scope: &Scope| match e.column().filter(|column| column.relation.is_none()) {
        Some(column) => {
            let of = scope.binding(column).and_then(|b| b.relation.binding()).map(|name| format!("{name}.")).unwrap_or_default();
            format!("{of}{}", spelling::text(ctx, e.span))
        }
        None => spelling::text(ctx, e.span),
    };
    let outer = qualified(tested, scope);
    let help = match select.relations().first() {
        Some(source) if item.expr.column().is_some() => {
            format!("write NOT EXISTS (SELECT 1 FROM {} WHERE {} = {outer} …)", spelling::text(ctx, source.span), qualified(&item.expr, &inner))
        }
        _ => format!("write NOT EXISTS (SELECT 1 FROM (SELECT {given} …) AS s (value) WHERE s.value = {outer})"),
    };
    ctx.add(ctx.report(expr.span, message).help(help));
}

fn is_never_null(expr: &Expr, filter: Option<&Expr>, scope: &Scope) -> bool {
    let excluded = filter.is_some_and(|f| {
        f.conjuncts().iter().any(|c| matches!(&c.kind, ExprKind::IsNull { expr: tested, negated: true } if crate::catalog::index_match::same(tested, expr)))
    });
    excluded
        || match &expr.kind {
            ExprKind::Literal(literal) => *literal != Literal::Null,
            ExprKind::Cast { expr, .. } => is_never_null(expr, filter, scope),
            ExprKind::Column(column) => scope.resolve(column).is_some_and(|c| c.definition().is_some_and(|d| d.not_null)),
            ExprKind::Call(call) if call.name.name == "coalesce" => call.args.last().is_some_and(|last| is_never_null(last, filter, scope)),
            _ => false,
        }
}
