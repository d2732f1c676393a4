//! What a log's figures look like: [`Report`] is built once, and each writer shows the same.

pub mod html;
pub mod human;
mod load;
pub mod markdown;

use crate::log::tally::{Group, Kind, Load, Query, fill};
use crate::log::{Tally, time};
use crate::sql::fingerprint::labels;
use crate::sql::token::Dialect;
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that the writers show; serialised it is the machine format, version 1.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The form's version.
    pub schema: u32,
    /// Counts of the whole log.
    pub summary: Summary,
    /// By total time, the most first.
    pub queries: Vec<QueryReport>,
    /// Numbers in `queries` in other orders.
    pub top: Top,
    /// Everything that is no execution.
    pub events: BTreeMap<&'static str, EventsReport>,
    /// Load over time.
    pub timeline: Vec<Column>,
    /// Load by hour.
    pub hours: Vec<Column>,
    /// Load by user.
    pub users: Vec<Share>,
    /// Load by database.
    pub databases: Vec<Share>,
    /// Load by application.
    pub applications: Vec<Share>,
    /// Load by host.
    pub hosts: Vec<Share>,
    /// Load by table.
    pub tables: Vec<Share>,
    /// What the log's rules say, ranked by cost.
    pub findings: Vec<FindingReport>,
    /// What could not be read.
    pub errors: Vec<ErrorReport>,
    /// Each file with its format.
    pub files: Vec<FileReport>,
}

/// Counts of the whole log.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Read, after decompression.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
    /// Executions with a duration.
    pub statements: u64,
    /// Different queries.
    pub queries: usize,
    /// Entries whose message is not known.
    pub unrecognized: u64,
    /// Entries in another language than English.
    pub foreign: u64,
    /// Lines that belong to no entry.
    pub stray: u64,
    /// Marks of exports that left something out.
    pub truncated: u64,
    /// First stamp.
    pub first: Option<String>,
    /// Last stamp.
    pub last: Option<String>,
    /// Durations of executions, summed.
    pub total_ms: f64,
    /// Durations of parse and bind.
    pub parse_bind_ms: f64,
    /// Executions whose duration the log does not say.
    pub untimed: u64,
    /// Durations whose statement the log does not say.
    pub unattributed: Share,
    /// Executions of queries that found no room among the kept ones.
    pub overflow: Share,
    /// The figures come from plans, since the log has no durations of statements.
    pub from_plans: bool,
}

/// A share of the load.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Share {
    /// Whose.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Executions.
    pub calls: u64,
    /// Time.
    pub total_ms: f64,
}

/// A column of a chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Where it begins.
    pub start: String,
    /// How wide it is.
    pub minutes: i64,
    /// Executions.
    pub calls: u64,
    /// Time.
    pub total_ms: f64,
}

/// One query.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // The names are the contract's.
pub struct QueryReport {
    pub query: String,
    pub text: String,
    pub calls: u64,
    pub untimed: u64,
    pub total_ms: f64,
    pub share: f64,
    pub mean_ms: f64,
    pub min_ms: f64,
    pub max_ms: f64,
    pub stddev_ms: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub parse_bind_ms: f64,
    pub plans: u64,
    pub rows: Option<f64>,
    pub first: Option<String>,
    pub last: Option<String>,
    pub users: Vec<Share>,
    pub databases: Vec<Share>,
    pub applications: Vec<Share>,
    pub hosts: Vec<Share>,
    pub tables: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub temp_bytes: u64,
    pub offsets: Vec<Offset>,
    pub example: Option<ExampleReport>,
    pub plan: Option<String>,
    pub timeline: Vec<Column>,
    /// `(milliseconds, executions)`.
    pub latency: Vec<(f64, u64)>,
    pub code: Vec<CodePlace>,
    pub findings: Vec<FindingReport>,
}

/// How the time grew with the OFFSET.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Offset {
    pub offset: u64,
    pub calls: u64,
    pub mean_ms: f64,
}

