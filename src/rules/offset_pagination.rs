//! OFFSET that grows with the page number.

use super::support::{keyset, spelling};
use super::{Check, Context};
use crate::catalog::resolve::{Scope, Source};
use crate::facts::{Expr, ExprKind, Literal, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(offset) = query.offset.as_ref().filter(|_| !scope.in_exists) else { return };
    let skipped = constant(&offset.count);
    if skipped.is_some_and(|rows| rows <= i128::from(ctx.settings.offset_threshold)) {
        return;
    }
    let from = scope.bindings().first().and_then(|b| match b.source {
        Source::Table(name) => Some(format!(" of {name}")),
        _ => None,
    });
    let from = from.unwrap_or_default();
    let clause = spelling::text(ctx, offset.span);
    let message = match skipped {
        Some(rows) => format!("{clause} reads {rows} rows{from} and throws them away before the first one that it returns"),
        None => format!("{clause} reads every skipped row{from} and throws it away, so each page costs more than the one before"),
    };
    ctx.add(ctx.report(offset.span, message).help(keyset::advice(ctx, query, scope)));
}

/// The value of a constant count; `NULL` skips nothing.
fn constant(expr: &Expr) -> Option<i128> {
    match &expr.uncast().kind {
        ExprKind::Literal(Literal::Null) => Some(0),
        ExprKind::Literal(Literal::Number(n)) => n.parse::<f64>().ok().map(|n| n as i128),
        ExprKind::Literal(Literal::String(s)) => s.trim().parse().ok(),
        ExprKind::Binary { left, op, right, .. } => {
            let (left, right) = (constant(left)?, constant(right)?);
            match op.as_str() {
                "*" => left.checked_mul(right),
                "+" => left.checked_add(right),
                "-" => left.checked_sub(right),
                _ => None,
            }
        }
        _ => None,
    }
}
