//! Puts what logs and statistics know on findings in code: calls and times, the offsets that were asked for, how busy a
//! table is. A notice that the log proves becomes a warning; findings come in the order of their cost.

use super::logs;
use crate::finding::{Evidence, Finding, Outcome, Problem, Severity};
use crate::log::Tally;
use crate::log::tally::Query;
use crate::report::logs::human::{duration, plural};
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use crate::stats::{StatementStats, Stats};
use std::collections::HashMap;
use std::path::PathBuf;

/// What a query must have cost for a notice about it to be a warning: microseconds, all executions.
const PROOF_US: u64 = 1_000_000;

/// Reads the files and puts what they say on the findings.
pub(super) fn apply(outcome: &mut Outcome, log: &[PathBuf], stats: &[PathBuf]) {
    if log.is_empty() && stats.is_empty() {
        return;
    }
    let (tally, problems) = if log.is_empty() { (Tally::new(), vec![]) } else { logs::tally(log) };
    outcome.errors.extend(problems);
    let statements = statements(stats, &mut outcome.errors);
    let tables = tables(&tally);
    let sources = &outcome.sources;
    for finding in &mut outcome.findings {
        let at = finding.statement.unwrap_or(finding.primary.at);
        let text = sources.text(at);
        let print = outcome.sent.get(&at).copied().unwrap_or_else(|| fingerprint(text, Dialect::Host).0);
        if let Some(query) = tally.query(print).filter(|query| query.load.calls > 0) {
            from_log(finding, query);
        } else if let Some(row) = statements.get(&print) {
            from_stats(finding, print, row);
        } else if finding.category == "lock" {
            busy(finding, text, &tables);
        }
    }
    let cost = |finding: &Finding| finding.evidence.as_ref().map_or(0.0, |evidence| evidence.total_ms);
    outcome.findings.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
}

/// The exports among these that speak of tables and indexes, as text; what cannot be read [`apply`] says.
pub(super) fn relations(paths: &[PathBuf]) -> Vec<String> {
    let read = |path: &PathBuf| {
        let bytes = std::fs::read(path).ok()?;
        matches!(Stats::read(&bytes), Ok(Stats::Relations(_))).then(|| String::from_utf8_lossy(&bytes).into_owned())
    };
    paths.iter().filter_map(read).collect()
}

fn statements(paths: &[PathBuf], problems: &mut Vec<Problem>) -> HashMap<u64, StatementStats> {
    let mut found: HashMap<u64, StatementStats> = HashMap::new();
    for path in paths {
        let read = std::fs::read(path).map_err(|error| format!("cannot be read: {error}")).and_then(|bytes| Stats::read(&bytes));
        match read {
            Ok(Stats::Statements(rows)) => {
                for row in rows {
                    match found.get_mut(&row.fingerprint.0) {
                        Some(sum) => {
                            sum.calls += row.calls;
                            sum.total_ms += row.total_ms;
                            sum.mean_ms = sum.total_ms / sum.calls.max(1) as f64;
                            sum.max_ms = sum.max_ms.max(row.max_ms);
                        }
                        None => {
                            found.insert(row.fingerprint.0, row);
                        }
                    }
                }
            }
            // Indexes and tables are for the rules themselves.
            Ok(_) => {}
            Err(message) => problems.push(Problem { file: path.to_string_lossy().into_owned(), message }),
        }
    }
    found
}

fn from_log(finding: &mut Finding, query: &Query) {
    let ms = |micros: u64| micros as f64 / 1000.0;
    let p95 = query.histogram.quantile(0.95).clamp(query.min_us, query.max_us);
    finding.evidence = Some(Box::new(Evidence {
        query: format!("{:016x}", query.fingerprint),
        calls: query.load.calls,
        total_ms: ms(query.load.total_us),
        mean_ms: query.mean_ms(),
        p95_ms: ms(p95),
        max_ms: ms(query.max_us),
    }));
    if finding.rule == "offset-pagination"
        && let (Some(first), Some(last)) = (query.offsets.first(), query.offsets.last())
    {
        let mean = |load: crate::log::tally::Load| ms(load.total_us) / load.calls.max(1) as f64;
        let grown = if query.offsets.len() > 1 {
            format!("; the log asks for OFFSET {} ({}) to {} ({})", first.0, duration(mean(first.1)), last.0, duration(mean(last.1)))
        } else {
            format!("; the log asks for OFFSET {} ({})", first.0, duration(mean(first.1)))
        };
        finding.message += &grown;
    }
    raise(finding, query.load.total_us);
}

fn from_stats(finding: &mut Finding, print: u64, row: &StatementStats) {
    finding.evidence = Some(Box::new(Evidence {
        query: format!("{print:016x}"),
        calls: row.calls,
        total_ms: row.total_ms,
        mean_ms: row.mean_ms,
        // The view keeps no percentiles: the worst is the least that is not less.
        p95_ms: row.max_ms,
        max_ms: row.max_ms,
    }));
    raise(finding, (row.total_ms * 1000.0) as u64);
}

fn raise(finding: &mut Finding, micros: u64) {
    if finding.severity == Severity::Notice && micros >= PROOF_US {
        finding.severity = Severity::Warning;
    }
}

/// How often a table is used, and the longest statement on it.
#[derive(Default)]
struct Busy {
    calls: u64,
    longest_us: u64,
}

/// By the words that stand where tables stand: FROM, JOIN, INTO, UPDATE.
fn tables(tally: &Tally) -> HashMap<String, Busy> {
    let mut tables: HashMap<String, Busy> = HashMap::new();
    for query in &tally.queries {
        let words: Vec<&str> = query.text.split([' ', '(', ')', ',', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2).filter(|pair| matches!(pair[0], "from" | "join" | "into" | "update")) {
            let name = pair[1].rsplit('.').next().unwrap_or(pair[1]).trim_matches('"');
            let busy = tables.entry(name.to_owned()).or_default();
            busy.calls += query.load.calls;
            busy.longest_us = busy.longest_us.max(query.max_us);
        }
    }
    tables
}

fn busy(finding: &mut Finding, text: &str, tables: &HashMap<String, Busy>) {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if let Some((name, busy)) = words.find_map(|word| tables.get_key_value(word))
        && busy.calls > 0
    {
        let statements = plural(busy.calls, "statement", "statements");
        let longest = duration(busy.longest_us as f64 / 1000.0);
        finding.message +=
            &format!("; the log has {statements} on {name}, the longest of {longest}: so long the lock may wait, and everything behind it");
    }
}
