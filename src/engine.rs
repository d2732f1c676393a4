//! Runs the pipeline: parse in parallel, fold the migrations in order, ask the rules, gather what they say.
//!
//! Owns ordering and parallelism, and nothing else: it dispatches on the kind of a check, never on a rule. It does no I/O,
//! prints nothing and cannot fail.

mod checker;
mod findings;
mod input;
mod logs;
mod markdown;
mod parts;
mod run;
mod schemas;
mod timeline;

pub use logs::log_findings;

pub use input::{Input, InputKind, MigrationInfo, Section};
pub use timeline::locks;

use crate::catalog::Catalog;
use crate::finding::Outcome;
use crate::settings::Settings;

/// Checks the inputs, which are in replay order.
pub fn check(inputs: Vec<Input>, settings: &Settings) -> Outcome {
    run::run(inputs, settings, true).1
}

/// Replays the migrations among the inputs and returns the schema that each set of them leaves (at least one, in the order of
/// their numbers), with what was not understood.
pub fn schema(inputs: Vec<Input>, settings: &Settings) -> (Vec<Catalog>, Outcome) {
    run::run(inputs, settings, false)
}
