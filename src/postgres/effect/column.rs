//! ALTER TABLE's changes of columns: ADD, DROP, SET TYPE, identity, defaults of values. Must not know constraints by name.

use super::alter::{rewrite, whole_tree};
use super::list::Effects;
use super::{Work, constraint, table};
use crate::catalog::{Catalog, Column, Qualified, Table, TableConstraint};
use crate::facts::{
    AlterTable, ColumnDef, Constraint, ConstraintKind, Expr, Name, ObjectName, RelationKind, TableChange, TypeName, Volatility,
};
use crate::postgres::functions::expression_volatility;
use crate::postgres::lock::LockMode::{self, AccessExclusive, ShareRowExclusive};
use crate::postgres::opclass::default_class;
use crate::postgres::types::{TypeChangeWork, is_constrained_domain, type_change};

/// ADD COLUMN.
pub(super) fn add(alter: &AlterTable, column: &ColumnDef, constraints: &[Constraint], effects: &mut Effects<'_>) {
    let (mut work, unsure) = new_values(column, effects);
    let has_default = column.default.is_some() || column.identity.is_some() || column.generated.is_some() || is_serial(column);
    let is_primary = |c: &Constraint| matches!(c.kind, ConstraintKind::Key { primary: true, .. });
    if !has_default && (column.not_null.is_some() || constraints.iter().any(is_primary)) {
        work.push(Work::Scan);
    }
    work.extend(constraint::of_new_column(alter, constraints, has_default, effects));
    rewrite(alter, work, unsure, effects);
}

fn is_serial(column: &ColumnDef) -> bool {
    column.ty.as_ref().is_some_and(|ty| ["serial", "bigserial", "smallserial"].iter().any(|name| ty.is(name)))
}

/// Whether the rows must be written anew to hold the column.
fn new_values(column: &ColumnDef, effects: &Effects<'_>) -> (Vec<Work>, Option<String>) {
    let rewrite = |yes: bool| if yes { vec![Work::Rewrite] } else { vec![] };
    if column.identity.is_some() || is_serial(column) {
        return (rewrite(true), None);
    }
    if let Some((_, stored)) = &column.generated {
        // without the word: VIRTUAL from 18 on, and refused before
        return (rewrite(stored.unwrap_or(false)), None);
    }
    match column.ty.as_ref().map(|ty| (ty, is_constrained_domain(ty, effects.catalog))) {
        Some((_, Some(true))) => return (rewrite(true), None),
        Some((ty, None)) if column.default.is_none() => return (vec![], Some(format!("whether {ty} is a domain with a constraint"))),
        _ => {}
    }
    let Some(default) = &column.default else { return (vec![], None) };
    match expression_volatility(default, effects.catalog) {
        Some(volatility) => (rewrite(volatility == Volatility::Volatile), None),
        None => (rewrite(true), Some(format!("whether the default of {} is volatile", column.name))),
    }
}

/// SET DATA TYPE.
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
    let old = effects.table(&alter.name).and_then(|t| t.column(&column.value)).and_then(|c| c.ty.as_ref());
    let mut change = old.map_or(TypeChangeWork::Unknown, |old| type_change(old, ty, effects.catalog));
    if using.is_some_and(|e| e.uncast().column().is_none_or(|c| c.column != *column)) {
        change = TypeChangeWork::Rewrite;
    }
    let (mut work, unsure) = match change {
        TypeChangeWork::Brief => (vec![], None),
        TypeChangeWork::Scan => (vec![Work::Scan], None),
        TypeChangeWork::Rewrite => (vec![Work::Rewrite], None),
        TypeChangeWork::DependsOnTimeZone => (vec![Work::Rewrite], Some("whether the session's TimeZone is UTC".to_owned())),
        TypeChangeWork::Unknown => (vec![Work::Rewrite], Some(format!("the old type of {}.{column}", alter.name))),
    };
    let brief = work.is_empty();
    if brief && effects.table(&alter.name).is_some_and(|t| has_valid_check_of(t, column)) {
        work.push(Work::Scan);
    }
    relinked_references(alter, column, effects);
    if effects.table(&alter.name).and_then(|t| t.column(&column.value)).is_some_and(|c| c.identity.is_some()) {
        own_sequences(alter, column, ShareRowExclusive, effects);
    }
    let known = effects.table(&alter.name).and_then(|t| t.column(&column.value));
    let order_changes = known.is_some_and(|known| collation_changes(known, collation));
    let operators_change = order_changes || old.is_some_and(|old| operator_class_changes(old, ty));
    rewrite(alter, work, unsure, effects);
    relinked_indexes(alter, column, operators_change, effects);
}

/// A CHECK over a column that changes its type is made and checked again.
fn has_valid_check_of(table: &Table, column: &Name) -> bool {
    let over = |c: &TableConstraint| matches!(&c.constraint.kind, ConstraintKind::Check(expr) if mentions(expr, column));
    table.constraints.iter().any(|c| c.valid && !c.constraint.not_enforced && over(c))
}

/// An index under the old type's operators is of no use to a type that compares in another way: citext, oid, varbit.
fn operator_class_changes(old: &TypeName, new: &TypeName) -> bool {
    let class = |ty| default_class("btree", ty);
    matches!((class(old), class(new)), (Some(old), Some(new)) if old != new)
}

/// What ALTER COLUMN TYPE does not say is the type's own collation again.
fn collation_changes(old: &Column, new: Option<&ObjectName>) -> bool {
    let plain = |name: &str| name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned();
    let named = |name: Option<String>| name.filter(|name| name != "default");
    named(old.collation.as_deref().map(plain)) != named(new.map(|c| c.name.value.to_string()))
}

