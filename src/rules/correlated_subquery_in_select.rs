//! Scalar subqueries in the select list that run once for each row.

use super::support::rows;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, FromItem, Name, Query};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

/// So many of the other subqueries are pointed at; a select list may have dozens.
const SHOWN: usize = 5;

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    // of one row, or of a row that LIMIT 1 keeps, it is a lookup
    if query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1)) || rows::is_single(select, scope) {
        return;
    }
    let outer: Vec<&Name> = scope.bindings().iter().filter_map(|b| b.relation.binding()).collect();
    let mut found: Vec<(&Expr, &Name)> = vec![];
    for item in &select.items {
        item.expr.walk(&mut |e| {
            if let ExprKind::Subquery(inner) = &e.kind
                && reads_a_table(inner)
            {
                found.extend(correlation(inner, &outer).map(|name| (e, name)));
            }
        });
    }
    let Some(((first, name), others)) = found.split_first() else { return };
    let message = match others.len() {
        0 => format!("this subquery refers to {name} and runs once for each row of the result"),
        1 => format!("this subquery refers to {name} and runs once for each row of the result, as does 1 other in the select list"),
        n => format!("this subquery refers to {name} and runs once for each row of the result, as do {n} others in the select list"),
    };
    let mut report = ctx.report(first.span, message).help(format!(
        "join instead: LEFT JOIN LATERAL (…) ON true for one pass over several values, or aggregate first and join the groups to {name}"
    ));
    for (other, name) in others.iter().take(SHOWN) {
        report = report.related(ctx.at(other.span), format!("this one refers to {name}"));
    }
    ctx.add(if others.is_empty() { report } else { report.severity(Severity::Error) });
}

/// Whether it reads more than what the outer row holds (`FROM jsonb_each(o.details)`).
fn reads_a_table(inner: &Query) -> bool {
    let mut found = false;
    inner.walk(&mut |q| found |= q.from().iter().flat_map(FromItem::relations).any(|r| r.table().is_some()));
    found
}

/// The outer relation that a subquery names and does not bind itself.
fn correlation<'a>(inner: &Query, outer: &[&'a Name]) -> Option<&'a Name> {
    let mut own: Vec<&Name> = vec![];
    inner.walk(&mut |q| own.extend(q.from().iter().flat_map(FromItem::relations).filter_map(|r| r.binding())));
    let used = inner.column_refs();
    outer.iter().find(|name| !own.contains(name) && used.iter().any(|c| c.relation.as_ref() == Some(**name))).copied()
}
