//! Advice before the judge: every advised index is built, alone and with the others of its workload, and looked for in the plans
//! of the queries that it is said to serve; its DDL runs as written on every version.

use crate::workloads::{Workload, workloads};
use crate::{catalog, on_versions, postgres, read};
use pgsift::advise::{Advice, Entry, Kind, Report, advise};
use pgsift::catalog::Catalog;
use pgsift::facts::Statement;
use pgsift::source::{FileId, Location, Span};
use pgsift::stats::RelationStats;
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../fixtures/planner/advised_schema.sql");
const ROWS: &str = include_str!("../../fixtures/planner/advised_rows.sql");

/// A query without its parameters, and these.
fn parts(query: &str) -> (&str, Option<&str>) {
    query.split_once(" ;; ").map_or((query, None), |(text, parameters)| (text, Some(parameters)))
}

/// What is advised for a workload; a query is known by the number of its file.
fn report(catalog: &Catalog, workload: &Workload) -> Report {
    let read: Vec<Vec<Statement>> = workload.queries.iter().map(|query| read(parts(query).0)).collect();
    let entry = |(i, statements): (usize, &'_ Vec<Statement>)| {
        let at = Location { file: FileId(i as u32), span: Span::default() };
        let query = statements[0].query.as_ref().unwrap_or_else(|| panic!("not read: {}", workload.queries[i]));
        (query.clone(), at)
    };
    let queries: Vec<_> = read.iter().enumerate().map(entry).collect();
    let entries: Vec<Entry> = queries.iter().map(|(query, at)| Entry { query, at: *at, fingerprint: 0, cost: None }).collect();
    advise(catalog, &entries, &RelationStats::default())
}

fn created(report: &Report) -> Vec<&Advice> {
    report.advice.iter().filter(|a| a.kind == Kind::Create).collect()
}

fn names(ddl: &str) -> Vec<String> {
    ddl.lines().filter_map(|line| Some(line.strip_prefix("CREATE INDEX ")?.split(" ON ").next()?.replace("CONCURRENTLY ", ""))).collect()
}

/// `None` where PostgreSQL refuses the query (`max` of a uuid).
fn plan(session: &mut postgres::Session, query: &str) -> Option<String> {
    let (text, parameters) = parts(query);
    session.run("savepoint q").unwrap();
    let rows = match parameters {
        None => session.rows(&format!("explain (costs off) {text}")),
        Some(parameters) => session
            .run(&format!("deallocate all; prepare q as {text}"))
            .and_then(|()| session.rows(&format!("explain (costs off) execute q({parameters})"))),
    };
    session.run("rollback to q").unwrap();
    Some(rows.ok()?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect::<Vec<_>>().join("\n"))
}

fn shows(plan: &str, names: &[String]) -> bool {
    plan.lines().any(|line| {
        line.split([' ', ',']).any(|word| names.iter().any(|name| name == word))
            || names.iter().any(|n| n.contains(' ') && line.contains(n.as_str()))
    })
}

#[derive(Default)]
struct Tally {
    /// Indexes, and those seen in the plan of one of their queries beside all others of the workload.
    together: (usize, usize),
    /// Pairs of index and query, and those where the index, alone, is in the plan.
    alone: (usize, usize),
    /// Indexes with INCLUDE, and those that answered alone.
    covering: (usize, usize),
    /// DDL that PostgreSQL does not take.
    refused: usize,
    missed: Vec<String>,
}

fn session(server: &postgres::Server) -> postgres::Session {
    let mut setup = server.session("postgres");
    setup.run("create database advised template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'").unwrap();
    let mut session = server.session("advised");
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session.run("vacuum (analyze)").unwrap();
    session.run("set enable_seqscan = off; set timezone = 'UTC'; set plan_cache_mode = force_custom_plan").unwrap();
    session
}

