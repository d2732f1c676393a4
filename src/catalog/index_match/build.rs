//! Puts nodes together as PostgreSQL's parser and constant folding do: conversions, negations, truth values, arithmetic.
//!
//! Must not know where an expression comes from.

use super::node::{Kind, Node, commuted, negated};
use crate::postgres::operators::{self, UNKNOWN};

/// Converts a node to a type, as an implicit or an explicit cast without modifiers does.
pub fn coerce(node: Node, to: &str) -> Node {
    if let Kind::Array(list) = node.kind {
        let Some(element) = to.strip_suffix("[]") else { return Node { kind: Kind::Array(list), ..node } };
        let list = list.into_iter().map(|value| coerce(value, element)).collect();
        return Node { kind: Kind::Array(list), ty: Some(to.to_owned()), collation: node.collation };
    }
    match (&node.kind, node.ty.as_deref()) {
        (_, Some(from)) if from == to => node,
        (Kind::Const(None) | Kind::Param(_), Some(UNKNOWN)) => Node { ty: Some(to.to_owned()), ..node },
        (Kind::Const(Some(text)), Some(UNKNOWN)) if to.ends_with("[]") && array_values(text).is_some() => {
            let element = to.trim_end_matches("[]");
            let values = array_values(text).unwrap_or_default();
            let value = |text: &str| Node::new(Kind::Const(Some(canonical(text, element))), Some(element));
            Node::new(Kind::Array(values.into_iter().map(value).collect()), Some(to))
        }
        (Kind::Const(Some(text)), Some(UNKNOWN)) => {
            let text = canonical(text, to);
            let collation = if to == "name" { Some("C".to_owned()) } else { node.collation.clone() };
            Node { kind: Kind::Const(Some(text)), ty: Some(to.to_owned()), collation }
        }
        (Kind::Const(_), Some(from)) if folds(from, to) => {
            let collation = if to == "name" { Some("C".to_owned()) } else { node.collation.clone() };
            Node { ty: Some(to.to_owned()), collation, ..node }
        }
        (_, Some(UNKNOWN)) => Node { ty: Some(to.to_owned()), ..node },
        (_, from) => {
            let relabels = from.is_some_and(|from| operators::is_relabelling(from, to));
            let collation = if to == "name" { Some("C".to_owned()) } else { node.collation.clone() };
            Node { kind: Kind::Cast(Box::new(node), to.to_owned(), relabels), ty: Some(to.to_owned()), collation }
        }
    }
}

/// The values of an array's text (`{a,b}`), where it is flat and holds nothing quoted.
fn array_values(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.contains(['{', '"', '\\']) || inner.to_ascii_lowercase().contains("null") {
        return None;
    }
    Some(if inner.is_empty() { vec![] } else { inner.split(',').map(str::trim).collect() })
}

/// Whether a constant of one type is turned into another before planning.
fn folds(from: &str, to: &str) -> bool {
    const NUMBERS: &[&str] = &["int2", "int4", "int8", "numeric", "float4", "float8", "oid"];
    const TEXTS: &[&str] = &["text", "varchar", "bpchar", "name", "citext"];
    let whole_first = !matches!(from, "numeric" | "float4" | "float8") || !matches!(to, "int2" | "int4" | "int8" | "oid");
    (NUMBERS.contains(&from) && NUMBERS.contains(&to) && whole_first)
        || (TEXTS.contains(&from) && TEXTS.contains(&to))
        || (TEXTS.contains(&from) && matches!(to, "int2" | "int4" | "int8" | "numeric" | "uuid" | "jsonb" | "bool" | "inet"))
}

