//! CREATE TABLE, DROP of any kind, TRUNCATE. Must not know ALTER.

use super::list::Effects;
use super::{EffectKind, Work, constraint, partition};
use crate::catalog::{Catalog, Qualified, TableConstraint};
use crate::facts::{ConstraintKind, CreateTable, Drop, Expr, ExprKind, ObjectName, Target};
use crate::postgres::lock::LockMode::{AccessExclusive, AccessShare, ShareUpdateExclusive};

/// The new table is nobody's yet; its parents and what it refers to are locked.
pub(super) fn create_table(table: &CreateTable, effects: &mut Effects<'_>) {
    if table.if_not_exists && effects.catalog.relation(&table.name).is_some() {
        return;
    }
    if let Some(of) = &table.partition_of {
        partition::create_partition(of, effects);
    }
    for parent in &table.inherits {
        effects.secondary_name(parent, ShareUpdateExclusive);
    }
    for like in &table.likes {
        effects.secondary_name(&like.source, AccessShare);
    }
    for constraint in &table.constraints {
        if let ConstraintKind::ForeignKey { table: parent, .. } = &constraint.kind
            && *parent != table.name
        {
            let own = effects.catalog.creation_name(&table.name, table.temporary);
            constraint::references(&own, parent, &[], effects);
        }
    }
}

/// TRUNCATE writes new files for the table, its partitions, and with CASCADE for all that refer to it.
pub(super) fn truncate(tables: &[Target], cascade: bool, restart_identity: bool, effects: &mut Effects<'_>) {
    let mut next: Vec<Qualified> = vec![];
    for target in tables {
        let name = effects.catalog.resolve(&target.name);
        effects.named(&target.name, EffectKind::Table, AccessExclusive).work.push(Work::Rewrite);
        if !target.only {
            effects.recurse(&name, AccessExclusive, &[Work::Rewrite]);
        }
        next.push(name);
    }
    let mut seen = next.clone();
    while let Some(name) = next.pop().filter(|_| cascade) {
        let mut referring: Vec<Qualified> = effects.catalog.references_to(&name).map(|(q, _)| q.clone()).collect();
        for ancestor in effects.ancestors(&name) {
            referring.extend(effects.catalog.references_to(&ancestor).map(|(q, _)| q.clone()));
        }
        for table in referring.into_iter().filter(|q| !seen.contains(q)).collect::<Vec<_>>() {
            effects.secondary(&table, AccessExclusive).work.push(Work::Rewrite);
            effects.recurse(&table, AccessExclusive, &[Work::Rewrite]);
            seen.push(table.clone());
            next.push(table);
        }
    }
    let emptied: Vec<Qualified> = effects.list.iter().map(|effect| effect.relation.clone()).collect();
    for table in emptied {
        effects.stored_indexes(&table, AccessExclusive, &[]);
        for sequence in if restart_identity { effects.sequences_of(&table, None) } else { vec![] } {
            effects.secondary(&sequence, AccessExclusive);
        }
    }
}

/// DROP of anything.
pub(super) fn drop(drop: &Drop, effects: &mut Effects<'_>) {
    match drop.kind.as_str() {
        "TABLE" | "FOREIGN TABLE" => drop.names.iter().for_each(|name| drop_table(name, drop.cascade, effects)),
        "INDEX" => drop.names.iter().for_each(|name| drop_index(name, drop.concurrently.is_some(), effects)),
        "VIEW" | "MATERIALIZED VIEW" => {
            let kind = if drop.kind == "VIEW" { EffectKind::View } else { EffectKind::MaterializedView };
            for name in &drop.names {
                effects.named(name, kind, AccessExclusive);
                let relation = effects.catalog.resolve(name);
                effects.indexes(&relation, AccessExclusive, &[]);
                drop_views(&relation, drop.cascade, effects);
            }
        }
        "SEQUENCE" => {
            for name in &drop.names {
                effects.named(name, EffectKind::Sequence, AccessExclusive);
                if drop.cascade {
                    drop_defaults_from(name, effects);
                }
            }
        }
        "TRIGGER" | "RULE" | "POLICY" => {
            if let Some(table) = &drop.on {
                drop_from_table(drop, table, effects);
            }
        }
        "STATISTICS" => {
            for name in &drop.names {
                if let Some(table) = effects.catalog.table_of_statistics(name) {
                    effects.secondary(table, ShareUpdateExclusive);
                }
            }
        }
        "FUNCTION" | "ROUTINE" if drop.cascade => drop.names.iter().for_each(|name| drop_function(name, effects)),
        "TYPE" | "DOMAIN" if drop.cascade => drop.names.iter().for_each(|name| drop_type(name, effects)),
        "SCHEMA" if drop.cascade => drop_schemas(&drop.names, effects),
        _ => {}
    }
}

