//! Which table does a column reference belong to?
//!
//! Rules that speak of indexes need the table behind `o.payload`: through aliases, CTEs (whose names shadow tables), plain
//! views and subqueries that pass a column on unchanged. A reference that cannot be settled stays unknown; nothing is guessed.
//! Must not know a rule.

use super::{Catalog, Column, Knowledge, Qualified, Table};
use crate::facts::{ColumnRef, Cte, Expr, FromItem, Identifier, Name, ObjectName, Query, QueryBody, Relation, RelationSource, Select};
use crate::postgres::functions::is_builtin_aggregate;
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
#[derive(Debug, Clone)]
pub struct Binding<'a> {
    /// As it stands in FROM.
    pub relation: &'a Relation,
    /// What it is.
    pub source: Source<'a>,
    /// Its columns' names by position, where they are given anew: by an alias, WITH or VIEW list, or by the first branch of a set
    /// operation. Columns beyond keep their own.
    pub names: Vec<Identifier>,
}

/// What a name in FROM stands for.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A table or materialized view, known or not.
    Table(&'a ObjectName),
    /// A subquery, a CTE or a plain view.
    Query(&'a Query),
    /// A CTE that no condition passes into: recursive, MATERIALIZED, or used twice.
    Fence(&'a Query),
    /// A function or anything else.
    Other,
}

/// What a column reference stands for in the end.
#[derive(Debug, Clone)]
pub enum Origin<'a> {
    /// A column of a table, and the place in FROM that it comes by.
    Column(Resolved<'a>, &'a Relation),
    /// An expression of a subquery, CTE or view, to be read in its scope.
    Expression(&'a Expr, Rc<Scope<'a>>),
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
    pub column: Identifier,
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
    for (query, scope) in visits(catalog, query) {
        found(query, &scope);
    }
}

/// The same as a list, for those who go through it more than once.
pub fn visits<'a>(catalog: &'a Catalog, query: &'a Query) -> Vec<(&'a Query, Rc<Scope<'a>>)> {
    let mut found = vec![];
    descend(Scope::new(catalog, query, None), query, &mut found);
    found
}

