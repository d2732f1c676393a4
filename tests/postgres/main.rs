//! The oracle: what pgsift claims of PostgreSQL, held against real servers. One module per subject; the servers come from
//! `tests/support`.
#![allow(clippy::unwrap_used)]

#[path = "../support/postgres.rs"]
mod server;

mod forms;
mod locks;
mod observe;
mod pages;
mod relations;
mod reshape;
mod rewrites;
mod statistics;
