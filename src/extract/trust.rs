//! Whether code inside SQL can bring SQL of its own.

use super::holes::{Hole, Role};
use super::values::{self, Giver};
use memchr::memmem;

/// What quotes a value or a name, or gives placeholders for values.
const SAFE: &[&str] = &[
    "quote",
    "qstr(",
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
    "nameof(",
    "hex::encode",
    ".hex()",
    "hexlify(",
    "replace(\"'\", \"''\")",
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
    "attribute",
];

/// Functions whose results are quoted, by their whole names.
const QUOTING: &[&str] =
    &["lit", "ident", "quoted", "name", "table", "tablename", "table_name", "column", "schema", "as_sql", "to_sql", "tosql", "wrap"];

/// What a variable may come from that quoted it, wrote placeholders, or let only known values through.
const QUOTED: &[&str] = &[
    "quote",
    "qstr(",
    "escape",
    "sanitiz",
    "identifier(",
    "placeholder",
    "literal",
    "permit",
    "whitelist",
    "allowed",
    "allowlist",
    "wrap(",
    "table_name(",
    "replace(\"'\", \"''\")",
];

/// Names of what counts things, glued to a name: `users_$i`, `autopoint_#{depth}`.
const COUNTERS: &[&str] =
    &["i", "j", "k", "n", "depth", "index", "idx", "number", "num", "level", "count", "year", "month", "day", "shard"];

/// Words in a name that say that a part of a statement stands where a name could.
const PARTS: &[&str] = &[
    "order", "sort", "where", "cond", "filter", "group", "limit", "having", "suffix", "sql", "query", "columns", "cols", "fields",
    "clause", "select", "expr",
];

/// Members by which programs name their own tables and columns: `Model.table_name`, `u.TableName()`, `config.schema`.
const NAMING: &[&str] = &["table", "schema", "column", "relation", "index", "view", "seq"];

/// Whether the code is a name that the program gives its own objects.
fn names_object(code: &str) -> bool {
    let lower = code.trim_end_matches(['(', ')']).to_ascii_lowercase();
    let last = lower.rsplit(['.', ':', '>']).next().unwrap_or(&lower);
    let member = last.len() < lower.len() || code.ends_with("()");
    // `this.getTableName(entity)`
    let function = lower.split('(').next().unwrap_or("");
    let asked =
        function.len() < lower.len() && NAMING.iter().any(|word| function.rsplit(['.', ':', '>']).next().unwrap_or("").contains(word));
    asked || (member && !last.contains(['(', '[']) && NAMING.iter().any(|word| last.contains(word)))
}

/// What the code's own name says of a hole that stands where a value could.
pub(super) fn role(text: &str, hole: &Hole) -> Role {
    let code = hole.code.of(text);
    let name: String = code.chars().take_while(|c| *c != '(').collect::<String>().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match hole.role {
        // `IN (" + ",".join(ids) + ")"`: of values that a caller gives
        Role::Value if name.ends_with("join") || name.ends_with("implode") => match values::only_variable(code) {
            Some(list)
                if !PIECES.iter().any(|word| list.contains(word)) && values::comes_from_outside(text, hole.span.start as usize, list) =>
            {
                Role::Value
            }
            _ => Role::Fragment,
        },
        Role::Value if has(PIECES) => Role::Fragment,
        // the placeholders of `VALUES (…)`
        Role::Value if ["values", "vals", "qs", "marks", "binds"].contains(&name.trim_matches(|c: char| !c.is_alphanumeric())) => {
            Role::Fragment
        }
        // a list of columns is a piece
        Role::Identifier if code.contains("join(") || code.contains("implode(") => Role::Fragment,
        Role::InString if has(NAMING) => Role::NameInString,
        Role::Identifier if has(PARTS) && !has(&["table", "schema"]) => Role::Fragment,
        role => role,
    }
}

