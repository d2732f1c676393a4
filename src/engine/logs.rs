//! Asks the rules of the log family about a log's figures.

use super::findings::ActiveRules;
use crate::log::Tally;
use crate::rules::Check;
use crate::rules::log_context::{LogContext, LogFinding};
use crate::settings::Settings;
use std::cell::RefCell;

/// What the rules say about a log, the costly first.
pub fn log_findings(tally: &Tally, settings: &Settings) -> Vec<LogFinding> {
    let context = LogContext { tally, settings, reports: RefCell::new(vec![]) };
    let mut found = vec![];
    for active in &ActiveRules::new(settings).rules {
        let Check::Log(check) = active.rule.check else { continue };
        check(&context);
        found.extend(context.reports.borrow_mut().drain(..).map(|report| LogFinding {
            rule: active.rule.name,
            severity: active.severity,
            message: report.message,
            help: report.help,
            query: report.query,
            file: report.file,
            line: report.line,
            cost_us: report.cost_us,
        }));
    }
    found.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.cost_us.cmp(&a.cost_us)).then(a.message.cmp(&b.message)));
    found
}
