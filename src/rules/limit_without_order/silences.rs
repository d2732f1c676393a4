//! Why LIMIT without ORDER BY may be left alone whatever it is for: where it stands, how many rows there can be, in which order they
//! come, and what is made of them. Each by itself says enough.

use super::cut::Cut;
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::facts::{Expr, ExprKind, ObjectName, RelationSource, Select};
use crate::rules::Origin;
use crate::rules::support::{rows, spelling};
use std::rc::Rc;

/// The cheap ones first.
pub(super) const ALL: &[fn(&Cut) -> bool] = &[
    keeps_all_or_none,
    is_shown,
    is_run_by_hand,
    is_of_a_hole,
    is_of_the_unknown,
    is_counted,
    is_drawn,
    is_settled_by_the_program,
    reads_nothing,
    is_total,
    has_rows_alike,
    is_queue,
    is_of_the_server,
    comes_ordered_from_inside,
    is_single,
];

/// How deep subqueries and CTEs are looked into.
const MAX_DEPTH: usize = 8;

/// LIMIT ALL cuts nothing, and LIMIT 0 all.
fn keeps_all_or_none(cut: &Cut) -> bool {
    cut.rows == Some(0) || (cut.limit.count.is_none() && cut.rows.is_none())
}

/// A document shows how LIMIT is written, and some rows; pages it shows how to make.
fn is_shown(cut: &Cut) -> bool {
    let shown = cut.ctx.around.in_document || cut.ctx.around.shown || cut.ctx.origin == Origin::Document;
    let made_up = |b: &Binding| b.relation.table().is_some_and(|t| cut.ctx.table(t).is_none());
    shown && (cut.query.offset.is_none() || cut.scope.bindings().iter().any(made_up))
}

/// Whoever runs a script by hand looks at some rows.
fn is_run_by_hand(cut: &Cut) -> bool {
    cut.ctx.around.by_hand && !cut.ctx.around.in_function
}

/// Nothing is known of a relation that a body or the program puts in: it may come in an order, or be one row.
fn is_of_a_hole(cut: &Cut) -> bool {
    let hole = |b: &Binding| b.relation.table().is_some_and(|t| t.name.value.contains(['{', '%']));
    cut.scope.bindings().iter().any(hole)
}

/// Of a table that the program's schema does not have it may be another server that is asked.
fn is_of_the_unknown(cut: &Cut) -> bool {
    let unknown = |b: &Binding| matches!(b.source, Source::Table(name) if cut.ctx.table(name).is_none());
    cut.ctx.origin == Origin::Application && !cut.ctx.catalog.tables.is_empty() && cut.scope.bindings().iter().any(unknown)
}

/// `… OFFSET $1 LIMIT 1`, `randomOffset`: whoever skips a random number of rows wants any of them.
fn is_drawn(cut: &Cut) -> bool {
    const NEAR: usize = 80;
    let skips = cut.query.offset.as_ref().is_some_and(|offset| spelling::has_parameter(&offset.count));
    let end = cut.ctx.application.map_or(0, |fragment| fragment.span.end as usize);
    let after = cut.ctx.code.get(end..crate::source::floor_boundary(cut.ctx.code, (end + NEAR).min(cut.ctx.code.len()))).unwrap_or("");
    let arguments = after.split([';', '\n']).next().unwrap_or("").to_ascii_lowercase();
    end > 0 && skips && ["random", "rand("].iter().any(|word| arguments.contains(word))
}

/// How many there are, up to so many.
fn is_counted(cut: &Cut) -> bool {
    let counts = |e: &Expr| matches!(&e.kind, ExprKind::Call(call) if call.name.name.value == "count");
    let around = cut.scope.outer().and_then(|outer| outer.query().select());
    around.is_some_and(|select| select.group_by.is_empty() && select.items.iter().all(|item| counts(&item.expr)))
}

/// Text that the program puts in may hold the order, or follow.
fn is_settled_by_the_program(cut: &Cut) -> bool {
    spelling::has_hole(cut.ctx, cut.query.span) || cut.is_outermost() && cut.ctx.application.is_some_and(|fragment| fragment.open)
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

/// Workers that skip what others hold take any free row.
fn is_queue(cut: &Cut) -> bool {
    cut.query.locking.as_ref().is_some_and(|locking| locking.skip_locked)
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
