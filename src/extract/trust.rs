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

/// Functions whose results are quoted, by their whole names.
const QUOTING: &[&str] =
    &["lit", "ident", "quoted", "name", "table", "tablename", "table_name", "column", "schema", "as_sql", "to_sql", "tosql"];

/// Members by which programs name their own tables and columns: `Model.table_name`, `u.TableName()`, `config.schema`.
const NAMING: &[&str] = &["table", "schema", "column", "relation", "index", "view", "sequence"];

/// Whether the code is a name that the program gives its own objects.
fn names_object(code: &str) -> bool {
    let lower = code.trim_end_matches(['(', ')']).to_ascii_lowercase();
    let last = lower.rsplit(['.', ':', '>']).next().unwrap_or(&lower);
    let member = last.len() < lower.len() || code.ends_with("()");
    member && !last.contains(['(', '[']) && NAMING.iter().any(|word| last.contains(word))
}

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
        return is_number_mark(hole.span.of(text).as_bytes());
    }
    if is_number_mark(hole.span.of(text).as_bytes()) {
        return true;
    }
    let lower = code.to_ascii_lowercase();
    if SAFE.iter().any(|word| lower.contains(word)) || (lower.contains("join") && lower.contains(['?', '%', '$'])) {
        return true;
    }
    let head = lower.split('(').next().unwrap_or("");
    let function = head.rsplit(['.', ':', '>']).next().unwrap_or(head);
    if (lower.contains('(') && QUOTING.contains(&function)) || (hole.role == Role::Identifier && names_object(hole.code.of(text).trim())) {
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

fn is_number_mark(mark: &[u8]) -> bool {
    matches!(mark, [b'%', .., b'd' | b'f' | b'i' | b'x' | b'u'])
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
        // a line of Go's `const ( … )`
        let grouped = || line.is_empty() && before.rfind("const (").is_some_and(|open| !before[open..].contains("\n)"));
        let declared = constant.iter().any(|word| line.starts_with(word) && line.len() < 60) || grouped();
        declared && value.starts_with(['"', '\'', '`']) && !value.lines().next().unwrap_or("").contains("${")
    })
}
