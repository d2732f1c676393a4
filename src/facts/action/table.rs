//! Tables: what CREATE TABLE says, with columns, constraints and partitions.

use crate::facts::{Expr, IndexKey, Name, ObjectName, Query, TypeName};
use crate::source::Span;

/// A table named in a command, with `ONLY` or without.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The table.
    pub name: ObjectName,
    /// `ONLY`.
    pub only: bool,
}

/// CREATE TABLE, CREATE FOREIGN TABLE, CREATE TABLE … OF type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateTable {
    /// The table.
    pub name: ObjectName,
    /// TEMPORARY (or in schema pg_temp).
    pub temporary: bool,
    /// UNLOGGED.
    pub unlogged: bool,
    /// FOREIGN.
    pub foreign: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Columns in order.
    pub columns: Vec<ColumnDef>,
    /// Table constraints, and column constraints that are keys, checks or references, each with its columns filled in.
    pub constraints: Vec<Constraint>,
    /// LIKE clauses.
    pub likes: Vec<LikeClause>,
    /// INHERITS.
    pub inherits: Vec<ObjectName>,
    /// PARTITION OF.
    pub partition_of: Option<PartitionOf>,
    /// PARTITION BY.
    pub partition_by: Option<PartitionBy>,
    /// OF type.
    pub of_type: Option<ObjectName>,
    /// `WITH (…)`: the parentheses.
    pub with: Option<Span>,
    /// USING access method.
    pub method: Option<Name>,
    /// From SERVER to the end of its OPTIONS, of a foreign table.
    pub server: Option<Span>,
}

/// PARTITION OF parent, or ATTACH PARTITION.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionOf {
    /// The parent.
    pub parent: ObjectName,
    /// The bound.
    pub bound: PartitionBound,
    /// From `PARTITION OF` to the end of the bound.
    pub span: Span,
}

/// A partition's bound.
#[derive(Debug, Clone, PartialEq)]
pub enum PartitionBound {
    /// `DEFAULT`.
    Default,
    /// `FOR VALUES IN (…)`.
    List(Vec<Expr>),
    /// `FOR VALUES FROM (…) TO (…)`; MINVALUE and MAXVALUE are columns by those names.
    Range {
        /// Inclusive.
        from: Vec<Expr>,
        /// Exclusive.
        to: Vec<Expr>,
    },
    /// `WITH (MODULUS m, REMAINDER r)`.
    Hash {
        /// Modulus.
        modulus: i64,
        /// Remainder.
        remainder: i64,
    },
}

/// PARTITION BY.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionBy {
    /// `range`, `list`, `hash`.
    pub strategy: String,
    /// The key.
    pub keys: Vec<IndexKey>,
    /// The clause.
    pub span: Span,
}

/// LIKE source INCLUDING ….
#[derive(Debug, Clone, PartialEq)]
pub struct LikeClause {
    /// The table copied.
    pub source: ObjectName,
    /// What is included, lower case, with EXCLUDING applied and ALL expanded: `defaults`, `constraints`, `indexes`,
    /// `identity`, `generated`, `statistics`, `storage`, `compression`, `comments`.
    pub including: Vec<String>,
    /// The clause.
    pub span: Span,
}

/// A column's definition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColumnDef {
    /// The column.
    pub name: Name,
    /// Its type; `None` in `CREATE TABLE OF` and in partitions.
    pub ty: Option<TypeName>,
    /// COLLATE.
    pub collation: Option<ObjectName>,
    /// NOT NULL, written (a primary key implies it: see the constraints), with its bytes.
    pub not_null: Option<Span>,
    /// DEFAULT.
    pub default: Option<Expr>,
    /// GENERATED … AS IDENTITY: `Some(true)` for ALWAYS.
    pub identity: Option<bool>,
    /// GENERATED ALWAYS AS (expr): the expression, and whether it is STORED (`None`: no word, VIRTUAL from 18).
    pub generated: Option<(Expr, Option<bool>)>,
    /// The name given to NOT NULL (kept by PostgreSQL from 18).
    pub not_null_name: Option<Name>,
    /// Options of the identity's sequence, as SQL.
    pub identity_options: Vec<String>,
    /// `STORAGE x`, `COMPRESSION x`.
    pub settings: Vec<String>,
    /// The whole definition.
    pub span: Span,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// CONSTRAINT name.
    pub name: Option<Name>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// NOT VALID.
    pub not_valid: bool,
    /// NOT ENFORCED (18).
    pub not_enforced: bool,
    /// DEFERRABLE.
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    pub initially_deferred: bool,
    /// MATCH FULL, of a foreign key.
    pub match_full: bool,
    /// WITHOUT OVERLAPS, or PERIOD (18): the last column is a range.
    pub temporal: bool,
    /// The columns of ON DELETE SET NULL or SET DEFAULT, where written.
    pub delete_columns: Vec<Name>,
    /// `WITH (…)` of the index behind it.
    pub with: Option<String>,
    /// NO INHERIT.
    pub no_inherit: bool,
    /// Written beside a column rather than by itself.
    pub inline: bool,
    /// Its bytes.
    pub span: Span,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstraintKind {
    /// CHECK (expr).
    Check(Expr),
    /// NOT NULL column (18), as a constraint of its own.
    NotNull(Name),
    /// UNIQUE or PRIMARY KEY.
    Key {
        /// PRIMARY KEY.
        primary: bool,
        /// Its columns; empty with USING INDEX.
        columns: Vec<Name>,
        /// INCLUDE.
        include: Vec<Name>,
        /// USING INDEX.
        using_index: Option<Name>,
        /// NULLS NOT DISTINCT.
        nulls_not_distinct: bool,
    },
    /// FOREIGN KEY.
    ForeignKey {
        /// Referencing columns.
        columns: Vec<Name>,
        /// Referenced table.
        table: ObjectName,
        /// Referenced columns; empty means the primary key.
        referenced: Vec<Name>,
        /// ON DELETE action in upper case (`CASCADE`, `SET NULL`…).
        on_delete: Option<String>,
        /// ON UPDATE action.
        on_update: Option<String>,
    },
    /// EXCLUDE.
    Exclude {
        /// Access method.
        method: Option<Name>,
        /// Elements with their operators.
        keys: Vec<(IndexKey, String)>,
        /// WHERE.
        predicate: Option<Expr>,
    },
}

/// CREATE TABLE AS, CREATE MATERIALIZED VIEW is [`crate::facts::CreateView`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateTableAs {
    /// The table.
    pub name: ObjectName,
    /// TEMPORARY.
    pub temporary: bool,
    /// UNLOGGED.
    pub unlogged: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Column names, where given.
    pub columns: Vec<Name>,
    /// The query; `None` for AS EXECUTE.
    pub query: Option<Query>,
    /// Not WITH NO DATA.
    pub with_data: bool,
}

/// The kinds of relation that ALTER TABLE and its siblings speak of, and of objects that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum RelationKind {
    Table,
    View,
    MaterializedView,
    Index,
    Sequence,
    ForeignTable,
}
