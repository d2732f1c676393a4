//! Where the load lies, for people at a terminal: hours as bars, tables and callers as short lists.

use super::human::{clip, duration};
use super::{Column, Report, Share};
use crate::report::human::Style;
use std::io::{self, Write};

/// Bars that fit on a screen.
const MOST_BARS: usize = 24;

/// Columns of the longest bar.
const WIDTH: usize = 40;

/// The load over time: each bar an hour or as many as it takes; finer where the log is shorter than two hours.
pub(super) fn hours(report: &Report, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let columns = if report.hours.len() > 2 { &report.hours } else { &report.timeline };
    let bars = joined(columns);
    let most = bars.iter().map(|bar| bar.total_ms).fold(0.0, f64::max);
    if bars.len() < 2 || most <= 0.0 {
        return Ok(());
    }
    let every = match bars[0].minutes {
        minutes if minutes % 1440 == 0 => span(minutes / 1440, "day"),
        minutes if minutes % 60 == 0 => span(minutes / 60, "hour"),
        minutes => span(minutes, "minute"),
    };
    writeln!(out, "\nload by {every}")?;
    let block = if style.unicode { "█" } else { "#" };
    for bar in bars {
        let length = (bar.total_ms / most * WIDTH as f64).ceil() as usize;
        let start = bar.start.get(..16).unwrap_or(&bar.start).replace('T', " ");
        writeln!(out, "  {start}  {:<WIDTH$}  {:>9} {:>9} calls", block.repeat(length), duration(bar.total_ms), bar.calls)?;
    }
    Ok(())
}

fn span(count: i64, unit: &str) -> String {
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

/// Columns side by side, so that all fit, with the empty ones between them.
fn joined(columns: &[Column]) -> Vec<Column> {
    let stamp = |column: &Column| crate::log::time::stamp(column.start.as_bytes()).map(|(time, _)| time);
    let (Some(first), Some(last)) = (columns.first().and_then(stamp), columns.last().and_then(stamp)) else { return vec![] };
    let step = columns[0].minutes.max(1);
    let minutes = (last - first) / 60_000_000 + step;
    let every = [1, 2, 3, 6, 12, 24, 48, 168, 720, 8760, 87_600].into_iter().map(|n| n * step).find(|m| minutes / m < MOST_BARS as i64);
    let every = every.unwrap_or(minutes);
    // On the clock: a bar of three hours begins at 0, 3, 6.
    let from = first - first.rem_euclid(every * 60_000_000);
    let count = ((last - from) / 60_000_000 / every + 1).clamp(1, MOST_BARS as i64 + 1) as usize;
    let bar = |i: usize| from + i as i64 * every * 60_000_000;
    let start = |i| crate::log::time::iso(bar(i));
    let mut bars: Vec<Column> = (0..count).map(|i| Column { start: start(i), minutes: every, calls: 0, total_ms: 0.0 }).collect();
    for column in columns {
        let i = stamp(column).map_or(0, |time| (time - from) / 60_000_000 / every);
        if let Some(bar) = usize::try_from(i).ok().and_then(|i| bars.get_mut(i)) {
            bar.calls += column.calls;
            bar.total_ms += column.total_ms;
        }
    }
    bars
}

/// The tables that cost the most, and the callers where there is more than one.
pub(super) fn shares(report: &Report, most: usize, out: &mut dyn Write, style: Style) -> io::Result<()> {
    list("tables", &report.tables, 1, report, most, out, style)?;
    let callers =
        [("users", &report.users), ("databases", &report.databases), ("applications", &report.applications), ("hosts", &report.hosts)];
    callers.into_iter().try_for_each(|(title, shares)| list(title, shares, 2, report, most, out, style))
}

fn list(title: &str, shares: &[Share], least: usize, report: &Report, most: usize, out: &mut dyn Write, style: Style) -> io::Result<()> {
    if shares.len() < least {
        return Ok(());
    }
    writeln!(out, "\n{title}\n  {:>9} {:>6} {:>9}", "total", "share", "calls")?;
    let all = if report.summary.total_ms > 0.0 { report.summary.total_ms } else { 1.0 };
    for share in shares.iter().take(most) {
        let name = clip(&share.name, style.width.saturating_sub(31).max(20));
        writeln!(out, "  {:>9} {:>5.1}% {:>9}  {name}", duration(share.total_ms), share.total_ms / all * 100.0, share.calls)?;
    }
    super::human::left_out(out, 2, shares.len(), most, ("row", "rows"))
}
