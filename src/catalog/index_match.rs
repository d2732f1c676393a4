//! Which known index can serve a predicate or an order?
//!
//! PostgreSQL matches an index expression to a query's expression node by node, so this module compares trees too: columns by
//! name without their qualifier, casts by type, `'k'` equal to `'k'::text`. Which operators an operator class serves is
//! [`crate::postgres::opclass`]'s to know. Must not know a rule.

use super::{Index, Table};
use crate::facts::{Expr, ExprKind, IndexKey, LikeKind, Literal};
use crate::postgres::opclass;

/// One test of a condition: `tested operator value`, turned so that the indexable side is `tested`.
#[derive(Debug, Clone)]
pub struct Test<'a> {
    /// The whole condition.
    pub whole: &'a Expr,
    /// The side that an index could hold.
    pub tested: &'a Expr,
    /// PostgreSQL's operator; `IS NULL`, `IS NOT NULL`, `~~` (LIKE), `~~*` (ILIKE) stand for their forms.
    pub op: String,
    /// What it is compared with, where there is one such expression.
    pub value: Option<&'a Expr>,
}

/// Whether two expressions are the same to the planner.
pub fn same(a: &Expr, b: &Expr) -> bool {
    use ExprKind::*;
    match (&plain(a).kind, &plain(b).kind) {
        (Column(a), Column(b)) => a.column == b.column,
        (Literal(a), Literal(b)) => a == b,
        (Cast { expr: a, ty: s }, Cast { expr: b, ty: t }) => s == t && same(a, b),
        (Binary { left: a, op: o, right: b, .. }, Binary { left: c, op: p, right: d, .. }) => o == p && same(a, c) && same(b, d),
        (Unary { op: o, expr: a }, Unary { op: p, expr: b }) => o == p && same(a, b),
        (Call(a), Call(b)) => {
            let plain_call = a.over.is_none() && b.over.is_none() && a.distinct == b.distinct;
            plain_call && a.name.name == b.name.name && all_same(&a.args, &b.args)
        }
        (Subscript { expr: a, indices: i }, Subscript { expr: b, indices: j }) => same(a, b) && all_same(i, j),
        (IsNull { expr: a, negated: m }, IsNull { expr: b, negated: n }) => m == n && same(a, b),
        (Not(a), Not(b)) => same(a, b),
        (And(a), And(b)) | (Or(a), Or(b)) | (Array(a), Array(b)) | (Row(a), Row(b)) => all_same(a, b),
        (InList { expr: a, list: l, negated: m }, InList { expr: b, list: k, negated: n }) => m == n && same(a, b) && all_same(l, k),
        (Collate { expr: a, collation: c }, Collate { expr: b, collation: d }) => c.name == d.name && same(a, b),
        (a, b) => a == b,
    }
}

fn all_same(a: &[Expr], b: &[Expr]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// Without a cast of a string constant to text, which PostgreSQL folds away.
fn plain(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Cast { expr: inner, ty } if ty.is("text") && matches!(inner.kind, ExprKind::Literal(Literal::String(_))) => inner,
        _ => expr,
    }
}

