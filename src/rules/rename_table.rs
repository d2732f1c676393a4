//! A renamed table breaks the application that still runs.
use super::support::locks::{live_alterations, runs_live};
use super::support::mentions::{Gone, add_with_uses};
use super::{Check, Context, Kind};
use crate::facts::{Action, Name, ObjectName, OtherChange, RelationKind, TableChange};
use crate::session::Transaction;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable, Kind::Other], check);

fn check(ctx: &Context) {
    renamed_schemas(ctx);
    for (_, alter) in live_alterations(ctx) {
        let (to, moved) = match &alter.change {
            TableChange::RenameTo { name } => (name, false),
            TableChange::SetSchema { schema } => (schema, true),
            _ => continue,
        };
        // ALTER TABLE may name an index, a view or a sequence, too
        let is_table = ctx.table(&alter.name).is_some() || ctx.catalog.relation(&alter.name).is_none();
        if !matches!(alter.kind, RelationKind::Table | RelationKind::ForeignTable) || !is_table {
            continue;
        }
        let table = &alter.name;
        if leaves_view(ctx, table) {
            continue;
        }
        if moved {
            moved_table(ctx, alter.span, table, to);
            continue;
        }
        let message = format!(
            "renaming {table} to {to} breaks every running process that still says {table}; during a deploy no name suits both versions"
        );
        let help = format!(
            "leave a view under the old name, in the same transaction, until nobody uses it:\nBEGIN;\nALTER TABLE {table} RENAME TO {to};\nCREATE VIEW {table} AS SELECT * FROM {to};\nCOMMIT;"
        );
        let gone = ctx.catalog.resolve(table);
        add_with_uses(ctx, ctx.report(alter.span, message).help(help), &table.to_string(), &Gone::Table(&gone));
    }
}

/// ALTER SCHEMA … RENAME TO renames every table in it.
fn renamed_schemas(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::AlterOther { kind, name: Some(name), change: OtherChange::RenameTo(to), .. } = action else { continue };
        let schema = &name.name;
        let mut made_here = ctx.preceding.iter().flat_map(|statement| &statement.actions);
        if kind != "SCHEMA" || made_here.any(|action| matches!(action, Action::CreateSchema { name, .. } if name == schema)) {
            continue;
        }
        let message = format!(
            "renaming schema {schema} to {to} breaks every running process that names {schema}, or has it in its search_path; during a deploy no name suits both versions"
        );
        let help = format!(
            "move one table at a time, with a view left in its old place until nobody uses it:\nCREATE SCHEMA {to};\nBEGIN;\nALTER TABLE {schema}.… SET SCHEMA {to};\nCREATE VIEW {schema}.… AS SELECT * FROM {to}.…;\nCOMMIT;"
        );
        ctx.add(ctx.report(ctx.statement.span, message).help(help));
    }
}

fn moved_table(ctx: &Context, span: crate::source::Span, table: &ObjectName, schema: &Name) {
    let old = table.schema.as_ref().map_or_else(|| "public".to_owned(), ToString::to_string);
    let name = &table.name;
    let message = format!("moving {table} to schema {schema} breaks every running process that names {old}.{name}, or does not have {schema} in its search_path");
    let help = format!(
        "leave a view in the old place, in the same transaction, until nobody uses it:\nBEGIN;\nALTER TABLE {table} SET SCHEMA {schema};\nCREATE VIEW {old}.{name} AS SELECT * FROM {schema}.{name};\nCOMMIT;"
    );
    let gone = ctx.catalog.resolve(table);
    add_with_uses(ctx, ctx.report(span, message).help(help), &table.to_string(), &Gone::Table(&gone));
}

/// Whether a view takes the old name before anybody can look: later in the transaction that renames.
fn leaves_view(ctx: &Context, table: &ObjectName) -> bool {
    let old = ctx.catalog.resolve(table);
    let in_transaction = ctx.session.transaction() != Transaction::None;
    let actions = ctx.following.iter().flat_map(|statement| &statement.actions);
    let same_transaction = actions.take_while(|action| in_transaction && !matches!(action, Action::Commit { .. } | Action::Rollback { .. }));
    same_transaction.into_iter().any(|action| match action {
        Action::CreateView(view) => !view.materialized && ctx.catalog.resolve(&view.name) == old,
        _ => false,
    })
}
