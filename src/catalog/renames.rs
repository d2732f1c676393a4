//! Renames and moves: everything that speaks of a relation or column follows it.

use super::constraints::refresh_constraint;
use super::text::{At, rename_in_expr, rename_in_sql};
use super::{Catalog, Function, Index, Qualified, TableConstraint};
use crate::facts::{ConstraintKind, Name, ObjectName, OtherChange, RelationKind, TypeName};

impl Catalog {
    /// A relation gets another name or schema.
    pub(super) fn move_relation(&mut self, old: &Qualified, new: &Qualified, kind: RelationKind, at: At) {
        // PostgreSQL refuses a name that is taken, so a rename under a condition did not run
        if old == new || !at.sure && self.has_relation(new) {
            return;
        }
        if self.views.contains_key(old) {
            if let Some(view) = self.views.remove(old) {
                self.views.insert(new.clone(), view);
            }
            self.follow_indexes(old, new);
            self.follow_views(old, new);
            self.follow_extras(old, new);
        } else if self.indexes.contains_key(old) {
            self.move_index(old, new.clone());
        } else if self.sequences.contains_key(old) {
            self.move_sequence(old, new);
        } else if self.tables.contains_key(old) {
            self.move_table(old, new);
        } else if kind == RelationKind::Table {
            self.touch(new, at);
        }
    }

    fn move_sequence(&mut self, old: &Qualified, new: &Qualified) {
        let readers = self.readers_of_sequence(old);
        if let Some(sequence) = self.sequences.remove(old) {
            self.sequences.insert(new.clone(), sequence);
            self.refresh_nextval(new);
            for (table, column) in readers {
                self.set_nextval(&table, &column, new);
            }
        }
    }

    fn move_table(&mut self, old: &Qualified, new: &Qualified) {
        let children = self.child_names(old, 0);
        let referring: Vec<Qualified> = self.references_to(old).map(|(name, _)| name.clone()).filter(|name| name != old).collect();
        let Some(mut table) = self.tables.remove(old) else { return };
        follow_references(&mut table.constraints, old, new);
        self.tables.insert(new.clone(), table);
        for name in referring {
            self.tables.edit(&name, |t| follow_references(&mut t.constraints, old, new));
        }
        for child in children {
            self.tables.edit(&child, |t| {
                if let Some((parent, _)) = t.partition_of.as_deref_mut().filter(|(parent, _)| parent == old) {
                    *parent = new.clone();
                }
                t.inherits.iter_mut().filter(|parent| *parent == old).for_each(|parent| *parent = new.clone());
            });
        }
        self.follow_indexes(old, new);
        self.follow_sequences(old, new);
        self.follow_views(old, new);
        self.follow_extras(old, new);
        if old.name != new.name {
            self.former_names.values_mut().filter(|now| now.contains(old)).for_each(|now| now.push(new.clone()));
            self.former_names.entry(old.name.to_string()).or_default().push(new.clone());
            self.follow_row_type(old, new);
        }
    }

    fn follow_indexes(&mut self, old: &Qualified, new: &Qualified) {
        let indexes: Vec<Qualified> = self.indexes_of(old).map(|(name, _)| name.clone()).collect();
        for name in indexes {
            self.indexes.edit(&name, |index| index.table = new.clone());
            if old.schema != new.schema {
                self.move_index(&name, Qualified { schema: new.schema.clone(), name: name.name.clone() });
            }
        }
    }

    fn follow_sequences(&mut self, old: &Qualified, new: &Qualified) {
        for name in self.owned_sequences(old, None) {
            self.sequences.edit(&name, |sequence| {
                if let Some((table, _)) = &mut sequence.owned_by {
                    *table = new.clone();
                }
            });
            if old.schema != new.schema {
                self.move_sequence(&name, &Qualified { schema: new.schema.clone(), name: name.name.clone() });
            }
        }
    }

    fn follow_views(&mut self, old: &Qualified, new: &Qualified) {
        let over: Vec<Qualified> = self.views_reading(old).map(|(name, _)| name.clone()).collect();
        for name in over {
            self.views.edit(&name, |view| {
                view.reads.iter_mut().filter(|read| *read == old).for_each(|read| *read = new.clone());
                if old.name != new.name {
                    view.sql = rename_in_sql(&view.sql, &old.name, &new.name);
                }
            });
        }
    }

