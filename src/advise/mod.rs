//! Which indexes would serve a workload, and which of those that are there serve nothing.
//!
//! Each query's use of each table becomes a wish ([`candidate`]) unless an index serves it already ([`served`]); wishes are
//! weighed ([`worth`]) and merged ([`merge`]); an index that a new one makes superfluous is replaced rather than left beside it.
//! What cannot be known from files (how selective a condition is, how large a table) is said, and read from statistics where they
//! are given. What was looked at and not advised is told with its reason. Must not know where queries come from, nor print.

pub mod audit;
pub mod candidate;
pub mod ddl;
mod gather;
mod immutable;
mod merge;
pub mod print;
mod served;
mod why;
mod worth;

pub use ddl::Definition;
pub use served::{indexes_of, is_served};
pub(crate) use worth::holds_few;

use crate::catalog::index_match::{Kind as NodeKind, Node, Prepared};
use crate::catalog::{Catalog, Index, Qualified};
use crate::facts::Query;
use crate::source::Location;
use crate::stats::RelationStats;
use candidate::Wanted;
use merge::{Merged, Wish};
use std::collections::{BTreeMap, BTreeSet};
use worth::Worth;

/// A query that has cost so much may have an index that only sorts for it, in milliseconds.
const WORTH_SORTING_MS: f64 = 10_000.0;

/// So many new indexes for one table are many.
const MANY: usize = 2;

/// One query of a workload.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The query.
    pub query: &'a Query,
    /// Where it stands.
    pub at: Location,
    /// What it shares with the same query elsewhere, whose cost is counted once; 0 where that is not asked.
    pub fingerprint: u64,
    /// How often it was called and for how long in all (milliseconds), where a log or statistics say so.
    pub cost: Option<(u64, f64)>,
}

/// What is advised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Build an index that queries need.
    Create,
    /// Build an index behind a foreign key.
    ForeignKey,
    /// Drop an index that another one does the work of.
    Redundant,
    /// Drop an index that statistics say nobody reads.
    Unused,
}

impl Kind {
    /// As the machine formats name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Create => "create",
            Kind::ForeignKey => "foreign-key",
            Kind::Redundant => "redundant",
            Kind::Unused => "unused",
        }
    }
}

/// One piece of advice.
#[derive(Debug, Clone)]
pub struct Advice {
    /// The table.
    pub table: Qualified,
    /// The index in short: what stands after the table's name in CREATE INDEX, or the name of one to drop.
    pub index: String,
    /// What to run.
    pub ddl: String,
    /// What it is about.
    pub kind: Kind,
    /// The queries that it serves.
    pub serves: Vec<Location>,
    /// The indexes that are superfluous afterwards, and safe to drop.
    pub replaces: Vec<Qualified>,
    /// Calls of those queries, where known.
    pub calls: u64,
    /// Their time in all, in milliseconds.
    pub total_ms: f64,
    /// Why, and what to mind: one thing each.
    pub why: Vec<String>,
    /// What no file says that decides whether it pays.
    pub unknown: Vec<&'static str>,
}

/// A use of a table that was looked at and gets no index.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The table.
    pub table: Qualified,
    /// The keys that it would have had.
    pub keys: String,
    /// The query.
    pub at: Location,
    /// Why not.
    pub why: String,
}

/// All that is said of a workload.
#[derive(Debug, Default)]
pub struct Report {
    /// Advice: indexes to build, the most useful first, foreign keys, indexes to drop.
    pub advice: Vec<Advice>,
    /// What was left alone.
    pub left: Vec<Left>,
    /// Tables that queries read and no migration creates: nothing is said of them.
    pub unknown_tables: BTreeSet<Qualified>,
}

/// Advice on a workload.
pub fn advise(catalog: &Catalog, workload: &[Entry], stats: &RelationStats) -> Report {
    let worth = Worth { catalog, stats };
    let gathered = gather::gather(worth, workload);
    let mut report = Report { left: gathered.left, unknown_tables: gathered.unknown_tables, ..Report::default() };
    let maker = Maker { worth, workload, wishes: &gathered.wishes, writes: gather::writes(catalog, workload) };
    let mut made: Vec<Made> = merge::merge(&gathered.wishes).into_iter().filter_map(|index| maker.make(index)).collect();
    made.sort_by(|a, b| {
        b.total_ms
            .total_cmp(&a.total_ms)
            .then(b.queries.len().cmp(&a.queries.len()))
            .then(a.index.table.cmp(&b.index.table))
            .then_with(|| a.definition.body().cmp(&b.definition.body()))
    });
    let mut taken = vec![];
    let mut built: BTreeMap<Qualified, Vec<Vec<String>>> = BTreeMap::new();
    for one in maker.choose(made, &mut report.left) {
        if let Some(busy) = worth.too_busy(&one.index.table).filter(|_| one.total_ms == 0.0) {
            report.left.push(maker.left(&one, busy));
            continue;
        }
        let of_table = built.entry(one.index.table.clone()).or_default();
        of_table.push(one.definition.keys.clone());
        let before = of_table.len() - 1;
        report.advice.push(maker.advice(one, before, &mut taken));
    }
    report.advice.extend(audit::foreign_keys(catalog, &built, stats, &maker.writes, &mut taken));
    let gone: Vec<Qualified> = report.advice.iter().flat_map(|a| a.replaces.clone()).collect();
    report.advice.extend(audit::redundant(catalog, &gone));
    let gone: Vec<Qualified> = report.advice.iter().flat_map(|a| a.replaces.clone()).collect();
    report.advice.extend(audit::unused(catalog, stats, &gone));
    report
}

