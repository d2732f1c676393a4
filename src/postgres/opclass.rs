//! Operator classes: defaults per access method and type, and the operators that each serves. (being written)
use crate::facts::TypeName;

/// Whether the type has a default operator class for the access method; `None` when the type is unknown.
pub fn has_default(_method: &str, _ty: &TypeName) -> Option<bool> {
    None
}

/// The operators that an operator class serves (`jsonb_path_ops` → `@>`, `@?`, `@@`), by access method; `None` if unknown.
pub fn operators(_method: &str, _opclass: &str) -> Option<&'static [&'static str]> {
    None
}

/// The name of the default operator class of a type for an access method (`gin`, `jsonb` → `jsonb_ops`).
pub fn default_class(_method: &str, _ty: &TypeName) -> Option<&'static str> {
    None
}
