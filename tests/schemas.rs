//! `schemas/` describes pgsift.toml and the outputs: what the program writes and reads is held to it.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::config;
use pgsift::rules::RULES;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn errors(name: &str, document: &Value) -> Vec<String> {
    let schema = schema(name);
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(document).map(|e| format!("{e} at {}", e.instance_path())).collect()
}

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/shop")
}

fn output(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(args).current_dir(shop()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn outputs_are_as_described() {
    for (name, args) in [
        ("check.json", &["check", "--format", "json"][..]),
        ("check.json", &["check", "--format", "json", "gone"]),
        ("rules.json", &["rules", "--format", "json"]),
        ("locks.json", &["locks", "--format", "json"]),
        ("extract.json", &["extract", "--format", "json", "../../extract"]),
        ("advise.json", &["advise", "--format", "json"]),
        ("schema.json", &["schema", "--format", "json"]),
    ] {
        let document = output(args);
        assert_eq!(errors(name, &document), Vec::<String>::new(), "{args:?}");
    }
    assert!(output(&["check", "--format", "json"])["findings"].as_array().unwrap().len() > 5);
    assert!(!errors("check.json", &json!({"schema": 1})).is_empty(), "the schema refuses something");
}

/// Every log of the fixtures, each with other events in it; then one with schema and code beside it.
#[test]
fn reports_of_logs_are_as_described() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs");
    let files: Vec<PathBuf> = std::fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10);
    for file in &files {
        let document = output(&["logs", file.to_str().unwrap(), "--format", "json"]);
        assert_eq!(errors("logs.json", &document), Vec::<String>::new(), "{}", file.display());
    }
    let document =
        output(&["logs", "../../logs/orm.log.gz", "gone", "--schema", "migrations", "--code", "../../extract", "--format", "json"]);
    assert_eq!(errors("logs.json", &document), Vec::<String>::new());
}

#[test]
fn the_schemas_of_the_lists_refuse_something() {
    for name in ["extract.json", "advise.json"] {
        assert!(errors(name, &json!([])).is_empty(), "{name}");
        assert!(!errors(name, &json!([{"kind": "statement"}])).is_empty(), "{name}");
    }
    for name in ["locks.json", "logs.json"] {
        assert!(!errors(name, &json!({"schema": 1})).is_empty(), "{name}");
    }
}

#[test]
fn a_baseline_is_as_described() {
    let file = std::env::temp_dir().join(format!("pgsift-baseline-{}.json", std::process::id()));
    let args = ["check", "--write-baseline", "--baseline", file.to_str().unwrap()];
    Command::new(env!("CARGO_BIN_EXE_pgsift")).args(args).current_dir(shop()).output().unwrap();
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(document["entries"].as_array().unwrap().len() > 5);
    assert_eq!(errors("baseline.json", &document), Vec::<String>::new());
}

/// The keys that the program knows are the keys that editors are told of.
#[test]
fn the_configuration_has_the_keys_that_are_read() {
    let schema = schema("pgsift.json");
    let keys = |at: &Value| at["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let own = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(keys(&schema), own(config::KEYS));
    let tables = [
        ("thresholds", config::THRESHOLDS),
        ("runner", config::RUNNER),
        ("suppressions", config::SUPPRESSIONS),
        ("extract", config::EXTRACT),
    ];
    for (table, known) in tables {
        assert_eq!(keys(&schema["properties"][table]), own(known), "{table}");
    }
}

/// The schema and the program accept and refuse the same files.
#[test]
fn the_configuration_is_judged_alike() {
    let rule = RULES[0].name;
    let files = [
        ("postgres = 16\nselect = [\"lock\"]\nfail-on = \"notice\"\nexclude = [\"a/**\"]\nschema = [\"s.sql\"]\n".to_owned(), true),
        (format!("start-after = \"0042\"\nbaseline = \"b.json\"\n[rules]\n{rule} = \"off\"\n"), true),
        (
            "[thresholds]\noffset = 1\nin-list = 2\nshort-timeout-ms = 3\n[runner]\nlock-timeout = true\ntransaction = false\n".to_owned(),
            true,
        ),
        ("[suppressions]\nrequire-reason = true\n[extract]\ncalls = [\"db.run\"]\n".to_owned(), true),
        ("[extract]\ncalls = 1\n".to_owned(), false),
        ("postgres = 11\n".to_owned(), false),
        ("postgres = \"16\"\n".to_owned(), false),
        ("fail-on = \"never\"\n".to_owned(), false),
        (format!("[rules]\n{rule} = \"loud\"\n"), false),
        ("[thresholds]\noffset = -1\n".to_owned(), false),
        ("[runner]\nretries = 3\n".to_owned(), false),
        ("colour = \"red\"\n".to_owned(), false),
    ];
    for (text, accepted) in files {
        let document: toml::Table = text.parse().unwrap();
        let document = serde_json::to_value(document).unwrap();
        assert_eq!(config::parse(&text, "pgsift.toml").is_ok(), accepted, "the program: {text}");
        assert_eq!(errors("pgsift.json", &document).is_empty(), accepted, "the schema: {text}");
    }
}