/// Who outside gives what the hole brings, as far as the file shows it. `start` is where the text begins that it stands in, whose
/// own names are columns.
pub(super) fn giver(text: &str, hole: &Hole, start: u32, language: &str) -> Option<Giver> {
    // an argument of a shell's script has a number for a name
    let own = hole.code.of(text).trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | '*'));
    if language == "shell" && (own.starts_with(|c: char| c.is_ascii_digit()) || matches!(own, "@" | "*")) {
        return Some(Giver::Request);
    }
    let code = hole.code.of(text).trim_matches(|c: char| c.is_whitespace() || matches!(c, '+' | '.' | '(' | ')' | '<' | '>'));
    let given = |code: &str| values::giver(text, start.min(hole.span.start) as usize, code);
    // `",".join(ids)`
    let joined = code.contains("join(") || code.contains("implode(");
    given(code).or_else(|| values::only_variable(code).filter(|_| joined).and_then(given))
}

/// Whether the hole's code is a constant, a number, quoted, or a list of placeholders. `start` is where the text begins that it stands in.
pub(super) fn is_trusted(text: &str, hole: &Hole, start: u32, language: &str) -> bool {
    let code = hole.code.of(text).trim_matches(|c: char| c.is_whitespace() || matches!(c, '+' | '.' | '(' | ')' | '<' | '>' | '$'));
    if code.is_empty() {
        // `%d` writes digits only
        return is_number_mark(hole.span.of(text).as_bytes());
    }
    if is_number_mark(hole.span.of(text).as_bytes()) {
        return true;
    }
    let lower = code.to_ascii_lowercase();
    // a module's attribute is known when it is compiled
    let attribute = code.strip_prefix('@').is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    if attribute && memmem::find(text.as_bytes(), b"defmodule ").is_some() {
        return true;
    }
    if SAFE.iter().any(|word| lower.contains(word)) || (lower.contains("join") && lower.contains(['?', '%', '$'])) {
        return true;
    }
    let head = lower.split('(').next().unwrap_or("");
    let function = head.rsplit(['.', ':', '>']).next().unwrap_or(head);
    if (lower.contains('(') && QUOTING.contains(&function))
        || (hole.role == Role::Identifier && (names_object(code) || is_own_name(text, code)))
    {
        return true;
    }
    if has_constant_arguments(text, hole) || is_the_programs_own(text, hole, code, language) {
        return true;
    }
    let quotes = |value: &str| {
        let lower = value.to_ascii_lowercase();
        let marks = ["'?'", "\"?\"", "?, ", "\"%s\"", "'%s'", "\"$", "'$'", "`$$"];
        QUOTED.iter().any(|word| lower.contains(word))
            || (hole.role == Role::Identifier && names_object(value))
            || (["join", "map", "repeat", "fill"].iter().any(|word| lower.contains(word)) && marks.iter().any(|mark| value.contains(mark)))
    };
    // the SQL itself has names too
    let at = start.min(hole.span.start) as usize;
    let harmless = |code: &str| values::is_harmless(text, at, code, &quotes) == Some(true);
    // what the program's own function without arguments gives: `getBooleanFalse()`
    let own = code.chars().all(|c| c.is_alphanumeric() || c == '_') && hole.code.of(text).contains("()");
    if own
        || values::is_number(hole.code.of(text))
        || harmless(code)
        || values::only_variable(code).is_some_and(harmless)
        || values::is_of_literals(hole.code.of(text))
        || values::is_of_literals(code)
    {
        return true;
    }
    // `"… {a}".format(a=literal(b))`
    let keyword = || {
        let rest = text.get(hole.span.end as usize..).unwrap_or("");
        let near = rest.get(..crate::source::floor_boundary(rest, 800)).unwrap_or("");
        let value = near.find(&format!("{code}=")).and_then(|at| near[at + code.len() + 1..].lines().next());
        near.contains(".format(") && value.is_some_and(quotes)
    };
    if language == "python" && keyword() {
        return true;
    }
    // the program names its own tables in many ways, and hands them from function to function: no parameter could stand for one, so
    // only what a request brings can be anybody's
    let giver = || values::giver(text, at, code);
    if hole.role == Role::Identifier && giver() != Some(Giver::Request) || hole.role == Role::NameInString && giver().is_none() {
        return true;
    }
    if is_counted(text, at, code) {
        return true;
    }
    // Flask: `<int:order_id>` of the route
    let routed = language == "python" && memmem::find(text.as_bytes(), format!("<int:{code}>").as_bytes()).is_some();
    if routed || is_checked(text, at, hole.code.of(text)) || is_of_known(text, at, code) {
        return true;
    }
    // a cast to a number writes digits; one of a constant writes the constant
    if ["long)", "int)", "Long)", "Integer)", "double)"].iter().any(|cast| code.starts_with(cast)) {
        return true;
    }
    let code = code.strip_prefix("string(").map_or(code, |inner| inner.trim_end_matches(')'));
    let exported =
        |name: &str| name.split_once('.').is_some_and(|(of, name)| !of.contains('(') && name.starts_with(|c: char| c.is_ascii_uppercase()));
    if code.starts_with("enum.") && exported(code) {
        return true;
    }
    let code = code.split("!r").next().unwrap_or(code);
    let last = code.rsplit(['.', ':']).next().unwrap_or(code);
    let shouted = last.len() > 1 && last.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
    // an argument of a shell's script has a number for a name
    let number = language != "shell" && code.chars().all(|c| c.is_ascii_digit() || c == '_');
    // a member of a class or of a table of constants
    let root = code.split(['.', ':', '[']).next().unwrap_or(code);
    let member = root.len() < code.len() && root.starts_with(|c: char| c.is_ascii_uppercase()) && !code.contains('(');
    shouted || number || member || is_constant(text, code)
}