    /// A column gets another name, in children too.
    pub(super) fn rename_column(&mut self, table: &Qualified, from: &str, to: &str, depth: usize) {
        self.tables.edit(table, |t| {
            // PostgreSQL would refuse it: whichever was there is not known well
            if from != to && t.column(from).is_some() && t.column(to).is_some() {
                t.columns.retain(|column| column.name != to);
                t.knowledge = super::Knowledge::Partial;
            }
            for column in &mut t.columns {
                if column.name == from {
                    column.name = to.into();
                }
                if let Some((sql, _)) = column.generated.as_deref_mut() {
                    *sql = rename_in_sql(sql, from, to);
                }
            }
            if let Some(by) = &mut t.partition_by {
                by.keys.iter_mut().for_each(|key| rename_in_expr(&mut key.expr, from, to));
            }
            if let Some(sql) = &mut t.partition_by_sql {
                *sql = rename_in_sql(sql, from, to);
            }
            t.constraints.iter_mut().for_each(|c| rename_in_constraint(c, from, to));
        });
        let indexes: Vec<Qualified> = self.indexes_of(table).map(|(name, _)| name.clone()).collect();
        for name in indexes {
            self.indexes.edit(&name, |index| rename_in_index(index, from, to));
        }
        for name in self.owned_sequences(table, Some(from)) {
            self.sequences.edit(&name, |sequence| {
                if let Some((_, column)) = &mut sequence.owned_by {
                    *column = to.into();
                }
            });
        }
        self.rename_referenced(table, from, to);
        self.follow_column(table, from, to);
        let over: Vec<Qualified> =
            self.views_reading(table).filter(|(_, view)| view.reads.len() == 1).map(|(name, _)| name.clone()).collect();
        for name in over {
            self.views.edit(&name, |view| view.sql = rename_in_sql(&view.sql, from, to));
        }
        for child in self.child_names(table, depth) {
            self.rename_column(&child, from, to, depth + 1);
        }
    }

    fn rename_referenced(&mut self, table: &Qualified, from: &str, to: &str) {
        let referring: Vec<Qualified> = self.references_to(table).map(|(name, _)| name.clone()).collect();
        for name in referring {
            self.tables.edit(&name, |t| {
                for constraint in t.constraints.iter_mut().filter(|c| c.references.as_deref() == Some(table)) {
                    if let ConstraintKind::ForeignKey { referenced, .. } = &mut constraint.constraint.kind {
                        rename_in_list(referenced, from, to);
                    }
                    refresh_constraint(constraint);
                }
            });
        }
    }

    pub(super) fn alter_other(&mut self, kind: &str, name: &ObjectName, on: Option<&ObjectName>, change: &OtherChange, at: At) {
        match (kind, change) {
            ("SCHEMA", OtherChange::RenameTo(new)) => self.rename_schema(&name.name.value, &new.value),
            (_, OtherChange::RenameTo(to)) => self.alter_extra(kind, name, Some(&to.value), on, at),
            (_, OtherChange::Other) if !words_say_owner(at) => self.alter_extra(kind, name, None, on, at),
            _ => {}
        }
    }

    /// ALTER FUNCTION: a new name or schema for the overload with these arguments (all, where none are written), or clauses kept
    /// as text.
    pub(super) fn alter_function(&mut self, name: &ObjectName, arguments: Option<&[TypeName]>, change: &OtherChange, at: At) {
        let old = self.resolve_where(name, |candidate| self.functions.has(candidate));
        let Some(known) = self.functions.get(&old) else { return };
        let (mut meant, mut rest): (Vec<Function>, Vec<Function>) =
            known.iter().cloned().partition(|function| arguments.is_none_or(|types| function.argument_types == types));
        if meant.is_empty() {
            std::mem::swap(&mut meant, &mut rest);
        }
        let mut new = old.clone();
        match change {
            OtherChange::RenameTo(name) => new.name.clone_from(&name.value),
            OtherChange::SetSchema(schema) => new.schema.clone_from(&schema.value),
            OtherChange::Other if words_say_owner(at) => return,
            OtherChange::Other => {
                let text = at.sql(at.place.span);
                let Some((_, arguments)) = text.split_once('(') else { return };
                meant.iter_mut().for_each(|function| function.changes.push(format!("({arguments}")));
            }
        }
        self.functions.remove(&old);
        if !rest.is_empty() {
            self.functions.insert(old.clone(), rest);
        }
        let mut there = self.functions.get(&new).cloned().unwrap_or_default();
        there.extend(meant);
        self.functions.insert(new.clone(), there);
        if old != new {
            self.follow_function(&old, &new);
        }
    }

