//! DROP of every kind of object.

use super::index::skip_parens;
use crate::facts::{Action, Drop, Name, ObjectName, Statement, TypeName};
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
    let mut arguments = vec![];
    let (names, on) = objects(c, kind, &mut arguments)?;
    if kind == "DATABASE" {
        c.eat("WITH");
        if c.kind() == Some(TokenKind::LeftParen) {
            skip_parens(c)?;
        }
    }
    let cascade = c.eat_any(&["CASCADE", "RESTRICT"]) == Some("CASCADE");
    c.expect_end()?;
    let kind = kind.to_owned();
    s.actions.push(Action::Drop(Drop { kind, names, arguments, on, concurrently, if_exists, cascade, verb_span }));
    Ok(())
}

/// The objects, and the table that they are ON; the argument types of functions go to `arguments`.
fn objects(c: &mut Cursor<'_>, kind: &str, arguments: &mut Vec<Option<Vec<TypeName>>>) -> Parse<(Vec<ObjectName>, Option<ObjectName>)> {
    match kind {
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => Ok((c.comma_list(|c| callable(c, arguments))?, None)),
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

/// The types of the input arguments in parentheses, where they can be read.
pub(super) fn argument_types(c: &mut Cursor<'_>) -> Option<Vec<TypeName>> {
    let types = super::function::arguments(c).ok()?;
    Some(types.into_iter().filter(|argument| argument.input).map(|argument| argument.ty).collect())
}

/// A function's name; the types of its input arguments are noted where they are written and can be read.
fn callable(c: &mut Cursor<'_>, arguments: &mut Vec<Option<Vec<TypeName>>>) -> Parse<ObjectName> {
    let name = c.object_name()?;
    arguments.push(argument_types(&mut (*c)));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::*;
    use crate::sql::ddl::testing::actions;

    #[test]
    fn every_kind_of_object() {
        for (text, kind, names) in [
            ("DROP TABLE IF EXISTS a, s.b CASCADE", "TABLE", 2),
            ("DROP INDEX CONCURRENTLY IF EXISTS i", "INDEX", 1),
            ("DROP MATERIALIZED VIEW v", "MATERIALIZED VIEW", 1),
            ("DROP FUNCTION f(int, text), g", "FUNCTION", 2),
            ("DROP AGGREGATE IF EXISTS a(*), b(float8 ORDER BY anyelement), c(VARIADIC \"any\" ORDER BY VARIADIC \"any\")", "AGGREGATE", 3),
            ("DROP OPERATOR s.=== (int, NONE), + (int, int)", "OPERATOR", 2),
            ("DROP OPERATOR CLASS c USING btree", "OPERATOR CLASS", 1),
            ("DROP CAST IF EXISTS (a AS b)", "CAST", 0),
            ("DROP TRIGGER t ON s.x", "TRIGGER", 1),
            ("DROP DATABASE d WITH (FORCE)", "DATABASE", 1),
            ("DROP USER MAPPING IF EXISTS FOR u SERVER s", "USER MAPPING", 1),
            ("DROP OWNED BY a, b", "OWNED BY", 2),
            ("DROP TRANSFORM FOR hstore LANGUAGE plpython3u", "TRANSFORM", 1),
            ("DROP TEXT SEARCH CONFIGURATION c", "TEXT SEARCH CONFIGURATION", 1),
            ("DROP TYPE IF EXISTS s.mood RESTRICT", "TYPE", 1),
        ] {
            let Action::Drop(drop) = actions(text).remove(0) else { panic!("{text}") };
            assert_eq!((drop.kind.as_str(), drop.names.len()), (kind, names), "{text}");
            assert_eq!(drop.verb_span.of(text), format!("DROP {kind}"));
            assert_eq!(drop.cascade, text.ends_with("CASCADE"));
            assert_eq!(drop.if_exists, text.contains("IF EXISTS"));
            assert_eq!(drop.concurrently.is_some(), kind == "INDEX");
            assert_eq!(drop.on.is_some(), kind == "TRIGGER");
        }
    }
}