/// An index that may be advised.
struct Made {
    index: Merged,
    definition: Definition,
    /// Queries by their places, each once.
    queries: Vec<usize>,
    calls: u64,
    total_ms: f64,
    replaces: Vec<Qualified>,
    /// All its queries have their rows found by these indexes, and gain only an order.
    refines: BTreeSet<Qualified>,
}

struct Maker<'a> {
    worth: Worth<'a>,
    workload: &'a [Entry<'a>],
    wishes: &'a [Wish],
    writes: gather::Writes,
}

impl Maker<'_> {
    fn make(&self, mut index: Merged) -> Option<Made> {
        let catalog = self.worth.catalog;
        let table = index.table.clone();
        let few = |node: &Node| self.worth.few(&table, node).is_some();
        let wishes = || index.serves.iter().map(|at| &self.wishes[*at]);
        let refines: BTreeSet<Qualified> =
            if wishes().all(|w| w.refines.is_some()) { wishes().filter_map(|w| w.refines.clone()).collect() } else { BTreeSet::new() };
        let mut queries: Vec<usize> = wishes().map(|w| w.query).collect();
        queries.sort_unstable();
        queries.dedup();
        let there: Vec<Vec<Node>> = catalog
            .indexes_of(&table)
            .filter(|(_, old)| old.method == "btree" && audit::is_droppable(old) && !old.unique)
            .map(|(_, old)| Prepared::new(catalog, old).keys.into_iter().map(|key| key.node).collect())
            .collect();
        merge::settle(&mut index, &there, &few);
        if refines.is_empty() {
            merge::narrow(&mut index, self.wishes, &few);
        }
        let mut definition = index.candidate().definition()?;
        definition.include = self.include(&index);
        let mut seen = BTreeSet::new();
        let (mut calls, mut total_ms) = (0, 0.0);
        for entry in queries.iter().map(|at| &self.workload[*at]) {
            if entry.fingerprint == 0 || seen.insert(entry.fingerprint) {
                let (more, ms) = entry.cost.unwrap_or((0, 0.0));
                calls += more;
                total_ms += ms;
            }
        }
        let replaces = replaced(catalog, &index, &definition);
        Some(Made { index, definition, queries, calls, total_ms, replaces, refines })
    }

    /// Columns to carry along: where every query adds up rows and reads but a few small columns more, which nobody updates.
    fn include(&self, index: &Merged) -> Vec<String> {
        if index.method != "btree" || !index.predicate.is_empty() {
            return vec![];
        }
        let keys: Vec<Wanted> = index.candidate().tail;
        let plain = |name: &String| keys.iter().any(|k| k.class.is_none() && k.node.unlabelled().kind == NodeKind::Column(name.clone()));
        let mut include: Vec<String> = vec![];
        for wish in index.serves.iter().map(|at| &self.wishes[*at]) {
            let Some(reads) = &wish.adds_up else { return vec![] };
            include.extend(reads.iter().filter(|name| !plain(name)).cloned());
        }
        include.sort();
        include.dedup();
        let steady = |name: &String| self.worth.is_small(&index.table, name) && self.writes.updates(&index.table, name) == 0;
        if include.len() <= 2 && include.iter().all(steady) { include } else { vec![] }
    }

    /// Of several indexes that would only sort what one index finds, the best, and best if it takes that one's place; of many
    /// that begin alike, those that serve most. The others are left alone.
    fn choose(&self, made: Vec<Made>, left: &mut Vec<Left>) -> Vec<Made> {
        let mut refined: BTreeSet<Qualified> = made
            .iter()
            .filter(|one| !one.replaces.is_empty())
            .flat_map(|one| one.refines.intersection(&one.replaces.iter().cloned().collect()).cloned().collect::<Vec<_>>())
            .collect();
        let mut replaced: BTreeSet<Qualified> = BTreeSet::new();
        let mut chosen: Vec<Made> = vec![];
        for one in made {
            let names = || one.refines.iter().map(Qualified::to_string).collect::<Vec<_>>().join(" and ");
            let replaces = one.replaces.iter().any(|name| one.refines.contains(name) && replaced.insert(name.clone()));
            let again = !one.refines.is_empty() && !replaces && one.refines.iter().all(|name| refined.contains(name));
            if again && one.total_ms < WORTH_SORTING_MS {
                left.push(self.left(&one, format!("{} finds the rows already; a further index would only sort them", names())));
                continue;
            }
            if let Some(other) = self.alike(&one, &chosen) {
                left.push(self.left(&one, format!("the new index {other} begins with its first key and finds the rows by that")));
                continue;
            }
            refined.extend(one.refines.iter().cloned());
            chosen.push(one);
        }
        chosen
    }

    /// Of the indexes chosen for a table that has several already, one that begins with a key of this one, which serves one
    /// query that nobody is known to wait for.
    fn alike(&self, one: &Made, chosen: &[Made]) -> Option<String> {
        let of_table = || chosen.iter().filter(|other| other.index.table == one.index.table && other.index.method == "btree");
        let first = one.index.blocks.first()?;
        let sole = one.queries.len() == 1 && one.total_ms == 0.0 && one.refines.is_empty() && one.index.method == "btree";
        if !sole || of_table().count() < MANY {
            return None;
        }
        let begins = |other: &&Made| {
            let key = other.index.blocks.first().and_then(|block| block.first());
            other.index.predicate.is_empty()
                && key.is_some_and(|key| first.contains(key) && self.worth.few(&one.index.table, &key.node).is_none())
        };
        of_table().find(begins).map(|other| other.definition.body())
    }

    fn left(&self, made: &Made, why: String) -> Left {
        let at = made.queries.first().map(|at| self.workload[*at].at).unwrap_or_default();
        Left { table: made.index.table.clone(), keys: made.definition.body(), at, why }
    }

    /// `before`: how many new indexes the table has been given already.
    fn advice(&self, made: Made, before: usize, taken: &mut Vec<Qualified>) -> Advice {
        let catalog = self.worth.catalog;
        let mut why = why::why(self.worth, &made, &self.writes);
        if before >= MANY && made.total_ms == 0.0 {
            why.push(format!(
                "{before} new indexes stand before it for {}: a log (--log) says which queries are worth one",
                made.index.table
            ));
        }
        let unknown =
            if self.worth.stats.table(&made.index.table).is_some() { vec!["selectivity"] } else { vec!["selectivity", "table size"] };
        Advice {
            ddl: made.definition.retry_safe_besides(&made.index.table, catalog, taken) + &drops(&made.replaces),
            index: made.definition.body(),
            table: made.index.table,
            kind: Kind::Create,
            calls: made.calls,
            total_ms: made.total_ms,
            serves: made.queries.iter().map(|at| self.workload[*at].at).collect(),
            replaces: made.replaces,
            why,
            unknown,
        }
    }
}

