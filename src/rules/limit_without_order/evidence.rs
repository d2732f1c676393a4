//! What shows that it matters which rows LIMIT keeps: they are a page, what somebody searched for, the list of one thing, sums, a
//! view, or one of what the schema says are several. A LIMIT by itself shows nothing: most look a row up, ask whether there is one,
//! or work rows off.

use super::cut::Cut;
use crate::catalog::Knowledge;
use crate::catalog::resolve::Resolved;
use crate::extract::name_words;
use crate::facts::{Action, ColumnRef, ConstraintKind, Expr, ExprKind, Literal, Query, QueryBody};
use crate::rules::Origin;
use crate::rules::support::columns::is_passing;
use crate::rules::support::rows;
use crate::source::floor_boundary;

/// Each by itself says enough.
pub(super) const ALL: &[fn(&Cut) -> bool] = &[is_page, is_search, is_called_by_order, is_list, is_report, is_view, is_any_like, is_one_of_many, is_purge];

/// So many rows are a batch: whoever asks for them works through all that match.
const BATCH: u64 = 1000;

/// What OFFSET passes over is other rows each time, so that pages overlap and leave rows out.
fn is_page(cut: &Cut) -> bool {
    let Some(offset) = cut.query.offset.as_ref() else { return false };
    let any = |name: &str| ["rand", "rnd"].iter().any(|word| name.to_ascii_lowercase().starts_with(word));
    let mut drawn = false;
    offset.count.walk(&mut |e| {
        drawn |= match &e.kind {
            ExprKind::Call(call) => any(&call.name.name.value),
            ExprKind::Column(column) => any(&column.column.value),
            ExprKind::Parameter(name) => any(name.trim_start_matches([':', '@', '$', '{'])),
            ExprKind::Literal(Literal::Number(number)) => number == "0",
            _ => false,
        }
    });
    !drawn
}

/// `name ILIKE $1 LIMIT 10`: of what was found some are shown, and not the best or the first.
fn is_search(cut: &Cut) -> bool {
    cut.takes_several() && !is_batch(cut) && cut.conditions().into_iter().any(|condition| is_searched(cut, condition))
}

fn is_searched(cut: &Cut, condition: &Expr) -> bool {
    let given = |e: &Expr| {
        let mut given = false;
        e.walk(&mut |part| given |= cut.is_asked(part));
        given
    };
    match &condition.kind {
        ExprKind::Like { pattern, negated: false, .. } => given(pattern),
        ExprKind::Binary { op, right, .. } if ["%", "<%", "%>", "@@", "~*"].contains(&op.as_str()) => given(right),
        ExprKind::Or(any) => any.iter().any(|one| is_searched(cut, one)),
        _ => false,
    }
}

/// `findLatestInvoice`: the name says which row is wanted, and the query does not.
fn is_called_by_order(cut: &Cut) -> bool {
    const ORDERS: &[&str] = &["latest", "newest", "oldest", "earliest", "recent"];
    let says = |name: &str| name_words(name).iter().any(|word| ORDERS.contains(&word.as_str()));
    // what it reads may hold no others
    let held = cut.scope.bindings().iter().any(|b| b.relation.table().is_none_or(|table| says(&table.name.value)));
    let compared = |e: &Expr| matches!(&e.kind, ExprKind::Binary { op, right, .. } if op == "=" && right.subquery().is_some());
    cut.is_outermost() && !held && !cut.conditions().into_iter().any(compared) && function(cut).is_some_and(says)
}

/// The function of the program that it stands in, or that sqlc makes of it.
fn function<'c>(cut: &Cut<'c, '_>) -> Option<&'c str> {
    cut.ctx.application.and_then(|fragment| fragment.function).map(|name| name.of(cut.ctx.code)).or_else(|| query_name(cut))
}

/// `-- name: FindStaleAlerts :many`.
fn query_name<'c>(cut: &Cut<'c, '_>) -> Option<&'c str> {
    let before = cut.ctx.text.get(..cut.ctx.statement.span.start as usize)?;
    let mut comments = before.lines().rev().map(str::trim).skip_while(|line| line.is_empty()).take_while(|line| line.starts_with("--"));
    let name = comments.find_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("name:"))?;
    name.split_whitespace().next()
}

