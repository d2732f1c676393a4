//! POSIX shells and bash.

use crate::extract::syntax::*;

const HOLES: &[Hole] = &[Hole::Substitution, Hole::DollarBrace, Hole::DollarName, Hole::Backticks];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "shell",
    line_comments: &["#"],
    block_comments: &[],
    quotes: &[
        Quote::new("$'").close("'").lines().escapes(Escapes::Backslash(Unknown::Keep)),
        Quote::new("\"").lines().escapes(Escapes::Shell).holes(HOLES),
        Quote::new("'").lines().escapes(Escapes::Raw),
    ],
    heredoc: Some(Heredoc::Shell),
    concat: &[],
    newline_ends: true,
    bare_calls: true,
    loops: &["for", "while", "until"],
    functions: &["function"],
    word_bytes: b"-",
    ..PLAIN
};
