//! A function or cast around a filtered column, which the column's index cannot see through.

use super::support::dictionary::is_called_one;
use super::support::{ground, joins, json, ranges, rows, spelling};
use super::{Check, Context};
use crate::advise::Definition;
use crate::catalog::index_match::{Test, serves, tests};
use crate::catalog::resolve::{Resolved, Scope};
use crate::catalog::{Index, Knowledge, Qualified};
use crate::facts::{Expr, ExprKind, Query, TypeKind, TypeName};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    if rows::runs_once(ctx) {
        return;
    }
    // a range has two ends, and a report asks the same in each of its columns
    let mut told: Vec<String> = vec![];
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope, &mut told));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, told: &mut Vec<String>) {
    let conditions = json::conditions(query);
    for condition in conditions.iter().flat_map(|c| c.conjuncts()) {
        // what the ON of an outer join asks of the side that is kept finds none of its rows
        let kept = |test: &Test| {
            let of = wrapped(test.tested).and_then(|(column, _)| scope.binding(column.column()?));
            of.zip(query.select()).is_some_and(|(b, select)| !joins::holds_for(b.relation, select, condition))
        };
        for test in tests(condition).into_iter().filter(|t| matches!(t.op.as_str(), "=" | "<" | ">" | "<=" | ">=")) {
            if wrapped(test.tested).is_none() {
                continue;
            }
            let text = spelling::text(ctx, test.tested.span);
            if !kept(&test) && !told.contains(&text) && check_test(ctx, query, &test, &conditions, scope) {
                told.push(text);
                break;
            }
        }
    }
}

/// Whether it was reported.
fn check_test<'a>(ctx: &Context, query: &'a Query, test: &Test<'a>, conditions: &[&'a Expr], scope: &Scope<'a>) -> bool {
    let Some((column, wrapper)) = wrapped(test.tested) else { return false };
    let own = column.column().is_some_and(|c| scope.binding(c).is_some());
    let Some(table) = scope.resolve_expr(column).filter(|_| own) else { return false };
    // a flag finds few rows seldom, however it is asked; the ends of a range are asked by its own operators
    if table.definition().and_then(|c| c.ty.as_ref()).is_some_and(|ty| ty.is("bool") || ty.name.ends_with("range")) {
        return false;
    }
    // PostgreSQL leaves out a cast to the column's own type
    let own_type = |ty: &TypeName| table.definition().and_then(|c| c.ty.as_ref()).is_some_and(|own| own.name == ty.name && own.dimensions == ty.dimensions);
    if matches!(&test.tested.kind, ExprKind::Cast { ty, .. } if own_type(ty)) {
        return false;
    }
    // few kinds there are of an enum, and a short list is read as quickly
    let is_enum = |ty: &std::sync::Arc<TypeName>| ctx.catalog.types.iter().any(|(name, known)| name.name == ty.name && matches!(known.kind, TypeKind::Enum { .. }));
    let listed = table.table.is_some_and(|t| is_called_one(&table.name.name, t.columns.len()));
    if listed || table.definition().and_then(|c| c.ty.as_ref()).is_some_and(is_enum) {
        return false;
    }
    // a bare name in a body may be a variable's
    let bare_name = column.column().is_some_and(|c| c.relation.is_none());
    let in_body = ctx.around.in_function || ctx.around.in_do;
    if ground::is_unknown(ctx, &table) || (in_body && bare_name && table.definition().is_none()) {
        return false;
    }
    if test.value.is_some_and(|value| mentions(value, &table, scope)) {
        return false;
    }
    // all rows of both sides are joined, and nothing is looked up
    let joins_all = test.value.is_some_and(holds_column) && !conditions.iter().flat_map(|c| c.conjuncts()).any(finds);
    // rows before or after those of another relation, which other conditions join
    let ranges_over = test.op != "=" && test.value.is_some_and(holds_column);
    if joins_all || ranges_over {
        return false;
    }
    if test.value.is_some_and(|value| leads_from_here(value, &table, conditions, scope)) {
        return false;
    }
    if conditions.iter().flat_map(|c| c.conjuncts()).any(|c| bounds_bare(c, column, test, scope)) {
        return false;
    }
    let indexes: Vec<(&Qualified, &Index)> = ctx.catalog.indexes_of(&table.name).collect();
    if indexes.iter().any(|(_, index)| serves(index, table.table, test, conditions)) {
        return false;
    }
    let bare = spelling::text(ctx, column.span);
    let whole = spelling::text(ctx, test.tested.span);
    let covered = indexes.iter().find(|(_, i)| i.method == "btree" && i.keys.first().is_some_and(|k| k.expr.column().is_some_and(|c| c.column == table.column.as_str())));
    // An arm of OR alone needs none.
    let is_arm = !conditions.iter().flat_map(|c| c.conjuncts()).any(|c| std::ptr::eq(c, test.whole));
    if is_arm || pinned(ctx, query, test, &table, conditions, scope, covered.is_none()) {
        return false;
    }
    let rewrite = ranges::rewrite(ctx, test, column, &table);
    // no index holds what a parameter is a part of
    if rewrite.is_none() && covered.is_none() && spelling::has_parameter(test.tested) {
        return false;
    }
    let known = table.table.is_some_and(|t| t.knowledge == Knowledge::Whole);
    let message = match covered {
        Some((index, _)) => format!("{wrapper} around {bare} keeps index {} from being used: {whole} is computed for every row of {}", index.name, table.written),
        None if rewrite.is_some() => format!("{whole} is computed for every row of {}: no index on {bare} can serve it", table.written),
        None if known && rewrite.is_none() && immutable(test.tested) => {
            format!("{whole} is computed for every row of {}: no index holds it", table.written)
        }
        None => return false,
    };
    let help = match (rewrite, covered) {
        (Some(range), Some(_)) => format!("compare the column itself: {range}"),
        (Some(range), None) => format!("compare the column itself, so that an index on {bare} can serve it: {range}"),
        (None, _) if immutable(test.tested) && !spelling::has_parameter(test.tested) => format!(
            "index the expression:\n{};",
            Definition { keys: vec![spelling::index_key(ctx, test.tested)], labels: labels(test.tested, &table), ..Definition::default() }
                .text(&table.name, ctx.catalog)
        ),
        (None, _) => format!("compare {bare} itself with a value of its own type"),
    };
    let report = ctx.report(test.whole.span, message).help(help);
    ctx.add(if known || covered.is_some() { report } else { report.severity(Severity::Notice) });
    true
}

