//! What a run is given.

use crate::extract::Language;
use crate::session::Transaction;
use crate::source::Span;
use std::path::PathBuf;

/// One file.
#[derive(Debug, Clone)]
pub struct Input {
    /// As shown: relative to the working directory.
    pub path: PathBuf,
    /// Its bytes as they lie on disk.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: InputKind,
    /// Whether findings in it are wanted; false: only replayed for the schema.
    pub reported: bool,
    /// The migration sets whose schema it sees, counted from 0; a migration changes the first of them. Several are alike near,
    /// and what they say differently is not known. Empty: the first set.
    pub sets: Vec<u32>,
}

/// What a file is.
#[derive(Debug, Clone)]
pub enum InputKind {
    /// A migration or a schema file: replayed in the order given.
    Migration(MigrationInfo),
    /// Any other SQL file: checked against the schema that the migrations leave, and its own DDL.
    Sql,
    /// A document with fenced SQL or code.
    Markdown,
    /// Application code, whose strings may be SQL.
    Code(Language),
    /// A migration in application code: what its strings do to the schema is replayed in the order given.
    Program(Language),
}

/// How a migration is run.
#[derive(Debug, Clone)]
pub struct MigrationInfo {
    /// The framework: `sqlx`, `flyway`, `plain`, ….
    pub framework: &'static str,
    /// It undoes another migration, and is not replayed.
    pub down: bool,
    /// What is open before its first statement.
    pub transaction: Transaction,
    /// Its parts, where one file holds several (goose, dbmate, Liquibase).
    pub sections: Option<Vec<Section>>,
}

/// A part of a migration file that runs by itself.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its bytes.
    pub span: Span,
    /// It undoes the file.
    pub down: bool,
    /// What is open before its first statement.
    pub transaction: Transaction,
    /// The other input that its bytes are of, by the path shown: one that this file includes.
    pub file: Option<PathBuf>,
    /// What it goes on with.
    pub follows: Follows,
}

/// What a part goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Follows {
    /// It runs by itself.
    #[default]
    Nothing,
    /// The session of the part before it: one script runs both.
    Script,
    /// The making of one schema: what the parts before it created holds no rows yet.
    Schema,
}
