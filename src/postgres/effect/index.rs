//! CREATE INDEX and REINDEX. Must not know other DDL.

use super::list::Effects;
use super::{EffectKind, Until, Work};
use crate::catalog::Qualified;
use crate::facts::{CreateIndex, Reindex};
use crate::postgres::lock::LockMode::{AccessExclusive, Share, ShareUpdateExclusive};

/// SHARE for the whole build, on every partition too; CONCURRENTLY waits instead of blocking.
pub(super) fn create_index(index: &CreateIndex, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&index.table);
    if index.concurrently.is_some() {
        effects.named(&index.table, EffectKind::Table, ShareUpdateExclusive).work.extend([Work::IndexBuild, Work::Wait]);
        return;
    }
    let partitioned = effects.catalog.tables.get(&relation).is_some_and(|t| t.partition_by.is_some());
    let empty = partitioned && index.only;
    let work: &[Work] = if empty { &[] } else { &[Work::IndexBuild] };
    effects.named(&index.table, EffectKind::Table, Share).work = work.to_vec();
    if partitioned && !index.only {
        effects.recurse(&relation, Share, &[Work::IndexBuild]);
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
                    let mode = if reindex.concurrently { ShareUpdateExclusive } else { Share };
                    effects.secondary(&table, mode).work = work;
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

fn work(concurrently: bool) -> Vec<Work> {
    if concurrently { vec![Work::IndexBuild, Work::Wait] } else { vec![Work::IndexBuild] }
}

fn one(table: &Qualified, concurrently: bool, effects: &mut Effects<'_>) {
    let (mode, index) = if concurrently { (ShareUpdateExclusive, ShareUpdateExclusive) } else { (Share, AccessExclusive) };
    effects.secondary(table, mode).work = work(concurrently);
    effects.indexes(table, index, &work(concurrently));
}

/// REINDEX SCHEMA, DATABASE, SYSTEM: every table in a transaction of its own.
fn all(concurrently: bool, schema: Option<&str>, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    for table in catalog.tables.keys().filter(|q| schema.is_none_or(|s| s == q.schema)) {
        one(table, concurrently, effects);
    }
    for effect in &mut effects.list {
        effect.until = Until::Statement;
    }
}
