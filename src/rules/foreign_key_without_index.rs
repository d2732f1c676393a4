//! A foreign key whose columns lead no index.

use super::{Check, Report};
use crate::advise::audit::{self, Unindexed};
use crate::catalog::Catalog;
use crate::source::{Location, Span};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog) -> Vec<Report> {
    let unindexed = |(name, table)| audit::unindexed(catalog, name, table);
    let mut found: Vec<Unindexed> = catalog.tables.unordered().flat_map(unindexed).collect();
    // the same order in every run
    found.sort_by_key(|found| found.table);
    found.iter().map(|found| report(catalog, found)).collect()
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
