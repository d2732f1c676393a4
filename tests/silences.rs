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
    let php = |fetch: &str| {
        format!(
            "<?php\nfunction f($db) {{\n  $rows = $db->query('SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 10000');\n  return $rows->{fetch}();\n}}\n"
        )
    };
    let (theirs, ours) = (php("fetch_assoc"), php("fetchAll"));
    assert_eq!(found("offset-pagination", &[("app/a.php", theirs.as_str()), ("app/b.php", &ours)]), ["app/b.php"]);
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

/// A statement in a function of Go, which is told the name and what stands right before the call.
fn in_go(function: &str, before: &str, sql: &str) -> String {
    format!("package a\n\nfunc {function}(db *sql.DB, n int) {{\n\t{before}db.Query(`{sql}`, n)\n}}\n")
}

/// A file of a program is judged, and its neighbour, which differs in one thing, is not.
fn judged_beside(rule: &str, quiet: &str, judged: &str) {
    assert_eq!(found(rule, &[("a.go", quiet), ("b.go", judged)]), ["b.go"], "{quiet}");
}

#[test]
fn limits_whose_order_matters() {
    let rule = "limit-without-order";
    let of = |quiet: &str, judged: &str| judged_beside(rule, &in_go("find", "", quiet), &in_go("find", "", judged));
    // a page, and a row that is drawn
    of("SELECT id FROM orders WHERE kind = 3 LIMIT 20", "SELECT id FROM orders WHERE kind = 3 LIMIT 20 OFFSET $1");
    of("SELECT id FROM orders LIMIT 1 OFFSET floor(random() * 9)", "SELECT id FROM orders LIMIT 1 OFFSET $1");
    // a search, and a pattern of the program's own
    of("SELECT id FROM orders WHERE name LIKE 'tmp%' LIMIT 20", "SELECT id FROM orders WHERE name LIKE $1 LIMIT 20");
    of("SELECT id FROM orders WHERE name LIKE 'A%' AND owner = $1 LIMIT 1", "SELECT id FROM orders WHERE name LIKE 'A%' LIMIT 1");
    // what belongs to a given thing, and what is looked at to see if there is a second
    of("SELECT id, total FROM orders WHERE owner = $1 LIMIT 2", "SELECT id, total FROM orders WHERE owner = $1 LIMIT 20");
    of("SELECT id, total FROM orders WHERE done_at IS NULL LIMIT 20", "SELECT id, total FROM orders WHERE owner = $1 LIMIT 20");
    of("SELECT kind FROM orders GROUP BY kind HAVING count(*) > 1 LIMIT 5", "SELECT kind, count(*) FROM orders GROUP BY kind LIMIT 5");
    // the function says so by its name
    let (lookup, latest, work) = (
        in_go("findOrder", "", "SELECT id FROM orders WHERE kind < $1 LIMIT 1"),
        in_go("findLatestOrder", "", "SELECT id FROM orders WHERE kind < $1 LIMIT 1"),
        in_go("findStaleOrders", "", "SELECT id, total FROM orders WHERE owner = $1 LIMIT 20"),
    );
    judged_beside(rule, &lookup, &latest);
    judged_beside(rule, &work, &latest);
    let given = |name: &str| {
        format!("async function f() {{\n  return db.query('SELECT id, a FROM orders WHERE kind = $1 LIMIT $2', [3, {name}]);\n}}\n")
    };
    let (quiet, judged) = (given("BATCH_SIZE"), given("pageSize"));
    assert_eq!(found(rule, &[("a.js", quiet.as_str()), ("b.js", &judged)]), ["b.js"]);
}

