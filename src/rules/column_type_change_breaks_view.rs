//! PostgreSQL refuses to drop a column that a view reads, or to change its type.

use super::support::locks::runs_live;
use super::support::views::reads_column;
use super::{Check, Context, Kind};
use crate::catalog::{Qualified, View};
use crate::facts::{Action, Name, TableChange};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::AlterTable(alter) = action else { continue };
        if !matches!(alter.change, TableChange::DropColumn { .. } | TableChange::SetType { .. }) {
            continue;
        }
        let table = ctx.catalog.resolve(&alter.name);
        let readers = |column: &Name| -> Vec<(&Qualified, &View)> {
            ctx.catalog.views_reading(&table).filter(|(_, view)| reads_column(ctx.catalog, view, &table, &column.value)).collect()
        };
        let name = &alter.name;
        match &alter.change {
            TableChange::DropColumn { column, cascade, .. } => {
                let Some((first, readers)) = first_and_all(readers(column)) else { continue };
                let (message, severity) = match cascade {
                    true => (format!("dropping {name}.{column} with CASCADE drops {readers} too, which reads it: every query of it fails from then on"), Severity::Warning),
                    false => (format!("{name}.{column} cannot be dropped: {readers} reads it, PostgreSQL refuses and the migration fails"), Severity::Error),
                };
                let piece = ctx.source(alter.span);
                report(ctx, alter.span, message, severity, first, &format!("ALTER TABLE {name} {piece};"));
            }
            TableChange::SetType { column, .. } => {
                let Some((first, readers)) = first_and_all(readers(column)) else { continue };
                let message = format!("the type of {name}.{column} cannot be changed: {readers} reads it, PostgreSQL refuses and the migration fails");
                report(ctx, alter.span, message, Severity::Error, first, &format!("ALTER TABLE {name} {};", ctx.source(alter.span)));
            }
            _ => {}
        }
    }
}

fn first_and_all<'a>(readers: Vec<(&'a Qualified, &'a View)>) -> Option<((&'a Qualified, &'a View), String)> {
    let names: Vec<String> = readers.iter().map(|(name, view)| format!("{} {name}", kind(view).to_lowercase())).collect();
    Some((*readers.first()?, names.join(", ")))
}

fn kind(view: &View) -> &'static str {
    if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" }
}

fn report(ctx: &Context, span: crate::source::Span, message: String, severity: Severity, view: (&Qualified, &View), change: &str) {
    let (name, known) = view;
    let kind = kind(known);
    let help = format!(
        "take the view away and make it again in the same transaction:\nBEGIN;\nDROP {kind} {name};\n{}\n-- CREATE {kind} {name} AS … again, without the column or with its new type\nCOMMIT;",
        change.replace(" CASCADE", "").replace(" cascade", "")
    );
    ctx.add(ctx.report(span, message).severity(severity).help(help).related(known.defined_at, format!("{name} is created here")));
}
