//! Table-level lock modes, named and ordered as in the manual (section 13.3.1, table 13.2) and in `pg_locks`.

/// A table-level lock mode, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are PostgreSQL's own
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

use LockMode::*;

impl LockMode {
    /// All modes, weakest first.
    pub const ALL: [LockMode; 8] =
        [AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive];

    /// As `pg_locks.mode` spells it.
    pub fn pg_locks(self) -> &'static str {
        match self {
            AccessShare => "AccessShareLock",
            RowShare => "RowShareLock",
            RowExclusive => "RowExclusiveLock",
            ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Share => "ShareLock",
            ShareRowExclusive => "ShareRowExclusiveLock",
            Exclusive => "ExclusiveLock",
            AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// As `LOCK TABLE` and the manual spell it.
    pub fn sql(self) -> &'static str {
        match self {
            AccessShare => "ACCESS SHARE",
            RowShare => "ROW SHARE",
            RowExclusive => "ROW EXCLUSIVE",
            ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Share => "SHARE",
            ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Exclusive => "EXCLUSIVE",
            AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// The mode that `LOCK TABLE … IN words MODE` names, in any case.
    pub fn from_sql(words: &str) -> Option<LockMode> {
        Self::ALL.into_iter().find(|mode| mode.sql().eq_ignore_ascii_case(words))
    }

    /// Whether two sessions cannot hold these modes on one table at once (manual, table 13.2).
    pub fn conflicts_with(self, other: LockMode) -> bool {
        let first_conflict = match self {
            AccessShare => AccessExclusive,
            RowShare => Exclusive,
            RowExclusive => Share,
            ShareUpdateExclusive => ShareUpdateExclusive,
            Share => return matches!(other, RowExclusive | ShareUpdateExclusive) || other > Share,
            ShareRowExclusive => RowExclusive,
            Exclusive => RowShare,
            AccessExclusive => AccessShare,
        };
        other >= first_conflict
    }

    /// Whether a plain `SELECT` waits.
    pub fn blocks_reads(self) -> bool {
        self.conflicts_with(AccessShare)
    }

    /// Whether `INSERT`, `UPDATE`, `DELETE` wait.
    pub fn blocks_writes(self) -> bool {
        self.conflicts_with(RowExclusive)
    }

    /// Whether other schema changes, and VACUUM, wait.
    pub fn blocks_ddl(self) -> bool {
        self.conflicts_with(ShareUpdateExclusive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_symmetric_and_as_in_the_manual() {
        for a in LockMode::ALL {
            for b in LockMode::ALL {
                assert_eq!(a.conflicts_with(b), b.conflicts_with(a), "{a:?} {b:?}");
            }
        }
        assert!(!Share.conflicts_with(Share) && Share.blocks_writes() && !Share.blocks_reads());
        assert!(!Exclusive.blocks_reads() && AccessExclusive.blocks_reads());
        assert!(!ShareUpdateExclusive.blocks_writes());
    }
}