/// Foreign keys from and to a column that changes its type are dropped and made again.
fn relinked_references(alter: &AlterTable, column: &Name, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    lock_referenced(&relation, column, effects);
    let catalog = effects.catalog;
    for child in children_referring_to(&relation, column, catalog) {
        effects.secondary(child, AccessExclusive);
    }
}

/// The tables that foreign keys over a column refer to.
fn lock_referenced(table: &Qualified, column: &Name, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    for known in catalog.tables.get(table).map(|t| t.constraints.as_slice()).unwrap_or_default() {
        if let (ConstraintKind::ForeignKey { columns, .. }, Some(parent)) = (&known.constraint.kind, &known.references)
            && columns.contains(column)
        {
            effects.secondary(parent, AccessExclusive);
        }
    }
}

/// Indexes on a column that changes its type without a rewrite are linked to it again. Those over expressions, with a
/// condition, of partitions, or with other operators than before are built anew.
fn relinked_indexes(alter: &AlterTable, column: &Name, operators_change: bool, effects: &mut Effects<'_>) {
    let table = effects.catalog.resolve(&alter.name);
    let mut tables = vec![table.clone()];
    if !alter.only {
        tables.extend(effects.descendants(&table));
    }
    let partitioned = effects.is_partitioned(&table);
    let catalog = effects.catalog;
    for table in &tables {
        for (name, index) in catalog.indexes_of(table).filter(|(_, index)| uses(index, column)) {
            let plain = index.plain_columns().is_some() && index.predicate.is_none();
            let rebuilt = (partitioned || operators_change || !plain) && !effects.is_partitioned(table);
            let work: &[Work] = if rebuilt { &[Work::IndexBuild] } else { &[] };
            effects.secondary(name, AccessExclusive).work = work.to_vec();
        }
    }
}

fn uses(index: &crate::catalog::Index, column: &Name) -> bool {
    index.keys.iter().any(|key| mentions(&key.expr, column))
        || index.include.contains(&column.value)
        || index.predicate.as_ref().is_some_and(|e| mentions(e, column))
}

fn mentions(expr: &Expr, column: &Name) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.column().is_some_and(|c| c.column == *column));
    found
}

/// The tables with a foreign key to the column; one that names no column means the primary key.
fn children_referring_to<'c>(relation: &'c Qualified, column: &Name, catalog: &'c Catalog) -> Vec<&'c Qualified> {
    let in_key =
        |c: &TableConstraint| matches!(&c.constraint.kind, ConstraintKind::Key { primary: true, columns, .. } if columns.contains(column));
    let is_key = catalog.tables.get(relation).is_some_and(|table| table.constraints.iter().any(in_key));
    let refers = |c: &TableConstraint| {
        matches!(&c.constraint.kind, ConstraintKind::ForeignKey { referenced, .. }
            if referenced.contains(column) || (referenced.is_empty() && is_key))
    };
    catalog.references_to(relation).filter(|(_, constraint)| refers(constraint)).map(|(child, _)| child).collect()
}

/// SET GENERATED and DROP IDENTITY reach the sequence behind the column.
pub(super) fn identity(alter: &AlterTable, column: &Name, effects: &mut Effects<'_>) {
    whole_tree(alter, AccessExclusive, &[], None, effects);
    let mode = if matches!(alter.change, TableChange::DropIdentity { .. }) { AccessExclusive } else { ShareRowExclusive };
    own_sequences(alter, column, mode, effects);
}

fn own_sequences(alter: &AlterTable, column: &Name, mode: LockMode, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    for sequence in effects.sequences_of(&relation, Some(&column.value)) {
        effects.secondary(&sequence, mode);
    }
}

/// SET EXPRESSION writes a stored column's values anew; a virtual one has none.
pub(super) fn set_expression(alter: &AlterTable, column: &Name, effects: &mut Effects<'_>) {
    let known = effects.table(&alter.name).and_then(|t| t.column(&column.value)).and_then(|c| c.generated.as_deref());
    let stored = known.is_none_or(|(_, stored)| *stored);
    let work = if stored { vec![Work::Rewrite] } else { vec![] };
    let unsure = (known.is_none() && effects.version.at_least(18)).then(|| format!("whether {column} is stored"));
    rewrite(alter, work, unsure, effects);
}

/// DROP COLUMN takes the indexes and foreign keys that stand on the column, and with CASCADE the views.
pub(super) fn drop(alter: &AlterTable, column: &Name, cascade: bool, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    whole_tree(alter, AccessExclusive, &[], None, effects);
    if alter.only {
        constraint::children(&relation, effects);
    }
    let catalog = effects.catalog;
    let below = if alter.only { vec![] } else { effects.descendants(&relation) };
    for table in std::iter::once(&relation).chain(&below) {
        for (name, _) in catalog.indexes_of(table).filter(|(_, index)| uses(index, column)) {
            effects.secondary(name, AccessExclusive);
        }
    }
    lock_referenced(&relation, column, effects);
    if cascade {
        let from = effects.list.len();
        table::drop_views(&relation, true, effects);
        for view in effects.list.iter_mut().skip(from) {
            view.unsure = Some(format!("whether it reads {column}"));
        }
        for child in children_referring_to(&relation, column, catalog) {
            effects.secondary(child, AccessExclusive);
        }
    }
    own_sequences(alter, column, AccessExclusive, effects);
}
