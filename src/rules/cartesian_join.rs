//! Relations of one FROM with no condition between them: every row of one meets every row of the other.

use super::support::joins;
use super::support::rows;
use super::{Check, Context, Origin};
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::catalog::{Qualified, Table};
use crate::extract::FragmentKind;
use crate::facts::{ColumnRef, Expr, ExprKind, FromItem, Join, JoinCondition, JoinKind, Query, RelationSource};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    // the rest of a builder's query, with what ties it, stands in other strings
    if ctx.application.is_some_and(|fragment| fragment.kind == FragmentKind::Clause || fragment.open) {
        return;
    }
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let bindings = scope.bindings();
    if bindings.len() < 2 || bindings.len() > 64 || speaks_transact_sql(query, scope) {
        return;
    }
    // a program that writes no WHERE at all behind its list has it somewhere else
    let bare = query.select().is_some_and(|select| select.filter.is_none() && select.from.len() > 1);
    if bare && scope.outer().is_none() && ctx.application.is_some() {
        return;
    }
    // how many rows there are is nothing to who asks whether there is one
    let constant = |e: &Expr| matches!(e.uncast().kind, ExprKind::Literal(_));
    if scope.in_exists || query.select().is_some_and(|select| select.items.iter().all(|item| constant(&item.expr))) {
        return;
    }
    // what ties them may stand in a piece that the program puts in
    if super::support::spelling::has_hole(ctx, query.span) {
        return;
    }
    let Some(groups) = groups(query, scope) else { return };
    let first = groups[0];
    let Some(other) = (1..bindings.len()).find(|i| groups[*i] != first && multiplies(query, scope, &groups, *i)) else { return };
    if !multiplies(query, scope, &groups, 0) {
        return;
    }
    let pairs = || (0..bindings.len()).filter(|i| groups[*i] == first).flat_map(|i| (0..bindings.len()).filter(|j| groups[*j] == groups[other]).map(move |j| (i, j)));
    if !says_how(query, &bindings[other]) && !pairs().any(|(i, j)| belong_together(ctx, &bindings[i], &bindings[j])) {
        return;
    }
    let (left, right) = (bindings[0].relation, bindings[other].relation);
    let crossed = query.from().iter().flat_map(FromItem::joins).find(|join| join.kind == JoinKind::Cross && holds(join, &bindings[other]));
    let message = format!(
        "no condition ties {} to {}: every row of the one is combined with every row of the other",
        joins::name(right),
        joins::name(left)
    );
    let report = ctx.report(right.span, message).label("nothing joins this").help(format!(
        "add the condition (JOIN {} ON …), or ask with EXISTS if only its presence matters",
        joins::name(right)
    ));
    // a row that holds what there is only once: totals, settings
    let once_only = |b: &Binding| b.relation.table().and_then(|name| ctx.catalog.table(name)).is_some_and(|(name, _)| rows::is_singleton(ctx, name));
    if crossed.is_some() && once_only(&bindings[other]) {
        return;
    }
    // CROSS JOIN in so many words is mostly meant, and so are all pairs that an INSERT writes.
    let seeds = ctx.statement.query.as_ref().is_some_and(|q| matches!(q.body, crate::facts::QueryBody::Insert(_)));
    let once = super::support::rows::runs_once(ctx);
    // what a write changes is tied to nothing: each row gets values of any row of the others
    let changed = query.target().is_some_and(|target| std::ptr::eq(target, left)) && crossed.is_none();
    if !changed && (once && (crossed.is_some() || seeds) || crossed.is_some() && seeds) {
        return;
    }
    ctx.add(if !changed && (crossed.is_some() || seeds || once) { report.severity(Severity::Notice) } else { report });
}

