//! One writer per format. A writer sees an [`Outcome`](crate::finding::Outcome) and nothing else: no facts, no catalog.

pub mod human;
pub mod json;
pub mod logs;
