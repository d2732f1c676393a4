//! A foreign key whose columns lead no index.

use super::{Check, Report};
use crate::advise::audit::{self, Unindexed};
use crate::catalog::{Catalog, Qualified};
use crate::source::{Location, Span};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog, name: &Qualified) -> Vec<Report> {
    let Some(table) = catalog.tables.get(name) else { return vec![] };
    audit::unindexed(catalog, name, table).iter().map(|found| report(catalog, found)).collect()
}

fn report(catalog: &Catalog, found: &Unindexed) -> Report {
    let name = found.table;
    let defined = found.constraint.defined_at;
    let own = found.constraint.constraint.span;
    let at = if own == Span::default() { defined } else { Location { file: defined.file, span: own } };
    let columns = found.columns.join(", ");
    let message = format!(
        "no index of {name} begins with {columns}: each DELETE from {}, or UPDATE of its key, reads all of {name} to find the rows that refer to it",
        found.references
    );
    let help = format!("build one:\n{};", audit::plain(&found.columns).text(name, catalog));
    Report::new(at, message).help(help)
}
