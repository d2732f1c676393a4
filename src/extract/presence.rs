//! Whether a program asks only whether there is a row: then it does not matter which one comes back.
//!
//! Known by words that stand close to the statement, nothing more; must not know SQL.

use super::scope;
use crate::source::{Span, floor_boundary};

/// So far behind a statement its result may be looked at.
const AFTER: usize = 160;
/// So far before it the name may stand that takes the result.
const BEFORE: usize = 120;

/// What is done with a result whose rows are only counted, written without spaces.
const COUNTED: &[&str] = &[
    ".count>0",
    ".count===0",
    ".count==0",
    ".rowcount>0",
    ".rowcount===0",
    ".rowcount==0",
    ".length>0",
    ".length===0",
    ".length!==0",
    ".rowsaffected>0",
    ".exists()",
    ".any()",
    "isnotnone",
    "isnone",
    ".is_some()",
    ".is_none()",
    ".hasnext()",
];

/// Whether the program asks for no more. `function` is the name of the one that the statement stands in.
pub(super) fn is_asked(text: &str, statement: Span, function: &str) -> bool {
    let (start, end) = (statement.start as usize, statement.end as usize);
    let before = text.get(floor_boundary(text, start.saturating_sub(BEFORE))..start).unwrap_or("");
    let after = text.get(end..floor_boundary(text, end.saturating_add(AFTER).min(text.len()))).unwrap_or("");
    names_presence(function) || is_counted(after) || takes_presence(before)
}

/// The name that the result is given, on the lines right before the statement.
fn takes_presence(before: &str) -> bool {
    let Some(head) = before.rfind('=').and_then(|equals| before.get(..equals)) else { return false };
    let name = head.trim_end_matches([':', ' ']);
    let start = name.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    let within = before.get(head.len()..).unwrap_or("");
    !within.contains([';', '}']) && names_presence(name.get(start..).unwrap_or(""))
}

/// `has_rows`, `userExists`, `isEmpty`.
fn names_presence(name: &str) -> bool {
    let words = scope::words(name);
    let asks = words.first().is_some_and(|first| matches!(first.as_str(), "has" | "have" | "exists" | "exist"));
    asks || words.last().is_some_and(|last| matches!(last.as_str(), "exists" | "exist" | "empty"))
}

/// Whether the first thing that is done with the result counts its rows.
fn is_counted(after: &str) -> bool {
    // beyond the end of the statement another one begins
    let end = after.find([';', '{', '}']).unwrap_or(after.len());
    let tail: String = after.get(..end).unwrap_or("").chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    COUNTED.iter().any(|word| tail.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, function: &str) -> bool {
        let start = text.find("SELECT").expect("a statement") as u32;
        let end = text.find("LIMIT 1").expect("its end") as u32 + 7;
        is_asked(text, Span::new(start, end), function)
    }

    #[test]
    fn what_only_counts_rows_asks_for_presence() {
        assert!(asked("const on = (await sql`SELECT a FROM t LIMIT 1`).count > 0;", "prune"));
        assert!(asked("let exists = q(\"SELECT a FROM t LIMIT 1\").fetch();", "check"));
        assert!(asked("return db.query(\"SELECT a FROM t LIMIT 1\")", "hasOrders"));
        assert!(asked("row = db.one(\"SELECT a FROM t LIMIT 1\") is not None\n", "f"));
    }

    #[test]
    fn what_reads_the_row_does_not() {
        assert!(!asked("const row = await sql`SELECT a FROM t LIMIT 1`; if (other.count > 0) {}", "load"));
        assert!(!asked("customer = db.one(\"SELECT a FROM t LIMIT 1\")\nif not customer:", "find"));
        assert!(!asked("exists = 1; row = db.one(\"SELECT a FROM t LIMIT 1\")", "hash"));
    }
}
