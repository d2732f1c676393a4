//! An interval made by gluing text together.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, scope, e));
        }
    });
}

/// Whether a name is that of a column which holds whole numbers, or of a variable of a function, whose type is checked before.
fn is_whole(ctx: &Context, scope: &Scope, expr: &Expr) -> bool {
    let expr = expr.uncast();
    let Some(column) = expr.column() else { return false };
    // of a table that is not known, any name may be one
    match scope.resolve_expr(expr).and_then(|resolved| resolved.definition()) {
        Some(known) => {
            let ty = known.ty.as_ref();
            ty.is_some_and(|ty| ["int2", "int4", "int8", "serial", "bigserial", "smallserial"].iter().any(|whole| ty.is(whole)))
        }
        None => column.relation.is_none() && (ctx.around.in_function || ctx.around.in_do),
    }
}

/// `cast(delay AS text) || ' minutes'`: a column that has to be made text holds no odd one; nor does `$1::int`, whatever it is made.
fn is_made_text(expr: &Expr) -> bool {
    let ExprKind::Cast { expr: inner, ty } = &expr.kind else { return false };
    let made = ["text", "varchar"].iter().any(|text| ty.is(text));
    ["int2", "int4", "int8"].iter().any(|whole| ty.is(whole)) || made && (inner.column().is_some() || is_made_text(inner))
}

fn check_expr(ctx: &Context, scope: &Scope, expr: &Expr) {
    let ExprKind::Cast { expr: glued, ty } = &expr.kind else { return };
    let ExprKind::Binary { left, op, right, .. } = &glued.kind else { return };
    // what is computed here is a number; what is given may be anything
    let given = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_) | ExprKind::Column(_));
    if !(given(left) || given(right)) || is_whole(ctx, scope, left) || is_made_text(left) {
        return;
    }
    if !ty.is("interval") || op != "||" || (left.string().is_some() && right.string().is_some()) {
        return;
    }
    let amount = spelling::text(ctx, left.uncast().span);
    // where the unit is given too, no number says it
    let Some(word) = right.string() else { return };
    let help = match unit(word) {
        Some(unit) if given(left) => format!("say it with a number: make_interval({unit} => {amount})"),
        _ => "multiply instead: n * interval '1 day', or make_interval(days => n)".to_owned(),
    };
    let sent = if spelling::has_parameter(glued) { ", and the parameter is sent as text" } else { "" };
    let message = format!(
        "{} is text until it runs: a fraction or an odd string in it fails or changes the meaning at run time{sent}",
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
