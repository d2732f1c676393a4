//! What operators stand between: columns, constants, placeholders, CASE, arrays, and anything in parentheses or cast.

use super::super::grammar::begins_query;
use super::super::types::{interval_fields, type_name};
use super::{Placed, Reader, placed};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, Literal, Name, ObjectName, TypeName, is_reserved};
use crate::source::Span;
use crate::sql::cursor::Cursor;
use crate::sql::token::{Token, TokenKind};

/// Words that are calls without parentheses.
const CALLS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

impl Reader<'_> {
    /// Something with the subscript and the casts after it.
    pub(super) fn operand(&mut self, depth: usize) -> Option<Placed> {
        let (mut expr, mut outer) = self.primary(depth)?;
        if self.rest.first().is_some_and(|token| token.kind == TokenKind::LeftBracket) {
            (expr, outer) = self.subscript(expr, outer, depth)?;
        }
        while self.rest.first().is_some_and(|token| token.kind == TokenKind::Operator && token.text(self.text) == "::") {
            self.skip(1);
            let mut c = Cursor::new(self.file, self.text, self.rest);
            let ty = type_name(&mut c).ok()?;
            // an array's bound that is never closed ends with the text
            let opens = |token: &&Token| matches!(token.kind, TokenKind::LeftBracket | TokenKind::LeftParen);
            let closes = |token: &&Token| matches!(token.kind, TokenKind::RightBracket | TokenKind::RightParen);
            let ty_tokens = self.rest.get(..c.mark())?;
            if ty_tokens.iter().filter(opens).count() != ty_tokens.iter().filter(closes).count() {
                return None;
            }
            self.skip(c.mark());
            let span = outer.to(ty.span);
            (expr, outer) = placed(ExprKind::Cast { expr: Box::new(expr), ty: Box::new(ty) }, span);
        }
        Some((expr, outer))
    }

    /// `a[1]`, of a column or of what stands in parentheses.
    fn subscript(&mut self, of: Expr, before: Span, depth: usize) -> Option<Placed> {
        let depth = depth.checked_sub(1)?;
        if !matches!(of.kind, ExprKind::Column(_)) {
            return None;
        }
        self.take(TokenKind::LeftBracket)?;
        let (index, _) = self.operand(depth)?;
        let close = self.take(TokenKind::RightBracket)?;
        matches!(index.kind, ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Parameter(_)).then_some(())?;
        Some(placed(ExprKind::Subscript { expr: Box::new(of), indices: vec![index] }, before.to(close.span)))
    }

    /// A column, a constant, a parameter, a call, CASE, an array, a negative number, or anything in parentheses.
    pub(super) fn primary(&mut self, depth: usize) -> Option<Placed> {
        let (first, rest) = self.rest.split_first()?;
        if let Some(kind) = constant(self.text, first) {
            self.rest = rest;
            return Some(placed(kind, first.span));
        }
        match first.kind {
            TokenKind::LeftParen => return self.group(depth),
            TokenKind::Operator => return self.negative(depth),
            TokenKind::Word if first.is_word(self.text, "CASE") => return self.case(depth),
            TokenKind::Word if first.is_word(self.text, "EXISTS") => return self.exists(),
            _ => {}
        }
        let next = rest.first().map(|token| token.kind);
        match (first.kind, next) {
            (TokenKind::Placeholder, next) => return self.placeholder(next),
            (TokenKind::Word, Some(TokenKind::String)) => return self.interval(),
            (TokenKind::Word, Some(TokenKind::LeftBracket)) if first.is_word(self.text, "ARRAY") => return self.array(depth),
            _ => {}
        }
        if let Some(call) = bare_call(self.text, first).filter(|_| !matches!(next, Some(TokenKind::LeftParen | TokenKind::Dot))) {
            self.rest = rest;
            return Some(placed(call, first.span));
        }
        let name = column_name(self.text, first)?;
        self.rest = rest;
        match next {
            Some(TokenKind::Dot) => self.qualified(name, depth),
            Some(TokenKind::LeftParen) if first.kind == TokenKind::Word => self.call(name, depth),
            _ => {
                let span = name.span;
                Some(placed(ExprKind::Column(ColumnRef { schema: None, relation: None, column: name }), span))
            }
        }
    }

    /// `EXISTS (SELECT …)`.
    fn exists(&mut self) -> Option<Placed> {
        let exists = self.take_word("EXISTS")?;
        let (query, close) = self.last_query()?;
        Some(placed(ExprKind::Exists { query, negated: false }, exists.span.to(close)))
    }

    /// A driver's placeholder for a value; beside a dot or before arguments it stands for a name.
    fn placeholder(&mut self, next: Option<TokenKind>) -> Option<Placed> {
        let token = self.take(TokenKind::Placeholder)?;
        let value = !matches!(next, Some(TokenKind::Dot | TokenKind::LeftParen));
        value.then(|| placed(ExprKind::Parameter(token.text(self.text).to_owned()), token.span))
    }

    /// `interval '1 day'`, without fields.
    fn interval(&mut self) -> Option<Placed> {
        let name = self.take_word("interval")?;
        let value = self.take(TokenKind::String)?;
        let mut after = Cursor::new(self.file, self.text, self.rest);
        if self.rest.first().is_some_and(|token| token.kind.is_string()) || interval_fields(&mut after).is_some() {
            return None;
        }
        let ty = TypeName { span: name.span, ..TypeName::named("interval") };
        let literal = Expr::new(ExprKind::Literal(Literal::String(value.value(self.text).into_owned())), value.span);
        Some(placed(ExprKind::Cast { expr: Box::new(literal), ty: Box::new(ty) }, value.span.to(name.span)))
    }

    /// `ARRAY[a, b]`.
    fn array(&mut self, depth: usize) -> Option<Placed> {
        let array = self.take_word("ARRAY")?;
        self.take(TokenKind::LeftBracket)?;
        let list = self.expressions(depth)?;
        let close = self.take(TokenKind::RightBracket)?;
        Some(placed(ExprKind::Array(list), array.span.to(close.span)))
    }

    /// `(a)`: its parentheses leave no trace but in the place of what it is an operand of.
    pub(super) fn group(&mut self, depth: usize) -> Option<Placed> {
        if begins_query(&Cursor::new(self.file, self.text, self.rest)) {
            let (query, parentheses) = self.last_query()?;
            return Some(placed(ExprKind::Subquery(query), parentheses));
        }
        let depth = depth.checked_sub(1)?;
        let open = self.take(TokenKind::LeftParen)?;
        let (expr, _) = self.climb(0, depth)?;
        let close = self.take(TokenKind::RightParen)?;
        Some((expr, open.span.to(close.span)))
    }

    /// `-1`.
    fn negative(&mut self, depth: usize) -> Option<Placed> {
        let sign = self.take(TokenKind::Operator).filter(|token| token.text(self.text) == "-")?;
        self.rest.first().filter(|token| token.kind == TokenKind::Number)?;
        let (expr, outer) = self.operand(depth)?;
        Some(placed(ExprKind::Unary { op: "-".to_owned(), expr: Box::new(expr) }, sign.span.to(outer)))
    }

    /// `CASE [a] WHEN b THEN c … [ELSE d] END`.
    fn case(&mut self, depth: usize) -> Option<Placed> {
        let depth = depth.checked_sub(1)?;
        let case = self.take_word("CASE")?;
        let boxed = |(expr, _): Placed| Box::new(expr);
        let is_when = self.rest.first().is_some_and(|token| token.is_word(self.text, "WHEN"));
        let operand = if is_when { None } else { Some(boxed(self.climb(0, depth)?)) };
        let mut branches = vec![];
        while self.take_word("WHEN").is_some() {
            let (condition, _) = self.climb(0, depth)?;
            self.take_word("THEN")?;
            branches.push((condition, self.climb(0, depth)?.0));
        }
        let otherwise = if self.take_word("ELSE").is_some() { Some(boxed(self.climb(0, depth)?)) } else { None };
        let end = self.take_word("END").filter(|_| !branches.is_empty())?;
        Some(placed(ExprKind::Case { operand, branches, otherwise }, case.span.to(end.span)))
    }

    /// `t.a`, `s.t.a`, `t.*`.
    fn qualified(&mut self, first: Name, depth: usize) -> Option<Placed> {
        let mut parts = vec![first];
        while self.take(TokenKind::Dot).is_some() {
            let (next, rest) = self.rest.split_first()?;
            self.rest = rest;
            if next.text(self.text) == "*" {
                return wildcard(parts, next.span);
            }
            parts.push(column_name(self.text, next)?);
        }
        if self.rest.first().is_some_and(|token| token.kind == TokenKind::LeftParen) {
            let (name, schema) = (parts.pop()?, parts.pop()?);
            return if parts.is_empty() { self.call_in(schema, name, depth) } else { None };
        }
        let span = parts.iter().fold(Span::default(), |whole, part| whole.to(part.span));
        let (column, relation, schema) = (parts.pop()?, parts.pop(), parts.pop());
        let schema = schema.map(Box::new);
        parts.is_empty().then(|| placed(ExprKind::Column(ColumnRef { schema, relation, column }), span))
    }
}

