//! Does what a query demands imply an index's predicate?
//!
//! As `predtest.c` proves it: node for node, through AND and OR, from strict operators to IS NOT NULL, and between comparisons
//! of one expression with constants. A parameter implies nothing: its value is not known when the plan is kept. Must not know
//! indexes.

use super::node::{Kind, Node};
use std::cmp::Ordering;

/// Lists longer than this are not taken apart, here as in PostgreSQL.
const LONGEST_LIST: usize = 100;

/// Whether all of `clauses` together imply `wanted`.
pub fn implied(clauses: &[Node], wanted: &Node) -> bool {
    proves(&Given::All(clauses), wanted, 0)
}

enum Given<'n> {
    All(&'n [Node]),
    One(&'n Node),
}

fn proves(given: &Given, wanted: &Node, depth: usize) -> bool {
    if depth > 40 {
        return false;
    }
    if wanted.truth() == Some(true) {
        return true;
    }
    let clauses: &[Node] = match given {
        Given::All(list) => list,
        Given::One(node) => match &node.kind {
            Kind::And(list) => list,
            _ => std::slice::from_ref(*node),
        },
    };
    if let Kind::And(parts) = &wanted.kind {
        return parts.iter().all(|part| proves(given, part, depth + 1));
    }
    let arms = arms(wanted);
    if let Some(arms) = &arms
        && arms.iter().any(|arm| proves(given, arm, depth + 1))
    {
        return true;
    }
    clauses.iter().any(|clause| clause_proves(clause, wanted, depth))
}

fn clause_proves(clause: &Node, wanted: &Node, depth: usize) -> bool {
    if clause == wanted || atom_proves(clause, wanted) {
        return true;
    }
    match &clause.kind {
        Kind::And(_) => proves(&Given::One(clause), wanted, depth + 1),
        _ => match self::arms(clause) {
            Some(arms) => arms.iter().all(|arm| proves(&Given::One(arm), wanted, depth + 1)),
            None => false,
        },
    }
}

/// The arms of OR, and of a list of constants.
fn arms(node: &Node) -> Option<Vec<Node>> {
    match &node.kind {
        Kind::Or(list) => Some(list.clone()),
        Kind::Any(op, left, array) => match &array.kind {
            Kind::Array(values) if values.len() <= LONGEST_LIST && !values.is_empty() => {
                let arm = |value: &Node| Node::condition(Kind::Op(op.clone(), vec![(**left).clone(), value.clone()]));
                Some(values.iter().map(arm).collect())
            }
            _ => None,
        },
        _ => None,
    }
}

fn atom_proves(clause: &Node, wanted: &Node) -> bool {
    match (&clause.kind, &wanted.kind) {
        (_, Kind::IsNull(tested, true)) => is_strict_for(clause, tested),
        (Kind::Op(op, given), Kind::Op(wanted_op, want)) if given.len() == 2 && want.len() == 2 => {
            comparison_proves(op, given, wanted_op, want)
        }
        // of `x IS TRUE` and `x` neither proves the other, as measured on 15 and 18
        _ => false,
    }
}

/// Whether a clause cannot be true where this expression is NULL.
pub fn is_strict_for(clause: &Node, tested: &Node) -> bool {
    if clause.unlabelled().kind == tested.unlabelled().kind {
        return true;
    }
    match &clause.kind {
        Kind::Op(_, list) => list.iter().any(|node| is_strict_for(node, tested)),
        Kind::Cast(inner, ..) | Kind::Not(inner) => is_strict_for(inner, tested),
        Kind::Any(_, left, array) => {
            let holds_some = !matches!(&array.kind, Kind::Array(list) if list.is_empty());
            holds_some && is_strict_for(left, tested)
        }
        Kind::Call(name, list, _) => is_strict_function(name) && list.iter().any(|node| is_strict_for(node, tested)),
        Kind::Other(form, list) if form.ends_with(" ALL") => {
            let some = list.get(1).is_some_and(|array| matches!(&array.kind, Kind::Array(values) if !values.is_empty()));
            some && list.first().is_some_and(|left| is_strict_for(left, tested))
        }
        Kind::Other(form, list) if form == "[]" => list.iter().any(|node| is_strict_for(node, tested)),
        Kind::Truth(inner, test) => matches!(test.as_str(), "TRUE" | "FALSE" | "NOT UNKNOWN") && is_strict_for(inner, tested),
        _ => false,
    }
}

/// Functions that give NULL for NULL; of others nothing is said.
fn is_strict_function(name: &str) -> bool {
    matches!(
        name,
        "lower"
            | "upper"
            | "btrim"
            | "ltrim"
            | "rtrim"
            | "substring"
            | "substr"
            | "left"
            | "right"
            | "length"
            | "char_length"
            | "md5"
            | "replace"
            | "date_trunc"
            | "extract"
            | "date_part"
            | "abs"
            | "timezone"
            | "to_tsvector"
            | "round"
            | "floor"
            | "ceil"
            | "jsonb_extract_path_text"
            | "jsonb_extract_path"
            | "jsonb_array_length"
            | "split_part"
            | "to_char"
            | "date"
            | "reverse"
            | "initcap"
    )
}

/// Between comparisons of one expression: with constants by their values, else by the operators alone.
fn comparison_proves(op: &str, given: &[Node], wanted_op: &str, want: &[Node]) -> bool {
    if given[0].unlabelled().kind != want[0].unlabelled().kind || given[0].ty != want[0].ty && given[0].ty.is_some() && want[0].ty.is_some()
    {
        return false;
    }
    if given[1].kind == want[1].kind {
        return operator_implies(op, wanted_op) && given[1].is_value();
    }
    let Some(order) = compare(&given[1], &want[1]) else {
        // other texts are other values, whatever their order
        return op == "=" && wanted_op == "<>" && differ(&given[1], &want[1]);
    };
    use Ordering::{Greater, Less};
    match (op, wanted_op, order) {
        // x = 5 proves x < 6, x <> 6, x > 4
        ("=", "<" | "<=" | "<>", Less) | ("=", ">" | ">=" | "<>", Greater) => true,
        // x < 5 proves x < 6, x <> 6
        ("<" | "<=", "<" | "<=" | "<>", Less) => true,
        (">" | ">=", ">" | ">=" | "<>", Greater) => true,
        (_, _, Ordering::Equal) => operator_implies(op, wanted_op),
        _ => false,
    }
}

fn operator_implies(op: &str, wanted: &str) -> bool {
    op == wanted || matches!((op, wanted), ("=", "<=" | ">=") | ("<", "<=" | "<>") | (">", ">=" | "<>"))
}

/// Whether two constants are certainly two values.
fn differ(a: &Node, b: &Node) -> bool {
    let plain = |ty: &Option<String>| ty.as_deref().is_some_and(|ty| matches!(ty, "text" | "uuid" | "bool") || is_user_type(ty));
    match (a.text(), b.text()) {
        (Some(x), Some(y)) => x != y && a.ty == b.ty && plain(&a.ty),
        _ => false,
    }
}

/// An enum's labels are its values.
fn is_user_type(ty: &str) -> bool {
    !crate::postgres::types::is_built_in(ty.trim_end_matches("[]")) && !ty.ends_with("[]")
}

/// How two constants compare: numbers by value, ISO dates and times by their text; `None` where that is not certain.
pub fn compare(a: &Node, b: &Node) -> Option<Ordering> {
    let (x, y) = (a.text()?, b.text()?);
    let number =
        |ty: &Option<String>| ty.as_deref().is_some_and(|t| matches!(t, "int2" | "int4" | "int8" | "numeric" | "float4" | "float8"));
    if number(&a.ty) && number(&b.ty) {
        return match (x.parse::<i128>(), y.parse::<i128>()) {
            (Ok(x), Ok(y)) => Some(x.cmp(&y)),
            _ => x.parse::<f64>().ok()?.partial_cmp(&y.parse::<f64>().ok()?),
        };
    }
    let time = |ty: &Option<String>| ty.as_deref().is_some_and(|t| matches!(t, "date" | "timestamp" | "timestamptz"));
    if time(&a.ty) && a.ty == b.ty {
        let (x, y) = (iso(x)?, iso(y)?);
        return Some(x.cmp(&y));
    }
    (x == y && a.ty == b.ty).then_some(Ordering::Equal)
}

/// `2024-01-31` with an optional time, in full; other spellings are not compared.
fn iso(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let date = digits(0..4) && digits(5..7) && digits(8..10) && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let time = match bytes.len() {
        10 => "00:00:00",
        19 if digits(11..13) && digits(14..16) && digits(17..19) => text.get(11..19)?,
        _ => return None,
    };
    date.then(|| format!("{} {time}", text.get(..10).unwrap_or_default()))
}
