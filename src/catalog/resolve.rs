//! Which table does a column reference belong to?
//!
//! Rules that speak of indexes need the table behind `o.payload`: through aliases, CTEs (whose names shadow tables), plain
//! views and subqueries that pass a column on unchanged. A reference that cannot be settled stays unknown; nothing is guessed.
//! Must not know a rule.

use super::{Catalog, Column, Knowledge, Qualified, Table};
use crate::facts::{ColumnRef, Cte, Expr, FromItem, Name, ObjectName, Query, QueryBody, Relation, RelationSource, Select};
use std::rc::Rc;

/// How many subqueries, CTEs and views a reference is followed through.
const MAX_DEPTH: usize = 16;

/// The relations that the expressions of one query can name, with those of the queries around it.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    catalog: &'a Catalog,
    outer: Option<Rc<Scope<'a>>>,
    query: &'a Query,
    ctes: &'a [Cte],
    bindings: Vec<Binding<'a>>,
    /// The query is the operand of EXISTS, so that only whether it has a row matters.
    pub in_exists: bool,
}

/// One relation that can be named.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// As it stands in FROM.
    pub relation: &'a Relation,
    /// What it is.
    pub source: Source<'a>,
}

/// What a name in FROM stands for.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A table or materialized view, known or not.
    Table(&'a ObjectName),
    /// A subquery, a CTE or a plain view.
    Query(&'a Query),
    /// A function or anything else.
    Other,
}

/// A column whose table has been found.
#[derive(Debug, Clone)]
pub struct Resolved<'a> {
    /// The table as it is written in FROM.
    pub written: &'a ObjectName,
    /// The table's resolved name, known or not.
    pub name: Qualified,
    /// The table, where known.
    pub table: Option<&'a Table>,
    /// The column's name in that table.
    pub column: String,
}

impl<'a> Resolved<'a> {
    /// The column, where known.
    pub fn definition(&self) -> Option<&'a Column> {
        self.table.and_then(|table| table.column(&self.column))
    }

    /// Whether everything about the table was read.
    pub fn is_whole(&self) -> bool {
        self.table.is_some_and(|table| table.knowledge == Knowledge::Whole)
    }
}

/// Visits a query and every query inside it, outermost first, each with its scope.
pub fn visit<'a>(catalog: &'a Catalog, query: &'a Query, found: &mut dyn FnMut(&'a Query, &Scope<'a>)) {
    descend(Scope::new(catalog, query, None), query, found);
}

fn descend<'a>(scope: Scope<'a>, query: &'a Query, found: &mut dyn FnMut(&'a Query, &Scope<'a>)) {
    found(query, &scope);
    let catalog = scope.catalog;
    let within = Rc::new(scope);
    // What is not LATERAL sees the CTEs, and not its neighbours.
    let beside = Rc::new(Scope { bindings: vec![], in_exists: false, ..(*within).clone() });
    let enter = |outer: &Rc<Scope<'a>>, inner| Scope::new(catalog, inner, Some(outer.clone()));
    for cte in &query.ctes {
        descend(enter(&beside, &cte.query), &cte.query, found);
    }
    match &query.body {
        QueryBody::SetOperation { left, right, .. } => {
            descend(enter(&beside, left), left, found);
            descend(enter(&beside, right), right, found);
        }
        QueryBody::Insert(insert) => insert.source.iter().for_each(|inner| descend(enter(&beside, inner), inner, found)),
        _ => {}
    }
    for relation in query.from().iter().flat_map(FromItem::relations) {
        if let RelationSource::Subquery(inner) = &relation.source {
            descend(enter(if relation.lateral { &within } else { &beside }, inner), inner, found);
        }
    }
    for expr in query.expressions() {
        expr.walk(&mut |e| {
            if let Some(inner) = e.subquery() {
                let mut scope = enter(&within, inner);
                scope.in_exists = matches!(e.kind, crate::facts::ExprKind::Exists { .. });
                descend(scope, inner, found);
            }
        });
    }
}

impl<'a> Scope<'a> {
    /// The scope of a query's expressions.
    pub fn new(catalog: &'a Catalog, query: &'a Query, outer: Option<Rc<Scope<'a>>>) -> Self {
        let mut scope = Scope { catalog, outer, query, ctes: &query.ctes, bindings: vec![], in_exists: false };
        let relations = query.target().into_iter().chain(query.from().iter().flat_map(FromItem::relations));
        scope.bindings = relations.map(|relation| Binding { relation, source: scope.source(relation) }).collect();
        scope
    }