/// Whether the code counts with the variable: `limit=50` among the parameters, `limit += 1`.
fn is_counted(text: &str, at: usize, code: &str) -> bool {
    let before = text.get(crate::source::floor_boundary(text, at.saturating_sub(CHECKED))..at).unwrap_or("");
    let plain = !code.is_empty() && code.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain
        && before.rmatch_indices(code).take(64).any(|(place, _)| {
            let (left, right) = (&before[..place], &before[place + code.len()..]);
            let whole = !left.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '>'));
            let value = right
                .trim_start()
                .strip_prefix("+=")
                .or_else(|| right.strip_prefix('=').filter(|_| left.trim_end().ends_with(['(', ','])))
                .map(str::trim_start);
            let digits = |value: &str| {
                let rest = value.trim_start_matches(|c: char| c.is_ascii_digit());
                rest.len() < value.len() && rest.trim_start_matches(' ').starts_with([')', ',', '\n', '\r'])
            };
            whole && value.is_some_and(digits) && values::heads(right) == 0
        })
}

/// Whether the function has asked, before, if the very same is a number: `is_numeric($_GET['id'])`.
fn is_checked(text: &str, at: usize, code: &str) -> bool {
    const CHECKS: &[&str] = &["is_numeric(", "ctype_digit(", "is_int(", "Number.isInteger(", "Number.isSafeInteger("];
    let code = code.trim().trim_matches(['{', '}', '\'', '"', '.', ' ', '\n']);
    let before = text.get(crate::source::floor_boundary(text, at.saturating_sub(CHECKED))..at).unwrap_or("");
    code.len() > 2
        && before.rmatch_indices(code).take(64).any(|(place, _)| {
            let (left, right) = (before[..place].trim_end_matches('$'), &before[place + code.len()..]);
            right.starts_with(')') && CHECKS.iter().any(|check| left.ends_with(check)) && values::heads(right) == 0
        })
}

/// Whether the function has refused, before, what is not of a list of its own: `if (!in_array($type, $known, true)) die(…)`.
fn is_of_known(text: &str, at: usize, code: &str) -> bool {
    let code = code.trim().trim_matches(['{', '}', '\'', '"', '.', ' ', '\n', '$']);
    let source = values::source(text, at, code)
        .map(|value| value.trim().trim_start_matches('$'))
        .filter(|value| value.len() > 2 && value.len() < 60);
    refuses_unknown(text, at, code) || source.is_some_and(|value| refuses_unknown(text, at, value))
}

