//! NOT IN over a subquery that may hold a NULL.

use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::resolve::{Resolved, Scope, Source};
use crate::catalog::index_match::same_in;
use crate::facts::{ColumnRef, Expr, ExprKind, JoinKind, Literal, Query, Select};
use crate::extract::{Role, name_words};
use crate::finding::Severity;
use crate::source::Span;
use std::rc::Rc;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // what a document tells somebody to delete is deleted once, and looked at
    if ctx.origin == Origin::Document && query.target().is_some() {
        return;
    }
    ctx.visit(&mut |query, scope| {
        for expr in query.expressions() {
            expr.walk(&mut |e| check_expr(ctx, e, scope));
        }
    });
}

/// Whether it is a list that the caller gives: drivers send no NULL among the values of an array unless they are given one.
fn is_given_list(expr: &Expr) -> bool {
    let given = |e: &Expr| matches!(e.uncast().kind, ExprKind::Parameter(_));
    matches!(&expr.kind, ExprKind::Call(call) if call.name.name.value == "unnest" && call.args.iter().all(given))
}

fn check_expr<'a>(ctx: &Context, expr: &'a Expr, scope: &Scope<'a>) {
    let (tested, query) = match &expr.kind {
        ExprKind::InSubquery { expr: tested, query, negated: true } => (tested, query),
        // NOT (a IN (…)) is the same
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::InSubquery { expr: tested, query, negated: false } => (tested, query),
            _ => return,
        },
        _ => return,
    };
    let Some(select) = query.select() else { return };
    let [item] = &select.items[..] else { return };
    if matches!(item.expr.kind, ExprKind::Wildcard(_)) {
        return; // of which columns, the schema would have to say
    }
    let inner = Scope::new(scope.catalog(), query, Some(Rc::new(scope.clone())));
    // what is taken out of one value, as `SELECT unnest(names)`, holds no NULL but where somebody put one
    if is_never_null(&item.expr, select, &inner) || is_given_list(&item.expr) || select.from.is_empty() {
        return;
    }
    // the schema that there is does not say, and what runs once is no query to plan well
    let unknown = is_unknown(&item.expr, &inner);
    let of_server = || inner.bindings().iter().any(|b| b.relation.table().is_some_and(|t| t.name.value.starts_with("pg_")));
    let unsaid = || !scope.catalog().tables.is_empty() || names_a_row(&item.expr);
    if unknown && (!of_server() && unsaid() || rows::runs_once(ctx) || comes_of_no_table(&item.expr, &inner, MAX_DEPTH)) {
        return;
    }
    let given = spelling::text(ctx, item.expr.span);
    let message = format!("NOT IN returns no row at all once {given} of the subquery is NULL in one row, and it cannot be planned as an anti-join");
    let qualified = |e: &Expr, scope: &Scope| match e.column().filter(|column| column.relation.is_none()) {
        Some(column) => {
            let only = || Some(scope.bindings().first()?).filter(|_| scope.bindings().len() == 1);
            let of = scope.binding(column).or_else(only).and_then(|b| b.relation.binding()).map(|name| format!("{name}.")).unwrap_or_default();
            format!("{of}{}", spelling::text(ctx, e.span))
        }
        None => spelling::text(ctx, e.span),
    };
    let mut outer = qualified(tested, scope);
    // a bare name would be read as a column of the subquery's own relations, as would one of a relation that is called as one of these
    let hidden = |column: &ColumnRef| scope.binding(column).and_then(|b| b.relation.binding()).is_some_and(|name| inner.bindings().iter().any(|b| b.relation.binding() == Some(name)));
    if tested.column().is_some_and(hidden) {
        outer = format!("<outer table>.{}", tested.column().map(|column| column.column.to_string()).unwrap_or_default());
    }
    // where nothing is read around it, it is a variable of the function
    if tested.column().is_some_and(|column| column.relation.is_none()) && !outer.contains('.') && !scope.bindings().is_empty() {
        outer = format!("<outer table>.{outer}");
    }
    let plain = select.group_by.is_empty() && query.limit.is_none() && select.distinct.as_ref().is_none_or(|d| d.on.is_none());
    let help = match (select.from.first(), select.from.last()) {
        (Some(first), Some(last)) if plain && item.expr.column().is_some() && !text_has_hole(ctx, query.span) => {
            let from = spelling::text(ctx, first.span().to(last.span()));
            let filter = select.filter.as_ref().map(|f| match f.kind {
                ExprKind::Or(_) => format!(" AND ({})", spelling::text(ctx, f.span)),
                _ => format!(" AND {}", spelling::text(ctx, f.span)),
            });
            format!("write NOT EXISTS (SELECT 1 FROM {from} WHERE {} = {outer}{})", qualified(&item.expr, &inner), filter.unwrap_or_default())
        }
        _ => format!("write NOT EXISTS (SELECT 1 FROM (SELECT {given} …) AS s (value) WHERE s.value = {outer})"),
    };
    let report = ctx.report(expr.span, message).help(help);
    ctx.add(if unknown { report.severity(Severity::Notice) } else { report });
}

/// Whether the program puts names in that nobody can write down here.
fn text_has_hole(ctx: &Context, span: Span) -> bool {
    ctx.application.is_some_and(|code| code.holes.iter().any(|hole| hole.role != Role::Parameter && span.contains(hole.span)))
}

