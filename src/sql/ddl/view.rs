//! CREATE VIEW, CREATE MATERIALIZED VIEW and REFRESH.

use super::index::skip_parens;
use super::table::{in_pg_temp, query_and_data};
use crate::facts::{Action, CreateView, Refresh, Statement};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};
use std::sync::Arc;

/// Reads CREATE \[MATERIALIZED\] VIEW.
pub(crate) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    let or_replace = c.eat("OR REPLACE");
    let _ = c.eat_any(&["GLOBAL", "LOCAL"]);
    let temporary = c.eat_any(&["TEMPORARY", "TEMP"]).is_some();
    let recursive = c.eat_any(&["UNLOGGED", "RECURSIVE"]) == Some("RECURSIVE");
    let materialized = c.eat("MATERIALIZED");
    c.expect("VIEW")?;
    let if_not_exists = c.eat("IF NOT EXISTS");
    let name = c.object_name()?;
    let temporary = temporary || in_pg_temp(&name);
    let columns = if c.kind() == Some(TokenKind::LeftParen) { c.paren_list(Cursor::name)? } else { vec![] };
    let with = clauses(c)?;
    c.expect("AS")?;
    let (tokens, with_data) = query_and_data(c);
    let all = tokens;
    let tokens = without_check_option(c, tokens);
    let check_option = all.get(tokens.len()..).unwrap_or(&[]).iter().map(|t| t.span).reduce(Span::to);
    let query = Some(Arc::new(c.query_of(tokens)?));
    let query_span = tokens.iter().fold(Span::default(), |all, t| all.to(t.span));
    let view = CreateView {
        name,
        materialized,
        or_replace,
        temporary,
        if_not_exists,
        columns,
        query,
        query_span,
        with_data,
        recursive,
        with,
        check_option,
    };
    s.actions.push(Action::CreateView(Arc::new(view)));
    Ok(())
}

/// `USING method`, `WITH (…)`, `TABLESPACE name`.
fn clauses(c: &mut Cursor<'_>) -> Parse<Option<Span>> {
    let mut with = None;
    loop {
        if c.eat_any(&["USING", "TABLESPACE"]).is_some() {
            c.name()?;
        } else if c.eat("WITH") {
            let mark = c.mark();
            skip_parens(c)?;
            with = Some(c.since(mark));
        } else {
            return Ok(with);
        }
    }
}

/// Cuts `WITH [CASCADED | LOCAL] CHECK OPTION` off the end.
fn without_check_option<'t>(c: &Cursor<'t>, tokens: &'t [Token]) -> &'t [Token] {
    let mut words: &[&[&str]] = &[&["OPTION"], &["CHECK"], &["CASCADED", "LOCAL", "WITH"], &["WITH"]];
    let mut end = tokens.len();
    while let (Some((alternatives, later)), Some(before)) = (words.split_first(), end.checked_sub(1)) {
        let Some(word) = alternatives.iter().find(|word| tokens[before].is_word(c.text, word)) else { return tokens };
        end = before;
        words = if *word == "WITH" { &[] } else { later };
    }
    if words.is_empty() { &tokens[..end] } else { tokens }
}

/// Reads REFRESH MATERIALIZED VIEW.
pub(crate) fn refresh(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mark = c.mark();
    c.expect("REFRESH MATERIALIZED VIEW")?;
    let verb_span = c.since(mark);
    let concurrently = c.eat("CONCURRENTLY");
    let name = c.object_name()?;
    let with_data = c.eat_any(&["WITH NO DATA", "WITH DATA"]) != Some("WITH NO DATA");
    c.expect_end()?;
    s.actions.push(Action::RefreshMaterializedView(Refresh { name, concurrently, with_data, verb_span }));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::*;
    use crate::sql::ddl::testing::actions;

    #[test]
    fn views() {
        let text = "CREATE OR REPLACE TEMP VIEW v (a) WITH (security_barrier) AS SELECT 1 WITH LOCAL CHECK OPTION";
        let Action::CreateView(v) = actions(text).remove(0) else { panic!() };
        assert!(v.or_replace && v.temporary && v.query.is_some() && !v.materialized);
        assert_eq!(v.query_span.of(text), "SELECT 1");
        let text = "CREATE MATERIALIZED VIEW IF NOT EXISTS s.v TABLESPACE t AS SELECT 1 WITH NO DATA";
        let Action::CreateView(v) = actions(text).remove(0) else { panic!() };
        assert!(v.materialized && v.if_not_exists && !v.with_data);
        let text = "REFRESH MATERIALIZED VIEW CONCURRENTLY s.v WITH DATA";
        let Action::RefreshMaterializedView(r) = actions(text).remove(0) else { panic!() };
        assert!(r.concurrently && r.with_data);
        assert_eq!(r.verb_span.of(text), "REFRESH MATERIALIZED VIEW");
    }
}