fn refuses_unknown(text: &str, at: usize, code: &str) -> bool {
    const LEAVES: &[&str] = &["throw", "return", "raise", "die(", "exit", "abort", "panic", "continue"];
    const NEAR: usize = 120;
    let before = text.get(crate::source::floor_boundary(text, at.saturating_sub(CHECKED))..at).unwrap_or("");
    !code.is_empty()
        && before.rmatch_indices(code).take(64).any(|(place, _)| {
            let (left, right) = (before[..place].trim_end_matches('$'), &before[place + code.len()..]);
            let line = left.rsplit('\n').next().unwrap_or("");
            let asks = [".includes(", ".contains(", ".Contains(", ".include?(", ".has("].iter().any(|call| left.ends_with(call))
                && right.starts_with(')');
            let of = left.ends_with("in_array(") && right.trim_start().starts_with(',')
                || line.contains("slices.Contains(") && left.ends_with(", ") && right.starts_with(')')
                || asks;
            let refused = of && (line.contains('!') || line.contains("not ") || line.contains("unless "))
                || left.ends_with(' ') && right.starts_with(" not in ");
            let then = || right.get(..crate::source::floor_boundary(right, NEAR.min(right.len()))).unwrap_or("");
            refused && values::heads(right) == 0 && LEAVES.iter().any(|word| then().contains(word))
        })
}

/// So far before a hole a check is looked for.
const CHECKED: usize = 6_000;

/// What each language's habits say of a name.
fn is_the_programs_own(text: &str, hole: &Hole, code: &str, language: &str) -> bool {
    let lower = code.to_ascii_lowercase();
    let last = code.rsplit(['.', '>', ':']).next().unwrap_or(code);
    // `users$i`, `autopoint_#{depth}`
    let glued = text.as_bytes().get((hole.span.start as usize).wrapping_sub(1)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let plain = last.to_ascii_lowercase();
    if hole.role == Role::Identifier
        && glued
        && (COUNTERS.contains(&plain.as_str()) || plain.ends_with("depth") || plain.ends_with("index"))
    {
        return true;
    }
    // a moment is written by its format, and what generates SQL gives SQL
    let generated = lower.ends_with(".sql")
        || ["sqlgenerator", "sqlresolver", "dialect"].iter().any(|word| lower.starts_with(word) && lower.len() > word.len());
    if generated || [".to_s(:db)", ".to_fs(:db)", "strftime(", "isoformat(", ".toisostring("].iter().any(|word| lower.contains(word)) {
        return true;
    }
    // what whoever runs the program has set
    let of_class = lower.ends_with("class.name") || lower.ends_with("class_name") || lower.ends_with(".constructor.name");
    let set =
        of_class || ["config.", "conf.", "cfg.", "settings.", "self.config.", "this.config."].iter().any(|root| lower.starts_with(root));
    if (of_class || set) && !lower.contains(['(', '[']) {
        return true;
    }
    match language {
        // a record's own number, where no quotes stand around it
        "javascript" | "typescript" => {
            let root = code.split('.').next().unwrap_or("");
            let given = ["req", "request", "args", "params", "input", "body", "query", "event", "options", "props", "ctx", "context"]
                .contains(&root);
            hole.role == Role::Value && last == "id" && root.len() < code.len() && !given && !lower.contains(['(', '[', '$'])
        }
        // a record's own number
        "ruby" => {
            let given = lower.contains(['[', '(']) || lower.contains("param");
            let at = hole.span.start as usize;
            let before = text.get(crate::source::floor_boundary(text, at.saturating_sub(3_000))..at).unwrap_or("");
            // of a block or a method it may be anything
            let passed = || ["|id|", "(id)", "(id,", ", id)", ", id|", "|id,"].iter().any(|list| before.contains(list));
            (code == "self.id" || (last == "id" && (last.len() < code.len() || !passed()))) && !given
                || (code == "table_name" && text.contains("ActiveRecord"))
                || ["to_i", "to_f"].iter().any(|word| lower.ends_with(word))
        }
        // `$iLimit`
        "php" => {
            let mut letters = last.chars();
            hole.span.of(text).contains('$')
                && matches!(letters.next(), Some('i' | 'f' | 'b'))
                && letters.next().is_some_and(char::is_uppercase)
        }
        // `schema.ColumnName` of another package
        "go" => code.split_once('.').is_some_and(|(package, name)| {
            let imported = || {
                ["/", " "].iter().any(|before| text.contains(&format!("{before}{package}\"\n")))
                    || text.contains(&format!("\t{package} \""))
            };
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_alphanumeric()) && imported()
        }),
        _ => false,
    }
}

