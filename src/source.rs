//! Text and places in it.
//!
//! A [`Span`] is a range of bytes of a file as it lies on disk; everything in pgsift speaks in spans. Lines and columns
//! exist only where something is shown, and are computed here and nowhere else. This module must not know SQL.
//!
//! One idea keeps every place exact without a map: text that is *derived* from a file (a quoted function body, a string
//! literal of an application) is written as an overlay of the same length, in which each byte that holds no SQL is
//! [`FILLER`]. Byte `i` of the overlay is byte `i` of the file.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The byte that stands in an overlay where the file has no byte of SQL (half of a doubled quote, an escape's tail).
/// NUL is never legal in PostgreSQL text, so it is free to mean this; the lexer skips it, even inside a word.
pub const FILLER: u8 = 0;

/// Files larger than this are refused as SQL, with a message: spans are 32 bits wide.
pub const MAX_FILE_BYTES: u64 = u32::MAX as u64 - 1;

/// A half-open range of bytes in one file, counted from the file's first byte on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`; an inverted pair gives the empty span at `start`.
    pub fn new(start: u32, end: u32) -> Self {
        Span { start, end: end.max(start) }
    }

    /// The smallest span that holds both. An empty default span counts as no span.
    pub fn to(self, other: Span) -> Span {
        if self == Span::default() {
            return other;
        }
        if other == Span::default() {
            return self;
        }
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether no byte is covered.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// As an index range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text covered, or `""` where the span does not lie in `text` on character boundaries.
    pub fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }
}

/// Which file of a run: an index into [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A place: a span in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// A 1-based line and column (columns count characters), with the byte offset they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in characters.
    pub column: usize,
    /// Byte offset in the file.
    pub offset: usize,
}

/// One file's text with an index of its lines.
#[derive(Debug)]
pub struct Source {
    /// As shown: relative to the working directory, with forward slashes.
    pub path: PathBuf,
    /// The text; as long as the file on disk, byte for byte.
    pub text: String,
    /// How many bytes were not UTF-8 and were replaced by `?`, one for one.
    pub invalid_bytes: usize,
    line_starts: Vec<u32>,
}

impl Source {
    /// Takes a file's bytes. Bytes that are not UTF-8 become `?`, one for one, so that offsets keep their meaning.
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        let (text, invalid_bytes) = decode(bytes);
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Source { path: path.into(), text, invalid_bytes, line_starts }
    }

    /// The path as text, for messages.
    pub fn name(&self) -> std::borrow::Cow<'_, str> {
        self.path.to_string_lossy()
    }

    /// The position of a byte offset; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let line = self.line_starts.partition_point(|&start| start as usize <= offset);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text.as_bytes()[start..offset].iter().filter(|&&b| b & 0xC0 != 0x80).count() + 1;
        Position { line, column, offset }
    }

    /// The number of lines; a file that ends in a newline has a last, empty line that is not counted.
    pub fn line_count(&self) -> usize {
        let open = self.text.len() as u32 > *self.line_starts.last().unwrap_or(&0);
        self.line_starts.len() - usize::from(!open)
    }

    /// The bytes of a 1-based line, without its line ending; empty past the end.
    pub fn line_span(&self, line: usize) -> Span {
        let Some(&start) = line.checked_sub(1).and_then(|i| self.line_starts.get(i)) else { return Span::default() };
        let end = self.line_starts.get(line).map_or(self.text.len() as u32, |next| next - 1);
        let text = &self.text[start as usize..end as usize];
        Span::new(start, start + text.trim_end_matches('\r').len() as u32)
    }

    /// The text of a 1-based line, without its line ending.
    pub fn line(&self, line: usize) -> &str {
        self.line_span(line).of(&self.text)
    }
}

fn decode(bytes: Vec<u8>) -> (String, usize) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, 0),
        Err(error) => {
            let mut text = String::with_capacity(error.as_bytes().len());
            let mut invalid = 0;
            for chunk in error.as_bytes().utf8_chunks() {
                text.push_str(chunk.valid());
                invalid += chunk.invalid().len();
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            (text, invalid)
        }
    }
}

/// Every file of a run.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its number.
    pub fn add(&mut self, source: Source) -> FileId {
        self.files.push(source);
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of that number. Numbers come from [`Sources::add`] only, so this always finds one.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The text of a place.
    pub fn text(&self, at: Location) -> &str {
        at.span.of(&self.get(at.file).text)
    }

    /// Finds a file by its path as shown.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.files.iter().position(|file| file.path == path).map(|i| FileId(i as u32))
    }

    /// All files with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(i, file)| (FileId(i as u32), file))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn positions_count_characters_and_survive_bad_utf8() {
        let source = Source::new("a.sql", b"a\xff\nh\xc3\xa9llo\r\nx".to_vec());
        assert_eq!(source.invalid_bytes, 1);
        assert_eq!(source.text.len(), 12);
        let at = source.position(source.text.find("llo").unwrap() as u32);
        assert_eq!((at.line, at.column), (2, 3));
        assert_eq!(source.line(2), "héllo");
        assert_eq!(source.line_count(), 3);
        assert_eq!(source.line(9), "");
    }
}
