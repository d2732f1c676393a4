//! For people at a terminal: the load, the queries that cost the most, the events, what was not understood.

use super::load;
use super::{QueryReport, Report};
use crate::report::human::Style;
use std::io::{self, Write};

/// Rows of the main list where nobody asks for another number.
pub const DEFAULT_TOP: usize = 10;

/// Findings shown where nobody asks for another number.
const FINDINGS: usize = 20;

/// Which queries come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Those that took the most time in all.
    #[default]
    Total,
    /// Those whose executions are the slowest.
    Mean,
    /// Those that come most often.
    Calls,
    /// Those whose times differ the most.
    Variance,
    /// Those whose slow executions are the slowest.
    P95,
}

impl Order {
    const ALL: [Order; 5] = [Order::Total, Order::Mean, Order::Calls, Order::Variance, Order::P95];

    fn title(self) -> &'static str {
        match self {
            Order::Total => "by total time",
            Order::Mean => "by mean",
            Order::Calls => "by calls",
            Order::Variance => "by variance",
            Order::P95 => "by p95",
        }
    }

    fn of(self, report: &Report) -> &[usize] {
        match self {
            Order::Total => &report.top.by_total,
            Order::Mean => &report.top.by_mean,
            Order::Calls => &report.top.by_calls,
            Order::Variance => &report.top.by_variance,
            Order::P95 => &report.top.by_p95,
        }
    }
}

/// Writes the report; `most` queries, those that `order` puts first with all that is known of them.
pub fn write(report: &Report, most: usize, order: Order, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let s = &report.summary;
    let span = match (&s.first, &s.last) {
        (Some(first), Some(last)) => format!("{} to {}", &first[..19], &last[..19]),
        _ => "no time stamps".to_owned(),
    };
    let (entries, runs) = (plural(s.entries, "entry", "entries"), plural(s.statements, "execution", "executions"));
    let queries = plural(s.queries as u64, "query", "queries");
    writeln!(out, "{entries}, {runs} of {queries}, {} in all; {span}", duration(s.total_ms))?;
    if s.from_plans {
        writeln!(out, "the figures come from auto_explain's plans: the log has no durations of statements")?;
    }
    if s.statements == 0 && s.unattributed.calls > 0 {
        writeln!(out, "the log has durations without their statements: set log_min_duration_statement instead of log_duration")?;
    }
    if s.statements > 0 {
        load::hours(report, out, style)?;
        section(out, &format!("queries {}", order.title()), report, order.of(report), most, style)?;
        // The other orders say something new only where the first leaves queries out.
        if report.queries.len() > 1 {
            for other in Order::ALL.into_iter().filter(|other| *other != order && (*other != Order::P95)) {
                brief(out, other.title(), report, other.of(report), most, style)?;
            }
        }
        load::shares(report, most, out, style)?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "\nfindings")?;
        let rows = if most == DEFAULT_TOP { FINDINGS } else { most };
        for finding in report.findings.iter().take(rows) {
            let query = finding.query.as_deref().map_or(String::new(), |q| format!(" [{q}]"));
            writeln!(out, "  {}[{}]{query}: {}", finding.severity.as_str(), finding.rule, finding.message)?;
            for line in finding.help.iter().flat_map(|help| help.lines()) {
                writeln!(out, "      {line}")?;
            }
        }
        left_out(out, 2, report.findings.len(), rows, ("finding", "findings"))?;
    }
    events(report, most, out, style)?;
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
        details(out, query, most)?;
    }
    left_out(out, 2, order.len(), most, ("query", "queries"))
}

/// Rows of a list beside the main one: few, unless more were asked for.
fn beside(most: usize, few: usize) -> usize {
    if most > DEFAULT_TOP { most } else { most.min(few) }
}

/// Says how many of a list are not shown, and how to see them.
pub(super) fn left_out(out: &mut dyn Write, indent: usize, all: usize, shown: usize, (one, many): (&str, &str)) -> io::Result<()> {
    match all.saturating_sub(shown) as u64 {
        0 => Ok(()),
        left => writeln!(out, "{:indent$}… {} more: --top {all}", "", plural(left, one, many)),
    }
}

