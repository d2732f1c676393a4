//! New tables: CREATE TABLE with LIKE, INHERITS and PARTITION OF, CREATE TABLE AS, SELECT INTO.

use super::columns::{plain_column, set_default};
use super::naming::numbered;
use super::text::At;
use super::{Catalog, Column, Knowledge, Qualified, Table, TableConstraint};
use crate::facts::{ColumnDef, Constraint, ConstraintKind, CreateTable, CreateTableAs, LikeClause, Name, ObjectName, Query, TypeKind};
use std::borrow::Cow;
use std::sync::Arc;

impl Catalog {
    pub(super) fn create_table(&mut self, create: &CreateTable, at: At) {
        let name = self.creation_name(&create.name, create.temporary);
        if !self.make_room(&name, create.if_not_exists, at) {
            self.learn_columns(&name, create, at);
            return;
        }
        let mut table = Table {
            temporary: name.schema == "pg_temp",
            unlogged: create.unlogged,
            foreign: create.foreign,
            server: create.server.map(|span| at.sql(span)),
            with: create.with.filter(|_| !create.foreign).map(|span| at.sql(span)),
            method: create.method.as_ref().map(ToString::to_string),
            search_path: self.search_path.clone(),
            partition_by: create.partition_by.clone(),
            partition_by_sql: create.partition_by.as_ref().map(|by| {
                let keys: Vec<String> = by.keys.iter().map(|key| at.key(key)).collect();
                format!("{} ({})", by.strategy.to_uppercase(), keys.join(", "))
            }),
            knowledge: if at.sure { Knowledge::Whole } else { Knowledge::Partial },
            defined_at: at.home(),
            ..Table::default()
        };
        self.take_from_parents(&mut table, create, at);
        self.own_columns(&mut table, &name, create, at);
        self.note_names_of(&table);
        self.tables.insert(name.clone(), table);
        self.own_constraints(&name, create, at);
        if create.partition_of.is_some() {
            self.complete_partition(&name, at);
        }
    }

    /// Clears the place for something new; `false` where what is there stays.
    pub(super) fn make_room(&mut self, name: &Qualified, if_not_exists: bool, at: At) -> bool {
        if !self.has_relation(name) {
            return true;
        }
        if if_not_exists || !at.sure {
            return false;
        }
        self.drop_relation(name);
        true
    }

    /// CREATE TABLE IF NOT EXISTS of a table known in part: its columns are surely there only if it was made here, so they
    /// are noted without claiming to be all.
    fn learn_columns(&mut self, name: &Qualified, create: &CreateTable, at: At) {
        let Some(known) = self.tables.get(name).filter(|table| table.knowledge == Knowledge::Partial) else { return };
        let only_heard_of = known.columns.is_empty() && known.constraints.is_empty();
        for def in &create.columns {
            if self.tables.get(name).is_some_and(|table| table.column(&def.name.value).is_none()) {
                let column = self.column(name, def, at);
                column.not_null_name.iter().for_each(|name| self.given_names.note(name));
                self.tables.adjust(name, |table| table.columns.push(column));
            }
        }
        if only_heard_of {
            self.own_constraints(name, create, at);
        }
    }

    fn take_from_parents(&mut self, table: &mut Table, create: &CreateTable, at: At) {
        if let Some(of) = &create.partition_of {
            let parent = self.resolve(&of.parent);
            self.touch(&parent, at);
            table.partition_of = Some(Box::new((parent.clone(), of.bound.clone())));
            table.bound_sql = Some(at.bound(&of.bound));
            self.inherit(table, &parent);
        }
        for parent in &create.inherits {
            let parent = self.resolve(parent);
            self.touch(&parent, at);
            self.inherit(table, &parent);
            table.inherits.push(parent);
        }
    }

    /// Merges a parent's columns and checks into a child.
    pub(super) fn inherit(&self, child: &mut Table, parent: &Qualified) {
        let Some(parent) = self.tables.get(parent) else { return };
        if parent.knowledge == Knowledge::Partial {
            child.knowledge = Knowledge::Partial;
        }
        for column in &parent.columns {
            match child.columns.iter_mut().find(|c| c.name == column.name) {
                Some(own) if own.not_null => {}
                Some(own) => {
                    own.not_null = column.not_null;
                    own.not_null_name.clone_from(&column.not_null_name);
                }
                None => child.columns.push(Column { inherited: true, ..column.clone() }),
            }
        }
        for constraint in &parent.constraints {
            let inherited = matches!(constraint.constraint.kind, ConstraintKind::Check(_)) && !constraint.constraint.no_inherit;
            if inherited && child.constraint(&constraint.name).is_none() {
                child.constraints.push(TableConstraint { inherited: true, ..constraint.clone() });
            }
        }
    }

