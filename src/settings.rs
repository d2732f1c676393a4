//! What a run may be told, as plain data. Must not know files, flags or the environment: `config` fills it.

use crate::finding::Severity;
use crate::postgres::version::Version;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// A rule's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not run.
    Off,
    /// Run, with this severity.
    At(Severity),
}

/// Everything that a run may be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's major version.
    pub postgres: Version,
    /// Levels that differ from the rules' own, by rule name.
    pub levels: BTreeMap<String, Level>,
    /// Only these rules or categories, where not empty.
    pub select: Vec<String>,
    /// Not these rules or categories.
    pub ignore: Vec<String>,
    /// Literal OFFSETs up to this many rows are fine.
    pub offset_threshold: u64,
    /// IN lists up to this long are fine.
    pub in_list_threshold: usize,
    /// Whoever runs the migrations sets lock_timeout.
    pub runner_sets_lock_timeout: bool,
    /// Whoever runs the migrations wraps each file in a transaction; `None`: as the framework found does.
    pub runner_wraps_transaction: Option<bool>,
    /// lock_timeout or statement_timeout below this many milliseconds is short for a CONCURRENTLY build.
    pub short_timeout_ms: u64,
    /// Calls of the application that take SQL, besides those known.
    pub sql_calls: Vec<String>,
    /// Comments that silence must say why.
    pub require_reason: bool,
    /// Exports of the server's statistics on tables and indexes, as text.
    pub statistics: Vec<String>,
    /// The paths asked about by name, as the run shows them: who names a folder of tests means it.
    pub asked: HashSet<PathBuf>,
    /// The day of the run, as `2026-11-21`, which decides whether a comment has expired; `None`: none has.
    pub today: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            postgres: Version::default(),
            levels: BTreeMap::new(),
            select: vec![],
            ignore: vec![],
            offset_threshold: 100,
            in_list_threshold: 100,
            runner_sets_lock_timeout: false,
            runner_wraps_transaction: None,
            short_timeout_ms: 60_000,
            sql_calls: vec![],
            require_reason: false,
            statistics: vec![],
            asked: HashSet::new(),
            today: None,
        }
    }
}
