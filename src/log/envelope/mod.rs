//! Wrappings that services and collectors put around a server's lines, taken off as a stream: what comes out is a stderr
//! log or a jsonlog.

mod objects;
mod syslog;

use crate::log::time;

/// A wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// The file is the server's own.
    None,
    /// syslog, journald, Heroku's logplex: a header on each line, long messages in numbered parts.
    Syslog,
    /// `time stdout F line`.
    Containerd,
    /// `2019-08-09T18:00:00.000Z line` (CloudWatch to S3).
    Stamped,
    /// JSON objects around texts or fields: Cloud SQL and other Cloud Logging, Azure, CloudWatch, CloudNativePG, Docker, Supabase.
    Objects,
    /// CSV with a header: `@timestamp,@message`.
    Table,
}

impl Envelope {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Envelope::None => "",
            Envelope::Syslog => "syslog",
            Envelope::Containerd => "container log",
            Envelope::Stamped => "CloudWatch export",
            Envelope::Objects => "JSON export",
            Envelope::Table => "CSV export",
        }
    }

    pub(super) fn of(sample: &[u8]) -> Envelope {
        let lines: Vec<&[u8]> = sample.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(40).collect();
        let most = |test: &dyn Fn(&[u8]) -> bool| !lines.is_empty() && lines.iter().filter(|line| test(line)).count() * 2 > lines.len();
        let Some(first) = lines.first() else { return Envelope::None };
        let objects = match first.trim_ascii() {
            [b'{', ..] => true,
            [b'[', rest @ ..] => matches!(rest.trim_ascii_start().first(), None | Some(b'{' | b'[')),
            _ => false,
        };
        if objects && !lines.iter().take(3).any(|line| super::json::is_entry(line)) {
            return Envelope::Objects;
        }
        if !objects && objects::header(first).is_some() {
            return Envelope::Table;
        }
        if most(&|line| containerd(line).is_some()) {
            return Envelope::Containerd;
        }
        if most(&|line| syslog::header(line, 2000).is_some()) {
            return Envelope::Syslog;
        }
        // A stamp, and a prefix behind it: CloudWatch's own stamps have a T and a Z.
        if most(&|line| stamped(line).is_some()) && lines.iter().any(|line| stamped(line).is_some_and(time::looks_like_stamp)) {
            return Envelope::Stamped;
        }
        Envelope::None
    }

    /// Takes the wrapping off. `year`: of today, for stamps without one.
    pub fn unwrapper(self, year: i64) -> Unwrapper {
        Unwrapper { envelope: self, rest: vec![], syslog: syslog::Joiner::new(year), objects: objects::Objects::default(), partial: vec![] }
    }
}

fn containerd(line: &[u8]) -> Option<(bool, &[u8])> {
    let blank = memchr::memchr(b' ', line).filter(|_| time::looks_like_stamp(line))?;
    let rest = &line[blank + 1..];
    let rest = rest.strip_prefix(b"stdout ").or_else(|| rest.strip_prefix(b"stderr "))?;
    match rest.get(..2)? {
        b"F " => Some((false, &rest[2..])),
        b"P " => Some((true, &rest[2..])),
        _ => None,
    }
}

fn stamped(line: &[u8]) -> Option<&[u8]> {
    let blank = memchr::memchr(b' ', line)?;
    (time::looks_like_stamp(line) && line[10] == b'T' && line[blank - 1] == b'Z').then(|| &line[blank + 1..])
}

/// Takes a wrapping off a stream of bytes.
pub struct Unwrapper {
    envelope: Envelope,
    /// A line that has not ended.
    rest: Vec<u8>,
    syslog: syslog::Joiner,
    objects: objects::Objects,
    /// A line that a container's log cut.
    partial: Vec<u8>,
}

/// A line without an end is given up at this length.
const MAX_LINE: usize = 16 << 20;

impl Unwrapper {
    /// More bytes; what comes out is appended.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.envelope {
            Envelope::None => return out.extend_from_slice(bytes),
            Envelope::Objects => return self.objects.push(bytes, out),
            Envelope::Table => return self.objects.table(bytes, out),
            _ => {}
        }
        let mut bytes = bytes;
        while let Some(i) = memchr::memchr(b'\n', bytes) {
            if self.rest.is_empty() {
                self.line(&bytes[..i], out);
            } else {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(&bytes[..i]);
                self.line(&line, out);
                line.clear();
                self.rest = line;
            }
            bytes = &bytes[i + 1..];
        }
        if self.rest.len() < MAX_LINE {
            self.rest.extend_from_slice(bytes);
            if self.rest.len() >= MAX_LINE {
                // What is dropped of it from here on is said: nothing reads this line.
                copy_line(b"(a line without an end)", out);
            }
        }
    }

    /// The end of the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.rest);
        if !line.is_empty() {
            self.line(&line, out);
        }
        if !self.partial.is_empty() {
            out.append(&mut self.partial);
            out.push(b'\n');
        }
        self.syslog.finish(out);
        self.objects.finish(self.envelope == Envelope::Table, out);
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.envelope {
            Envelope::Syslog => self.syslog.line(line, out),
            Envelope::Containerd => match containerd(line) {
                Some((partial, text)) => {
                    self.partial.extend_from_slice(text);
                    if !partial || self.partial.len() > MAX_LINE {
                        out.append(&mut self.partial);
                        out.push(b'\n');
                    }
                }
                None => copy_line(line, out),
            },
            _ => copy_line(stamped(line).unwrap_or(line), out),
        }
    }
}

fn copy_line(line: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(line);
    out.push(b'\n');
}
