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
        ExprKind::Exists { query, negated: false } if !joined => asks_for_any(ctx, query),
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

/// Whether a table holds how far the migrations are, in a row or one for each.
pub(in crate::rules) fn is_bookkeeping(table: &ObjectName) -> bool {
    const NAMES: &[&str] = &["version", "db_version", "alembic_version", "migrations", "migration_version"];
    let name = table.name.value.as_str();
    NAMES.contains(&name) || ["schema_version", "schema_versions", "schema_migrations"].iter().any(|end| name.ends_with(end))
}

/// Whether a subquery asks of tables from before for nothing but a row that fits: all rows that have one pass.
fn asks_for_any(ctx: &Context, query: &Query) -> bool {
    let Some(select) = query.select().filter(|_| query.limit.is_none() && query.ctes.is_empty()) else { return false };
    let fits = |e: &&Expr| matches!(&e.kind, ExprKind::Binary { left, op, right, .. } if op == "=" && left.column().is_some() && right.column().is_some());
    let old = |relation: &&crate::facts::Relation| relation.table().is_some_and(|table| !ctx.is_new(table));
    let relations = select.relations();
    !relations.is_empty() && relations.iter().all(old) && select.filter.as_ref().is_some_and(|filter| filter.conjuncts().iter().all(fits))
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
