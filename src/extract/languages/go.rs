//! Go.

use crate::extract::syntax::*;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "go",
    quotes: &[Quote::new("`").lines().escapes(Escapes::Raw), Quote::new("\"")],
    chars: Chars::Quoted,
    newline_ends: true,
    formatting_calls: &[
        ("Sprintf", Format::Percent),
        ("Fprintf", Format::Percent),
        ("Appendf", Format::Percent),
        ("Execf", Format::Percent),
        ("Queryf", Format::Percent),
    ],
    loops: &["for"],
    functions: &["func"],
    ..PLAIN
};
