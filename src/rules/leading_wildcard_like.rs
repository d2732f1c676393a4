//! LIKE with a leading wildcard and no trigram index.

use super::support::{ground, json, rows, spelling};
use super::{Check, Context, Origin};
use crate::advise::Definition;
use crate::catalog::index_match::{serves, tests};
use crate::catalog::resolve::{Binding, Resolved, Scope};
use crate::facts::{Expr, ExprKind, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let conditions = json::conditions(query);
    for test in conditions.iter().flat_map(|c| tests(c)).filter(|t| t.op == "~~" || t.op == "~~*") {
        let Some(pattern) = test.value.and_then(leading) else { continue };
        // what a body or a write always looks for is the one row that somebody named, not what somebody types
        let writes = ctx.statement.query.as_ref().is_some_and(|own| own.select().is_none());
        if (ctx.around.in_function || ctx.around.in_do || writes) && test.value.is_some_and(|value| value.string().is_some()) {
            continue;
        }
        // On JSON, jsonb-filter-without-index says the same and more.
        if !pattern.starts_with('%') || json::path(test.tested).is_some_and(|(_, keys)| !keys.is_empty()) {
            continue;
        }
        let mut table = None;
        test.tested.walk(&mut |e| table = table.take().or_else(|| scope.resolve_expr(e)));
        let Some(table) = table else { continue };
        // what a document shows of a table that nothing here has is an example
        let shown = ctx.around.in_document || ctx.origin == Origin::Document;
        if shown && !table.is_whole() {
            continue;
        }
        let mut indexes = ctx.catalog.indexes_of(&table.name);
        if ground::is_unknown(ctx, &table) || indexes.any(|(_, index)| serves(index, table.table, &test, &conditions)) {
            continue;
        }
        if ground::in_open_or(&conditions, &test) || is_found_otherwise(ctx, test.whole, &conditions, &table, scope) {
            continue;
        }
        let tested = spelling::unqualified(ctx, test.tested);
        let message = format!("a pattern that begins with % matches {tested} anywhere, so every row of {} is read", table.written);
        let key = format!("{} gin_trgm_ops", spelling::index_key(ctx, test.tested));
        let labels = vec![table.column.to_string(), "trgm".to_owned()];
        let index = Definition { method: "gin".to_owned(), keys: vec![key], labels, ..Definition::default() };
        let help = format!("a trigram index serves it (CREATE EXTENSION pg_trgm):\n{};", index.text(&table.name, ctx.catalog));
        ctx.add(ctx.report(test.whole.span, message).help(help));
    }
}

/// Whether another condition leads to the rows: by a unique key, or by an index.
fn is_found_otherwise<'a>(ctx: &Context<'a>, whole: &Expr, conditions: &[&'a Expr], table: &Resolved<'a>, scope: &Scope<'a>) -> bool {
    let by_key = |b: &Binding<'a>| b.relation.table() == Some(table.written) && rows::is_pinned(b, conditions, scope);
    // with no schema at all, what refers to another row is as likely to have an index as not
    let refers = |e: &Expr| e.column().is_some_and(|c| ["_id", "Id"].iter().any(|end| c.column.value.ends_with(end)));
    let own = |e: &Expr| scope.resolve_expr(e).is_some_and(|c| c.name == table.name);
    let by_reference = |c: &'a Expr| {
        let held = matches!(c.kind, ExprKind::Binary { .. } | ExprKind::Quantified { .. } | ExprKind::InList { .. });
        held && tests(c).iter().any(|t| t.op == "=" && refers(t.tested) && own(t.tested))
    };
    if ctx.catalog.tables.is_empty() && conditions.iter().flat_map(|c| c.conjuncts()).any(by_reference) {
        return true;
    }
    scope.bindings().iter().any(by_key) || ground::found_by(ctx, conditions, whole, table, scope).is_some()
}

/// The pattern's text, or the constant that begins a concatenation (`'%' || $1`, `concat('%', $1)`).
fn leading(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Binary { left, op, .. } if op == "||" => leading(left),
        ExprKind::Call(call) if call.name.schema.is_none() && call.name.name == "concat" => leading(call.args.first()?),
        _ => expr.string(),
    }
}
