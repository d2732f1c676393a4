//! The rewrites that query rules suggest return the same rows as what they replace.
#![allow(clippy::unwrap_used)]

use crate::server::{Rows, Server, Session, on_every_version};
use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::Finding;
use pgsift::session::Transaction;
use pgsift::settings::Settings;

const SCHEMA: &str = "
CREATE TABLE t (
    id bigint PRIMARY KEY, u int NOT NULL, a int, b int, name text, nn text NOT NULL,
    at timestamptz NOT NULL, seen timestamp, day date
);
CREATE INDEX t_at ON t (at);
CREATE INDEX t_seen ON t (seen);
CREATE INDEX t_u ON t (u);
CREATE TABLE o (id bigint PRIMARY KEY, t_id bigint, kind text NOT NULL);
CREATE TABLE nothing (id bigint PRIMARY KEY, t_id bigint);
";

const ROWS: &str = "
INSERT INTO t SELECT i, i % 7, nullif(i % 5, 0), nullif(i % 3, 1), CASE WHEN i % 4 > 0 THEN 'n' || i % 11 END, 'x' || i % 6,
    timestamptz '2025-12-25 00:00+00' + i * interval '5 hours', timestamp '2025-12-30' + i * interval '7 hours', date '2025-12-01' + i
  FROM generate_series(1, 120) AS i;
INSERT INTO o SELECT i, CASE WHEN i % 9 > 0 THEN i % 40 END, 'k' || i % 3 FROM generate_series(1, 90) AS i;
";

/// Paged queries; the keys that they return come first, in the order of the advised ORDER BY, named as its parameters are.
const PAGED: &[(&str, &str)] = &[
    ("id", "SELECT id FROM t ORDER BY id LIMIT 7 OFFSET $1"),
    ("u,id", "SELECT u, id FROM t ORDER BY u LIMIT 7 OFFSET $1"),
    ("u,id", "SELECT u, id FROM t ORDER BY u DESC, id LIMIT 7 OFFSET $1"),
    ("a,id", "SELECT a, id FROM t ORDER BY a LIMIT 7 OFFSET $1"),
    ("a,id", "SELECT a, id FROM t ORDER BY a DESC LIMIT 7 OFFSET $1"),
    ("a,id", "SELECT a, id FROM t ORDER BY a NULLS FIRST, id DESC LIMIT 7 OFFSET $1"),
    ("a,id", "SELECT a, id FROM t WHERE u > 2 OR u = 0 ORDER BY a DESC NULLS LAST, id LIMIT 7 OFFSET $1"),
    ("u,a,id", "SELECT u, a, id FROM t ORDER BY u, a DESC LIMIT 7 OFFSET $1"),
    ("u,a,id", "SELECT u, a, id FROM t WHERE id > 20 ORDER BY u, a, id LIMIT 7 OFFSET $1"),
    ("a,b,id", "SELECT a, b, id FROM t ORDER BY a DESC, b LIMIT 7 OFFSET $1"),
    ("a,name,id", "SELECT a, name, id FROM t WHERE u < 5 ORDER BY a, name DESC LIMIT 7 OFFSET $1"),
    ("nn,u,id", "SELECT nn, u, id FROM t ORDER BY nn, u DESC, id LIMIT 7 OFFSET $1"),
    ("double,id", "SELECT a * 2 AS double, id FROM t ORDER BY double LIMIT 7 OFFSET $1"),
    ("at,id", "SELECT x.at, x.id, o.kind FROM t x JOIN o ON o.id = x.id ORDER BY x.at DESC LIMIT 7 OFFSET $1"),
];

