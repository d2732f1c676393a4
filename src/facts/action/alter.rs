//! ALTER TABLE, one change at a time.

use crate::facts::{ColumnDef, Constraint, Expr, Name, ObjectName, PartitionBound, RelationKind, TypeName};
use crate::source::Span;

/// One action of ALTER TABLE / INDEX / VIEW / MATERIALIZED VIEW / SEQUENCE / FOREIGN TABLE.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    /// As the statement calls it.
    pub kind: RelationKind,
    /// The relation.
    pub name: ObjectName,
    /// IF EXISTS.
    pub if_exists: bool,
    /// ONLY.
    pub only: bool,
    /// What changes.
    pub change: TableChange,
    /// The bytes of this one action (`ADD COLUMN a int`).
    pub span: Span,
}

/// What one ALTER TABLE action changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // named as the manual's page on ALTER TABLE names them
#[allow(clippy::large_enum_variant)] // stands boxed in its action
pub enum TableChange {
    /// Its inline constraints stand in `constraints`, columns filled in.
    AddColumn {
        column: ColumnDef,
        constraints: Vec<Constraint>,
        if_not_exists: bool,
    },
    DropColumn {
        column: Name,
        if_exists: bool,
        cascade: bool,
    },
    SetType {
        column: Name,
        ty: TypeName,
        collation: Option<ObjectName>,
        using: Option<Expr>,
    },
    SetDefault {
        column: Name,
        default: Expr,
    },
    DropDefault {
        column: Name,
    },
    SetNotNull {
        column: Name,
    },
    DropNotNull {
        column: Name,
    },
    SetExpression {
        column: Name,
        expr: Expr,
    },
    DropExpression {
        column: Name,
    },
    /// Options of its sequence as SQL.
    AddIdentity {
        column: Name,
        always: bool,
        options: Vec<String>,
    },
    SetIdentity {
        column: Name,
        always: Option<bool>,
        options: Vec<String>,
    },
    DropIdentity {
        column: Name,
    },
    SetStatistics {
        column: Name,
    },
    SetStorage {
        column: Name,
    },
    SetCompression {
        column: Name,
    },
    /// SET/RESET (n_distinct = …) of a column.
    SetColumnOptions {
        column: Name,
    },
    AddConstraint(Constraint),
    /// What it says of DEFERRABLE, INITIALLY DEFERRED and ENFORCED; `None` where nothing.
    AlterConstraint {
        name: Name,
        deferrable: Option<bool>,
        initially_deferred: Option<bool>,
        enforced: Option<bool>,
    },
    ValidateConstraint {
        name: Name,
    },
    DropConstraint {
        name: Name,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        from: Name,
        to: Name,
    },
    RenameConstraint {
        from: Name,
        to: Name,
    },
    RenameTo {
        name: Name,
    },
    SetSchema {
        schema: Name,
    },
    Owner,
    AttachPartition {
        partition: ObjectName,
        bound: PartitionBound,
    },
    DetachPartition {
        partition: ObjectName,
        concurrently: bool,
        finalize: bool,
    },
    /// ALTER INDEX parent ATTACH PARTITION index.
    AttachIndex {
        index: ObjectName,
    },
    /// ENABLE/DISABLE TRIGGER: name, or `None` for ALL and USER.
    Trigger {
        name: Option<Name>,
        enable: bool,
    },
    /// ENABLE/DISABLE RULE.
    Rule {
        name: Name,
        enable: bool,
    },
    /// CLUSTER ON index, or SET WITHOUT CLUSTER.
    ClusterOn {
        index: Option<Name>,
    },
    SetLogged(bool),
    SetTablespace {
        tablespace: Name,
    },
    SetAccessMethod {
        method: Option<Name>,
    },
    /// SET (…) or RESET (…): the parameters' names, lower case.
    SetOptions {
        names: Vec<String>,
        reset: bool,
    },
    Inherit {
        parent: ObjectName,
    },
    NoInherit {
        parent: ObjectName,
    },
    OfType {
        ty: ObjectName,
    },
    NotOf,
    ReplicaIdentity {
        index: Option<Name>,
    },
    /// ENABLE/DISABLE/FORCE/NO FORCE ROW LEVEL SECURITY.
    RowSecurity {
        words: String,
    },
    SetWithoutOids,
    /// ALTER … DEPENDS ON EXTENSION, OPTIONS (…) and the like: the first words.
    Other {
        words: String,
    },
}
