//! CREATE INDEX and REINDEX. Must not know other DDL.

use super::list::Effects;
use super::{EffectKind, Until, Work};
use crate::catalog::Qualified;
use crate::facts::{CreateIndex, Reindex};
use crate::postgres::lock::LockMode::{self, AccessExclusive, Share, ShareUpdateExclusive};

/// SHARE for the whole build, on every partition too; CONCURRENTLY waits instead of blocking.
pub(super) fn create_index(index: &CreateIndex, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&index.table);
    let partitioned = effects.catalog.tables.get(&relation).is_some_and(|t| t.partition_by.is_some());
    let there = index.if_not_exists
        && index.name.as_ref().is_some_and(|name| {
            effects.catalog.indexes.contains_key(&Qualified { schema: relation.schema.clone(), name: name.value.clone() })
        });
    if index.concurrently.is_some() {
        let work: &[Work] = if there { &[] } else { &[Work::IndexBuild, Work::Wait] };
        effects.named(&index.table, EffectKind::Table, ShareUpdateExclusive).work = work.to_vec();
        return;
    }
    let empty = there || (partitioned && index.only);
    let work: &[Work] = if empty { &[] } else { &[Work::IndexBuild] };
    effects.named(&index.table, EffectKind::Table, Share).work = work.to_vec();
    if partitioned && !index.only {
        effects.recurse(&relation, Share, work);
    }
}

/// SHARE on the table, ACCESS EXCLUSIVE on every index rebuilt; CONCURRENTLY SHARE UPDATE EXCLUSIVE on both.
pub(super) fn reindex(reindex: &Reindex, effects: &mut Effects<'_>) {
    let Some(name) = &reindex.name else { return all(reindex.concurrently, None, effects) };
    match reindex.kind.as_str() {
        "INDEX" => {
            let index = effects.catalog.resolve(name);
            let mode = if reindex.concurrently { ShareUpdateExclusive } else { AccessExclusive };
            let work = work(reindex.concurrently);
            effects.named(name, EffectKind::Index, mode).work = work.clone();
            let table = effects.catalog.indexes.get(&index).map(|i| i.table.clone());
            match table {
                Some(table) => {
                    let on_table = if reindex.concurrently { ShareUpdateExclusive } else { Share };
                    effects.secondary(&table, on_table).work = work.clone();
                    reindex_attached(&index, on_table, mode, &work, effects);
                }
                None => effects.list[0].unsure = Some(format!("the table of index {name}")),
            }
        }
        "TABLE" => {
            let table = effects.catalog.resolve(name);
            effects.named(name, EffectKind::Table, Share);
            for table in std::iter::once(table.clone()).chain(effects.descendants(&table)) {
                one(&table, reindex.concurrently, effects);
            }
            if reindex.concurrently {
                effects.list[0].mode = ShareUpdateExclusive;
            }
        }
        "SCHEMA" => all(reindex.concurrently, Some(&name.name.value), effects),
        _ => all(reindex.concurrently, None, effects),
    }
}

/// An index of a partitioned table has no file: those of the leaves are built.
fn reindex_attached(index: &Qualified, on_table: LockMode, on_index: LockMode, work: &[Work], effects: &mut Effects<'_>) {
    for attached in effects.attached_below(index) {
        let Some(table) = effects.catalog.indexes.get(&attached).map(|i| i.table.clone()) else { continue };
        if !effects.is_partitioned(&table) {
            effects.secondary(&attached, on_index).work = work.to_vec();
            effects.secondary(&table, on_table).work = work.to_vec();
        }
    }
}

fn work(concurrently: bool) -> Vec<Work> {
    if concurrently { vec![Work::IndexBuild, Work::Wait] } else { vec![Work::IndexBuild] }
}

fn one(table: &Qualified, concurrently: bool, effects: &mut Effects<'_>) {
    let (mode, index) = if concurrently { (ShareUpdateExclusive, ShareUpdateExclusive) } else { (Share, AccessExclusive) };
    effects.secondary(table, mode).work = work(concurrently);
    effects.indexes(table, index, &work(concurrently));
}

fn is_partitioned(catalog: &crate::catalog::Catalog, table: &Qualified) -> bool {
    catalog.tables.get(table).is_some_and(|t| t.partition_by.is_some())
}

/// REINDEX SCHEMA, DATABASE, SYSTEM: every table in a transaction of its own.
fn all(concurrently: bool, schema: Option<&str>, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    let has_file = |q: &&Qualified| !is_partitioned(catalog, q);
    for table in catalog.tables.keys().filter(has_file).filter(|q| schema.is_none_or(|s| s == q.schema)) {
        one(table, concurrently, effects);
    }
    for effect in &mut effects.list {
        effect.until = Until::Statement;
    }
}
