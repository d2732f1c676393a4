//! Entries of a jsonlog: one object a line, read key by key without building anything. Strings stay as they lie in the
//! file; bytes need not be UTF-8, since a log's encodings mix.

use super::record::{Encoding, Level, Record, Take, Text, session_key, without_port};
use super::time;

/// Reads a block of whole lines.
pub(super) fn read(block: &[u8], take: &mut dyn Take) {
    let mut at = 0;
    while at < block.len() {
        let end = memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |i| at + i);
        let line = &block[at..end];
        if !line.trim_ascii().is_empty() {
            match object(at, line) {
                Some(record) => take.record(&record),
                None => take.stray(at, line),
            }
        }
        at = end + 1;
    }
}

/// Whether a line is an entry of a jsonlog.
pub(super) fn is_entry(line: &[u8]) -> bool {
    object(0, line).is_some()
}

fn object(at: usize, line: &[u8]) -> Option<Record<'_>> {
    let mut found = Record { at, ..Record::default() };
    let mut scan = Scan { line, at: 0 };
    let (mut pid, mut message, mut level) = (&[][..], false, false);
    scan.expect(b'{')?;
    loop {
        scan.blanks();
        if scan.line.get(scan.at) == Some(&b'}') {
            break;
        }
        let key = scan.string()?;
        scan.blanks();
        scan.expect(b':')?;
        scan.blanks();
        let value = scan.value()?;
        let text = Text { raw: value, encoding: Encoding::Json };
        match key {
            b"timestamp" => found.time = time::stamp(value).map(|(time, _)| time),
            b"user" => found.user = value,
            b"dbname" => found.database = value,
            b"pid" => pid = value,
            b"remote_host" => found.host = without_port(value),
            b"session_id" => found.session = session_key(value),
            b"error_severity" => {
                found.level = Level::of(value);
                level = true;
            }
            b"state_code" => found.sqlstate = value,
            b"message" => {
                found.message = text;
                message = true;
            }
            b"detail" => found.detail = text,
            b"hint" => found.hint = text,
            b"context" => found.context = text,
            b"statement" => found.statement = text,
            b"application_name" => found.application = value,
            _ => {}
        }
        scan.blanks();
        match scan.line.get(scan.at) {
            Some(b',') => scan.at += 1,
            Some(b'}') => break,
            _ => return None,
        }
    }
    found.pid = std::str::from_utf8(pid).ok().and_then(|p| p.parse().ok()).unwrap_or(0);
    if found.session == 0 && found.pid != 0 {
        found.session = session_key(&found.pid.to_le_bytes());
    }
    (message && level).then_some(found)
}

struct Scan<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn blanks(&mut self) {
        while self.line.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.line.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    /// The inside of a string, as written.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.line.get(self.at..)?)?;
            if self.line[self.at] == b'"' {
                self.at += 1;
                return Some(&self.line[start..self.at - 1]);
            }
            self.at += 2;
        }
    }

    /// A string's inside, a number's digits; objects and arrays are passed over.
    fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        match *self.line.get(self.at)? {
            b'"' => self.string(),
            b'{' | b'[' => {
                let mut depth = 0usize;
                loop {
                    match *self.line.get(self.at)? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Some(&self.line[start..start]);
                    }
                }
            }
            _ => {
                self.at += memchr::memchr3(b',', b'}', b' ', &self.line[start..])?;
                let value = &self.line[start..self.at];
                Some(if value == b"null" { b"" } else { value })
            }
        }
    }
}
