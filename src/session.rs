//! The transaction and session so far, folded from the statements: what is open, which timeouts are in force, which locks are
//! held, which objects were created and still hold no rows that anyone waits for. (being written)

use crate::catalog::{Catalog, Qualified};
use crate::facts::{Action, ObjectName, Statement};
use crate::postgres::effect::Effect;
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;
use crate::source::Location;

/// Who opened the transaction that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// None is open: each statement is its own.
    None,
    /// `BEGIN`, at this place.
    Explicit(Location),
    /// The migration framework wraps the file.
    Framework(&'static str),
    /// The runner sends the whole file as one message, which is one transaction.
    Implicit,
}

/// How a file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMode {
    /// What is open before the first statement.
    pub transaction: Transaction,
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The relation.
    pub relation: Qualified,
    /// The mode.
    pub mode: LockMode,
    /// The statement that took it.
    pub taken_at: Location,
    /// Which transaction of the run, counted from 1.
    pub transaction: u32,
}

/// The session so far. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    transaction: Transaction,
}

impl Session {
    /// A session at the start of a file.
    pub fn new(mode: RunMode) -> Self {
        Session { transaction: mode.transaction }
    }

    /// Folds one statement in, after it ran with these effects. `catalog` is the schema before it.
    pub fn apply(&mut self, _statement: &Statement, _effects: &[Effect], _catalog: &Catalog, _version: Version) {}

    /// The transaction that is open now.
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// lock_timeout in force, milliseconds; `None` when unset or 0.
    pub fn lock_timeout(&self) -> Option<u64> {
        None
    }

    /// statement_timeout in force, milliseconds; `None` when unset or 0.
    pub fn statement_timeout(&self) -> Option<u64> {
        None
    }

    /// The locks held by the open transaction.
    pub fn locks(&self) -> &[HeldLock] {
        &[]
    }

    /// Whether the relation was created in this file (or the transaction still open) and not undone, so that it holds no rows
    /// that anyone waits for. `CREATE TABLE IF NOT EXISTS` counts only where the catalog did not know the table before.
    pub fn is_new(&self, _name: &ObjectName, _catalog: &Catalog) -> bool {
        false
    }

    /// The action of the open transaction that satisfies `test`, most recent first: for sequences within one transaction.
    pub fn earlier_in_transaction(&self, _test: impl Fn(&Action) -> bool) -> Option<(Location, Action)> {
        None
    }
}