/// A constant's text in one spelling, so that equal constants are equal texts.
fn canonical(text: &str, ty: &str) -> String {
    match ty {
        "bool" => match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "yes" | "on" | "1" | "y" => "t".to_owned(),
            _ => "f".to_owned(),
        },
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "oid" => number(text.trim()),
        "uuid" => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

/// Digits without a leading `+`, without `_`.
pub fn number(text: &str) -> String {
    text.trim_start_matches('+').replace('_', "")
}

/// The type of a number as written.
pub fn number_type(digits: &str) -> &'static str {
    let plain = number(digits);
    let lower = plain.to_ascii_lowercase();
    if lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with("0b") || plain.parse::<i32>().is_ok() {
        "int4"
    } else if plain.parse::<i64>().is_ok() {
        "int8"
    } else {
        "numeric"
    }
}

/// `left op right`, with the conversions that its types ask for, the value on the right where there is one.
pub fn operator(op: &str, left: Node, right: Node) -> Node {
    let types = operators::operands(op, left.ty.as_deref(), right.ty.as_deref());
    let to = |node: Node, ty: &Option<String>| match ty {
        Some(ty) => coerce(node, ty),
        None => node,
    };
    let (left, right) = (to(left, &types.left), to(right, &types.right));
    if let Some(folded) = fold(op, &left, &right) {
        return folded;
    }
    if types.result.as_deref() == Some("bool") && (left.is_null() || right.is_null()) {
        // operators that give truth values are strict
        return Node::new(Kind::Const(None), Some("bool"));
    }
    if types.result.as_deref() == Some("bool") && (op == "=" || op == "<>") {
        // `x = true` is `x`, `x = false` is NOT x.
        if let (Some("bool"), Some(truth)) = (left.ty.as_deref(), right.truth()) {
            return if truth == (op == "=") { left } else { not(left) };
        }
        if let (Some("bool"), Some(truth)) = (right.ty.as_deref(), left.truth()) {
            return if truth == (op == "=") { right } else { not(right) };
        }
    }
    let collation = left.collation.clone().or(right.collation.clone());
    let turned = (left.is_value() && !right.is_value()).then(|| commuted(op)).flatten();
    let kind = match turned {
        Some(op) if types.result.as_deref() == Some("bool") => Kind::Op(op.to_owned(), vec![right, left]),
        _ => Kind::Op(op.to_owned(), vec![left, right]),
    };
    let collation = collation.filter(|_| matches!(types.result.as_deref(), Some("text" | "varchar")));
    Node { kind, ty: types.result, collation }
}

/// Arithmetic, concatenation and comparison of constants.
fn fold(op: &str, left: &Node, right: &Node) -> Option<Node> {
    let (a, b) = (left.text()?, right.text()?);
    let ty = left.ty.as_deref()?;
    if op == "||" && ty == "text" {
        return Some(Node::new(Kind::Const(Some(format!("{a}{b}"))), Some("text")));
    }
    if op == "=" && ty == right.ty.as_deref()? && a == b {
        return Some(Node::boolean(true));
    }
    let (x, y) = (a.parse::<i64>().ok()?, b.parse::<i64>().ok()?);
    let whole = |n: i64| Some(Node::new(Kind::Const(Some(n.to_string())), Some(ty)));
    if !matches!(ty, "int2" | "int4" | "int8") {
        return None;
    }
    match op {
        "+" => whole(x.checked_add(y)?),
        "-" => whole(x.checked_sub(y)?),
        "*" => whole(x.checked_mul(y)?),
        "/" => whole(x.checked_div(y)?),
        "=" => Some(Node::boolean(x == y)),
        "<>" => Some(Node::boolean(x != y)),
        "<" => Some(Node::boolean(x < y)),
        ">" => Some(Node::boolean(x > y)),
        "<=" => Some(Node::boolean(x <= y)),
        ">=" => Some(Node::boolean(x >= y)),
        _ => None,
    }
}

