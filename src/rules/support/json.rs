//! JSON predicates: which conditions test a key, a path or the content of a JSON column, and which known index serves or nearly serves them.
//!
//! What serves what was measured on PostgreSQL 15 with `enable_seqscan = off`; the manual's section 8.14.4, "jsonb Indexing",
//! says the same.

use super::spelling;
use crate::advise::Definition;
use crate::catalog::index_match::{self, Test, is_value, tests};
use crate::catalog::resolve::{Resolved, Scope};
use crate::catalog::{Index, Qualified};
use crate::facts::{ColumnRef, Expr, ExprKind, FromItem, JoinCondition, Literal, Query, QueryBody};
use crate::rules::Context;

/// A test of JSON with the table behind it.
pub(crate) struct JsonTest<'a> {
    /// The test.
    pub test: Test<'a>,
    /// The JSON column.
    pub column: Resolved<'a>,
    /// The keys between the column and the tested value; empty for the column itself.
    pub path: Vec<String>,
}

/// What the known indexes do for a test.
pub(crate) enum Verdict<'c> {
    /// One serves it.
    Served,
    /// One nearly does.
    Near(&'c Qualified, &'c Index, Miss),
    /// None comes near.
    Unserved,
}

/// Why an index on the same JSON cannot serve a test.
pub(crate) enum Miss {
    /// A GIN index, and an operator that no GIN class for jsonb has.
    GinCannot,
    /// `jsonb_path_ops`, and `?`, `?|` or `?&`.
    PathOpsCannotExist,
    /// A btree, and an operator that needs GIN.
    NeedsGin,
    /// The function form of an operator.
    FunctionForm,
    /// The same key in another spelling.
    Spelling,
    /// LIKE, and no pattern operator class.
    Pattern,
    /// A predicate that the query does not imply.
    Predicate,
}

impl Miss {
    /// Whether less is missing than in another: an index on the very key is nearer than one on the whole document.
    fn is_nearer(&self, other: &Miss) -> bool {
        matches!(other, Miss::GinCannot) && !matches!(self, Miss::GinCannot)
    }
}

/// Every condition on rows of a query itself: WHERE, and the ONs of its joins.
pub(crate) fn conditions(query: &Query) -> Vec<&Expr> {
    let filter = match &query.body {
        QueryBody::Select(select) => return select.conditions(),
        QueryBody::Update(update) => update.filter.as_ref(),
        QueryBody::Delete(delete) => delete.filter.as_ref(),
        QueryBody::Merge(merge) => merge.condition.as_ref(),
        _ => None,
    };
    let joins = query.from().iter().flat_map(FromItem::joins).filter_map(|join| match &join.condition {
        JoinCondition::On(on) => Some(on),
        _ => None,
    });
    filter.into_iter().chain(joins).flat_map(Expr::conjuncts).collect()
}

/// The operators that test what any column may hold.
const COMPARISONS: &[&str] = &["=", "<", "<=", ">", ">=", "~~", "~~*", "IS NULL", "IS NOT NULL"];

/// The JSON tests of a query whose table is certain, in order.
pub(crate) fn json_tests<'a>(query: &'a Query, scope: &Scope<'a>) -> Vec<JsonTest<'a>> {
    let mut found = vec![];
    for test in conditions(query).into_iter().flat_map(tests) {
        let Some((root, path)) = path(test.tested) else { continue };
        // of a column itself most tests say nothing of what is in it
        if path.is_empty() && COMPARISONS.contains(&test.op.as_str()) {
            continue;
        }
        let Some(column) = scope.resolve(root) else { continue };
        if is_json_test(&test, &path, &column) {
            found.push(JsonTest { test, column, path });
        }
    }
    found
}

fn is_json_test(test: &Test, path: &[String], column: &Resolved) -> bool {
    let ty = column.definition().and_then(|c| c.ty.as_ref());
    let jsonb = ty.is_some_and(|ty| ty.is("jsonb"));
    if !(ty.is_none() || jsonb || ty.is_some_and(|ty| ty.is("json"))) {
        return false;
    }
    let certain = jsonb || !path.is_empty();
    let string = test.value.and_then(Expr::string);
    match test.op.as_str() {
        op if COMPARISONS.contains(&op) => !path.is_empty() && (jsonb || ty.is_some() || !is_bare_subscript(test.tested)),
        "@>" => certain || test.value.is_some_and(is_json_value),
        "?" | "?|" | "?&" => certain || string.is_some() || test.value.is_some_and(|v| matches!(v.uncast().kind, ExprKind::Array(_))),
        "@?" | "@@" => certain || string.is_some_and(|s| s.trim_start().starts_with(['$', 's', 'l']) && s.contains('$')),
        "json_exists" => jsonb,
        op => index_match::is_jsonpath_call(op),
    }
}

