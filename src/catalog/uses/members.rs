//! What is planned together: the relations and conditions of a query, and those of the subqueries that are merged with it.

use super::super::Table;
use super::super::index_match::{Kind, Node, implies};
use super::super::resolve::{Scope, Source, keeps_rows};
use super::{Condition, DEEPEST, Gathering, Inner, Member, Test, Unit};
use crate::facts::{Expr, ExprKind, FromItem, Join, JoinCondition, JoinKind, Query, QueryBody, Relation};
use std::rc::Rc;

impl<'a> Gathering<'a> {
    /// The relations and conditions of a query, with those of the subqueries that are merged with it.
    #[allow(clippy::too_many_arguments)] // each is a different thing that nesting hands down
    pub(super) fn members(
        &mut self,
        scope: &Rc<Scope<'a>>,
        query: &'a Query,
        nullable: bool,
        only: Option<Rc<Vec<*const Relation>>>,
        own_text: bool,
        unit: &mut Unit<'a>,
        depth: usize,
    ) {
        unit.merged.push((scope.clone(), query, own_text));
        if let Some(target) = query.target()
            && !matches!(query.body, QueryBody::Insert(_))
        {
            self.relation(scope, target, nullable, own_text, true, unit, depth);
        }
        for item in query.from() {
            self.item(scope, item, nullable, own_text, unit, depth);
        }
        let filter = match &query.body {
            QueryBody::Select(select) => select.filter.as_ref(),
            QueryBody::Update(update) => update.filter.as_ref(),
            QueryBody::Delete(delete) => delete.filter.as_ref(),
            QueryBody::Merge(merge) => merge.condition.as_ref(),
            _ => None,
        };
        for expr in filter.into_iter().flat_map(Expr::conjuncts) {
            if let ExprKind::Exists { query: inner, negated: false } = &expr.kind {
                // a semi-join: the rows found inside can look up those outside
                let inner_scope = Rc::new(Scope::new(self.catalog, inner, Some(scope.clone())));
                for expr in inner.select().and_then(|s| s.filter.as_ref()).into_iter().flat_map(Expr::conjuncts) {
                    let test = Test::Expr(expr);
                    unit.conditions.push(Condition { test, scope: inner_scope.clone(), only: only.clone(), after_joins: true, own_text });
                }
            }
            let test = Test::Expr(expr);
            unit.conditions.push(Condition { test, scope: scope.clone(), only: only.clone(), after_joins: true, own_text });
        }
    }

    fn item(&mut self, scope: &Rc<Scope<'a>>, item: &'a FromItem, nullable: bool, own_text: bool, unit: &mut Unit<'a>, depth: usize) {
        match item {
            FromItem::Relation(relation) => self.relation(scope, relation, nullable, own_text, false, unit, depth),
            FromItem::Join(join) => self.join(scope, join, nullable, own_text, unit, depth),
        }
    }

    fn join(&mut self, scope: &Rc<Scope<'a>>, join: &'a Join, nullable: bool, own_text: bool, unit: &mut Unit<'a>, depth: usize) {
        if depth > DEEPEST * 8 {
            return;
        }
        let (left, right) = match join.kind {
            JoinKind::Left => (nullable, true),
            JoinKind::Right => (true, nullable),
            JoinKind::Full => (true, true),
            JoinKind::Inner | JoinKind::Cross => (nullable, nullable),
        };
        let start = unit.members.len();
        self.item(scope, &join.left, left, own_text, unit, depth + 1);
        let middle = unit.members.len();
        self.item(scope, &join.right, right, own_text, unit, depth + 1);
        let side = |range: std::ops::Range<usize>| -> Vec<*const Relation> {
            unit.members.get(range).unwrap_or_default().iter().map(|m| std::ptr::from_ref(m.relation)).collect()
        };
        let end = unit.members.len();
        let only = match join.kind {
            JoinKind::Left => Some(side(middle..end)),
            JoinKind::Right => Some(side(start..middle)),
            JoinKind::Full => Some(vec![]),
            JoinKind::Inner | JoinKind::Cross if nullable => Some(side(start..end)),
            JoinKind::Inner | JoinKind::Cross => None,
        };
        let after_joins = only.is_none();
        let only = only.map(Rc::new);
        let mut add = |test| unit.conditions.push(Condition { test, scope: scope.clone(), only: only.clone(), after_joins, own_text });
        match &join.condition {
            JoinCondition::On(on) => on.conjuncts().into_iter().for_each(|expr| add(Test::Expr(expr))),
            JoinCondition::Using(columns) => {
                for column in columns {
                    if let Some((l, r)) = using_sides(scope, join, &column.value) {
                        add(Test::Using(l, r, &column.value));
                    }
                }
            }
            JoinCondition::Natural => {
                for (l, r, column) in natural_columns(scope, join) {
                    add(Test::Using(l, r, column));
                }
            }
            JoinCondition::None => {}
        }
    }

