//! Our grammar of DDL and utility statements: recursive descent over our tokens, straight to facts.
//!
//! It exists because a lock linter lives on statements that general SQL parsers do not know (`REINDEX`, `DETACH PARTITION
//! CONCURRENTLY`, `DO`). [`parse`] chooses a handler by the statement's first words; a handler starts at the statement's
//! first token and takes all that belongs to it, and whatever is left over is an error. Clauses that no rule, the catalog
//! or the lock table asks about are skipped as balanced groups. Nothing here knows what a statement locks.

pub(crate) mod alter;
pub(crate) mod column;
pub(crate) mod constraint;
pub(crate) mod drop;
mod function;
mod grants;
pub(crate) mod index;
mod inner_query;
mod maintenance;
mod other;
pub(crate) mod partition;
mod sequence;
mod setting;
pub(crate) mod table;
mod transaction;
pub(crate) mod types;
mod user_type;
pub(crate) mod view;

use super::cursor::{Cursor, Parse};
use super::token::TokenKind;
use crate::facts::{Action, Statement};

/// Reads one kind of statement, from its first token.
type Handler = fn(&mut Cursor<'_>, &mut Statement) -> Parse<()>;

/// Handlers by first words; of two that begin alike the longer stands first.
const STATEMENTS: &[(&str, Handler)] = &[
    ("CREATE", create),
    ("ALTER", alter),
    ("DROP", drop::drop),
    ("TRUNCATE", maintenance::truncate),
    ("LOCK", maintenance::lock),
    ("VACUUM", maintenance::vacuum),
    ("ANALYZE", maintenance::analyze),
    ("ANALYSE", maintenance::analyze),
    ("CLUSTER", maintenance::cluster),
    ("REINDEX", maintenance::reindex),
    ("REFRESH", view::refresh),
    ("COMMENT", other::comment),
    ("SECURITY LABEL", other::plain),
    ("GRANT", grants::grant),
    ("REVOKE", grants::grant),
    ("REASSIGN OWNED", other::plain),
    ("SET", setting::set),
    ("RESET", setting::reset),
    ("SHOW", other::plain),
    ("DISCARD", setting::discard),
    ("BEGIN", transaction::begin),
    ("START TRANSACTION", transaction::begin),
    ("COMMIT PREPARED", other::plain),
    ("ROLLBACK PREPARED", other::plain),
    ("COMMIT", transaction::commit),
    ("END", transaction::commit),
    ("ROLLBACK", transaction::rollback),
    ("ABORT", transaction::rollback),
    ("SAVEPOINT", transaction::savepoint),
    ("RELEASE", transaction::release),
    ("PREPARE TRANSACTION", transaction::prepare),
    ("DO", function::do_block),
    ("CALL", function::call),
    ("PREPARE", inner_query::prepare),
    ("EXECUTE", other::plain),
    ("DEALLOCATE", other::plain),
    ("DECLARE", inner_query::declare),
    ("EXPLAIN", inner_query::explain),
    ("COPY", inner_query::copy),
    ("FETCH", other::plain),
    ("MOVE", other::plain),
    ("CLOSE", other::plain),
    ("LISTEN", other::plain),
    ("NOTIFY", other::plain),
    ("UNLISTEN", other::plain),
    ("LOAD", other::plain),
    ("CHECKPOINT", other::plain),
    ("IMPORT FOREIGN SCHEMA", other::plain),
];

/// Handlers of CREATE by what stands after it, `OR REPLACE` and the words for persistence left out.
const CREATE: &[(&str, Handler)] = &[
    ("TABLE", table::create),
    ("FOREIGN TABLE", table::create),
    ("UNIQUE INDEX", index::create),
    ("INDEX", index::create),
    ("VIEW", view::create),
    ("RECURSIVE VIEW", view::create),
    ("MATERIALIZED VIEW", view::create),
    ("SEQUENCE", sequence::create),
    ("TYPE", user_type::create),
    ("DOMAIN", user_type::create_domain),
    ("SCHEMA", other::schema),
    ("EXTENSION", other::extension),
    ("FUNCTION", function::create),
    ("PROCEDURE", function::create),
    ("TRIGGER", function::trigger),
    ("CONSTRAINT TRIGGER", function::trigger),
    ("POLICY", other::policy),
    ("RULE", other::rule),
    ("STATISTICS", other::statistics),
    ("PUBLICATION", other::publication),
];

/// Handlers of ALTER by what stands after it.
const ALTER: &[(&str, Handler)] = &[
    ("TABLE", alter::relation),
    ("FOREIGN TABLE", alter::relation),
    ("INDEX", alter::relation),
    ("VIEW", alter::relation),
    ("MATERIALIZED VIEW", alter::relation),
    ("SEQUENCE", sequence::alter),
    ("TYPE", user_type::alter),
    ("DOMAIN", user_type::alter_domain),
    ("DEFAULT PRIVILEGES", grants::default_privileges),
    ("POLICY", other::policy),
    ("PUBLICATION", other::publication),
];

/// Reads a DDL or utility statement into `statement.actions` and `statement.bodies`.
pub fn parse(mut cursor: Cursor<'_>, statement: &mut Statement) -> Parse<()> {
    // nearly all do one thing, and what they do is large
    statement.actions.reserve_exact(1);
    match find(STATEMENTS, &cursor) {
        Some(handler) => handler(&mut cursor, statement)?,
        None => return cursor.fail("a statement"),
    }
    cursor.expect_end()
}

fn find(table: &[(&str, Handler)], c: &Cursor<'_>) -> Option<Handler> {
    table.iter().find(|(words, _)| c.at_words(words)).map(|&(_, handler)| handler)
}

fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mut after = *c;
    after.expect("CREATE")?;
    after.eat("OR REPLACE");
    after.eat_any(&["GLOBAL", "LOCAL"]);
    after.eat_any(&["TEMPORARY", "TEMP", "UNLOGGED"]);
    find(CREATE, &after).unwrap_or(other::create)(c, s)
}

