//! What each action locks, until when, and what it does under the lock: the heart. (being written)
//!
//! The truth is real PostgreSQL, versions 12 to 18.

use crate::catalog::{Catalog, Qualified};
use crate::facts::{Action, RelationKind, Statement};
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;

/// Until when a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The end of the statement.
    Statement,
    /// The end of the transaction.
    Transaction,
}

/// Work done while the lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Reads every row.
    Scan,
    /// Writes every row anew, with all indexes.
    Rewrite,
    /// Builds an index.
    IndexBuild,
    /// Waits for older transactions.
    Wait,
}

/// One relation's share in what an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The relation locked.
    pub relation: Qualified,
    /// What it is.
    pub kind: EffectKind,
    /// The strongest mode taken.
    pub mode: LockMode,
    /// Until when.
    pub until: Until,
    /// What happens under it; empty is *brief*.
    pub work: Vec<Work>,
    /// The action's named relation (first), rather than one that is locked with it.
    pub named: bool,
    /// What was not known and would decide: `the old type of orders.total`.
    pub unsure: Option<String>,
}

/// What kind of relation an effect is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum EffectKind {
    Table,
    Index,
    View,
    MaterializedView,
    Partition,
    Sequence,
}

impl EffectKind {
    /// As the outputs spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            EffectKind::Table => "table",
            EffectKind::Index => "index",
            EffectKind::View => "view",
            EffectKind::MaterializedView => "materialized view",
            EffectKind::Partition => "partition",
            EffectKind::Sequence => "sequence",
        }
    }
}

impl From<RelationKind> for EffectKind {
    fn from(kind: RelationKind) -> Self {
        match kind {
            RelationKind::Table | RelationKind::ForeignTable => EffectKind::Table,
            RelationKind::View => EffectKind::View,
            RelationKind::MaterializedView => EffectKind::MaterializedView,
            RelationKind::Index => EffectKind::Index,
            RelationKind::Sequence => EffectKind::Sequence,
        }
    }
}

/// What one action does; relations created by it are not listed. `catalog` is the schema before it.
pub fn effect(_action: &Action, _catalog: &Catalog, _version: Version) -> Vec<Effect> {
    vec![]
}

/// What a whole statement does: its actions' effects (the strongest mode per relation, all the work) and its query's.
pub fn statement_effects(_statement: &Statement, _catalog: &Catalog, _version: Version) -> Vec<Effect> {
    vec![]
}
