//! Drives the program as its users do: exit codes, standard input, refusals.
#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;

use project::Project;
use std::process::{Command, Output};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_harmless_project_passes() {
    let project = Project::new(&[("q/a.sql", "select 1;\n")]);
    let output = project.run(&["check"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("no findings in 1 file"), "{text}");
}

#[test]
fn json_has_its_shape_and_counts_other_engines() {
    let project = Project::new(&[("q/a.sql", "select 1;\n"), ("mysql/a.sql", "x"), ("b.sql", "create table `a` (`b` int)")]);
    let (json, code) = project.json(&["check", "--format", "json"], "");
    assert_eq!(code, Some(0));
    assert_eq!(json["schema"], 1);
    assert_eq!(json["tool"]["name"], "pgsift");
    for key in ["findings", "opaque", "errors"] {
        assert_eq!(json[key], serde_json::json!([]), "{key}");
    }
    assert_eq!(json["summary"]["files"], 1);
    assert_eq!(json["summary"]["left_out"], serde_json::json!([{"reason": "MySQL", "files": 2}]));
}

#[test]
fn a_missing_path_is_told_and_the_rest_is_read() {
    let project = Project::new(&[("a.sql", "select 1;\n")]);
    let (json, code) = project.json(&["check", "a.sql", "gone", "--format", "json"], "");
    assert_eq!(code, Some(2));
    assert_eq!(json["errors"][0], serde_json::json!({"file": "gone", "message": "no such file or folder"}));
    assert_eq!(json["summary"]["files"], 1);
}

#[test]
fn standard_input_is_a_file() {
    let project = Project::new::<&str>(&[]);
    let (json, code) = project.json(&["check", "-", "--stdin-filename", "m/1_a.sql", "--format=json"], "select 1;");
    assert_eq!((code, &json["summary"]["files"]), (Some(0), &serde_json::json!(1)));
    assert_eq!(project.run(&["check", ".", "--stdin-filename", "a.sql"], "").status.code(), Some(2));
}

#[test]
fn a_broken_configuration_is_refused_with_its_line() {
    let project = Project::new(&[("pgsift.toml", "postgres = 16\nselct = []\n"), ("sub/a.sql", "")]);
    let output = project.run(&["check"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("pgsift.toml:2:1: unknown key `selct`; did you mean `select`?"), "{}", stderr(&output));
    assert_eq!(project.run(&["check", "--config", "gone.toml"], "").status.code(), Some(2));
}

#[test]
fn bad_usage_is_two() {
    let project = Project::new::<&str>(&[]);
    for args in
        [&["check", "--select", "no-such-rule"][..], &["check", "--postgres-version", "9"], &["explain", "no-such-rule"], &["frob"], &[]]
    {
        let output = project.run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
    assert!(stderr(&project.run(&["check", "--select", "locks"], "")).contains("did you mean `lock`?"));
    assert_eq!(project.run(&["--help"], "").status.code(), Some(0));
}

#[test]
fn lists_and_schemas_are_json() {
    let project = Project::new(&[("m/1_a.sql", "create table t (id bigint);")]);
    assert!(project.json(&["rules", "--format", "json"], "").0["rules"].is_array());
    let (schema, code) = project.json(&["schema", "--format", "json"], "");
    assert_eq!(code, Some(0));
    assert!(schema["tables"].is_array());
}

const CHANGE: &str = "begin;\nalter table orders add column note text;\nalter table orders add constraint orders_customer_fkey \
foreign key (customer_id) references customers (id);\ncommit;\ncreate index concurrently on orders (note);\n";
const INIT: &str = "create table customers (id bigint primary key);\ncreate table orders (id bigint primary key, customer_id bigint);\n";

#[test]
fn locks_are_json_with_what_is_held_and_who_waits() {
    let project = Project::new(&[("migrations/0001_init.sql", INIT), ("migrations/0002_change.sql", CHANGE)]);
    let (json, code) = project.json(&["locks", "migrations/0002_change.sql", "--format", "json", "--postgres-version", "17"], "");
    assert_eq!((code, &json["schema"], &json["postgres"]), (Some(0), &serde_json::json!(1), &serde_json::json!(17)));
    let statements = json["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 5, "the predecessors are replayed, not shown");
    let (key, build) = (&statements[2], &statements[4]);
    assert_eq!((&key["transaction"], &build["transaction"]), (&serde_json::json!(1), &serde_json::Value::Null));
    let customers = &key["effects"][1];
    assert_eq!(customers["relation"], "customers");
    assert_eq!((&customers["kind"], &customers["mode"]), (&serde_json::json!("table"), &serde_json::json!("ShareRowExclusiveLock")));
    assert_eq!((&customers["until"], &customers["work"]), (&serde_json::json!("transaction"), &serde_json::json!(["scan"])));
    assert_eq!(customers["blocks"], serde_json::json!(["writes", "ddl"]));
    assert_eq!(
        (&key["held"][0]["relation"], &key["held"][0]["mode"]),
        (&serde_json::json!("orders"), &serde_json::json!("AccessExclusiveLock"))
    );
    assert_eq!((&build["effects"][0]["until"], &build["effects"][0]["waits"]), (&serde_json::json!("statement"), &serde_json::json!(true)));
}

#[test]
fn locks_show_the_worst_moment_first() {
    let project = Project::new(&[("migrations/0001_init.sql", INIT), ("migrations/0002_change.sql", CHANGE)]);
    let output = project.run(&["locks"], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.starts_with("worst: migrations/0002_change.sql:3:1\n"), "{text}");
    assert!(text.contains("ACCESS EXCLUSIVE on orders (from line 2) blocks reads, writes, ddl during a scan\n"), "{text}");
    assert!(text.contains("still held: ACCESS EXCLUSIVE on orders since line 2"), "{text}");
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let lone = project.run(&["locks", "-", "--color", "always"], "vacuum full orders;");
    assert!(String::from_utf8(lone.stdout).unwrap().contains("\u{1b}[31mworst:"));
}

#[test]
fn locks_of_missing_input_are_two() {
    let project = Project::new(&[("a.sql", "lock table t;")]);
    let (json, code) = project.json(&["locks", "a.sql", "gone", "--format", "json"], "");
    assert_eq!((code, &json["errors"][0]["file"]), (Some(2), &serde_json::json!("gone")));
    assert_eq!(json["statements"][0]["effects"][0]["mode"], "AccessExclusiveLock");
}

#[test]
fn names_of_other_linters_select_ignore_silence_and_explain() {
    let text = "create index orders_note_idx on orders (note);\n";
    let silenced = format!("-- pgsift: ignore[require-concurrent-index-creation] at night\n{text}");
    let project = Project::new(&[("a.sql", text), ("b.sql", &silenced)]);
    let run = |args: &[&str]| project.json(&[&["check", "--format", "json"], args].concat(), "").0["findings"].as_array().unwrap().len();
    assert_eq!(run(&["--select", "safety/requireConcurrentIndexCreation"]), 1);
    assert_eq!(run(&["--select", "add_index", "--ignore", "E6"]), 0);
    assert!(String::from_utf8(project.run(&["explain", "add_index"], "").stdout).unwrap().contains("index-without-concurrently"));
}

/// Enough of everything that every stage is cut in pieces: migrations, queries, code.
fn large_project() -> Project {
    let mut files = vec![];
    for n in 0..300 {
        let columns: String = (0..8).map(|i| format!("    column_{i} text NOT NULL DEFAULT 'x{n}',\n")).collect();
        let known = n / 2;
        let sql = format!(
            "CREATE TABLE orders_{n} (\n{columns}    id bigint PRIMARY KEY,\n    parent bigint REFERENCES orders_{known} (id),\n    payload jsonb\n);
CREATE INDEX orders_{n}_column ON orders_{n} (column_1);
ALTER TABLE orders_{known} ALTER COLUMN column_2 TYPE varchar(20);
CREATE INDEX ON orders_{known} (column_3);
UPDATE orders_{known} SET column_4 = 'y';\n"
        );
        files.push((format!("migrations/{n:04}_orders.sql"), sql));
        files.push((format!("queries/{n}.sql"), format!("SELECT * FROM orders_{n} WHERE payload ->> 'a' = '1' OFFSET 40;\n")));
        files.push((
            format!("src/{n}.py"),
            format!("cursor.execute(\"SELECT id FROM orders_{n} WHERE payload ->> 'b' = '2' OFFSET 10\")\n"),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Project::new(&files)
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let project = large_project();
    let run = |threads: &str, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        command.args(args).current_dir(&project.0).env("NO_COLOR", "1").env("RAYON_NUM_THREADS", threads);
        command.output().unwrap().stdout
    };
    for args in [&["check"][..], &["check", "--format", "json"], &["schema"], &["locks", "--format", "json"]] {
        let alone = run("1", args);
        assert!(alone.len() > 50_000, "{args:?}: {}", alone.len());
        for threads in ["2", "8"] {
            assert!(run(threads, args) == alone, "{args:?} on {threads} threads");
        }
    }
}
