//! BETWEEN on points in time: its end is included.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e, scope));
        }
    });
}

fn check_expr<'a>(ctx: &Context, expr: &'a Expr, scope: &Scope<'a>) {
    let ExprKind::Between { expr: tested, low, high, negated: false } = &expr.kind else { return };
    let is_timestamp = |ty: &crate::facts::TypeName| ty.is("timestamptz") || ty.is("timestamp");
    let column = scope.resolve_expr(tested).and_then(|c| c.definition()?.ty.clone());
    let cast = |e: &Expr| matches!(&e.kind, ExprKind::Cast { ty, .. } if is_timestamp(ty));
    if !column.as_deref().is_some_and(is_timestamp) && !cast(low) && !cast(high) {
        return;
    }
    let (x, low, high) = (spelling::text(ctx, tested.span), spelling::text(ctx, low.span), spelling::text(ctx, high.span));
    let message = format!("BETWEEN includes its end: a row at exactly {high} belongs to this range and to the next one, and a date alone ends at its midnight");
    ctx.add(ctx.report(expr.span, message).help(format!("use a half-open range: {x} >= {low} AND {x} < {high}")));
}
