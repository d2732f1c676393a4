//! Constraints: adding, validating, dropping, and those that come with a new column. Must not know columns' types.

use super::list::Effects;
use super::partition::{is_not_null, valid_checks};
use super::{EffectKind, Work};
use crate::catalog::Qualified;
use crate::facts::{AlterTable, Constraint, ConstraintKind, Name, ObjectName};
use crate::postgres::lock::LockMode::{AccessExclusive, RowShare, Share, ShareRowExclusive, ShareUpdateExclusive};

/// ADD CONSTRAINT.
pub(super) fn add(alter: &AlterTable, constraint: &Constraint, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let unchecked = constraint.not_valid || constraint.not_enforced;
    let (mode, work, unsure) = match &constraint.kind {
        ConstraintKind::ForeignKey { .. } => (ShareRowExclusive, scan_unless(unchecked), None),
        ConstraintKind::Check(_) => (AccessExclusive, scan_unless(unchecked), None),
        ConstraintKind::NotNull(column) => {
            let (work, unsure) = if unchecked { (vec![], None) } else { not_null(&alter.name, column, effects) };
            (AccessExclusive, work, unsure)
        }
        ConstraintKind::Exclude { .. } => (AccessExclusive, vec![Work::IndexBuild], None),
        ConstraintKind::Key { primary, using_index, columns, .. } => {
            let (work, unsure) = key(alter, *primary, using_index.as_ref(), columns, effects);
            (AccessExclusive, work, unsure)
        }
    };
    let named = effects.named(&alter.name, EffectKind::from(alter.kind), mode);
    named.work = work.clone();
    named.unsure = unsure;
    match &constraint.kind {
        _ if alter.only => {}
        ConstraintKind::Key { primary, columns, .. } if !effects.version.at_least(18) => {
            key_below(alter, *primary, columns, &work, effects);
        }
        // before 18 what children do not inherit did not reach them
        _ if !effects.version.at_least(18) && stays_with_parent(constraint) => effects.partitions(&relation, mode, &work),
        _ => effects.recurse(&relation, mode, &work),
    }
    if let ConstraintKind::ForeignKey { table, .. } = &constraint.kind {
        let scan: &[Work] = if unchecked { &[] } else { &[Work::Scan] };
        references(&relation, table, scan, effects);
    }
    if let ConstraintKind::Key { using_index: Some(index), .. } = &constraint.kind {
        // only a name that becomes the constraint's is a change to the index
        if constraint.name.as_ref().is_some_and(|name| name != index) {
            let index = Qualified { schema: relation.schema, name: index.value.clone() };
            effects.secondary(&index, ShareUpdateExclusive).kind = EffectKind::Index;
        }
    }
}

fn stays_with_parent(constraint: &Constraint) -> bool {
    constraint.no_inherit || matches!(constraint.kind, ConstraintKind::ForeignKey { .. })
}

/// RENAME CONSTRAINT: a CHECK's name is changed in the children too, a key's in its index.
pub(super) fn rename(alter: &AlterTable, name: &Name, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let known = effects.table(&alter.name).and_then(|t| t.constraints.iter().find(|c| *name == *c.name.as_str()));
    effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
    if let Some(index) = known.and_then(|c| c.index.as_ref()) {
        let index = Qualified { schema: relation.schema.clone(), name: index.clone() };
        effects.secondary(&index, ShareUpdateExclusive).kind = EffectKind::Index;
    }
    let inherited = known.is_none_or(|c| matches!(c.constraint.kind, ConstraintKind::Check(_) | ConstraintKind::NotNull(_)));
    if inherited && !alter.only {
        effects.recurse(&relation, AccessExclusive, &[]);
    }
}

/// Whether a column is NOT NULL, as far as anybody knows.
pub(super) fn may_be_not_null(alter: &AlterTable, column: &Name, effects: &Effects<'_>) -> bool {
    effects.table(&alter.name).and_then(|t| t.column(&column.value)).is_none_or(|c| c.not_null)
}

/// ONLY: what the direct children inherited becomes their own.
pub(super) fn children(relation: &Qualified, effects: &mut Effects<'_>) {
    let children: Vec<Qualified> = effects.catalog.children_of(relation).map(|(child, _)| child.clone()).collect();
    for child in children {
        effects.secondary(&child, AccessExclusive);
    }
}

fn scan_unless(unchecked: bool) -> Vec<Work> {
    if unchecked { vec![] } else { vec![Work::Scan] }
}

/// The referenced table gets triggers: SHARE ROW EXCLUSIVE, its partitions too.
pub(super) fn references(child: &Qualified, parent: &ObjectName, work: &[Work], effects: &mut Effects<'_>) {
    let parent = effects.catalog.resolve(parent);
    if parent != *child {
        effects.secondary(&parent, ShareRowExclusive).work = work.to_vec();
        effects.recurse(&parent, ShareRowExclusive, &[]);
    }
}

type Verdict = (Vec<Work>, Option<String>);

/// What making a column NOT NULL costs: nothing when it is known to be so, or a valid CHECK says it.
pub(super) fn not_null(table: &ObjectName, column: &Name, effects: &Effects<'_>) -> Verdict {
    let proven = effects.table(table).is_some_and(|t| {
        t.column(&column.value).is_some_and(|c| c.not_null) || valid_checks(t).iter().any(|fact| is_not_null(fact, &column.value))
    });
    if proven {
        return (vec![], None);
    }
    let unsure = !effects.is_whole(table);
    (vec![Work::Scan], unsure.then(|| format!("whether a valid CHECK on {table} says that {column} IS NOT NULL")))
}

