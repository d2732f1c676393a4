//! Statements inside bodies (being written).
use super::token::Token;
use crate::facts::{Body, BodyKind};
use crate::source::FileId;

/// Reads the statements of a body given as a string constant token. `language` is `sql` or `plpgsql`; others give `None`.
pub fn read(_file: FileId, _text: &str, _string: &Token, _language: &str, _kind: BodyKind) -> Option<Body> {
    None
}
