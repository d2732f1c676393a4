//! Our grammar of DDL and utility statements: recursive descent over our tokens, straight to facts. (being written)

pub(crate) mod alter;
pub(crate) mod column;
pub(crate) mod constraint;
pub(crate) mod drop;
pub(crate) mod index;
pub(crate) mod partition;
pub(crate) mod table;
pub(crate) mod types;
pub(crate) mod view;

use super::cursor::{Cursor, Parse};
use crate::facts::Statement;

/// Reads a DDL or utility statement into `statement.actions` and `statement.bodies`.
pub fn parse(mut cursor: Cursor<'_>, statement: &mut Statement) -> Parse<()> {
    let c = &mut cursor;
    let words: Vec<String> = c.rest().iter().take(7).map(|t| t.text(c.text).to_uppercase()).collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    match words.first().map_or("", String::as_str) {
        "DROP" => drop::drop(c, statement),
        "REFRESH" => view::refresh(c, statement),
        "ALTER" => alter::relation(c, statement),
        "CREATE" if words.get(1).is_some_and(|w| w == "INDEX" || w == "UNIQUE") => index::create(c, statement),
        "CREATE" if words.iter().take(6).any(|w| w == "VIEW") && !words.iter().take(5).any(|w| w == "TABLE") => view::create(c, statement),
        "CREATE" if has("TABLE") => table::create(c, statement),
        _ => cursor.fail("a known statement"),
    }
}
