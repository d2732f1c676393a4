//! Our grammar of DDL and utility statements: recursive descent over our tokens, straight to facts. (being written)

use super::cursor::{Cursor, Parse};
use crate::facts::Statement;

/// Reads a DDL or utility statement into `statement.actions` and `statement.bodies`.
pub fn parse(cursor: Cursor<'_>, _statement: &mut Statement) -> Parse<()> {
    cursor.fail("a known statement")
}
