//! Cuts host code into words, punctuation and strings, by a language's table.
//!
//! Strings are read down to their pieces (see [`super::content`]); code inside a string is a stream of tokens of its own.
//! Must not know SQL.

use super::content::{self, Form};
use super::syntax::{Adjacency, Chars, Escapes, Hole, Margin, Quote, Syntax};
use crate::source::Span;
use memchr::memmem;

/// Deeper code inside strings inside code is not followed.
const MAX_DEPTH: usize = 24;

/// After so many strings without an end no further end is searched for: keeps hostile input linear.
const MAX_UNTERMINATED: u32 = 64;

/// A piece of code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// What.
    pub(super) kind: Kind,
    /// Its bytes; of a here-document, the bytes of its mark.
    pub(super) span: Span,
    /// The first of its line.
    pub(super) first: bool,
    /// Bytes before it on its line, where it is the first.
    pub(super) indent: u32,
    /// White space stands right before it.
    pub(super) spaced: bool,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, key word or number.
    Word,
    /// One byte of anything else.
    Punct(u8),
    /// A string: its number in [`Scan::literals`].
    Literal(u32),
}

/// A string.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    /// Its bytes with quotes; of a here-document, its body.
    pub(super) span: Span,
    /// Between the quotes.
    pub(super) content: Span,
    /// What it is made of, in order.
    pub(super) pieces: Vec<Piece>,
    /// The word right before the quote, where the language has such.
    pub(super) prefix: Span,
    /// No text that could be SQL.
    pub(super) opaque: bool,
    /// How it treats the white space at the left.
    pub(super) margin: Margin,
    /// It may hold code.
    pub(super) interpolates: bool,
}

/// A piece of a string's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) span: Span,
    /// What they are.
    pub(super) kind: PieceKind,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Text as it stands.
    Text,
    /// An escape: the UTF-8 bytes that it means, and how many.
    Decoded([u8; 4], u8),
    /// Nothing: a line continuation, a margin.
    Gone,
    /// Code: its inner bytes, and its number in [`Scan::streams`], 0 where the code was not read.
    Hole(Span, u32),
}

/// A run of code: the file's, or that of a hole.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) tokens: Vec<Token>,
    /// How many strings it lies inside.
    pub(super) depth: usize,
}

/// A file as cut.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) streams: Vec<Stream>,
    pub(super) literals: Vec<Literal>,
    pub(super) comments: Vec<Span>,
}

/// Where code ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    End,
    /// The `}` or `)` that no bracket inside opens.
    Byte(u8),
    /// As `Byte(b'}')`; a `:` or `!` outside brackets begins a format.
    Format,
}

pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) syntax: &'static Syntax,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) out: Scan,
    pub(super) unterminated: u32,
    pub(super) heredocs: Vec<super::heredoc::Pending>,
    pub(super) stream: usize,
    line_start: usize,
}

/// Cuts the bytes `range` of `text`.
pub(super) fn scan(text: &str, range: Span, syntax: &'static Syntax) -> Scan {
    let end = (range.end as usize).min(text.len());
    let at = (range.start as usize).min(end);
    let bytes = &text.as_bytes()[..end];
    let out = Scan { streams: vec![Stream::default()], ..Scan::default() };
    let mut scanner = Scanner { text, bytes, syntax, at, end, out, unterminated: 0, heredocs: vec![], stream: 0, line_start: at };
    if let Some((open, _)) = syntax.code_marks {
        scanner.enter_code(open);
    }
    scanner.code(Until::End);
    scanner.out
}