/// The tests in a condition; the arms of OR each give theirs, for each needs an index of its own. Negations give none: what
/// does not match is most rows, and no index finds it.
pub fn tests(condition: &Expr) -> Vec<Test<'_>> {
    let one = |tested, op: &str, value| vec![Test { whole: condition, tested, op: op.to_owned(), value }];
    match &condition.kind {
        ExprKind::And(list) | ExprKind::Or(list) => list.iter().flat_map(tests).collect(),
        ExprKind::Binary { left, op, right, .. } => {
            if is_value(left) && !is_value(right) {
                return match commuted(op) {
                    Some(op) => one(&**right, op, Some(&**left)),
                    None => vec![],
                };
            }
            let mut both = one(&**left, op, Some(&**right));
            // A join condition can be served from either side.
            if let (false, Some(op)) = (is_value(right), commuted(op)) {
                both.extend(one(&**right, op, Some(&**left)));
            }
            both
        }
        ExprKind::IsNull { expr, negated } => one(&**expr, if *negated { "IS NOT NULL" } else { "IS NULL" }, None),
        ExprKind::InList { expr, negated: false, .. } => one(&**expr, "=", None),
        ExprKind::InSubquery { expr, negated: false, .. } => one(&**expr, "=", None),
        ExprKind::Quantified { left, op, all: false, right } => one(&**left, op, Some(&**right)),
        ExprKind::Between { expr, low, negated: false, .. } => one(&**expr, ">=", Some(&**low)),
        ExprKind::Like { expr, pattern, kind: LikeKind::Like, negated: false } => one(&**expr, "~~", Some(&**pattern)),
        ExprKind::Like { expr, pattern, kind: LikeKind::ILike, negated: false } => one(&**expr, "~~*", Some(&**pattern)),
        ExprKind::Call(call) if is_jsonpath_call(&call.name.name.value) => {
            call.args.first().map_or(vec![], |arg| one(arg, &call.name.name.value, call.args.get(1)))
        }
        _ => vec![],
    }
}

/// The function forms of `@?` and `@@`, which no index serves.
pub fn is_jsonpath_call(name: &str) -> bool {
    matches!(name, "jsonb_path_exists" | "jsonb_path_match" | "jsonb_exists" | "jsonb_contains")
}

fn commuted(op: &str) -> Option<&'static str> {
    Some(match op {
        "=" => "=",
        "<>" => "<>",
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        "<@" => "@>",
        "@>" => "<@",
        _ => return None,
    })
}

/// Whether no column is read: a constant, a parameter, a call of those.
pub fn is_value(expr: &Expr) -> bool {
    let mut value = true;
    expr.walk(&mut |e| value &= !matches!(e.kind, ExprKind::Column(_) | ExprKind::Wildcard(_) | ExprKind::Subquery(_)));
    value
}

/// Whether an index of `table` serves a test, given all the conditions that hold with it.
pub fn serves(index: &Index, table: Option<&Table>, test: &Test, conditions: &[&Expr]) -> bool {
    index.valid && serves_but_for_predicate(index, table, test, conditions) && implied(index, conditions)
}

/// As [`serves`], without regard to the index's predicate.
pub fn serves_but_for_predicate(index: &Index, table: Option<&Table>, test: &Test, conditions: &[&Expr]) -> bool {
    match index.method.as_str() {
        "btree" => index.keys.iter().enumerate().any(|(i, key)| {
            let leads = index.keys[..i].iter().all(|before| has_equality(&before.expr, conditions));
            leads && same(&key.expr, test.tested) && btree_serves(key, test)
        }),
        "hash" => index.keys.first().is_some_and(|key| same(&key.expr, test.tested) && test.op == "="),
        method => index.keys.iter().any(|key| same(&key.expr, test.tested) && class_serves(method, key, table, test)),
    }
}

fn btree_serves(key: &IndexKey, test: &Test) -> bool {
    let class = key.opclass.as_ref().map(|class| class.name.value.as_str());
    let pattern = class.is_some_and(|class| class.ends_with("pattern_ops"));
    match test.op.as_str() {
        "=" | "IS NULL" | "IS NOT NULL" => true,
        "<" | "<=" | ">" | ">=" => !pattern,
        "~~" => {
            let in_c = key.collation.as_ref().is_some_and(|c| matches!(c.name.value.as_str(), "C" | "POSIX"));
            (pattern || in_c) && !test.value.and_then(Expr::string).is_some_and(|p| p.starts_with(['%', '_']))
        }
        _ => false,
    }
}