/// Whether the code is a call that gets nothing but constants: `hash("admin", ALGORITHM)`.
fn has_constant_arguments(text: &str, hole: &Hole) -> bool {
    let code = hole.code.of(text).trim().trim_start_matches(['+', '.', ' ', '\\']).trim_end_matches([' ', ')']);
    let Some((name, arguments)) = code.split_once('(') else { return false };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
    let constant = |argument: &str| {
        let argument = argument.trim();
        let quoted = argument.len() > 1 && argument.starts_with(['"', '\'']) && argument.ends_with(['"', '\'']);
        let shouted = argument.len() > 1 && argument.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
        (quoted && !argument.contains(['{', '$'])) || shouted
    };
    plain && !arguments.is_empty() && arguments.split(',').all(constant)
}

fn is_number_mark(mark: &[u8]) -> bool {
    matches!(mark, [b'%', .., b'd' | b'f' | b'i' | b'x' | b'u'])
}

/// Whether the file gives the variable the name of an object of its own: `users := User{}.TableName()`.
fn is_own_name(text: &str, name: &str) -> bool {
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return false;
    }
    memmem::find_iter(text.as_bytes(), name.as_bytes()).take(64).any(|at| {
        let after = text.get(at + name.len()..).unwrap_or("").trim_start_matches([' ', ':']);
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let value = after.strip_prefix('=').and_then(|value| value.lines().next()).unwrap_or("").trim().trim_end_matches(';');
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_') && value.len() < 120 && !value.starts_with('=') && names_object(value)
    })
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

#[cfg(test)]
mod tests {
    use super::Role;
    use crate::extract::{Language, Options, extract};
    use crate::source::FileId;
    use std::path::Path;

    /// Each hole's role, and whether it is trusted.
    fn holes(path: &str, code: &str) -> Vec<(Role, bool)> {
        let language = Language::of_path(Path::new(path)).expect("a known extension");
        let found = extract(FileId(0), code, language, Options::default());
        found.fragments.iter().flat_map(|fragment| &fragment.holes).map(|hole| (hole.role, hole.trusted)).collect()
    }

    #[test]
    fn formatted_arguments_are_matched_with_their_marks() {
        let go = "const limit = \"10\"\nfunc f() {\n q := fmt.Sprintf(\"SELECT a FROM %s WHERE b = '%s' AND c = '%[4]s' LIMIT %[3]s\", m.TableName(), x, limit, MAX)\n}\n";
        let found = holes("a.go", go);
        assert_eq!(found, [(Role::Identifier, true), (Role::InString, false), (Role::InString, true), (Role::Value, true)]);
        let rust = "fn f() { let q = format!(\"SELECT a FROM t WHERE b = '{}' AND c = '{name}' AND d = '{0}'\", LOWER, name = other); }";
        assert_eq!(holes("a.rs", rust), [(Role::InString, true), (Role::InString, false), (Role::InString, true)]);
        let python = "q = \"SELECT a FROM t WHERE b = '%s' AND c = '%s'\" % (NAME, value)\n";
        assert_eq!(holes("a.py", python), [(Role::InString, true), (Role::InString, false)]);
    }

    #[test]
    fn names_of_the_program_s_own_objects_are_trusted() {
        let go = "func f(given string) {\nusers := User{}.TableName()\nq := fmt.Sprintf(\"DELETE FROM %s WHERE id IN (SELECT id FROM %s)\", users, req.Wanted)\n";
        assert_eq!(holes("a.go", go), [(Role::Identifier, true), (Role::Identifier, false)]);
        let given = "func f(given string) {\nq := fmt.Sprintf(\"DELETE FROM %s WHERE id = 1\", given)\n";
        assert_eq!(holes("a.go", given), [(Role::Identifier, true)]);
        let list = "function f(tableName: string) {\nconst q = `SELECT ${columns.join(', ')} FROM t WHERE relname = '${tableName}'`;\n";
        assert_eq!(holes("a.js", list), [(Role::Fragment, false), (Role::NameInString, false)]);
    }

    #[test]
    fn a_tag_with_a_type_of_braces_binds() {
        let code = "const a = await prisma.$queryRaw<Array<{ id: string; n: number }>>`SELECT a FROM t WHERE b = ${value}`;\n";
        let language = Language::of_path(Path::new("a.ts")).expect("a known extension");
        let found = extract(FileId(0), code, language, Options::default());
        assert!(found.fragments[0].bound);
    }
}