/// The slowest execution.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct ExampleReport {
    pub text: String,
    pub parameters: Vec<Option<String>>,
    /// The text with its parameters filled in.
    pub filled: String,
    pub ms: f64,
    pub file: String,
    pub line: u64,
    /// It was cut.
    pub cut: bool,
}

/// Where code sends a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct CodePlace {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct FindingReport {
    pub rule: String,
    pub category: String,
    pub severity: crate::finding::Severity,
    pub message: String,
    pub help: Option<String>,
    pub query: Option<String>,
    pub file: String,
    pub line: u64,
    /// What it cost, for the order.
    pub total_ms: f64,
    /// The piece that it speaks of.
    pub snippet: String,
}

/// Events of a kind.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct EventsReport {
    pub count: u64,
    pub total_ms: f64,
    pub groups: Vec<GroupReport>,
}

/// Events alike.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct GroupReport {
    pub key: String,
    pub count: u64,
    pub total_ms: f64,
    pub max_ms: f64,
    pub bytes: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub query: Option<String>,
    pub table: String,
    pub example: String,
    pub detail: String,
    pub statement: String,
    pub file: String,
    pub line: u64,
}

/// A file that could not be read.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct ErrorReport {
    pub file: String,
    pub message: String,
}

/// A file and its format.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct FileReport {
    pub file: String,
    pub format: String,
}

/// Numbers of queries in other orders than total time.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs)]
pub struct Top {
    pub by_total: Vec<usize>,
    pub by_mean: Vec<usize>,
    pub by_calls: Vec<usize>,
    pub by_variance: Vec<usize>,
    pub by_p95: Vec<usize>,
}

/// What is known beside the log.
#[derive(Debug, Default)]
pub struct Beside {
    /// By fingerprint: the tables that a query touches.
    pub tables: BTreeMap<u64, Vec<String>>,
    /// By fingerprint: where code sends it.
    pub code: BTreeMap<u64, Vec<CodePlace>>,
    /// By fingerprint: findings about the query.
    pub findings: BTreeMap<u64, Vec<FindingReport>>,
    /// Findings of the log's rules.
    pub log_findings: Vec<FindingReport>,
    /// What could not be read.
    pub errors: Vec<(String, String)>,
    /// Files and their formats.
    pub files: Vec<(String, String)>,
}

/// Microseconds as milliseconds.
fn ms(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// Three decimals: what a log says.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The names of events in the machine format, in the order of the report.
pub const EVENTS: &[(Kind, &str)] = &[
    (Kind::LockWait, "lock_waits"),
    (Kind::Deadlock, "deadlocks"),
    (Kind::TempFile, "temp_files"),
    (Kind::Cancelled, "cancelled"),
    (Kind::Error, "errors"),
    (Kind::Checkpoint, "checkpoints"),
    (Kind::CheckpointsFrequent, "checkpoints_too_frequent"),
    (Kind::Autovacuum, "autovacuums"),
    (Kind::Autoanalyze, "autoanalyzes"),
    (Kind::AutovacuumCancelled, "autovacuums_cancelled"),
    (Kind::Connection, "connections"),
    (Kind::Disconnection, "disconnections"),
    (Kind::Unrecognized, "unrecognized"),
];

impl Report {
    /// From a tally that is settled.
    pub fn new(tally: &Tally, beside: Beside) -> Report {
        let from_plans = tally.load.calls == 0 && tally.untimed == 0 && tally.plans.calls > 0;
        let load = |query: &Query| if from_plans { query.plans } else { query.load };
        let total = if from_plans { tally.plans.total_us } else { tally.load.total_us }.max(1);
        let mut kept: Vec<&Query> = tally.queries.iter().filter(|q| load(q).calls > 0 || q.untimed > 0 || q.prepare.calls > 0).collect();
        kept.sort_by(|a, b| {
            load(b).total_us.cmp(&load(a).total_us).then(load(b).calls.cmp(&load(a).calls)).then(a.fingerprint.cmp(&b.fingerprint))
        });
        let queries: Vec<QueryReport> = kept.iter().map(|query| query_report(tally, query, load(query), total, &beside)).collect();
        let mut tables: BTreeMap<String, Load> = BTreeMap::new();
        for query in &kept {
            for table in beside.tables.get(&query.fingerprint).into_iter().flatten() {
                tables.entry(table.clone()).or_default().merge(load(query));
            }
        }
        let mut findings = beside.log_findings;
        findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.total_ms.total_cmp(&a.total_ms)).then(a.message.cmp(&b.message)));
        Report {
            schema: 1,
            summary: summary(tally, queries.len(), from_plans),
            top: top(&queries),
            queries,
            events: EVENTS.iter().map(|(kind, name)| (*name, events(tally, *kind))).collect(),
            timeline: tally.timeline.columns().map(|(start, load)| column(start, tally.timeline.minutes(), load)).collect(),
            hours: tally.hours.iter().map(|(hour, load)| column(hour.saturating_mul(3_600_000_000), 60, *load)).collect(),
            users: shares(tally, kept.iter().flat_map(|q| &q.who), |who| &who.user),
            databases: shares(tally, kept.iter().flat_map(|q| &q.who), |who| &who.database),
            applications: shares(tally, kept.iter().flat_map(|q| &q.who), |who| &who.application),
            hosts: shares(tally, kept.iter().flat_map(|q| &q.who), |who| &who.host),
            tables: sorted(tables.into_iter()),
            findings,
            errors: beside.errors.into_iter().map(|(file, message)| ErrorReport { file, message }).collect(),
            files: beside.files.into_iter().map(|(file, format)| FileReport { file, format }).collect(),
        }
    }
}

