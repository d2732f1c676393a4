//! Utility statements with a query inside: EXPLAIN, PREPARE, DECLARE, COPY.

use super::{find, push_other, skip_parens, skip_rest};
use crate::facts::{Action, Copy, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::query;
use crate::sql::token::TokenKind;
use std::sync::Arc;

/// Reads all that is left as a query.
fn push_query(c: &mut Cursor<'_>, s: &mut Statement, verb: &str, runs: bool) -> Parse<()> {
    if !query::owns(c) {
        return c.fail("a query");
    }
    let query = c.query_of(c.rest())?;
    while c.bump().is_some() {}
    s.actions.push(Action::QueryIn { verb: verb.to_owned(), query: Box::new(query), runs });
    Ok(())
}

/// EXPLAIN: with ANALYZE its statement is run.
pub(super) fn explain(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("EXPLAIN")?;
    let mut runs = false;
    if c.kind() == Some(TokenKind::LeftParen) && !query::owns(&after_paren(c)) {
        c.paren_list(|c| {
            let analyze = c.at_any(&["ANALYZE", "ANALYSE"]);
            c.name()?;
            let value = c.take_until(|c| c.kind() == Some(TokenKind::Comma));
            let off = value.first().is_some_and(|t| ["off", "false", "0"].contains(&t.value(c.text).to_lowercase().as_str()));
            runs |= analyze && !off;
            Ok(())
        })?;
    } else {
        runs = c.eat_any(&["ANALYZE", "ANALYSE"]).is_some();
        c.eat("VERBOSE");
    }
    if query::owns(c) {
        return push_query(c, s, "EXPLAIN", runs);
    }
    if c.kind() == Some(TokenKind::Placeholder) {
        push_other(s, "EXPLAIN"); // of a statement that the host code puts in
        return skip_rest(c);
    }
    const PLANNED: &[&str] = &["CREATE TABLE", "CREATE", "EXECUTE", "REFRESH", "DECLARE"];
    match find(super::STATEMENTS, c) {
        // Without ANALYZE nothing of the statement happens; its shape is still checked.
        Some(handler) if c.at_any(PLANNED) => {
            let before = s.actions.len();
            handler(c, s)?;
            if !runs {
                s.actions.truncate(before);
                push_other(s, "EXPLAIN");
            }
            Ok(())
        }
        _ => c.fail("a statement that has a plan"),
    }
}

fn after_paren<'t>(c: &Cursor<'t>) -> Cursor<'t> {
    let mut inner = *c;
    inner.bump();
    inner
}

/// PREPARE name [(types)] AS query.
pub(super) fn prepare(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("PREPARE")?;
    c.name()?;
    skip_parens(c)?;
    c.expect("AS")?;
    push_query(c, s, "PREPARE", false)
}

/// DECLARE name … CURSOR … FOR query.
pub(super) fn declare(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("DECLARE")?;
    c.name()?;
    while c.eat_any(&["BINARY", "INSENSITIVE", "ASENSITIVE", "NO SCROLL", "SCROLL"]).is_some() {}
    c.expect("CURSOR")?;
    c.eat_any(&["WITH HOLD", "WITHOUT HOLD"]);
    c.expect("FOR")?;
    push_query(c, s, "DECLARE", true)
}

/// COPY.
pub(super) fn copy(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("COPY")?;
    let mut copy = Copy { table: None, columns: vec![], from: false, query: None, freeze: false };
    c.eat("BINARY");
    if c.eat_kind(TokenKind::LeftParen) {
        let tokens = c.take_until(|_| false);
        copy.query = Some(c.query_of(tokens)?);
        c.expect_kind(TokenKind::RightParen)?;
    } else {
        copy.table = Some(c.object_name()?);
        if c.kind() == Some(TokenKind::LeftParen) {
            copy.columns = c.paren_list(Cursor::name)?;
        }
    }
    copy.from = match c.eat_any(&["FROM", "TO"]) {
        Some(word) => word == "FROM" && copy.table.is_some(),
        None => return c.fail("FROM or TO"),
    };
    if !c.eat("PROGRAM") && c.eat_any(&["STDIN", "STDOUT"]).is_none() {
        c.string()?;
    } else if c.peek().is_some_and(|t| t.kind.is_string()) {
        c.bump();
    }
    let options = c.take_until(|c| c.at_words("WHERE"));
    copy.freeze = freeze(&c.over(options));
    if c.eat("WHERE") {
        let condition = c.take_until(|_| false);
        c.expression_of(condition)?;
    }
    skip_rest(c)?;
    s.actions.push(Action::Copy(Arc::new(copy)));
    Ok(())
}

fn freeze(options: &Cursor<'_>) -> bool {
    let mut c = *options;
    while !c.at_end() {
        if c.eat("FREEZE") {
            return !c.at_any(&["FALSE", "OFF"]) && c.peek().is_none_or(|t| t.text(c.text) != "0");
        }
        c.bump();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::Action;

    #[test]
    fn explain_says_whether_it_runs() {
        for (sql, expected) in [
            ("EXPLAIN SELECT 1", false),
            ("EXPLAIN ANALYZE VERBOSE SELECT 1", true),
            ("EXPLAIN (ANALYZE, BUFFERS) DELETE FROM t", true),
            ("EXPLAIN (ANALYZE off, COSTS off) (SELECT 1)", false),
            ("DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT 1", true),
            ("PREPARE p (int) AS SELECT $1", false),
        ] {
            let found = actions(sql);
            assert!(matches!(&found[..], [Action::QueryIn { runs, .. }] if *runs == expected), "{sql}: {found:?}");
        }
    }

    #[test]
    fn copy_directions() {
        let found = actions("COPY a.t (x, y) FROM STDIN WITH (FORMAT csv, FREEZE)");
        assert!(matches!(&found[..], [Action::Copy(copy)] if copy.from && copy.freeze && copy.columns.len() == 2), "{found:?}");
        let found = actions("COPY (SELECT 1) TO STDOUT");
        assert!(matches!(&found[..], [Action::Copy(copy)] if !copy.from && copy.query.is_some()), "{found:?}");
        let found = actions("copy t to '/tmp/x' delimiter ','");
        assert!(matches!(&found[..], [Action::Copy(copy)] if !copy.from && !copy.freeze), "{found:?}");
    }
}
