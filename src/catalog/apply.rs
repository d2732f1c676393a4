//! Folding statements into the schema (being written).
use super::Catalog;
use crate::facts::Statement;

impl Catalog {
    /// Folds one statement in. `text` is its file's text. Statements inside DO bodies are folded too, as partial knowledge.
    pub fn apply(&mut self, _statement: &Statement, _text: &str) {}
}
