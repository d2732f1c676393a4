//! For a pull request or a wiki: tables.

use super::Report;
use super::human::{clip, duration};
use std::io::{self, Write};

/// Writes the report; `most` queries.
pub fn write(report: &Report, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let s = &report.summary;
    writeln!(out, "## PostgreSQL log\n")?;
    writeln!(
        out,
        "{} entries, {} executions of {} queries, {} in all, {} to {}.\n",
        s.entries,
        s.statements,
        s.queries,
        duration(s.total_ms),
        s.first.as_deref().unwrap_or("?"),
        s.last.as_deref().unwrap_or("?")
    )?;
    writeln!(out, "| total | share | calls | mean | p95 | p99 | max | query |\n|--:|--:|--:|--:|--:|--:|--:|:--|")?;
    for query in report.queries.iter().take(most) {
        let code: String = query.code.iter().take(3).map(|place| format!("<br>{}:{}", place.file, place.line)).collect();
        let findings: String = query.findings.iter().take(3).map(|f| format!("<br>**{}**: {}", f.rule, cell(&f.message))).collect();
        writeln!(
            out,
            "| {} | {:.1} % | {} | {} | {} | {} | {} | `{}`{code}{findings} |",
            duration(query.total_ms),
            query.share * 100.0,
            query.calls,
            duration(query.mean_ms),
            duration(query.p95_ms),
            duration(query.p99_ms),
            duration(query.max_ms),
            cell(&clip(&query.text, 300)).replace('`', "'")
        )?;
    }
    if report.queries.len() > most {
        writeln!(out, "\n{} more queries: `--top {}`.", report.queries.len() - most, report.queries.len())?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "\n### Findings\n")?;
        for finding in &report.findings {
            writeln!(out, "- **{}** ({}): {}", finding.rule, finding.severity.as_str(), cell(&finding.message))?;
        }
    }
    writeln!(out, "\n### Events\n\n| event | count |\n|:--|--:|")?;
    for (_, name) in super::EVENTS {
        if let Some(events) = report.events.get(name).filter(|events| events.count > 0) {
            writeln!(out, "| {} | {} |", name.replace('_', " "), events.count)?;
        }
    }
    let left_out = s.unrecognized + s.foreign + s.stray + s.truncated + s.overflow.calls + s.unattributed.calls;
    if left_out > 0 || !report.errors.is_empty() {
        writeln!(
            out,
            "\nNot in the figures: {} entries not known, {} in another language, {} stray lines, {} marks of cut text, {} durations without a statement, {} executions beyond the kept queries, {} files with problems.",
            s.unrecognized,
            s.foreign,
            s.stray,
            s.truncated,
            s.unattributed.calls,
            s.overflow.calls,
            report.errors.len()
        )?;
    }
    Ok(())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}
