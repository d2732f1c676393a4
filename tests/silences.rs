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
fn tests_by_their_folders_and_by_what_they_take() {
    let helper = PAGE_IN_GO.replace("func f()", "func f(t *testing.T)");
    let files = [("testsuite/testdb/a.go", PAGE_IN_GO), ("db/helper.go", helper.as_str()), ("db/a.go", PAGE_IN_GO)];
    assert_eq!(found("offset-pagination", &files), ["db/a.go"]);
    let rust = |mark: &str| {
        format!(
            "{mark} mod inner {{\n    fn f(c: &mut C) {{ c.query(\"SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000\"); }}\n}}\n"
        )
    };
    let (tests, ours) = (rust("#[cfg(test)]\npub(crate)"), rust("#[cfg(test)]\nmod tests;\npub(crate)"));
    assert_eq!(found("offset-pagination", &[("src/a.rs", tests.as_str()), ("src/b.rs", &ours)]), ["src/b.rs"]);
    let ruby = |driver: &str| format!("db = {driver}.new\ndb.execute \"SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000\"\n");
    let (theirs, ours) = (ruby("SQLite3::Database"), ruby("PG::Connection"));
    assert_eq!(found("offset-pagination", &[("app/a.rb", theirs.as_str()), ("app/b.rb", &ours)]), ["app/b.rb"]);
}

#[test]
fn earlier_versions_of_what_is_stored() {
    let view = "SELECT DISTINCT ON (a) a, id FROM orders;\n";
    let files = [("db/views/totals_v01.sql", view), ("db/views/totals_v02.sql", view), ("queries/totals_v01.sql", view)];
    assert_eq!(found("distinct-on-without-order", &files), ["db/views/totals_v02.sql", "queries/totals_v01.sql"]);
    let json = Project::new(&files).check(&[]);
    assert!(json["summary"]["left_out"].to_string().contains("earlier versions of views and functions"), "{}", json["summary"]);
    // asked for by name it is read
    let json = Project::new(&files).json(&["check", "--format", "json", "db/views/totals_v01.sql"], "").0;
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    // what a migration made is told where the schema that stands for all of them has it
    let migration = |name: &str| {
        format!(
            "class A < ActiveRecord::Migration[7.0]\n  def up\n    execute <<-SQL\n      CREATE VIEW {name} AS SELECT DISTINCT ON (a) a, id FROM orders;\n    SQL\n  end\nend\n"
        )
    };
    let (again, other) = (migration("totals"), migration("others"));
    let dump =
        "CREATE TABLE public.orders (id bigint PRIMARY KEY);\nCREATE VIEW public.totals AS SELECT DISTINCT ON (a) a, id FROM orders;\n";
    let files =
        [("db/structure.sql", dump), ("db/migrate/20240101000000_a.rb", again.as_str()), ("db/migrate/20240101000001_b.rb", &other)];
    assert_eq!(found("distinct-on-without-order", &files), ["db/migrate/20240101000001_b.rb", "db/structure.sql"]);
}

#[test]
fn primary_keys_of_later_strings_and_in_the_end() {
    let migration = |key: &str| {
        format!(
            "class A < ActiveRecord::Migration[7.0]\n  def up\n    execute 'CREATE TABLE recents (id bigint NOT NULL);'\n    execute '{key}'\n  end\nend\n"
        )
    };
    let (added, other) = (migration("ALTER TABLE recents ADD PRIMARY KEY (id);"), migration("ALTER TABLE others ADD PRIMARY KEY (id);"));
    let dump = ("db/structure.sql", "CREATE TABLE public.orders (id bigint PRIMARY KEY);\n");
    let files = [dump, ("db/migrate/20240101000000_a.rb", added.as_str()), ("db/migrate/20240101000001_b.rb", &other)];
    assert_eq!(found("missing-primary-key", &files), ["db/migrate/20240101000001_b.rb"]);
    // the help speaks of the table as it is in the end
    let files = [
        (
            "migrations/1_a.sql",
            "CREATE TABLE favorites (user_id bigint NOT NULL, service_id bigint NOT NULL, UNIQUE (user_id, service_id));\n",
        ),
        ("migrations/2_b.sql", "ALTER TABLE favorites ALTER COLUMN service_id DROP NOT NULL, ADD COLUMN number bigserial UNIQUE;\n"),
    ];
    let json = Project::new(&files).check(&["--select", "missing-primary-key"]);
    assert_eq!(json["findings"][0]["help"], "ALTER TABLE favorites ADD PRIMARY KEY (number);");
    let json = Project::new(&files[..1]).check(&["--select", "missing-primary-key"]);
    assert_eq!(json["findings"][0]["help"], "ALTER TABLE favorites ADD PRIMARY KEY (user_id, service_id);");
    let divided = "CREATE TABLE states (id bigint NOT NULL, month date NOT NULL) PARTITION BY LIST (month);\n";
    let json = Project::new(&[("migrations/1_a.sql", divided)]).check(&["--select", "missing-primary-key"]);
    assert!(json["findings"][0]["help"].as_str().unwrap().ends_with("ADD PRIMARY KEY (id, month);"), "{}", json["findings"]);
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