fn details(out: &mut dyn Write, query: &QueryReport, most: usize) -> io::Result<()> {
    let rows = beside(most, 5);
    for place in query.code.iter().take(rows) {
        writeln!(out, "      sent by {}:{}:{}", place.file, place.line, place.column)?;
    }
    left_out(out, 6, query.code.len(), rows, ("place", "places"))?;
    for finding in query.findings.iter().take(rows) {
        writeln!(out, "      {}[{}]: {}", finding.severity.as_str(), finding.rule, finding.message)?;
    }
    left_out(out, 6, query.findings.len(), rows, ("finding", "findings"))?;
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
    writeln!(out, "\n{title}\n  {:>9} {:>9} {:>9}  query", "calls", "mean", "deviation")?;
    let rows = beside(most, 5);
    for query in order.iter().take(rows).filter_map(|i| report.queries.get(*i)) {
        let (mean, deviation) = (duration(query.mean_ms), duration(query.stddev_ms));
        let text = clip(&query.text, style.width.saturating_sub(51).max(30));
        writeln!(out, "  {:>9} {mean:>9} {deviation:>9}  {}  {text}", query.calls, query.query)?;
    }
    left_out(out, 2, order.len(), rows, ("query", "queries"))
}

fn events(report: &Report, most: usize, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let seen: Vec<_> =
        super::EVENTS.iter().filter_map(|(_, name)| report.events.get(name).filter(|e| e.count > 0).map(|e| (name, e))).collect();
    if seen.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nevents")?;
    for (name, events) in seen {
        let bytes: u64 = events.groups.iter().map(|group| group.bytes).sum();
        let much = match *name {
            "temp_files" => format!("  {} written", size(bytes)),
            "lock_waits" if events.total_ms > 0.0 => format!("  {} waited", duration(events.total_ms)),
            _ => String::new(),
        };
        writeln!(out, "  {:<26} {:>8}{much}", name.replace('_', " "), events.count)?;
        let shown = if matches!(*name, "connections" | "disconnections") { 0 } else { beside(most, 3) };
        for group in events.groups.iter().take(shown) {
            let text = if group.example.is_empty() { &group.key } else { &group.example };
            writeln!(out, "      {:>6} × {}", group.count, clip(text, style.width.saturating_sub(15).clamp(60, 200)))?;
        }
        if shown > 0 {
            left_out(out, 6, events.groups.len(), shown, ("kind", "kinds"))?;
        }
    }
    Ok(())
}

/// What the figures leave out, each in one line.
fn remarks(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let s = &report.summary;
    let mut unknown = plural(s.unrecognized, "entry with a message that is not known", "entries with messages that are not known");
    if s.unrecognized.saturating_mul(2) > s.entries && s.foreign > 0 {
        unknown.push_str(", most likely in another language too");
    }
    let lines = [
        (s.untimed, plural(s.untimed, "execution without a duration", "executions without a duration")),
        (
            s.unattributed.calls,
            format!(
                "{} ({}) without a statement",
                plural(s.unattributed.calls, "duration", "durations"),
                duration(s.unattributed.total_ms)
            ),
        ),
        (
            s.overflow.calls,
            format!(
                "{} ({}) of queries beyond the {} kept",
                plural(s.overflow.calls, "execution", "executions"),
                duration(s.overflow.total_ms),
                crate::log::tally::MAX_QUERIES
            ),
        ),
        (s.unrecognized, unknown),
        (s.foreign, format!("{} in another language than English: set lc_messages = 'C'", plural(s.foreign, "entry", "entries"))),
        (s.stray, plural(s.stray, "line that belongs to no entry", "lines that belong to no entry")),
        (s.truncated, plural(s.truncated, "mark of text that the export left out", "marks of text that the export left out")),
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
pub(crate) fn duration(ms: f64) -> String {
    match ms {
        _ if ms == 0.0 => "0 ms".to_owned(),
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

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.0} kB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GB", bytes as f64 / 1_073_741_824.0),
    }
}

/// A count with its noun.
pub(crate) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