/// Whether a condition compares the column itself, and bounds it on the same side: by that its index is read already.
fn bounds_bare<'a>(condition: &'a Expr, column: &Expr, test: &Test, scope: &Scope<'a>) -> bool {
    let own = |e: &Expr| e.column().is_some() && crate::catalog::index_match::same_in(scope, e, column);
    // the column is one end of what the value lies between
    if let ExprKind::Between { expr, low, high, negated: false } = &condition.kind {
        let ends = |op: &str, end: &Expr| own(end) && !holds_column(expr) && (test.op == "=" || is_upper(&test.op) == is_upper(op));
        let within = own(expr) && !holds_column(low) && !holds_column(high);
        return within || ends("<=", low) || ends(">=", high);
    }
    if matches!(condition.kind, ExprKind::Or(_)) {
        return false;
    }
    tests(condition).iter().any(|bare| {
        let bounds = match bare.op.as_str() {
            "=" => true,
            "<" | "<=" | ">" | ">=" => test.op == "=" || is_upper(&test.op) == is_upper(&bare.op),
            _ => false,
        };
        bounds && own(bare.tested) && bare.value.is_none_or(|value| !holds_column(value))
    })
}

fn is_upper(op: &str) -> bool {
    op.starts_with('<')
}

/// Whether a condition finds rows by a value that is given, not by a list of kinds.
fn finds(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::Binary { op, .. } => matches!(op.as_str(), "=" | "<" | ">" | "<=" | ">=") && tests(condition).iter().any(|t| t.value.is_some_and(|v| !holds_column(v))),
        ExprKind::Quantified { .. } | ExprKind::Between { .. } | ExprKind::InSubquery { .. } | ExprKind::Like { .. } => true,
        ExprKind::InList { list, .. } => list.iter().any(spelling::has_parameter),
        ExprKind::Or(arms) => arms.iter().any(finds),
        _ => false,
    }
}

/// What names an index of an expression: the column, and what is computed from it.
fn labels(expr: &Expr, table: &Resolved) -> Vec<String> {
    let mut labels = vec![table.column.to_string()];
    if let ExprKind::Call(call) = &expr.kind {
        labels.push(call.name.name.value.to_string());
    }
    labels
}

