//! What a file is decides what is said about it, and how: things that a rule's fixtures, which are all migrations, cannot show.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::extract::Language;
use pgsift::finding::{Finding, Severity};
use pgsift::session::Transaction;
use pgsift::settings::Settings;

const SCHEMA: &str = "CREATE TABLE users (id bigint PRIMARY KEY, age int);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);";

fn migration(down: bool, transaction: Transaction) -> InputKind {
    InputKind::Migration(MigrationInfo { framework: "plain", down, transaction, sections: None })
}

/// The findings of one rule in a text that comes after the schema.
fn findings(rule: &str, kind: InputKind, text: &str) -> Vec<Finding> {
    let schema = migration(false, Transaction::None);
    let inputs = vec![
        Input { path: "0.sql".into(), bytes: SCHEMA.as_bytes().to_vec(), kind: schema, reported: false, sets: vec![] },
        Input { path: "1.sql".into(), bytes: text.as_bytes().to_vec(), kind, reported: true, sets: vec![] },
    ];
    check(inputs, &Settings { select: vec![rule.to_owned()], ..Settings::default() }).findings
}

fn up() -> InputKind {
    migration(false, Transaction::None)
}

fn help(rule: &str, kind: InputKind, text: &str) -> String {
    findings(rule, kind, text)[0].help.clone().unwrap()
}

#[test]
fn queries_of_down_migrations_are_not_judged() {
    let sql = "DELETE FROM users WHERE id NOT IN (SELECT user_id FROM orders);";
    assert_eq!(findings("not-in-nullable-subquery", up(), sql).len(), 1);
    assert_eq!(findings("not-in-nullable-subquery", InputKind::Sql, sql).len(), 1);
    assert!(findings("not-in-nullable-subquery", migration(true, Transaction::None), sql).is_empty());
}

#[test]
fn only_migrations_backfill() {
    let sql = "UPDATE users SET age = 1;";
    assert_eq!(findings("unbatched-backfill", up(), sql).len(), 1);
    assert!(findings("unbatched-backfill", InputKind::Sql, sql).is_empty());
    assert!(findings("unbatched-backfill", migration(true, Transaction::None), sql).is_empty());
}

#[test]
fn what_is_held_and_what_waits_are_both_named() {
    let sql = "ALTER TABLE users ADD COLUMN name text; CREATE INDEX orders_status_idx ON orders (status);";
    let found = findings("locks-held-across-work", migration(false, Transaction::Framework("sqlx")), sql);
    let expected = "this builds an index on orders while this transaction already holds ACCESS EXCLUSIVE on users: all reads and writes of users wait until it commits";
    assert_eq!(found[0].message, expected);
    assert!(found[0].help.as_ref().unwrap().starts_with("sqlx runs the file in one transaction: split the file before this statement"));
    assert_eq!(found[0].related[0].message, "ACCESS EXCLUSIVE on users is taken here");
}

#[test]
fn not_in_is_written_anew_in_the_users_names() {
    let plain = help(
        "not-in-nullable-subquery",
        up(),
        "CREATE TABLE orders (user_id int); SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders);",
    );
    assert!(plain.contains("NOT EXISTS (SELECT 1 FROM orders WHERE orders.user_id = users.id"), "{plain}");
    let aliased = help(
        "not-in-nullable-subquery",
        up(),
        "CREATE TABLE orders (user_id int); SELECT id FROM users u WHERE u.id NOT IN (SELECT o.user_id FROM orders o);",
    );
    assert!(aliased.contains("NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id"), "{aliased}");
}

#[test]
fn what_limit_keeps_is_ordered_by_what_the_query_can_name() {
    const SCHEMA: &str = "CREATE TABLE notes (owner int, work int, edition int, PRIMARY KEY (owner, work, edition));\n";
    let of = |query: &str| help("limit-without-order", InputKind::Sql, &format!("{SCHEMA}{query}"));
    assert!(of("SELECT edition FROM notes WHERE work > $1 LIMIT 10;").contains("ORDER BY owner, work, edition before"));
    assert!(of("SELECT work, count(*) FROM notes GROUP BY work LIMIT 10;").contains("ORDER BY work before"));
    assert!(of("SELECT DISTINCT owner FROM notes WHERE work > $1 LIMIT 10;").contains("ORDER BY owner before"));
}

#[test]
fn a_hole_may_hold_the_order() {
    let without = help("offset-pagination", up(), "SELECT id FROM users LIMIT 10 OFFSET $1;");
    assert!(without.contains("there is no ORDER BY"), "{without}");
    let hole = help("offset-pagination", up(), "SELECT id FROM users WHERE {filter} LIMIT 10 OFFSET $1;");
    assert!(!hole.contains("there is no ORDER BY") && hole.contains("put in by the program"), "{hole}");
}

