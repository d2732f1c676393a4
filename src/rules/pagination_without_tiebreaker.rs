//! A paged ORDER BY with ties: rows move between pages.

use super::support::joins::{self, Meets};
use super::support::{rows, spelling};
use super::{Check, Context};
use crate::catalog::Knowledge;
use crate::catalog::index_match::tests;
use crate::catalog::resolve::{self, Scope, Source};
use crate::facts::{Expr, ExprKind, Identifier, Query, Select, quote_identifier};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let (Some(_), Some(select), [first, .., last] | [first @ last]) = (&query.offset, query.select(), &query.order_by[..]) else { return };
    // the second row of all, which is no page
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    if one && query.offset.as_ref().is_some_and(|offset| matches!(offset.count.uncast().kind, ExprKind::Literal(_))) {
        return;
    }
    if select.distinct.is_some() || !select.group_by.is_empty() {
        return;
    }
    let Some(binding) = scope.bindings().first() else { return };
    let Source::Table(written) = binding.source else { return };
    let Some((name, _)) = ctx.catalog.table(written).filter(|(_, table)| table.knowledge == Knowledge::Whole) else { return };
    let keys = ctx.catalog.keys_of(name);
    let Some(tie) = keys.first() else { return };
    let to_one = joins::joined(select, scope).iter().all(|(_, meets)| *meets == Meets::One);
    let Some(ordered) = query.order_by.iter().map(|key| column_of(&key.expr, name, select, scope)).collect::<Option<Vec<_>>>() else { return };
    let fixed = constants(select, scope, name);
    let settled = |column: &Identifier| ordered.contains(column) || fixed.contains(column);
    if !to_one || keys.iter().any(|key| key.iter().all(settled)) {
        return;
    }
    let of = if scope.bindings().len() > 1 { binding.relation.binding().map(|b| format!("{b}.")).unwrap_or_default() } else { String::new() };
    let missing: Vec<String> = tie.iter().filter(|c| !settled(c)).map(|c| format!("{of}{}", quote_identifier(c))).collect();
    let direction = if last.descending { " DESC" } else { "" };
    let span = Span::new(first.expr.span.start, last.expr.span.end);
    let order = spelling::text(ctx, span);
    let message = format!(
        "rows of {} with equal {order} come in any order, so one may stand on two pages and another on none",
        written
    );
    ctx.add(ctx.report(span, message).help(format!(
        "end the order in a unique key: ORDER BY {order}{direction}, {}",
        missing.iter().map(|c| format!("{c}{direction}")).collect::<Vec<_>>().join(", ")
    )));
}

/// The column of this table that an order key is; an output name stands for its expression.
fn column_of<'a>(expr: &'a Expr, name: &crate::catalog::Qualified, select: &'a Select, scope: &Scope<'a>) -> Option<Identifier> {
    let written = expr.column()?;
    let expr = if written.relation.is_none() { resolve::output(select, &written.column.value).unwrap_or(expr) } else { expr };
    scope.resolve_expr(expr).filter(|column| column.name == *name).map(|column| column.column)
}

/// The columns of this table that the conditions set equal to one value.
fn constants<'a>(select: &'a Select, scope: &Scope<'a>, name: &crate::catalog::Qualified) -> Vec<Identifier> {
    let equalities = select.conditions().into_iter().filter(|c| matches!(c.kind, ExprKind::Binary { .. }));
    equalities
        .flat_map(tests)
        .filter(|t| t.op == "=" && t.value.is_some_and(is_one_value))
        .filter_map(|t| scope.resolve_expr(t.tested))
        .filter(|column| column.name == *name)
        .map(|column| column.column)
        .collect()
}

/// Whether an expression has one value for all rows: no column stands in it, nor in a query inside that names what is outside of it.
fn is_one_value(value: &Expr) -> bool {
    crate::catalog::index_match::is_value(value) || value.subquery().is_some_and(|inner| inner.column_refs().iter().all(|c| c.relation.is_none()))
}
