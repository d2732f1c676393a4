//! The rules: one hazard a file, one page each under `lints/`, one line in the table below.
//!
//! A rule sees facts, the catalog and the session through a [`Context`], and says what it found through
//! [`Context::report`]. It must not touch a parser, extraction, reports, files, clocks or the environment.

pub mod context;
pub mod log_context;
pub mod page;
mod support;

pub use context::{Check, Context, Kind, Kinds, Memo, Origin, Report, Retold, Still, Surroundings};
pub use page::Page;
pub use support::access::Unserved;

use crate::facts::{Action, Query, QueryBody, Statement};
use crate::settings::Level;

/// Whether a statement runs once: a write of a migration, or what is there only for what it does, or what DO does. How it scales says nothing about the application.
pub fn runs_once(origin: Origin, around: Surroundings, statement: &Statement) -> bool {
    let writes = |query: &Query| {
        let own = |q: &Query| matches!(q.body, QueryBody::Insert(_) | QueryBody::Update(_) | QueryBody::Delete(_) | QueryBody::Merge(_));
        // `SELECT … INTO table`, and `SELECT setval(…)`, which is there for what it does
        let makes = |q: &Query| q.select().is_some_and(|s| s.into.is_some() || s.from.is_empty() || calls_its_own(s));
        own(query) || makes(query) || query.ctes.iter().any(|cte| own(&cte.query))
    };
    let now = !around.in_function && !around.scheduled;
    let fills = statement.actions.iter().any(|action| matches!(action, Action::CreateTable(_) | Action::CreateTableAs(_)));
    let migrates = matches!(origin, Origin::Migration | Origin::Down) && (fills || statement.query.as_deref().is_some_and(writes));
    now && (migrates || around.in_do)
}

/// `SELECT pg_temp.convert(id) FROM …`: a function of the session, which is gone after it.
fn calls_its_own(select: &crate::facts::Select) -> bool {
    let own = |e: &crate::facts::Expr| match &e.kind {
        crate::facts::ExprKind::Call(call) => call.name.schema.as_ref().is_some_and(|schema| *schema == "pg_temp"),
        _ => false,
    };
    select.items.iter().any(|item| own(&item.expr))
}

/// A rule: its name, its page, its check. Severity and category stand in the page's front matter.
#[derive(Debug)]
pub struct Rule {
    /// Kebab case; the hazard as a noun phrase.
    pub name: &'static str,
    /// The page's text, parsed when it is shown.
    pub page: &'static str,
    /// What runs.
    pub check: Check,
}

impl Rule {
    /// Its level unless settings say otherwise.
    pub fn level(&self) -> Level {
        page::level(self.page)
    }

    /// The family it belongs to.
    pub fn category(&self) -> &'static str {
        page::front_matter(self.page, "category").unwrap_or("")
    }

    /// Whether it speaks of what production sends and keeps, so that tests and code that runs once are none of its business.
    pub fn spares_tests(&self) -> bool {
        matches!(self.category(), "query" | "index" | "correctness" | "schema" | "security")
    }

    /// What other linters call it.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        page::front_matter(self.page, "aliases").unwrap_or("").split(',').map(str::trim).filter(|alias| !alias.is_empty())
    }

    /// Its one-line summary.
    pub fn summary(&self) -> &'static str {
        page::front_matter(self.page, "summary").unwrap_or("")
    }
}

/// The rule of that name, or of the name that another linter has for it (`docs/names.md`). Case, `_` for `-`, camel case and a
/// group before a slash make no difference to those.
pub fn known_as(name: &str) -> Option<&'static Rule> {
    let folded = fold(name);
    find(name).or_else(|| RULES.iter().find(|rule| rule.name == folded || rule.aliases().any(|alias| fold(alias) == folded)))
}

