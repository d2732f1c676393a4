//! A dropped column breaks the application that still runs.
use super::support::locks::live_alterations;
use super::support::mentions::{Gone, add_with_uses};
use super::{Check, Context, Kind};
use crate::facts::{Action, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (_, alter) in live_alterations(ctx) {
        let TableChange::DropColumn { column, .. } = &alter.change else { continue };
        // a column of this very file has no readers yet
        if ctx.column(&alter.name, &column.value).is_some_and(|known| known.defined_at.file == ctx.statement.file) {
            continue;
        }
        let (table, resolved) = (&alter.name, ctx.catalog.resolve(&alter.name));
        let added_here = ctx.session.earlier_in_transaction(|action| match action {
            Action::AlterTable(earlier) => {
                matches!(&earlier.change, TableChange::AddColumn { column: added, .. } if added.name == *column)
                    && ctx.catalog.resolve(&earlier.name) == resolved
            }
            _ => false,
        });
        if added_here.is_some() {
            continue;
        }
        let message = format!(
            "dropping {table}.{column} breaks every running process that still names it, or that cached the columns of {table}"
        );
        let help = format!("first deploy code that neither reads nor writes {column}; when no old process runs any more:\nALTER TABLE {table} DROP COLUMN {column};");
        let gone = Gone::Column(&resolved, &column.value);
        add_with_uses(ctx, ctx.report(alter.span, message).help(help), &format!("{table}.{column}"), &gone);
    }
}