/// The bare column inside, and what stands around it.
fn wrapped(expr: &Expr) -> Option<(&Expr, String)> {
    match &expr.kind {
        ExprKind::Cast { expr: inner, ty } => inner.column().map(|_| (&**inner, format!("the cast to {ty}"))),
        ExprKind::Call(call) if call.over.is_none() && !call.distinct => {
            let name = call.name.name.value.as_str();
            if !WRAPPERS.contains(&name) {
                return None;
            }
            // the age of a column, in seconds
            if let [_, of] = call.args.as_slice()
                && let ExprKind::Binary { left, op, right, .. } = &of.kind
                && op == "-"
                && !holds_column(left)
                && right.column().is_some()
            {
                return Some((&**right, format!("{name}()")));
            }
            let mut columns = call.args.iter().filter(|arg| arg.uncast().column().is_some());
            let column = columns.next()?;
            columns.next().is_none().then(|| (column.uncast(), format!("{name}()")))
        }
        ExprKind::Binary { left, op, right, .. } if op == "+" || op == "-" => match (left.column(), right.column()) {
            (Some(_), None) if !holds_column(right) => Some((&**left, format!("{op} …"))),
            (None, Some(_)) if !holds_column(left) => Some((&**right, format!("… {op}"))),
            _ => None,
        },
        _ => None,
    }
}

const WRAPPERS: &[&str] = &[
    "date_trunc", "date", "date_part", "extract", "lower", "upper", "trim", "btrim", "ltrim", "rtrim", "to_char", "coalesce", "left", "substring", "substr",
    "abs", "md5", "age", "timezone", "to_timestamp", "concat", "replace", "length", "char_length", "round", "floor",
];

fn holds_column(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.column().is_some());
    found
}

/// Whether an index on the expression could be built: the functions that do not look at session settings.
fn immutable(expr: &Expr) -> bool {
    const SETTLED: &[&str] = &["lower", "upper", "trim", "btrim", "ltrim", "rtrim", "coalesce", "left", "substring", "substr", "abs", "md5", "replace", "length", "char_length", "round", "floor"];
    matches!(&expr.kind, ExprKind::Call(call) if SETTLED.contains(&call.name.name.value.as_str()))
}

/// Whether the other side reads the same table: no index of it is asked with a value then.
fn mentions<'a>(value: &'a Expr, table: &Resolved<'a>, scope: &Scope<'a>) -> bool {
    let mut found = false;
    value.walk(&mut |e| found |= e.column().is_some_and(|c| scope.resolve(c).is_none_or(|r| r.name == table.name)));
    found
}

/// Whether the other side is a column of a table that no condition cuts down, while this table is: its rows lead to those of the
/// other, and are not looked up by this condition.
fn leads_from_here<'a>(value: &'a Expr, table: &Resolved<'a>, conditions: &[&'a Expr], scope: &Scope<'a>) -> bool {
    let Some(other) = value.column().and_then(|column| scope.resolve(column)) else { return false };
    let cuts = |of: &Qualified| {
        let own = |t: Test<'a>| t.value.is_none_or(|v| !holds_column(v)) && scope.resolve_expr(t.tested).is_some_and(|c| c.name == *of);
        conditions.iter().flat_map(|c| c.conjuncts()).flat_map(tests).any(own)
    };
    cuts(&table.name) && !cuts(&other.name)
}

/// Whether the table's rows are found by other means: a unique key is given, or another condition has its index.
fn pinned<'a>(ctx: &Context, query: &'a Query, test: &Test<'a>, table: &Resolved<'a>, conditions: &[&'a Expr], scope: &Scope<'a>, by_any_index: bool) -> bool {
    let by_key = scope.bindings().iter().any(|b| b.relation.table() == Some(table.written) && rows::is_pinned(b, conditions, scope))
        || query.select().is_some_and(|select| scope.bindings().iter().any(|b| b.relation.table() == Some(table.written) && scope.bindings().len() > 1 && joins::meets(b, select, scope) == joins::Meets::One));
    let served = |other: &Test| ctx.catalog.indexes_of(&table.name).any(|(_, index)| serves(index, table.table, other, conditions));
    let others = conditions.iter().flat_map(|c| c.conjuncts()).filter(|c| !std::ptr::eq(*c, test.whole)).flat_map(tests);
    let mut own = others.filter(|o| scope.resolve_expr(o.tested).is_some_and(|c| c.name == table.name));
    by_key || (by_any_index && own.any(|other| served(&other)))
}
