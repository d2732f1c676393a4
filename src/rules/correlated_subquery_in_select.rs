//! Scalar subqueries in the select list that run once for each row.

use super::support::joins::is_aggregate;
use super::support::{rows, spelling};
use super::{Check, Context};
use crate::catalog::Knowledge;
use crate::catalog::index_match::{Test, is_value, serves, tests};
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::facts::{Expr, ExprKind, FromItem, Name, Query, Select};
use crate::finding::Severity;
use std::rc::Rc;

pub(super) const CHECK: Check = Check::Query(check);

/// So many of the other subqueries are pointed at; a select list may have dozens.
const SHOWN: usize = 5;

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let holds_one = |select: &&Select| select.items.iter().any(|item| item.expr.any(&|e| matches!(e.kind, ExprKind::Subquery(_))));
    let Some(select) = query.select().filter(holds_one) else { return };
    // of one row, or of a row that LIMIT 1 keeps, it is a lookup
    if query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1)) || rows::is_single(select, scope) || is_of_one(select, scope) {
        return;
    }
    let outer: Vec<&Name> = scope.bindings().iter().filter_map(|b| b.relation.binding()).collect();
    let mut found: Vec<(&Expr, &Name)> = vec![];
    for item in &select.items {
        item.expr.walk(&mut |e| {
            if let ExprKind::Subquery(inner) = &e.kind
                && reads_a_table(inner)
                && grows(ctx, query, inner, scope)
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
    let general =
        format!("join instead: LEFT JOIN LATERAL (…) ON true for one pass over several values, or aggregate first and join the groups to {name}");
    let help = match first.subquery().and_then(|inner| grouped(ctx, inner, scope)) {
        Some(joined) if !select.group_by.is_empty() => format!("{general}:\n{joined}, with counted.value in GROUP BY"),
        Some(joined) => format!("{general}:\n{joined}"),
        None => general,
    };
    let help = match &query.locking {
        // neither groups nor what an outer join fills up can be locked
        Some(locking) if locking.of.is_empty() => format!("{help}\nand lock its own rows alone: FOR {} OF {name}", locking.strength),
        _ => help,
    };
    let mut report = ctx.report(first.span, message).help(help);
    for (other, name) in others.iter().take(SHOWN) {
        report = report.related(ctx.at(other.span), format!("this one refers to {name}"));
    }
    ctx.add(if others.is_empty() { report } else { report.severity(Severity::Error) });
}

/// The join with the groups that gives what an aggregate over one table gives for each row.
fn grouped<'a>(ctx: &Context, inner: &'a Query, outer: &Scope<'a>) -> Option<String> {
    let select = inner.select()?;
    let ([item], [relation]) = (&select.items[..], &select.relations()[..]) else { return None };
    let ExprKind::Call(call) = &item.expr.uncast().kind else { return None };
    let plain = !spelling::has_hole(ctx, inner.span) && select.group_by.is_empty() && select.having.is_none() && inner.limit.is_none() && inner.ctes.is_empty();
    if !plain || !is_aggregate(&item.expr) || relation.table().is_none() {
        return None;
    }
    let scope = Scope::new(outer.catalog(), inner, Some(Rc::new(outer.clone())));
    let own = |e: &Expr| e.column().is_some_and(|c| scope.binding(c).is_some());
    let outside = |e: &Expr| e.column().is_some_and(|c| scope.binding(c).is_none() && c.relation.is_some());
    let mut keys = vec![];
    let mut rest = vec![];
    for condition in select.filter.iter().flat_map(|f| f.conjuncts()) {
        match &condition.kind {
            ExprKind::Binary { left, op, right, .. } if op == "=" && own(left) && outside(right) => keys.push((&**left, &**right)),
            ExprKind::Binary { left, op, right, .. } if op == "=" && outside(left) && own(right) => keys.push((&**right, &**left)),
            _ => rest.push(condition),
        }
    }
    let reads_outside = |e: &&Expr| {
        let mut found = false;
        e.walk(&mut |e| found |= outside(e) || e.subquery().is_some());
        found
    };
    if keys.is_empty() || rest.iter().any(reads_outside) || reads_outside(&&item.expr) {
        return None;
    }
    let texts: Vec<String> = keys.iter().map(|(own, _)| spelling::text(ctx, own.span)).collect();
    let filter: Vec<String> = rest.iter().map(|e| spelling::text(ctx, e.span)).collect();
    let filter = if filter.is_empty() { String::new() } else { format!(" WHERE {}", filter.join(" AND ")) };
    let on: Vec<String> = keys
        .iter()
        .filter_map(|(own, outer)| Some(format!("counted.{} = {}", own.column()?.column, spelling::text(ctx, outer.span))))
        .collect();
    let read = if call.name.name == "count" { "coalesce(counted.value, 0)" } else { "counted.value" };
    Some(format!(
        "LEFT JOIN (SELECT {keys}, {value} AS value FROM {from}{filter} GROUP BY {keys}) AS counted ON {on}, and {read} in the select list",
        keys = texts.join(", "),
        value = spelling::text(ctx, item.expr.span),
        from = spelling::text(ctx, relation.span),
        on = on.join(" AND "),
    ))
}

/// Whether the rows are those of one, with what is joined to it.
fn is_of_one<'a>(select: &'a Select, scope: &Scope<'a>) -> bool {
    // `o.id = $1 OR o.old_id = $1`
    let either = |first: &Binding<'a>, c: &&'a Expr| matches!(&c.kind, ExprKind::Or(arms) if arms.iter().all(|arm| rows::is_pinned(first, &[arm], scope)));
    let conditions = select.conditions();
    scope.bindings().first().is_some_and(|first| rows::is_pinned(first, &conditions, scope) || conditions.iter().any(|c| either(first, c)))
}

