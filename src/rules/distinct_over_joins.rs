//! Plain DISTINCT that undoes what a join has multiplied.

use super::support::joins::{self, Meets};
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{ExprKind, JoinCondition, JoinKind, Query, Relation, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let Some(distinct) = select.distinct.as_ref().filter(|d| d.on.is_none() && select.group_by.is_empty()) else { return };
    let repeating: Vec<&Relation> = joins::joined(select, scope)
        .into_iter()
        .filter(|(relation, meets)| *meets != Meets::One && relation.table().is_some() && !is_shown(relation, query, select, scope))
        .map(|(relation, _)| relation)
        .collect();
    let Some((first, _)) = repeating.split_first() else { return };
    let Some(join) = joins::join_of(select, first).filter(|join| join.kind == JoinKind::Inner) else { return };
    let JoinCondition::On(on) = &join.condition else { return };
    let what = joins::name(first);
    let message =
        format!("nothing of {what} is returned, yet the join with it repeats each row, and DISTINCT sorts or hashes them all to undo that");
    let help = format!(
        "ask whether there is one, and drop DISTINCT: WHERE EXISTS (SELECT 1 FROM {} WHERE {} …)",
        spelling::text(ctx, first.span),
        spelling::text(ctx, on.span)
    );
    ctx.add(ctx.report(distinct.span, message).help(help).related(ctx.at(join.span), "this join repeats the rows"));
}

/// Whether the select list or the order uses the relation, or may.
fn is_shown<'a>(relation: &Relation, query: &'a Query, select: &'a Select, scope: &Scope<'a>) -> bool {
    let mut shown = false;
    for expr in select.items.iter().map(|item| &item.expr).chain(query.order_by.iter().map(|key| &key.expr)) {
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Column(column) => shown |= scope.binding(column).is_none_or(|b| std::ptr::eq(b.relation, relation)),
            ExprKind::Wildcard(of) => shown |= of.as_ref().is_none_or(|of| relation.binding() == Some(&of.name)),
            ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. } => shown = true,
            _ => {}
        });
    }
    shown
}
