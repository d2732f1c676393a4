//! Which indexes would serve a workload, and which of those that are there serve nothing.
//!
//! Each query's use of each table becomes a wish ([`candidate`]) unless an index serves it already; wishes are merged
//! ([`merge`]); an index that a new one makes superfluous is replaced rather than left beside it. What cannot be known from
//! files (how selective a condition is, how large a table) is said, and read from statistics where they are given. Must not
//! know where queries come from, nor print.

pub mod audit;
pub mod candidate;
pub mod ddl;
mod merge;
pub mod print;

pub use ddl::Definition;

use crate::catalog::index_match::{Access, Node, Prepared, access};
use crate::catalog::uses::{TableUse, uses};
use crate::catalog::{Catalog, Index, Knowledge, Qualified};
use crate::facts::{Query, QueryBody};
use crate::source::Location;
use crate::stats::RelationStats;
use candidate::{Candidate, candidates};
use std::collections::BTreeMap;

/// One query of a workload.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The query.
    pub query: &'a Query,
    /// Where it stands.
    pub at: Location,
    /// How often it was called and for how long in all, where a log says so.
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
    /// Why, and what to mind.
    pub why: String,
}

/// Advice on a workload.
pub fn advise(catalog: &Catalog, workload: &[Entry], stats: &RelationStats) -> Vec<Advice> {
    let mut wishes: Vec<(Qualified, Candidate, Vec<Node>)> = vec![];
    let mut places: Vec<usize> = vec![];
    let mut prepared: BTreeMap<Qualified, Vec<Prepared>> = BTreeMap::new();
    for (at, entry) in workload.iter().enumerate() {
        for table in uses(catalog, entry.query) {
            if !is_advisable(catalog, &table) {
                continue;
            }
            let indexes = prepared.entry(table.name.clone()).or_insert_with(|| indexes_of(catalog, &table.name));
            let wanted = candidates(&table);
            if wanted.is_empty() || is_served(catalog, indexes, &table, &wanted) {
                continue;
            }
            for candidate in wanted.into_iter().filter(|c| c.definition().is_some()) {
                wishes.push((table.name.clone(), candidate, table.nodes()));
                places.push(at);
            }
        }
    }
    let writes = writes(catalog, workload);
    let mut all: Vec<Advice> = vec![];
    let mut built: BTreeMap<Qualified, Vec<Vec<String>>> = BTreeMap::new();
    for index in merge::merge(&wishes) {
        let mut serves: Vec<usize> = index.serves.iter().map(|wish| places[*wish]).collect();
        serves.sort_unstable();
        serves.dedup();
        let Some(definition) = index.candidate().definition() else { continue };
        built.entry(index.table.clone()).or_default().push(definition.keys.clone());
        let cost = |at: &usize| workload[*at].cost.unwrap_or((0, 0.0));
        let replaces = replaced(catalog, &index, &definition);
        let why = why(catalog, &index, serves.len(), &replaces, &writes, stats, merge::width(&index));
        all.push(Advice {
            ddl: definition.retry_safe(&index.table, catalog) + &drops(&replaces),
            table: index.table,
            kind: Kind::Create,
            calls: serves.iter().map(|at| cost(at).0).sum(),
            total_ms: serves.iter().map(|at| cost(at).1).sum(),
            serves: serves.iter().map(|at| workload[*at].at).collect(),
            replaces,
            why,
        });
    }
    all.sort_by(|a, b| {
        b.total_ms.total_cmp(&a.total_ms).then(b.serves.len().cmp(&a.serves.len())).then(a.table.cmp(&b.table)).then(a.ddl.cmp(&b.ddl))
    });
    unique_names(&mut all);
    all.extend(audit::foreign_keys(catalog, &built, stats));
    let gone: Vec<Qualified> = all.iter().flat_map(|a| a.replaces.clone()).collect();
    all.extend(audit::redundant(catalog, &gone));
    let gone: Vec<Qualified> = all.iter().flat_map(|a| a.replaces.clone()).collect();
    all.extend(audit::unused(catalog, stats, &gone));
    all
}

