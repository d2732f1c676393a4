//! What the application still uses, said with a hazard that takes it away.

use crate::catalog::{Catalog, Key, Qualified};
use crate::finding::Severity;
use crate::rules::{Context, Report};
use crate::source::Location;

/// So many places are shown.
const SHOWN: usize = 6;

/// Something that a migration takes away.
pub(crate) enum Gone<'a> {
    /// A table or another relation.
    Table(&'a Qualified),
    /// A column.
    Column(&'a Qualified, &'a str),
}

/// States a hazard with the places that still use what it takes away; where code was read and none does, says so. What a later
/// migration made again under the same name is what they use: then only the hazard is stated.
pub(crate) fn add_with_uses(ctx: &Context, report: Report, what: &str, gone: &Gone) {
    let (table, column) = match gone {
        Gone::Table(table) => (*table, None),
        Gone::Column(table, column) => (*table, Some(*column)),
    };
    let uses = match column {
        Some(column) => ctx.mentions.of_column(ctx.catalog, table, column),
        None => ctx.mentions.of_table(ctx.catalog, table),
    };
    if uses.is_empty() {
        ctx.add(with_uses(ctx, report, what, &uses));
        return;
    }
    let key = [table.schema.as_str(), &table.name, column.unwrap_or("")].join(SEPARATOR);
    let at = report.primary.at;
    ctx.add(report.clone().while_so(at, key.clone(), |catalog, _, key| is_there(catalog, key)));
    ctx.add(with_uses(ctx, report, what, &uses).while_so(at, key, |catalog, _, key| !is_there(catalog, key)));
}

/// Stands between the parts of a key; no name has it.
const SEPARATOR: &str = "\0";

/// Whether the schema has the table, or the column, of a key.
fn is_there(catalog: &Catalog, key: &str) -> bool {
    let mut parts = key.split(SEPARATOR);
    let (Some(schema), Some(name), Some(column)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let name = Key { schema, name };
    match catalog.tables.find(name) {
        Some((_, table)) => column.is_empty() || table.column(column).is_some(),
        None => column.is_empty() && catalog.views.find(name).is_some(),
    }
}

/// Adds the places that still use something; where code was read and none does, says so.
fn with_uses(ctx: &Context, mut report: Report, what: &str, uses: &[Location]) -> Report {
    let read = ctx.mentions.statements();
    if uses.is_empty() {
        if read > 0 {
            let note = format!("no use of {what} was found in {read} statements of application code");
            report.help = Some(report.help.map_or(note.clone(), |help| format!("{help}\n{note}")));
        }
        return report;
    }
    let places = if uses.len() == 1 { "1 place".to_owned() } else { format!("{} places", uses.len()) };
    report.message.push_str(&format!("; {places} in the application still use {what}"));
    for at in uses.iter().take(SHOWN) {
        report = report.related(*at, format!("still uses {what}"));
    }
    report.severity(Severity::Error)
}