    /// Own columns and LIKE clauses, in the order in which they stand.
    fn own_columns(&mut self, table: &mut Table, name: &Qualified, create: &CreateTable, at: At) {
        if let Some(ty) = &create.of_type {
            let ty = self.resolve_where(ty, |candidate| self.types.has(candidate));
            match self.types.get(&ty).map(|ty| ty.kind.clone()) {
                Some(TypeKind::Composite(fields)) => {
                    table
                        .columns
                        .extend(fields.iter().map(|(field, ty)| plain_column(&field.value, Some(Arc::new(ty.clone())), at.home())));
                }
                _ => table.knowledge = Knowledge::Partial,
            }
        }
        table.columns.reserve_exact(create.columns.len());
        let mut likes: Vec<&LikeClause> = create.likes.iter().collect();
        likes.sort_by_key(|like| like.span.start);
        let mut likes = likes.into_iter().peekable();
        for def in &create.columns {
            while let Some(like) = likes.next_if(|like| like.span.start < def.span.start) {
                self.like_columns(table, name, like, at);
            }
            let mut column = self.column(name, def, at);
            self.name_own_not_null(name, &table.columns, &mut column, def, create);
            merge_column(&mut table.columns, column, def, at);
        }
        for like in likes {
            self.like_columns(table, name, like, at);
        }
    }

    /// A key written at its column makes it NOT NULL in the columns' order, and the names that are made up for that differ.
    fn name_own_not_null(&self, table: &Qualified, before: &[Column], column: &mut Column, def: &ColumnDef, create: &CreateTable) {
        let is_key = |c: &Constraint| matches!(c.kind, ConstraintKind::Key { primary: true, .. }) && def.span.contains(c.span);
        if !column.not_null && create.constraints.iter().any(is_key) {
            column.not_null = true;
            column.not_null_name = Some(self.not_null_name(table, &column.name));
        }
        let taken = |name: &str| before.iter().any(|c| c.not_null_name.as_deref() == Some(name));
        if def.not_null_name.is_none() && column.not_null_name.as_deref().is_some_and(taken) {
            let taken = |name: &str| taken(name) || self.constraint_name_taken(table, None, name);
            column.not_null_name = Some(numbered(&table.name, Some(&column.name), "not_null", taken));
        }
    }

    fn like_columns(&mut self, table: &mut Table, name: &Qualified, like: &LikeClause, at: At) {
        let source = self.resolve(&like.source);
        let includes = |what: &str| like.including.iter().any(|i| i == what);
        let Some(known) = self.tables.get(&source) else {
            self.touch(&source, at);
            table.knowledge = Knowledge::Partial;
            return;
        };
        if known.knowledge == Knowledge::Partial {
            table.knowledge = Knowledge::Partial;
        }
        let mut columns = known.columns.clone();
        for column in &mut columns {
            column.inherited = false;
            column.settings.retain(|(what, _)| match what.as_str() {
                "STORAGE" => includes("storage"),
                "COMPRESSION" => includes("compression"),
                _ => false,
            });
            if !includes("defaults") {
                column.default = None;
                column.default_sql = None;
            }
            if !includes("generated") {
                column.generated = None;
            }
            if includes("identity") && column.identity.is_some() {
                let owned = self.owned_sequences(&source, Some(&column.name));
                let options = owned.first().and_then(|name| self.sequences.get(name)).map(|s| s.options.clone()).unwrap_or_default();
                let made = self.add_sequence(name, &column.name, column.ty.clone(), at);
                self.set_sequence_options(&made, &options);
            } else {
                column.identity = None;
            }
        }
        table.columns.extend(columns);
    }

    /// Checks first, then keys (the primary one first), then what LIKE copies, then foreign keys: as PostgreSQL does, so
    /// that made-up names get their numbers in the same order.
    fn own_constraints(&mut self, name: &Qualified, create: &CreateTable, at: At) {
        let rank = |constraint: &Constraint| match constraint.kind {
            ConstraintKind::NotNull(_) | ConstraintKind::Check(_) => 0,
            ConstraintKind::Key { primary: true, .. } => 1,
            ConstraintKind::Key { .. } | ConstraintKind::Exclude { .. } => 2,
            ConstraintKind::ForeignKey { .. } => 3,
        };
        let mut own: Vec<&Constraint> = create.constraints.iter().collect();
        own.sort_by_key(|c| rank(c));
        let (foreign, local): (Vec<&Constraint>, Vec<&Constraint>) = own.into_iter().partition(|c| rank(c) == 3);
        for constraint in without_repetition(local) {
            self.add_constraint(name, &constraint, true, at);
        }
        for like in &create.likes {
            self.like_constraints(name, like, at);
        }
        for constraint in foreign {
            self.add_constraint(name, &checked(constraint), true, at);
        }
    }

