//! Questions to the schema.

use super::naming::kept;
use super::store::Key;
use super::{Catalog, Column, Index, Knowledge, Qualified, Relation, Table, TableConstraint, View};
use crate::facts::{ConstraintKind, Expr, ExprKind, ObjectName, TypeName};

impl Catalog {
    /// The name as the search_path resolves it: the first schema of the path that has a relation by that name, else the
    /// first schema of the path (`public` by default).
    pub fn resolve(&self, name: &ObjectName) -> Qualified {
        self.key(name).to_qualified()
    }

    /// The same without a name of one's own, for looking up.
    pub fn key<'n>(&'n self, name: &'n ObjectName) -> Key<'n> {
        self.key_where(name, |name| self.has_relation_by(name))
    }

    /// The same for other kinds of object: `known` says whether there is one by that name.
    pub(super) fn resolve_where(&self, name: &ObjectName, known: impl Fn(Key) -> bool) -> Qualified {
        self.key_where(name, known).to_qualified()
    }

    fn key_where<'n>(&'n self, name: &'n ObjectName, known: impl Fn(Key) -> bool) -> Key<'n> {
        if name.schema.is_none() && self.search_path.is_empty() && !self.has_temporary() {
            // it can mean one thing only, known or not
            return Key { schema: "public", name: kept(&name.name.value) };
        }
        let mut candidates = self.candidates(name);
        candidates.find(|name| known(*name)).unwrap_or_else(|| self.creation_key(name, false))
    }

    /// What a name may mean, the first one that exists winning; a qualified name needs no search.
    fn candidates<'n>(&'n self, name: &'n ObjectName) -> impl Iterator<Item = Key<'n>> {
        let bare = name.schema.is_none();
        let temporary = (bare && self.has_temporary()).then_some("pg_temp");
        let path = self.search_path.iter().map(String::as_str).filter(move |_| bare);
        let fallback = (bare && self.search_path.is_empty()).then_some("public");
        temporary.into_iter().chain(path).chain(fallback).map(|schema| Key { schema, name: kept(&name.name.value) })
    }

    fn has_temporary(&self) -> bool {
        self.tables.has_temporary()
            || self.indexes.has_temporary()
            || self.views.has_temporary()
            || self.sequences.has_temporary()
            || self.types.has_temporary()
            || self.domains.has_temporary()
            || self.functions.has_temporary()
    }

    /// Whether a relation of that name is known.
    pub(super) fn has_relation(&self, name: &Qualified) -> bool {
        self.has_relation_by(name.into())
    }

    /// The same by a borrowed name.
    pub(super) fn has_relation_by(&self, name: Key) -> bool {
        self.tables.has(name) || self.indexes.has(name) || self.views.has(name) || self.sequences.has(name)
    }