/// Whether its cost grows with the result: a table is read whole for each row, or rows are added up for each of all rows. What a key
/// or an index gives for one row (`(SELECT name FROM users u WHERE u.id = o.user_id)`, the last of a few) a join finds in no better
/// way, and of a page there are few rows to do it for: PostgreSQL computes the select list after ORDER BY and LIMIT.
fn grows<'a>(ctx: &Context, outer: &'a Query, inner: &'a Query, scope: &Scope<'a>) -> bool {
    let Some(select) = inner.select() else { return false };
    let own = Scope::new(scope.catalog(), inner, Some(Rc::new(scope.clone())));
    // the parts of a value, which are read for each row however it is written
    if !own.bindings().iter().any(|b| matches!(b.source, Source::Table(_) | Source::Query(_) | Source::Fence(_))) {
        return false;
    }
    if reads_whole(ctx, select, &own) {
        return true;
    }
    // a few of each row are picked for it, as LATERAL would pick them
    let picks = own.bindings().iter().any(|b| matches!(b.source, Source::Query(inner) if inner.limit.is_some()));
    if is_looked_up(select, &own) || picks || is_of_an_outer_row(outer, scope) {
        return false;
    }
    let page = outer.limit.as_ref().is_some_and(|limit| limit.count.is_some()) || pages(scope) || is_batch(outer, scope);
    !page && select.group_by.is_empty() && select.items.iter().any(|item| rows::holds_aggregate(&item.expr))
}

/// Whether the one relation of a subquery has a key that is given by each row, or one of a few such: `p.id = o.first OR p.id = o.last`.
fn is_looked_up<'a>(inner: &'a Select, own: &Scope<'a>) -> bool {
    let [binding] = own.bindings() else { return false };
    let given = |condition: &&'a Expr| match &condition.kind {
        ExprKind::Or(arms) => arms.iter().all(|arm| rows::is_pinned(binding, &[arm], own)),
        _ => rows::is_pinned(binding, &[*condition], own),
    };
    inner.conditions().iter().any(given)
}

/// Whether the rows are themselves picked for each row of a query around: a document in a document, which is told there or nowhere.
fn is_of_an_outer_row(outer: &Query, scope: &Scope) -> bool {
    let Some(select) = outer.select() else { return false };
    let around = |e: &Expr| e.column().is_some_and(|c| scope.is_outer(c));
    let held = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { left, op, right, .. } if op == "=" && (around(left) || around(right)));
    scope.outer().is_some() && select.conditions().iter().any(held)
}

/// Whether the rows are those of a list of keys that is given: a page that somebody chose before.
fn is_batch<'a>(outer: &'a Query, scope: &Scope<'a>) -> bool {
    let (Some(select), Some(first)) = (outer.select(), scope.bindings().first()) else { return false };
    let listed = |condition: &&Expr| match &condition.kind {
        ExprKind::Quantified { left, op, all: false, right } => op == "=" && is_key(left, first, scope) && is_value(right),
        ExprKind::InList { expr, list, negated: false } => is_key(expr, first, scope) && list.iter().all(is_value),
        _ => false,
    };
    select.conditions().iter().any(listed)
}

/// Whether a column alone is a key of a relation; of a table that is not known, `id` is by the habit of all.
fn is_key<'a>(expr: &Expr, of: &Binding<'a>, scope: &Scope<'a>) -> bool {
    let (Source::Table(written), Some(column)) = (of.source, expr.column().filter(|c| scope.is_of(c, of))) else { return false };
    let name = column.column.value.as_str();
    match scope.catalog().table(written) {
        Some((table, known)) => scope.catalog().is_key_fixed(table, &[name]) || known.knowledge != Knowledge::Whole && name == "id",
        None => name == "id",
    }
}

/// Whether the rows are those of one subquery or CTE that keeps a page of them.
fn pages(scope: &Scope) -> bool {
    scope.bindings().iter().any(|b| match b.source {
        Source::Query(inner) | Source::Fence(inner) => inner.limit.as_ref().is_some_and(|limit| limit.count.is_some()),
        _ => false,
    })
}

/// Whether all is known of the table that a subquery reads, and no index finds its rows by any of the conditions.
fn reads_whole<'a>(ctx: &Context, select: &'a Select, own: &Scope<'a>) -> bool {
    let [binding] = own.bindings() else { return false };
    let Some((name, table)) = binding.relation.table().and_then(|table| ctx.table(table)) else { return false };
    let conditions = select.conditions();
    let tested: Vec<Test> = conditions.iter().flat_map(|c| tests(c)).filter(|t| own.resolve_expr(t.tested).is_some_and(|c| c.name == *name)).collect();
    let correlated = tested.iter().any(|t| t.op == "=" && t.value.is_some_and(|value| value.column().is_some_and(|c| own.binding(c).is_none())));
    let served = |test: &Test| ctx.catalog.indexes_of(name).any(|(_, index)| serves(index, Some(table), test, &conditions));
    table.knowledge == Knowledge::Whole && correlated && !tested.iter().any(served)
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
