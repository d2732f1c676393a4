//! What stands around a string: the function, and the loop over rows or ids.
//!
//! Scopes are read from indentation, which every formatter keeps, in all languages alike. Must not know SQL.

use super::scan::Kind;
use super::syntax::Syntax;
use super::tree::Tree;
use crate::source::Span;

/// A loop over things that are not known before the program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    /// Its first line.
    pub header: Span,
    /// What changes with each turn.
    pub variables: Vec<Span>,
}

#[derive(Debug, Clone)]
enum Scope {
    Function(Span),
    Loop(Option<Loop>),
}

/// What stands around each token asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) function: Option<Span>,
    pub(super) in_loop: Option<Loop>,
}

/// Words in a loop's first line that say that it has few turns, or that each turn is many rows.
const BOUNDED: &[&str] = &[
    "chunk",
    "batch",
    "retr",
    "attempt",
    "migration",
    "table",
    "schema",
    "partition",
    "shard",
    "statement",
    "stmt",
    "quer",
    "sql",
    "script",
    "ddl",
    "column",
    "index",
    "page",
    "backend",
    "worker",
    "iteration",
    "field",
    "test",
    "case",
    "fixture",
    "seed",
    "range",
    "times",
    "slice",
    "version",
    "dialect",
    "extension",
    "tries",
    "database",
    "constraint",
    "conn",
    "option",
    "keys_of",
    "signal",
];

/// Follows the tokens of a stream, and says what stands around those at `wanted` (ascending).
pub(super) fn around(tree: &Tree, syntax: &Syntax, wanted: &[usize]) -> Vec<Around> {
    let mut found = Vec::with_capacity(wanted.len());
    let mut scopes: Vec<(u32, Scope)> = vec![];
    let mut wanted = wanted.iter().copied().peekable();
    let mut line = 0;
    while line < tree.tokens.len() && wanted.peek().is_some() {
        let next = (line + 1..tree.tokens.len()).find(|&at| tree.tokens[at].first).unwrap_or(tree.tokens.len());
        let (indent, closes) = (tree.tokens[line].indent, closes(tree, line));
        scopes.retain(|(column, _)| *column < indent || (closes && *column == indent));
        scopes.extend(opened(tree, syntax, line, next).map(|scope| (indent, scope)));
        while let Some(at) = wanted.next_if(|&at| at < next) {
            let _ = at;
            found.push(of(&scopes));
        }
        line = next;
    }
    found.extend(wanted.map(|_| of(&scopes)));
    found
}

/// Whether a function's name says that it is about all there is: `deleteAll`, `reset_state`.
pub(super) fn is_about_all(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "all",
        "reset",
        "clear",
        "wipe",
        "truncate",
        "flush",
        "empty",
        "drop",
        "teardown",
        "everything",
        "anonymize",
        "anonymise",
        "sanitize",
        "scrub",
    ];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a name in code, in lower case: of `delete_all`, `deleteAll` and `DeleteAll` the same.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn of(scopes: &[(u32, Scope)]) -> Around {
    let mut around = Around::default();
    for (_, scope) in scopes {
        match scope {
            Scope::Function(name) => around = Around { function: Some(*name), in_loop: None },
            Scope::Loop(found) => around.in_loop = found.clone().or(around.in_loop),
        }
    }
    around
}

/// A line that ends or goes on with what began at its column.
fn closes(tree: &Tree, at: usize) -> bool {
    matches!(tree.tokens[at].kind, Kind::Punct(b'}' | b')' | b']' | b'{' | b'.'))
        || matches!(
            tree.word(at),
            Some("end" | "else" | "elif" | "elsif" | "rescue" | "ensure" | "except" | "finally" | "catch" | "done" | "do" | "where")
        )
}

