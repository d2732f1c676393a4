//! Constraints: added with the names that PostgreSQL makes up and the indexes behind them, validated, dropped, and followed
//! down to partitions and children.

use super::naming::{columns_part, index_column_names};
use super::text::{self, At, columns_of};
use super::{Catalog, Index, Qualified, TableConstraint};
use crate::facts::{ColumnRef, Constraint, ConstraintKind, Expr, ExprKind, Identifier, IndexKey, Name};

/// A key over a plain column.
pub(super) fn column_key(column: &Name) -> IndexKey {
    let reference = ColumnRef { schema: None, relation: None, column: column.clone() };
    IndexKey {
        expr: Expr::new(ExprKind::Column(reference), column.span),
        collation: None,
        opclass: None,
        opclass_options: None,
        descending: false,
        nulls_first: None,
    }
}

impl Catalog {
    /// Adds a constraint, to the table's children too unless `only`.
    pub(super) fn add_constraint(&mut self, table: &Qualified, constraint: &Constraint, only: bool, at: At) {
        if !at.sure && self.tables.get(table).is_some_and(|t| refuses(t, constraint)) {
            return;
        }
        match &constraint.kind {
            ConstraintKind::NotNull(column) => {
                if !constraint.not_valid {
                    self.name_not_null(table, &column.value, constraint.name.as_ref().map(|name| name.value.as_str()), !only);
                }
            }
            ConstraintKind::Check(expr) => {
                let columns = columns_of(expr);
                let second = if columns.len() == 1 { columns.first().map(Identifier::as_str) } else { None };
                let name = self.constraint_name(table, constraint, second, "check");
                let added = self.entry(name, constraint, None, None, at);
                if !only && !constraint.no_inherit {
                    self.push_to_children(table, &added, 0);
                }
                self.push_constraint(table, added);
            }
            ConstraintKind::ForeignKey { columns, table: target, .. } => {
                let target = self.resolve(target);
                let columns: Vec<Identifier> = columns.iter().map(|c| c.value.clone()).collect();
                let name = self.constraint_name(table, constraint, Some(&columns_part(&columns)), "fkey");
                let added = self.entry(name, constraint, Some(target), None, at);
                if !only {
                    self.push_to_children(table, &added, 0);
                }
                self.push_constraint(table, added);
            }
            ConstraintKind::Key { using_index: Some(index), .. } => self.adopt_index(table, constraint, index, at),
            ConstraintKind::Key { columns, include, primary, nulls_not_distinct, .. } => {
                let keys: Vec<IndexKey> = columns.iter().map(column_key).collect();
                let include: Vec<Identifier> = include.iter().map(|c| c.value.clone()).collect();
                let index = Index {
                    nulls_not_distinct: *nulls_not_distinct,
                    primary: *primary,
                    unique: true,
                    include,
                    ..constraint_index(table, "btree", keys, at, constraint)
                };
                self.add_key(table, constraint, index, if *primary { "pkey" } else { "key" }, only, at);
            }
            ConstraintKind::Exclude { method, keys, predicate } => {
                let method = method.as_ref().map_or("btree", |m| m.value.as_str());
                let keys: Vec<IndexKey> = keys.iter().map(|(key, _)| key.clone()).collect();
                let mut index = constraint_index(table, method, keys, at, constraint);
                index.predicate = predicate.clone().map(Box::new);
                index.predicate_sql = predicate.as_ref().map(|p| at.sql(p.span));
                self.add_key(table, constraint, index, "excl", only, at);
            }
        }
    }

    fn constraint_name(&self, table: &Qualified, constraint: &Constraint, second: Option<&str>, label: &str) -> Identifier {
        match &constraint.name {
            Some(name) => name.value.clone(),
            None => self.choose_constraint_name(table, second, label),
        }
    }

