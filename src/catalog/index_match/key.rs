//! Does one key of an index serve one clause?
//!
//! As `match_clause_to_indexcol` decides it: the key's expression stands on one side, a value on the other, and the operator
//! that the parser picked belongs to the key's operator class, under the key's collation. Patterns become ranges, conditions
//! on a boolean column become equality. Must not know rules.

use super::build::{self, operand_collation};
use super::node::{Kind, Node};
use crate::catalog::Catalog;
use crate::facts::{IndexKey, TypeKind};
use crate::postgres::opclass;
use crate::postgres::operators::{class_family, family, is_comparison};

/// One key of an index, read.
#[derive(Debug)]
pub struct Key {
    /// Its expression.
    pub node: Node,
    /// Its operator class, as written or by default; `None` where that is not known.
    pub class: Option<String>,
    /// Its collation, where it is not the database's default.
    pub collation: Option<String>,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, the direction's default applied.
    pub nulls_first: bool,
}

/// How a key serves a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// One value (`=`, IS NULL, a boolean column), after which the next key still bounds the scan.
    Equal,
    /// Several single values (IN, ANY).
    OneOf,
    /// A range, or whatever else the access method searches by.
    Search,
}

impl Key {
    /// Reads a key of an index.
    pub fn new(method: &str, key: &IndexKey, node: Node, catalog: &Catalog) -> Key {
        let class = match &key.opclass {
            Some(class) => Some(class.name.value.to_string()),
            None => default_class(method, node.ty.as_deref(), catalog),
        };
        let written = key.collation.as_ref().map(|c| c.name.value.clone());
        let collation = build::collation(written.as_deref().or(node.collation.as_deref())).map(str::to_owned);
        Key { node, class, collation, descending: key.descending, nulls_first: key.nulls_first.unwrap_or(key.descending) }
    }

    /// How this key of an index of that method serves a clause; `None` where it does not.
    pub fn serves(&self, method: &str, clause: &Node) -> Option<Use> {
        self.matched(method, clause).or_else(|| self.boolean(method, clause))
    }

    fn matched(&self, method: &str, clause: &Node) -> Option<Use> {
        match &clause.kind {
            Kind::Op(op, list) if list.len() == 2 => {
                if list[0].is_operand(&self.node) && list[1].is_value() {
                    return self.operator(method, op, &list[0], &list[1]);
                }
                // a join condition has a column of each side: either may be the key
                let turned = super::node::commuted(op)?;
                (list[1].is_operand(&self.node) && list[0].is_value()).then(|| self.operator(method, turned, &list[1], &list[0])).flatten()
            }
            Kind::Any(op, left, array) => {
                let derived = crate::postgres::operators::is_pattern(op) && !matches!(method, "gin" | "gist");
                let searches = left.is_operand(&self.node) && array.is_value() && !derived;
                let element = element(array);
                searches.then(|| self.operator(method, op, left, &element)).flatten().map(|used| match used {
                    Use::Equal => Use::OneOf,
                    other => other,
                })
            }
            Kind::IsNull(tested, negated) => {
                let able = matches!(method, "btree" | "gist" | "spgist" | "brin");
                (able && tested.is_operand(&self.node)).then_some(if *negated { Use::Search } else { Use::Equal })
            }
            Kind::RowCompare(op, left, right) => {
                let (first, value) = (left.first()?, right.first()?);
                let fits = method == "btree" && first.is_operand(&self.node) && right.iter().all(Node::is_value);
                fits.then(|| self.operator(method, op, first, value)).flatten()
            }
            Kind::Call(name, args, _) if name == "starts_with" && args.len() == 2 && args[0].is_operand(&self.node) => {
                self.prefix(method, &args[0], "^@", &args[1])
            }
            _ => None,
        }
    }

    /// `active`, `NOT active`, `active IS TRUE` on a key of type boolean.
    fn boolean(&self, method: &str, clause: &Node) -> Option<Use> {
        if self.node.ty.as_deref() != Some("bool") || !matches!(method, "btree" | "hash") {
            return None;
        }
        let fits = match &clause.kind {
            Kind::Not(inner) => **inner == self.node,
            Kind::Truth(inner, test) => matches!(test.as_str(), "TRUE" | "FALSE") && **inner == self.node,
            _ => *clause == self.node,
        };
        fits.then_some(Use::Equal)
    }

