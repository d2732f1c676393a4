//! Volatility of built-in functions, operators and casts, from `pg_proc.provolatile`. (being written)
use crate::catalog::Catalog;
use crate::facts::{Call, Expr, TypeName, Volatility};
use crate::source::Span;

/// The volatility of a call, from PostgreSQL's catalog or from functions defined in the migrations; `None` when unknown.
pub fn call_volatility(_call: &Call, _catalog: &Catalog) -> Option<Volatility> {
    None
}

/// The first thing in an expression that is not immutable, with how volatile it is and why (a phrase such as
/// "now() is STABLE"); `column_type` gives a column's type where known. `certain` is false where an unknown type decides.
pub struct NotImmutable {
    /// Its bytes.
    pub span: Span,
    /// Why.
    pub why: String,
    /// How volatile.
    pub volatility: Volatility,
    /// Whether it holds whatever the unknown types are.
    pub certain: bool,
}

/// Looks for the first piece of an expression that PostgreSQL would not accept as immutable in an index.
pub fn not_immutable(
    _expr: &Expr,
    _column_type: &dyn Fn(&crate::facts::ColumnRef) -> Option<TypeName>,
    _catalog: &Catalog,
) -> Option<NotImmutable> {
    None
}

/// The most volatile call in an expression; `None` when some function is unknown.
pub fn expression_volatility(_expr: &Expr, _catalog: &Catalog) -> Option<Volatility> {
    None
}
