//! Temporary files by query, with their sum.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (_, group) in context.tally.events.of(Kind::TempFile) {
        let files = if group.count == 1 { "a temporary file".to_owned() } else { format!("{} temporary files", group.count) };
        let message = format!("{} wrote {files} of {} MB: it does not fit work_mem", context.statement(group), group.bytes.div_ceil(1_000_000));
        context.add(context.event(group, message).help("raise work_mem for this query (SET LOCAL work_mem), or give its ORDER BY or GROUP BY an index"));
    }
}