/// The negation, pushed down as far as the planner pushes it.
pub fn not(node: Node) -> Node {
    match node.kind {
        Kind::Not(inner) => *inner,
        Kind::And(list) => or(list.into_iter().map(not).collect()),
        Kind::Or(list) => and(list.into_iter().map(not).collect()),
        Kind::IsNull(inner, negated) => Node::condition(Kind::IsNull(inner, !negated)),
        Kind::Truth(inner, test) => {
            let turned = match test.strip_prefix("NOT ") {
                Some(test) => test.to_owned(),
                None => format!("NOT {test}"),
            };
            Node::condition(Kind::Truth(inner, turned))
        }
        Kind::Op(op, list) if list.len() == 2 && negated(&op).is_some() => {
            let op = negated(&op).unwrap_or_default().to_owned();
            Node { kind: Kind::Op(op, list), ty: node.ty, collation: node.collation }
        }
        Kind::Const(Some(text)) => Node::boolean(text != "t"),
        Kind::Any(op, left, right) if negated(&op).is_some() => {
            Node::condition(Kind::Other(format!("{} ALL", negated(&op).unwrap_or_default()), vec![*left, *right]))
        }
        kind => Node::condition(Kind::Not(Box::new(Node { kind, ty: node.ty, collation: node.collation }))),
    }
}

/// All of these: nested ANDs are one list, TRUE is left out.
pub fn and(list: Vec<Node>) -> Node {
    let mut all: Vec<Node> = vec![];
    for node in list {
        match node.kind {
            Kind::And(inner) => inner.into_iter().for_each(|n| push(&mut all, n)),
            _ if node.truth() == Some(true) => {}
            _ => push(&mut all, node),
        }
    }
    match all.len() {
        0 => Node::boolean(true),
        1 => all.remove(0),
        _ => Node::condition(Kind::And(all)),
    }
}

fn push(all: &mut Vec<Node>, node: Node) {
    if !all.contains(&node) {
        all.push(node);
    }
}

/// Any of these: nested ORs are one list, FALSE is left out, and what every arm demands stands before the OR.
pub fn or(list: Vec<Node>) -> Node {
    let mut arms: Vec<Node> = vec![];
    for node in list {
        match node.kind {
            Kind::Or(inner) => inner.into_iter().for_each(|n| push(&mut arms, n)),
            _ if node.truth() == Some(false) || node.is_null() => {}
            _ => push(&mut arms, node),
        }
    }
    if arms.len() < 2 {
        return arms.pop().unwrap_or_else(|| Node::boolean(false));
    }
    let parts = |arm: &Node| match &arm.kind {
        Kind::And(list) => list.clone(),
        _ => vec![arm.clone()],
    };
    let split: Vec<Vec<Node>> = arms.iter().map(parts).collect();
    let mut common = split[0].clone();
    common.retain(|part| split.iter().all(|arm| arm.contains(part)));
    if common.is_empty() {
        return Node::condition(Kind::Or(arms));
    }
    let rest: Vec<Vec<Node>> = split.into_iter().map(|arm| arm.into_iter().filter(|part| !common.contains(part)).collect()).collect();
    let mut all = common;
    // an arm that demands nothing more makes the others superfluous
    if rest.iter().all(|arm: &Vec<Node>| !arm.is_empty()) {
        all.push(Node::condition(Kind::Or(rest.into_iter().map(and).collect())));
    }
    and(all)
}

/// `left op (list)`: an array where the values are fixed, else one test after the other.
pub fn in_list(left: Node, list: Vec<Node>) -> Node {
    let (mut fixed, other): (Vec<Node>, Vec<Node>) = list.into_iter().partition(|node| node.is_value() && !node.reads_outside());
    let mut arms = vec![];
    if fixed.len() == 1 {
        arms.push(operator("=", left.clone(), fixed.remove(0)));
    } else if !fixed.is_empty() {
        let common = common_type(left.ty.as_deref(), &fixed);
        if let Some(common) = &common {
            fixed = fixed.into_iter().map(|value| coerce(value, common)).collect();
        }
        let types = operators::operands("=", left.ty.as_deref(), common.as_deref());
        let tested = match &types.left {
            Some(ty) => coerce(left.clone(), ty),
            None => left.clone(),
        };
        let array = Node { kind: Kind::Array(fixed), ty: common.map(|ty| format!("{ty}[]")), collation: None };
        let array = match &types.right {
            Some(ty) => coerce(array, &format!("{ty}[]")),
            None => array,
        };
        arms.push(Node::condition(Kind::Any("=".to_owned(), Box::new(tested), Box::new(array))));
    }
    arms.extend(other.into_iter().map(|value| operator("=", left.clone(), value)));
    or(arms)
}