#[test]
fn advice_knows_how_each_framework_leaves_its_transaction() {
    let sql = "CREATE INDEX CONCURRENTLY orders_status_idx ON orders (status);";
    for (framework, way) in [
        ("sqlx", "`-- no-transaction`"),
        ("diesel", "`run_in_transaction = false`"),
        ("goose", "`-- +goose NO TRANSACTION`"),
        ("dbmate", "`-- migrate:up transaction:false`"),
        ("Flyway", "`executeInTransaction=false`"),
        ("Atlas", "`-- atlas:txmode none`"),
    ] {
        let help = help("concurrently-in-transaction", migration(false, Transaction::Framework(framework)), sql);
        assert!(help.starts_with(&format!("{framework} wraps the file")) && help.contains(way), "{help}");
    }
    assert!(findings("concurrently-in-transaction", up(), sql).is_empty());
}

#[test]
fn begin_and_commit_belong_to_the_framework() {
    let wrapped = || migration(false, Transaction::Framework("diesel"));
    let begun = findings("transaction-nested", wrapped(), "BEGIN; ALTER TABLE users ADD COLUMN a int; COMMIT;");
    assert_eq!(begun.len(), 1);
    assert!(begun[0].message.starts_with("diesel has opened a transaction already"), "{}", begun[0].message);
    assert_eq!(findings("transaction-nested", wrapped(), "COMMIT; CREATE INDEX CONCURRENTLY i ON users (age);").len(), 1);
    assert!(findings("transaction-nested", up(), "BEGIN; SELECT 1; COMMIT;").is_empty());
    assert!(findings("transaction-nested", migration(false, Transaction::Implicit), "BEGIN; SELECT 1; COMMIT;").is_empty());
}

#[test]
fn a_body_that_builds_names_is_told_without_format_specifiers() {
    let sql = "DO $$ BEGIN EXECUTE format('ALTER TABLE %I SET LOGGED', 'users'); END $$;";
    for finding in findings("table-rewrite", up(), sql) {
        assert!(!finding.message.contains('%'), "{}", finding.message);
    }
}

/// The findings in code, as rule and line.
fn in_code(name: &str, text: &str, rules: &[&str]) -> Vec<(String, u32)> {
    let schema = Input { path: "0.sql".into(), bytes: SCHEMA.as_bytes().to_vec(), kind: up(), reported: false, sets: vec![] };
    let kind = InputKind::Code(Language::of_path(name.as_ref()).unwrap());
    let code = Input { path: name.into(), bytes: text.as_bytes().to_vec(), kind, reported: true, sets: vec![] };
    let settings = Settings { select: rules.iter().map(|rule| rule.to_string()).collect(), ..Settings::default() };
    let line = |finding: Finding| {
        let before = &text[..finding.primary.at.span.start as usize];
        (finding.rule.to_owned(), before.lines().count().max(1) as u32)
    };
    check(vec![schema, code], &settings).findings.into_iter().map(line).collect()
}

const LOCKING: &[&str] = &["index-without-concurrently", "concurrently-in-transaction", "not-null-scan", "drop-index-without-concurrently"];

#[test]
fn ddl_in_a_migration_written_in_code_meets_tables_in_use() {
    let alembic = "from alembic import op
def upgrade():
    op.create_table('widgets', x)
    op.execute('CREATE INDEX a ON widgets (id)')
    op.execute('CREATE INDEX b ON orders (status)')
    op.execute('CREATE INDEX CONCURRENTLY c ON orders (user_id)')
def downgrade():
    op.execute('DROP INDEX b')
";
    let found = in_code("versions/1.py", alembic, LOCKING);
    assert_eq!(found, [("index-without-concurrently".to_owned(), 5), ("concurrently-in-transaction".to_owned(), 6)]);
    let rails = "class A < ActiveRecord::Migration[7.1]
  disable_ddl_transaction!
  def up
    execute 'CREATE INDEX CONCURRENTLY c ON orders (user_id)'
    execute 'ALTER TABLE orders ALTER COLUMN status SET NOT NULL'
  end
end
";
    assert_eq!(in_code("db/migrate/1.rb", rails, LOCKING), [("not-null-scan".to_owned(), 5)]);
    let ecto = "defmodule A do
  use Ecto.Migration
  def change do
    execute \"CREATE INDEX b ON orders (status)\", \"DROP INDEX b\"
  end
end
";
    assert_eq!(in_code("priv/repo/migrations/1.exs", ecto, LOCKING), [("index-without-concurrently".to_owned(), 4)]);
}

