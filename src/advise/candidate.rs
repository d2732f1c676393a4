//! The index that would serve one use of a table best, whatever is there already.
//!
//! Equality first, then what the rows are ordered by or one range; a GIN or GiST key by itself; a predicate only from conditions
//! that are the same each time the query runs. Nothing is advised for a negation, for a condition that no index can hold
//! (a cast that depends on the session), or where the rows are found by a unique key.

use super::ddl::Definition;
use super::print;
use crate::catalog::index_match::{Kind, Node, Sort};
use crate::catalog::uses::TableUse;
use crate::postgres::operators::family;

/// The most keys that are advised.
const MOST_KEYS: usize = 4;

/// One key wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its expression.
    pub node: Node,
    /// An operator class other than the default.
    pub class: Option<&'static str>,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST or LAST, where it is not the direction's default.
    pub nulls_first: Option<bool>,
}

impl Wanted {
    fn plain(node: &Node) -> Self {
        Wanted { node: node.unlabelled().clone(), class: None, descending: false, nulls_first: None }
    }

    fn sql(&self) -> Option<String> {
        let class = self.class.map_or(String::new(), |class| format!(" {class}"));
        let direction = if self.descending { " DESC" } else { "" };
        let nulls = match self.nulls_first {
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
            None => "",
        };
        Some(format!("{}{class}{direction}{nulls}", print::key(&self.node)?))
    }
}

/// The index that one use of a table asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Access method.
    pub method: &'static str,
    /// Keys tested for one value each, in no order.
    pub equal: Vec<Wanted>,
    /// Keys after those, in order: a range, or the order of the rows.
    pub tail: Vec<Wanted>,
    /// Conditions that every run of the query has.
    pub predicate: Vec<Node>,
}

impl Candidate {
    /// The definition with its keys in this order; `None` where one cannot be written.
    pub fn definition(&self) -> Option<Definition> {
        let keys: Vec<&Wanted> = self.equal.iter().chain(&self.tail).collect();
        let sql: Option<Vec<String>> = keys.iter().map(|key| key.sql()).collect();
        let trigram = keys.iter().any(|key| key.class == Some("gin_trgm_ops"));
        let mut labels: Vec<String> = keys.iter().map(|key| print::label(&key.node)).collect();
        if trigram {
            labels.push("trgm".to_owned());
        }
        let parts: Option<Vec<String>> = self.predicate.iter().map(print::expression).collect();
        let predicate = parts?.join(" AND ");
        Some(Definition {
            method: self.method.to_owned(),
            keys: sql?,
            labels,
            include: vec![],
            predicate: (!predicate.is_empty()).then_some(predicate),
        })
    }
}

/// What a clause asks of an index.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// One value of a key, or several.
    Equal(Wanted, bool),
    /// A range of a key.
    Range(Wanted),
    /// A key of another access method.
    Method(&'static str, Wanted),
    /// Rows that are the same each time: a predicate.
    Constant(Node),
    /// Nothing that an index gives.
    Nothing,
}

/// What a clause asks of an index.
pub fn asks(clause: &Node) -> Asks {
    match &clause.kind {
        Kind::Op(op, list) if list.len() == 2 => {
            let (tested, value) = if list[0].is_value() { (&list[1], &list[0]) } else { (&list[0], &list[1]) };
            let op = if list[0].is_value() { crate::catalog::index_match::node::commuted(op).unwrap_or("") } else { op };
            if tested.is_value() || !value.is_value() || !can_hold(tested) {
                return Asks::Nothing;
            }
            operator(op, tested, value)
        }
        Kind::Any(op, left, array) if array.is_value() && !left.is_value() && can_hold(left) => match op.as_str() {
            "=" => Asks::Equal(Wanted::plain(left), true),
            _ => Asks::Nothing,
        },
        Kind::IsNull(tested, false) if can_hold(tested) => Asks::Constant(clause.clone()),
        Kind::Column(_) if clause.ty.as_deref() == Some("bool") => Asks::Constant(clause.clone()),
        Kind::Not(inner) if matches!(inner.kind, Kind::Column(_)) => Asks::Constant(clause.clone()),
        Kind::RowCompare(_, left, _) => match left.first() {
            Some(first) if can_hold(first) => Asks::Range(Wanted::plain(first)),
            _ => Asks::Nothing,
        },
        Kind::Or(arms) => same_equality(arms),
        _ => Asks::Nothing,
    }
}

