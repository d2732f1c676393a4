//! Types and domains.

use crate::facts::{Expr, Name, ObjectName, TypeName};
use crate::source::Span;

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