fn descend<'a>(scope: Scope<'a>, query: &'a Query, found: &mut Vec<(&'a Query, Rc<Scope<'a>>)>) {
    let catalog = scope.catalog;
    let within = Rc::new(scope);
    found.push((query, within.clone()));
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
        scope.bindings = relations.map(|relation| scope.bind(relation)).collect();
        scope
    }

    /// The same with one branch of a set operation in the place of the whole, under the whole's names.
    pub fn with_branch(&self, relation: &Relation, branch: &'a Query) -> Self {
        let mut scope = self.clone();
        for binding in scope.bindings.iter_mut().filter(|b| std::ptr::eq(b.relation, relation)) {
            if let Source::Query(whole) = binding.source {
                let given = binding.names.len();
                binding.names.extend(output_names(whole).into_iter().skip(given));
                binding.source = Source::Query(branch);
            }
        }
        scope
    }

    /// The scope around this one.
    pub fn outer(&self) -> Option<&Scope<'a>> {
        self.outer.as_deref()
    }

    /// The CTE that a bare name stands for here.
    pub fn cte_named(&self, name: &Name) -> Option<&'a Cte> {
        self.cte(name)
    }

    /// The query whose scope this is.
    pub fn query(&self) -> &'a Query {
        self.query
    }

    fn bind(&self, relation: &'a Relation) -> Binding<'a> {
        let (source, mut names) = self.source(relation);
        for (at, column) in relation.columns.iter().enumerate() {
            if at < names.len() { names[at] = column.value.clone() } else { names.push(column.value.clone()) }
        }
        Binding { relation, source, names }
    }

    /// The schema that names are looked up in.
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// The relations of this query itself, left to right; the target of a write comes first.
    pub fn bindings(&self) -> &[Binding<'a>] {
        &self.bindings
    }

    fn source(&self, relation: &'a Relation) -> (Source<'a>, Vec<Identifier>) {
        match &relation.source {
            RelationSource::Subquery(query) => (Source::Query(query), vec![]),
            RelationSource::Table(name) => self.named(name),
            _ => (Source::Other, vec![]),
        }
    }

    fn named(&self, name: &'a ObjectName) -> (Source<'a>, Vec<Identifier>) {
        let values = |names: &[Name]| names.iter().map(|n| n.value.clone()).collect();
        if let Some(cte) = name.schema.is_none().then(|| self.cte(&name.name)).flatten() {
            if cte.recursive && self.is_within(&cte.query) {
                return (Source::Other, vec![]);
            }
            let fenced = cte.materialized == Some(true) || cte.query.target().is_some() || is_self_reading(cte);
            let source = if fenced { Source::Fence(&cte.query) } else { Source::Query(&cte.query) };
            return (source, values(&cte.columns));
        }
        match self.catalog.view(name) {
            Some((_, view)) if !view.materialized && !self.is_deep() => {
                (view.query.as_deref().map_or(Source::Other, Source::Query), values(&view.columns))
            }
            Some((_, view)) if !view.materialized => (Source::Other, vec![]),
            _ => (Source::Table(name), vec![]),
        }
    }

    /// Whether this scope lies in that query.
    fn is_within(&self, query: &Query) -> bool {
        std::iter::successors(Some(self), |scope| scope.outer.as_deref()).any(|scope| std::ptr::eq(scope.query, query))
    }

    /// Whether views have been followed far enough (a view cannot read itself, but what was read may be wrong).
    fn is_deep(&self) -> bool {
        std::iter::successors(Some(self), |scope| scope.outer.as_deref()).nth(4 * MAX_DEPTH).is_some()
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

    /// Whether a column is of this relation.
    pub fn is_of(&self, column: &ColumnRef, binding: &Binding<'a>) -> bool {
        self.binding(column).is_some_and(|found| std::ptr::eq(found.relation, binding.relation))
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
        match self.origin_within(column, depth, false)? {
            Origin::Column(resolved, _) => Some(resolved),
            Origin::Expression(..) => None,
        }
    }

    /// What a column reference stands for, through whatever passes it on: for its type and whether it can be NULL.
    pub fn origin(&self, column: &ColumnRef) -> Option<Origin<'a>> {
        self.origin_within(column, MAX_DEPTH, true)
    }

    /// The same, where each row outside is one inside, so that a condition on it reaches the table.
    pub fn row_origin(&self, column: &ColumnRef) -> Option<Origin<'a>> {
        self.origin_within(column, MAX_DEPTH, false)
    }

    fn origin_within(&self, column: &ColumnRef, depth: usize, anyhow: bool) -> Option<Origin<'a>> {
        let depth = depth.checked_sub(1)?;
        if let Some(binding) = self.binding(column) {
            return self.column_of(binding, &column.column.value, depth, anyhow);
        }
        // An unqualified name that may be one of this query's own relations' is not taken for an outer one.
        if column.relation.is_none() && self.bindings.iter().any(|b| self.may_have(b, &column.column.value) != Some(false)) {
            return None;
        }
        self.outer.as_ref()?.origin_within(column, depth, anyhow)
    }

    fn only_candidate(&self, column: &str) -> Option<&Binding<'a>> {
        let certain: Vec<_> = self.bindings.iter().filter(|b| self.may_have(b, column) == Some(true)).collect();
        if let [one] = certain[..] {
            return Some(one);
        }
        // USING and NATURAL make one column of two: the left one's, for all that an index can see.
        if let ([first, ..], true) = (&certain[..], self.is_merged(column)) {
            return Some(first);
        }
        let possible: Vec<_> = self.bindings.iter().filter(|b| self.may_have(b, column) != Some(false)).collect();
        match possible[..] {
            [one] => Some(one),
            [first, ..] if self.is_merged(column) => Some(first),
            _ => None,
        }
    }

    fn is_merged(&self, column: &str) -> bool {
        use crate::facts::JoinCondition::{Natural, Using};
        self.query.from().iter().flat_map(FromItem::joins).any(|join| match &join.condition {
            Using(columns) => columns.iter().any(|c| *c == column),
            Natural => true,
            _ => false,
        })
    }

    /// Whether a relation has a column of that name; `None` where that is not known.
    pub fn may_have(&self, binding: &Binding<'a>, column: &str) -> Option<bool> {
        self.has(binding, column, MAX_DEPTH)
    }

    fn has(&self, binding: &Binding<'a>, column: &str, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        if binding.names.iter().any(|name| name == column) {
            return Some(true);
        }
        match binding.source {
            Source::Table(name) => {
                let (_, table) = self.catalog.table(name)?;
                let whole = table.knowledge == Knowledge::Whole && binding.names.is_empty();
                if table.column(column).is_some() { Some(true) } else { (whole && !is_system_column(column)).then_some(false) }
            }
            Source::Query(query) | Source::Fence(query) => self.query_has(query, column, binding.names.is_empty(), depth),
            Source::Other => match &binding.relation.source {
                // A function's alias names its only column, where it gives no row type.
                RelationSource::Function(_) => binding.relation.binding().is_some_and(|name| *name == column).then_some(true),
                _ => None,
            },
        }
    }

    fn query_has(&self, query: &'a Query, column: &str, own_names: bool, depth: usize) -> Option<bool> {
        let items = output_items(query)?;
        if items
            .iter()
            .any(|item| item.alias.as_ref().is_some_and(|a| *a == column) || has_name(&item.expr, column) && item.alias.is_none())
        {
            return Some(true);
        }
        if !items.iter().any(|item| is_wildcard(&item.expr)) {
            return own_names.then_some(false);
        }
        let inner = Scope::new(self.catalog, first_branch(query), Some(Rc::new(self.clone())));
        let all: Vec<Option<bool>> = inner.bindings.iter().map(|b| inner.has(b, column, depth)).collect();
        if all.contains(&Some(true)) { Some(true) } else { all.iter().all(|has| *has == Some(false)).then_some(false) }
    }

    fn column_of(&self, binding: &Binding<'a>, column: &str, depth: usize, anyhow: bool) -> Option<Origin<'a>> {
        let place = binding.names.iter().position(|name| name == column);
        match binding.source {
            Source::Table(written) => {
                let known = self.catalog.table(written);
                let name = known.map_or_else(|| self.catalog.resolve(written), |(name, _)| name.clone());
                let own = match place {
                    Some(at) => known.and_then(|(_, table)| table.columns.get(at)).map(|c| c.name.clone())?,
                    None => column.into(),
                };
                let resolved = Resolved { written, name, table: known.map(|(_, table)| table), column: own };
                Some(Origin::Column(resolved, binding.relation))
            }
            Source::Query(query) => self.through(query, column, place, depth, anyhow),
            Source::Fence(query) if anyhow => self.through(query, column, place, depth, true),
            Source::Fence(_) | Source::Other => None,
        }
    }

    /// Follows a column into a subquery; unless `anyhow`, only into one that keeps each row as it is, so that a filter outside
    /// reaches the table.
    fn through(&self, query: &'a Query, column: &str, place: Option<usize>, depth: usize, anyhow: bool) -> Option<Origin<'a>> {
        let depth = depth.checked_sub(1)?;
        if !anyhow && !keeps_rows(query) {
            return None;
        }
        let query = if anyhow { first_branch(query) } else { query };
        let items = output_items(query)?;
        // The subquery's own scope sees what this one sees, this query's CTEs included.
        let inner = Rc::new(Scope::new(self.catalog, query, Some(Rc::new(self.clone()))));
        let wildcard = items.iter().position(|item| is_wildcard(&item.expr));
        let found = match place {
            Some(at) if wildcard.is_none_or(|w| at < w) => items.get(at).map(|item| &item.expr),
            Some(_) => return inner.star_column(items, place?, depth, anyhow),
            None => output_of(items, column),
        };
        let Some(expr) = found else {
            items.get(wildcard?)?;
            let bare = ColumnRef { schema: None, relation: None, column: Name::new(column, Default::default()) };
            let binding = inner.binding(&bare)?;
            return inner.column_of(binding, column, depth, anyhow);
        };
        match expr.column() {
            Some(column) => inner.origin_within(column, depth, anyhow),
            None => Some(Origin::Expression(expr, inner)),
        }
    }

    /// A column by its place in `SELECT *` over one known table.
    fn star_column(&self, items: &'a [crate::facts::SelectItem], place: usize, depth: usize, anyhow: bool) -> Option<Origin<'a>> {
        let ([_], [binding]) = (items, &self.bindings[..]) else { return None };
        let Source::Table(name) = binding.source else { return None };
        let column = self.catalog.table(name)?.1.columns.get(place)?.name.clone();
        self.column_of(binding, &column, depth, anyhow)
    }

    /// The type of a column reference and whether it can be NULL, where the catalog knows. A column on the outer side of a join
    /// can.
    pub fn column_facts(&self, column: &ColumnRef) -> (Option<&'a crate::facts::TypeName>, bool) {
        match self.origin(column) {
            Some(Origin::Column(resolved, relation)) => {
                let definition = resolved.definition();
                let nullable = definition.is_none_or(|c| !c.not_null) || self.is_nullable_side(relation);
                (definition.and_then(|c| c.ty.as_deref()), nullable)
            }
            Some(Origin::Expression(expr, _)) => match &expr.kind {
                crate::facts::ExprKind::Cast { ty, .. } => (Some(ty), true),
                _ => (None, true),
            },
            None => (None, true),
        }
    }

    /// Whether a join fills the relation's columns with NULLs.
    fn is_nullable_side(&self, relation: &Relation) -> bool {
        use crate::facts::JoinKind::{Full, Left, Right};
        let holds = |item: &FromItem| item.relations().iter().any(|r| std::ptr::eq(*r, relation));
        let here = self.query.from().iter().flat_map(FromItem::joins).any(|join| match join.kind {
            Left => holds(&join.right),
            Right => holds(&join.left),
            Full => holds(&join.right) || holds(&join.left),
            _ => false,
        });
        // A relation of a subquery is filled up with the subquery.
        here || !self.bindings.iter().any(|b| std::ptr::eq(b.relation, relation))
            && self.query.from().iter().flat_map(FromItem::joins).any(|join| matches!(join.kind, Left | Right | Full))
    }
}

/// Whether a subquery gives each row of its FROM that meets its WHERE once, so that the planner may merge it with the query around.
pub fn keeps_rows(query: &Query) -> bool {
    let Some(select) = query.select() else { return false };
    let aggregates = || select.items.iter().any(|item| computes(&item.expr));
    select.distinct.is_none()
        && select.group_by.is_empty()
        && select.having.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locking.is_none()
        && !aggregates()
}

/// Whether an aggregate, window or set-returning function stands inside.
fn computes(expr: &Expr) -> bool {
    const SETS: &[&str] = &[
        "unnest",
        "generate_series",
        "jsonb_array_elements",
        "jsonb_array_elements_text",
        "json_array_elements",
        "regexp_split_to_table",
        "jsonb_each",
        "jsonb_object_keys",
    ];
    let mut found = false;
    expr.walk(&mut |e| {
        if let crate::facts::ExprKind::Call(call) = &e.kind {
            let name = call.name.name.value.as_str();
            found |= call.over.is_some() || is_builtin_aggregate(name) || SETS.contains(&name);
        }
    });
    found
}

/// The first SELECT of a set operation, whose names are the whole's.
pub fn first_branch(query: &Query) -> &Query {
    let mut query = query;
    for _ in 0..4 * MAX_DEPTH {
        match &query.body {
            QueryBody::SetOperation { left, .. } => query = left,
            _ => break,
        }
    }
    query
}

/// The output columns of a query as written: its select list, or what it RETURNs.
pub fn output_items(query: &Query) -> Option<&[crate::facts::SelectItem]> {
    match &first_branch(query).body {
        QueryBody::Select(select) => Some(&select.items),
        QueryBody::Insert(insert) => Some(&insert.returning),
        QueryBody::Update(update) => Some(&update.returning),
        QueryBody::Delete(delete) => Some(&delete.returning),
        _ => None,
    }
}

/// The names of a query's output columns, up to the first `*`.
fn output_names(query: &Query) -> Vec<Identifier> {
    let items = output_items(query).unwrap_or_default();
    let named = |item: &crate::facts::SelectItem| match (&item.alias, item.expr.column()) {
        (Some(alias), _) => alias.value.clone(),
        (None, Some(column)) => column.column.value.clone(),
        _ => super::naming::figure_name(&item.expr).unwrap_or("?column?").into(),
    };
    items.iter().take_while(|item| !is_wildcard(&item.expr)).map(named).collect()
}

/// Whether a CTE under RECURSIVE reads itself.
fn is_self_reading(cte: &Cte) -> bool {
    let mut found = false;
    if cte.recursive {
        cte.query.walk(&mut |query| {
            let reads = query.from().iter().flat_map(FromItem::relations).filter_map(Relation::table);
            found |= reads.into_iter().any(|table| table.schema.is_none() && table.name == cte.name);
        });
    }
    found
}

/// Columns that every table has and no definition lists.
fn is_system_column(name: &str) -> bool {
    matches!(name, "ctid" | "tableoid" | "xmin" | "xmax" | "cmin" | "cmax")
}

/// The expression of a select list that has this output name.
pub fn output<'q>(select: &'q Select, name: &str) -> Option<&'q Expr> {
    output_of(&select.items, name)
}

