//! Elixir.

use crate::extract::syntax::*;

const HASH: &[Hole] = &[Hole::HashBrace];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "elixir",
    line_comments: &["#"],
    block_comments: &[],
    quotes: &[
        Quote::new("\"\"\"").lines().holes(HASH).margin(Margin::Closing),
        Quote::new("'''").lines().holes(HASH).margin(Margin::Closing),
        Quote::new("\"").lines().holes(HASH),
        Quote::new("'").lines().holes(HASH),
    ],
    chars: Chars::Question,
    sigils: Some(Sigils::Tilde),
    concat: &["<>"],
    newline_ends: true,
    bare_calls: true,
    loops: &["for"],
    loop_calls: &["each", "map", "reduce", "flat_map", "async_stream", "map_reduce"],
    functions: &["def", "defp", "defmacro"],
    word_bytes: b"?!@",
    ..PLAIN
};
