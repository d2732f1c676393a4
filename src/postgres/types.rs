//! Types: which changes of a column's type rewrite the table, which are binary coercible. (being written)
use crate::catalog::Catalog;
use crate::facts::TypeName;

/// What ALTER COLUMN TYPE does to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeChangeWork {
    /// Catalog only.
    Brief,
    /// Every row is checked, none written.
    Scan,
    /// Every row is written anew.
    Rewrite,
    /// Depends on the session's TimeZone (timestamp ↔ timestamptz): brief only under UTC.
    DependsOnTimeZone,
    /// The types are not known well enough.
    Unknown,
}

/// What changing a column from one type to another does, without USING.
pub fn type_change(_from: &TypeName, _to: &TypeName, _catalog: &Catalog) -> TypeChangeWork {
    TypeChangeWork::Unknown
}
