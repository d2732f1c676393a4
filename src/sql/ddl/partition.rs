//! PARTITION BY, and the bounds of partitions.

use crate::facts::{Expr, PartitionBound, PartitionBy};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Reads `PARTITION BY strategy (keys)`.
pub(crate) fn by(c: &mut Cursor<'_>) -> Parse<PartitionBy> {
    let mark = c.mark();
    c.expect("PARTITION BY")?;
    let strategy = c.name()?.value;
    let keys = super::index::keys(c)?;
    Ok(PartitionBy { strategy: strategy.to_string(), keys, span: c.since(mark) })
}

/// Reads `FOR VALUES …` or `DEFAULT`.
pub(crate) fn bound(c: &mut Cursor<'_>) -> Parse<PartitionBound> {
    if c.eat("DEFAULT") {
        return Ok(PartitionBound::Default);
    }
    c.expect("FOR VALUES")?;
    if c.eat("IN") {
        return values(c).map(PartitionBound::List);
    }
    if c.eat("FROM") {
        let from = values(c)?;
        c.expect("TO")?;
        return Ok(PartitionBound::Range { from, to: values(c)? });
    }
    c.expect("WITH")?;
    hash(c)
}

/// `( expr (, expr)* )`.
fn values(c: &mut Cursor<'_>) -> Parse<Vec<Expr>> {
    c.paren_list(|c| {
        if c.at_any(&["MINVALUE", "MAXVALUE"]) {
            return Ok(super::index::column(c.name()?));
        }
        let tokens = c.take_until(|c| c.kind() == Some(TokenKind::Comma));
        c.expression_of(tokens)
    })
}

/// `(MODULUS m, REMAINDER r)`, in either order.
fn hash(c: &mut Cursor<'_>) -> Parse<PartitionBound> {
    let (mut modulus, mut remainder) = (0, 0);
    c.paren_list(|c| {
        let name = c.name()?;
        let number = number(c)?;
        match name.value.as_str() {
            "modulus" => modulus = number,
            "remainder" => remainder = number,
            _ => return c.fail("`modulus` or `remainder`"),
        }
        Ok(())
    })?;
    Ok(PartitionBound::Hash { modulus, remainder })
}

/// A number; a placeholder counts as 0, since its value is not in the text.
fn number(c: &mut Cursor<'_>) -> Parse<i64> {
    match c.peek() {
        Some(t) if t.kind == TokenKind::Number => {
            c.bump();
            Ok(t.text(c.text).replace('_', "").parse().unwrap_or(0))
        }
        Some(t) if matches!(t.kind, TokenKind::Placeholder | TokenKind::Param) => {
            c.bump();
            Ok(0)
        }
        _ => c.fail("a number"),
    }
}