fn summary(tally: &Tally, queries: usize, from_plans: bool) -> Summary {
    let share = |load: Load| Share { name: String::new(), calls: load.calls, total_ms: ms(load.total_us) };
    let load = if from_plans { tally.plans } else { tally.load };
    Summary {
        bytes: tally.bytes,
        entries: tally.entries,
        statements: load.calls,
        queries,
        unrecognized: tally.unrecognized,
        foreign: tally.foreign,
        stray: tally.stray,
        truncated: tally.truncated,
        first: tally.first.map(time::iso),
        last: tally.last.map(time::iso),
        total_ms: ms(load.total_us),
        parse_bind_ms: ms(tally.prepare.total_us),
        untimed: tally.untimed,
        unattributed: share(tally.unattributed),
        overflow: share(tally.overflow),
        from_plans,
    }
}

fn column(start: i64, minutes: i64, load: Load) -> Column {
    Column { start: time::iso(start), minutes, calls: load.calls, total_ms: ms(load.total_us) }
}

fn sorted(loads: impl Iterator<Item = (String, Load)>) -> Vec<Share> {
    let mut shares: Vec<(String, Load)> = loads.collect();
    shares.sort_by(|a, b| b.1.total_us.cmp(&a.1.total_us).then(b.1.calls.cmp(&a.1.calls)).then(a.0.cmp(&b.0)));
    shares.into_iter().map(|(name, load)| Share { name, calls: load.calls, total_ms: ms(load.total_us) }).collect()
}

fn shares<'q>(
    tally: &'q Tally,
    who: impl Iterator<Item = &'q (u32, Load)>,
    name: impl Fn(&crate::log::tally::Who) -> &String,
) -> Vec<Share> {
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    for (number, load) in who {
        let name = tally.who.get(*number as usize).map_or("", |who| name(who));
        loads.entry(if name.is_empty() { "(not logged)".to_owned() } else { name.to_owned() }).or_default().merge(*load);
    }
    sorted(loads.into_iter())
}

