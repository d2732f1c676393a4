//! A place in a statement's tokens, and the small questions that a recursive-descent grammar asks of them.
//!
//! Must not know what any statement means.

use super::token::{Token, TokenKind};
use crate::facts::{Expr, Name, ObjectName, Query};
use crate::source::{FileId, Span};

/// Why a statement could not be read: what was expected and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// One line, lower case.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// The outcome of reading something.
pub type Parse<T> = Result<T, ParseError>;

/// Deepest nesting that our own grammar follows.
pub const MAX_DEPTH: usize = 128;

/// A cursor over one statement's tokens (trivia already removed).
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'t> {
    /// The file.
    pub file: FileId,
    /// The whole text that spans speak of.
    pub text: &'t str,
    /// How many bodies (`DO`, functions, `EXECUTE` strings) this statement lies inside.
    pub depth: usize,
    /// It lies inside a template of `format`, whose holes are placeholders.
    pub template: bool,
    tokens: &'t [Token],
    at: usize,
}

impl<'t> Cursor<'t> {
    /// A cursor at the first token.
    pub fn new(file: FileId, text: &'t str, tokens: &'t [Token]) -> Self {
        Cursor { file, text, depth: 0, template: false, tokens, at: 0 }
    }

    /// A cursor over other tokens of the same text, as deep inside bodies as this one.
    pub fn over(&self, tokens: &'t [Token]) -> Cursor<'t> {
        Cursor { depth: self.depth, template: self.template, ..Cursor::new(self.file, self.text, tokens) }
    }

    /// The token `ahead` of the cursor.
    pub fn peek_at(&self, ahead: usize) -> Option<&'t Token> {
        self.tokens.get(self.at + ahead)
    }

