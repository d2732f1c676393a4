//! (being written) The run: parse, fold, rules, suppress.

use crate::catalog::Catalog;
use crate::finding::Outcome;
use crate::session::Transaction;
use crate::settings::Settings;
use crate::source::{Source, Span};
use std::path::PathBuf;

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// As shown: relative to the working directory.
    pub path: PathBuf,
    /// The file as it lies on disk.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: InputKind,
    /// False: only replayed for the schema.
    pub reported: bool,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// A migration.
    Migration(MigrationInfo),
    /// A plain SQL file.
    Sql,
    /// A document with fenced SQL.
    Markdown,
}

/// How a migration runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationInfo {
    /// Who runs it.
    pub framework: &'static str,
    /// It undoes another.
    pub down: bool,
    /// What is open before the first statement.
    pub transaction: Transaction,
    /// Parts of the file with their own direction and transaction.
    pub sections: Option<Vec<Section>>,
}

/// A part of a migration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its bytes.
    pub span: Span,
    /// It undoes.
    pub down: bool,
    /// What is open before its first statement.
    pub transaction: Transaction,
}

/// Checks the inputs, in replay order.
pub fn check(inputs: Vec<Input>, _settings: &Settings) -> Outcome {
    let mut outcome = Outcome::default();
    for input in inputs {
        outcome.summary.files += usize::from(input.reported);
        outcome.sources.add(Source::new(input.path, input.bytes));
    }
    outcome
}

/// The schema that the inputs leave.
pub fn schema(inputs: Vec<Input>, settings: &Settings) -> (Catalog, Outcome) {
    (Catalog::default(), check(inputs, settings))
}
