//! What is left alone for where it stands, each beside its neighbour of the same text that is not: a silence that nothing breaks
//! would hide findings unseen.
#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;

use project::Project;

/// The files that have findings of one rule, in a project of these files.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let json = Project::new(files).check(&["--select", rule]);
    json["findings"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap().to_owned()).collect()
}

const PAGE: &str = "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000;\n";
const PAGE_IN_PYTHON: &str = "def f(cur):\n    cur.execute(\"SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000\")\n";
const PAGE_IN_GO: &str = "package a\nfunc f() {\n\tdb.Query(\"SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000\")\n}\n";
const INDEX: &str = "CREATE INDEX orders_a ON orders (a);\n";

#[test]
fn paths_of_tests_scripts_and_seeds() {
    for (quiet, judged) in
        [("tests/page.sql", "app/page.sql"), ("src/page.test.sql", "src/page.contest.sql"), ("scripts/page.sql", "queries/page.sql")]
    {
        assert_eq!(found("offset-pagination", &[(quiet, PAGE), (judged, PAGE)]), [judged]);
    }
    for (quiet, judged) in [
        ("app/test_page.py", "app/latest_page.py"),
        ("tests/page.py", "app/page.py"),
        ("scripts/page.py", "app/scripting.py"),
        ("db/seeds.py", "db/seeding.py"),
        ("db/migrations/0001_a.py", "db/migrating/a1.py"),
    ] {
        assert_eq!(found("offset-pagination", &[(quiet, PAGE_IN_PYTHON), (judged, PAGE_IN_PYTHON)]), [judged]);
    }
    assert_eq!(
        found("offset-pagination", &[("app/page_test.go", PAGE_IN_GO), ("app/page_testing.go", PAGE_IN_GO)]),
        ["app/page_testing.go"]
    );
}

#[test]
fn packages_and_drivers_of_other_engines() {
    let manifest =
        |features: &str| format!("[package]\nname = \"a\"\n[dependencies]\nsqlx = {{ version = \"0.8\", features = [{features}] }}\n");
    let (theirs, ours, both) = (manifest("\"sqlite\""), manifest("\"postgres\""), manifest("\"sqlite\", \"postgres\""));
    let files = [
        ("a/Cargo.toml", theirs.as_str()),
        ("a/migrations/1_a.sql", INDEX),
        ("b/Cargo.toml", &ours),
        ("b/migrations/1_a.sql", INDEX),
        ("c/Cargo.toml", &both),
        ("c/migrations/1_a.sql", INDEX),
    ];
    assert_eq!(found("index-without-concurrently", &files), ["b/migrations/1_a.sql", "c/migrations/1_a.sql"]);
    let lock = |provider: &str| format!("provider = \"{provider}\"\n");
    let (theirs, ours) = (lock("mysql"), lock("postgresql"));
    let migration = "ALTER TABLE orders ADD COLUMN a int NOT NULL;\n";
    let files = [
        ("a/prisma/migrations/migration_lock.toml", theirs.as_str()),
        ("a/prisma/migrations/20240101000000_a/migration.sql", migration),
        ("b/prisma/migrations/migration_lock.toml", &ours),
        ("b/prisma/migrations/20240101000000_a/migration.sql", migration),
    ];
    assert_eq!(found("add-required-column", &files), ["b/prisma/migrations/20240101000000_a/migration.sql"]);
    let driver = |name: &str| format!("import {name}\n{PAGE_IN_PYTHON}");
    let (theirs, ours) = (driver("sqlite3"), driver("psycopg"));
    assert_eq!(found("offset-pagination", &[("app/a.py", theirs.as_str()), ("app/b.py", &ours)]), ["app/b.py"]);
    let (mysql, sqlite) = (format!("mysql/{}", "1_a.sql"), "sqlite/1_a.sql".to_owned());
    let files = [(mysql.as_str(), INDEX), (sqlite.as_str(), INDEX), ("postgres/1_a.sql", INDEX)];
    assert_eq!(found("index-without-concurrently", &files), ["postgres/1_a.sql"]);
}