    /// The next token.
    pub fn peek(&self) -> Option<&'t Token> {
        self.peek_at(0)
    }

    /// The next token's kind.
    pub fn kind(&self) -> Option<TokenKind> {
        self.peek().map(|t| t.kind)
    }

    /// Takes a token.
    pub fn bump(&mut self) -> Option<&'t Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The index of the next token, for [`Cursor::since`] and [`Cursor::rewind`].
    pub fn mark(&self) -> usize {
        self.at
    }

    /// Goes back (or forward) to a mark.
    pub fn rewind(&mut self, mark: usize) {
        self.at = mark.min(self.tokens.len());
    }

    /// The bytes from a mark to the last token taken.
    pub fn since(&self, mark: usize) -> Span {
        self.tokens[mark.min(self.at)..self.at].iter().fold(Span::default(), |all, t| all.to(t.span))
    }

    /// The tokens from a mark to the cursor.
    pub fn tokens_since(&self, mark: usize) -> &'t [Token] {
        &self.tokens[mark.min(self.at)..self.at]
    }

    /// The tokens not yet taken.
    pub fn rest(&self) -> &'t [Token] {
        &self.tokens[self.at..]
    }

    /// Whether the next tokens are these key words (upper case, separated by one blank).
    #[inline]
    pub fn at_words(&self, words: &str) -> bool {
        self.count_words(words).is_some()
    }

    /// How many tokens these key words take, if they come next. Asked hundreds of times a statement: the first byte settles
    /// most of them where they are asked, and nothing is searched for.
    #[inline]
    fn count_words(&self, words: &str) -> Option<usize> {
        let token = self.tokens.get(self.at)?;
        let first = *self.text.as_bytes().get(token.span.start as usize)?;
        // letters differ from their small selves by this bit; what else it makes equal is told apart below
        let words_left = words.as_bytes();
        let same = words_left.first().is_some_and(|word| word | 0x20 == first | 0x20)
            // of the words that begin alike most differ in length
            && words_left.get(token.span.len() as usize).is_none_or(|after| *after == b' ');
        if same && token.kind == TokenKind::Word { self.count_words_further(words) } else { None }
    }

    #[inline(never)]
    fn count_words_further(&self, words: &str) -> Option<usize> {
        let (text, mut words) = (self.text.as_bytes(), words.as_bytes());
        let mut tokens = self.rest().iter();
        let mut count = 0;
        loop {
            let token = tokens.next()?;
            let len = token.span.len() as usize;
            let start = token.span.start as usize;
            let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b);
            if token.kind != TokenKind::Word {
                return None;
            }
            let (word, rest) = words.split_at_checked(len)?;
            if !text.get(start..start + len)?.iter().zip(word).all(same) {
                return None;
            }
            count += 1;
            match rest {
                [] => return Some(count),
                [b' ', rest @ ..] => words = rest,
                _ => return None,
            }
        }
    }

    /// Whether the next token is one of these key words.
    pub fn at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.at_words(word))
    }

    /// Takes these key words if they come next.
    #[inline]
    pub fn eat(&mut self, words: &str) -> bool {
        let count = self.count_words(words);
        self.at += count.unwrap_or(0);
        count.is_some()
    }

    /// Takes the first of these phrases that comes next and returns it; put longer ones first.
    pub fn eat_any<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.eat(word))
    }

    /// Takes these key words or fails.
    pub fn expect(&mut self, words: &str) -> Parse<()> {
        if self.eat(words) { Ok(()) } else { self.fail(words) }
    }

    /// Takes a token of this kind if it comes next.
    pub fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == Some(kind);
        self.at += usize::from(found);
        found
    }

    /// Takes a token of this kind or fails.
    pub fn expect_kind(&mut self, kind: TokenKind) -> Parse<&'t Token> {
        match self.peek() {
            Some(token) if token.kind == kind => {
                self.at += 1;
                Ok(token)
            }
            _ => self.fail(&format!("{kind:?}")),
        }
    }

    /// Whether the next token is this operator.
    pub fn at_operator(&self, op: &str) -> bool {
        self.peek().is_some_and(|t| t.kind == TokenKind::Operator && t.text(self.text) == op)
    }

    /// Takes this operator if it comes next.
    pub fn eat_operator(&mut self, op: &str) -> bool {
        let found = self.at_operator(op);
        self.at += usize::from(found);
        found
    }

    /// Fails here, saying what was expected and what stands there.
    pub fn fail<T>(&self, expected: &str) -> Parse<T> {
        let (found, span) = match self.peek() {
            Some(token) => (format!("`{}`", clip(token.text(self.text))), token.span),
            None => {
                ("the end of the statement".to_owned(), self.tokens.last().map_or(Span::default(), |t| Span::new(t.span.end, t.span.end)))
            }
        };
        Err(ParseError { message: format!("expected {expected}, found {found}"), span })
    }

    /// Fails unless everything was taken.
    pub fn expect_end(&self) -> Parse<()> {
        if self.at_end() { Ok(()) } else { self.fail("the end of the statement") }
    }

    /// One identifier: a word (reserved ones too: position decides), a quoted one, or a placeholder.
    pub fn name(&mut self) -> Parse<Name> {
        match self.peek() {
            Some(t) if matches!(t.kind, TokenKind::Word | TokenKind::QuotedIdent | TokenKind::UnicodeIdent | TokenKind::Placeholder) => {
                self.at += 1;
                Ok(Name::new(t.value(self.text).into_owned(), t.span))
            }
            _ => self.fail("a name"),
        }
    }

    /// A possibly qualified name; of three parts the first (the database) is dropped.
    pub fn object_name(&mut self) -> Parse<ObjectName> {
        let mut name = ObjectName::bare(self.name()?);
        while self.eat_kind(TokenKind::Dot) {
            name = ObjectName { schema: Some(name.name), name: self.name()? };
        }
        Ok(name)
    }

    /// How many items a comma list may have that begins here: facts are large, and are not moved while a list grows.
    pub(super) fn items_ahead(&self) -> usize {
        const MOST: usize = 64;
        let (mut depth, mut items) = (0usize, 1);
        for token in self.rest() {
            match token.kind {
                TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
                TokenKind::RightParen | TokenKind::RightBracket if depth == 0 => break,
                TokenKind::RightParen | TokenKind::RightBracket => depth -= 1,
                TokenKind::Comma if depth == 0 && items < MOST => items += 1,
                TokenKind::Comma if depth == 0 => break,
                _ => {}
            }
        }
        items
    }

    /// `item (, item)*`; `...`, as examples write it, stands for items left out.
    pub fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut list = Vec::with_capacity(self.items_ahead());
        loop {
            if !self.eat_kind(TokenKind::Ellipsis) {
                list.push(item(self)?);
            }
            if !self.eat_kind(TokenKind::Comma) {
                return Ok(list);
            }
        }
    }

    /// `( item (, item)* )`.
    pub fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        self.expect_kind(TokenKind::LeftParen)?;
        let list = self.comma_list(item)?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(list)
    }

    /// Takes one token, or a whole parenthesised or bracketed group.
    pub fn skip_group(&mut self) -> bool {
        let mut depth = 0usize;
        while let Some(token) = self.bump() {
            match token.kind {
                TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
                TokenKind::RightParen | TokenKind::RightBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return true;
            }
        }
        false
    }

    /// The tokens up to (not including) the first one at nesting depth 0 for which `stop` holds; the cursor moves there.
    pub fn take_until(&mut self, mut stop: impl FnMut(&Cursor<'t>) -> bool) -> &'t [Token] {
        let mark = self.mark();
        while !self.at_end() && !matches!(self.kind(), Some(TokenKind::RightParen | TokenKind::RightBracket)) && !stop(self) {
            self.skip_group();
        }
        self.tokens_since(mark)
    }

    /// Reads the given tokens as one expression.
    pub fn expression_of(&self, tokens: &'t [Token]) -> Parse<Expr> {
        super::query::expression(self.file, self.text, tokens)
    }

    /// Reads the given tokens as one query.
    pub fn query_of(&self, tokens: &'t [Token]) -> Parse<Query> {
        super::query::parse(&Cursor::new(self.file, self.text, tokens))
    }

    /// `( expression )`.
    pub fn paren_expression(&mut self) -> Parse<Expr> {
        self.expect_kind(TokenKind::LeftParen)?;
        let tokens = self.take_until(|_| false);
        let expr = self.expression_of(tokens)?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(expr)
    }

    /// A string constant's value and bytes.
    pub fn string(&mut self) -> Parse<(String, Span)> {
        match self.peek() {
            Some(t) if t.kind.is_string() || t.kind == TokenKind::Placeholder => {
                self.at += 1;
                let (mut value, mut span) = (t.value(self.text).into_owned(), t.span);
                while let Some(more) = self.peek().filter(|more| self.continues(t, span, more)) {
                    self.at += 1;
                    value.push_str(&more.value(self.text));
                    span = span.to(more.span);
                }
                Ok((value, span))
            }
            _ => self.fail("a string"),
        }
    }

    /// Strings with nothing but white space and a line end between them are one.
    fn continues(&self, first: &Token, so_far: Span, next: &Token) -> bool {
        let gap = Span::new(so_far.end, next.span.start);
        first.kind.is_string() && next.kind == TokenKind::String && gap.of(self.text).contains('\n')
    }
}

fn clip(text: &str) -> String {
    let line: String = text.chars().take_while(|c| !c.is_control()).take(40).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}
