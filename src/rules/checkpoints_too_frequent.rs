//! The server's own warning about checkpoints.

use super::Check;
use super::log_context::LogContext;
use crate::log::tally::Kind;

pub(super) const CHECK: Check = Check::Log(check);

fn check(context: &LogContext) {
    for (_, group) in context.tally.events.of(Kind::CheckpointsFrequent) {
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        let least = group.least.unwrap_or(0);
        let message = format!("checkpoints came too soon {times}, {least} seconds apart at the closest: pages are written to the WAL in full again and again");
        context.add(context.event(group, message).help("raise max_wal_size until checkpoints come by checkpoint_timeout"));
    }
}
