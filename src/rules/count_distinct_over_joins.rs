//! count(DISTINCT …) that undoes what joins have multiplied.

use super::support::joins::{self, Meets};
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::index_match::same;
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, JoinCondition, JoinKind, Query, Relation, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let joined = joins::joined(select, scope);
    if joined.len() < 2 || joined.iter().all(|(_, meets)| *meets == Meets::One) {
        return;
    }
    for expr in query.expressions() {
        expr.walk(&mut |e| {
            let ExprKind::Call(call) = &e.kind else { return };
            if !(call.distinct && call.name.name == "count" && call.over.is_none()) {
                return;
            }
            // of each group's own key there is one
            let Some(counted) = call.args.first().filter(|counted| !select.group_by.iter().any(|key| same(key, counted))) else { return };
            let counted_text = spelling::text(ctx, counted.span);
            let many = joined.iter().find(|(_, m)| *m == Meets::Many).or_else(|| joined.iter().find(|(_, m)| *m != Meets::One));
            let Some((relation, _)) = many else { return };
            let what = joins::name(relation);
            let owner = counted.column().and_then(|c| scope.binding(c)).map(|b| b.relation);
            let whole = owner.filter(|_| select.items.len() == 1).and_then(|owner| by_existence(ctx, select, scope, owner, counted));
            let help = match owner {
                Some(_) if whole.is_some() => format!("count where {counted_text} is a key and ask for the rest with EXISTS: {}", whole.unwrap_or_default()),
                Some(owner) if !std::ptr::eq(owner, *relation) => format!(
                    "count where {counted_text} is a key and ask for the rest with EXISTS: SELECT count(*) FROM {} WHERE EXISTS (SELECT 1 FROM {} WHERE …)",
                    spelling::text(ctx, owner.span),
                    spelling::text(ctx, relation.span)
                ),
                _ => format!("count in a subquery of {what} grouped by its join columns, then join the counts: one row for each group"),
            };
            let message = format!(
                "count(DISTINCT {counted_text}) sorts every row of {} joined relations to count them once: the join with {what} repeats them",
                joined.len() + 1
            );
            let at = joins::join_of(select, relation).map_or(relation.span, |join| join.span);
            ctx.add(ctx.report(e.span, message).help(help).related(ctx.at(at), "this join repeats the rows"));
        });
    }
}

/// The same count over the table whose key is counted, where all others are joined to it by inner joins: a row counts if there is
/// one for it.
fn by_existence<'a>(ctx: &Context, select: &'a Select, scope: &Scope<'a>, owner: &Relation, counted: &Expr) -> Option<String> {
    let column = counted.column()?;
    let (name, _) = ctx.catalog.table(owner.table()?)?;
    let key = ctx.catalog.is_key_fixed(name, &[column.column.value.as_str()]);
    let not_null = scope.resolve(column).and_then(|c| c.definition()).is_some_and(|c| c.not_null);
    if !key || !not_null || !select.group_by.is_empty() || select.having.is_some() {
        return None;
    }
    let mut conditions = vec![];
    for join in select.joins() {
        match (&join.condition, join.kind) {
            (JoinCondition::On(on), JoinKind::Inner) => conditions.push(on),
            _ => return None,
        }
    }
    conditions.extend(&select.filter);
    let text = |e: &&Expr| match e.kind {
        ExprKind::Or(_) => format!("({})", spelling::text(ctx, e.span)),
        _ => spelling::text(ctx, e.span),
    };
    let others: Vec<String> =
        select.relations().into_iter().filter(|r| !std::ptr::eq(*r, owner)).map(|r| spelling::text(ctx, r.span)).collect();
    let conditions: Vec<String> = conditions.iter().map(text).collect();
    Some(format!(
        "SELECT count(*) FROM {} WHERE EXISTS (SELECT 1 FROM {} WHERE {})",
        spelling::text(ctx, owner.span),
        others.join(", "),
        conditions.join(" AND ")
    ))
}