#[test]
fn documents() {
    let fence = |language: &str, sql: &str| format!("# Guide\n\n```{language}\n{sql}```\n");
    let (sql, text, plain) = (fence("sql", PAGE), fence("text", PAGE), format!("# Guide\n\n    {PAGE}"));
    assert_eq!(found("offset-pagination", &[("a.md", sql.as_str()), ("b.md", &text), ("c.md", &plain)]), ["a.md"]);
    // an excerpt that shows how a batch is written, and one that writes all
    let (batch, all) = (fence("sql", "UPDATE orders SET a = 1 WHERE id BETWEEN 1 AND 1000;\n"), fence("sql", "UPDATE orders SET a = 1;\n"));
    assert_eq!(found("unbatched-backfill", &[("a.md", batch.as_str()), ("b.md", &all)]), ["b.md"]);
    // what psql answers is no statement
    let answer = fence("sql", "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000;\n id | a\n----+---\n  1 | 2\n(1 row)\n");
    let json = Project::new(&[("a.md", answer.as_str())]).check(&["--select", "offset-pagination"]);
    assert_eq!((json["findings"].as_array().unwrap().len(), &json["summary"]["opaque"]), (1, &0.into()), "{}", json["opaque"]);
    let broken = fence("sql", "SELEC id FROM orders;\n");
    assert_eq!(Project::new(&[("a.md", broken.as_str())]).check(&[])["summary"]["opaque"], 1);
}

#[test]
fn savepoints() {
    let wrapped = |sql: &str| format!("BEGIN;\n{sql}COMMIT;\n");
    let kept = wrapped("CREATE TABLE t (a int);\nSAVEPOINT s;\nRELEASE SAVEPOINT s;\nCREATE INDEX t_a ON t (a);\n");
    let undone = wrapped("SAVEPOINT s;\nCREATE TABLE t (a int);\nROLLBACK TO SAVEPOINT s;\nCREATE INDEX t_a ON t (a);\n");
    assert_eq!(found("index-without-concurrently", &[("a/1_a.sql", kept.as_str()), ("b/1_a.sql", &undone)]), ["b/1_a.sql"]);
    // a timeout that is taken back limits nothing any more
    let held = wrapped("SET LOCAL lock_timeout = '2s';\nSAVEPOINT s;\nROLLBACK TO SAVEPOINT s;\nALTER TABLE t ADD COLUMN b int;\n");
    let gone = wrapped("SAVEPOINT s;\nSET LOCAL lock_timeout = '2s';\nROLLBACK TO SAVEPOINT s;\nALTER TABLE t ADD COLUMN b int;\n");
    assert_eq!(found("missing-lock-timeout", &[("a/1_a.sql", held.as_str()), ("b/1_a.sql", &gone)]), ["b/1_a.sql"]);
}

#[test]
fn slow_queries() {
    let line = |second: usize, milliseconds: usize, sql: &str| {
        format!("2026-01-01 00:00:{second:02}.000 UTC [1] LOG:  duration: {milliseconds}.000 ms  statement: {sql}\n")
    };
    let log: String = (0..40).map(|i| line(i, 2000, "SELECT a FROM t WHERE b = 1") + &line(i, 1, "SELECT c FROM u WHERE d = 1")).collect();
    let quick: String = (0..40).map(|i| line(i, 2, "SELECT a FROM t WHERE b = 1") + &line(i, 1, "SELECT c FROM u WHERE d = 1")).collect();
    let slow = |log: &str| {
        let project = Project::new(&[("a.log", log)]);
        let json = project.json(&["logs", "a.log", "--format", "json"], "").0;
        let findings = json["findings"].as_array().unwrap().clone();
        findings.iter().filter(|f| f["rule"] == "slow-query").map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(slow(&log).len() == 1 && slow(&log)[0].starts_with("`select a from t where b = ?` takes 99 %"), "{:?}", slow(&log));
    assert!(slow(&quick).is_empty());
}

#[test]
fn documents_of_other_engines_and_tables_that_a_document_shows() {
    let fence = |sql: &str| format!("# Tables\n\n```sql\n{sql}\n```\n");
    let drop = fence("DROP TABLE orders;");
    let theirs = fence("DROP TABLE orders;\nCREATE TABLE orders (a LowCardinality(String)) ENGINE = MergeTree ORDER BY a;");
    let files = [("docs/clickhouse-orders.md", drop.as_str()), ("docs/orders.md", &drop), ("docs/rollup.md", &theirs)];
    assert_eq!(found("drop-table", &files), ["docs/orders.md"]);
    let refers = "CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);\n";
    let shown = fence(refers);
    let files = [("docs/tables.md", shown.as_str()), ("migrations/V2__lines.sql", refers), ("migrations/V1__a.sql", "SELECT 1;\n")];
    assert_eq!(found("foreign-key-locks-parent", &files), ["migrations/V2__lines.sql"]);
}
