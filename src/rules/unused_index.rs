//! An index that no query has read since the server began to count.

use super::{Check, Report};
use crate::advise::audit;
use crate::catalog::Catalog;
use crate::finding::Severity;
use crate::stats::RelationStats;

pub(super) const CHECK: Check = Check::Statistics(check);

fn check(catalog: &Catalog, stats: &RelationStats) -> Vec<Report> {
    let mut reports = vec![];
    for found in audit::unused_indexes(catalog, stats) {
        // one that no migration makes is advice's to tell
        let Some(index) = catalog.indexes.get(&found.index) else { continue };
        let mut why = found.why.into_iter();
        let first = why.next().unwrap_or_default();
        let message = format!("{first}: every write of {} maintains it for nothing", found.table);
        let rest: Vec<String> = why.collect();
        let help = format!("{}:\nDROP INDEX CONCURRENTLY IF EXISTS {};", rest.join("; "), found.index);
        let report = Report::new(index.defined_at, message).help(help);
        let young = stats.days().is_some_and(|days| days < audit::LEAST_DAYS);
        reports.push(if young { report.severity(Severity::Notice) } else { report });
    }
    reports
}
