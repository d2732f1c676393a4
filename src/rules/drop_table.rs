//! A dropped table breaks the application that still runs, and its rows are gone.
use super::support::locks::runs_live;
use super::support::uses::with_uses;
use super::{Check, Context};
use crate::facts::Action;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::Drop(drop) = action else { continue };
        if drop.kind != "TABLE" && drop.kind != "FOREIGN TABLE" {
            continue;
        }
        for table in drop.names.iter().filter(|table| !ctx.is_new(table)) {
            let message = format!("dropping {table} deletes its rows for good and breaks every running process that still names it");
            let old = crate::facts::quote_identifier(&format!("{}_unused", table.name.value));
            let help = format!(
                "first deploy code that does not use {table}; a rename shows who still does, and can be undone:\nALTER TABLE {table} RENAME TO {old};"
            );
            let uses = ctx.uses.of_table(&ctx.catalog.resolve(table));
            ctx.add(with_uses(ctx, ctx.report(table.span(), message).help(help), &table.to_string(), &uses));
        }
    }
}
