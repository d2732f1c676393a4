//! Which columns a view reads. Not a rule.

use crate::catalog::{Catalog, Qualified, View};
use crate::facts::{ColumnRef, ExprKind, FromItem, JoinCondition, Query, Relation};

/// Whether a view surely reads this column of a table. A name that could be another relation's does not count.
pub(in crate::rules) fn reads_column(catalog: &Catalog, view: &View, table: &Qualified, column: &str) -> bool {
    let Some(query) = &view.query else { return false };
    let (mut found, mut shadowed) = (false, vec![]);
    query.walk(&mut |inner| shadowed.extend(inner.ctes.iter().map(|cte| cte.name.value.as_str())));
    query.walk(&mut |inner| found |= Scope { catalog, view, table, column, shadowed: &shadowed }.reads(inner));
    found
}

struct Scope<'a> {
    catalog: &'a Catalog,
    view: &'a View,
    table: &'a Qualified,
    column: &'a str,
    shadowed: &'a [&'a str],
}

impl Scope<'_> {
    fn reads(&self, query: &Query) -> bool {
        let relations: Vec<&Relation> = query.from().iter().flat_map(FromItem::relations).collect();
        let bindings: Vec<&str> =
            relations.iter().filter(|r| self.is_table(r)).filter_map(|r| r.binding()).map(|n| n.value.as_str()).collect();
        if bindings.is_empty() {
            return false;
        }
        let alone = relations.iter().all(|relation| self.is_table(relation) || self.lacks_column(relation));
        let mut found = false;
        for expr in query.expressions() {
            expr.walk(&mut |expr| found |= expr.column().is_some_and(|column| self.is_column(column, &bindings, alone)));
        }
        // the star of count(*) is none
        for item in query.select().map(|select| select.items.as_slice()).unwrap_or_default() {
            if let ExprKind::Wildcard(of) = &item.expr.kind {
                found |= of.as_ref().is_none_or(|of| bindings.contains(&of.name.value.as_str())) && self.in_wildcard();
            }
        }
        let joins = query.from().iter().flat_map(FromItem::joins);
        found
            || joins
                .into_iter()
                .any(|join| matches!(&join.condition, JoinCondition::Using(names) if names.iter().any(|n| *n == *self.column)))
    }

    fn is_table(&self, relation: &Relation) -> bool {
        let Some(name) = relation.table() else { return false };
        let is_cte = name.schema.is_none() && self.shadowed.contains(&name.name.value.as_str());
        !is_cte && self.catalog.resolve(name) == *self.table
    }

    /// Whether another relation surely has no column of that name.
    fn lacks_column(&self, relation: &Relation) -> bool {
        let known = relation.table().and_then(|name| self.catalog.table(name));
        known.is_some_and(|(_, table)| table.knowledge == crate::catalog::Knowledge::Whole && table.column(self.column).is_none())
    }

    fn is_column(&self, column: &ColumnRef, bindings: &[&str], alone: bool) -> bool {
        column.column == *self.column && column.relation.as_ref().map_or(alone, |relation| bindings.contains(&relation.value.as_str()))
    }

    /// `*` means the columns that were there when the view was made.
    fn in_wildcard(&self) -> bool {
        let defined = self.catalog.tables.get(self.table).and_then(|table| table.column(self.column)).map(|column| column.defined_at);
        defined.is_some_and(|at| (at.file, at.span.start) < (self.view.defined_at.file, self.view.defined_at.span.start))
    }
}
