//! Queries over the thresholds, with their figures.

use super::Check;
use super::log_context::LogContext;

pub(super) const CHECK: Check = Check::Log(check);

/// A share of all the time that is worth a line, in percent.
const SHARE: u64 = 10;

/// The share below which a query is nobody's load, however slow it is, in percent.
const LEAST: u64 = 1;

/// The least time that such a share must be of, and the p95 that is slow: microseconds.
const SECOND: u64 = 1_000_000;

fn check(context: &LogContext) {
    for query in context.tally.queries.iter().filter(|query| query.load.calls > 0) {
        let total = query.load.total_us;
        let share = total.saturating_mul(100) / context.tally.load.total_us.max(1);
        let p95 = query.histogram.quantile(0.95).min(query.max_us);
        if !(total >= SECOND && share >= SHARE) && (p95 < SECOND || share < LEAST) {
            continue;
        }
        let message = format!(
            "{} takes {share} % of the time of all queries: {} executions, {} on average, one in twenty over {}",
            context.name(query),
            query.load.calls,
            context.ms(total / query.load.calls.max(1)),
            context.ms(p95)
        );
        context.add(context.about(query, message).help("run EXPLAIN (ANALYZE, BUFFERS) with the example's values; an index or a query sent less often takes the load off"));
    }
}
