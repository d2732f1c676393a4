//! The lexer: bytes to tokens, PostgreSQL's rules exactly (manual, section 4.1), nothing copied, nothing lost.
//!
//! The tokens cover the range without gaps, whatever the input: what cannot be a token is one of kind
//! [`TokenKind::Unknown`] or [`TokenKind::Unterminated`]. A quote that is never closed costs its own line only, so that the
//! statements after it are still read. Must not know any statement, but for `COPY … FROM STDIN`, whose data is not SQL.

use super::token::{Dialect, Token, TokenKind};
use crate::source::{FILLER, Span};
use TokenKind as K;
use std::borrow::Cow;

pub(super) mod number;
mod value;

/// After so many quotes without an end, no further end is searched for: keeps hostile input linear.
const MAX_UNTERMINATED: u32 = 16;

/// Longest tag of a template.
const MAX_TAG: usize = 4000;

/// Longest `{…}` that is taken for a host's placeholder.
const MAX_HOLE: usize = 400;

/// Cuts the bytes `range` of `text` into tokens that cover it without gaps.
pub fn lex(text: &str, range: Span, dialect: Dialect) -> Vec<Token> {
    let end = (range.end as usize).min(text.len());
    let mut lexer = Lexer {
        bytes: &text.as_bytes()[..end],
        at: (range.start as usize).min(end),
        dialect,
        tokens: Vec::with_capacity((end - (range.start as usize).min(end)) / 4),
        last: None,
        brackets: 0,
        copy: CopyWatch::default(),
        unterminated: 0,
    };
    lexer.run(text);
    lexer.tokens
}

/// An identifier folded and unquoted, or a string constant unescaped; other tokens as written, without fillers.
pub fn value<'t>(token: &Token, text: &'t str) -> Cow<'t, str> {
    value::of(token, text)
}

struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
    dialect: Dialect,
    tokens: Vec<Token>,
    /// The last token that is not trivia.
    last: Option<Token>,
    brackets: u32,
    copy: CopyWatch,
    unterminated: u32,
}

/// Follows `COPY … FROM STDIN` to its `;`, after which lines of data come.
#[derive(Default, Clone, Copy)]
struct CopyWatch {
    words: u32,
    is_copy: bool,
    from: bool,
    from_stdin: bool,
}

impl CopyWatch {
    fn word(&mut self, word: &[u8]) {
        if self.words == 0 {
            self.is_copy = word.eq_ignore_ascii_case(b"copy");
        }
        self.words += 1;
        if self.is_copy {
            self.from_stdin |= self.from && word.eq_ignore_ascii_case(b"stdin");
            self.from = word.eq_ignore_ascii_case(b"from");
        }
    }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | FILLER)
}

/// The length of `{…}` or `{{…}}` at the start; 0 where none is.
fn hole(rest: &[u8]) -> usize {
    let depths = rest.iter().take(MAX_HOLE).scan(0usize, |depth, &b| {
        *depth = match b {
            b'{' => *depth + 1,
            b'}' => depth.saturating_sub(1),
            _ => *depth,
        };
        Some(*depth)
    });
    if rest.first() != Some(&b'{') { 0 } else { depths.zip(1..).find(|&(depth, _)| depth == 0).map_or(0, |(_, length)| length) }
}