    /// The schema that names are looked up in.
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// The relations of this query itself, left to right; the target of a write comes first.
    pub fn bindings(&self) -> &[Binding<'a>] {
        &self.bindings
    }

    fn source(&self, relation: &'a Relation) -> Source<'a> {
        match &relation.source {
            RelationSource::Subquery(query) => Source::Query(query),
            RelationSource::Table(name) => self.named(name),
            _ => Source::Other,
        }
    }

    fn named(&self, name: &'a ObjectName) -> Source<'a> {
        if let Some(cte) = name.schema.is_none().then(|| self.cte(&name.name)).flatten() {
            let plain = !cte.recursive && cte.columns.is_empty() && cte.materialized != Some(true);
            return if plain { Source::Query(&cte.query) } else { Source::Other };
        }
        match self.catalog.view(name) {
            Some((_, view)) if !view.materialized => {
                let plain = view.query.as_ref().filter(|_| view.columns.is_empty());
                plain.map_or(Source::Other, Source::Query)
            }
            _ => Source::Table(name),
        }
    }

    fn cte(&self, name: &Name) -> Option<&'a Cte> {
        let chain = || std::iter::successors(Some(self), |scope| scope.outer.as_deref());
        // Without RECURSIVE a CTE does not see itself: its name is the table's there.
        let is_itself = |cte: &Cte| !cte.recursive && chain().any(|scope| std::ptr::eq(scope.query, &cte.query));
        chain().flat_map(|scope| scope.ctes.iter().rev()).find(|cte| cte.name == *name && !is_itself(cte))
    }

    /// The table that a column reference belongs to; `None` where that is not certain.
    pub fn resolve(&self, column: &ColumnRef) -> Option<Resolved<'a>> {
        self.resolve_within(column, MAX_DEPTH)
    }

