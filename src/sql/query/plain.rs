//! Expressions of a few simple shapes: a column, a constant, a call with such arguments, two of these with an operator between
//! them, and several such comparisons with AND.
//!
//! Most expressions are of these shapes, and none of them takes a parser: read here they cost a tenth. What this reads it must
//! read exactly as the long way would; where there is any doubt it says nothing.

use super::call::STANDARD;
use crate::facts::{Call, ColumnRef, Expr, ExprKind, Literal, Name, ObjectName, is_reserved};
use crate::source::Span;
use crate::sql::token::{Token, TokenKind};

/// Calls whose parentheses hold no ordinary arguments, or that are no functions at all.
const SPECIAL: &[&str] = &["cast", "extract", "normalize", "operator", "overlay", "position", "row", "substring", "treat", "trim"];

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

/// Operators that need nothing but a left and a right side, with the name that they have in facts.
const OPERATORS: &[(&str, &str)] = &[
    ("=", "="),
    ("<>", "<>"),
    ("!=", "<>"),
    ("<", "<"),
    (">", ">"),
    ("<=", "<="),
    (">=", ">="),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("||", "||"),
    ("->", "->"),
    ("->>", "->>"),
    ("@>", "@>"),
];

/// Calls inside calls are read this deep.
const DEEPEST: usize = 4;

/// The expression, where it is one of these.
pub(super) fn read(text: &str, tokens: &[Token]) -> Option<Expr> {
    if tokens.len() == 1 {
        return Reader { text, rest: tokens }.operand(DEEPEST);
    }
    let mut reader = Reader { text, rest: tokens };
    let first = reader.comparison()?;
    if reader.rest.is_empty() {
        return Some(first);
    }
    let mut all = vec![first];
    while let Some((and, rest)) = reader.rest.split_first() {
        if !and.is_word(text, "AND") {
            return None;
        }
        reader.rest = rest;
        all.push(reader.comparison()?);
    }
    let span = all.iter().fold(Span::default(), |whole, one| whole.to(one.span));
    Some(Expr::new(ExprKind::And(all), span))
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t [Token],
}

impl Reader<'_> {
    fn take(&mut self, kind: TokenKind) -> Option<Token> {
        let (token, rest) = self.rest.split_first().filter(|(token, _)| token.kind == kind)?;
        self.rest = rest;
        Some(*token)
    }

    /// An operand, or two with an operator between them.
    fn comparison(&mut self) -> Option<Expr> {
        let left = self.operand(DEEPEST)?;
        let Some(token) = self.take(TokenKind::Operator) else { return Some(left) };
        let (_, op) = OPERATORS.iter().find(|(written, _)| *written == token.text(self.text))?;
        let right = self.operand(DEEPEST)?;
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        Some(Expr::new(ExprKind::Binary { left, op: (*op).to_owned(), op_span: token.span, right }, span))
    }

    /// A column, a constant, a parameter or a call.
    fn operand(&mut self, depth: usize) -> Option<Expr> {
        let (first, rest) = self.rest.split_first()?;
        if let Some(kind) = constant(self.text, first) {
            self.rest = rest;
            return Some(Expr::new(kind, first.span));
        }
        let name = column_name(self.text, first)?;
        self.rest = rest;
        match rest.first().map(|token| token.kind) {
            Some(TokenKind::Dot) => self.qualified(name),
            Some(TokenKind::LeftParen) if first.kind == TokenKind::Word => self.call(name, depth),
            _ => {
                let span = name.span;
                Some(Expr::new(ExprKind::Column(ColumnRef { schema: None, relation: None, column: name }), span))
            }
        }
    }

    /// `t.a`, `s.t.a`.
    fn qualified(&mut self, first: Name) -> Option<Expr> {
        let mut parts = vec![first];
        while self.take(TokenKind::Dot).is_some() {
            let (next, rest) = self.rest.split_first()?;
            parts.push(column_name(self.text, next)?);
            self.rest = rest;
        }
        // a method of something, or a function in a schema
        if self.rest.first().is_some_and(|token| token.kind == TokenKind::LeftParen) {
            return None;
        }
        let span = parts.iter().fold(Span::default(), |whole, part| whole.to(part.span));
        let (column, relation, schema) = (parts.pop()?, parts.pop(), parts.pop());
        let schema = schema.map(Box::new);
        parts.is_empty().then(|| Expr::new(ExprKind::Column(ColumnRef { schema, relation, column }), span))
    }

    /// `f()`, `f(a, 'b')`.
    fn call(&mut self, name: Name, depth: usize) -> Option<Expr> {
        let called = name.value.as_str();
        if depth == 0 || SPECIAL.contains(&called) || STANDARD.contains(&called) {
            return None;
        }
        self.take(TokenKind::LeftParen)?;
        let mut args = vec![];
        let close = loop {
            if args.is_empty()
                && let Some(close) = self.take(TokenKind::RightParen)
            {
                break close;
            }
            args.push(self.operand(depth - 1)?);
            if let Some(close) = self.take(TokenKind::RightParen) {
                break close;
            }
            self.take(TokenKind::Comma)?;
        };
        if !args.is_empty() && SPECIAL_WITH_ARGUMENTS.contains(&called) {
            return None;
        }
        let span = name.span.to(close.span);
        Some(Expr::new(ExprKind::Call(Box::new(Call { name: ObjectName::bare(name), args, ..Call::default() })), span))
    }
}

