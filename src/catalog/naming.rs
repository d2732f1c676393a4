//! The names that PostgreSQL makes up for indexes, constraints and sequences (`makeObjectName`, `ChooseRelationName`,
//! `ChooseIndexNameAddition`, `FigureIndexColname` in its sources). Later statements speak of objects by these names, so
//! they must be exact. Must not know statements.

use super::{Catalog, Key, Qualified, Table};
use crate::facts::{Expr, ExprKind, Identifier};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;

/// The names that constraints were ever given, by their hashes: what is not among them is free, and need not be looked for in all
/// tables that could have it.
#[derive(Debug, Clone, Default)]
pub(super) struct GivenNames {
    hasher: DefaultHashBuilder,
    hashes: Arc<HashTable<u64>>,
    /// Names were given that are not noted.
    partly_known: bool,
}

impl GivenNames {
    /// Those of tables that were made elsewhere.
    pub(super) fn unknown() -> Self {
        GivenNames { partly_known: true, ..Self::default() }
    }

    pub(super) fn note(&mut self, name: &str) {
        let hash = self.hasher.hash_one(name);
        if self.hashes.find(hash, |known| *known == hash).is_none() {
            Arc::make_mut(&mut self.hashes).insert_unique(hash, hash, |hash| *hash);
        }
    }

    fn may_have(&self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        self.partly_known || self.hashes.find(hash, |known| *known == hash).is_some()
    }
}

/// The most bytes of an identifier (NAMEDATALEN - 1).
const LONGEST: usize = 63;

/// What PostgreSQL keeps of a name.
pub(super) fn kept(name: &str) -> &str {
    &name[..crate::source::floor_boundary(name, LONGEST)]
}

/// `name1_name2_label`, cut to fit: the longer of the first two loses bytes first, the label never.
pub(super) fn make_object_name(first: &str, second: Option<&str>, label: &str) -> Identifier {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let room = LONGEST.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.map_or(0, str::len));
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let mut name = Identifier::with_capacity(a + b + overhead);
    name.push_str(clip(first, a));
    if let Some(second) = second {
        name.push('_');
        name.push_str(clip(second, b));
    }
    name.push('_');
    name.push_str(label);
    name
}

fn clip(text: &str, mut at: usize) -> &str {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.get(..at).unwrap_or(text)
}

/// The columns' part of a made-up name: `a_b`.
pub(super) fn columns_part(columns: &[impl AsRef<str>]) -> String {
    let mut part = String::new();
    for column in columns {
        if !part.is_empty() {
            part.push('_');
        }
        part.push_str(column.as_ref());
        if part.len() > LONGEST {
            break;
        }
    }
    part
}

/// The names of an index's columns, told apart by numbers.
pub(super) fn index_column_names<'e>(keys: impl Iterator<Item = &'e Expr>, include: &[Identifier]) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for base in keys.map(|key| figure_name(key).unwrap_or("expr").to_owned()).chain(include.iter().map(Identifier::to_string)) {
        let mut name = base.clone();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            name = format!("{base}{number}");
        }
        names.push(name);
    }
    names
}

/// What PostgreSQL calls the result of an expression (`FigureColname`); `None` where it has no name for it.
pub(super) fn figure_name(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Column(column) => Some(&column.column.value),
        ExprKind::Call(call) => Some(&call.name.name.value),
        ExprKind::Cast { expr, ty } => figure_name(expr).or(Some(&ty.name)),
        ExprKind::Field { field, .. } => Some(&field.value),
        ExprKind::Collate { expr, .. } | ExprKind::Subscript { expr, .. } => figure_name(expr),
        ExprKind::Case { otherwise, .. } => otherwise.as_ref().and_then(|e| figure_name(e)).or(Some("case")),
        ExprKind::Array(_) => Some("array"),
        ExprKind::Row(_) => Some("row"),
        ExprKind::Exists { .. } => Some("exists"),
        ExprKind::Subquery(query) => {
            let item = query.select()?.items.first()?;
            item.alias.as_ref().map(|alias| alias.value.as_str()).or_else(|| figure_name(&item.expr))
        }
        _ => None,
    }
}

impl Catalog {
    /// A name for an index on a table by its keys' labels, `<table>_<labels>_idx` in at most 63 bytes, that nothing has yet.
    pub fn free_index_name(&self, table: &Qualified, labels: &[String]) -> Identifier {
        self.choose_relation_name(&table.schema, &table.name, Some(&columns_part(labels)), "idx")
    }

