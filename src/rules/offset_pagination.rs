//! OFFSET that grows with the page number.

use super::support::{keyset, rows, spelling};
use super::{Check, Context};
use crate::catalog::resolve::{Origin, Scope, Source};
use crate::catalog::index_match::{is_value, tests};
use crate::facts::{Expr, ExprKind, Literal, Query, SelectItem};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    check_numbered(ctx, query, scope);
    let Some(offset) = query.offset.as_ref().filter(|_| !scope.in_exists) else { return };
    let skipped = constant(&offset.count);
    if skipped.is_some_and(|rows| rows <= i128::from(ctx.settings.offset_threshold)) {
        return;
    }
    // the row at which a page ends, so many further on as the page has rows
    if query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1)) && skips_a_page(ctx, offset.span) {
        return;
    }
    // the last of the few rows that another query picked
    let picked = scope.bindings().first().is_some_and(|b| matches!(b.source, Source::Query(_) | Source::Fence(_)));
    if picked && query.order_by.is_empty() && query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1)) {
        return;
    }
    // a place that the rows themselves give (the middle of them): a median, no page
    if query.order_by.is_empty() && holds_query(&offset.count) {
        return;
    }
    // the best matches of a search are not known before all have been weighed, and no key continues there
    if query.order_by.first().is_some_and(|key| is_weighed(query, &key.expr, scope)) {
        return;
    }
    // a temporary table is filled anew for each page, and what is skipped of it is the least of that
    if is_filled_for_it(ctx, scope) {
        return;
    }
    let from = scope.bindings().first().and_then(|b| match b.source {
        // what the program names is not to be told
        Source::Table(name) if !name.name.value.contains(['{', '%']) && name.name != *"_" => Some(format!(" of {name}")),
        _ => None,
    });
    let from = from.unwrap_or_default();
    let clause = spelling::text(ctx, offset.span);
    let counts = query.select().and_then(|select| select.items.iter().find_map(|item| counted_whole(ctx, &item.expr)));
    let message = match (skipped, &counts) {
        (_, Some(count)) => format!("{count} reads all rows{from} for every page, and {clause} throws those away that it skips"),
        (Some(rows), None) => format!("{clause} reads {rows} rows{from} and throws them away before the first one that it returns"),
        (None, None) => format!("{clause} reads every skipped row{from} and throws it away, so each page costs more than the one before"),
    };
    let advice = keyset::advice(ctx, query, scope);
    let help = match counts {
        Some(_) => format!("{advice}\nand count apart, not on every page: beside this condition it counts the rows that are left"),
        None => advice,
    };
    ctx.add(ctx.report(offset.span, message).help(help));
}

/// Whether the rows come from a temporary table, known or made in the same file.
fn is_filled_for_it(ctx: &Context, scope: &Scope) -> bool {
    let Some(Source::Table(name)) = scope.bindings().first().map(|b| b.source) else { return false };
    if let Some((_, table)) = ctx.table(name) {
        return table.temporary;
    }
    let text = ctx.code.to_ascii_lowercase();
    ["temp table", "temporary table"].iter().any(|made| {
        memchr::memmem::find_iter(text.as_bytes(), made.as_bytes()).any(|at| {
            let rest = text[at + made.len()..].trim_start();
            let rest = rest.strip_prefix("if not exists").unwrap_or(rest).trim_start();
            rest.strip_prefix(name.name.value.as_str()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    })
}

/// `count(*) OVER ()`, in whatever stands around it.
fn counted_whole(ctx: &Context, expr: &Expr) -> Option<String> {
    let mut found = None;
    expr.walk(&mut |e| {
        if matches!(&e.kind, ExprKind::Call(call) if call.name.name == "count" && call.over.is_some()) {
            found = Some(spelling::text(ctx, e.span));
        }
    });
    found.filter(|text| !text.to_ascii_lowercase().contains("partition"))
}

/// Whether the code that gives the number of rows to skip speaks of a page's size and not of its place.
fn skips_a_page(ctx: &Context, offset: Span) -> bool {
    let Some(hole) = ctx.application.and_then(|code| code.holes.iter().find(|hole| offset.start <= hole.span.start && hole.span.start < offset.end)) else { return false };
    let code = hole.code.of(ctx.code).to_ascii_lowercase();
    ["limit", "size"].iter().any(|word| code.contains(word)) && !["offset", "page", "skip", "start", "*"].iter().any(|word| code.contains(word))
}

/// `… FROM (SELECT …, row_number() OVER (ORDER BY …) AS rn …) WHERE rn BETWEEN 1001 AND 1020`: OFFSET by another name.
fn check_numbered<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    for test in select.conditions().into_iter().flat_map(tests) {
        let (Some(column), Some(value)) = (test.tested.column(), test.value) else { continue };
        let from_above = matches!(test.op.as_str(), ">" | ">=");
        if !from_above || !is_value(value) || constant(value).is_some_and(|n| n <= i128::from(ctx.settings.offset_threshold)) {
            continue;
        }
        let inner = scope.binding(column).and_then(|b| match b.source {
            Source::Query(inner) | Source::Fence(inner) => Some(inner),
            _ => None,
        });
        let numbers = |item: &&SelectItem| item.alias.as_ref().is_some_and(|alias| *alias == column.column) && is_row_number(ctx, &item.expr);
        let Some(item) = inner.and_then(Query::select).and_then(|s| s.items.iter().find(numbers)) else { continue };
        let message = format!("every row is numbered before those up to {} are thrown away, so each page costs more than the one before", spelling::text(ctx, value.span));
        let help = "continue after the last row seen, by the keys that row_number() is ordered by and a unique one: \
                    WHERE (key, id) > ($last_key, $last_id) ORDER BY key, id LIMIT n";
        ctx.add(ctx.report(test.whole.span, message).help(help).related(ctx.at(item.expr.span), "the number"));
        return;
    }
}

/// Whether all rows are numbered in one row.
fn is_row_number(ctx: &Context, expr: &Expr) -> bool {
    let over_all = |span| !spelling::text(ctx, span).to_ascii_lowercase().contains("partition by");
    matches!(&expr.uncast().kind, ExprKind::Call(call) if call.over.is_some() && call.name.name == "row_number") && over_all(expr.span)
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

/// Whether rows are ordered by how well they fit what the query was given (`similarity(title, $1)`, `position <-> $1`).
fn is_weighed(query: &Query, key: &Expr, scope: &Scope) -> bool {
    let named = |item: &&SelectItem| key.column().is_some_and(|c| c.relation.is_none() && item.alias.as_ref() == Some(&c.column));
    let item = query.select().and_then(|select| select.items.iter().find(named));
    let expr = item.map_or(key, |item| &item.expr).uncast();
    if let Some(Origin::Expression(inner, _)) = expr.column().and_then(|column| scope.origin(column)) {
        return is_computed(inner.uncast());
    }
    is_computed(expr)
}

fn is_computed(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Call(_) | ExprKind::Binary { .. }) && spelling::has_parameter(expr)
}

fn holds_query(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.subquery().is_some());
    found
}
