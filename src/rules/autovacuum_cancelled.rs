//! Autovacuums that gave way, by table.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (table, group) in context.tally.events.of(Kind::AutovacuumCancelled) {
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        let message = format!("autovacuum of {table} gave way {times}: dead rows stay, and the table grows");
        context.add(context.event(group, message).help(format!("find what locks {table} so often, or vacuum it at a quiet hour")));
    }
}