#[test]
fn the_way_back_of_a_migration_in_code_is_known_in_every_shape() {
    let create = |line| ("index-without-concurrently".to_owned(), line);
    let arrows = "exports.up = (pgm) => {\n  pgm.sql(`CREATE INDEX a ON orders (status)`);\n};
exports.down = pgm => {\n  pgm.sql('DROP INDEX a');\n};\n";
    assert_eq!(in_code("1.js", arrows, LOCKING), [create(2)]);
    let properties = "module.exports = {
  up: async (queryInterface) => { await queryInterface.sequelize.query('CREATE INDEX b ON orders (status)'); },
  down: async (queryInterface) => { await queryInterface.sequelize.query('DROP INDEX b'); },
};\n";
    assert_eq!(in_code("2.js", properties, LOCKING), [create(2)]);
    let django = "from django.db import migrations
class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL('CREATE INDEX a ON orders (status)', 'DROP INDEX a'),
        migrations.RunSQL(sql='CREATE INDEX b ON orders (status)', reverse_sql='DROP INDEX b'),
        migrations.RunSQL(['CREATE INDEX c ON orders (status)', 'CREATE INDEX d ON orders (status)']),
    ]\n";
    assert_eq!(in_code("0001.py", django, LOCKING), [create(4), create(5), create(6), create(6)]);
}

#[test]
fn ddl_of_an_application_is_its_own_affair_and_a_scripts_is_not() {
    let python = "def setup(cur):\n    cur.execute('CREATE INDEX b ON orders (status)')\n";
    assert!(in_code("app.py", python, LOCKING).is_empty());
    let shell = "psql -c 'CREATE INDEX b ON orders (status)'\n";
    assert_eq!(in_code("tune.sh", shell, LOCKING), [("index-without-concurrently".to_owned(), 1)]);
}

#[test]
fn an_excerpt_is_not_asked_for_what_stands_before_it() {
    let fence = "```sql\nCREATE INDEX CONCURRENTLY IF NOT EXISTS b ON orders (status);\nALTER TABLE orders ADD COLUMN a int;\n```\n";
    for rule in ["missing-lock-timeout", "concurrent-retry-keeps-invalid-index"] {
        assert!(findings(rule, InputKind::Markdown, fence).is_empty());
        assert_eq!(findings(rule, up(), fence.trim_matches('`').trim_start_matches("sql").trim_end_matches("```\n")).len(), 1, "{rule}");
    }
    let every_row = "```sql\nUPDATE orders SET status = 'new';\n```\n";
    assert_eq!(findings("unbatched-backfill", InputKind::Markdown, every_row).len(), 1);
}

#[test]
fn a_partitioned_copy_of_an_unknown_table_is_doubted() {
    let copy = "CREATE TABLE events_new (LIKE events INCLUDING ALL) PARTITION BY RANGE (created_at);";
    let found = findings("partition-key-not-in-unique", up(), copy);
    assert_eq!(found[0].severity, Severity::Warning);
    assert!(found[0].message.contains("which are not known here"), "{}", found[0].message);
    let bare = "CREATE TABLE base (a int, created_at date); CREATE TABLE p (LIKE base INCLUDING ALL) PARTITION BY RANGE (created_at);";
    assert!(findings("partition-key-not-in-unique", up(), bare).is_empty());
}

#[test]
fn a_builders_join_is_tied_by_its_other_strings() {
    let joins = "Order.from('orders o').joins('JOIN users u ON u.age > o.id AND u.id < o.user_id').where('u.age > 3')\n";
    assert!(in_code("app/models/order.rb", joins, &["cartesian-join"]).is_empty());
    let whole = "Order.find_by_sql('SELECT o.id, u.id FROM orders o, users u WHERE u.age > 3')\n";
    assert_eq!(in_code("app/models/order.rb", whole, &["cartesian-join"]).len(), 1);
}

#[test]
fn containment_is_offered_only_where_it_asks_the_same() {
    let schema =
        "CREATE TABLE d (id bigint PRIMARY KEY, j jsonb); CREATE INDEX d_j ON d USING gin (j); CREATE INDEX d_kind ON d ((j->>'kind'));";
    let told =
        |condition: &str| help("jsonb-index-operator-mismatch", up(), &format!("{schema} SELECT d.id FROM d, users u WHERE {condition};"));
    assert!(told("j#>>'{kind}' = 'a'").starts_with("write `(j->>'kind')` in the query"), "{}", told("j#>>'{kind}' = 'a'"));
    assert!(told("j->>'other' = 'a'").starts_with("write `j @> '{\"other\": …}'`"));
    for same_only_to_the_eye in ["lower(j->>'other') = 'a'", "j->>'other' = u.age::text", "j->'other'->>0 = 'a'", "j#>>'{other,1}' = 'a'"] {
        assert!(told(same_only_to_the_eye).starts_with("build an index for it: CREATE INDEX"), "{}", told(same_only_to_the_eye));
    }
}

