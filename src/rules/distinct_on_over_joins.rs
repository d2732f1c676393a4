//! DISTINCT ON that sorts what joins have multiplied.

use super::support::joins::{self, Meets};
use super::support::reshape::lateral::lateral;
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, Query, Relation, Select};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
    let joined = joins::joined(select, scope);
    if joined.len() < 2 || joined.iter().all(|(_, meets)| *meets == Meets::One) {
        return;
    }
    let culprit = joined.iter().find(|(_, m)| *m == Meets::Many).or_else(|| joined.iter().find(|(_, m)| *m == Meets::Unknown));
    let Some((relation, meets)) = culprit else { return };
    let what = joins::name(relation);
    let how = match meets {
        Meets::Many => format!("the join with {what} gives several rows for one"),
        _ => format!("no unique key known here keeps the join with {what} from giving several rows for one"),
    };
    let message = format!(
        "DISTINCT ON sorts the whole product of {} relations to throw most of it away: {how}, and no index can give that order",
        joined.len() + 1
    );
    let mut report = ctx.report(distinct.span, message).help(help(ctx, query, select, on, scope, relation));
    let at = joins::join_of(select, relation).map_or(relation.span, |join| join.span);
    report = report.related(ctx.at(at), "this join multiplies the rows".replace("multiplies", if *meets == Meets::Many { "multiplies" } else { "may multiply" }));
    if joined.len() >= 3 && query.offset.is_some() {
        report = report.severity(Severity::Error);
    }
    ctx.add(report);
}

/// Pick the rows first: with LATERAL where another relation is the one that has many rows, else in a subquery.
fn help<'a>(ctx: &Context, query: &Query, select: &'a Select, on: &[Expr], scope: &Scope<'a>, culprit: &Relation) -> String {
    if let Some(found) = lateral(ctx, query, select, on, scope) {
        let assumed = found.assumed_key.map(|key| format!(", if {key} is its key")).unwrap_or_default();
        return format!("pick one row for each row of {}{assumed}, and nothing is sorted that is thrown away:\n{}", found.driving, found.sql);
    }
    let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
    let order: Vec<String> = query.order_by.iter().map(|key| order_text(ctx, key)).collect();
    let rest = order.iter().skip(on.len()).cloned().collect::<Vec<_>>().join(", ");
    let owner = on.first().and_then(Expr::column).and_then(|c| scope.binding(c)).map(|b| b.relation);
    let culprit_is_owner = owner.is_some_and(|owner| std::ptr::eq(owner, culprit));
    if let (Some(driving), false) = (owner.and_then(|o| o.table().map(|t| (o, t))), culprit_is_owner) {
        let alias = culprit.binding().map_or_else(|| "picked".to_owned(), ToString::to_string);
        let condition = joins::join_of(select, culprit).and_then(|join| match &join.condition {
            crate::facts::JoinCondition::On(on) => Some(spelling::text(ctx, on.span)),
            _ => None,
        });
        let order = if rest.is_empty() { "…".to_owned() } else { rest };
        let table = culprit.table().map_or_else(|| "(…)".to_owned(), ToString::to_string);
        return format!(
            "pick one row of {table} for each row of {}, then join the others to the result:\n\
             FROM {} CROSS JOIN LATERAL (SELECT * FROM {} WHERE {} ORDER BY {order} LIMIT 1) AS {alias}",
            driving.1,
            spelling::text(ctx, driving.0.span),
            spelling::text(ctx, culprit.span),
            condition.unwrap_or_else(|| "…".to_owned()),
        );
    }
    let (source, alias) = owner.map_or(("…".to_owned(), "picked".to_owned()), |o| {
        (spelling::text(ctx, o.span), o.binding().map_or_else(|| "picked".to_owned(), ToString::to_string))
    });
    let own_order = if order.is_empty() { keys.join(", ") } else { order.join(", ") };
    format!(
        "pick the rows first, then join:\nFROM (SELECT DISTINCT ON ({keys}) * FROM {source} ORDER BY {own_order}) AS {alias} JOIN …",
        keys = keys.join(", ")
    )
}

fn order_text(ctx: &Context, key: &crate::facts::OrderKey) -> String {
    let nulls = match key.nulls_first {
        Some(true) => " NULLS FIRST",
        Some(false) => " NULLS LAST",
        None => "",
    };
    format!("{}{}{nulls}", spelling::text(ctx, key.expr.span), if key.descending { " DESC" } else { "" })
}
