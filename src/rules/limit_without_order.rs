//! LIMIT that keeps whichever rows come first.

use super::support::columns::is_passing;
use super::support::joins;
use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::catalog::resolve::{Binding, Scope, Source};
use crate::facts::{Action, ConstraintKind, Expr, ExprKind, FromItem, Limit, Query, QueryBody, RelationSource, Select};
use crate::finding::Severity;
use std::rc::Rc;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(limit) = query.limit.as_ref().filter(|_| query.order_by.is_empty() && !scope.in_exists) else { return };
    // the one row that there is when a migration runs
    if rows::runs_once(ctx) && rows::constant(limit) == Some(1) {
        return;
    }
    // a look at the server's own views asks whether they can be read, or shows some of what is there
    if scope.bindings().first().is_some_and(|first| reads_system(first, scope, MAX_DEPTH)) {
        return;
    }
    // a document shows how LIMIT is written, of tables that it makes up
    let shown = |b: &Binding| b.relation.table().is_some_and(|t| ctx.table(t).is_none());
    if ctx.around.in_document && scope.bindings().iter().any(shown) {
        return;
    }
    // whoever runs a script by hand looks at some rows
    if probes(ctx, query, scope) || (ctx.around.by_hand && !ctx.around.in_function) {
        return;
    }
    let all = limit.count.is_none() && rows::constant(limit).is_none();
    if all || rows::constant(limit) == Some(0) || is_settled(ctx, query, scope) {
        return;
    }
    let clause = spelling::text(ctx, limit.span);
    let what = scope.bindings().first().map_or_else(|| "the result".to_owned(), |b| joins::name(b.relation));
    let message = format!(
        "{clause} without ORDER BY keeps whichever rows of {what} are met first: they change with the plan, with vacuum and with concurrent scans"
    );
    let key = first_key(ctx, scope).unwrap_or_else(|| "a unique key".to_owned());
    let report = ctx.report(limit.span, message);
    ctx.add(if is_purge(query, scope) {
        // one loop takes one batch after the other, and of a table that whoever calls names nothing can be said
        if ctx.around.in_loop.is_some() || ctx.around.in_do || scope.bindings().first().and_then(|b| b.relation.table()).is_none_or(|table| ctx.table(table).is_none()) {
            return;
        }
        let of = scope.bindings().first().and_then(|b| b.relation.binding()).filter(|_| scope.bindings().len() > 1);
        let of = of.map(|name| format!(" OF {name}")).unwrap_or_default();
        let help = format!("ORDER BY {key} {clause} FOR UPDATE{of}: two that run at a time then lock rows in one order, and cannot deadlock");
        report.help(help).severity(Severity::Notice)
    } else {
        report.help(format!("say which rows are wanted: ORDER BY {key} before {clause}"))
    });
}

/// Whether the order cannot matter: at most one row, rows that are all alike, an order that comes from inside, a queue whose
/// workers take any free row, or text that the program puts in and that may hold the order.
fn is_settled<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) -> bool {
    let Some(select) = query.select() else { return is_either(query) || spelling::has_hole(ctx, query.span) };
    let rows_alike = select.items.iter().all(|item| matches!(item.expr.uncast().kind, ExprKind::Literal(_)));
    let total = is_total(select);
    let ordered_inside = matches!(scope.bindings(), [one] if comes_ordered(one, scope, MAX_DEPTH));
    // how many there are, up to so many
    let counted = scope.outer().and_then(|outer| outer.query().select()).is_some_and(|around| {
        around.group_by.is_empty() && around.items.iter().all(|item| matches!(&item.expr.kind, ExprKind::Call(call) if call.name.name.value == "count"))
    });
    // what passes through a table goes in the end, whichever comes first
    let several = query.limit.as_ref().is_some_and(|limit| rows::constant(limit).is_none_or(|n| n > 1));
    let passing = several && scope.bindings().first().and_then(|b| b.relation.table()).is_some_and(|table| is_passing(&table.name.value));
    let any_free_row = passing || query.locking.as_ref().is_some_and(|locking| locking.skip_locked) || takes_a_batch(ctx);
    let presence = ctx.application.is_some_and(|f| f.asks_presence) && scope.outer().is_none() && query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    select.from.is_empty()
        || works_through(query)
        || looks_one_up(select, query, scope)
        || may_be_single(select, query, scope)
        || rows_alike
        || counted
        || total
        || ordered_inside
        || any_free_row
        || presence
        || rows::is_single(select, scope)
        || spelling::has_hole(ctx, query.span)
}

