//! What the application still uses, said with a hazard that takes it away.

use crate::finding::Severity;
use crate::rules::{Context, Report};
use crate::source::Location;

/// So many places are shown.
const SHOWN: usize = 6;

/// Adds the places that still use something; where code was read and none does, says so.
pub(crate) fn with_uses(ctx: &Context, mut report: Report, what: &str, uses: &[Location]) -> Report {
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
