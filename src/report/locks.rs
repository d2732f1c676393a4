//! The lock timeline for people: the worst moment first, then file by file and transaction by transaction what is locked,
//! what happens meanwhile, and who waits. Must not know how it came to be.

pub mod json;

use crate::report::count;
use crate::report::human::{Style, at};
use crate::source::FileId;
use crate::timeline::{StillHeld, TimedLock, TimedStatement, TimedWork, Timeline, blocked, weight};
use std::io::{self, Write};

/// Locks of one kind beyond this many are counted: a table with a thousand partitions is one line.
const ALIKE_SHOWN: usize = 4;

/// The widest column of relation names.
const WIDEST_NAME: usize = 32;

/// The longest mode is `SHARE UPDATE EXCLUSIVE`.
const MODE_WIDTH: usize = 22;

/// The longest work is a rewrite with an index build; most lines have one word.
const WORK_WIDTH: usize = 11;

/// Writes the worst line, every statement that locks something, what was not understood, and the summary.
pub fn write(timeline: &Timeline, out: &mut dyn Write, style: Style) -> io::Result<()> {
    if let Some(worst) = worst(timeline) {
        write_worst(worst, timeline, out, style)?;
    }
    let mut place: Option<(FileId, Option<u32>)> = None;
    for statement in timeline.statements.iter().filter(|statement| !statement.locks.is_empty() || statement.unsure.is_some()) {
        let here = (statement.at.file, statement.transaction);
        if place.is_none_or(|(file, _)| file != here.0) {
            writeln!(out, "{}", style.bold(&timeline.sources.get(here.0).name()))?;
        }
        if place != Some(here) {
            writeln!(out, "  {}", heading(statement))?;
        }
        place = Some(here);
        write_statement(statement, timeline, out, style)?;
    }
    for problem in &timeline.errors {
        writeln!(out, "error: {}: {}", problem.file, problem.message)?;
    }
    for opaque in &timeline.opaque {
        writeln!(out, "not understood: {}: {}", at(opaque.at, &timeline.sources), opaque.reason)?;
    }
    writeln!(out, "{}", summary(timeline))
}

fn heading(statement: &TimedStatement) -> String {
    match (statement.transaction, statement.opened_by) {
        (Some(number), Some(by)) => format!("transaction {number} ({by})"),
        (Some(number), None) => format!("transaction {number}"),
        (None, _) => "outside a transaction".to_owned(),
    }
}

/// The statement whose worst moment is the worst of all; the first of several.
fn worst(timeline: &Timeline) -> Option<&TimedStatement> {
    let heaviest = timeline.statements.iter().map(TimedStatement::weight).max().filter(|&weight| weight > 0)?;
    timeline.statements.iter().find(|statement| statement.weight() == heaviest)
}

fn write_worst(statement: &TimedStatement, timeline: &Timeline, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let place = at(statement.at, &timeline.sources);
    writeln!(out, "{} {place}", style.red("worst:"))?;
    writeln!(out, "       {}", one_line(timeline.sources.text(statement.at), style.width.saturating_sub(7)))?;
    writeln!(out, "       {}\n", worst_moment(statement, timeline))
}

/// The worst moment in words.
fn worst_moment(statement: &TimedStatement, timeline: &Timeline) -> String {
    let own = statement.locks.iter().filter(|lock| !lock.new && lock.kind != "index").max_by_key(|lock| weight(lock.mode, lock.heaviest()));
    let work = statement.heaviest();
    let held = statement.held.iter().filter(|_| work.is_some()).max_by_key(|held| weight(held.mode, work));
    let own_weight = own.map_or(0, |lock| weight(lock.mode, lock.heaviest()));
    match (own, held) {
        (_, Some(held)) if weight(held.mode, work) > own_weight => {
            let line = timeline.sources.get(held.since.file).position(held.since.span.start).line;
            format!("{} on {} (from line {line}) {} during {}", held.mode.sql(), held.relation, who_waits(held.mode), during(work))
        }
        (Some(lock), _) => {
            let during = lock.heaviest().map_or("briefly".to_owned(), |work| format!("during {}", during(Some(work))));
            format!("{} on {} {} {during}", lock.mode.sql(), lock.relation, who_waits(lock.mode))
        }
        _ => String::new(),
    }
}

fn during(work: Option<TimedWork>) -> &'static str {
    match work {
        Some(TimedWork::Rewrite) => "a rewrite",
        Some(TimedWork::IndexBuild) => "an index build",
        Some(TimedWork::Scan) => "a scan",
        None => "nothing",
    }
}

fn who_waits(mode: crate::postgres::lock::LockMode) -> String {
    let who = blocked(mode);
    if who.is_empty() { "blocks nobody".to_owned() } else { format!("blocks {}", who.join(", ")) }
}