/// Whether a column is known to be NOT NULL.
pub(super) fn is_not_null_already(table: &ObjectName, column: &Name, effects: &Effects<'_>) -> bool {
    effects.table(table).and_then(|t| t.column(&column.value)).is_some_and(|c| c.not_null)
}

/// A key builds its index; with USING INDEX it only has to see that a primary key's columns are NOT NULL.
fn key(alter: &AlterTable, primary: bool, using_index: Option<&Name>, columns: &[Name], effects: &Effects<'_>) -> Verdict {
    let Some(index) = using_index else {
        let mut work = vec![Work::IndexBuild];
        let known = |c: &Name| effects.table(&alter.name).is_some_and(|t| t.column(&c.value).is_some());
        let nullable = |c: &Name| known(c) && !not_null(&alter.name, c, effects).0.is_empty();
        work.extend((primary && columns.iter().any(nullable)).then_some(Work::Scan));
        return (work, None);
    };
    if !primary {
        return (vec![], None);
    }
    let at = Qualified { schema: effects.catalog.resolve(&alter.name).schema, name: index.value.clone() };
    let Some(known) = effects.catalog.indexes.get(&at) else {
        return (vec![Work::Scan], Some(format!("whether the columns of index {index} are NOT NULL")));
    };
    let keys = known.keys.iter().filter_map(|key| key.expr.column());
    let verdicts: Vec<Verdict> = keys.map(|column| not_null(&alter.name, &column.column, effects)).collect();
    verdicts.into_iter().find(|(work, _)| !work.is_empty()).unwrap_or_default()
}

/// Before 18 a key only builds its index on the partitions, and inheriting children have no part in it; but a primary key
/// that makes columns NOT NULL does so everywhere.
fn key_below(alter: &AlterTable, primary: bool, columns: &[Name], work: &[Work], effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let known = effects.table(&alter.name);
    let not_null = |c: &Name| known.and_then(|t| t.column(&c.value)).is_some_and(|c| c.not_null);
    if primary && !columns.iter().all(not_null) {
        effects.recurse(&relation, AccessExclusive, work);
    } else if known.is_some_and(|t| t.partition_by.is_some()) {
        effects.recurse(&relation, Share, work);
    }
}

/// VALIDATE CONSTRAINT: nobody waits but other DDL.
pub(super) fn validate(alter: &AlterTable, name: &Name, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let known = effects.table(&alter.name).and_then(|t| t.constraints.iter().find(|c| *name == *c.name.as_str()));
    let (valid, references) = known.map_or((false, None), |c| (c.valid, c.references.as_deref().cloned()));
    let work = scan_unless(valid);
    effects.named(&alter.name, EffectKind::from(alter.kind), ShareUpdateExclusive).work = work.clone();
    // a valid one is done at once
    if !valid {
        effects.recurse(&relation, ShareUpdateExclusive, &work);
    }
    if let Some(parent) = references.filter(|parent| *parent != relation && !valid) {
        effects.secondary(&parent, RowShare).work.push(Work::Scan);
    }
}

/// DROP CONSTRAINT: a foreign key's triggers go from the referenced table too.
pub(super) fn drop(alter: &AlterTable, name: &Name, cascade: bool, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let known = effects.table(&alter.name).and_then(|t| t.constraints.iter().find(|c| *name == *c.name.as_str()));
    let whole = effects.is_whole(&alter.name);
    let named = effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
    if known.is_none() && !whole {
        named.unsure = Some(format!("whether {name} is a foreign key"));
    }
    if !alter.only {
        effects.recurse(&relation, AccessExclusive, &[]);
    } else {
        children(&relation, effects);
    }
    let Some(known) = known else { return };
    if let Some(parent) = &known.references {
        effects.secondary(parent, AccessExclusive);
        referenced_partitions(parent, effects);
    }
    if let Some(index) = &known.index {
        let index = Qualified { schema: relation.schema.clone(), name: index.clone() };
        effects.index_tree(&index, AccessExclusive, &[]);
        if cascade {
            let referring: Vec<Qualified> = effects.catalog.references_to(&relation).map(|(q, _)| q.clone()).collect();
            for table in referring {
                effects.secondary(&table, AccessExclusive);
            }
        }
    }
}

/// A dropped foreign key leaves its triggers' marks on every leaf of the table that it refers to, from 15 on all partitions.
pub(super) fn referenced_partitions(parent: &Qualified, effects: &mut Effects<'_>) {
    for partition in effects.descendants(parent) {
        if effects.version.at_least(15) || !effects.is_partitioned(&partition) {
            effects.secondary(&partition, AccessExclusive);
        }
    }
}

/// The constraints written beside a new column. Without a default the new column is NULL everywhere, which a foreign key
/// accepts unread.
pub(super) fn of_new_column(alter: &AlterTable, constraints: &[Constraint], has_default: bool, effects: &mut Effects<'_>) -> Vec<Work> {
    let relation = effects.catalog.resolve(&alter.name);
    let mut work = vec![];
    for constraint in constraints {
        match &constraint.kind {
            ConstraintKind::Check(_) => work.extend((!constraint.not_enforced).then_some(Work::Scan)),
            ConstraintKind::NotNull(_) => work.extend((!has_default).then_some(Work::Scan)),
            ConstraintKind::Key { .. } | ConstraintKind::Exclude { .. } => work.push(Work::IndexBuild),
            ConstraintKind::ForeignKey { table, .. } => {
                work.extend(has_default.then_some(Work::Scan));
                references(&relation, table, &[], effects);
            }
        }
    }
    work
}
