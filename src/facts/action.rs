//! Actions: what DDL and utility statements do, flat, one after the other.
//!
//! `ALTER TABLE t ADD COLUMN …, DROP COLUMN …` is two [`Action::AlterTable`]s. Clauses that nobody has asked about yet are
//! read and dropped by the grammar; add a field here when a rule, the catalog or the lock table needs one.

use super::{Expr, Name, ObjectName, OrderKey, Query, TypeName};
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
            Action::CreateView(view) => view.query.as_ref(),
            Action::CreateTableAs(table) => table.query.as_ref(),
            Action::QueryIn { query, .. } => Some(query),
            Action::Copy(copy) => copy.query.as_ref(),
            _ => None,
        }
    }
}

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

/// CREATE TABLE AS, CREATE MATERIALIZED VIEW is [`CreateView`].
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

/// CREATE INDEX.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateIndex {
    /// Its name, where given (its schema is the table's).
    pub name: Option<Name>,
    /// The table.
    pub table: ObjectName,
    /// ON ONLY.
    pub only: bool,
    /// UNIQUE.
    pub unique: bool,
    /// CONCURRENTLY, with its bytes.
    pub concurrently: Option<Span>,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Access method, folded; `btree` when not written.
    pub method: String,
    /// Keys.
    pub keys: Vec<IndexKey>,
    /// INCLUDE.
    pub include: Vec<Name>,
    /// NULLS NOT DISTINCT.
    pub nulls_not_distinct: bool,
    /// `WITH (…)`: the parentheses.
    pub with: Option<Span>,
    /// WHERE.
    pub predicate: Option<Expr>,
    /// From the access method (or the opening parenthesis) to the closing parenthesis of the keys.
    pub keys_span: Span,
    /// From `CREATE` to the end of `INDEX`: where CONCURRENTLY goes.
    pub verb_span: Span,
}

/// One key of an index, a partition key or an exclusion constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexKey {
    /// A plain column is [`super::ExprKind::Column`].
    pub expr: Expr,
    /// COLLATE.
    pub collation: Option<Box<ObjectName>>,
    /// Operator class.
    pub opclass: Option<Box<ObjectName>>,
    /// Its parameters with their parentheses, as written.
    pub opclass_options: Option<String>,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST / LAST, where written.
    pub nulls_first: Option<bool>,
}

/// DROP of any kind of object.
#[derive(Debug, Clone, PartialEq)]
pub struct Drop {
    /// What kind of object, as DROP spells it, upper case: `TABLE`, `INDEX`, `MATERIALIZED VIEW`, `TYPE`, `TRIGGER`, ….
    pub kind: String,
    /// The objects (functions without their arguments).
    pub names: Vec<ObjectName>,
    /// In step with the names of functions: the input arguments' types, where written and read.
    pub arguments: Vec<Option<Vec<TypeName>>>,
    /// For TRIGGER, RULE, POLICY: ON this table.
    pub on: Option<ObjectName>,
    /// CONCURRENTLY, with its bytes.
    pub concurrently: Option<Span>,
    /// IF EXISTS.
    pub if_exists: bool,
    /// CASCADE.
    pub cascade: bool,
    /// From `DROP` to the end of the kind: where CONCURRENTLY goes.
    pub verb_span: Span,
}

/// REINDEX.
#[derive(Debug, Clone, PartialEq)]
pub struct Reindex {
    /// `INDEX`, `TABLE`, `SCHEMA`, `DATABASE`, `SYSTEM`.
    pub kind: String,
    /// The object, where one is named.
    pub name: Option<ObjectName>,
    /// CONCURRENTLY, in either spelling.
    pub concurrently: bool,
    /// From `REINDEX` to the end of the kind: CONCURRENTLY goes after it.
    pub verb_span: Span,
}

