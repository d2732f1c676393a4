//! CREATE INDEX, and the keys that indexes, partition keys and exclusion constraints share.
//!
//! Must not know what a key's expression means: that is the query reader's.

use crate::facts::{Action, ColumnRef, CreateIndex, Expr, ExprKind, IndexKey, Name, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;
use std::sync::Arc;

/// Reads CREATE INDEX.
pub(crate) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let start = c.mark();
    c.expect("CREATE")?;
    let unique = c.eat("UNIQUE");
    c.expect("INDEX")?;
    let verb_span = c.since(start);
    let mark = c.mark();
    let concurrently = c.eat("CONCURRENTLY").then(|| c.since(mark));
    let if_not_exists = c.eat("IF NOT EXISTS");
    let name = if c.at_words("ON") { None } else { Some(c.object_name()?.name) };
    c.expect("ON")?;
    let only = c.eat("ONLY");
    let table = c.object_name()?;
    let keys_from = c.mark();
    let method = if c.eat("USING") { c.name()?.value } else { "btree".into() };
    let keys = keys(c)?;
    let keys_span = c.since(keys_from);
    let mut index = CreateIndex {
        name,
        table,
        only,
        unique,
        concurrently,
        if_not_exists,
        method: method.to_string(),
        keys,
        keys_span,
        verb_span,
        ..CreateIndex::default()
    };
    options(c, &mut index)?;
    c.expect_end()?;
    s.actions.push(Action::CreateIndex(Arc::new(index)));
    Ok(())
}

fn options(c: &mut Cursor<'_>, index: &mut CreateIndex) -> Parse<()> {
    if c.eat("INCLUDE") {
        index.include = include(c)?;
    }
    index.nulls_not_distinct = nulls_not_distinct(c);
    if c.eat("WITH") {
        let mark = c.mark();
        skip_parens(c)?;
        index.with = Some(c.since(mark));
    }
    if c.eat("TABLESPACE") {
        c.name()?;
    }
    if c.eat("WHERE") {
        let tokens = c.take_until(|_| false);
        index.predicate = Some(c.expression_of(tokens)?);
    }
    Ok(())
}

/// `(a, b)` after INCLUDE; operator classes and the like, which the grammar allows there, are dropped.
pub(crate) fn include(c: &mut Cursor<'_>) -> Parse<Vec<Name>> {
    let keys = keys(c)?;
    Ok(keys.into_iter().filter_map(|key| key.expr.column().map(|column| column.column.clone())).collect())
}

/// `NULLS [NOT] DISTINCT`.
pub(crate) fn nulls_not_distinct(c: &mut Cursor<'_>) -> bool {
    c.eat_any(&["NULLS NOT DISTINCT", "NULLS DISTINCT"]) == Some("NULLS NOT DISTINCT")
}

/// Takes a parenthesised group whose contents nobody asks about.
pub(crate) fn skip_parens(c: &mut Cursor<'_>) -> Parse<()> {
    if c.kind() != Some(TokenKind::LeftParen) {
        return c.fail("`(`");
    }
    if c.skip_group() { Ok(()) } else { c.fail("`)`") }
}

/// `( key (, key)* )`.
pub(crate) fn keys(c: &mut Cursor<'_>) -> Parse<Vec<IndexKey>> {
    c.paren_list(key)
}

/// One key: a column, a function call or a parenthesised expression, with how it is ordered.
pub(crate) fn key(c: &mut Cursor<'_>) -> Parse<IndexKey> {
    let expr = key_expression(c)?;
    let collation = if c.eat("COLLATE") { Some(Box::new(c.object_name()?)) } else { None };
    let opclass = if at_opclass(c) { Some(Box::new(c.object_name()?)) } else { None };
    let opclass_options = if opclass.is_some() && c.kind() == Some(TokenKind::LeftParen) {
        let mark = c.mark();
        skip_parens(c)?;
        Some(c.since(mark).of(c.text).to_owned())
    } else {
        None
    };
    let descending = c.eat_any(&["ASC", "DESC"]) == Some("DESC");
    let nulls_first = c.eat_any(&["NULLS FIRST", "NULLS LAST"]).map(|words| words == "NULLS FIRST");
    Ok(IndexKey { expr, collation, opclass, opclass_options, descending, nulls_first })
}

fn at_opclass(c: &Cursor<'_>) -> bool {
    let named = matches!(c.kind(), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::UnicodeIdent | TokenKind::Placeholder));
    named && !c.at_any(&["ASC", "DESC", "NULLS FIRST", "NULLS LAST", "WITH"])
}

fn key_expression(c: &mut Cursor<'_>) -> Parse<Expr> {
    let mark = c.mark();
    if c.kind() == Some(TokenKind::LeftParen) {
        skip_parens(c)?;
        return c.expression_of(c.tokens_since(mark));
    }
    let name = c.object_name()?;
    if c.kind() == Some(TokenKind::LeftParen) {
        skip_parens(c)?;
        return c.expression_of(c.tokens_since(mark));
    }
    Ok(match name.schema {
        None => column(name.name),
        relation => {
            let span = c.since(mark);
            Expr::new(ExprKind::Column(ColumnRef { schema: None, relation, column: name.name }), span)
        }
    })
}

/// A bare column as an expression.
pub(crate) fn column(name: Name) -> Expr {
    let span = name.span;
    Expr::new(ExprKind::Column(ColumnRef { schema: None, relation: None, column: name }), span)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::*;
    use crate::source::{FileId, Span};
    use crate::sql::ddl::testing::actions;
    use crate::sql::token::Dialect;

    #[test]
    fn keys_and_spans() {
        let text = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t USING gin (lower(a) COLLATE \"C\" text_ops(x = 1) DESC NULLS LAST, \
                    ((d ->> 'k')), e jsonb_path_ops) INCLUDE (z) NULLS NOT DISTINCT WITH (fillfactor = 70) TABLESPACE q WHERE a IS NOT NULL";
        let Action::CreateIndex(i) = actions(text).remove(0) else { panic!() };
        assert_eq!(i.verb_span.of(text), "CREATE UNIQUE INDEX");
        assert_eq!(i.concurrently.unwrap().of(text), "CONCURRENTLY");
        assert!(i.keys_span.of(text).starts_with("USING gin") && i.keys_span.of(text).ends_with("jsonb_path_ops)"));
        assert!(i.unique && i.only && i.if_not_exists && i.nulls_not_distinct && i.predicate.is_some());
        assert!(i.keys[0].descending && i.keys[0].nulls_first == Some(false) && i.keys[0].opclass.is_some());
        assert!(matches!(&i.keys[1].expr.kind, ExprKind::Binary { op, .. } if op == "->>"));
        assert_eq!(i.keys[2].opclass.as_ref().unwrap().name, "jsonb_path_ops");
        assert_eq!(i.include, [Name::new("z", Span::default())]);
    }

    #[test]
    fn a_nameless_index_and_a_refused_one() {
        let Action::CreateIndex(i) = actions("CREATE INDEX ON t (a)").remove(0) else { panic!() };
        assert!(i.name.is_none() && i.method == "btree");
        let script = crate::sql::read(FileId(0), "CREATE INDEX i ON t (a", Span::new(0, 22), Dialect::Psql);
        assert!(matches!(script.statements[0].reading, Reading::Opaque(_)));
    }
}