#[test]
fn limits_in_files_of_sql() {
    let rule = "limit-without-order";
    let of = |quiet: &str, judged: &str| assert_eq!(found(rule, &[("q/a.sql", quiet), ("q/b.sql", judged)]), ["q/b.sql"], "{quiet}");
    let named = |name: &str| format!("-- name: {name} :many\nSELECT id FROM orders WHERE kind = 3 LIMIT $1;\n");
    of(&named("CleanupOrders"), &named("ListOrders"));
    let copied = |count: &str| format!("COPY (SELECT id FROM orders WHERE kind = 3 LIMIT {count}) TO STDOUT;\n");
    of(&copied(":most"), &copied("50"));
    let view = |limit: &str| format!("CREATE VIEW shown AS SELECT id FROM orders WHERE done_at IS NULL LIMIT {limit};\n");
    of(&view("1"), &view("20"));
    // several rows of one customer, and one of a number that is unique
    let schema = "CREATE TABLE orders (id bigint PRIMARY KEY, number text UNIQUE, customer_id bigint REFERENCES customers);\n";
    let by = |column: &str| format!("SELECT id, (SELECT total FROM orders o WHERE o.{column} = c.id LIMIT 1) FROM customers c;\n");
    let (quiet, judged) = (by("number"), by("customer_id"));
    let files = [("migrations/V1__a.sql", schema), ("q/a.sql", quiet.as_str()), ("q/b.sql", &judged)];
    assert_eq!(found(rule, &files), ["q/b.sql"]);
}

#[test]
fn not_in_what_may_be_null() {
    let rule = "not-in-nullable-subquery";
    let schema = "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number bigint DEFAULT nextval('s'), buyer_id bigint NOT NULL);\nCREATE TABLE users_temp (user_id bigint);\n";
    let of = |query: &str| {
        let sql = format!("SELECT id FROM users WHERE id NOT IN ({query});\n");
        !found(rule, &[("migrations/V1__a.sql", schema), ("q/a.sql", sql.as_str())]).is_empty()
    };
    assert!(of("SELECT user_id FROM orders") && of("SELECT user_id + 1 FROM orders") && of("SELECT parent_id FROM elsewhere"));
    for quiet in
        ["SELECT buyer_id FROM orders", "SELECT number FROM orders", "SELECT user_id FROM users_temp", "SELECT user_id FROM elsewhere"]
    {
        assert!(!of(quiet), "{quiet}");
    }
    assert!(!of("SELECT user_id FROM orders WHERE user_id IS NOT NULL") && !of("SELECT unnest($1::bigint[])"));
}

#[test]
fn writes_of_all_rows_that_are_meant() {
    let rule = "write-without-where";
    let of = |signature: &str, sql: &str, after: &str| format!("package a\n\nfunc {signature} {{\n\tdb.Exec(`{sql}`)\n{after}}}\n");
    let judged = of("remove(db *sql.DB, order_id int)", "DELETE FROM votes", "");
    // nothing says that it is about one, the name says that it is about all, or it was the first step
    judged_beside(rule, &of("remove(db *sql.DB, n int)", "DELETE FROM votes", ""), &judged);
    judged_beside(rule, &of("removeAll(db *sql.DB, order_id int)", "DELETE FROM votes", ""), &judged);
    let refill = "\tdb.Exec(`INSERT INTO votes (id) VALUES ($1)`, order_id)\n";
    judged_beside(rule, &of("remove(db *sql.DB, order_id int)", "DELETE FROM votes", refill), &judged);
    judged_beside(rule, &of("remove(db *sql.DB, order_id int)", "DELETE FROM vote_settings", ""), &judged);
    // every row gets what only one can have
    let schema = "CREATE TABLE votes (id bigint PRIMARY KEY, voter_id bigint, kind int, weight int);\n";
    let set = |columns: &str| of("change(db *sql.DB, v Vote)", &format!("UPDATE votes SET {columns}"), "");
    let (quiet, judged) = (set("kind = $1, weight = $2"), set("voter_id = $1, weight = $2"));
    let files = [("migrations/V1__a.sql", schema), ("a.go", quiet.as_str()), ("b.go", &judged)];
    assert_eq!(found(rule, &files), ["b.go"]);
    let changes = "databaseChangeLog:\n  - changeSet:\n      id: 1\n      changes:\n        - sql:\n            sql: |\n              UPDATE votes SET kind = 3\n";
    assert_eq!(found(rule, &[("db/changelog/master.yaml", changes)]), Vec::<String>::new());
}