    fn operator(&self, method: &str, op: &str, tested: &Node, value: &Node) -> Option<Use> {
        let collated = |ok: Option<Use>| if self.collates(op, tested, value) { ok } else { None };
        match method {
            "btree" | "hash" => {
                if is_comparison(op) {
                    // hashes are made for each kind of time by itself
                    let hashed =
                        method == "btree" || op == "=" && (tested.ty == value.ty || tested.ty.as_deref().map(family) != Some("datetime"));
                    let fits = self.in_family(tested, value) && op != "<>" && hashed;
                    let byte_order = self.class.as_deref().is_some_and(|c| c.ends_with("_pattern_ops"));
                    let used = if op == "=" { Use::Equal } else { Use::Search };
                    return collated((fits && (op == "=" || !byte_order)).then_some(used));
                }
                if matches!(op, "~<~" | "~<=~" | "~>=~" | "~>~") {
                    return self.class.as_deref().is_some_and(|c| c.ends_with("_pattern_ops")).then_some(Use::Search);
                }
                if matches!(op, "<<" | "<<=") && tested.ty.as_deref().is_some_and(|t| t == "inet" || t == "cidr") {
                    // the subnet becomes a range, where it is known
                    return (method == "btree" && value.is_const()).then_some(Use::Search);
                }
                if matches!(op, "@>") && value.ty.is_some() {
                    return None;
                }
                self.prefix(method, tested, op, value)
            }
            _ => {
                let Some(class) = &self.class else { return Some(Use::Search) };
                let served = match opclass::operators(method, class) {
                    Some(operators) => operators.contains(&op) && self.operand_fits(method, class, op, tested, value),
                    // A class that nobody listed may serve it: unknown is not absent.
                    None => true,
                };
                if !served {
                    return (method == "spgist" || method == "brin").then(|| self.prefix(method, tested, op, value)).flatten();
                }
                let used = if op == "=" { Use::Equal } else { Use::Search };
                if is_comparison(op) || class.ends_with("trgm_ops") { collated(Some(used)) } else { Some(used) }
            }
        }
    }

    /// Whether the operator compares under the key's collation; only texts have one.
    fn collates(&self, _op: &str, tested: &Node, value: &Node) -> bool {
        let texts = tested.ty.as_deref().is_none_or(|ty| matches!(ty, "text" | "varchar" | "bpchar" | "citext" | "name"));
        !texts || operand_collation(tested, value) == self.collation.as_deref()
    }

    /// Whether the operands' types are of the class's family.
    fn in_family(&self, tested: &Node, value: &Node) -> bool {
        let Some(class) = &self.class else { return true };
        let of_class = class_family(class);
        let fits = |node: &Node| match node.ty.as_deref() {
            None | Some("unknown") => true,
            Some(ty) => {
                let of = family(ty);
                // an array's, enum's or range's class serves all of its kind
                of == of_class
                    || (of == "text" && of_class == "text_pattern_ops")
                    || (of == "bpchar" && of_class == "bpchar_pattern_ops")
                    || (of == "citext" && of_class == "citext_pattern_ops")
                    || matches!(of_class, "enum" | "record" | "array" | "range" | "multirange") && (of == of_class || !is_plain(of))
            }
        };
        fits(tested) && fits(value)
    }

    /// Right-hand types where a class has one operator for several.
    fn operand_fits(&self, method: &str, class: &str, op: &str, tested: &Node, value: &Node) -> bool {
        let ty = tested.ty.as_deref();
        if matches!((method, class), ("brin", c) if c.contains("minmax") || c.contains("bloom")) {
            let of = class.split("_minmax").next().and_then(|c| c.split("_bloom").next()).unwrap_or_default();
            if tested.ty.as_deref() == Some("name") {
                return value.ty.as_deref() == Some("name");
            }
            let right = value.ty.as_deref().is_none_or(|v| v == "unknown" || family(v) == family(of) || !is_plain(family(v)));
            return right && ty.is_none_or(|t| family(t) == family(of));
        }
        match (class, op) {
            ("jsonb_ops" | "jsonb_path_ops", _) => ty.is_none_or(|t| t == "jsonb"),
            // A regular expression or pattern of a text; citext and bpchar have operators of their own.
            ("gin_trgm_ops" | "gist_trgm_ops", _) => ty.is_none_or(|t| t == "text"),
            ("text_ops", _) if method == "spgist" => ty.is_none_or(|t| family(t) == "text"),
            ("quad_point_ops" | "kd_point_ops", "<@") => value.ty.as_deref().is_none_or(|v| v == "box"),
            // btree_gin and btree_gist have no operator across types.
            _ if is_comparison(op) => {
                let scalar = class.strip_prefix("gist_").unwrap_or(class);
                let of_class =
                    ty.is_none_or(|t| family(t) == class_family(scalar) || !is_plain(family(t)) || !is_plain(class_family(scalar)));
                ty.is_none() || value.ty.is_none() || tested.ty == value.ty && of_class
            }
            _ => true,
        }
    }

