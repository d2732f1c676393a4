//! What else decides how a table's rows are found, besides the condition that a rule looks at. Must not report anything itself.

use super::spelling;
use crate::catalog::Knowledge;
use crate::catalog::Qualified;
use crate::catalog::index_match::{Test, serves, tests};
use crate::catalog::resolve::{Resolved, Scope};
use crate::extract::Role;
use crate::facts::{Expr, ExprKind, Query, QueryBody};
use crate::rules::Context;
use crate::source::{FILLER, Span};

/// Whether nothing can be said of a table's indexes: the schema at hand does not have it, or not all of it, or the program puts
/// its name together. Where no schema was read at all, everything is as unknown, and a query is told what it needs.
pub(crate) fn is_unknown(ctx: &Context, table: &Resolved) -> bool {
    let whole = table.table.is_some_and(|t| t.knowledge == Knowledge::Whole);
    let name = &table.written.name.value;
    !whole && (!ctx.catalog.tables.is_empty() || name.contains(['{', '%']))
}

/// Whether the program puts a condition of its own into the query, which may find the rows: what it is, is not known.
pub(crate) fn is_open(ctx: &Context, query: &Query) -> bool {
    let filter = match &query.body {
        QueryBody::Select(select) => select.filter.as_ref(),
        QueryBody::Update(update) => update.filter.as_ref(),
        QueryBody::Delete(delete) => delete.filter.as_ref(),
        _ => None,
    };
    let Some(filter) = filter else { return false };
    let next = query.order_by.iter().map(|key| key.expr.span.start).chain(query.limit.iter().map(|limit| limit.span.start));
    let end = next.filter(|at| *at >= filter.span.end).min().unwrap_or(query.span.end);
    // a piece that stands last leaves nothing in the query
    let rest = ctx.text.as_bytes().get(end as usize..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == FILLER).count() as u32;
    let span = Span::new(filter.span.start, end + blank);
    match ctx.application {
        // a value stands where a parameter could
        Some(code) => {
            code.holes.iter().any(|hole| hole.role == Role::Fragment && span.start <= hole.span.start && hole.span.start < span.end)
        }
        None => spelling::has_hole(ctx, span),
    }
}

/// Whether a condition is an arm of an OR of which another arm no index can serve, so that an index for this one is no use: a test
/// for NULL or for difference, a condition on another table's column, whether a parameter was given. An arm of constants alone is
/// decided before.
pub(crate) fn in_open_or(conditions: &[&Expr], test: &Test) -> bool {
    let arms = conditions.iter().flat_map(|c| c.conjuncts()).find_map(|conjunct| match &conjunct.kind {
        ExprKind::Or(arms) if tests(conjunct).iter().any(|t| std::ptr::eq(t.whole, test.whole)) => Some(arms),
        _ => None,
    });
    let closed = |arm: &Expr| match holds_column(arm) {
        true => tests(arm).iter().any(|t| is_seek(&t.op)),
        false => !spelling::has_parameter(arm),
    };
    arms.is_some_and(|arms| !arms.iter().all(closed))
}

fn is_seek(op: &str) -> bool {
    !matches!(op, "<>" | "!=" | "IS NULL" | "IS NOT NULL" | "!~~" | "!~~*")
}

fn holds_column(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.column().is_some());
    found
}

/// The index that finds the table's rows by another condition that holds a column of it to a value, and that column.
pub(crate) fn found_by<'a>(
    ctx: &Context<'a>,
    conditions: &[&'a Expr],
    except: &Expr,
    table: &Resolved<'a>,
    scope: &Scope<'a>,
) -> Option<(&'a Qualified, &'a Expr)> {
    let others = conditions.iter().flat_map(|c| c.conjuncts()).filter(|c| !matches!(c.kind, ExprKind::Or(_)) && !std::ptr::eq(*c, except));
    let held = others.flat_map(tests).filter(|t| t.op == "=" && !std::ptr::eq(t.whole, except));
    held.filter(|t| scope.resolve_expr(t.tested).is_some_and(|c| c.name == table.name)).find_map(|test| {
        let mut indexes = ctx.catalog.indexes_of(&table.name);
        indexes.find(|(_, index)| serves(index, table.table, &test, conditions)).map(|(name, _)| (name, test.tested))
    })
}
