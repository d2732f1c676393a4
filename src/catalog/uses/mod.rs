//! How a query uses each table: which conditions reach it, in which order its rows are wanted, and how many.
//!
//! What the planner does before it looks for indexes: subqueries, views and CTEs that keep their rows are merged with the query
//! around them, conditions sink into those that group or unite, an outer join keeps conditions from its preserved side, and
//! what stands on another relation is a value while one of its rows is looked up. [`members`] gathers what is planned together,
//! [`sinking`] says what passes into a subquery. Must not know a rule.

mod members;
mod sinking;

use super::index_match::build::operator;
use super::index_match::{Kind, Meaning, Node, Reader, Sort, type_name};
use super::resolve::{Origin, Scope, Source, keeps_rows};
use super::{Catalog, Qualified, Table};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, Limit, ObjectName, OrderKey, Query, QueryBody, Relation};
use members::reduce;
use sinking::passes;
use std::rc::Rc;

/// How deep queries in queries are followed.
const DEEPEST: usize = 24;

/// One table as one place of a query uses it.
#[derive(Debug)]
pub struct TableUse<'a> {
    /// The place in FROM, or the target of a write.
    pub relation: &'a Relation,
    /// The table as written there.
    pub written: &'a ObjectName,
    /// Its resolved name.
    pub name: Qualified,
    /// The table, where known; a materialized view is not one.
    pub table: Option<&'a Table>,
    /// The conditions on it that a scan of it can use.
    pub clauses: Vec<Clause<'a>>,
    /// The order wanted of its rows, where all of it is this table's.
    pub order: Vec<Sort>,
    /// The ORDER BY behind it; empty for `min()` and `max()`.
    pub order_keys: &'a [OrderKey],
    /// LIMIT or FETCH: only the first rows are wanted.
    pub limit: Option<&'a Limit>,
    /// The query whose FROM, or whose subqueries', it stands in.
    pub query: &'a Query,
    /// Its rows are written by UPDATE or DELETE.
    pub is_target: bool,
    /// It stands in the text of the statement itself rather than in a view's.
    pub own_text: bool,
    /// Another relation of the same FROM has conditions or a limit of its own, so that its rows look up this one's.
    pub has_driver: bool,
    scope: Rc<Scope<'a>>,
}

impl TableUse<'_> {
    /// The columns that the query reads of it; `None`: all, or not known.
    pub fn reads(&self) -> Option<Vec<String>> {
        columns_read(&self.scope, self.query, self.relation)
    }

    /// The nodes of the clauses.
    pub fn nodes(&self) -> Vec<Node> {
        self.clauses.iter().map(|clause| clause.node.clone()).collect()
    }
}

/// One condition on a table.
#[derive(Debug, Clone)]
pub struct Clause<'a> {
    /// As the planner compares it.
    pub node: Node,
    /// As written; `None` for USING and NATURAL.
    pub expr: Option<&'a Expr>,
    /// It stands in the text of the statement itself.
    pub own_text: bool,
    /// It joins the table with another of the same FROM, rather than test it by a value or by a row of a query around.
    pub join: bool,
    /// Of a join: the other table has conditions of its own, so that its rows look up this one's.
    pub driven: bool,
}

/// Every table of a query with its use, the query's subqueries' too.
pub fn uses<'a>(catalog: &'a Catalog, query: &'a Query) -> Vec<TableUse<'a>> {
    let mut gathered = Gathering { catalog, uses: vec![], seen: vec![] };
    gathered.query(Rc::new(Scope::new(catalog, query, None)), query, &[], true, 0);
    gathered.uses
}

/// A condition of some query, with the scope that its names are looked up in.
#[derive(Clone)]
struct Condition<'a> {
    test: Test<'a>,
    scope: Rc<Scope<'a>>,
    /// The relations that it can be used on: all, or those of one side of an outer join.
    only: Option<Rc<Vec<*const Relation>>>,
    /// It removes rows after the joins: on a relation that an outer join fills up it cannot be used before.
    after_joins: bool,
    own_text: bool,
}

