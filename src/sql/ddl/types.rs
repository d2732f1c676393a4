//! Type names: every spelling of the built-in types becomes PostgreSQL's internal name, so that nothing behind the parser
//! has to know that `dec`, `decimal` and `numeric` are one type.
//!
//! Must not know what a type is used for.

use crate::facts::TypeName;
use crate::facts::is_reserved;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Reads a type: `[SETOF] name [(modifiers)] [array bounds]`.
pub(crate) fn type_name(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let mark = c.mark();
    let setof = c.eat("SETOF");
    let mut ty = scalar(c)?;
    ty.setof = setof;
    ty.dimensions = dimensions(c);
    ty.span = c.since(mark);
    Ok(ty)
}

/// `[]`, `[3]`, `ARRAY`, `ARRAY[3]`.
fn dimensions(c: &mut Cursor<'_>) -> u8 {
    let array = c.eat("ARRAY");
    let mut count = 0u8;
    while c.kind() == Some(TokenKind::LeftBracket) {
        c.skip_group();
        count = count.saturating_add(1);
    }
    count.max(u8::from(array))
}

fn scalar(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let word = match c.peek() {
        Some(t) if t.kind == TokenKind::Word => t.value(c.text).into_owned(),
        _ => return generic(c),
    };
    let qualified = c.peek_at(1).is_some_and(|t| t.kind == TokenKind::Dot) || c.peek_at(1).is_some_and(|t| t.text(c.text) == "%");
    if !qualified {
        if let Some(ty) = spelled(c, &word)? {
            return Ok(ty);
        }
        if is_reserved(&word) {
            return c.fail("a type");
        }
    }
    generic(c)
}

/// The types whose names the grammar itself knows.
fn spelled(c: &mut Cursor<'_>, word: &str) -> Parse<Option<TypeName>> {
    let start = c.mark();
    c.bump();
    let name = match word {
        "int" | "integer" => "int4",
        "smallint" => "int2",
        "bigint" => "int8",
        "real" => "float4",
        "boolean" => "bool",
        "dec" | "decimal" => "numeric",
        "double" if c.eat("PRECISION") => "float8",
        "float" => return float(c).map(Some),
        "bit" => return sized(c, "bit", "varbit").map(Some),
        "character" | "char" | "nchar" => return sized(c, "bpchar", "varchar").map(Some),
        "national" if c.eat_any(&["CHARACTER", "CHAR"]).is_some() => return sized(c, "bpchar", "varchar").map(Some),
        "timestamp" | "time" => return timed(c, word).map(Some),
        "interval" => return interval(c).map(Some),
        _ => {
            c.rewind(start);
            return Ok(None);
        }
    };
    let mut ty = TypeName::named(name);
    modifiers(c, &mut ty)?;
    Ok(Some(ty))
}

/// `float(p)`: the precision in bits chooses the type and is then forgotten.
fn float(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let mut bits = TypeName::default();
    modifiers(c, &mut bits)?;
    let single = bits.modifiers.first().is_some_and(|&bits| bits <= 24);
    Ok(TypeName::named(if single { "float4" } else { "float8" }))
}

/// `char`, `bit` and their VARYING kin; without a length the fixed ones hold 1.
fn sized(c: &mut Cursor<'_>, fixed: &str, varying: &str) -> Parse<TypeName> {
    let varies = c.eat("VARYING");
    let mut ty = TypeName::named(if varies { varying } else { fixed });
    modifiers(c, &mut ty)?;
    if !varies && ty.modifiers.is_empty() && ty.detail.is_none() {
        ty.modifiers.push(1);
    }
    Ok(ty)
}

fn timed(c: &mut Cursor<'_>, word: &str) -> Parse<TypeName> {
    let mut ty = TypeName::named(word);
    modifiers(c, &mut ty)?;
    if c.eat("WITH TIME ZONE") {
        ty.name.push_str("tz");
    } else {
        c.eat("WITHOUT TIME ZONE");
    }
    Ok(ty)
}