#[test]
fn fragments_that_are_composed() {
    let composed = |end: &str| format!("object A {{\n  def delete(id: Int) =\n    void\"DELETE FROM votes \"{end}\n}}\n");
    let (quiet, judged) = (composed(" |+|\n      void\"WHERE \" |+| idIn(id)"), composed(""));
    assert_eq!(found("write-without-where", &[("A.scala", quiet.as_str()), ("B.scala", &judged)]), ["B.scala"]);
    let applied = composed(" |+|\n      sql\"USING t WHERE id = $int \"(3) |+| void\"AND kind = 3\"");
    assert_eq!(found("write-without-where", &[("A.scala", applied.as_str())]), Vec::<String>::new());
    let built = |end: &str| {
        format!(
            "object A {{\n  def all(ids: List[Int]) = {{\n    val q =\n      sql\"\"\"\n        |SELECT DISTINCT ON (o.box) o.box, o.tx\n        |FROM outputs o\n        |\"\"\".stripMargin\n    {end}.query[Row]\n  }}\n}}\n"
        )
    };
    let (more, given, alone) = (built("(q ++ Fragments.in(fr\"WHERE o.tx\", ids))"), built("(notIn(q, ids) ++ order)"), built("(q)"));
    let files = [("A.scala", more.as_str()), ("B.scala", &given), ("C.scala", &alone)];
    assert_eq!(found("distinct-on-without-order", &files), ["C.scala"]);
}

#[test]
fn statements_that_builders_are_given() {
    let built = |call: &str| format!("class A {{\n  def delete(id: Long): Boolean =\n    {call}\n}}\n");
    let (quiet, judged) = (
        built("Query.simple(List(Parameter(ID, id))).build(\"DELETE FROM votes\").execute()"),
        built("connection.prepareStatement(\"DELETE FROM votes\").execute()"),
    );
    assert_eq!(found("write-without-where", &[("A.scala", quiet.as_str()), ("B.scala", &judged)]), ["B.scala"]);
    let select = |rest: &str| built(&format!("Query.simple(List(), base = \"SELECT a.x FROM a, b WHERE a.y > 3\"){rest}"));
    let (quiet, judged) = (select(".addFilterGroup(group)"), select(".execute()"));
    assert_eq!(found("cartesian-join", &[("A.scala", quiet.as_str()), ("B.scala", &judged)]), ["B.scala"]);
}

#[test]
fn values_that_bring_no_sql() {
    const RULE: &str = "interpolated-sql";
    let php = |condition: &str| {
        format!(
            "<?php\nfunction f($db) {{\n  if ({condition}) {{\n    $db->query(\"SELECT a FROM t WHERE b = '{{$_GET['b']}}'\");\n  }}\n}}\n"
        )
    };
    let (quiet, judged) = (php("is_numeric($_GET['b'])"), php("is_numeric($_GET['c'])"));
    assert_eq!(found(RULE, &[("a.php", quiet.as_str()), ("b.php", &judged)]), ["b.php"]);
    let elixir = |ty: &str| {
        format!(
            "defmodule A do\n  @spec find({ty}) :: :ok\n  def find(id) do\n    Repo.query!(\"SELECT a FROM t WHERE b = #{{id}}\")\n  end\nend\n"
        )
    };
    let (quiet, judged) = (elixir("non_neg_integer()"), elixir("String.t()"));
    assert_eq!(found(RULE, &[("a.ex", quiet.as_str()), ("b.ex", &judged)]), ["b.ex"]);
    // one of two literals, and as many placeholders as there are values
    let java = |value: &str| {
        format!(
            "class A {{\n  void f(boolean b, String name) {{\n    db.execute(\"UPDATE t SET a='\" + {value} + \"' WHERE c = 1\");\n  }}\n}}\n"
        )
    };
    let (quiet, judged) = (java("(b ? \"Y\" : \"N\")"), java("name"));
    assert_eq!(found(RULE, &[("A.java", quiet.as_str()), ("B.java", &judged)]), ["B.java"]);
    let go = |value: &str| {
        format!(
            "package a\n\nfunc f(db *sql.DB, names []string, given string) {{\n\tlist, err := {value}\n\tdb.Query(\"SELECT a FROM t WHERE b IN (\" + list + \")\")\n}}\n"
        )
    };
    let (quiet, judged) = (
        go("marks(len(names))"),
        in_go("f", "", "SELECT 1")
            .replace("n int", "given string")
            .replace("`SELECT 1`", "\"SELECT a FROM t WHERE b = '\" + given + \"'\""),
    );
    assert_eq!(found(RULE, &[("a.go", quiet.as_str()), ("b.go", &judged)]), ["b.go"]);
    // counted with, doubled quotes, constants that are run through
    let python = |head: &str, middle: &str| {
        format!("import psycopg\n\ndef f(cur, {head}):\n{middle}    cur.execute(f\"SELECT a FROM t WHERE b = '{{b}}'\")\n")
    };
    let plain = python("b", "");
    for quiet in [python("b=50", ""), python("b", "    b += 1\n"), python("c", "    b = c.replace(\"'\", \"''\")\n")] {
        assert_eq!(found(RULE, &[("app/a.py", quiet.as_str()), ("app/b.py", &plain)]), ["app/b.py"], "{quiet}");
    }
    // a number by its route
    let flask =
        |ty: &str| format!("import flask\n\n@bp.route(\"/a/<{ty}b>\")\ndef f(b):\n    db.execute(f\"SELECT a FROM t WHERE b = {{b}}\")\n");
    let (quiet, judged) = (flask("int:"), flask(""));
    assert_eq!(found(RULE, &[("app/a.py", quiet.as_str()), ("app/b.py", &judged)]), ["app/b.py"]);
    // tests by what they take in
    let python =
        |import: &str| format!("{import}import psycopg\n\ndef f(cur, name):\n    cur.execute(f\"SELECT a FROM t WHERE b = '{{name}}'\")\n");
    let (quiet, judged) = (python("import os\nimport pytest\n"), python("import os\n"));
    assert_eq!(found(RULE, &[("lib/a.py", quiet.as_str()), ("lib/b.py", &judged)]), ["lib/b.py"]);
    // tags and macros that bind, beside strings that do not
    let script = |before: &str| {
        format!("export async function f(db: Db, id: string) {{\n  await {before}`SELECT a FROM t WHERE b = ${{id}}`;\n}}\n")
    };
    let (tag, typed, plain) = (script("sql"), script("db.$queryRaw<Row[]>"), script("db.query(").replace("`;", "`);"));
    assert_eq!(found(RULE, &[("a.ts", tag.as_str()), ("b.ts", &typed), ("c.ts", &plain)]), ["c.ts"]);
}

