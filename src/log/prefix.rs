//! `log_line_prefix`: compiled once, matched on every line of a stderr log; and inferred from a file that does not say it.
//!
//! Users, databases and applications may hold anything, the text of another entry too. So a match counts only if a severity
//! follows, and where a field's end is in doubt every end is tried, within a budget.

mod infer;

pub use infer::{KNOWN, infer};
pub(super) use infer::{choose, derive};

use super::record::{session_key, without_port};
use super::{language, time};

/// Longest prefix that is looked for.
const MAX_PREFIX: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    User,
    Database,
    Application,
    Host,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Op {
    Literal(Vec<u8>),
    Stamp,
    Epoch,
    Pid,
    Digits,
    Session,
    Text(Field),
    /// `%q`: other processes than sessions end here.
    Stop,
}

/// A compiled prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    ops: Vec<Op>,
    /// From here on come names only, which are mostly the same for all lines of a process.
    names: usize,
    /// As the setting has it.
    pub source: String,
}

/// What a line's prefix says, and where its text begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'a> {
    pub(super) time: Option<i64>,
    pub(super) user: &'a [u8],
    pub(super) database: &'a [u8],
    pub(super) application: &'a [u8],
    pub(super) host: &'a [u8],
    pub(super) sqlstate: &'a [u8],
    pub(super) pid: u32,
    pub(super) session: u64,
    /// The word before the colon.
    pub(super) tag: &'a [u8],
    /// The first byte after the tag's colon and blanks.
    pub(super) text: usize,
}

/// Processes whose names are remembered: a power of two.
const PROCESSES: usize = 128;

/// The part of a prefix that holds names only, and what it said.
#[derive(Clone, Copy, Default)]
struct Names<'a> {
    text: &'a [u8],
    line: Line<'a>,
}

/// What the lines before this one said: the next mostly say the same again.
pub(super) struct Before<'a> {
    stamps: time::Stamps,
    names: Vec<Names<'a>>,
    /// Whose template's.
    template: usize,
}

impl<'a> Before<'a> {
    pub(super) fn new() -> Before<'a> {
        Before { stamps: time::Stamps::default(), names: vec![Names::default(); PROCESSES], template: 0 }
    }

    fn names_of(&mut self, template: &Template, pid: u32) -> &mut Names<'a> {
        let template = template.source.as_ptr() as usize;
        if self.template != template {
            self.template = template;
            self.names.fill(Names::default());
        }
        &mut self.names[pid as usize % PROCESSES]
    }
}

