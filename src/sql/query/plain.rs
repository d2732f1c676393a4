//! Expressions without an operator: a column, a string, a number, a call without arguments (`now()`).
//!
//! Most expressions in DDL are one of these, and none of them takes a parser: read here they cost a tenth. What this reads it
//! must read exactly as the long way would; where there is any doubt it says nothing.

use super::call::STANDARD;
use crate::facts::{Call, ColumnRef, Expr, ExprKind, Literal, Name, ObjectName, is_reserved};
use crate::sql::token::{Token, TokenKind};

/// Calls whose parentheses hold no ordinary arguments, or that are no functions at all.
const SPECIAL: &[&str] = &["cast", "extract", "normalize", "operator", "overlay", "position", "row", "substring", "treat", "trim"];

/// The expression, where it is one of these.
pub(super) fn read(text: &str, tokens: &[Token]) -> Option<Expr> {
    match tokens {
        [token] => Some(Expr::new(operand(text, token)?, token.span)),
        [name, open, close] if open.kind == TokenKind::LeftParen && close.kind == TokenKind::RightParen => {
            let function = column_name(text, name).filter(|_| name.kind == TokenKind::Word)?;
            if SPECIAL.contains(&function.value.as_str()) || STANDARD.contains(&function.value.as_str()) {
                return None;
            }
            let call = Call { name: ObjectName::bare(function), ..Call::default() };
            Some(Expr::new(ExprKind::Call(Box::new(call)), name.span.to(close.span)))
        }
        _ => None,
    }
}

fn operand(text: &str, token: &Token) -> Option<ExprKind> {
    match token.kind {
        TokenKind::String => Some(ExprKind::Literal(Literal::String(token.value(text).into_owned()))),
        TokenKind::Number => Some(ExprKind::Literal(Literal::Number(token.text(text).to_owned()))),
        _ => Some(ExprKind::Column(ColumnRef { schema: None, relation: None, column: column_name(text, token)? })),
    }
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
        let mut read_here = 0;
        for sql in words.iter().chain(&calls) {
            let tokens = lex(sql, Span::new(0, sql.len() as u32), Dialect::Host);
            let tokens: Vec<Token> = tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect();
            let Some(short) = read(sql, &tokens) else { continue };
            let long = super::super::parsed(FileId(0), sql, &tokens).unwrap();
            assert_eq!(format!("{short:?}"), format!("{long:?}"), "{sql}");
            read_here += 1;
        }
        assert!(read_here > 40, "{read_here}");
    }
}
