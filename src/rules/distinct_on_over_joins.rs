//! DISTINCT ON that sorts what joins have multiplied.

use super::support::joins::{self, Meets};
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
    let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
    let order: Vec<String> = query.order_by.iter().map(|key| order_text(ctx, key)).collect();
    let owner = on.first().and_then(Expr::column).and_then(|c| scope.binding(c)).map(|b| b.relation);
    let culprit_is_owner = owner.is_some_and(|owner| std::ptr::eq(owner, culprit));
    if let (Some(driving), false) = (owner.and_then(|o| o.table().map(|t| (o, t))), culprit_is_owner) {
        let rest = if order.len() > on.len() { order[on.len()..].join(", ") } else { "…".to_owned() };
        let picked = picked(query, select, on.len(), scope, driving.0, culprit);
        let names: Vec<String> = picked.iter().map(|r| r.table().map_or_else(|| joins::name(r), ToString::to_string)).collect();
        let sources: Vec<String> = picked.iter().map(|r| spelling::text(ctx, r.span)).collect();
        let conditions: Vec<String> = picked.iter().map(|r| condition(ctx, select, r)).collect();
        let (items, alias) = match &picked[..] {
            [one] => ("*", one.binding().map_or_else(|| "picked".to_owned(), ToString::to_string)),
            _ => ("…", "picked".to_owned()),
        };
        return format!(
            "pick one row of {} for each row of {}, then join the others to the result:\n\
             FROM {} CROSS JOIN LATERAL (SELECT {items} FROM {} WHERE {} ORDER BY {rest} LIMIT 1) AS {alias}",
            names.join(" and "),
            driving.1,
            spelling::text(ctx, driving.0.span),
            sources.join(", "),
            conditions.join(" AND "),
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

/// What one row is picked from: the relation that multiplies, and those that the order asks, but for the one that drives.
fn picked<'a>(query: &Query, select: &'a Select, keys: usize, scope: &Scope<'a>, driving: &Relation, culprit: &Relation) -> Vec<&'a Relation> {
    let mut asked: Vec<*const Relation> = vec![culprit];
    for key in query.order_by.iter().skip(keys) {
        key.expr.walk(&mut |e| asked.extend(e.column().and_then(|c| scope.binding(c)).map(|b| std::ptr::from_ref(b.relation))));
    }
    let own = |r: &&Relation| !std::ptr::eq(*r, driving) && asked.contains(&std::ptr::from_ref(*r));
    select.relations().into_iter().filter(own).collect()
}

/// The condition by which a relation is joined.
fn condition(ctx: &Context, select: &Select, relation: &Relation) -> String {
    let on = joins::join_of(select, relation).and_then(|join| match &join.condition {
        crate::facts::JoinCondition::On(on) => Some(spelling::text(ctx, on.span)),
        _ => None,
    });
    on.unwrap_or_else(|| "…".to_owned())
}

fn order_text(ctx: &Context, key: &crate::facts::OrderKey) -> String {
    let nulls = match key.nulls_first {
        Some(true) => " NULLS FIRST",
        Some(false) => " NULLS LAST",
        None => "",
    };
    format!("{}{}{nulls}", spelling::text(ctx, key.expr.span), if key.descending { " DESC" } else { "" })
}
