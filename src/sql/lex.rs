//! The lexer (being written).
use super::token::{Dialect, Token};
use crate::source::Span;
use std::borrow::Cow;

/// Cuts the bytes `range` of `text` into tokens that cover it without gaps.
pub fn lex(_text: &str, _range: Span, _dialect: Dialect) -> Vec<Token> {
    vec![]
}

/// An identifier folded and unquoted, or a string constant unescaped; other tokens as written.
pub fn value<'t>(token: &Token, text: &'t str) -> Cow<'t, str> {
    Cow::Borrowed(token.text(text))
}
