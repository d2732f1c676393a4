//! Kotlin.

use crate::extract::syntax::*;

const HOLES: &[Hole] = &[Hole::DollarBrace, Hole::DollarName];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "kotlin",
    nested_comments: true,
    quotes: &[Quote::new("\"\"\"").lines().escapes(Escapes::Raw).holes(HOLES), Quote::new("\"").holes(HOLES)],
    chars: Chars::Quoted,
    bar_margin_calls: &["trimMargin"],
    margin_calls: &["trimIndent"],
    loops: &["for", "while", "do"],
    loop_calls: &["forEach", "map", "flatMap", "onEach"],
    functions: &["fun"],
    ..PLAIN
};
