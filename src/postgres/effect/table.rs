//! CREATE TABLE, DROP of any kind, TRUNCATE. Must not know ALTER.

use super::list::Effects;
use super::{EffectKind, Work, partition};
use crate::catalog::Qualified;
use crate::facts::{ConstraintKind, CreateTable, Drop, ObjectName, Target};
use crate::postgres::lock::LockMode::{AccessExclusive, AccessShare, ShareRowExclusive, ShareUpdateExclusive};

/// The new table is nobody's yet; its parents and what it refers to are locked.
pub(super) fn create_table(table: &CreateTable, effects: &mut Effects<'_>) {
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
            effects.secondary_name(parent, ShareRowExclusive);
        }
    }
}

/// TRUNCATE writes new files for the table, its partitions, and with CASCADE for all that refer to it.
pub(super) fn truncate(tables: &[Target], cascade: bool, effects: &mut Effects<'_>) {
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
        let referring: Vec<Qualified> = effects.catalog.references_to(&name).map(|(q, _)| q.clone()).collect();
        for table in referring.into_iter().filter(|q| !seen.contains(q)).collect::<Vec<_>>() {
            effects.secondary(&table, AccessExclusive).work.push(Work::Rewrite);
            effects.recurse(&table, AccessExclusive, &[Work::Rewrite]);
            seen.push(table.clone());
            next.push(table);
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
            }
        }
        "TRIGGER" | "RULE" | "POLICY" => {
            if let Some(table) = &drop.on {
                effects.named(table, EffectKind::Table, AccessExclusive);
            }
        }
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
    for parent in table.constraints.iter().filter_map(|c| c.references.as_ref()) {
        effects.secondary(parent, AccessExclusive);
    }
    if let Some((parent, _)) = &table.partition_of {
        effects.secondary(parent, AccessExclusive);
        if let Some(default) = partition::default_of(parent, effects) {
            effects.secondary(&default, AccessExclusive);
        }
    }
    if cascade {
        let referring: Vec<Qualified> = catalog.references_to(relation).map(|(q, _)| q.clone()).collect();
        for table in referring {
            effects.secondary(&table, AccessExclusive);
        }
    }
    drop_views(relation, cascade, effects);
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
        Some((_, index)) => {
            let table = index.table.clone();
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
