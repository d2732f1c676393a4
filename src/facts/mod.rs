//! What a statement does, in PostgreSQL's words, with spans, and free of any parser.
//!
//! A [`Statement`] is either DDL and utility work, as a flat list of [`Action`]s, or a [`Query`], or both (`CREATE VIEW …
//! AS SELECT`). Rules, the catalog and the lock table see nothing else. This module must not know a parser, a rule or an
//! output format.

pub mod action;
pub mod expr;
pub mod name;
pub mod query;

pub use action::*;
pub use expr::*;
pub use name::*;
pub use query::*;

use crate::source::{FileId, Location, Span};

/// One statement as read.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The file it stands in.
    pub file: FileId,
    /// From its first token to its last, without the `;`.
    pub span: Span,
    /// What it does to the schema or the session, in the order in which PostgreSQL does it.
    pub actions: Vec<Action>,
    /// The query that it is (SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES), where it is one.
    pub query: Option<Query>,
    /// The statements of bodies inside it: `DO`, functions, constant `EXECUTE` strings, scheduled commands.
    pub bodies: Vec<Body>,
    /// Whether it was understood.
    pub reading: Reading,
    /// It runs only if a condition of psql's (`\\if`) holds, which is not known.
    pub unsure: bool,
}

impl Statement {
    /// Where it stands.
    pub fn location(&self) -> Location {
        Location { file: self.file, span: self.span }
    }

    /// Every query in this statement itself: its own, and those inside its DDL (views, CREATE TABLE AS, rules, cursors).
    pub fn queries(&self) -> Vec<&Query> {
        let mut found: Vec<&Query> = self.query.iter().collect();
        found.extend(self.actions.iter().filter_map(Action::query));
        found
    }
}

/// How well a statement was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Its facts are complete.
    Parsed,
    /// It could not be read, for this reason; it is counted and listed.
    Opaque(String),
}

/// Statements found inside a statement.
#[derive(Debug, Clone)]
pub struct Body {
    /// What kind of text held them.
    pub kind: BodyKind,
    /// The body's bytes, without its quotes.
    pub span: Span,
    /// Its statements, with what surrounds each.
    pub statements: Vec<BodyStatement>,
}

/// What kind of text holds inner statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// A `DO` block: runs now, inside the statement's own transaction.
    Do,
    /// A function's body: runs when called.
    Function,
    /// A procedure's body: runs when called, may commit.
    Procedure,
    /// A constant string given to `EXECUTE` or `format`, run by its surroundings.
    Execute,
    /// A command given to a scheduler (`cron.schedule`): runs later, by itself.
    Scheduled,
}

/// A statement of a body and what surrounds it there.
#[derive(Debug, Clone)]
pub struct BodyStatement {
    /// The statement.
    pub statement: Statement,
    /// The `FOR`, `WHILE` or `LOOP` around it, if any: the loop's header.
    pub in_loop: Option<Span>,
    /// It runs only under an `IF`, `CASE` or exception handler.
    pub conditional: bool,
    /// The conditions under which it runs, the innermost first; where there are too many to follow, the last is [`Asked::Unknown`].
    pub guards: Vec<Guard>,
}

/// A condition around a statement of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// What is asked.
    pub asked: Asked,
    /// Whether it has to hold, or not.
    pub holds: bool,
}

/// What a condition asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The query that is the statement of the same body at this place.
    Query(u32),
    /// Whether a migration has its turn, which it has where migrations are replayed.
    Turn,
    /// What is not known: a variable, an error, a branch of CASE.
    Unknown,
}