/// A string, a number, NULL, TRUE, FALSE.
fn constant(text: &str, token: &Token) -> Option<ExprKind> {
    let literal = match token.kind {
        TokenKind::String => Literal::String(token.value(text).into_owned()),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::{FileId, Span};
    use crate::sql::{lex::lex, token::Dialect};

    #[test]
    fn short_and_long_way_agree() {
        let words = [
            "a",
            "A",
            "größe",
            "ÄB",
            "\"A b\"",
            "\"a\"\"b\"",
            "'x'",
            "'it''s'",
            "''",
            "1",
            "1.5e3",
            "0x1F",
            "1_000",
            "name",
            "value",
            "key",
            "zone",
            "year",
            "default",
            "at",
            "between",
            "exists",
            "collation",
            "interval",
            "timestamp",
            "time",
            "char",
            "row",
            "date",
            "setof",
            "coalesce",
            "operator",
            "in",
            "is",
            "null",
            "true",
            "user",
            "current_date",
            "array",
            "case",
            "not",
            "any",
            "localtime",
            "overlaps",
            "escape",
            "excluded",
            "new",
            "*",
            "?",
            "$1",
            "e'a'",
            "b'1'",
            "$$a$$",
            "values",
            "nulls",
            "filter",
            "over",
        ];
        let calls = [
            "now()",
            "NOW()",
            "gen_random_uuid()",
            "\"f\"()",
            "left()",
            "count()",
            "json_object()",
            "json_array()",
            "cast()",
            "extract()",
            "trim()",
            "row()",
            "array()",
            "exists()",
            "time()",
            "interval()",
            "date()",
            "operator()",
            "values()",
            "coalesce()",
            "nullif()",
            "greatest()",
            "xmlforest()",
            "f ( )",
            "f(/* x */)",
            "grouping()",
            "position()",
            "overlay()",
            "char()",
            "any()",
            "if()",
            "case()",
            "at()",
            "between()",
            "collation()",
            "group()",
            "floor()",
            "ceil()",
            "convert()",
            "map()",
            "struct()",
            "current_date()",
            "unnest()",
        ];
        let operands =
            ["a", "t.a", "s.t.a", "\"T\".\"A\"", "'x'", "1", "NULL", "true", "$1", "f()", "f(a)", "lower(t.a)", "coalesce(a, 0)"];
        let mut shapes: Vec<String> = words.iter().chain(&calls).map(|sql| (*sql).to_owned()).collect();
        shapes.extend(
            calls
                .iter()
                .flat_map(|call| ["a", "a, 'b'", "*", "t.a, f(1)", "DISTINCT a"].map(|args| call.replace("()", &format!("({args})")))),
        );
        shapes.extend(
            words.iter().flat_map(|word| [format!("t.{word}"), format!("{word} = 1"), format!("f({word})"), format!("a {word} b")]),
        );
        let operators = OPERATORS
            .iter()
            .map(|(op, _)| *op)
            .chain(["~", "->>'k' =", "::text =", "IS", "%", "AND", "OR", "^", "#>>", "?", "&&", ">=-", "- -"]);
        for op in operators {
            shapes.extend(operands.iter().flat_map(|left| operands.map(|right| format!("{left} {op} {right}"))));
        }
        for rest in ["b = 2", "t.b <> 'x'", "b", "NOT b", "b BETWEEN 1 AND 2", "c + 1 > 2", "(b)", "b OR c", "f(b) = $2 AND c = 1"] {
            shapes.extend([format!("a = 1 AND {rest}"), format!("{rest} AND a = 1"), format!("a BETWEEN b AND {rest}")]);
        }
        let mut read_here = 0;
        for sql in &shapes {
            let tokens = lex(sql, Span::new(0, sql.len() as u32), Dialect::Host);
            let tokens: Vec<Token> = tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect();
            let Some(short) = read(sql, &tokens) else { continue };
            let Ok(long) = super::super::parsed(FileId(0), sql, &tokens) else { panic!("{sql} is read here alone") };
            assert_eq!(format!("{short:?}"), format!("{long:?}"), "{sql}");
            read_here += 1;
        }
        assert!(read_here > 2000, "{read_here} of {}", shapes.len());
    }
}
