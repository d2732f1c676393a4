//! Queries: what is read, joined, filtered, grouped, ordered and cut.

use super::{Call, ColumnRef, Expr, ExprKind, Name, ObjectName, TypeName};
use crate::source::Span;

/// A query with its WITH, ORDER BY, LIMIT and locking clauses.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Its bytes.
    pub span: Span,
    /// The WITH list.
    pub ctes: Vec<Cte>,
    /// What it computes.
    pub body: QueryBody,
    /// ORDER BY.
    pub order_by: Vec<OrderKey>,
    /// LIMIT or FETCH.
    pub limit: Option<Limit>,
    /// OFFSET.
    pub offset: Option<Offset>,
    /// FOR UPDATE and its kin.
    pub locking: Option<Locking>,
}

/// One WITH entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Name,
    /// Its column aliases.
    pub columns: Vec<Name>,
    /// Its query.
    pub query: Query,
    /// `MATERIALIZED` (true), `NOT MATERIALIZED` (false), or neither.
    pub materialized: Option<bool>,
    /// Under `WITH RECURSIVE`.
    pub recursive: bool,
}

/// The body of a query.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum QueryBody {
    /// `SELECT …`, `TABLE t`.
    Select(Box<Select>),
    /// `UNION`, `INTERSECT`, `EXCEPT`.
    SetOperation {
        /// `UNION`, `INTERSECT` or `EXCEPT`.
        op: SetOperator,
        /// `ALL`.
        all: bool,
        /// The operator's bytes, with `ALL`.
        op_span: Span,
        /// Left branch.
        left: Box<Query>,
        /// Right branch.
        right: Box<Query>,
    },
    /// `VALUES …`.
    Values(Vec<Vec<Expr>>),
    /// `INSERT`.
    Insert(Box<Insert>),
    /// `UPDATE`.
    Update(Box<Update>),
    /// `DELETE`.
    Delete(Box<Delete>),
    /// `MERGE`.
    Merge(Box<Merge>),
    /// Nothing (a placeholder before lowering).
    #[default]
    Empty,
}

/// A set operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// One SELECT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    /// Its bytes.
    pub span: Span,
    /// DISTINCT.
    pub distinct: Option<Distinct>,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// FROM: comma-separated items.
    pub from: Vec<FromItem>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY, grouping sets flattened.
    pub group_by: Vec<Expr>,
    /// HAVING.
    pub having: Option<Expr>,
    /// `SELECT … INTO t` of plain SQL (creates a table), never plpgsql's INTO.
    pub into: Option<IntoTable>,
}

/// The table that `SELECT … INTO` makes.
#[derive(Debug, Clone, PartialEq)]
pub struct IntoTable {
    /// Its name.
    pub name: ObjectName,
    /// TEMPORARY.
    pub temporary: bool,
}

/// DISTINCT, or DISTINCT ON with its expressions.
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    /// From `DISTINCT` to the closing parenthesis.
    pub span: Span,
    /// The expressions of `DISTINCT ON`; `None` for plain DISTINCT.
    pub on: Option<Vec<Expr>>,
}

/// One entry of a select list.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectItem {
    /// The expression; [`ExprKind::Wildcard`] for `*`.
    pub expr: Expr,
    /// `AS alias`.
    pub alias: Option<Name>,
}

/// A thing in FROM: a relation, or a tree of joins.
#[derive(Debug, Clone, PartialEq)]
pub enum FromItem {
    /// A relation.
    Relation(Relation),
    /// A join of two.
    Join(Box<Join>),
}

/// A relation in FROM, or the target of a write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relation {
    /// Its bytes, alias included.
    pub span: Span,
    /// What it is.
    pub source: RelationSource,
    /// Its alias.
    pub alias: Option<Name>,
    /// Column aliases.
    pub columns: Vec<Name>,
    /// The types of those columns, where a column definition list gives them; else empty.
    pub types: Vec<TypeName>,
    /// `LATERAL` was written.
    pub lateral: bool,
    /// `ONLY` was written.
    pub only: bool,
}

impl Relation {
    /// What the rest of the query calls it: its alias, else its own name.
    pub fn binding(&self) -> Option<&Name> {
        self.alias.as_ref().or(match &self.source {
            RelationSource::Table(name) => Some(&name.name),
            RelationSource::Function(call) => Some(&call.name.name),
            _ => None,
        })
    }

    /// The table's name, where it is one (or a CTE or view by that name).
    pub fn table(&self) -> Option<&ObjectName> {
        match &self.source {
            RelationSource::Table(name) => Some(name),
            _ => None,
        }
    }
}

/// What a relation is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RelationSource {
    /// A table, view or CTE by name.
    Table(ObjectName),
    /// A subquery.
    Subquery(Box<Query>),
    /// A function in FROM.
    Function(Box<Call>),
    /// Anything else (`XMLTABLE`, `JSON_TABLE`, …).
    #[default]
    Other,
}

