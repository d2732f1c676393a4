//! Settings that forbid the planner a plan.

use super::{Check, Context, Origin};
use crate::facts::{Action, Statement};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Statement(check);

/// Meant for finding out why a plan was not chosen (manual, section 20.7.1), and costs that one query tunes for all. Custom plans
/// for each call (`plan_cache_mode`) are not among them: they are the cure where a generic plan is wrong.
const OVERRIDES: &[&str] = &[
    "force_parallel_mode", "debug_parallel_query", "from_collapse_limit", "join_collapse_limit", "geqo", "random_page_cost", "seq_page_cost",
    "cpu_tuple_cost", "cpu_index_tuple_cost", "cpu_operator_cost",
];

/// The planner's switches of 12 to 18. `enable_partitionwise_*` are off until someone turns them on; CockroachDB has settings of the same
/// prefix that are no planner's.
const SWITCHES: &[&str] = &[
    "enable_async_append",
    "enable_bitmapscan",
    "enable_distinct_reordering",
    "enable_gathermerge",
    "enable_group_by_reordering",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_presorted_aggregate",
    "enable_self_join_elimination",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
];

fn is_override(name: &str) -> bool {
    SWITCHES.contains(&name) || OVERRIDES.contains(&name)
}

fn check(ctx: &Context) {
    for action in ctx.actions() {
        match action {
            Action::Set(set) if is_override(&set.name) => {
                let value = set.values.join(", ");
                if set.name.starts_with("enable_") && matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1" | "") {
                    continue;
                }
                if !set.local && is_taken_back(ctx, &set.name) {
                    continue;
                }
                let scope = if set.local { "the rest of the transaction" } else { "every later statement of the session" };
                let message = format!("{} = {value} bends the plan of {scope}, also when the data no longer look as they did today", set.name);
                let report = ctx.report(set.span, message).help(HELP);
                // whoever keeps it to one transaction knows what it does
                ctx.add(if set.local { report.severity(Severity::Notice) } else { report });
            }
            Action::CreateFunction(function) => {
                for name in function.settings.iter().filter(|name| is_override(name)) {
                    let message = format!("function {} runs with {name} set, which bends the plan of every query inside it for good", function.name);
                    ctx.add(ctx.report(function.name.span(), message).help(HELP));
                }
            }
            _ => {}
        }
    }
}

/// Whether the same file sets it back, so that it holds for a few statements that somebody looks at.
fn is_taken_back(ctx: &Context, name: &str) -> bool {
    let back = |statement: &Statement| {
        let text = ctx.source(statement.span).to_ascii_lowercase();
        text.strip_prefix("reset").is_some_and(|rest| [name, "all"].contains(&rest.trim()))
    };
    ctx.origin == Origin::Script && ctx.following.iter().any(back)
}

const HELP: &str = "find out why the planner misjudges the query (EXPLAIN ANALYZE: rows expected against rows found) and mend that: \
                    ANALYZE, CREATE STATISTICS, an index that fits, or a rewrite";
