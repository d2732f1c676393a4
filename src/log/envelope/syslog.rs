//! syslog in its dialects. A message comes in parts `[N-1]`, `[N-2]`, …, which other processes' parts may stand between;
//! they are joined again, and each line gets a stamp and a process id in front, since the header had them.

use crate::log::time;
use std::collections::BTreeMap;

/// Messages whose end has not been seen; the oldest is given out when there are more.
const MAX_OPEN: usize = 512;

/// Longest joined message.
const MAX_MESSAGE: usize = 16 << 20;

/// A line's header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    time: i64,
    pid: u32,
    /// `[N-M]`: message and part.
    part: Option<(u64, u64)>,
    text: &'a [u8],
}

/// Takes a line's header off.
pub(super) fn header(line: &[u8], year: i64) -> Option<Header<'_>> {
    // The octet count of a drain, the priority.
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let line = if digits > 0 && line.get(digits..digits + 2) == Some(b" <") { &line[digits + 1..] } else { line };
    let mut rest = line;
    let mut modern = false;
    if let Some(after) = line.strip_prefix(b"<") {
        let close = after.iter().take(5).position(|b| *b == b'>')?;
        rest = &after[close + 1..];
        if let Some(after) = rest.strip_prefix(b"1 ") {
            (rest, modern) = (after, true);
        }
    }
    let (time, after) = match time::stamp(rest) {
        Some((time, len)) if rest.get(10) == Some(&b'T') => (time, &rest[len..]),
        _ => old_stamp(rest, year)?,
    };
    let after = after.strip_prefix(b" ")?;
    let (pid, text) = if modern { modern_fields(after)? } else { old_fields(after)? };
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (part, text) = numbered(text);
    Some(Header { time, pid, part, text })
}

/// `Nov 21 11:05:50`, the day padded with a blank.
fn old_stamp(line: &[u8], year: i64) -> Option<(i64, &[u8])> {
    const MONTHS: &[&[u8]] = &[b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let month = MONTHS.iter().position(|m| line.starts_with(m))? as i64 + 1;
    let field = line.get(4..15)?;
    let number = |range: std::ops::Range<usize>| std::str::from_utf8(&field[range]).ok()?.trim().parse::<i64>().ok();
    let (day, hour, minute, second) = (number(0..2)?, number(3..5)?, number(6..8)?, number(9..11)?);
    let seconds = time::days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds * 1_000_000, &line[15..]))
}