#[test]
fn the_join_that_repeats_is_named_without_a_schema_too() {
    let sql = "SELECT s.name, count(DISTINCT v.id), count(DISTINCT p.id) FROM sites s JOIN visits v ON v.site_id = s.id
        JOIN pages p ON p.visit_id = v.id GROUP BY s.name;";
    assert_eq!(findings("count-distinct-over-joins", InputKind::Sql, sql).len(), 1, "what a schema does not have is unknown, not absent");
    let queries = Input { path: "q.sql".into(), bytes: sql.as_bytes().to_vec(), kind: InputKind::Sql, reported: true, sets: vec![] };
    let found = check(vec![queries], &Settings { select: vec!["count-distinct-over-joins".to_owned()], ..Settings::default() }).findings;
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].starts_with("count(DISTINCT v.id)") && messages[0].ends_with("the join with pages p repeats them"), "{messages:?}");
}

#[test]
fn what_the_file_says_of_a_value_decides_whether_it_can_bring_sql() {
    let of = |name: &str, text: &str| in_code(name, text, &["interpolated-sql"]).len();
    let lines = |name: &str, good: &str, bad: &str| assert_eq!((of(name, good), of(name, bad)), (0, 1), "{good}");
    lines(
        "a.ts",
        "export async function f(db: Db, hours: number) {\n  await db.query(`SELECT id FROM t WHERE n < ${hours}`);\n}\n",
        "export async function f(db: Db, hours: string) {\n  await db.query(`SELECT id FROM t WHERE n < ${hours}`);\n}\n",
    );
    lines(
        "a.py",
        "def f(cur, n):\n    n = int(n)\n    cur.execute(f\"SELECT id FROM t WHERE n = {n}\")\n",
        "def f(cur, n):\n    n = str(n)\n    cur.execute(f\"SELECT id FROM t WHERE n = {n}\")\n",
    );
    lines(
        "a.php",
        "<?php\nfunction f($db, $name) {\n  $name = $db->quoteValue($name);\n  $db->query(\"SELECT id FROM t WHERE a = {$name}\");\n}\n",
        "<?php\nfunction f($db, $name) {\n  $name = trim($name);\n  $db->query(\"SELECT id FROM t WHERE a = {$name}\");\n}\n",
    );
    lines(
        "a.go",
        "package a\nfunc f(db *sql.DB, id int64) {\n\tdb.Query(fmt.Sprintf(\"SELECT a FROM t WHERE id = '%s'\", id))\n}\n",
        "package a\nfunc f(db *sql.DB, id string) {\n\tdb.Query(fmt.Sprintf(\"SELECT a FROM t WHERE id = '%s'\", id))\n}\n",
    );
    lines(
        "A.java",
        "class A {\n  void f(final Long id) {\n    jdbc.query(\"SELECT a FROM t WHERE id = \" + id);\n  }\n}\n",
        "class A {\n  void f(final String id) {\n    jdbc.query(\"SELECT a FROM t WHERE id = \" + id);\n  }\n}\n",
    );
    lines(
        "c.py",
        "def f(cur, ids):\n    cur.execute(\"SELECT id FROM t WHERE id IN (\" + \",\".join([\"%s\"] * len(ids)) + \")\", ids)\n",
        "def f(cur, ids):\n    cur.execute(\"SELECT id FROM t WHERE id IN (\" + \",\".join(ids) + \")\")\n",
    );
    lines(
        "b.php",
        "<?php\nfunction f($db, $iLimit) {\n  $db->query(\"SELECT id FROM t WHERE a = $iLimit\");\n}\n",
        "<?php\nfunction f($db, $limit) {\n  $db->query(\"SELECT id FROM t WHERE a = $limit\");\n}\n",
    );
    // the program's own table, and one that anybody names
    lines(
        "b.py",
        "def f(cur):\n    table = TABLES[0]\n    cur.execute(f\"SELECT id FROM {table}\")\n",
        "def f(cur):\n    table = request.args['table']\n    cur.execute(f\"SELECT id FROM {table}\")\n",
    );
    // no parameter could stand for a name that one function hands to another
    assert_eq!(of("c.py", "def f(cur, table):\n    cur.execute(f\"SELECT id FROM {table}\")\n"), 0);
}

