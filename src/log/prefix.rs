//! `log_line_prefix`: compiled once, matched on every line of a stderr log; and inferred from a file that does not say it.
//!
//! Users, databases and applications may hold anything, the text of another entry too. So a match counts only if a severity
//! follows, and where a field's end is in doubt every end is tried, within a budget.

use super::record::{session_key, without_port};
use super::time;

/// Prefixes in use, the most telling first; tried before one is made up from the lines.
pub const KNOWN: &[&str] = &[
    "%m [%p] ",
    "%t [%p] ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d - PG-%e ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%m [%p] %q[user=%u,db=%d,app=%a,host=%h] ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%m [%p][%v] : [%l-1] %q[app=%a] ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] %q%u@%d ",
    "%t [%p-%l] %q%u@%d ",
    "%t:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:",
    "pid=%p,user=%u,db=%d,app=%a,client=%h ",
    "user=%u,db=%d,app=%a,client=%h ",
    "%h %m [%p] %q%u@%d ",
    "%t-%c-",
    "%n %c ",
    "%m ",
    "%t ",
    " sql_error_code = %e ",
    "[%p]: [%l-1] db=%d,user=%u ",
    "",
];

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
        Template { ops, source: source.to_owned() }
    }

    /// Reads the prefix and the tag at the start of a line.
    pub fn read<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let mut found = Line::default();
        let mut budget = 300u32;
        let bounded = &line[..line.len().min(MAX_PREFIX)];
        self.step(0, bounded, 0, &mut found, &mut budget).then_some(found)
    }

    fn step<'a>(&self, op: usize, line: &'a [u8], at: usize, found: &mut Line<'a>, budget: &mut u32) -> bool {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        let rest = line.get(at..).unwrap_or(&[]);
        let Some(this) = self.ops.get(op) else { return tag(line, at, found) };
        let digits = || rest.iter().take_while(|b| b.is_ascii_digit()).count();
        match this {
            Op::Literal(text) => {
                let padded = rest.starts_with(text);
                padded && self.step(op + 1, line, at + text.len(), found, budget)
            }
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
                let len = digits();
                if len == 0 || len > 10 {
                    return false;
                }
                found.pid = rest[..len].iter().fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')));
                self.step(op + 1, line, at + len, found, budget)
            }
            Op::Digits => self.step(op + 1, line, at + digits(), found, budget),
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

fn set<'a>(found: &mut Line<'a>, field: Field, value: &'a [u8]) {
    let value = value.trim_ascii();
    let value = if value == b"[unknown]" { b"" } else { value };
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
    let len = rest.iter().take(24).take_while(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
    let blank = usize::from(rest.get(len) == Some(&b' ') && len > 2 && rest[len - 1] >= 0x80);
    if len < 3 || rest.get(len + blank) != Some(&b':') || !(rest[0].is_ascii_uppercase() || rest[0] >= 0x80) {
        return false;
    }
    let after = &rest[len + blank + 1..];
    let blanks = after.iter().take(2).take_while(|b| **b == b' ').count();
    // The server writes two blanks; at a line's end a tool may have cut them.
    if blanks < 2 && !(after.is_empty() || (blanks == after.len())) {
        return false;
    }
    found.tag = &rest[..len];
    found.text = at + len + blank + 1 + blanks;
    // log_error_verbosity = verbose puts the SQLSTATE here.
    let text = line.get(found.text..).unwrap_or(&[]);
    let is_state = |b: &[u8]| b.len() == 5 && b.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if text.get(5..7) == Some(b": ") && is_state(&text[..5]) && text[0].is_ascii_alphanumeric() {
        found.sqlstate = &text[..5];
        found.text += 7;
    }
    true
}

/// The words that begin the further parts of an entry.
pub(super) fn is_part(tag: &[u8]) -> bool {
    matches!(tag, b"DETAIL" | b"HINT" | b"QUERY" | b"CONTEXT" | b"LOCATION" | b"BACKTRACE" | b"STATEMENT")
}

