//! A dropped table breaks the application that still runs, and its rows are gone.
use super::support::locks::runs_live;
use super::support::mentions::{Gone, add_with_uses};
use super::{Check, Context, Kind};
use crate::facts::{Action, Drop, ObjectName};

pub(super) const CHECK: Check = Check::Action(&[Kind::Drop], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::Drop(drop) = action else { continue };
        match drop.kind.as_str() {
            "TABLE" | "FOREIGN TABLE" => {}
            "MATERIALIZED VIEW" => {
                dropped_result(ctx, drop);
                continue;
            }
            "SCHEMA" | "DATABASE" => {
                dropped_whole(ctx, drop);
                continue;
            }
            _ => continue,
        }
        for table in drop.names.iter().filter(|table| !ctx.is_new(table)) {
            let message = format!("dropping {table} deletes its rows for good and breaks every running process that still names it");
            let old = crate::facts::quote_identifier(&format!("{}_unused", table.name.value));
            let help = format!(
                "first deploy code that does not use {table}; a rename shows who still does, and can be undone:\nALTER TABLE {table} RENAME TO {old};"
            );
            let gone = ctx.catalog.resolve(table);
            add_with_uses(ctx, ctx.report(table.span(), message).help(help), &table.to_string(), &Gone::Table(&gone));
        }
    }
}

/// DROP DATABASE, and DROP SCHEMA with CASCADE: all tables in it go.
fn dropped_whole(ctx: &Context, drop: &Drop) {
    for name in drop.names.iter().filter(|name| if drop.kind == "DATABASE" { !is_made_again(ctx, name) } else { drop.cascade }) {
        let inside = ctx.catalog.tables.iter().filter(|(table, _)| drop.kind == "SCHEMA" && table.schema == name.name.value);
        let mut tables: Vec<String> = inside.filter(|(_, known)| known.defined_at.file != ctx.statement.file).map(|(table, _)| table.to_string()).collect();
        tables.sort();
        let what = match (drop.kind.as_str(), tables.is_empty()) {
            ("DATABASE", _) => format!("database {name} with every table in it"),
            // made by these files, and nothing in it that was there before
            (_, true) if ctx.catalog.schemas.iter().any(|known| name.name == known.as_str()) => continue,
            (_, true) => format!("schema {name} with everything in it"),
            _ => format!("schema {name} with {}", tables.join(", ")),
        };
        let message = format!("dropping {what} deletes all rows for good and breaks every running process that still names it");
        ctx.add(ctx.report(name.span(), message).help("first deploy code that does not use it, and drop the tables one by one"));
    }
}

/// Whether what follows creates the database that was dropped: a script that sets one up begins with an empty one.
fn is_made_again(ctx: &Context, name: &ObjectName) -> bool {
    let at = name.span().start as usize;
    let rest = ctx.code.get(at..).unwrap_or_default();
    let called = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '{' | '}' | '.' | '-' | ':' | '"');
    let written = rest.split(|c: char| !called(c)).next().unwrap_or_default().trim_matches('"');
    let makes = |piece: &str| {
        let lower = piece.to_ascii_lowercase();
        let verb = ["create database ", "createdb "].iter().find_map(|verb| Some(lower.find(verb)? + verb.len()));
        let names = |text: &str| text.split(|c: char| !called(c)).any(|word| word.trim_matches('"') == written);
        verb.and_then(|end| piece.get(end..)).is_some_and(names)
    };
    !written.is_empty() && rest.get(written.len()..).unwrap_or_default().split([';', '\n']).any(makes)
}

/// DROP MATERIALIZED VIEW: its readers fail. One that the same file makes again under its name is only replaced.
fn dropped_result(ctx: &Context, drop: &Drop) {
    let again = |name: &ObjectName| {
        let makes = |action: &Action| matches!(action, Action::CreateView(view) if ctx.catalog.resolve(&view.name) == ctx.catalog.resolve(name));
        ctx.following.iter().flat_map(|statement| &statement.actions).any(makes)
    };
    for view in drop.names.iter().filter(|view| !ctx.is_new(view) && !again(view)) {
        let message = format!("dropping materialized view {view} breaks every running process that still reads it");
        let help = format!("first deploy code that does not use {view}; when no old process runs any more:\nDROP MATERIALIZED VIEW {view};");
        let gone = ctx.catalog.resolve(view);
        add_with_uses(ctx, ctx.report(view.span(), message).help(help), &view.to_string(), &Gone::Table(&gone));
    }
}