impl Template {
    /// Compiles a setting.
    pub fn new(source: &str) -> Template {
        let mut ops: Vec<Op> = vec![];
        let mut literal = vec![];
        let bytes = source.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] != b'%' {
                literal.push(bytes[at]);
                at += 1;
                continue;
            }
            at += 1;
            while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'-') {
                at += 1;
            }
            let op = match bytes.get(at) {
                Some(b't' | b'm' | b's') => Some(Op::Stamp),
                Some(b'n') => Some(Op::Epoch),
                Some(b'p') => Some(Op::Pid),
                Some(b'l') => Some(Op::Digits),
                Some(b'c') => Some(Op::Session),
                Some(b'u') => Some(Op::Text(Field::User)),
                Some(b'd') => Some(Op::Text(Field::Database)),
                Some(b'a') => Some(Op::Text(Field::Application)),
                Some(b'h' | b'r') => Some(Op::Text(Field::Host)),
                Some(b'b' | b'P' | b'i' | b'e' | b'v' | b'x' | b'Q' | b'L') => Some(Op::Text(Field::Other)),
                Some(b'q') => Some(Op::Stop),
                Some(b'%') => {
                    literal.push(b'%');
                    None
                }
                _ => None,
            };
            if let Some(op) = op {
                if !literal.is_empty() {
                    ops.push(Op::Literal(std::mem::take(&mut literal)));
                }
                ops.push(op);
            }
            at += 1;
        }
        if !literal.is_empty() {
            ops.push(Op::Literal(literal));
        }
        let last = ops.iter().rposition(|op| !matches!(op, Op::Literal(_) | Op::Text(_) | Op::Stop));
        Template { names: last.map_or(0, |i| i + 1), ops, source: source.to_owned() }
    }

    /// Reads the prefix and the tag at the start of a line.
    pub fn read<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let mut found = Line::default();
        let mut budget = 300u32;
        let bounded = &line[..line.len().min(MAX_PREFIX)];
        self.step(0, bounded, 0, &mut found, &mut budget).then_some(found)
    }

    /// The same for one line after the other: where each field ends at the first of what follows it, which is nearly always,
    /// no other end is tried.
    pub(super) fn read_next<'a>(&self, line: &'a [u8], before: &mut Before<'a>) -> Option<Line<'a>> {
        self.direct(&line[..line.len().min(MAX_PREFIX)], before).or_else(|| self.read(line))
    }

    fn direct<'a>(&self, line: &'a [u8], before: &mut Before<'a>) -> Option<Line<'a>> {
        let mut found = Line::default();
        let mut at = 0;
        for (i, op) in self.ops[..self.names].iter().enumerate() {
            let rest = line.get(at..)?;
            match op {
                Op::Stamp => {
                    let (time, len) = before.stamps.read(rest)?;
                    found.time = found.time.or(Some(time));
                    at += len;
                }
                Op::Epoch => {
                    let (micros, len) = time::millis(rest).filter(|(_, len)| *len > 9)?;
                    found.time = i64::try_from(micros).ok().and_then(|m| m.checked_mul(1000));
                    at += len;
                }
                Op::Pid => {
                    let len = digits(rest);
                    if len == 0 || len > 10 {
                        return None;
                    }
                    found.pid = number(&rest[..len]);
                    at += len;
                }
                Op::Digits => at += digits(rest),
                Op::Session => {
                    let len = rest.iter().take_while(|b| b.is_ascii_hexdigit() || **b == b'.').count();
                    if len == 0 {
                        return None;
                    }
                    found.session = session_key(&rest[..len]);
                    at += len;
                }
                Op::Literal(_) | Op::Text(_) | Op::Stop => at = self.name(i, at, line, &mut found)?,
            }
        }
        let names = line.get(at..)?;
        let known = before.names_of(self, found.pid);
        if !known.text.is_empty() && names.starts_with(known.text) {
            at += known.text.len();
            (found.user, found.database, found.application) = (known.line.user, known.line.database, known.line.application);
            (found.host, found.sqlstate) = (known.line.host, known.line.sqlstate);
        } else {
            let from = at;
            for i in self.names..self.ops.len() {
                at = self.name(i, at, line, &mut found)?;
            }
            *known = Names { text: &line[from..at], line: found };
        }
        tag(line, at, &mut found).then_some(found)
    }

    /// Reads a literal or a name, which ends where the literal behind it first stands; gives the byte after it.
    fn name<'a>(&self, op: usize, at: usize, line: &'a [u8], found: &mut Line<'a>) -> Option<usize> {
        let rest = line.get(at..)?;
        match &self.ops[op] {
            Op::Literal(text) => begins(rest, text).then(|| at + text.len()),
            Op::Text(field) => {
                let Some(Op::Literal(next)) = self.ops.get(op + 1) else { return None };
                let first = *next.first()?;
                let mut end = 0;
                loop {
                    end += rest.get(end..)?.iter().position(|b| *b == first)?;
                    if begins(&rest[end..], next) {
                        break;
                    }
                    end += 1;
                }
                set(found, *field, &rest[..end]);
                Some(at + end)
            }
            _ => Some(at),
        }
    }

    fn step<'a>(&self, op: usize, line: &'a [u8], at: usize, found: &mut Line<'a>, budget: &mut u32) -> bool {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        let rest = line.get(at..).unwrap_or(&[]);
        let Some(this) = self.ops.get(op) else { return tag(line, at, found) };
        match this {
            Op::Literal(text) => rest.starts_with(text) && self.step(op + 1, line, at + text.len(), found, budget),
            Op::Stamp => {
                let Some((time, len)) = time::stamp(rest) else { return false };
                found.time = found.time.or(Some(time));
                self.step(op + 1, line, at + len, found, budget)
            }
            Op::Epoch => {
                let Some((micros, len)) = time::millis(rest).filter(|(_, len)| *len > 9) else { return false };
                found.time = i64::try_from(micros).ok().and_then(|m| m.checked_mul(1000));
                self.step(op + 1, line, at + len, found, budget)
            }
            Op::Pid => {
                let len = digits(rest);
                if len == 0 || len > 10 {
                    return false;
                }
                found.pid = number(&rest[..len]);
                self.step(op + 1, line, at + len, found, budget)
            }
            Op::Digits => self.step(op + 1, line, at + digits(rest), found, budget),
            Op::Session => {
                let len = rest.iter().take_while(|b| b.is_ascii_hexdigit() || **b == b'.').count();
                found.session = session_key(&rest[..len]);
                len > 0 && self.step(op + 1, line, at + len, found, budget)
            }
            Op::Stop => {
                // A session's fields first: they are the longer reading.
                let before = *found;
                if self.step(op + 1, line, at, found, budget) {
                    return true;
                }
                *found = before;
                tag(line, at, found)
            }
            Op::Text(field) => self.text(*field, op, line, at, found, budget),
        }
    }

    /// Tries every end of a field, the nearest first.
    fn text<'a>(&self, field: Field, op: usize, line: &'a [u8], at: usize, found: &mut Line<'a>, budget: &mut u32) -> bool {
        let rest = line.get(at..).unwrap_or(&[]);
        let next = match self.ops.get(op + 1) {
            Some(Op::Literal(text)) => &text[..],
            _ => b"",
        };
        let before = *found;
        let mut from = 0;
        while *budget > 0 && from <= rest.len() {
            let end = match next.first() {
                None => from,
                Some(&first) => {
                    let Some(i) = memchr::memchr(first, &rest[from..]) else { return false };
                    from + i
                }
            };
            if rest[end..].starts_with(next) {
                if self.step(op + 1, line, at + end, found, budget) {
                    set(found, field, &rest[..end]);
                    return true;
                }
                *found = before;
            }
            from = end + 1;
        }
        false
    }
}

