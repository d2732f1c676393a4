//! Where the application uses tables and columns: what a migration that drops or renames one will break.
//!
//! Names are kept as the statements have them and compared with the schema as it is when they are asked for, so that a column
//! dropped by the last migration is still found.

use super::{Catalog, Qualified};
use crate::facts::{ColumnRef, ExprKind, Identifier, ObjectName, Query, QueryBody, Statement};
use crate::source::Location;
use std::collections::HashMap;

/// A relation as a statement names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    schema: Option<Identifier>,
    name: Identifier,
}

impl Named {
    fn of(name: &ObjectName) -> Self {
        Named { schema: name.schema.as_ref().map(|schema| schema.value.clone()), name: name.name.value.clone() }
    }

    /// Whether the name may mean the table. A bare name means the one that the search path gives, where one is known.
    fn may_be(&self, catalog: &Catalog, table: &Qualified) -> bool {
        if self.name != *table.name {
            return false;
        }
        match &self.schema {
            Some(schema) => *schema == *table.schema,
            None => catalog.table(&self.as_object()).is_none_or(|(known, _)| known == table),
        }
    }
}

/// What application code mentions of the schema.
#[derive(Debug, Default)]
pub struct Mentions {
    statements: usize,
    tables: HashMap<String, Vec<(Named, Location)>>,
    /// By table: how many updates change all of its rows.
    unbounded: HashMap<String, usize>,
    /// By column: the relations that it may belong to, and the place.
    columns: HashMap<String, Vec<(Vec<Named>, Location)>>,
}

impl Mentions {
    /// Takes note of a statement of the application.
    pub fn add(&mut self, statement: &Statement) {
        let queries = statement.queries();
        self.statements += usize::from(!queries.is_empty());
        for query in queries {
            self.query(statement, query, &[], &[], 0);
        }
    }

    /// Adds what others mention.
    pub fn merge(&mut self, other: Mentions) {
        self.statements += other.statements;
        other.tables.into_iter().for_each(|(name, uses)| self.tables.entry(name).or_default().extend(uses));
        other.unbounded.into_iter().for_each(|(name, count)| *self.unbounded.entry(name).or_default() += count);
        other.columns.into_iter().for_each(|(name, uses)| self.columns.entry(name).or_default().extend(uses));
    }

    /// How many statements of the application were read.
    pub fn statements(&self) -> usize {
        self.statements
    }

    /// The places that use a table.
    pub fn of_table(&self, catalog: &Catalog, table: &Qualified) -> Vec<Location> {
        let uses = self.tables.get(&*table.name).into_iter().flatten();
        uses.filter(|(named, _)| named.may_be(catalog, table)).map(|(_, at)| *at).collect()
    }

    /// How many updates of the application change all rows of a table of that name.
    pub fn unbounded_updates(&self, table: &ObjectName) -> usize {
        self.unbounded.get(table.name.value.as_str()).copied().unwrap_or(0)
    }

    /// The places that use a column, in the schema as it is.
    pub fn of_column(&self, catalog: &Catalog, table: &Qualified, column: &str) -> Vec<Location> {
        let uses = self.columns.get(column).into_iter().flatten();
        let owned = |candidates: &[Named]| {
            // a bare name of several tables is this one's only where the others are known not to have it
            let other_has_none = |other: &Named| {
                let name = other.as_object();
                other.may_be(catalog, table) || catalog.table(&name).is_some_and(|(_, t)| t.column(column).is_none())
            };
            candidates.iter().any(|named| named.may_be(catalog, table)) && candidates.iter().all(other_has_none)
        };
        uses.filter(|(candidates, _)| owned(candidates)).map(|(_, at)| *at).collect()
    }

    fn query(&mut self, statement: &Statement, query: &Query, outer: &[(Identifier, Named)], ctes: &[Identifier], depth: usize) {
        if depth > 64 {
            return;
        }
        let ctes: Vec<Identifier> = ctes.iter().cloned().chain(query.ctes.iter().map(|cte| cte.name.value.clone())).collect();
        let at = |span| Location { file: statement.file, span };
        let mut own = vec![];
        for relation in query.from().iter().flat_map(|item| item.relations()).chain(query.target()) {
            let Some(table) = relation.table() else { continue };
            if table.schema.is_none() && ctes.contains(&table.name.value) {
                continue;
            }
            let named = Named::of(table);
            self.tables.entry(named.name.to_string()).or_default().push((named.clone(), at(table.span())));
            own.push((relation.binding().map_or_else(|| named.name.clone(), |name| name.value.clone()), named));
        }
        if let QueryBody::Insert(insert) = &query.body {
            self.written(insert.columns.iter(), query, &at);
        }
        if let QueryBody::Update(update) = &query.body {
            if let Some(table) = update.table.table().filter(|_| update.filter.is_none() && update.from.is_empty()) {
                *self.unbounded.entry(table.name.value.to_string()).or_default() += 1;
            }
            self.written(update.assignments.iter().map(|(name, _)| name), query, &at);
        }
        let scope: Vec<(Identifier, Named)> = own.iter().cloned().chain(outer.iter().cloned()).collect();
        for expr in query.expressions() {
            expr.walk(&mut |e| {
                if let ExprKind::Column(column) = &e.kind {
                    let candidates = candidates(column, &own, &scope);
                    if !candidates.is_empty() {
                        self.columns.entry(column.column.value.to_string()).or_default().push((candidates, at(column.column.span)));
                    }
                }
            });
        }
        for child in query.children() {
            self.query(statement, child, &scope, &ctes, depth + 1);
        }
    }

    fn written<'n>(
        &mut self,
        names: impl Iterator<Item = &'n crate::facts::Name>,
        query: &Query,
        at: &impl Fn(crate::source::Span) -> Location,
    ) {
        let Some(target) = query.target().and_then(|relation| relation.table()).map(Named::of) else { return };
        for name in names {
            self.columns.entry(name.value.to_string()).or_default().push((vec![target.clone()], at(name.span)));
        }
    }
}

impl Named {
    fn as_object(&self) -> ObjectName {
        let name = |value: &Identifier| crate::facts::Name::new(value.clone(), crate::source::Span::default());
        ObjectName { schema: self.schema.as_ref().map(name), name: name(&self.name) }
    }
}

/// The relations that a column may belong to.
fn candidates(column: &ColumnRef, own: &[(Identifier, Named)], scope: &[(Identifier, Named)]) -> Vec<Named> {
    match &column.relation {
        Some(relation) => {
            scope.iter().find(|(binding, _)| *binding == relation.value).map(|(_, named)| named.clone()).into_iter().collect()
        }
        None => own.iter().map(|(_, named)| named.clone()).collect(),
    }
}
