//! A filter that no known index serves.

use super::support::access::{self, Unserved};
use super::support::ground;
use super::{Check, Context};
use crate::advise::candidate::{self, Asks, Candidate, Wanted};
use crate::advise::{self, audit};
use crate::catalog::index_match::{Kind, Prepared, tests};
use crate::extract::Role;
use crate::facts::{Expr, ExprKind, Join, JoinCondition, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    for found in ctx.unserved {
        // Expressions are function-on-filtered-column's to tell, JSON and patterns have rules of their own.
        if found.is_plain() && !found.is_bounded() && !awaits_its_predicate(found) && !ground::is_open(ctx, found.table.query) {
            state(ctx, found);
        }
    }
}

/// Whether an index would serve but for its predicate: partial-index-not-implied says that.
fn awaits_its_predicate(found: &Unserved) -> bool {
    let nodes = found.table.nodes();
    let awaits = |index: &Prepared| !index.is_implied(&nodes) && !access::asks_for_others(index, &nodes);
    found.indexes.iter().any(|index| awaits(index) && !index.judge_unconditionally(&nodes, &[]).seeks.is_empty())
}

/// Whether an index of just the wanted column is there: it does not serve since the two sides are of different types, as where citext
/// meets text, and another like it would serve no better.
fn is_held_already(found: &Unserved) -> bool {
    let [key] = &found.wanted.equal[..] else { return false };
    let holds = |index: &Prepared| {
        let class = index.index.keys.first().is_some_and(|key| key.opclass.is_none());
        matches!(index.index.method.as_str(), "btree" | "hash") && class && index.predicate.is_none() && index.keys.first().is_some_and(|k| k.node == key.node)
    };
    found.wanted.tail.is_empty() && found.indexes.iter().any(holds)
}

/// What is wanted, for each arm of an OR.
fn all<'f>(found: &'f Unserved) -> impl Iterator<Item = &'f Candidate> {
    std::iter::once(&found.wanted).chain(&found.beside)
}

/// Whether a column is called as what tells a few kinds of rows apart: `ticket_type`, `saktype`.
fn is_a_kind(key: &Wanted) -> bool {
    let Kind::Column(name) = &key.node.unlabelled().kind else { return false };
    let name = name.to_ascii_lowercase();
    ["type", "kind", "gender"].iter().any(|kind| name.ends_with(kind))
}

/// Whether a range cuts the rows down: what stands in the index after the keys may be the order alone, which an index of its own gives.
fn holds_range(found: &Unserved) -> bool {
    let key = |wanted: &Wanted| found.wanted.tail.iter().any(|key| key.node == wanted.node);
    found.table.clauses.iter().any(|clause| matches!(candidate::asks(&clause.node), Asks::Range(wanted) if key(&wanted))) || !found.beside.is_empty()
}

/// Whether all rows are returned from a given bound on: as many as there are, for which no index need be better than the table. Up to
/// now, or back from it, they are those of late; a LIMIT takes a few, and what is written back or deleted is not found the next time.
fn is_open_ended(found: &Unserved) -> bool {
    let query = found.table.query;
    if query.select().is_none() || query.limit.is_some() {
        return false;
    }
    let (mut from, mut to) = (false, false);
    for test in found.table.clauses.iter().filter_map(|clause| clause.expr).flat_map(tests) {
        let of_late = test.value.is_some_and(is_of_late);
        from |= matches!(test.op.as_str(), ">" | ">=") || of_late;
        to |= matches!(test.op.as_str(), "<" | "<=") || of_late;
    }
    from != to
}

/// `now() - interval '1 day'`.
fn is_of_late(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut |e| {
        found |= match &e.kind {
            ExprKind::Call(call) => matches!(call.name.name.value.as_str(), "now" | "clock_timestamp" | "statement_timestamp" | "current_date" | "current_timestamp" | "localtimestamp"),
            ExprKind::Column(column) => matches!(column.column.value.as_str(), "current_date" | "current_timestamp" | "localtimestamp"),
            _ => false,
        };
    });
    found
}

/// Whether a condition of a join compares with text that the program puts in: most often another table's column.
fn is_put_into_join(ctx: &Context, found: &Unserved, expr: &Expr) -> bool {
    let in_join = found.table.query.select().is_some_and(|select| {
        let on = |join: &&Join| matches!(&join.condition, JoinCondition::On(on) if on.span.contains(expr.span));
        select.joins().iter().any(on)
    });
    in_join && ctx.application.is_some_and(|code| code.holes.iter().any(|hole| hole.role != Role::Parameter && expr.span.contains(hole.span)))
}

fn state(ctx: &Context, found: &Unserved) {
    let (Some(clause), Some(definition)) = (found.clause(), found.wanted.definition()) else { return };
    let Some(expr) = clause.expr else { return };
    // A range on a table that is joined by a column of its own: by that the rows are found, once it has an index.
    let joined = |key: &Wanted| found.table.clauses.iter().any(|clause| clause.join && matches!(candidate::asks(&clause.node), Asks::Equal(wanted, _) if wanted.node == key.node));
    if found.wanted.equal.is_empty() && found.table.has_driver {
        return;
    }
    if found.wanted.equal.iter().all(joined) && !clause.join && found.table.clauses.iter().any(|clause| clause.join) {
        return;
    }
    let table = &found.table.name;
    // of so few different values each has many rows, and all are read as quickly without an index
    let finds = found.wanted.equal.iter().any(|key| !advise::holds_few(ctx.catalog, table, &key.node) && !is_a_kind(key));
    if !finds && (!holds_range(found) || is_open_ended(found)) {
        return;
    }
    if is_put_into_join(ctx, found, expr) || is_held_already(found) {
        return;
    }
    let columns: Vec<&str> = match &clause.node.kind {
        Kind::Or(_) => {
            let mut columns: Vec<&str> = all(found).flat_map(|wanted| wanted.equal.iter().chain(&wanted.tail)).flat_map(|key| key.node.columns()).collect();
            let mut seen = vec![];
            columns.retain(|column| !seen.contains(column) && { seen.push(*column); true });
            columns
        }
        _ => clause.node.columns(),
    };
    // foreign-key-without-index has the same cure, and more reason
    let foreign = found.table.table.map(|t| audit::unindexed(ctx.catalog, table, t)).unwrap_or_default();
    if foreign.iter().any(|key| columns.iter().all(|c| key.columns.iter().any(|k| k == c))) {
        return;
    }
    let tested = columns.join(if found.beside.is_empty() { " and " } else { " or " });
    let holds = |key: &crate::catalog::index_match::Key| matches!(&key.node.kind, Kind::Column(c) if columns.contains(&c.as_str()));
    let later = found.indexes.iter().find(|index| index.keys.iter().skip(1).any(holds));
    let message = match later.and_then(|index| ctx.catalog.indexes_of(table).find(|(_, i)| std::ptr::eq(*i, index.index))) {
        Some((name, _)) => {
            format!("no index of {table} begins with {tested}: {} holds it in a later key, and is read whole to find these rows", name.name)
        }
        None => format!("no index of {table} serves this filter on {tested}, so every row is read to find a few"),
    };
    let mut built = vec![definition];
    built.extend(found.beside.iter().filter_map(Candidate::definition));
    let built: Vec<String> = built.iter().map(|definition| format!("{};", definition.text(table, ctx.catalog))).collect();
    let each = if built.len() > 1 { "one for each arm of the OR" } else { "one" };
    let help = format!("if the table grows, build {each}:\n{}", built.join("\n"));
    ctx.add(ctx.report(expr.span, message).help(help));
}
