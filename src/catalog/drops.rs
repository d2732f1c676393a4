//! DROP of every kind. What depends on the object goes too: without CASCADE PostgreSQL would have refused, so either CASCADE
//! was written or the dependents were not there any more.

use super::text::{At, columns_of, names_column, names_word};
use super::{Catalog, Index, Qualified, TableConstraint};
use crate::facts::{ConstraintKind, Drop, Identifier, ObjectName, TypeName};

impl Catalog {
    pub(super) fn drop_objects(&mut self, drop: &Drop, at: At) {
        self.drop_extras(drop, at);
        if drop.kind == "TRIGGER" {
            return self.drop_trigger(drop);
        }
        for (index, name) in drop.names.iter().enumerate() {
            match drop.kind.as_str() {
                "TABLE" | "FOREIGN TABLE" | "VIEW" | "MATERIALIZED VIEW" | "INDEX" | "SEQUENCE" => {
                    let name = self.resolve(name);
                    self.drop_relation(&name);
                }
                "TYPE" | "DOMAIN" => self.drop_type(name),
                "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => {
                    let name = self.resolve_where(name, |candidate| self.functions.has(candidate));
                    self.drop_function(&name, drop.arguments.get(index).and_then(Option::as_deref));
                    if !self.functions.contains_key(&name) {
                        self.drop_triggers_calling(&name);
                    }
                }
                "STATISTICS" => self.drop_statistics(name),
                "SCHEMA" => self.drop_schema(&name.name.value),
                "EXTENSION" => self.extensions.retain(|known| *known != name.name.value),
                _ => {}
            }
        }
    }

    /// Drops the overload with these argument types; without them, or where none fits and there is but one, all.
    fn drop_function(&mut self, name: &Qualified, arguments: Option<&[TypeName]>) {
        let Some(known) = self.functions.get(name) else { return };
        let fits = |function: &super::Function| arguments.is_none_or(|types| function.argument_types == types);
        let left: Vec<super::Function> = known.iter().filter(|function| !fits(function)).cloned().collect();
        if left.is_empty() || (left.len() == known.len() && known.len() == 1) {
            self.functions.remove(name);
            self.drop_extras_calling(name);
        } else {
            self.functions.insert(name.clone(), left);
        }
    }

    /// Drops whatever relation has that name.
    pub(super) fn drop_relation(&mut self, name: &Qualified) {
        if self.tables.contains_key(name) {
            self.drop_table(name);
        } else if self.views.contains_key(name) {
            self.drop_view(name, 0);
        } else if self.indexes.contains_key(name) {
            self.drop_index(name, 0);
        } else if self.sequences.contains_key(name) {
            self.drop_sequence(name);
        }
    }

    /// Drops a sequence with the defaults that take its next value.
    fn drop_sequence(&mut self, name: &Qualified) {
        for (table, column) in self.readers_of_sequence(name) {
            self.tables.adjust(&table, |t| {
                for column in t.columns.iter_mut().filter(|c| c.name == column) {
                    column.default = None;
                    column.default_sql = None;
                }
            });
        }
        self.sequences.remove(name);
    }

    /// Drops a table with its indexes, sequences, partitions, the views over it and the foreign keys that point at it.
    pub(super) fn drop_table(&mut self, name: &Qualified) {
        if self.tables.remove(name).is_none() {
            return;
        }
        self.drop_extras_on(name);
        self.drop_views_over(name, 0);
        let indexes: Vec<Qualified> = self.indexes_of(name).map(|(index, _)| index.clone()).collect();
        for index in indexes {
            self.drop_index(&index, 0);
        }
        for sequence in self.owned_sequences(name, None) {
            self.sequences.remove(&sequence);
        }
        let referring: Vec<Qualified> = self.references_to(name).map(|(table, _)| table.clone()).collect();
        for table in referring {
            self.tables.adjust(&table, |t| t.constraints.retain(|c| c.references.as_deref() != Some(name)));
        }
        for child in self.child_names(name, 0) {
            self.drop_table(&child);
        }
    }

    pub(super) fn drop_view(&mut self, name: &Qualified, depth: usize) {
        if self.views.remove(name).is_none() {
            return;
        }
        self.drop_extras_on(name);
        let indexes: Vec<Qualified> = self.indexes_of(name).map(|(index, _)| index.clone()).collect();
        for index in indexes {
            self.drop_index(&index, 0);
        }
        self.drop_views_over(name, depth + 1);
    }

    fn drop_views_over(&mut self, name: &Qualified, depth: usize) {
        if depth > 64 {
            return;
        }
        let over: Vec<Qualified> = self.views_reading(name).map(|(view, _)| view.clone()).collect();
        for view in over {
            self.drop_view(&view, depth);
        }
    }

    /// Drops a column with the indexes, constraints and sequences that need it, in children too unless `only`.
    pub(super) fn drop_column(&mut self, table: &Qualified, column: &str, cascade: bool, only: bool, depth: usize) {
        let Some(known) = self.tables.get(table) else { return };
        let needing: Vec<Identifier> = known.constraints.iter().filter(|c| uses_column(c, table, column)).map(|c| c.name.clone()).collect();
        for constraint in needing {
            self.drop_constraint(table, &constraint, depth);
        }
        let indexes: Vec<Qualified> =
            self.indexes_of(table).filter(|(_, index)| index_uses(index, column)).map(|(name, _)| name.clone()).collect();
        for index in indexes {
            self.drop_index(&index, depth);
        }
        for sequence in self.owned_sequences(table, Some(column)) {
            self.sequences.remove(&sequence);
        }
        self.tables.adjust(table, |t| t.columns.retain(|c| c.name != column));
        if cascade {
            self.drop_references_to_column(table, column);
            self.drop_views_naming(table, column);
        }
        if !only {
            for child in self.child_names(table, depth) {
                self.drop_column(&child, column, cascade, false, depth + 1);
            }
        }
    }

    fn drop_references_to_column(&mut self, table: &Qualified, column: &str) {
        let needs = |c: &TableConstraint| match &c.constraint.kind {
            ConstraintKind::ForeignKey { referenced, .. } => {
                c.references.as_deref() == Some(table) && referenced.iter().any(|r| *r == column)
            }
            _ => false,
        };
        let referring: Vec<Qualified> = self.references_to(table).filter(|(_, c)| needs(c)).map(|(name, _)| name.clone()).collect();
        for name in referring {
            self.tables.adjust(&name, |t| t.constraints.retain(|c| !needs(c)));
        }
    }

    fn drop_views_naming(&mut self, table: &Qualified, column: &str) {
        let names = |view: &super::View| view.query.as_ref().is_some_and(|query| query.column_refs().iter().any(|c| c.column == column));
        let views: Vec<Qualified> = self.views_reading(table).filter(|(_, view)| names(view)).map(|(name, _)| name.clone()).collect();
        for view in views {
            self.drop_view(&view, 0);
        }
    }

    fn drop_type(&mut self, name: &ObjectName) {
        let name = self.resolve_where(name, |candidate| self.types.has(candidate) || self.domains.has(candidate));
        let known = self.types.remove(&name).is_some() | self.domains.remove(&name).is_some();
        if !known {
            return;
        }
        let mut using: Vec<(Qualified, Identifier)> = vec![];
        let is_of_type = |c: &super::Column| c.ty.as_ref().is_some_and(|ty| self.is_type(ty, &name));
        for (table, t) in self.tables.matching(|_, table| table.columns.iter().any(is_of_type)) {
            let of_type = t.columns.iter().filter(|c| is_of_type(c));
            using.extend(of_type.map(|c| (table.clone(), c.name.clone())));
        }
        for (table, column) in using {
            self.drop_column(&table, &column, true, false, 0);
        }
        self.drop_defaults_of_type(&name);
    }

    /// A default that was read as the type, of a column that has another one by now, goes with the type.
    fn drop_defaults_of_type(&mut self, ty: &Qualified) {
        let needs = |column: &super::Column| column.default_sql.as_ref().is_some_and(|sql| sql.contains("::") && names_word(sql, &ty.name));
        let with: Vec<Qualified> =
            self.tables.unordered().filter(|(_, t)| t.columns.iter().any(needs)).map(|(name, _)| name.clone()).collect();
        for table in with {
            self.tables.adjust(&table, |t| {
                for column in t.columns.iter_mut().filter(|column| needs(column)) {
                    column.default = None;
                    column.default_sql = None;
                }
            });
        }
    }

    fn drop_schema(&mut self, schema: &str) {
        let relations: Vec<Qualified> = [
            self.tables.in_schema(schema).map(|(name, _)| name.clone()).collect::<Vec<_>>(),
            self.views.in_schema(schema).map(|(name, _)| name.clone()).collect(),
            self.sequences.in_schema(schema).map(|(name, _)| name.clone()).collect(),
        ]
        .concat();
        for name in relations {
            self.drop_relation(&name);
        }
        let functions: Vec<Qualified> = self.functions.in_schema(schema).map(|(name, _)| name.clone()).collect();
        for name in functions {
            self.functions.remove(&name);
            self.drop_extras_calling(&name);
        }
        let extras: Vec<Qualified> = self.extras.in_schema(schema).map(|(name, _)| name.clone()).collect();
        for key in extras {
            self.extras.remove(&key);
        }
        let types: Vec<Qualified> = self.types.in_schema(schema).map(|(name, _)| name.clone()).collect();
        let domains: Vec<Qualified> = self.domains.in_schema(schema).map(|(name, _)| name.clone()).collect();
        for name in types.into_iter().chain(domains) {
            self.drop_type(&super::text::object_name(&name));
        }
        self.schemas.retain(|known| known != schema);
    }
}

/// Whether a constraint of that table needs the column.
fn uses_column(constraint: &TableConstraint, table: &Qualified, column: &str) -> bool {
    match &constraint.constraint.kind {
        ConstraintKind::Check(expr) => names_column(expr, column),
        ConstraintKind::NotNull(of) => *of == column,
        ConstraintKind::Key { columns, include, .. } => columns.iter().chain(include).any(|c| *c == column),
        ConstraintKind::ForeignKey { columns, referenced, .. } => {
            columns.iter().any(|c| *c == column)
                || constraint.references.as_deref() == Some(table) && referenced.iter().any(|c| *c == column)
        }
        ConstraintKind::Exclude { keys, predicate, .. } => {
            keys.iter().any(|(key, _)| names_column(&key.expr, column))
                || predicate.as_ref().is_some_and(|p| columns_of(p).iter().any(|c| c == column))
        }
    }
}

fn index_uses(index: &Index, column: &str) -> bool {
    index.keys.iter().any(|key| names_column(&key.expr, column))
        || index.include.iter().any(|c| c == column)
        || index.predicate.as_ref().is_some_and(|p| names_column(p, column))
}
