//! Small projects of each migration framework: what runs in a transaction, how a file leaves it, and what is not replayed.
#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;

use project::Project;
use std::process::Command;

type Files<'a> = &'a [(&'a str, &'a str)];

const CONCURRENT: &str = "CREATE INDEX CONCURRENTLY t_a ON t (a);\n";

impl Project {
    /// `file:line` of each finding of one rule.
    fn found(&self, rule: &str) -> Vec<String> {
        let json = self.check(&["--select", rule]);
        let place = |f: &serde_json::Value| format!("{}:{}", f["file"].as_str().unwrap(), f["span"]["start"]["line"]);
        json["findings"].as_array().unwrap().iter().map(place).collect()
    }
}

#[track_caller]
fn assert_concurrent(files: Files, expected: &[&str]) {
    assert_eq!(Project::new(files).found("concurrently-in-transaction"), expected);
}

const SQLX: (&str, &str) = ("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n");

#[test]
fn sqlx_wraps_a_file_unless_it_says_no_transaction() {
    let two = format!("-- no-transaction\nSET lock_timeout = '2s';\n{CONCURRENT}");
    assert_concurrent(
        &[
            SQLX,
            ("migrations/1_wrapped.sql", CONCURRENT),
            ("migrations/2_alone.sql", &format!("-- no-transaction\n{CONCURRENT}")),
            ("migrations/3_two.sql", &two), // one message: one implicit transaction
        ],
        &["migrations/1_wrapped.sql:1", "migrations/3_two.sql:3"],
    );
}

#[test]
fn diesel_wraps_unless_its_metadata_says_otherwise() {
    assert_concurrent(
        &[
            ("diesel.toml", ""),
            ("migrations/1_a/up.sql", CONCURRENT),
            ("migrations/2_b/up.sql", CONCURRENT),
            ("migrations/2_b/metadata.toml", "run_in_transaction = false\n"),
        ],
        &["migrations/1_a/up.sql:1"],
    );
}

#[test]
fn goose_wraps_unless_the_file_says_no_transaction() {
    assert_concurrent(
        &[
            ("m/1_a.sql", &format!("-- +goose Up\n{CONCURRENT}-- +goose Down\nSELECT 1;\n")),
            ("m/2_b.sql", &format!("-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n{CONCURRENT}")),
        ],
        &["m/1_a.sql:2"],
    );
}

#[test]
fn dbmate_wraps_unless_the_part_says_transaction_false() {
    assert_concurrent(
        &[
            ("m/1_a.sql", &format!("-- migrate:up\n{CONCURRENT}-- migrate:down\nSELECT 1;\n")),
            ("m/2_b.sql", &format!("-- migrate:up transaction:false\n{CONCURRENT}-- migrate:down\nSELECT 1;\n")),
        ],
        &["m/1_a.sql:2"],
    );
}

#[test]
fn flyway_leaves_the_transaction_where_a_statement_needs_it() {
    // Flyway sees CONCURRENTLY itself; a wrapped neighbour stays wrapped
    let validate = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT c;\n";
    let project = Project::new(&[
        ("sql/V1__t.sql", "CREATE TABLE t (a int);\n"),
        ("sql/V2__i.sql", CONCURRENT),
        // said in a comment it takes nothing out of the transaction
        ("sql/V3__c.sql", &format!("{validate}-- an index would be built CONCURRENTLY\n")),
        ("sql/V4__d.sql", &validate.replace(" c", " d")),
        ("sql/V5__e.sql", &format!("/* an index\n   CONCURRENTLY */\n{}", validate.replace(" c", " e"))),
        ("sql/V4__d.sql.conf", "executeInTransaction=false\n"),
    ]);
    assert!(project.found("concurrently-in-transaction").is_empty());
    assert_eq!(project.found("validate-in-same-transaction"), ["sql/V3__c.sql:2", "sql/V5__e.sql:4"]);
}

#[test]
fn liquibase_wraps_each_changeset_unless_it_says_otherwise() {
    let text = format!(
        "--liquibase formatted sql\n--changeset me:1\n{CONCURRENT}--changeset me:2 runInTransaction:false\n{CONCURRENT}--rollback DROP TABLE t;\n"
    );
    assert_concurrent(&[("changes/a.sql", &text)], &["changes/a.sql:3"]);
}

