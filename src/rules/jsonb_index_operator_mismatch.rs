//! An index on the same JSON that cannot serve the operator or spelling of the query.

use super::support::json::{self, JsonTest, Miss, Verdict};
use super::support::{ground, spelling};
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::catalog::{Index, Qualified};
use crate::facts::{Expr, ExprKind, Query};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| {
        for test in json::json_tests(query, scope) {
            if let Verdict::Near(name, index, miss) = json::judge(ctx, &test, query)
                && !json::is_pinned(ctx, query, scope, &test) {
                    state(ctx, query, scope, &test, name, index, &miss);
                }
        }
    });
}

fn state<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, json: &JsonTest<'a>, name: &Qualified, index: &Index, miss: &Miss) {
    let tested = spelling::unqualified(ctx, json.test.tested);
    let op = operator(&json.test.op);
    let key = index.keys_sql.first().map_or("the column", String::as_str);
    let column = crate::facts::quote_identifier(&json.column.column);
    let table = json.column.written;
    let or_build = json::ddl(ctx, json, query, scope).map_or_else(|why| why, |ddl| format!("or build an index for it: {ddl};"));
    let (why, help) = match miss {
        Miss::GinCannot if op == "@>" => (
            format!("is on {key}, which is another expression than {tested}"),
            match has_position(&json.path) {
                true => or_build.strip_prefix("or ").unwrap_or(&or_build).to_owned(),
                false => format!("test from the indexed column down: `{column} @> '{}'`", nested(&json.path)),
            },
        ),
        Miss::GinCannot => (
            format!("is GIN, which serves @> but not {op} on {tested}"),
            match is_computed(json.test.tested) || !is_constant(json.test.value) || has_position(&json.path) {
                // containment knows neither what is computed nor another relation's value, nor where in an array something stands
                true => or_build.strip_prefix("or ").unwrap_or(&or_build).to_owned(),
                false => format!("write `{column} @> '{}'`, {or_build}", nested(&json.path)),
            },
        ),
        Miss::PathOpsCannotExist => (
            format!("uses jsonb_path_ops, which cannot answer {op}"),
            format!("build it with jsonb_ops, which can: {};", json::index(ctx, json, "gin", spelling::index_key(ctx, json.test.tested), None)),
        ),
        Miss::NeedsGin => (format!("is a btree on {key}, which cannot answer {op}"), or_build),
        Miss::FunctionForm => {
            let operator = json::operator_of(op);
            let value = json.test.value.map_or_else(|| "…".to_owned(), |value| spelling::text(ctx, value.span));
            (format!("serves operators, not the function {op}"), format!("write it with the operator that the index serves: `{tested} {operator} {value}`"))
        }
        // what is computed from the key is another value, not another spelling of it
        Miss::Spelling if is_computed(json.test.tested) => (
            format!("is on {key}, and the query computes {tested}, which is another expression"),
            or_build.strip_prefix("or ").unwrap_or(&or_build).to_owned(),
        ),
        // the other way round the two compare different things
        Miss::Spelling if is_cast_of_key(index.keys.first().map(|key| &key.expr), json.test.tested) => (
            format!("is on {key}, and the query compares {tested}, which is another expression to the planner"),
            match or_build.strip_prefix("or ") {
                Some(build) => build.to_owned(),
                None => format!("compare {key} as it is indexed, or: {or_build}"),
            },
        ),
        Miss::Spelling => {
            let other = index.keys.first().and_then(|key| compared_as(&key.expr, json.test.tested));
            let compared = other.map(|ty| format!(" and compare it with a value of {ty}")).unwrap_or_default();
            (
                format!("is on {key}, and the query spells it {tested}, which is another expression to the planner"),
                format!("write `{key}` in the query{compared}, {or_build}"),
            )
        }
        Miss::Pattern => (
            "has no pattern operator class, so it cannot serve LIKE unless the collation is C".to_owned(),
            format!("build it with one: {};", json::index(ctx, json, "btree", format!("{} text_pattern_ops", spelling::index_key(ctx, json.test.tested)), None)),
        ),
        Miss::Predicate => {
            let predicate = index.predicate_sql.as_deref().unwrap_or("its predicate");
            (format!("holds only rows WHERE {predicate}, which the query does not say"), format!("add `AND {predicate}` to the query, {or_build}"))
        }
    };
    let found_by = ground::found_by(ctx, &json::conditions(query), json.test.whole, &json.column, scope);
    let read = match found_by {
        Some((other, column)) => {
            format!("{} finds rows of {table} by {}, and all of those are read", other.name, spelling::unqualified(ctx, column))
        }
        None => format!("every row of {table} is read"),
    };
    let message = format!("index {} cannot serve this: it {why}; {read}", name.name);
    let report = ctx.report(json.test.whole.span, message).help(help);
    let report = if found_by.is_some() { report.severity(Severity::Notice) } else { report };
    ctx.add(report.related(index.defined_at, format!("index {} is defined here", name.name)));
}

/// Whether the tested expression casts what an index holds as it is.
fn is_cast_of_key(key: Option<&Expr>, tested: &Expr) -> bool {
    let (Some(key), ExprKind::Cast { expr: inner, .. }) = (key, &tested.kind) else { return false };
    !matches!(key.kind, ExprKind::Cast { .. }) && json::path(key).map(|(_, keys)| keys) == json::path(inner).map(|(_, keys)| keys)
}

/// The type that an index's key is cast to and the tested expression is not.
fn compared_as(key: &Expr, tested: &Expr) -> Option<String> {
    let ExprKind::Cast { ty, .. } = &key.kind else { return None };
    let same = matches!(&tested.kind, ExprKind::Cast { ty: own, .. } if own == ty);
    (!same && !ty.is("text")).then(|| ty.to_string())
}

fn is_computed(expr: &Expr) -> bool {
    let by_steps = |call: &crate::facts::Call| {
        let name = call.name.name.value.as_str();
        let plain = || json::path(expr).is_some_and(|(_, keys)| !keys.iter().any(|key| key == "?"));
        name.contains("_extract_path") || name == "json_value" && plain()
    };
    matches!(&expr.uncast().kind, ExprKind::Call(call) if !by_steps(call))
}

/// Whether a value holds no column.
fn is_constant(value: Option<&Expr>) -> bool {
    let mut constant = true;
    value.inspect(|value| value.walk(&mut |e| constant &= !matches!(e.kind, ExprKind::Column(_))));
    constant
}

fn operator(op: &str) -> &str {
    match op {
        "~~" => "LIKE",
        "~~*" => "ILIKE",
        op => op,
    }
}

/// Whether one of the keys is, or may be, a place in an array.
fn has_position(path: &[String]) -> bool {
    path.iter().any(|key| key.parse::<i64>().is_ok())
}

/// `{"a": {"b": …}}`.
fn nested(path: &[String]) -> String {
    path.iter().rev().fold("…".to_owned(), |inner, key| format!("{{\"{}\": {inner}}}", key.replace('\'', "''")))
}