#[test]
fn a_write_of_all_rows_is_told_where_the_code_is_about_one() {
    let of = |name: &str, text: &str| in_code(name, text, &["write-without-where"]).len();
    assert_eq!(of("a.go", "package a\nfunc f(db *sql.DB, userID int) {\n\tdb.Exec(\"DELETE FROM orders\")\n}\n"), 1);
    assert_eq!(of("a.go", "package a\nfunc f(db *sql.DB) {\n\tdb.Exec(\"DELETE FROM orders\")\n}\n"), 0);
    assert_eq!(of("a.go", "package a\nfunc deleteAll(db *sql.DB, userID int) {\n\tdb.Exec(\"DELETE FROM orders\")\n}\n"), 0);
    assert_eq!(
        of("a.go", "package a\nfunc resetPassword(db *sql.DB, p string) {\n\tdb.Exec(\"UPDATE users SET password = $1\", p)\n}\n"),
        1
    );
    let built = "package a\nfunc f(q *B) {\n\tq := qb.Q().Space(\"UPDATE orders SET total = ?\", 1)\n\tq.Space(\"WHERE id = ?\", 2)\n}\n";
    assert_eq!(of("a.go", built), 0);
    let grown = "<?php\nfunction f($db, $k) {\n  if (isset($sql)) $sql .= ', a = 1';\n  else $sql = 'UPDATE orders SET a = 1';\n  $sql .= ' WHERE id = 1';\n}\n";
    assert_eq!(of("a.php", grown), 0);
}

#[test]
fn what_a_server_does_to_one_thing_at_a_time_is_no_query_in_a_loop() {
    let of = |text: &str| in_code("a.go", text, &["query-in-loop"]).len();
    let code = |sql: &str| {
        format!("package a\nfunc f(db *sql.DB, ids []int64) {{\n\tfor _, id := range ids {{\n\t\tdb.Exec(\"{sql}\", id)\n\t}}\n}}\n")
    };
    assert_eq!(of(&code("SELECT pg_advisory_xact_lock($1)")), 0);
    assert_eq!(of(&code("SELECT total FROM orders WHERE id = $1")), 1);
}

#[test]
fn a_condition_that_the_program_puts_in_is_not_known() {
    let told = |sql: &str| {
        let text = format!("def f(cur, more, value):\n    cur.execute(f\"{sql}\")\n");
        in_code("app/orders.py", &text, &["filter-without-index", "sort-without-index"]).len()
    };
    assert_eq!(told("SELECT id FROM orders WHERE status = 'new' {more}"), 0);
    assert_eq!(told("SELECT id FROM orders WHERE status = 'new' AND {more}"), 0);
    assert_eq!(told("SELECT id FROM orders WHERE {more} ORDER BY status LIMIT 5"), 0);
    assert_eq!(told("SELECT id FROM orders WHERE status = {value}"), 1);
    assert_eq!(told("SELECT id FROM orders WHERE status = 'new' LIMIT {value}"), 1);
}

#[test]
fn one_row_is_neither_a_star_nor_a_loop_too_many() {
    let calls = "def f(cur, pids):\n    for pid in pids:\n        cur.execute(\"SELECT pg_terminate_backend(%s)\", (pid,))\n";
    assert!(in_code("app/a.py", calls, &["query-in-loop"]).is_empty());
    let reads = calls.replace("pg_terminate_backend(%s)", "age FROM users WHERE id = %s");
    assert_eq!(in_code("app/a.py", &reads, &["query-in-loop"]).len(), 1);
}

#[test]
fn a_list_of_migrations_in_code_runs_once() {
    let change = |i: usize| format!("    pdo.exec(\"ALTER TABLE orders ADD COLUMN c{i} int\")\n");
    let query = "    pdo.exec(\"DELETE FROM orders WHERE status = 'x'\")\n";
    let file = |changes: usize| format!("def versions(pdo):\n{}{query}", (0..changes).map(change).collect::<String>());
    assert!(in_code("app/versions.py", &file(9), &["filter-without-index"]).is_empty());
    assert_eq!(in_code("app/versions.py", &file(2), &["filter-without-index"]).len(), 1);
}

#[test]
fn a_documents_example_is_not_held_against_the_migrations() {
    let others = "```sql\nSELECT id FROM orders WHERE status = $1;\n```\n";
    assert!(findings("filter-without-index", InputKind::Markdown, others).is_empty());
    assert_eq!(findings("filter-without-index", InputKind::Sql, "SELECT id FROM orders WHERE status = $1;").len(), 1);
}

