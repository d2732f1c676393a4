//! Runs the pipeline: parse in parallel, fold the migrations in order, ask the rules, gather what they say.
//!
//! Owns ordering and parallelism, and nothing else: it dispatches on the kind of a check, never on a rule. It does no I/O,
//! prints nothing and cannot fail.

mod ahead;
mod application;
mod aside;
mod checker;
mod document;
mod findings;
mod found;
mod idle;
mod input;
mod logs;
mod markdown;
mod one_off;
mod parts;
mod run;
mod schemas;
mod timeline;
mod workload;

pub use logs::log_findings;

pub use application::{ExtractedPiece, Sent};
pub use aside::{is_test, telling};
pub use input::{Follows, Input, InputKind, MigrationInfo, Section};
pub use timeline::locks;
pub use workload::{Recurring, Workload, workload};

use crate::catalog::Catalog;
use crate::finding::Outcome;
use crate::settings::Settings;

/// Checks the inputs, which are in replay order.
pub fn check(inputs: Vec<Input>, settings: &Settings) -> Outcome {
    run::run(inputs, settings, true).1
}

/// The same, with the schemas that the migrations leave, for who has a use for them or wants to say when they are dropped.
pub fn check_with_schema(inputs: Vec<Input>, settings: &Settings) -> (Vec<Catalog>, Outcome) {
    run::run(inputs, settings, true)
}

/// Makes the calling thread one of the pool's: it would only wait while as many others as there are processors work, each with
/// memory of its own. For a program's first thread, before it reads many files; a thread that ends would leave a gap.
pub fn work_along() {
    // A pool that is there already is as good.
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
}

/// Replays the migrations among the inputs and returns the schema that each set of them leaves (at least one, in the order of
/// their numbers), with what was not understood.
pub fn schema(inputs: Vec<Input>, settings: &Settings) -> (Vec<Catalog>, Outcome) {
    run::run(inputs, settings, false)
}

/// The statements of the inputs that are reported, with their fingerprints: what a log's queries are joined with.
pub fn sent(inputs: &[Input], settings: &Settings) -> Vec<Sent> {
    application::sent(inputs, settings)
}

/// The SQL found in the application code among the inputs.
pub fn extract(inputs: Vec<Input>, settings: &Settings) -> Vec<ExtractedPiece> {
    application::list(inputs, settings)
}