    #[allow(clippy::too_many_arguments)] // as above
    fn relation(
        &mut self,
        scope: &Rc<Scope<'a>>,
        relation: &'a Relation,
        nullable: bool,
        own_text: bool,
        is_target: bool,
        unit: &mut Unit<'a>,
        depth: usize,
    ) {
        let Some(binding) = scope.bindings().iter().find(|b| std::ptr::eq(b.relation, relation)) else { return };
        match binding.source {
            Source::Table(written) => unit.members.push(Member { relation, written, nullable, own_text, is_target }),
            Source::Query(inner) | Source::Fence(inner) => {
                let own = own_text && self.stands_here(scope, relation);
                let inner_scope = Rc::new(Scope::new(self.catalog, inner, Some(scope.clone())));
                let fenced = matches!(binding.source, Source::Fence(_)) || self.is_shared(scope, relation);
                if depth < DEEPEST && !fenced && keeps_rows(inner) && inner.target().is_none() {
                    self.seen.push(inner);
                    let first = unit.members.len();
                    self.members(&inner_scope, inner, nullable, None, own, unit, depth + 1);
                    // a row that the join fills up is not the subquery's: its WHERE holds before
                    if nullable {
                        let inside: Vec<*const Relation> =
                            unit.members.iter().skip(first).map(|m| std::ptr::from_ref(m.relation)).collect();
                        let inside = Rc::new(inside);
                        for condition in unit.conditions.iter_mut().filter(|c| Rc::ptr_eq(&c.scope, &inner_scope)) {
                            condition.after_joins = false;
                            condition.only.get_or_insert_with(|| inside.clone());
                        }
                    }
                    for cte in &inner.ctes {
                        if !self.seen.contains(&std::ptr::from_ref(&cte.query)) {
                            let cte_scope = Rc::new(Scope::new(self.catalog, &cte.query, Some(inner_scope.clone())));
                            unit.inner.push(Inner { scope: cte_scope, query: &cte.query, relation, own_text: own, fenced: true });
                        }
                    }
                } else {
                    unit.inner.push(Inner { scope: inner_scope, query: inner, relation, own_text: own, fenced });
                }
            }
            Source::Other => {}
        }
    }

    /// Whether what a name in FROM stands for is written in this statement: a subquery or CTE, not a view.
    fn stands_here(&self, scope: &Scope<'a>, relation: &'a Relation) -> bool {
        let view = relation.table().and_then(|name| self.catalog.view(name));
        let Some((_, view)) = view else { return true };
        let Some(query) = view.query.as_deref() else { return true };
        !scope
            .bindings()
            .iter()
            .any(|b| std::ptr::eq(b.relation, relation) && matches!(b.source, Source::Query(q) if std::ptr::eq(q, query)))
    }

    /// Whether a CTE is read more than once, and so computed once for all.
    fn is_shared(&self, scope: &Scope<'a>, relation: &Relation) -> bool {
        let Some(name) = relation.table().filter(|t| t.schema.is_none()) else { return false };
        let mut outermost = scope;
        while let Some(outer) = outermost.outer() {
            outermost = outer;
        }
        let cte = scope.cte_named(&name.name);
        if cte.is_none_or(|cte| cte.materialized == Some(false)) {
            return false;
        }
        let mut count = 0usize;
        outermost.query().walk(&mut |query| {
            let of = query.from().iter().flat_map(FromItem::relations).filter_map(Relation::table);
            count += of.filter(|t| t.schema.is_none() && t.name == name.name).count();
        });
        count > 1
    }
}

/// A strict condition on a relation that an outer join fills up makes the join an inner one.
pub(super) fn reduce(unit: &mut Unit) {
    for _ in 0..2 {
        let strict: Vec<*const Relation> = unit
            .members
            .iter()
            .enumerate()
            .filter(|(at, member)| {
                let after = |at: usize| unit.conditions.get(at).is_some_and(|condition| condition.after_joins);
                member.nullable && unit.read_of(*at).any(|(condition, node)| after(*condition) && is_strict(node))
            })
            .map(|(_, member)| std::ptr::from_ref(member.relation))
            .collect();
        for member in &mut unit.members {
            if strict.contains(&std::ptr::from_ref(member.relation)) {
                member.nullable = false;
            }
        }
    }
}

/// Whether a condition is not met by a row of NULLs.
fn is_strict(node: &Node) -> bool {
    node.clone().conjuncts().iter().any(|part| {
        !matches!(part.kind, Kind::IsNull(_, false))
            && part.columns().iter().any(|column| {
                let column = Node { kind: Kind::Column((*column).to_owned()), ty: None, collation: None };
                implies::is_strict_for(part, &column)
                    || matches!(&part.kind, Kind::IsNull(tested, true) if implies::is_strict_for(tested, &column))
            })
    })
}

/// The relations on either side of a join that USING names a column of.
fn using_sides<'a>(scope: &Scope<'a>, join: &'a Join, column: &str) -> Option<(&'a Relation, &'a Relation)> {
    let side = |item: &'a FromItem| {
        let relations = item.relations();
        let has =
            |r: &&&'a Relation| scope.bindings().iter().any(|b| std::ptr::eq(b.relation, **r) && scope.may_have(b, column) == Some(true));
        relations.iter().find(has).copied().or(if relations.len() == 1 { relations.first().copied() } else { None })
    };
    Some((side(&join.left)?, side(&join.right)?))
}

/// The columns that NATURAL joins by, where both sides are known tables.
fn natural_columns<'a>(scope: &Scope<'a>, join: &'a Join) -> Vec<(&'a Relation, &'a Relation, &'a str)> {
    let ([left], [right]) = (&join.left.relations()[..], &join.right.relations()[..]) else { return vec![] };
    let columns = |relation: &Relation| -> Option<&'a Table> { Some(scope.catalog().table(relation.table()?)?.1) };
    let Some(listed) = columns(left).or(columns(right)) else { return vec![] };
    let has = |relation: &Relation, column: &str| {
        scope.bindings().iter().any(|b| std::ptr::eq(b.relation, relation) && scope.may_have(b, column) == Some(true))
    };
    let both = |c: &&super::super::Column| has(left, &c.name) && has(right, &c.name);
    listed.columns.iter().filter(both).map(|c| (*left, *right, c.name.as_str())).collect()
}
