//! What each query of a workload asks, weighed: wishes, what is left alone, and who writes what.

use super::candidate::{Candidate, Wanted, candidates_knowing};
use super::merge::Wish;
use super::served::{indexes_of, is_looked_up, is_served, leads, refined};
use super::worth::Worth;
use super::{Entry, Left};
use crate::catalog::index_match::{Kind, Node, Prepared};
use crate::catalog::uses::{TableUse, uses};
use crate::catalog::{Catalog, Knowledge, Qualified};
use crate::facts::{ExprKind, Query, QueryBody};
use std::collections::{BTreeMap, BTreeSet};

/// What was gathered.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) wishes: Vec<Wish>,
    pub(super) left: Vec<Left>,
    pub(super) unknown_tables: BTreeSet<Qualified>,
}

/// Asks every query what it wants.
pub(super) fn gather(worth: Worth, workload: &[Entry]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut prepared: BTreeMap<Qualified, Vec<Prepared>> = BTreeMap::new();
    for (place, entry) in workload.iter().enumerate() {
        for table in uses(worth.catalog, entry.query) {
            if !is_advisable(worth.catalog, &table, &mut gathered.unknown_tables) {
                continue;
            }
            let indexes = prepared.entry(table.name.clone()).or_insert_with(|| indexes_of(worth.catalog, &table.name));
            let mut of_use = wishes(worth, indexes, &table, entry, &mut gathered.left);
            of_use.iter_mut().for_each(|wish| wish.query = place);
            gathered.wishes.extend(of_use);
        }
    }
    gathered.left.dedup();
    gathered
}

/// Whether anything can be said of a table: it was read whole, and lives longer than a session.
fn is_advisable(catalog: &Catalog, table: &TableUse, unknown: &mut BTreeSet<Qualified>) -> bool {
    if matches!(table.name.schema.as_str(), "pg_catalog" | "information_schema" | "pg_temp") || table.name.name.starts_with("pg_") {
        return false;
    }
    match table.table {
        Some(known) => known.knowledge == Knowledge::Whole && !known.temporary && !known.foreign,
        None if catalog.views.contains_key(&table.name) => true,
        None => {
            // a name that code fills in is none
            if table.name.name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                unknown.insert(table.name.clone());
            }
            false
        }
    }
}

/// What one use of a table wants and does not have.
fn wishes(worth: Worth, indexes: &[Prepared], table: &TableUse, entry: &Entry, left: &mut Vec<Left>) -> Vec<Wish> {
    let few = |node: &Node| worth.few(&table.name, node).is_some();
    let mut leave = |keys: String, why: String| left.push(Left { table: table.name.clone(), keys, at: entry.at, why });
    for clause in &table.clauses {
        if let Some(array) = reversed_any(&clause.node) {
            let why = "no index serves a value = ANY of an array column: ask array @> ARRAY[value], which a GIN index serves";
            leave(format!("({array})"), why.to_owned());
        }
    }
    let mut wanted = candidates_knowing(table, &few);
    if wanted.is_empty() || is_served(worth.catalog, indexes, table, &wanted) || is_looked_up(indexes, table, &few) {
        return vec![];
    }
    if is_reached(worth.catalog, indexes, table, &wanted, &few) || !wanted.iter().all(|c| is_of(table, c)) {
        return vec![];
    }
    let keys = |candidate: &Candidate| candidate.definition().map(|d| d.body());
    if wanted.len() > 1 {
        wanted.retain(|arm| !indexes.iter().any(|index| leads(index, arm)));
    }
    let weighed: Result<Vec<Candidate>, Option<(String, String)>> = wanted
        .into_iter()
        .map(|candidate| {
            let text = keys(&candidate).ok_or(None)?;
            let why = worth.too_small(&table.name);
            let waited = entry.cost.is_some_and(|(_, ms)| ms >= WAITED_MS);
            weigh(worth, table, candidate, waited).and_then(|fit| why.map_or(Ok(fit), Err)).map_err(|why| Some((text, why)))
        })
        .collect();
    let wanted = match weighed {
        Ok(wanted) => wanted,
        // an OR that lacks one arm's index reads everything
        Err(why) => {
            if let Some((keys, why)) = why {
                leave(keys, why);
            }
            return vec![];
        }
    };
    let nodes = table.nodes();
    let adds_up = adds_up(table.query).then(|| table.reads()).flatten();
    let wish = |mut candidate: Candidate| {
        let refines = refined(worth.catalog, indexes, table, &candidate);
        let old = refines.as_ref().and_then(|name| worth.catalog.indexes.get(name));
        if let Some(old) = old {
            // what takes its place has its rows
            candidate.predicate = Prepared::new(worth.catalog, old).predicate.map(Node::conjuncts).unwrap_or_default();
        }
        Wish { table: table.name.clone(), candidate, clauses: nodes.clone(), query: 0, refines, adds_up: adds_up.clone() }
    };
    wanted.into_iter().map(wish).collect()
}

/// A query that took so long in all is waited for, whatever a column is called, in milliseconds.
const WAITED_MS: f64 = 1000.0;

