//! ALTER TABLE and its siblings, change by change.

use super::columns::set_default;
use super::text::At;
use super::{Catalog, Column, Qualified, Table};
use crate::facts::{AlterTable, ColumnDef, Constraint, ExprKind, Literal, Name, RelationKind, TableChange, TypeName};
use crate::source::Span;

impl Catalog {
    pub(super) fn alter_table(&mut self, alter: &AlterTable, at: At) {
        let name = self.resolve(&alter.name);
        match &alter.change {
            TableChange::RenameTo { name: new } => {
                let new = Qualified { schema: name.schema.clone(), name: super::naming::kept(&new.value).into() };
                return self.move_relation(&name, &new, alter.kind, at);
            }
            TableChange::SetSchema { schema } => {
                let new = Qualified { schema: schema.value.clone(), name: name.name.clone() };
                return self.move_relation(&name, &new, alter.kind, at);
            }
            TableChange::AttachIndex { index } => {
                let index = self.resolve(index);
                return self.attach_index(&name, &index);
            }
            TableChange::RenameColumn { from, to } if self.views.contains_key(&name) => {
                self.views.edit(&name, |view| view.columns.iter_mut().filter(|c| **c == *from).for_each(|c| c.value.clone_from(&to.value)));
                return;
            }
            _ => {}
        }
        let other = self.views.contains_key(&name) || self.indexes.contains_key(&name) || self.sequences.contains_key(&name);
        if let TableChange::SetOptions { .. } = &alter.change {
            let text = at.sql(alter.span);
            self.indexes.adjust(&name, |index| index.settings.push(text.clone()));
            self.views.edit(&name, |view| view.settings.push(text));
        }
        if other || !matches!(alter.kind, RelationKind::Table | RelationKind::ForeignTable) {
            return;
        }
        let at = At { change: alter.span, ..at };
        self.touch(&name, at);
        self.change_table(&name, &alter.change, alter.only, at);
        if !at.sure {
            self.mark_partial(&name);
        }
    }

    fn change_table(&mut self, name: &Qualified, change: &TableChange, only: bool, at: At) {
        match change {
            TableChange::AddColumn { column, constraints, if_not_exists } => {
                self.add_column(name, column, constraints, *if_not_exists, only, at);
            }
            TableChange::DropColumn { column, cascade, .. } => self.drop_column(name, &column.value, *cascade, only, 0),
            TableChange::SetType { column, ty, collation, .. } => {
                let collation = collation.as_ref().map(ToString::to_string);
                let (ty, span) = (self.shared_type(ty), at.written(ty.span).span);
                self.each_column(name, &column.value, only, at, |c| {
                    keep_default_type(c);
                    c.ty = Some(ty.clone());
                    c.type_span = span;
                    c.collation.clone_from(&collation);
                });
            }
            TableChange::AddConstraint(constraint) => self.add_constraint(name, constraint, only, at),
            TableChange::ValidateConstraint { name: constraint } => self.validate_constraint(name, &constraint.value),
            TableChange::DropConstraint { name: constraint, .. } => self.drop_constraint(name, &constraint.value, 0),
            TableChange::RenameConstraint { from, to } => self.rename_constraint(name, &from.value, &to.value),
            TableChange::RenameColumn { from, to } => {
                let taken = self.tables.get(name).is_some_and(|t| t.column(&to.value).is_some());
                if at.sure || !taken {
                    self.rename_column(name, &from.value, &to.value, 0);
                }
            }
            TableChange::AttachPartition { partition, bound } => {
                let partition = self.resolve(partition);
                self.attach_partition(name, &partition, bound, at);
            }
            TableChange::DetachPartition { partition, .. } => {
                let partition = self.resolve(partition);
                self.detach_partition(name, &partition);
            }
            TableChange::Inherit { parent } => {
                let parent = self.resolve(parent);
                self.set_parent(name, &parent, at);
            }
            TableChange::NoInherit { parent } => {
                let parent = self.resolve(parent);
                self.tables.adjust(name, |t| t.inherits.retain(|p| *p != parent));
            }
            TableChange::SetLogged(logged) => {
                self.tables.adjust(name, |t| t.unlogged = !logged);
            }
            _ => self.change_column(name, change, only, at),
        }
    }

