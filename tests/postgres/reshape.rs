//! The whole queries that pgsift writes for DISTINCT ON and count(DISTINCT …) over joins return what they replace.
#![allow(clippy::unwrap_used)]

use crate::server::{Rows, Server, Session, on_every_version};
use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::Finding;
use pgsift::session::Transaction;
use pgsift::settings::Settings;

const SCHEMA: &str = "
CREATE TABLE districts (id int PRIMARY KEY, name text NOT NULL UNIQUE, area text);
CREATE TABLE events (id bigint PRIMARY KEY, district_id int REFERENCES districts, kind text, at timestamptz NOT NULL, user_id int);
CREATE TABLE people (id bigint PRIMARY KEY, event_id bigint NOT NULL REFERENCES events, name text);
CREATE TABLE alerts (id bigint PRIMARY KEY, person_id bigint REFERENCES people, level int, status text NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, event_id bigint, body text);
";

/// Districts without events, events without people or district, ties, NULLs in what is ordered, joined and grouped.
const ROWS: &str = "
INSERT INTO districts SELECT i, 'd' || i, nullif('a' || i % 3, 'a1') FROM generate_series(1, 9) AS i;
INSERT INTO events SELECT i, nullif(i % 8, 0), nullif('k' || i % 4, 'k3'), timestamptz '2026-01-01' + i % 13 * interval '1 day', i % 11
  FROM generate_series(1, 60) AS i;
INSERT INTO people SELECT i, i % 41 + 1, nullif('p' || i % 7, 'p5') FROM generate_series(1, 130) AS i;
INSERT INTO alerts SELECT i, nullif(i % 90, 0), nullif(i % 6, 2), CASE WHEN i % 3 = 0 THEN 'open' ELSE 'done' END FROM generate_series(1, 200) AS i;
INSERT INTO notes SELECT i, i % 50, 'n' || i % 5 FROM generate_series(1, 80) AS i;
";

/// Each order is total, so that there is one answer.
const PICKS: &[&str] = &[
    "SELECT DISTINCT ON (e.id) e.id, p.name, a.level FROM events e JOIN people p ON p.event_id = e.id JOIN alerts a ON a.person_id = p.id
     ORDER BY e.id, a.level DESC, a.id",
    "SELECT DISTINCT ON (e.id) e.id, e.kind, p.name, a.level, d.name FROM events e JOIN people p ON p.event_id = e.id
     JOIN alerts a ON a.person_id = p.id JOIN districts d ON d.id = e.district_id
     WHERE e.at > '2026-01-03' AND a.status = 'open' ORDER BY e.id, a.level NULLS FIRST, a.id DESC LIMIT 5 OFFSET 3",
    "SELECT DISTINCT ON (e.id) e.*, p.name, a.level FROM events e LEFT JOIN people p ON p.event_id = e.id
     LEFT JOIN alerts a ON a.person_id = p.id AND a.status = 'open' ORDER BY e.id DESC, a.level DESC NULLS LAST, p.id, a.id",
    "SELECT DISTINCT ON (e.id) e.id, p.*, a.level FROM people p JOIN events e ON e.id = p.event_id LEFT JOIN alerts a ON a.person_id = p.id
     ORDER BY e.id, a.level, p.id, a.id",
    "SELECT DISTINCT ON (e.id) e.id AS event, p.*, n.body FROM people p JOIN events e ON e.id = p.event_id JOIN notes n ON n.event_id = e.id
     WHERE p.name > 'p1' OR n.id < 20 ORDER BY e.id, n.id DESC, p.id",
    "SELECT DISTINCT ON (e.id) e.id, lower(p.name) || e.kind AS label, n.body FROM events AS e, people AS p, notes AS n
     WHERE p.event_id = e.id AND n.event_id = e.id AND (e.kind = 'k1' OR e.kind = 'k2') ORDER BY e.id, p.id, n.id",
    "SELECT DISTINCT ON (e.id) e.id, p.name FROM events e LEFT JOIN people p ON p.event_id = e.id LEFT JOIN notes n ON n.event_id = p.event_id
     WHERE e.user_id < 7 ORDER BY e.id, p.id DESC, n.id",
    "SELECT DISTINCT ON (d.name) d.name, e.id, p.id AS person FROM districts d JOIN events e ON e.district_id = d.id JOIN people p ON p.event_id = e.id
     ORDER BY d.name, e.at DESC, e.id, p.id",
];

#[test]
fn a_lateral_pick_is_what_distinct_on_keeps() {
    for (version, results) in on_every_version(|server| {
        let mut session = filled(server);
        let mut both = |query: &&str| {
            let sql = rewrite(&findings("distinct-on-over-joins", query)[0]);
            assert!(sql.contains("LATERAL"), "{query}: {sql}");
            (session.rows(query).unwrap(), session.rows(&sql).unwrap_or_else(|e| panic!("{e}: {sql}")), sql)
        };
        PICKS.iter().map(&mut both).collect::<Vec<_>>()
    }) {
        for (before, after, sql) in results {
            assert!(before.len() > 2, "{version}: the case tells nothing: {sql}");
            assert_eq!(before, after, "{version}: {sql}");
        }
    }
}

