//! Type names, read from tokens: `numeric(10,2)[]`, `timestamp(3) with time zone`, `s.t`, `interval day to second`.
//!
//! sqlparser's own type grammar knows many databases' types and not all of PostgreSQL's, so it never sees one.

use crate::facts::TypeName;
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Reads a type at the cursor.
pub(super) fn type_name(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let mark = c.mark();
    let mut ty = TypeName { setof: c.eat("SETOF"), ..TypeName::default() };
    let quoted = c.kind() == Some(TokenKind::QuotedIdent);
    let first = c.name()?;
    ty.name = first.value;
    while c.eat_kind(TokenKind::Dot) {
        ty.schema = Some(std::mem::replace(&mut ty.name, c.name()?.value));
    }
    if ty.schema.as_deref() == Some("pg_catalog") {
        ty.schema = None;
    }
    if ty.schema.is_none() && !quoted {
        words(c, &mut ty);
    } else {
        modifiers(c, &mut ty);
    }
    dimensions(c, &mut ty);
    if c.at_operator("%") && c.peek_at(1).is_some_and(|t| t.is_word(c.text, "TYPE")) {
        c.bump();
        c.bump();
    }
    ty.span = c.since(mark);
    Ok(ty)
}

/// The spellings of more than one word, and PostgreSQL's internal names.
fn words(c: &mut Cursor<'_>, ty: &mut TypeName) {
    if ty.name == "national" && c.eat_any(&["CHARACTER", "CHAR"]).is_some() {
        ty.name = "character".into();
    }
    let internal = match ty.name.as_str() {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "boolean" => "bool",
        "real" => "float4",
        "decimal" | "dec" => "numeric",
        "double" if c.eat("PRECISION") => "float8",
        "character" | "char" | "nchar" => {
            if c.eat("VARYING") {
                "varchar"
            } else {
                "bpchar"
            }
        }
        "bit" if c.eat("VARYING") => "varbit",
        "timestamp" | "time" | "interval" | "float" => return irregular(c, ty),
        other => other,
    };
    ty.name = internal.into();
    modifiers(c, ty);
    if ty.name == "bpchar" && ty.modifiers.is_empty() {
        ty.modifiers = vec![1];
    }
}

fn irregular(c: &mut Cursor<'_>, ty: &mut TypeName) {
    match ty.name.as_str() {
        "interval" => {
            ty.detail = interval_fields(c);
            modifiers(c, ty);
        }
        "float" => {
            modifiers(c, ty);
            let small = ty.modifiers.first().is_some_and(|&bits| bits <= 24);
            ty.modifiers.clear();
            ty.name = if small { "float4" } else { "float8" }.into();
        }
        _ => {
            modifiers(c, ty);
            if c.eat("WITH TIME ZONE") {
                ty.name.push_str("tz");
            } else {
                c.eat("WITHOUT TIME ZONE");
            }
        }
    }
}

/// `DAY TO SECOND` and the like, lower case.
pub(super) fn interval_fields(c: &mut Cursor<'_>) -> Option<String> {
    const FIELDS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
    let first = c.eat_any(FIELDS)?.to_ascii_lowercase();
    if c.eat("TO") {
        let last = c.eat_any(FIELDS)?.to_ascii_lowercase();
        return Some(format!("{first} to {last}"));
    }
    Some(first)
}

fn modifiers(c: &mut Cursor<'_>, ty: &mut TypeName) {
    if c.kind() != Some(TokenKind::LeftParen) {
        return;
    }
    let mark = c.mark();
    c.skip_group();
    let tokens = c.tokens_since(mark);
    let Some(inner) = tokens.get(1..tokens.len().saturating_sub(1)) else { return };
    let mut sign = 1;
    for token in inner {
        match token.kind {
            TokenKind::Comma => {}
            TokenKind::Operator if token.text(c.text) == "-" => sign = -1,
            TokenKind::Number => {
                if let Ok(n) = token.text(c.text).replace('_', "").parse::<i64>() {
                    ty.modifiers.push(sign * n);
                }
                sign = 1;
            }
            _ => {
                let span = inner.iter().fold(Span::default(), |all, t| all.to(t.span));
                ty.detail = Some(span.of(c.text).to_owned());
            }
        }
    }
}

fn dimensions(c: &mut Cursor<'_>, ty: &mut TypeName) {
    if c.eat("ARRAY") {
        ty.dimensions = 1;
    }
    while c.kind() == Some(TokenKind::LeftBracket) {
        c.skip_group();
        ty.dimensions = ty.dimensions.saturating_add(1).max(1);
    }
}
