//! Volatility of built-in functions, operators and casts, from `pg_proc.provolatile`, `pg_cast` and `pg_operator`.
//!
//! Two questions are asked: may an index or a generated column hold this expression ([`not_immutable`]), and does a DEFAULT
//! make ADD COLUMN rewrite the table ([`expression_volatility`])? An unknown function is said to be unknown. Must not know
//! what the answers are used for.

mod builtin;
mod infer;
mod overloads;

use crate::catalog::{Catalog, Function, SqlBody};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, TypeName, Volatility};
use crate::source::Span;
use infer::Scope;
use overloads::{Verdict, certain, unsure};

/// Whether PostgreSQL itself has an aggregate of that name (manual, section 9.21).
pub fn is_builtin_aggregate(name: &str) -> bool {
    const AGGREGATES: &[&str] = &[
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "array_agg",
        "string_agg",
        "json_agg",
        "jsonb_agg",
        "bool_and",
        "bool_or",
        "every",
        "json_object_agg",
        "jsonb_object_agg",
        "stddev",
        "variance",
        "percentile_cont",
        "percentile_disc",
        "mode",
    ];
    AGGREGATES.contains(&name)
}

/// The volatility of a call, from PostgreSQL's catalog or from functions defined in the migrations; `None` when unknown.
pub fn call_volatility(call: &Call, catalog: &Catalog) -> Option<Volatility> {
    call_verdict(call, &Scope { column_type: &|_| None, catalog }).map(|verdict| verdict.volatility)
}

/// The first thing in an expression that is not immutable, with how volatile it is and why (a phrase such as
/// "now() is STABLE"); `column_type` gives a column's type where known. `certain` is false where an unknown type decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotImmutable {
    /// Its bytes.
    pub span: Span,
    /// Why.
    pub why: String,
    /// How volatile.
    pub volatility: Volatility,
    /// Whether it holds whatever the unknown types are.
    pub certain: bool,
}

/// Whether a piece of an expression is certainly not immutable.
pub fn is_certainly_not_immutable(expr: &Expr, column_type: &dyn Fn(&ColumnRef) -> Option<TypeName>, catalog: &Catalog) -> bool {
    let scope = Scope { column_type, catalog };
    let mut found = false;
    expr.walk(&mut |e| {
        found = found
            || match sql_function(e, catalog) {
                Some(function) => {
                    function.volatility != Volatility::Immutable
                        && body_not_immutable(e, function, catalog).is_some_and(|found| found.certain)
                }
                None => node_verdict(e, &scope).is_some_and(|verdict| verdict.certain && verdict.volatility > Volatility::Immutable),
            };
    });
    found
}

/// Looks for the first piece of an expression that PostgreSQL would not accept as immutable in an index; a certain one is
/// preferred to one that hangs on an unknown type. Unknown functions are passed over.
pub fn not_immutable(expr: &Expr, column_type: &dyn Fn(&ColumnRef) -> Option<TypeName>, catalog: &Catalog) -> Option<NotImmutable> {
    let scope = Scope { column_type, catalog };
    let mut first: Option<NotImmutable> = None;
    let mut is_call = false;
    expr.walk(&mut |e| {
        // of `now() - interval '1 day'` the call says more than the operator
        let calls = matches!(e.kind, ExprKind::Call(_));
        let tells_more =
            |f: &NotImmutable, found: &NotImmutable| calls && !is_call && f.certain == found.certain && f.span.contains(e.span);
        let better = |found: &NotImmutable| first.as_ref().is_none_or(|f| !f.certain && found.certain || tells_more(f, found));
        if let Some(function) = sql_function(e, catalog) {
            // declared immutable it is taken at its word; else PostgreSQL asks after it has put the body in the call's place
            if function.volatility != Volatility::Immutable
                && let Some(found) = body_not_immutable(e, function, catalog).filter(better)
            {
                (first, is_call) = (Some(found), calls);
            }
            return;
        }
        if let Some(found) = node_not_immutable(e, &scope).filter(better) {
            (first, is_call) = (Some(found), calls);
        }
    });
    first
}

/// The function of the schema in LANGUAGE sql that an expression calls.
fn sql_function<'c>(expr: &Expr, catalog: &'c Catalog) -> Option<&'c Function> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let named = |q: &crate::catalog::Qualified| {
        q.name == call.name.name.value && call.name.schema.as_ref().is_none_or(|schema| schema.value == q.schema)
    };
    let mut all = catalog.functions.named(&call.name.name.value).filter(|(q, _)| named(q)).flat_map(|(_, list)| list);
    all.find(|f| f.inlinable && f.argument_types.len() == call.args.len())
}

/// What in a function's body is not immutable, told at its call. A body that cannot take the call's place leaves a call of a
/// function that is not declared immutable.
fn body_not_immutable(call: &Expr, function: &Function, catalog: &Catalog) -> Option<NotImmutable> {
    let ExprKind::Call(named) = &call.kind else { return None };
    let name = &named.name;
    match &function.body {
        SqlBody::Unknown => None,
        SqlBody::Other => {
            let why = format!("{name}(…) is not declared so, and its body is more than one expression");
            Some(NotImmutable { span: call.span, why, volatility: function.volatility, certain: true })
        }
        SqlBody::Expression(body) => {
            let type_of = |column: &ColumnRef| {
                let at = function.argument_names.iter().position(|name| name.as_ref() == Some(&column.column))?;
                function.argument_types.get(at).cloned()
            };
            let scope = Scope { column_type: &type_of, catalog };
            let mut found = None;
            body.walk(&mut |e| {
                if found.is_none() {
                    found = node_not_immutable(e, &scope);
                }
            });
            let found = found?;
            Some(NotImmutable { span: call.span, why: format!("{name}(…) stands for its body, in which {}", found.why), ..found })
        }
    }
}

