//! Which joins multiply rows, as far as declared keys can tell.

use crate::catalog::index_match::tests;
use crate::catalog::resolve::{Binding, Scope, Source, output};
use crate::catalog::{Catalog, Knowledge, Qualified};
use crate::facts::{Distinct, Expr, ExprKind, FromItem, Identifier, Join, JoinCondition, JoinKind, Literal, Query, Relation, Select};
use crate::postgres::functions::is_builtin_aggregate;

/// How many rows of a relation one row before it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meets {
    /// At most one: a unique key is fixed.
    One,
    /// Several: no key of a wholly known table is fixed.
    Many,
    /// Not known.
    Unknown,
}

/// Each relation after the first, with how many of its rows meet a row of those before it, in the order in which they lead to one
/// another. Two that only fix each other's keys do not lead anywhere.
pub(crate) fn joined<'a>(select: &'a Select, scope: &Scope<'a>) -> Vec<(&'a Relation, Meets)> {
    let relations = select.relations();
    let Some((first, later)) = relations.split_first() else { return vec![] };
    let mut open: Vec<&Binding<'a>> = scope.bindings().iter().filter(|b| later.iter().any(|r| std::ptr::eq(*r, b.relation))).collect();
    let mut before: Vec<&Relation> = vec![*first];
    let mut found = vec![];
    while !open.is_empty() {
        let is_before = |relation: &Relation| before.iter().any(|b| std::ptr::eq(*b, relation));
        let one = open.iter().position(|b| meets_those(b, select, scope, &is_before) == Meets::One);
        // none is led to by a key: the next one that is joined with those before at all
        let tied = || open.iter().position(|b| !fixed_columns(b, select, scope, &is_before).is_empty());
        let next = open.remove(one.or_else(tied).unwrap_or(0));
        found.push((next.relation, meets_those(next, select, scope, &is_before)));
        before.push(next.relation);
    }
    let place = |relation: &Relation| relations.iter().position(|r| std::ptr::eq(*r, relation));
    found.sort_by_key(|(relation, _)| place(relation));
    found
}

/// How many rows of a relation one row of the others meets.
pub(crate) fn meets<'a>(binding: &Binding<'a>, select: &'a Select, scope: &Scope<'a>) -> Meets {
    meets_those(binding, select, scope, &|_| true)
}

/// How many rows of a relation meet one row of these others.
fn meets_those<'a>(binding: &Binding<'a>, select: &'a Select, scope: &Scope<'a>, others: &dyn Fn(&Relation) -> bool) -> Meets {
    let fixed = fixed_columns(binding, select, scope, others);
    let fixed: Vec<&str> = fixed.iter().map(Identifier::as_str).collect();
    let catalog = scope.catalog();
    match binding.source {
        Source::Table(written) => match catalog.table(written) {
            Some((name, _)) if catalog.is_key_fixed(name, &fixed) => Meets::One,
            Some((name, _)) if catalog.is_partial_key_fixed(name, &fixed, &select.conditions(), &|c| scope.is_of(c, binding)) => Meets::One,
            // what a statement fills for itself has no key to tell, and many columns seldom leave several rows
            Some((name, table)) if table.temporary || fixed.len() > 2 && catalog.keys_of(name).is_empty() => Meets::Unknown,
            Some((name, table)) if table.knowledge == Knowledge::Whole && !may_hold_one(binding, name, &fixed, select, scope) => {
                Meets::Many
            }
            // by the habit of all, `id` is a key
            _ if fixed.contains(&"id") => Meets::One,
            _ => Meets::Unknown,
        },
        Source::Query(query) | Source::Fence(query)
            if one_row_for(query, &fixed) || binding.names.is_empty() && keeps_a_key(query, &fixed, catalog) =>
        {
            Meets::One
        }
        _ => Meets::Unknown,
    }
}

