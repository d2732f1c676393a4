//! Which known index can serve a filter or an order? As PostgreSQL's planner decides it.
//!
//! A query's conditions on one table are read into [`Node`]s (typed, normalised: [`node`], [`build`], [`read`]); an index is read
//! the same way ([`Prepared`]); [`key`] matches a clause to a key, [`implies`] proves an index's predicate, and [`Prepared::judge`]
//! puts them together. `tests/planner.rs` holds the answers against real servers. Must not know a rule.

pub mod build;
pub mod implies;
pub mod jsonpath;
pub mod key;
pub mod node;
pub mod read;
mod tests_of;

pub use implies::implied;
pub use key::{Key, Use};
pub use node::{Kind, Node, commuted};
pub use read::{Meaning, Reader, type_name};
pub use tests_of::{OrderBy, Test, gives_order, is_jsonpath_call, is_value, same, same_in, serves, serves_but_for_predicate, tests};

use super::{Catalog, Index};

/// One key of an order to be served.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// The expression.
    pub node: Node,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, the direction's default applied.
    pub nulls_first: bool,
}

/// An index, read for comparison.
#[derive(Debug)]
pub struct Prepared<'c> {
    /// The index.
    pub index: &'c Index,
    /// Its keys.
    pub keys: Vec<Key>,
    /// Its predicate.
    pub predicate: Option<Node>,
}

/// What an index does for a set of clauses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// The clauses that bound the scan, by their places.
    pub seeks: Vec<usize>,
    /// The clauses tested on index entries that are read anyway (a later key of a btree whose first key is not fixed).
    pub filters: Vec<usize>,
    /// How many leading keys hold one value each.
    pub equal_keys: usize,
    /// It has a predicate, and the clauses imply it.
    pub partial: bool,
    /// It gives the order wanted.
    pub order: bool,
    /// The keys that the order is read from, after those that are fixed.
    pub order_from: usize,
}

impl Service {
    /// Whether the scan is bounded, or reads only the rows that a predicate let in.
    pub fn serves(&self) -> bool {
        !self.seeks.is_empty() || self.partial
    }

    /// Whether the planner can use the index at all.
    pub fn is_used(&self) -> bool {
        self.serves() || !self.filters.is_empty() || self.order
    }
}

/// Reads an index's own expressions: every column is its table's.
fn own_names(column: &crate::facts::ColumnRef) -> Meaning {
    Meaning::Own(column.column.value.to_string())
}

impl<'c> Prepared<'c> {
    /// Reads an index of a catalog.
    pub fn new(catalog: &'c Catalog, index: &'c Index) -> Self {
        let reader = Reader { catalog, table: catalog.tables.get(&index.table), names: &own_names };
        let keys = index.keys.iter().map(|key| Key::new(&index.method, key, reader.read(&key.expr), catalog)).collect();
        Prepared { index, keys, predicate: index.predicate.as_ref().map(|p| reader.read(p)) }
    }

    /// Whether the clauses imply the predicate, if there is one.
    pub fn is_implied(&self, clauses: &[Node]) -> bool {
        self.predicate.as_ref().is_none_or(|wanted| implied(clauses, wanted))
    }

    /// What it does for all these clauses together; nothing where it is invalid or its predicate is not implied.
    pub fn judge(&self, clauses: &[Node], order: &[Sort]) -> Service {
        if !self.index.valid || !self.is_implied(clauses) {
            return Service::default();
        }
        self.judge_unconditionally(clauses, order)
    }

    /// The same without regard to validity and predicate.
    pub fn judge_unconditionally(&self, clauses: &[Node], order: &[Sort]) -> Service {
        let mut service = Service { partial: self.predicate.is_some(), ..Service::default() };
        let method = self.index.method.as_str();
        let uses: Vec<Vec<(usize, Use)>> = self
            .keys
            .iter()
            .map(|key| clauses.iter().enumerate().filter_map(|(i, clause)| Some((i, key.serves(method, clause)?))).collect())
            .collect();
        let mut bounded = true;
        for (at, used) in uses.iter().enumerate() {
            let places = used.iter().map(|(i, _)| *i);
            match method {
                // every key of the others searches by itself; a hash has one
                "btree" if !bounded => service.filters.extend(places),
                _ => service.seeks.extend(places),
            }
            let fixed = used.iter().any(|(_, how)| *how != Use::Search);
            if fixed && at == service.equal_keys {
                service.equal_keys += 1;
            }
            bounded &= fixed;
        }
        service.filters.retain(|i| !service.seeks.contains(i));
        service.filters.dedup();
        service.seeks.sort_unstable();
        service.seeks.dedup();
        if let Some(from) = self.order_from(order, clauses) {
            service.order = true;
            service.order_from = from;
        }
        service
    }

