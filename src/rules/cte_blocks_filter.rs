//! A CTE that is computed whole before the filter outside is applied.

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::index_match::{is_value, tests};
use crate::catalog::resolve::output;
use crate::facts::{Cte, Expr, ExprKind, FromItem, Query, QueryBody, Relation, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    query.walk(&mut |query| {
        for (at, cte) in query.ctes.iter().enumerate() {
            check_cte(ctx, query, at, cte);
        }
    });
}

fn check_cte(ctx: &Context, query: &Query, at: usize, cte: &Cte) {
    let Some(inner) = cte.query.select().filter(|select| !cte.recursive && keeps_rows(&cte.query, select)) else { return };
    let uses: Vec<(&Query, &Relation)> = references(query, &query.ctes[at + 1..], cte);
    let kept = match cte.materialized {
        Some(materialized) => materialized,
        None => uses.len() > 1,
    };
    if !kept || uses.is_empty() {
        return;
    }
    // Each use must be filtered: where one needs all rows, computing them once is right.
    let filters: Vec<&Expr> = uses.iter().filter_map(|(outer, relation)| filter_on(outer, relation, inner, cte)).collect();
    let [first, ..] = filters[..] else { return };
    if filters.len() < uses.len() {
        return;
    }
    let why = if cte.materialized == Some(true) { "AS MATERIALIZED computes it whole" } else { "it is used more than once and so computed whole" };
    let message = format!("{} reads all its rows before {} is applied: {why}", cte.name, spelling::text(ctx, first.span));
    let help = format!("write {} AS NOT MATERIALIZED (…), or repeat the condition inside it", cte.name);
    ctx.add(ctx.report(cte.name.span, message).help(help).related(ctx.at(first.span), "this filter does not reach into the CTE"));
}

/// Whether the CTE hands its table's rows on one by one, so that a filter could go inside; one with a WHERE has its own.
fn keeps_rows(query: &Query, select: &Select) -> bool {
    let plain = select.distinct.is_none() && select.group_by.is_empty() && select.having.is_none() && select.filter.is_none();
    let computed = select.items.iter().any(|item| matches!(&item.expr.kind, ExprKind::Call(_)));
    plain && !computed && query.limit.is_none() && query.offset.is_none() && query.locking.is_none() && !select.from.is_empty()
}

/// The queries that read the CTE, with the relation by which they do.
fn references<'a>(query: &'a Query, later: &'a [Cte], cte: &Cte) -> Vec<(&'a Query, &'a Relation)> {
    let mut found = vec![];
    let mut look = |q: &'a Query| {
        let relations = q.from().iter().flat_map(FromItem::relations);
        found.extend(relations.filter(|r| r.table().is_some_and(|t| t.schema.is_none() && t.name == cte.name)).map(|r| (q, r)));
    };
    look(query);
    for later in later {
        later.query.walk(&mut look);
    }
    if let QueryBody::SetOperation { left, right, .. } = &query.body {
        left.walk(&mut look);
        right.walk(&mut look);
    }
    for relation in query.from().iter().flat_map(FromItem::relations) {
        if let crate::facts::RelationSource::Subquery(inner) = &relation.source {
            inner.walk(&mut look);
        }
    }
    for expr in query.expressions() {
        expr.walk(&mut |e| {
            if let Some(inner) = e.subquery() {
                inner.walk(&mut look);
            }
        });
    }
    found
}

/// The condition that holds a column of the CTE to a value from outside.
fn filter_on<'a>(outer: &'a Query, relation: &Relation, inner: &Select, cte: &Cte) -> Option<&'a Expr> {
    let select = outer.select()?;
    let alone = select.relations().len() == 1;
    let conditions: Vec<&Expr> = select.filter.iter().flat_map(|f| f.conjuncts()).collect();
    conditions.into_iter().find(|condition| {
        matches!(condition.kind, ExprKind::Binary { .. } | ExprKind::InList { .. })
            && tests(condition).iter().any(|test| {
                let own = test.tested.column().filter(|c| c.relation.as_ref().map_or(alone, |r| Some(r) == relation.binding()));
                let passed_on = own.is_some_and(|c| {
                    cte.columns.is_empty()
                        && (output(inner, &c.column.value).is_some_and(|e| e.column().is_some())
                            || matches!(inner.items[..], [ref item] if matches!(item.expr.kind, ExprKind::Wildcard(None))))
                });
                passed_on && test.op == "=" && test.value.is_none_or(is_value)
            })
    })
}