/// How deep subqueries and CTEs are looked into.
const MAX_DEPTH: usize = 8;

/// The relation that a subquery or CTE reads first, in its scope.
fn inner_scope<'a>(binding: &Binding<'a>, scope: &Scope<'a>) -> Option<Scope<'a>> {
    let (Source::Query(inner) | Source::Fence(inner)) = binding.source else { return None };
    Some(Scope::new(scope.catalog(), inner, Some(Rc::new(scope.clone()))))
}

/// Whether what is read comes from the server's own catalogs, through whatever passes it on.
fn reads_system<'a>(binding: &Binding<'a>, scope: &Scope<'a>, depth: usize) -> bool {
    let own = |name: &crate::facts::ObjectName| match &name.schema {
        Some(schema) => *schema == "pg_catalog" || *schema == "information_schema",
        None => name.name.value.starts_with("pg_"),
    };
    match (binding.source, depth.checked_sub(1)) {
        (Source::Table(name), _) => own(name) && scope.catalog().table(name).is_none(),
        (_, Some(depth)) => inner_scope(binding, scope).is_some_and(|inner| inner.bindings().first().is_some_and(|first| reads_system(first, &inner, depth))),
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
    if !inner.order_by.is_empty() || inner.limit.is_some() || inner.select().is_some_and(is_total) {
        return true;
    }
    let passes_on = inner.select().is_some_and(|select| select.group_by.is_empty() && select.distinct.is_none());
    let Some(depth) = depth.checked_sub(1).filter(|_| passes_on) else { return false };
    inner_scope(binding, scope).is_some_and(|inner| matches!(inner.bindings(), [one] if comes_ordered(one, &inner, depth)))
}

/// `SELECT … FROM inserted UNION ALL SELECT … WHERE NOT EXISTS (SELECT … FROM inserted) LIMIT 1`: one branch or the other.
fn is_either(query: &Query) -> bool {
    let QueryBody::SetOperation { left, right, .. } = &query.body else { return false };
    let of_cte = |inner: &Query| {
        let relations = inner.from().iter().flat_map(FromItem::relations).filter_map(|r| r.table());
        relations.into_iter().any(|table| query.ctes.iter().any(|cte| cte.name == table.name))
    };
    let excludes = |e: &&Expr| match &e.kind {
        ExprKind::Exists { query, negated: true } => of_cte(query),
        ExprKind::Not(inner) => matches!(&inner.kind, ExprKind::Exists { query, .. } if of_cte(query)),
        _ => false,
    };
    [left, right].into_iter().any(|branch| branch.select().is_some_and(|select| select.conditions().iter().flat_map(|c| c.conjuncts()).any(|c| excludes(&c))))
}

/// Whether a body puts some of the rows aside for its next step, in a table of its own: which ones is the same to it.
fn takes_a_batch(ctx: &Context) -> bool {
    let kept = |action: &Action| matches!(action, Action::CreateTableAs(create) if create.temporary);
    (ctx.around.in_function || ctx.around.in_do) && ctx.actions().iter().any(kept)
}

/// `SELECT id FROM t LIMIT 1` of an application: whether the table is there, or empty.
fn probes(ctx: &Context, query: &Query, scope: &Scope) -> bool {
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    let asked = ctx.origin == Origin::Application && !ctx.around.in_function && scope.outer().is_none() && scope.bindings().len() == 1;
    one && asked && query.select().is_some_and(|select| select.filter.is_none() && select.items.len() == 1 && select.items.iter().all(|item| item.expr.column().is_some() || matches!(item.expr.kind, ExprKind::Wildcard(_))))
}

/// An aggregate over all: one row.
fn is_total(select: &Select) -> bool {
    select.group_by.is_empty() && select.items.iter().any(|item| rows::holds_aggregate(&item.expr))
}

/// Whether it picks what a DELETE or UPDATE takes next: the rest goes another time.
fn is_purge(query: &Query, scope: &Scope) -> bool {
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    let around = std::iter::successors(scope.outer(), |scope| scope.outer()).take(3);
    !one && around.into_iter().any(|outer| matches!(outer.query().body, QueryBody::Delete(_) | QueryBody::Update(_)))
}

