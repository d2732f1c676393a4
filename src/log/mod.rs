//! Reads PostgreSQL's logs: bytes to entries, entries to figures that can be merged.
//!
//! ```text
//! sample -> detect -> (envelope: other wrappings to plain lines) -> block: whole entries -> stderr | csv | json
//!                                                              -> record::Record -> message -> tally::Tally
//! ```
//! Streaming: a block is some megabytes, entries are slices of it, and what stays grows with the number of different
//! queries only. Blocks are read in any order and by many workers; what reaches from one into the next (a statement's
//! text in one, its duration in the next) is kept as [`tally::Loose`] ends, which are tied in order. Does no I/O.

pub mod block;
pub mod detect;
pub mod envelope;
pub mod message;
pub mod plan;
pub mod prefix;
pub mod record;
pub mod tally;
pub mod time;

mod csv;
mod held;
mod json;
mod language;
mod stderr;

pub use detect::{Format, detect};
pub use tally::Tally;
