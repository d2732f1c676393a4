//! Scalar subqueries in the select list that run once for each row.

use super::{Check, Context};
use crate::catalog::resolve::{self, Scope};
use crate::facts::{Expr, ExprKind, FromItem, Name, Query};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    resolve::visit(ctx.catalog, query, &mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let outer: Vec<&Name> = scope.bindings().iter().filter_map(|b| b.relation.binding()).collect();
    let mut found: Vec<(&Expr, &Name)> = vec![];
    for item in &select.items {
        item.expr.walk(&mut |e| {
            if let ExprKind::Subquery(inner) = &e.kind {
                found.extend(correlation(inner, &outer).map(|name| (e, name)));
            }
        });
    }
    let several = found.len() > 1;
    for (expr, name) in found {
        let message = format!("this subquery refers to {name} and runs once for each row of the result");
        let report = ctx.report(expr.span, message).help(format!(
            "join instead: LEFT JOIN LATERAL (…) ON true for one pass over several values, or aggregate first and join the groups to {name}"
        ));
        ctx.add(if several { report.severity(Severity::Error) } else { report });
    }
}

/// The outer relation that a subquery names and does not bind itself.
fn correlation<'a>(inner: &Query, outer: &[&'a Name]) -> Option<&'a Name> {
    let mut own: Vec<&Name> = vec![];
    inner.walk(&mut |q| own.extend(q.from().iter().flat_map(FromItem::relations).filter_map(|r| r.binding())));
    let used = inner.column_refs();
    outer.iter().find(|name| !own.contains(name) && used.iter().any(|c| c.relation.as_ref() == Some(**name))).copied()
}