    /// The table of an expression that is a bare column.
    pub fn resolve_expr(&self, expr: &Expr) -> Option<Resolved<'a>> {
        self.resolve(expr.column()?)
    }

    /// The relation of this query that a reference names: by qualifier, or as the only one that can have the column.
    pub fn binding(&self, column: &ColumnRef) -> Option<&Binding<'a>> {
        match &column.relation {
            Some(qualifier) => self.bindings.iter().find(|b| b.relation.binding() == Some(qualifier)),
            None => self.only_candidate(&column.column.value),
        }
    }

    /// Whether a reference names a relation of a query around this one.
    pub fn is_outer(&self, column: &ColumnRef) -> bool {
        let here = self.binding(column).is_some();
        let around = std::iter::successors(self.outer.as_deref(), |scope| scope.outer.as_deref());
        !here && column.relation.is_some() && around.into_iter().any(|scope| scope.binding(column).is_some())
    }

    /// Whether a bare name may be a column of this query's own relations.
    pub fn may_be_own(&self, column: &ColumnRef) -> bool {
        self.bindings.iter().any(|b| self.may_have(b, &column.column.value) != Some(false))
    }

    fn resolve_within(&self, column: &ColumnRef, depth: usize) -> Option<Resolved<'a>> {
        let depth = depth.checked_sub(1)?;
        if let Some(binding) = self.binding(column) {
            return self.column_of(binding, &column.column.value, depth);
        }
        // An unqualified name that may be one of this query's own relations' is not taken for an outer one.
        if column.relation.is_none() && self.bindings.iter().any(|b| self.may_have(b, &column.column.value) != Some(false)) {
            return None;
        }
        self.outer.as_ref()?.resolve_within(column, depth)
    }

    fn only_candidate(&self, column: &str) -> Option<&Binding<'a>> {
        let certain: Vec<_> = self.bindings.iter().filter(|b| self.may_have(b, column) == Some(true)).collect();
        if let [one] = certain[..] {
            return Some(one);
        }
        let possible: Vec<_> = self.bindings.iter().filter(|b| self.may_have(b, column) != Some(false)).collect();
        match possible[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Whether a relation has a column of that name; `None` where that is not known.
    fn may_have(&self, binding: &Binding<'a>, column: &str) -> Option<bool> {
        if !binding.relation.columns.is_empty() {
            return Some(binding.relation.columns.iter().any(|c| *c == column));
        }
        match binding.source {
            Source::Table(name) => {
                let (_, table) = self.catalog.table(name)?;
                let whole = table.knowledge == Knowledge::Whole;
                if table.column(column).is_some() { Some(true) } else { whole.then_some(false) }
            }
            Source::Query(query) => {
                let select = query.select()?;
                if output(select, column).is_some() {
                    return Some(true);
                }
                (!select.items.iter().any(|item| is_wildcard(&item.expr))).then_some(false)
            }
            Source::Other => None,
        }
    }

    fn column_of(&self, binding: &Binding<'a>, column: &str, depth: usize) -> Option<Resolved<'a>> {
        if !binding.relation.columns.is_empty() {
            return None;
        }
        match binding.source {
            Source::Table(written) => {
                let known = self.catalog.table(written);
                let name = known.map_or_else(|| self.catalog.resolve(written), |(name, _)| name.clone());
                Some(Resolved { written, name, table: known.map(|(_, table)| table), column: column.to_owned() })
            }
            Source::Query(query) => self.through(query, column, depth),
            Source::Other => None,
        }
    }

    /// Follows a column into a subquery that keeps each row as it is, so that a filter outside reaches the table.
    fn through(&self, query: &'a Query, column: &str, depth: usize) -> Option<Resolved<'a>> {
        let depth = depth.checked_sub(1)?;
        let select = query.select()?;
        let keeps_rows = select.distinct.is_none() && select.group_by.is_empty() && select.having.is_none();
        if !keeps_rows || query.limit.is_some() || query.offset.is_some() {
            return None;
        }
        // The subquery's own scope sees what this one sees, this query's CTEs included.
        let inner = Scope::new(self.catalog, query, Some(Rc::new(self.clone())));
        match output(select, column) {
            Some(expr) => inner.resolve_within(expr.column()?, depth),
            None => {
                select.items.iter().find(|item| is_wildcard(&item.expr))?;
                let bare = ColumnRef { schema: None, relation: None, column: Name::new(column, Default::default()) };
                let binding = inner.binding(&bare)?;
                inner.column_of(binding, column, depth)
            }
        }
    }
}

/// The expression of a select list that has this output name.
pub fn output<'q>(select: &'q Select, name: &str) -> Option<&'q Expr> {
    let item = select.items.iter().find(|item| match (&item.alias, item.expr.column()) {
        (Some(alias), _) => *alias == name,
        (None, Some(column)) => column.column == name,
        _ => false,
    });
    item.map(|item| &item.expr)
}

fn is_wildcard(expr: &Expr) -> bool {
    matches!(expr.kind, crate::facts::ExprKind::Wildcard(_))
}

impl Catalog {
    /// The unique keys of a table that hold for all its rows: columns of the primary key and of unique indexes and constraints
    /// without a predicate. The primary key comes first.
    pub fn keys_of(&self, name: &Qualified) -> Vec<Vec<String>> {
        use crate::facts::ConstraintKind::Key;
        let mut keys: Vec<(bool, Vec<String>)> = vec![];
        for constraint in self.tables.get(name).iter().flat_map(|table| &table.constraints) {
            if let Key { primary, columns, .. } = &constraint.constraint.kind
                && !columns.is_empty()
            {
                keys.push((*primary, columns.iter().map(|c| c.value.clone()).collect()));
            }
        }
        for (_, index) in self.indexes_of(name).filter(|(_, i)| i.unique && i.predicate.is_none() && i.valid) {
            let columns: Option<Vec<String>> = index.keys.iter().map(|key| Some(key.expr.column()?.column.value.clone())).collect();
            keys.extend(columns.map(|columns| (index.primary, columns)));
        }
        keys.sort_by_key(|(primary, columns)| (!primary, columns.len()));
        keys.into_iter().map(|(_, columns)| columns).collect()
    }

    /// Whether fixing these columns leaves at most one row of the table.
    pub fn is_key_fixed(&self, name: &Qualified, columns: &[&str]) -> bool {
        self.keys_of(name).iter().any(|key| key.iter().all(|c| columns.contains(&c.as_str())))
    }
}
