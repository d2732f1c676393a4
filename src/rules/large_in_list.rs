//! IN with hundreds of constants.

use super::support::{rows, spelling};
use super::{Check, Context};
use crate::facts::{Expr, ExprKind, Query};

pub(super) const CHECK: Check = Check::Query(check);

/// So many constants are still a list that somebody wrote.
const SHORT: usize = 100;

fn check(ctx: &Context, query: &Query) {
    if rows::runs_once(ctx) {
        return;
    }
    query.walk(&mut |query| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e));
        }
    });
}

fn check_expr(ctx: &Context, expr: &Expr) {
    let ExprKind::InList { expr: tested, list, negated } = &expr.kind else { return };
    let is_constant = |e: &Expr| matches!(e.uncast().kind, ExprKind::Literal(_) | ExprKind::Parameter(_));
    if list.len() <= SHORT || !list.iter().all(is_constant) {
        return;
    }
    let tested = spelling::text(ctx, tested.span);
    let message = format!(
        "a list of {} values for {tested} is parsed and planned anew each time, and each length is a statement of its own for plan caches and pg_stat_statements",
        list.len()
    );
    let rewrite = if *negated { format!("{tested} <> ALL ($1)") } else { format!("{tested} = ANY ($1)") };
    ctx.add(ctx.report(expr.span, message).help(format!("send the values as one array parameter: {rewrite}")));
}
