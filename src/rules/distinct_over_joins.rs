//! Plain DISTINCT that undoes what a join has multiplied.

use super::support::joins::{self, Meets};
use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::{Scope, Source};
use crate::facts::{Expr, ExprKind, Join, JoinCondition, JoinKind, Query, QueryBody, Relation, Select};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    // the branches of a UNION, whose rows are compared once more
    let mut branches: Vec<&Query> = vec![];
    ctx.visit(&mut |query, scope| {
        if let QueryBody::SetOperation { all: false, left, right, .. } = &query.body {
            branches.extend([&**left, &**right]);
        }
        if !branches.iter().any(|branch| std::ptr::eq(*branch, query)) {
            check_one(ctx, query, scope);
        }
    });
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(select) = query.select() else { return };
    let Some(distinct) = select.distinct.as_ref().filter(|d| d.on.is_none() && select.group_by.is_empty()) else { return };
    let joined = joins::joined(select, scope);
    // with a schema at hand, what it does not say is not held against a query
    let doubted = scope.catalog().tables.is_empty();
    let repeats = |(relation, meets): &&(&'a Relation, Meets)| *meets == Meets::Many || doubted && joins::may_repeat(scope, relation, *meets);
    let found = joined.iter().filter(repeats).find_map(|(relation, meets)| Some((*meets, moved(relation, query, select, scope)?)));
    let Some((meets, moved)) = found else { return };
    let Some((first, join, on)) = moved.first() else { return };
    let repeats = if meets == Meets::Many { "repeats" } else { "may repeat" };
    let message = format!(
        "nothing of {} is returned, yet the join with it {repeats} each row, and DISTINCT sorts or hashes them all to undo that",
        joins::name(first)
    );
    let stays = |relation: &Relation| !moved.iter().any(|(r, ..)| std::ptr::eq(*r, relation));
    let alone = joined.iter().all(|(relation, meets)| *meets == Meets::One || !stays(relation)) && names_its_row(select, scope);
    let then = if alone { "and drop DISTINCT" } else { "so that DISTINCT has fewer rows to compare" };
    let further: String = moved.iter().skip(1).map(|(r, _, on)| format!(" JOIN {} ON {}", spelling::text(ctx, r.span), spelling::text(ctx, on.span))).collect();
    let of_moved = |expr: &&&Expr| moved.iter().any(|(relation, ..)| reads(expr, relation, scope));
    let conjuncts = select.filter.iter().flat_map(|filter| filter.conjuncts()).collect::<Vec<_>>();
    let conditions: Vec<String> = std::iter::once(*on)
        .chain(conjuncts.iter().filter(of_moved).copied())
        .map(|condition| match condition.kind {
            ExprKind::Or(_) => format!("({})", spelling::text(ctx, condition.span)),
            _ => spelling::text(ctx, condition.span),
        })
        .collect();
    let exists = format!("SELECT 1 FROM {}{further} WHERE {}", spelling::text(ctx, first.span), conditions.join(" AND "));
    // names that the program puts in would have to be made up
    let exists = if exists.contains('{') || exists.contains("._") { "…".to_owned() } else { exists };
    let help = format!("ask whether there is one, {then}: WHERE EXISTS ({exists})");
    ctx.add(ctx.report(distinct.span, message).help(help).related(ctx.at(join.span), format!("this join {repeats} the rows")));
}

type Moved<'a> = (&'a Relation, &'a Join, &'a Expr);

/// A relation that is only asked whether it has a row, with those that hang on it: what moves into an EXISTS together. `None` where
/// something of one is returned, or another relation is found by it.
fn moved<'a>(relation: &'a Relation, query: &'a Query, select: &'a Select, scope: &Scope<'a>) -> Option<Vec<Moved<'a>>> {
    let one = |relation: &'a Relation| {
        let join = joins::join_of(select, relation).filter(|join| join.kind == JoinKind::Inner && join.right.relations().len() == 1)?;
        let JoinCondition::On(on) = &join.condition else { return None };
        // the rows of a CTE are few, or computed for this
        let table = scope.bindings().iter().any(|b| std::ptr::eq(b.relation, relation) && matches!(b.source, Source::Table(_)));
        (table && !is_shown(relation, query, select, scope)).then_some((relation, join, on))
    };
    let mut found: Vec<Moved> = vec![one(relation)?];
    loop {
        let leads = |join: &&&'a Join| match &join.condition {
            JoinCondition::On(on) => found.iter().any(|(r, own, _)| !std::ptr::eq(**join, *own) && reads(on, r, scope)),
            // which side's column a name is, is not told here
            _ => found.iter().any(|(r, ..)| join.left.relations().iter().any(|other| std::ptr::eq(*other, *r))),
        };
        let joins = select.joins();
        let next = joins.iter().filter(leads).find(|join| !found.iter().any(|(_, own, _)| std::ptr::eq(**join, *own)));
        match next.map(|join| join.right.relations()) {
            None => return Some(found),
            Some(relations) => found.push(one(relations.first()?)?),
        }
    }
}

/// Whether an expression may read a relation.
fn reads(expr: &Expr, relation: &Relation, scope: &Scope) -> bool {
    let mut found = false;
    expr.walk(&mut |e| match &e.kind {
        ExprKind::Column(column) => {
            found |= match scope.binding(column) {
                Some(b) => std::ptr::eq(b.relation, relation),
                // another's by its qualifier (`NEW.stage_id`), or a bare name that may be anybody's
                None => column.relation.as_ref().is_none_or(|of| relation.binding() == Some(of)),
            };
        }
        ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. } => found = true,
        _ => {}
    });
    found
}

/// Whether the select list holds a key of the first relation, so that its rows are told apart.
fn names_its_row<'a>(select: &'a Select, scope: &Scope<'a>) -> bool {
    let Some(first) = scope.bindings().first() else { return false };
    let Source::Table(written) = first.source else { return false };
    let own = |e: &&Expr| e.column().and_then(|c| scope.binding(c)).is_some_and(|b| std::ptr::eq(b.relation, first.relation));
    let star = |e: &Expr| matches!(&e.kind, ExprKind::Wildcard(of) if of.as_ref().is_none_or(|of| first.relation.binding() == Some(&of.name)));
    let shown: Vec<&str> =
        select.items.iter().map(|item| &item.expr).filter(own).filter_map(|e| Some(e.column()?.column.value.as_str())).collect();
    let all = select.items.iter().any(|item| star(&item.expr));
    match scope.catalog().table(written) {
        Some((name, table)) if all => {
            let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            scope.catalog().is_key_fixed(name, &columns)
        }
        Some((name, _)) => scope.catalog().is_key_fixed(name, &shown),
        None => all || shown.contains(&"id"),
    }
}

/// Whether the select list or the order uses the relation, or may.
fn is_shown<'a>(relation: &Relation, query: &'a Query, select: &'a Select, scope: &Scope<'a>) -> bool {
    let mut shown = false;
    for expr in select.items.iter().map(|item| &item.expr).chain(query.order_by.iter().map(|key| &key.expr)) {
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Column(column) => shown |= scope.binding(column).is_none_or(|b| std::ptr::eq(b.relation, relation)),
            ExprKind::Wildcard(of) => shown |= of.as_ref().is_none_or(|of| relation.binding() == Some(&of.name)),
            ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. } => shown = true,
            _ => {}
        });
    }
    shown
}