/// The indexes of a table, read.
pub fn indexes_of<'c>(catalog: &'c Catalog, table: &Qualified) -> Vec<Prepared<'c>> {
    let own = |(_, index): &(&Qualified, &Index)| index.table == *table;
    let names: Vec<&Qualified> = catalog.indexes_of(table).filter(own).map(|(name, _)| name).collect();
    names.into_iter().filter_map(|name| catalog.indexes.get(name)).map(|index| Prepared::new(catalog, index)).collect()
}

/// Whether anything can be said of a table: it was read whole, and lives longer than a session.
fn is_advisable(catalog: &Catalog, table: &TableUse) -> bool {
    let system = matches!(table.name.schema.as_str(), "pg_catalog" | "information_schema" | "pg_temp");
    let view = catalog.views.contains_key(&table.name);
    !system && (view || table.table.is_some_and(|t| t.knowledge == Knowledge::Whole && !t.temporary && !t.foreign))
}

/// Whether the indexes that are there serve a use of a table as well as what it asks for would.
pub fn is_served(catalog: &Catalog, indexes: &[Prepared], table: &TableUse, wanted: &[Candidate]) -> bool {
    let nodes = table.nodes();
    let found = access(indexes, &nodes, &table.order);
    if is_pinned(&found) || leaves_serve(catalog, table, &nodes) {
        return true;
    }
    if !found.ors.is_empty() && wanted.len() > 1 {
        return true;
    }
    wanted.iter().all(|candidate| {
        let sorts =
            candidate.tail.len() > 1 || candidate.tail.first().is_some_and(|key| table.order.iter().any(|s| s.node.is_operand(&key.node)));
        found.services.iter().any(|(index, service)| {
            let held = |key: &candidate::Wanted| index.keys.iter().take(service.equal_keys.max(1)).any(|k| k.node.is_operand(&key.node));
            let keys_held = service.serves() && (candidate.equal.is_empty() || candidate.equal.iter().any(held));
            let ordered = !sorts || service.order || table.limit.is_none();
            let tail_held = !candidate.equal.is_empty() || candidate.method != "btree" || !service.seeks.is_empty() || service.order;
            (keys_held && ordered && tail_held) || (candidate.equal.is_empty() && service.order && service.seeks.is_empty())
        })
    })
}

/// Whether a unique index holds one value in each key: one row is found.
fn is_pinned(found: &Access) -> bool {
    found.services.iter().any(|(index, service)| index.index.unique && service.equal_keys >= index.keys.len() && !index.keys.is_empty())
}

/// Whether each partition has an index of its own for the conditions.
fn leaves_serve(catalog: &Catalog, table: &TableUse, nodes: &[Node]) -> bool {
    let mut children = catalog.children_of(&table.name).peekable();
    let partitioned = table.table.is_some_and(|t| t.partition_by.is_some());
    partitioned && children.peek().is_some() && children.all(|(name, _)| access(&indexes_of(catalog, name), nodes, &[]).serves())
}

/// How many statements of the workload write each table.
fn writes(catalog: &Catalog, workload: &[Entry]) -> BTreeMap<Qualified, (usize, usize)> {
    let mut found: BTreeMap<Qualified, (usize, usize)> = BTreeMap::new();
    for entry in workload {
        entry.query.walk(&mut |query| {
            if let Some(name) = query.target().and_then(|t| t.table()) {
                let counts = found.entry(catalog.resolve(name)).or_default();
                if matches!(query.body, QueryBody::Insert(_) | QueryBody::Update(_) | QueryBody::Merge(_)) {
                    counts.0 += 1;
                }
            } else {
                for table in query.from().iter().flat_map(|f| f.relations()).filter_map(|r| r.table()) {
                    found.entry(catalog.resolve(table)).or_default().1 += 1;
                }
            }
        });
    }
    found
}

