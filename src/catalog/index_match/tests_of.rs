//! The tests inside a condition, for rules that ask about one expression with its bytes at a time.
//!
//! Columns are told apart by name alone here: a rule that needs more reads its query's whole use of a table. Must not know a rule.

use super::build::operator;
use super::node::{Kind, Node, commuted};
use super::{Meaning, Prepared, Reader, Sort};
use crate::catalog::resolve::Scope;
use crate::catalog::{Catalog, Index, Table};
use crate::facts::{ColumnRef, Expr, ExprKind, LikeKind, Literal};

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

/// Whether two expressions are the same to the planner, as far as names tell: columns of two relations are two, a bare name may be
/// any relation's.
pub fn same(a: &Expr, b: &Expr) -> bool {
    same_by(a, b, &|a, b| match (&a.relation, &b.relation) {
        (Some(of), Some(other)) => of == other,
        _ => true,
    })
}

/// The same inside a query, where a bare name belongs to the relation that has it.
pub fn same_in(scope: &Scope, a: &Expr, b: &Expr) -> bool {
    same_by(a, b, &|a, b| match (scope.binding(a), scope.binding(b)) {
        (Some(of), Some(other)) => std::ptr::eq(of.relation, other.relation),
        _ => a.relation.is_none() || b.relation.is_none() || a.relation == b.relation,
    })
}

type Columns<'f> = dyn Fn(&ColumnRef, &ColumnRef) -> bool + 'f;

fn same_by(a: &Expr, b: &Expr, columns: &Columns) -> bool {
    use ExprKind::*;
    let same = |a: &Expr, b: &Expr| same_by(a, b, columns);
    let all_same = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_by(a, b, columns));
    match (&plain(a).kind, &plain(b).kind) {
        (Column(a), Column(b)) => a.column == b.column && columns(a, b),
        (Literal(a), Literal(b)) => a == b,
        (Cast { expr: a, ty: s }, Cast { expr: b, ty: t }) => s == t && same(a, b),
        (Binary { left: a, op: o, right: b, .. }, Binary { left: c, op: p, right: d, .. }) => o == p && same(a, c) && same(b, d),
        (Unary { op: o, expr: a }, Unary { op: p, expr: b }) => o == p && same(a, b),
        (Call(a), Call(b)) if a.json != b.json => false,
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
        ExprKind::Call(call) if is_jsonpath_call(&call.name.name.value) && !(call.name.name == "json_exists" && call.args.len() > 2) => {
            call.args.first().map_or(vec![], |arg| one(arg, &call.name.name.value, call.args.get(1)))
        }
        _ => vec![],
    }
}

/// The function forms of `@?` and `@@`, which no index serves.
pub fn is_jsonpath_call(name: &str) -> bool {
    matches!(name, "json_exists" | "jsonb_path_exists" | "jsonb_path_match" | "jsonb_exists" | "jsonb_contains")
}

/// Whether no column is read: a constant, a parameter, a call of those.
pub fn is_value(expr: &Expr) -> bool {
    let mut value = true;
    expr.walk(&mut |e| value &= !matches!(e.kind, ExprKind::Column(_) | ExprKind::Wildcard(_) | ExprKind::Subquery(_)));
    value
}

/// Reads expressions on a table without a query around them: every column is the table's.
fn read(catalog: &Catalog, table: Option<&Table>, expr: &Expr) -> Node {
    let names = |column: &ColumnRef| Meaning::Own(column.column.value.to_string());
    Reader { catalog, table, names: &names }.read(expr)
}

/// The same for what a column is compared with: its columns are another relation's.
fn read_value(catalog: &Catalog, expr: &Expr) -> Node {
    let names = |column: &ColumnRef| Meaning::Outside(column.column.value.to_string(), None);
    Reader { catalog, table: None, names: &names }.read(expr)
}

/// Whether an index of `table` serves a test, given all the conditions that hold with it.
pub fn serves(index: &Index, table: Option<&Table>, test: &Test, conditions: &[&Expr]) -> bool {
    serves_but_for_predicate(index, table, test, conditions) == Some(true)
}

/// As [`serves`]; `Some(false)`: all but the predicate fits.
pub fn serves_but_for_predicate(index: &Index, table: Option<&Table>, test: &Test, conditions: &[&Expr]) -> Option<bool> {
    let catalog = with_table(index, table);
    let prepared = Prepared::new(&catalog, index);
    let tested = read(&catalog, table, test.tested);
    let unknown = || Node::new(Kind::Param("?".to_owned()), Some("unknown"));
    let clause = match test.op.as_str() {
        "json_exists" => read(&catalog, table, test.whole),
        // `= ANY($1::varchar[])` compares with what is in the array
        _ if matches!(&test.whole.kind, ExprKind::Quantified { right, .. } if is_value(right)) => read(&catalog, table, test.whole),
        "IS NULL" | "IS NOT NULL" => Node::condition(Kind::IsNull(Box::new(tested), test.op == "IS NOT NULL")),
        _ => operator(&test.op, tested, test.value.map_or_else(unknown, |value| read_value(&catalog, value))),
    };
    let mut clauses = vec![clause];
    clauses.extend(conditions.iter().filter(|c| !matches!(c.kind, ExprKind::Or(_))).map(|c| read(&catalog, table, c)));
    let fits = index.valid && prepared.judge_unconditionally(&clauses, &[]).seeks.contains(&0);
    fits.then(|| prepared.is_implied(&clauses))
}

/// A catalog that holds the table alone: its columns' types are what the comparison needs.
fn with_table(index: &Index, table: Option<&Table>) -> Catalog {
    let mut catalog = Catalog::default();
    if let Some(table) = table {
        catalog.tables.insert(index.table.clone(), table.clone());
    }
    catalog
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
    let catalog = Catalog::default();
    let sorts: Vec<Sort> = order
        .iter()
        .map(|key| Sort { node: read(&catalog, None, key.expr), descending: key.descending, nulls_first: key.nulls_first })
        .collect();
    let clauses: Vec<Node> = conditions.iter().map(|c| read(&catalog, None, c)).collect();
    Prepared::new(&catalog, index).judge(&clauses, &sorts).order
}