#[test]
fn what_cannot_be_dropped_with_a_join_is_not_said_to_be() {
    let sql = "SELECT DISTINCT u.age FROM users u JOIN orders o ON o.user_id = u.id WHERE o.status = 'x' OR o.status = 'y';";
    let told = help("distinct-over-joins", InputKind::Sql, sql);
    assert_eq!(
        told,
        "ask whether there is one, so that DISTINCT has fewer rows to compare: WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND (o.status = 'x' OR o.status = 'y'))"
    );
    let keyed = help("distinct-over-joins", InputKind::Sql, &sql.replace("u.age", "u.id, u.age"));
    assert!(keyed.starts_with("ask whether there is one, and drop DISTINCT: "), "{keyed}");
}

#[test]
fn tools_and_other_engines_are_no_load_of_ours() {
    let query = "def f(cur):\n    cur.execute(\"SELECT id FROM orders WHERE status = 'new'\")\n";
    assert_eq!(in_code("app/export.py", query, &["filter-without-index"]).len(), 1);
    assert!(in_code("scripts/export.py", query, &["filter-without-index"]).is_empty());
    let sqlite = format!("{query}    cur.execute(\"SELECT id FROM orders WHERE strftime('%s', at) > 5\")\n");
    assert!(in_code("app/export.py", &sqlite, &["filter-without-index"]).is_empty());
    let both = format!("{sqlite}    cur.execute(\"SELECT at::date FROM orders WHERE id = 5\")\n");
    assert_eq!(in_code("app/export.py", &both, &["filter-without-index"]).len(), 1);
}

#[test]
fn a_loop_that_gathers_texts_sends_none_and_help_names_the_keys() {
    let go = |call: &str| format!("package a\nfunc f(ids []int) {{\n\tfor _, id := range ids {{\n\t\t{call}\n\t}}\n}}\n");
    let gathers = go("queries = append(queries, fmt.Sprintf(`SELECT age FROM users WHERE id = %d`, id))");
    assert!(in_code("app/a.go", &gathers, &["query-in-loop"]).is_empty());
    let sends = go("db.Exec(ctx, `DELETE FROM orders WHERE user_id = $1 AND status = $2`, id, s)");
    assert_eq!(in_code("app/a.go", &sends, &["query-in-loop"]).len(), 1);
    let kind = InputKind::Code(Language::of_path("a.go".as_ref()).unwrap());
    let told = help("query-in-loop", kind, &sends);
    assert!(told.ends_with("DELETE FROM orders WHERE (user_id, status) IN (SELECT * FROM unnest($1::…[], $2::…[]));"), "{told}");
}

#[test]
fn a_value_from_outside_is_an_error_and_one_of_unknown_origin_the_programs_own() {
    let severity = |code: &str| {
        let found = findings("interpolated-sql", InputKind::Code(Language::Python), code);
        found.iter().map(|f| f.severity).collect::<Vec<_>>()
    };
    assert_eq!(severity("def find(cur, name):\n    cur.execute(f\"SELECT id FROM users WHERE name = '{name}'\")\n"), [Severity::Error]);
    assert_eq!(severity("q = request.args['q']\ncur.execute(f\"SELECT id FROM users WHERE name = '{q}'\")\n"), [Severity::Error]);
    assert_eq!(severity("name = store.owner\ncur.execute(f\"SELECT id FROM users WHERE name = '{name}'\")\n"), []);
    // what a function is given to count or list by is made of numbers, what a request brings need not be
    assert_eq!(severity("def page(cur, limit):\n    cur.execute(f\"SELECT id FROM users LIMIT {limit}\")\n"), []);
    assert_eq!(severity("limit = request.args['limit']\ncur.execute(f\"SELECT id FROM users LIMIT {limit}\")\n"), [Severity::Error]);
    assert_eq!(severity("n = 5\ncur.execute(f\"SELECT id FROM users WHERE age = {n}\")\n"), []);
    // without quotes it is a number, unless something says that it is text
    assert_eq!(severity("def find(cur, n):\n    cur.execute(f\"SELECT id FROM users WHERE age = {n}\")\n"), [Severity::Notice]);
    assert_eq!(severity("def find(cur, n: str):\n    cur.execute(f\"SELECT id FROM users WHERE age = {n}\")\n"), [Severity::Error]);
    assert_eq!(severity("n = request.args['n']\ncur.execute(f\"SELECT id FROM users WHERE age = {n}\")\n"), [Severity::Error]);
    // a signature of several lines, with and without types
    let signature = |name: &str| {
        format!(
            "def find(\n    cur,\n    {name},\n    most: int = 10,\n):\n    cur.execute(f\"SELECT id FROM users WHERE name = '{{name}}'\")\n"
        )
    };
    assert_eq!(severity(&signature("name: str | None = None")), [Severity::Error]);
    assert_eq!(severity(&signature("name")), [Severity::Error]);
    assert_eq!(severity(&signature("name: int")), []);
    // a mark that a dictionary fills
    let filled = |value: &str| {
        format!(
            "def find(cur, name):\n    q = \"SELECT id FROM users WHERE name = '%(name)s'\" % {{'other': 1, 'name': {value}}}\n    cur.execute(q)\n"
        )
    };
    assert_eq!(severity(&filled("name")), [Severity::Error]);
    assert_eq!(severity(&filled("quote(name)")), []);
}

