//! The planner as the judge: for thousands of (query, index) pairs on real servers, is our answer to *can this index serve this
//! query* PostgreSQL's own?
//!
//! Every pair is asked with `enable_seqscan = off`: an index that has any part in the answer is then preferred to reading the
//! whole table. The database's collation is not C, as in production.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/postgres.rs"]
mod postgres;

mod advised;
mod cases;
mod workloads;

use cases::{Case, cases};
use pgsift::advise::{Entry, Kind, advise};
use pgsift::catalog::index_match::{Prepared, access};
use pgsift::catalog::uses::uses;
use pgsift::catalog::{Catalog, Index, Qualified};
use pgsift::facts::Statement;
use pgsift::postgres::version::Version;
use pgsift::source::{FileId, Source, Sources, Span};
use pgsift::sql::{self, token::Dialect};
use pgsift::stats::RelationStats;
use std::collections::BTreeMap;

const SCHEMA: &str = include_str!("../../fixtures/planner/schema.sql");
const ROWS: &str = include_str!("../../fixtures/planner/rows.sql");

pub(crate) fn read(text: &str) -> Vec<Statement> {
    let file: FileId = Sources::default().add(Source::new("planner.sql", text.as_bytes().to_vec()));
    sql::read(file, text, Span::new(0, text.len() as u32), Dialect::Psql).statements
}

pub(crate) fn catalog(text: &str) -> Catalog {
    let mut catalog = Catalog::default();
    for statement in read(text) {
        catalog.apply(&statement, text);
    }
    catalog
}

/// What pgsift says of a query and the indexes that are there: which have a part in it, and whether they give the order.
fn our_answer(catalog: &Catalog, query: &str) -> Option<(bool, bool)> {
    let statements = read(query);
    let parsed = statements.first()?.query.as_ref()?;
    let (mut used, mut ordered) = (false, false);
    for table in uses(catalog, parsed) {
        let indexes: Vec<(&Qualified, &Index)> = catalog.indexes_of(&table.name).collect();
        let prepared: Vec<Prepared> = indexes.iter().map(|(_, index)| Prepared::new(catalog, index)).collect();
        let nodes = table.nodes();
        let access = access(&prepared, &nodes, &table.order);
        used |= !access.ors.is_empty() || access.services.iter().any(|(_, s)| s.is_used());
        ordered |= access.services.iter().any(|(_, s)| s.order);
    }
    Some((used, ordered))
}

/// What the planner does: whether an index named `x…` has a condition, an order or a predicate to give, and whether nothing is sorted.
fn planner_answer(plan: &str, ordered: bool, partial: bool) -> (bool, bool) {
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
    let (mut used, mut scanned, mut sorted) = (false, false, false);
    let mut nodes = vec![&plan[0]["Plan"]];
    while let Some(node) = nodes.pop() {
        let ours = node["Index Name"].as_str().is_some_and(|name| name.starts_with('x'));
        scanned |= ours;
        used |= ours && (partial || node["Index Cond"].is_string() || node["Order By"].is_string());
        sorted |= node["Node Type"].as_str().is_some_and(|t| t.contains("Sort"));
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
    }
    // without a condition an index is read for its order: all of it, or it does not count
    (used || ordered && scanned && !sorted, !sorted)
}

/// Asks the installed servers of the versions wanted (15 and newer by default), two at a time.
pub(crate) fn on_versions<T: Send>(wanted: Option<&[u8]>, ask: impl Fn(&postgres::Server) -> T + Sync) -> Vec<(Version, T)> {
    let chosen = |v: &Version| wanted.map_or(v.at_least(15), |w| w.contains(&v.major()));
    let versions: Vec<Version> = postgres::installed().into_iter().filter(chosen).collect();
    let mut answers = vec![];
    for pair in versions.chunks(2) {
        let ask = &ask;
        answers.extend(std::thread::scope(|scope| {
            let threads: Vec<_> = pair.iter().map(|v| scope.spawn(move || (*v, ask(&postgres::Server::start(*v))))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        }));
    }
    answers
}

/// Where we knowingly differ, by a piece of the query, and why.
const KNOWN: &[(&str, &str)] = &[
    ("i = 5 AND i = 6", "a contradiction, which 18 sees before it looks for indexes"),
    ("i IS NULL", "a NOT NULL column: from 17 on the planner knows the answer"),
    ("bn IS NULL", "the same"),
    ("bn IS NOT NULL", "the same"),
    ("i IS NOT NULL", "the same"),
    ("NOT (i IS NULL)", "the same"),
    ("i IS NOT DISTINCT FROM NULL", "the same"),
    ("SELECT max(", "min() and max() read an index to its first value by a condition of their own (IS NOT NULL)"),
    ("SELECT min(", "the same"),
];

fn known(difference: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(piece, _)| difference.contains(piece)).map(|(_, why)| *why)
}

#[derive(Default)]
struct Tally {
    asked: usize,
    agreed: usize,
    refused: usize,
    served: usize,
    differences: Vec<String>,
}

