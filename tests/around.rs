//! What stands around a query decides what is worth saying of it: the code that sends it, the file that holds it, the key that it
//! refers to. Each false case stands beside its true neighbour.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::extract::Language;
use pgsift::finding::Finding;
use pgsift::session::Transaction;
use pgsift::settings::Settings;

const SCHEMA: &str = "CREATE TYPE grade AS ENUM ('a', 'b');
CREATE TABLE tasks (id bigint PRIMARY KEY, name text, days int, grade grade, data jsonb, task_data jsonb, note text);
CREATE TABLE jobs (slot int PRIMARY KEY, task_id bigint, name text);";

/// What a rule says of a file beside the schema.
fn told(path: &str, text: &str, rule: &str) -> Vec<Finding> {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    let kind = match Language::of_path(path.as_ref()) {
        Some(language) => InputKind::Code(language),
        None if path.starts_with("migrations/") => InputKind::Migration(info.clone()),
        None => InputKind::Sql,
    };
    let input =
        |path: &str, text: &str, kind, reported| Input { path: path.into(), bytes: text.as_bytes().to_vec(), kind, reported, sets: vec![] };
    let inputs = vec![input("0.sql", SCHEMA, InputKind::Migration(info), false), input(path, text, kind, true)];
    check(inputs, &Settings { select: vec![rule.to_owned()], ..Settings::default() }).findings
}

fn help(path: &str, text: &str, rule: &str) -> String {
    told(path, text, rule)[0].help.clone().unwrap()
}

#[test]
fn a_star_is_too_much_where_the_code_reads_other_columns_only() {
    let code = |reads: &str| {
        format!("def f(cur):\n    cur.execute(\"SELECT * FROM tasks WHERE note = 'x'\")\n    return [{reads} for row in cur]\n")
    };
    let of = |reads: &str| told("app/a.py", &code(reads), "select-star").len();
    assert_eq!(of("row['name']"), 1);
    assert_eq!(of("row.id"), 1);
    assert_eq!(of("(row['name'], row['data'], row['task_data'])"), 0);
    assert_eq!(of("(row.name, row.data, row.taskData)"), 0);
    // where the rows go is not to be seen
    assert_eq!(of("Task(*row)"), 0);
    let one = code("row.id").replace("note = 'x'", "id IN (%s)");
    assert_eq!(told("app/a.py", &one, "select-star").len(), 0);
    let view = "def f(cur):\n    cur.execute(\"CREATE OR REPLACE VIEW all_tasks AS SELECT * FROM tasks\")\n    return row.id\n";
    assert_eq!(told("app/a.py", view, "select-star").len(), 0);
}

#[test]
fn a_piece_of_a_query_has_its_conditions_and_order_elsewhere() {
    let piece = "q = q.order(\"random()\")\n";
    assert!(told("app/a.py", piece, "order-by-random").iter().all(|f| f.help.as_ref().unwrap().starts_with("take each matching row")));
    let queue = "DELETE FROM jobs WHERE slot = (SELECT slot FROM jobs ORDER BY random() FOR UPDATE SKIP LOCKED LIMIT 1);";
    assert!(help("a.sql", queue, "order-by-random").starts_with("drop this order"));
    assert!(
        help("a.sql", "SELECT name FROM jobs ORDER BY random() LIMIT 3;", "order-by-random")
            .contains("WHERE slot >= $random_slot ORDER BY slot")
    );
}

#[test]
fn the_row_at_which_a_page_ends_is_no_page() {
    let code = |offset: &str| {
        format!("const rows = await sql`SELECT id FROM tasks WHERE note = ${{note}} ORDER BY id OFFSET ${{{offset}}} LIMIT 1`;\n")
    };
    assert_eq!(told("a.ts", &code("limit - 1"), "offset-pagination").len(), 0);
    assert_eq!(told("a.ts", &code("offset"), "offset-pagination").len(), 1);
    assert_eq!(told("a.ts", &code("page * limit"), "offset-pagination").len(), 1);
}

#[test]
fn an_interval_of_whole_numbers_is_what_it_seems() {
    let of = |sql: &str| told("a.sql", sql, "interval-from-concatenation").len();
    assert_eq!(of("SELECT id FROM tasks WHERE now() > to_timestamp(0) + (days || ' days')::interval;"), 0);
    assert_eq!(of("SELECT id FROM tasks WHERE now() > to_timestamp(0) + (note || ' days')::interval;"), 1);
    assert_eq!(of("SELECT id FROM tasks WHERE now() > to_timestamp(0) + ($1 || ' days')::interval;"), 1);
    let body = "CREATE FUNCTION f(n integer) RETURNS SETOF tasks LANGUAGE plpgsql AS $$ BEGIN
      RETURN QUERY SELECT * FROM tasks WHERE now() > to_timestamp(0) + (n || ' day')::interval; END $$;";
    assert_eq!(of(body), 0);
}