/// Whether what else is asked of a relation may leave one row: at a moment one of its spans of time holds, and a key's column beside
/// the fixed ones may have few values (`a.pair_id = b.pair_id AND a.side <> b.side`).
fn may_hold_one<'a>(binding: &Binding<'a>, name: &Qualified, fixed: &[&str], select: &'a Select, scope: &Scope<'a>) -> bool {
    let mut asked: Vec<&str> = fixed.to_vec();
    let mut spans = 0;
    for condition in holding_for(binding.relation, select) {
        let mut own: Vec<&str> = vec![];
        condition.walk(&mut |e| own.extend(e.column().filter(|c| scope.is_of(c, binding)).map(|c| c.column.value.as_str())));
        if own.is_empty() || matches!(&condition.kind, ExprKind::Binary { op, .. } if op == "=") {
            continue;
        }
        spans += match &condition.kind {
            ExprKind::Binary { op, .. } if matches!(op.as_str(), "@>" | "<@" | "&&") => 2,
            ExprKind::Binary { op, .. } if matches!(op.as_str(), "<" | "<=" | ">" | ">=") => 1,
            ExprKind::Between { .. } | ExprKind::Or(_) if own.len() > 1 => 1,
            _ => 0,
        };
        asked.extend(own);
    }
    let all_asked = |key: &Vec<Identifier>| key.iter().all(|column| asked.contains(&column.as_str()));
    let one_of_few = |key: &Vec<Identifier>| all_asked(key) && key.iter().any(|column| fixed.contains(&column.as_str()));
    spans > 1 || scope.catalog().keys_of(name).iter().any(one_of_few)
}

/// Whether one row may meet several of a relation: they are known to be several, or the schema does not say all of the table. Of a
/// table that is known whole, what cannot be told is not held against a query.
pub(crate) fn may_repeat(scope: &Scope<'_>, relation: &Relation, meets: Meets) -> bool {
    meets == Meets::Many || meets == Meets::Unknown && is_known_in_part(scope, relation)
}

/// Whether a relation is a table of which the schema does not say all.
pub(crate) fn is_known_in_part(scope: &Scope<'_>, relation: &Relation) -> bool {
    let bound = scope.bindings().iter().find(|b| std::ptr::eq(b.relation, relation));
    let partly =
        |written| scope.catalog().table(written).is_none_or(|(_, table)| table.knowledge == Knowledge::Partial && !table.temporary);
    bound.is_some_and(|b| matches!(b.source, Source::Table(written) if partly(written)))
}

/// The columns of a relation that the conditions set equal to something outside it, which asks none but these others.
fn fixed_columns<'a>(binding: &Binding<'a>, select: &'a Select, scope: &Scope<'a>, others: &dyn Fn(&Relation) -> bool) -> Vec<Identifier> {
    let is_own = |expr: &Expr| expr.column().and_then(|c| scope.binding(c)).is_some_and(|b| std::ptr::eq(b.relation, binding.relation));
    let fixes = |value: &Expr| {
        let mut all = true;
        value.walk(&mut |e| all &= e.column().and_then(|c| scope.binding(c)).is_none_or(|b| others(b.relation)));
        all
    };
    let equalities = holding_for(binding.relation, select).into_iter().filter(|c| matches!(c.kind, ExprKind::Binary { .. }));
    let mut fixed: Vec<Identifier> = equalities
        .flat_map(tests)
        .filter(|t| t.op == "=" && is_own(t.tested) && t.value.is_some_and(|v| !is_own(v) && fixes(v)))
        .filter_map(|t| Some(t.tested.column()?.column.value.clone()))
        .collect();
    for join in select.joins() {
        let own = join.right.relations().iter().any(|r| std::ptr::eq(*r, binding.relation));
        if let (true, JoinCondition::Using(columns)) = (own, &join.condition) {
            fixed.extend(columns.iter().map(|c| c.value.clone()));
        }
    }
    fixed
}

/// Whether a condition of a query is one that every row of a relation meets.
pub(crate) fn holds_for(relation: &Relation, select: &Select, condition: &Expr) -> bool {
    holding_for(relation, select).iter().any(|held| std::ptr::eq(*held, condition))
}