/// CREATE \[MATERIALIZED\] VIEW.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateView {
    /// The view.
    pub name: ObjectName,
    /// MATERIALIZED.
    pub materialized: bool,
    /// OR REPLACE.
    pub or_replace: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Column names, where given.
    pub columns: Vec<Name>,
    /// Its query; `None` where it could not be lowered.
    pub query: Option<Query>,
    /// The query's bytes.
    pub query_span: Span,
    /// Not WITH NO DATA.
    pub with_data: bool,
    /// RECURSIVE.
    pub recursive: bool,
    /// `WITH (…)`: the parentheses.
    pub with: Option<Span>,
    /// `WITH … CHECK OPTION`.
    pub check_option: Option<Span>,
}

/// REFRESH MATERIALIZED VIEW.
#[derive(Debug, Clone, PartialEq)]
pub struct Refresh {
    /// The view.
    pub name: ObjectName,
    /// CONCURRENTLY.
    pub concurrently: bool,
    /// Not WITH NO DATA.
    pub with_data: bool,
    /// From `REFRESH` to the end of `VIEW`: CONCURRENTLY goes after it.
    pub verb_span: Span,
}

/// CREATE SEQUENCE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateSequence {
    /// The sequence.
    pub name: ObjectName,
    /// TEMPORARY.
    pub temporary: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// AS type.
    pub ty: Option<TypeName>,
    /// INCREMENT, MINVALUE, MAXVALUE, START, CACHE, CYCLE: as SQL, in this order.
    pub options: Vec<String>,
    /// OWNED BY table.column; `None` for NONE or nothing.
    pub owned_by: Option<(ObjectName, Name)>,
}

/// ALTER SEQUENCE with options (renames and owners are [`AlterTable`]).
#[derive(Debug, Clone, PartialEq)]
pub struct AlterSequence {
    /// The sequence.
    pub name: ObjectName,
    /// OWNED BY, where given: the column, or `None` for NONE.
    pub owned_by: Option<Option<(ObjectName, Name)>>,
    /// Other options as SQL.
    pub options: Vec<String>,
}

/// CREATE TYPE.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateType {
    /// The type.
    pub name: ObjectName,
    /// What it is.
    pub kind: TypeKind,
}

/// The kinds of user-defined type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// AS ENUM: its labels.
    Enum(Vec<String>),
    /// AS (…): its fields.
    Composite(Vec<(Name, TypeName)>),
    /// AS RANGE: its subtype.
    Range(Option<TypeName>),
    /// A base type or a shell.
    Base,
}

/// ALTER TYPE.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterType {
    /// The type.
    pub name: ObjectName,
    /// What changes.
    pub change: TypeChange,
}

/// What ALTER TYPE changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum TypeChange {
    AddValue {
        value: String,
        value_span: Span,
        if_not_exists: bool,
        before: Option<String>,
        after: Option<String>,
    },
    RenameValue {
        from: String,
        to: String,
    },
    RenameTo {
        name: Name,
    },
    SetSchema {
        schema: Name,
    },
    AddAttribute {
        name: Name,
        ty: TypeName,
    },
    DropAttribute {
        name: Name,
    },
    AlterAttribute {
        name: Name,
        ty: TypeName,
    },
    RenameAttribute {
        from: Name,
        to: Name,
    },
    Owner,
    /// SET (…) of a base type.
    SetOptions,
}

/// CREATE DOMAIN.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateDomain {
    /// The domain.
    pub name: ObjectName,
    /// Its base type.
    pub ty: TypeName,
    /// COLLATE.
    pub collation: Option<ObjectName>,
    /// NOT NULL.
    pub not_null: bool,
    /// DEFAULT.
    pub default: Option<Expr>,
    /// CHECKs, with their names.
    pub checks: Vec<(Option<Name>, Expr)>,
}

/// ALTER DOMAIN.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterDomain {
    /// The domain.
    pub name: ObjectName,
    /// What changes.
    pub change: DomainChange,
}