/// The columns of what belongs to a given thing, so many of them: a list that somebody reads. In a file of SQL the statement is all
/// there is to know, and a list without any condition is one too.
fn is_list(cut: &Cut) -> bool {
    // a second row is asked for to see whether there is one
    let few = cut.rows == Some(2);
    if !cut.takes_several() || few || is_batch(cut) || !cut.is_outermost() || is_worked_off(cut) {
        return false;
    }
    let conditions = cut.conditions();
    let all_given = conditions.iter().all(|condition| is_of_a_given(cut, condition));
    match cut.ctx.origin {
        Origin::Application => {
            let shows = |select: &crate::facts::Select| select.items.len() > 1;
            !cut.ctx.around.in_function && all_given && !conditions.is_empty() && cut.select.is_some_and(shows)
        }
        _ => !cut.ctx.around.in_function && !cut.ctx.around.in_do && (all_given || cut.is_of_one() && !conditions.iter().any(|c| is_state(c))),
    }
}

/// `customer_id = $1`.
fn is_of_a_given(cut: &Cut, condition: &Expr) -> bool {
    let ExprKind::Binary { op, left, right, .. } = &condition.kind else { return false };
    let column = |e: &Expr| e.column().is_some();
    op == "=" && (column(left) && (cut.is_asked(right) || column(right)) || column(right) && cut.is_asked(left))
}

/// A mark that working a row off takes away: `done_at IS NULL`, `NOT processed`, `status = 'pending'`, `due < now()`.
fn is_state(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::IsNull { negated: false, .. } | ExprKind::Not(_) | ExprKind::IsTruth { .. } | ExprKind::Column(_) | ExprKind::Exists { .. } => true,
        ExprKind::InSubquery { negated, .. } => *negated,
        ExprKind::Binary { op, right, .. } => match op.as_str() {
            "=" => matches!(right.uncast().kind, ExprKind::Literal(Literal::Boolean(_) | Literal::String(_))),
            "<" | "<=" => true,
            _ => false,
        },
        _ => false,
    }
}

/// A size that is called so, or as large as no list is.
pub(super) fn is_batch(cut: &Cut) -> bool {
    let is_size = |name: &str| ["batch", "chunk"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    let called = || match cut.limit.count.as_ref().map(|count| &count.uncast().kind) {
        Some(ExprKind::Column(column)) => is_size(&column.column.value),
        Some(ExprKind::Parameter(name)) => is_size(name) || is_size(values_of(cut)),
        _ => false,
    };
    cut.rows.is_some_and(|n| n >= BATCH) || called()
}

/// What the program writes right behind the statement: the values of its parameters.
fn values_of<'c>(cut: &Cut<'c, '_>) -> &'c str {
    const NEAR: usize = 120;
    let Some(end) = cut.ctx.application.filter(|_| cut.is_outermost()).map(|fragment| fragment.span.end as usize) else { return "" };
    let after = cut.ctx.code.get(end..floor_boundary(cut.ctx.code, end.saturating_add(NEAR).min(cut.ctx.code.len()))).unwrap_or("");
    after.split(';').next().unwrap_or("")
}

/// The name of the function or the table says that rows are worked off, or COPY takes them away: those not taken now are taken
/// another time.
fn is_worked_off(cut: &Cut) -> bool {
    const WORDS: &[&str] = &[
        "purge", "prune", "clean", "cleanup", "cleanable", "sweep", "expire", "expired", "backfill", "unprocessed", "batch", "reap", "stale", "vacuum", "gc",
        "garbage", "evict", "process", "migrate", "reindex", "orphaned", "orphans", "upsert", "sync", "refresh", "pending", "queue", "queued", "claim", "poll",
        "dequeue", "outbox", "jobs", "tasks", "job", "task", "unused", "free", "available", "sample", "random", "any", "delete", "remove",
    ];
    let says = |name: &str| name_words(name).iter().any(|word| WORDS.contains(&word.as_str()));
    let copied = cut.ctx.actions().iter().any(|action| matches!(action, Action::Copy(copy) if copy.query.is_some()));
    copied && cut.rows.is_none() || function(cut).is_some_and(says) || cut.table().is_some_and(|table| says(&table.name.value) || is_passing(&table.name.value))
}

/// Sums by group, some of the groups.
fn is_report(cut: &Cut) -> bool {
    let sums = |select: &crate::facts::Select| {
        !select.group_by.is_empty() && select.having.is_none() && select.items.iter().any(|item| rows::holds_aggregate(&item.expr))
    };
    cut.takes_several() && !is_batch(cut) && !is_worked_off(cut) && cut.select.is_some_and(sums)
}

/// Whoever reads the view gets some rows today, and others tomorrow.
fn is_view(cut: &Cut) -> bool {
    let stored = cut.ctx.actions().iter().any(|action| matches!(action, Action::CreateView(_)));
    stored && cut.takes_several() && cut.is_outermost()
}

/// `WHERE name LIKE 'A%' LIMIT 1`: several may be like that, and any of them is taken.
fn is_any_like(cut: &Cut) -> bool {
    let conditions = cut.conditions();
    let like = |c: &&Expr| matches!(&c.kind, ExprKind::Like { negated: false, .. });
    let equals = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { op, .. } if op == "=");
    cut.is_one() && !cut.asks_presence() && conditions.iter().any(like) && !conditions.iter().any(equals)
}