#[test]
fn values_that_the_function_made_safe() {
    const RULE: &str = "interpolated-sql";
    let pair = |name: &str, other: &str, quiet: String, judged: String| {
        let mut files = found(RULE, &[(name, quiet.as_str()), (other, &judged)]);
        files.dedup();
        assert_eq!(files, [other], "{quiet}");
    };
    // a conversion of itself, whatever it was before
    let python = |middle: &str| {
        format!(
            "import psycopg\n\ndef f(request, cur):\n    b = request.POST.get('b')\n    {middle}\n    cur.execute(f\"SELECT a FROM t WHERE b = {{b}}\")\n"
        )
    };
    pair("app/a.py", "app/b.py", python("b = int(b)"), python("b = b.strip()"));
    // refused unless it is one of a list
    pair(
        "app/a.py",
        "app/b.py",
        python("if b not in KINDS:\n        raise ValueError(b)"),
        python("if b not in seen:\n        seen.add(b)"),
    );
    let php = |middle: &str| {
        format!(
            "<?php\nfunction f($db) {{\n  $kind = $_GET['kind'];\n  {middle}\n  $db->query(\"SELECT a FROM t_$kind WHERE b = '$kind'\");\n}}\n"
        )
    };
    pair(
        "a.php",
        "b.php",
        php("if (!in_array($_GET['kind'], $kinds, true)) { die('unknown'); }"),
        php("if (!in_array($_GET['other'], $kinds, true)) { die('unknown'); }"),
    );
    pair("a.php", "b.php", php("$kind = $db->qstr($kind);"), php("$kind = $db->trim($kind);"));
    // a word that is no variable
    let php = |parameter: &str| {
        format!(
            "<?php\n// sets the default string default, as\nfunction f($db, {parameter}) {{\n  list(, $default) = $db->parts;\n  $db->query(\"SELECT a FROM t WHERE b = '$default'\");\n}}\n"
        )
    };
    pair("a.php", "b.php", php("string $other"), php("string $default").replace("list(, $default) = $db->parts;", ""));
    // in a shell, a name that the script gives itself, and one of its arguments
    let shell = |head: &str| format!("#!/bin/sh\n{head}\npsql -c \"SELECT 1 FROM pg_database WHERE datname = '$db'\"\n");
    pair("a.sh", "b.sh", shell("A=dev\nfor db in \"$A\" test; do"), shell("db=$1"));
    pair("a.sh", "b.sh", shell("db=${POSTGRES_DB}"), shell("read -r db"));
    // a class's own member, and a request's
    let java = |value: &str| {
        format!(
            "class A {{\n  void f(Parameters params, HttpServletRequest request) {{\n    String level = {value};\n    jdbc.query(\"SELECT \" + level + \" FROM t\");\n  }}\n}}\n"
        )
    };
    pair("A.java", "B.java", java("prefix(params.getLevel())"), java("prefix(request.getParameter(\"level\"))"));
    // a neighbour's parameter of the same name, and a field
    let method = |parameter: &str| {
        format!(
            "class A {{\n  private String kind = \"a\";\n\n  public void setKind(String kind) {{\n    this.kind = kind;\n  }}\n\n  public void f({parameter}) {{\n    jdbc.update(\"DELETE FROM t WHERE kind = '\" + kind + \"'\");\n  }}\n}}\n"
        )
    };
    pair("A.java", "B.java", method("int most"), method("String kind"));
    // a type of the program's own, one that holds text, and a list that hands out placeholders
    let script = |ty: &str, value: &str| {
        format!(
            "export async function f(db: Db, status: {ty}) {{\n  const s = {value};\n  await db.query(`SELECT a FROM t WHERE b = '${{status}}' OR c = ${{s}}`);\n}}\n"
        )
    };
    pair("a.ts", "b.ts", script("Status", "params.add(status)"), script("string | null", "params.add(status)"));
    pair("a.ts", "b.ts", script("Status", "params.push(status)"), script("Status", "params.status"));
    // what is printed is a number
    pair(
        "A.java",
        "B.java",
        java("String.format(\"level%d\", request.getLevel())"),
        java("String.format(\"level%s\", request.getLevel())"),
    );
    // a column, and a value
    let python = |sql: &str| format!("import psycopg\n\ndef f(cur, b: str):\n    cur.execute(f\"{sql}\")\n");
    pair("app/a.py", "app/b.py", python("SELECT DISTINCT({b}) FROM t"), python("SELECT DISTINCT(c) FROM t WHERE b = {b}"));
    // no parameter can stand in a definition
    pair(
        "app/a.py",
        "app/b.py",
        python("ALTER TABLE t ALTER COLUMN id SET DEFAULT nextval('{b}_table_id_seq'::regclass)"),
        python("SELECT nextval('{b}_id_seq'::regclass) FROM t WHERE b = '{b}'"),
    );
}

