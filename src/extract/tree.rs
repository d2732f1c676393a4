//! A stream of tokens with its brackets matched: who calls whom with what.

use super::scan::{Kind, Stream, Token};
use crate::source::Span;

/// No bracket.
pub(super) const NONE: u32 = u32::MAX;

/// A stream with its brackets.
pub(super) struct Tree<'s> {
    pub(super) text: &'s str,
    pub(super) tokens: &'s [Token],
    /// The innermost open bracket around each token.
    parent: Vec<u32>,
    /// The closing bracket of each opening one.
    close: Vec<u32>,
}

impl<'s> Tree<'s> {
    pub(super) fn new(text: &'s str, stream: &'s Stream) -> Self {
        let tokens = &stream.tokens[..];
        let mut parent = Vec::with_capacity(tokens.len());
        let mut close = vec![NONE; tokens.len()];
        let mut open: Vec<u32> = vec![];
        for (i, token) in tokens.iter().enumerate() {
            if let Kind::Punct(b')' | b']' | b'}') = token.kind
                && let Some(at) = open.pop()
            {
                close[at as usize] = i as u32;
            }
            parent.push(open.last().copied().unwrap_or(NONE));
            if let Kind::Punct(b'(' | b'[' | b'{') = token.kind {
                open.push(i as u32);
            }
        }
        Tree { text, tokens, parent, close }
    }

    pub(super) fn punct(&self, at: usize) -> Option<u8> {
        match self.tokens.get(at)?.kind {
            Kind::Punct(b) => Some(b),
            _ => None,
        }
    }

    pub(super) fn is(&self, at: usize, byte: u8) -> bool {
        self.punct(at) == Some(byte)
    }

    pub(super) fn word(&self, at: usize) -> Option<&'s str> {
        let token = self.tokens.get(at)?;
        (token.kind == Kind::Word).then(|| token.span.of(self.text))
    }

    pub(super) fn literal(&self, at: usize) -> Option<usize> {
        match self.tokens.get(at)?.kind {
            Kind::Literal(i) => Some(i as usize),
            _ => None,
        }
    }

    /// The innermost bracket around a token.
    pub(super) fn around(&self, at: usize) -> Option<usize> {
        self.parent.get(at).copied().filter(|&p| p != NONE).map(|p| p as usize)
    }

    /// The closing bracket of an opening one; the end where it is never closed.
    pub(super) fn closing(&self, open: usize) -> usize {
        self.close.get(open).copied().filter(|&c| c != NONE).map_or(self.tokens.len(), |c| c as usize)
    }

    /// The operator that begins at a token: how many tokens it has.
    pub(super) fn operator(&self, at: usize, operators: &[&str]) -> Option<usize> {
        let matched = |op: &&&str| op.bytes().enumerate().all(|(i, b)| self.is(at + i, b) && (i == 0 || !self.tokens[at + i].spaced));
        let op = operators.iter().filter(matched).max_by_key(|op| op.len())?;
        let next = at + op.len();
        // `+=` and `++` are others
        let longer = self.tokens.get(next).is_some_and(|t| !t.spaced && matches!(t.kind, Kind::Punct(b'=' | b'+' | b'.' | b'<')));
        (!longer).then_some(op.len())
    }

    /// The name before an opening parenthesis, with what it is a member of: `sqlx::query!`, `conn.execute`.
    pub(super) fn callee(&self, open: usize) -> Option<Span> {
        let mut at = open.checked_sub(1)?;
        if self.is(at, b'!') {
            at = at.checked_sub(1)?;
        }
        if self.is(at, b'>') {
            at = self.before_generics(at)?;
        }
        let last = self.tokens.get(at).filter(|t| t.kind == Kind::Word)?;
        let end = self.tokens[open - 1].span.end.min(self.tokens[open].span.start);
        let end = if self.is(open - 1, b'!') { end } else { last.span.end };
        Some(Span::new(self.tokens[self.path_start(at)].span.start, end))
    }

    /// The first token of the path that ends in the word at `at`.
    fn path_start(&self, at: usize) -> usize {
        let mut start = at;
        for _ in 0..4 {
            if self.tokens[start].first {
                break;
            }
            let mut before = start;
            while before > 0 && before + 3 > start && matches!(self.punct(before - 1), Some(b'.' | b':' | b'?' | b'-' | b'>' | b'&' | b'!'))
            {
                before -= 1;
            }
            let joined = before < start
                && match self.punct(start - 1) {
                    Some(b'.') => true,
                    Some(b':') => before + 1 < start && self.is(start - 2, b':'),
                    Some(b'>') => before + 1 < start && self.is(start - 2, b'-'),
                    _ => false,
                };
            match before.checked_sub(1) {
                Some(word) if joined && self.word(word).is_some() && !self.tokens[before].first => start = word,
                _ => break,
            }
        }
        start
    }

    /// The word before `<…>` whose `>` stands at `at`.
    pub(super) fn before_generics(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        for i in (at.saturating_sub(60)..=at).rev() {
            match self.punct(i) {
                Some(b'>') => depth += 1,
                Some(b'<') => depth -= 1,
                Some(b';' | b'{' | b'}') => return None,
                _ => {}
            }
            if depth == 0 {
                let mut word = i.checked_sub(1)?;
                while self.is(word, b':') {
                    word = word.checked_sub(1)?;
                }
                return Some(word);
            }
        }
        None
    }

    /// The span of the word path that ends at a token.
    pub(super) fn path(&self, at: usize) -> Span {
        Span::new(self.tokens[self.path_start(at)].span.start, self.tokens[at].span.end)
    }
}
