//! The oracle: what pgsift claims of PostgreSQL, held against real servers. One module per subject; the servers come from
//! `tests/support`.

#[path = "../support/postgres.rs"]
mod server;

mod locks;
mod pages;
mod rewrites;