#[test]
fn prisma_sends_a_file_as_one_message() {
    assert_concurrent(
        &[
            ("prisma/migrations/20240101_a/migration.sql", &format!("SELECT 1;\n{CONCURRENT}")),
            ("prisma/migrations/20240102_b/migration.sql", CONCURRENT),
        ],
        &["prisma/migrations/20240101_a/migration.sql:2"],
    );
}

#[test]
fn golang_migrate_sends_a_file_as_one_message() {
    assert_concurrent(&[("m/1_a.up.sql", &format!("SELECT 1;\n{CONCURRENT}")), ("m/2_b.up.sql", CONCURRENT)], &["m/1_a.up.sql:2"]);
}

#[test]
fn pop_runs_the_file_of_the_database_in_the_place_of_the_one_for_all() {
    let project = Project::new(&[
        ("m/1_a.up.sql", "CREATE TABLE t (a int, b int);\n"),
        ("m/2_b.up.sql", "CREATE INDEX t_i ON t (a);\n"),
        ("m/2_b.postgres.autocommit.up.sql", "CREATE INDEX CONCURRENTLY t_i ON t (a, b);\n"),
        ("m/2_b.mysql.up.sql", "CREATE INDEX t_i ON t (b);\n"),
    ]);
    let (schema, _) = project.schema(&[]);
    assert!(schema.contains("CREATE INDEX t_i ON public.t USING btree (a, b);"), "{schema}");
    assert_eq!(project.found("index-without-concurrently"), [""; 0]);
}

#[test]
fn atlas_wraps_unless_its_directive_says_none() {
    assert_concurrent(
        &[("m/atlas.sum", ""), ("m/1_a.sql", CONCURRENT), ("m/2_b.sql", &format!("-- atlas:txmode none\n\nSELECT 1;\n{CONCURRENT}"))],
        &["m/1_a.sql:1"],
    );
}

/// Down parts drop what the up parts made; replaying them would make the table unknown, and linting them is noise.
#[test]
fn down_migrations_are_quiet_and_not_replayed() {
    let cases: &[Files] = &[
        &[("m/1_t.up.sql", "CREATE TABLE t (a int);"), ("m/1_t.down.sql", "DROP TABLE t;"), ("m/2_i.up.sql", "CREATE INDEX t_a ON t (a);")],
        &[
            ("m/1_t/up.sql", "CREATE TABLE t (a int);"),
            ("m/1_t/down.sql", "DROP TABLE t;"),
            ("m/2_i/up.sql", "CREATE INDEX t_a ON t (a);"),
            ("m/2_i/down.sql", "DROP INDEX t_a;"),
        ],
        &[
            ("m/1_t.sql", "-- +goose Up\nCREATE TABLE t (a int);\n-- +goose Down\nDROP TABLE t;"),
            ("m/2_i.sql", "-- +goose Up\nCREATE INDEX t_a ON t (a);\n-- +goose Down\nDROP INDEX t_a;"),
        ],
        &[
            ("m/1_t.sql", "-- migrate:up\nCREATE TABLE t (a int);\n-- migrate:down\nDROP TABLE t;"),
            ("m/2_i.sql", "-- migrate:up\nCREATE INDEX t_a ON t (a);\n-- migrate:down\nDROP INDEX t_a;"),
        ],
        &[
            ("m/V1__t.sql", "CREATE TABLE t (a int);"),
            ("m/U1__t.sql", "DROP TABLE t;"),
            ("m/V2__i.sql", "CREATE INDEX t_a ON t (a);"),
            ("m/U2__i.sql", "DROP INDEX t_a;"),
        ],
    ];
    for files in cases {
        let project = Project::new(files);
        let found = project.found("index-without-concurrently,drop-table,drop-index-without-concurrently");
        assert_eq!(found.len(), 1, "{files:?}: {found:?}");
        let schema =
            Command::new(env!("CARGO_BIN_EXE_pgsift")).args(["schema", "--format", "json"]).current_dir(&project.0).output().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
        assert_eq!(schema["tables"].as_array().unwrap().len(), 1, "{files:?}");
    }
}

#[test]
fn files_of_other_engines_are_left_out() {
    let project = Project::new(&[
        ("db/mysql/1_a.sql", "CREATE TABLE t (a int) ENGINE=InnoDB;\nCREATE INDEX t_a ON t (a);\n"),
        ("db/1_b.sql", "CREATE TABLE `t` (`a` int AUTO_INCREMENT);\n"),
        ("db/postgres/1_a.sql", "CREATE INDEX t_a ON t (a);\n"),
    ]);
    assert_eq!(project.found("index-without-concurrently"), ["db/postgres/1_a.sql:1"]);
    let json = project.check(&[]);
    assert_eq!(json["summary"]["left_out"], serde_json::json!([{"reason": "MySQL", "files": 2}]));
    assert_eq!(json["opaque"], serde_json::json!([]));
}

