//! An interval made by gluing text together.

use super::support::spelling;
use super::{Check, Context};
use crate::facts::{Expr, ExprKind, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    query.walk(&mut |query| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e));
        }
    });
}

fn check_expr(ctx: &Context, expr: &Expr) {
    let ExprKind::Cast { expr: glued, ty } = &expr.kind else { return };
    let ExprKind::Binary { left, op, right, .. } = &glued.kind else { return };
    // what is computed here is a number; what is given may be anything
    let given = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_) | ExprKind::Column(_));
    if !(given(left) || given(right)) {
        return;
    }
    if !ty.is("interval") || op != "||" || (left.string().is_some() && right.string().is_some()) {
        return;
    }
    let amount = spelling::text(ctx, left.uncast().span);
    let help = match right.string().and_then(unit) {
        Some(unit) => format!("say it with a number: make_interval({unit} => {amount})"),
        None => "multiply instead: n * interval '1 day', or make_interval(days => n)".to_owned(),
    };
    let message = format!(
        "{} is text until it runs: a NULL, a fraction or an odd string in it fails or changes the meaning at run time, and the parameter is sent as text",
        spelling::text(ctx, glued.span)
    );
    ctx.add(ctx.report(expr.span, message).help(help));
}

/// The argument of `make_interval` for a unit's word.
fn unit(word: &str) -> Option<&'static str> {
    let word = word.trim().to_ascii_lowercase();
    Some(match word.strip_suffix('s').unwrap_or(&word) {
        "year" => "years",
        "month" | "mon" => "months",
        "week" => "weeks",
        "day" => "days",
        "hour" => "hours",
        "minute" | "min" => "mins",
        "second" | "sec" => "secs",
        _ => return None,
    })
}
