//! DROP of every kind of object.

use super::index::skip_parens;
use crate::facts::{Action, Drop, Name, ObjectName, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// What DROP can drop, longer phrases first.
const KINDS: &[&str] = &[
    "MATERIALIZED VIEW",
    "FOREIGN TABLE",
    "FOREIGN DATA WRAPPER",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "USER MAPPING",
    "EVENT TRIGGER",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH TEMPLATE",
    "TEXT SEARCH CONFIGURATION",
    "ACCESS METHOD",
    "PROCEDURAL LANGUAGE",
    "OWNED BY",
    "TABLE",
    "INDEX",
    "VIEW",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "SCHEMA",
    "FUNCTION",
    "PROCEDURE",
    "ROUTINE",
    "AGGREGATE",
    "OPERATOR",
    "CAST",
    "TRIGGER",
    "RULE",
    "POLICY",
    "EXTENSION",
    "DATABASE",
    "ROLE",
    "USER",
    "GROUP",
    "TABLESPACE",
    "PUBLICATION",
    "SUBSCRIPTION",
    "SERVER",
    "TRANSFORM",
    "STATISTICS",
    "COLLATION",
    "CONVERSION",
    "LANGUAGE",
    "PROPERTY GRAPH",
];

/// Reads DROP.
pub(crate) fn drop(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let start = c.mark();
    c.expect("DROP")?;
    let Some(kind) = c.eat_any(KINDS) else { return c.fail("a kind of object") };
    let verb_span = c.since(start);
    let kind = if kind == "PROCEDURAL LANGUAGE" { "LANGUAGE" } else { kind };
    let mark = c.mark();
    let concurrently = (kind == "INDEX" && c.eat("CONCURRENTLY")).then(|| c.since(mark));
    let if_exists = c.eat("IF EXISTS");
    let (names, on) = objects(c, kind)?;
    if kind == "DATABASE" {
        c.eat("WITH");
        if c.kind() == Some(TokenKind::LeftParen) {
            skip_parens(c)?;
        }
    }
    let cascade = c.eat_any(&["CASCADE", "RESTRICT"]) == Some("CASCADE");
    c.expect_end()?;
    let kind = kind.to_owned();
    s.actions.push(Action::Drop(Drop { kind, names, on, concurrently, if_exists, cascade, verb_span }));
    Ok(())
}

/// The objects, and the table that they are ON.
fn objects(c: &mut Cursor<'_>, kind: &str) -> Parse<(Vec<ObjectName>, Option<ObjectName>)> {
    match kind {
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => Ok((c.comma_list(callable)?, None)),
        "OPERATOR" => Ok((c.comma_list(operator)?, None)),
        "TYPE" | "DOMAIN" => Ok((c.comma_list(type_object)?, None)),
        "OPERATOR CLASS" | "OPERATOR FAMILY" => {
            let name = c.object_name()?;
            c.expect("USING")?;
            c.name()?;
            Ok((vec![name], None))
        }
        "TRIGGER" | "RULE" | "POLICY" => {
            let name = ObjectName::bare(c.name()?);
            c.expect("ON")?;
            Ok((vec![name], Some(c.object_name()?)))
        }
        "CAST" => {
            skip_parens(c)?;
            Ok((vec![], None))
        }
        "TRANSFORM" => {
            c.expect("FOR")?;
            super::types::type_name(c)?;
            c.expect("LANGUAGE")?;
            Ok((vec![c.object_name()?], None))
        }
        "USER MAPPING" => {
            c.expect("FOR")?;
            c.name()?;
            c.expect("SERVER")?;
            Ok((vec![c.object_name()?], None))
        }
        _ => Ok((c.comma_list(Cursor::object_name)?, None)),
    }
}

/// A function's name; its arguments are dropped.
fn callable(c: &mut Cursor<'_>) -> Parse<ObjectName> {
    let name = c.object_name()?;
    if c.kind() == Some(TokenKind::LeftParen) {
        skip_parens(c)?;
    }
    Ok(name)
}

/// A type's name, in whatever spelling.
fn type_object(c: &mut Cursor<'_>) -> Parse<ObjectName> {
    let ty = super::types::type_name(c)?;
    let schema = ty.schema.map(|schema| Name::new(schema, ty.span));
    Ok(ObjectName { schema, name: Name::new(ty.name, ty.span) })
}

/// `schema.=== (left, right)`.
fn operator(c: &mut Cursor<'_>) -> Parse<ObjectName> {
    let mut schema = None;
    while c.kind() != Some(TokenKind::Operator) {
        schema = Some(c.name()?);
        c.expect_kind(TokenKind::Dot)?;
    }
    let token = c.expect_kind(TokenKind::Operator)?;
    skip_parens(c)?;
    Ok(ObjectName { schema, name: Name::new(token.text(c.text), token.span) })
}
