//! Functions and triggers.

use crate::facts::{Name, ObjectName, TypeName};
use crate::source::Span;

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