fn judge(server: &postgres::Server) -> Tally {
    let mut session = session(server);
    let catalog = catalog(SCHEMA);
    let mut tally = Tally::default();
    for workload in workloads() {
        let report = report(&catalog, &workload);
        let advised = created(&report);
        session.run("begin").unwrap();
        for advice in &advised {
            let ddl = advice.ddl.replace(" CONCURRENTLY", "");
            session.run("savepoint one").unwrap();
            if let Err(why) = session.run(&ddl) {
                tally.refused += 1;
                tally.missed.push(format!("refused: {:?}\n  {ddl}: {why}", workload.queries));
                session.run("rollback to one").unwrap();
                continue;
            }
            for at in &advice.serves {
                let Some(plan) = plan(&mut session, &workload.queries[at.file.0 as usize]) else { continue };
                tally.alone.0 += 1;
                let used = shows(&plan, &names(&ddl));
                tally.alone.1 += usize::from(used);
                if !used {
                    tally.missed.push(format!("alone: {}\n  {}\n{plan}", workload.queries[at.file.0 as usize], advice.ddl));
                }
                if advice.ddl.contains(" INCLUDE ") {
                    tally.covering.0 += 1;
                    let only = plan.contains("Index Only Scan");
                    tally.covering.1 += usize::from(only);
                    if !only {
                        tally.missed.push(format!("not covering: {}\n  {}\n{plan}", workload.queries[at.file.0 as usize], advice.ddl));
                    }
                }
            }
            session.run("rollback to one").unwrap();
        }
        for advice in &advised {
            session.run("savepoint one").unwrap();
            if session.run(&advice.ddl.replace(" CONCURRENTLY", "")).is_err() {
                session.run("rollback to one").unwrap();
            }
        }
        let plans: Vec<Option<String>> = workload.queries.iter().map(|query| plan(&mut session, query)).collect();
        for advice in &advised {
            let plans: Vec<&String> = advice.serves.iter().filter_map(|at| plans[at.file.0 as usize].as_ref()).collect();
            if plans.is_empty() {
                continue;
            }
            tally.together.0 += 1;
            let used = plans.iter().any(|plan| shows(plan, &names(&advice.ddl)));
            tally.together.1 += usize::from(used);
            if !used {
                tally.missed.push(format!("together: {:?}\n  {}", workload.queries, advice.ddl));
            }
        }
        session.run("rollback").unwrap();
    }
    tally
}

#[test]
fn indexes_advised_for_many_workloads_are_used() {
    let wanted: Option<Vec<u8>> = std::env::var("PLANNER_VERSIONS").ok().map(|v| v.split(',').map(|n| n.parse().unwrap()).collect());
    for (version, tally) in on_versions(wanted.as_deref(), judge) {
        println!(
            "PostgreSQL {version}: {} of {} uses alone, {} of {} indexes together, {} of {} index-only",
            tally.alone.1, tally.alone.0, tally.together.1, tally.together.0, tally.covering.1, tally.covering.0
        );
        tally.missed.iter().for_each(|missed| println!("{missed}"));
        assert_eq!(tally.refused, 0, "{version}");
        assert!(tally.alone.0 > 600, "{version}: only {} uses", tally.alone.0);
        assert!(tally.alone.1 * 100 >= tally.alone.0 * 98, "{version}: {:?} of the uses", tally.alone);
        assert!(tally.together.1 * 100 >= tally.together.0 * 98, "{version}: {:?} of the indexes", tally.together);
        assert!(tally.covering.0 > 5 && tally.covering.1 == tally.covering.0, "{version}: {:?} answer alone", tally.covering);
    }
}

/// What is left without an index, one a line; not a test: what one looks through after a change.
#[test]
fn workloads_get_advice() {
    let catalog = catalog(SCHEMA);
    let (mut all, mut some) = (0, 0);
    for workload in workloads() {
        let report = report(&catalog, &workload);
        let served: BTreeSet<u32> = report.advice.iter().flat_map(|a| &a.serves).map(|at| at.file.0).collect();
        for (i, query) in workload.queries.iter().enumerate().filter(|_| workload.queries.len() == 1) {
            all += 1;
            some += usize::from(served.contains(&(i as u32)));
            if !served.contains(&(i as u32)) {
                let why: Vec<&str> = report.left.iter().map(|left| left.why.as_str()).collect();
                println!("{query} | {}", why.join("; "));
            }
        }
    }
    println!("{some} of {all} queries get an index");
    assert!(some * 100 >= all * 97, "{some} of {all}");
}

