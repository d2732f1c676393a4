//! The lock timeline: what each statement of the migrations locks, until when, and what it does meanwhile. Plain data
//! between the engine, which makes it, and the reports, which show it. Must not know either.

use crate::finding::{Opaque, Problem};
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;
use crate::source::{Location, Sources};

/// The statements of all files asked about, in the order in which they run.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The files that places speak of.
    pub sources: Sources,
    /// The server's version.
    pub postgres: Version,
    /// Every statement, those that lock nothing included.
    pub statements: Vec<TimedStatement>,
    /// What was not understood.
    pub opaque: Vec<Opaque>,
    /// What could not be read.
    pub errors: Vec<Problem>,
    /// How many files were asked about.
    pub files: usize,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedStatement {
    /// Where it stands.
    pub at: Location,
    /// The transaction of its file that it runs in, from 1; `None`: it is its own.
    pub transaction: Option<u32>,
    /// Who opened that transaction, where the file did not.
    pub opened_by: Option<&'static str>,
    /// What it locks, the named relations first.
    pub locks: Vec<TimedLock>,
    /// The locks that earlier statements of the transaction took and that are still held.
    pub held: Vec<StillHeld>,
    /// What else it may lock that cannot be known from files.
    pub unsure: Option<String>,
}

/// One relation's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedLock {
    /// The relation, as people write it.
    pub relation: String,
    /// `table`, `index`, ….
    pub kind: &'static str,
    /// The mode.
    pub mode: LockMode,
    /// Held until the transaction ends, rather than the statement.
    pub until_transaction: bool,
    /// What happens meanwhile, lightest first.
    pub work: Vec<TimedWork>,
    /// It waits for older transactions meanwhile.
    pub waits: bool,
    /// The relation was created in this file: nobody has rows to wait for.
    pub new: bool,
    /// What was not known and would decide.
    pub unsure: Option<String>,
}

/// Work under a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimedWork {
    /// Reads every row.
    Scan,
    /// Builds an index.
    IndexBuild,
    /// Writes every row anew.
    Rewrite,
}

impl TimedWork {
    /// As the outputs spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            TimedWork::Scan => "scan",
            TimedWork::IndexBuild => "index-build",
            TimedWork::Rewrite => "rewrite",
        }
    }
}

/// A lock of an earlier statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillHeld {
    /// The relation, as people write it.
    pub relation: String,
    /// `table`, `index`, ….
    pub kind: &'static str,
    /// The mode.
    pub mode: LockMode,
    /// The statement that took it.
    pub since: Location,
}

/// Who waits for a lock: `reads`, `writes`, `ddl`.
pub fn blocked(mode: LockMode) -> Vec<&'static str> {
    let all = [("reads", mode.blocks_reads()), ("writes", mode.blocks_writes()), ("ddl", mode.blocks_ddl())];
    all.into_iter().filter(|(_, blocked)| *blocked).map(|(who, _)| who).collect()
}

/// How bad a lock is: who waits, times what they wait for. 0 is nothing to speak of.
pub fn weight(mode: LockMode, work: Option<TimedWork>) -> u32 {
    let who = match () {
        () if mode.blocks_reads() => 3,
        () if mode.blocks_writes() => 2,
        () if mode.blocks_ddl() => 1,
        () => 0,
    };
    let work = work.map_or(0, |work| 1 + work as u32);
    who * who * (1 + 2 * work)
}

impl TimedStatement {
    /// How bad its worst moment is: its own locks, and those still held while it works.
    pub fn weight(&self) -> u32 {
        let felt = |kind: &str| matches!(kind, "table" | "partition" | "materialized view");
        let own = self.locks.iter().filter(|lock| !lock.new && felt(lock.kind)).map(|lock| weight(lock.mode, lock.heaviest()));
        let work = self.heaviest();
        let held = self.held.iter().filter(|held| work.is_some() && felt(held.kind)).map(|held| weight(held.mode, work));
        own.chain(held).max().unwrap_or(0)
    }

    /// The heaviest work that it does on anything.
    pub fn heaviest(&self) -> Option<TimedWork> {
        self.locks.iter().filter(|lock| !lock.new).filter_map(TimedLock::heaviest).max()
    }
}

impl TimedLock {
    /// The heaviest work under it.
    pub fn heaviest(&self) -> Option<TimedWork> {
        self.work.iter().copied().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LockMode::{AccessExclusive, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};
    use TimedWork::{IndexBuild, Rewrite, Scan};

    #[test]
    fn what_stops_more_people_for_longer_weighs_more() {
        let order = [
            weight(RowExclusive, None),
            weight(ShareUpdateExclusive, None),
            weight(ShareUpdateExclusive, Some(IndexBuild)),
            weight(AccessExclusive, None),
            weight(ShareRowExclusive, Some(Scan)),
            weight(Share, Some(IndexBuild)),
            weight(AccessExclusive, Some(Scan)),
            weight(AccessExclusive, Some(Rewrite)),
        ];
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
        assert_eq!(blocked(ShareRowExclusive), ["writes", "ddl"]);
    }
}