/// `UPDATE child SET … FROM nodes AS child`: SQL Server changes what FROM calls so, where PostgreSQL looks for a table of that name.
fn speaks_transact_sql(query: &Query, scope: &Scope) -> bool {
    let Some(target) = query.target().and_then(|target| target.table()).filter(|name| name.schema.is_none()) else { return false };
    let aliased = |b: &Binding| {
        b.relation.binding().is_some_and(|own| own.value == target.name.value) && b.relation.table().is_some_and(|table| table.name.value != target.name.value)
    };
    scope.bindings().iter().any(aliased)
}

/// `JOIN b ON b.kind > 3`: whoever writes a condition of the join means it to tie.
fn says_how(query: &Query, binding: &Binding) -> bool {
    let joined = |join: &&Join| join.kind != JoinKind::Cross && matches!(join.condition, JoinCondition::On(_)) && holds(join, binding);
    query.from().iter().flat_map(FromItem::joins).any(|join| joined(&join))
}

/// Whether the schema ties two tables, by a foreign key or the name of a column, in a way that the query leaves out: all pairs of
/// others may be what is meant. Without a schema the statement is all there is to know.
fn belong_together(ctx: &Context, one: &Binding, other: &Binding) -> bool {
    if ctx.catalog.tables.is_empty() {
        return ctx.origin != Origin::Document;
    }
    let known = |b: &Binding| b.relation.table().and_then(|name| ctx.table(name));
    let (Some((one, left)), Some((other, right))) = (known(one), known(other)) else { return false };
    let refers = |from: &Table, to: &Qualified| from.constraints.iter().any(|c| c.references.as_deref() == Some(to));
    let named = |from: &Table, to: &Qualified| {
        let thing = to.name.strip_suffix('s').unwrap_or(&to.name);
        from.columns.iter().any(|c| c.name.strip_suffix("_id").is_some_and(|of| of == thing || of == to.name.as_str()))
    };
    one == other || refers(left, other) || refers(right, one) || named(left, other) || named(right, one)
}

fn holds(join: &Join, binding: &Binding) -> bool {
    join.right.relations().iter().any(|r| std::ptr::eq(*r, binding.relation))
}

/// Whether a group of relations is one that has many rows: a table in it that no condition holds to one row.
fn multiplies<'a>(query: &'a Query, scope: &Scope<'a>, groups: &[usize], member: usize) -> bool {
    let group = groups[member];
    let mut of_group = scope.bindings().iter().zip(groups).filter(|(_, g)| **g == group).map(|(binding, _)| binding);
    let has_table = |b: &Binding<'a>| matches!((b.source, &b.relation.source), (Source::Table(_), RelationSource::Table(_)));
    let conditions = conditions(query);
    let pinned = |b: &Binding<'a>| rows::is_pinned(b, &conditions, scope);
    // of a table that the program names nobody knows how many rows it has: a sequence has one
    let known = |b: &Binding<'a>| b.relation.table().is_some_and(|name| name.name.value != "_" && (scope.catalog().table(name).is_some() || scope.catalog().tables.is_empty()));
    of_group.clone().all(|b| has_table(b) && known(b)) && !of_group.any(pinned)
}

