//! Scala.

use crate::extract::syntax::*;

const HOLES: &[Hole] = &[Hole::DollarBrace, Hole::DollarName];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "scala",
    nested_comments: true,
    any_prefix: Some(HOLES),
    quotes: &[Quote::new("\"\"\"").lines().escapes(Escapes::Raw), Quote::new("\"")],
    chars: Chars::Quoted,
    concat: &["+", "++", "|+|"],
    newline_ends: true,
    formatting_calls: &[("format", Format::Percent), ("formatted", Format::Percent)],
    bar_margin_calls: &["stripMargin"],
    loop_calls: &["foreach", "traverse", "traverse_"],
    functions: &["def"],
    ..PLAIN
};
