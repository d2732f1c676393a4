//! UPDATE or DELETE of every row, in application code.
use super::{Check, Context, Origin};
use crate::extract::Role;
use crate::facts::{ObjectName, Query, QueryBody};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    if ctx.origin != Origin::Application || ctx.around.in_document {
        return;
    }
    // what follows in a hole may be the condition
    let open = ctx.application.is_some_and(|f| f.holes.iter().any(|h| matches!(h.role, Role::Fragment)));
    query.walk(&mut |query| {
        let found: Option<(&ObjectName, &str, Span)> = match &query.body {
            QueryBody::Update(update) if update.filter.is_none() && update.from.is_empty() => {
                update.table.table().map(|table| (table, "changes", update.table.span))
            }
            QueryBody::Delete(delete) if delete.filter.is_none() && delete.using.is_empty() => {
                delete.table.table().map(|table| (table, "deletes", delete.table.span))
            }
            _ => None,
        };
        let Some((table, verb, at)) = found.filter(|_| !open) else { return };
        let temporary = ctx.table(table).is_some_and(|(_, t)| t.temporary);
        // whoever puts the table's name together writes a tool that empties tables
        let any_table = table.name.value.contains('{');
        if temporary || any_table || query.ctes.iter().any(|cte| cte.name == table.name) {
            return;
        }
        let message = format!("this {verb} every row of {table}: a WHERE clause was forgotten, or all writers wait while it runs");
        let help = match verb {
            "deletes" => format!("say which rows: DELETE FROM {table} WHERE …; to empty the table: TRUNCATE {table};"),
            _ => format!("say which rows: UPDATE {table} SET … WHERE …; all rows, in batches by key"),
        };
        ctx.add(ctx.report(Span::new(query.span.start.max(at.start.saturating_sub(40)).min(at.start), at.end).to(at), message).help(help));
    });
}
