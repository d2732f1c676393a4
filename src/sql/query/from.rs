//! FROM: relations, subqueries, functions and the joins between them.

use super::grammar::{begins_query, expr, paren_query};
use super::{MAX_CHAIN, expression_within, too_deep};
use crate::facts::{ExprKind, FromItem, Join, JoinCondition, JoinKind, Name, Relation, RelationSource, is_reserved};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// The words that begin a join, and so end a join condition.
const JOIN: &[&str] = &["JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"];
/// What ends an ON condition besides a clause word.
const AFTER_ON: &[&str] = &[
    "JOIN",
    "INNER JOIN",
    "LEFT JOIN",
    "LEFT OUTER",
    "RIGHT JOIN",
    "RIGHT OUTER",
    "FULL JOIN",
    "FULL OUTER",
    "CROSS JOIN",
    "NATURAL",
    "ON",
    "USING",
    "WHEN",
    "SET",
];

/// Comma-separated items.
pub(super) fn list(c: &mut Cursor<'_>) -> Parse<Vec<FromItem>> {
    c.comma_list(item)
}

/// One item with its joins.
pub(super) fn item(c: &mut Cursor<'_>) -> Parse<FromItem> {
    let mut left = primary(c)?;
    let mut length = 0;
    while c.at_any(JOIN) {
        let mark = c.mark();
        length += 1;
        if length > MAX_CHAIN {
            return too_deep(c.since(0));
        }
        let natural = c.eat("NATURAL");
        let kind = match c.eat_any(&["INNER", "LEFT", "RIGHT", "FULL", "CROSS"]) {
            Some("LEFT") => JoinKind::Left,
            Some("RIGHT") => JoinKind::Right,
            Some("FULL") => JoinKind::Full,
            Some("CROSS") => JoinKind::Cross,
            _ => JoinKind::Inner,
        };
        c.eat("OUTER");
        c.expect("JOIN")?;
        // `a JOIN b JOIN c ON … ON …`: the right side takes the inner condition.
        let mut right = primary(c)?;
        if !natural && kind != JoinKind::Cross && c.at_any(JOIN) {
            right = nested(c, right)?;
        }
        let condition = condition(c, natural)?;
        left = FromItem::Join(Box::new(Join { kind, left, right, condition, span: c.since(mark) }));
    }
    Ok(left)
}

/// Joins written before the condition of the join to their left.
fn nested(c: &mut Cursor<'_>, left: FromItem) -> Parse<FromItem> {
    let mark = c.mark();
    let mut left = left;
    while c.at_any(JOIN) {
        let natural = c.eat("NATURAL");
        let kind = match c.eat_any(&["INNER", "LEFT", "RIGHT", "FULL", "CROSS"]) {
            Some("LEFT") => JoinKind::Left,
            Some("RIGHT") => JoinKind::Right,
            Some("FULL") => JoinKind::Full,
            Some("CROSS") => JoinKind::Cross,
            _ => JoinKind::Inner,
        };
        c.eat("OUTER");
        c.expect("JOIN")?;
        let right = primary(c)?;
        let condition = condition(c, natural)?;
        left = FromItem::Join(Box::new(Join { kind, left, right, condition, span: c.since(mark) }));
    }
    Ok(left)
}

fn condition(c: &mut Cursor<'_>, natural: bool) -> Parse<JoinCondition> {
    if natural {
        return Ok(JoinCondition::Natural);
    }
    if c.eat("ON") {
        return Ok(JoinCondition::On(expr(c, AFTER_ON)?));
    }
    if c.eat("USING") {
        let names = c.paren_list(Cursor::name)?;
        if c.eat("AS") {
            c.name()?;
        }
        return Ok(JoinCondition::Using(names));
    }
    Ok(JoinCondition::None)
}

fn primary(c: &mut Cursor<'_>) -> Parse<FromItem> {
    let mark = c.mark();
    let lateral = c.eat("LATERAL");
    if c.kind() == Some(TokenKind::LeftParen) {
        if !begins_query(c) {
            c.bump();
            let inner = item(c)?;
            c.expect_kind(TokenKind::RightParen)?;
            // An alias over a join renames nothing that rules resolve.
            alias(c, &mut Relation::default())?;
            return Ok(inner);
        }
        let query = paren_query(c)?;
        let mut relation = Relation { source: RelationSource::Subquery(Box::new(query)), lateral, ..Relation::default() };
        after(c, &mut relation)?;
        relation.span = c.since(mark);
        return Ok(FromItem::Relation(relation));
    }
    let mut relation = named(c)?;
    relation.lateral = lateral;
    after(c, &mut relation)?;
    relation.span = c.since(mark);
    Ok(FromItem::Relation(relation))
}