fn opened(tree: &Tree, syntax: &Syntax, from: usize, to: usize) -> Option<Scope> {
    // a very long line was not written by hand
    let to = to.min(from + 200);
    if let Some(name) = function(tree, syntax, from, to) {
        return Some(Scope::Function(name));
    }
    let word = |at: usize| tree.word(at).unwrap_or("");
    let start = (from..to.min(from + 4))
        .find(|&at| !matches!(word(at), "await" | "async" | "") || tree.word(at).is_some_and(|w| syntax.loops.contains(&w)));
    if let Some(start) = start.filter(|&at| syntax.loops.contains(&word(at))) {
        let head = if tree.is(start + 1, b'(') { Some(tree.closing(start + 1) + 1) } else { (start..to).find(|&at| tree.is(at, b'{')) };
        return Some(Scope::Loop(header(tree, start, head_end(tree, head, to))));
    }
    let call = (from..to)
        .find(|&at| syntax.loop_calls.contains(&word(at)) && at > from && (tree.is(at - 1, b'.') || syntax.code_marks.is_some()))?;
    let closure = (call..to).any(|at| {
        tree.is(at, b'|')
            || (tree.is(at, b'=') && tree.is(at + 1, b'>'))
            || (tree.is(at, b'-') && tree.is(at + 1, b'>'))
            || matches!(word(at), "fn" | "function" | "async")
    });
    let bars = || (call..to).filter(|&at| tree.is(at, b'|')).nth(1).map(|bar| bar + 1);
    closure.then(|| Scope::Loop(header(tree, call, head_end(tree, bars().or_else(|| arrow(tree, call, to).map(|at| at + 2)), to))))
}

/// Where the head of a loop ends: before its body, where that holds a string on the same line.
fn head_end(tree: &Tree, body: Option<usize>, to: usize) -> usize {
    body.filter(|&body| (body..to).any(|at| tree.literal(at).is_some())).unwrap_or(to)
}

/// The first `=>` or `->`.
fn arrow(tree: &Tree, from: usize, to: usize) -> Option<usize> {
    (from..to).find(|&at| matches!(tree.punct(at), Some(b'=' | b'-')) && tree.is(at + 1, b'>'))
}

fn function(tree: &Tree, syntax: &Syntax, from: usize, to: usize) -> Option<Span> {
    for at in from..to.min(from + 10) {
        let Some(word) = tree.word(at) else { continue };
        if syntax.functions.contains(&word) {
            // `func (r *Repo) Name(`
            let after = if tree.is(at + 1, b'(') { tree.closing(at + 1) + 1 } else { at + 1 };
            return tree.tokens.get(after).filter(|t| t.kind == Kind::Word).map(|t| t.span);
        }
        let control = matches!(
            word,
            "if" | "for"
                | "while"
                | "switch"
                | "catch"
                | "foreach"
                | "using"
                | "lock"
                | "return"
                | "new"
                | "await"
                | "synchronized"
                | "super"
        );
        if control {
            return None;
        }
        // `pub(crate) fn`
        if word == "pub" {
            continue;
        }
        // `name(…) {` of C's family
        if tree.is(at + 1, b'(') && (at == from || !matches!(tree.punct(at - 1), Some(b'.' | b'=' | b'('))) {
            let close = tree.closing(at + 1);
            let body = (close + 1..close + 8)
                .find(|&i| !matches!(tree.tokens.get(i).map(|t| t.kind), Some(Kind::Word | Kind::Punct(b':' | b'<' | b'>' | b','))));
            return body.filter(|&i| tree.is(i, b'{')).map(|_| tree.tokens[at].span);
        }
        // `const name = async (…) =>`
        if tree.is(at + 1, b'=') && matches!(tree.word(from), Some("const" | "let" | "export")) {
            let arrow = (at + 2..to).find(|&i| tree.is(i, b'=') && tree.is(i + 1, b'>'));
            // `const rows = await Promise.all(ids.map((id) =>` is what a loop gives
            let loops = |i: usize| tree.is(i - 1, b'.') && tree.word(i).is_some_and(|word| syntax.loop_calls.contains(&word));
            if let Some(arrow) = arrow {
                return (!(at + 2..arrow).any(loops)).then(|| tree.tokens[at].span);
            }
        }
    }
    None
}

