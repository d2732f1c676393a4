//! Waits for locks, by what waited and for what.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (_, group) in context.tally.events.of(Kind::LockWait) {
        let on = if group.table.is_empty() { "a lock".to_owned() } else { format!("a lock on {}", group.table) };
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        let waited = if group.total_us > 0 { format!(", {} in all", context.ms(group.total_us)) } else { String::new() };
        let message = format!("{} waited for {on} {times}{waited}; whoever wants the same waits behind it", context.statement(group));
        let report = context.event(group, message).cost(group.total_us);
        context.add(report.help("shorten the transaction that holds the lock, take rows in one order, or set lock_timeout"));
    }
}
