//! The schema as the migrations so far leave it.
//!
//! [`Catalog::apply`] folds one statement in; everything else asks. The catalog keeps *unknown* apart from *absent*: a table
//! that no migration we saw created is not a table without indexes (see [`Catalog::table`] and [`Knowledge`]). Must not know a
//! parser, a rule or a file.

mod apply;
pub mod index_match;
mod model;
mod query;
pub mod resolve;
pub mod script;

pub use model::*;
