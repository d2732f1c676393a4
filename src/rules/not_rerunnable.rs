//! Outside a transaction a migration that fails half way cannot simply be run again.

use super::support::locks::runs_live;
use super::{Check, Context};
use crate::facts::{Action, AlterTable, Drop, ObjectName, Statement, TableChange};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    // in a transaction a failure leaves nothing behind, and neither does a file's only statement
    if !runs_live(ctx) || ctx.in_transaction() || (ctx.preceding.is_empty() && ctx.following.is_empty()) {
        return;
    }
    for action in ctx.actions() {
        if let Some((span, what, way)) = fails_again(ctx, action) {
            let message = format!("{what} fails when the migration is run again after a later statement failed: no transaction takes it back");
            ctx.add(ctx.report(span, message).help(way));
        }
    }
}

/// The piece, what it does, and how to make it succeed twice.
fn fails_again(ctx: &Context, action: &Action) -> Option<(Span, String, String)> {
    let here = |what: String, way: &str| Some((ctx.statement.span, what, way.to_owned()));
    match action {
        Action::CreateTable(create) if !create.if_not_exists && !create.temporary && !dropped_before(ctx, &create.name) => {
            here(format!("creating {}", create.name), "CREATE TABLE IF NOT EXISTS …")
        }
        Action::CreateIndex(index) if !index.if_not_exists => {
            let name = index.name.as_ref()?;
            let full = ObjectName { schema: index.table.schema.clone(), name: name.clone() };
            // IF NOT EXISTS would keep the invalid index that a failed concurrent build leaves behind
            let way = match index.concurrently {
                Some(_) => format!("before it:\nDROP INDEX CONCURRENTLY IF EXISTS {full};"),
                None => "CREATE INDEX IF NOT EXISTS …".to_owned(),
            };
            (!dropped_before(ctx, &full)).then(|| (index.verb_span, format!("creating index {name}"), way))
        }
        Action::CreateView(view) if !view.or_replace && !view.if_not_exists && !dropped_before(ctx, &view.name) => {
            here(format!("creating {}", view.name), if view.materialized { "CREATE MATERIALIZED VIEW IF NOT EXISTS …" } else { "CREATE OR REPLACE VIEW …" })
        }
        Action::CreateFunction(function) if !function.or_replace => here(format!("creating {}", function.name), "CREATE OR REPLACE …"),
        Action::CreateSequence(sequence) if !sequence.if_not_exists => here(format!("creating {}", sequence.name), "CREATE SEQUENCE IF NOT EXISTS …"),
        Action::Drop(drop) if !drop.if_exists => {
            let name = drop.names.first()?;
            Some((drop.verb_span, format!("dropping {name}"), format!("DROP {} IF EXISTS {name};", drop.kind)))
        }
        Action::AlterTable(alter) => altered(ctx, alter),
        _ => None,
    }
}

fn altered(ctx: &Context, alter: &AlterTable) -> Option<(Span, String, String)> {
    let table = &alter.name;
    let (what, way) = match &alter.change {
        TableChange::AddColumn { column, if_not_exists: false, .. } => (format!("adding {table}.{}", column.name), "ADD COLUMN IF NOT EXISTS …".to_owned()),
        TableChange::DropColumn { column, if_exists: false, .. } => (format!("dropping {table}.{column}"), format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {column};")),
        TableChange::DropConstraint { name, if_exists: false, .. } => {
            (format!("dropping constraint {name}"), format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};"))
        }
        TableChange::AddConstraint(constraint) => {
            let name = constraint.name.as_ref()?;
            let drops = |action: &Action| matches!(action, Action::AlterTable(a) if matches!(&a.change, TableChange::DropConstraint { name: dropped, if_exists: true, .. } if dropped == name));
            if before(ctx).any(drops) {
                return None;
            }
            (format!("adding constraint {name}"), format!("before it:\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};"))
        }
        TableChange::RenameColumn { from, .. } => (format!("renaming {table}.{from}"), "give it a migration of its own".to_owned()),
        TableChange::RenameTo { .. } => (format!("renaming {table}"), "give it a migration of its own".to_owned()),
        _ => return None,
    };
    Some((alter.span, what, way))
}

/// The actions that ran before in the same file, and those of this statement.
fn before<'a>(ctx: &Context<'a>) -> impl Iterator<Item = &'a Action> {
    ctx.preceding.iter().flat_map(|statement: &Statement| &statement.actions).chain(ctx.actions())
}

fn dropped_before(ctx: &Context, name: &ObjectName) -> bool {
    before(ctx).any(|action| matches!(action, Action::Drop(Drop { if_exists: true, names, .. }) if names.iter().any(|dropped| dropped == name)))
}