/// Whether a hole holds a value, and does not steer the template (`{{if .postgres}}`).
fn is_plain_hole(hole: &[u8]) -> bool {
    let inner = hole
        .strip_prefix(b"{{")
        .and_then(|rest| rest.strip_suffix(b"}}"))
        .or_else(|| hole.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")));
    let inner = inner.unwrap_or_default().trim_ascii();
    !inner.is_empty()
        && !matches!(inner, b"if" | b"end" | b"else" | b"range" | b"with")
        && inner.iter().all(|&b| is_word(b) || matches!(b, b'.' | b'-' | b':'))
}

fn is_word_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn is_word(b: u8) -> bool {
    /// Asked of every byte of every word.
    const WORD: [bool; 256] = {
        let (mut word, mut b) = ([false; 256], 0);
        while b < 256 {
            let byte = b as u8;
            word[b] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
            b += 1;
        }
        word
    };
    WORD[usize::from(b)]
}

/// Whether a run of operator bytes ends in the first byte of a driver's placeholder: `a=?`, `a=@name`, `a=%s`, `a=#{name}`.
fn glued_placeholder(run: &[u8], after: &[u8]) -> bool {
    let Some((last, before)) = run.split_last() else { return false };
    let next = |i: usize| after.get(i).copied().unwrap_or(0);
    let common = matches!(before, b"=" | b"<" | b">" | b"<=" | b">=" | b"<>" | b"!=" | b"||" | b"+" | b"-" | b"*" | b"/");
    match last {
        b'?' => before != b"@" && !before.contains(&b'?'),
        b'@' => common && is_word_start(next(0)),
        b'%' => common && (next(0) == b'(' || (next(0).is_ascii_alphabetic() && !is_word(next(1)))),
        b'#' => next(0) == b'{',
        _ => false,
    }
}

fn is_operator(b: u8) -> bool {
    matches!(b, b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|' | b'`' | b'?')
}

impl Lexer<'_> {
    fn run(&mut self, text: &str) {
        while self.at < self.bytes.len() {
            let start = self.at;
            let kind = self.token();
            // A token never ends inside a character: whatever was cut short is carried to the next boundary.
            while self.at < self.bytes.len() && !text.is_char_boundary(self.at) {
                self.at += 1;
            }
            debug_assert!(self.at > start);
            self.push(kind, start);
            if kind == K::Semicolon {
                if std::mem::take(&mut self.copy).from_stdin && self.dialect == Dialect::Psql {
                    self.copy_data();
                }
            } else if kind == K::MetaCommand && self.reads_stdin(start) {
                self.copy_data();
            }
        }
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        let token = Token { kind, span: Span::new(start as u32, self.at as u32) };
        if !kind.is_trivia() {
            self.last = Some(token);
            match kind {
                K::LeftBracket => self.brackets += 1,
                K::RightBracket => self.brackets = self.brackets.saturating_sub(1),
                K::Semicolon => self.brackets = 0,
                K::Word => self.copy.word(&self.bytes[start..self.at]),
                _ => {}
            }
        }
        self.tokens.push(token);
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(FILLER)
    }

    /// Takes one token: moves `at` past it and says what it was.
    fn token(&mut self) -> TokenKind {
        let b = self.bytes[self.at];
        match b {
            // first what there is most of
            _ if is_word_start(b) => self.word(),
            _ if is_space(b) => self.run_of(K::Whitespace, is_space),
            b'-' if self.peek(1) == b'-' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'\'' => self.quoted(1, b'\'', false, K::String),
            b'"' => self.quoted(1, b'"', false, K::QuotedIdent),
            b'0'..=b'9' => self.number(),
            b'.' => self.dots(),
            b'$' => self.dollar(),
            b':' => self.colon(),
            b'(' => self.one(K::LeftParen),
            b')' => self.one(K::RightParen),
            b'[' => self.one(K::LeftBracket),
            b']' => self.one(K::RightBracket),
            b',' => self.one(K::Comma),
            b';' => self.one(K::Semicolon),
            b'\\' if self.dialect == Dialect::Psql => self.meta_command(),
            b'{' if self.dialect != Dialect::Server && matches!(self.peek(1), b'%' | b'#') => self.template_tag(),
            // a template's hole may stand in a body too
            b'{' if self.dialect != Dialect::Server || self.peek(1) == b'{' => self.braces(0),
            _ if is_operator(b) => self.operator(),
            _ => self.one(K::Unknown),
        }
    }

    fn one(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    #[inline]
    fn run_of(&mut self, kind: TokenKind, test: impl Fn(u8) -> bool) -> TokenKind {
        self.at += self.rest().iter().take_while(|&&b| test(b)).count();
        kind
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip_line(&mut self) {
        self.at += memchr::memchr2(b'\n', b'\r', self.rest()).unwrap_or(self.bytes.len() - self.at);
    }

    fn line_comment(&mut self) -> TokenKind {
        self.skip_line();
        K::LineComment
    }

    fn block_comment(&mut self) -> TokenKind {
        let (start, mut depth) = (self.at, 0u32);
        if self.unterminated < MAX_UNTERMINATED {
            while let Some(i) = memchr::memchr2(b'*', b'/', self.rest()) {
                self.at += i;
                let step = match (self.peek(0), self.peek(1)) {
                    (b'/', b'*') => {
                        depth += 1;
                        2
                    }
                    (b'*', b'/') => {
                        depth = depth.saturating_sub(1);
                        2
                    }
                    _ => 1,
                };
                self.at = (self.at + step).min(self.bytes.len());
                if depth == 0 && step == 2 {
                    return K::BlockComment;
                }
            }
        }
        self.unterminated_line(start)
    }

    /// A quote without an end: the token is the rest of its line.
    fn unterminated_line(&mut self, start: usize) -> TokenKind {
        self.unterminated += 1;
        self.at = start + 1;
        self.skip_line();
        K::Unterminated
    }

    /// A quoted thing whose opening quote ends after `prefix` bytes; doubled quotes (and backslashes) stay inside.
    fn quoted(&mut self, prefix: usize, quote: u8, backslashes: bool, kind: TokenKind) -> TokenKind {
        let start = self.at;
        self.at += prefix;
        if quote == b'"' && self.rest().starts_with(b"{{") {
            self.at += self.template_hole(); // `"{{ index .Options "Namespace" }}"`
        }
        if self.unterminated < MAX_UNTERMINATED {
            loop {
                let found = if backslashes { memchr::memchr2(quote, b'\\', self.rest()) } else { memchr::memchr(quote, self.rest()) };
                let Some(i) = found else { break };
                self.at += i;
                if self.peek(0) == b'\\' {
                    self.at = (self.at + 2).min(self.bytes.len());
                } else if self.peek(1) == quote {
                    self.at += 2;
                } else if self.dialect == Dialect::Host && self.peek(1) == FILLER && self.doubled_across_filler(quote) {
                    self.at += 1;
                } else {
                    self.at += 1;
                    return kind;
                }
            }
        }
        self.unterminated_line(start)
    }

    /// The length of a template's hole that begins and ends on this line.
    fn template_hole(&self) -> usize {
        let line = self.rest().iter().take(MAX_HOLE).take_while(|&&b| b != b'\n').count();
        memchr::memmem::find(&self.rest()[..line], b"}}").map_or(0, |i| i + 2)
    }

    /// In an overlay a doubled quote may have fillers between its halves (`\'\'` of a host string).
    fn doubled_across_filler(&mut self, quote: u8) -> bool {
        let gap = self.bytes[self.at + 1..].iter().take_while(|&&b| b == FILLER).count();
        let doubled = gap <= 8 && self.peek(1 + gap) == quote;
        if doubled {
            self.at += 1 + gap;
        }
        doubled
    }

    fn number(&mut self) -> TokenKind {
        self.at = number::end_of_number(self.bytes, self.at);
        K::Number
    }

    fn dots(&mut self) -> TokenKind {
        let (count, kind) = match (self.peek(1), self.peek(2)) {
            (b'.', b'.') => (3, K::Ellipsis),
            (b'.', _) => (2, K::Operator),
            (b'0'..=b'9', _) => return self.number(),
            _ => (1, K::Dot),
        };
        self.at += count;
        kind
    }

    /// `$1`, `$tag$ … $tag$`, and a host's `${…}`.
    fn dollar(&mut self) -> TokenKind {
        if self.peek(1).is_ascii_digit() {
            self.at += 1;
            return self.run_of(K::Param, |b| b.is_ascii_digit());
        }
        if self.peek(1) == b'{' && self.dialect != Dialect::Server {
            return self.braces(1);
        }
        let tag = self.rest()[1..].iter().take_while(|&&b| is_word(b) && b != b'$').count();
        if self.peek(1 + tag) != b'$' {
            if tag > 0 && self.dialect != Dialect::Server {
                self.at += 1 + tag; // a shell's or PHP's $name, or a driver's in a file of queries
                return K::Placeholder;
            }
            return self.one(K::Unknown);
        }
        let (start, quote) = (self.at, tag + 2);
        let body = start + quote;
        if self.unterminated < MAX_UNTERMINATED
            && let Some(i) = memchr::memmem::find(&self.bytes[body..], &self.bytes[start..body])
        {
            self.at = body + i + quote;
            return K::DollarString;
        }
        self.unterminated += 1;
        self.at = body;
        K::Unterminated
    }

    /// `::`, `:=`, a psql variable or a driver's `:name`, or a lone colon.
    fn colon(&mut self) -> TokenKind {
        let next = self.peek(1);
        if next == b':' || next == b'=' {
            self.at += 2;
            return K::Operator;
        }
        if self.brackets > 0 {
            return self.one(K::Colon);
        }
        // a runner fills `:NAME` in wherever it stands, in bodies too
        match next {
            b'\'' | b'"' if self.dialect == Dialect::Psql => {
                let kind = self.quoted(2, next, false, K::Placeholder);
                if kind == K::Unterminated { kind } else { K::Placeholder }
            }
            _ if is_word_start(next) => {
                self.at += 1;
                self.run_of(K::Placeholder, is_word)
            }
            _ => self.one(K::Colon),
        }
    }

    /// `{…}` with `before` bytes in front of the brace: a hole that a host fills in.
    fn braces(&mut self, before: usize) -> TokenKind {
        let mut depth = 0usize;
        for (i, &b) in self.rest()[before..].iter().take(MAX_HOLE).enumerate() {
            match b {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                // `{{ config(…) }}` before a statement says how the template is used
                let alone = self.dialect == Dialect::Psql && before == 0 && self.rest().starts_with(b"{{") && self.between_statements();
                let plain = is_plain_hole(&self.rest()[before..before + i + 1]);
                self.at += before + i + 1;
                return match (alone, plain && self.dialect == Dialect::Psql) {
                    (true, _) => K::BlockComment,
                    (false, true) => self.glued(K::Placeholder),
                    (false, false) => K::Placeholder,
                };
            }
        }
        self.one(K::Unknown)
    }

    /// What hangs together with a hole is one name with it: `{{.prefix}}orders`, `orders_${suffix}_idx`.
    fn glued(&mut self, kind: TokenKind) -> TokenKind {
        let mut kind = kind;
        loop {
            self.at += self.rest().iter().take_while(|&&b| is_word(b)).count();
            let length = hole(self.rest());
            if length == 0 || !is_plain_hole(&self.rest()[..length]) {
                return kind;
            }
            self.at += length;
            kind = K::Placeholder;
        }
    }

    /// `{% … %}`, `{# … #}` of a template: no SQL.
    fn template_tag(&mut self) -> TokenKind {
        let close = [self.peek(1), b'}'];
        match memchr::memmem::find(&self.rest()[..self.rest().len().min(MAX_TAG)], &close) {
            Some(i) if i > 1 => {
                self.at += i + 2;
                K::BlockComment
            }
            _ => self.braces(0),
        }
    }

    fn between_statements(&self) -> bool {
        self.last.is_none_or(|token| token.kind == K::Semicolon)
    }

    /// A backslash command, to the end of its line; `\;` is a semicolon that psql does not send at.
    fn meta_command(&mut self) -> TokenKind {
        if self.peek(1) == b';' {
            self.at += 2;
            return K::Semicolon;
        }
        self.skip_line();
        K::MetaCommand
    }

    fn reads_stdin(&self, start: usize) -> bool {
        let line = self.bytes[start..self.at].to_ascii_lowercase();
        line.starts_with(b"\\copy") && memchr::memmem::find(&line, b"from stdin").is_some()
    }

    /// The lines up to and including `\.`; without such a line there is no data.
    fn copy_data(&mut self) {
        let start = self.at;
        let mut line = start;
        while let Some(i) = memchr::memchr(b'\n', &self.bytes[line..]) {
            line += i + 1;
            let rest = &self.bytes[line..];
            if rest.starts_with(b"\\.") && matches!(rest.get(2), None | Some(b'\n' | b'\r')) {
                self.at = line + 2;
                self.push(K::CopyData, start);
                return;
            }
        }
    }

    fn operator(&mut self) -> TokenKind {
        if self.dialect != Dialect::Server
            && let Some(kind) = self.host_placeholder()
        {
            return kind;
        }
        let rest = self.rest();
        let mut len = rest.iter().take_while(|&&b| is_operator(b)).count();
        // A comment ends the run.
        if let Some(i) = (1..len).find(|&i| matches!(&rest[i..], [b'-', b'-', ..] | [b'/', b'*', ..])) {
            len = i;
        }
        // A run of several may end in + or - only if it holds a character that SQL's own operators do not.
        let odd = |b: &u8| matches!(b, b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|' | b'`' | b'?');
        while len > 1 && matches!(rest[len - 1], b'+' | b'-') && !rest[..len].iter().any(odd) {
            len -= 1;
        }
        if self.dialect == Dialect::Host && len > 1 && glued_placeholder(&rest[..len], &rest[len..]) {
            len -= 1;
        }
        self.at += len;
        K::Operator
    }

    /// `?`, `%s`, `%(name)s`, `%name%`, `@name`, `#{…}` where an operand is expected.
    fn host_placeholder(&mut self) -> Option<TokenKind> {
        let host = self.dialect == Dialect::Host;
        let next = self.peek(1);
        let len = match self.peek(0) {
            b'?' if !self.after_operand() && !matches!(next, b'|' | b'&' | b'?') => {
                1 + self.rest()[1..].iter().take_while(|b| b.is_ascii_digit()).count()
            }
            b'%' if host && next.is_ascii_alphabetic() && !is_word(self.peek(2)) => 2,
            b'%' if host && next == b'(' => self.rest().iter().take(MAX_HOLE).position(|&b| b == b')').map(|i| i + 2)?,
            b'%' if next == b'(' => self.named_hole()?,
            b'%' if matches!(next, b's' | b'd') && !is_word(self.peek(2)) && !self.after_operand() => 2,
            b'%' if is_word_start(next) && !self.after_operand() => self.percent_name()?,
            b'@' if host && is_word_start(next) && !self.after_operand() => {
                1 + self.rest()[1..].iter().take_while(|&&b| is_word(b)).count()
            }
            b'#' if host && next == b'{' => return Some(self.braces(1)),
            _ => return None,
        };
        self.at = (self.at + len).min(self.bytes.len());
        Some(K::Placeholder)
    }

    /// The length of `%(name)s` in a file of queries.
    fn named_hole(&self) -> Option<usize> {
        let word = self.rest()[2..].iter().take_while(|&&b| is_word(b)).count();
        let is_hole = word > 0 && self.peek(2 + word) == b')' && self.peek(3 + word) == b's' && !is_word(self.peek(4 + word));
        is_hole.then_some(4 + word)
    }

    /// The length of `%name%`, as queries with parts to be filled in are written.
    fn percent_name(&self) -> Option<usize> {
        let word = self.rest()[1..].iter().take_while(|&&b| is_word(b)).count();
        (self.peek(1 + word) == b'%').then_some(word + 2)
    }

    /// Whether the last token ends an operand, so that an operator and not an operand comes next.
    fn after_operand(&self) -> bool {
        match self.last {
            Some(token) => match token.kind {
                K::Word => !precedes_operand(&self.bytes[token.span.range()]),
                K::RightParen | K::RightBracket | K::QuotedIdent | K::UnicodeIdent | K::Number | K::Param | K::Placeholder => true,
                kind => kind.is_string(),
            },
            None => false,
        }
    }

    /// A word, or a prefixed string: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    fn word(&mut self) -> TokenKind {
        match (self.peek(0) | 0x20, self.peek(1), self.peek(2)) {
            (b'e', b'\'', _) => return self.quoted(2, b'\'', true, K::EscapeString),
            (b'b', b'\'', _) => return self.quoted(2, b'\'', false, K::BitString),
            (b'x', b'\'', _) => return self.quoted(2, b'\'', false, K::HexString),
            (b'n', b'\'', _) => return self.quoted(2, b'\'', false, K::NationalString),
            (b'u', b'&', b'\'') => return self.quoted(3, b'\'', false, K::UnicodeString),
            (b'u', b'&', b'"') => return self.quoted(3, b'"', false, K::UnicodeIdent),
            _ => {}
        }
        match self.rest() {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.at += 3; // a byte order mark
                return K::Whitespace;
            }
            [0xE2, 0x80, 0xA6, ..] => {
                self.at += 3; // …
                return K::Ellipsis;
            }
            _ => {}
        }
        self.at += 1;
        loop {
            self.at += self.rest().iter().take_while(|&&b| is_word(b)).count();
            let gap = self.rest().iter().take_while(|&&b| b == FILLER).count();
            if gap == 0 || !is_word(self.peek(gap)) {
                if self.peek(0) == b'{' && self.dialect == Dialect::Psql {
                    return self.glued(K::Word);
                }
                return K::Word;
            }
            self.at += gap;
        }
    }
}

/// Key words that an operand follows.
fn precedes_operand(word: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "ALL",
        "AND",
        "ANY",
        "AS",
        "BETWEEN",
        "BY",
        "CASE",
        "DISTINCT",
        "DO",
        "ELSE",
        "FETCH",
        "FIRST",
        "FROM",
        "HAVING",
        "ILIKE",
        "IN",
        "INTERVAL",
        "INTO",
        "IS",
        "JOIN",
        "LIKE",
        "LIMIT",
        "NEXT",
        "NOT",
        "OFFSET",
        "ON",
        "OR",
        "RETURNING",
        "SELECT",
        "SET",
        "SOME",
        "THEN",
        "TO",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
    ];
    WORDS.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, dialect: Dialect) -> Vec<Token> {
        lex(text, Span::new(0, text.len() as u32), dialect)
    }

    fn kinds(text: &str, dialect: Dialect) -> Vec<(TokenKind, &str)> {
        all(text, dialect).into_iter().filter(|t| t.kind != K::Whitespace).map(|t| (t.kind, t.span.of(text))).collect()
    }

    #[test]
    fn strings_of_every_kind() {
        let text = r#"'a''b' E'a\'b' U&'d\0061t' $q$ $ $$ $q$ B'01' x'1F' "A""b" U&"x" N'n'"#;
        let found: Vec<_> = kinds(text, Dialect::Server).into_iter().map(|(k, _)| k).collect();
        let expected = [
            K::String,
            K::EscapeString,
            K::UnicodeString,
            K::DollarString,
            K::BitString,
            K::HexString,
            K::QuotedIdent,
            K::UnicodeIdent,
            K::NationalString,
        ];
        assert_eq!(found, expected);
        let values: Vec<_> =
            all(text, Dialect::Server).iter().filter(|t| t.kind != K::Whitespace).map(|t| t.value(text).into_owned()).collect();
        assert_eq!(values, ["a'b", "a'b", "dat", " $ $$ ", "01", "1F", "A\"b", "x", "n"]);
    }

    #[test]
    fn operators_are_cut_as_postgres_cuts_them() {
        let text = "a->>'k'@>b<=-1 ?| x::int*-2 a=@-1 1..3 a[1:2]/*c*/--x";
        let found: Vec<_> = kinds(text, Dialect::Server).into_iter().filter(|(k, _)| *k == K::Operator).map(|(_, t)| t).collect();
        assert_eq!(found, ["->>", "@>", "<=", "-", "?|", "::", "*", "-", "=@-", ".."]);
    }

    #[test]
    fn nested_comments_and_unclosed_quotes_cost_only_themselves() {
        assert_eq!(kinds("/* a /* b */ c */ x", Dialect::Server)[1], (K::Word, "x"));
        let found = kinds("select 'oops\n; select 1", Dialect::Psql);
        assert_eq!(found[1], (K::Unterminated, "'oops"));
        assert_eq!(found.last().unwrap(), &(K::Number, "1"));
    }

    #[test]
    fn psql_commands_variables_and_copy_data() {
        let text = "\\set x 1\nSELECT :x, :'y', a[1:2];\nCOPY t (a) FROM stdin;\n1\t'\n\\.\nSELECT 2;";
        let found = kinds(text, Dialect::Psql);
        assert_eq!(found[0], (K::MetaCommand, "\\set x 1"));
        assert!(found.contains(&(K::Placeholder, ":x")) && found.contains(&(K::Placeholder, ":'y'")) && found.contains(&(K::Colon, ":")));
        assert!(found.contains(&(K::CopyData, "\n1\t'\n\\.")));
        assert_eq!(found.last().unwrap().0, K::Semicolon);
    }

    #[test]
    fn placeholders_of_drivers() {
        let glued = "a=? AND b>=@p AND c=%s AND d<>%(n)s AND e->>? AND f @? g AND h=#{i}";
        let found: Vec<&str> = all(glued, Dialect::Host).iter().filter(|t| t.kind == K::Placeholder).map(|t| t.text(glued)).collect();
        assert_eq!(found, ["?", "@p", "%s", "%(n)s", "?", "#{i}"]);
        let text = "a = ? AND b = %s AND c = %(n)s AND d = :name AND e = @p AND f ? 'k' AND g = {} LIMIT ? OFFSET ${x} a::int";
        let found: Vec<_> = kinds(text, Dialect::Host).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
        assert_eq!(found, ["?", "%s", "%(n)s", ":name", "@p", "{}", "?", "${x}"]);
    }

    #[test]
    fn parts_to_be_filled_in_stand_between_percent_signs() {
        let text = "a % b, 5 %c, %x%, (1) %y% FROM %s ORDER BY %order% LIMIT %d";
        let found: Vec<_> = kinds(text, Dialect::Psql).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
        assert_eq!(found, ["%x%", "%s", "%order%", "%d"]);
    }

    #[test]
    fn a_hole_and_the_word_beside_it_are_one_name() {
        let text = "ALTER TABLE {{.prefix}}orders, i_{suffix}_x, ${schema}.t, a_${b}, {{if .x}}IF {{end}}, '{a}'b";
        let found: Vec<_> = kinds(text, Dialect::Psql).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
        assert_eq!(found, ["{{.prefix}}orders", "i_{suffix}_x", "${schema}", "a_${b}", "{{if .x}}", "{{end}}"]);
    }

    #[test]
    fn a_named_dollar_parameter_in_a_file_of_queries_is_a_placeholder() {
        let found = kinds("a = $name AND b = $1 AND c = $t$x$t$", Dialect::Psql);
        assert!(
            found.contains(&(K::Placeholder, "$name"))
                && found.contains(&(K::Param, "$1"))
                && found.contains(&(K::DollarString, "$t$x$t$"))
        );
    }

    #[test]
    fn fillers_join_words_and_vanish_from_values() {
        let text = "us\0ers 'a\0b'";
        let tokens = all(text, Dialect::Host);
        assert_eq!((tokens[0].value(text).as_ref(), tokens[2].value(text).as_ref()), ("users", "ab"));
    }

    proptest! {
        #[test]
        fn tokens_cover_any_text_without_gaps(text in "(\\PC|[-'\"$\\\\;:/*{}\n]){0,80}") {
            for dialect in [Dialect::Psql, Dialect::Server, Dialect::Host] {
                let tokens = all(&text, dialect);
                let joined: String = tokens.iter().map(|t| t.text(&text)).collect();
                prop_assert_eq!(&joined, &text);
                for token in &tokens {
                    let _ = token.value(&text);
                }
            }
        }
    }
}