/// What each row is grouped by, the counts, and the rest of the query.
const COUNTS: &[(&str, &[&str], &str)] = &[
    ("", &["count(DISTINCT e.id)"], "FROM events e JOIN people p ON p.event_id = e.id JOIN alerts a ON a.person_id = p.id"),
    (
        "",
        &["count(DISTINCT e.id) AS n"],
        "FROM events e JOIN people p ON p.event_id = e.id JOIN alerts a ON a.person_id = p.id WHERE a.level > 1 AND e.kind = 'k1'",
    ),
    (
        "",
        &["count(DISTINCT e.id)"],
        "FROM events e, people p, alerts a WHERE p.event_id = e.id AND a.person_id = p.id AND (a.level > 3 OR p.id < 9)",
    ),
    ("", &["count(DISTINCT p.name)"], "FROM events e JOIN people p ON p.event_id = e.id JOIN alerts a ON a.person_id = p.id"),
    (
        "d.name",
        &[
            "count(DISTINCT e.id) AS events",
            "count(DISTINCT p.id) AS people",
            "count(DISTINCT a.id) FILTER (WHERE a.status = 'open') AS alerts",
        ],
        "FROM districts d LEFT JOIN events e ON e.district_id = d.id LEFT JOIN people p ON p.event_id = e.id
         LEFT JOIN alerts a ON a.person_id = p.id GROUP BY d.name",
    ),
    (
        "d.area AS region",
        &["count(DISTINCT e.user_id) AS users", "count(DISTINCT n.id)", "count(DISTINCT CASE WHEN p.name = 'p1' THEN p.id END) AS first"],
        "FROM districts d LEFT JOIN events e ON e.district_id = d.id LEFT JOIN people p ON p.event_id = e.id
         LEFT JOIN notes n ON n.event_id = e.id WHERE e.at > '2026-01-04' GROUP BY region",
    ),
    (
        "d.name, e.kind",
        &["count(DISTINCT e.id)", "count(DISTINCT d.id)"],
        "FROM districts d JOIN events e ON e.district_id = d.id JOIN people p ON p.event_id = e.id GROUP BY 1, 2",
    ),
    (
        // the ON of a left join says nothing of the notes where no person was found
        "",
        &["count(DISTINCT e.id)"],
        "FROM events e JOIN notes n ON n.event_id = e.user_id LEFT JOIN people p ON p.id = e.user_id AND p.event_id = n.id
         LEFT JOIN alerts a ON a.person_id = p.id WHERE p.id > 0 OR p.id IS NULL",
    ),
    (
        "d.id",
        &["count(DISTINCT p.id)"],
        "FROM districts d LEFT JOIN events e ON e.district_id = d.id AND e.kind = 'k1' LEFT JOIN people p ON p.event_id = e.id
         LEFT JOIN notes n ON n.event_id = e.id GROUP BY d.id",
    ),
];

#[test]
fn a_count_by_itself_is_the_distinct_count() {
    let mut compared = 0;
    for (version, results) in on_every_version(|server| {
        let mut session = filled(server);
        COUNTS.iter().flat_map(|case| counts(&mut session, case)).collect::<Vec<_>>()
    }) {
        for (before, after, sql) in results {
            assert_eq!(before, after, "{version}: {sql}");
            compared += 1;
        }
    }
    println!("{compared} counts compared");
}

/// Each count of a query that is told anew, as the query gives it and as the advice does.
fn counts(session: &mut Session, (keys, items, rest): &(&str, &[&str], &str)) -> Vec<(Rows, Rows, String)> {
    let comma = if keys.is_empty() { "" } else { ", " };
    let query = format!("SELECT {keys}{comma}{} {rest}", items.join(", "));
    let found = findings("count-distinct-over-joins", &query);
    assert!(!found.is_empty(), "{query}");
    let all = session.rows(&query).unwrap();
    let width = keys.split(", ").filter(|key| !key.is_empty()).count();
    let mut results = vec![];
    for finding in found {
        let span = finding.primary.at.span;
        let text = &query[span.start as usize..span.end as usize];
        let at = items.iter().position(|item| item.starts_with(text)).unwrap();
        let sql = rewrite(&finding);
        let mut before: Rows = all.iter().map(|row| row[..width].iter().chain([&row[width + at]]).cloned().collect()).collect();
        let mut after = session.rows(&sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
        before.sort();
        after.sort();
        results.push((before, after, sql));
    }
    results
}

/// The statement that a finding's help ends in.
fn rewrite(finding: &Finding) -> String {
    let help = finding.help.as_deref().unwrap();
    help[help.find("\nSELECT").unwrap_or_else(|| panic!("no statement in: {help}"))..].to_owned()
}

fn filled(server: &Server) -> Session {
    let mut session = server.session("postgres");
    session.run("CREATE SCHEMA reshape; SET search_path = reshape").unwrap();
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session
}

fn findings(rule: &str, query: &str) -> Vec<Finding> {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    let schema = Input { path: "schema.sql".into(), bytes: SCHEMA.into(), kind: InputKind::Migration(info), reported: false, sets: vec![] };
    let query = Input { path: "query.sql".into(), bytes: query.into(), kind: InputKind::Sql, reported: true, sets: vec![] };
    let settings = Settings { select: vec![rule.to_owned()], ..Settings::default() };
    check(vec![schema, query], &settings).findings
}
