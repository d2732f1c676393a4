//! Workers that take rows from a table and queue behind each other.

use super::support::{rows, spelling};
use super::{Check, Context};
use crate::catalog::index_match::{is_value, tests};
use crate::catalog::resolve::Scope;
use crate::facts::{BodyKind, Expr, ExprKind, ObjectName, Query, QueryBody, RelationSource, Select, Statement};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    if rows::runs_once(ctx) || ctx.around.in_loop.is_some() || is_scheduled(ctx.statement) {
        return;
    }
    ctx.visit(&mut |query, scope| {
        check_select(ctx, query, scope);
        check_write(ctx, query);
    });
}

fn is_scheduled(statement: &Statement) -> bool {
    statement.bodies.iter().any(|body| body.kind == BodyKind::Scheduled)
}

fn check_select<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let (Some(locking), Some(limit), Some(select)) = (&query.locking, &query.limit, query.select()) else { return };
    let waits = locking.strength.ends_with("UPDATE") && !locking.skip_locked && !locking.nowait;
    // A lock on a row of one owner, or on one of several joined tables, is no queue.
    let [_] = scope.bindings() else { return };
    if !waits || rows::is_single(select, scope) || belongs_to_one(select) || !asks_for_a_state(select) {
        return;
    }
    let message = format!(
        "sessions that run this pick the same rows: all but the first wait for its transaction to end, and then {} may find them taken",
        spelling::text(ctx, limit.span)
    );
    let clause = spelling::text(ctx, locking.span);
    ctx.add(ctx.report(locking.span, message).help(format!("take only what is free: {clause} SKIP LOCKED (or NOWAIT to fail at once)")).fix(
        "add SKIP LOCKED",
        false,
        locking.span,
        format!("{clause} SKIP LOCKED"),
    ));
}

/// Whether a condition holds a column that refers to another table to one value: the rows of one owner.
fn belongs_to_one(select: &Select) -> bool {
    let owner = |e: &Expr| e.column().is_some_and(|c| ["_id", "Id"].iter().any(|end| c.column.value.ends_with(end)));
    let tests = select.filter.iter().flat_map(|f| f.conjuncts()).filter(|c| matches!(c.kind, ExprKind::Binary { .. })).flat_map(tests);
    tests.into_iter().any(|t| t.op == "=" && owner(t.tested) && t.value.is_some_and(is_value))
}

/// Whether the program says whose rows are to be written: others pick those of other owners.
fn is_of_an_owner(select: &Select) -> bool {
    let owner = |name: &str| ["user", "account", "owner", "customer"].iter().any(|who| {
        name.strip_suffix("_id").or_else(|| name.strip_suffix("Id")).is_some_and(|stem| stem.to_ascii_lowercase().ends_with(who))
    });
    let tests = select.filter.iter().flat_map(|f| f.conjuncts()).filter(|c| matches!(c.kind, ExprKind::Binary { .. })).flat_map(tests);
    tests.into_iter().any(|t| {
        t.op == "=" && t.tested.column().is_some_and(|c| owner(c.column.value.as_str())) && t.value.is_some_and(spelling::has_parameter)
    })
}

/// Whether rows are picked by what state they are in, as a queue's are: a constant, a flag, NULL, the time.
fn asks_for_a_state(select: &Select) -> bool {
    select.filter.iter().flat_map(|f| f.conjuncts()).any(|condition| match &condition.kind {
        ExprKind::IsNull { negated, .. } => !negated,
        // rows that nobody needs any more are cleaned up
        ExprKind::Not(inner) => !matches!(inner.kind, ExprKind::Quantified { .. } | ExprKind::InSubquery { .. } | ExprKind::Exists { .. }),
        ExprKind::Column(_) | ExprKind::InList { .. } => true,
        ExprKind::Or(_) => true,
        _ => tests(condition).iter().any(|t| t.value.is_some_and(|value| is_value(value) && !spelling::has_parameter(value))),
    })
}

/// `UPDATE jobs … WHERE id IN (SELECT id FROM jobs … LIMIT n)`.
fn check_write(ctx: &Context, query: &Query) {
    let (table, filter, returning) = match &query.body {
        QueryBody::Update(update) => (&update.table, &update.filter, !update.returning.is_empty()),
        QueryBody::Delete(delete) => (&delete.table, &delete.filter, !delete.returning.is_empty()),
        _ => return,
    };
    let (Some(table), Some(filter)) = (table.table(), filter) else { return };
    for condition in filter.conjuncts() {
        let Some(inner) = picked(condition).filter(|inner| reads(inner, table)) else { continue };
        let Some(limit) = inner.limit.as_ref().filter(|_| inner.locking.is_none()) else { continue };
        // Without RETURNING and in bulk it is a clean-up, which is seldom run twice at a time; in no order others pick other rows.
        let bulk = !returning && rows::constant(limit) != Some(1);
        let by_chance = inner.order_by.first().is_some_and(|key| matches!(&key.expr.kind, ExprKind::Call(call) if call.name.name == "random"));
        if bulk || by_chance || !inner.select().is_some_and(|select| asks_for_a_state(select) && !is_of_an_owner(select)) {
            continue;
        }
        let message = format!(
            "sessions that run this pick the same rows of {table}: all but the first wait for its transaction, and then write the rows a second time or none at all"
        );
        let inner_text = spelling::text(ctx, inner.span);
        let report = ctx.report(limit.span, message).help(format!("lock while picking: ({inner_text} FOR UPDATE SKIP LOCKED)"));
        let report = report.fix("add FOR UPDATE SKIP LOCKED", false, limit.span, format!("{} FOR UPDATE SKIP LOCKED", spelling::text(ctx, limit.span)));
        ctx.add(report);
    }
}

fn picked(condition: &Expr) -> Option<&Query> {
    match &condition.kind {
        ExprKind::InSubquery { query, negated: false, .. } => Some(query),
        ExprKind::Binary { op, right, .. } | ExprKind::Quantified { op, all: false, right, .. } if op == "=" => right.subquery(),
        _ => None,
    }
}

fn reads(query: &Query, table: &ObjectName) -> bool {
    matches!(&query.from(), [crate::facts::FromItem::Relation(r)] if matches!(&r.source, RelationSource::Table(name) if name == table))
}
