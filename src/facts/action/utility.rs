//! COPY, GRANT, SET, and changes of other kinds of object.

use crate::facts::{Name, ObjectName, Query};
use crate::source::Span;

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
    /// On which objects: kind in upper case (`TABLE` when not written) and names; empty for role grants. Of ALTER DEFAULT
    /// PRIVILEGES, `FUTURE TABLES` and the like.
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