#[derive(Clone)]
enum Test<'a> {
    Expr(&'a Expr),
    /// `left IN (SELECT item …)`: the left side with its own scope.
    Equal(&'a Expr, Rc<Scope<'a>>, &'a Expr),
    /// USING (column) between two relations.
    Using(&'a Relation, &'a Relation, &'a str),
}

/// A relation of a planning unit.
#[derive(Clone)]
struct Member<'a> {
    relation: &'a Relation,
    written: &'a ObjectName,
    /// Filled up with NULLs by an outer join.
    nullable: bool,
    own_text: bool,
    is_target: bool,
}

struct Gathering<'a> {
    catalog: &'a Catalog,
    uses: Vec<TableUse<'a>>,
    seen: Vec<*const Query>,
}

/// A subquery in FROM that is planned by itself.
struct Inner<'a> {
    scope: Rc<Scope<'a>>,
    query: &'a Query,
    relation: &'a Relation,
    own_text: bool,
    /// No condition sinks into it.
    fenced: bool,
}

/// What is planned together.
#[derive(Default)]
struct Unit<'a> {
    members: Vec<Member<'a>>,
    conditions: Vec<Condition<'a>>,
    /// Subqueries that are planned by themselves, with their scopes and the conditions that may sink into them.
    inner: Vec<Inner<'a>>,
    /// The relations of those subqueries, and theirs.
    inside: Vec<*const Relation>,
    /// The relations that conditions of their own cut down.
    cut: Vec<*const Relation>,
    /// Scopes whose expressions may hold subqueries.
    merged: Vec<(Rc<Scope<'a>>, &'a Query, bool)>,
    /// For each member the conditions that read it, by their places, each read with that member in mind.
    read: Vec<Vec<(usize, Node)>>,
}

impl Unit<'_> {
    fn read_of(&self, member: usize) -> impl Iterator<Item = &(usize, Node)> {
        self.read.get(member).into_iter().flatten()
    }
}

