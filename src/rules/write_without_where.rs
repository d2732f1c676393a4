//! UPDATE or DELETE of every row, in application code.
use super::support::columns::is_passing;
use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::extract::{Hole, Role, name_words};
use crate::facts::{ObjectName, Query, QueryBody, Statement};
use crate::source::{Span, floor_boundary};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // who runs a script by hand knows what it empties, and a migration has a rule of its own
    if ctx.origin != Origin::Application || ctx.around.in_document || ctx.around.by_hand || ctx.around.among_migrations {
        return;
    }
    // what follows in a hole may be the condition
    let condition = |hole: &Hole| {
        let code = hole.code.of(ctx.code).to_ascii_lowercase();
        ["where", "clause", "cond", "filter"].iter().any(|word| code.contains(word))
    };
    let open = ctx.application.is_some_and(|f| f.open || f.holes.iter().any(|h| matches!(h.role, Role::Fragment) || condition(h)));
    // a function whose name says that it is about all there is, or statements in a row that empty one table after the other
    let emptied = |statement: &Statement| statement.query.as_ref().is_some_and(|query| matches!(&query.body, QueryBody::Delete(delete) if delete.filter.is_none()));
    let in_a_row = || ctx.preceding.iter().chain(ctx.following).any(emptied) || empties_beside(ctx);
    let wipes = ctx.application.is_some_and(|f| f.of_all) || in_a_row() || is_announced(ctx) || is_labelled(ctx);
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
        let kept = state;
        let state = state || (verb == "changes" && !numbered && ctx.mentions.unbounded_updates(table) > 1);
        let one_row = ctx.table(table).is_some_and(|(name, _)| rows::is_singleton(ctx, name));
        if temporary || refilled || one_row || any_table || reset || single || ((keyless || state) && verb == "changes") || (kept && verb == "deletes") || (wipes && verb == "deletes") || query.ctes.iter().any(|cte| cte.name == table.name) {
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

/// So near another statement of the same function stands.
const NEAR: usize = 240;

/// Whether the program's next statement, or the one before, empties another table: that makes a procedure, and no slip.
fn empties_beside(ctx: &Context) -> bool {
    let Some(fragment) = ctx.application else { return false };
    let (start, end) = (fragment.span.start as usize, fragment.span.end as usize);
    let part = |from: usize, to: usize| ctx.code.get(floor_boundary(ctx.code, from)..floor_boundary(ctx.code, to)).unwrap_or("");
    empties(part(start.saturating_sub(NEAR), start)) || empties(part(end, end.saturating_add(NEAR).min(ctx.code.len())))
}

/// `DELETE FROM name` and then the end of a string.
fn empties(code: &str) -> bool {
    const DELETE: &str = "delete from ";
    let lower = code.to_ascii_lowercase();
    lower.match_indices(DELETE).any(|(at, _)| {
        let name = lower.get(at + DELETE.len()..).unwrap_or("").trim_start();
        let rest = name.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.')).trim_start_matches([';', ' ']);
        rest.len() < name.len() && rest.starts_with(['"', '\'', '`'])
    })
}

/// Words that say that something is about all there is.
const OF_ALL: &[&str] = &["all", "every", "everything", "clear", "cleared", "reset", "wipe", "empty", "purge", "flush", "whole", "truncate"];

/// `resetAll: p.P("DELETE FROM …")`, `const CLEAR_JOBS = "DELETE FROM …"`: the statement has a name that says so.
fn is_labelled(ctx: &Context) -> bool {
    const NEAR: usize = 80;
    let Some(start) = ctx.application.map(|fragment| fragment.span.start as usize) else { return false };
    let before = ctx.code.get(floor_boundary(ctx.code, start.saturating_sub(NEAR))..floor_boundary(ctx.code, start)).unwrap_or("");
    let statement = before.rsplit([';', '{', '}', ')', '`', '"', '\'']).find(|piece| piece.contains(['=', ':'])).unwrap_or("");
    let Some((label, _)) = statement.rsplit_once(['=', ':']) else { return false };
    let name = label.split(|c: char| !c.is_alphanumeric() && c != '_').rfind(|word| !word.is_empty()).unwrap_or("");
    name_words(name).iter().any(|word| OF_ALL.contains(&word.as_str()))
}

/// Whether a comment right before it says that it is about all there is.
fn is_announced(ctx: &Context) -> bool {
    let Some(fragment) = ctx.application else { return false };
    let before = ctx.code.get(..floor_boundary(ctx.code, fragment.span.start as usize)).unwrap_or("");
    let comments = before.lines().rev().skip(1).map(str::trim).take_while(|line| ["#", "//", "--", "*", "/*"].iter().any(|mark| line.starts_with(mark)));
    let mut words = comments.take(4).flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
    words.any(|word| OF_ALL.iter().any(|of_all| word.eq_ignore_ascii_case(of_all)))
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