fn wildcard(mut parts: Vec<Name>, star: Span) -> Option<Placed> {
    let span = parts.iter().fold(Span::default(), |whole, part| whole.to(part.span)).to(star);
    let (name, schema) = (parts.pop()?, parts.pop());
    parts.is_empty().then(|| placed(ExprKind::Wildcard(Some(ObjectName { schema, name })), span))
}

/// `CURRENT_TIMESTAMP` and its kin.
fn bare_call(text: &str, token: &Token) -> Option<ExprKind> {
    let word = (token.kind == TokenKind::Word).then(|| token.text(text))?;
    let name = CALLS.iter().find(|name| name.eq_ignore_ascii_case(word))?;
    Some(ExprKind::Call(Box::new(Call { name: ObjectName::bare(Name::new(*name, token.span)), ..Call::default() })))
}

/// A string, a number, NULL, TRUE, FALSE.
fn constant(text: &str, token: &Token) -> Option<ExprKind> {
    let literal = match token.kind {
        kind if kind.is_string() => Literal::String(token.value(text).into_owned()),
        TokenKind::Number => Literal::Number(token.text(text).to_owned()),
        TokenKind::Word => match token.text(text) {
            word if word.eq_ignore_ascii_case("null") => Literal::Null,
            word if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            word if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            _ => return None,
        },
        TokenKind::Param => return Some(ExprKind::Parameter(token.text(text).to_owned())),
        _ => return None,
    };
    Some(ExprKind::Literal(literal))
}

/// A name that means nothing else: reserved words have meanings of their own in an expression.
fn column_name(text: &str, token: &Token) -> Option<Name> {
    let value = match token.kind {
        TokenKind::Word | TokenKind::QuotedIdent => token.value(text),
        _ => return None,
    };
    let plain = token.kind == TokenKind::QuotedIdent || !is_reserved(&value.to_ascii_lowercase());
    plain.then(|| Name::new(value.into_owned(), token.span))
}