impl<'a> Gathering<'a> {
    fn query(&mut self, scope: Rc<Scope<'a>>, query: &'a Query, sunk: &[Condition<'a>], own_text: bool, depth: usize) {
        if depth > DEEPEST || self.seen.contains(&std::ptr::from_ref(query)) && own_text {
            return;
        }
        self.seen.push(query);
        if let QueryBody::SetOperation { left, right, .. } = &query.body {
            for branch in [&**left, &**right] {
                let inner = Rc::new(Scope::new(self.catalog, branch, Some(scope.clone())));
                let sunk = sunk.iter().map(|c| self.for_branch(c, query, branch)).collect::<Vec<_>>();
                self.query(inner, branch, &sunk, own_text, depth + 1);
            }
        } else {
            self.unit(scope.clone(), query, sunk, own_text, depth);
        }
        for cte in &query.ctes {
            if !self.seen.contains(&std::ptr::from_ref(&cte.query)) {
                let inner = Rc::new(Scope::new(self.catalog, &cte.query, Some(scope.clone())));
                self.query(inner, &cte.query, &[], own_text, depth + 1);
            }
        }
        if let QueryBody::Insert(insert) = &query.body
            && let Some(source) = &insert.source
        {
            let inner = Rc::new(Scope::new(self.catalog, source, Some(scope)));
            self.query(inner, source, &[], own_text, depth + 1);
        }
    }

    /// A condition that sinks into one branch of a set operation sees that branch in the place of the whole.
    fn for_branch(&self, condition: &Condition<'a>, whole: &'a Query, branch: &'a Query) -> Condition<'a> {
        let relation = condition.scope.bindings().iter().find(|b| matches!(b.source, Source::Query(q) if std::ptr::eq(q, whole)));
        let Some(relation) = relation.map(|b| b.relation) else { return condition.clone() };
        Condition { scope: Rc::new(condition.scope.with_branch(relation, branch)), ..condition.clone() }
    }

    fn unit(&mut self, scope: Rc<Scope<'a>>, query: &'a Query, sunk: &[Condition<'a>], own_text: bool, depth: usize) {
        let mut unit = Unit { conditions: sunk.to_vec(), ..Unit::default() };
        self.members(&scope, query, false, None, own_text, &mut unit, depth);
        self.read_conditions(&mut unit);
        reduce(&mut unit);
        let cut =
            unit.members.iter().enumerate().filter(|(at, _)| is_cut(*at, &unit)).map(|(_, member)| std::ptr::from_ref(member.relation));
        unit.cut = cut.collect();
        for inner in &unit.inner {
            let within = relations_of(inner);
            if leads(inner.query) {
                unit.cut.extend(&within);
            }
            unit.inside.extend(within);
        }
        for at in 0..unit.members.len() {
            let found = self.table_use(&scope, query, at, &unit);
            self.uses.extend(found);
        }
        for inner in std::mem::take(&mut unit.inner) {
            let sinks = |c: &&Condition<'a>| !inner.fenced && self.sinks(c, inner.relation, inner.query);
            let sinking: Vec<Condition<'a>> = unit.conditions.iter().filter(sinks).cloned().collect();
            self.query(inner.scope, inner.query, &sinking, inner.own_text, depth + 1);
        }
        for (scope, query, own) in std::mem::take(&mut unit.merged) {
            for expr in query.expressions() {
                let mut any_of: Vec<(&'a Expr, &'a Query)> = vec![];
                expr.walk(&mut |e| {
                    if let ExprKind::Quantified { left, op, all: false, right } = &e.kind
                        && op == "="
                    {
                        any_of.extend(right.subquery().map(|query| (&**left, query)));
                    }
                });
                expr.walk(&mut |e| {
                    if let Some(inner) = e.subquery() {
                        let inner_scope = Rc::new(Scope::new(self.catalog, inner, Some(scope.clone())));
                        let tested = match &e.kind {
                            ExprKind::InSubquery { expr, negated: false, .. } => Some(&**expr),
                            _ => any_of.iter().find(|(_, query)| std::ptr::eq(*query, inner)).map(|(left, _)| *left),
                        };
                        let item = inner.select().map(|s| &s.items[..]).filter(|items| items.len() == 1 && keeps_rows(inner));
                        let looked_up = tested.zip(item.and_then(|items| items.first())).map(|(left, item)| Condition {
                            test: Test::Equal(left, scope.clone(), &item.expr),
                            scope: inner_scope.clone(),
                            only: None,
                            after_joins: true,
                            own_text: own,
                        });
                        let sunk: Vec<Condition<'a>> = looked_up.into_iter().collect();
                        self.query(inner_scope, inner, &sunk, own, depth + 1);
                    }
                });
            }
        }
    }
    /// Whether a condition may be tested before a subquery groups, dedups or unites.
    fn sinks(&self, condition: &Condition<'a>, relation: &'a Relation, inner: &'a Query) -> bool {
        let Test::Expr(expr) = condition.test else { return false };
        let Some(binding) = condition.scope.bindings().iter().find(|b| std::ptr::eq(b.relation, relation)) else { return false };
        if !condition.after_joins || inner.limit.is_some() || inner.offset.is_some() || matches!(binding.source, Source::Fence(_)) {
            return false;
        }
        let mut columns = vec![];
        expr.walk(&mut |e| columns.extend(e.column()));
        // a join's condition has no value before the rows of the other side are there; UNION ALL alone is joined branch by branch
        let beside = |c: &&ColumnRef| condition.scope.binding(c).is_some_and(|b| !std::ptr::eq(b.relation, relation));
        if matches!(inner.body, QueryBody::Select(_)) && columns.iter().any(beside) {
            return false;
        }
        let ours: Vec<&ColumnRef> =
            columns.into_iter().filter(|c| condition.scope.binding(c).is_some_and(|b| std::ptr::eq(b.relation, relation))).collect();
        !ours.is_empty() && ours.iter().all(|column| passes(inner, &column.column.value, &binding.names, 0))
    }

    /// Reads each condition for the members whose columns it asks of: for the others it is no condition.
    fn read_conditions(&self, unit: &mut Unit<'a>) {
        let tables: Vec<Option<&Table>> =
            unit.members.iter().map(|member| self.catalog.tables.get(&self.catalog.resolve(member.written))).collect();
        let mut read: Vec<Vec<(usize, Node)>> = vec![vec![]; unit.members.len()];
        for (at, condition) in unit.conditions.iter().enumerate() {
            let mentioned = mentioned(condition);
            for ((member, table), read) in unit.members.iter().zip(&tables).zip(&mut read) {
                if mentioned.contains(&std::ptr::from_ref(member.relation)) {
                    read.push((at, self.node(condition, member, *table)));
                }
            }
        }
        unit.read = read;
    }

    fn node(&self, condition: &Condition<'a>, member: &Member<'a>, table: Option<&Table>) -> Node {
        match &condition.test {
            Test::Expr(expr) => read(self.catalog, table, member.relation, &condition.scope, expr, 0),
            Test::Equal(left, scope, item) => {
                let left = read(self.catalog, table, member.relation, scope, left, 0);
                operator("=", read(self.catalog, table, member.relation, &condition.scope, item, 0), left)
            }
            Test::Using(.., column) => {
                let names = |_: &ColumnRef| Meaning::Outside(String::new(), None);
                let reader = Reader { catalog: self.catalog, table, names: &names };
                let outside = Node { kind: Kind::Outside(format!("using {column}")), ty: None, collation: None };
                operator("=", reader.column(column), outside)
            }
        }
    }

    fn table_use(&self, scope: &Rc<Scope<'a>>, query: &'a Query, at: usize, unit: &Unit<'a>) -> Option<TableUse<'a>> {
        let member = unit.members.get(at)?;
        let name = self.catalog.resolve(member.written);
        let table = self.catalog.tables.get(&name);
        let mut clauses: Vec<Clause<'a>> = vec![];
        for (condition, node) in unit.read_of(at).filter_map(|(at, node)| Some((unit.conditions.get(*at)?, node))) {
            let allowed = condition.only.as_ref().is_none_or(|only| only.contains(&std::ptr::from_ref(member.relation)));
            if !allowed || (condition.after_joins && member.nullable) {
                continue;
            }
            let expr = match condition.test {
                Test::Expr(expr) => Some(expr),
                Test::Equal(left, ..) => Some(left),
                Test::Using(..) => None,
            };
            for node in node.clone().conjuncts() {
                if !node.columns().is_empty() && !clauses.iter().any(|c| c.node == node) {
                    let join = matches!(condition.test, Test::Using(..)) || reads_peer(&node, member, unit);
                    let using = matches!(condition.test, Test::Using(..));
                    let driven = join && (using || joins_cut(&node, member, unit));
                    clauses.push(Clause { node, expr, own_text: condition.own_text, join, driven });
                }
            }
        }
        let (order, order_keys) = self.order(scope, query, member, table);
        // A row by its place is fetched, whatever else is asked of it.
        if clauses.iter().any(|clause| clause.node.columns().contains(&"ctid")) {
            clauses.clear();
        }
        equate(&mut clauses);
        let limit = query.limit.as_ref().filter(|limit| limit.count.is_some() || limit.span.len() > "LIMIT ALL".len() as u32);
        Some(TableUse {
            relation: member.relation,
            written: member.written,
            name,
            table,
            clauses,
            order,
            order_keys,
            limit,
            query,
            is_target: member.is_target,
            own_text: member.own_text,
            has_driver: self.has_driver(query, member, unit),
            scope: scope.clone(),
        })
    }

    /// Whether another member is cut down by itself.
    fn has_driver(&self, query: &Query, member: &Member<'a>, unit: &Unit<'a>) -> bool {
        let other = unit.cut.iter().any(|relation| !std::ptr::eq(*relation, member.relation));
        unit.members.len() + unit.inner.len() > 1 && (query.limit.is_some() && query.order_by.is_empty() || other)
    }

    /// The order wanted of a table's rows: ORDER BY on its columns alone, or the one `min()` or `max()`.
    fn order(&self, scope: &Rc<Scope<'a>>, query: &'a Query, member: &Member<'a>, table: Option<&Table>) -> (Vec<Sort>, &'a [OrderKey]) {
        let none = (vec![], &[][..]);
        let Some(select) = query.select() else { return none };
        let read = |expr: &'a Expr| read(self.catalog, table, member.relation, scope, expr, 0);
        let of_table = |node: &Node| !node.columns().is_empty() && !node.reads_outside();
        if let ([item], true) = (&select.items[..], query.order_by.is_empty())
            && let ExprKind::Call(call) = &item.expr.kind
            && is_extreme(call)
            && select.group_by.is_empty()
            && select.relations().len() == 1
        {
            let node = read(&call.args[0]);
            let descending = call.name.name.value == "max";
            return if of_table(&node) { (vec![Sort { node, descending, nulls_first: descending }], &[]) } else { none };
        }
        let plain = select.group_by.is_empty() && select.having.is_none() && select.distinct.as_ref().is_none_or(|d| d.on.is_some());
        if !plain || query.order_by.is_empty() {
            return none;
        }
        let mut sorts = vec![];
        for key in &query.order_by {
            let expr = match &key.expr.kind {
                ExprKind::Literal(crate::facts::Literal::Number(n)) => {
                    n.parse::<usize>().ok().and_then(|n| select.items.get(n.checked_sub(1)?)).map_or(&key.expr, |item| &item.expr)
                }
                ExprKind::Column(column) if column.relation.is_none() => {
                    let aliased = select.items.iter().find(|item| item.alias.as_ref().is_some_and(|a| *a == column.column));
                    aliased.map_or(&key.expr, |item| &item.expr)
                }
                _ => &key.expr,
            };
            let node = read(expr);
            if !of_table(&node) {
                return none;
            }
            sorts.push(Sort { node, descending: key.descending, nulls_first: key.nulls_first.unwrap_or(key.descending) });
        }
        (sorts, &query.order_by)
    }
}

/// The relations whose columns a condition reads.
fn mentioned<'a>(condition: &Condition<'a>) -> Vec<*const Relation> {
    let mut found = vec![];
    match &condition.test {
        Test::Expr(expr) => mention(expr, &condition.scope, &mut found, 0),
        Test::Equal(left, scope, item) => {
            mention(left, scope, &mut found, 0);
            mention(item, &condition.scope, &mut found, 0);
        }
        Test::Using(left, right, _) => found.extend([std::ptr::from_ref::<Relation>(left), std::ptr::from_ref(right)]),
    }
    found
}

/// Adds the relations whose columns an expression reads; what a subquery reads is no condition of this query.
fn mention<'a>(expr: &Expr, scope: &Scope<'a>, found: &mut Vec<*const Relation>, depth: usize) {
    expr.walk(&mut |e| match e.column().and_then(|column| scope.origin(column)) {
        Some(Origin::Column(_, of)) => found.push(of),
        Some(Origin::Expression(inner, scope)) if depth < DEEPEST => mention(inner, &scope, found, depth + 1),
        _ => {}
    });
}

/// Whether a condition tests a member by itself.
fn is_cut(member: usize, unit: &Unit) -> bool {
    unit.read_of(member).any(|(_, node)| !node.reads_outside() && node.clone().conjuncts().iter().any(cuts))
}

/// The columns that a query names of a relation that stands in its own FROM; `None` with `*`, where rows are locked, which reads all
/// of them, and where a name is not certain.
fn columns_read(scope: &Scope, query: &Query, relation: &Relation) -> Option<Vec<String>> {
    let select = query.select()?;
    let star = |item: &crate::facts::SelectItem| matches!(item.expr.kind, ExprKind::Wildcard(_));
    let own = scope.bindings().iter().any(|b| std::ptr::eq(b.relation, relation));
    if !own || query.locking.is_some() || select.items.iter().any(star) {
        return None;
    }
    let mut found: Vec<String> = vec![];
    for column in query.column_refs() {
        match scope.row_origin(column) {
            Some(Origin::Column(resolved, of))
                if std::ptr::eq(of, relation) && !found.iter().any(|known| resolved.column == known.as_str()) =>
            {
                found.push(resolved.column.to_string());
            }
            Some(_) => {}
            // a whole row by its alias, an ordinal's alias, a subquery's own column
            None if column.relation.is_none() && relation.binding() == Some(&column.column) => return None,
            None => {}
        }
    }
    Some(found)
}

/// A subquery that is planned by itself, and the relations inside it that its columns come from.
fn relations_of(inner: &Inner) -> Vec<*const Relation> {
    let mut found = vec![std::ptr::from_ref(inner.relation)];
    inner.query.walk(&mut |query| found.extend(query.from().iter().flat_map(crate::facts::FromItem::relations).map(std::ptr::from_ref)));
    found
}

/// Whether such a subquery can be expected to have few rows.
fn leads(query: &Query) -> bool {
    let filtered = query.select().is_some_and(|select| select.filter.is_some() || select.from.is_empty());
    query.limit.is_some()
        || filtered
        || query.target().is_some()
        || matches!(query.body, QueryBody::Values(_) | QueryBody::SetOperation { .. })
}

/// Whether a condition leaves few rows, as far as its form tells: a flag and NULL or not leave most.
fn cuts(node: &Node) -> bool {
    !matches!(&node.kind, Kind::Column(_) | Kind::Not(_) | Kind::IsNull(..) | Kind::Truth(..))
        && !matches!(&node.kind, Kind::Op(op, _) if op == "<>")
}

/// Whether a column of another relation of the same FROM stands inside.
fn reads_peer(node: &Node, member: &Member, unit: &Unit) -> bool {
    let peers: Vec<String> = unit
        .members
        .iter()
        .map(|other| std::ptr::from_ref(other.relation))
        .chain(unit.inside.iter().copied())
        .filter(|other| !std::ptr::eq(*other, member.relation))
        .map(|other| format!("{other:p} "))
        .collect();
    let mut found = false;
    node.walk(&mut |n| {
        if let Kind::Outside(name) = &n.kind {
            found |= name.starts_with('?') || peers.iter().any(|peer| name.starts_with(peer.as_str()));
        }
    });
    found
}

/// Whether a join's condition reads a relation that is cut down by itself.
fn joins_cut(node: &Node, member: &Member, unit: &Unit) -> bool {
    let others = unit.cut.iter().filter(|relation| !std::ptr::eq(**relation, member.relation));
    let names: Vec<String> = others.map(|relation| format!("{:p} ", *relation)).collect();
    let mut found = false;
    node.walk(&mut |n| {
        if let Kind::Outside(name) = &n.kind {
            found |= names.iter().any(|other| name.starts_with(other.as_str()));
        }
    });
    found
}

/// What is equal to something equal to a value is equal to the value.
fn equate(clauses: &mut Vec<Clause>) {
    let equality = |clause: &Clause| match &clause.node.kind {
        Kind::Op(op, list) if op == "=" && list.len() == 2 => Some((list[0].clone(), list[1].clone())),
        _ => None,
    };
    let pairs: Vec<(Node, Node)> = clauses.iter().filter_map(equality).collect();
    for (a, b) in pairs.iter().filter(|(_, b)| !b.is_value()) {
        for (tested, value) in pairs.iter().filter(|(_, value)| value.is_value()) {
            let other = if tested.is_operand(a) {
                b
            } else if tested.is_operand(b) {
                a
            } else {
                continue;
            };
            let node = operator("=", other.clone(), value.clone());
            if !clauses.iter().any(|c| c.node == node) {
                clauses.push(Clause { node, expr: None, own_text: false, join: false, driven: false });
            }
        }
    }
}

/// `min(x)`, `max(x)`.
fn is_extreme(call: &Call) -> bool {
    matches!(call.name.name.value.as_str(), "min" | "max") && call.args.len() == 1 && call.filter.is_none() && call.over.is_none()
}

/// Reads an expression of a query with one of its relations in mind.
fn read<'a>(catalog: &'a Catalog, table: Option<&Table>, relation: &'a Relation, scope: &Rc<Scope<'a>>, expr: &Expr, depth: usize) -> Node {
    let names = |column: &ColumnRef| match scope.origin(column) {
        Some(Origin::Column(resolved, of)) if std::ptr::eq(of, relation) => Meaning::Own(resolved.column.to_string()),
        Some(Origin::Column(resolved, of)) => {
            let ty = resolved.definition().and_then(|c| c.ty.as_ref()).map(|ty| type_name(ty, catalog));
            Meaning::Outside(format!("{:p} {}", std::ptr::from_ref(of), resolved.column), ty)
        }
        Some(Origin::Expression(inner, scope)) if depth < DEEPEST => {
            Meaning::Node(read(catalog, table, relation, &scope, inner, depth + 1))
        }
        // a whole row by its alias: it reads the table, and is no column of it
        None if column.relation.is_none() && relation.binding() == Some(&column.column) => {
            Meaning::Node(Node::new(Kind::Subquery(true, column.column.span.start), None))
        }
        _ => Meaning::Outside(format!("? {}", column.column.value), None),
    };
    Reader { catalog, table, names: &names }.read(expr)
}
