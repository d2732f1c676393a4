//! Writes the SQL of chains at its own place: text as long as the file, with [`FILLER`] for all that is not SQL.

use super::chain::{Chain, Part};
use super::margin;
use super::scan::{Literal, PieceKind, Scan};
use super::syntax::{Format, Margin};
use crate::source::{FILLER, Span};

/// What stands for a value that is not known.
pub(super) const HOLE: &[u8] = b"{}";

/// A chain's SQL: bytes for `span` of the file.
#[derive(Debug)]
pub(super) struct Draft {
    /// From the first content byte to the last, code at the end included.
    pub(super) span: Span,
    /// From the first content byte of the first string to the last of the last.
    pub(super) content: Span,
    /// As long as `span`.
    pub(super) bytes: Vec<u8>,
    /// Code inside: where its placeholder stands, and the code.
    pub(super) holes: Vec<DraftHole>,
}

/// A hole of a draft.
#[derive(Debug, Clone, Copy)]
pub(super) struct DraftHole {
    /// The bytes that the placeholder may use.
    pub(super) span: Span,
    /// The code; empty where a formatter fills it.
    pub(super) code: Span,
    /// Statements that may add something.
    pub(super) optional: bool,
}

/// Writes a chain.
pub(super) fn draft(text: &str, scan: &Scan, chain: &Chain) -> Option<Draft> {
    let literals: Vec<&Literal> = chain.literals().map(|i| &scan.literals[i]).collect();
    let content = literals.iter().fold(None::<Span>, |all, l| {
        Some(all.map_or(l.content, |all| Span::new(all.start.min(l.content.start), all.end.max(l.content.end))))
    })?;
    let span = chain.parts.iter().fold(content, |all, part| match part {
        Part::Code(code) | Part::Maybe(code) => Span::new(all.start, all.end.max(code.end)),
        // a parameter may come last
        Part::Blank(at, b'?') => Span::new(all.start, all.end.max(at.start + 1)),
        _ => all,
    });
    let mut draft = Draft { span, content, bytes: vec![FILLER; span.len() as usize], holes: vec![] };
    for part in &chain.parts {
        match part {
            Part::Literal(i) => draft.literal(text, &scan.literals[*i], chain),
            Part::Code(code) => draft.hole(*code, *code),
            Part::Maybe(code) => {
                draft.hole(*code, *code);
                draft.holes.iter_mut().rev().take(1).for_each(|hole| hole.optional = true);
            }
            Part::Blank(at, byte) => draft.put(at.start, &[*byte]),
        }
    }
    if let Some(format) = chain.format {
        draft.fill(text, format, &chain.arguments);
    }
    Some(draft)
}

impl Draft {
    fn index(&self, at: u32) -> Option<usize> {
        at.checked_sub(self.span.start).map(|i| i as usize).filter(|&i| i < self.bytes.len())
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        let Some(i) = self.index(at) else { return };
        if let Some(target) = self.bytes.get_mut(i..i + bytes.len()) {
            target.copy_from_slice(bytes);
        }
    }

    fn blank(&mut self, span: Span) {
        if let (Some(from), to) = (self.index(span.start), (span.end.saturating_sub(self.span.start)) as usize)
            && let Some(target) = self.bytes.get_mut(from..to)
        {
            target.fill(FILLER);
        }
    }

    fn hole(&mut self, span: Span, code: Span) {
        if span.len() as usize >= HOLE.len() && self.index(span.start).is_some() {
            self.put(span.start, HOLE);
            self.holes.push(DraftHole { span, code, optional: false });
        }
    }

    fn literal(&mut self, text: &str, literal: &Literal, chain: &Chain) {
        for piece in &literal.pieces {
            match piece.kind {
                PieceKind::Text => self.put(piece.span.start, piece.span.of(text).as_bytes()),
                PieceKind::Decoded(bytes, len) => self.put(piece.span.start, &bytes[..usize::from(len).min(4)]),
                PieceKind::Gone => {}
                PieceKind::Hole(code, _) => self.hole(piece.span, code),
            }
        }
        let margin = if chain.margin && literal.margin == Margin::Keep { Margin::Common } else { literal.margin };
        for gone in margin::margins(text, literal.content, margin, chain.bar_margin) {
            self.blank(gone);
        }
    }

