//! What a token means: folded, unquoted, unescaped.

use super::{K, Token};
use crate::source::FILLER;
use std::borrow::Cow;

pub(super) fn of<'t>(token: &Token, text: &'t str) -> Cow<'t, str> {
    let content = match token.kind {
        K::QuotedIdent | K::UnicodeIdent | K::BitString | K::HexString => token.content_span(text).of(text),
        kind if kind.is_string() => token.content_span(text).of(text),
        _ => token.text(text),
    };
    let content = without_fillers(content);
    match token.kind {
        K::QuotedIdent | K::Placeholder if content.starts_with("{{") => Cow::Owned(spaced(&content)),
        K::Word => folded(content),
        K::String | K::NationalString => undoubled(content, '\''),
        K::QuotedIdent => undoubled(content, '"'),
        K::EscapeString => Cow::Owned(unescape(&content)),
        K::UnicodeString => Cow::Owned(unicode(&undoubled(content, '\''))),
        K::UnicodeIdent => Cow::Owned(unicode(&undoubled(content, '"'))),
        _ => content,
    }
}

/// A template's hole with one blank between its words: `{{index .A}}` and `{{ index .A }}` stand for the same.
fn spaced(text: &str) -> String {
    match text.get(2..).and_then(|rest| rest.split_once("}}")) {
        Some((hole, rest)) => format!("{{{{ {} }}}}{rest}", hole.split_whitespace().collect::<Vec<_>>().join(" ")),
        None => text.to_owned(),
    }
}

fn without_fillers(text: &str) -> Cow<'_, str> {
    match memchr::memchr(FILLER, text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.replace(FILLER as char, "")),
    }
}

/// PostgreSQL folds ASCII letters only (in UTF-8 databases).
fn folded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

fn undoubled(text: Cow<'_, str>, quote: char) -> Cow<'_, str> {
    let double = [quote, quote].iter().collect::<String>();
    if text.contains(&double) { Cow::Owned(text.replace(&double, &quote.to_string())) } else { text }
}

/// `E'…'` (manual, section 4.1.2.2).
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                chars.next_if_eq(&'\'');
                out.push('\'');
            }
            '\\' => escape(&mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;

fn escape(chars: &mut Chars<'_>, out: &mut String) {
    let Some(c) = chars.next() else { return };
    let code = match c {
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'x' => digits(chars, 16, 2),
        'u' => digits(chars, 16, 4),
        'U' => digits(chars, 16, 8),
        '0'..='7' => {
            let first = c.to_digit(8).unwrap_or(0);
            let mut code = first;
            for _ in 0..2 {
                let Some(d) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                chars.next();
                code = code * 8 + d;
            }
            Some(code)
        }
        _ => None,
    };
    out.push(code.map_or(c, |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)));
}

fn digits(chars: &mut Chars<'_>, radix: u32, most: usize) -> Option<u32> {
    let mut code = None;
    for _ in 0..most {
        let Some(d) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        chars.next();
        code = Some(code.unwrap_or(0u32).wrapping_mul(radix).wrapping_add(d));
    }
    code
}

/// `U&'…'` with the default escape character.
fn unicode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
        } else if chars.next_if_eq(&'\\').is_some() {
            out.push('\\');
        } else {
            let most = if chars.next_if_eq(&'+').is_some() { 6 } else { 4 };
            let code = digits(&mut chars, 16, most).and_then(char::from_u32);
            out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    out
}