fn interval(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let mut ty = TypeName::named("interval");
    const FIELDS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
    let mut fields = vec![];
    if let Some(field) = c.eat_any(FIELDS) {
        fields.push(field.to_lowercase());
        if c.eat("TO") {
            match c.eat_any(FIELDS) {
                Some(field) => fields.push(field.to_lowercase()),
                None => return c.fail("a field of an interval"),
            }
        }
        ty.detail = Some(fields.join(" to "));
    }
    if c.kind() == Some(TokenKind::LeftParen) {
        let fields = ty.detail.take();
        modifiers(c, &mut ty)?;
        ty.detail = fields.or(ty.detail.take());
    }
    Ok(ty)
}

/// Any other name, qualified or not, with `%TYPE`.
fn generic(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let mark = c.mark();
    let name = c.object_name()?;
    if c.at_operator("%") && c.peek_at(1).is_some_and(|t| t.is_word(c.text, "TYPE") || t.is_word(c.text, "ROWTYPE")) {
        c.bump();
        c.bump();
        return Ok(TypeName::named(&c.since(mark).of(c.text).to_lowercase()));
    }
    let mut ty = TypeName::named(&name.name.value);
    ty.schema = name.schema.map(|s| s.value).filter(|s| s != "pg_catalog");
    modifiers(c, &mut ty)?;
    Ok(ty)
}

/// `(10, 2)`: integers if all are, else the text as written.
fn modifiers(c: &mut Cursor<'_>, ty: &mut TypeName) -> Parse<()> {
    if !c.eat_kind(TokenKind::LeftParen) {
        return Ok(());
    }
    let mark = c.mark();
    let tokens = c.take_until(|_| false);
    let written = c.since(mark).of(c.text);
    c.expect_kind(TokenKind::RightParen)?;
    let numbers: Option<Vec<i64>> = written.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers {
        Some(numbers) => ty.modifiers = numbers,
        None if tokens.is_empty() => {}
        None => ty.detail = Some(written.to_owned()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::{FileId, Span};
    use crate::sql::token::Dialect;

    fn read(text: &str) -> TypeName {
        let mut tokens = crate::sql::lex::lex(text, Span::new(0, text.len() as u32), Dialect::Server);
        tokens.retain(|t| !t.kind.is_trivia());
        type_name(&mut Cursor::new(FileId(0), text, &tokens)).unwrap()
    }

    #[test]
    fn spellings_become_internal_names() {
        for (written, shown) in [
            ("INTEGER", "integer"),
            ("int8", "bigint"),
            ("double precision", "double precision"),
            ("float(24)", "real"),
            ("float(25)", "double precision"),
            ("float", "double precision"),
            ("dec(10, 2)", "numeric(10,2)"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("time without time zone", "time without time zone"),
            ("TIMESTAMPTZ(6)", "timestamp(6) with time zone"),
            ("character varying(20)", "character varying(20)"),
            ("national char varying (5)", "character varying(5)"),
            ("bit varying(5)", "bit varying(5)"),
            ("char", "character(1)"),
            ("interval day to second(3)", "interval day to second(3)"),
            ("interval(2)", "interval(2)"),
            ("int[]", "integer[]"),
            ("int ARRAY[3]", "integer[]"),
            ("text[3][4]", "text[][]"),
            ("SETOF public.orders", "SETOF public.orders"),
            ("pg_catalog.int4", "integer"),
            ("geometry(Point, 4326)", "geometry(Point, 4326)"),
            ("numeric(5, -2)", "numeric(5,-2)"),
            ("bigserial", "bigserial"),
        ] {
            assert_eq!(read(written).to_string(), shown, "{written}");
        }
    }

    #[test]
    fn quoted_names_are_not_spellings() {
        assert_eq!(read("\"char\""), TypeName::named("char"));
        assert_eq!(read("\"Kind\"").name, "Kind");
        assert_eq!(read("orders.id%TYPE").name, "orders.id%type");
    }

    #[test]
    fn the_span_covers_modifiers_and_bounds() {
        assert_eq!(read("  numeric(10,2)[] ").span, Span::new(2, 17));
    }
}
