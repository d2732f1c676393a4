//! Partitions and children: what they get from their parent when they join, and what they lose when they leave.

use super::text::At;
use super::{Catalog, Qualified, TableConstraint};
use crate::facts::PartitionBound;

impl Catalog {
    /// Gives a new partition its parent's indexes and foreign keys.
    pub(super) fn complete_partition(&mut self, partition: &Qualified, at: At) {
        let Some((parent, _)) = self.tables.get(partition).and_then(|t| t.partition_of.as_deref().cloned()) else { return };
        let indexes: Vec<Qualified> = self.indexes_of(&parent).map(|(name, _)| name.clone()).collect();
        for index in indexes {
            self.index_partition(&parent, &index, partition, at, 0);
        }
        let Some(known) = self.tables.get(&parent) else { return };
        let foreign: Vec<TableConstraint> = known.constraints.iter().filter(|c| c.references.is_some()).cloned().collect();
        self.tables.edit(partition, |table| {
            for key in foreign {
                let same = |own: &TableConstraint| own.references == key.references && own.constraint.kind == key.constraint.kind;
                if !table.constraints.iter().any(same) {
                    table.constraints.push(key);
                }
            }
        });
    }

    pub(super) fn attach_partition(&mut self, parent: &Qualified, partition: &Qualified, bound: &PartitionBound, at: At) {
        self.touch(partition, at);
        if parent == partition {
            return;
        }
        let sql = at.bound(bound);
        self.tables.edit(partition, |table| {
            table.partition_of = Some(Box::new((parent.clone(), bound.clone())));
            table.bound_sql = Some(sql);
        });
        self.complete_partition(partition, at);
    }

    pub(super) fn detach_partition(&mut self, parent: &Qualified, partition: &Qualified) {
        self.tables.edit(partition, |table| {
            if table.partition_of.as_deref().is_some_and(|(of, _)| of == parent) {
                table.partition_of = None;
                table.bound_sql = None;
            }
        });
        let indexes: Vec<Qualified> = self.indexes_of(partition).map(|(name, _)| name.clone()).collect();
        for index in indexes {
            self.indexes.edit(&index, |index| index.parent = None);
        }
    }

    pub(super) fn set_parent(&mut self, child: &Qualified, parent: &Qualified, at: At) {
        self.touch(parent, at);
        self.tables.edit(child, |table| {
            if child != parent && !table.inherits.contains(parent) {
                table.inherits.push(parent.clone());
            }
        });
    }
}