fn alter(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mut after = *c;
    after.expect("ALTER")?;
    find(ALTER, &after).unwrap_or(other::alter)(c, s)
}

/// Takes all that is left, which must be balanced: clauses that nobody asks about.
fn skip_rest(c: &mut Cursor<'_>) -> Parse<()> {
    while let Some(kind) = c.kind() {
        if matches!(kind, TokenKind::RightParen | TokenKind::RightBracket | TokenKind::Unterminated) {
            return c.fail("the end of the statement");
        }
        if !c.skip_group() {
            return c.fail("a closing parenthesis");
        }
    }
    Ok(())
}

/// Takes a parenthesised group if one comes next.
fn skip_parens(c: &mut Cursor<'_>) -> Parse<bool> {
    let here = c.kind() == Some(TokenKind::LeftParen);
    if here && !c.skip_group() {
        return c.fail("a closing parenthesis");
    }
    Ok(here)
}

/// Records a statement that no rule asks about yet.
fn push_other(s: &mut Statement, verb: &str) {
    s.actions.push(Action::Other { verb: verb.to_owned() });
}

#[cfg(test)]
pub(super) fn actions(sql: &str) -> Vec<Action> {
    use crate::facts::Reading;
    let s = one(sql);
    assert_eq!(s.reading, Reading::Parsed, "{sql}");
    s.actions
}

#[cfg(test)]
pub(super) fn one(sql: &str) -> Statement {
    use super::token::Dialect;
    use crate::source::{FileId, Span};
    let mut script = super::read(FileId(0), sql, Span::new(0, sql.len() as u32), Dialect::Server);
    assert_eq!(script.statements.len(), 1, "{sql}");
    script.statements.remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Reading;

    #[test]
    fn what_is_left_over_or_unknown_is_opaque() {
        for sql in ["COMMIT x", "FROBNICATE", "CREATE CAST (a AS b", "CREATE FROB x", "LOCK TABLE t IN SOME MODE"] {
            assert!(matches!(one(sql).reading, Reading::Opaque(_)), "{sql}");
        }
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of the grammar's parts share.
    #![allow(clippy::unwrap_used)]

    use crate::facts::{Action, Reading};
    use crate::source::{FileId, Span};
    use crate::sql::token::Dialect;

    /// The actions of a text that is one statement and is understood.
    pub(super) fn actions(text: &str) -> Vec<Action> {
        let script = crate::sql::read(FileId(0), text, Span::new(0, text.len() as u32), Dialect::Psql);
        assert_eq!(script.statements.len(), 1, "{text}");
        let statement = script.statements.into_iter().next().unwrap();
        assert_eq!(statement.reading, Reading::Parsed, "{text}");
        statement.actions
    }
}