fn drop_table(name: &ObjectName, cascade: bool, effects: &mut Effects<'_>) {
    effects.named(name, EffectKind::Table, AccessExclusive);
    let relation = effects.catalog.resolve(name);
    let mut gone = vec![relation.clone()];
    gone.extend(effects.descendants(&relation));
    for table in &gone {
        drop_one(table, cascade, effects);
    }
}

/// A dropped table takes its indexes and sequences with it, and locks what its foreign keys and its parent point at.
fn drop_one(relation: &Qualified, cascade: bool, effects: &mut Effects<'_>) {
    effects.secondary(relation, AccessExclusive);
    effects.indexes(relation, AccessExclusive, &[]);
    let catalog = effects.catalog;
    for (sequence, s) in catalog.sequences.dependents(relation) {
        if s.owned_by.as_ref().is_some_and(|(table, _)| table == relation) {
            effects.secondary(sequence, AccessExclusive);
        }
    }
    let Some(table) = catalog.tables.get(relation) else { return };
    // what a partition's foreign keys come from stays
    let inherited = |c: &TableConstraint| table.partition_of.as_deref().is_some_and(|(parent, _)| has_same_key(parent, c, catalog));
    for parent in table.constraints.iter().filter(|c| !inherited(c)).filter_map(|c| c.references.as_ref()) {
        if !effects.is_partitioned(parent) || effects.version.at_least(15) {
            effects.secondary(parent, AccessExclusive);
        }
        constraint::referenced_partitions(parent, effects);
    }
    if let Some((parent, _)) = table.partition_of.as_deref() {
        effects.secondary(parent, AccessExclusive);
        if let Some(default) = partition::default_of(parent, effects) {
            effects.secondary(&default, AccessExclusive);
        }
    }
    if cascade {
        for referred in std::iter::once(relation.clone()).chain(effects.ancestors(relation)) {
            let referring: Vec<Qualified> = catalog.references_to(&referred).map(|(q, _)| q.clone()).collect();
            if referred != *relation && !referring.is_empty() {
                constraint::referenced_partitions(&referred, effects);
            }
            for table in referring {
                effects.secondary(&table, AccessExclusive);
            }
        }
    }
    drop_views(relation, cascade, effects);
}

fn has_same_key(parent: &Qualified, constraint: &TableConstraint, catalog: &Catalog) -> bool {
    let same = |c: &TableConstraint| c.references == constraint.references && c.constraint.kind == constraint.constraint.kind;
    catalog.tables.get(parent).is_some_and(|t| t.constraints.iter().any(same))
}

/// DROP TRIGGER, RULE, POLICY; a row trigger of a partitioned table goes from every partition.
fn drop_from_table(drop: &Drop, on: &ObjectName, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(on);
    let missing = drop.if_exists.then(|| format!("whether it exists on {on}"));
    effects.named(on, EffectKind::Table, AccessExclusive).unsure = missing;
    let triggers = effects.catalog.tables.get(&relation).map(|t| t.triggers.as_slice()).unwrap_or_default();
    let each_row = triggers.iter().any(|t| t.each_row && drop.names.iter().any(|n| n.name == *t.name.as_str()));
    if drop.kind == "TRIGGER" && each_row {
        effects.partitions(&relation, AccessExclusive, &[]);
    }
}

