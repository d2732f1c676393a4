//! Places that a template or a host string fills in: `{…}`, `{{…}}`, `${…}`, and tags that steer it, `{% … %}`.

use super::bytes::is_word;
use super::{K, Lexer};
use crate::sql::token::{Dialect, TokenKind};

/// Longest tag of a template.
const MAX_TAG: usize = 4000;

/// Longest `{…}` that is taken for a host's placeholder.
pub(super) const MAX_HOLE: usize = 400;

impl Lexer<'_> {
    /// `{…}` with `before` bytes in front of the brace: a hole that a host fills in.
    pub(super) fn braces(&mut self, before: usize) -> TokenKind {
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
    pub(super) fn glued(&mut self, kind: TokenKind) -> TokenKind {
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
    pub(super) fn template_tag(&mut self) -> TokenKind {
        let close = [self.peek(1), b'}'];
        match memchr::memmem::find(&self.rest()[..self.rest().len().min(MAX_TAG)], &close) {
            Some(i) if i > 1 => {
                self.at += i + 2;
                K::BlockComment
            }
            _ => self.braces(0),
        }
    }

    /// The length of a template's hole that begins and ends on this line.
    pub(super) fn template_hole(&self) -> usize {
        let line = self.rest().iter().take(MAX_HOLE).take_while(|&&b| b != b'\n').count();
        memchr::memmem::find(&self.rest()[..line], b"}}").map_or(0, |i| i + 2)
    }

    fn between_statements(&self) -> bool {
        self.last.is_none_or(|token| token.kind == K::Semicolon)
    }
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
