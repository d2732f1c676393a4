//! PostgreSQL has no concurrent build or drop for the index of a partitioned table.
use super::support::locks::{index_name, partitioned_index_recipe, runs_live};
use super::{Check, Context, Kind};
use crate::facts::Action;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex, Kind::Drop], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        match action {
            Action::CreateIndex(index) if ctx.is_partitioned(&index.table) => {
                let (name, table) = (index_name(index), &index.table);
                let message =
                    format!("index {name} cannot be created concurrently: {table} is partitioned, PostgreSQL refuses it and the migration fails");
                report(ctx, index.concurrently, message, partitioned_index_recipe(ctx, index));
            }
            Action::Drop(drop) if drop.kind == "INDEX" => {
                let Some((name, index)) = drop.names.first().and_then(|name| ctx.catalog.index(name)) else { continue };
                if ctx.catalog.tables.get(&index.table).is_some_and(|table| table.partition_by.is_some()) {
                    let message = format!(
                        "index {name} cannot be dropped concurrently: {} is partitioned, PostgreSQL refuses it and the migration fails",
                        index.table
                    );
                    report(ctx, drop.concurrently, message, format!("SET lock_timeout = '2s';\nDROP INDEX {name};"));
                }
            }
            _ => {}
        }
    }
}

fn report(ctx: &Context, concurrently: Option<Span>, message: String, help: String) {
    if let Some(span) = concurrently {
        ctx.add(ctx.report(span, message).help(help));
    }
}
