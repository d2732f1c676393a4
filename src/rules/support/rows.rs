//! How many rows a query can have, and whether it runs once or again and again.

use super::joins::{self, Meets};
use crate::catalog::index_match::tests;
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::catalog::{Knowledge, Qualified};
use crate::facts::{ConstraintKind, Expr, ExprKind, Identifier, JoinKind, Limit, Literal, Query, Select};
use crate::rules::Context;

/// The value of a constant count; `FETCH NEXT ROW` is 1, and a parameter or `LIMIT ALL` is none.
pub(crate) fn constant(limit: &Limit) -> Option<u64> {
    match &limit.count {
        None => (limit.span.len() > "LIMIT ALL".len() as u32).then_some(1),
        Some(count) => match &count.uncast().kind {
            ExprKind::Literal(Literal::Number(n)) => n.parse().ok(),
            _ => None,
        },
    }
}

/// Whether a key of the first relation is fixed to values and no other relation repeats its row.
pub(crate) fn is_single<'a>(select: &'a Select, scope: &Scope<'a>) -> bool {
    let Some(first) = scope.bindings().first() else { return true };
    let conditions = select.conditions();
    // a subquery or CTE that has one row itself
    if let ([_], Source::Query(inner) | Source::Fence(inner)) = (scope.bindings(), first.source)
        && gives_one(inner, scope)
    {
        return true;
    }
    if is_pinned(first, &conditions, scope) && joins::joined(select, scope).iter().all(|(_, meets)| *meets == Meets::One) {
        return true;
    }
    // another relation has the one row, and leads to those of the others
    let pinned = |b: &Binding<'a>| is_pinned(b, &conditions, scope);
    let outer = select.joins().iter().any(|join| !matches!(join.kind, JoinKind::Inner | JoinKind::Cross));
    !outer
        && scope.bindings().iter().any(pinned)
        && scope.bindings().iter().all(|b| pinned(b) || joins::meets(b, select, scope) == Meets::One)
}

/// Whether a query reads one table, and of that one row.
fn gives_one(query: &Query, scope: &Scope) -> bool {
    let Some(select) = query.select() else { return false };
    let inner = Scope::new(scope.catalog(), query, None);
    let [only] = inner.bindings() else { return false };
    is_pinned(only, &select.conditions(), &inner)
}

/// Whether the conditions fix a unique key of a relation to values from outside the query's relations.
pub(crate) fn is_pinned<'a>(binding: &Binding<'a>, conditions: &[&'a Expr], scope: &Scope<'a>) -> bool {
    let Source::Table(written) = binding.source else { return false };
    let is_own = |e: &Expr| e.column().is_some_and(|c| scope.is_of(c, binding));
    let fixed: Vec<&str> = conditions
        .iter()
        .flat_map(|c| c.conjuncts())
        .filter_map(|c| match &c.kind {
            // of the one value that stands in parentheses
            ExprKind::InList { expr, list, negated: false } if list.len() == 1 => Some(vec![(&**expr, &list[0])]),
            ExprKind::Binary { .. } => {
                Some(tests(c).into_iter().filter(|t| t.op == "=").filter_map(|t| Some((t.tested, t.value?))).collect())
            }
            _ => None,
        })
        .flatten()
        .filter(|(tested, value)| is_own(tested) && is_outside(value, scope))
        .filter_map(|(tested, _)| Some(tested.column()?.column.value.as_str()))
        .collect();
    // A table that is not known has, by the habit of all, a key called id.
    match scope.catalog().table(written) {
        Some((name, table)) => {
            scope.catalog().is_key_fixed(name, &fixed)
                || is_key_within_partitions(scope, name, &fixed)
                || (table.knowledge != Knowledge::Whole && fixed.contains(&"id"))
                || scope.catalog().is_partial_key_fixed(name, &fixed, conditions, &|column| scope.is_of(column, binding))
        }
        None => fixed.contains(&"id"),
    }
}

/// Whether the columns fix what a key of a partitioned table has beside the partition's own columns, which PostgreSQL wants in
/// each key: `id` of PRIMARY KEY (id, created_at).
fn is_key_within_partitions(scope: &Scope, name: &Qualified, fixed: &[&str]) -> bool {
    let Some(by) = scope.catalog().tables.get(name).and_then(|table| table.partition_by.as_ref()) else { return false };
    let divides = |column: &Identifier| by.keys.iter().any(|key| key.expr.column().is_some_and(|c| c.column.value == *column));
    scope.catalog().keys_of(name).iter().any(|key| {
        let mut own = key.iter().filter(|column| !divides(column)).peekable();
        own.peek().is_some() && own.all(|column| fixed.contains(&column.as_str()))
    })
}

/// Whether a table's name says that it keeps the one state of something: `import_status`, `sync_info`.
pub(crate) fn keeps_a_state(table: &str) -> bool {
    const WORDS: &[&str] = &[
        "status",
        "state",
        "info",
        "config",
        "configuration",
        "metadata",
        "version",
        "progress",
        "tip",
        "cursor",
        "checkpoint",
        "counter",
    ];
    table.rsplit('_').next().is_some_and(|last| last.len() < table.len() && WORDS.contains(&last))
}

/// Whether an expression names none of the query's own relations. A bare name that none of these can have is a variable, or
/// belongs to a query outside.
fn is_outside(expr: &Expr, scope: &Scope) -> bool {
    let known =
        |b: &Binding| b.relation.table().and_then(|t| scope.catalog().table(t)).is_some_and(|(_, t)| t.knowledge == Knowledge::Whole);
    let all_known = scope.bindings().iter().all(known);
    let mut outside = true;
    expr.walk(&mut |e| {
        if let ExprKind::Column(column) = &e.kind {
            outside &= scope.binding(column).is_none() && (column.relation.is_some() || all_known && !scope.may_be_own(column));
        }
    });
    outside
}

/// Whether an aggregate stands inside, so that without GROUP BY there is one row.
pub(crate) fn holds_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= joins::is_aggregate(e));
    found
}

/// Whether the statement runs once: how it scales says nothing about the application.
pub(crate) fn runs_once(ctx: &Context) -> bool {
    crate::rules::runs_once(ctx.origin, ctx.around, ctx.statement)
}

/// Whether a table has a row or two, whatever it holds: its key is a flag, or CHECK holds it to one value.
pub(crate) fn is_singleton(ctx: &Context, name: &Qualified) -> bool {
    let Some(table) = ctx.catalog.tables.get(name) else { return false };
    let flag = |column: &Identifier| table.column(column).and_then(|c| c.ty.as_ref()).is_some_and(|ty| ty.is("bool"));
    let value = |e: &Expr| matches!(e.uncast().kind, ExprKind::Literal(_));
    let held = |column: &Identifier| {
        table.constraints.iter().any(|own| match &own.constraint.kind {
            ConstraintKind::Check(Expr { kind: ExprKind::Binary { left, op, right, .. }, .. }) => {
                op == "=" && value(right) && left.column().is_some_and(|named| named.column.value == *column)
            }
            _ => false,
        })
    };
    ctx.catalog.keys_of(name).iter().any(|key| matches!(&key[..], [only] if flag(only) || held(only)))
}
