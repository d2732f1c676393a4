//! Comparison with NULL, which is never true.

use super::support::spelling;
use super::{Check, Context};
use crate::facts::{Expr, ExprKind, Literal, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    query.walk(&mut |query| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e));
        }
    });
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr.uncast().kind, ExprKind::Literal(Literal::Null))
}

fn check_expr(ctx: &Context, expr: &Expr) {
    let ExprKind::Binary { left, op, right, .. } = &expr.kind else { return };
    // `WHERE NULL = NULL` is written to get no row, and the columns' names
    if !matches!(op.as_str(), "=" | "<>") || is_null(left) == is_null(right) {
        return;
    }
    let tested = spelling::text(ctx, if is_null(right) { left.span } else { right.span });
    let test = if op == "=" { "IS NULL" } else { "IS NOT NULL" };
    let message = format!("{} is never true: a comparison with NULL is NULL, so no row passes", spelling::text(ctx, expr.span));
    let rewrite = format!("{tested} {test}");
    ctx.add(ctx.report(expr.span, message).help(format!("write {rewrite}")).fix("test for NULL", false, expr.span, rewrite));
}