    /// `LIKE 'x%'` and its kin as a range; a pattern without wildcards as equality.
    fn prefix(&self, method: &str, tested: &Node, op: &str, value: &Node) -> Option<Use> {
        let of = match tested.ty.as_deref() {
            None | Some("text" | "varchar" | "name") => "text",
            Some("bpchar") => "bpchar",
            _ => return None,
        };
        if op == "^@" && tested.ty.as_deref() == Some("bpchar") || !matches!(op, "~~" | "~~*" | "~" | "~*" | "^@") {
            return None;
        }
        if !self.in_family(tested, tested) && !matches!(method, "spgist" | "brin") {
            return None;
        }
        let pattern = self.class.as_deref().is_some_and(|c| c.ends_with("_pattern_ops")) || (method == "spgist" && of == "text");
        let in_c = self.collation.as_deref().is_some_and(|c| matches!(c, "C" | "POSIX" | "ucs_basic"));
        let known = match (value.text(), &value.kind) {
            (Some(text), _) => fixed_prefix(op, text, pattern || in_c),
            // With a parameter, plans made for its value can use the pattern's beginning.
            (None, Kind::Param(_)) if op != "~~*" && op != "~*" => Prefix::Some,
            _ => Prefix::None,
        };
        match known {
            Prefix::Whole if op != "^@" => Some(Use::Equal),
            Prefix::None => None,
            _ if method == "hash" => None,
            _ => (pattern || in_c).then_some(Use::Search),
        }
    }
}

/// A built-in scalar's family; of others nothing is known.
fn is_plain(family: &str) -> bool {
    crate::postgres::types::is_built_in(family)
        || matches!(family, "integer" | "float" | "datetime" | "array" | "range" | "multirange" | "text_pattern_ops")
}

/// One value of an array.
fn element(array: &Node) -> Node {
    match &array.kind {
        Kind::Array(list) if !list.is_empty() => list[0].clone(),
        _ => {
            let ty = array.ty.as_deref().map(|ty| ty.strip_suffix("[]").unwrap_or(ty).to_owned());
            Node { kind: Kind::Param(String::new()), ty, collation: None }
        }
    }
}

/// The default class of a type: of enums, domains' bases and ranges too.
pub fn default_class(method: &str, ty: Option<&str>, catalog: &Catalog) -> Option<String> {
    let ty = ty?;
    let named =
        crate::facts::TypeName { dimensions: u8::from(ty.ends_with("[]")), ..crate::facts::TypeName::named(ty.trim_end_matches("[]")) };
    if let Some(class) = opclass::default_class(method, &named) {
        return Some(class.to_owned());
    }
    let user = catalog.types.named(ty).next().map(|(_, user)| &user.kind);
    match (user, method) {
        (Some(TypeKind::Enum(_)), "btree" | "hash" | "gin") => Some("enum_ops".to_owned()),
        (Some(TypeKind::Range(_)), _) => Some("range_ops".to_owned()),
        _ => {
            // btree_gin and btree_gist give scalars a class.
            let scalar = opclass::default_class("btree", &named).is_some();
            match method {
                "gin" if scalar => Some(format!("{}_ops", named.name)),
                "gist" if scalar => Some(format!("gist_{}_ops", named.name)),
                _ => None,
            }
        }
    }
}

/// How much of a pattern is fixed from its beginning.
enum Prefix {
    None,
    Some,
    Whole,
}

fn fixed_prefix(op: &str, pattern: &str, bytes_fold: bool) -> Prefix {
    match op {
        "^@" => {
            if pattern.is_empty() {
                Prefix::None
            } else {
                Prefix::Some
            }
        }
        "~~" | "~~*" => {
            let mut fixed = 0;
            let mut chars = pattern.chars();
            while let Some(c) = chars.next() {
                match c {
                    '%' | '_' => return if fixed == 0 { Prefix::None } else { Prefix::Some },
                    '\\' => {
                        chars.next();
                    }
                    c if op == "~~*" && (c.is_alphabetic() || (!c.is_ascii() && !bytes_fold)) => {
                        return if fixed == 0 { Prefix::None } else { Prefix::Some };
                    }
                    _ => {}
                }
                fixed += 1;
            }
            Prefix::Whole
        }
        _ => regex_prefix(op, pattern),
    }
}

/// `^abc…`: what a regular expression demands literally at the beginning.
fn regex_prefix(op: &str, pattern: &str) -> Prefix {
    let Some(rest) = pattern.strip_prefix('^') else { return Prefix::None };
    if pattern.contains('|') {
        return Prefix::None;
    }
    let rest = rest
        .strip_prefix('(')
        .and_then(|r| r.strip_suffix(")$").or(r.strip_suffix(')')))
        .map_or(rest.to_owned(), |inner| if pattern.ends_with('$') { format!("{inner}$") } else { inner.to_owned() });
    let chars: Vec<char> = rest.chars().collect();
    let mut fixed = 0;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        if c == '$' && next.is_none() {
            return Prefix::Whole;
        }
        let literal = match c {
            '\\' if next.is_some_and(|n| !n.is_alphanumeric()) => {
                i += 1;
                true
            }
            '\\' | '.' | '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '^' | '$' => false,
            c => !(op == "~*" && c.is_alphabetic()),
        };
        let quantified = chars.get(i + 1).is_some_and(|n| matches!(n, '*' | '?' | '{'));
        if !literal || quantified {
            break;
        }
        fixed += 1;
        i += 1;
    }
    if fixed == 0 { Prefix::None } else { Prefix::Some }
}
