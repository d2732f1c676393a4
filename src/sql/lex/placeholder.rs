//! Places that a driver fills in: `?`, `%s`, `%(name)s`, `@name`. Most are operators too, so what stands before decides.

use super::bytes::{is_word, is_word_start};
use super::template::MAX_HOLE;
use super::{K, Lexer};
use crate::sql::token::{Dialect, TokenKind};

impl Lexer<'_> {
    /// `?`, `%s`, `%(name)s`, `%name%`, `@name`, `#{…}` where an operand is expected.
    pub(super) fn host_placeholder(&mut self) -> Option<TokenKind> {
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
}

/// Whether a run of operator bytes ends in the first byte of a driver's placeholder: `a=?`, `a=@name`, `a=%s`, `a=#{name}`.
pub(super) fn glued_placeholder(run: &[u8], after: &[u8]) -> bool {
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