/// How two things are joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The join kind.
    pub kind: JoinKind,
    /// Left side.
    pub left: FromItem,
    /// Right side.
    pub right: FromItem,
    /// What joins them.
    pub condition: JoinCondition,
    /// From the first join keyword (`LEFT`, `JOIN`, …) to the end of the condition.
    pub span: Span,
}

/// A join kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

/// A join condition.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinCondition {
    /// `ON expr`.
    On(Expr),
    /// `USING (a, b)`.
    Using(Vec<Name>),
    /// `NATURAL`.
    Natural,
    /// None (CROSS JOIN).
    None,
}

/// One ORDER BY key.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey {
    /// The expression.
    pub expr: Expr,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` (true), `NULLS LAST` (false), or the default of the direction.
    pub nulls_first: Option<bool>,
}

/// LIMIT or FETCH.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The clause's bytes, keyword included.
    pub span: Span,
    /// The count; `None` for `LIMIT ALL` and for `FETCH NEXT ROW` (which is 1).
    pub count: Option<Expr>,
    /// `WITH TIES`.
    pub with_ties: bool,
}

/// OFFSET.
#[derive(Debug, Clone, PartialEq)]
pub struct Offset {
    /// The clause's bytes, from `OFFSET` to its end (`ROWS` included).
    pub span: Span,
    /// How many rows are skipped.
    pub count: Expr,
}

/// FOR UPDATE and its kin.
#[derive(Debug, Clone, PartialEq)]
pub struct Locking {
    /// The clause's bytes.
    pub span: Span,
    /// `UPDATE`, `NO KEY UPDATE`, `SHARE`, `KEY SHARE`.
    pub strength: String,
    /// OF these relations, by name or alias; empty means all.
    pub of: Vec<ObjectName>,
    /// `SKIP LOCKED`.
    pub skip_locked: bool,
    /// `NOWAIT`.
    pub nowait: bool,
}

/// INSERT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Insert {
    /// The table.
    pub table: Relation,
    /// The column list; empty when none was written.
    pub columns: Vec<Name>,
    /// The rows; `None` for DEFAULT VALUES.
    pub source: Option<Query>,
    /// `ON CONFLICT … DO UPDATE SET` values and its WHERE, flattened; `Some(vec![])` for DO NOTHING.
    pub on_conflict: Option<Vec<Expr>>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// UPDATE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Update {
    /// The table.
    pub table: Relation,
    /// Assigned columns with their values.
    pub assignments: Vec<(Name, Expr)>,
    /// FROM.
    pub from: Vec<FromItem>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// DELETE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delete {
    /// The table.
    pub table: Relation,
    /// USING.
    pub using: Vec<FromItem>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// MERGE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merge {
    /// The table written.
    pub table: Relation,
    /// What is merged into it.
    pub source: Option<FromItem>,
    /// ON.
    pub condition: Option<Expr>,
    /// Conditions and values of the WHEN clauses, flattened.
    pub clauses: Vec<Expr>,
}

impl FromItem {
    /// Its bytes, from the first relation to the end of the last condition.
    pub fn span(&self) -> Span {
        match self {
            FromItem::Relation(relation) => relation.span,
            FromItem::Join(join) => join.left.span().to(join.span),
        }
    }

    /// The relations inside, left to right.
    pub fn relations(&self) -> Vec<&Relation> {
        let mut all = vec![];
        self.each_relation(&mut |relation| all.push(relation));
        all
    }

    /// Visits them.
    pub fn each_relation<'a>(&'a self, visit: &mut impl FnMut(&'a Relation)) {
        match self {
            FromItem::Relation(relation) => visit(relation),
            FromItem::Join(join) => {
                join.left.each_relation(visit);
                join.right.each_relation(visit);
            }
        }
    }

    /// The joins inside, innermost left first.
    pub fn joins(&self) -> Vec<&Join> {
        let mut all = vec![];
        self.each_join(&mut |join| all.push(join));
        all
    }

    /// Visits them.
    pub fn each_join<'a>(&'a self, visit: &mut impl FnMut(&'a Join)) {
        if let FromItem::Join(join) = self {
            join.left.each_join(visit);
            join.right.each_join(visit);
            visit(join);
        }
    }
}

impl Select {
    /// Every relation in FROM, left to right.
    pub fn relations(&self) -> Vec<&Relation> {
        let mut all = vec![];
        self.from.iter().for_each(|item| item.each_relation(&mut |relation| all.push(relation)));
        all
    }

    /// Every join in FROM.
    pub fn joins(&self) -> Vec<&Join> {
        let mut all = vec![];
        self.from.iter().for_each(|item| item.each_join(&mut |join| all.push(join)));
        all
    }

    /// Every condition that a row must meet: WHERE and inner join conditions, split at AND.
    pub fn conditions(&self) -> Vec<&Expr> {
        let mut all: Vec<&Expr> = self.filter.iter().flat_map(|e| e.conjuncts()).collect();
        for join in self.joins() {
            if let JoinCondition::On(on) = &join.condition {
                all.extend(on.conjuncts());
            }
        }
        all
    }

    /// Every expression that stands directly in this SELECT (not in its subqueries).
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut all = vec![];
        self.each_expression(&mut |expr| all.push(expr));
        all
    }

    fn each_expression<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        self.items.iter().for_each(|item| visit(&item.expr));
        self.distinct.iter().filter_map(|d| d.on.as_ref()).flatten().for_each(&mut *visit);
        self.filter.iter().chain(&self.group_by).chain(&self.having).for_each(&mut *visit);
        each_of_from(&self.from, visit);
    }
}

/// Visits the expressions directly in FROM.
fn each_of_from<'a>(from: &'a [FromItem], visit: &mut impl FnMut(&'a Expr)) {
    for item in from {
        item.each_join(&mut |join| {
            if let JoinCondition::On(on) = &join.condition {
                visit(on);
            }
        });
        item.each_relation(&mut |relation| {
            if let RelationSource::Function(call) = &relation.source {
                call.args.iter().for_each(&mut *visit);
            }
        });
    }
}

impl Query {
    /// The SELECT that this query is, if it is one.
    pub fn select(&self) -> Option<&Select> {
        match &self.body {
            QueryBody::Select(select) => Some(select),
            _ => None,
        }
    }

    /// The expressions directly in this query (not in its subqueries, CTEs or FROM subqueries).
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut all = vec![];
        self.each_expression(&mut |expr| all.push(expr));
        all
    }

    /// Visits them.
    pub fn each_expression<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        let returned = |items: &'a [SelectItem], visit: &mut dyn FnMut(&'a Expr)| items.iter().for_each(|item| visit(&item.expr));
        match &self.body {
            QueryBody::Select(select) => select.each_expression(visit),
            QueryBody::Values(rows) => rows.iter().flatten().for_each(&mut *visit),
            QueryBody::Insert(insert) => {
                insert.on_conflict.iter().flatten().for_each(&mut *visit);
                returned(&insert.returning, visit);
            }
            QueryBody::Update(update) => {
                update.assignments.iter().map(|(_, value)| value).chain(&update.filter).for_each(&mut *visit);
                returned(&update.returning, visit);
                each_of_from(&update.from, visit);
            }
            QueryBody::Delete(delete) => {
                delete.filter.iter().for_each(&mut *visit);
                returned(&delete.returning, visit);
                each_of_from(&delete.using, visit);
            }
            QueryBody::Merge(merge) => merge.condition.iter().chain(&merge.clauses).for_each(&mut *visit),
            QueryBody::SetOperation { .. } | QueryBody::Empty => {}
        }
        self.order_by.iter().map(|key| &key.expr).for_each(&mut *visit);
        self.limit.iter().filter_map(|l| l.count.as_ref()).for_each(&mut *visit);
        self.offset.iter().map(|o| &o.count).for_each(visit);
    }

    /// FROM (or USING) of this query itself.
    pub fn from(&self) -> &[FromItem] {
        match &self.body {
            QueryBody::Select(select) => &select.from,
            QueryBody::Update(update) => &update.from,
            QueryBody::Delete(delete) => &delete.using,
            QueryBody::Merge(merge) => merge.source.as_slice(),
            _ => &[],
        }
    }

    /// The table that this query itself writes.
    pub fn target(&self) -> Option<&Relation> {
        match &self.body {
            QueryBody::Insert(insert) => Some(&insert.table),
            QueryBody::Update(update) => Some(&update.table),
            QueryBody::Delete(delete) => Some(&delete.table),
            QueryBody::Merge(merge) => Some(&merge.table),
            _ => None,
        }
    }

    /// The queries directly inside: CTEs, FROM subqueries, branches, sources, and subqueries in expressions.
    pub fn children(&self) -> Vec<&Query> {
        let mut all = vec![];
        self.each_child(&mut |query| all.push(query));
        all
    }

    fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Query)) {
        self.ctes.iter().for_each(|cte| visit(&cte.query));
        match &self.body {
            QueryBody::SetOperation { left, right, .. } => [left, right].into_iter().for_each(|branch| visit(branch)),
            QueryBody::Insert(insert) => insert.source.iter().for_each(&mut *visit),
            _ => {}
        }
        for item in self.from() {
            item.each_relation(&mut |relation| {
                if let RelationSource::Subquery(query) = &relation.source {
                    visit(query);
                }
            });
        }
        self.each_expression(&mut |expr| expr.walk(&mut |e| e.subquery().into_iter().for_each(&mut *visit)));
    }

    /// Visits this query and every query inside it, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Query)) {
        self.walk_each(visit);
    }

    fn walk_each<'a>(&'a self, visit: &mut dyn FnMut(&'a Query)) {
        visit(self);
        self.each_child(&mut |child| child.walk_each(visit));
    }

    /// Every column reference in this query and its subqueries.
    pub fn column_refs(&self) -> Vec<&ColumnRef> {
        let mut all = vec![];
        self.walk(&mut |query| {
            query.each_expression(&mut |expr| {
                expr.walk(&mut |e| {
                    if let ExprKind::Column(column) = &e.kind {
                        all.push(column);
                    }
                });
            });
        });
        all
    }
}