/// `a = 1 OR a = 2` asks what `a IN (1, 2)` asks.
fn same_equality(arms: &[Node]) -> Asks {
    let mut found: Option<Wanted> = None;
    for arm in arms {
        match (asks(arm), &found) {
            (Asks::Equal(key, _), None) => found = Some(key),
            (Asks::Equal(key, _), Some(first)) if key == *first => {}
            _ => return Asks::Nothing,
        }
    }
    found.map_or(Asks::Nothing, |key| Asks::Equal(key, true))
}

fn operator(op: &str, tested: &Node, value: &Node) -> Asks {
    let ty = tested.ty.as_deref().unwrap_or("");
    let key = || Wanted::plain(tested);
    // The column is converted for this comparison, or the types have no operator in common: an index on it would not be used.
    let converted = matches!(tested.kind, Kind::Cast(_, _, false))
        && !matches!(&tested.kind, Kind::Cast(inner, ..) if matches!(inner.kind, Kind::Op(..)));
    let with_class = |class| Wanted { class: Some(class), ..key() };
    match op {
        "=" | "<" | "<=" | ">" | ">=" if converted => Asks::Nothing,
        "=" | "<" | "<=" | ">" | ">=" if matches!(family(ty), "json" | "point" | "xml" | "box") => Asks::Nothing,
        "=" => Asks::Equal(key(), false),
        "<" | "<=" | ">" | ">=" => Asks::Range(key()),
        "~~" => match value.text() {
            Some(text) if text.starts_with(['%', '_']) => Asks::Method("gin", with_class("gin_trgm_ops")),
            _ if matches!(value.kind, Kind::Const(_)) => {
                Asks::Range(with_class(if ty == "bpchar" { "bpchar_pattern_ops" } else { "text_pattern_ops" }))
            }
            _ => Asks::Method("gin", with_class("gin_trgm_ops")),
        },
        "~~*" | "~" | "~*" => Asks::Method("gin", with_class("gin_trgm_ops")),
        "@>" | "@?" | "@@" if ty == "jsonb" => Asks::Method("gin", with_class("jsonb_path_ops")),
        "?" | "?|" | "?&" if ty == "jsonb" => Asks::Method("gin", key()),
        "@>" | "&&" | "<@" if ty.ends_with("[]") => Asks::Method("gin", key()),
        "@@" if ty == "tsvector" => Asks::Method("gin", key()),
        "@>" | "<@" | "&&" | "<<" | ">>" | "-|-" if family(ty) == "range" => Asks::Method("gist", key()),
        "<@" | "&&" | "@>" if matches!(ty, "point" | "box" | "circle" | "polygon") => Asks::Method("gist", key()),
        ">>=" | "&&" | ">>" if matches!(ty, "inet" | "cidr") => Asks::Method("gist", with_class("inet_ops")),
        "<<" | "<<=" if matches!(ty, "inet" | "cidr") => Asks::Range(key()),
        _ => Asks::Nothing,
    }
}

/// Whether an index can hold the expression: immutable as far as is known, and printable.
pub fn can_hold(node: &Node) -> bool {
    let mut fine = true;
    node.walk(&mut |n| {
        fine &= match &n.kind {
            Kind::Cast(inner, to, false) => is_immutable_cast(inner.ty.as_deref(), to),
            Kind::Call(name, args, volatile) => !volatile && is_immutable_call(name, args),
            Kind::Param(_) | Kind::Outside(_) | Kind::Subquery(..) => false,
            Kind::Other(form, _) => form == "[]",
            _ => true,
        }
    });
    fine && !node.columns().is_empty() && print::key(node).is_some()
}

fn is_immutable_cast(from: Option<&str>, to: &str) -> bool {
    let times = ["date", "timestamp", "timestamptz", "time", "timetz", "interval"];
    let base = to.split('(').next().unwrap_or(to).trim();
    let zone = |ty: &str| ty == "timestamptz" || ty == "timetz" || ty.contains("with time zone");
    match from {
        Some(from) if times.contains(&from) => times.iter().any(|t| base.starts_with(t)) && zone(from) == zone(base),
        Some(_) => !times.iter().any(|t| base.starts_with(t)),
        None => false,
    }
}