    /// The relation of that name, where known.
    pub fn relation(&self, name: &ObjectName) -> Option<Relation<'_>> {
        let name = self.key(name);
        if let Some((name, table)) = self.tables.find(name) {
            return Some(Relation::Table(name, table));
        }
        if let Some((name, view)) = self.views.find(name) {
            return Some(Relation::View(name, view));
        }
        if let Some((name, index)) = self.indexes.find(name) {
            return Some(Relation::Index(name, index));
        }
        self.sequences.find(name).map(|(name, sequence)| Relation::Sequence(name, sequence))
    }

    /// The table of that name, where known. `None` is *unknown*, never *absent*.
    pub fn table(&self, name: &ObjectName) -> Option<(&Qualified, &Table)> {
        self.tables.find(self.key(name))
    }

    /// The view or materialized view of that name, where known.
    pub fn view(&self, name: &ObjectName) -> Option<(&Qualified, &View)> {
        self.views.find(self.key(name))
    }

    /// The index of that name, where known.
    pub fn index(&self, name: &ObjectName) -> Option<(&Qualified, &Index)> {
        self.indexes.find(self.key(name))
    }

    /// The indexes on a table or materialized view.
    pub fn indexes_of<'c, 'n>(&'c self, table: &'n Qualified) -> impl Iterator<Item = (&'c Qualified, &'c Index)> + use<'c, 'n> {
        self.indexes.dependents(table).filter(move |(_, index)| index.table == *table)
    }

    /// The partitions' indexes attached to an index, directly.
    pub fn indexes_attached_to<'c>(&'c self, parent: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c Index)> {
        self.indexes.dependents(parent).filter(move |(_, index)| index.parent.as_deref() == Some(parent))
    }

    /// The foreign keys that point at a table: (referencing table, constraint).
    pub fn references_to<'c>(&'c self, table: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c TableConstraint)> {
        self.tables
            .dependents(table)
            .flat_map(move |(name, t)| t.constraints.iter().filter(move |c| c.references.as_deref() == Some(table)).map(move |c| (name, c)))
    }

    /// The partitions (and inheriting children) directly below a table.
    pub fn children_of<'c>(&'c self, parent: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c Table)> {
        self.tables.dependents(parent).filter(move |(_, t)| t.is_child_of(parent))
    }

    /// The views that read a relation, directly.
    pub fn views_reading<'c>(&'c self, relation: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c View)> {
        self.views.dependents(relation).filter(move |(_, view)| view.reads.contains(relation))
    }

    /// Whether every index of the table is known: its creation was read and nothing since was missed.
    pub fn knows_indexes_of(&self, name: &ObjectName) -> bool {
        self.table(name).is_some_and(|(_, table)| table.knowledge == Knowledge::Whole)
    }

    /// The type of a column, where known.
    pub fn column_type(&self, table: &ObjectName, column: &str) -> Option<&TypeName> {
        self.table(table)?.1.column(column)?.ty.as_deref()
    }

    /// Whether a validated CHECK already proves that the column holds no NULL, so that SET NOT NULL need not scan.
    pub fn has_valid_not_null_check(&self, table: &ObjectName, column: &str) -> bool {
        self.table(table).is_some_and(|(_, table)| {
            table.constraints.iter().filter(|c| c.valid).any(|c| match &c.constraint.kind {
                ConstraintKind::Check(expr) => implies_not_null(expr, column),
                _ => false,
            })
        })
    }

    /// The foreign keys of a table.
    pub fn foreign_keys(&self, table: &ObjectName) -> Vec<&TableConstraint> {
        let constraints = self.table(table).map(|(_, t)| t.constraints.as_slice()).unwrap_or_default();
        constraints.iter().filter(|c| matches!(c.constraint.kind, ConstraintKind::ForeignKey { .. })).collect()
    }
}

fn implies_not_null(expr: &Expr, column: &str) -> bool {
    expr.conjuncts().iter().any(|part| match &part.kind {
        ExprKind::IsNull { expr, negated: true } => expr.column().is_some_and(|c| c.column.value == column),
        _ => false,
    })
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint of that name.
    pub fn constraint(&self, name: &str) -> Option<&TableConstraint> {
        self.constraints.iter().find(|constraint| constraint.name == name)
    }

    /// The primary key's columns; empty when there is none known.
    pub fn primary_key(&self) -> Vec<&str> {
        use crate::facts::ConstraintKind::Key;
        self.constraints
            .iter()
            .find_map(|c| match &c.constraint.kind {
                Key { primary: true, columns, .. } => Some(columns.iter().map(|n| n.value.as_str()).collect()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Whether it is a partition or an inheriting child of that table.
    pub fn is_child_of(&self, parent: &Qualified) -> bool {
        self.partition_of.as_deref().is_some_and(|(of, _)| of == parent) || self.inherits.contains(parent)
    }
}

impl Index {
    /// The key columns, where every key is a plain column.
    pub fn plain_columns(&self) -> Option<Vec<&str>> {
        self.keys.iter().map(|key| key.expr.column().map(|c| c.column.value.as_str())).collect()
    }
}
