//! The schema as the migrations so far leave it.
//!
//! [`Catalog::apply`] folds one statement in; everything else asks. The catalog keeps *unknown* apart from *absent*: a table
//! that no migration we saw created is not a table without indexes (see [`Catalog::table`] and [`Knowledge`]). Must not know a
//! rule or a file, nor a parser but for the bodies of functions that a migration calls.

mod alter;
mod apply;
mod calls;
mod columns;
mod constraints;
mod drops;
mod extras;
mod follow;
mod guards;
pub mod index_match;
mod indexes;
mod json;
mod mentions;
mod merge;
mod model;
mod naming;
mod objects;
mod output;
mod partial_keys;
mod partitions;
mod publications;
mod query;
mod renames;
pub mod resolve;
pub mod script;
mod store;
mod tables;
mod text;
mod triggers;
mod undo;
pub mod uses;

#[cfg(test)]
mod tests;

pub use calls::Unfollowed;
pub use extras::{Extra, Piece};
pub use mentions::Mentions;
pub use model::*;
pub use store::{Key, Leans, Store};
