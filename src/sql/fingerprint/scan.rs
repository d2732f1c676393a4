//! The loop over bytes: tokens as the lexer cuts them, told apart only as far as folding needs.

use super::super::lex::number::end_of_number;
use super::super::token::Dialect;
use crate::source::FILLER;

/// Longest `{…}` that is taken for a host's placeholder.
const MAX_HOLE: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A word with a digit in it.
    NumberedWord,
    QuotedIdent,
    /// A constant, a parameter, or a placeholder.
    Literal,
    /// A string constant: what a type may stand before.
    String,
    Operator,
    /// One byte: parentheses, brackets, comma, semicolon, dot, colon, anything else.
    Punct(u8),
    End,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Tok {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a byte may begin or continue.
const WORD_START: u8 = 1;
const WORD: u8 = 2;
const DIGIT: u8 = 4;
const SPACE: u8 = 8;
const OPERATOR: u8 = 16;

static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut b = 0usize;
    while b < 256 {
        let byte = b as u8;
        table[b] = if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 {
            WORD_START | WORD
        } else if byte.is_ascii_digit() {
            WORD | DIGIT
        } else {
            match byte {
                b'$' => WORD,
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | FILLER => SPACE,
                b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|' | b'`' | b'?' => {
                    OPERATOR
                }
                _ => 0,
            }
        };
        b += 1;
    }
    table
};

fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

#[derive(Clone, Copy)]
pub(super) struct Scanner<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    host: bool,
    brackets: u32,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(bytes: &'t [u8], dialect: Dialect) -> Self {
        let at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Scanner { bytes, at, host: dialect != Dialect::Server, brackets: 0 }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(FILLER)
    }

    fn rest(&self) -> &'t [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    fn class_at(&self, at: usize, class: u8) -> bool {
        self.bytes.get(at).is_some_and(|&b| is(b, class))
    }

    /// Moves past blanks and comments; gives the first comment's bytes, if there was one.
    pub(super) fn skip_trivia(&mut self) -> Option<(usize, usize)> {
        let mut comment = None;
        loop {
            while self.class_at(self.at, SPACE) {
                self.at += 1;
            }
            let start = self.at;
            match (self.peek(0), self.peek(1)) {
                (b'-', b'-') => self.at += memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len()),
                (b'/', b'*') => self.block_comment(),
                _ => return comment,
            }
            comment = comment.or(Some((start, self.at)));
        }
    }

    /// The same where a single blank, or nothing, is skipped nearly always.
    fn skip_blank(&mut self) {
        if self.peek(0) == b' ' {
            self.at += 1;
        }
        let b = self.peek(0);
        if is(b, SPACE) || b == b'-' || b == b'/' {
            self.skip_trivia();
        }
    }

    /// Past a comment, nested ones inside it; one without an end is the rest.
    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while let Some(i) = memchr::memchr2(b'*', b'/', self.rest()) {
            self.at += i;
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
    }

    /// The next token. `operand`: whether an operand stands before it, so that an operator comes next and no placeholder.
    pub(super) fn next(&mut self, operand: bool) -> Tok {
        self.skip_blank();
        let start = self.at;
        let kind = self.token(operand);
        Tok { kind, start, end: self.at }
    }

    fn token(&mut self, operand: bool) -> Kind {
        let Some(&b) = self.bytes.get(self.at) else { return Kind::End };
        if is(b, WORD_START) {
            return self.word();
        }
        match b {
            b'\'' => self.string(1, false),
            b'"' => {
                self.quoted(1, b'"', false);
                Kind::QuotedIdent
            }
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'.' if self.peek(1) == b'.' => {
                self.at += if self.peek(2) == b'.' { 3 } else { 2 };
                Kind::Operator
            }
            b'$' => self.dollar(),
            b':' => self.colon(),
            b'{' if self.host => self.braces(0),
            b'[' => {
                self.brackets += 1;
                self.punct(b)
            }
            b']' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.punct(b)
            }
            b';' => {
                self.brackets = 0;
                self.punct(b)
            }
            _ if is(b, OPERATOR) => self.operator(operand),
            _ => self.punct(b),
        }
    }

    fn punct(&mut self, b: u8) -> Kind {
        self.at += 1;
        Kind::Punct(b)
    }

    /// A word, or a string with a prefix: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    fn word(&mut self) -> Kind {
        match (self.peek(0) | 0x20, self.peek(1), self.peek(2)) {
            (b'e', b'\'', _) => return self.string(2, true),
            (b'b' | b'x' | b'n', b'\'', _) => return self.string(2, false),
            (b'u', b'&', b'\'') => return self.string(3, false),
            (b'u', b'&', b'"') => {
                self.quoted(3, b'"', false);
                return Kind::QuotedIdent;
            }
            _ => {}
        }
        let mut seen = 0;
        loop {
            while let Some(&b) = self.bytes.get(self.at) {
                let class = CLASS[b as usize];
                if class & WORD == 0 {
                    break;
                }
                seen |= class;
                self.at += 1;
            }
            // In an overlay a word may have fillers inside.
            let gap = self.rest().iter().take_while(|&&b| b == FILLER).count();
            if gap == 0 || !self.class_at(self.at + gap, WORD) {
                return if seen & DIGIT != 0 { Kind::NumberedWord } else { Kind::Word };
            }
            self.at += gap;
        }
    }

    fn string(&mut self, prefix: usize, backslashes: bool) -> Kind {
        self.quoted(prefix, b'\'', backslashes);
        Kind::String
    }

    /// Past a quoted thing; without an end it is the rest: a log's text may have been cut.
    fn quoted(&mut self, prefix: usize, quote: u8, backslashes: bool) {
        self.at += prefix;
        loop {
            let found = if backslashes { memchr::memchr2(quote, b'\\', self.rest()) } else { memchr::memchr(quote, self.rest()) };
            let Some(i) = found else {
                self.at = self.bytes.len();
                return;
            };
            self.at += i;
            if self.peek(0) == b'\\' {
                self.at = (self.at + 2).min(self.bytes.len());
                continue;
            }
            let gap = self.bytes[self.at + 1..].iter().take(8).take_while(|&&b| b == FILLER).count();
            if self.peek(1 + gap) != quote || self.at + 1 + gap >= self.bytes.len() {
                self.at += 1;
                return;
            }
            self.at += 2 + gap;
        }
    }

    fn number(&mut self) -> Kind {
        self.at = end_of_number(self.bytes, self.at);
        Kind::Literal
    }

    /// `$1`, `$tag$ … $tag$`, and a host's `${…}` or `$name`.
    fn dollar(&mut self) -> Kind {
        let digits = self.rest()[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            self.at += 1 + digits;
            return Kind::Literal;
        }
        if self.peek(1) == b'{' && self.host {
            return self.braces(1);
        }
        let tag = self.rest()[1..].iter().take_while(|&&b| is(b, WORD) && b != b'$').count();
        if self.peek(1 + tag) != b'$' {
            if tag > 0 && self.host {
                self.at += 1 + tag;
                return Kind::Literal;
            }
            return self.punct(b'$');
        }
        let body = self.at + tag + 2;
        let delimiter = &self.bytes[self.at..body];
        let found = memchr::memmem::find(&self.bytes[body..], delimiter);
        self.at = found.map_or(self.bytes.len(), |i| body + i + delimiter.len());
        Kind::String
    }

    fn colon(&mut self) -> Kind {
        let next = self.peek(1);
        if next == b':' || next == b'=' {
            self.at += 2;
            return Kind::Operator;
        }
        if self.host && self.brackets == 0 && is(next, WORD_START) {
            self.at += 1;
            while self.class_at(self.at, WORD) {
                self.at += 1;
            }
            return Kind::Literal;
        }
        self.punct(b':')
    }

    /// `{…}` with `before` bytes in front of the brace: a hole that a host fills in.
    fn braces(&mut self, before: usize) -> Kind {
        let mut depth = 0usize;
        for (i, &b) in self.rest()[before..].iter().take(MAX_HOLE).enumerate() {
            match b {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += before + i + 1;
                return Kind::Literal;
            }
        }
        let b = self.peek(0);
        self.punct(b)
    }

    fn operator(&mut self, operand: bool) -> Kind {
        if let Some(len) = self.placeholder(operand) {
            self.at = (self.at + len).min(self.bytes.len());
            return Kind::Literal;
        }
        let rest = self.rest();
        if self.host && rest.starts_with(b"#{") {
            return self.braces(1);
        }
        let mut len = 1;
        while self.class_at(self.at + len, OPERATOR) && !matches!(&rest[len..], [b'-', b'-', ..] | [b'/', b'*', ..]) {
            len += 1;
        }
        if len > 1 && matches!(rest[len - 1], b'+' | b'-') {
            // A run may end in + or - only if it holds a character that SQL's own operators do not.
            let odd = |b: &u8| matches!(b, b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|' | b'`' | b'?');
            while len > 1 && matches!(rest[len - 1], b'+' | b'-') && !rest[..len].iter().any(odd) {
                len -= 1;
            }
        }
        self.at += len;
        Kind::Operator
    }

    /// `?`, `?1`, `%s`, `%(name)s`, `@name` where an operand is expected: how many bytes.
    fn placeholder(&self, operand: bool) -> Option<usize> {
        let next = self.peek(1);
        let word = |from: usize| self.rest()[from..].iter().take_while(|&&b| is(b, WORD)).count();
        match self.peek(0) {
            b'?' if !operand && !matches!(next, b'|' | b'&' | b'?') => {
                Some(1 + self.rest()[1..].iter().take_while(|b| b.is_ascii_digit()).count())
            }
            b'%' if self.host && next.is_ascii_alphabetic() && !is(self.peek(2), WORD) => Some(2),
            b'%' if self.host && next == b'(' => self.rest().iter().take(MAX_HOLE).position(|&b| b == b')').map(|i| i + 2),
            b'@' if self.host && !operand && is(next, WORD_START) => Some(1 + word(1)),
            _ => None,
        }
    }

    /// Whether `::` or a string comes next, so that what was just read goes on.
    pub(super) fn comes_next(&self, text: &[u8]) -> bool {
        let at = self.at + usize::from(self.peek(0) == b' ');
        let b = self.bytes.get(at).copied().unwrap_or(FILLER);
        if is(b, SPACE) || b == b'-' || b == b'/' {
            let mut ahead = *self;
            ahead.skip_trivia();
            return ahead.rest().starts_with(text);
        }
        b == text[0] && self.bytes[at..].starts_with(text)
    }
}

/// The insides of the comments of a text.
pub(super) fn comments(bytes: &[u8], dialect: Dialect) -> Vec<&[u8]> {
    let mut found = vec![];
    let mut scanner = Scanner::new(bytes, dialect);
    let mut operand = false;
    loop {
        while let Some((start, end)) = scanner.skip_trivia() {
            let inside = bytes.get(start + 2..end).unwrap_or(&[]);
            found.push(inside.strip_suffix(b"*/").unwrap_or(inside));
            // Only the first of several in a row was given: go back behind it.
            scanner.at = end.max(start + 1);
        }
        match scanner.next(operand).kind {
            Kind::End => return found,
            kind => {
                operand = matches!(
                    kind,
                    Kind::Word | Kind::NumberedWord | Kind::QuotedIdent | Kind::Literal | Kind::String | Kind::Punct(b')' | b']')
                )
            }
        }
    }
}
