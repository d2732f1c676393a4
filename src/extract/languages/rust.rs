//! Rust.

use crate::extract::syntax::*;

const fn raw(text: &'static str) -> Prefix {
    Prefix { text, escapes: Some(Escapes::Raw), holes: &[], hashes: true }
}

const fn bytes(text: &'static str) -> Prefix {
    Prefix { text, escapes: None, holes: &[], hashes: false }
}

pub(super) const SYNTAX: Syntax = Syntax {
    name: "rust",
    nested_comments: true,
    prefixes: &[raw("r"), raw("br"), raw("cr"), bytes("b"), bytes("c")],
    quotes: &[Quote::new("\"").lines().escapes(Escapes::Backslash(Unknown::DropIndent))],
    chars: Chars::Quoted,
    joining_calls: &["concat", "concatcp", "concatc", "str_concat"],
    formatting_calls: &[
        ("format", Format::Braces),
        ("format_args", Format::Braces),
        ("write", Format::Braces),
        ("writeln", Format::Braces),
        ("formatdoc", Format::Braces),
        ("formatcp", Format::Braces),
    ],
    margin_calls: &["indoc", "formatdoc"],
    loops: &["for", "while", "loop"],
    loop_calls: &["for_each", "map", "for_each_concurrent", "then"],
    functions: &["fn"],
    ..PLAIN
};