    /// Makes holes of a formatter's marks.
    fn fill(&mut self, text: &str, format: Format, arguments: &[Span]) {
        let (mut at, mut next) = (0, 0);
        while at < self.bytes.len() {
            let mark = match format {
                Format::Percent => percent(&self.bytes[at..]),
                Format::Braces => braces(&self.bytes[at..]),
            };
            let start = self.span.start + at as u32;
            match mark {
                Some((len, true)) => {
                    let span = Span::new(start, start + len as u32);
                    let known = self.holes.iter().any(|hole| hole.span.contains(span));
                    if !known {
                        let code = argument(&self.bytes[at..at + len], span, text, arguments, &mut next);
                        self.blank(span);
                        self.hole(span, code);
                    }
                    at += len;
                }
                // a doubled mark is one
                Some((len, false)) => {
                    self.bytes[at] = FILLER;
                    at += len;
                }
                None => at += 1,
            }
        }
    }
}

/// The code that fills a mark: the next argument, one by its number, or one by its name.
fn argument(mark: &[u8], span: Span, text: &str, arguments: &[Span], next: &mut usize) -> Span {
    let inner = mark.get(1..).unwrap_or_default();
    let skip = inner.iter().take_while(|b| matches!(b, b'[' | b'(' | b'{')).count();
    let key = inner.get(skip..).unwrap_or_default();
    let len = key.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
    let key = std::str::from_utf8(&key[..len]).unwrap_or("");
    let braces = mark.first() == Some(&b'{');
    // `%1$s`, `%[1]s`: counted from one
    let numbered = braces || inner.first() == Some(&b'[') || mark.contains(&b'$');
    let digits: String = key.chars().take_while(char::is_ascii_digit).collect();
    if let Some(number) = digits.parse::<usize>().ok().filter(|_| numbered) {
        return number.checked_sub(usize::from(!braces)).and_then(|i| arguments.get(i)).copied().unwrap_or_default();
    }
    if (braces || skip > 0) && !key.is_empty() {
        let given = arguments.iter().find_map(|argument| {
            let rest = argument.of(text).trim_start().strip_prefix(key)?.trim_start();
            let value = rest.strip_prefix('=')?.trim_start();
            Some(Span::new(argument.end - value.len() as u32, argument.end))
        });
        let given = given.or_else(|| arguments.iter().find_map(|argument| entry(*argument, text, key)));
        let own = Span::new(span.start + 1 + skip as u32, span.start + 1 + (skip + len) as u32);
        return given.unwrap_or(if braces { own } else { Span::default() });
    }
    *next += 1;
    arguments.get(*next - 1).copied().unwrap_or_default()
}

/// What `{'key': value}` has under a key.
fn entry(dictionary: Span, text: &str, key: &str) -> Option<Span> {
    let inner = dictionary.of(text);
    let at = ["'", "\""].iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        inner.find(&quoted).map(|at| at + quoted.len())
    })?;
    let rest = inner.get(at..)?.trim_start().strip_prefix(':')?.trim_start();
    let (mut depth, mut end) = (0usize, rest.len());
    for (i, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | '}' => {
                end = i;
                break;
            }
            _ => {}
        }
    }
    let start = dictionary.start + (inner.len() - rest.len()) as u32;
    Some(Span::new(start, start + rest.get(..end)?.trim_end().len() as u32)).filter(|span| span.start < span.end)
}

/// `%s`, `%[1]d`, `%1$-5.2f`, `%(name)s`, `%{name}`: length, and whether it is a hole; `%%` is none.
fn percent(rest: &[u8]) -> Option<(usize, bool)> {
    if rest.first() != Some(&b'%') {
        return None;
    }
    if rest.get(1) == Some(&b'%') {
        return Some((2, false));
    }
    let named = match rest.get(1) {
        Some(b'(') => rest.iter().take(80).position(|&b| b == b')').map(|i| i + 1)?,
        Some(b'{') => return rest.iter().take(80).position(|&b| b == b'}').map(|i| (i + 1, true)),
        _ => 1,
    };
    let flags =
        rest[named..].iter().take(12).take_while(|b| matches!(b, b'0'..=b'9' | b'$' | b'-' | b'+' | b'.' | b'[' | b']' | b'#')).count();
    let letter = *rest.get(named + flags)?;
    letter.is_ascii_alphabetic().then_some((named + flags + 1, true))
}

/// `{}`, `{0}`, `{name!r:>4}`; `{{` and `}}` are none.
fn braces(rest: &[u8]) -> Option<(usize, bool)> {
    match rest {
        [b'{', b'{', ..] | [b'}', b'}', ..] => Some((2, false)),
        [b'{', ..] => {
            let len = rest.iter().take(120).position(|&b| b == b'}')?;
            let inner = &rest[1..len];
            let plain = inner.iter().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'!' | b':' | b'?' | b'>' | b'<' | b'[' | b']' | b'#' | b',')
            });
            plain.then_some((len + 1, true))
        }
        _ => None,
    }
}
