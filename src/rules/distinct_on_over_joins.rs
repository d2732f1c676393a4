//! DISTINCT ON that sorts what joins have multiplied.

use super::support::joins::{self, Meets};
use super::support::reshape::lateral::lateral;
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::Knowledge;
use crate::catalog::index_match::{is_value, tests};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, JoinKind, Query, Relation, Select};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
    let joined = joins::joined(select, scope);
    if joined.len() < 2 || !joined.iter().any(|(relation, meets)| joins::may_repeat(scope, relation, *meets)) {
        return;
    }
    let culprit = joined.iter().find(|(_, m)| *m == Meets::Many).or_else(|| joined.iter().find(|(_, m)| *m == Meets::Unknown));
    let Some((relation, meets)) = culprit else { return };
    // of keys in several relations, each combination is wanted
    let mut owners = on.iter().filter_map(|e| e.column().and_then(|c| scope.binding(c)).map(|b| b.relation));
    if owners.next().is_some_and(|first| owners.any(|other| !std::ptr::eq(first, other))) {
        return;
    }
    let what = joins::name(relation);
    let how = match meets {
        Meets::Many => format!("the join with {what} gives several rows for one"),
        _ => format!("no unique key known here keeps the join with {what} from giving several rows for one"),
    };
    let number = joined.len() + 1;
    let message = match meets {
        Meets::Many => format!("DISTINCT ON sorts the whole product of {number} relations to throw most of it away: {how}, and no index can give that order"),
        _ => format!("DISTINCT ON sorts every row of {number} joined relations, and no index can give that order: {how}"),
    };
    let mut report = ctx.report(distinct.span, message).help(help(ctx, query, select, on, scope));
    let at = joins::join_of(select, relation).map_or(relation.span, |join| join.span);
    report = report.related(ctx.at(at), "this join multiplies the rows".replace("multiplies", if *meets == Meets::Many { "multiplies" } else { "may multiply" }));
    if joined.len() >= 3 && query.offset.is_some() {
        report = report.severity(Severity::Error);
    }
    ctx.add(report);
}

/// The query anew where it can be written in full, else the way to go.
fn help<'a>(ctx: &Context, query: &'a Query, select: &'a Select, on: &'a [Expr], scope: &Scope<'a>) -> String {
    if let Some(found) = lateral(ctx, query, select, on, scope) {
        let assumed = found.assumed_key.map(|key| format!(", if {key} is its key")).unwrap_or_default();
        return format!("pick one row for each row of {}{assumed}, and nothing is sorted that is thrown away:\n{}", found.driving, found.sql);
    }
    let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
    let keys = keys.join(", ");
    let owner = on.first().and_then(Expr::column).and_then(|c| scope.binding(c)).map(|b| b.relation);
    let own = |e: &Expr| e.column().and_then(|c| scope.binding(c)).is_some_and(|b| owner.is_some_and(|o| std::ptr::eq(o, b.relation)));
    match owner {
        Some(owner) if keeps_all(select) && query.order_by.iter().all(|key| own(&key.expr)) && !is_key(owner, select, on, scope) => {
            let order: Vec<String> = query.order_by.iter().map(|key| order_text(ctx, key)).collect();
            let order = if order.is_empty() { keys.clone() } else { order.join(", ") };
            let alias = owner.binding().map_or_else(|| "picked".to_owned(), ToString::to_string);
            let source = spelling::text(ctx, owner.span);
            format!("pick the rows first, then join:\nFROM (SELECT DISTINCT ON ({keys}) * FROM {source} ORDER BY {order}) AS {alias} JOIN …")
        }
        _ => format!("list the values of {keys} first, then pick one row for each with CROSS JOIN LATERAL (… ORDER BY … LIMIT 1), which an index can serve"),
    }
}

/// Whether the joins leave no row of the first relation out, so that its rows can be picked before.
fn keeps_all(select: &Select) -> bool {
    select.from.len() == 1 && select.filter.is_none() && select.joins().iter().all(|join| join.kind == JoinKind::Left)
}

fn order_text(ctx: &Context, key: &crate::facts::OrderKey) -> String {
    let nulls = match key.nulls_first {
        Some(true) => " NULLS FIRST",
        Some(false) => " NULLS LAST",
        None => "",
    };
    format!("{}{}{nulls}", spelling::text(ctx, key.expr.span), if key.descending { " DESC" } else { "" })
}

/// Whether the relation has one row for each value of these: by its keys, or where these are not known by the habit of all.
fn is_key<'a>(owner: &Relation, select: &'a Select, on: &'a [Expr], scope: &Scope<'a>) -> bool {
    let own = |e: &Expr| e.column().and_then(|c| scope.binding(c)).is_some_and(|b| std::ptr::eq(b.relation, owner));
    let fixed = select.conditions().into_iter().flat_map(|c| c.conjuncts()).flat_map(tests);
    let fixed = fixed.filter(|t| t.op == "=" && own(t.tested) && t.value.is_some_and(is_value)).map(|t| t.tested);
    let columns: Vec<&str> = on.iter().chain(fixed).filter_map(Expr::column).map(|c| c.column.value.as_str()).collect();
    match owner.table().and_then(|table| scope.catalog().table(table)) {
        Some((name, table)) => {
            scope.catalog().is_key_fixed(name, &columns) || table.knowledge != Knowledge::Whole && columns.contains(&"id")
        }
        None => columns.contains(&"id"),
    }
}