#[test]
fn what_is_written_out_runs_nowhere_yet() {
    let of = |call: &str, value: &str| {
        let code = format!("def dump(f, cur, name):\n    {call}(f\"INSERT INTO users (name) VALUES ({value});\")\n");
        let found = findings("interpolated-sql", InputKind::Code(Language::Python), &code);
        found.iter().map(|f| (f.severity, f.message.contains("written out"))).collect::<Vec<_>>()
    };
    assert_eq!(of("cur.execute", "'{name}'"), [(Severity::Error, false)]);
    assert_eq!(of("f.write", "'{name}'"), [(Severity::Notice, true)]);
    assert_eq!(of("f.write", "{name}"), []);
}

#[test]
fn a_function_whose_name_the_program_puts_in_is_not_called_by_another() {
    let code = "exports.up = async (knex) => {\n  await knex.raw(`CREATE FUNCTION ${schema}.close_order() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders; END $$`);\n};\nexports.down = async (knex) => {};\n";
    let found = findings("security-definer-without-search-path", InputKind::Code(Language::JavaScript), code);
    let messages: Vec<&str> = found.iter().map(|f| f.message.as_str()).collect();
    assert!(matches!(messages[..], [one] if one.starts_with("this function runs with its owner's rights")), "{messages:?}");
}

#[test]
fn a_json_column_is_cast_before_it_is_asked_what_it_contains() {
    let sql = "CREATE TABLE visits (id bigint PRIMARY KEY, seen json NOT NULL);\nSELECT id FROM visits WHERE seen->>$2 = $1;";
    let text = help("jsonb-filter-without-index", InputKind::Sql, sql);
    assert!(text.contains("`seen::jsonb @> ") && text.contains("USING gin ((seen::jsonb) jsonb_path_ops)"), "{text}");
}

#[test]
fn help_fits_what_the_query_does() {
    let go = |call: &str| format!("package a\nfunc f(ids []int) {{\n\tfor _, id := range ids {{\n\t\t{call}\n\t}}\n}}\n");
    let kind = || InputKind::Code(Language::of_path("a.go".as_ref()).unwrap());
    // COPY knows no ON CONFLICT
    let upsert = go("db.Exec(`INSERT INTO users (id, age) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET age = 2`, id)");
    let told = help("query-in-loop", kind(), &upsert);
    assert!(told.contains("ON CONFLICT …") && !told.contains("COPY"), "{told}");
    // nor is a filter's column called id that is not
    let nested = go("db.Query(`SELECT age FROM users WHERE id IN (SELECT user_id FROM orders WHERE status = $1)`, id)");
    let told = help("query-in-loop", kind(), &nested);
    assert!(told.contains("WHERE … = ANY($1)"), "{told}");
    let counted = "DELETE FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id LIMIT 1) = 0;";
    assert!(help("count-for-existence", InputKind::Sql, counted).contains("NOT EXISTS (SELECT 1 FROM orders o"));
    // what all pages hold to one value is no key of the next page
    let fixed = "CREATE TABLE lines (import_id bigint, part int, line int, PRIMARY KEY (import_id, part, line));\n\
                 SELECT line FROM lines WHERE import_id = $1 ORDER BY part, line LIMIT 10 OFFSET $2;";
    let told = help("offset-pagination", InputKind::Sql, fixed);
    assert!(told.contains("(part, line) > ($last_part, $last_line) ORDER BY part, line"), "{told}");
}

#[test]
fn a_star_reads_what_drivers_call_by_other_cases() {
    let schema = "CREATE TABLE cases (id bigint PRIMARY KEY, owner int, paidto jsonb, unread jsonb);";
    let code = |rest: &str| {
        let text = format!(
            "db.execute({schema:?})\nfor row in db.execute(\"SELECT * FROM cases WHERE owner = %s\"):\n    use(row[\"id\"]{rest})\n"
        );
        let schema = Input { path: "0.sql".into(), bytes: schema.as_bytes().to_vec(), kind: up(), reported: false, sets: vec![] };
        let kind = InputKind::Code(Language::Python);
        let code = Input { path: "a.py".into(), bytes: text.into_bytes(), kind, reported: true, sets: vec![] };
        check(vec![schema, code], &Settings { select: vec!["select-star".to_owned()], ..Settings::default() }).findings.len()
    };
    assert_eq!(code(", row[\"paidTo\"]"), 1);
    assert_eq!(code(", row[\"paidTo\"], row[\"unRead\"]"), 0);
}