fn output_of<'q>(items: &'q [crate::facts::SelectItem], name: &str) -> Option<&'q Expr> {
    let item = items.iter().find(|item| match &item.alias {
        Some(alias) => *alias == name,
        None => has_name(&item.expr, name),
    });
    item.map(|item| &item.expr)
}

/// Whether PostgreSQL gives an expression this name where it has no alias.
fn has_name(expr: &Expr, name: &str) -> bool {
    !is_wildcard(expr) && super::naming::figure_name(expr) == Some(name)
}

fn is_wildcard(expr: &Expr) -> bool {
    matches!(expr.kind, crate::facts::ExprKind::Wildcard(_))
}

impl Catalog {
    /// The unique keys of a table that hold for all its rows: columns of the primary key and of unique indexes and constraints
    /// without a predicate. The primary key comes first.
    pub fn keys_of(&self, name: &Qualified) -> Vec<Vec<Identifier>> {
        use crate::facts::ConstraintKind::Key;
        let mut keys: Vec<(bool, Vec<Identifier>)> = vec![];
        for constraint in self.tables.get(name).iter().flat_map(|table| &table.constraints) {
            if let Key { primary, columns, .. } = &constraint.constraint.kind
                && !columns.is_empty()
            {
                keys.push((*primary, columns.iter().map(|c| c.value.clone()).collect()));
            }
        }
        for (_, index) in self.indexes_of(name).filter(|(_, i)| i.unique && i.predicate.is_none() && i.valid) {
            let columns: Option<Vec<Identifier>> = index.keys.iter().map(|key| Some(key.expr.column()?.column.value.clone())).collect();
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
