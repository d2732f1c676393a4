//! Cancelled statements and terminated sessions, by reason and query.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (key, group) in context.tally.events.of(Kind::Cancelled) {
        // Somebody pressed a key, or stopped the server.
        if key.starts_with("user request") || key.starts_with("administrator command") {
            continue;
        }
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        let message = format!("{} was cancelled {times} by {}: its work was lost", context.statement(group), group.table);
        let help = match group.table.as_str() {
            "lock timeout" => "find who holds the lock: a long transaction, or DDL that waits itself",
            "conflict with recovery" => "raise max_standby_streaming_delay, or set hot_standby_feedback = on",
            "statement timeout" => "make the query cheaper, or give it a timeout of its own (SET LOCAL statement_timeout)",
            _ => "commit or roll back before the program turns to something else",
        };
        context.add(context.event(group, message).help(help));
    }
}