/// Existing indexes that the new one does the work of: not unique, behind no constraint, their keys its beginning.
fn replaced(catalog: &Catalog, index: &merge::Merged, definition: &Definition) -> Vec<Qualified> {
    let keys = index.candidate().tail;
    let whole = index.predicate.is_empty() && index.method == "btree";
    let fits = |old: &Index| {
        let droppable = !old.unique && !old.constraint && old.parent.is_none() && old.method == "btree" && old.predicate.is_none();
        let included = old.include.iter().all(|c| definition.include.contains(c));
        droppable
            && included
            && old.keys.len() <= keys.len()
            && Prepared::new(catalog, old).keys.iter().zip(&keys).all(|(k, w)| {
                k.node.is_operand(&w.node)
                    && k.descending == w.descending
                    && w.class.is_none()
                    && k.class.as_deref().is_none_or(|c| !c.ends_with("_pattern_ops"))
                    && k.nulls_first == w.nulls_first.unwrap_or(w.descending)
            })
    };
    if !whole {
        return vec![];
    }
    catalog.indexes_of(&index.table).filter(|(_, old)| fits(old)).map(|(name, _)| name.clone()).collect()
}

/// DROP INDEX CONCURRENTLY, a line each.
fn drops(names: &[Qualified]) -> String {
    names.iter().map(|name| format!("\nDROP INDEX CONCURRENTLY IF EXISTS {name};")).collect()
}

fn why(
    catalog: &Catalog,
    index: &merge::Merged,
    queries: usize,
    replaces: &[Qualified],
    writes: &BTreeMap<Qualified, (usize, usize)>,
    stats: &RelationStats,
    width: usize,
) -> String {
    let (read, them) = if queries == 1 { ("query reads", "it") } else { ("queries read", "them") };
    let mut parts = vec![format!("{queries} {read} {} by these keys, and no index serves {them}", index.table)];
    if !index.predicate.is_empty() {
        parts.push("each of them has the predicate's condition, so the index can leave out the other rows".to_owned());
    }
    if !replaces.is_empty() {
        let names: Vec<String> = replaces.iter().map(Qualified::to_string).collect();
        parts.push(format!("it begins with the keys of {}, which is superfluous afterwards", names.join(" and ")));
    }
    let there = catalog.indexes_of(&index.table).count();
    if let Some((written, read)) = writes.get(&index.table).filter(|(written, read)| written > read && *written > 1) {
        parts.push(format!(
            "{written} statements write the table and {read} read it: each write pays for its {there} indexes and for this one"
        ));
    }
    if width > 3 {
        parts.push("its last keys pay only where many rows share the first ones".to_owned());
    }
    match stats.table(&index.table) {
        Some(size) => parts.push(size.describe()),
        None => parts.push("how selective the conditions are and how large the table is, no file says".to_owned()),
    }
    parts.join("; ")
}

/// Names that two new indexes share get numbers.
fn unique_names(all: &mut [Advice]) {
    let mut seen: Vec<String> = vec![];
    for advice in all {
        let Some(name) = advice.ddl.split("IF EXISTS ").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned) else { continue };
        let mut fresh = name.clone();
        let mut number = 0;
        while seen.contains(&fresh) {
            number += 1;
            fresh = format!("{name}{number}");
        }
        if fresh != name {
            let (bare, new) = (name.rsplit('.').next().unwrap_or(&name).to_owned(), fresh.rsplit('.').next().unwrap_or(&fresh).to_owned());
            advice.ddl = advice.ddl.replacen(&format!("IF EXISTS {name};"), &format!("IF EXISTS {fresh};"), 1).replacen(
                &format!("CONCURRENTLY {bare} ON"),
                &format!("CONCURRENTLY {new} ON"),
                1,
            );
        }
        seen.push(fresh);
    }
}