/// Whether a range is found by an index, and what else is wanted holds only few values.
fn is_reached(catalog: &Catalog, indexes: &[Prepared], table: &TableUse, wanted: &[Candidate], few: &dyn Fn(&Node) -> bool) -> bool {
    let [one] = wanted else { return false };
    let sorts = one.tail.iter().any(|key| table.limit.is_some() && table.order.iter().any(|sort| sort.node.is_operand(&key.node)));
    if one.method != "btree" || one.tail.is_empty() || sorts || !one.equal.iter().all(|key| few(&key.node)) {
        return false;
    }
    is_served(catalog, indexes, table, &[Candidate { equal: vec![], ..one.clone() }])
}

/// Whether every column is the table's: what code fills in may have been read as one.
fn is_of(table: &TableUse, candidate: &Candidate) -> bool {
    let Some(known) = table.table else { return true };
    let keys = candidate.equal.iter().chain(&candidate.tail).map(|key| &key.node);
    keys.chain(&candidate.predicate).flat_map(Node::columns).all(|name| known.column(name).is_some())
}

/// A candidate without keys that no index should hold, or why there is none.
fn weigh(worth: Worth, table: &TableUse, mut candidate: Candidate, waited: bool) -> Result<Candidate, String> {
    if candidate.method != "btree" {
        return Ok(candidate);
    }
    let long = |key: &Wanted| worth.is_long(&table.name, &key.node);
    if candidate.equal.iter().chain(&candidate.tail).any(long) {
        if candidate.tail.is_empty() && candidate.equal.len() == 1 && candidate.equal[0].class.is_none() {
            return Ok(Candidate { method: "hash", tail: std::mem::take(&mut candidate.equal), ..candidate });
        }
        candidate.equal.retain(|key| !long(key));
        candidate.tail.truncate(candidate.tail.iter().position(long).unwrap_or(candidate.tail.len()));
        if candidate.equal.is_empty() && candidate.tail.is_empty() {
            return Err("values may be longer than the 2704 bytes that a btree takes".to_owned());
        }
    }
    let alone: Option<Vec<String>> = candidate.equal.iter().chain(&candidate.tail).map(|key| worth.few(&table.name, &key.node)).collect();
    if let ([key], []) = (&candidate.equal[..], &candidate.tail[..])
        && !waited
        && worth.is_called_few(&table.name, &key.node)
    {
        return Err("by its name it holds few values: an index pays only where the value asked for is rare, which no file says".to_owned());
    }
    match alone {
        Some(why) => Err(format!("{}: an index pays only where the value asked for is rare, which no file says", why.join(", "))),
        None => Ok(candidate),
    }
}

/// `value = ANY (array_column)`: the column.
fn reversed_any(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Any(op, left, array) if op == "=" && left.is_value() => match &array.unlabelled().kind {
            Kind::Column(name) if array.unlabelled().ty.as_deref().is_some_and(|ty| ty.ends_with("[]")) => {
                Some(crate::facts::quote_identifier(name))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a query adds up rows rather than return them.
fn adds_up(query: &Query) -> bool {
    const SUMS: &[&str] = &["count", "sum", "avg", "min", "max", "bool_or", "bool_and", "every"];
    let Some(select) = query.select() else { return false };
    let sums = |item: &crate::facts::SelectItem| {
        let mut found = false;
        item.expr
            .walk(&mut |e| found |= matches!(&e.kind, ExprKind::Call(c) if c.over.is_none() && SUMS.contains(&c.name.name.value.as_str())));
        found
    };
    select.items.iter().any(sums) && query.limit.is_none()
}

/// Who writes what.
#[derive(Default)]
pub(super) struct Writes {
    /// Statements that write a table, and that read it.
    counts: BTreeMap<Qualified, (usize, usize)>,
    /// UPDATEs of a column.
    updates: BTreeMap<(Qualified, String), usize>,
    /// The first DELETE from a table, and how many there are.
    deletes: BTreeMap<Qualified, (crate::source::Location, usize)>,
}

impl Writes {
    /// How many statements write a table, and how many read it.
    pub(super) fn of(&self, table: &Qualified) -> (usize, usize) {
        self.counts.get(table).copied().unwrap_or_default()
    }

    /// How many statements update a column.
    pub(super) fn updates(&self, table: &Qualified, column: &str) -> usize {
        self.updates.get(&(table.clone(), column.to_owned())).copied().unwrap_or(0)
    }

    /// Where rows of a table are deleted.
    pub(super) fn delete_from(&self, table: &Qualified) -> Option<crate::source::Location> {
        self.deletes.get(table).map(|(at, _)| *at)
    }
}

/// Counts the statements that write each table and those that read it.
pub(super) fn writes(catalog: &Catalog, workload: &[Entry]) -> Writes {
    let mut found = Writes::default();
    for entry in workload {
        entry.query.walk(&mut |query| {
            let Some(name) = query.target().and_then(|t| t.table()) else {
                for table in query.from().iter().flat_map(|f| f.relations()).filter_map(|r| r.table()) {
                    found.counts.entry(catalog.resolve(table)).or_default().1 += 1;
                }
                return;
            };
            let table = catalog.resolve(name);
            if !matches!(query.body, QueryBody::Delete(_)) {
                found.counts.entry(table.clone()).or_default().0 += 1;
            }
            match &query.body {
                QueryBody::Update(update) => {
                    for (column, _) in &update.assignments {
                        *found.updates.entry((table.clone(), column.value.to_string())).or_default() += 1;
                    }
                }
                QueryBody::Delete(_) => found.deletes.entry(table).or_insert((entry.at, 0)).1 += 1,
                _ => {}
            }
        });
    }
    found
}
