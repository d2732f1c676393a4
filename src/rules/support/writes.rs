//! How much an UPDATE or DELETE may change. Not a rule.

use crate::facts::{Expr, ExprKind, Literal, ObjectName, Query};
use crate::rules::Context;

/// Whether a condition leaves the size of the change open: only tests that most rows may pass.
pub(in crate::rules) fn is_broad(ctx: &Context, table: &ObjectName, filter: &Expr, joined: bool) -> bool {
    let inner = |e: &Expr| is_broad(ctx, table, e, joined);
    match &filter.kind {
        ExprKind::And(list) => list.iter().all(inner),
        ExprKind::Or(list) => list.iter().any(inner),
        ExprKind::Not(expr) => inner(expr),
        ExprKind::IsNull { .. } | ExprKind::IsTruth { .. } | ExprKind::IsDistinct { .. } | ExprKind::Column(_) => true,
        ExprKind::Literal(Literal::Boolean(value)) => *value,
        // as many rows as another table has
        ExprKind::InSubquery { query, .. } => {
            let whole = query.limit.is_none() && query.select().is_some_and(|s| s.filter.as_ref().is_none_or(inner));
            whole && reads_another(query, table)
        }
        ExprKind::Binary { left, op, right, .. } => match op.as_str() {
            "<>" | "~" | "~*" | "!~" | "!~*" => true,
            "<" | ">" | "<=" | ">=" => !is_key(ctx, table, left) && !is_key(ctx, table, right),
            "=" if joined => left.column().is_some() && right.column().is_some(),
            "=" => matches!((&left.kind, &right.kind), (ExprKind::Literal(a), ExprKind::Literal(b)) if a == b),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a query reads one table that is not this.
fn reads_another(query: &Query, table: &ObjectName) -> bool {
    let only = query.select().and_then(|select| Some(select.from.as_slice()).filter(|from| from.len() == 1)?.first());
    only.is_some_and(|item| item.relations().first().is_some_and(|relation| relation.table().is_some_and(|read| read != table)))
}

fn is_key(ctx: &Context, table: &ObjectName, expr: &Expr) -> bool {
    let Some(column) = expr.column().map(|column| column.column.value.as_str()) else { return false };
    column == "id" || column.ends_with("_id") || ctx.table(table).is_some_and(|(_, t)| t.primary_key().contains(&column))
}

/// Whether a condition names the rows one by one, so that there are few: a list of constants, or a key's value.
pub(in crate::rules) fn names_its_rows(ctx: &Context, table: &ObjectName, filter: &Expr) -> bool {
    let constant = |expr: &Expr| matches!(expr.uncast().kind, ExprKind::Literal(_) | ExprKind::Parameter(_));
    filter.conjuncts().into_iter().any(|part| match &part.kind {
        ExprKind::InList { expr, list, negated: false } => expr.column().is_some() && list.iter().all(constant),
        ExprKind::Binary { left, op, right, .. } => op == "=" && is_key(ctx, table, left) && constant(right),
        _ => false,
    })
}
