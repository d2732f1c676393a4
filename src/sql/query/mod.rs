//! Queries and expressions: our tokens to sqlparser, its trees to facts. (being written)

use super::cursor::{Cursor, Parse};
use super::token::Token;
use crate::facts::{Expr, Query};
use crate::source::FileId;

/// Whether a statement is a query: SELECT, WITH, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE, or a parenthesised one.
pub fn owns(cursor: &Cursor<'_>) -> bool {
    cursor.at_any(&["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"])
}

/// Reads the whole rest of the cursor as one query.
pub fn parse(cursor: &Cursor<'_>) -> Parse<Query> {
    cursor.fail("a query")
}

/// Reads tokens as one expression.
pub fn expression(file: FileId, text: &str, tokens: &[Token]) -> Parse<Expr> {
    Cursor::new(file, text, tokens).fail("an expression")
}
