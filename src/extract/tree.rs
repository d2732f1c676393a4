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
    /// Whether a comma of the same bracket stands before each token.
    later: Vec<bool>,
}

impl<'s> Tree<'s> {
    pub(super) fn new(text: &'s str, stream: &'s Stream) -> Self {
        let tokens = &stream.tokens[..];
        let mut parent = Vec::with_capacity(tokens.len());
        let mut close = vec![NONE; tokens.len()];
        let mut later = Vec::with_capacity(tokens.len());
        let mut open: Vec<(u32, bool)> = vec![];
        for (i, token) in tokens.iter().enumerate() {
            if let Kind::Punct(b')' | b']' | b'}') = token.kind
                && let Some((at, _)) = open.pop()
            {
                close[at as usize] = i as u32;
            }
            let (bracket, comma) = open.last().copied().unwrap_or((NONE, false));
            parent.push(bracket);
            later.push(comma);
            match (token.kind, open.last_mut()) {
                (Kind::Punct(b'(' | b'[' | b'{'), _) => open.push((i as u32, false)),
                (Kind::Punct(b','), Some((_, comma))) => *comma = true,
                _ => {}
            }
        }
        Tree { text, tokens, parent, close, later }
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

    /// Whether a token in brackets stands behind their first comma: it is of no first argument.
    pub(super) fn is_later(&self, at: usize) -> bool {
        self.later.get(at).copied().unwrap_or(false)
    }

    /// The arguments in the brackets at `open`, from the token `from` on.
    pub(super) fn arguments(&self, open: usize, from: usize) -> Vec<Span> {
        let close = self.closing(open).min(self.tokens.len());
        let mut found = vec![];
        let (mut at, mut start) = (from, from);
        while at <= close && found.len() < 64 {
            if at == close || self.is(at, b',') {
                let tokens = self.tokens.get(start..at).unwrap_or_default();
                found.extend(tokens.first().zip(tokens.last()).map(|(a, b)| a.span.to(b.span)));
                start = at + 1;
            }
            let bracket = matches!(self.punct(at), Some(b'(' | b'[' | b'{')) && at < close;
            at = if bracket { self.closing(at).max(at) + 1 } else { at + 1 };
        }
        found
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
        let (mut depth, mut braces) = (0usize, 0usize);
        for i in (at.saturating_sub(200)..=at).rev() {
            match self.punct(i) {
                // an arrow's
                Some(b'>') if i > 0 && self.is(i - 1, b'=') && !self.tokens[i].spaced => {}
                Some(b'>') => depth += 1,
                Some(b'<') => depth = depth.checked_sub(1)?,
                // `query<{ id: string; name: string }>`
                Some(b'}') => braces += 1,
                Some(b'{') => braces = braces.checked_sub(1)?,
                Some(b';') if braces == 0 => return None,
                _ => {}
            }
            if depth == 0 {
                let mut word = i.checked_sub(1)?;
                while self.is(word, b':') {
                    word = word.checked_sub(1)?;
                }
                return self.word(word).map(|_| word);
            }
        }
        None
    }

    /// The span of the word path that ends at a token.
    pub(super) fn path(&self, at: usize) -> Span {
        Span::new(self.tokens[self.path_start(at)].span.start, self.tokens[at].span.end)
    }
}