/// For each relation the number of its group: those that conditions tie together, one way or another. `None` where a column's
/// relation is not certain, so that a tie could be overlooked.
fn groups<'a>(query: &'a Query, scope: &Scope<'a>) -> Option<Vec<usize>> {
    let count = scope.bindings().len();
    let mut groups: Vec<usize> = (0..count).collect();
    let mut values: Vec<(&Expr, usize)> = vec![];
    for condition in conditions(query) {
        let members = members(condition, scope)?;
        tie(&mut groups, &members);
        // Two relations held to the same value are tied by it.
        if let (ExprKind::Binary { left, op, right, .. }, [one]) = (&condition.kind, &members[..])
            && op == "="
        {
            let value = if left.column().is_some() { right } else { left };
            match values.iter().find(|(known, _)| *known == &**value) {
                Some((_, other)) => tie(&mut groups, &[*one, *other]),
                None => values.push((value, *one)),
            }
        }
    }
    for join in query.from().iter().flat_map(FromItem::joins) {
        let inside = |item: &FromItem| indexes(item, scope);
        if matches!(join.condition, JoinCondition::Using(_) | JoinCondition::Natural) {
            tie(&mut groups, &[inside(&join.left), inside(&join.right)].concat());
        }
    }
    // An outer join that picks its rows by a value takes those, or none.
    for join in query.from().iter().flat_map(FromItem::joins).filter(|join| join.kind == JoinKind::Left) {
        if let JoinCondition::On(on) = &join.condition
            && holds_equality(on)
        {
            let side = |item: &FromItem| indexes(item, scope);
            tie(&mut groups, &[side(&join.left), side(&join.right)].concat());
        }
    }
    // A lateral subquery or a function may use what stands before it.
    for (i, binding) in scope.bindings().iter().enumerate() {
        if binding.relation.lateral || matches!(binding.relation.source, RelationSource::Function(_)) {
            tie(&mut groups, &[0, i]);
        }
    }
    Some(groups)
}

fn holds_equality(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Binary { op, .. } if op == "="));
    found
}

fn conditions(query: &Query) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = super::support::json::conditions(query).into_iter().flat_map(Expr::conjuncts).collect();
    if let crate::facts::QueryBody::Merge(merge) = &query.body {
        all.extend(&merge.condition);
    }
    all
}

fn indexes(item: &FromItem, scope: &Scope) -> Vec<usize> {
    let relations = item.relations();
    let bindings = scope.bindings().iter().enumerate();
    bindings.filter(|(_, b)| relations.iter().any(|r| std::ptr::eq(*r, b.relation))).map(|(i, _)| i).collect()
}

fn tie(groups: &mut [usize], members: &[usize]) {
    let Some(first) = members.first().map(|m| groups[*m]) else { return };
    for member in members {
        let old = groups[*member];
        groups.iter_mut().filter(|g| **g == old).for_each(|g| *g = first);
    }
}

/// The relations that a condition names; `None` where a column could be of several.
fn members<'a>(condition: &'a Expr, scope: &Scope<'a>) -> Option<Vec<usize>> {
    let mut found = vec![];
    let mut certain = true;
    let mut paths = false;
    // A qualifier that is not bound here belongs to a query inside or around this one.
    // `branch.bank.id` of an object mapper's language goes through a reference, which is a tie
    let is_path = |column: &ColumnRef| column.schema.as_ref().is_some_and(|of| scope.bindings().iter().any(|b| b.relation.binding() == Some(of)));
    let mut add = |column: &ColumnRef| match scope.binding(column) {
        Some(binding) => found.extend(scope.bindings().iter().position(|b| std::ptr::eq(b.relation, binding.relation))),
        // of a query around this one, a trigger's row, or of a part of the text that is not here
        None => certain &= column.relation.as_ref().is_some_and(|of| ["new", "old", "excluded"].contains(&of.value.as_str()) || scope.is_outer(column)),
    };
    condition.walk(&mut |e| {
        if let Some(column) = e.column() {
            paths |= is_path(column);
            add(column);
        }
        // A subquery ties the relations that it refers to; an unqualified column in it may be anyone's.
        if let Some(query) = e.subquery() {
            query.column_refs().into_iter().filter(|c| c.relation.is_some() && scope.binding(c).is_some()).for_each(&mut add);
            unsettled(query, &Scope::new(scope.catalog(), query, None)).into_iter().for_each(&mut add);
        }
    });
    (certain && !paths).then_some(found)
}

/// The unqualified columns of a subquery that its own relations do not have for certain.
fn unsettled<'a>(query: &'a Query, inner: &Scope<'a>) -> Vec<&'a ColumnRef> {
    let mut found = vec![];
    for expr in query.expressions() {
        expr.walk(&mut |e| found.extend(e.column().filter(|c| c.relation.is_none() && inner.binding(c).is_none())));
    }
    found
}
