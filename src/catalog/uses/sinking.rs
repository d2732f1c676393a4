//! Which conditions may be tested before a subquery groups, dedups or unites.

use super::super::index_match::same;
use super::super::resolve::{first_branch, keeps_rows, output, output_items};
use super::DEEPEST;
use crate::facts::{Expr, ExprKind, Identifier, Query, QueryBody};

/// Whether a column of a subquery is one by which it groups, dedups or unites, so that a condition on it may be tested before.
pub(super) fn passes(query: &Query, column: &str, names: &[Identifier], depth: usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    if let QueryBody::SetOperation { left, right, .. } = &query.body {
        let own = query.limit.is_none() && query.offset.is_none();
        return own && passes(left, column, names, depth + 1) && passes_by_place(left, right, column, names, depth);
    }
    let Some(select) = query.select() else { return false };
    if query.limit.is_some() || query.offset.is_some() {
        return false;
    }
    let windowed = |item: &crate::facts::SelectItem| {
        let mut found = false;
        item.expr.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Call(call) if call.over.is_some()));
        found
    };
    if select.items.iter().any(windowed) {
        return false;
    }
    let place = names.iter().position(|n| n == column);
    let item = place.map_or_else(|| output(select, column), |at| select.items.get(at).map(|i| &i.expr));
    let Some(expr) = item else {
        return select.group_by.is_empty() && select.distinct.as_ref().is_none_or(|d| d.on.is_none());
    };
    let at = select.items.iter().position(|i| std::ptr::eq(&i.expr, expr));
    let listed = |list: &[Expr]| {
        list.iter().any(|key| {
            same(key, expr)
                || key.column().is_some_and(|c| c.relation.is_none() && c.column == *column)
                || matches!(&key.kind, ExprKind::Literal(crate::facts::Literal::Number(n)) if n.parse::<usize>().ok() == at.map(|a| a + 1))
        })
    };
    let grouped = select.group_by.is_empty() || listed(&select.group_by);
    let dedup = select.distinct.as_ref().and_then(|d| d.on.as_deref()).is_none_or(listed);
    let aggregated = select.group_by.is_empty() && !keeps_rows(query) && select.distinct.is_none();
    grouped && dedup && !aggregated
}

/// The same column of the right branch, which has the left one's names.
fn passes_by_place(left: &Query, right: &Query, column: &str, names: &[Identifier], depth: usize) -> bool {
    let items = |query| output_items(query).unwrap_or_default();
    let named = |item: &crate::facts::SelectItem| match &item.alias {
        Some(alias) => alias.value == column,
        None => item.expr.column().is_some_and(|c| c.column == *column),
    };
    let place = names.iter().position(|n| n == column).or_else(|| items(left).iter().position(named));
    let Some(place) = place else { return first_branch(right).select().is_some_and(|s| s.group_by.is_empty()) };
    let mut padded = vec![Identifier::default(); place];
    padded.push(column.into());
    passes(right, column, &padded, depth + 1)
}
