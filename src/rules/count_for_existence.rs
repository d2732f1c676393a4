//! count(*) where only whether there is a row matters.

use super::support::{rows, spelling};
use super::{Check, Context};
use crate::catalog::index_match::commuted;
use crate::facts::{Expr, ExprKind, Literal, Name, Query, RelationSource, Select};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // CTEs that are limited, or whose rows were written before and are at hand, or are locked: all of them, if all are counted
    let mut short: Vec<&Name> = vec![];
    query.walk(&mut |query| short.extend(query.ctes.iter().filter(|cte| cte.query.limit.is_some() || cte.query.target().is_some() || cte.query.locking.is_some() || adds_up(&cte.query)).map(|cte| &cte.name)));
    // a comparison says more of its count than the LIMIT inside
    let mut compared: Vec<&Query> = vec![];
    query.walk(&mut |query| {
        for expr in query.expressions() {
            expr.walk(&mut |e| compared.extend(asked(e).and_then(|(counted, ..)| counted.subquery())));
        }
    });
    query.walk(&mut |query| {
        if query.select().is_some_and(|select| is_short(select, &short)) {
            return;
        }
        if let Some(select) = query.select().filter(|select| may_count(query, select) && !is_one_row(ctx, query)) {
            if !compared.iter().any(|inner| std::ptr::eq(*inner, query)) {
                check_limited(ctx, query, select);
            }
            if let [item] = &select.items[..] {
                check_comparison(ctx, item.expr.uncast(), Some(select), &short);
            }
        }
        for expr in query.expressions() {
            expr.walk(&mut |e| check_comparison(ctx, e, None, &short));
        }
    });
}

/// Whether a query's one result is a count that is limited, or compared.
fn may_count(query: &Query, select: &Select) -> bool {
    matches!(&select.items[..], [item] if query.limit.is_some() || asked(item.expr.uncast()).is_some())
}

/// Whether a key is fixed, so that there is no more than one row to count.
fn is_one_row(ctx: &Context, query: &Query) -> bool {
    let visit = ctx.visits.iter().find(|(visited, _)| std::ptr::eq(*visited, query));
    visit.is_some_and(|(visited, scope)| visited.select().is_some_and(|select| rows::is_single(select, scope)))
}

/// Whether a query has a row for each group, of which there are few.
fn adds_up(query: &Query) -> bool {
    query.select().is_some_and(|select| !select.group_by.is_empty() || select.items.iter().any(|item| rows::holds_aggregate(&item.expr)))
}

/// Whether what is counted was limited before.
fn is_short(select: &Select, short: &[&Name]) -> bool {
    // the elements of a value are at hand
    if select.relations().iter().all(|r| matches!(r.source, RelationSource::Function(_))) && !select.from.is_empty() {
        return true;
    }
    let named = |name: &crate::facts::ObjectName| name.schema.is_none() && short.contains(&&name.name);
    if select.relations().len() > 1 {
        return select.relations().iter().all(|r| r.table().is_some_and(named));
    }
    let [only] = select.relations()[..] else { return false };
    match &only.source {
        RelationSource::Table(name) => name.schema.is_none() && short.contains(&&name.name),
        RelationSource::Subquery(inner) => inner.limit.is_some(),
        _ => false,
    }
}

/// `SELECT count(*) … LIMIT 1` counts all and returns one row anyway.
fn check_limited(ctx: &Context, query: &Query, select: &Select) {
    let [item] = &select.items[..] else { return };
    let Some(limit) = query.limit.as_ref().filter(|limit| rows::constant(limit) == Some(1)) else { return };
    if is_count(&item.expr) && is_plain(select) {
        let count = spelling::text(ctx, item.expr.span);
        let message = format!("{count} reads every matching row before LIMIT 1 is applied to its one result");
        ctx.add(ctx.report(Span::new(item.expr.span.start, limit.span.end), message).help(format!(
            "to know whether there is a row: SELECT {}; for the number, drop the LIMIT",
            exists(ctx, select, false)
        )));
    }
}