#[test]
fn what_is_sent_together_and_what_a_long_turn_does_is_no_query_in_a_loop() {
    let go = |call: &str, lines: usize| {
        let work = "\t\twork(id)\n".repeat(lines);
        format!("package a\nfunc f(ids []int) {{\n\tfor _, id := range ids {{\n{work}\t\t{call}\n\t}}\n}}\n")
    };
    let sends = "db.Exec(ctx, `UPDATE tasks SET note = 'gone' WHERE id = $1`, id)";
    assert_eq!(told("a.go", &go(sends, 1), "query-in-loop").len(), 1);
    assert_eq!(told("a.go", &go(sends, 90), "query-in-loop").len(), 0);
    assert_eq!(told("a.go", &go(&sends.replace("db.Exec(ctx, ", "batch.Queue("), 1), "query-in-loop").len(), 0);
    assert!(help("a.go", &go(sends, 1), "query-in-loop").ends_with("UPDATE tasks SET … WHERE id = ANY($1);"));
    let valued = sends.replace("'gone' WHERE id = $1`", "$2 WHERE id = $1`");
    assert!(help("a.go", &go(&valued, 1), "query-in-loop").contains("unnest($1::…[], $2::…[]) AS new (id, value)"));
}

#[test]
fn sql_that_somebody_runs_by_hand_is_no_load() {
    let query = "SELECT id FROM tasks WHERE note = 'x';";
    assert_eq!(told("queries/a.sql", query, "filter-without-index").len(), 1);
    for path in ["scripts/a.sql", "local-db-scripts/a.sql", "sql/migrations.sql"] {
        assert_eq!(told(path, query, "filter-without-index").len(), 0, "{path}");
    }
}

#[test]
fn a_row_given_to_a_function_is_read_for_it() {
    let of = |sql: &str| told("a.sql", sql, "filter-without-index").len();
    assert_eq!(of("SELECT id FROM tasks t WHERE t.note = (previous(t)).note;"), 0);
    assert_eq!(of("SELECT id FROM tasks t WHERE t.note = (previous($1)).note;"), 1);
}

#[test]
fn one_of_a_few_values_finds_no_rows() {
    let of = |sql: &str| told("a.sql", sql, "filter-without-index").len();
    assert_eq!(of("SELECT id FROM tasks WHERE grade = $1;"), 0);
    assert_eq!(of("SELECT id FROM tasks WHERE grade = $1 AND note = $2;"), 1);
}

#[test]
fn a_list_of_names_is_referred_to_as_an_enum_is() {
    let schema = |parent: &str, key: &str| {
        format!(
            "CREATE TABLE {parent} (name {key} PRIMARY KEY);\nCREATE TABLE child (id bigint PRIMARY KEY, ref {key} REFERENCES {parent});"
        )
    };
    let of = |parent: &str, key: &str| told("migrations/1.sql", &schema(parent, key), "foreign-key-without-index").len();
    assert_eq!((of("log_types", "text"), of("log_types", "bigint"), of("domains", "text")), (0, 1, 1));
}

#[test]
fn groups_are_locked_by_nobody() {
    let sql = |locking: &str| format!("SELECT name, (SELECT count(*) FROM jobs j WHERE j.task_id = t.id) FROM tasks t {locking};");
    assert!(help("a.sql", &sql("FOR SHARE SKIP LOCKED"), "correlated-subquery-in-select").ends_with("FOR SHARE OF t"));
    assert!(!help("a.sql", &sql(""), "correlated-subquery-in-select").contains("OF t"));
}

#[test]
fn another_relation_than_the_groups_own_repeats() {
    let sql = "SELECT p.k, count(DISTINCT d.who) FROM p LEFT JOIN d ON d.k = p.k LEFT JOIN s ON s.k = p.k WHERE p.k = $1 GROUP BY p.k;";
    let found = told("a.sql", sql, "count-distinct-over-joins");
    assert!(found[0].message.contains("the join with s "), "{}", found[0].message);
}

#[test]
fn an_order_that_nothing_known_ends_is_told_so() {
    let sql = "WITH f AS (SELECT lower(name) AS token FROM tasks) SELECT token FROM f ORDER BY token LIMIT $1 OFFSET $2;";
    assert!(
        help("a.sql", sql, "offset-pagination").contains("without it, rows with equal keys are skipped"),
        "{}",
        help("a.sql", sql, "offset-pagination")
    );
}

#[test]
fn a_view_that_a_later_migration_defines_anew_is_not_judged() {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    let rails = |name: &str, order: &str| {
        format!(
            "class A < ActiveRecord::Migration[5.0]\n  def up\n    execute <<-SQL\n      CREATE OR REPLACE VIEW {name} AS SELECT id FROM tasks {order}\n    SQL\n  end\nend\n"
        )
    };
    let program = |path: &str, text: String| Input {
        path: path.into(),
        bytes: text.into_bytes(),
        kind: InputKind::Program(Language::Ruby),
        reported: true,
        sets: vec![],
    };
    let told = |second: &str| {
        let schema = Input {
            path: "0.sql".into(),
            bytes: SCHEMA.as_bytes().to_vec(),
            kind: InputKind::Migration(info.clone()),
            reported: false,
            sets: vec![],
        };
        let inputs = vec![
            schema,
            program("db/migrate/1_a.rb", rails("shown", "ORDER BY random() LIMIT 1")),
            program("db/migrate/2_b.rb", rails(second, "ORDER BY id")),
        ];
        check(inputs, &Settings { select: vec!["order-by-random".to_owned()], ..Settings::default() }).findings.len()
    };
    assert_eq!((told("shown"), told("another")), (0, 1));
}

