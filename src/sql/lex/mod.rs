//! The lexer: bytes to tokens, PostgreSQL's rules exactly (manual, section 4.1), nothing copied, nothing lost.
//!
//! The tokens cover the range without gaps, whatever the input: what cannot be a token is one of kind
//! [`TokenKind::Unknown`] or [`TokenKind::Unterminated`]. A quote that is never closed costs its own line only, so that the
//! statements after it are still read. Must not know any statement, but for `COPY … FROM STDIN`, whose data is not SQL.
use super::token::{Dialect, Token, TokenKind};
use crate::source::{FILLER, Span};
use TokenKind as K;
use bytes::{is_operator, is_space, is_word_start};
use psql::CopyWatch;
use std::borrow::Cow;

mod bytes;
pub(super) mod number;
mod operator;
mod placeholder;
mod psql;
mod quoted;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod word;

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
            let before = self.last.replace(token);
            match kind {
                // of `ARRAY[:a, :b]` no slice is taken
                K::LeftBracket
                    if before.is_some_and(|t| t.kind == K::Word && self.bytes[t.span.range()].eq_ignore_ascii_case(b"ARRAY")) => {}
                K::LeftBracket => self.brackets += 1,
                K::RightBracket => self.brackets = self.brackets.saturating_sub(1),
                K::Semicolon => self.brackets = 0,
                K::Word => self.copy.word(&self.bytes[start..self.at]),
                _ => {}
            }
        }
        self.tokens.push(token);
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

    fn number(&mut self) -> TokenKind {
        self.at = number::end_of_number(self.bytes, self.at);
        K::Number
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

    fn skip_line(&mut self) {
        self.at += memchr::memchr2(b'\n', b'\r', self.rest()).unwrap_or(self.bytes.len() - self.at);
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(FILLER)
    }
}
