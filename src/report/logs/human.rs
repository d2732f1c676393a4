//! For people at a terminal: the load, the queries that cost the most, the events, what was not understood.

use super::{QueryReport, Report};
use crate::report::human::Style;
use std::io::{self, Write};

/// Writes the report; `most` queries of each order.
pub fn write(report: &Report, most: usize, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let s = &report.summary;
    let span = match (&s.first, &s.last) {
        (Some(first), Some(last)) => format!("{} to {}", &first[..19], &last[..19]),
        _ => "no time stamps".to_owned(),
    };
    writeln!(out, "{} entries, {} executions of {} queries, {} in all; {span}", s.entries, s.statements, s.queries, duration(s.total_ms))?;
    if s.from_plans {
        writeln!(out, "the figures come from auto_explain's plans: the log has no durations of statements")?;
    }
    if s.statements > 0 {
        section(out, "queries by total time", report, &report.top.by_total, most, style)?;
        for (title, order) in
            [("by mean", &report.top.by_mean), ("by calls", &report.top.by_calls), ("by variance", &report.top.by_variance)]
        {
            brief(out, title, report, order, most, style)?;
        }
    }
    if !report.findings.is_empty() {
        writeln!(out, "\nfindings")?;
        for finding in &report.findings {
            let query = finding.query.as_deref().map_or(String::new(), |q| format!(" [{q}]"));
            writeln!(out, "  {}[{}]{query}: {}", finding.severity.as_str(), finding.rule, finding.message)?;
            for line in finding.help.iter().flat_map(|help| help.lines()) {
                writeln!(out, "      {line}")?;
            }
        }
    }
    events(report, out)?;
    remarks(report, out)
}

fn section(out: &mut dyn Write, title: &str, report: &Report, order: &[usize], most: usize, style: Style) -> io::Result<()> {
    writeln!(out, "\n{title}\n  {:>9} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}  query", "total", "share", "calls", "mean", "p95", "p99", "max")?;
    for query in order.iter().take(most).filter_map(|i| report.queries.get(*i)) {
        writeln!(
            out,
            "  {:>9} {:>5.1}% {:>9} {:>9} {:>9} {:>9} {:>9}  {}",
            duration(query.total_ms),
            query.share * 100.0,
            query.calls,
            duration(query.mean_ms),
            duration(query.p95_ms),
            duration(query.p99_ms),
            duration(query.max_ms),
            query.query
        )?;
        writeln!(out, "      {}", clip(&query.text, style.width.saturating_sub(6)))?;
        details(out, query)?;
    }
    Ok(())
}

fn details(out: &mut dyn Write, query: &QueryReport) -> io::Result<()> {
    for place in query.code.iter().take(5) {
        writeln!(out, "      sent by {}:{}:{}", place.file, place.line, place.column)?;
    }
    for finding in query.findings.iter().take(5) {
        writeln!(out, "      {}[{}]: {}", finding.severity.as_str(), finding.rule, finding.message)?;
    }
    if query.offsets.len() > 1
        && let (Some(first), Some(last)) = (query.offsets.first(), query.offsets.last())
    {
        writeln!(
            out,
            "      OFFSET {} took {} on average, OFFSET {} took {}",
            first.offset,
            duration(first.mean_ms),
            last.offset,
            duration(last.mean_ms)
        )?;
    }
    Ok(())
}

fn brief(out: &mut dyn Write, title: &str, report: &Report, order: &[usize], most: usize, style: Style) -> io::Result<()> {
    writeln!(out, "\n{title}")?;
    for query in order.iter().take(most.min(5)).filter_map(|i| report.queries.get(*i)) {
        let figures = format!("{:>9} calls, mean {}, deviation {}", query.calls, duration(query.mean_ms), duration(query.stddev_ms));
        writeln!(out, "  {figures:<48} {}  {}", query.query, clip(&query.text, style.width.saturating_sub(70).max(30)))?;
    }
    Ok(())
}

fn events(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let seen: Vec<_> =
        super::EVENTS.iter().filter_map(|(_, name)| report.events.get(name).filter(|e| e.count > 0).map(|e| (name, e))).collect();
    if seen.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nevents")?;
    for (name, events) in seen {
        writeln!(out, "  {:<26} {:>8}", name.replace('_', " "), events.count)?;
        let shown = if matches!(*name, "connections" | "disconnections") { 0 } else { 3 };
        for group in events.groups.iter().take(shown) {
            let text = if group.example.is_empty() { &group.key } else { &group.example };
            writeln!(out, "      {:>6} × {}", group.count, clip(text, 110))?;
        }
    }
    Ok(())
}

/// What the figures leave out, each in one line.
fn remarks(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let s = &report.summary;
    let lines = [
        (s.untimed, format!("{} executions without a duration", s.untimed)),
        (s.unattributed.calls, format!("{} durations ({}) without a statement", s.unattributed.calls, duration(s.unattributed.total_ms))),
        (
            s.overflow.calls,
            format!(
                "{} executions ({}) of queries beyond the {} kept",
                s.overflow.calls,
                duration(s.overflow.total_ms),
                crate::log::tally::MAX_QUERIES
            ),
        ),
        (s.unrecognized, format!("{} entries with messages that are not known", s.unrecognized)),
        (s.foreign, format!("{} entries in another language than English: set lc_messages = 'C'", s.foreign)),
        (s.stray, format!("{} lines that belong to no entry", s.stray)),
        (s.truncated, format!("{} marks of text that the export left out", s.truncated)),
    ];
    let shown: Vec<&String> = lines.iter().filter(|(n, _)| *n > 0).map(|(_, line)| line).collect();
    if !shown.is_empty() || !report.errors.is_empty() {
        writeln!(out, "\nnot in the figures")?;
    }
    for line in shown {
        writeln!(out, "  {line}")?;
    }
    for error in &report.errors {
        writeln!(out, "  error: {}: {}", error.file, error.message)?;
    }
    Ok(())
}

/// Milliseconds as people say them.
pub(super) fn duration(ms: f64) -> String {
    match ms {
        _ if ms < 1.0 => format!("{ms:.3} ms"),
        _ if ms < 1000.0 => format!("{ms:.1} ms"),
        _ if ms < 120_000.0 => format!("{:.1} s", ms / 1000.0),
        _ if ms < 7_200_000.0 => format!("{:.1} min", ms / 60_000.0),
        _ => format!("{:.1} h", ms / 3_600_000.0),
    }
}

/// The beginning of a text, on one line.
pub(super) fn clip(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most + 1).collect();
    if line.chars().count() <= most { line } else { line.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}
