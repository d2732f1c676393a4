//! Our tokens to sqlparser's, reduced on the way to the operator grammar that it reads without surprises.
//!
//! Every token keeps its place: `Location { line: 1, column: byte offset + 1 }`. What sqlparser would read differently or not at
//! all never reaches it: subqueries, types and strings of bits become marked placeholders ([`MARK`]), operators that are
//! not arithmetic or comparison become custom ones with the precedence that PostgreSQL gives them, words that are no key
//! word of an expression become quoted identifiers, and calls are reduced to `name(arguments)` by [`super::call`].

use super::grammar::{begins_query, paren_query};
use super::types::{interval_fields, type_name};
use crate::facts::{Expr, JsonOptions, Query, TypeName, is_reserved};
use crate::source::{FileId, Span};
use crate::sql::cursor::{Cursor, Parse, ParseError};
use crate::sql::token::{Token, TokenKind};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token as Sql, TokenWithSpan, Word};
use std::collections::HashMap;

/// Begins the names of placeholders, functions and operators that stand for something of ours; no SQL text can contain it.
pub(super) const MARK: char = '\u{1}';

/// What sqlparser is given, and what the marks in it stand for.
#[derive(Default)]
pub(super) struct Rewritten {
    pub(super) tokens: Vec<TokenWithSpan>,
    /// By the number after the mark.
    pub(super) queries: Vec<Option<Query>>,
    pub(super) types: Vec<TypeName>,
    /// By the place of the function's (last) name.
    pub(super) calls: HashMap<u32, CallTail>,
}

/// What a call has besides its arguments.
#[derive(Default)]
pub(super) struct CallTail {
    pub(super) end: u32,
    pub(super) distinct: bool,
    pub(super) order_by: Vec<Expr>,
    pub(super) filter: Option<Expr>,
    pub(super) over: Option<Vec<Expr>>,
    pub(super) json: Option<Box<JsonOptions>>,
}

pub(super) struct Rewriter<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) tokens: &'t [Token],
    close: Vec<usize>,
    pub(super) out: Rewritten,
    /// Whether the last token out ends an operand, so that an operator now is an infix one.
    operand: bool,
}

/// Rewrites the tokens of one expression.
pub(super) fn rewrite(file: FileId, text: &str, tokens: &[Token]) -> Parse<Rewritten> {
    let close = matching(tokens)?;
    let mut rewriter = Rewriter { file, text, tokens, close, out: Rewritten::default(), operand: false };
    rewriter.run(0, tokens.len())?;
    Ok(rewriter.out)
}

/// For each opening parenthesis or bracket, the index of the one that closes it.
fn matching(tokens: &[Token]) -> Parse<Vec<usize>> {
    let mut close = vec![0; tokens.len()];
    let mut open = vec![];
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::LeftParen | TokenKind::LeftBracket => open.push(i),
            TokenKind::RightParen | TokenKind::RightBracket => match open.pop() {
                Some(at) => close[at] = i,
                None => return Err(ParseError { message: "a parenthesis closes that was never opened".into(), span: token.span }),
            },
            _ => {}
        }
    }
    match open.first() {
        Some(&at) => Err(ParseError { message: "a parenthesis is never closed".into(), span: tokens[at].span }),
        None => Ok(close),
    }
}