/// `safety/banDropColumn`, `ban_drop_column` and `ban-drop-column` as the last.
pub fn fold(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut folded = String::with_capacity(name.len() + 4);
    let mut small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && small {
            folded.push('-');
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        folded.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    folded
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// Declares each rule's module and its row: the name is the page's stem and, with `_` for `-`, the file's.
macro_rules! rules {
    ($($module:ident => $name:literal,)*) => {
        $(mod $module;)*
        /// Every rule, by name.
        pub static RULES: &[Rule] = &[$(Rule {
            name: $name,
            page: include_str!(concat!("../../lints/", $name, ".md")),
            check: $module::CHECK,
        }),*];
    };
}

// Adding a rule: a page in `lints/`, a file beside this one with its `CHECK`, a line here (sorted).
rules! {
    add_required_column => "add-required-column",
    attach_partition_scan => "attach-partition-scan",
    autovacuum_cancelled => "autovacuum-cancelled",
    cancelled_statement => "cancelled-statement",
    cartesian_join => "cartesian-join",
    char_column => "char-column",
    check_without_not_valid => "check-without-not-valid",
    checkpoints_too_frequent => "checkpoints-too-frequent",
    column_type_change_breaks_view => "column-type-change-breaks-view",
    column_type_rewrite => "column-type-rewrite",
    concurrent_retry_keeps_invalid_index => "concurrent-retry-keeps-invalid-index",
    concurrently_in_transaction => "concurrently-in-transaction",
    concurrently_on_partitioned => "concurrently-on-partitioned",
    correlated_subquery_in_select => "correlated-subquery-in-select",
    count_distinct_over_joins => "count-distinct-over-joins",
    count_for_existence => "count-for-existence",
    create_partition_locks_parent => "create-partition-locks-parent",
    cte_blocks_filter => "cte-blocks-filter",
    deadlock => "deadlock",
    detach_without_concurrently => "detach-without-concurrently",
    distinct_on_order_mismatch => "distinct-on-order-mismatch",
    distinct_on_over_joins => "distinct-on-over-joins",
    distinct_on_without_order => "distinct-on-without-order",
    distinct_over_joins => "distinct-over-joins",
    domain_constraint_scan => "domain-constraint-scan",
    drop_column => "drop-column",
    drop_enum_type => "drop-enum-type",
    drop_index_without_concurrently => "drop-index-without-concurrently",
    drop_locks_referenced_table => "drop-locks-referenced-table",
    drop_not_null => "drop-not-null",
    drop_table => "drop-table",
    duplicate_index => "duplicate-index",
    enum_value_renamed => "enum-value-renamed",
    enum_value_used_in_transaction => "enum-value-used-in-transaction",
    exclusion_constraint_build => "exclusion-constraint-build",
    explicit_table_lock => "explicit-table-lock",
    fan_out_aggregate => "fan-out-aggregate",
    filter_without_index => "filter-without-index",
    foreign_key_locks_parent => "foreign-key-locks-parent",
    foreign_key_without_index => "foreign-key-without-index",
    foreign_key_without_not_valid => "foreign-key-without-not-valid",
    function_on_filtered_column => "function-on-filtered-column",
    gin_without_operator_class => "gin-without-operator-class",
    grant_to_public => "grant-to-public",
    identifier_too_long => "identifier-too-long",
    index_without_concurrently => "index-without-concurrently",
    ineffective_suppression => "ineffective-suppression",
    int_primary_key => "int-primary-key",
    interpolated_sql => "interpolated-sql",
    interval_from_concatenation => "interval-from-concatenation",
    json_column => "json-column",
    jsonb_filter_without_index => "jsonb-filter-without-index",
    jsonb_index_operator_mismatch => "jsonb-index-operator-mismatch",
    large_in_list => "large-in-list",
    leading_wildcard_like => "leading-wildcard-like",
    limit_without_order => "limit-without-order",
    lock_wait => "lock-wait",
    locks_held_across_work => "locks-held-across-work",
    missing_lock_timeout => "missing-lock-timeout",
    missing_primary_key => "missing-primary-key",
    money_column => "money-column",
    non_immutable_index_expression => "non-immutable-index-expression",
    not_in_nullable_subquery => "not-in-nullable-subquery",
    not_null_scan => "not-null-scan",
    not_rerunnable => "not-rerunnable",
    null_comparison => "null-comparison",
    offset_pagination => "offset-pagination",
    order_by_random => "order-by-random",
    pagination_without_tiebreaker => "pagination-without-tiebreaker",
    partial_index_not_implied => "partial-index-not-implied",
    partition_key_not_in_unique => "partition-key-not-in-unique",
    planner_override => "planner-override",
    primary_key_build => "primary-key-build",
    query_in_loop => "query-in-loop",
    queue_without_skip_locked => "queue-without-skip-locked",
    redundant_index => "redundant-index",
    refresh_concurrently_without_unique_index => "refresh-concurrently-without-unique-index",
    refresh_without_concurrently => "refresh-without-concurrently",
    reindex_without_concurrently => "reindex-without-concurrently",
    rename_column => "rename-column",
    rename_table => "rename-table",
    row_by_row_loop => "row-by-row-loop",
    row_misestimate => "row-misestimate",
    security_definer_without_search_path => "security-definer-without-search-path",
    select_star => "select-star",
    seq_scan_discards_rows => "seq-scan-discards-rows",
    serial_column => "serial-column",
    slow_query => "slow-query",
    sort_without_index => "sort-without-index",
    table_rewrite => "table-rewrite",
    temp_file_spill => "temp-file-spill",
    timeout_kills_concurrent_build => "timeout-kills-concurrent-build",
    timestamp_between => "timestamp-between",
    timestamp_without_time_zone => "timestamp-without-time-zone",
    transaction_left_open => "transaction-left-open",
    transaction_nested => "transaction-nested",
    truncate_table => "truncate-table",
    unbatched_backfill => "unbatched-backfill",
    union_without_all => "union-without-all",
    unique_constraint_build => "unique-constraint-build",
    unnamed_constraint => "unnamed-constraint",
    unqualified_table => "unqualified-table",
    unused_index => "unused-index",
    unused_timeout => "unused-timeout",
    validate_in_same_transaction => "validate-in-same-transaction",
    varchar_with_limit => "varchar-with-limit",
    volatile_default_rewrite => "volatile-default-rewrite",
    wide_index => "wide-index",
    write_without_where => "write-without-where",
}