#[test]
fn interpolation_that_is_not_sent_to_postgresql_as_it_stands() {
    const RULE: &str = "interpolated-sql";
    // a document shows what not to do
    let python = "def f(cur, name):\n    cur.execute(f\"SELECT a FROM t WHERE b = '{name}'\")\n";
    let document = format!("# Safety\n\nNever:\n\n```python\n{python}```\n");
    assert_eq!(found(RULE, &[("docs/safety.md", document.as_str()), ("app/a.py", python)]), ["app/a.py"]);
    // another engine's driver
    let (theirs, ours) = (format!("import sqlite3\n{python}"), format!("import psycopg\n{python}"));
    assert_eq!(found(RULE, &[("app/a.py", theirs.as_str()), ("app/b.py", &ours)]), ["app/b.py"]);
    // JPQL names classes, and Hibernate reads it
    let java = |native: &str| {
        format!(
            "class A {{\n  List<Order> f(EntityManager em, String name) {{\n    return em.create{native}Query(\"SELECT o.a FROM Orders o WHERE o.b = '\" + name + \"'\").getResultList();\n  }}\n}}\n"
        )
    };
    let (quiet, judged) = (java(""), java("Native"));
    assert_eq!(found(RULE, &[("A.java", quiet.as_str()), ("B.java", &judged)]), ["B.java"]);
    // in a shell it is a notice, and a name that the script gives itself is none
    let shell = "#!/bin/sh\npsql -c \"DELETE FROM t WHERE b = '$1'\"\n";
    let json = Project::new(&[("a.sh", shell)]).check(&["--select", RULE]);
    let told = json["findings"].as_array().unwrap();
    assert!(told.len() == 1 && told[0]["severity"] == "notice", "{told:?}");
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
    let any = rust("#[cfg(any(test, feature = \"pg_test\"))]\n#[pg_schema]\n");
    let files = [("src/a.rs", tests.as_str()), ("src/b.rs", &ours), ("src/c.rs", &any)];
    assert_eq!(found("offset-pagination", &files), ["src/b.rs"]);
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

#[test]
fn integration_tests_at_the_top_and_loads_beside_a_schema() {
    let files = [("integration/copy/page.sql", PAGE), ("src/integration/page.sql", PAGE)];
    assert_eq!(found("offset-pagination", &files), ["src/integration/page.sql"]);
    let keyless = "CREATE TABLE notes (line text);\n";
    let files = [("examples/demo/5_joins.sql", keyless), ("db/demos5/5_joins.sql", keyless)];
    assert_eq!(found("missing-primary-key", &files), ["db/demos5/5_joins.sql"]);
    // what a load takes off and brings back is no part of the schema
    let schema = "CREATE TABLE ways (id bigint NOT NULL, user_id int);\nALTER TABLE ONLY ways ADD CONSTRAINT pk_ways PRIMARY KEY (id);\n";
    let load = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\nALTER TABLE ways DROP CONSTRAINT pk_ways;\n";
    let by = |column: &str| format!("def f(cur, a):\n    cur.execute(\"SELECT user_id FROM ways WHERE {column} = %s\", (a,))\n");
    let (id, user) = (by("id"), by("user_id"));
    let files = [("sql/a_schema.sql", schema), ("sql/b_load.sql", load), ("app/id.py", id.as_str()), ("app/user.py", &user)];
    assert_eq!(found("filter-without-index", &files), ["app/user.py"]);
}

#[test]
fn writes_of_every_row_by_table_and_place() {
    let rule = "write-without-where";
    let schema = "CREATE TABLE orders (id bigint PRIMARY KEY, total int);\nCREATE TABLE sync_cursor (at timestamptz);\nCREATE TABLE palettes (name text PRIMARY KEY, value text);\n";
    let python = |sql: &str| format!("def change(cur, order_id):\n    cur.execute(\"{sql}\")\n");
    let (judged, changed) = (python("DELETE FROM orders"), python("UPDATE orders SET total = 0"));
    let quiet_beside = |quiet: &str, judged: &str| {
        let files = [("migrations/V1__a.sql", schema), ("app/quiet.py", quiet), ("app/judged.py", judged)];
        assert_eq!(found(rule, &files), ["app/judged.py"], "{quiet}");
    };
    // a table without a key keeps a state; a key can be given to one row only
    quiet_beside(&python("UPDATE sync_cursor SET at = '2020-01-01'"), &changed);
    quiet_beside(&python("UPDATE palettes SET name = 'a'"), &changed);
    // the table that anybody names, and the rest that is built
    quiet_beside("def f(cur, id, t):\n    cur.execute(f\"DELETE FROM {t}\")\n", &judged);
    quiet_beside("def f(cur, id, w):\n    cur.execute(f\"DELETE FROM orders {w}\")\n", &judged);
    let shown = format!("```python\n{judged}```\n");
    let files = [("docs/a.md", shown.as_str()), ("scripts/a.py", &judged), ("tests/a.py", &judged), ("app/a.py", &judged)];
    assert_eq!(found(rule, &files), ["app/a.py"]);
}

#[test]
fn scripts_that_take_everything_down() {
    let drop = "DROP INDEX orders_total_idx;\nDROP TABLE orders;\n";
    let files = [("db/drop/shop.postgres.drop.sql", drop), ("db/upgrade/shop.postgres.drop.sql", drop)];
    assert_eq!(found("drop-table", &files), ["db/upgrade/shop.postgres.drop.sql"]);
}

#[test]
fn text_that_a_call_makes_of_the_text_before() {
    let php = |next: &str| {
        format!(
            "<?php\nfunction f($a) {{\n  $q = add(false, 'SELECT a.x FROM a, b WHERE a.y > 3');\n  if ($a) {{\n    $q = {next}($q, ' AND a.id = b.id', array($a));\n  }}\n  return run($q);\n}}\n"
        )
    };
    let (quiet, judged) = (php("add"), php("other"));
    assert_eq!(found("cartesian-join", &[("a.php", quiet.as_str()), ("b.php", &judged)]), ["b.php"]);
}

#[test]
fn statements_of_another_dialect_and_for_no_row() {
    let update = |alias: &str| {
        format!("UPDATE child SET parent_id = 1 FROM nodes AS {alias} JOIN nodes AS parent ON parent.a > 3 WHERE {alias}.b = 1;\n")
    };
    let (quiet, judged) = (update("child"), update("other"));
    assert_eq!(found("cartesian-join", &[("queries/a.sql", quiet.as_str()), ("queries/b.sql", &judged)]), ["queries/b.sql"]);
    let (quiet, judged) = ("SELECT * FROM t WHERE NULL = NULL;\n", "SELECT * FROM t WHERE a = NULL;\n");
    assert_eq!(found("null-comparison", &[("queries/a.sql", quiet), ("queries/b.sql", judged)]), ["queries/b.sql"]);
    let drawn =
        |argument: &str| format!("package a\nfunc f(n int) {{\n\tdb.Query(`SELECT a FROM t WHERE b OFFSET $1 LIMIT 5`, {argument})\n}}\n");
    let (quiet, judged) = (drawn("randomNumber"), drawn("page"));
    assert_eq!(found("limit-without-order", &[("a.go", quiet.as_str()), ("b.go", &judged)]), ["b.go"]);
    // one row of totals, and a table of many
    let crossed = |check: &str| {
        format!(
            "CREATE TABLE totals (id int PRIMARY KEY DEFAULT 1, n int, item_id int, CHECK ({check}));\nCREATE TABLE items (id int PRIMARY KEY);\nSELECT items.id, totals.n FROM items CROSS JOIN totals;\n"
        )
    };
    let (quiet, judged) = (crossed("id = 1"), crossed("n = 1"));
    assert_eq!(found("cartesian-join", &[("a/schema.sql", quiet.as_str())]), [""; 0]);
    assert_eq!(found("cartesian-join", &[("b/schema.sql", judged.as_str())]), ["b/schema.sql"]);
    let look = "SELECT a FROM t LIMIT 10;\n";
    assert_eq!(found("limit-without-order", &[("examples/a.sql", look), ("queries/b.sql", look)]), ["queries/b.sql"]);
}

#[test]
fn classes_of_extensions_that_the_framework_creates() {
    let django = |ty: &str| {
        format!(
            "from django.db import migrations\n\nclass Migration(migrations.Migration):\n    operations = [migrations.RunSQL(\"\"\"\n        CREATE TABLE orders (id int, a {ty}, tags text[]);\n        CREATE INDEX orders_a ON orders USING gin (a, tags);\n    \"\"\")]\n"
        )
    };
    let (quiet, judged) = (django("integer"), django("text"));
    let files = [("a/migrations/0001_a.py", quiet.as_str()), ("b/migrations/0001_b.py", &judged)];
    assert_eq!(found("gin-without-operator-class", &files), ["b/migrations/0001_b.py"]);
}

#[test]
fn released_scripts_of_an_extension_are_history() {
    let script = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders; END $$;\n";
    let files = [("old/client--0.9.1.sql", script), ("client--0.10.0.sql", script), ("other--0.1.sql", script)];
    let mut told = found("security-definer-without-search-path", &files);
    told.sort();
    assert_eq!(told, ["client--0.10.0.sql", "other--0.1.sql"]);
}

#[test]
fn a_function_may_refresh_what_gets_its_index_later() {
    let sql = |index: &str| {
        format!(
            "CREATE MATERIALIZED VIEW totals AS SELECT 1 AS n;\nCREATE FUNCTION renew() RETURNS void LANGUAGE plpgsql AS $$ BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY totals; END $$;\nCREATE {index} totals_n ON public.totals (n);\n"
        )
    };
    let of = |index: &str| found("refresh-concurrently-without-unique-index", &[("migrations/0001_a.sql", &sql(index))]).len();
    assert_eq!((of("UNIQUE INDEX"), of("INDEX")), (0, 1));
}