/// The schema says that several rows may belong to what is given: nothing but a foreign key, or the column of an index that is not
/// unique, holds them together. In a file of SQL, or for each row of a query around it.
fn is_one_of_many(cut: &Cut) -> bool {
    let (Some(first), Some(_)) = (cut.first(), cut.select) else { return false };
    let conditions = cut.conditions();
    let told = match cut.scope.outer() {
        None => cut.ctx.origin != Origin::Application && !cut.ctx.around.in_function && !cut.ctx.around.in_do,
        Some(_) => conditions.iter().any(|c| {
            let outer = |e: &Expr| e.column().is_some_and(|column| cut.scope.is_outer(column));
            matches!(&c.kind, ExprKind::Binary { left, right, .. } if outer(left) || outer(right))
        }),
    };
    let of_many = |condition: &&Expr| match &condition.kind {
        ExprKind::Binary { op, left, right, .. } if op == "=" => {
            let own = |e: &Expr| e.column().is_some_and(|column| cut.scope.is_of(column, first));
            let (column, value) = if own(left) { (left, right) } else { (right, left) };
            own(column) && cut.is_given(value) && cut.scope.resolve_expr(column).is_some_and(|column| is_shared(cut, &column))
        }
        _ => false,
    };
    cut.is_one() && cut.is_of_one() && told && !cut.asks_presence() && !rows::runs_once(cut.ctx) && !conditions.is_empty() && conditions.iter().all(of_many)
}

/// Whether rows share a value of the column, as far as the schema says.
fn is_shared(cut: &Cut, column: &Resolved) -> bool {
    let Some(table) = column.table.filter(|table| table.knowledge == Knowledge::Whole) else { return false };
    let named = |of: &ColumnRef| of.column.value == column.column;
    let refers = table.constraints.iter().any(|c| match &c.constraint.kind {
        ConstraintKind::ForeignKey { columns, .. } => matches!(&columns[..], [only] if only.value == column.column),
        _ => false,
    });
    let indexed = || {
        cut.scope.catalog().indexes_of(&column.name).any(|(_, index)| {
            !index.unique && matches!(&index.keys[..], [only] if only.expr.column().is_some_and(named))
        })
    };
    let key = cut.scope.catalog().keys_of(&column.name).iter().any(|key| key.contains(&column.column));
    (refers || indexed()) && !key
}

/// Whether it picks what a DELETE or UPDATE takes next: the rest goes another time. A program that does so does it again and again.
pub(super) fn is_purge(cut: &Cut) -> bool {
    let writes = |query: &Query| matches!(query.body, QueryBody::Delete(_) | QueryBody::Update(_));
    let mut around = std::iter::successors(cut.scope.outer(), |scope| scope.outer()).take(3);
    cut.ctx.origin != Origin::Application && cut.takes_several() && !is_batch(cut) && around.any(|scope| writes(scope.query()))
}