#[test]
fn keyset_pages_are_the_offset_pages() {
    let mut failures = vec![];
    let mut pages = 0;
    for (version, result) in on_every_version(|server| {
        let mut session = filled(server);
        PAGED.iter().map(|(keys, query)| (*query, page_through(&mut session, keys, query))).collect::<Vec<_>>()
    }) {
        for (query, outcome) in result {
            match outcome {
                Ok(n) => pages += n,
                Err(why) => failures.push(format!("{version}: {query}\n  {why}")),
            }
        }
    }
    println!("{pages} pages compared");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn filled(server: &Server) -> Session {
    let mut session = server.session("postgres");
    session.run("SET TimeZone = 'Asia/Kolkata'").unwrap();
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session
}

/// Reads all pages by the advice and compares them with one reading in the advised order; returns the number of pages.
fn page_through(session: &mut Session, keys: &str, query: &str) -> Result<usize, String> {
    let help = help_of("offset-pagination", query)?;
    let head = help.lines().next().unwrap_or_default().strip_prefix("continue after the last row seen: ").ok_or(help.clone())?;
    let order = &head[head.rfind(" ORDER BY ").ok_or("no ORDER BY")?..];
    let from_to_order = &query[..query.find(" ORDER BY ").unwrap()];
    let (select, filter) = from_to_order.split_once(" WHERE ").map_or((from_to_order, None), |(s, f)| (s, Some(f)));
    let all = session.rows(&format!("{from_to_order}{}", order.replace(" LIMIT 7", "")))?;
    let of_null = help.split("continue with ").nth(1).map(|rest| rest.split("; ").next().unwrap());
    let first_page = session.rows(&format!("{from_to_order}{order}"))?;
    let (mut seen, mut page): (Rows, Rows) = (vec![], first_page);
    let mut pages = 0;
    while let Some(last) = page.last().cloned() {
        seen.append(&mut page);
        pages += 1;
        if seen.len() > all.len() {
            return Err(format!("more rows than there are\n  {help}"));
        }
        let has_null = keys.split(',').enumerate().any(|(i, _)| last[i].is_none());
        let mut next = if has_null {
            let predicate = of_null.ok_or(format!("nothing said for NULL\n  {help}"))?;
            let filter = filter.map_or(String::new(), |f| format!("({f}) AND "));
            format!("{select} WHERE {filter}({predicate}){order}")
        } else {
            format!("{select} {}", head)
        };
        for (i, key) in keys.split(',').enumerate() {
            next = substitute(&next, key, last[i].as_deref());
        }
        page = session.rows(&next).map_err(|e| format!("{e}: {next}"))?;
    }
    if seen == all { Ok(pages) } else { Err(format!("{} rows by pages, {} in all, or in another order\n  {help}", seen.len(), all.len())) }
}

fn substitute(sql: &str, key: &str, value: Option<&str>) -> String {
    let value = value.map_or("NULL".to_owned(), |v| format!("'{v}'"));
    let name = format!("$last_{key}");
    let mut out = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find(&name) {
        let after = &rest[at + name.len()..];
        let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(&rest[..at]);
        out.push_str(if whole { &value } else { &name });
        rest = after;
    }
    out + rest
}

/// Conditions on wrapped columns, with values for their parameter.
const WRAPPED: &[(&str, &[&str])] = &[
    ("at::date = $1", &["'2026-01-02'", "'2025-12-31'"]),
    ("at::date >= $1", &["'2026-01-02'"]),
    ("at::date > $1", &["'2026-01-02'"]),
    ("at::date <= $1", &["'2026-01-02'"]),
    ("at::date < $1", &["'2026-01-02'"]),
    ("date(seen) = $1", &["'2026-01-03'"]),
    ("date_trunc('day', at) = $1", &["'2026-01-02 00:00+05:30'"]),
    ("date_trunc('month', seen) = $1", &["'2026-01-01'"]),
    ("date_trunc('month', seen) > $1", &["'2025-12-01'"]),
    ("date_trunc('quarter', seen) = $1", &["'2025-10-01'"]),
    ("date_trunc('week', at) < $1", &["'2026-01-05 00:00+05:30'"]),
    ("extract(year FROM at) = 2026", &[""]),
    ("extract(year FROM seen) = 2025", &[""]),
    ("date_part('year', seen) = $1", &["2026"]),
    ("at + interval '3 days' < $1", &["'2026-01-02 00:00+00'"]),
    ("seen - interval '1 hour' >= $1", &["'2026-01-02 00:00'"]),
    ("timestamptz '2026-01-05 00:00+00' - at > $1", &["interval '20 hours'"]),
    ("to_char(at, 'YYYY-MM') = $1", &["'2026-01'"]),
    ("to_char(seen, 'YYYY-MM-DD') = $1", &["'2026-01-03'"]),
    ("extract(epoch FROM timestamptz '2026-01-05 00:00+00' - at) < $1", &["72000"]),
    ("extract(epoch FROM timestamptz '2026-01-05 00:00+00' - at) > 72000", &[""]),
    ("u::text = $1", &["'3'"]),
    ("u + 1 = $1", &["4"]),
];

#[test]
fn ranges_are_the_wrapped_conditions() {
    let mut failures = vec![];
    let mut compared = 0;
    for (version, results) in on_every_version(|server| {
        let mut session = filled(server);
        let mut results = vec![];
        for (condition, values) in WRAPPED {
            for value in *values {
                results.push((*condition, same_rows(&mut session, condition, value)));
            }
        }
        results
    }) {
        for (condition, outcome) in results {
            compared += 1;
            if let Err(why) = outcome {
                failures.push(format!("{version}: {condition}: {why}"));
            }
        }
    }
    println!("{compared} conditions compared");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn same_rows(session: &mut Session, condition: &str, value: &str) -> Result<(), String> {
    let help = help_of("function-on-filtered-column", &format!("SELECT id FROM t WHERE {condition}"))?;
    let range = help.rsplit(": ").next().unwrap_or_default();
    let mut ask = |condition: &str| session.rows(&format!("SELECT id FROM t WHERE {} ORDER BY id", condition.replace("$1", value)));
    let (before, after) = (ask(condition)?, ask(range).map_err(|e| format!("{e}: {range}"))?);
    if before.is_empty() || before.len() == 120 {
        return Err("the case tells nothing: all rows or none".to_owned());
    }
    if before == after { Ok(()) } else { Err(format!("{} rows become {} by {range}", before.len(), after.len())) }
}

/// Expressions that ask for existence, and their advice.
const COUNTS: &[&str] = &[
    "SELECT id FROM t WHERE (SELECT count(*) FROM o WHERE o.t_id = t.id) > 0 ORDER BY id",
    "SELECT id FROM t WHERE (SELECT count(*) FROM o WHERE o.t_id = t.id AND kind = 'k1') = 0 ORDER BY id",
    "SELECT id FROM t WHERE 1 > (SELECT count(t_id) FROM o WHERE o.t_id = t.id) ORDER BY id",
];

#[test]
fn existence_is_what_was_counted() {
    for (version, results) in on_every_version(|server| {
        let mut session = filled(server);
        let one = |query: &&str| {
            let finding = finding_of("count-for-existence", query).unwrap();
            let span = finding.primary.at.span;
            let exists = finding.help.as_deref().unwrap().split(": ").nth(1).unwrap().to_owned();
            let rewritten = format!("{}{exists}{}", &query[..span.start as usize], &query[span.end as usize..]);
            (session.rows(query).unwrap(), session.rows(&rewritten).unwrap())
        };
        COUNTS.iter().map(one).collect::<Vec<_>>()
    }) {
        for (before, after) in results {
            assert!(!before.is_empty() && before.len() < 120, "{version}: the case tells nothing");
            assert_eq!(before, after, "{version}");
        }
    }
}

/// A query, the rule that speaks of it, and how its advice becomes the query to run instead.
type Whole = (&'static str, &'static str, fn(&str, &str) -> String);

/// The advice's SQL behind these words, to the end of its line.
fn after<'h>(help: &'h str, words: &str) -> &'h str {
    help.split(words).nth(1).unwrap_or_else(|| panic!("{help}")).lines().next().unwrap_or_default()
}