    /// The first key that the order is read from, where the index gives it, forwards or backwards.
    fn order_from(&self, order: &[Sort], clauses: &[Node]) -> Option<usize> {
        let is_fixed = |key: &Key| {
            clauses.iter().any(|clause| {
                let single = matches!(&clause.kind, Kind::Op(op, _) if op == "=") || key.node.ty.as_deref() == Some("bool");
                let is_null = matches!(clause.kind, Kind::IsNull(..));
                single && !is_null && key.serves("btree", clause) == Some(Use::Equal)
            })
        };
        let constant = |sort: &Sort| {
            sort.node.is_value()
                || clauses.iter().any(|clause| match &clause.kind {
                    Kind::Op(op, list) if op == "=" && list.len() == 2 => {
                        list[0].is_operand(&sort.node) && list[1].is_value() || list[1].is_operand(&sort.node) && list[0].is_value()
                    }
                    _ => false,
                })
        };
        let mut wanted: Vec<&Sort> = vec![];
        for sort in order.iter().filter(|sort| !constant(sort)) {
            if !wanted.iter().any(|w| w.node.is_operand(&sort.node)) {
                wanted.push(sort);
            }
        }
        if self.index.method != "btree" || wanted.is_empty() {
            return None;
        }
        [false, true].into_iter().find_map(|backwards| {
            let mut next = wanted.iter().peekable();
            let mut from = None;
            for (at, key) in self.keys.iter().enumerate() {
                let Some(sort) = next.peek() else { break };
                let turned = (key.descending != backwards) == sort.descending && (key.nulls_first != backwards) == sort.nulls_first;
                let byte_order = key.class.as_deref().is_some_and(|c| c.ends_with("_pattern_ops"));
                let family = match (&key.class, sort.node.ty.as_deref()) {
                    (Some(class), Some(ty)) => {
                        use crate::postgres::operators::{class_family, family};
                        !crate::postgres::types::is_built_in(ty.trim_end_matches("[]")) || class_family(class) == family(ty)
                    }
                    _ => true,
                };
                let same = key.node.is_operand(&sort.node)
                    && key.collation.as_deref() == build::collation(sort.node.collation.as_deref())
                    && !byte_order
                    && family;
                if same && turned {
                    from = from.or(Some(at));
                    next.next();
                } else if !is_fixed(key) {
                    break;
                }
            }
            if next.peek().is_none() { from } else { None }
        })
    }
}

/// What several indexes of one table do for its clauses.
#[derive(Debug)]
pub struct Access<'p, 'c> {
    /// Each index with what it does, where it does anything.
    pub services: Vec<(&'p Prepared<'c>, Service)>,
    /// The ORs (by place) whose every arm some index serves, with the indexes.
    pub ors: Vec<(usize, Vec<&'p Prepared<'c>>)>,
}

impl Access<'_, '_> {
    /// Whether any index bounds the search.
    pub fn serves(&self) -> bool {
        !self.ors.is_empty() || self.services.iter().any(|(_, service)| service.serves())
    }

    /// Whether any index bounds the search by this clause.
    pub fn serves_clause(&self, place: usize) -> bool {
        self.ors.iter().any(|(or, _)| *or == place) || self.services.iter().any(|(_, s)| s.seeks.contains(&place))
    }
}

/// What these indexes do for the clauses on their table, and for an order.
pub fn access<'p, 'c>(indexes: &'p [Prepared<'c>], clauses: &[Node], order: &[Sort]) -> Access<'p, 'c> {
    let services = indexes.iter().map(|index| (index, index.judge(clauses, order))).filter(|(_, service)| service.is_used()).collect();
    let mut ors = vec![];
    for (place, clause) in clauses.iter().enumerate() {
        if let Kind::Or(arms) = &clause.kind
            && let Some(found) = or_service(indexes, arms, clauses, 0)
        {
            ors.push((place, found));
        }
    }
    Access { services, ors }
}

/// The indexes that together serve every arm of an OR; `None` where an arm has none.
fn or_service<'p, 'c>(indexes: &'p [Prepared<'c>], arms: &[Node], others: &[Node], depth: usize) -> Option<Vec<&'p Prepared<'c>>> {
    let mut found: Vec<&Prepared> = vec![];
    for arm in arms {
        let own = arm.clone().conjuncts();
        let mut all = own.clone();
        all.extend(others.iter().cloned());
        let serving = indexes.iter().find(|index| {
            let service = index.judge(&all, &[]);
            let by_own = |place: &usize| *place < own.len();
            service.seeks.iter().any(by_own) || service.filters.iter().any(by_own) || is_partial_for(index, &own, others)
        });
        match serving {
            Some(index) => found.push(index),
            None if depth < 8 => {
                let nested = own.iter().find_map(|clause| match &clause.kind {
                    Kind::Or(inner) => or_service(indexes, inner, others, depth + 1),
                    _ => None,
                });
                found.extend(nested?);
            }
            None => return None,
        }
    }
    Some(found)
}

/// Whether an arm alone lets in a partial index that holds just its rows.
fn is_partial_for(index: &Prepared, own: &[Node], others: &[Node]) -> bool {
    let mut all = own.to_vec();
    all.extend(others.iter().cloned());
    index.index.valid && index.predicate.is_some() && !index.is_implied(others) && index.is_implied(&all)
}