/// The templates that read most of these lines: known prefixes, and ones made from the lines. The best first.
pub fn infer(lines: &[&[u8]]) -> Vec<Template> {
    choose(KNOWN.iter().map(|source| Template::new(source)).collect(), lines)
}

/// The same from these candidates.
pub(super) fn choose(mut candidates: Vec<Template>, lines: &[&[u8]]) -> Vec<Template> {
    for line in lines.iter().take(60) {
        if let Some(template) = derive(line).filter(|t| !candidates.contains(t)) {
            candidates.push(template);
        }
    }
    let mut left: Vec<&[u8]> = lines.to_vec();
    let mut chosen = vec![];
    while chosen.len() < 4 && !left.is_empty() {
        let score = |t: &Template| {
            left.iter().filter_map(|line| t.read(line)).fold((0, 0), |(lines, told), line| (lines + 1, told + told_by(&line)))
        };
        // Among equals the one that tells more; among those the earlier.
        let best = candidates.iter().rev().map(|t| (score(t), t)).max_by_key(|best| best.0);
        let Some(((count, _), template)) = best.filter(|best| best.0.0 > 0) else { break };
        if count * 50 < lines.len() && !chosen.is_empty() {
            break;
        }
        left.retain(|line| template.read(line).is_none());
        chosen.push(template.clone());
    }
    chosen
}

/// How much of a line a template has read.
fn told_by(line: &Line<'_>) -> usize {
    let named = [line.user, line.database, line.application, line.host, line.sqlstate].iter().filter(|field| !field.is_empty()).count();
    named + usize::from(line.time.is_some()) + usize::from(line.pid != 0) + usize::from(line.session != 0)
}

/// Makes a template from one line: recognises stamps, numbers and `key=` in front of a severity.
pub(super) fn derive(line: &[u8]) -> Option<Template> {
    let line = &line[..line.len().min(MAX_PREFIX)];
    let end = ["LOG:  ", "ERROR:  ", "FATAL:  ", "WARNING:  ", "DETAIL:  ", "STATEMENT:  "]
        .iter()
        .filter_map(|tag| memchr::memmem::find(line, tag.as_bytes()))
        .min()?;
    let prefix = &line[..end];
    let mut source = String::new();
    let mut at = 0;
    let mut pid_seen = false;
    while at < prefix.len() {
        let rest = &prefix[at..];
        if let Some((_, len)) = time::stamp(rest) {
            source.push_str("%m");
            at += len;
            continue;
        }
        let key_len = rest.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
        if key_len > 0 && rest.get(key_len) == Some(&b'=') {
            let key = std::str::from_utf8(&rest[..key_len]).unwrap_or("");
            let escape = match key.to_ascii_lowercase().as_str() {
                "user" | "usr" | "u" | "username" => "%u",
                "db" | "database" | "d" | "dbname" => "%d",
                "app" | "application" | "a" | "application_name" => "%a",
                "client" | "host" | "h" | "remote" | "ip" | "c" | "addr" => "%h",
                "pid" | "p" | "process" => "%p",
                "session" | "sid" => "%c",
                _ => "%i",
            };
            source.push_str(&format!("{key}={escape}"));
            at += key_len + 1;
            at += prefix[at..]
                .iter()
                .take_while(|b| !matches!(b, b',' | b' ' | b'>' | b'}' | b']' | b')' | b';' | b'|' | b'"' | b'\''))
                .count();
            continue;
        }
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 && !rest.get(digits).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.') {
            source.push_str(if pid_seen { "%l" } else { "%p" });
            pid_seen = true;
            at += digits;
            continue;
        }
        let word = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-' | b'@')).count();
        if word > 0 && digits == 0 && memchr::memchr(b'@', &rest[..word]).is_some() {
            source.push_str("%u@%d");
            at += word - usize::from(rest[word - 1] == b':');
        } else if word > 0 {
            source.push_str("%i");
            at += word;
        } else {
            if rest[0] == b'%' {
                source.push('%');
            }
            source.push_str(&String::from_utf8_lossy(&rest[..1]));
            at += 1;
        }
    }
    let template = Template::new(&source);
    template.read(line).is_some().then_some(template)
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
