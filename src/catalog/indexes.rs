//! Indexes: CREATE INDEX, on partitioned tables down to every leaf, ATTACH, validity, DROP.

use super::naming::{columns_part, index_column_names};
use super::text::At;
use super::{Catalog, Index, Qualified, TableConstraint};
use crate::facts::{CreateIndex, Identifier, Name};
use crate::postgres::refusal::index_is_refused;

impl Catalog {
    pub(super) fn create_index(&mut self, create: &CreateIndex, at: At) {
        let table = self.resolve(&create.table);
        if !self.views.contains_key(&table) {
            self.touch(&table, at);
        }
        if index_is_refused(create, self) {
            return; // else a filter would seem to be served by what cannot exist
        }
        let include: Vec<Identifier> = create.include.iter().map(|c| c.value.clone()).collect();
        let name = match &create.name {
            Some(name) => super::naming::kept(&name.value).into(),
            None => {
                let names = index_column_names(create.keys.iter().map(|key| &key.expr), &include);
                self.choose_relation_name(&table.schema, &table.name, Some(&columns_part(&names)), "idx")
            }
        };
        let name = Qualified { schema: table.schema.clone(), name };
        if !self.make_room(&name, create.if_not_exists, at) {
            return;
        }
        let has_partitions = self.children_of(&table).next().is_some();
        let partitioned = self.tables.get(&table).is_some_and(|t| t.partition_by.is_some()) || create.only && has_partitions;
        let index = Index {
            table: table.clone(),
            method: create.method.clone(),
            keys_sql: create.keys.iter().map(|key| at.key(key)).collect(),
            keys: create.keys.clone(),
            include,
            unique: create.unique,
            nulls_not_distinct: create.nulls_not_distinct,
            primary: false,
            constraint: false,
            predicate: create.predicate.clone().map(Box::new),
            predicate_sql: create.predicate.as_ref().map(|p| at.sql(p.span)),
            valid: !(create.only && partitioned && has_partitions),
            parent: None,
            with: create.with.map(|span| at.sql(span)),
            settings: vec![],
            defined_at: at.home(),
        };
        self.indexes.insert(name.clone(), index);
        if !create.only {
            self.index_partitions(&table, &name, at, 0);
        }
        if !at.sure {
            self.mark_partial(&table);
        }
    }

    /// Gives each partition below a partitioned table its part of an index: one that fits is attached, else one is made.
    pub(super) fn index_partitions(&mut self, table: &Qualified, index: &Qualified, at: At, depth: usize) {
        if self.tables.get(table).is_none_or(|t| t.partition_by.is_none()) {
            return;
        }
        for child in self.child_names(table, depth) {
            self.index_partition(table, index, &child, at, depth);
        }
    }

    pub(super) fn index_partition(&mut self, table: &Qualified, index: &Qualified, child: &Qualified, at: At, depth: usize) {
        let Some(wanted) = self.indexes.get(index) else { return };
        let fits = self.indexes_of(child).find(|(_, own)| own.parent.is_none() && same_shape(own, wanted));
        match fits.map(|(name, _)| name.clone()) {
            Some(name) => {
                self.indexes.edit(&name, |own| own.parent = Some(Box::new(index.clone())));
                self.index_partitions(child, &name, at, depth + 1);
            }
            None => {
                if let Some(made) = self.copy_index(table, index, child, Some(index), at) {
                    self.index_partitions(child, &made, at, depth + 1);
                }
            }
        }
    }