fn in_place_of_not_in(query: &str, help: &str) -> String {
    let from = query.find("id NOT IN").unwrap();
    format!("{}{} ORDER BY 1", &query[..from], after(help, "write "))
}

fn joined_groups(query: &str, help: &str) -> String {
    let (join, read) = after(help, "join the groups to t:\n").split_once(", and ").unwrap_or_else(|| panic!("{help}"));
    let read = read.strip_suffix(" in the select list").unwrap();
    let (before, rest) = query.split_once("(SELECT").unwrap();
    let tail = rest.split_once("FROM t").unwrap().1;
    format!("{before}{read} FROM t {join}{tail}")
}

const WHOLE: &[Whole] = &[
    ("not-in-nullable-subquery", "SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM o) ORDER BY 1", |_, help| {
        // with NULLs among them NOT IN has no rows at all, which is why it is to be written anew
        format!("SELECT id FROM t WHERE {} AND false ORDER BY 1", after(help, "write "))
    }),
    (
        "not-in-nullable-subquery",
        "SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM o WHERE kind = 'k1' OR kind = 'k2')",
        in_place_of_not_in,
    ),
    (
        "not-in-nullable-subquery",
        "SELECT id FROM t WHERE id NOT IN (SELECT x.t_id FROM o x JOIN o y ON y.id = x.id WHERE x.kind = 'k1')",
        in_place_of_not_in,
    ),
    ("not-in-nullable-subquery", "SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM nothing)", in_place_of_not_in),
    ("correlated-subquery-in-select", "SELECT t.id, (SELECT count(*) FROM o WHERE o.t_id = t.id) FROM t ORDER BY t.id", joined_groups),
    (
        "correlated-subquery-in-select",
        "SELECT t.id, (SELECT count(o.kind) FROM o WHERE t.id = o.t_id AND o.kind = 'k1') FROM t ORDER BY t.id",
        joined_groups,
    ),
    ("correlated-subquery-in-select", "SELECT t.id, (SELECT max(x.id) FROM o AS x WHERE x.t_id = t.a) FROM t ORDER BY t.id", joined_groups),
    (
        "correlated-subquery-in-select",
        "SELECT t.id, (SELECT count(*) FROM nothing n WHERE n.t_id = t.id) FROM t ORDER BY t.id",
        joined_groups,
    ),
];