    fn entry(
        &self,
        name: Identifier,
        constraint: &Constraint,
        references: Option<Qualified>,
        index: Option<Identifier>,
        at: At,
    ) -> TableConstraint {
        TableConstraint {
            name,
            sql: at.constraint(constraint, references.as_ref()),
            constraint: constraint.clone(),
            references: references.map(Box::new),
            index,
            valid: !constraint.not_valid && !constraint.not_enforced,
            inherited: false,
            defined_at: at.written(constraint.span),
        }
    }

    pub(super) fn push_constraint(&mut self, table: &Qualified, added: TableConstraint) {
        self.given_names.note(&added.name);
        let refers = added.references.is_some();
        let add = |table: &mut super::Table| {
            table.constraints.retain(|known| known.name != added.name);
            table.constraints.reserve_exact(1); // most tables stay as they are
            table.constraints.push(added);
        };
        if refers {
            self.tables.edit(table, add)
        } else {
            self.tables.adjust(table, add)
        };
    }

    fn push_to_children(&mut self, table: &Qualified, added: &TableConstraint, depth: usize) {
        let children = self.child_names(table, depth);
        if children.is_empty() {
            return;
        }
        let added = &TableConstraint { inherited: true, ..added.clone() };
        for child in children {
            // foreign keys follow partitions only, never INHERITS
            let partition = self.tables.get(&child).is_some_and(|t| t.partition_of.is_some());
            if partition || added.references.is_none() {
                self.push_constraint(&child, added.clone());
                self.push_to_children(&child, added, depth + 1);
            }
        }
    }

    /// The direct children, none below a depth that only a cycle reaches.
    pub(super) fn child_names(&self, table: &Qualified, depth: usize) -> Vec<Qualified> {
        if depth > 32 { vec![] } else { self.children_of(table).map(|(name, _)| name.clone()).collect() }
    }

    /// A key or exclusion constraint with its index.
    fn add_key(&mut self, table: &Qualified, constraint: &Constraint, index: Index, label: &str, only: bool, at: At) {
        let name = match &constraint.name {
            Some(name) => name.value.clone(),
            None if label == "pkey" => self.choose_relation_name(&table.schema, &table.name, None, label),
            None => {
                let names = index_column_names(index.keys.iter().map(|key| &key.expr), &index.include);
                self.choose_relation_name(&table.schema, &table.name, Some(&columns_part(&names)), label)
            }
        };
        let primary = index.primary;
        if let ConstraintKind::Key { columns, primary: true, .. } = &constraint.kind {
            for column in columns {
                self.set_not_null(table, &column.value, !only);
            }
        }
        let index_name = Qualified { schema: table.schema.clone(), name: name.clone() };
        // a redundant second primary key replaces the first: PostgreSQL refuses it, so the first was not there
        if primary {
            let known: Vec<Qualified> = self.indexes_of(table).filter(|(_, index)| index.primary).map(|(name, _)| name.clone()).collect();
            for name in known {
                self.indexes.remove(&name);
            }
            self.tables.adjust(table, |t| {
                t.constraints.retain(|c| !matches!(c.constraint.kind, ConstraintKind::Key { primary: true, .. }));
            });
        }
        let added = self.entry(name.clone(), constraint, None, Some(name), at);
        self.push_constraint(table, added);
        self.indexes.insert(index_name.clone(), index);
        if !only {
            self.index_partitions(table, &index_name, at, 0);
        } else if self.tables.get(table).is_some_and(|t| t.partition_by.is_some()) {
            self.settle_validity(&index_name);
        }
    }