/// The triggers that call a function go with it, and the indexes over it.
fn drop_function(name: &ObjectName, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    let calls = |e: &Expr| {
        let mut found = false;
        e.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Call(call) if call.name.name == name.name));
        found
    };
    for (known, _) in catalog.functions.named(&name.name.value) {
        for table in catalog.tables_with_triggers_calling(known) {
            effects.secondary(table, AccessExclusive);
        }
    }
    for (index, known) in catalog.indexes.matching(|_, i| i.keys.iter().any(|key| calls(&key.expr))) {
        effects.secondary(index, AccessExclusive);
        effects.secondary(&known.table, AccessExclusive);
    }
}

/// DROP SEQUENCE … CASCADE takes the defaults that draw from it.
fn drop_defaults_from(name: &ObjectName, effects: &mut Effects<'_>) {
    let sequence = effects.catalog.resolve(name);
    let catalog = effects.catalog;
    for (table, known) in &catalog.tables {
        if known.columns.iter().any(|c| super::query::draws_from(table, c, catalog).contains(&sequence)) {
            effects.secondary(table, AccessExclusive);
        }
    }
}

pub(super) fn drop_views(relation: &Qualified, cascade: bool, effects: &mut Effects<'_>) {
    let mut next = if cascade { vec![relation.clone()] } else { vec![] };
    let mut seen: Vec<Qualified> = vec![];
    while let Some(name) = next.pop() {
        let views: Vec<Qualified> = effects.catalog.views_reading(&name).map(|(q, _)| q.clone()).collect();
        for view in views {
            if !seen.contains(&view) {
                effects.secondary(&view, AccessExclusive);
                effects.indexes(&view, AccessExclusive, &[]);
                seen.push(view.clone());
                next.push(view);
            }
        }
    }
}

/// DROP TYPE … CASCADE drops the columns of that type.
fn drop_type(name: &ObjectName, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    for (table, known) in &catalog.tables {
        if known.columns.iter().any(|c| c.ty.as_ref().is_some_and(|ty| ty.name == name.name.value)) {
            effects.secondary(table, AccessExclusive);
        }
    }
}

fn drop_schemas(schemas: &[ObjectName], effects: &mut Effects<'_>) {
    let inside = |q: &Qualified| schemas.iter().any(|s| s.name.value == q.schema);
    let catalog = effects.catalog;
    for table in catalog.tables.keys().filter(|q| inside(q)) {
        drop_one(table, true, effects);
    }
    for view in catalog.views.keys().filter(|q| inside(q)) {
        effects.secondary(view, AccessExclusive);
    }
    for sequence in catalog.sequences.keys().filter(|q| inside(q)) {
        effects.secondary(sequence, AccessExclusive);
    }
}

/// DROP INDEX locks the table as well: no query may be planning with the index.
fn drop_index(name: &ObjectName, concurrently: bool, effects: &mut Effects<'_>) {
    let mode = if concurrently { ShareUpdateExclusive } else { AccessExclusive };
    let work: &[Work] = if concurrently { &[Work::Wait] } else { &[] };
    effects.named(name, EffectKind::Index, mode).work = work.to_vec();
    match effects.catalog.index(name) {
        Some((name, index)) => {
            let (name, table) = (name.clone(), index.table.clone());
            for attached in effects.attached_below(&name) {
                effects.secondary(&attached, mode);
            }
            effects.secondary(&table, mode).work = work.to_vec();
            for child in effects.descendants(&table) {
                effects.secondary(&child, mode);
            }
        }
        None => {
            if let Some(effect) = effects.list.last_mut() {
                effect.unsure = Some(format!("the table of index {name}"));
            }
        }
    }
}