/// Few indexes for several queries; each side of a join where it is the one that rows come from.
#[test]
fn the_set_is_small_and_each_join_has_its_index() {
    const EXPECTED: &[(&str, &[&str])] = &[
        ("tenant_id = 7 AND name = 'x' ORDER BY created_at LIMIT 5", &["customers (tenant_id, name, created_at)"]),
        ("customer_id = 5 AND status = 'new' ORDER BY placed_at DESC", &["orders (customer_id, placed_at)"]),
        ("worker = 5 | SELECT * FROM orders WHERE worker = 5 AND paid_at IS NULL", &["orders (worker)"]),
        ("paid_at IS NULL AND coupon = 'x'", &["orders (worker, coupon) WHERE paid_at IS NULL"]),
        ("category_id = 5 AND vendor_id = 5 | SELECT * FROM products WHERE vendor_id = 5", &["products (vendor_id, category_id)"]),
        ("profile ? 'age'", &["customers USING gin (profile)"]),
        ("status = 'paid' ORDER BY placed_at LIMIT 5", &["orders (status, placed_at)"]),
        ("status = 'new' AND worker = 5", &["orders (worker) WHERE status = 'new'"]),
        ("WHERE c.name = 'Name 5'", &["customers (name)"]),
        ("i.order_id WHERE p.sku = 'SKU-5'", &["order_items (product_id)"]),
        ("p.id = i.product_id WHERE p.vendor_id = 5", &["order_items (product_id)", "products (vendor_id)"]),
        ("n.owner_id = m.user_id WHERE m.group_id = 5", &["memberships (group_id)", "notes (owner_id)"]),
        ("p.id = i.product_id WHERE c.phone = '000000000005'", &["customers (phone)"]),
        ("SELECT sum(total) FROM orders WHERE worker = 5", &["orders (worker) INCLUDE (total)"]),
    ];
    let catalog = catalog(SCHEMA);
    for (piece, expected) in EXPECTED {
        let workload = workloads().into_iter().find(|w| w.queries.join(" | ").contains(piece)).unwrap_or_else(|| panic!("{piece}"));
        let report = report(&catalog, &workload);
        let mut found: Vec<String> = created(&report).iter().map(|a| format!("{} {}", a.table, a.index)).collect();
        found.sort();
        assert_eq!(found, *expected, "{:?}", workload.queries);
    }
}

/// As written, with CONCURRENTLY and outside a transaction.
#[test]
fn advised_ddl_runs_on_every_version() {
    let catalog = catalog(SCHEMA);
    let mut all: BTreeSet<String> = BTreeSet::new();
    for workload in workloads() {
        let report = report(&catalog, &workload);
        all.extend(report.advice.iter().filter(|a| a.kind != Kind::Unused && a.replaces.is_empty()).map(|a| a.ddl.clone()));
    }
    assert!(all.len() > 150, "{}", all.len());
    let answers = on_versions(Some(&[12, 13, 14, 15, 16, 17, 18]), |server| {
        let mut session = session(server);
        let mut refused = vec![];
        for ddl in &all {
            for statement in postgres::statements(ddl) {
                if let Err(why) = session.run(&statement) {
                    refused.push(format!("{statement}: {why}"));
                }
            }
            let schema = ddl.lines().next().and_then(|line| line.strip_prefix("DROP INDEX CONCURRENTLY IF EXISTS "));
            let parent = names(ddl).into_iter().next().unwrap_or_default();
            let dropped = schema.map_or(parent, |name| name.trim_end_matches(';').to_owned());
            let _ = session.run(&format!("drop index if exists {dropped}"));
        }
        refused
    });
    for (version, refused) in answers {
        println!("PostgreSQL {version}: {} of {} refused", refused.len(), all.len());
        refused.iter().for_each(|why| println!("{why}"));
        assert!(refused.is_empty(), "{version}");
    }
}
