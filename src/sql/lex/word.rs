//! Words, and the strings that begin with a letter.

use super::bytes::is_word;
use super::{K, Lexer};
use crate::source::FILLER;
use crate::sql::token::{Dialect, TokenKind};

impl Lexer<'_> {
    /// A word, or a prefixed string: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    pub(super) fn word(&mut self) -> TokenKind {
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