/// `a['k']` alone could be an array or hstore; a string key makes it JSON enough.
fn is_bare_subscript(expr: &Expr) -> bool {
    match &expr.uncast().kind {
        ExprKind::Subscript { indices, .. } => !indices.iter().any(|i| i.string().is_some()),
        _ => false,
    }
}

/// Whether a value is JSON by its looks, not an array or a range.
fn is_json_value(value: &Expr) -> bool {
    if let ExprKind::Cast { ty, .. } = &value.kind {
        return ty.is("jsonb") || ty.is("json");
    }
    if let ExprKind::Call(call) = &value.kind {
        return call.name.name.value.starts_with("jsonb_") || call.name.name.value == "to_jsonb";
    }
    value.string().map(str::trim_start).is_some_and(|s| s.starts_with("{\"") || s.starts_with("[{") || s.starts_with("[\""))
}

/// The column at the root of a JSON access and the keys on the way; a bare column has none.
pub(crate) fn path(expr: &Expr) -> Option<(&ColumnRef, Vec<String>)> {
    match &expr.kind {
        ExprKind::Column(column) => Some((column, vec![])),
        ExprKind::Cast { expr, .. } | ExprKind::Collate { expr, .. } => keyed(path(expr)?),
        ExprKind::Binary { left, op, right, .. } => {
            let (root, mut keys) = path(left)?;
            match op.as_str() {
                "->" | "->>" => keys.push(key(right)),
                "#>" | "#>>" => keys.extend(path_keys(right)),
                _ => return None,
            }
            Some((root, keys))
        }
        ExprKind::Subscript { expr, indices } => {
            let (root, mut keys) = path(expr)?;
            keys.extend(indices.iter().map(key));
            Some((root, keys))
        }
        ExprKind::Call(call) if call.over.is_none() => {
            let (root, mut keys) = path(call.args.first()?)?;
            if matches!(call.name.name.value.as_str(), "json_value" | "json_query") {
                let steps = call.args.get(1).and_then(Expr::string).and_then(index_match::jsonpath::keys);
                keys.extend(steps.unwrap_or_else(|| vec!["?".to_owned()]));
                return Some((root, keys));
            }
            if call.name.name.value.starts_with("json") && call.name.name.value.contains("_extract_path") {
                keys.extend(call.args.iter().skip(1).map(key));
            } else if keys.is_empty() {
                return None;
            }
            Some((root, keys))
        }
        _ => None,
    }
}

/// A cast or collation of a bare column is no JSON access.
fn keyed(found: (&ColumnRef, Vec<String>)) -> Option<(&ColumnRef, Vec<String>)> {
    (!found.1.is_empty()).then_some(found)
}

fn key(expr: &Expr) -> String {
    match &expr.uncast().kind {
        ExprKind::Literal(Literal::String(s) | Literal::Number(s)) => s.clone(),
        ExprKind::Parameter(p) => p.clone(),
        _ => "?".to_owned(),
    }
}

fn path_keys(expr: &Expr) -> Vec<String> {
    match (&expr.uncast().kind, expr.string()) {
        (_, Some(s)) => s.trim_matches(['{', '}']).split(',').map(|k| k.trim().trim_matches('"').to_owned()).collect(),
        (ExprKind::Array(list), _) => list.iter().map(key).collect(),
        _ => vec!["?".to_owned()],
    }
}

