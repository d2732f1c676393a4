//! LIMIT that keeps whichever rows come first.

use super::support::joins;
use super::support::{rows, spelling};
use super::{Check, Context};
use crate::catalog::resolve::{Scope, Source};
use crate::facts::{ExprKind, Query, RelationSource};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(limit) = query.limit.as_ref().filter(|_| query.order_by.is_empty() && !scope.in_exists) else { return };
    let all = limit.count.is_none() && rows::constant(limit).is_none();
    if all || rows::constant(limit) == Some(0) || is_settled(ctx, query, scope) {
        return;
    }
    let clause = spelling::text(ctx, limit.span);
    let what = scope.bindings().first().map_or_else(|| "the result".to_owned(), |b| joins::name(b.relation));
    let message = format!(
        "{clause} without ORDER BY keeps whichever rows of {what} are met first: they change with the plan, with vacuum and with concurrent scans"
    );
    let key = first_key(ctx, scope).unwrap_or_else(|| "a unique key".to_owned());
    ctx.add(ctx.report(limit.span, message).help(format!("say which rows are wanted: ORDER BY {key} before {clause}")));
}

/// Whether the order cannot matter: at most one row, rows that are all alike, an order that comes from inside, a queue whose
/// workers take any free row, or text that the program puts in and that may hold the order.
fn is_settled<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) -> bool {
    let Some(select) = query.select() else { return spelling::has_hole(ctx, query.span) };
    let rows_alike = select.items.iter().all(|item| matches!(item.expr.uncast().kind, ExprKind::Literal(_)));
    let total = select.group_by.is_empty() && select.items.iter().any(|item| rows::holds_aggregate(&item.expr));
    let ordered_inside = match &scope.bindings() {
        [one] => match (&one.relation.source, one.source) {
            (_, Source::Query(inner)) => !inner.order_by.is_empty() || inner.limit.is_some(),
            (RelationSource::Function(_) | RelationSource::Other, _) => true,
            _ => false,
        },
        _ => false,
    };
    let any_free_row = query.locking.as_ref().is_some_and(|locking| locking.skip_locked);
    select.from.is_empty()
        || rows_alike
        || total
        || ordered_inside
        || any_free_row
        || rows::is_single(select, scope)
        || spelling::has_hole(ctx, query.span)
}

/// The key of the first relation, as this query would write it.
fn first_key(ctx: &Context, scope: &Scope) -> Option<String> {
    let binding = scope.bindings().first()?;
    let (name, _) = ctx.catalog.table(binding.relation.table()?)?;
    let key = ctx.catalog.keys_of(name).into_iter().next()?;
    let of = if scope.bindings().len() > 1 { format!("{}.", binding.relation.binding()?) } else { String::new() };
    Some(key.iter().map(|c| format!("{of}{}", crate::facts::quote_identifier(c))).collect::<Vec<_>>().join(", "))
}