fn query_report(tally: &Tally, query: &Query, load: Load, total: u64, beside: &Beside) -> QueryReport {
    let quantile = |share| ms(query.histogram.quantile(share).clamp(query.min_us, query.max_us.max(query.min_us)));
    let example = query.example.as_ref().map(|example| ExampleReport {
        text: example.text.clone(),
        filled: fill(&example.text, &example.parameters),
        parameters: example.parameters.clone(),
        ms: ms(example.micros),
        file: example.file.clone(),
        line: example.line,
        cut: example.cut,
    });
    QueryReport {
        query: format!("{:016x}", query.fingerprint),
        text: if query.text.is_empty() { "(no statement)".to_owned() } else { query.text.clone() },
        calls: load.calls,
        untimed: query.untimed,
        total_ms: ms(load.total_us),
        share: (load.total_us as f64 / total as f64 * 1e6).round() / 1e6,
        mean_ms: round(ms(load.total_us) / load.calls.max(1) as f64),
        min_ms: ms(query.min_us),
        max_ms: ms(query.max_us),
        stddev_ms: round(query.stddev_ms()),
        p50_ms: quantile(0.5),
        p95_ms: quantile(0.95),
        p99_ms: quantile(0.99),
        parse_bind_ms: ms(query.prepare.total_us),
        plans: query.plans.calls,
        rows: (query.rows.0 > 0).then(|| round(query.rows.1 as f64 / query.rows.0 as f64)),
        first: query.first.map(time::iso),
        last: query.last.map(time::iso),
        users: shares(tally, query.who.iter(), |who| &who.user),
        databases: shares(tally, query.who.iter(), |who| &who.database),
        applications: shares(tally, query.who.iter(), |who| &who.application),
        hosts: shares(tally, query.who.iter(), |who| &who.host),
        tables: beside.tables.get(&query.fingerprint).cloned().unwrap_or_default(),
        labels: query.example.as_ref().map(|e| labels(e.text.as_bytes(), Dialect::Server)).unwrap_or_default(),
        temp_bytes: query.temp_files.0,
        offsets: query
            .offsets
            .iter()
            .map(|(offset, load)| Offset {
                offset: *offset,
                calls: load.calls,
                mean_ms: round(ms(load.total_us) / load.calls.max(1) as f64),
            })
            .collect(),
        example,
        plan: query.plan.as_ref().map(|plan| plan.text.clone()),
        timeline: query.timeline.columns().map(|(start, load)| column(start, query.timeline.minutes(), load)).collect(),
        latency: query.histogram.steps(40).into_iter().map(|(micros, count)| (ms(micros), count)).collect(),
        code: beside.code.get(&query.fingerprint).cloned().unwrap_or_default(),
        findings: beside.findings.get(&query.fingerprint).cloned().unwrap_or_default(),
    }
}

fn events(tally: &Tally, kind: Kind) -> EventsReport {
    let groups = tally.events.of(kind);
    let total: u64 = groups.iter().map(|(_, group)| group.total_us).sum();
    EventsReport {
        count: tally.events.count(kind),
        total_ms: ms(total),
        groups: groups.into_iter().take(500).map(|(key, group)| group_report(key, group)).collect(),
    }
}

fn group_report(key: &str, group: &Group) -> GroupReport {
    GroupReport {
        key: key.to_owned(),
        count: group.count,
        total_ms: ms(group.total_us),
        max_ms: ms(group.max_us),
        bytes: group.bytes,
        first: group.first.map(time::iso),
        last: group.last.map(time::iso),
        query: group.query.map(|query| format!("{query:016x}")),
        table: group.table.clone(),
        example: group.example.clone(),
        detail: group.detail.clone(),
        statement: group.statement.clone(),
        file: group.at.0.clone(),
        line: group.at.1,
    }
}

fn top(queries: &[QueryReport]) -> Top {
    let by = |value: &dyn Fn(&QueryReport) -> f64| {
        let mut order: Vec<usize> = (0..queries.len()).collect();
        order.sort_by(|a, b| value(&queries[*b]).total_cmp(&value(&queries[*a])));
        order.truncate(100);
        order
    };
    Top {
        by_total: by(&|q| q.total_ms),
        by_mean: by(&|q| q.mean_ms),
        by_calls: by(&|q| q.calls as f64),
        by_variance: by(&|q| q.stddev_ms),
        by_p95: by(&|q| q.p95_ms),
    }
}
