//! The list of effects while it grows: what a name means, what hangs on a table, and merging. Must not know any action.

use super::{Effect, EffectKind, Until, Work};
use crate::catalog::{Catalog, Knowledge, Qualified, Relation, Table};
use crate::facts::{Identifier, ObjectName};
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;
use std::hash::BuildHasher;

/// How many relations one statement may be said to lock: a guard against catalogs whose relations form a circle.
const MAX_RELATIONS: usize = 10_000;

/// So many effects are compared with each other sooner than hashed.
const FEW: usize = 12;

pub(super) struct Effects<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) version: Version,
    pub(super) list: Vec<Effect>,
}

impl<'c> Effects<'c> {
    pub(super) fn new(catalog: &'c Catalog, version: Version) -> Self {
        Effects { catalog, version, list: Vec::with_capacity(2) }
    }

    /// The relation that the action names.
    pub(super) fn named(&mut self, name: &ObjectName, kind: EffectKind, mode: LockMode) -> &mut Effect {
        let relation = self.catalog.resolve(name);
        let kind = self.kind_of(&relation).unwrap_or(kind);
        self.push(relation, kind, mode, true)
    }

    /// A relation locked with it.
    pub(super) fn secondary(&mut self, relation: &Qualified, mode: LockMode) -> &mut Effect {
        let kind = self.kind_of(relation).unwrap_or(EffectKind::Table);
        self.push(relation.clone(), kind, mode, false)
    }

    /// A relation locked with it, by its name as written.
    pub(super) fn secondary_name(&mut self, name: &ObjectName, mode: LockMode) -> &mut Effect {
        let relation = self.catalog.resolve(name);
        self.secondary(&relation, mode)
    }

    fn push(&mut self, relation: Qualified, kind: EffectKind, mode: LockMode, named: bool) -> &mut Effect {
        let at = self.list.len();
        self.list.push(Effect { relation, kind, mode, until: Until::Transaction, work: vec![], named, unsure: None });
        &mut self.list[at]
    }

    /// What the catalog says that a relation is.
    pub(super) fn kind_of(&self, name: &Qualified) -> Option<EffectKind> {
        if let Some(table) = self.catalog.tables.get(name) {
            return Some(if table.partition_of.is_some() { EffectKind::Partition } else { EffectKind::Table });
        }
        if let Some(view) = self.catalog.views.get(name) {
            return Some(if view.materialized { EffectKind::MaterializedView } else { EffectKind::View });
        }
        if self.catalog.indexes.contains_key(name) {
            return Some(EffectKind::Index);
        }
        self.catalog.sequences.contains_key(name).then_some(EffectKind::Sequence)
    }

