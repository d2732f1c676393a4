//! PHP.

use crate::extract::syntax::*;

const HOLES: &[Hole] = &[Hole::PhpBrace, Hole::DollarBrace, Hole::PhpName];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "php",
    line_comments: &["//", "#"],
    quotes: &[
        Quote::new("\"").lines().holes(HOLES).escapes(Escapes::Backslash(Unknown::Keep)),
        Quote::new("'").lines().escapes(Escapes::QuoteOnly),
        Quote::new("`").lines().opaque(),
    ],
    heredoc: Some(Heredoc::Php),
    concat: &["."],
    formatting_calls: &[("sprintf", Format::Percent), ("vsprintf", Format::Percent)],
    loops: &["for", "foreach", "while", "do"],
    loop_calls: &["array_map", "array_walk", "each"],
    functions: &["function", "fn"],
    code_marks: Some(("<?", "?>")),
    word_bytes: b"$",
    ..PLAIN
};
