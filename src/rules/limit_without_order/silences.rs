//! Why LIMIT without ORDER BY may be left alone: where it stands, how many rows there can be, in which order they come, and what
//! is made of them. Each by itself says enough.

use super::cut::Cut;
use super::{lookup, worklist};
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::facts::{Expr, ExprKind, FromItem, ObjectName, Query, QueryBody, RelationSource, Select};
use crate::rules::Origin;
use crate::rules::support::{rows, spelling};
use crate::source::floor_boundary;
use std::rc::Rc;

/// The cheap ones first.
pub(super) const ALL: &[fn(&Cut) -> bool] = &[
    keeps_all_or_none,
    is_shown,
    is_run_by_hand,
    is_probe,
    tells_presence,
    is_thrown_away,
    is_tested_for_presence,
    is_an_objection,
    is_of_a_hole,
    is_a_sample,
    is_counted,
    is_settled_by_the_program,
    reads_nothing,
    is_total,
    has_rows_alike,
    is_of_the_server,
    is_one_or_the_other,
    comes_ordered_from_inside,
    worklist::is_one_of_a_migration,
    worklist::is_batch,
    worklist::is_of_passing_rows,
    worklist::is_queue,
    worklist::is_put_aside,
    worklist::is_named_so,
    worklist::is_taken_away,
    worklist::is_of_what_is_to_be_done,
    is_single,
    lookup::may_be_single,
    lookup::is_by_name,
    lookup::is_by_description,
    lookup::is_in_one_of_several,
];

/// How deep subqueries and CTEs are looked into.
const MAX_DEPTH: usize = 8;

/// LIMIT ALL cuts nothing, and LIMIT 0 all.
fn keeps_all_or_none(cut: &Cut) -> bool {
    cut.rows == Some(0) || (cut.limit.count.is_none() && cut.rows.is_none())
}

/// A document shows how LIMIT is written, of tables that it makes up, or looks at some rows of one.
fn is_shown(cut: &Cut) -> bool {
    let shown = cut.ctx.around.in_document || cut.ctx.origin == Origin::Document;
    let made_up = |b: &Binding| b.relation.table().is_some_and(|t| cut.ctx.table(t).is_none());
    let looks = cut.is_outermost() && cut.is_of_one() && cut.select.is_some_and(|select| select.filter.is_none());
    shown && (looks || cut.ctx.around.in_document && cut.scope.bindings().iter().any(made_up))
}

/// Whoever runs a script by hand looks at some rows.
fn is_run_by_hand(cut: &Cut) -> bool {
    cut.ctx.around.by_hand && !cut.ctx.around.in_function
}

/// `SELECT id FROM t LIMIT 1` of an application: whether the table is there, or empty.
fn is_probe(cut: &Cut) -> bool {
    let asked = cut.ctx.origin == Origin::Application && !cut.ctx.around.in_function && cut.is_outermost();
    let plain = |e: &Expr| e.column().is_some() || matches!(e.kind, ExprKind::Wildcard(_));
    let unconditional = |select: &Select| select.filter.is_none() && matches!(&select.items[..], [only] if plain(&only.expr));
    cut.is_one() && asked && cut.is_of_one() && cut.select.is_some_and(unconditional)
}

/// The program asks only whether a row comes back.
fn tells_presence(cut: &Cut) -> bool {
    cut.is_one() && cut.is_outermost() && cut.ctx.application.is_some_and(|fragment| fragment.asks_presence)
}

/// PERFORM throws the rows away: what it leaves is FOUND.
fn is_thrown_away(cut: &Cut) -> bool {
    let verb = cut.ctx.source(cut.ctx.statement.span).get(.."PERFORM".len());
    cut.is_outermost() && verb.is_some_and(|verb| verb.eq_ignore_ascii_case("PERFORM"))
}

/// `(SELECT … LIMIT 1) IS NULL`: whether there is one.
fn is_tested_for_presence(cut: &Cut) -> bool {
    let is_own = |e: &Expr| matches!(&e.uncast().kind, ExprKind::Subquery(query) if std::ptr::eq(&**query, cut.query));
    let Some(around) = cut.scope.outer().filter(|_| cut.is_one()) else { return false };
    let mut tested = false;
    for expr in around.query().expressions() {
        expr.walk(&mut |e| tested |= matches!(&e.kind, ExprKind::IsNull { expr, .. } if is_own(expr)));
    }
    tested
}

/// `SELECT … INTO culprit … LIMIT 1; IF FOUND THEN RAISE …`: any one of them is reason enough.
fn is_an_objection(cut: &Cut) -> bool {
    if !cut.is_one() || !cut.is_outermost() || !(cut.ctx.around.in_function || cut.ctx.around.in_do) {
        return false;
    }
    let end = cut.ctx.statement.span.end as usize;
    let after = cut.ctx.text.get(end..floor_boundary(cut.ctx.text, end.saturating_add(REACH).min(cut.ctx.text.len()))).unwrap_or("");
    let upper = after.trim_start_matches([';', ' ', '\n', '\t', '\r']).to_ascii_uppercase();
    let raises = |(condition, rest): (&str, &str)| !condition.contains(';') && rest.trim_start().starts_with("RAISE");
    upper.starts_with("IF") && upper.split_once("THEN").is_some_and(raises)
}

/// So far behind a statement its result is looked at.
const REACH: usize = 300;

/// Nothing is known of a relation that a body or the program puts in: it may come in an order, or be one row.
fn is_of_a_hole(cut: &Cut) -> bool {
    let hole = |b: &Binding| b.relation.table().is_some_and(|t| t.name.value.contains(['{', '%']));
    cut.scope.bindings().iter().any(hole)
}

