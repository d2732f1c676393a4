//! Indexes.

use crate::facts::{Expr, Name, ObjectName, OrderKey};
use crate::source::Span;

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
    /// A plain column is [`crate::facts::ExprKind::Column`].
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

/// A key as an ORDER BY would write it.
impl From<&IndexKey> for OrderKey {
    fn from(key: &IndexKey) -> Self {
        OrderKey { expr: key.expr.clone(), descending: key.descending, nulls_first: key.nulls_first }
    }
}