/// Existing indexes that the new one does the work of: not unique, behind no constraint, their keys its beginning.
fn replaced(catalog: &Catalog, index: &Merged, definition: &Definition) -> Vec<Qualified> {
    let keys = index.candidate().tail;
    if index.method != "btree" {
        return vec![];
    }
    let fits = |old: &Index| {
        let prepared = Prepared::new(catalog, old);
        let predicate: Vec<Node> = prepared.predicate.clone().map(Node::conjuncts).unwrap_or_default();
        let rows = index.predicate.is_empty() && predicate.is_empty()
            || !predicate.is_empty() && predicate.len() == index.predicate.len() && predicate.iter().all(|p| index.predicate.contains(p));
        let droppable = !old.unique && audit::is_droppable(old) && old.method == "btree" && rows;
        let included = old.include.iter().all(|c| definition.include.iter().any(|known| c == known));
        droppable
            && included
            && old.keys.len() <= keys.len()
            && prepared.keys.iter().zip(&keys).all(|(k, w)| {
                k.node.is_operand(&w.node)
                    && k.descending == w.descending
                    && w.class.is_none()
                    && k.class.as_deref().is_none_or(|c| !c.ends_with("_pattern_ops"))
                    && k.nulls_first == w.nulls_first.unwrap_or(w.descending)
            })
    };
    catalog.indexes_of(&index.table).filter(|(_, old)| fits(old)).map(|(name, _)| name.clone()).collect()
}

/// DROP INDEX CONCURRENTLY, a line each.
fn drops(names: &[Qualified]) -> String {
    names.iter().map(|name| format!("\nDROP INDEX CONCURRENTLY IF EXISTS {name};")).collect()
}