/// The most volatile call in an expression; `None` when some function is unknown and none is known to be volatile.
pub fn expression_volatility(expr: &Expr, catalog: &Catalog) -> Option<Volatility> {
    let scope = Scope { column_type: &|_| None, catalog };
    let (mut most, mut all_known) = (Volatility::Immutable, true);
    expr.walk(&mut |e| match node_verdict(e, &scope) {
        Some(verdict) => most = most.max(verdict.volatility),
        None => all_known = false,
    });
    (all_known || most == Volatility::Volatile).then_some(most)
}

fn node_not_immutable(expr: &Expr, scope: &Scope<'_>) -> Option<NotImmutable> {
    let verdict = node_verdict(expr, scope).filter(|verdict| verdict.volatility > Volatility::Immutable)?;
    let word = if verdict.volatility == Volatility::Volatile { "VOLATILE" } else { "STABLE" };
    Some(NotImmutable {
        span: expr.span,
        why: format!("{} is {word}", describe(expr, scope)),
        volatility: verdict.volatility,
        certain: verdict.certain,
    })
}

/// What one node adds by itself. `None` for a function that nobody knows.
fn node_verdict(expr: &Expr, scope: &Scope<'_>) -> Option<Verdict> {
    let operator = |op: &str, left: &Expr, right: &Expr| {
        overloads::operator(op, scope.type_of(left).as_deref(), scope.type_of(right).as_deref(), scope)
    };
    Some(match &expr.kind {
        ExprKind::Call(call) => return call_verdict(call, scope),
        ExprKind::Cast { expr: inner, ty } => match scope.name_of(ty) {
            Some(to) => overloads::cast(scope.type_of(inner).as_deref(), &to, scope),
            None => certain(Volatility::Immutable),
        },
        ExprKind::Binary { left, op, right, .. } => operator(op, left, right),
        ExprKind::Between { expr: tested, low, high, .. } => {
            let (low, high) = (operator(">=", tested, low), operator("<=", tested, high));
            if low.volatility > high.volatility { low } else { high }
        }
        _ => certain(Volatility::Immutable),
    })
}

/// How a message calls a node.
fn describe(expr: &Expr, scope: &Scope<'_>) -> String {
    let spelled = |expr: &Expr| scope.type_of(expr).map_or("?".to_owned(), |ty| spelled(&ty));
    match &expr.kind {
        ExprKind::Call(call) => describe_call(call),
        ExprKind::Cast { expr: inner, ty } => match scope.type_of(inner) {
            Some(from) => format!("the cast of {} to {ty}", self::spelled(&from)),
            None => format!("the cast to {ty}"),
        },
        ExprKind::Binary { left, op, right, .. } => format!("the operator {op} between {} and {}", spelled(left), spelled(right)),
        _ => "the comparison of a timestamp with time zone with one without".to_owned(),
    }
}

/// The type as SQL.
fn spelled(name: &str) -> String {
    let element = name.trim_end_matches("[]");
    format!("{}{}", TypeName::named(element), &name[element.len()..])
}

/// `now()`, `CURRENT_DATE`, `date_trunc(text, timestamp with time zone)` by their names.
fn describe_call(call: &Call) -> String {
    const WORDS: &[&str] = &[
        "current_catalog",
        "current_date",
        "current_role",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "user",
    ];
    let name = &call.name.name.value;
    if call.args.is_empty() && WORDS.contains(&name.as_str()) {
        return name.to_uppercase().to_string();
    }
    format!("{}({})", call.name, if call.args.is_empty() { "" } else { "…" })
}

fn call_verdict(call: &Call, scope: &Scope<'_>) -> Option<Verdict> {
    let name = call.name.name.value.as_str();
    let schema = call.name.schema.as_ref().map(|s| s.value.as_str());
    if schema.is_none_or(|schema| schema == "pg_catalog") {
        let own = overloads::overloaded(call, scope).or_else(|| builtin::builtin(name).map(certain));
        if own.is_some() {
            return own;
        }
    }
    defined(call, scope).or_else(|| builtin::contrib(name).map(certain))
}

/// A function that the migrations define: those that take so many arguments, else all by that name.
fn defined(call: &Call, scope: &Scope<'_>) -> Option<Verdict> {
    let schema = call.name.schema.as_ref().map(|s| s.value.as_str());
    let all: Vec<&Function> = scope
        .catalog
        .functions
        .named(&call.name.name.value)
        .filter(|(q, _)| schema.is_none_or(|schema| schema == q.schema))
        .flat_map(|(_, list)| list)
        .collect();
    let fitting: Vec<&Function> = all.iter().copied().filter(|f| f.argument_types.len() == call.args.len()).collect();
    let candidates = if fitting.is_empty() { all } else { fitting };
    let most = candidates.iter().map(|f| f.volatility).max()?;
    let agreed = candidates.iter().all(|f| f.volatility == most);
    Some(if agreed { certain(most) } else { unsure(most) })
}

#[cfg(test)]
mod tests;