    /// ADD CONSTRAINT … USING INDEX: the index becomes the constraint's and takes its name.
    fn adopt_index(&mut self, table: &Qualified, constraint: &Constraint, index: &Name, at: At) {
        let old = Qualified { schema: table.schema.clone(), name: index.value.clone() };
        let name = constraint.name.as_ref().map_or_else(|| index.value.clone(), |n| n.value.clone());
        let new = Qualified { schema: table.schema.clone(), name: name.clone() };
        let is_primary = matches!(constraint.kind, ConstraintKind::Key { primary: true, .. });
        let mut adopted = constraint.clone();
        if let Some(mut known) = self.indexes.remove(&old) {
            known.constraint = true;
            known.primary = is_primary;
            let plain: Vec<Name> = known.keys.iter().filter_map(|key| key.expr.column().map(|c| c.column.clone())).collect();
            let included = known.include.iter().map(|c| Name::new(c.clone(), Default::default())).collect();
            if let ConstraintKind::Key { columns, include, nulls_not_distinct, .. } = &mut adopted.kind {
                *columns = plain.clone();
                *include = included;
                *nulls_not_distinct = known.nulls_not_distinct;
            }
            self.indexes.insert(new, known);
            if is_primary {
                for column in &plain {
                    self.set_not_null(table, &column.value, true);
                }
            }
        }
        let added = self.entry(name.clone(), &adopted, None, Some(name), at);
        self.push_constraint(table, added);
    }

    pub(super) fn set_not_null(&mut self, table: &Qualified, column: &str, recurse: bool) {
        self.name_not_null(table, column, None, recurse);
    }

    /// NOT NULL under a name, a made-up one where none is given; what is NOT NULL already keeps its own.
    pub(super) fn name_not_null(&mut self, table: &Qualified, column: &str, given: Option<&str>, recurse: bool) {
        let is_not_null = |t: &super::Table| t.columns.iter().all(|c| c.name != column || c.not_null);
        if !recurse && self.tables.get(table).is_some_and(is_not_null) {
            return;
        }
        let name = given.map_or_else(|| self.not_null_name(table, column), Identifier::from);
        self.given_names.note(&name);
        self.each_with_children(table, recurse, 0, &mut |t| {
            if let Some(column) = t.columns.iter_mut().find(|c| c.name == column)
                && !column.not_null
            {
                column.not_null = true;
                column.not_null_name = Some(name.clone());
            }
        });
    }

    /// ALTER CONSTRAINT.
    pub(super) fn alter_constraint(
        &mut self,
        table: &Qualified,
        name: &str,
        (deferrable, deferred, enforced): (Option<bool>, Option<bool>, Option<bool>),
    ) {
        self.each_with_children(table, true, 0, &mut |t| {
            let Some(known) = t.constraints.iter_mut().find(|c| c.name == name) else { return };
            let constraint = &mut known.constraint;
            constraint.deferrable = deferrable.unwrap_or(constraint.deferrable);
            constraint.initially_deferred = deferred.unwrap_or(constraint.initially_deferred) && constraint.deferrable;
            if let Some(enforced) = enforced {
                constraint.not_enforced = !enforced;
                known.valid = enforced;
            }
            refresh_constraint(known);
        });
    }

    /// Changes a table, and its children where `recurse`.
    pub(super) fn each_with_children(&mut self, table: &Qualified, recurse: bool, depth: usize, change: &mut dyn FnMut(&mut super::Table)) {
        self.tables.adjust(table, &mut *change);
        if recurse {
            for child in self.child_names(table, depth) {
                self.each_with_children(&child, true, depth + 1, change);
            }
        }
    }

    pub(super) fn validate_constraint(&mut self, table: &Qualified, name: &str) {
        self.each_with_children(table, true, 0, &mut |t| {
            if let Some(constraint) = t.constraints.iter_mut().find(|c| c.name == name) {
                constraint.valid = true;
                constraint.constraint.not_valid = false;
            }
        });
    }