/// Whether an item of the subquery cannot be NULL.
fn is_never_null(expr: &Expr, select: &Select, scope: &Scope) -> bool {
    let excludes = |c: &&Expr| match &c.kind {
        ExprKind::IsNull { expr: tested, negated: true } => same_in(scope, tested, expr),
        // an operator that is not true of NULL
        ExprKind::Binary { left, op, right, .. } if ["=", "<", ">", "<=", ">=", "<>", "!="].contains(&op.as_str()) => {
            same_in(scope, left, expr) || same_in(scope, right, expr)
        }
        ExprKind::InList { expr: tested, negated: false, .. } | ExprKind::InSubquery { expr: tested, negated: false, .. } => same_in(scope, tested, expr),
        _ => false,
    };
    // the conditions of inner joins hold as those of WHERE do
    let inner = select.joins().iter().all(|join| matches!(join.kind, JoinKind::Inner | JoinKind::Cross));
    let all = if inner { select.conditions() } else { select.filter.iter().collect() };
    if all.iter().flat_map(|condition| condition.conjuncts()).any(|condition| excludes(&condition)) {
        return true;
    }
    match &expr.kind {
        ExprKind::Literal(literal) => *literal != Literal::Null,
        ExprKind::Cast { expr, .. } => is_never_null(expr, select, scope),
        ExprKind::Column(column) => match scope.resolve(column) {
            Some(found) => {
                let key = || is_named_id(column) || is_named_after(column, &found.written.name.value) || is_systems(&found);
                let keyed = || found.table.is_some_and(|table| table.columns.iter().any(|c| c.not_null) || !table.constraints.is_empty());
                // made from a query, a table has lost what its columns had
                found.definition().map_or_else(|| !found.is_whole() && key(), |d| d.not_null || (is_named_id(column) && !keyed()))
            }
            None => is_named_id(column),
        },
        ExprKind::Call(call) => match (call.name.name.value.as_str(), call.args.as_slice()) {
            ("coalesce", [.., last]) => is_never_null(last, select, scope),
            ("count", _) => true,
            // functions that give rows, none of them NULL
            ("jsonb_object_keys" | "json_object_keys" | "generate_series" | "regexp_split_to_table" | "generate_subscripts", _) => true,
            ("min" | "max", [of]) => !select.group_by.is_empty() && is_never_null(of, select, scope),
            _ => false,
        },
        _ => false,
    }
}

/// A column by which the server's own catalogs name things: never NULL in a table of theirs. Views of statistics and locks have NULLs.
fn is_systems(found: &Resolved) -> bool {
    const NAMING: &[&str] = &[
        "oid", "objid", "refobjid", "objoid", "relname", "relnamespace", "nspname", "attrelid", "attname", "indexrelid", "indrelid", "conrelid", "conname", "inhrelid", "inhparent",
        "typname", "rolname", "extname", "proname", "tablename", "schemaname", "indexname", "viewname",
    ];
    let of = &found.written.name.value;
    if of == "pg_stat_activity" && found.column == "pid" {
        return true;
    }
    of.starts_with("pg_") && !of.starts_with("pg_stat") && found.table.is_none() && NAMING.contains(&found.column.as_str())
}

/// How deep subqueries and CTEs are looked into.
const MAX_DEPTH: usize = 8;

/// Whether a column comes out of a function, or of what is not read, through whatever passes it on: nothing can be known of it.
fn comes_of_no_table(expr: &Expr, scope: &Scope, depth: usize) -> bool {
    let (Some(column), Some(depth)) = (expr.column(), depth.checked_sub(1)) else { return false };
    let Some(binding) = scope.binding(column) else { return false };
    match binding.source {
        Source::Other => true,
        Source::Query(inner) | Source::Fence(inner) => {
            let within = Scope::new(scope.catalog(), inner, Some(Rc::new(scope.clone())));
            let item = inner.select().and_then(|select| select.items.iter().find(|item| item.alias.is_none() && item.expr.column().is_some_and(|c| c.column == column.column)));
            item.is_some_and(|item| comes_of_no_table(&item.expr, &within, depth))
        }
        Source::Table(_) => false,
    }
}

/// Whether a column that nothing is known of names the row that another one belongs to, which most have; not one that a row may lack.
fn names_a_row(expr: &Expr) -> bool {
    const NAMING: &[&str] = &["id", "uid", "uuid", "digest", "key", "code", "guid", "sha", "hash", "oid"];
    const LACKED: &[&str] = &["parent", "manager", "previous", "prev", "next", "replaced", "merged", "root", "original", "by"];
    let Some(column) = expr.uncast().column() else { return false };
    let words = name_words(&column.column.value);
    words.last().is_some_and(|last| NAMING.contains(&last.as_str())) && !words.iter().any(|word| LACKED.contains(&word.as_str()))
}

/// By the habit of all, `id` is a key.
fn is_named_id(column: &ColumnRef) -> bool {
    column.column == "id"
}

/// `id_organisme` or `organisme_id` of `bib_organismes`: the key of that table, by its name.
fn is_named_after(column: &ColumnRef, table: &str) -> bool {
    let name = column.column.value.as_str();
    let thing = name.strip_prefix("id_").or_else(|| name.strip_suffix("_id"));
    let last = table.rsplit('_').next().unwrap_or(table);
    thing.is_some_and(|thing| last == thing || last.strip_suffix('s') == Some(thing) || table == thing)
}

/// Whether nothing is known of an item: its table is not in the schema, or it is an element of an array.
fn is_unknown(expr: &Expr, scope: &Scope) -> bool {
    let known = || expr.column().and_then(|c| scope.resolve(c)).is_some_and(|c| c.definition().is_some());
    match &expr.uncast().kind {
        ExprKind::Column(_) => !known(),
        ExprKind::Subscript { .. } => true,
        _ => false,
    }
}