/// The operator class of a key: as written, else the default of the column's type.
pub fn class_of<'k>(method: &str, key: &'k IndexKey, table: Option<&Table>) -> Option<&'k str> {
    if let Some(class) = &key.opclass {
        return Some(&class.name.value);
    }
    let ty = match &key.expr.kind {
        ExprKind::Column(column) => table.and_then(|t| t.column(&column.column.value)).and_then(|c| c.ty.as_ref()),
        ExprKind::Cast { ty, .. } => Some(ty),
        _ => None,
    };
    match ty {
        Some(ty) => opclass::default_class(method, ty),
        // `->` gives jsonb; so does whatever else JSON operators are applied to.
        None => (method == "gin").then_some("jsonb_ops"),
    }
}

fn class_serves(method: &str, key: &IndexKey, table: Option<&Table>, test: &Test) -> bool {
    match class_of(method, key, table).and_then(|class| opclass::operators(method, class)) {
        Some(operators) => operators.contains(&test.op.as_str()),
        // An operator class that is not known may serve it: unknown is not absent.
        None => key.opclass.is_some(),
    }
}

fn has_equality(expr: &Expr, conditions: &[&Expr]) -> bool {
    conditions
        .iter()
        .flat_map(|c| if matches!(c.kind, ExprKind::Or(_)) { vec![] } else { tests(c) })
        .any(|t| t.op == "=" && same(t.tested, expr))
}

/// Whether the conditions imply the index's predicate: each part stands among them, or is an IS NOT NULL that a strict test implies.
pub fn implied(index: &Index, conditions: &[&Expr]) -> bool {
    let Some(predicate) = &index.predicate else { return true };
    predicate.conjuncts().into_iter().all(|part| conditions.iter().any(|condition| implies(condition, part)))
}

fn implies(condition: &Expr, part: &Expr) -> bool {
    if same(condition, part) {
        return true;
    }
    match (&condition.kind, &part.kind) {
        (ExprKind::Or(_), _) => false,
        (_, ExprKind::IsNull { expr, negated: true }) => {
            tests(condition).iter().any(|t| t.op != "IS NULL" && strictly_reads(t.tested, expr))
        }
        (ExprKind::IsTruth { expr, test }, _) if test == "TRUE" => same(expr, part),
        (ExprKind::Binary { left, op, right, .. }, _) if op == "=" => {
            matches!(right.kind, ExprKind::Literal(Literal::Boolean(true))) && same(left, part)
        }
        (_, ExprKind::Binary { left, op, right, .. }) if op == "=" => {
            matches!(right.kind, ExprKind::Literal(Literal::Boolean(true))) && same(condition, left)
        }
        _ => false,
    }
}

/// Whether `outer` is NULL whenever `inner` is: the same, or operators and casts over it.
fn strictly_reads(outer: &Expr, inner: &Expr) -> bool {
    same(outer, inner)
        || match &outer.kind {
            ExprKind::Cast { expr, .. } => strictly_reads(expr, inner),
            ExprKind::Binary { left, .. } => strictly_reads(left, inner),
            _ => false,
        }
}

/// One key of an order to be served.
#[derive(Debug, Clone)]
pub struct OrderBy<'a> {
    /// The expression.
    pub expr: &'a Expr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, the direction's default applied.
    pub nulls_first: bool,
}

/// Whether a btree index gives the rows in this order, once the columns that the conditions fix are passed over; forwards or backwards.
pub fn gives_order(index: &Index, order: &[OrderBy], conditions: &[&Expr]) -> bool {
    if index.method != "btree" || !index.valid || !implied(index, conditions) {
        return false;
    }
    let fixed = index.keys.iter().take_while(|key| has_equality(&key.expr, conditions)).count();
    (0..=fixed).any(|skipped| {
        let keys = &index.keys[skipped..];
        let turned = |backwards: bool| {
            keys.len() >= order.len()
                && keys.iter().zip(order).all(|(key, want)| {
                    let nulls_first = key.nulls_first.unwrap_or(key.descending);
                    same(&key.expr, want.expr)
                        && (key.descending != backwards) == want.descending
                        && (nulls_first != backwards) == want.nulls_first
                })
        };
        turned(false) || turned(true)
    })
}