/// The type that values are brought to together (the manual's section 10.5).
pub fn common_type(first: Option<&str>, rest: &[Node]) -> Option<String> {
    let mut common = first?;
    for node in rest {
        let ty = node.ty.as_deref()?;
        common = match (common, ty) {
            (a, b) if a == b || b == UNKNOWN => a,
            (UNKNOWN, b) => b,
            (a, b) => wider(a, b)?,
        };
    }
    Some(if common == UNKNOWN { "text".to_owned() } else { common.to_owned() })
}

fn wider<'t>(a: &'t str, b: &'t str) -> Option<&'t str> {
    const ORDERS: &[&[&str]] = &[
        &["int2", "int4", "int8", "numeric", "float4", "float8"],
        &["date", "timestamp", "timestamptz"],
        &["int2", "int4", "oid"],
        &["cidr", "inet"],
        &["bpchar", "varchar", "name", "citext", "text"],
    ];
    let order = ORDERS.iter().find(|order| order.contains(&a) && order.contains(&b))?;
    let place = |ty: &str| order.iter().position(|t| *t == ty);
    // varchar and bpchar: the first named is kept, each can become the other
    if matches!((a, b), ("bpchar", "varchar") | ("varchar", "bpchar")) {
        return Some(a);
    }
    Some(if place(a) >= place(b) { a } else { b })
}

/// `(a, b) op (x, y)`.
pub fn rows(op: &str, left: Vec<Node>, right: Vec<Node>) -> Node {
    match op {
        "=" => and(left.into_iter().zip(right).map(|(l, r)| operator("=", l, r)).collect()),
        "<>" => or(left.into_iter().zip(right).map(|(l, r)| operator("<>", l, r)).collect()),
        _ => {
            // types as the single comparisons would have them; the order of the sides is kept
            let turned = left.iter().all(Node::is_value) && !right.iter().all(Node::is_value);
            let (op, left, right) = match commuted(op) {
                Some(op) if turned => (op, right, left),
                _ => (op, left, right),
            };
            let (mut ls, mut rs) = (vec![], vec![]);
            for (l, r) in left.into_iter().zip(right) {
                let types = operators::operands(op, l.ty.as_deref(), r.ty.as_deref());
                ls.push(types.left.map_or(l.clone(), |ty| coerce(l, &ty)));
                rs.push(types.right.map_or(r.clone(), |ty| coerce(r, &ty)));
            }
            Node::condition(Kind::RowCompare(op.to_owned(), ls, rs))
        }
    }
}

/// `IS NULL` or `IS NOT NULL`.
pub fn null_test(node: Node, negated: bool) -> Node {
    match &node.kind {
        Kind::Const(value) => Node::boolean(value.is_none() != negated),
        _ => Node::condition(Kind::IsNull(Box::new(node), negated)),
    }
}

/// The collation that an operator with these operands compares by: an explicit one (`!` before it) before a column's own.
pub fn operand_collation<'n>(left: &'n Node, right: &'n Node) -> Option<&'n str> {
    let both = [left.collation.as_deref(), right.collation.as_deref()];
    let explicit = both.iter().flatten().find(|c| c.starts_with('!')).copied();
    collation(explicit.or(both[0]).or(both[1]))
}

/// A collation by its name; `None` for the database's default.
pub fn collation(stored: Option<&str>) -> Option<&str> {
    stored.map(|c| c.strip_prefix('!').unwrap_or(c)).filter(|c| *c != "default")
}