/// What ALTER DOMAIN changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum DomainChange {
    SetDefault(Expr),
    DropDefault,
    SetNotNull,
    DropNotNull,
    AddCheck { name: Option<Name>, check: Expr, not_valid: bool, span: Span },
    AddNotNull { name: Option<Name> },
    DropConstraint { name: Name, if_exists: bool },
    RenameConstraint { from: Name, to: Name },
    Validate { name: Name },
    RenameTo { name: Name },
    SetSchema { schema: Name },
    Owner,
}

/// CREATE FUNCTION or PROCEDURE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateFunction {
    /// The function.
    pub name: ObjectName,
    /// PROCEDURE.
    pub procedure: bool,
    /// OR REPLACE.
    pub or_replace: bool,
    /// Argument types, OUT arguments left out.
    pub argument_types: Vec<TypeName>,
    /// Their names, in step with `argument_types`.
    pub argument_names: Vec<Option<Name>>,
    /// RETURNS type; `None` for RETURNS TABLE, procedures, OUT arguments.
    pub returns: Option<TypeName>,
    /// RETURNS TRIGGER and the like are types; RETURNS TABLE (…).
    pub returns_table: bool,
    /// Every type that its header names: arguments of any mode, results, columns of RETURNS TABLE.
    pub header_types: Vec<TypeName>,
    /// Its body is not a string but is read when it is created.
    pub standard_body: bool,
    /// LANGUAGE, lower case; `sql` for a standard body.
    pub language: String,
    /// IMMUTABLE, STABLE or VOLATILE, where written.
    pub volatility: Option<Volatility>,
    /// SECURITY DEFINER, with its bytes.
    pub security_definer: Option<Span>,
    /// SET name = … clauses: the names, lower case.
    pub settings: Vec<String>,
    /// Everything from the parameter list to the end as written, so that the definition can be shown again.
    pub definition_span: Span,
}

/// A function's volatility (manual, section 36.7, "Function Volatility Categories").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Volatility {
    Immutable,
    Stable,
    Volatile,
}

/// CREATE TRIGGER.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTrigger {
    /// The trigger.
    pub name: Name,
    /// The table.
    pub table: ObjectName,
    /// FROM, of a constraint trigger.
    pub from: Option<ObjectName>,
    /// The function it runs.
    pub function: ObjectName,
    /// FOR EACH ROW.
    pub each_row: bool,
}

/// What an ALTER of another kind of object changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum OtherChange {
    RenameTo(Name),
    SetSchema(Name),
    Other,
}

/// COPY.
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// The table; `None` for COPY (query).
    pub table: Option<ObjectName>,
    /// Its column list.
    pub columns: Vec<Name>,
    /// FROM (writes) rather than TO (reads).
    pub from: bool,
    /// The query.
    pub query: Option<Query>,
    /// FREEZE.
    pub freeze: bool,
}

/// GRANT or REVOKE.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// GRANT rather than REVOKE.
    pub grant: bool,
    /// Privileges, upper case (`ALL`, `SELECT`).
    pub privileges: Vec<String>,
    /// On which objects: kind in upper case (`TABLE` when not written) and names; empty for role grants.
    pub kind: String,
    /// The objects.
    pub objects: Vec<ObjectName>,
    /// The bytes of `PUBLIC` among the grantees.
    pub to_public: Option<Span>,
}

/// SET.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Lower case; `role`, `session authorization`, `time zone` → `timezone`, `transaction` for their forms.
    pub name: String,
    /// LOCAL.
    pub local: bool,
    /// Its values as text, unquoted; empty for DEFAULT.
    pub values: Vec<String>,
    /// The bytes from the name to the end.
    pub span: Span,
}

/// A key as an ORDER BY would write it.
impl From<&IndexKey> for OrderKey {
    fn from(key: &IndexKey) -> Self {
        OrderKey { expr: key.expr.clone(), descending: key.descending, nulls_first: key.nulls_first }
    }
}
