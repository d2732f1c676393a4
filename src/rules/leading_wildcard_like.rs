//! LIKE with a leading wildcard and no trigram index.

use super::support::{json, spelling};
use super::{Check, Context};
use crate::advise::Definition;
use crate::catalog::index_match::{serves, tests};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let conditions = json::conditions(query);
    for test in conditions.iter().flat_map(|c| tests(c)).filter(|t| t.op == "~~" || t.op == "~~*") {
        let Some(pattern) = test.value.and_then(leading) else { continue };
        // On JSON, jsonb-filter-without-index says the same and more.
        if !pattern.starts_with('%') || json::path(test.tested).is_some_and(|(_, keys)| !keys.is_empty()) {
            continue;
        }
        let mut table = None;
        test.tested.walk(&mut |e| table = table.take().or_else(|| scope.resolve_expr(e)));
        let Some(table) = table else { continue };
        let mut indexes = ctx.catalog.indexes_of(&table.name);
        if indexes.any(|(_, index)| serves(index, table.table, &test, &conditions)) {
            continue;
        }
        let tested = spelling::unqualified(ctx, test.tested);
        let message = format!("a pattern that begins with % matches {tested} anywhere, so every row of {} is read", table.written);
        let key = spelling::index_key(ctx, test.tested);
        let definition = Definition {
            method: "gin".to_owned(),
            keys: vec![format!("{key} gin_trgm_ops")],
            labels: vec![spelling::label(ctx, test.tested), "trgm".to_owned()],
            ..Definition::default()
        };
        let help =
            format!("a trigram index serves it (CREATE EXTENSION pg_trgm):\n{};", definition.text(&table.name, ctx.catalog));
        ctx.add(ctx.report(test.whole.span, message).help(help));
    }
}

/// The pattern's text, or the constant that begins a concatenation (`'%' || $1`).
fn leading(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        crate::facts::ExprKind::Binary { left, op, .. } if op == "||" => leading(left),
        _ => expr.string(),
    }
}