fn digits(rest: &[u8]) -> usize {
    rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')))
}

/// `starts_with` for texts of a few bytes.
fn begins(rest: &[u8], text: &[u8]) -> bool {
    rest.len() >= text.len() && rest.iter().zip(text).all(|(a, b)| a == b)
}

fn set<'a>(found: &mut Line<'a>, field: Field, value: &'a [u8]) {
    let value = value.trim_ascii();
    let value = if value.first() == Some(&b'[') && (value == b"[unknown]" || language::is_unknown(value)) { b"" } else { value };
    match field {
        Field::User => found.user = value,
        Field::Database => found.database = value,
        Field::Application => found.application = value,
        Field::Host => found.host = without_port(value),
        Field::Other if value.len() == 5 && value.iter().all(u8::is_ascii_alphanumeric) => found.sqlstate = value,
        Field::Other => {}
    }
}

/// `LOG:  `, `ERROR:  42P01: `, `DETAIL:  `; words of other languages too.
fn tag<'a>(line: &'a [u8], at: usize, found: &mut Line<'a>) -> bool {
    let rest = line.get(at..).unwrap_or(&[]);
    if let [b'L', b'O', b'G', b':', b' ', b' ', b'd', ..] = rest {
        // `LOG:  duration: …`: what nearly all lines are.
        (found.tag, found.text) = (&rest[..3], at + 6);
        return true;
    }
    let word = rest.iter().take(40).take_while(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
    if word < 3 || !(rest[0].is_ascii_uppercase() || rest[0] >= 0x80) {
        return false;
    }
    // A part's word may have blanks in it and behind it, as French has.
    let foreign = language::part(rest);
    let (name, len) = match foreign {
        Some(part) => part,
        None if rest.get(word) == Some(&b':') => (&rest[..word], word),
        None if rest[word - 1] >= 0x80 && rest.get(word..word + 2) == Some(b" :") => (&rest[..word], word + 1),
        None => return false,
    };
    let after = &rest[len + 1..];
    let blanks = after.iter().take(2).take_while(|b| **b == b' ').count();
    // The server writes two blanks; at a line's end a tool may have cut them.
    // Some translations have one only.
    if blanks < 2 && foreign.is_none() && !(after.is_empty() || (blanks == after.len())) {
        return false;
    }
    found.tag = name;
    found.text = at + len + 1 + blanks;
    // log_error_verbosity = verbose puts the SQLSTATE here.
    let text = line.get(found.text..).unwrap_or(&[]);
    let is_state = |b: &[u8]| b.len() == 5 && b.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if text.get(5..7) == Some(b": ") && is_state(&text[..5]) && text[0].is_ascii_alphanumeric() {
        found.sqlstate = &text[..5];
        found.text += 7;
    }
    found.text += source_place(text);
    true
}

