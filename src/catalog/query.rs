//! Questions to the schema (being written).
use super::{Catalog, Column, Index, Knowledge, Qualified, Relation, Table, TableConstraint, View};
use crate::facts::ObjectName;

impl Catalog {
    /// The name as the search_path resolves it: the first schema of the path that has a relation by that name, else the
    /// first schema of the path (`public` by default).
    pub fn resolve(&self, name: &ObjectName) -> Qualified {
        let schema = name.schema.as_ref().map_or("public", |s| &s.value);
        Qualified { schema: schema.to_owned(), name: name.name.value.clone() }
    }

    /// The relation of that name, where known.
    pub fn relation(&self, _name: &ObjectName) -> Option<Relation<'_>> {
        None
    }

    /// The table of that name, where known. `None` is *unknown*, never *absent*.
    pub fn table(&self, _name: &ObjectName) -> Option<(&Qualified, &Table)> {
        None
    }

    /// The view or materialized view of that name, where known.
    pub fn view(&self, _name: &ObjectName) -> Option<(&Qualified, &View)> {
        None
    }

    /// The index of that name, where known.
    pub fn index(&self, _name: &ObjectName) -> Option<(&Qualified, &Index)> {
        None
    }

    /// The indexes on a table or materialized view.
    pub fn indexes_of<'c>(&'c self, table: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c Index)> {
        self.indexes.iter().filter(move |(_, index)| index.table == *table)
    }

    /// The foreign keys that point at a table: (referencing table, constraint).
    pub fn references_to<'c>(&'c self, table: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c TableConstraint)> {
        self.tables
            .iter()
            .flat_map(move |(name, t)| t.constraints.iter().filter(move |c| c.references.as_ref() == Some(table)).map(move |c| (name, c)))
    }

    /// The partitions (and inheriting children) directly below a table.
    pub fn children_of<'c>(&'c self, parent: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c Table)> {
        self.tables.iter().filter(move |(_, t)| t.partition_of.as_ref().is_some_and(|(p, _)| p == parent) || t.inherits.contains(parent))
    }

    /// The views that read a relation, directly.
    pub fn views_reading<'c>(&'c self, relation: &'c Qualified) -> impl Iterator<Item = (&'c Qualified, &'c View)> {
        self.views.iter().filter(move |(_, view)| view.reads.contains(relation))
    }

    /// Whether every index of the table is known: its creation was read and nothing since was missed.
    pub fn knows_indexes_of(&self, name: &ObjectName) -> bool {
        self.table(name).is_some_and(|(_, table)| table.knowledge == Knowledge::Whole)
    }
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
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
}
