//! count(DISTINCT …) that undoes what joins have multiplied.

use super::support::joins::{self, Meets};
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::index_match::same;
use crate::catalog::resolve::Scope;
use crate::facts::{ExprKind, Query};

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
            let help = match owner {
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