/// `host ident[pid]: text`; Heroku's `app[postgres.123]: text`.
fn old_fields(rest: &[u8]) -> Option<(u32, &[u8])> {
    let colon = memchr::memmem::find(&rest[..rest.len().min(200)], b": ")?;
    let ident = &rest[..colon];
    if ident.iter().filter(|b| **b == b' ').count() > 1 {
        return None;
    }
    let open = memchr::memrchr(b'[', ident);
    let inside = open.and_then(|open| ident[open + 1..].strip_suffix(b"]"));
    let pid = inside
        .map_or(0, |pid| pid.iter().filter(|b| b.is_ascii_digit()).fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0'))));
    let is_ident = inside.is_some() || memchr::memmem::find(ident, b"postgres").is_some();
    is_ident.then(|| (pid, &rest[colon + 1..]))
}

/// `host app pid msgid sd text`.
fn modern_fields(rest: &[u8]) -> Option<(u32, &[u8])> {
    let mut fields = rest.splitn(5, |b| *b == b' ');
    let (_host, _app, pid, _id) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let after = fields.next()?;
    let text = match after.first()? {
        b'-' => &after[1..],
        b'[' => &after[memchr::memmem::find(after, b"] ")? + 1..],
        _ => after,
    };
    Some((std::str::from_utf8(pid).ok().and_then(|p| p.parse().ok()).unwrap_or(0), text.strip_prefix(b" ").unwrap_or(text)))
}

/// `[N-M] ` or `[N] `; Heroku's `[COLOR] ` before it goes.
fn numbered(text: &[u8]) -> (Option<(u64, u64)>, &[u8]) {
    let Some(inside) = text.strip_prefix(b"[") else { return (None, text) };
    let Some(close) = inside.iter().take(24).position(|b| *b == b']') else { return (None, text) };
    let after = &inside[close + 1..];
    let after = after.strip_prefix(b" ").unwrap_or(after);
    let inside = String::from_utf8_lossy(&inside[..close]).into_owned();
    let number = |text: &str| text.parse::<u64>().ok();
    match inside.split_once('-') {
        Some((message, part)) => match (number(message), number(part)) {
            (Some(message), Some(part)) => (Some((message, part)), after),
            _ => (None, text),
        },
        None if number(&inside).is_some() => (number(&inside).map(|n| (n, 1)), after),
        None if inside.bytes().all(|b| b.is_ascii_uppercase()) && after.starts_with(b"[") => numbered(after),
        None => (None, text),
    }
}

struct Open {
    message: u64,
    head: String,
    /// What stands before the first severity: a further part that begins so is DETAIL or the like.
    prefix: Vec<u8>,
    text: Vec<u8>,
    order: u64,
}

/// Joins parts.
pub(super) struct Joiner {
    year: i64,
    open: BTreeMap<u32, Open>,
    order: u64,
}

impl Joiner {
    pub(super) fn new(year: i64) -> Joiner {
        Joiner { year, open: BTreeMap::new(), order: 0 }
    }

    pub(super) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some(header) = header(line, self.year) else {
            return super::copy_line(line, out);
        };
        let text = unescaped(header.text);
        let (message, part) = header.part.unwrap_or((self.order, 1));
        if let Some(open) = self.open.get_mut(&header.pid)
            && header.part.is_some()
            && open.message == message
            && part > 1
            && open.text.len() < MAX_MESSAGE
        {
            return open.add(&text);
        }
        if let Some(open) = self.open.remove(&header.pid) {
            open.write(out);
        }
        if self.open.len() >= MAX_OPEN
            && let Some(oldest) = self.open.iter().min_by_key(|(_, open)| open.order).map(|(pid, _)| *pid)
            && let Some(open) = self.open.remove(&oldest)
        {
            open.write(out);
        }
        self.order += 1;
        let (year, month, day, second) = time::parts(header.time.div_euclid(1_000_000));
        let millis = header.time.rem_euclid(1_000_000) / 1000;
        let head = format!(
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{millis:03} UTC [{}] ",
            second / 3600,
            second / 60 % 60,
            second % 60,
            header.pid
        );
        let end = severity(&text).unwrap_or(0);
        let open = Open { message, head, prefix: text[..end].to_vec(), text: vec![], order: self.order };
        self.open.insert(header.pid, open);
        if let Some(open) = self.open.get_mut(&header.pid) {
            open.begin(&text);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let mut open: Vec<Open> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_by_key(|open| open.order);
        for open in open {
            open.write(out);
        }
    }
}

/// Where the first severity stands.
fn severity(text: &[u8]) -> Option<usize> {
    ["LOG:  ", "ERROR:  ", "FATAL:  ", "PANIC:  ", "WARNING:  ", "NOTICE:  ", "DETAIL:  ", "STATEMENT:  ", "CONTEXT:  ", "HINT:  "]
        .iter()
        .filter_map(|tag| memchr::memmem::find(text, tag.as_bytes()))
        .min()
}

impl Open {
    /// The first part; unescaped line feeds may be inside.
    fn begin(&mut self, text: &[u8]) {
        for (i, line) in text.split(|b| *b == b'\n').enumerate() {
            if i > 0 {
                self.text.push(b'\n');
            }
            if line.first() != Some(&b'\t') {
                self.text.extend_from_slice(self.head.as_bytes());
            }
            self.text.extend_from_slice(line);
        }
    }

    fn add(&mut self, text: &[u8]) {
        if text.first() == Some(&b'\t') {
            self.text.push(b'\n');
            self.text.extend_from_slice(text);
        } else if self.is_part(text) {
            self.text.push(b'\n');
            self.begin(text);
        } else {
            self.text.extend_from_slice(text);
        }
    }

    /// Whether a part begins DETAIL, STATEMENT and so on: the prefix again (its counters may differ), and the word.
    fn is_part(&self, text: &[u8]) -> bool {
        let Some(end) = ["DETAIL:  ", "HINT:  ", "QUERY:  ", "CONTEXT:  ", "STATEMENT:  ", "LOCATION:  "]
            .iter()
            .filter_map(|tag| memchr::memmem::find(text, tag.as_bytes()))
            .min()
        else {
            return false;
        };
        let letters = |bytes: &[u8]| bytes.iter().filter(|b| !b.is_ascii_digit()).copied().collect::<Vec<u8>>();
        letters(&text[..end]) == letters(&self.prefix)
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
        out.push(b'\n');
    }
}

/// rsyslog's `#011` and `#012`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = memchr::memchr(b'#', rest) {
        plain.extend_from_slice(&rest[..i]);
        let byte = match rest.get(i..i + 4) {
            Some(b"#011") => b'\t',
            Some(b"#012") => b'\n',
            Some(b"#015") => b'\r',
            _ => {
                plain.push(b'#');
                rest = &rest[i + 1..];
                continue;
            }
        };
        plain.push(byte);
        rest = &rest[i + 4..];
    }
    plain.extend_from_slice(rest);
    plain
}
