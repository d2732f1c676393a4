//! CREATE TABLE in all its forms, CREATE TABLE AS among them.

use super::index::skip_parens;
use super::{column, constraint, partition};
use crate::facts::{Action, CreateTable, CreateTableAs, LikeClause, Name, ObjectName, PartitionOf, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};
use std::sync::Arc;

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
    s.actions.push(Action::CreateTable(Arc::new(table)));
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
    table.columns.reserve_exact(c.items_ahead());
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
        } else if c.at_words("SERVER") {
            let mark = c.mark();
            c.bump();
            c.name()?;
            if c.eat("OPTIONS") {
                skip_parens(c)?;
            }
            table.server = Some(c.since(mark));
        } else if let Some(word) = c.eat_any(&["USING", "TABLESPACE"]) {
            let name = c.name()?;
            if word == "USING" {
                table.method = Some(name);
            }
        } else if c.eat_any(&["WITH OIDS", "WITHOUT OIDS"]).is_some() {
        } else if c.eat_any(&["WITH", "OPTIONS"]).is_some() {
            let mark = c.mark();
            skip_parens(c)?;
            table.with = Some(c.since(mark));
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
    s.actions.push(Action::CreateTableAs(Arc::new(table)));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::*;
    use crate::sql::ddl::testing::actions;

    fn table(text: &str) -> CreateTable {
        match actions(text).remove(0) {
            Action::CreateTable(table) => (*table).clone(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_default_ends_where_the_next_column_constraint_begins() {
        let t = table(
            "CREATE TABLE IF NOT EXISTS public.t (a int DEFAULT NULL, b text DEFAULT 'x'::text COLLATE \"C\", \
             c timestamp DEFAULT now() AT TIME ZONE 'utc' NOT NULL, d int DEFAULT (1 + 2) CONSTRAINT pos CHECK (d > 0), \
             e int DEFAULT -1 NULL UNIQUE, f int[] DEFAULT ARRAY[1, 2] NOT NULL)",
        );
        assert!(t.if_not_exists);
        assert_eq!(t.columns.len(), 6);
        assert_eq!(t.columns[0].default.as_ref().unwrap().kind, ExprKind::Literal(Literal::Null));
        assert_eq!(t.columns[1].collation.as_ref().unwrap().name, "C");
        assert!(t.columns[2].default.is_some() && t.columns[2].not_null.is_some());
        assert_eq!(t.constraints[0].name.as_ref().unwrap(), &"pos");
        assert!(matches!(&t.constraints[1].kind, ConstraintKind::Key { primary: false, columns, .. } if columns[0] == "e"));
        assert!(t.constraints.iter().all(|c| c.inline));
        assert!(t.columns[5].not_null.is_some() && t.columns[4].not_null.is_none());
    }

    #[test]
    fn constraints_keep_their_attributes_to_themselves() {
        let text = "CREATE TABLE o (id bigint GENERATED ALWAYS AS IDENTITY (START 5) PRIMARY KEY, \
             u int REFERENCES users (id) ON DELETE SET NULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED NOT NULL, \
             total int GENERATED ALWAYS AS (u * 2) STORED, \
             CONSTRAINT fk FOREIGN KEY (u) REFERENCES s.users NOT VALID, EXCLUDE USING gist (u WITH =, r WITH &&) WHERE (u > 1), \
             exclude boolean, ...)";
        let t = table(text);
        assert_eq!(t.columns.iter().map(|c| c.name.value.as_str()).collect::<Vec<_>>(), ["id", "u", "total", "exclude"]);
        assert_eq!(t.columns[0].identity, Some(true));
        assert_eq!(t.columns[2].generated.as_ref().unwrap().1, Some(true));
        assert!(!t.constraints[0].deferrable && t.constraints[1].deferrable);
        let ConstraintKind::ForeignKey { on_delete, .. } = &t.constraints[1].kind else { panic!() };
        assert_eq!(on_delete.as_deref(), Some("SET NULL"));
        assert_eq!(
            t.constraints[1].span.of(text),
            "REFERENCES users (id) ON DELETE SET NULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED"
        );
        assert!(t.constraints[2].not_valid && !t.constraints[2].inline);
        let ConstraintKind::Exclude { keys, predicate, .. } = &t.constraints[3].kind else { panic!() };
        assert_eq!((keys[1].1.as_str(), predicate.is_some()), ("&&", true));
    }

    #[test]
    fn partitions_likes_and_heirs() {
        let t = table("CREATE TABLE m (LIKE base INCLUDING ALL EXCLUDING INDEXES, d date) INHERITS (p) PARTITION BY RANGE (d, lower(x))");
        assert!(t.likes[0].including.iter().any(|p| p == "defaults") && !t.likes[0].including.iter().any(|p| p == "indexes"));
        assert_eq!(t.partition_by.unwrap().keys.len(), 2);
        let t = table("CREATE TABLE m1 PARTITION OF m (d NOT NULL) FOR VALUES FROM ('2024-01-01') TO (MAXVALUE) PARTITION BY HASH (a)");
        assert!(matches!(t.partition_of.unwrap().bound, PartitionBound::Range { .. }));
        assert!(t.columns[0].ty.is_none() && t.columns[0].not_null.is_some());
        let t = table("CREATE TABLE m2 PARTITION OF m FOR VALUES WITH (modulus 4, remainder 3)");
        assert_eq!(t.partition_of.unwrap().bound, PartitionBound::Hash { modulus: 4, remainder: 3 });
        assert!(table("CREATE TEMP TABLE x (a int) WITH (fillfactor=70) ON COMMIT DELETE ROWS TABLESPACE z").temporary);
        assert!(table("CREATE FOREIGN TABLE f (a int OPTIONS (n 'x')) SERVER s OPTIONS (t 'y')").foreign);
    }

    #[test]
    fn create_table_as() {
        let read = |text: &str| match actions(text).remove(0) {
            Action::CreateTableAs(table) => (*table).clone(),
            other => panic!("{text}: {other:?}"),
        };
        let t = read("CREATE UNLOGGED TABLE x (a, b) AS SELECT 1, 2 WITH NO DATA");
        assert!(t.unlogged && !t.with_data && t.query.is_some() && t.columns.len() == 2);
        assert!(read("CREATE TABLE x AS (SELECT 1) WITH DATA").with_data);
        assert!(read("CREATE TABLE x AS EXECUTE p(1)").query.is_none());
    }
}
