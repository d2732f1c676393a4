//! UPDATE or DELETE of every row, in application code that speaks of one.

use super::support::columns::is_passing;
use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::extract::{Fragment, Hole, Role, name_words};
use crate::facts::{ConstraintKind, ExprKind, Identifier, ObjectName, Query, QueryBody, Update};
use crate::source::{Span, floor_boundary};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // who runs a script by hand knows what it empties, and a migration has a rule of its own
    if ctx.origin != Origin::Application || ctx.around.in_document || ctx.around.by_hand || ctx.around.among_migrations {
        return;
    }
    let Some(fragment) = ctx.application.filter(|fragment| !may_go_on(ctx, fragment)) else { return };
    query.walk(&mut |query| {
        let (table, verb, at, one) = match &query.body {
            QueryBody::Update(update) if update.filter.is_none() && update.from.is_empty() => {
                let Some(table) = update.table.table() else { return };
                (table, "changes", update.table.span, gives_what_one_has(ctx, table, update) || is_about_one(ctx, fragment, table) && sets_constants(update))
            }
            QueryBody::Delete(delete) if delete.filter.is_none() && delete.using.is_empty() => {
                let Some(table) = delete.table.table() else { return };
                (table, "deletes", delete.table.span, is_about_one(ctx, fragment, table))
            }
            _ => return,
        };
        if !one || is_meant(ctx, query, table) {
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

/// Whether what follows, or a hole, may be the condition.
fn may_go_on(ctx: &Context, fragment: &Fragment) -> bool {
    let condition = |hole: &Hole| {
        let code = hole.code.of(ctx.code).to_ascii_lowercase();
        hole.role == Role::Fragment || ["where", "clause", "cond", "filter"].iter().any(|word| code.contains(word))
    };
    fragment.open || fragment.holes.iter().any(condition)
}

/// Whether an UPDATE gives every row what tells one from the other: a reference to another row, or what is unique.
fn gives_what_one_has(ctx: &Context, table: &ObjectName, update: &Update) -> bool {
    const OWN: &[&str] = &["password", "email", "username", "slug", "uuid"];
    let known = ctx.table(table);
    let refers = |column: &str| {
        let of = |columns: &[crate::facts::Name]| columns.iter().any(|own| own.value == column);
        known.is_some_and(|(_, t)| t.constraints.iter().any(|c| matches!(&c.constraint.kind, ConstraintKind::ForeignKey { columns, .. } if of(columns))))
    };
    let last = |column: &str| name_words(column).pop().unwrap_or_default();
    let given = update.assignments.iter().filter(|(_, value)| matches!(value.uncast().kind, ExprKind::Parameter(_)));
    let mut given = given.map(|(column, _)| column.value.as_str());
    let several = update.assignments.len() > 1 && known.is_some_and(|(name, _)| !ctx.catalog.keys_of(name).is_empty());
    given.any(|column| OWN.contains(&last(column).as_str()) || several && (last(column) == "id" || refers(column)))
}

/// The same for all, and nothing of what the function is given.
fn sets_constants(update: &Update) -> bool {
    update.assignments.iter().all(|(_, value)| is_value(value) && !spelling::has_parameter(value))
}

/// Whether the function is given the key of something, which the statement then leaves out; where it goes on to the same table, that
/// was the first step.
fn is_about_one(ctx: &Context, fragment: &Fragment, table: &ObjectName) -> bool {
    const NEAR: usize = 800;
    const KEYS: &[&str] = &["id", "uuid", "guid", "key", "slug", "email"];
    let Some(name) = fragment.function.filter(|_| !fragment.of_all) else { return false };
    let rest = ctx.code.get(name.end as usize..).unwrap_or("");
    let head = rest.get(..floor_boundary(rest, NEAR.min(rest.len()))).unwrap_or("");
    let parameters = head.split_once('(').filter(|(before, _)| before.len() < 40).and_then(|(_, rest)| rest.split([')', '{']).next()).unwrap_or("");
    let is_key = |word: &str| word.ends_with("ID") || name_words(word).last().is_some_and(|last| KEYS.contains(&last.as_str()));
    let given = parameters.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_key);
    let end = fragment.span.end as usize;
    let after = ctx.code.get(end..floor_boundary(ctx.code, end.saturating_add(NEAR).min(ctx.code.len()))).unwrap_or("");
    let own = after.find("\n}").map_or(after, |close| &after[..close]);
    given && fragment.holes.is_empty() && !own.to_ascii_lowercase().contains(table.name.value.to_ascii_lowercase().as_str())
}

/// Whether all rows of the table are one, or none that stays.
fn is_meant(ctx: &Context, query: &Query, table: &ObjectName) -> bool {
    const STATES: &[&str] = &["settings", "setting", "config", "configuration", "defaults", "options", "preferences", "state", "status", "info", "site", "meta", "globals"];
    let state = rows::keeps_a_state(&table.name.value) || name_words(&table.name.value).iter().any(|word| STATES.contains(&word.as_str()));
    // whoever puts the table's name together writes a tool that empties tables
    let any_table = table.name.value.contains('{') || table.name.value == "_";
    let cte = query.ctes.iter().any(|cte| cte.name == table.name);
    let known = ctx.table(table);
    let temporary = known.is_some_and(|(_, t)| t.temporary);
    // no key tells its rows apart: a table of one row, which keeps a state
    let keyless = known.is_some_and(|(name, t)| {
        t.knowledge == Knowledge::Whole && t.partition_by.is_none() && ctx.catalog.keys_of(name).is_empty() && ctx.catalog.indexes_of(name).next().is_none()
    });
    // to give all rows one value of a key is refused, unless there is but one
    let single = matches!(&query.body, QueryBody::Update(update) if known.is_some_and(|(name, _)| {
        let given: Vec<&str> = update.assignments.iter().filter(|(_, value)| is_value(value)).map(|(column, _)| column.value.as_str()).collect();
        let all = |key: &Vec<Identifier>| key.iter().all(|column| given.contains(&column.as_str()));
        ctx.catalog.keys_of(name).iter().any(all)
    }));
    let one_row = known.is_some_and(|(name, _)| rows::is_singleton(ctx, name));
    // emptied and filled in one statement
    let filled = ctx.source(ctx.statement.span).to_ascii_lowercase().contains(&format!("into {}", table.name.value.to_ascii_lowercase()));
    state || filled || any_table || cte || temporary || keyless || single || one_row || is_passing(&table.name.value)
}
