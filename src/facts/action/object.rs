//! Views, sequences, and what DROP names.

use crate::facts::{Name, ObjectName, Query, TypeName};
use crate::source::Span;
use std::sync::Arc;

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
    pub query: Option<Arc<Query>>,
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

/// ALTER SEQUENCE with options (renames and owners are [`crate::facts::AlterTable`]).
#[derive(Debug, Clone, PartialEq)]
pub struct AlterSequence {
    /// The sequence.
    pub name: ObjectName,
    /// OWNED BY, where given: the column, or `None` for NONE.
    pub owned_by: Option<Option<(ObjectName, Name)>>,
    /// Other options as SQL.
    pub options: Vec<String>,
}
