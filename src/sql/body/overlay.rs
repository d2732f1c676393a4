//! Quoted text as SQL at its own place in the file.
//!
//! A dollar-quoted body is SQL as it stands. In `'…'` some bytes are not (half of a doubled quote, an escape's
//! backslash): the reader then gets an overlay, where these bytes are [`FILLER`] and all others keep their offsets.

use crate::source::{FILLER, Span};
use crate::sql::token::{Token, TokenKind};
use std::cell::RefCell;

/// What is not SQL in a string's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// The string's own quoting.
    String,
    /// That, and the specifiers of `format`: each becomes the placeholder `%s`.
    Format,
}

thread_local! {
    /// Overlays that can be used again. What lies before the content in one is never read, so a file's strings, which
    /// come in order, share one and the whole costs no more than the file is long.
    static POOL: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Gives `read` the text in which the content of `string` is SQL, and the content's bytes.
pub(super) fn with<R>(text: &str, string: &Token, escapes: Escapes, read: impl FnOnce(&str, Span) -> R) -> Option<R> {
    if !string.kind.is_string() || string.kind == TokenKind::UnicodeString {
        return None;
    }
    let span = string.content_span(text);
    match unquoted(string.kind, span.of(text), escapes) {
        None => Some(read(text, span)),
        Some(plain) => patched(span, &plain, |text| read(text, span)),
    }
}

/// Gives `read` a text that holds `content` at `span` and says nothing elsewhere.
pub(in crate::sql) fn patched<R>(span: Span, content: &str, read: impl FnOnce(&str) -> R) -> Option<R> {
    if content.len() != span.len() as usize {
        return None;
    }
    let mut text = POOL.with(|pool| pool.borrow_mut().pop()).unwrap_or_default();
    let start = span.start as usize;
    if text.len() > start {
        let keep = (0..=start).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(keep);
    }
    text.extend(std::iter::repeat_n(FILLER as char, start - text.len()));
    text.push_str(content);
    let result = read(&text);
    POOL.with(|pool| pool.borrow_mut().push(text));
    Some(result)
}

/// The content with fillers, as long as before; `None` where every byte is SQL.
fn unquoted(kind: TokenKind, content: &str, escapes: Escapes) -> Option<String> {
    let bytes = content.as_bytes();
    let quotes = kind != TokenKind::DollarString && memchr::memmem::find(bytes, b"''").is_some();
    let backslashes = kind == TokenKind::EscapeString && memchr::memchr(b'\\', bytes).is_some();
    let specifiers = escapes == Escapes::Format && memchr::memchr(b'%', bytes).is_some();
    if !(quotes || backslashes || specifiers) {
        return None;
    }
    let mut plain = bytes.to_vec();
    if quotes || backslashes {
        unescape(&mut plain, backslashes);
    }
    if specifiers {
        placeholders(&mut plain);
    }
    String::from_utf8(plain).ok()
}

/// Of a run of escaped quotes the fillers come first, so that quotes that belong together stay neighbours.
fn unescape(bytes: &mut [u8], backslashes: bool) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        let run = bytes[at..].chunks_exact(2).take_while(|pair| *pair == b"''" || (backslashes && *pair == b"\\'")).count();
        if run > 0 {
            bytes[at..at + run].fill(FILLER);
            bytes[at + run..at + 2 * run].fill(b'\'');
            at += 2 * run;
        } else if backslashes && bytes[at] == b'\\' {
            bytes[at] = FILLER;
            bytes[at + 1] = match bytes[at + 1] {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'b' | b'f' => b' ',
                other => other,
            };
            at += 2;
        } else {
            at += 1;
        }
    }
}

/// `%I`, `%L`, `%-10s`, `%2$I` become `%s` at their end; `%%` becomes one `%`. A part of a name (`part_%s`) becomes
/// underscores, so that the name stays one word.
fn placeholders(bytes: &mut [u8]) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] != b'%' {
            at += 1;
            continue;
        }
        let flags = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'$' | b'-' | b'*')).count();
        let end = at + 1 + flags;
        match bytes.get(end) {
            Some(b'%') => bytes[at..end].fill(FILLER),
            Some(b'I' | b'L' | b's') if in_word(bytes.get(end + 1)) || (at > 0 && in_word(bytes.get(at - 1))) => {
                bytes[at..=end].fill(b'_');
            }
            Some(b'I' | b'L' | b's') => {
                bytes[at..end].fill(FILLER);
                bytes[end - 1] = b'%';
                bytes[end] = b's';
            }
            _ => {}
        }
        at = end + 1;
    }
}

fn in_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_byte_that_is_left_stands_where_it_stood() {
        let plain = |kind, text: &str, escapes| unquoted(kind, text, escapes).unwrap().replace('\0', "·");
        assert_eq!(plain(TokenKind::String, "a = ''it''''s''", Escapes::String), "a = ·'it··''s·'");
        assert_eq!(plain(TokenKind::EscapeString, r"\'a\'\n\\", Escapes::String), "·'a·'·\n·\\");
        assert_eq!(plain(TokenKind::DollarString, "ALTER %I.%1$I 5 %% %L", Escapes::Format), "ALTER %s.··%s 5 ·% %s");
        assert_eq!(plain(TokenKind::DollarString, "part_%s %1$s_x", Escapes::Format), "part___ _____x");
        assert!(unquoted(TokenKind::DollarString, "a ''", Escapes::String).is_none());
    }

    #[test]
    fn overlays_are_used_again_whatever_they_held() {
        for (start, content) in [(5, "é"), (6, "ab"), (0, "x"), (3, "yz")] {
            let span = Span::new(start, start + content.len() as u32);
            assert_eq!(patched(span, content, |text| span.of(text).to_owned()).unwrap(), content);
        }
    }
}
