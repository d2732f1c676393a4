//! CREATE TABLE in all its forms, CREATE TABLE AS among them.

use super::index::skip_parens;
use super::{column, constraint, partition};
use crate::facts::{Action, CreateTable, CreateTableAs, LikeClause, Name, ObjectName, PartitionOf, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};

/// Reads CREATE TABLE, CREATE FOREIGN TABLE and CREATE TABLE AS.
pub(crate) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    let _ = c.eat_any(&["GLOBAL", "LOCAL"]);
    let mut table = CreateTable {
        temporary: c.eat_any(&["TEMPORARY", "TEMP"]).is_some(),
        unlogged: c.eat("UNLOGGED"),
        foreign: c.eat("FOREIGN"),
        ..CreateTable::default()
    };
    c.expect("TABLE")?;
    table.if_not_exists = c.eat("IF NOT EXISTS");
    table.name = c.object_name()?;
    table.temporary |= in_pg_temp(&table.name);
    if at_name_list(c) {
        let columns = c.paren_list(Cursor::name)?;
        tail(c, &mut table)?;
        return create_as(c, s, table, columns);
    }
    body(c, &mut table)?;
    tail(c, &mut table)?;
    if c.at_words("AS") {
        return create_as(c, s, table, vec![]);
    }
    c.expect_end()?;
    s.actions.push(Action::CreateTable(Box::new(table)));
    Ok(())
}

/// Whether a name's schema makes it temporary.
pub(crate) fn in_pg_temp(name: &ObjectName) -> bool {
    name.schema.as_ref().is_some_and(|schema| schema == "pg_temp")
}

/// Whether bare names in parentheses come next: those of CREATE TABLE AS, since a column needs a type.
fn at_name_list(c: &Cursor<'_>) -> bool {
    let kind = |ahead: usize| c.peek_at(ahead).map(|t| t.kind);
    kind(0) == Some(TokenKind::LeftParen)
        && matches!(kind(1), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::UnicodeIdent))
        && matches!(kind(2), Some(TokenKind::Comma | TokenKind::RightParen))
}

fn body(c: &mut Cursor<'_>, table: &mut CreateTable) -> Parse<()> {
    let mark = c.mark();
    if c.eat("OF") {
        table.of_type = Some(c.object_name()?);
        return elements(c, table, true);
    }
    if c.eat("PARTITION OF") {
        let parent = c.object_name()?;
        elements(c, table, true)?;
        let bound = partition::bound(c)?;
        table.partition_of = Some(PartitionOf { parent, bound, span: c.since(mark) });
        return Ok(());
    }
    if !matches!(c.kind(), Some(TokenKind::LeftParen)) && !c.at_any(&["AS", "USING", "WITH", "WITHOUT", "ON COMMIT", "TABLESPACE"]) {
        return c.fail("`(` or AS");
    }
    elements(c, table, false)
}

/// The parenthesised columns and constraints, where there are any.
fn elements(c: &mut Cursor<'_>, table: &mut CreateTable, untyped: bool) -> Parse<()> {
    if !c.eat_kind(TokenKind::LeftParen) || c.eat_kind(TokenKind::RightParen) {
        return Ok(());
    }
    c.comma_list(|c| {
        if c.at_words("LIKE") {
            table.likes.push(like(c)?);
        } else if constraint::at_table_constraint(c) {
            table.constraints.push(constraint::table_constraint(c)?);
        } else {
            let read = if untyped { column::untyped } else { column::definition };
            table.columns.push(read(c, &mut table.constraints)?);
        }
        Ok(())
    })?;
    c.expect_kind(TokenKind::RightParen).map(drop)
}

fn like(c: &mut Cursor<'_>) -> Parse<LikeClause> {
    const PROPERTIES: &[&str] =
        &["defaults", "constraints", "indexes", "identity", "generated", "statistics", "storage", "compression", "comments"];
    let mark = c.mark();
    c.expect("LIKE")?;
    let source = c.object_name()?;
    let mut including: Vec<String> = vec![];
    while let Some(word) = c.eat_any(&["INCLUDING", "EXCLUDING"]) {
        let property = c.name()?.value;
        let named: Vec<&str> = PROPERTIES.iter().copied().filter(|p| property == "all" || property == *p).collect();
        if named.is_empty() {
            return c.fail("a property of LIKE");
        }
        including.retain(|have| !named.contains(&have.as_str()));
        if word == "INCLUDING" {
            including.extend(named.into_iter().map(str::to_owned));
        }
    }
    Ok(LikeClause { source, including, span: c.since(mark) })
}

/// The clauses after the columns.
fn tail(c: &mut Cursor<'_>, table: &mut CreateTable) -> Parse<()> {
    loop {
        if c.eat("INHERITS") {
            table.inherits = c.paren_list(Cursor::object_name)?;
        } else if c.at_words("PARTITION BY") {
            table.partition_by = Some(partition::by(c)?);
        } else if c.eat_any(&["USING", "TABLESPACE", "SERVER"]).is_some() {
            c.name()?;
        } else if c.eat_any(&["WITH OIDS", "WITHOUT OIDS"]).is_some() {
        } else if c.eat_any(&["WITH", "OPTIONS"]).is_some() {
            skip_parens(c)?;
        } else if c.eat("ON COMMIT") {
            if c.eat_any(&["DROP", "DELETE ROWS", "PRESERVE ROWS"]).is_none() {
                return c.fail("DROP, DELETE ROWS or PRESERVE ROWS");
            }
        } else {
            return Ok(());
        }
    }
}

fn create_as(c: &mut Cursor<'_>, s: &mut Statement, table: CreateTable, columns: Vec<Name>) -> Parse<()> {
    c.expect("AS")?;
    let executes = c.at_words("EXECUTE");
    let (tokens, with_data) = query_and_data(c);
    let query = if executes { None } else { Some(c.query_of(tokens)?) };
    let CreateTable { name, temporary, unlogged, if_not_exists, .. } = table;
    let table = CreateTableAs { name, temporary, unlogged, if_not_exists, columns, query, with_data };
    s.actions.push(Action::CreateTableAs(Box::new(table)));
    Ok(())
}

/// The rest of the statement without `WITH [NO] DATA`, and whether data is wanted. Everything is taken.
pub(crate) fn query_and_data<'t>(c: &mut Cursor<'t>) -> (&'t [Token], bool) {
    let rest = c.rest();
    let ends = |words: &[&str]| {
        rest.len() >= words.len() && rest[rest.len() - words.len()..].iter().zip(words).all(|(t, word)| t.is_word(c.text, word))
    };
    let (cut, with_data) = if ends(&["WITH", "NO", "DATA"]) {
        (3, false)
    } else if ends(&["WITH", "DATA"]) {
        (2, true)
    } else {
        (0, true)
    };
    c.rewind(usize::MAX);
    (&rest[..rest.len() - cut], with_data)
}