    /// Makes an index like another on another table, with the constraint that it stands behind and a made-up name.
    pub(super) fn copy_index(
        &mut self,
        source: &Qualified,
        index: &Qualified,
        target: &Qualified,
        parent: Option<&Qualified>,
        at: At,
    ) -> Option<Qualified> {
        let mut copy = self.indexes.get(index)?.clone();
        let behind = |c: &&TableConstraint| c.index.as_deref() == Some(index.name.as_str());
        let constraint = self.tables.get(source).and_then(|t| t.constraints.iter().find(behind)).cloned();
        let label = match &constraint {
            _ if copy.primary => "pkey",
            Some(_) if copy.unique => "key",
            Some(_) => "excl",
            None => "idx",
        };
        let names = index_column_names(copy.keys.iter().map(|key| &key.expr), &copy.include);
        let part = columns_part(&names);
        let second = (!copy.primary).then_some(part.as_str());
        let name = self.choose_relation_name(&target.schema, &target.name, second, label);
        copy.table = target.clone();
        copy.parent = parent.cloned().map(Box::new);
        copy.valid = true;
        copy.defined_at = at.home();
        if copy.primary {
            for column in copy.plain_columns().unwrap_or_default().iter().map(|c| c.to_string()).collect::<Vec<_>>() {
                self.set_not_null(target, &column, true);
            }
        }
        if let Some(constraint) = constraint {
            self.push_constraint(target, TableConstraint { name: name.clone(), index: Some(name.clone()), ..constraint });
        }
        let name = Qualified { schema: target.schema.clone(), name };
        self.indexes.insert(name.clone(), copy);
        Some(name)
    }

    /// ALTER INDEX … ATTACH PARTITION.
    pub(super) fn attach_index(&mut self, parent: &Qualified, index: &Qualified) {
        self.indexes.edit(index, |own| own.parent = Some(Box::new(parent.clone())));
        self.settle_validity(parent);
    }

    /// An index on a partitioned table is valid once every partition has a valid one attached.
    pub(super) fn settle_validity(&mut self, index: &Qualified) {
        let mut next = Some(index.clone());
        let mut steps = 0;
        while let Some(name) = next.take().filter(|_| steps < 32) {
            steps += 1;
            let Some(own) = self.indexes.get(&name) else { return };
            let complete = self.children_of(&own.table).all(|(child, _)| {
                self.indexes.dependents(&name).any(|(_, part)| part.parent.as_deref() == Some(&name) && part.table == *child && part.valid)
            });
            let above = own.parent.clone();
            if own.valid != complete {
                self.indexes.adjust(&name, |own| own.valid = complete);
            }
            if complete {
                next = above.map(|above| *above);
            }
        }
    }

    /// Drops an index with its parts on partitions and the constraints that they stand behind.
    pub(super) fn drop_index(&mut self, name: &Qualified, depth: usize) {
        let Some(index) = self.indexes.remove(name) else { return };
        self.tables.adjust(&index.table, |t| t.constraints.retain(|c| c.index.as_deref() != Some(name.name.as_str())));
        if depth > 32 {
            return;
        }
        let is_part = |(_, part): &(&Qualified, &Index)| part.parent.as_deref() == Some(name);
        let parts: Vec<Qualified> = self.indexes.dependents(name).filter(is_part).map(|(part, _)| part.clone()).collect();
        for part in parts {
            self.drop_index(&part, depth + 1);
        }
    }

    /// Renames an index and the constraint that it stands behind.
    pub(super) fn rename_index(&mut self, name: &Qualified, to: &str) {
        let new = Qualified { schema: name.schema.clone(), name: to.into() };
        self.move_index(name, new);
    }

    pub(super) fn move_index(&mut self, name: &Qualified, new: Qualified) {
        let Some(index) = self.indexes.remove(name) else { return };
        // A name that another index has: something before was missed, and that index goes by a name that nobody knows.
        if let Some(other) = self.indexes.get(&new).map(|other| other.table.clone()) {
            self.mark_partial(&other);
        }
        self.tables.adjust(&index.table, |t| {
            if let Some(constraint) = t.constraints.iter_mut().find(|c| c.index.as_deref() == Some(name.name.as_str())) {
                constraint.name.clone_from(&new.name);
                constraint.index = Some(new.name.clone());
                if let Some(written) = &mut constraint.constraint.name {
                    *written = Name::new(new.name.clone(), written.span);
                }
            }
        });
        let parts: Vec<Qualified> =
            self.indexes.dependents(name).filter(|(_, part)| part.parent.as_deref() == Some(name)).map(|(n, _)| n.clone()).collect();
        for part in parts {
            self.indexes.edit(&part, |part| part.parent = Some(Box::new(new.clone())));
        }
        self.indexes.insert(new, index);
    }
}

fn same_shape(a: &Index, b: &Index) -> bool {
    a.valid && a.method == b.method && a.unique == b.unique && a.keys == b.keys && a.include == b.include && a.predicate == b.predicate
}
