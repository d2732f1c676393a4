//! Sums over two one-to-many joins of one parent: each side repeats the other, so the numbers are wrong as well as slow.

use super::support::joins::{self, Meets};
use super::support::spelling;
use super::{Check, Context, Report};
use crate::catalog::resolve::Scope;
use crate::facts::{Call, Expr, ExprKind, JoinCondition, Query, Relation, Select};
use crate::finding::Label;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select().filter(|select| select.relations().len() > 2) else { return };
    let exprs = || select.items.iter().map(|item| &item.expr).chain(&select.having).chain(query.order_by.iter().map(|key| &key.expr));
    if !exprs().any(|expr| expr.any(&|e| adds_up(e).is_some())) {
        return;
    }
    let many: Vec<&Relation> =
        joins::joined(select, scope).into_iter().filter(|(_, meets)| *meets == Meets::Many).map(|(relation, _)| relation).collect();
    let Some((left, right)) = siblings(&many, select, scope) else { return };
    if groups_by(select, scope, left) || groups_by(select, scope, right) {
        return;
    }
    let mut found: Vec<Report> = vec![];
    for expr in exprs() {
        expr.walk(&mut |e| match (check_aggregate(ctx, e, (left, right), select, scope), found.first_mut()) {
            (Some(report), Some(first)) => first.related.push(Label { message: "and so does this one".to_owned(), ..report.primary }),
            (Some(report), None) => found.push(report),
            (None, _) => {}
        });
    }
    found.into_iter().for_each(|report| ctx.add(report));
}

fn check_aggregate<'a>(ctx: &Context, expr: &'a Expr, (left, right): (&'a Relation, &'a Relation), select: &'a Select, scope: &Scope<'a>) -> Option<Report> {
    let call = adds_up(expr)?;
    let of = call.args.first().and_then(|arg| relation_of(arg, scope));
    let culprit = match of {
        Some(relation) if std::ptr::eq(relation, right) => left,
        _ => right,
    };
    let text = spelling::text(ctx, expr.span);
    let other = if std::ptr::eq(culprit, left) { right } else { left };
    let message = format!(
        "{text} counts each row once for every row of {}: {} and {} both join to the same row, so each repeats the other",
        joins::name(culprit),
        joins::name(left),
        joins::name(right),
    );
    let help = format!(
        "aggregate before joining: LEFT JOIN (SELECT …, {text} FROM {} GROUP BY …) AS totals ON …, one row for each group",
        spelling::text(ctx, other.span),
    );
    let mut report = ctx.report(expr.span, message).help(help);
    for relation in [left, right] {
        report = report.related(ctx.at(joins::join_of(select, relation).map_or(relation.span, |j| j.span)), "several rows for one");
    }
    Some(report)
}

/// A call of an aggregate that a repeated row makes wrong.
fn adds_up(expr: &Expr) -> Option<&Call> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let repeats = matches!(call.name.name.value.as_str(), "sum" | "avg" | "count");
    (repeats && !call.distinct && call.over.is_none()).then_some(call)
}

/// Two relations with several rows for one row of the same third, and no condition between themselves.
fn siblings<'a>(many: &[&'a Relation], select: &'a Select, scope: &Scope<'a>) -> Option<(&'a Relation, &'a Relation)> {
    for (i, left) in many.iter().enumerate() {
        for right in many.iter().skip(i + 1) {
            let parents = (partners(left, select, scope)?, partners(right, select, scope)?);
            let common = parents.0.iter().any(|p| parents.1.iter().any(|q| std::ptr::eq(*p, *q)));
            let linked = parents.1.iter().any(|p| std::ptr::eq(*p, *left)) || parents.0.iter().any(|p| std::ptr::eq(*p, *right));
            if common && !linked {
                return Some((left, right));
            }
        }
    }
    None
}

/// The relations that conditions tie a relation to; `None` where a condition cannot be read for certain.
fn partners<'a>(relation: &Relation, select: &'a Select, scope: &Scope<'a>) -> Option<Vec<&'a Relation>> {
    if select.joins().iter().any(|join| matches!(join.condition, JoinCondition::Using(_) | JoinCondition::Natural)) {
        return None;
    }
    let mut found: Vec<&'a Relation> = vec![];
    for condition in select.conditions() {
        let mut here: Vec<&'a Relation> = vec![];
        let mut certain = true;
        condition.walk(&mut |e| match &e.kind {
            ExprKind::Column(column) => match scope.binding(column) {
                Some(binding) => here.push(binding.relation),
                None => certain = false,
            },
            ExprKind::Exists { .. } | ExprKind::InSubquery { .. } | ExprKind::Subquery(_) => certain = false,
            _ => {}
        });
        if here.iter().any(|r| std::ptr::eq(*r, relation)) {
            if !certain && here.len() > 1 {
                return None;
            }
            found.extend(here.into_iter().filter(|r| !std::ptr::eq(*r, relation)));
        }
    }
    Some(found)
}

fn groups_by<'a>(select: &'a Select, scope: &Scope<'a>, relation: &Relation) -> bool {
    select.group_by.iter().any(|key| relation_of(key, scope).is_none_or(|r| std::ptr::eq(r, relation)))
}

/// The relation whose columns an expression uses, where it is one.
fn relation_of<'a>(expr: &'a Expr, scope: &Scope<'a>) -> Option<&'a Relation> {
    let mut found = None;
    expr.walk(&mut |e| {
        if let Some(binding) = e.column().and_then(|c| scope.binding(c)) {
            found = Some(binding.relation);
        }
    });
    found
}