#[test]
fn a_text_that_a_loop_prints_is_not_sent() {
    let python =
        |call: &str| format!("def f(ids):\n    for i in ids:\n        {call}(f\"UPDATE tasks SET note = 'x' WHERE id = {{i}};\")\n");
    assert_eq!(told("a.py", &python("cur.execute"), "query-in-loop").len(), 1);
    assert_eq!(told("a.py", &python("out.write"), "query-in-loop").len(), 0);
    let rust = |send: &str| {
        format!(
            "fn f(ids: Vec<i64>) {{\n    for id in ids {{\n        let query = format!(\"UPDATE tasks SET note = '{{}}' WHERE id = {{}}\", id, id);\n        {send}\n    }}\n}}\n"
        )
    };
    assert_eq!(told("a.rs", &rust("println!(\"{}\", query);"), "query-in-loop").len(), 0);
    let sent = rust("client.execute(&query);");
    assert_eq!(told("a.rs", &sent, "query-in-loop").len(), 1);
    assert!(help("a.rs", &sent, "query-in-loop").contains("unnest"), "{}", help("a.rs", &sent, "query-in-loop"));
}

#[test]
fn an_error_caught_for_one_row_is_a_step() {
    let body = |caught: &str| {
        format!(
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM tasks LOOP BEGIN UPDATE jobs SET name = 'x' WHERE task_id = r.id; {caught} END; END LOOP; END $$;"
        )
    };
    let of = |caught: &str| told("a.sql", &body(caught), "row-by-row-loop").len();
    assert_eq!((of(""), of("EXCEPTION WHEN others THEN NULL;")), (1, 0));
}

#[test]
fn a_count_of_values_is_asked_for_values() {
    let sql = "SELECT id FROM tasks t WHERE (SELECT count(j.name) FROM jobs j WHERE j.task_id = t.id) > 0;";
    assert!(help("a.sql", sql, "count-for-existence").ends_with("AND j.name IS NOT NULL)"));
    assert!(help("a.sql", &sql.replace("j.name", "last_value"), "count-for-existence").ends_with("AND last_value IS NOT NULL)"));
}

#[test]
fn what_joins_all_rows_of_both_sides_looks_nothing_up() {
    let of = |filter: &str| {
        told("a.sql", &format!("SELECT t.id FROM tasks t JOIN jobs j ON lower(t.name) = j.name {filter};"), "function-on-filtered-column")
            .len()
    };
    assert_eq!((of(""), of("WHERE j.task_id = $1")), (0, 1));
}

#[test]
fn what_a_migration_calls_of_its_own_runs_once() {
    let of = |call: &str| {
        told("migrations/1.sql", &format!("{SCHEMA}\nSELECT {call}(id) FROM tasks WHERE note = 'x';"), "filter-without-index").len()
    };
    assert_eq!((of("pg_temp.convert"), of("lower")), (0, 1));
}

#[test]
fn a_value_that_comes_of_the_one_before_takes_its_turn() {
    let body = |order: &str| {
        format!(
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id, days FROM tasks {order} LOOP UPDATE jobs SET slot = (slot + r.days) / 2 WHERE task_id = r.id; END LOOP; END $$;"
        )
    };
    let of = |order: &str| told("a.sql", &body(order), "row-by-row-loop").len();
    assert_eq!((of(""), of("ORDER BY id")), (1, 0));
}

#[test]
fn named_queries_hold_their_program_s_placeholders() {
    let query =
        |column: &str, kind: &str| format!("-- name: ListThings {kind}\nSELECT name FROM things WHERE {column} = @{column} LIMIT 5;\n");
    let of = |sql: &str| told("queries/tasks.sql", sql, "limit-without-order").len();
    assert_eq!(of(&query("id", ":one")), 0);
    assert_eq!(of(&query("days", ":one")), 1);
    // in other files @ is PostgreSQL's absolute value, of a column
    assert_eq!(of(&query("id", "by its key")), 1);
}

#[test]
fn the_extension_or_the_method_that_an_index_needs_is_named() {
    let told = |index: &str| {
        let sql = format!("CREATE TABLE docs (id bigint PRIMARY KEY, data jsonb, team_id int);\nCREATE INDEX i ON docs USING {index};");
        help("migrations/1.sql", &sql, "gin-without-operator-class")
    };
    assert_eq!(told("gist (data)"), "keys and containment of jsonb, GIN finds: USING gin (data)");
    assert_eq!(told("gin (team_id, data)"), "before it: CREATE EXTENSION IF NOT EXISTS btree_gin;");
    assert!(told("gin (team_id)").contains("a btree"));
}