/// Whether LIMIT 1 asks a table whose keys are not known for a value: it may have but one such row.
fn may_be_single(select: &Select, query: &Query, scope: &Scope) -> bool {
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    let known = |b: &Binding| b.relation.table().and_then(|t| scope.catalog().table(t)).is_some_and(|(_, t)| t.knowledge == Knowledge::Whole);
    // a variable of a function, or a row of a query around this one
    let foreign = |e: &Expr| e.column().is_some_and(|c| c.relation.is_some() && scope.binding(c).is_none());
    let given = |e: &Expr| is_value(e) || foreign(e);
    let equals = |c: &&Expr| matches!(&c.kind, ExprKind::Binary { op, left, right, .. } if op == "=" && (given(left) || given(right)));
    let [first, ..] = scope.bindings() else { return false };
    let (table, alone) = (matches!(first.source, Source::Table(_)), scope.bindings().len() == 1);
    let all = select.filter.is_none();
    // a table that no key tells rows of apart, read without a condition, keeps its one row of state
    let keyless = || rows::is_keyless(first, scope) || first.relation.table().is_some_and(|table| rows::keeps_a_state(&table.name.value));
    one && table && (!known(first) && (all && alone || select.conditions().iter().any(equals)) || all && alone && keyless())
}

/// So many rows nobody looks at: whoever asks for them works through all that match, one batch after the other.
const BATCH: u64 = 1000;

/// Whether the rows are a batch, by its size or by what its size is called.
fn works_through(query: &Query) -> bool {
    let called = |limit: &Limit| {
        let name = limit.count.as_ref().and_then(|count| count.uncast().column()).map(|c| c.column.value.to_lowercase());
        name.is_some_and(|name| name.contains("batch") || name.contains("chunk"))
    };
    query.offset.is_none() && query.limit.as_ref().is_some_and(|limit| called(limit) || rows::constant(limit).is_some_and(|n| n >= BATCH))
}

/// Whether LIMIT 1 looks a row up by what the caller knows of it: a text, a UUID, bytes. No key says that there is one such row, and
/// nothing says that there are several: the column refers to no other table, is no state or kind, and needs no other column
/// beside it in a key.
fn looks_one_up(select: &Select, query: &Query, scope: &Scope) -> bool {
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    let given = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_));
    let tested = |c: &&Expr| match &c.kind {
        ExprKind::Binary { op, left, right, .. } if op == "=" && given(right) => is_name_of_one(left, scope),
        ExprKind::Binary { op, left, right, .. } if op == "=" && given(left) => is_name_of_one(right, scope),
        _ => false,
    };
    one && scope.bindings().len() == 1 && select.conditions().iter().any(tested)
}

fn is_name_of_one(expr: &Expr, scope: &Scope) -> bool {
    const KINDS: &[&str] = &[
        "status", "state", "type", "kind", "category", "level", "role", "language", "lang", "locale", "country", "currency", "provider",
        "source", "action", "event", "method", "queue", "topic", "group", "mode", "reason", "priority", "class", "channel", "tag",
        "region", "environment", "env", "version", "model", "format", "label", "city", "title", "description", "author", "owner",
    ];
    let Some(column) = scope.resolve_expr(expr) else { return false };
    let Some(table) = scope.catalog().tables.get(&column.name) else { return false };
    let names_one = column.definition().and_then(|c| c.ty.as_deref()).is_some_and(|ty| {
        ty.dimensions == 0 && ["text", "varchar", "bpchar", "citext", "bytea", "uuid"].iter().any(|name| ty.is(name))
    });
    let is_kind = column.column.rsplit('_').next().is_some_and(|last| KINDS.contains(&last));
    let refers = table.constraints.iter().any(|c| match &c.constraint.kind {
        ConstraintKind::ForeignKey { columns, .. } => columns.iter().any(|own| own.value == column.column),
        _ => false,
    });
    let is_uuid_of_another = column.column.ends_with("_id") && column.definition().and_then(|c| c.ty.as_deref()).is_some_and(|ty| ty.is("uuid"));
    let needs_others = scope.catalog().keys_of(&column.name).iter().any(|key| key.len() > 1 && key.contains(&column.column));
    names_one && !is_kind && !refers && !is_uuid_of_another && !needs_others
}

/// The key of the first relation, as this query would write it.
fn first_key(ctx: &Context, scope: &Scope) -> Option<String> {
    let binding = scope.bindings().first()?;
    let (name, _) = ctx.catalog.table(binding.relation.table()?)?;
    let key = ctx.catalog.keys_of(name).into_iter().min_by_key(Vec::len)?;
    let of = if scope.bindings().len() > 1 { format!("{}.", binding.relation.binding()?) } else { String::new() };
    Some(key.iter().map(|c| format!("{of}{}", crate::facts::quote_identifier(c))).collect::<Vec<_>>().join(", "))
}