/// What is compared with a number so that only its being more than nothing matters, and whether that is what is asked for.
fn asked(expr: &Expr) -> Option<(&Expr, bool)> {
    let ExprKind::Binary { left, op, right, .. } = &expr.kind else { return None };
    let (counted, op, number) = match (number(left), number(right)) {
        (None, Some(n)) => (left, op.as_str(), n),
        (Some(n), None) => (right, commuted(op).unwrap_or_default(), n),
        _ => return None,
    };
    match (op, number) {
        (">", 0) | (">=", 1) | ("<>", 0) => Some((counted, true)),
        ("=", 0) | ("<", 1) | ("<=", 0) => Some((counted, false)),
        _ => None,
    }
}

/// `(SELECT count(*) …) > 0`, and with `around` `SELECT count(*) > 0 FROM …`.
fn check_comparison(ctx: &Context, expr: &Expr, around: Option<&Select>, short: &[&Name]) {
    let Some((counted, wanted)) = asked(expr) else { return };
    // LIMIT 1 leaves the one row that a count gives
    let whole = |inner: &Query| inner.limit.as_ref().is_none_or(|limit| rows::constant(limit).is_some_and(|n| n > 0));
    let select = match (&counted.kind, around) {
        (ExprKind::Subquery(inner), None) if whole(inner) && !is_one_row(ctx, inner) => inner.select().filter(|s| matches!(&s.items[..], [i] if is_count(&i.expr))),
        (_, Some(select)) if is_count(counted) => Some(select),
        _ => None,
    };
    let Some(select) = select.filter(|s| is_plain(s) && !is_short(s, short)) else { return };
    let message = "every matching row is counted to learn whether there is one";
    ctx.add(ctx.report(expr.span, message).help(format!("stop at the first row: {}", exists(ctx, select, !wanted))));
}

fn is_plain(select: &Select) -> bool {
    select.group_by.is_empty() && select.having.is_none() && select.distinct.is_none() && !select.from.is_empty()
}

fn is_count(expr: &Expr) -> bool {
    matches!(&expr.uncast().kind, ExprKind::Call(call) if call.name.name == "count" && call.over.is_none() && call.filter.is_none())
}

fn number(expr: &Expr) -> Option<u64> {
    match &expr.uncast().kind {
        ExprKind::Literal(Literal::Number(n)) => n.parse().ok(),
        _ => None,
    }
}

/// The EXISTS that asks the same.
fn exists(ctx: &Context, select: &Select, negated: bool) -> String {
    let from = (select.from.first().map(from_start), select.from.last().map(from_end));
    let from = match from {
        (Some(start), Some(end)) if start <= end => spelling::text(ctx, Span::new(start, end)),
        _ => "…".to_owned(),
    };
    let filter = select.filter.as_ref().map(|f| format!(" WHERE {}", spelling::text(ctx, f.span))).unwrap_or_default();
    let counted = select.items.first().and_then(|item| match &item.expr.uncast().kind {
        ExprKind::Call(call) => call.args.first().filter(|arg| !matches!(arg.kind, ExprKind::Wildcard(_) | ExprKind::Literal(_))),
        _ => None,
    });
    // count(x) counts the rows in which x is not null
    let not_null = counted.map(|counted| spelling::text(ctx, counted.span));
    let filter = match (filter.is_empty(), not_null) {
        (_, None) => filter,
        (true, Some(column)) => format!(" WHERE {column} IS NOT NULL"),
        (false, Some(column)) => format!("{filter} AND {column} IS NOT NULL"),
    };
    format!("{}EXISTS (SELECT 1 FROM {from}{filter})", if negated { "NOT " } else { "" })
}

fn from_start(item: &crate::facts::FromItem) -> u32 {
    item.relations().first().map_or(u32::MAX, |r| r.span.start)
}

fn from_end(item: &crate::facts::FromItem) -> u32 {
    let relations = item.relations().iter().map(|r| r.span.end).max().unwrap_or(0);
    let joins = item.joins().iter().map(|j| j.span.end).max().unwrap_or(0);
    relations.max(joins)
}
