//! NOT IN over a subquery that may hold a NULL: where the schema lets it, or the column's name.

use super::support::columns::is_passing;
use super::support::{rows, spelling};
use super::{Check, Context, Origin};
use crate::catalog::index_match::same_in;
use crate::catalog::resolve::{Scope, Source};
use crate::facts::{ColumnRef, Expr, ExprKind, JoinKind, Query, Select};
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
    let Some(evidence) = evidence(ctx, &item.expr, select, &inner) else { return };
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
    ctx.add(if evidence == Evidence::Name { report.severity(Severity::Notice) } else { report });
}

/// Whether the program puts names in that nobody can write down here.
fn text_has_hole(ctx: &Context, span: Span) -> bool {
    ctx.application.is_some_and(|code| code.holes.iter().any(|hole| hole.role != Role::Parameter && span.contains(hole.span)))
}

/// What says that an item of the subquery may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// The schema, which lets the column be NULL.
    Schema,
    /// The column's name, of a table that is not known: a row may lack a parent.
    Name,
}

fn evidence(ctx: &Context, expr: &Expr, select: &Select, scope: &Scope) -> Option<Evidence> {
    if is_tested(expr, select, scope) {
        return None;
    }
    match &expr.kind {
        ExprKind::Cast { expr, .. } => evidence(ctx, expr, select, scope),
        // operators give NULL for NULL
        ExprKind::Binary { left, right, .. } => evidence(ctx, left, select, scope).or_else(|| evidence(ctx, right, select, scope)),
        ExprKind::Column(column) => of_column(ctx, column, scope),
        ExprKind::Call(call) => match (call.name.name.value.as_str(), call.args.as_slice()) {
            ("coalesce", [.., last]) => evidence(ctx, last, select, scope),
            ("lower" | "upper" | "trim" | "btrim", [of]) => evidence(ctx, of, select, scope),
            ("min" | "max", [of]) if !select.group_by.is_empty() => evidence(ctx, of, select, scope),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the subquery's conditions leave no NULL in it.
fn is_tested(expr: &Expr, select: &Select, scope: &Scope) -> bool {
    let excludes = |c: &&Expr| match &c.kind {
        ExprKind::IsNull { expr: tested, negated: true } => same_in(scope, tested, expr),
        // an operator that is not true of NULL
        ExprKind::Binary { left, op, right, .. } if ["=", "<", ">", "<=", ">=", "<>", "!="].contains(&op.as_str()) => {
            same_in(scope, left, expr) || same_in(scope, right, expr)
        }
        ExprKind::InList { expr: tested, .. } | ExprKind::InSubquery { expr: tested, .. } | ExprKind::Between { expr: tested, .. } | ExprKind::Like { expr: tested, .. } => {
            same_in(scope, tested, expr)
        }
        _ => false,
    };
    // the conditions of inner joins hold as those of WHERE do
    let inner = select.joins().iter().all(|join| matches!(join.kind, JoinKind::Inner | JoinKind::Cross));
    let all = if inner { select.conditions() } else { select.filter.iter().collect() };
    all.iter().flat_map(|condition| condition.conjuncts()).any(|condition| excludes(&condition))
}

fn of_column(ctx: &Context, column: &ColumnRef, scope: &Scope) -> Option<Evidence> {
    // by the habit of all `id` is a key, and so is what a table calls by its own name
    let of_key = |table: &str| column.column == "id" || is_named_after(column, table);
    let Some(found) = scope.resolve(column) else { return by_name(ctx, column, scope) };
    let table = &found.written.name.value;
    if of_key(table) || is_passing(table) || found.table.is_some_and(|table| table.temporary) || table.starts_with("pg_") {
        return None;
    }
    match found.definition() {
        // made from a query, a table has lost what its columns had
        Some(definition) => {
            let filled = definition.identity.is_some() || definition.default.is_some();
            (found.is_whole() && !definition.not_null && !filled).then_some(Evidence::Schema)
        }
        None => by_name(ctx, column, scope),
    }
}

/// Of a table that is not known: a row may lack a parent, and where there is no schema at all, whatever is no name of a row.
fn by_name(ctx: &Context, column: &ColumnRef, scope: &Scope) -> Option<Evidence> {
    const NAMING: &[&str] = &["id", "uid", "uuid", "digest", "key", "code", "guid", "sha", "hash", "oid", "name"];
    const LACKED: &[&str] = &["parent", "manager", "previous", "prev", "replaced", "merged", "original"];
    // what runs once is no query to plan well, and a subquery or a function may have taken care of it
    let of_table = scope.binding(column).is_some_and(|b| matches!(b.source, Source::Table(name) if !name.name.value.starts_with("pg_")));
    if !of_table || rows::runs_once(ctx) {
        return None;
    }
    let words = name_words(&column.column.value);
    let names = words.last().is_some_and(|last| NAMING.contains(&last.as_str()));
    let lacked = names && words.iter().any(|word| LACKED.contains(&word.as_str()));
    let unsaid = scope.catalog().tables.is_empty() && ctx.origin != Origin::Application && !names;
    (lacked || unsaid).then_some(Evidence::Name)
}

/// `id_organisme` or `organisme_id` of `bib_organismes`: the key of that table, by its name.
fn is_named_after(column: &ColumnRef, table: &str) -> bool {
    let name = column.column.value.as_str();
    let thing = name.strip_prefix("id_").or_else(|| name.strip_suffix("_id"));
    let last = table.rsplit('_').next().unwrap_or(table);
    thing.is_some_and(|thing| last == thing || last.strip_suffix('s') == Some(thing) || table == thing || table.strip_suffix('s') == Some(thing))
}
