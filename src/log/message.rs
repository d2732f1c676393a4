//! What an entry's message says: the shapes that PostgreSQL 12 to 18 write in English; other languages are those of [`language`].

use super::record::{Level, Record, Text};
use super::{language, time};

/// The step that a duration is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Simple protocol.
    Statement,
    /// Execute of the extended protocol, a further fetch included.
    Execute,
    /// Parse or bind: no execution.
    Prepare,
}

/// A message, taken apart as far as it is counted.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// `duration: … ms  statement|execute|parse|bind …: SQL`.
    Timed(u64, Step, Text<'a>),
    /// `duration: … ms` alone.
    Duration(u64),
    /// `duration: … ms  plan:`.
    Plan(u64, Text<'a>),
    /// `statement: SQL`, `execute name: SQL`: the duration comes by itself.
    Statement(Text<'a>),
    /// Waits for a lock, or has got it, after so many microseconds.
    LockWait {
        /// It has the lock now.
        acquired: bool,
        /// `ShareLock`.
        mode: Text<'a>,
        /// `transaction 1234`, `relation 16384 of database 5`.
        object: Text<'a>,
        /// How long.
        micros: u64,
    },
    /// `deadlock detected`.
    Deadlock,
    /// A temporary file of so many bytes.
    TempFile(u64),
    /// A cancelled statement or a terminated session: why.
    Cancelled(&'static str),
    /// `checkpoint starting: …` with its flags.
    CheckpointStart(Text<'a>),
    /// `checkpoint complete: …`: how long it took in all.
    CheckpointDone(u64),
    /// Checkpoints so many seconds apart.
    CheckpointsFrequent(u64),
    /// `automatic vacuum of table "…"`, `automatic analyze of table "…"`.
    Autovacuum {
        /// It was an analyze.
        analyze: bool,
        /// database.schema.table
        table: Text<'a>,
    },
    /// An autovacuum that gave way; the table stands in CONTEXT.
    AutovacuumCancelled,
    /// `connection received`, `authenticated`, `authorized`.
    Connection(&'static str),
    /// `disconnection: session time: …`.
    Disconnection(u64),
    /// WARNING, ERROR, FATAL, PANIC, or a LOG of the same weight.
    Error,
    /// Known, and without figures: reloads, starts, changed parameters.
    Known,
    /// Not known.
    Unknown,
}

/// Takes a record's message apart.
pub fn read<'a>(record: &Record<'a>) -> Message<'a> {
    let text = record.message;
    let raw = text.raw;
    match record.level {
        Level::Log => {}
        Level::Foreign => return Message::Unknown,
        Level::Low if raw.is_empty() => return Message::Known,
        Level::Low => return Message::Known,
        _ => return failure(raw),
    }
    english(text).unwrap_or_else(|| match log(text) {
        Message::Unknown => language::read(text).unwrap_or(Message::Unknown),
        known => known,
    })
}

/// The messages that carry figures of statements.
fn english(text: Text<'_>) -> Option<Message<'_>> {
    let raw = text.raw;
    if let Some(rest) = raw.strip_prefix(b"duration: ") {
        return Some(duration(text, 10, rest));
    }
    if raw.starts_with(b"statement: ") {
        return Some(Message::Statement(text.from(11)));
    }
    if raw.starts_with(b"execute ") {
        return Some(colon(text, 8).map_or(Message::Unknown, Message::Statement));
    }
    if raw.starts_with(b"process ") {
        return Some(lock_wait(text).or_else(|| language::read(text)).unwrap_or(Message::Unknown));
    }
    if raw.starts_with(b"temporary file: ") {
        let size = memchr::memmem::rfind(raw, b", size ").and_then(|i| time::millis(&raw[i + 7..]));
        return Some(size.map_or(Message::Unknown, |(n, _)| Message::TempFile(n / 1000)));
    }
    None
}

fn duration<'a>(text: Text<'a>, at: usize, rest: &[u8]) -> Message<'a> {
    let Some((micros, len)) = time::millis(rest) else { return Message::Unknown };
    let Some(after) = rest[len..].strip_prefix(b" ms") else { return Message::Unknown };
    let step_at = at + len + 3;
    if after.trim_ascii().is_empty() {
        return Message::Duration(micros);
    }
    let Some(step) = after.strip_prefix(b"  ") else { return Message::Unknown };
    let step_at = step_at + 2;
    if step.starts_with(b"statement: ") {
        return Message::Timed(micros, Step::Statement, text.from(step_at + 11));
    }
    if step.starts_with(b"plan:") {
        return Message::Plan(micros, text.from(step_at + 5));
    }
    let (skip, kind) = match step {
        _ if step.starts_with(b"execute ") => (8, Step::Execute),
        _ if step.starts_with(b"parse ") => (6, Step::Prepare),
        _ if step.starts_with(b"bind ") => (5, Step::Prepare),
        // As forks and old versions write it.
        _ if step.starts_with(b"query: ") => return Message::Timed(micros, Step::Statement, text.from(step_at + 7)),
        // A statement of nothing: the blank behind the colon may have been cut.
        _ if step.trim_ascii_end() == b"statement:" => return Message::Timed(micros, Step::Statement, text.from(usize::MAX)),
        _ => return Message::Unknown,
    };
    match colon(text, step_at + skip) {
        Some(sql) => Message::Timed(micros, kind, sql),
        None => Message::Unknown,
    }
}

/// What stands behind a name and its colon.
fn colon(text: Text<'_>, from: usize) -> Option<Text<'_>> {
    let rest = text.raw.get(from..)?;
    if rest.starts_with(b"<unnamed>: ") {
        return Some(text.from(from + 11));
    }
    let colon = memchr::memchr_iter(b':', rest).find(|i| rest.get(i + 1) == Some(&b' '))?;
    Some(text.from(from + colon + 2))
}

fn lock_wait(text: Text<'_>) -> Option<Message<'_>> {
    let raw = text.raw;
    let find = |needle: &[u8]| memchr::memmem::find(raw, needle).map(|i| i + needle.len());
    let (acquired, start) = match (find(b" still waiting for "), find(b" acquired ")) {
        (Some(at), _) => (false, at),
        (None, Some(at)) => (true, at),
        _ => {
            let known = find(b" detected deadlock").or_else(|| find(b" avoided deadlock")).or_else(|| find(b" failed to acquire"));
            return known.map(|_| Message::Known);
        }
    };
    let on = start + memchr::memmem::find(&raw[start..], b" on ")?;
    let after = memchr::memmem::rfind(raw, b" after ")?;
    let (micros, _) = time::millis(&raw[after + 7..])?;
    (on + 4 <= after).then(|| Message::LockWait { acquired, mode: text.to(on).from(start), object: text.to(after).from(on + 4), micros })
}

fn failure(raw: &[u8]) -> Message<'static> {
    if raw.starts_with(b"deadlock detected") {
        return Message::Deadlock;
    }
    if raw.starts_with(b"canceling autovacuum task") {
        return Message::AutovacuumCancelled;
    }
    const REASONS: &[(&[u8], &str)] = &[
        (b"canceling statement due to statement timeout", "statement timeout"),
        (b"canceling statement due to lock timeout", "lock timeout"),
        (b"canceling statement due to user request", "user request"),
        (b"canceling statement due to conflict with recovery", "conflict with recovery"),
        (b"terminating connection due to conflict with recovery", "conflict with recovery"),
        (b"terminating connection due to idle-in-transaction timeout", "idle-in-transaction timeout"),
        (b"terminating connection due to idle-session timeout", "idle-session timeout"),
        (b"terminating connection due to transaction timeout", "transaction timeout"),
        (b"terminating connection due to administrator command", "administrator command"),
    ];
    REASONS
        .iter()
        .find(|(start, _)| raw.starts_with(start))
        .map_or_else(|| language::failure(raw).unwrap_or(Message::Error), |(_, why)| Message::Cancelled(why))
}

fn log(text: Text<'_>) -> Message<'_> {
    let raw = text.raw;
    let has = |needle: &[u8]| memchr::memmem::find(raw, needle).is_some();
    if raw.starts_with(b"connection ") {
        return match &raw[11..] {
            rest if rest.starts_with(b"received") => Message::Connection("received"),
            rest if rest.starts_with(b"authorized") => Message::Connection("authorized"),
            rest if rest.starts_with(b"authenticated") => Message::Connection("authenticated"),
            _ => Message::Known,
        };
    }
    if let Some(rest) = raw.strip_prefix(b"disconnection: session time: ") {
        return Message::Disconnection(clock(rest));
    }
    if raw.starts_with(b"replication connection authorized") {
        return Message::Connection("authorized");
    }
    if let Some(at) = raw.strip_prefix(b"checkpoint starting:").or_else(|| raw.strip_prefix(b"restartpoint starting:")) {
        return Message::CheckpointStart(text.from(raw.len() - at.len()));
    }
    if raw.starts_with(b"checkpoint complete") || raw.starts_with(b"restartpoint complete") {
        let total = memchr::memmem::find(raw, b"total=").and_then(|i| time::millis(&raw[i + 6..]));
        return Message::CheckpointDone(total.map_or(0, |(seconds, _)| seconds.saturating_mul(1000)));
    }
    if let Some(rest) = raw.strip_prefix(b"checkpoints are occurring too frequently (") {
        return Message::CheckpointsFrequent(time::millis(rest).map_or(0, |(n, _)| n / 1000));
    }
    if raw.starts_with(b"automatic ") {
        let analyze = raw.starts_with(b"automatic analyze");
        let table = memchr::memmem::find(raw, b"of table ").map(|i| i + 9).map(|start| {
            let end = raw[start..].iter().position(|b| matches!(b, b':' | b'\n')).map_or(raw.len(), |i| start + i);
            text.to(end).from(start)
        });
        return table.map_or(Message::Known, |table| Message::Autovacuum { analyze, table });
    }
    if has(b" was terminated by signal ")
        || has(b"server process (PID")
        || raw.starts_with(b"could not ")
        || raw.starts_with(b"unexpected EOF")
        || raw.starts_with(b"invalid ")
    {
        return Message::Error;
    }
    const KNOWN: &[&str] = &[
        "received SIGHUP",
        "parameter \"",
        "database system ",
        "starting PostgreSQL",
        "listening on ",
        "redirecting log output",
        "ending log output",
        "received fast shutdown",
        "received smart shutdown",
        "received immediate shutdown",
        "shutting down",
        "aborting any active",
        "background worker",
        "autovacuum launcher",
        "logical replication",
        "started streaming",
        "restored log file",
        "redo starts",
        "redo done",
        "recovery ",
        "consistent recovery",
        "invalid record length",
        "last completed transaction",
        "all server processes terminated",
        "reinitializing",
        "terminating any other active",
        "selected new timeline",
        "archive recovery",
        "entering standby",
        "pg_cron",
        "cron job",
        "AUDIT: ",
        "TimescaleDB",
        "skipping ",
        "received replication command",
        "checkpoint",
        "standby ",
        "starting logical decoding",
        "logical decoding",
        "initial slot",
        "fetching timeline",
        "configuration file",
        "archived transaction log",
        "PID ",
        "statistics collector",
        "using stale statistics",
        "disabling huge pages",
        "auto_explain",
        "still waiting",
        "setting ",
        "reloading",
        "received promote",
        "QUERY STATISTICS",
        "EXECUTE",
        "level: ",
    ];
    if KNOWN.iter().any(|known| raw.starts_with(known.as_bytes())) { Message::Known } else { Message::Unknown }
}

/// Whether this is a duration in another language than English: `Dauer: 0.009 ms  Anweisung: …`. Some formats name the
/// severity in English whatever the language.
pub fn foreign_duration(raw: &[u8]) -> bool {
    let head = &raw[..raw.len().min(60)];
    memchr::memmem::find(head, b" ms").is_some_and(|end| {
        let number = head[..end].iter().rev().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
        number >= 5 && head[end - 4] == b'.' && memchr::memchr(b':', &head[..end - number]).is_some() && !raw.starts_with(b"duration")
    })
}

/// `0:00:01.234` as microseconds.
fn clock(text: &[u8]) -> u64 {
    let end = text.iter().position(|b| *b == b' ').unwrap_or(text.len());
    let mut parts = text[..end].split(|b| *b == b':');
    let mut next = || parts.next().and_then(time::millis).map_or(0, |(thousandths, _)| thousandths);
    let (hours, minutes, seconds) = (next(), next(), next());
    (hours.saturating_mul(3600)).saturating_add(minutes.saturating_mul(60)).saturating_add(seconds).saturating_mul(1000)
}
