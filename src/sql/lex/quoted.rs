//! What goes on to its own end, whatever stands inside: comments, strings and names in quotes or between dollars.
//!
//! One that never ends costs its own line only.

use super::bytes::is_word;
use super::{K, Lexer};
use crate::source::FILLER;
use crate::sql::token::{Dialect, TokenKind};

/// After so many quotes without an end, no further end is searched for: keeps hostile input linear.
const MAX_UNTERMINATED: u32 = 16;

impl Lexer<'_> {
    pub(super) fn line_comment(&mut self) -> TokenKind {
        self.skip_line();
        K::LineComment
    }

    pub(super) fn block_comment(&mut self) -> TokenKind {
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

    /// A quoted thing whose opening quote ends after `prefix` bytes; doubled quotes (and backslashes) stay inside.
    pub(super) fn quoted(&mut self, prefix: usize, quote: u8, backslashes: bool, kind: TokenKind) -> TokenKind {
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

    /// In an overlay a doubled quote may have fillers between its halves (`\'\'` of a host string).
    fn doubled_across_filler(&mut self, quote: u8) -> bool {
        let gap = self.bytes[self.at + 1..].iter().take_while(|&&b| b == FILLER).count();
        let doubled = gap <= 8 && self.peek(1 + gap) == quote;
        if doubled {
            self.at += 1 + gap;
        }
        doubled
    }

    /// `$1`, `$tag$ … $tag$`, and a host's `${…}`.
    pub(super) fn dollar(&mut self) -> TokenKind {
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

    /// A quote without an end: the token is the rest of its line.
    fn unterminated_line(&mut self, start: usize) -> TokenKind {
        self.unterminated += 1;
        self.at = start + 1;
        self.skip_line();
        K::Unterminated
    }
}