#[test]
fn services_with_their_own_migrations_have_their_own_schemas() {
    let project = Project::new(&[
        ("a/migrations/1_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, data jsonb NOT NULL);\n"),
        ("a/migrations/2_index.sql", "CREATE INDEX users_data ON users USING gin (data jsonb_path_ops);\n"),
        ("b/migrations/1_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, data jsonb NOT NULL);\n"),
        ("a/q.sql", "SELECT id FROM users WHERE data @> '{\"a\": 1}';\n"),
        ("b/q.sql", "SELECT id FROM users WHERE data @> '{\"a\": 1}';\n"),
    ]);
    assert_eq!(project.found("jsonb-filter-without-index"), ["b/q.sql:1"]);
    let schema = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        let output = command.arg("schema").args(args).current_dir(&project.0).output().unwrap();
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (sql, note) = schema(&[]);
    assert!(sql.contains("-- The schema of the migrations in a/migrations\n"), "{sql}");
    assert_eq!(sql.matches("CREATE TABLE public.users").count(), 2, "{sql}");
    assert!(note.contains("2 sets of migrations") && note.contains("a/migrations, b/migrations"), "{note}");
    let (sql, note) = schema(&["b"]);
    assert_eq!((sql.matches("CREATE TABLE").count(), note.as_str()), (1, ""));
    let (json, _) = schema(&["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sets"][1]["folder"], "b/migrations");
    assert_eq!(json["sets"][1]["tables"][0]["name"], "users");
}

#[test]
fn pieces_of_one_set_stay_together() {
    let project = Project::new(&[
        ("migrations/2023/001_a.sql", "CREATE TABLE t (id bigint PRIMARY KEY, a int);\n"),
        ("migrations/2024/001_b.sql", "ALTER TABLE t DROP COLUMN a;\n"),
        ("db/migrate/up/1_u.sql", "CREATE TABLE u (a int);\n"),
        ("db/migrate/down/1_u.sql", "DROP TABLE u;\n"),
        ("db/dump.sql", "-- PostgreSQL database dump\nCREATE TABLE v (a int);\n"),
    ]);
    let schema = |folder: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        let output = command.args(["schema", folder]).current_dir(&project.0).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let sql = schema("migrations");
    assert!(sql.contains("CREATE TABLE public.t") && !sql.contains("a integer"), "{sql}");
    let sql = schema("db");
    assert!(sql.contains("public.u ") && sql.contains("public.v ") && !sql.contains("-- The schema of"), "{sql}");
}

