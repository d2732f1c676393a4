//! Entries of a stderr log: a line with the prefix and a severity, its continuations (a tabulator first), and the lines with
//! the same prefix that carry DETAIL, HINT, CONTEXT, STATEMENT. Without a log collector the lines of several processes
//! mix, so the last entries are held until their sessions write the next.

use super::held::Held;
use super::prefix::{Before, Line, Template, derive, is_part};
use super::record::{Encoding, Level, Record, Take, Text, session_key};

/// How a file's lines are read.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The prefixes in it, the most frequent first.
    pub templates: Vec<Template>,
    /// Continuation lines have lost their tabulators on the way: a line without a prefix belongs to the text before it.
    pub glue: bool,
}

/// Prefixes learnt on the way are bounded.
const MAX_TEMPLATES: usize = 12;

/// Reads a block that begins and ends between entries.
pub(super) fn read(block: &[u8], shape: &Shape, take: &mut dyn Take) {
    Reader { block, shape, learnt: vec![], favourite: 0, unread: 0, before: Before::new() }.run(take);
}

/// Whether the line that begins here begins an entry.
pub(super) fn begins_entry(line: &[u8], shape: &Shape) -> bool {
    !matches!(line.first(), None | Some(b'\t' | b'\n' | b'\r'))
        && shape.templates.iter().filter_map(|t| t.read(line)).any(|l| !is_part(l.tag))
}

/// Whether every part of an entry in these lines has its entry among them too.
pub(super) fn is_whole(lines: &[u8], shape: &Shape) -> bool {
    let mut begun: Vec<u64> = vec![];
    for line in lines.split(|b| *b == b'\n').filter(|line| !matches!(line.first(), None | Some(b'\t'))) {
        let Some(read) = shape.templates.iter().find_map(|t| t.read(line)) else { continue };
        let session = session(&read);
        if !is_part(read.tag) {
            begun.push(session);
        } else if !begun.contains(&session) {
            return false;
        }
    }
    true
}

struct Reader<'a, 's> {
    block: &'a [u8],
    shape: &'s Shape,
    learnt: Vec<Template>,
    /// The template that read the last line.
    favourite: usize,
    /// Lines that no template read, so that learning does not become a habit.
    unread: u32,
    before: Before<'a>,
}

impl<'a> Reader<'a, '_> {
    fn run(&mut self, take: &mut dyn Take) {
        let block = self.block;
        let mut at = 0;
        let mut held = Held::default();
        while at < block.len() {
            let start = at;
            let line = self.line(start);
            let mut end = start + line.len();
            at = (end + 1).min(block.len().max(end));
            if end == block.len() {
                at = end;
            }
            let Some(read) = self.prefix(line) else {
                self.no_prefix(start, end, line, &mut held, take);
                continue;
            };
            // Continuations: no need to look at them.
            while at < block.len() && block[at] == b'\t' {
                let next = memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |i| at + i);
                end = next;
                at = (next + 1).min(block.len());
            }
            let text = self.text(start + read.text, end);
            let session = session(&read);
            if !is_part(read.tag) {
                held.begin(session, record(start, session, &read, text), take);
            } else if let Some(record) = held.of(session) {
                part(record, read.tag, text);
            } else {
                // Its entry is in another file, or too far away.
                held.forget_last();
                take.stray(start, line);
            }
        }
        held.finish(take);
    }

    fn line(&self, start: usize) -> &'a [u8] {
        let rest = &self.block[start..];
        &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
    }

    /// The text up to the line's end, which may be of two bytes.
    fn text(&self, start: usize, end: usize) -> Text<'a> {
        let raw = self.block.get(start.min(end)..end).unwrap_or(&[]);
        Text { raw: raw.strip_suffix(b"\r").unwrap_or(raw), encoding: Encoding::Tabbed }
    }

    fn prefix(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        let count = self.shape.templates.len();
        let before = &mut self.before;
        let template = |i: usize| if i < count { self.shape.templates.get(i) } else { self.learnt.get(i - count) };
        if let Some(read) = template(self.favourite).and_then(|t| t.read_next(line, before)) {
            return Some(read);
        }
        if matches!(line.first(), None | Some(b'\t' | b'\r')) {
            return None;
        }
        for i in (0..count + self.learnt.len()).filter(|i| *i != self.favourite) {
            if let Some(read) = template(i).and_then(|t| t.read(line)) {
                // The first stays the favourite unless another reads line after line.
                self.favourite = i;
                return Some(read);
            }
        }
        self.learn(line)
    }

    /// A prefix that changed in the middle of a file.
    fn learn(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        self.unread += 1;
        if self.unread > 1000 || self.learnt.len() >= MAX_TEMPLATES {
            return None;
        }
        // A bare severity is no prefix: it may stand in any text. A time stamp or `[pid]` is one.
        let known =
            super::prefix::KNOWN.iter().filter(|k| k.contains("%t") || k.contains("%m") || k.contains("%p")).map(|k| Template::new(k));
        let found =
            known.chain(derive(line).filter(|t| t.source.contains("%m") || t.source.contains("%p"))).find(|t| t.read(line).is_some())?;
        self.learnt.push(found);
        self.favourite = self.shape.templates.len() + self.learnt.len() - 1;
        self.learnt.last().and_then(|t| t.read(line))
    }

    /// A line without a prefix: the rest of the text before it, or nobody's.
    fn no_prefix(&self, start: usize, end: usize, line: &'a [u8], held: &mut Held<'a>, take: &mut dyn Take) {
        let blank = line.trim_ascii().is_empty();
        let continues = self.shape.glue || blank || matches!(line.first(), Some(b'\t')) || line.starts_with(b"    ");
        match held.last() {
            Some(record) if continues => extend(record, self.block, end),
            _ if blank => {}
            _ => take.stray(start, line),
        }
    }
}

/// Whose line it is: the session, or else the process; 0 where neither is written.
fn session(read: &Line<'_>) -> u64 {
    match read.session {
        0 if read.pid == 0 => 0,
        0 => session_key(&read.pid.to_le_bytes()),
        session => session,
    }
}

fn record<'a>(at: usize, session: u64, read: &Line<'a>, message: Text<'a>) -> Record<'a> {
    Record {
        at,
        time: read.time,
        user: read.user,
        database: read.database,
        application: read.application,
        host: read.host,
        session,
        pid: read.pid,
        level: Level::of(read.tag),
        sqlstate: read.sqlstate,
        message,
        ..Record::default()
    }
}

fn part<'a>(record: &mut Record<'a>, tag: &[u8], text: Text<'a>) {
    match tag {
        b"DETAIL" => record.detail = text,
        b"HINT" => record.hint = text,
        b"CONTEXT" => record.context = text,
        b"STATEMENT" => record.statement = text,
        _ => {}
    }
}

/// Makes the part that was read last reach to `end`.
fn extend<'a>(record: &mut Record<'a>, block: &'a [u8], end: usize) {
    let base = block.as_ptr() as usize;
    let last = [&mut record.message, &mut record.detail, &mut record.hint, &mut record.context, &mut record.statement]
        .into_iter()
        .filter(|text| !text.raw.is_empty())
        .max_by_key(|text| text.raw.as_ptr() as usize);
    if let Some(text) = last {
        let start = (text.raw.as_ptr() as usize).saturating_sub(base);
        if let Some(raw) = block.get(start..end) {
            text.raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        }
    }
}