fn judge(server: &postgres::Server) -> Tally {
    let mut setup = server.session("postgres");
    setup.run("create database planner template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'").unwrap();
    let mut session = server.session("planner");
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session.run("set enable_seqscan = off; set enable_incremental_sort = off; set enable_hashjoin = off; set enable_mergejoin = off; set timezone = 'UTC'").unwrap();
    let base = catalog(SCHEMA);
    let mut tally = Tally::default();
    for Case { indexes, queries } in cases() {
        session.run("begin").unwrap();
        if let Err(why) = session.run(&indexes) {
            // SQL/JSON came with 17
            if indexes.contains("(JSON_") {
                tally.refused += queries.len();
                session.run("rollback").unwrap();
                continue;
            }
            panic!("{indexes}: {why}");
        }
        let mut known = base.clone();
        for statement in read(&indexes) {
            known.apply(&statement, &indexes);
        }
        for query in queries {
            session.run("savepoint q").unwrap();
            let plan = session.rows(&format!("explain (format json, costs off) {query}"));
            session.run("rollback to q").unwrap();
            let Ok(plan) = plan else {
                tally.refused += 1;
                if std::env::var_os("PLANNER_REFUSED").is_some() {
                    println!("refused: {query}: {}", plan.unwrap_err());
                }
                continue;
            };
            let plan: String = plan.iter().filter_map(|row| row[0].clone()).collect::<Vec<_>>().join("\n");
            let orders = query.contains("ORDER BY") || query.starts_with("SELECT m");
            let (used, unsorted) = planner_answer(&plan, orders, indexes.contains(" WHERE "));
            let ours = our_answer(&known, &query);
            tally.asked += 1;
            tally.served += usize::from(used);
            // of two indexes the cheaper is taken
            let compared = orders && used && !indexes.contains(';') && !query.contains("FROM (") && !query.starts_with("SELECT m");
            let agrees = ours.is_some_and(|(u, o)| u == used && (!compared || o == unsorted));
            if agrees {
                tally.agreed += 1;
            } else {
                let ordered =
                    if orders { format!(" (order: PostgreSQL {unsorted}, ours {})", ours.is_some_and(|o| o.1)) } else { String::new() };
                tally.differences.push(format!("{indexes} | {query} | PostgreSQL {used}, ours {:?}{ordered}", ours.map(|o| o.0)));
            }
        }
        session.run("rollback").unwrap();
    }
    tally
}

#[test]
fn indexes_serve_what_the_planner_says() {
    let wanted: Option<Vec<u8>> = std::env::var("PLANNER_VERSIONS").ok().map(|v| v.split(',').map(|n| n.parse().unwrap()).collect());
    let answers = on_versions(wanted.as_deref(), judge);
    let mut by_difference: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (version, tally) in &answers {
        println!(
            "PostgreSQL {version}: {} asked, {} served, {} agreed, {} refused by PostgreSQL",
            tally.asked, tally.served, tally.agreed, tally.refused
        );
        for difference in &tally.differences {
            by_difference.entry(difference.clone()).or_default().push(version.to_string());
        }
    }
    for (difference, versions) in &by_difference {
        let why = known(difference).map_or(String::new(), |why| format!(" (known: {why})"));
        println!("[{}] {difference}{why}", versions.join(","));
    }
    for (version, tally) in &answers {
        assert!(tally.asked > 3000, "{version}: only {} pairs asked", tally.asked);
        assert!(tally.agreed * 1000 >= tally.asked * 990, "{version}: {} of {} agree", tally.agreed, tally.asked);
    }
}

const WORKLOAD: &str = include_str!("../../fixtures/planner/workload.sql");

/// Every index that is advised for the workload is built, and seen in the plan of every query that it is said to serve.
fn built_and_used(server: &postgres::Server) -> (usize, usize, Vec<String>) {
    let mut setup = server.session("postgres");
    setup.run("create database planner template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'").unwrap();
    let mut session = server.session("planner");
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session.run("set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set timezone = 'UTC'").unwrap();
    let catalog = catalog(SCHEMA);
    let statements = read(WORKLOAD);
    let entries: Vec<Entry> =
        statements.iter().filter_map(|s| Some(Entry { query: s.query.as_ref()?, at: s.location(), fingerprint: 0, cost: None })).collect();
    assert_eq!(entries.len(), statements.len(), "a query of the workload is not read");
    let (mut asked, mut used, mut unused) = (0, 0, vec![]);
    for advice in advise(&catalog, &entries, &RelationStats::default()).advice.iter().filter(|a| a.kind == Kind::Create) {
        session.run("begin").unwrap();
        let ddl = advice.ddl.replace(" CONCURRENTLY", "");
        session.run(&ddl).unwrap_or_else(|why| panic!("{ddl}: {why}"));
        let name = ddl.split("CREATE INDEX ").nth(1).and_then(|rest| rest.split(" ON ").next()).unwrap().to_owned();
        for at in &advice.serves {
            asked += 1;
            let query = at.span.of(WORKLOAD);
            let plan = session.rows(&format!("explain (costs off) {query}")).unwrap_or_else(|why| panic!("{query}: {why}"));
            let lines: Vec<String> = plan.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
            if lines.iter().any(|line| line.contains(&name)) {
                used += 1;
            } else {
                unused.push(format!("{ddl}\n{query}\n{}", lines.join("\n")));
            }
        }
        session.run("rollback").unwrap();
    }
    (asked, used, unused)
}

#[test]
fn advised_indexes_are_used() {
    for (version, (asked, used, unused)) in on_versions(None, built_and_used) {
        println!("PostgreSQL {version}: {used} of {asked} advised uses are in the plan");
        unused.iter().for_each(|plan| println!("not used: {plan}"));
        assert!(asked > 50, "{version}: only {asked} uses");
        assert!(used * 100 >= asked * 95, "{version}: {used} of {asked}");
    }
}
