//! TOML.

use crate::extract::syntax::*;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "toml",
    line_comments: &["#"],
    block_comments: &[],
    quotes: &[
        Quote::new("\"\"\"").lines().escapes(Escapes::Backslash(Unknown::DropIndent)),
        Quote::new("'''").lines().escapes(Escapes::Raw),
        Quote::new("\""),
        Quote::new("'").escapes(Escapes::Raw),
    ],
    concat: &[],
    newline_ends: true,
    loops: &[],
    ..PLAIN
};
