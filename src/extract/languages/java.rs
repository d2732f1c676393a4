//! Java.

use crate::extract::syntax::*;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "java",
    quotes: &[Quote::new("\"\"\"").lines().margin(Margin::Common), Quote::new("\"")],
    chars: Chars::Quoted,
    formatting_calls: &[("format", Format::Percent), ("formatted", Format::Percent)],
    loops: &["for", "while", "do"],
    loop_calls: &["forEach"],
    ..PLAIN
};
