//! Whether code inside SQL can bring SQL of its own.

use super::holes::{Hole, Role};
use memchr::memmem;

/// What quotes a value or a name, or gives placeholders for values.
const SAFE: &[&str] = &[
    "quote",
    "escape",
    "sanitize",
    "identifier",
    "placeholder",
    "literal",
    "sql.",
    "sql(",
    "bind",
    "param",
    "raw(",
    "marks",
    "fragment",
    "ident(",
    "question",
    "len(",
    "count",
    ".length",
    ".size",
    "nextval",
];

/// Words in a name that say that it holds a piece of SQL and no value.
const PIECES: &[&str] = &[
    "sql",
    "cond",
    "clause",
    "filter",
    "expr",
    "column",
    "cols",
    "where",
    "order",
    "select",
    "join",
    "query",
    "subquery",
    "predicate",
    "interval",
];

/// What the code's own name says of a hole that stands where a value could.
pub(super) fn role(text: &str, hole: &Hole) -> Role {
    let code = hole.code.of(text);
    let name: String = code.chars().take_while(|c| *c != '(').collect::<String>().to_ascii_lowercase();
    if hole.role == Role::Value && PIECES.iter().any(|word| name.contains(word)) { Role::Fragment } else { hole.role }
}

/// Whether the hole's code is a constant, a number, quoted, or a list of placeholders.
pub(super) fn is_trusted(text: &str, hole: &Hole) -> bool {
    let code = hole.code.of(text).trim_matches(|c: char| c.is_whitespace() || matches!(c, '+' | '.' | '(' | ')' | '<' | '>' | '$'));
    if code.is_empty() {
        // `%d` writes digits only
        return matches!(hole.span.of(text).as_bytes(), [b'%', .., b'd' | b'f' | b'i' | b'x' | b'u']);
    }
    let lower = code.to_ascii_lowercase();
    if SAFE.iter().any(|word| lower.contains(word)) || (lower.contains("join") && lower.contains(['?', '%', '$'])) {
        return true;
    }
    let code = code.split("!r").next().unwrap_or(code);
    let last = code.rsplit(['.', ':']).next().unwrap_or(code);
    let shouted = last.len() > 1 && last.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
    let number = code.chars().all(|c| c.is_ascii_digit() || c == '_');
    // a member of a class or of a table of constants
    let root = code.split(['.', ':', '[']).next().unwrap_or(code);
    let member = root.len() < code.len() && root.starts_with(|c: char| c.is_ascii_uppercase()) && !code.contains('(');
    shouted || number || member || is_constant(text, code)
}

/// Whether the file itself says that the name is a constant.
fn is_constant(text: &str, name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !plain {
        return false;
    }
    memmem::find_iter(text.as_bytes(), name.as_bytes()).take(64).any(|at| {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + name.len()..).unwrap_or(""));
        let line = before.rsplit('\n').next().unwrap_or("").trim_start();
        let value = after.trim_start_matches(|c: char| c != '=' && c != '\n').trim_start_matches(['=', ' ']);
        let constant = [
            "const ",
            "static ",
            "pub const ",
            "export const ",
            "private static final ",
            "public static final ",
            "private const val ",
            "const val ",
        ];
        let declared = constant.iter().any(|word| line.starts_with(word) && line.len() < 60);
        declared && value.starts_with(['"', '\'', '`']) && !value.lines().next().unwrap_or("").contains("${")
    })
}