impl<'t> Rewriter<'t> {
    /// A cursor over the tokens of a range.
    pub(super) fn cursor(&self, from: usize, to: usize) -> Cursor<'t> {
        Cursor::new(self.file, self.text, &self.tokens[from.min(to)..to])
    }

    pub(super) fn close_of(&self, open: usize) -> usize {
        self.close[open]
    }

    pub(super) fn fail<T>(&self, at: usize) -> Parse<T> {
        self.cursor(at, self.tokens.len()).fail("an expression")
    }

    pub(super) fn is(&self, at: usize, to: usize, word: &str) -> bool {
        at < to && self.tokens[at].is_word(self.text, word)
    }

    pub(super) fn kind(&self, at: usize, to: usize) -> Option<TokenKind> {
        (at < to).then(|| self.tokens[at].kind)
    }

    fn emit(&mut self, token: Sql, span: Span, operand: bool) {
        let at = |offset: u32| Location { line: 1, column: u64::from(offset) + 1 };
        self.out.tokens.push(TokenWithSpan { token, span: SqlSpan { start: at(span.start), end: at(span.end) } });
        self.operand = operand;
    }

    pub(super) fn symbol(&mut self, token: Sql, span: Span) {
        let operand = matches!(token, Sql::RParen | Sql::RBracket);
        self.emit(token, span, operand);
    }

    pub(super) fn keyword(&mut self, keyword: Keyword, word: &str, span: Span) {
        let operand = matches!(keyword, Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::END | Keyword::UNKNOWN);
        self.emit(Sql::Word(Word { value: word.to_owned(), quote_style: None, keyword }), span, operand);
    }

    /// An identifier that no grammar mistakes for a key word.
    pub(super) fn ident(&mut self, value: &str, span: Span) {
        let word = Word { value: value.to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword };
        self.emit(Sql::Word(word), span, true);
    }

    pub(super) fn literal(&mut self, value: &str, span: Span) {
        self.emit(Sql::SingleQuotedString(value.to_owned()), span, true);
    }

    pub(super) fn marked(&mut self, kind: char, number: usize, span: Span) {
        self.emit(Sql::Placeholder(format!("{MARK}{kind}{number}")), span, true);
    }

    fn custom(&mut self, name: &str, span: Span) {
        self.emit(Sql::CustomBinaryOperator(name.to_owned()), span, false);
    }

    /// Rewrites a range of tokens.
    pub(super) fn run(&mut self, from: usize, to: usize) -> Parse<()> {
        let mut at = from;
        while at < to {
            at = self.step(at, to)?;
        }
        Ok(())
    }

    fn step(&mut self, at: usize, to: usize) -> Parse<usize> {
        use TokenKind::*;
        let token = self.tokens[at];
        match token.kind {
            Word => return self.word(at, to),
            QuotedIdent | UnicodeIdent => return self.name(at, to),
            String | EscapeString | UnicodeString | NationalString | DollarString => return Ok(self.string(at, to)),
            BitString | HexString => self.emit(Sql::HexStringLiteral(token.value(self.text).into_owned()), token.span, true),
            Number => self.emit(Sql::Number(token.text(self.text).to_owned(), false), token.span, true),
            Param => self.emit(Sql::Placeholder(token.text(self.text).to_owned()), token.span, true),
            Placeholder => return self.placeholder(at, to),
            Operator => return self.operator(at, to),
            LeftParen => return self.group(at),
            LeftBracket => return self.bracket(at),
            Comma => self.symbol(Sql::Comma, token.span),
            Dot => return self.dot(at, to),
            Ellipsis => self.keyword(Keyword::NULL, "NULL", token.span),
            _ => return self.fail(at),
        }
        Ok(at + 1)
    }

    /// A driver's placeholder is a value, or a name where a name's dot is beside it or an argument list follows it.
    fn placeholder(&mut self, at: usize, to: usize) -> Parse<usize> {
        let beside = [at.checked_sub(1), Some(at + 1)];
        if beside.into_iter().flatten().any(|i| self.kind(i, to) == Some(TokenKind::Dot))
            || self.kind(at + 1, to) == Some(TokenKind::LeftParen)
        {
            return self.name(at, to);
        }
        let token = self.tokens[at];
        if self.operand {
            // `{}` where an operator or a whole condition was cut out: neither side is lost.
            let before_operand = match self.kind(at + 1, to) {
                Some(TokenKind::Word) => !is_reserved(&self.tokens[at + 1].text(self.text).to_ascii_lowercase()),
                Some(TokenKind::Operator | TokenKind::Comma) | None => false,
                Some(_) => true,
            };
            if before_operand {
                self.custom(token.text(self.text), token.span);
            }
        } else {
            self.emit(Sql::Placeholder(token.text(self.text).to_owned()), token.span, true);
        }
        Ok(at + 1)
    }

    /// A string constant, with those that continue it.
    fn string(&mut self, at: usize, to: usize) -> usize {
        let mut span = self.tokens[at].span;
        let mut value = self.tokens[at].value(self.text).into_owned();
        let mut next = at + 1;
        while next < to && self.tokens[next].kind.is_string() {
            value.push_str(&self.tokens[next].value(self.text));
            span = span.to(self.tokens[next].span);
            next += 1;
        }
        if self.is(next, to, "UESCAPE") {
            next += 2;
        }
        self.literal(&value, span);
        next.min(to)
    }

    fn dot(&mut self, at: usize, to: usize) -> Parse<usize> {
        self.symbol(Sql::Period, self.tokens[at].span);
        if at + 1 >= to {
            return self.fail(at + 1);
        }
        let next = self.tokens[at + 1];
        if next.text(self.text) == "*" {
            self.ident("*", next.span);
            return Ok(at + 2);
        }
        self.name(at + 1, to)
    }

    /// An identifier, with its arguments where it is called.
    fn name(&mut self, at: usize, to: usize) -> Parse<usize> {
        if self.kind(at + 1, to) == Some(TokenKind::LeftParen) {
            return self.call(at, to);
        }
        if !matches!(
            self.tokens[at].kind,
            TokenKind::Word | TokenKind::QuotedIdent | TokenKind::UnicodeIdent | TokenKind::Placeholder | TokenKind::Param
        ) {
            return self.fail(at);
        }
        let value = self.tokens[at].value(self.text);
        self.ident(&value, self.tokens[at].span);
        Ok(at + 1)
    }

    fn word(&mut self, at: usize, to: usize) -> Parse<usize> {
        let span = self.tokens[at].span;
        let upper = self.tokens[at].text(self.text).to_ascii_uppercase();
        let opens = self.kind(at + 1, to) == Some(TokenKind::LeftParen);
        let keyword = match upper.as_str() {
            "AND" => Keyword::AND,
            "OR" => Keyword::OR,
            "CASE" => Keyword::CASE,
            "WHEN" => Keyword::WHEN,
            "THEN" => Keyword::THEN,
            "ELSE" => Keyword::ELSE,
            "END" => Keyword::END,
            "NULL" => Keyword::NULL,
            "TRUE" => Keyword::TRUE,
            "FALSE" => Keyword::FALSE,
            "ARRAY" if !opens => Keyword::ARRAY,
            "NOT" if !self.operand => Keyword::NOT,
            "NOT" => return self.infix_word(at + 1, to, true),
            "LIKE" | "ILIKE" | "SIMILAR" | "IN" | "BETWEEN" | "IS" | "ISNULL" | "NOTNULL" | "OVERLAPS" | "AT" | "OPERATOR" | "COLLATE"
                if self.operand =>
            {
                return self.infix_word(at, to, false);
            }
            "OPERATOR" if opens => return self.infix_word(at, to, false),
            "ESCAPE" if self.operand => return Ok(self.skip_operand(at + 1, to)),
            "EXISTS" if opens && begins_query(&self.cursor(at + 1, to)) => return self.subquery(at, at + 1, 'e'),
            "ANY" | "SOME" | "ALL" if opens && !self.operand => return self.quantified(at, &upper),
            "COLLATION" if self.is(at + 1, to, "FOR") && self.kind(at + 2, to) == Some(TokenKind::LeftParen) => {
                return self.collation_for(at);
            }
            "DEFAULT" if !opens => {
                self.ident("default", span);
                return Ok(at + 1);
            }
            "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "CURRENT_USER" | "CURRENT_ROLE"
            | "SESSION_USER" | "SYSTEM_USER" | "USER" | "CURRENT_CATALOG" | "CURRENT_SCHEMA"
                if !opens && self.kind(at + 1, to) != Some(TokenKind::Dot) =>
            {
                self.ident(&upper.to_ascii_lowercase(), span);
                self.symbol(Sql::LParen, span);
                self.symbol(Sql::RParen, span);
                return Ok(at + 1);
            }
            _ => return self.plain_word(at, to),
        };
        self.keyword(keyword, &upper, span);
        Ok(at + 1)
    }

    /// A typed constant (`date '2020-01-01'`), or a name.
    fn plain_word(&mut self, at: usize, to: usize) -> Parse<usize> {
        if let Some(next) = self.typed_constant(at, to) {
            return Ok(next);
        }
        self.name(at, to)
    }

    fn typed_constant(&mut self, at: usize, to: usize) -> Option<usize> {
        let lower = self.tokens[at].text(self.text).to_ascii_lowercase();
        let string_at = |i: usize| self.kind(i, to).is_some_and(TokenKind::is_string);
        let long = matches!(
            lower.as_str(),
            "double"
                | "timestamp"
                | "time"
                | "interval"
                | "bit"
                | "character"
                | "char"
                | "varchar"
                | "numeric"
                | "decimal"
                | "dec"
                | "float"
                | "national"
                | "nchar"
                | "bpchar"
        );
        let qualified = self.kind(at + 1, to) == Some(TokenKind::Dot) && string_at(at + 3);
        if is_reserved(&lower) || !(long || qualified || string_at(at + 1)) {
            return None;
        }
        let mut c = self.cursor(at, to);
        let mut ty = if lower == "interval" && string_at(at + 1) {
            let name = c.name().ok()?;
            TypeName { span: name.span, ..TypeName::named("interval") }
        } else {
            type_name(&mut c).ok()?
        };
        let string = at + c.mark();
        if !string_at(string) {
            return None;
        }
        let mut next = self.string(string, to);
        if ty.name == "interval" && ty.detail.is_none() {
            let mut c = self.cursor(next, to);
            ty.detail = interval_fields(&mut c);
            if ty.detail.is_some() && c.kind() == Some(TokenKind::LeftParen) {
                c.skip_group();
            }
            next += c.mark();
        }
        let span = ty.span;
        self.symbol(Sql::DoubleColon, span);
        self.type_mark(ty, span);
        Some(next)
    }

    pub(super) fn type_mark(&mut self, ty: TypeName, span: Span) {
        let number = self.out.types.len();
        self.out.types.push(ty);
        self.ident(&format!("{MARK}{number}"), span);
    }

    /// The operators that are words. `at` is the one after NOT where there is one.
    fn infix_word(&mut self, at: usize, to: usize, negated: bool) -> Parse<usize> {
        if at >= to {
            return self.fail(at);
        }
        let first = if negated { at - 1 } else { at };
        let span = self.tokens[first].span.to(self.tokens[at].span);
        let not = if negated { "NOT " } else { "" };
        match self.tokens[at].text(self.text).to_ascii_uppercase().as_str() {
            word @ ("LIKE" | "ILIKE") => self.custom(&format!("{MARK}{not}{word}"), span),
            "SIMILAR" => {
                self.custom(&format!("{MARK}{not}SIMILAR"), span);
                return Ok(if self.is(at + 1, to, "TO") { at + 2 } else { at + 1 });
            }
            "IN" => return self.in_list(at, to, negated, span),
            "BETWEEN" => {
                if negated {
                    self.keyword(Keyword::NOT, "NOT", span);
                }
                self.keyword(Keyword::BETWEEN, "BETWEEN", span);
                let skip = self.is(at + 1, to, "SYMMETRIC") || self.is(at + 1, to, "ASYMMETRIC");
                return Ok(at + 1 + usize::from(skip));
            }
            "IS" => return self.is_test(at, to),
            word @ ("ISNULL" | "NOTNULL") => {
                self.keyword(Keyword::IS, "IS", span);
                if word == "NOTNULL" {
                    self.keyword(Keyword::NOT, "NOT", span);
                }
                self.keyword(Keyword::NULL, "NULL", span);
            }
            "OVERLAPS" => self.custom(&format!("{MARK}overlaps"), span),
            "AT" if self.is(at + 1, to, "TIME") && self.is(at + 2, to, "ZONE") => {
                self.custom(&format!("{MARK}timezone"), span);
                return Ok(at + 3);
            }
            "AT" if self.is(at + 1, to, "LOCAL") => {
                self.custom(&format!("{MARK}timezone"), span);
                self.literal("local", self.tokens[at + 1].span);
                return Ok(at + 2);
            }
            "COLLATE" => self.custom(&format!("{MARK}collate"), span),
            "OPERATOR" if self.kind(at + 1, to) == Some(TokenKind::LeftParen) => {
                let end = self.close_of(at + 1);
                let name = self.tokens[end - 1].text(self.text);
                self.operator_named(name, self.tokens[end - 1].span);
                return Ok(end + 1);
            }
            _ => return self.fail(at),
        }
        Ok(at + 1)
    }

    fn in_list(&mut self, at: usize, to: usize, negated: bool, span: Span) -> Parse<usize> {
        if negated {
            self.keyword(Keyword::NOT, "NOT", span);
        }
        self.keyword(Keyword::IN, "IN", span);
        match self.kind(at + 1, to) {
            Some(TokenKind::LeftParen) if begins_query(&self.cursor(at + 1, to)) => {
                self.lone_in(at + 1, |s| s.subquery(at + 1, at + 1, 'q'))
            }
            Some(TokenKind::Placeholder | TokenKind::Param | TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Ellipsis) => {
                self.lone_in(at + 1, |s| s.step(at + 1, to))
            }
            Some(TokenKind::LeftParen) => {
                let end = self.close_of(at + 1);
                self.symbol(Sql::LParen, self.tokens[at + 1].span);
                self.run(at + 2, end)?;
                if end == at + 2 {
                    self.keyword(Keyword::NULL, "NULL", self.tokens[end].span);
                }
                self.symbol(Sql::RParen, self.tokens[end].span);
                Ok(end + 1)
            }
            _ => self.fail(at + 1),
        }
    }

    /// One operand in parentheses of our own.
    fn lone_in(&mut self, at: usize, one: impl FnOnce(&mut Self) -> Parse<usize>) -> Parse<usize> {
        let span = self.tokens[at].span;
        self.symbol(Sql::LParen, Span::new(span.start, span.start));
        let next = one(self)?;
        let end = self.tokens[next - 1].span.end;
        self.symbol(Sql::RParen, Span::new(end, end));
        Ok(next)
    }

    /// `IS …`: tests that sqlparser lacks become `IS UNKNOWN`, told apart by their tokens when lowered.
    fn is_test(&mut self, at: usize, to: usize) -> Parse<usize> {
        let span = self.tokens[at].span;
        self.keyword(Keyword::IS, "IS", span);
        let mut next = at + 1;
        if self.is(next, to, "NOT") {
            self.keyword(Keyword::NOT, "NOT", self.tokens[next].span);
            next += 1;
        }
        let known = [("NULL", Keyword::NULL), ("TRUE", Keyword::TRUE), ("FALSE", Keyword::FALSE), ("UNKNOWN", Keyword::UNKNOWN)];
        if let Some((word, keyword)) = known.into_iter().find(|(word, _)| self.is(next, to, word)) {
            self.keyword(keyword, word, self.tokens[next].span);
            return Ok(next + 1);
        }
        if self.is(next, to, "DISTINCT") && self.is(next + 1, to, "FROM") {
            self.keyword(Keyword::DISTINCT, "DISTINCT", self.tokens[next].span);
            self.keyword(Keyword::FROM, "FROM", self.tokens[next + 1].span);
            return Ok(next + 2);
        }
        const TESTS: &[&str] = &[
            "JSON",
            "SCALAR",
            "OBJECT",
            "ARRAY",
            "VALUE",
            "WITH",
            "WITHOUT",
            "UNIQUE",
            "KEYS",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "NORMALIZED",
            "DOCUMENT",
        ];
        let first = next;
        while TESTS.iter().any(|word| self.is(next, to, word)) {
            next += 1;
        }
        if first == next {
            return self.fail(next);
        }
        self.keyword(Keyword::UNKNOWN, "UNKNOWN", self.tokens[first].span.to(self.tokens[next - 1].span));
        Ok(next)
    }

    /// Past the operand after ESCAPE, which no rule asks about.
    fn skip_operand(&self, at: usize, to: usize) -> usize {
        match self.kind(at, to) {
            Some(TokenKind::LeftParen) => self.close_of(at) + 1,
            _ if self.kind(at + 1, to) == Some(TokenKind::LeftParen) => self.close_of(at + 1) + 1,
            _ => (at + 1).min(to),
        }
    }

    fn quantified(&mut self, at: usize, upper: &str) -> Parse<usize> {
        let end = self.close_of(at + 1);
        let name = if upper == "ALL" { format!("{MARK}all") } else { format!("{MARK}any") };
        self.ident(&name, self.tokens[at].span);
        self.symbol(Sql::LParen, self.tokens[at + 1].span);
        if begins_query(&self.cursor(at + 1, self.tokens.len())) {
            self.subquery(at + 1, at + 1, 'q')?;
        } else {
            self.run(at + 2, end)?;
        }
        self.symbol(Sql::RParen, self.tokens[end].span);
        Ok(end + 1)
    }

    /// A parenthesised query, from the token `first`, as a placeholder.
    pub(super) fn subquery(&mut self, first: usize, open: usize, kind: char) -> Parse<usize> {
        let end = self.close_of(open);
        let mut c = self.cursor(open, end + 1);
        let query = paren_query(&mut c)?;
        c.expect_end()?;
        let number = self.out.queries.len();
        self.out.queries.push(Some(query));
        self.marked(kind, number, self.tokens[first].span.to(self.tokens[end].span));
        Ok(end + 1)
    }

    fn group(&mut self, at: usize) -> Parse<usize> {
        if begins_query(&self.cursor(at, self.tokens.len())) {
            return self.subquery(at, at, 'q');
        }
        let end = self.close_of(at);
        self.symbol(Sql::LParen, self.tokens[at].span);
        self.run(at + 1, end)?;
        self.symbol(Sql::RParen, self.tokens[end].span);
        Ok(end + 1)
    }

    /// An array's elements, or a subscript; a slice's bounds become subscripts of their own.
    fn bracket(&mut self, at: usize) -> Parse<usize> {
        let end = self.close_of(at);
        if !self.operand {
            self.symbol(Sql::LBracket, self.tokens[at].span);
            self.run(at + 1, end)?;
            self.symbol(Sql::RBracket, self.tokens[end].span);
            return Ok(end + 1);
        }
        let mut from = at + 1;
        let mut i = at + 1;
        while i <= end {
            if i == end || self.tokens[i].kind == TokenKind::Colon {
                if from < i {
                    self.symbol(Sql::LBracket, self.tokens[at].span);
                    self.run(from, i)?;
                    self.symbol(Sql::RBracket, self.tokens[end].span);
                }
                from = i + 1;
            }
            let opens = matches!(self.tokens[i].kind, TokenKind::LeftParen | TokenKind::LeftBracket);
            i = if opens { self.close_of(i) + 1 } else { i + 1 };
        }
        Ok(end + 1)
    }

    fn operator(&mut self, at: usize, to: usize) -> Parse<usize> {
        let token = self.tokens[at];
        let name = token.text(self.text);
        if name == "::" {
            let mut c = self.cursor(at + 1, to);
            let ty = type_name(&mut c)?;
            let span = ty.span;
            self.symbol(Sql::DoubleColon, token.span);
            self.type_mark(ty, span);
            return Ok(at + 1 + c.mark());
        }
        if name == "*" && !self.operand {
            self.ident("*", token.span);
            return Ok(at + 1);
        }
        self.operator_named(name, token.span);
        Ok(at + 1)
    }

    fn operator_named(&mut self, name: &str, span: Span) {
        let symbol = match (name, self.operand) {
            ("-", _) => Sql::Minus,
            ("+", _) => Sql::Plus,
            (_, false) => Sql::Tilde,
            ("*", _) => Sql::Mul,
            ("/", _) => Sql::Div,
            ("%", _) => Sql::Mod,
            ("^", _) => Sql::Caret,
            ("=", _) => Sql::Eq,
            ("<>" | "!=", _) => Sql::Neq,
            ("<", _) => Sql::Lt,
            (">", _) => Sql::Gt,
            ("<=", _) => Sql::LtEq,
            (">=", _) => Sql::GtEq,
            _ => return self.custom(name, span),
        };
        self.symbol(symbol, span);
    }
}