/// The loop that begins at a token; `None` where it has few turns or its turns do not depend on rows.
pub(super) fn header(tree: &Tree, from: usize, to: usize) -> Option<Loop> {
    let span = tree.tokens[from].span.to(tree.tokens[to - 1].span);
    let text = span.of(tree.text).to_ascii_lowercase();
    let ranges = (from..to).any(|at| tree.is(at, b'.') && tree.is(at + 1, b'.'));
    let counts = tree.is(from + 1, b'(') && (from..to).any(|at| tree.is(at, b';'));
    let go_counts = (from..to).filter(|&at| tree.is(at, b';')).count() >= 2;
    let bounded = BOUNDED.iter().any(|word| {
        // Go's `range` is how every loop is written there
        *word != "range" && text.contains(word) || (*word == "range" && text.contains("range("))
    });
    if bounded || ranges || counts || go_counts || runs_over_few(tree, from) {
        return None;
    }
    let variables = variables(tree, from, to)?;
    Some(Loop { header: span, variables })
}

/// Whether the method at `from` runs over a list that is written out, or over a constant: `[A, B].each`, `EVENTS.map`.
fn runs_over_few(tree: &Tree, from: usize) -> bool {
    let Some(last) = from.checked_sub(2).filter(|_| tree.is(from - 1, b'.')) else { return false };
    if tree.literal(last).is_some() {
        return true;
    }
    if let Some(word) = tree.word(last) {
        return word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
    }
    if !tree.is(last, b']') {
        return false;
    }
    let open = (last.saturating_sub(2_000)..last).rev().find(|&at| tree.is(at, b'[') && tree.closing(at) == last);
    open.is_some_and(|open| {
        let indexed =
            open > 0 && !tree.tokens[open].spaced && (tree.word(open - 1).is_some() || matches!(tree.punct(open - 1), Some(b')' | b']')));
        !indexed
    })
}

fn variables(tree: &Tree, from: usize, to: usize) -> Option<Vec<Span>> {
    let word = |at: usize| tree.word(at);
    let names = |range: std::ops::Range<usize>| -> Vec<Span> {
        const NOT: &[&str] = &[
            "for", "let", "const", "var", "final", "mut", "while", "if", "Some", "Ok", "await", "async", "val", "each", "map", "do", "fn",
            "function", "as", "_", "auto", "foreach", "forEach",
        ];
        range.filter_map(|at| tree.word(at).filter(|w| !NOT.contains(w)).map(|_| tree.tokens[at].span)).collect()
    };
    let keyword = word(from).unwrap_or("");
    let find = |what: &[&str]| (from + 1..to).find(|&at| word(at).is_some_and(|w| what.contains(&w)));
    let found = if keyword == "foreach" && find(&["as"]).is_some() {
        names(find(&["as"])? + 1..to)
    } else if matches!(keyword, "for" | "foreach" | "while") {
        if let Some(at) = find(&["in", "of", "range"]) {
            // a list written out, or a constant
            let at = at + usize::from(tree.is(at + 1, b'&'));
            let next = word(at + 1).or(word(at + 2)).unwrap_or("");
            let literal = matches!(tree.punct(at + 1), Some(b'[' | b'(' | b'{')) || tree.literal(at + 1).is_some();
            let constant = next.len() > 1 && next.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
            if literal || constant || at + 1 >= to {
                return None;
            }
            names(from + 1..at)
        } else if let Some(at) = (from + 1..to).find(|&at| tree.is(at, b':') || (tree.is(at, b'<') && tree.is(at + 1, b'-'))) {
            names(at.saturating_sub(1)..at)
        } else if let Some(at) = (from + 1..to).find(|&at| tree.is(at, b'=') && keyword == "while") {
            names(from + 1..at)
        } else {
            return None;
        }
    } else if let Some(bar) = (from..to).find(|&at| tree.is(at, b'|')) {
        let close = (bar + 1..to).find(|&at| tree.is(at, b'|'))?;
        names(bar + 1..close)
    } else if let Some(arrow) = arrow(tree, from, to) {
        names(from + 1..arrow)
    } else {
        return None;
    };
    (!found.is_empty()).then_some(found)
}
