//! Operators, dots and colons, and where each ends: `<=-1` is `<=` and `-1`.

use super::bytes::{is_operator, is_word, is_word_start};
use super::placeholder::glued_placeholder;
use super::{K, Lexer};
use crate::sql::token::{Dialect, TokenKind};

impl Lexer<'_> {
    pub(super) fn operator(&mut self) -> TokenKind {
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

    pub(super) fn dots(&mut self) -> TokenKind {
        let (count, kind) = match (self.peek(1), self.peek(2)) {
            (b'.', b'.') => (3, K::Ellipsis),
            (b'.', _) => (2, K::Operator),
            (b'0'..=b'9', _) => return self.number(),
            _ => (1, K::Dot),
        };
        self.at += count;
        kind
    }

    /// `::`, `:=`, a psql variable or a driver's `:name`, or a lone colon.
    pub(super) fn colon(&mut self) -> TokenKind {
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
}