/// What the catalog's indexes do for a test.
pub(crate) fn judge<'c>(ctx: &Context<'c>, json: &JsonTest, query: &Query) -> Verdict<'c> {
    let conditions = conditions(query);
    let table = json.column.table;
    let mut near: Option<(&Qualified, &Index, Miss)> = None;
    for (name, index) in ctx.catalog.indexes_of(&json.column.name).filter(|(_, index)| index.valid) {
        match index_match::serves_but_for_predicate(index, table, &json.test, &conditions) {
            Some(true) => return Verdict::Served,
            Some(false) => near = Some((name, index, Miss::Predicate)),
            None => {
                let miss = miss(ctx.catalog, index, json);
                if let Some(miss) = miss.filter(|miss| near.as_ref().is_none_or(|(.., other)| miss.is_nearer(other))) {
                    near = Some((name, index, miss));
                }
            }
        }
    }
    near.map_or(Verdict::Unserved, |(name, index, miss)| Verdict::Near(name, index, miss))
}

fn miss(catalog: &crate::catalog::Catalog, index: &Index, json: &JsonTest) -> Option<Miss> {
    let on_column = |key: &crate::facts::IndexKey| path(&key.expr).is_some_and(|(root, _)| root.column == *json.column.column.as_str());
    let at = index.keys.iter().position(on_column)?;
    let key = &index.keys[at];
    let (_, keys) = path(&key.expr)?;
    let op = json.test.op.as_str();
    let contains = matches!(op, "@>" | "?" | "?|" | "?&" | "@?" | "@@");
    if index.method == "gin" {
        let within = json.path.starts_with(&keys);
        let prepared = index_match::Prepared::new(catalog, index);
        return match (prepared.keys[at].class.as_deref(), op) {
            _ if !within => None,
            (Some("jsonb_ops" | "jsonb_path_ops") | None, _) if index_match::is_jsonpath_call(op) => Some(Miss::FunctionForm),
            (Some("jsonb_path_ops"), "?" | "?|" | "?&") if keys == json.path => Some(Miss::PathOpsCannotExist),
            (Some("jsonb_ops" | "jsonb_path_ops"), "=") => Some(Miss::GinCannot),
            (Some("jsonb_ops" | "jsonb_path_ops"), "@>") if keys != json.path => Some(Miss::GinCannot),
            _ => None,
        };
    }
    if index.method != "btree" || keys != json.path {
        return None;
    }
    match (contains, index_match::same(&key.expr, json.test.tested)) {
        (true, _) => Some(Miss::NeedsGin),
        (false, true) => (op == "~~").then_some(Miss::Pattern),
        (false, false) => index.keys.first().is_some_and(|first| std::ptr::eq(first, key)).then_some(Miss::Spelling),
    }
}

/// Whether another condition already finds the row by a key, in all the places where the test stands.
pub(crate) fn is_pinned<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, json: &JsonTest) -> bool {
    let equalities = conditions(query).into_iter().filter(|c| !matches!(c.kind, ExprKind::Or(_)));
    let fixed: Vec<String> = equalities
        .flat_map(tests)
        .filter(|t| t.op == "=" && t.value.is_none_or(is_value))
        .filter_map(|t| scope.resolve_expr(t.tested))
        .filter(|column| column.name == json.column.name)
        .map(|column| column.column.to_string())
        .collect();
    let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
    ctx.catalog.is_key_fixed(&json.column.name, &fixed) || (json.column.table.is_none() && fixed.contains(&"id"))
}

/// The DDL of an index that would serve the test, or why none can be written.
pub(crate) fn ddl(ctx: &Context, json: &JsonTest, query: &Query, scope: &Scope) -> Result<String, String> {
    ddl_after(ctx, json, query, scope, None)
}

