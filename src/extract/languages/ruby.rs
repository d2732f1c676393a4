//! Ruby.

use crate::extract::syntax::*;

const HASH: &[Hole] = &[Hole::HashBrace];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "ruby",
    line_comments: &["#"],
    block_comments: &[("\n=begin", "\n=end"), ("\n__END__\n", "\0")],
    quotes: &[
        Quote::new("\"").lines().holes(HASH),
        Quote::new("'").lines().escapes(Escapes::QuoteOnly),
        Quote::new("`").lines().holes(HASH).opaque(),
    ],
    chars: Chars::Question,
    regex: true,
    heredoc: Some(Heredoc::Ruby),
    sigils: Some(Sigils::Percent),
    concat: &["+", "<<"],
    adjacency: Adjacency::Line,
    newline_ends: true,
    bare_calls: true,
    formatting_calls: &[("format", Format::Percent), ("sprintf", Format::Percent)],
    loops: &["for", "while", "until", "loop"],
    loop_calls: &[
        "each",
        "map",
        "flat_map",
        "each_with_index",
        "each_with_object",
        "find_each",
        "each_pair",
        "each_key",
        "each_value",
        "select",
        "collect",
        "filter_map",
        "each_row",
    ],
    functions: &["def"],
    word_bytes: b"?!",
    percent_fills: true,
    ..PLAIN
};
