//! FROM: relations, subqueries, functions and the joins between them.

use super::grammar::{begins_query, expr, paren_query};
use super::types::type_name;
use super::{MAX_CHAIN, MAX_NESTING, expression_within, too_deep};
use crate::facts::{
    Call, ExprKind, FromItem, Join, JoinCondition, JoinKind, Name, ObjectName, Relation, RelationSource, TypeName, is_reserved,
};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};

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
        length += 1;
        if length > MAX_CHAIN {
            return too_deep(c.since(0));
        }
        left = join(c, left, 0)?;
    }
    Ok(left)
}

/// One join onto `left`. In `a JOIN b JOIN c ON … ON …` the right side takes the joins before its own condition.
fn join(c: &mut Cursor<'_>, left: FromItem, depth: usize) -> Parse<FromItem> {
    if depth > MAX_NESTING {
        return too_deep(c.since(0));
    }
    let mark = c.mark();
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
    let mut right = primary(c)?;
    while !natural && kind != JoinKind::Cross && c.at_any(JOIN) {
        right = join(c, right, depth + 1)?;
    }
    let condition = condition(c, natural || kind == JoinKind::Cross, natural)?;
    Ok(FromItem::Join(Box::new(Join { kind, left, right, condition, span: c.since(mark) })))
}

fn condition(c: &mut Cursor<'_>, none: bool, natural: bool) -> Parse<JoinCondition> {
    if none {
        return Ok(if natural { JoinCondition::Natural } else { JoinCondition::None });
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
    alias_name(c, &mut relation)?;
    relation.span = c.since(mark);
    Ok(relation)
}

fn named(c: &mut Cursor<'_>) -> Parse<Relation> {
    if c.at_words("ONLY") {
        let mut relation = table(c)?;
        if relation.alias.is_some() && c.kind() == Some(TokenKind::LeftParen) {
            relation.columns = c.paren_list(|c| Ok(column(c)?.0))?;
        }
        return Ok(relation);
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
    let source = match (opaque, name.name == "json_table") {
        (true, true) => json_table(c, mark, name),
        (true, false) => RelationSource::Other,
        _ => function(c, mark),
    };
    Ok(Relation { source, ..Relation::default() })
}

/// The function whose tokens were just passed; `Other` where it is none (`CAST(…)`).
fn function(c: &Cursor<'_>, mark: usize) -> RelationSource {
    match expression_within(c.file, c.text, c.tokens_since(mark)).map(|e| e.kind) {
        Ok(ExprKind::Call(call)) => RelationSource::Function(call),
        _ => RelationSource::Other,
    }
}

/// `JSON_TABLE(document, path COLUMNS (…))`: a function of the document, whose columns are not read.
fn json_table(c: &Cursor<'_>, mark: usize, name: ObjectName) -> RelationSource {
    let tokens = c.tokens_since(mark);
    let open = tokens.iter().position(|t| t.kind == TokenKind::LeftParen).map_or(tokens.len(), |at| at + 1);
    let mut depth = 0usize;
    let mut ends = |t: &Token| {
        match t.kind {
            TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && t.kind == TokenKind::Comma
    };
    let document = tokens.get(open..).unwrap_or_default();
    let document = document.iter().position(&mut ends).and_then(|end| document.get(..end));
    match document.map(|tokens| expression_within(c.file, c.text, tokens)) {
        Some(Ok(document)) => RelationSource::Function(Box::new(Call { name, args: vec![document], ..Call::default() })),
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
    let named = alias_name(c, relation)?;
    if named && c.kind() == Some(TokenKind::LeftParen) {
        let columns = c.paren_list(column)?;
        let types: Option<Vec<TypeName>> = columns.iter().map(|(_, ty)| ty.clone()).collect();
        relation.types = types.unwrap_or_default();
        relation.columns = columns.into_iter().map(|(name, _)| name).collect();
    }
    Ok(())
}

/// `[AS] name`; whether anything was written. The list after it is the caller's: INSERT's columns are no aliases.
fn alias_name(c: &mut Cursor<'_>, relation: &mut Relation) -> Parse<bool> {
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
    Ok(named || said)
}

/// A column alias, or a column of a definition list with its type.
fn column(c: &mut Cursor<'_>) -> Parse<(Name, Option<TypeName>)> {
    let name = c.name()?;
    let ty = type_name(&mut (*c)).ok();
    c.take_until(|c| c.kind() == Some(TokenKind::Comma));
    Ok((name, ty))
}
