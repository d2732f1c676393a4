//! Two indexes with the same keys.

use super::{Check, Report};
use crate::advise::audit::{self, Superfluous};
use crate::catalog::{Catalog, Qualified};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog, relation: &Qualified) -> Vec<Report> {
    superfluous(catalog, relation, Superfluous::Duplicate)
}

/// What is said of indexes that another does the work of, in this way.
pub(super) fn superfluous(catalog: &Catalog, relation: &Qualified, wanted: Superfluous) -> Vec<Report> {
    let mut reports = vec![];
    let covered = |(name, index)| audit::covering(catalog, name, index).map(|by| (name, index, by)).filter(|(.., by)| by.2 == wanted);
    for (name, index, (other, covering, how)) in catalog.indexes_of(relation).filter_map(covered) {
        let message = match how {
            Superfluous::Duplicate => {
                format!("index {} has the same keys as {} on {}: every write maintains both, and no query gains by it", name.name, other.name, index.table)
            }
            Superfluous::Prefix => {
                format!("{} begins with the keys of index {} on {}: it finds the same rows, and every write maintains both", other.name, name.name, index.table)
            }
        };
        let report = Report::new(index.defined_at, message).help(format!("drop it: DROP INDEX CONCURRENTLY IF EXISTS {name};"));
        reports.push(report.related(covering.defined_at, format!("{} is defined here", other.name)));
    }
    reports
}
