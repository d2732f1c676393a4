//! Python.

use crate::extract::syntax::*;

const BRACE: &[Hole] = &[Hole::Brace];

const fn prefix(text: &'static str, raw: bool, holes: &'static [Hole]) -> Prefix {
    Prefix { text, escapes: if raw { Some(Escapes::RawBackslash) } else { None }, holes, hashes: false }
}

const ESCAPES: Escapes = Escapes::Backslash(Unknown::Keep);

pub(super) const SYNTAX: Syntax = Syntax {
    name: "python",
    line_comments: &["#"],
    block_comments: &[],
    prefixes: &[
        prefix("r", true, &[]),
        prefix("u", false, &[]),
        prefix("b", false, &[]),
        prefix("br", true, &[]),
        prefix("rb", true, &[]),
        prefix("f", false, BRACE),
        prefix("fr", true, BRACE),
        prefix("rf", true, BRACE),
        prefix("t", false, BRACE),
        prefix("tr", true, BRACE),
        prefix("rt", true, BRACE),
    ],
    quotes: &[
        Quote::new("\"\"\"").lines().escapes(ESCAPES),
        Quote::new("'''").lines().escapes(ESCAPES),
        Quote::new("\"").escapes(ESCAPES),
        Quote::new("'").escapes(ESCAPES),
    ],
    adjacency: Adjacency::InBrackets,
    newline_ends: true,
    formatting_calls: &[("format", Format::Braces), ("format_map", Format::Braces)],
    margin_calls: &["dedent", "cleandoc"],
    functions: &["def"],
    docstrings: true,
    percent_fills: true,
    ..PLAIN
};