    /// Drops a constraint with its index, and the foreign keys that need it.
    pub(super) fn drop_constraint(&mut self, table: &Qualified, name: &str, depth: usize) {
        let dropped = self.tables.adjust(table, |t| {
            let at = t.constraints.iter().position(|c| c.name == name)?;
            Some(t.constraints.remove(at))
        });
        let Some(dropped) = dropped.flatten() else {
            return self.each_with_children(table, true, depth, &mut |t| {
                for column in t.columns.iter_mut().filter(|c| c.not_null_name.as_deref() == Some(name)) {
                    column.not_null = false;
                    column.not_null_name = None;
                }
            });
        };
        if let Some(index) = &dropped.index {
            self.drop_index(&Qualified { schema: table.schema.clone(), name: index.clone() }, depth);
            if let ConstraintKind::Key { columns, primary, .. } = &dropped.constraint.kind {
                self.drop_references(table, columns, *primary);
            }
        } else {
            for child in self.child_names(table, depth) {
                self.drop_constraint(&child, name, depth + 1);
            }
        }
    }

    /// Drops the foreign keys that point at a key which is gone.
    fn drop_references(&mut self, table: &Qualified, columns: &[Name], primary: bool) {
        let needs = |c: &TableConstraint| match &c.constraint.kind {
            ConstraintKind::ForeignKey { referenced, .. } if c.references.as_deref() == Some(table) => {
                if referenced.is_empty() {
                    primary
                } else {
                    referenced.len() == columns.len() && columns.iter().all(|k| referenced.contains(k))
                }
            }
            _ => false,
        };
        let referring: Vec<Qualified> = self.references_to(table).filter(|(_, c)| needs(c)).map(|(name, _)| name.clone()).collect();
        for name in referring {
            self.tables.adjust(&name, |t| t.constraints.retain(|c| !needs(c)));
        }
    }

    pub(super) fn rename_constraint(&mut self, table: &Qualified, from: &str, to: &str) {
        let index = self.tables.get(table).and_then(|t| t.constraint(from)).and_then(|c| c.index.clone());
        if let Some(index) = index {
            let old = Qualified { schema: table.schema.clone(), name: index };
            self.rename_index(&old, to);
            return;
        }
        self.given_names.note(to);
        self.each_with_children(table, true, 0, &mut |t| {
            if let Some(constraint) = t.constraints.iter_mut().find(|c| c.name == from) {
                constraint.name = to.into();
            } else if let Some(column) = t.columns.iter_mut().find(|c| c.not_null_name.as_deref() == Some(from)) {
                column.not_null_name = Some(to.into());
            }
        });
    }
}

/// Whether PostgreSQL refuses a constraint for one that is there: under a condition it was not added then.
fn refuses(table: &super::Table, constraint: &Constraint) -> bool {
    let primary = |kind: &ConstraintKind| match kind {
        ConstraintKind::Key { primary: true, columns, .. } => Some(columns.iter().map(|c| c.value.clone()).collect::<Vec<_>>()),
        _ => None,
    };
    let named = constraint.name.as_ref().is_some_and(|name| table.constraint(&name.value).is_some());
    let same = || table.constraints.iter().any(|known| primary(&known.constraint.kind) == primary(&constraint.kind));
    named || primary(&constraint.kind).is_some() && same()
}

fn constraint_index(table: &Qualified, method: &str, keys: Vec<IndexKey>, at: At, constraint: &Constraint) -> Index {
    Index {
        table: table.clone(),
        method: method.to_owned(),
        keys_sql: keys.iter().map(|key| at.key(key)).collect(),
        keys,
        include: vec![],
        unique: false,
        nulls_not_distinct: false,
        primary: false,
        constraint: true,
        predicate: None,
        predicate_sql: None,
        valid: true,
        parent: None,
        with: None,
        settings: vec![],
        defined_at: at.written(constraint.span),
    }
}

/// Follows a renamed column or table inside a constraint.
pub(super) fn refresh_constraint(constraint: &mut TableConstraint) {
    if let (ConstraintKind::ForeignKey { table, .. }, Some(references)) = (&mut constraint.constraint.kind, &constraint.references) {
        *table = text::object_name(references);
    }
    text::refresh(&mut constraint.sql, &constraint.constraint, constraint.references.as_deref());
}