    fn like_constraints(&mut self, name: &Qualified, like: &LikeClause, at: At) {
        let source = self.resolve(&like.source);
        let includes = |what: &str| like.including.iter().any(|i| i == what);
        if includes("comments") {
            self.copy_comments(&source, name);
        }
        let Some(known) = self.tables.get(&source) else { return };
        if includes("constraints") {
            let is_check = |c: &&TableConstraint| matches!(c.constraint.kind, ConstraintKind::Check(_));
            let checks: Vec<TableConstraint> = known.constraints.iter().filter(is_check).cloned().collect();
            self.tables.adjust(name, |table| table.constraints.extend(checks));
        }
        if includes("indexes") {
            let indexes: Vec<Qualified> = self.indexes_of(&source).map(|(index, _)| index.clone()).collect();
            for index in indexes {
                self.copy_index(&source, &index, name, None, at);
            }
        }
    }

    pub(super) fn create_table_as(&mut self, create: &CreateTableAs, at: At) {
        let temporary = create.temporary;
        let name = self.creation_name(&create.name, temporary);
        if self.make_room(&name, create.if_not_exists, at) {
            self.insert_from_query(name, &create.columns, create.query.as_ref(), create.unlogged, at);
        }
    }

    /// SELECT INTO.
    pub(super) fn create_from_query(&mut self, name: &ObjectName, temporary: bool, columns: &[Name], query: Option<&Query>, at: At) {
        let name = self.creation_name(name, temporary);
        if self.make_room(&name, false, at) {
            self.insert_from_query(name, columns, query, false, at);
        }
    }

    fn insert_from_query(&mut self, name: Qualified, given: &[Name], query: Option<&Query>, unlogged: bool, at: At) {
        let found = query.and_then(|query| self.output_columns(query));
        let complete = found.is_some();
        let mut columns: Vec<Column> =
            found.unwrap_or_default().into_iter().map(|(column, ty)| plain_column(&column, ty.map(Arc::new), at.home())).collect();
        for (at_index, given) in given.iter().enumerate() {
            match columns.get_mut(at_index) {
                Some(column) => column.name.clone_from(&given.value),
                None => columns.push(plain_column(&given.value, None, at.home())),
            }
        }
        let knowledge = if complete && at.sure { Knowledge::Whole } else { Knowledge::Partial };
        let temporary = name.schema == "pg_temp";
        let table = Table {
            columns,
            temporary,
            unlogged,
            knowledge,
            search_path: self.search_path.clone(),
            defined_at: at.home(),
            ..Table::default()
        };
        self.tables.insert(name, table);
    }
}

/// A column of one's own over an inherited one of the same name: what is written wins.
fn merge_column(columns: &mut Vec<Column>, column: Column, def: &ColumnDef, at: At) {
    let Some(known) = columns.iter_mut().find(|c| c.name == column.name) else {
        columns.push(column);
        return;
    };
    known.inherited = false;
    if column.not_null && (!known.not_null || def.not_null_name.is_some()) {
        known.not_null_name = column.not_null_name;
    }
    known.not_null |= column.not_null;
    if column.ty.is_some() {
        known.ty = column.ty;
        known.type_span = column.type_span;
    }
    if let Some(default) = &def.default {
        set_default(known, Some(default), at);
    } else if column.default.is_some() {
        known.default = column.default;
        known.default_sql = column.default_sql;
    }
    if column.generated.is_some() {
        known.generated = column.generated;
    }
    if column.identity.is_some() {
        known.identity = column.identity;
    }
}

/// A key that says the same as one before it makes no index of its own, but may give its name.
fn without_repetition(constraints: Vec<&Constraint>) -> Vec<Cow<'_, Constraint>> {
    let mut kept: Vec<Cow<Constraint>> = Vec::with_capacity(constraints.len());
    for constraint in constraints {
        match kept.iter_mut().find(|known| is_same_key(known, constraint)) {
            Some(known) if known.name.is_none() => known.to_mut().name.clone_from(&constraint.name),
            Some(_) => {}
            None => kept.push(checked(constraint)),
        }
    }
    kept
}

fn is_same_key<'c>(a: &'c Constraint, b: &'c Constraint) -> bool {
    let parts = |constraint: &'c Constraint| match &constraint.kind {
        ConstraintKind::Key { columns, include, nulls_not_distinct, using_index: None, .. } => {
            Some((columns, include, *nulls_not_distinct))
        }
        _ => None,
    };
    let same_time = a.deferrable == b.deferrable && a.initially_deferred == b.initially_deferred && a.temporal == b.temporal;
    same_time && parts(a).is_some_and(|a| parts(b) == Some(a))
}

/// NOT VALID means nothing in CREATE TABLE: there are no rows to check.
fn checked(constraint: &Constraint) -> Cow<'_, Constraint> {
    match constraint.not_valid {
        true => Cow::Owned(Constraint { not_valid: false, ..constraint.clone() }),
        false => Cow::Borrowed(constraint),
    }
}
