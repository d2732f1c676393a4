//! What a rule of the log family may ask and how it reports: a log is figures and groups, not statements.

use crate::finding::Severity;
use crate::log::Tally;
use crate::log::tally::{Group, Query};
use crate::settings::Settings;
use std::cell::RefCell;

/// A log's figures, and what was reported so far.
#[derive(Debug)]
pub struct LogContext<'a> {
    /// The figures.
    pub tally: &'a Tally,
    /// What the run was told.
    pub settings: &'a Settings,
    /// Reports so far.
    pub reports: RefCell<Vec<LogReport>>,
}

/// A finding in a log as a rule states it.
#[derive(Debug, Clone)]
pub struct LogReport {
    /// Lower case, no final stop; says the consequence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The query, by fingerprint.
    pub query: Option<u64>,
    /// The log file.
    pub file: String,
    /// The line in it.
    pub line: u64,
    /// What it cost, for the order: microseconds.
    pub cost_us: u64,
}

/// A finding in a log.
#[derive(Debug, Clone)]
pub struct LogFinding {
    /// The rule's name.
    pub rule: &'static str,
    /// After settings.
    pub severity: Severity,
    /// Lower case, no final stop; says the consequence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The query, by fingerprint.
    pub query: Option<u64>,
    /// The log file.
    pub file: String,
    /// The line in it.
    pub line: u64,
    /// What it cost, for the order: microseconds.
    pub cost_us: u64,
}

impl LogReport {
    /// With what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With another cost than the query's.
    pub fn cost(mut self, micros: u64) -> Self {
        self.cost_us = self.cost_us.max(micros);
        self
    }
}

impl LogContext<'_> {
    /// States a finding.
    pub fn add(&self, report: LogReport) {
        self.reports.borrow_mut().push(report);
    }

    /// A report about a query, placed at its slowest execution.
    pub fn about(&self, query: &Query, message: String) -> LogReport {
        let (file, line) = query.example.as_ref().map_or((String::new(), 0), |example| (example.file.clone(), example.line));
        LogReport {
            message,
            help: None,
            query: Some(query.fingerprint),
            file,
            line,
            cost_us: query.load.total_us.max(query.plans.total_us),
        }
    }

    /// A report about events alike.
    pub fn event(&self, group: &Group, message: String) -> LogReport {
        let cost_us = group.query.and_then(|print| self.tally.query(print)).map_or(0, |query| query.load.total_us);
        LogReport { message, help: None, query: group.query, file: group.at.0.clone(), line: group.at.1, cost_us }
    }

    /// A query's text, in short.
    pub fn name(&self, query: &Query) -> String {
        short(&query.text)
    }

    /// The statement that was logged with events, in short.
    pub fn statement(&self, group: &Group) -> String {
        match group.query.and_then(|print| self.tally.query(print)) {
            Some(query) if !query.text.is_empty() => short(&query.text),
            _ if group.statement.is_empty() => "a session".to_owned(),
            _ => short(&group.statement),
        }
    }

    /// Microseconds as people say them.
    pub fn ms(&self, micros: u64) -> String {
        match micros {
            0..10_000 => format!("{:.1} ms", micros as f64 / 1000.0),
            10_000..1_000_000 => format!("{} ms", micros / 1000),
            1_000_000..120_000_000 => format!("{:.1} s", micros as f64 / 1e6),
            _ => format!("{} min", micros / 60_000_000),
        }
    }
}

fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(81).collect();
    if line.chars().count() > 80 { format!("`{}…`", line.chars().take(79).collect::<String>()) } else { format!("`{line}`") }
}
