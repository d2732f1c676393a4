//! Here-documents and strings with delimiters of choice.

use super::content::Form;
use super::scan::{Kind, Literal, Piece, PieceKind, Scanner};
use super::syntax::{Escapes, Heredoc, Hole, Margin, Sigils, Unknown};
use crate::source::Span;

/// A here-document whose body begins on the next line.
#[derive(Debug)]
pub(super) struct Pending {
    literal: u32,
    mark: Span,
    /// Nothing inside is special.
    raw: bool,
    /// The closing mark may be indented.
    indented: bool,
    /// The common margin is taken off.
    squiggly: bool,
}

impl Scanner<'_> {
    /// Whether a here-document's mark begins at `at`.
    pub(super) fn heredoc_mark(&self) -> bool {
        self.mark().is_some()
    }

    /// The mark's whole length and what it says.
    fn mark(&self) -> Option<(usize, Pending)> {
        let kind = self.syntax.heredoc?;
        let rest = self.rest();
        let open: &[u8] = if kind == Heredoc::Php { b"<<<" } else { b"<<" };
        if !rest.starts_with(open) || (kind == Heredoc::Shell && rest.starts_with(b"<<<")) {
            return None;
        }
        let mut at = open.len();
        let flag = rest.get(at).copied().filter(|b| matches!(b, b'~' | b'-') && kind != Heredoc::Php);
        at += usize::from(flag.is_some());
        let blanks = rest[at..].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        if kind != Heredoc::Ruby {
            at += blanks;
        }
        let quote = rest.get(at).copied().filter(|b| matches!(b, b'\'' | b'"' | b'`'));
        let escaped = kind == Heredoc::Shell && rest.get(at) == Some(&b'\\');
        at += usize::from(quote.is_some() || escaped);
        let len = rest[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let name = &rest[at..at + len];
        let first = *name.first()?;
        // `list <<item` appends
        if first.is_ascii_digit() || (kind == Heredoc::Ruby && flag.is_none() && quote.is_none() && !first.is_ascii_uppercase()) {
            return None;
        }
        let mark = Span::new((self.at + at) as u32, (self.at + at + len) as u32);
        at += len;
        if let Some(quote) = quote {
            if rest.get(at) != Some(&quote) {
                return None;
            }
            at += 1;
        }
        let raw = quote == Some(b'\'') || escaped || (kind == Heredoc::Shell && quote.is_some());
        let squiggly = flag == Some(b'~') || kind == Heredoc::Php;
        let indented = squiggly || flag.is_some();
        Some((at, Pending { literal: 0, mark, raw, indented, squiggly }))
    }

    /// Takes the mark; its body is read at the end of the line.
    pub(super) fn heredoc_token(&mut self) -> Kind {
        let Some((len, mut pending)) = self.mark() else {
            self.at += 1;
            return Kind::Punct(b'<');
        };
        let at = Span::new(self.at as u32, (self.at + len) as u32);
        let literal = Literal {
            span: at,
            content: Span::new(at.end, at.end),
            pieces: vec![],
            prefix: Span::default(),
            opaque: false,
            margin: Margin::Keep,
            interpolates: !pending.raw,
        };
        pending.literal = self.out.literals.len() as u32;
        self.out.literals.push(literal);
        self.heredocs.push(pending);
        self.at += len;
        Kind::Literal(self.out.literals.len() as u32 - 1)
    }

    /// Reads the bodies that begin at `at`, the start of a line.
    pub(super) fn heredoc_bodies(&mut self) {
        for pending in std::mem::take(&mut self.heredocs) {
            self.heredoc_body(&pending);
        }
    }

    fn heredoc_body(&mut self, pending: &Pending) {
        let start = self.at;
        let Some((end, after, indent)) = self.heredoc_end(pending) else { return };
        let php = self.syntax.heredoc == Some(Heredoc::Php);
        let (escapes, holes): (Escapes, &'static [Hole]) = match self.syntax.heredoc {
            _ if pending.raw => (Escapes::Raw, &[]),
            Some(Heredoc::Shell) => (Escapes::Shell, &[Hole::Substitution, Hole::DollarBrace, Hole::DollarName, Hole::Backticks]),
            Some(Heredoc::Php) => (Escapes::Backslash(Unknown::Keep), &[Hole::PhpBrace, Hole::DollarBrace, Hole::PhpName]),
            _ => (Escapes::Backslash(Unknown::Drop), &[Hole::HashBrace]),
        };
        let outer = std::mem::replace(&mut self.end, end.max(start));
        let form = Form { close: "", escapes, holes, lines: true, triple: false };
        let read = self.content(&form);
        self.end = outer;
        self.at = after;
        let Some((content, pieces)) = read else { return };
        // the closing mark's own line ending is no text in PHP; in the others the last line ends like all lines
        let margin = if !pending.squiggly {
            Margin::Keep
        } else if php && indent > 0 {
            Margin::Closing
        } else if php {
            Margin::Keep
        } else {
            Margin::Common
        };
        if let Some(literal) = self.out.literals.get_mut(pending.literal as usize) {
            literal.content = content;
            literal.span = Span::new(start as u32, after as u32);
            literal.pieces = pieces;
            literal.margin = margin;
        }
    }

    /// Where the body ends, where code goes on, and how far the closing mark is indented.
    fn heredoc_end(&self, pending: &Pending) -> Option<(usize, usize, usize)> {
        let mark = &self.bytes[pending.mark.range()];
        let php = self.syntax.heredoc == Some(Heredoc::Php);
        let mut line = self.at;
        while line < self.end {
            let rest = &self.bytes[line..self.end];
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let indent = if pending.indented { rest[..len].iter().take_while(|b| matches!(b, b' ' | b'\t')).count() } else { 0 };
            let body = &rest[indent..len];
            if body.starts_with(mark) {
                let tail = &body[mark.len()..];
                let alone = tail.iter().all(|b| b.is_ascii_whitespace());
                let word = tail.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
                if alone || (php && !word) {
                    return Some((line, line + indent + mark.len(), indent));
                }
            }
            line += len + 1;
        }
        None
    }

    /// `%q(…)`, `~s(…)`; `None` where no string begins.
    pub(super) fn sigil(&mut self, spaced: bool) -> Option<Kind> {
        let start = self.at;
        let rest = self.rest();
        let letters = rest[1..].iter().take(12).take_while(|b| b.is_ascii_alphabetic()).count();
        let letter = rest.get(1).copied().unwrap_or(0);
        let (raw, opaque) = match self.syntax.sigils? {
            Sigils::Percent => {
                // `execute %{…}`: a block of this shape would be no modulo
                let argument = spaced && (letters == 1 || (letters == 0 && letter == b'{'));
                if rest[0] != b'%' || letters > 1 || (self.after_operand() && !argument) {
                    return None;
                }
                match letter {
                    b'q' => (true, false),
                    b'Q' => (false, false),
                    b'w' | b'i' | b's' => (true, true),
                    b'W' | b'I' | b'r' | b'x' => (false, true),
                    _ if letters == 0 => (false, false),
                    _ => return None,
                }
            }
            Sigils::Tilde => {
                if rest[0] != b'~' || letters == 0 || (letters > 1 && !letter.is_ascii_uppercase()) {
                    return None;
                }
                (letter.is_ascii_uppercase(), !matches!(&rest[1..=letters], b"s" | b"S" | b"SQL"))
            }
        };
        let open_at = 1 + letters;
        let open = rest.get(open_at).copied()?;
        let triple = open_at + 3 <= rest.len() && (rest[open_at..].starts_with(b"\"\"\"") || rest[open_at..].starts_with(b"'''"));
        if triple && rest[0] == b'~' {
            return self.sigil_text(start, open_at + 3, if open == b'"' { "\"\"\"" } else { "'''" }, raw, opaque, Margin::Closing);
        }
        let close = match open {
            b'(' => ")",
            b'[' => "]",
            b'{' => "}",
            b'<' => ">",
            b'|' => "|",
            b'"' => "\"",
            b'\'' => "'",
            b'/' => "/",
            b'!' if letters > 0 => "!",
            _ => return None,
        };
        if rest[0] == b'%' && matches!(open, b'(' | b'[' | b'{' | b'<') {
            return self.nested_sigil(start, open_at, open, close.as_bytes()[0], raw, opaque);
        }
        self.sigil_text(start, open_at + 1, close, raw, opaque, Margin::Keep)
    }

    fn sigil_text(&mut self, start: usize, open: usize, close: &str, raw: bool, opaque: bool, margin: Margin) -> Option<Kind> {
        let escapes = if raw { Escapes::Raw } else { Escapes::Backslash(Unknown::Drop) };
        let holes: &'static [Hole] = if raw { &[] } else { &[Hole::HashBrace] };
        self.at = start + open;
        let form = Form { close, escapes, holes, lines: true, triple: false };
        let Some((content, pieces)) = self.content(&form) else {
            self.at = start;
            return None;
        };
        Some(self.literal(start, content, pieces, Span::default(), margin, opaque, !raw))
    }

    /// Ruby counts brackets inside.
    fn nested_sigil(&mut self, start: usize, open_at: usize, open: u8, close: u8, raw: bool, opaque: bool) -> Option<Kind> {
        let from = start + open_at + 1;
        let (mut depth, mut at) = (1u32, from);
        while at < self.end {
            match self.bytes[at] {
                b'\\' => at += 1,
                b if b == open => depth += 1,
                b if b == close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            at += 1;
        }
        if depth > 0 || at >= self.end {
            self.unterminated += 1;
            return None;
        }
        let outer = std::mem::replace(&mut self.end, at);
        self.at = from;
        let escapes = if raw { Escapes::QuoteOnly } else { Escapes::Backslash(Unknown::Drop) };
        let holes: &'static [Hole] = if raw { &[] } else { &[Hole::HashBrace] };
        let read = self.content(&Form { close: "", escapes, holes, lines: true, triple: false });
        self.end = outer;
        self.at = at + 1;
        let (content, pieces) = read.unwrap_or_else(|| {
            let span = Span::new(from as u32, at as u32);
            (span, vec![Piece { span, kind: PieceKind::Text }])
        });
        Some(self.literal(start, content, pieces, Span::default(), Margin::Keep, opaque, !raw))
    }
}
