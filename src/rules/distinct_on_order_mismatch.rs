//! DISTINCT ON whose expressions do not lead ORDER BY.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::index_match::same_in;
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Literal, Query, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one(ctx: &Context, query: &Query, scope: &Scope) {
    let Some(select) = query.select() else { return };
    let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
    let on: Vec<&Expr> = on.iter().map(|e| named(select, e)).collect();
    let leading: Vec<&Expr> = query.order_by.iter().map(|key| named(select, &key.expr)).collect();
    // Each of the first keys must be one of ON's, until all of those have been met; fewer keys than ON's are fine.
    let mut unmet: Vec<&Expr> = on.clone();
    for (key, written) in leading.iter().zip(&query.order_by) {
        if unmet.is_empty() {
            return;
        }
        if !on.iter().any(|e| same_in(scope, e, key)) {
            let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
            let message = format!(
                "this query is refused: SELECT DISTINCT ON expressions must match initial ORDER BY expressions, and {} comes before {}",
                spelling::text(ctx, written.expr.span),
                unmet.iter().map(|e| spelling::text(ctx, e.span)).collect::<Vec<_>>().join(", ")
            );
            let help = format!("begin with them: ORDER BY {}, {}; for another final order, sort outside: SELECT * FROM (…) AS picked ORDER BY …",
                keys.join(", "), spelling::text(ctx, written.expr.span));
            ctx.add(ctx.report(written.expr.span, message).help(help).related(ctx.at(distinct.span), "these must come first"));
            return;
        }
        unmet.retain(|e| !same_in(scope, e, key));
    }
}

/// An ordinal or output name stands for its entry in the select list.
fn named<'a>(select: &'a Select, expr: &'a Expr) -> &'a Expr {
    let found = match &expr.kind {
        ExprKind::Literal(Literal::Number(n)) => n.parse::<usize>().ok().and_then(|n| select.items.get(n.checked_sub(1)?)),
        ExprKind::Column(column) if column.relation.is_none() => {
            select.items.iter().find(|item| item.alias.as_ref() == Some(&column.column))
        }
        _ => None,
    };
    found.map_or(expr, |item| &item.expr)
}
