//! Triggers and extended statistics: which table each stands on, and which function a trigger calls.

use super::{Catalog, Qualified, Trigger};
use crate::facts::{CreateTrigger, Drop, Name, ObjectName, OtherChange};

impl Catalog {
    /// CREATE TRIGGER; one for each row of a partitioned table stands on every partition.
    pub(super) fn create_trigger(&mut self, create: &CreateTrigger) {
        let table = self.resolve(&create.table);
        let function = self.resolve_where(&create.function, |candidate| self.functions.has(candidate));
        let trigger = Trigger { name: create.name.value.clone(), function, each_row: create.each_row };
        let tables = if create.each_row { self.with_partitions(&table, 0) } else { vec![table] };
        for table in tables {
            self.tables.adjust(&table, |t| {
                t.triggers.retain(|known| known.name != trigger.name);
                t.triggers.push(trigger.clone());
            });
        }
    }

    /// ALTER TRIGGER … RENAME TO.
    pub(super) fn alter_trigger(&mut self, name: &ObjectName, table: &ObjectName, change: &OtherChange) {
        let OtherChange::RenameTo(new) = change else { return };
        let table = self.resolve(table);
        self.edit_trigger(&table, &name.name, |trigger| trigger.name.clone_from(&new.value));
    }

    fn edit_trigger(&mut self, table: &Qualified, name: &Name, change: impl Fn(&mut Trigger)) {
        for table in self.with_partitions(table, 0) {
            self.tables.adjust(&table, |t| t.triggers.iter_mut().filter(|known| *name == *known.name.as_str()).for_each(&change));
        }
    }

    /// DROP TRIGGER.
    pub(super) fn drop_trigger(&mut self, drop: &Drop) {
        let Some(table) = drop.on.as_ref().map(|on| self.resolve(on)) else { return };
        for name in &drop.names {
            for table in self.with_partitions(&table, 0) {
                self.tables.adjust(&table, |t| t.triggers.retain(|known| name.name != *known.name.as_str()));
            }
        }
    }

    /// The triggers that call a function go with it.
    pub(super) fn drop_triggers_calling(&mut self, function: &Qualified) {
        let calling: Vec<Qualified> = self.tables_with_triggers_calling(function).cloned().collect();
        for table in calling {
            self.tables.adjust(&table, |t| t.triggers.retain(|trigger| trigger.function != *function));
        }
    }

    /// The tables with a trigger that calls a function.
    pub fn tables_with_triggers_calling<'c>(&'c self, function: &'c Qualified) -> impl Iterator<Item = &'c Qualified> {
        let calls = |trigger: &Trigger| trigger.function == *function;
        self.tables.matching(|_, table| table.triggers.iter().any(calls)).into_iter().map(|(name, _)| name)
    }

    /// CREATE STATISTICS with a name.
    pub(super) fn create_statistics(&mut self, name: &ObjectName, table: &ObjectName) {
        let (name, table) = (self.creation_name(name, false), self.resolve(table));
        self.tables.adjust(&table, |t| t.statistics.push(name));
    }

    /// The table that extended statistics are on.
    pub fn table_of_statistics(&self, name: &ObjectName) -> Option<&Qualified> {
        let has = |name: &Qualified| self.tables.matching(|_, table| table.statistics.contains(name)).first().map(|(table, _)| *table);
        has(&self.resolve_where(name, |candidate| has(&candidate.to_qualified()).is_some()))
    }

    /// DROP STATISTICS.
    pub(super) fn drop_statistics(&mut self, name: &ObjectName) {
        let Some(table) = self.table_of_statistics(name).cloned() else { return };
        self.tables.adjust(&table, |t| t.statistics.retain(|known| known.name != name.name.value));
    }

    fn with_partitions(&self, table: &Qualified, depth: usize) -> Vec<Qualified> {
        let mut all = vec![table.clone()];
        if self.tables.get(table).is_some_and(|t| t.partition_by.is_some()) {
            for child in self.child_names(table, depth) {
                all.extend(self.with_partitions(&child, depth + 1));
            }
        }
        all
    }
}
