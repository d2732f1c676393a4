//! LIMIT 1 that looks up one thing by what the caller knows of it.

use super::cut::Cut;
use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::extract::name_words;
use crate::facts::{ConstraintKind, Expr, ExprKind, Query, QueryBody, Select};
use crate::rules::support::joins::{self, Meets};
use crate::rules::support::rows;

/// So many values that a row must have describe a thing, and no group of things.
const DESCRIBED: usize = 4;

/// A table whose keys are not known may have but one such row.
pub(super) fn may_be_single(cut: &Cut) -> bool {
    let (Some(first), Some(select)) = (cut.first(), cut.select) else { return false };
    let known = |b: &Binding| b.relation.table().and_then(|t| cut.scope.catalog().table(t)).is_some_and(|(_, t)| t.knowledge == Knowledge::Whole);
    // a variable of a function, or a row of a query around this one
    let foreign = |e: &Expr| e.column().is_some_and(|c| c.relation.is_some() && cut.scope.binding(c).is_none());
    let given = |e: &Expr| is_value(e) || foreign(e);
    let equals = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { op, left, right, .. } if op == "=" && (given(left) || given(right)));
    let all = select.filter.is_none() && cut.is_of_one();
    // a table that no key tells rows of apart, read without a condition, keeps its one row of state
    let keyless = || rows::is_keyless(first, cut.scope) || first.relation.table().is_some_and(|table| rows::keeps_a_state(&table.name.value));
    let by_value = || cut.conditions().iter().any(equals);
    cut.is_one() && matches!(first.source, Source::Table(_)) && (!known(first) && (all || by_value()) || all && keyless())
}

/// A text, a UUID or bytes: no key says that there is one such row, and nothing says that there are several. The column refers to no
/// other table, is no state or kind, and needs no other column beside it in a key.
pub(super) fn is_by_name(cut: &Cut) -> bool {
    let Some(select) = cut.select else { return false };
    let parameter = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_)) || (cut.ctx.around.in_function && e.uncast().column().is_some() && cut.is_given(e));
    let tested = |c: &&Expr| match &c.kind {
        ExprKind::Binary { op, left, right, .. } if op == "=" && parameter(right) => is_name_of_one(left, cut.scope),
        ExprKind::Binary { op, left, right, .. } if op == "=" && parameter(left) => is_name_of_one(right, cut.scope),
        _ => false,
    };
    let in_document = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { op, left, right, .. } if op == "=" && parameter(right) && is_id_in_a_document(left));
    let others = || named_ones(cut, select, &tested);
    let conditions = cut.conditions();
    cut.is_one() && (conditions.iter().any(in_document) || conditions.iter().any(tested) && (cut.is_of_one() || others()))
}

/// Whether the one relation that is looked up leads to one row of each other.
fn named_ones<'a>(cut: &Cut<'_, 'a>, select: &'a Select, tested: &dyn Fn(&&'a Expr) -> bool) -> bool {
    let is_of = |b: &Binding<'a>, c: &Expr| {
        let mut of = false;
        c.walk(&mut |e| of |= e.column().is_some_and(|column| cut.scope.is_of(column, b)));
        of
    };
    let found: Vec<&Expr> = cut.conditions().into_iter().filter(|c| tested(c)).collect();
    let looked_up = |b: &Binding<'a>| found.iter().any(|c| is_of(b, c));
    cut.scope.bindings().iter().all(|b| looked_up(b) || joins::meets(b, select, cut.scope) == Meets::One)
}

/// Whoever gives value after value of a row wants that one, or one that cannot be told from it: to make it where there is none.
pub(super) fn is_by_description(cut: &Cut) -> bool {
    let equals = |c: &Expr| matches!(&c.kind, ExprKind::Binary { op, left, right, .. } if op == "=" && (cut.is_given(left) || cut.is_given(right)));
    let conditions = cut.conditions();
    cut.is_one() && cut.is_of_one() && conditions.len() >= DESCRIBED && conditions.into_iter().all(equals)
}

/// `… WHERE tag = $1 UNION ALL … WHERE tag = $1 LIMIT 1`: what is looked up lies in one place or in the other.
pub(super) fn is_in_one_of_several(cut: &Cut) -> bool {
    cut.is_one() && matches!(cut.query.body, QueryBody::SetOperation { .. }) && looks_up(cut, cut.query, MAX_BRANCHES)
}

/// How deep set operations are followed.
const MAX_BRANCHES: usize = 16;

fn looks_up(cut: &Cut, query: &Query, depth: usize) -> bool {
    let variable = |e: &Expr| cut.ctx.around.in_function && e.column().is_some_and(|c| c.relation.is_none() && c.column.value.starts_with(['_']));
    let parameter = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_)) || variable(e.uncast());
    let equals = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { op, left, right, .. } if op == "=" && (parameter(left) || parameter(right)));
    match (&query.body, depth.checked_sub(1)) {
        (QueryBody::SetOperation { left, right, .. }, Some(depth)) => looks_up(cut, left, depth) && looks_up(cut, right, depth),
        (QueryBody::Select(select), _) => select.conditions().into_iter().flat_map(Expr::conjuncts).any(|c| equals(&c)),
        _ => false,
    }
}

/// `parameters ->> 'job_id'`: what names one thing in a document names it here.
fn is_id_in_a_document(expr: &Expr) -> bool {
    let ExprKind::Binary { op, right, .. } = &expr.uncast().kind else { return false };
    op == "->>" && right.string().is_some_and(|key| name_words(key).last().is_some_and(|last| last == "id" || last == "uuid"))
}

fn is_name_of_one(expr: &Expr, scope: &Scope) -> bool {
    const KINDS: &[&str] = &[
        "status", "state", "type", "kind", "category", "level", "role", "language", "lang", "locale", "country", "currency", "provider",
        "source", "action", "event", "method", "queue", "topic", "group", "mode", "reason", "priority", "class", "channel", "tag",
        "region", "environment", "env", "version", "model", "format", "label", "city", "title", "description", "author", "owner",
    ];
    let Some(column) = scope.resolve_expr(expr) else { return false };
    let Some(table) = scope.catalog().tables.get(&column.name) else { return false };
    let names_one = column.definition().and_then(|c| c.ty.as_deref()).is_some_and(|ty| {
        ty.dimensions == 0 && ["text", "varchar", "bpchar", "citext", "bytea", "uuid"].iter().any(|name| ty.is(name))
    });
    let is_kind = column.column.rsplit('_').next().is_some_and(|last| KINDS.contains(&last));
    let refers = table.constraints.iter().any(|c| match &c.constraint.kind {
        ConstraintKind::ForeignKey { columns, .. } => columns.iter().any(|own| own.value == column.column),
        _ => false,
    });
    let is_uuid_of_another = column.column.ends_with("_id") && column.definition().and_then(|c| c.ty.as_deref()).is_some_and(|ty| ty.is("uuid"));
    let needs_others = scope.catalog().keys_of(&column.name).iter().any(|key| key.len() > 1 && key.contains(&column.column));
    names_one && !is_kind && !refers && !is_uuid_of_another && !needs_others
}