    /// The changes that concern one column and nothing else.
    fn change_column(&mut self, name: &Qualified, change: &TableChange, only: bool, at: At) {
        match change {
            TableChange::SetDefault { column, default } => {
                self.each_column(name, &column.value, only, at, |c| set_default(c, Some(default), at));
            }
            TableChange::DropDefault { column } => {
                self.each_column(name, &column.value, only, at, |c| set_default(c, None, at));
            }
            TableChange::SetNotNull { column } => {
                self.learn_column(name, &column.value, None, at);
                self.set_not_null(name, &column.value, !only);
            }
            TableChange::DropNotNull { column } => self.each_column(name, &column.value, only, at, |c| {
                c.not_null = false;
                c.not_null_name = None;
            }),
            TableChange::SetExpression { column, expr } => {
                let sql = at.sql(expr.span);
                self.each_column(name, &column.value, only, at, |c| {
                    let stored = c.generated.as_deref().is_none_or(|(_, stored)| *stored);
                    c.generated = Some(Box::new((sql.clone(), stored)));
                });
            }
            TableChange::DropExpression { column } => {
                self.each_column(name, &column.value, only, at, |c| c.generated = None);
            }
            TableChange::AddIdentity { column, always, options } => {
                let ty = self.tables.get(name).and_then(|t| t.column(&column.value)).and_then(|c| c.ty.clone());
                let sequence = self.add_sequence(name, &column.value, ty, at);
                self.set_sequence_options(&sequence, options);
                self.each_column(name, &column.value, only, at, |c| c.identity = Some(*always));
            }
            TableChange::DropIdentity { column } => {
                for sequence in self.owned_sequences(name, Some(&column.value)) {
                    self.sequences.remove(&sequence);
                }
                self.each_column(name, &column.value, only, at, |c| c.identity = None);
            }
            TableChange::SetIdentity { column, always, options } => {
                for sequence in self.owned_sequences(name, Some(&column.value)) {
                    self.set_sequence_options(&sequence, options);
                }
                if let Some(always) = always {
                    self.each_column(name, &column.value, only, at, |c| c.identity = Some(*always));
                }
            }
            TableChange::AlterConstraint { name: constraint, deferrable, initially_deferred, enforced } => {
                self.alter_constraint(name, &constraint.value, (*deferrable, *initially_deferred, *enforced));
            }
            _ => self.change_setting(name, change, at),
        }
    }

    /// Changes that are kept as text.
    fn change_setting(&mut self, name: &Qualified, change: &TableChange, at: At) {
        let what = match change {
            TableChange::RowSecurity { words } => if words.contains("FORCE") { "force" } else { "row security" }.to_owned(),
            TableChange::ReplicaIdentity { .. } => "replica identity".to_owned(),
            TableChange::ClusterOn { .. } => "cluster".to_owned(),
            TableChange::Trigger { name: Some(name), .. } => format!("trigger {name}"),
            TableChange::Trigger { name: None, .. } => "triggers".to_owned(),
            TableChange::Rule { name, .. } => format!("rule {name}"),
            TableChange::SetOptions { .. } => String::new(),
            TableChange::SetStatistics { column } => return self.set_column_setting(name, "STATISTICS", column, at),
            TableChange::SetStorage { column } => return self.set_column_setting(name, "STORAGE", column, at),
            TableChange::SetCompression { column } => return self.set_column_setting(name, "COMPRESSION", column, at),
            TableChange::SetColumnOptions { column } => return self.set_column_setting(name, "", column, at),
            _ => return,
        };
        let text = at.sql(at.change);
        self.tables.adjust(name, |table| {
            table.settings.retain(|(known, _)| *known != what || what.is_empty());
            table.settings.push((what, text));
        });
    }

    fn set_column_setting(&mut self, name: &Qualified, what: &str, column: &Name, at: At) {
        let text = at.sql(Span::new(column.span.end, at.change.end));
        self.tables.adjust(name, |table| {
            if let Some(column) = table.columns.iter_mut().find(|c| c.name == column.value) {
                column.settings.retain(|(known, _)| *known != what || what.is_empty());
                column.settings.push((what.to_owned(), text));
            }
        });
    }

    /// Changes a column here and in children; a column that was not known is known from now on.
    fn each_column(&mut self, name: &Qualified, column: &str, only: bool, at: At, mut change: impl FnMut(&mut Column)) {
        self.learn_column(name, column, None, at);
        self.each_with_children(name, !only, 0, &mut |table: &mut Table| {
            if let Some(column) = table.columns.iter_mut().find(|c| c.name == column) {
                change(column);
            }
        });
    }

    fn learn_column(&mut self, name: &Qualified, column: &str, ty: Option<std::sync::Arc<TypeName>>, at: At) {
        let partial = |t: &Table| t.knowledge == super::Knowledge::Partial && t.column(column).is_none();
        if self.tables.get(name).is_some_and(partial) {
            let learned = super::columns::plain_column(column, ty, at.home());
            self.tables.adjust(name, |t| t.columns.push(learned));
        }
    }

    fn add_column(&mut self, name: &Qualified, def: &ColumnDef, constraints: &[Constraint], if_not_exists: bool, only: bool, at: At) {
        let known = self.tables.get(name).is_some_and(|t| t.column(&def.name.value).is_some());
        if known && (if_not_exists || !at.sure) {
            return;
        }
        if known {
            self.drop_column(name, &def.name.value, true, only, 0);
        }
        let column = self.column(name, def, at);
        column.not_null_name.iter().for_each(|name| self.given_names.note(name));
        let mut inherited = false;
        self.each_with_children(name, !only, 0, &mut |table: &mut Table| {
            if table.column(&column.name).is_none() {
                table.columns.reserve_exact(1);
                table.columns.push(Column { inherited, ..column.clone() });
            }
            inherited = true;
        });
        for constraint in constraints {
            self.add_constraint(name, constraint, only, at);
        }
    }
}

/// A default keeps the type that it was read as: `'x'` of a text column stays text when the column becomes varchar.
fn keep_default_type(column: &mut Column) {
    let plain = column.default.as_ref().is_some_and(|default| matches!(default.kind, ExprKind::Literal(Literal::String(_))));
    if let (true, Some(sql), Some(ty)) = (plain, &mut column.default_sql, &column.ty)
        && !sql.contains("::")
    {
        let bare = TypeName { modifiers: vec![], ..TypeName::clone(ty) };
        *sql = format!("{sql}::{bare}");
    }
}