    /// Functions whose header names a table as a type follow its new name.
    fn follow_row_type(&mut self, old: &Qualified, new: &Qualified) {
        let names = |ty: &TypeName| ty.name == old.name && ty.schema.as_ref().is_none_or(|schema| *schema == old.schema);
        let using: Vec<Qualified> = self
            .functions
            .iter()
            .filter(|(_, all)| all.iter().any(|f| f.header_types.iter().any(names)))
            .map(|(name, _)| name.clone())
            .collect();
        for name in using {
            self.functions.edit(&name, |all| {
                for function in all.iter_mut().filter(|f| f.header_types.iter().any(names)) {
                    let types = function.header_types.iter_mut().chain(&mut function.argument_types);
                    types.filter(|ty| names(ty)).for_each(|ty| ty.name.clone_from(&new.name));
                    // the body is text that PostgreSQL leaves alone too
                    let header = function.sql.find(['$', '\'']).unwrap_or(function.sql.len());
                    let (header, body) = function.sql.split_at(header);
                    function.sql = rename_in_sql(header, &old.name, &new.name) + body;
                }
            });
        }
    }

    fn rename_schema(&mut self, from: &str, to: &str) {
        let moved = |name: &Qualified| Qualified { schema: to.into(), name: name.name.clone() };
        let tables: Vec<Qualified> = self.tables.in_schema(from).map(|(name, _)| name.clone()).collect();
        for name in tables {
            self.move_table(&name, &moved(&name));
        }
        let views: Vec<Qualified> = self.views.in_schema(from).map(|(name, _)| name.clone()).collect();
        for name in views {
            if let Some(view) = self.views.remove(&name) {
                self.views.insert(moved(&name), view);
            }
            self.follow_indexes(&name, &moved(&name));
            self.follow_views(&name, &moved(&name));
            self.follow_extras(&name, &moved(&name));
        }
        let sequences: Vec<Qualified> = self.sequences.in_schema(from).map(|(name, _)| name.clone()).collect();
        for name in sequences {
            self.move_sequence(&name, &moved(&name));
        }
        self.move_types(from, to);
        let functions: Vec<Qualified> = self.functions.in_schema(from).map(|(name, _)| name.clone()).collect();
        for name in functions {
            if let Some(list) = self.functions.remove(&name) {
                self.functions.insert(moved(&name), list);
                self.follow_function(&name, &moved(&name));
            }
        }
        self.schemas.iter_mut().filter(|schema| *schema == from).for_each(|schema| *schema = to.to_owned());
    }
}

/// OWNER TO names a role, which is no part of the schema.
fn words_say_owner(at: At) -> bool {
    let words: Vec<String> = at.sql(at.place.span).split_whitespace().map(str::to_ascii_uppercase).collect();
    words.windows(2).any(|pair| matches!(pair, [a, b] if a == "OWNER" && b == "TO" || a == "DEPENDS" && b == "ON"))
}

fn follow_references(constraints: &mut [TableConstraint], old: &Qualified, new: &Qualified) {
    for constraint in constraints.iter_mut().filter(|c| c.references.as_deref() == Some(old)) {
        constraint.references = Some(Box::new(new.clone()));
        refresh_constraint(constraint);
    }
}

fn rename_in_list(names: &mut [Name], from: &str, to: &str) {
    names.iter_mut().filter(|name| **name == *from).for_each(|name| name.value = to.into());
}

fn rename_in_constraint(constraint: &mut TableConstraint, from: &str, to: &str) {
    match &mut constraint.constraint.kind {
        ConstraintKind::Check(expr) => {
            rename_in_expr(expr, from, to);
            constraint.sql = rename_in_sql(&constraint.sql, from, to);
        }
        ConstraintKind::NotNull(column) => rename_in_list(std::slice::from_mut(column), from, to),
        ConstraintKind::Key { columns, include, .. } => {
            rename_in_list(columns, from, to);
            rename_in_list(include, from, to);
        }
        ConstraintKind::ForeignKey { columns, .. } => rename_in_list(columns, from, to),
        ConstraintKind::Exclude { keys, predicate, .. } => {
            keys.iter_mut().for_each(|(key, _)| rename_in_expr(&mut key.expr, from, to));
            predicate.iter_mut().for_each(|p| rename_in_expr(p, from, to));
            constraint.sql = rename_in_sql(&constraint.sql, from, to);
        }
    }
    refresh_constraint(constraint);
}

fn rename_in_index(index: &mut Index, from: &str, to: &str) {
    index.keys.iter_mut().for_each(|key| rename_in_expr(&mut key.expr, from, to));
    index.keys_sql.iter_mut().for_each(|sql| *sql = rename_in_sql(sql, from, to));
    index.include.iter_mut().filter(|c| *c == from).for_each(|c| *c = to.into());
    index.predicate.iter_mut().for_each(|p| rename_in_expr(p, from, to));
    index.predicate_sql.iter_mut().for_each(|sql| *sql = rename_in_sql(sql, from, to));
}