fn is_immutable_call(name: &str, args: &[Node]) -> bool {
    const SETTLED: &[&str] = &[
        "lower",
        "upper",
        "btrim",
        "ltrim",
        "rtrim",
        "left",
        "right",
        "substring",
        "substr",
        "md5",
        "length",
        "char_length",
        "abs",
        "coalesce",
        "nullif",
        "replace",
        "split_part",
        "jsonb_extract_path_text",
        "jsonb_extract_path",
        "jsonb_array_length",
        "mod",
        "reverse",
    ];
    match name {
        "date_trunc" | "extract" | "date_part" => {
            args.get(1).and_then(|a| a.ty.as_deref()).is_some_and(|t| t == "timestamp" || t == "date" && name != "date_trunc")
        }
        "timezone" => args.first().is_some_and(Node::is_const),
        "to_tsvector" => args.len() == 2 && args[0].is_const(),
        _ => SETTLED.contains(&name),
    }
}

/// The index that a use of a table asks for, and one for each arm of an OR; empty where none would help.
pub fn candidates(table: &TableUse) -> Vec<Candidate> {
    let clauses: Vec<&Node> = table.clauses.iter().filter(|c| !c.join).map(|c| &c.node).collect();
    let joins: Vec<&Node> = table.clauses.iter().filter(|c| c.join).map(|c| &c.node).collect();
    let sorts = if table.limit.is_some() || table.order_keys.is_empty() && !table.order.is_empty() { &table.order[..] } else { &[] };
    let own = of_clauses(&clauses, sorts);
    let found = match own {
        Some(candidate) => vec![candidate],
        None => arms(&clauses),
    };
    if !found.is_empty() {
        return found;
    }
    let driven = table.has_driver && !joins.is_empty();
    let lookups: Vec<&Node> = joins.into_iter().chain(clauses).collect();
    if driven { of_clauses(&lookups, &[]).into_iter().collect() } else { vec![] }
}

/// One index for each arm of an OR, where each has one.
fn arms(clauses: &[&Node]) -> Vec<Candidate> {
    for clause in clauses {
        let Kind::Or(arms) = &clause.kind else { continue };
        let each: Option<Vec<Candidate>> = arms
            .iter()
            .map(|arm| {
                let own = arm.clone().conjuncts();
                of_clauses(&own.iter().collect::<Vec<_>>(), &[]).filter(|c| !c.equal.is_empty() || !c.tail.is_empty())
            })
            .collect();
        if let Some(each) = each.filter(|each| each.len() <= 4) {
            return each;
        }
    }
    vec![]
}

fn of_clauses(clauses: &[&Node], sorts: &[Sort]) -> Option<Candidate> {
    let mut candidate = Candidate { method: "btree", equal: vec![], tail: vec![], predicate: vec![] };
    let (mut several, mut ranges, mut methods) = (vec![], vec![], vec![]);
    for clause in clauses {
        match asks(clause) {
            Asks::Equal(key, false) if !candidate.equal.contains(&key) => candidate.equal.push(key),
            Asks::Equal(key, true) => several.push(key),
            Asks::Range(key) => ranges.push(key),
            Asks::Method(method, key) => methods.push((method, key)),
            Asks::Constant(node) => candidate.predicate.push(node),
            _ => {}
        }
    }
    if candidate.equal.is_empty() && several.is_empty() && !methods.is_empty() {
        let (method, key) = methods.swap_remove(0);
        return Some(Candidate { method, equal: vec![], tail: vec![key], predicate: candidate.predicate });
    }
    let fixed = |node: &Node, equal: &[Wanted]| equal.iter().any(|key| key.node.is_operand(node));
    let wanted: Vec<&Sort> = sorts.iter().filter(|sort| !fixed(&sort.node, &candidate.equal)).collect();
    let sortable = !wanted.is_empty() && wanted.iter().all(|sort| can_hold(&sort.node)) && several.is_empty();
    if sortable && candidate.equal.len() + wanted.len() <= MOST_KEYS + 1 {
        // backwards is as good as forwards
        let turned = wanted.iter().all(|s| s.descending);
        for sort in wanted {
            let descending = sort.descending != turned;
            let nulls_first = sort.nulls_first != turned;
            let nulls_first = (nulls_first != descending).then_some(nulls_first);
            candidate.tail.push(Wanted { node: sort.node.unlabelled().clone(), class: None, descending, nulls_first });
        }
    } else {
        candidate.equal.extend(several.into_iter().filter(|key| !candidate.equal.contains(key)).take(2).collect::<Vec<_>>());
        let range = ranges.into_iter().find(|key| !fixed(&key.node, &candidate.equal));
        candidate.tail.extend(range);
    }
    candidate.equal.truncate(MOST_KEYS - candidate.tail.len().min(1));
    let keyless = candidate.equal.is_empty() && candidate.tail.is_empty();
    (!keyless).then_some(candidate)
}
