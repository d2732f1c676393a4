//! Commands whose whole purpose is to write the table anew.
use super::support::locks::{does, runs_live};
use super::{Check, Context, Kind};
use crate::facts::{Action, AlterTable, RelationKind, TableChange};
use crate::postgres::effect::Work;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable, Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        match action {
            Action::Vacuum { tables, full: true, full_span, .. } => {
                let span = full_span.unwrap_or(ctx.statement.span);
                if tables.is_empty() {
                    rewrite(ctx, span, "VACUUM FULL", "every table of the database, one after the other,");
                }
                for table in tables.iter().filter(|table| !ctx.is_new(table)) {
                    rewrite(ctx, span, "VACUUM FULL", &table.to_string());
                }
            }
            Action::Cluster { table, .. } if !table.as_ref().is_some_and(|table| ctx.is_new(table)) => {
                let table = table.as_ref().map_or_else(|| "every table clustered before".to_owned(), ToString::to_string);
                rewrite(ctx, ctx.statement.span, "CLUSTER", &table);
            }
            Action::AlterTable(alter) if !ctx.is_new(&alter.name) && does(ctx, action, Work::Rewrite) => {
                if let Some(words) = rewriting_words(alter) {
                    rewrite(ctx, alter.span, words, &alter.name.to_string());
                }
            }
            _ => {}
        }
    }
}

/// The changes that rewrite by their nature; types and new columns have rules of their own.
fn rewriting_words(alter: &AlterTable) -> Option<&'static str> {
    if alter.kind == RelationKind::Index || alter.kind == RelationKind::Sequence {
        return None;
    }
    match alter.change {
        TableChange::SetLogged(true) => Some("SET LOGGED"),
        TableChange::SetLogged(false) => Some("SET UNLOGGED"),
        TableChange::SetTablespace { .. } => Some("SET TABLESPACE"),
        TableChange::SetAccessMethod { .. } => Some("SET ACCESS METHOD"),
        TableChange::SetExpression { .. } => Some("SET EXPRESSION"),
        _ => None,
    }
}

fn rewrite(ctx: &Context, span: Span, words: &str, table: &str) {
    let verb = if words == "SET TABLESPACE" { "copies" } else { "rewrites" };
    let message = format!("{words} {verb} {table} under ACCESS EXCLUSIVE: all reads and writes wait until the last row is written");
    let help = match words {
        "VACUUM FULL" => "VACUUM makes the space usable again without blocking anyone; to give it back to the disk use pg_repack or pg_squeeze, or a maintenance window",
        "CLUSTER" => "use pg_repack with --order-by, which copies the table while it is in use, or a maintenance window",
        "SET TABLESPACE" => "use pg_repack with --tablespace, which copies the table while it is in use, or a maintenance window",
        "SET EXPRESSION" => "add a new column, fill it in batches and move the application to it",
        _ => "copy the rows to a new table in batches and swap the names, or do it in a maintenance window",
    };
    ctx.add(ctx.report(span, message).help(help));
}
