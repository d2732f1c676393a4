//! UPDATE or DELETE over a whole table in one statement of a migration.
use super::support::locks::runs_live;
use super::support::writes::{is_bookkeeping, is_broad};
use super::{Check, Context, Origin};
use crate::facts::{Action, Expr, FromItem, ObjectName, Query, QueryBody, Relation, RelationSource};
use crate::finding::Severity;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    // a file of queries is the application's, whose writes are its own business; a loop is how batches are written
    if !runs_live(ctx) || !is_migration(ctx) || ctx.around.in_loop.is_some() {
        return;
    }
    let Some(query) = ctx.statement.query.as_deref() else { return };
    for query in std::iter::once(query).chain(query.ctes.iter().map(|cte| &cte.query)) {
        match &query.body {
            QueryBody::Update(update) => backfill(ctx, query, &update.table, update.filter.as_ref(), &update.from, "updating"),
            QueryBody::Delete(delete) => backfill(ctx, query, &delete.table, delete.filter.as_ref(), &delete.using, "deleting"),
            _ => {}
        }
    }
}

/// A migration, or a script that is one by another name: it changes tables, or limits its waits.
fn is_migration(ctx: &Context) -> bool {
    let tells = |action: &Action| match action {
        Action::AlterTable(_) => true,
        Action::Set(set) => matches!(set.name.as_str(), "lock_timeout" | "statement_timeout"),
        _ => false,
    };
    let mut around = ctx.preceding.iter().chain(ctx.following).flat_map(|statement| &statement.actions);
    match ctx.origin {
        Origin::Migration => true,
        Origin::Script => around.any(tells),
        // an excerpt that writes every row is shown as a way to do it
        Origin::Document => ctx.statement.query.as_deref().is_some_and(writes_every_row) || around.any(tells),
        Origin::Down | Origin::Application => false,
    }
}

fn writes_every_row(query: &Query) -> bool {
    match &query.body {
        QueryBody::Update(update) => update.filter.is_none(),
        QueryBody::Delete(delete) => delete.filter.is_none(),
        _ => false,
    }
}

fn backfill(ctx: &Context, query: &Query, target: &Relation, filter: Option<&Expr>, from: &[FromItem], doing: &str) {
    let Some(table) = target.table() else { return };
    let old_tables_only = from.iter().flat_map(FromItem::relations).all(|relation| reads_all_of_old_tables(ctx, query, relation, 0));
    let joined = !from.is_empty();
    if is_bookkeeping(table) || ctx.is_new(table) || (joined && !old_tables_only) || !filter.is_none_or(|filter| is_broad(ctx, table, filter, joined)) {
        return;
    }
    let name = ctx.catalog.resolve(table);
    let held = ctx.session.locks().iter().find(|lock| lock.relation == name && lock.mode.blocks_writes());
    let all = if filter.is_some() { "all matching rows" } else { "every row" };
    let mut message =
        format!("{doing} {all} of {table} in one statement locks them until it commits: writers of those rows wait, and the table bloats");
    if let Some(lock) = held {
        message.push_str(&format!(", all under the {} that this transaction already holds", lock.mode.sql()));
    }
    let verb = if query.ctes.is_empty() { Span::new(query.span.start, target.span.end) } else { target.span };
    let mut report = ctx.report(filter.map_or(verb, |filter| filter.span), message).help(batches(ctx, query, target, table, filter, joined));
    if let Some(lock) = held {
        report = report.severity(Severity::Error).related(lock.taken_at, format!("{} on {table} is taken here", lock.mode.sql()));
    }
    ctx.add(report);
}

/// Whether a relation is a table from before, or a query that passes on rows of such tables without a bound of its own.
fn reads_all_of_old_tables(ctx: &Context, query: &Query, relation: &Relation, depth: usize) -> bool {
    let whole = |inner: &Query| {
        let from = inner.select().filter(|select| select.filter.is_none() && !select.from.is_empty()).map(|select| &select.from);
        depth < 4
            && inner.limit.is_none()
            && from.is_some_and(|from| from.iter().flat_map(FromItem::relations).all(|relation| reads_all_of_old_tables(ctx, query, relation, depth + 1)))
    };
    match &relation.source {
        RelationSource::Table(name) => match query.ctes.iter().find(|cte| name.schema.is_none() && cte.name == name.name) {
            Some(cte) => whole(&cte.query),
            None => !ctx.is_new(name),
        },
        RelationSource::Subquery(inner) => whole(inner),
        _ => false,
    }
}

fn batches(ctx: &Context, query: &Query, target: &Relation, table: &ObjectName, filter: Option<&Expr>, joined: bool) -> String {
    let key = ctx.table(table).and_then(|(_, t)| t.primary_key().first().copied()).unwrap_or("id");
    // beside other tables the key alone could be theirs
    let of = target.binding().filter(|_| joined).map(|name| format!("{name}.")).unwrap_or_default();
    let range = format!("{of}{} BETWEEN :first AND :last", crate::facts::quote_identifier(key));
    let sql = match filter {
        Some(filter) => {
            let head = ctx.source(Span::new(query.span.start, filter.span.start.max(query.span.start)));
            format!("{}{range}\n  AND ({});", head.trim_end_matches('('), ctx.source(filter.span))
        }
        None => format!("{}\nWHERE {range};", ctx.source(query.span)),
    };
    format!("in batches, each in its own transaction, outside the migration that changes the table:\n{sql}")
}
