//! C#.

use crate::extract::syntax::*;

const BRACE: &[Hole] = &[Hole::Brace];

pub(super) const SYNTAX: Syntax = Syntax {
    name: "csharp",
    quotes: &[
        Quote::new("$@\"").close("\"").lines().escapes(Escapes::Doubled).holes(BRACE),
        Quote::new("@$\"").close("\"").lines().escapes(Escapes::Doubled).holes(BRACE),
        Quote::new("$\"\"\"").close("\"\"\"").lines().escapes(Escapes::Raw).holes(BRACE).margin(Margin::Closing).fence(Fence::Quotes),
        Quote::new("\"\"\"").lines().escapes(Escapes::Raw).margin(Margin::Closing).fence(Fence::Quotes),
        Quote::new("@\"").close("\"").lines().escapes(Escapes::Doubled),
        Quote::new("$\"").close("\"").holes(BRACE),
        Quote::new("\""),
    ],
    chars: Chars::Quoted,
    formatting_calls: &[("Format", Format::Braces), ("AppendFormat", Format::Braces)],
    loops: &["for", "foreach", "while", "do"],
    loop_calls: &["ForEach", "Select", "SelectMany"],
    ..PLAIN
};