#[test]
fn whole_queries_are_what_they_replace() {
    let mut failures = vec![];
    for (version, results) in on_every_version(|server| {
        let mut session = filled(server);
        let one = |(rule, query, write): &Whole| -> Result<(), String> {
            let mut query = (*query).to_owned();
            // NULLs decide NOT IN alone; everywhere else they are data like any other
            if query.contains("NOT IN") && query.contains("kind =") {
                session.run("BEGIN; DELETE FROM o WHERE t_id IS NULL")?;
            }
            let help = help_of(rule, &query)?;
            let rewritten = write(&query, &help);
            if !query.contains("ORDER BY") && !query.contains("count(DISTINCT") {
                query.push_str(" ORDER BY 1");
            }
            let before = session.rows(&query)?;
            let after = session.rows(&rewritten).map_err(|e| format!("{e}: {rewritten}"))?;
            let _ = session.run("ROLLBACK");
            if before == after { Ok(()) } else { Err(format!("{} rows become {} by {rewritten}", before.len(), after.len())) }
        };
        let mut one = one;
        WHOLE.iter().map(|case| (case.1, one(case))).collect::<Vec<_>>()
    }) {
        for (query, outcome) in results {
            if let Err(why) = outcome {
                failures.push(format!("{version}: {query}: {why}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn help_of(rule: &str, query: &str) -> Result<String, String> {
    finding_of(rule, query)?.help.ok_or("no help".to_owned())
}

fn finding_of(rule: &str, query: &str) -> Result<Finding, String> {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    let schema = Input { path: "schema.sql".into(), bytes: SCHEMA.into(), kind: InputKind::Migration(info), reported: false, sets: vec![] };
    let query = Input { path: "query.sql".into(), bytes: query.into(), kind: InputKind::Sql, reported: true, sets: vec![] };
    let settings = Settings { select: vec![rule.to_owned()], ..Settings::default() };
    check(vec![schema, query], &settings).findings.into_iter().next().ok_or("no finding".to_owned())
}
