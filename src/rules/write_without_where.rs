//! UPDATE or DELETE of every row, in application code.
use super::support::columns::is_passing;
use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::extract::Role;
use crate::facts::{ObjectName, Query, QueryBody, Statement};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // who runs a script by hand knows what it empties
    if ctx.origin != Origin::Application || ctx.around.in_document || ctx.around.by_hand {
        return;
    }
    // what follows in a hole may be the condition
    let open = ctx.application.is_some_and(|f| f.open || f.holes.iter().any(|h| matches!(h.role, Role::Fragment)));
    // a function whose name says that it is about all there is, or statements in a row that empty one table after the other
    let emptied = |statement: &Statement| statement.query.as_ref().is_some_and(|query| matches!(&query.body, QueryBody::Delete(delete) if delete.filter.is_none()));
    let wipes = ctx.application.is_some_and(|f| f.of_all) || ctx.preceding.iter().chain(ctx.following).any(emptied);
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
        let any_table = table.name.value.contains('{') || table.name.value == "_";
        // no key tells its rows apart: a table of one row, which keeps a state
        let keyless = ctx.table(table).is_some_and(|(name, t)| {
            t.knowledge == Knowledge::Whole && t.partition_by.is_none() && ctx.catalog.keys_of(name).is_empty() && ctx.catalog.indexes_of(name).next().is_none()
        });
        // a table without a number for each row is judged by its name
        let numbered = ctx.table(table).is_some_and(|(name, _)| ctx.catalog.keys_of(name).iter().any(|key| matches!(&key[..], [only] if only.ends_with("id"))));
        let state = !numbered && rows::keeps_a_state(&table.name.value);
        // `reset_next_check`: all are given one and the same constant
        let reset = matches!(&query.body, QueryBody::Update(update) if ctx.application.is_some_and(|f| f.of_all) && update.assignments.iter().all(|(_, value)| !spelling::has_parameter(value)));
        // to give all rows one value of a key is refused, unless there is but one
        let single = matches!(&query.body, QueryBody::Update(update) if ctx.table(table).is_some_and(|(name, _)| {
            let given: Vec<&str> = update.assignments.iter().filter(|(_, value)| is_value(value)).map(|(column, _)| column.value.as_str()).collect();
            ctx.catalog.keys_of(name).iter().any(|key| key.iter().all(|column| given.contains(&column.as_str())))
        }));
        // what is written anew in the same breath, and what is named after not being kept
        let refilled = verb == "deletes" && (is_asked_by_name(ctx, table) || is_refilled(ctx, table) || is_passing(&table.name.value));
        // who writes all rows of a table in several places knows that there is one
        let state = state || (verb == "changes" && !numbered && ctx.mentions.unbounded_updates(table) > 1);
        let one_row = ctx.table(table).is_some_and(|(name, _)| rows::is_singleton(ctx, name));
        if temporary || refilled || one_row || any_table || reset || single || ((keyless || state) && verb == "changes") || (wipes && verb == "deletes") || query.ctes.iter().any(|cte| cte.name == table.name) {
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

/// Whether the same statement, or one after it, fills the table again.
fn is_refilled(ctx: &Context, table: &ObjectName) -> bool {
    let fills = |statement: &Statement| {
        let own = statement.query.as_ref().map(|query| &query.body);
        matches!(own, Some(QueryBody::Insert(insert)) if insert.table.table().is_some_and(|into| into.name == table.name))
    };
    std::iter::once(ctx.statement).chain(ctx.following).any(fills)
}

/// `delete_similarity_stats()` of `similarity_stats`: the function is there for nothing else.
fn is_asked_by_name(ctx: &Context, table: &ObjectName) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let function = ctx.application.and_then(|fragment| fragment.function).map(|name| plain(ctx.source(name)));
    let (function, table) = (function.unwrap_or_default(), plain(&table.name.value));
    let verbs = ["delete", "remove", "clear", "clean"];
    verbs.iter().any(|verb| function.strip_prefix(verb).is_some_and(|rest| rest == table || rest == format!("all{table}")))
}
