//! What the catalog holds.

use super::calls::Reach;
use super::store::{Leans, Store};
use crate::facts::{Constraint, Expr, Identifier, IndexKey, Name, PartitionBound, PartitionBy, Query, TypeKind, TypeName, Volatility};
use crate::source::{Location, Span};
use hashbrown::HashSet;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A schema-qualified name, resolved: `(schema, name)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Qualified {
    /// Schema, never empty.
    pub schema: Identifier,
    /// Name.
    pub name: Identifier,
}

impl std::hash::Hash for Qualified {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        super::Key::from(self).hash(state);
    }
}

impl std::fmt::Display for Qualified {
    /// Without the schema where it is `public`, as people write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.schema != "public" {
            write!(f, "{}.", crate::facts::quote_identifier(&self.schema))?;
        }
        f.write_str(&crate::facts::quote_identifier(&self.name))
    }
}

/// How sure the catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Knowledge {
    /// Created by a statement that was read, and every change since was understood.
    #[default]
    Whole,
    /// Partly known: older than what was read, created only IF NOT EXISTS over something unseen, made by a body, or touched
    /// by a statement that was not understood. What is listed is there; what is not listed may be there.
    Partial,
}

/// The schema.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Tables, partitions and foreign tables.
    pub tables: Store<Table>,
    /// Indexes, constraint-backed ones included; in the schema of their table.
    pub indexes: Store<Index>,
    /// Views and materialized views.
    pub views: Store<View>,
    /// Sequences.
    pub sequences: Store<Sequence>,
    /// Enums, composites, ranges, base types.
    pub types: Store<UserType>,
    /// Domains.
    pub domains: Store<Domain>,
    /// Functions; overloads share an entry.
    pub functions: Store<Vec<Function>>,
    /// Triggers, policies, comments and the like, kept as text.
    pub extras: Store<super::Extra>,
    /// Schemas created, besides `public`.
    pub schemas: Vec<String>,
    /// Extensions created.
    pub extensions: Vec<String>,
    /// What tables that got another name are called now, by the name that they had: made-up names of their constraints stay.
    pub(crate) former_names: HashMap<String, Vec<Qualified>>,
    /// The names that constraints were ever given.
    pub(super) given_names: super::naming::GivenNames,
    /// The search_path in force; empty means the default (`"$user", public`).
    pub search_path: Vec<String>,
    /// The types that columns have, each kept once: a schema has few of them and many columns.
    pub(super) column_types: Arc<HashSet<Arc<TypeName>>>,
    /// What changes the schema in ways that are not known.
    pub(super) unfollowed: Vec<super::Unfollowed>,
    /// How much was followed into the bodies of functions.
    pub(super) followed: super::follow::Followed,
    /// The open transaction, to be undone by ROLLBACK.
    pub(crate) undo: super::undo::Undo,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Constraints except NOT NULL (a flag of the column); keys name their index.
    pub constraints: Vec<TableConstraint>,
    /// PARTITION BY.
    pub partition_by: Option<PartitionBy>,
    /// The parent and bound, of a partition.
    pub partition_of: Option<Box<(Qualified, PartitionBound)>>,
    /// The bound as SQL, of a partition.
    pub bound_sql: Option<String>,
    /// PARTITION BY as SQL, without these two words.
    pub partition_by_sql: Option<String>,
    /// INHERITS parents.
    pub inherits: Vec<Qualified>,
    /// Triggers, row triggers of a partitioned parent included.
    pub triggers: Vec<Trigger>,
    /// Extended statistics with a name of their own.
    pub statistics: Vec<Qualified>,
    /// TEMPORARY.
    pub temporary: bool,
    /// UNLOGGED.
    pub unlogged: bool,
    /// FOREIGN.
    pub foreign: bool,
    /// `SERVER … OPTIONS (…)`, of a foreign table.
    pub server: Option<String>,
    /// `WITH (…)`: the parentheses.
    pub with: Option<String>,
    /// USING access method.
    pub method: Option<String>,
    /// ALTERs that change no column, index or constraint (`ENABLE ROW LEVEL SECURITY`): what they set, and their text.
    pub settings: Vec<(String, String)>,
    /// The search_path under which it was made.
    pub search_path: Vec<String>,
    /// Whether what is listed is all.
    pub knowledge: Knowledge,
    /// Where it was created (or first seen).
    pub defined_at: Location,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Identifier,
    /// The function that it calls.
    pub function: Qualified,
    /// FOR EACH ROW.
    pub each_row: bool,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: Identifier,
    /// Its type; `None` when unknown. `serial` types are stored as their integer type with a nextval default.
    pub ty: Option<Arc<TypeName>>,
    /// Where the type was written last, in whichever file; of a serial column the whole definition.
    pub type_span: Span,
    /// COLLATE.
    pub collation: Option<String>,
    /// Known NOT NULL (also from a primary key).
    pub not_null: bool,
    /// The name of the NOT NULL constraint, as PostgreSQL 18 keeps it.
    pub not_null_name: Option<Identifier>,
    /// It came with INHERITS and was not written beside.
    pub inherited: bool,
    /// ALTER COLUMN clauses of no consequence to a query (`SET STATISTICS 100`): what they set, and their text.
    pub settings: Vec<(String, String)>,
    /// DEFAULT.
    pub default: Option<Box<Expr>>,
    /// The default as SQL.
    pub default_sql: Option<String>,
    /// GENERATED AS IDENTITY: `Some(true)` for ALWAYS.
    pub identity: Option<bool>,
    /// GENERATED AS (expr): the expression as SQL, and whether STORED.
    pub generated: Option<Box<(String, bool)>>,
    /// Where it was defined.
    pub defined_at: Location,
}

/// A constraint of a table.
#[derive(Debug, Clone)]
pub struct TableConstraint {
    /// Its name, made up as PostgreSQL makes it up where none was given.
    pub name: Identifier,
    /// As written; foreign keys' tables as written too: see `references`.
    pub constraint: Constraint,
    /// Its text as SQL, without CONSTRAINT name.
    pub sql: String,
    /// The referenced table, resolved, of a foreign key.
    pub references: Option<Box<Qualified>>,
    /// The index behind a key.
    pub index: Option<Identifier>,
    /// Checked against all rows.
    pub valid: bool,
    /// It came with INHERITS.
    pub inherited: bool,
    /// Where it was defined.
    pub defined_at: Location,
}

/// An index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its table (or materialized view).
    pub table: Qualified,
    /// Access method.
    pub method: String,
    /// Keys.
    pub keys: Vec<IndexKey>,
    /// Keys as SQL, in step with `keys`.
    pub keys_sql: Vec<String>,
    /// INCLUDE.
    pub include: Vec<Identifier>,
    /// UNIQUE.
    pub unique: bool,
    /// NULLS NOT DISTINCT.
    pub nulls_not_distinct: bool,
    /// Made by a PRIMARY KEY.
    pub primary: bool,
    /// Made by or adopted by a constraint.
    pub constraint: bool,
    /// WHERE.
    pub predicate: Option<Box<Expr>>,
    /// WHERE as SQL.
    pub predicate_sql: Option<String>,
    /// Usable: false for ON ONLY of a partitioned parent until every leaf is attached.
    pub valid: bool,
    /// The parent index it is attached to.
    pub parent: Option<Box<Qualified>>,
    /// `WITH (…)`: the parentheses.
    pub with: Option<String>,
    /// ALTER INDEX clauses kept as text.
    pub settings: Vec<String>,
    /// Where it was created.
    pub defined_at: Location,
}

/// A view.
#[derive(Debug, Clone)]
pub struct View {
    /// MATERIALIZED.
    pub materialized: bool,
    /// Column names, where given.
    pub columns: Vec<Name>,
    /// Its query.
    pub query: Option<Arc<Query>>,
    /// The query as SQL.
    pub sql: String,
    /// RECURSIVE.
    pub recursive: bool,
    /// `WITH (…)`: the parentheses.
    pub with: Option<String>,
    /// `WITH … CHECK OPTION`.
    pub check_option: Option<String>,
    /// ALTER VIEW clauses kept as text.
    pub settings: Vec<String>,
    /// The search_path under which it was made.
    pub search_path: Vec<String>,
    /// The relations it reads, resolved.
    pub reads: Vec<Qualified>,
    /// Where it was created.
    pub defined_at: Location,
}

/// A sequence.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    /// AS type.
    pub ty: Option<Arc<TypeName>>,
    /// Options as SQL.
    pub options: Vec<String>,
    /// OWNED BY.
    pub owned_by: Option<(Qualified, Identifier)>,
    /// Made by serial or identity rather than by CREATE SEQUENCE.
    pub implicit: bool,
    /// Where it was created.
    pub defined_at: Location,
}

/// A user-defined type.
#[derive(Debug, Clone)]
pub struct UserType {
    /// What it is.
    pub kind: TypeKind,
    /// The definition after the name, where the kind does not say it all (ranges, base types).
    pub sql: String,
    /// Where it was created.
    pub defined_at: Location,
}

/// A domain.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Base type.
    pub ty: TypeName,
    /// NOT NULL.
    pub not_null: bool,
    /// DEFAULT as SQL.
    pub default_sql: Option<String>,
    /// CHECKs: name, expression as SQL, validated.
    pub checks: Vec<(String, String, bool)>,
    /// COLLATE.
    pub collation: Option<String>,
    /// Where it was created.
    pub defined_at: Location,
}

/// The body of a function in LANGUAGE sql, as far as it matters for putting it in the place of a call.
#[derive(Debug, Clone, Default)]
pub enum SqlBody {
    /// Not known, or of another language.
    #[default]
    Unknown,
    /// One `SELECT expression`, which takes the place of a call.
    Expression(Expr),
    /// Anything else, which stays a call.
    Other,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Input argument types.
    pub argument_types: Vec<TypeName>,
    /// Their names.
    pub argument_names: Vec<Option<Name>>,
    /// What a body of LANGUAGE sql computes.
    pub body: SqlBody,
    /// Declared or default (VOLATILE) volatility.
    pub volatility: Volatility,
    /// LANGUAGE sql without SECURITY DEFINER and SET: its body may be put in the place of a call.
    pub inlinable: bool,
    /// Every type that its header names.
    pub header_types: Vec<TypeName>,
    /// Its body is read when it is created, and reads relations.
    pub needs_relations: bool,
    /// From the parameters to the end, as written.
    pub sql: String,
    /// What its body may do to the schema, once somebody has asked.
    pub(super) reach: OnceLock<Option<Reach>>,
    /// ALTERs of it, after its name and arguments, in their order.
    pub changes: Vec<String>,
    /// The search_path under which it was made.
    pub search_path: Vec<String>,
    /// Where the first definition of this signature stands.
    pub first_at: Location,
    /// PROCEDURE.
    pub procedure: bool,
    /// Where it was created.
    pub defined_at: Location,
}

/// What a relation is, with what is known of it.
#[derive(Debug, Clone, Copy)]
pub enum Relation<'c> {
    /// A table, with its resolved name.
    Table(&'c Qualified, &'c Table),
    /// A view or materialized view.
    View(&'c Qualified, &'c View),
    /// An index.
    Index(&'c Qualified, &'c Index),
    /// A sequence.
    Sequence(&'c Qualified, &'c Sequence),
}

impl Leans for Table {
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
        self.partition_of.as_deref().iter().for_each(|(parent, _)| visit(parent));
        self.inherits.iter().for_each(&mut *visit);
        self.constraints.iter().filter_map(|c| c.references.as_deref()).for_each(visit);
    }

    fn shrink(&mut self) {
        self.columns.shrink_to_fit();
        self.constraints.shrink_to_fit();
    }
}

impl Leans for Index {
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
        visit(&self.table);
        self.parent.as_deref().into_iter().for_each(visit);
    }

    fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.keys_sql.shrink_to_fit();
    }
}

impl Leans for View {
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
        self.reads.iter().for_each(visit);
    }
}

impl Leans for Sequence {
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
        self.owned_by.iter().for_each(|(table, _)| visit(table));
    }
}

impl Leans for UserType {
    const BY_NAME: bool = true;

    fn leans_on(&self, _: &mut dyn FnMut(&Qualified)) {}
}

impl Leans for Domain {
    const BY_NAME: bool = true;

    fn leans_on(&self, _: &mut dyn FnMut(&Qualified)) {}
}

impl Leans for Vec<Function> {
    const BY_NAME: bool = true;

    fn leans_on(&self, _: &mut dyn FnMut(&Qualified)) {}
}