    /// The table by that name, where known.
    pub(super) fn table(&self, name: &ObjectName) -> Option<&'c Table> {
        match self.catalog.relation(name) {
            Some(Relation::Table(_, table)) => Some(table),
            _ => None,
        }
    }

    /// Whether all that there is to know of a table is known.
    pub(super) fn is_whole(&self, name: &ObjectName) -> bool {
        self.table(name).is_some_and(|table| table.knowledge == Knowledge::Whole)
    }

    /// All partitions and inheriting children below a table, nearest first.
    pub(super) fn descendants(&self, parent: &Qualified) -> Vec<Qualified> {
        let mut found: Vec<Qualified> = vec![];
        if self.catalog.children_of(parent).next().is_none() {
            return found;
        }
        let mut next = vec![parent.clone()];
        while let Some(name) = next.pop() {
            for (child, _) in self.catalog.children_of(&name) {
                if child != parent && !found.contains(child) && found.len() < MAX_RELATIONS {
                    found.push(child.clone());
                    next.push(child.clone());
                }
            }
        }
        found
    }

    /// Gives the descendants the same mode and work as their parent.
    pub(super) fn recurse(&mut self, parent: &Qualified, mode: LockMode, work: &[Work]) {
        for child in self.descendants(parent) {
            self.secondary(&child, mode).work = work.to_vec();
        }
    }

    /// Locks the indexes of a table.
    pub(super) fn indexes(&mut self, table: &Qualified, mode: LockMode, work: &[Work]) {
        let names: Vec<Qualified> = self.catalog.indexes_of(table).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.secondary(&name, mode).work = work.to_vec();
        }
    }

    /// Locks the indexes of a table that have a file: those of a partitioned table have none.
    pub(super) fn stored_indexes(&mut self, table: &Qualified, mode: LockMode, work: &[Work]) {
        if !self.is_partitioned(table) {
            self.indexes(table, mode, work);
        }
    }

    /// Locks an index and the partitions' indexes that are attached to it.
    pub(super) fn index_tree(&mut self, index: &Qualified, mode: LockMode, work: &[Work]) {
        self.secondary(index, mode).work = work.to_vec();
        for child in self.attached_below(index) {
            self.secondary(&child, mode).work = work.to_vec();
        }
    }

    /// The indexes attached to an index, and those attached to them.
    pub(super) fn attached_below(&self, index: &Qualified) -> Vec<Qualified> {
        let (mut found, mut next): (Vec<Qualified>, Vec<&Qualified>) = (vec![], vec![index]);
        while let Some(parent) = next.pop() {
            for (name, _) in self.catalog.indexes_attached_to(parent) {
                if name != index && !found.contains(name) && found.len() < MAX_RELATIONS {
                    found.push(name.clone());
                    next.push(name);
                }
            }
        }
        found
    }

    /// Whether a table is known to be partitioned.
    pub(super) fn is_partitioned(&self, table: &Qualified) -> bool {
        self.catalog.tables.get(table).is_some_and(|t| t.partition_by.is_some())
    }

    /// Gives the partitions below a partitioned table the same mode and work; inheriting children go their own ways.
    pub(super) fn partitions(&mut self, parent: &Qualified, mode: LockMode, work: &[Work]) {
        if self.is_partitioned(parent) {
            self.recurse(parent, mode, work);
        }
    }

    /// The partitioned tables above a partition, nearest first.
    pub(super) fn ancestors(&self, partition: &Qualified) -> Vec<Qualified> {
        let mut found: Vec<Qualified> = vec![];
        let mut next = partition.clone();
        while let Some((parent, _)) = self.catalog.tables.get(&next).and_then(|t| t.partition_of.as_deref()) {
            if found.contains(parent) || found.len() > MAX_RELATIONS {
                break;
            }
            found.push(parent.clone());
            next = parent.clone();
        }
        found
    }

    /// The sequences that belong to a table, or to one of its columns.
    pub(super) fn sequences_of(&self, table: &Qualified, column: Option<&str>) -> Vec<Qualified> {
        let owned = |owner: &(Qualified, Identifier)| owner.0 == *table && column.is_none_or(|c| owner.1 == c);
        self.catalog
            .sequences
            .dependents(table)
            .filter(|(_, s)| s.owned_by.as_ref().is_some_and(owned))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// One effect per relation: the strongest mode, the longest hold, all the work. Named relations come first.
    pub(super) fn merged(mut self) -> Vec<Effect> {
        if self.list.len() < 2 {
            self.list.iter_mut().for_each(settle);
            return self.list;
        }
        if self.list.len() <= FEW {
            return self.merged_few();
        }
        let hasher = hashbrown::DefaultHashBuilder::default();
        let mut at: hashbrown::HashTable<usize> = hashbrown::HashTable::new();
        let mut all: Vec<Effect> = vec![];
        for effect in self.list {
            let hash = hasher.hash_one(&effect.relation);
            match at.find(hash, |&i| all[i].relation == effect.relation) {
                Some(&i) => absorb(&mut all[i], effect),
                None => {
                    at.insert_unique(hash, all.len(), |&i| hasher.hash_one(&all[i].relation));
                    all.push(effect);
                }
            }
        }
        in_order(all)
    }

    /// The same without a table of where each relation stands.
    fn merged_few(self) -> Vec<Effect> {
        let mut all: Vec<Effect> = Vec::with_capacity(self.list.len());
        for effect in self.list {
            match all.iter_mut().find(|known| known.relation == effect.relation) {
                Some(known) => absorb(known, effect),
                None => all.push(effect),
            }
        }
        in_order(all)
    }
}

fn in_order(mut all: Vec<Effect>) -> Vec<Effect> {
    all.sort_by_key(|effect| !effect.named);
    all.iter_mut().for_each(settle);
    all
}

fn settle(effect: &mut Effect) {
    effect.work.sort_unstable();
    effect.work.dedup();
}

fn absorb(into: &mut Effect, other: Effect) {
    into.mode = into.mode.max(other.mode);
    into.named |= other.named;
    into.work.extend(other.work);
    if other.until == Until::Transaction {
        into.until = Until::Transaction;
    }
    into.unsure = into.unsure.take().or(other.unsure);
}