fn write_statement(statement: &TimedStatement, timeline: &Timeline, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let line = timeline.sources.get(statement.at.file).position(statement.at.span.start).line;
    let text = one_line(timeline.sources.text(statement.at), style.width.saturating_sub(9));
    writeln!(out, "  {line:>5}  {text}")?;
    let name_width = statement.locks.iter().map(|lock| lock.relation.chars().count()).max().unwrap_or(0).min(WIDEST_NAME);
    let mut alike: Vec<(Row, usize)> = vec![];
    for lock in &statement.locks {
        let row = Row::of(lock, statement.transaction.is_some());
        let shown = match alike.iter_mut().find(|(known, _)| *known == row) {
            Some((_, n)) => {
                *n += 1;
                *n <= ALIKE_SHOWN
            }
            None => {
                alike.push((row, 1));
                true
            }
        };
        if shown {
            write_lock(lock, &row, name_width, out, style)?;
        }
    }
    for (row, n) in alike.iter().filter(|(_, n)| *n > ALIKE_SHOWN) {
        writeln!(out, "           {:MODE_WIDTH$}  and {} more", row.mode.sql(), count(n - ALIKE_SHOWN, plural_of(row.kind)))?;
    }
    if let Some(unsure) = &statement.unsure {
        writeln!(out, "           not known: {unsure}")?;
    }
    write_held(&statement.held, statement, timeline, out, style)
}

/// What count() can put an s behind.
fn plural_of(kind: &'static str) -> &'static str {
    if kind == "index" { "lock on an index" } else { kind }
}

/// What locks that are shown alike share.
#[derive(Clone, Copy, PartialEq)]
struct Row {
    kind: &'static str,
    mode: crate::postgres::lock::LockMode,
    heaviest: Option<TimedWork>,
    new: bool,
    short: bool,
}

impl Row {
    fn of(lock: &TimedLock, in_transaction: bool) -> Row {
        let short = in_transaction && !lock.until_transaction;
        Row { kind: lock.kind, mode: lock.mode, heaviest: lock.heaviest(), new: lock.new, short }
    }
}

fn write_lock(lock: &TimedLock, row: &Row, name_width: usize, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let work = row.heaviest.map_or(if lock.waits { "waits" } else { "brief" }, TimedWork::as_str);
    let mut remarks = if lock.new { vec!["created in this file".to_owned()] } else { vec![who_waits(lock.mode)] };
    remarks.extend(row.short.then(|| "until the statement ends".to_owned()));
    remarks.extend(lock.unsure.as_ref().map(|unsure| format!("not known: {unsure}")));
    let mode = format!("{:MODE_WIDTH$}", lock.mode.sql());
    let bad =
        !lock.new && weight(lock.mode, row.heaviest) >= weight(crate::postgres::lock::LockMode::ShareRowExclusive, Some(TimedWork::Scan));
    let mode = if bad { style.red(&mode) } else { mode };
    let tail = format!("{:WORK_WIDTH$}  {}", work, remarks.join("; "));
    let used = 11 + MODE_WIDTH + 2 + name_width.max(lock.relation.chars().count()) + 2;
    if used + tail.chars().count() <= style.width {
        writeln!(out, "           {mode}  {:name_width$}  {}", lock.relation, tail)
    } else {
        writeln!(out, "           {mode}  {}\n             {}", lock.relation, tail)
    }
}

/// Locks that add up: one line per mode, with the line that took each.
fn write_held(held: &[StillHeld], statement: &TimedStatement, timeline: &Timeline, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let again = |held: &&StillHeld| statement.locks.iter().any(|lock| lock.relation == held.relation && lock.mode >= held.mode);
    let others: Vec<&StillHeld> = held.iter().filter(|held| !again(held)).collect();
    for one in others.iter().take(ALIKE_SHOWN) {
        let line = timeline.sources.get(one.since.file).position(one.since.span.start).line;
        let text = format!("still held: {} on {} since line {line}; {}", one.mode.sql(), one.relation, who_waits(one.mode));
        let text = if statement.heaviest().is_some() { style.red(&text) } else { text };
        writeln!(out, "           {text}")?;
    }
    match others.len().checked_sub(ALIKE_SHOWN).filter(|&rest| rest > 0) {
        Some(rest) => writeln!(out, "           still held: {} more", count(rest, "lock")),
        None => Ok(()),
    }
}

/// A statement on one line, cut to a width.
fn one_line(text: &str, width: usize) -> String {
    // far more than any terminal shows, so that a megabyte of INSERT costs nothing
    let start: String = text.chars().take(4 * width.max(1)).collect();
    let flat = start.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= width && start.len() == text.len() {
        return flat;
    }
    let cut: String = flat.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", cut.trim_end())
}

fn summary(timeline: &Timeline) -> String {
    let locking = timeline.statements.iter().filter(|statement| !statement.locks.is_empty()).count();
    let mut line = format!(
        "{} in {}, {} of which lock something, on PostgreSQL {}",
        count(timeline.statements.len(), "statement"),
        count(timeline.files, "file"),
        locking,
        timeline.postgres
    );
    if !timeline.opaque.is_empty() {
        line += &format!("; {} not understood", count(timeline.opaque.len(), "statement"));
    }
    if !timeline.errors.is_empty() {
        line += &format!("; {}", count(timeline.errors.len(), "problem"));
    }
    line
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn long_statements_are_cut_between_characters() {
        assert_eq!(one_line("select\n   1", 20), "select 1");
        assert_eq!(one_line("sélect  'ééééééééé' from somewhere", 12), "sélect 'é...");
        assert!(one_line(&"x ".repeat(1_000_000), 40).len() <= 40);
    }
}
