//! Calls of functions, with their arguments and what may follow these.

use super::super::call::{STANDARD, window};
use super::{Placed, Reader, placed};
use crate::facts::{Call, Expr, ExprKind, Literal, Name, ObjectName};
use crate::source::Span;
use crate::sql::cursor::Cursor;
use crate::sql::token::{Token, TokenKind};

/// Calls whose parentheses hold no ordinary arguments, or that are no functions at all.
const SPECIAL: &[&str] = &["cast", "normalize", "operator", "position", "row", "treat"];

/// Calls that may have words between their arguments: with these they are not read here, and they know no DISTINCT.
const IN_WORDS: &[&str] = &["extract", "overlay", "substring", "trim"];

/// The same where they have arguments: types, and what the parser knows by name.
const SPECIAL_WITH_ARGUMENTS: &[&str] = &[
    "bit",
    "ceil",
    "char",
    "character",
    "convert",
    "dec",
    "decimal",
    "exists",
    "float",
    "floor",
    "grouping",
    "if",
    "int",
    "integer",
    "interval",
    "map",
    "national",
    "nchar",
    "numeric",
    "precision",
    "real",
    "setof",
    "struct",
    "time",
    "timestamp",
    "try_cast",
    "values",
    "varchar",
    "xmltable",
];

impl Reader<'_> {
    /// `s.f(a)`.
    pub(super) fn call_in(&mut self, schema: Name, name: Name, depth: usize) -> Option<Placed> {
        // sqlc writes a parameter as a call
        if schema.value == "sqlc" {
            return None;
        }
        let mut call = Call::default();
        let start = schema.span.to(name.span);
        let end = self.arguments_and_tail(&mut call, depth)?;
        call.name = ObjectName { schema: Some(schema), name };
        Some(placed(ExprKind::Call(Box::new(call)), start.to(end)))
    }

    /// `f()`, `f(a, 'b')`, `count(*)`, `count(DISTINCT a)`, with what may follow.
    pub(super) fn call(&mut self, name: Name, depth: usize) -> Option<Placed> {
        let called = name.value.as_str();
        if SPECIAL.contains(&called) || STANDARD.contains(&called) {
            return None;
        }
        let mut call = Call::default();
        let end = match called {
            "extract" => self.field_of(&mut call, depth)?,
            _ => self.arguments_and_tail(&mut call, depth)?,
        };
        if !call.args.is_empty() && SPECIAL_WITH_ARGUMENTS.contains(&called) || IN_WORDS.contains(&called) && !is_simple(&call) {
            return None;
        }
        let span = name.span.to(end);
        call.name = ObjectName::bare(name);
        Some(placed(ExprKind::Call(Box::new(call)), span))
    }

    /// What stands between the parentheses and behind them; where it ends.
    fn arguments_and_tail(&mut self, call: &mut Call, depth: usize) -> Option<Span> {
        self.take(TokenKind::LeftParen)?;
        let close = self.arguments(call, depth)?;
        Some(close.span.to(self.tail(call, depth)?.unwrap_or(close.span)))
    }

    /// `extract(year FROM a)`: the field is a word, and in the end a string.
    fn field_of(&mut self, call: &mut Call, depth: usize) -> Option<Span> {
        self.take(TokenKind::LeftParen)?;
        let field = self.take(TokenKind::Word)?;
        self.take_word("FROM")?;
        let (of, _) = self.climb(0, depth.checked_sub(1)?)?;
        let name = Literal::String(field.text(self.text).to_ascii_lowercase());
        call.args = vec![Expr::new(ExprKind::Literal(name), field.span), of];
        let close = self.take(TokenKind::RightParen)?;
        Some(close.span.to(self.tail(call, depth)?.unwrap_or(close.span)))
    }

    fn arguments(&mut self, call: &mut Call, depth: usize) -> Option<Token> {
        match self.rest {
            [close, ..] if close.kind == TokenKind::RightParen => {}
            [star, close, ..] if star.text(self.text) == "*" && close.kind == TokenKind::RightParen => {
                self.skip(1);
                call.args.push(Expr::new(ExprKind::Wildcard(None), star.span));
            }
            _ => {
                let depth = depth.checked_sub(1)?;
                call.distinct = self.take_word("DISTINCT").is_some();
                call.args.push(self.argument(depth)?);
                while self.take(TokenKind::Comma).is_some() {
                    call.args.push(self.argument(depth)?);
                }
                call.order_by = self.order(depth)?;
            }
        }
        self.take(TokenKind::RightParen)
    }

    /// An argument, whose name leaves no trace.
    fn argument(&mut self, depth: usize) -> Option<Expr> {
        if self.rest.get(1).is_some_and(|token| matches!(token.text(self.text), "=>" | ":=")) {
            self.rest.first().filter(|name| matches!(name.kind, TokenKind::Word | TokenKind::QuotedIdent))?;
            self.skip(2);
        }
        Some(self.climb(0, depth)?.0)
    }

    /// `ORDER BY a DESC, b` behind the arguments.
    fn order(&mut self, depth: usize) -> Option<Vec<Expr>> {
        let mut keys = vec![];
        if self.take_word("ORDER").is_none() {
            return Some(keys);
        }
        self.take_word("BY")?;
        loop {
            keys.push(self.climb(0, depth)?.0);
            if self.take_word("ASC").is_none() {
                self.take_word("DESC");
            }
            if self.take_word("NULLS").is_some() && self.take_word("FIRST").is_none() {
                self.take_word("LAST")?;
            }
            if self.take(TokenKind::Comma).is_none() {
                return Some(keys);
            }
        }
    }

    /// FILTER and OVER, and where they end.
    fn tail(&mut self, call: &mut Call, depth: usize) -> Option<Option<Span>> {
        let mut end = None;
        let opens = |reader: &Self| reader.rest.get(1).is_some_and(|token| token.kind == TokenKind::LeftParen);
        if opens(self) && self.take_word("FILTER").is_some() {
            self.take(TokenKind::LeftParen)?;
            self.take_word("WHERE")?;
            let (filter, _) = self.climb(0, depth.checked_sub(1)?)?;
            call.filter = Some(Box::new(filter));
            end = Some(self.take(TokenKind::RightParen)?.span);
        }
        if opens(self) && self.take_word("OVER").is_some() {
            let mut c = Cursor::new(self.file, self.text, self.rest);
            call.over = Some(window(&mut c).ok()?);
            end = Some(self.rest.get(c.mark().checked_sub(1)?)?.span);
            self.skip(c.mark());
        }
        Some(end)
    }
}

/// Whether no word of a call's own can stand between its arguments or in them: `trim(a IN (b))` is not asked for a list.
fn is_simple(call: &Call) -> bool {
    let plain = |arg: &Expr| match &arg.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) | ExprKind::Parameter(_) => true,
        ExprKind::Call(inner) => is_simple(inner),
        _ => false,
    };
    !call.distinct && call.order_by.is_empty() && call.args.iter().all(plain)
}