impl<'t> Scanner<'t> {
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &'t [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    fn is_word(&self, b: u8) -> bool {
        b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 || self.syntax.word_bytes.contains(&b)
    }

    /// Reads code into the current stream until its end; leaves `at` on the closing byte.
    pub(super) fn code(&mut self, until: Until) -> bool {
        let mut open: Vec<u8> = vec![];
        let (mut first, mut spaced) = (true, true);
        while self.at < self.end {
            let b = self.bytes[self.at];
            match b {
                b'\n' => {
                    // after a here-document of PHP its line goes on
                    first = !self.newline();
                    spaced = true;
                    continue;
                }
                b' ' | b'\t' | b'\r' | 0x0c => {
                    self.at += 1;
                    spaced = true;
                    continue;
                }
                _ => {}
            }
            if open.is_empty() {
                match until {
                    Until::Byte(close) if b == close => return true,
                    Until::Format if b == b'}' => return true,
                    Until::Format if b == b':' || (b == b'!' && self.peek(1) != b'=') => {
                        self.skip_format();
                        continue;
                    }
                    _ => {}
                }
            }
            if self.comment(spaced) {
                spaced = true;
                continue;
            }
            if let Some((_, close)) = self.syntax.code_marks
                && self.rest().starts_with(close.as_bytes())
            {
                self.at += close.len();
                let open = self.syntax.code_marks.map_or("", |marks| marks.0);
                self.enter_code(open);
                continue;
            }
            let start = self.at;
            let kind = self.token(spaced);
            if self.at <= start {
                self.at = start + 1; // never stands still
            }
            let indent = if first { (start - self.line_start.min(start)) as u32 } else { 0 };
            match kind {
                Kind::Punct(open_byte @ (b'(' | b'[' | b'{')) => open.push(open_byte),
                Kind::Punct(b')' | b']' | b'}') => {
                    open.pop();
                }
                _ => {}
            }
            let span = Span::new(start as u32, self.at as u32);
            let stream = self.stream;
            self.out.streams[stream].tokens.push(Token { kind, span, first, indent, spaced });
            (first, spaced) = (false, false);
        }
        until == Until::End
    }

    /// Whether code goes on in the line that ended before here-documents.
    fn newline(&mut self) -> bool {
        self.at += 1;
        self.line_start = self.at;
        if self.heredocs.is_empty() {
            return false;
        }
        self.heredoc_bodies();
        self.line_start = self.at;
        self.syntax.code_marks.is_some()
    }

    /// Passes a Python format (`!r:>10`) up to its brace.
    fn skip_format(&mut self) {
        let mut depth = 0;
        while self.at < self.end {
            match self.bytes[self.at] {
                b'{' => depth += 1,
                b'}' if depth == 0 => return,
                b'}' => depth -= 1,
                b'\n' => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes what is not code.
    fn enter_code(&mut self, open: &str) {
        match memmem::find(self.rest(), open.as_bytes()) {
            Some(i) => {
                self.at += i + open.len();
                if self.rest().starts_with(b"php") {
                    self.at += 3;
                }
            }
            None => self.at = self.end,
        }
    }

    /// Passes a comment, if one begins here.
    fn comment(&mut self, spaced: bool) -> bool {
        let rest = self.rest();
        for open in self.syntax.line_comments {
            if !rest.starts_with(open.as_bytes()) || self.is_no_comment(open, spaced) {
                continue;
            }
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.add_comment(len);
            return true;
        }
        for (open, close) in self.syntax.block_comments {
            let at_line_start = open.starts_with('\n');
            let open = open.trim_start_matches('\n');
            if !rest.starts_with(open.as_bytes()) || (at_line_start && self.at != self.line_start) {
                continue;
            }
            let len = self.block_length(rest, open, close);
            self.add_comment(len);
            return true;
        }
        false
    }

    fn is_no_comment(&self, open: &str, spaced: bool) -> bool {
        match open {
            "#" if self.syntax.name == "shell" => !spaced,
            "#" => self.syntax.code_marks.is_some() && self.peek(1) == b'[',
            // the address of a page in markup
            "//" => self.syntax.regex && self.at > 0 && self.bytes[self.at - 1] == b':',
            _ => false,
        }
    }

    fn block_length(&mut self, rest: &[u8], open: &str, close: &str) -> usize {
        let found = |from: usize| rest.get(from..).and_then(|tail| memmem::find(tail, close.as_bytes())).map(|i| from + i);
        if close == "\0" {
            return rest.len();
        }
        let Some(mut end) = found(open.len()) else {
            self.unterminated += 1;
            return open.len();
        };
        if self.syntax.nested_comments {
            let (mut depth, mut at) = (1usize, open.len());
            while depth > 0 && at < rest.len() {
                if rest[at..].starts_with(open.as_bytes()) {
                    depth += 1;
                    at += open.len();
                } else if rest[at..].starts_with(close.as_bytes()) {
                    depth -= 1;
                    end = at;
                    at += close.len();
                } else {
                    at += 1;
                }
            }
        }
        end + close.len()
    }

    fn add_comment(&mut self, len: usize) {
        let end = (self.at + len).min(self.end);
        self.out.comments.push(Span::new(self.at as u32, end as u32));
        if let Some(i) = memchr::memrchr(b'\n', &self.bytes[self.at..end]) {
            self.line_start = self.at + i + 1;
        }
        self.at = end;
    }

    fn token(&mut self, spaced: bool) -> Kind {
        let b = self.bytes[self.at];
        if let Some(kind) = self.string(b, spaced) {
            return kind;
        }
        if self.is_word(b) {
            return self.word();
        }
        self.at += 1;
        Kind::Punct(b)
    }

    /// A string, character or pattern that begins here.
    fn string(&mut self, b: u8, spaced: bool) -> Option<Kind> {
        match b {
            b'\'' if self.syntax.chars == Chars::Quoted => {
                self.character();
                return Some(Kind::Punct(b'\''));
            }
            b'?' if self.syntax.chars == Chars::Question && !self.after_operand() && self.peek(1) > b' ' && !self.is_word(self.peek(2)) => {
                self.at += if self.peek(1) == b'\\' { 3 } else { 2 };
                self.at = self.at.min(self.end);
                return Some(Kind::Punct(b'?'));
            }
            b'/' if self.syntax.regex && self.pattern_begins(spaced) && self.pattern() => return Some(Kind::Punct(b'/')),
            b'<' if self.syntax.heredoc.is_some() && self.heredoc_mark() => return Some(self.heredoc_token()),
            b'%' | b'~' if self.syntax.sigils.is_some() => {
                if let Some(kind) = self.sigil(spaced) {
                    return Some(kind);
                }
            }
            _ => {}
        }
        let syntax = self.syntax;
        let quote = syntax.quotes.iter().find(|quote| self.rest().starts_with(quote.open.as_bytes()))?;
        self.quoted(quote, Span::new(self.at as u32, self.at as u32), None, quote.holes, 0)
    }

    /// Reads a string whose quote begins at `at`; `prefix` stands right before it.
    fn quoted(
        &mut self,
        quote: &'static Quote,
        prefix: Span,
        escapes: Option<Escapes>,
        holes: &'static [Hole],
        hashes: usize,
    ) -> Option<Kind> {
        let (start, mut open) = (self.at, quote.open.len());
        let mut close = quote.close.to_owned();
        if quote.fence == super::syntax::Fence::Quotes {
            let more = self.bytes[start + open..].iter().take(200).take_while(|&&b| b == b'"').count();
            open += more;
            close.extend(std::iter::repeat_n('"', more));
        }
        if hashes > 0 {
            close.extend(std::iter::repeat_n('#', hashes));
        }
        let raw = matches!(escapes, Some(Escapes::Raw));
        let form =
            Form { close: &close, escapes: escapes.unwrap_or(quote.escapes), holes, lines: quote.lines || raw, triple: close == "\"\"\"" };
        self.at = start + open;
        let from = if prefix.is_empty() { start } else { prefix.start as usize };
        match self.content(&form) {
            Some((content, pieces)) => Some(self.literal(from, content, pieces, prefix, quote.margin, quote.opaque, !holes.is_empty())),
            None => {
                self.at = start;
                None
            }
        }
    }

    /// Adds a string that ends at `at`.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn literal(
        &mut self,
        from: usize,
        content: Span,
        pieces: Vec<Piece>,
        prefix: Span,
        margin: Margin,
        opaque: bool,
        interpolates: bool,
    ) -> Kind {
        let span = Span::new(from as u32, self.at as u32);
        self.out.literals.push(Literal { span, content, pieces, prefix, opaque, margin, interpolates });
        Kind::Literal(self.out.literals.len() as u32 - 1)
    }

    /// Reads content up to its closing quote and past it; on failure everything read is forgotten.
    pub(super) fn content(&mut self, form: &Form) -> Option<(Span, Vec<Piece>)> {
        let marks = (self.out.literals.len(), self.out.streams.len(), self.out.comments.len(), self.heredocs.len());
        if self.unterminated < MAX_UNTERMINATED
            && let Some(found) = content::read(self, form)
        {
            return Some(found);
        }
        self.unterminated += 1;
        self.out.literals.truncate(marks.0);
        self.out.streams.truncate(marks.1);
        self.out.comments.truncate(marks.2);
        self.heredocs.truncate(marks.3);
        None
    }

    /// Reads the code of a hole, from `at` to its closing byte and past it.
    pub(super) fn hole(&mut self, until: Until) -> Option<(Span, u32)> {
        let depth = self.out.streams[self.stream].depth + 1;
        if depth > MAX_DEPTH {
            return None;
        }
        let outer = std::mem::replace(&mut self.stream, self.out.streams.len());
        self.out.streams.push(Stream { tokens: vec![], depth });
        let (number, start) = (self.stream as u32, self.at);
        let closed = self.code(until);
        self.stream = outer;
        if !closed {
            return None;
        }
        let inner = Span::new(start as u32, self.at as u32);
        self.at += 1;
        Some((inner, number))
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        while self.at < self.end && self.is_word(self.bytes[self.at]) {
            self.at += 1;
        }
        let (syntax, word) = (self.syntax, &self.bytes[start..self.at]);
        let span = Span::new(start as u32, self.at as u32);
        let quote = |at: usize, bytes: &[u8]| syntax.quotes.iter().find(|quote| bytes[at..].starts_with(quote.open.as_bytes()));
        let bytes = &self.bytes[..self.end];
        if let Some(prefix) = syntax.prefixes.iter().find(|prefix| word.eq_ignore_ascii_case(prefix.text.as_bytes())) {
            let hashes = if prefix.hashes { bytes[self.at..].iter().take(64).take_while(|&&b| b == b'#').count() } else { 0 };
            if let Some(quote) = quote(self.at + hashes, bytes) {
                self.at += hashes;
                if let Some(kind) = self.quoted(quote, span, prefix.escapes, prefix.holes, hashes) {
                    return kind;
                }
                self.at = span.end as usize;
            }
        } else if let Some(holes) = syntax.any_prefix
            && let Some(quote) = quote(self.at, bytes)
            && let Some(kind) = self.quoted(quote, span, None, holes, 0)
        {
            return kind;
        }
        self.at = span.end as usize;
        Kind::Word
    }

    /// `'x'`, `'\u{1}'`; otherwise the quote alone.
    fn character(&mut self) {
        let rest = self.rest();
        let close = match rest.get(1) {
            Some(b'\\') => rest.iter().take(14).skip(3).position(|&b| b == b'\'').map(|i| i + 3),
            Some(_) => {
                let width = self.text.get(self.at + 1..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
                (rest.get(1 + width) == Some(&b'\'')).then_some(1 + width)
            }
            None => None,
        };
        self.at += close.map_or(1, |i| i + 1);
    }

    fn last(&self) -> Option<&Token> {
        self.out.streams[self.stream].tokens.last()
    }

    /// Whether the token before ends an operand.
    pub(super) fn after_operand(&self) -> bool {
        let Some(token) = self.last() else { return false };
        match token.kind {
            Kind::Literal(_) => true,
            Kind::Punct(b) => matches!(b, b')' | b']' | b'}' | b'\'' | b'"' | b'`'),
            Kind::Word => {
                const WORDS: &[&str] = &[
                    "return", "case", "typeof", "in", "of", "do", "else", "and", "or", "not", "if", "unless", "when", "then", "while",
                    "until", "puts", "yield", "await", "throw", "delete", "void", "elsif",
                ];
                !WORDS.contains(&token.span.of(self.text))
            }
        }
    }

    fn pattern_begins(&self, spaced: bool) -> bool {
        let next = self.peek(1);
        if matches!(next, b'=' | b'>') && self.syntax.adjacency == Adjacency::None && self.after_operand() {
            return false;
        }
        match self.last() {
            // `</div>`
            Some(Token { kind: Kind::Punct(b'<'), .. }) => false,
            // `split /,/`
            Some(Token { kind: Kind::Word, .. }) if self.syntax.bare_calls && spaced && !matches!(next, b' ' | b'=') => true,
            _ => !self.after_operand(),
        }
    }

    /// Passes a pattern on one line; false where it does not end.
    fn pattern(&mut self) -> bool {
        let (mut i, mut class) = (self.at + 1, false);
        while i < self.end {
            match self.bytes[i] {
                b'\n' => return false,
                b'\\' => i += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => {
                    self.at = i + 1;
                    return true;
                }
                _ => {}
            }
            i += 1;
        }
        false
    }
}