    /// The same where some names are to be left alone that no relation has yet.
    pub fn free_index_name_besides(&self, table: &Qualified, labels: &[String], taken: &[Qualified]) -> Identifier {
        let schema = table.schema.as_str();
        let planned = |name: &str| taken.iter().any(|other| other.schema == schema && other.name == name);
        numbered(&table.name, Some(&columns_part(labels)), "idx", |name| self.has_relation_by(Key { schema, name }) || planned(name))
    }

    /// A relation's name that is free in the schema: numbers are added to the label.
    pub(super) fn choose_relation_name(&self, schema: &str, first: &str, second: Option<&str>, label: &str) -> Identifier {
        numbered(first, second, label, |name| self.has_relation_by(Key { schema, name }))
    }

    /// Notes the names of a table's constraints, those of NOT NULL among them.
    pub(super) fn note_names_of(&mut self, table: &Table) {
        let not_nulls = table.columns.iter().filter_map(|column| column.not_null_name.as_ref());
        let names = not_nulls.chain(table.constraints.iter().map(|constraint| &constraint.name));
        names.for_each(|name| self.given_names.note(name));
    }

    /// Whether a made-up name is some other constraint's in the schema.
    pub(super) fn constraint_name_taken(&self, table: &Qualified, column: Option<&str>, name: &str) -> bool {
        let taken = self.given_names.may_have(name) && self.finds_constraint(table, column, name);
        debug_assert!(taken || !self.finds_constraint(table, column, name), "{name} was given and not noted");
        taken
    }

    /// Whether a constraint of that name is found. Only tables that could have been given the same name
    /// are looked at: those whose name the made-up one begins with or once began with, and for a name cut short those that begin
    /// alike.
    fn finds_constraint(&self, table: &Qualified, column: Option<&str>, name: &str) -> bool {
        let holds = |t: &Table, own: bool| {
            let not_null = |c: &super::Column| !(own && column == Some(c.name.as_str())) && c.not_null_name.as_deref() == Some(name);
            t.constraints.iter().any(|c| c.name == name) || t.columns.iter().any(not_null)
        };
        if self.tables.get(table).is_some_and(|t| holds(t, true)) {
            return true;
        }
        let starts = memchr::memchr_iter(b'_', name.as_bytes()).filter_map(|at| name.get(..at));
        let by_prefix = starts.filter_map(|first| {
            if first == table.name { None } else { self.tables.find(Key { schema: &table.schema, name: first }).map(|(_, t)| t) }
        });
        let renames = if self.former_names.is_empty() { "" } else { name };
        let before = renames.match_indices('_').filter_map(|(at, _)| self.former_names.get(name.get(..at)?)).flatten();
        let renamed = before.filter(|other| other.schema == table.schema && *other != table).filter_map(|other| self.tables.get(other));
        let cut = name.len() >= LONGEST;
        let first = table.name.get(..20).unwrap_or(&table.name);
        let is_alike = |other: &Qualified| other.schema == table.schema && other.name.starts_with(first) && other != table;
        let alike = self.tables.unordered().filter(|(other, _)| cut && is_alike(other)).map(|(_, t)| t);
        by_prefix.chain(renamed).chain(alike).any(|t| holds(t, false))
    }

    /// A constraint's name that is free.
    pub(super) fn choose_constraint_name(&self, table: &Qualified, second: Option<&str>, label: &str) -> Identifier {
        numbered(&table.name, second, label, |name| self.constraint_name_taken(table, None, name))
    }
}

/// The first made-up name that is not taken.
pub(super) fn numbered(first: &str, second: Option<&str>, label: &str, taken: impl Fn(&str) -> bool) -> Identifier {
    let mut name = make_object_name(first, second, label);
    let mut number = 0;
    while taken(&name) {
        number += 1;
        name = make_object_name(first, second, &format!("{label}{number}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_bytes_of_the_longer_part_first() {
        assert_eq!(make_object_name("t", Some("a"), "idx"), "t_a_idx");
        let long = "x".repeat(60);
        let name = make_object_name(&long, Some("a"), "idx");
        assert_eq!((name.len(), name.as_str()), (63, format!("{}_a_idx", "x".repeat(57)).as_str()));
        let both = make_object_name(&long, Some(&"y".repeat(60)), "fkey");
        assert_eq!(both.len(), 63);
        assert_eq!(both.matches('x').count(), 29);
        assert_eq!(make_object_name(&"é".repeat(40), None, "pkey").len(), 63);
    }
}