/// The same, for an index that begins with a column by which the rows are found already, where its method has several keys.
pub(crate) fn ddl_after(ctx: &Context, json: &JsonTest, query: &Query, scope: &Scope, leading: Option<String>) -> Result<String, String> {
    let tested = json.test.tested;
    let key = spelling::index_key(ctx, tested);
    if is_value(tested) {
        return Err("compare the column itself".to_owned());
    }
    let trigram = || ("gin", format!("{key} gin_trgm_ops"));
    let (method, key) = match json.test.op.as_str() {
        op if index_match::is_jsonpath_call(op) => {
            let operator = operator_of(op);
            let serves = if op == "json_exists" {
                "only an index on this very expression serves JSON_EXISTS".to_owned()
            } else {
                format!("no index serves the function {op}")
            };
            return Err(format!(
                "{serves}; write it with the operator, `{} {operator} …`, and index it: `{}`",
                spelling::unqualified(ctx, tested),
                index(ctx, json, "gin", format!("{key} jsonb_path_ops"), None),
            ));
        }
        "@>" | "@?" | "@@" => ("gin", format!("{key} jsonb_path_ops")),
        "?" | "?|" | "?&" => ("gin", key),
        _ if spelling::has_parameter(tested) => {
            let name = crate::facts::quote_identifier(&json.column.column);
            // json has no containment; a cast of it to jsonb can be indexed
            let is_json = json.column.definition().and_then(|c| c.ty.as_ref()).is_some_and(|ty| ty.is("json"));
            let (column, key) = if is_json { (format!("{name}::jsonb"), format!("({name}::jsonb)")) } else { (name.clone(), name) };
            return Err(format!(
                "the key is a parameter, so no index on one expression serves it; ask by containment, \
                 `{column} @> {}`, and index that: `{}`",
                within(tested),
                index(ctx, json, "gin", format!("{key} jsonb_path_ops"), None),
            ));
        }
        _ if is_unstable_cast(tested) => {
            return Err(format!(
                "`{}` depends on settings of the session, so PostgreSQL refuses to index it; keep the value in a column of its own \
                 that is filled on write, and index that",
                spelling::unqualified(ctx, tested)
            ));
        }
        "~~*" => trigram(),
        "~~" if json.test.value.and_then(Expr::string).is_some_and(|p| p.starts_with(['%', '_'])) => trigram(),
        "~~" => ("btree", format!("{key} text_pattern_ops")),
        _ => ("btree", key),
    };
    let leading = leading.filter(|_| method == "btree");
    let definition = definition(json, method, leading, key, partial(ctx, json, query, scope));
    Ok(definition.text(&json.column.name, ctx.catalog))
}

/// The operator that does what a function does.
pub(crate) fn operator_of(function: &str) -> &'static str {
    match function {
        "jsonb_path_match" => "@@",
        "jsonb_exists" => "?",
        "jsonb_contains" => "@>",
        _ => "@?",
    }
}

/// The statements that build an index on the JSON of a test.
pub(crate) fn index(ctx: &Context, json: &JsonTest, method: &str, key: String, predicate: Option<String>) -> String {
    definition(json, method, None, key, predicate).text(&json.column.name, ctx.catalog)
}

fn definition(json: &JsonTest, method: &str, leading: Option<String>, key: String, predicate: Option<String>) -> Definition {
    let mut labels: Vec<String> = leading.iter().map(|column| column.trim_matches('"').to_owned()).collect();
    labels.push(json.column.column.to_string());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    labels.extend(json.path.iter().map(|part| part.chars().map(plain).collect::<String>()).filter(|part| part.chars().any(|c| c != '_')));
    if key.contains("gin_trgm_ops") {
        labels.push("trgm".to_owned());
    }
    let keys = leading.into_iter().chain([key]).collect();
    Definition { method: method.to_owned(), keys, labels, include: vec![], predicate }
}

/// A constant condition beside the test that would make the index smaller.
fn partial(ctx: &Context, json: &JsonTest, query: &Query, scope: &Scope) -> Option<String> {
    let constant = conditions(query).into_iter().find(|condition| match &condition.kind {
        ExprKind::IsNull { expr, .. } => scope.resolve_expr(expr).is_some_and(|c| c.name == json.column.name),
        _ => false,
    });
    constant.map(|condition| spelling::unqualified(ctx, condition))
}

/// A cast of text whose result depends on the session (`text::timestamptz` and its kin are STABLE).
fn is_unstable_cast(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        if let ExprKind::Cast { expr, ty } = &e.kind {
            let temporal = ["date", "time", "timetz", "timestamp", "timestamptz", "interval"].iter().any(|name| ty.is(name));
            found |= temporal && path(expr).is_some();
        }
    });
    found
}

/// The object that holds `$value` under the parameter's key, in those under which the path before it goes: `payload -> 'after' ->> $1`.
fn within(tested: &Expr) -> String {
    let mut object = "jsonb_build_object($key, $value)".to_owned();
    let ExprKind::Binary { left, .. } = &tested.uncast().kind else { return object };
    let Some((_, keys)) = path(left).filter(|_| !spelling::has_parameter(left)) else { return object };
    for key in keys.iter().rev() {
        object = format!("jsonb_build_object('{}', {object})", key.replace('\'', "''"));
    }
    object
}
