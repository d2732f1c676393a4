//! The index that would serve one use of a table best, whatever is there already.
//!
//! Equality first, then what the rows are ordered by or one range; a GIN or GiST key by itself; a predicate only from conditions
//! that are the same each time the query runs. Nothing is advised for a negation, for a condition that no index can hold
//! (a cast that depends on the session), or where the rows are found by a unique key.

use super::ddl::Definition;
use super::{immutable, print, worth};
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
    let converted = match &tested.kind {
        Kind::Cast(inner, to, false) if !matches!(inner.kind, Kind::Op(..)) => !immutable::is_asked_for(inner.ty.as_deref(), to),
        _ => false,
    };
    let with_class = |class| Wanted { class: Some(class), ..key() };
    match op {
        "=" | "<" | "<=" | ">" | ">=" if converted => Asks::Nothing,
        "=" | "<" | "<=" | ">" | ">=" if !worth::is_ordered(ty) => Asks::Nothing,
        "=" => Asks::Equal(key(), false),
        "<" | "<=" | ">" | ">=" => Asks::Range(key()),
        "~~" => match value.text() {
            Some(text) if text.starts_with(['%', '_']) => Asks::Method("gin", with_class("gin_trgm_ops")),
            _ if matches!(value.kind, Kind::Const(_)) || is_prefix(value) => {
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

/// `$1 || '%'`: the pattern's beginning is known when the query is planned for its values.
fn is_prefix(pattern: &Node) -> bool {
    match &pattern.unlabelled().kind {
        Kind::Op(op, list) if op == "||" && list.len() == 2 => {
            let starts = matches!(list[0].unlabelled().kind, Kind::Param(_)) || list[0].text().is_some_and(|t| !t.starts_with(['%', '_']));
            starts && !pattern.reads_outside() || is_prefix(&list[0]) && list[1].is_const()
        }
        _ => false,
    }
}

/// Whether an index can hold the expression: immutable as far as is known, and printable.
pub fn can_hold(node: &Node) -> bool {
    let mut fine = true;
    node.walk(&mut |n| {
        fine &= match &n.kind {
            // a literal is converted when the statement is read
            Kind::Cast(inner, to, false) => matches!(inner.kind, Kind::Const(_)) || immutable::cast(inner.ty.as_deref(), to),
            Kind::Call(name, args, volatile) => !volatile && immutable::call(name, args),
            Kind::Op(op, list) => immutable::operator(op, list),
            Kind::Column(name) => !worth::is_system_column(name),
            Kind::Param(_) | Kind::Outside(_) | Kind::Subquery(..) => false,
            Kind::Other(form, _) => form == "[]",
            _ => true,
        }
    });
    fine && !node.columns().is_empty() && print::key(node).is_some()
}

/// The index that a use of a table asks for, and one for each arm of an OR; empty where none would help.
pub fn candidates(table: &TableUse) -> Vec<Candidate> {
    candidates_knowing(table, &|_| false)
}

/// The same where it is known of some keys that they hold few values: a condition on such a key does not find a table's rows
/// if another table's rows can look them up.
pub(super) fn candidates_knowing(table: &TableUse, few: &dyn Fn(&Node) -> bool) -> Vec<Candidate> {
    let clauses: Vec<&Node> = table.clauses.iter().filter(|c| !c.join).map(|c| &c.node).collect();
    let joins: Vec<&Node> = table.clauses.iter().filter(|c| c.join).map(|c| &c.node).collect();
    let driven = table.has_driver && joins.iter().any(|join| matches!(asks(join), Asks::Equal(..)));
    let finds = |clause: &&Node| match asks(clause) {
        Asks::Equal(key, _) => !few(&key.node),
        Asks::Method(..) => true,
        _ => matches!(clause.kind, Kind::Or(_)),
    };
    if !driven || clauses.iter().any(finds) {
        let own = of_clauses(&clauses, sorts(table), few);
        let found = match own {
            Some(candidate) => vec![candidate],
            None => arms(&clauses, few),
        };
        if !found.is_empty() {
            return found;
        }
    }
    // by the tables that are cut down themselves, where there are any beside it; else by those that these lead to
    let direct: Vec<&Node> = table.clauses.iter().filter(|c| c.driven).map(|c| &c.node).collect();
    let equal = |join: &&Node| matches!(asks(join), Asks::Equal(..));
    let by = if direct.iter().any(equal) { direct } else { joins };
    let lookups: Vec<&Node> = by.into_iter().filter(|join| equal(join)).chain(clauses).collect();
    if driven { of_clauses(&lookups, &[], few).into_iter().collect() } else { vec![] }
}

/// The order that an index is wanted for: of the first rows, of the least or greatest, of the first row of each group.
fn sorts<'t>(table: &'t TableUse) -> &'t [Sort] {
    let extreme = table.order_keys.is_empty() && !table.order.is_empty();
    let groups = table.query.select().and_then(|s| s.distinct.as_ref()).is_some_and(|d| d.on.is_some());
    if table.limit.is_some() || extreme || groups { &table.order } else { &[] }
}

/// One index for each arm of an OR, where each has one.
fn arms(clauses: &[&Node], few: &dyn Fn(&Node) -> bool) -> Vec<Candidate> {
    for clause in clauses {
        let Kind::Or(arms) = &clause.kind else { continue };
        let each: Option<Vec<Candidate>> = arms
            .iter()
            .map(|arm| {
                let own = arm.clone().conjuncts();
                of_clauses(&own.iter().collect::<Vec<_>>(), &[], few).filter(|c| !c.equal.is_empty() || !c.tail.is_empty())
            })
            .collect();
        if let Some(each) = each.filter(|each| each.len() <= 4) {
            return each;
        }
    }
    vec![]
}

fn can_sort(node: &Node) -> bool {
    can_hold(node) && node.ty.as_deref().is_none_or(worth::is_ordered)
}

fn of_clauses(clauses: &[&Node], sorts: &[Sort], few: &dyn Fn(&Node) -> bool) -> Option<Candidate> {
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
    let finds = candidate.equal.iter().chain(&several).any(|key: &Wanted| !few(&key.node));
    if !finds && !methods.is_empty() {
        let (method, key) = methods.swap_remove(0);
        return Some(Candidate { method, equal: vec![], tail: vec![key], predicate: candidate.predicate });
    }
    let fixed = |node: &Node, equal: &[Wanted]| equal.iter().any(|key| key.node.is_operand(node));
    let wanted: Vec<&Sort> = sorts.iter().filter(|sort| !fixed(&sort.node, &candidate.equal)).collect();
    let sortable = !wanted.is_empty() && wanted.iter().all(|sort| can_sort(&sort.node)) && several.is_empty();
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