#[test]
fn the_configured_schema_is_replayed_whatever_it_looks_like() {
    let project = Project::new(&[
        ("pgsift.toml", "schema = [\"db/tables.sql\"]\n"),
        ("db/tables.sql", "CREATE TABLE t (id bigint PRIMARY KEY, j jsonb);\nCREATE INDEX t_j_k ON t ((j ->> 'k'));\n"),
        ("app/served.sql", "SELECT id FROM t WHERE j ->> 'k' = $1;\n"),
        ("app/unserved.sql", "SELECT id FROM t WHERE j ->> 'other' = $1;\n"),
    ]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
    let output = command.args(["check", "app", "--format", "json"]).current_dir(&project.0).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |finding: &serde_json::Value| format!("{} {} {}", finding["file"], finding["rule"], finding["severity"]);
    let found: Vec<String> = json["findings"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(found, ["\"app/unserved.sql\" \"jsonb-filter-without-index\" \"warning\""]);
}

impl Project {
    /// `pgsift schema` of the whole project: SQL, and what it says beside it.
    fn schema(&self, args: &[&str]) -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        let output = command.arg("schema").args(args).current_dir(&self.0).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn sql_migrate_wraps_unless_the_part_says_notransaction() {
    assert_concurrent(
        &[
            ("m/1_a.sql", &format!("-- +migrate Up\n{CONCURRENT}-- +migrate Down\nSELECT 1;\n")),
            ("m/2_b.sql", &format!("-- +migrate Up notransaction\nSELECT 1;\n{CONCURRENT}-- +migrate Down\nDROP TABLE t;\n")),
        ],
        &["m/1_a.sql:2"],
    );
}

#[test]
fn sqitch_follows_its_plan_and_reworked_changes() {
    let project = Project::new(&[
        (
            "sqitch.plan",
            "%project=a\n\nz 2020-01-01T00:00:00Z A <a@b> # z\na [z] 2020-01-01T00:00:00Z A <a@b> # a\n@v1 2020-01-02T00:00:00Z A <a@b> # t\na [a@v1] 2020-01-03T00:00:00Z A <a@b> # again\n",
        ),
        ("deploy/z.sql", "BEGIN;\nCREATE TABLE z (id int);\nCOMMIT;\n"),
        ("deploy/a@v1.sql", "ALTER TABLE z ADD COLUMN first int;\n"),
        ("deploy/a.sql", "ALTER TABLE z ADD COLUMN second int;\n"),
        ("revert/z.sql", "DROP TABLE z;\n"),
        ("verify/z.sql", "SELECT id FROM z WHERE false;\n"),
    ]);
    let (sql, note) = project.schema(&[]);
    assert!(sql.contains("    id integer,\n    first integer,\n    second integer\n"), "{sql}");
    assert_eq!(note, "");
}

#[test]
fn folders_of_versions_are_one_set() {
    let project = Project::new(&[
        ("migrations/oss/postgres/2/01_b.up.sql", "ALTER TABLE t ADD COLUMN b int;\n"),
        ("migrations/oss/postgres/10/01_c.up.sql", "ALTER TABLE t ADD COLUMN c int;\n"),
        ("migrations/oss/postgres/0/01_a.up.sql", "CREATE TABLE t (a int);\n"),
        ("pg/versioned/v1.10/z.sql", "ALTER TABLE v ADD COLUMN b int;\n"),
        ("pg/versioned/v1.2/schema.sql", "CREATE TABLE v (c int);\n"),
        ("schema/delta/1/01_x.sql.postgres", "CREATE TABLE u (a int);\n"),
        ("schema/delta/2/01_y.sql", "ALTER TABLE u ADD COLUMN b int;\n"),
    ]);
    let (sql, note) = project.schema(&[]);
    assert!(sql.contains("    a integer,\n    b integer,\n    c integer\n") && sql.contains("    a integer,\n    b integer\n"), "{sql}");
    assert!(sql.contains("    c integer,\n    b integer\n"), "{sql}");
    assert!(note.contains("3 sets of migrations"), "{note}");
}

#[test]
fn rollback_takes_back_what_the_wrapped_file_did() {
    let wrapped = |sql: &str| {
        let project = Project::new(&[SQLX, ("migrations/1_t.sql", "CREATE TABLE t (a int);\n"), ("migrations/2_x.sql", sql)]);
        project.schema(&[]).0
    };
    let sql = wrapped("ALTER TABLE t ADD COLUMN b int; CREATE TABLE gone (a int); ROLLBACK; ALTER TABLE t ADD COLUMN c int;\n");
    assert!(sql.contains("    a integer,\n    c integer\n") && !sql.contains("gone"), "{sql}");
    let sql = wrapped("ALTER TABLE t ADD COLUMN b int; SAVEPOINT s; ALTER TABLE t ADD COLUMN c int; ROLLBACK TO SAVEPOINT s;\n");
    assert!(sql.contains("    a integer,\n    b integer\n"), "{sql}");
    let sql = wrapped("ALTER TABLE t ADD COLUMN b int; COMMIT; ALTER TABLE t ADD COLUMN c int; ROLLBACK;\n");
    assert!(sql.contains("    a integer,\n    b integer,\n    c integer\n"), "{sql}");
    // one message is one transaction, and after a ROLLBACK another one
    let project = Project::new(&[
        ("m/1_t.up.sql", "CREATE TABLE t (a int);\n"),
        (
            "m/2_x.up.sql",
            "ALTER TABLE t ADD COLUMN b int; ROLLBACK; ALTER TABLE t ADD COLUMN c int; ROLLBACK; ALTER TABLE t ADD COLUMN d int;\n",
        ),
    ]);
    let sql = project.schema(&[]).0;
    assert!(sql.contains("    a integer,\n    d integer\n"), "{sql}");
}

#[test]
fn a_script_that_runs_others_says_the_order() {
    let project = Project::new(&[
        (
            "db/install.sql",
            "BEGIN;\nSET search_path = app;\nCREATE SCHEMA app;\n\\ir tables/b.sql\n\\i db/tables/a.sql\n\\ir tables/b.sql\nCREATE INDEX b_x ON b (x);\nCOMMIT;\n\\ir missing.sql\n\\i :dir/x.sql\n",
        ),
        ("db/tables/a.sql", "CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES b);\n"),
        ("db/tables/b.sql", "CREATE TABLE b (id int PRIMARY KEY, x int);\n\\ir more/c.sql\n"),
        ("db/tables/more/c.sql", "ALTER TABLE b ADD COLUMN c int;\n"),
        ("queries/q.sql", "SELECT x FROM app.b WHERE c = $1;\n"),
    ]);
    let (sql, note) = project.schema(&[]);
    assert!(note.contains("that are not found") && note.lines().count() == 2, "{note}");
    assert!(sql.contains("CREATE TABLE app.b (\n    id integer NOT NULL,\n    x integer,\n    c integer\n)"), "{sql}");
    assert_eq!(sql.matches("CREATE TABLE").count(), 2, "{sql}");
    let json = project.check(&["--select", "index-without-concurrently,filter-without-index"]);
    let found: Vec<String> = json["findings"].as_array().unwrap().iter().map(|f| format!("{}", f["file"])).collect();
    assert_eq!(found, ["\"queries/q.sql\""]); // the table is new where its index is built, in the same run
    let left_out = json["summary"]["left_out"].to_string();
    assert!(left_out.contains("and that are not found") && left_out.contains("with a variable"), "{left_out}");
    // alone, the script brings the files that it names
    let (sql, _) = project.schema(&["db/install.sql"]);
    assert_eq!(sql.matches("CREATE TABLE").count(), 2, "{sql}");
}

#[test]
fn plain_files_of_one_tree_are_one_schema() {
    let project = Project::new(&[
        ("schema/views/a_names.sql", "CREATE VIEW names AS SELECT u.name FROM users u;\n"),
        (
            "schema/tables/orders.sql",
            "CREATE TABLE orders (id int PRIMARY KEY, owner bigint REFERENCES users);\nCREATE INDEX ON orders (owner);\n",
        ),
        ("schema/tables/users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, name text, mood mood);\n"),
        ("schema/types/mood.sql", "CREATE TYPE mood AS ENUM ('a');\n"),
        ("billing/bills.sql", "CREATE TABLE bills (id int, owner bigint REFERENCES users, shop bigint REFERENCES made.elsewhere (id));\n"),
        ("queries/q.sql", "SELECT id FROM orders WHERE owner = $1;\n"),
        ("tests/t.sql", "CREATE TABLE trial (a int);\n"),
    ]);
    let (sql, note) = project.schema(&[]);
    assert_eq!(note, "");
    assert_eq!(sql.matches("CREATE TABLE").count(), 3, "{sql}");
    assert!(sql.contains("CREATE VIEW public.names") && sql.contains("REFERENCES users") && !sql.contains("known in part"), "{sql}");
    assert!(project.found("filter-without-index").is_empty());
    // nobody waits for a schema that is being made, not even for the parts that something else makes
    assert!(project.found("missing-lock-timeout").is_empty() && project.found("foreign-key-locks-parent").is_empty());
    // migrations say the schema where there are some
    let project = Project::new(&[("schema/t.sql", "CREATE TABLE t (a int);\n"), ("migrations/1_u.sql", "CREATE TABLE u (a int);\n")]);
    assert!(!project.schema(&[]).0.contains("public.t "));
}

#[test]
fn graphile_migrate_wraps_unless_the_file_says_no_transaction() {
    let project = Project::new(&[
        ("migrations/committed/000001.sql", "--! Previous: -\n--! Hash: sha1:a\n\nCREATE TABLE t (a int);\n"),
        ("migrations/committed/000002-x.sql", &format!("--! Previous: sha1:a\n--! Hash: sha1:b\n\n{CONCURRENT}")),
        ("migrations/committed/000003.sql", &format!("--! Previous: sha1:b\n--! Hash: sha1:c\n--! no-transaction\n\n{CONCURRENT}")),
        ("migrations/current.sql", "ALTER TABLE t ADD COLUMN b int;\n"),
    ]);
    assert_eq!(project.found("concurrently-in-transaction"), ["migrations/committed/000002-x.sql:4"]);
    let (sql, note) = project.schema(&[]);
    assert!(sql.contains("    a integer,\n    b integer\n") && note.is_empty(), "{sql}{note}");
}

#[test]
fn hasura_wraps_and_each_database_has_its_schema() {
    let project = Project::new(&[
        ("migrations/default/1600000000000_a/up.sql", "CREATE TABLE t (a int);\n"),
        ("migrations/default/1600000000000_a/down.sql", "DROP TABLE t;\n"),
        ("migrations/default/1600000000001_b/up.sql", CONCURRENT),
        ("migrations/other/1600000000000_a/up.sql", "CREATE TABLE t (b int);\n"),
    ]);
    assert_eq!(project.found("concurrently-in-transaction"), ["migrations/default/1600000000001_b/up.sql:1"]);
    assert!(project.schema(&[]).1.contains("2 sets of migrations"));
}

#[test]
fn drizzle_follows_its_journal() {
    let project = Project::new(&[
        ("package.json", "{\"dependencies\": {\"drizzle-orm\": \"1\"}}"),
        ("drizzle/meta/_journal.json", "{\"entries\": [{\"idx\": 0, \"tag\": \"0001_first\"}, {\"idx\": 1, \"tag\": \"0000_second\"}]}"),
        ("drizzle/0001_first.sql", "CREATE TABLE t (a int);--> statement-breakpoint\nALTER TABLE t ADD COLUMN b int;"),
        ("drizzle/0000_second.sql", "ALTER TABLE t ADD COLUMN c int;"),
    ]);
    let (sql, _) = project.schema(&[]);
    assert!(sql.contains("    a integer,\n    b integer,\n    c integer\n"), "{sql}");
}

#[test]
fn migrations_that_are_no_sql_are_said_with_what_to_do() {
    let project = Project::new(&[
        ("db/migrate/20200101000000_a.rb", "class A < ActiveRecord::Migration[7.0]\nend\n"),
        ("app/migrations/0001_initial.py", "from django.db import migrations\n"),
        ("priv/repo/migrations/20200101000000_a.exs", "defmodule A do\nend\n"),
        ("pg/migrations/01_a.json", "{\"operations\": [{\"create_table\": {\"name\": \"t\"}}]}"),
        ("other/migrations/01_b.json", "{\"name\": \"t\"}"),
    ]);
    let (_, note) = project.schema(&[]);
    for what in ["1 Rails migrations", "1 Django migrations", "1 Ecto migrations", "1 pgroll migrations", "pg_dump --schema-only"] {
        assert!(note.contains(what), "{what}: {note}");
    }
}

#[test]
fn a_view_keeps_the_columns_that_its_star_stood_for() {
    let project = Project::new(&[
        (
            "migrations/1_t.sql",
            "CREATE TABLE t (a int, \"B\" int);\nCREATE VIEW v AS SELECT x.*, 1 AS one FROM t x UNION SELECT *, 2 FROM t;\n",
        ),
        ("migrations/2_t.sql", "ALTER TABLE t ADD COLUMN c int;\n"),
    ]);
    let (sql, _) = project.schema(&[]);
    assert!(sql.contains("SELECT x.a, x.\"B\", 1 AS one FROM t x UNION SELECT t.a, t.\"B\", 2 FROM t"), "{sql}");
}

#[test]
fn indexes_of_a_schema_in_plain_files_are_built_on_new_tables() {
    let project = Project::new(&[("sql/indexes.sql", "CREATE INDEX t_a ON t (a);\n"), ("sql/tables.sql", "CREATE TABLE t (a int);\n")]);
    assert!(project.found("index-without-concurrently").is_empty());
}

#[test]
fn files_that_make_the_same_again_and_again_are_no_schema() {
    let project = Project::new(&[("sql/a.sql", "CREATE TABLE t (a int);\n"), ("sql/b.sql", "CREATE TABLE t (b int);\n")]);
    assert!(!project.schema(&[]).0.contains("CREATE TABLE"));
}

#[test]
fn a_template_names_the_same_schema_however_it_is_written() {
    let project = Project::new(&[
        ("m/1_a.up.sql", "CREATE TABLE {{ index .Options \"Namespace\" }}.t (a int);\n"),
        ("m/2_b.up.sql", "ALTER TABLE \"{{index .Options \"Namespace\" }}\".\"t\" ADD COLUMN b int;\n"),
    ]);
    let (sql, _) = project.schema(&[]);
    assert!(sql.matches("CREATE TABLE").count() == 1 && sql.contains("    a integer,\n    b integer\n"), "{sql}");
}
