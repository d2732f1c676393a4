//! Scans whose filters throw away nearly all that they read.

use super::Check;
use super::log_context::LogContext;
use crate::advise::ddl::Definition;
use crate::catalog::{Catalog, Qualified};
use crate::facts::quote_identifier;

pub(super) const CHECK: Check = Check::Log(check);

/// So many rows must be thrown away, and so many for each one kept.
const LEAST: u64 = 10_000;
const RATIO: u64 = 20;

fn check(context: &LogContext) {
    for query in &context.tally.queries {
        let Some(discard) = query.plan.as_ref().and_then(|plan| plan.discard.as_ref()) else { continue };
        if discard.removed < LEAST || discard.removed / discard.kept.max(1) < RATIO {
            continue;
        }
        let message = format!(
            "{} reads all of {} and throws {} of {} rows away with the filter {}",
            context.name(query),
            discard.table,
            discard.removed,
            discard.removed + discard.kept,
            discard.filter
        );
        let column = column_of(&discard.filter);
        let help = match column {
            Some(column) => index_on(&discard.table, column),
            None => format!("an index on what {} tests makes the work follow the result", discard.filter),
        };
        context.add(context.about(query, message).help(help));
    }
}

/// The statement that builds an index on one column; the log does not say what else there is.
fn index_on(table: &str, column: &str) -> String {
    let wanted = Definition { keys: vec![quote_identifier(column)], labels: vec![column.to_owned()], ..Definition::default() };
    let (schema, name) = table.split_once('.').unwrap_or(("public", table));
    let table = Qualified { schema: schema.trim_matches('"').into(), name: name.trim_matches('"').into() };
    format!("{};", wanted.text(&table, &Catalog::default()))
}

/// The column of a filter that tests one: `(status = 'open'::text)`.
fn column_of(filter: &str) -> Option<&str> {
    let inside = filter.strip_prefix('(')?;
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let single = !filter.contains(" AND ") && !filter.contains(" OR ");
    let operator = [" = ", " < ", " > ", " <= ", " >= "].iter().any(|operator| inside[end..].starts_with(operator));
    (end > 0 && single && operator).then(|| &inside[..end])
}
