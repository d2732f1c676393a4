//! Deadlocks, with both statements.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (_, group) in context.tally.events.of(Kind::Deadlock) {
        let on = if group.table.is_empty() { String::new() } else { format!(" over {}", group.table) };
        let times = if group.count == 1 { String::new() } else { format!(", {} times", group.count) };
        let message = format!("a deadlock{on}{times}: the work of {} was thrown away", context.statement(group));
        // `Process 9: UPDATE …`: who stood against whom.
        let sides = group.detail.lines().filter(|line| line.starts_with("Process ") && !line.contains(" waits for "));
        let sides: String = sides.take(4).map(|line| format!("\n{line}")).collect();
        context.add(context.event(group, message).help(format!("take the rows in the same order on both sides, and retry on SQLSTATE 40P01{sides}")));
    }
}
