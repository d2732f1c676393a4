//! A renamed column breaks the application that still runs.
use super::support::locks::live_alterations;
use super::support::mentions::{Gone, add_with_uses};
use super::{Check, Context, Kind};
use crate::facts::{RelationKind, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::RenameColumn { from, to } = &alter.change else { continue };
        if alter.kind == RelationKind::Index {
            continue;
        }
        let table = &alter.name;
        let message = format!(
            "renaming {table}.{from} to {to} breaks every running process that still says {from}; during a deploy no name suits both versions"
        );
        let ty = ctx.column(table, &from.value).and_then(|column| column.ty.as_ref()).map_or_else(|| "…".to_owned(), ToString::to_string);
        let help = format!(
            "ALTER TABLE {table} ADD COLUMN {to} {ty};\n-- write both columns, fill {to} in batches, move the readers, then drop {from};\n-- or leave the name and rename it in the application"
        );
        let resolved = ctx.catalog.resolve(table);
        let gone = Gone::Column(&resolved, &from.value);
        add_with_uses(ctx, ctx.report(alter.span, message).help(help), &format!("{table}.{from}"), &gone);
    }
}
