//! pgsift reads what a team already has in files and says what will hurt PostgreSQL.
//!
//! ```text
//! discover -> source -> sql: lex -> split -> parse -> lower -> facts::Statement
//!                                                                   |
//!                             catalog + session (folded in migration order)
//! report <- Outcome <- suppress <- rules(Context)
//! ```
//!
//! Invariants: the core (everything but [`discover`], [`config`], [`since`], [`cli`]) does no I/O and cannot fail, it returns values;
//! a module imports only from the rows above its own (`tests/architecture.rs` holds the table); every place is a byte range
//! of a file on disk; what could not be read is counted and listed, never dropped.

// The docs are built with private items: a module may point into its own rooms.
#![allow(rustdoc::private_intra_doc_links)]

pub mod advise;
pub mod baseline;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod discover;
pub mod engine;
pub mod explain;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod log;
pub mod postgres;
pub mod report;
pub mod rules;
pub mod session;
pub mod settings;
pub mod since;
pub mod source;
pub mod sql;
pub mod stats;
pub mod suppress;
pub mod timeline;