/// The conditions that every row of a relation in the result meets: those of WHERE, of inner joins, and of the outer join that may
/// leave it out. What the ON of an outer join says of the other side holds only where a row was found.
fn holding_for<'a>(relation: &Relation, select: &'a Select) -> Vec<&'a Expr> {
    let mut found: Vec<&Expr> = select.filter.iter().flat_map(|filter| filter.conjuncts()).collect();
    for join in select.joins() {
        let JoinCondition::On(on) = &join.condition else { continue };
        let within = |item: &FromItem| item.relations().iter().any(|r| std::ptr::eq(*r, relation));
        let holds = match join.kind {
            JoinKind::Inner | JoinKind::Cross => true,
            JoinKind::Left => within(&join.right),
            JoinKind::Right => within(&join.left),
            JoinKind::Full => within(&join.left) || within(&join.right),
        };
        if holds {
            found.extend(on.conjuncts());
        }
    }
    found
}

/// Whether a subquery has at most one row for each value of these output columns.
fn one_row_for(query: &Query, fixed: &[&str]) -> bool {
    let Some(select) = query.select() else { return false };
    let limit_one = query.limit.as_ref().is_some_and(|limit| match &limit.count {
        Some(count) => matches!(&count.kind, ExprKind::Literal(Literal::Number(n)) if n == "1"),
        None => limit.span.len() > "LIMIT ALL".len() as u32,
    });
    let covered =
        |keys: &[Expr]| !keys.is_empty() && keys.iter().all(|key| key.column().is_some_and(|c| fixed.contains(&c.column.value.as_str())));
    let on = select.distinct.as_ref().and_then(|distinct: &Distinct| distinct.on.as_deref());
    let total = select.group_by.is_empty() && !select.items.is_empty() && select.items.iter().all(|item| is_aggregate(&item.expr));
    limit_one || total || covered(&select.group_by) || on.is_some_and(covered)
}

/// Whether a subquery or view has each row of its first table at most once, and these output columns hold a key of that.
fn keeps_a_key(query: &Query, fixed: &[&str], catalog: &Catalog) -> bool {
    let Some(select) = query.select().filter(|select| select.group_by.is_empty()) else { return false };
    let scope = Scope::new(catalog, query, None);
    let Some((first, Source::Table(written))) = scope.bindings().first().map(|first| (first, first.source)) else { return false };
    let Some((name, _)) = catalog.table(written) else { return false };
    let own = |expr: &Expr| expr.column().filter(|c| scope.is_of(c, first)).map(|c| c.column.value.clone());
    let all = |expr: &Expr| matches!(&expr.kind, ExprKind::Wildcard(of) if of.as_ref().is_none_or(|of| first.relation.binding() == Some(&of.name)));
    let inner = fixed.iter().filter_map(|column| match output(select, column) {
        Some(expr) => own(expr),
        None => select.items.iter().any(|item| all(&item.expr)).then(|| (*column).into()),
    });
    let inner: Vec<Identifier> = inner.collect();
    let inner: Vec<&str> = inner.iter().map(Identifier::as_str).collect();
    catalog.is_key_fixed(name, &inner) && joined(select, &scope).iter().all(|(_, meets)| *meets == Meets::One)
}

/// Whether an expression is a call of an aggregate of PostgreSQL's own.
pub(crate) fn is_aggregate(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => call.over.is_none() && is_builtin_aggregate(&call.name.name.value),
        ExprKind::Cast { expr, .. } => is_aggregate(expr),
        _ => false,
    }
}

/// The join that brings a relation in.
pub(crate) fn join_of<'a>(select: &'a Select, relation: &Relation) -> Option<&'a Join> {
    select.joins().into_iter().find(|join| join.right.relations().iter().any(|r| std::ptr::eq(*r, relation)))
}

/// What to call a relation in a message: its table with its alias, or its alias.
pub(crate) fn name(relation: &Relation) -> String {
    match (relation.table(), &relation.alias) {
        (Some(table), Some(alias)) if table.name != *alias => format!("{table} {alias}"),
        (Some(table), _) => table.to_string(),
        (None, Some(alias)) => alias.to_string(),
        (None, None) => "a subquery".to_owned(),
    }
}