#[test]
fn what_a_program_puts_into_a_string_is_shown_as_put_in() {
    let python = InputKind::Code(Language::Python);
    let text = "def f(x):\n    db.execute(\"SELECT id FROM orders o WHERE created_at::date > '\" + x + \"' LIMIT 5\")\n";
    let found = check(
        vec![Input { path: "a.py".into(), bytes: text.as_bytes().to_vec(), kind: python, reported: true, sets: vec![] }],
        &Settings { select: vec!["function-on-filtered-column".to_owned()], ..Settings::default() },
    )
    .findings;
    assert!(found[0].help.as_ref().unwrap().ends_with("created_at >= date '{}' + 1"), "{:?}", found[0].help);
}

#[test]
fn a_table_whose_whole_name_is_put_in_is_nobodys() {
    let names = |sql: &str| findings("timestamp-without-time-zone", up(), sql).len();
    assert_eq!(names("CREATE TABLE {} (id bigint PRIMARY KEY, at timestamp);"), 0);
    assert_eq!(names("CREATE TABLE made (id bigint PRIMARY KEY, at timestamp);"), 1);
}

#[test]
fn files_beside_a_set_that_leaves_nothing_see_the_others() {
    let set = |path: &str, text: &str, set: u32| Input {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        kind: up(),
        reported: false,
        sets: vec![set],
    };
    let tables = "CREATE TABLE models (id bigint PRIMARY KEY); CREATE TABLE metrics (model_id bigint PRIMARY KEY, n int);";
    let query = "SELECT DISTINCT m.id FROM models m JOIN metrics x ON x.model_id = m.id WHERE x.n < 10;";
    let judged = |schema: &str| {
        let code = Input { path: "q.sql".into(), bytes: query.into(), kind: InputKind::Sql, reported: true, sets: vec![0] };
        let inputs = vec![set("near/1.sql", "SELECT 1;", 0), set("far/1.sql", schema, 1), code];
        check(inputs, &Settings { select: vec!["distinct-over-joins".to_owned()], ..Settings::default() }).findings.len()
    };
    assert_eq!(judged(tables), 0);
    assert_eq!(judged(&tables.replace("model_id bigint PRIMARY KEY", "model_id bigint")), 1);
}

#[test]
fn a_table_that_the_program_names_is_not_named_by_its_mark() {
    let java = "class A {\n  String page(String tenant, int offset) {\n    return String.format(\"select * from %s.%s where user_id = 1 order by id OFFSET %s LIMIT 10\", tenant, TABLE, offset);\n  }\n}\n";
    let input = Input {
        path: "A.java".into(),
        bytes: java.as_bytes().to_vec(),
        kind: InputKind::Code(Language::Java),
        reported: true,
        sets: vec![],
    };
    let found = check(vec![input], &Settings { select: vec!["offset-pagination".to_owned()], ..Settings::default() }).findings;
    assert!(found[0].message.contains("reads every skipped row and throws it away"), "{}", found[0].message);
}

#[test]
fn what_moves_into_exists_is_the_moved_relations_own() {
    let schema = "CREATE TABLE automations (id bigint PRIMARY KEY, stage_id bigint); CREATE TABLE triggers (id bigint PRIMARY KEY, automation_id bigint, event text);";
    let body = "CREATE FUNCTION emit() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE one record; BEGIN
  FOR one IN SELECT DISTINCT a.id FROM automations a JOIN triggers t ON t.automation_id = a.id WHERE a.stage_id = NEW.stage_id AND t.event = 'moved' LOOP
    PERFORM 1;
  END LOOP;
  RETURN NEW;
END $$;";
    let told = help("distinct-over-joins", up(), &format!("{schema}\n{body}"));
    let own = "WHERE EXISTS (SELECT 1 FROM triggers t WHERE t.automation_id = a.id AND t.event = 'moved')";
    assert!(told.ends_with(own), "{told}");
}

#[test]
fn containment_goes_the_way_that_the_path_goes() {
    let sql = "CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb); SELECT id FROM events WHERE payload -> 'after' ->> $1 = $2;";
    let told = help("jsonb-filter-without-index", up(), sql);
    assert!(told.contains("`payload @> jsonb_build_object('after', jsonb_build_object($key, $value))`"), "{told}");
}