/// A table by name with ONLY, `*` and an alias, as a writing statement's target too.
pub(super) fn table(c: &mut Cursor<'_>) -> Parse<Relation> {
    let mark = c.mark();
    let only = c.eat("ONLY");
    let parens = only && c.eat_kind(TokenKind::LeftParen);
    let name = c.object_name()?;
    if parens {
        c.expect_kind(TokenKind::RightParen)?;
    }
    c.eat_operator("*");
    let mut relation = Relation { source: RelationSource::Table(name), only, ..Relation::default() };
    alias(c, &mut relation)?;
    relation.span = c.since(mark);
    Ok(relation)
}

fn named(c: &mut Cursor<'_>) -> Parse<Relation> {
    if c.at_words("ONLY") {
        return table(c);
    }
    if matches!(c.kind(), Some(TokenKind::Ellipsis)) {
        c.bump();
        return Ok(Relation::default());
    }
    if c.eat("ROWS FROM") {
        return rows_from(c);
    }
    let mark = c.mark();
    let opaque = c.at_any(&["JSON_TABLE", "XMLTABLE"]);
    let name = c.object_name()?;
    if c.kind() != Some(TokenKind::LeftParen) {
        c.eat_operator("*");
        return Ok(Relation { source: RelationSource::Table(name), ..Relation::default() });
    }
    c.skip_group();
    let source = if opaque { RelationSource::Other } else { function(c, mark) };
    Ok(Relation { source, ..Relation::default() })
}

/// The function whose tokens were just passed; `Other` where it is none (`CAST(…)`).
fn function(c: &Cursor<'_>, mark: usize) -> RelationSource {
    match expression_within(c.file, c.text, c.tokens_since(mark)).map(|e| e.kind) {
        Ok(ExprKind::Call(call)) => RelationSource::Function(call),
        _ => RelationSource::Other,
    }
}

/// `ROWS FROM (f(), g())`: the first function stands for all.
fn rows_from(c: &mut Cursor<'_>) -> Parse<Relation> {
    let list = c.paren_list(|c| {
        let mark = c.mark();
        c.object_name()?;
        c.skip_group();
        let source = function(c, mark);
        if c.eat("AS") {
            c.skip_group();
        }
        Ok(source)
    })?;
    Ok(Relation { source: list.into_iter().next().unwrap_or_default(), ..Relation::default() })
}

/// What may follow a relation: ORDINALITY, its alias, its sample.
fn after(c: &mut Cursor<'_>, relation: &mut Relation) -> Parse<()> {
    c.eat("WITH ORDINALITY");
    alias(c, relation)?;
    if c.eat("TABLESAMPLE") {
        c.object_name()?;
        c.skip_group();
        if c.eat("REPEATABLE") {
            c.skip_group();
        }
    }
    Ok(())
}

/// `[AS] name [(columns)]`, `AS (column type, …)`.
fn alias(c: &mut Cursor<'_>, relation: &mut Relation) -> Parse<()> {
    let said = c.eat("AS");
    let named = match c.peek() {
        Some(t) if t.kind == TokenKind::Word => {
            said || !(is_reserved(&t.text(c.text).to_ascii_lowercase()) || c.at_any(&["SET", "WHEN", "OVERRIDING", "VALUES"]))
        }
        Some(t) => matches!(t.kind, TokenKind::QuotedIdent | TokenKind::UnicodeIdent) || (said && t.kind == TokenKind::Placeholder),
        None => false,
    };
    if named {
        relation.alias = Some(c.name()?);
    }
    if (named || said) && c.kind() == Some(TokenKind::LeftParen) {
        relation.columns = c.paren_list(column)?;
    }
    Ok(())
}

fn column(c: &mut Cursor<'_>) -> Parse<Name> {
    let name = c.name()?;
    c.take_until(|c| c.kind() == Some(TokenKind::Comma));
    Ok(name)
}
