//! What is known of PostgreSQL itself: versions, lock modes, what an action locks and does, functions' volatility, types,
//! operator classes. Every claim names its source in the manual or was measured on real servers. Must not know any parser.

pub mod effect;
pub mod functions;
pub mod lock;
pub mod opclass;
pub mod operators;
pub mod refusal;
pub mod types;
pub mod version;