/// `WHERE random() < 0.1`: any rows are asked for.
fn is_a_sample(cut: &Cut) -> bool {
    let mut random = false;
    for condition in cut.conditions() {
        condition.walk(&mut |e| random |= matches!(&e.kind, ExprKind::Call(call) if call.name.name.value == "random"));
    }
    random
}

/// How many there are, up to so many.
fn is_counted(cut: &Cut) -> bool {
    let counts = |e: &Expr| matches!(&e.kind, ExprKind::Call(call) if call.name.name.value == "count");
    let around = cut.scope.outer().and_then(|outer| outer.query().select());
    around.is_some_and(|select| select.group_by.is_empty() && select.items.iter().all(|item| counts(&item.expr)))
}

/// Text that the program puts in may hold the order.
fn is_settled_by_the_program(cut: &Cut) -> bool {
    spelling::has_hole(cut.ctx, cut.query.span)
}

fn reads_nothing(cut: &Cut) -> bool {
    cut.select.is_some_and(|select| select.from.is_empty())
}

/// An aggregate over all gives one row.
fn is_total(cut: &Cut) -> bool {
    cut.select.is_some_and(sums_up)
}

fn sums_up(select: &Select) -> bool {
    select.group_by.is_empty() && select.items.iter().any(|item| rows::holds_aggregate(&item.expr))
}

/// `SELECT 1`: one row is as good as the other.
fn has_rows_alike(cut: &Cut) -> bool {
    let constant = |e: &Expr| matches!(e.uncast().kind, ExprKind::Literal(_));
    cut.select.is_some_and(|select| select.items.iter().all(|item| constant(&item.expr)))
}

/// A look at the server's own views asks whether they can be read, or shows some of what is there.
fn is_of_the_server(cut: &Cut) -> bool {
    cut.first().is_some_and(|first| reads_system(first, cut.scope, MAX_DEPTH))
}

/// A key, and what is joined to it, leaves one row.
fn is_single(cut: &Cut) -> bool {
    cut.select.is_some_and(|select| rows::is_single(select, cut.scope))
}

fn comes_ordered_from_inside(cut: &Cut) -> bool {
    matches!(cut.scope.bindings(), [one] if cut.select.is_some() && comes_ordered(one, cut.scope, MAX_DEPTH))
}

/// `SELECT … FROM inserted UNION ALL SELECT … WHERE NOT EXISTS (SELECT … FROM inserted) LIMIT 1`: one branch or the other.
fn is_one_or_the_other(cut: &Cut) -> bool {
    let QueryBody::SetOperation { left, right, .. } = &cut.query.body else { return false };
    let of_cte = |inner: &Query| {
        let relations = inner.from().iter().flat_map(FromItem::relations).filter_map(|r| r.table());
        relations.into_iter().any(|table| cut.query.ctes.iter().any(|cte| cte.name == table.name))
    };
    let excludes = |e: &&Expr| match &e.kind {
        ExprKind::Exists { query, negated: true } => of_cte(query),
        ExprKind::Not(inner) => matches!(&inner.kind, ExprKind::Exists { query, .. } if of_cte(query)),
        _ => false,
    };
    let tells = |select: &Select| select.conditions().iter().flat_map(|c| c.conjuncts()).any(|c| excludes(&c));
    [left, right].into_iter().any(|branch| branch.select().is_some_and(tells))
}

/// The relation that a subquery or CTE reads first, in its scope.
fn inner_scope<'a>(binding: &Binding<'a>, scope: &Scope<'a>) -> Option<Scope<'a>> {
    let (Source::Query(inner) | Source::Fence(inner)) = binding.source else { return None };
    Some(Scope::new(scope.catalog(), inner, Some(Rc::new(scope.clone()))))
}

/// Whether what is read comes from the server's own catalogs, through whatever passes it on.
fn reads_system<'a>(binding: &Binding<'a>, scope: &Scope<'a>, depth: usize) -> bool {
    let own = |name: &ObjectName| match &name.schema {
        Some(schema) => *schema == "pg_catalog" || *schema == "information_schema",
        None => name.name.value.starts_with("pg_"),
    };
    match (binding.source, depth.checked_sub(1)) {
        (Source::Table(name), _) => own(name) && scope.catalog().table(name).is_none(),
        (_, Some(depth)) => {
            let first = |inner: Scope<'a>| inner.bindings().first().is_some_and(|first| reads_system(first, &inner, depth));
            inner_scope(binding, scope).is_some_and(first)
        }
        _ => false,
    }
}

/// Whether the rows come in an order, or are one: of a subquery or CTE that orders, limits or sums up, or of a function's result,
/// through whatever passes them on.
fn comes_ordered<'a>(binding: &Binding<'a>, scope: &Scope<'a>, depth: usize) -> bool {
    if matches!(binding.relation.source, RelationSource::Function(_) | RelationSource::Other) {
        return true;
    }
    let (Source::Query(inner) | Source::Fence(inner)) = binding.source else { return false };
    if !inner.order_by.is_empty() || inner.limit.is_some() || inner.select().is_some_and(sums_up) {
        return true;
    }
    let passes_on = inner.select().is_some_and(|select| select.group_by.is_empty() && select.distinct.is_none());
    let Some(depth) = depth.checked_sub(1).filter(|_| passes_on) else { return false };
    inner_scope(binding, scope).is_some_and(|inner| matches!(inner.bindings(), [one] if comes_ordered(one, &inner, depth)))
}