/// `[postgres.c:1314]  `, which AlloyDB puts behind the severity: how many bytes.
fn source_place(text: &[u8]) -> usize {
    let Some(inside) = text.strip_prefix(b"[") else { return 0 };
    let place = |len: &usize| memchr::memmem::find(&inside[..*len], b".c:").is_some();
    let Some(len) = inside.iter().take(60).position(|b| *b == b']').filter(place) else { return 0 };
    len + 2 + inside[len + 1..].iter().take(2).take_while(|b| **b == b' ').count()
}

/// The words that begin the further parts of an entry.
pub(super) fn is_part(tag: &[u8]) -> bool {
    matches!(tag, b"DETAIL" | b"HINT" | b"QUERY" | b"CONTEXT" | b"LOCATION" | b"BACKTRACE" | b"STATEMENT")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fields(prefix: &str, line: &str) -> (String, String, String, String, u32, String) {
        let template = Template::new(prefix);
        let read = template.read(line.as_bytes()).unwrap_or_else(|| panic!("{prefix} does not read {line}"));
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        (text(read.user), text(read.database), text(read.application), text(read.host), read.pid, line[read.text..].to_owned())
    }

    #[test]
    fn fields_hold_anything() {
        let line = "2026-11-21 11:02:37 UTC [2044]: [3-1] user=app_user,db=shop,app=LOG:  duration: 7.7 ms  statement: x,client=127.0.0.1 LOG:  duration: 0.325 ms  statement: SELECT 1";
        let (user, database, app, host, pid, text) = fields(KNOWN[2], line);
        assert_eq!((user.as_str(), database.as_str(), host.as_str(), pid), ("app_user", "shop", "127.0.0.1", 2044));
        assert_eq!((app.as_str(), text.as_str()), ("LOG:  duration: 7.7 ms  statement: x", "duration: 0.325 ms  statement: SELECT 1"));
        let (user, database, ..) = fields("%m [%p] %q%u@%d ", "2026-11-21 11:02:37.1 UTC [7] a@b@my db LOG:  x");
        assert_eq!((user.as_str(), database.as_str()), ("a", "b@my db"));
        let (user, _, _, host, ..) = fields(
            "%t:%r:%u@%d:[%p]:",
            "2026-11-21 11:02:28 UTC:127.0.0.1(56588):[unknown]@[unknown]:[1854]:LOG:  connection received: host=1",
        );
        assert_eq!((user.as_str(), host.as_str()), ("", "127.0.0.1"));
    }

    #[test]
    fn background_processes_stop_at_q() {
        assert_eq!(
            fields("%m [%p] %q%u@%d ", "2026-11-21 11:02:37.1 UTC [7] LOG:  checkpoint starting: time").5,
            "checkpoint starting: time"
        );
        assert!(Template::new("%m [%p] ").read(b"2026-11-21 11:02:37 UTC [7] no severity here").is_none());
    }

    #[test]
    fn unknown_prefixes_are_made_from_the_lines() {
        let lines: Vec<&[u8]> = vec![
            b"<2026-11-21 11:02:37 UTC pid=55 usr=bob|dbname=shop> ERROR:  42P01: relation x does not exist",
            b"<2026-11-21 11:02:38 UTC pid=56 usr=ann|dbname=shop> LOG:  duration: 1 ms",
        ];
        let templates = infer(&lines);
        let read = templates[0].read(lines[0]).unwrap();
        assert_eq!((read.user, read.database, read.pid, read.sqlstate), (&b"bob"[..], &b"shop"[..], 55, &b"42P01"[..]));
        assert!(templates[0].read(lines[1]).is_some());
    }
}
