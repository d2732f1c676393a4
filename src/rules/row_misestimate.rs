//! Estimates that were off by a hundred times.

use super::Check;
use super::log_context::LogContext;

pub(super) const CHECK: Check = Check::Log(check);

/// How far off, and of how many rows at least.
const FACTOR: u64 = 100;
const LEAST: u64 = 1000;

fn check(context: &LogContext) {
    for query in &context.tally.queries {
        let Some(wrong) = query.plan.as_ref().and_then(|plan| plan.misestimate.as_ref()) else { continue };
        if wrong.factor() < FACTOR || wrong.planned.max(wrong.actual) < LEAST {
            continue;
        }
        let message = format!("{} found {} rows in `{}` where the planner expected {}: it may choose the wrong join", context.name(query), wrong.actual, wrong.node, wrong.planned);
        context.add(context.about(query, message).help("ANALYZE the table, raise the column's statistics target, or CREATE STATISTICS for columns that depend on each other"));
    }
}
