//! ALTER COLUMN TYPE, and what stands on the column: foreign keys and CHECKs are made again, indexes where they would not fit.
//!
//! Measured on PostgreSQL 15 and 18: without a rewrite a CHECK over the column is checked against every row again, and an
//! index is built anew when it has an expression or a predicate, or when the operator class or the collation of the key is
//! another one. Must not know what the types cost: `postgres::types` does.

use super::alter::{own_sequences, rewrite, whole_tree};
use super::list::Effects;
use super::{EffectKind, Work};
use crate::catalog::{Catalog, Column, Index, Qualified, Table, TableConstraint};
use crate::facts::{AlterTable, ConstraintKind, Expr, Name, ObjectName, RelationKind, TypeName};
use crate::postgres::lock::LockMode::{AccessExclusive, ShareRowExclusive};
use crate::postgres::opclass::default_class;
use crate::postgres::types::{TypeChangeWork, type_change};

/// ALTER COLUMN … TYPE.
pub(super) fn set_type(
    alter: &AlterTable,
    column: &Name,
    ty: &TypeName,
    collation: Option<&ObjectName>,
    using: Option<&Expr>,
    effects: &mut Effects<'_>,
) {
    if matches!(alter.kind, RelationKind::View | RelationKind::ForeignTable) {
        return whole_tree(alter, AccessExclusive, &[], None, effects);
    }
    let known = effects.table(&alter.name).and_then(|t| t.column(&column.value));
    let old = known.and_then(|c| c.ty.as_ref());
    let mut change = old.map_or(TypeChangeWork::Unknown, |old| type_change(old, ty, effects.catalog));
    if using.is_some_and(|e| e.uncast().column().is_none_or(|c| c.column != *column)) {
        change = TypeChangeWork::Rewrite;
    }
    let (work, unsure) = match change {
        TypeChangeWork::Brief => (again(alter, column, &New { ty, collation }, effects), None),
        TypeChangeWork::Scan => (vec![Work::Scan], None),
        TypeChangeWork::Rewrite => (vec![Work::Rewrite], None),
        TypeChangeWork::DependsOnTimeZone => (vec![Work::Rewrite], Some("whether the session's TimeZone is UTC".to_owned())),
        TypeChangeWork::Unknown => (vec![Work::Rewrite], Some(format!("the old type of {}.{column}", alter.name))),
    };
    let stays = !work.contains(&Work::Rewrite);
    relinked_references(alter, column, effects);
    if known.is_some_and(|c| c.identity.is_some()) {
        own_sequences(alter, column, ShareRowExclusive, effects);
    }
    rewrite(alter, work, unsure, effects);
    if stays {
        relinked_indexes(alter, column, &New { ty, collation }, effects);
    }
}

/// What the column becomes.
struct New<'a> {
    ty: &'a TypeName,
    collation: Option<&'a ObjectName>,
}

/// What is done again over rows that stay as they are.
fn again(alter: &AlterTable, column: &Name, new: &New, effects: &Effects<'_>) -> Vec<Work> {
    let Some(table) = effects.table(&alter.name) else { return vec![] };
    let relation = effects.catalog.resolve(&alter.name);
    let mut work = vec![];
    let checks = |c: &TableConstraint| {
        c.valid && !c.constraint.not_enforced && matches!(&c.constraint.kind, ConstraintKind::Check(expr) if mentions(expr, column))
    };
    work.extend(table.constraints.iter().any(checks).then_some(Work::Scan));
    let mut indexes = effects.catalog.indexes_of(&relation);
    work.extend(indexes.any(|(_, index)| is_built_again(index, table, column, new)).then_some(Work::IndexBuild));
    work
}

/// Whether an index on the column does not fit what the column becomes.
fn is_built_again(index: &Index, table: &Table, column: &Name, new: &New) -> bool {
    let in_predicate = index.predicate.as_ref().is_some_and(|e| mentions(e, column));
    let in_key = index.keys.iter().any(|key| mentions(&key.expr, column));
    if !in_predicate && !in_key {
        return false;
    }
    let by_expression = index.predicate.is_some() || index.keys.iter().any(|key| key.expr.column().is_none());
    let Some(old) = table.column(&column.value) else { return by_expression };
    let own = index.keys.iter().filter(|key| key.expr.column().is_some_and(|c| c.column == *column));
    by_expression
        || own.into_iter().any(|key| {
            let class = |ty: &TypeName| default_class(&index.method, ty);
            let other_class = key.opclass.is_none() && old.ty.as_ref().is_some_and(|old| class(old) != class(new.ty));
            other_class || (key.collation.is_none() && !same_collation(old, new))
        })
}

fn same_collation(old: &Column, new: &New) -> bool {
    let plain = |name: &str| name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned();
    let of = |name: Option<String>| name.filter(|name| name != "default");
    of(old.collation.as_deref().map(plain)) == of(new.collation.map(|c| c.name.value.clone()))
}

/// Foreign keys from and to a column that changes its type are dropped and made again.
fn relinked_references(alter: &AlterTable, column: &Name, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let catalog = effects.catalog;
    for known in effects.table(&alter.name).map(|t| t.constraints.as_slice()).unwrap_or_default() {
        if let (ConstraintKind::ForeignKey { columns, .. }, Some(parent)) = (&known.constraint.kind, &known.references)
            && columns.contains(column)
        {
            effects.secondary(parent, AccessExclusive);
        }
    }
    for child in children_referring_to(&relation, column, catalog) {
        effects.secondary(child, AccessExclusive);
    }
}

/// Indexes on a column that changes its type without a rewrite are locked and linked to it again, or built anew.
fn relinked_indexes(alter: &AlterTable, column: &Name, new: &New, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let (catalog, table) = (effects.catalog, effects.table(&alter.name));
    for (name, index) in catalog.indexes_of(&relation) {
        let in_predicate = index.predicate.as_ref().is_some_and(|e| mentions(e, column));
        if in_predicate || index.keys.iter().any(|key| mentions(&key.expr, column)) {
            let anew = table.is_some_and(|table| is_built_again(index, table, column, new));
            let effect = effects.secondary(name, AccessExclusive);
            effect.kind = EffectKind::Index;
            effect.work.extend(anew.then_some(Work::IndexBuild));
        }
    }
}

/// Whether an expression reads the column.
pub(super) fn mentions(expr: &Expr, column: &Name) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.column().is_some_and(|c| c.column == *column));
    found
}

/// The tables with a foreign key to the column; one that names no column means the primary key.
pub(super) fn children_referring_to<'c>(relation: &'c Qualified, column: &Name, catalog: &'c Catalog) -> Vec<&'c Qualified> {
    let in_key =
        |c: &TableConstraint| matches!(&c.constraint.kind, ConstraintKind::Key { primary: true, columns, .. } if columns.contains(column));
    let is_key = catalog.tables.get(relation).is_some_and(|table| table.constraints.iter().any(in_key));
    let refers = |c: &TableConstraint| {
        matches!(&c.constraint.kind, ConstraintKind::ForeignKey { referenced, .. }
            if referenced.contains(column) || (referenced.is_empty() && is_key))
    };
    catalog.references_to(relation).filter(|(_, constraint)| refers(constraint)).map(|(child, _)| child).collect()
}
