//! Actions: what DDL and utility statements do, flat, one after the other.
//!
//! `ALTER TABLE t ADD COLUMN …, DROP COLUMN …` is two [`Action::AlterTable`]s. Clauses that nobody has asked about yet are
//! read and dropped by the grammar; add a field here when a rule, the catalog or the lock table needs one.

mod alter;
mod index;
mod object;
mod routine;
mod table;
mod types;
mod utility;

pub use alter::*;
pub use index::*;
pub use object::*;
pub use routine::*;
pub use table::*;
pub use types::*;
pub use utility::*;

use super::{Name, ObjectName, Query, TypeName};
use crate::source::Span;
use std::sync::Arc;

/// One thing that a DDL or utility statement does. Large ones are shared, because the session remembers what ran.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the payloads carry the docs
pub enum Action {
    CreateTable(Arc<CreateTable>),
    CreateTableAs(Arc<CreateTableAs>),
    AlterTable(Arc<AlterTable>),
    CreateIndex(Arc<CreateIndex>),
    Drop(Drop),
    Reindex(Reindex),
    CreateView(Arc<CreateView>),
    RefreshMaterializedView(Refresh),
    CreateSequence(CreateSequence),
    AlterSequence(AlterSequence),
    CreateType(CreateType),
    AlterType(AlterType),
    CreateDomain(Arc<CreateDomain>),
    AlterDomain(Arc<AlterDomain>),
    CreateSchema {
        name: Name,
        if_not_exists: bool,
    },
    CreateExtension {
        name: Name,
    },
    CreateFunction(Arc<CreateFunction>),
    CreateTrigger(CreateTrigger),
    /// CREATE of a kind that nothing else is known of (`CAST`, `AGGREGATE`, `SERVER`): its name, where it has a plain one.
    CreateOther {
        kind: String,
        name: Option<ObjectName>,
    },
    /// CREATE or ALTER POLICY on a table.
    Policy {
        name: Name,
        table: ObjectName,
        create: bool,
        /// RENAME TO.
        rename: Option<Name>,
    },
    /// CREATE RULE, with the queries it runs dropped.
    CreateRule {
        name: Name,
        table: ObjectName,
    },
    /// CREATE STATISTICS: its name if given, and its table.
    CreateStatistics {
        name: Option<ObjectName>,
        table: Option<ObjectName>,
    },
    /// CREATE PUBLICATION … FOR TABLE, ALTER PUBLICATION … ADD/SET/DROP TABLE.
    Publication {
        name: Name,
        tables: Vec<ObjectName>,
    },
    /// ALTER of a thing that is not a table-like relation, type, domain or sequence: rename, owner, schema, options.
    AlterOther {
        kind: String,
        name: Option<ObjectName>,
        /// ON this table, of a trigger or rule.
        on: Option<ObjectName>,
        /// The input arguments' types, of a function, where written and read.
        arguments: Option<Vec<TypeName>>,
        change: OtherChange,
    },
    Truncate {
        tables: Vec<Target>,
        cascade: bool,
        restart_identity: bool,
    },
    LockTable {
        tables: Vec<Target>,
        mode: crate::postgres::lock::LockMode,
        mode_span: Span,
        nowait: bool,
    },
    Vacuum {
        tables: Vec<ObjectName>,
        full: bool,
        analyze: bool,
        freeze: bool,
        full_span: Option<Span>,
    },
    Analyze {
        tables: Vec<ObjectName>,
    },
    Cluster {
        table: Option<ObjectName>,
        index: Option<Name>,
    },
    Copy(Arc<Copy>),
    Comment {
        kind: String,
        name: Option<ObjectName>,
        column: Option<Name>,
        /// ON this table: constraints, triggers, rules, policies.
        on: Option<ObjectName>,
    },
    /// GRANT or REVOKE.
    Grant(Grant),
    Set(Set),
    /// RESET name; `None` for RESET ALL and DISCARD ALL.
    Reset {
        name: Option<String>,
    },
    Begin {
        span: Span,
    },
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint {
        name: Name,
    },
    RollbackTo {
        name: Name,
    },
    Release {
        name: Name,
    },
    /// DO: its language; the body is in [`super::Statement::bodies`].
    Do {
        language: String,
    },
    Call {
        name: ObjectName,
    },
    /// DECLARE CURSOR, PREPARE, EXPLAIN, COPY (query): a query inside a utility statement. `runs` says whether it is run here.
    QueryIn {
        verb: String,
        query: Box<Query>,
        runs: bool,
    },
    /// Understood, and of no consequence to any rule yet: its first words in upper case (`LISTEN`, `CREATE CAST`).
    Other {
        verb: String,
    },
}

impl Action {
    /// The query inside, for views, CREATE TABLE AS and the like.
    pub fn query(&self) -> Option<&Query> {
        match self {
            Action::CreateView(view) => view.query.as_deref(),
            Action::CreateTableAs(table) => table.query.as_ref(),
            Action::QueryIn { query, .. } => Some(query),
            Action::Copy(copy) => copy.query.as_ref(),
            _ => None,
        }
    }
}
