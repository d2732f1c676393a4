//! Indexes that PostgreSQL refuses to build, so that the catalog does not count on them and a rule can say so. Only what is
//! certain: an unknown type or function refuses nothing. Must not know queries or messages.
//!
//! Manual, version 18: 11.10 "Operator Classes and Operator Families", CREATE INDEX "Notes".

use super::functions::is_certainly_not_immutable;
use super::opclass;
use crate::catalog::Catalog;
use crate::facts::{CreateIndex, ExprKind, IndexKey, ObjectName, TypeName};
use std::borrow::Cow;

/// Whether PostgreSQL certainly refuses the index: a key without operator class, or text that is not immutable.
pub fn index_is_refused(index: &CreateIndex, catalog: &Catalog) -> bool {
    let ty = |name: &str| catalog.column_type(&index.table, name).cloned();
    let unstable = |expr| is_certainly_not_immutable(expr, &|c| ty(&c.column.value), catalog);
    index.keys.iter().any(|key| lacks_class(index, key, catalog) || key.expr.column().is_none() && unstable(&key.expr))
        || index.predicate.as_ref().is_some_and(unstable)
}

/// Whether a key's type certainly has no default operator class for the index's method, and the key names none.
pub fn lacks_class(index: &CreateIndex, key: &IndexKey, catalog: &Catalog) -> bool {
    key.opclass.is_none() && key_type(&index.table, key, catalog).is_some_and(|ty| is_without_class(&index.method, &ty, catalog))
}

/// Whether a type certainly has no default operator class for an access method.
pub fn is_without_class(method: &str, ty: &TypeName, catalog: &Catalog) -> bool {
    // These extensions add default classes for the scalar types.
    let added = match method {
        "gin" => "btree_gin",
        "gist" => "btree_gist",
        _ => "",
    };
    opclass::lacks_default(method, ty) && !catalog.extensions.iter().any(|e| e == added)
}

/// The type of an index's key, where it is certain.
pub fn key_type<'k>(table: &ObjectName, key: &'k IndexKey, catalog: &'k Catalog) -> Option<Cow<'k, TypeName>> {
    let text = || Some(Cow::Owned(TypeName::named("text")));
    match &key.expr.kind {
        ExprKind::Column(column) => catalog.column_type(table, &column.column.value).map(Cow::Borrowed),
        ExprKind::Cast { ty, .. } => Some(Cow::Borrowed(ty)),
        ExprKind::Binary { op, .. } if op == "->>" || op == "#>>" => text(),
        ExprKind::Call(call) => match call.name.name.value.as_str() {
            "lower" | "upper" | "btrim" | "md5" | "replace" | "jsonb_extract_path_text" => text(),
            _ => None,
        },
        _ => None,
    }
}
