//! What changes the schema in ways that files do not tell is said, and makes what it names known in part: unknown is not absent.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Stdio};

const TABLE: &str = "CREATE TABLE metrics (id bigint PRIMARY KEY, doc jsonb NOT NULL);\nCREATE TABLE plain (doc jsonb NOT NULL);\n";

fn run(args: &[&str], sql: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
    command.args(args).args(["-", "--stdin-filename", "migrations/1_a.sql"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The tables known in part, what is not known, and the note.
fn schema(sql: &str) -> (Vec<String>, Vec<String>, String) {
    let (script, note) = run(&["schema"], sql);
    let after = |mark: &str| script.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect::<Vec<_>>();
    (after("-- known in part, for not all that made it was read: "), after("-- not known: what "), note)
}

#[test]
fn a_function_that_nobody_read_may_index_the_table_it_names() {
    let (in_part, unknown, note) = schema(&format!("{TABLE}SELECT create_hypertable('public.metrics', by_range('id'));"));
    assert_eq!(in_part, ["public.metrics"]);
    assert_eq!(unknown, ["create_hypertable does to public.metrics"]);
    assert!(
        note.contains("1 place changes the schema in a way known only when it runs (create_hypertable at migrations/1_a.sql:3)"),
        "{note}"
    );
    // built-in functions, and functions that only read, do nothing to it
    let reads = "CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';\nSELECT f('metrics');\nSELECT to_regclass('metrics'), setval('metrics_id_seq', 1);";
    assert_eq!(schema(&format!("{TABLE}{reads}")), (vec![], vec![], String::new()));
}

#[test]
fn no_rule_says_that_such_a_table_lacks_an_index() {
    let query = "CREATE FUNCTION q() RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM metrics WHERE doc ->> 'kind' = 'a' $$;";
    let found = |sql: &str| {
        let (json, _) = run(&["check", "--format", "json", "--select", "jsonb-filter-without-index"], sql);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        (json["findings"].as_array().unwrap().len(), json["notes"].to_string())
    };
    assert_eq!(found(&format!("{TABLE}{query}")).0, 1);
    let (findings, notes) = found(&format!("{TABLE}SELECT create_hypertable('metrics', 'id');\n{query}"));
    assert_eq!(findings, 0);
    assert!(notes.contains("create_hypertable"), "{notes}");
}

#[test]
fn helpers_of_the_migrations_are_known_by_what_their_bodies_do() {
    let indexes = |keys: &str| {
        format!(
            "{TABLE}CREATE FUNCTION add_index(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('CREATE INDEX ON %I ({keys})', t); END $$;\nSELECT add_index('metrics');"
        )
    };
    let (in_part, unknown, _) = schema(&indexes("' || current_setting('app.keys') || '"));
    assert_eq!((in_part, unknown), (vec!["public.metrics".to_owned()], vec!["add_index does to public.metrics".to_owned()]));
    // what constants alone make is known
    assert_eq!(schema(&indexes("doc")), (vec![], vec![], String::new()));
    assert!(run(&["schema"], &indexes("doc")).0.contains("CREATE INDEX metrics_doc_idx ON public.metrics"));
    // a partition more leaves its parent's indexes as they are
    let partitions = "CREATE PROCEDURE cut(t text) LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', t || current_setting('app.suffix'), t); END $$;";
    let (in_part, unknown, _) = schema(&format!("{TABLE}{partitions}\nCALL cut('plain');"));
    assert_eq!((in_part, unknown), (vec![], vec!["cut does to public.plain".to_owned()]));
}

#[test]
fn blocks_that_put_ddl_together_are_said() {
    let block = |keys: &str| {
        format!(
            "{TABLE}DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['metrics'] LOOP EXECUTE 'CREATE INDEX ON ' || t || ' ({keys})'; END LOOP; END $$;"
        )
    };
    let (in_part, unknown, _) = schema(&block("' || current_setting('app.keys') || '"));
    assert_eq!((in_part, unknown), (vec!["public.metrics".to_owned()], vec!["EXECUTE does to public.metrics".to_owned()]));
    assert_eq!(schema(&block("doc")), (vec![], vec![], String::new()));
    let constant = "DO $$ BEGIN EXECUTE 'CREATE INDEX ON metrics (doc)'; END $$;";
    assert_eq!(schema(&format!("{TABLE}{constant}")).1, [""; 0]);
}

#[test]
fn both_branches_of_an_unknown_condition_may_run() {
    let both = "\\if :fresh\nCREATE TABLE t (a int, b int);\n\\else\nCREATE TABLE t (a int);\n\\endif\n";
    let (in_part, unknown, note) = schema(both);
    assert_eq!((in_part, unknown), (vec!["public.t".to_owned()], vec!["\\if does".to_owned()]));
    assert!(note.contains("\\if at migrations/1_a.sql:2"), "{note}");
    let (in_part, unknown, _) = schema(&both.replace("\\if :fresh", "\\set fresh off\n\\if :fresh"));
    assert_eq!((in_part, unknown), (vec![], vec![]));
}
