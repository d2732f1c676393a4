//! JavaScript and TypeScript, with their markup.

use crate::extract::syntax::*;

pub(super) const JAVASCRIPT: Syntax = Syntax {
    name: "javascript",
    quotes: &[Quote::new("`").lines().holes(&[Hole::DollarBrace]), Quote::new("\""), Quote::new("'")],
    regex: true,
    newline_ends: false,
    formatting_calls: &[("format", Format::Percent)],
    margin_calls: &["dedent", "outdent"],
    loops: &["for", "while", "do"],
    loop_calls: &["forEach", "map", "flatMap", "reduce", "filter", "every", "some"],
    functions: &["function"],
    word_bytes: b"$#",
    ..PLAIN
};

pub(super) const TYPESCRIPT: Syntax = Syntax { name: "typescript", ..JAVASCRIPT };
