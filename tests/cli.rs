//! Drives the program as its users do: exit codes, standard input, refusals.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Project(PathBuf);

impl Project {
    fn new(name: &str, files: &[(&str, &str)]) -> Project {
        let root = std::env::temp_dir().join(format!("pgsift-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Project(root)
    }

    fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        command.args(args).current_dir(&self.0).env("NO_COLOR", "1").env_remove("LC_ALL");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn json(&self, args: &[&str], stdin: &str) -> (serde_json::Value, Option<i32>) {
        let output = self.run(args, stdin);
        (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_harmless_project_passes() {
    let project = Project::new("harmless", &[("q/a.sql", "select 1;\n")]);
    let output = project.run(&["check"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("no findings in 1 file"), "{text}");
}

#[test]
fn json_has_its_shape_and_counts_other_engines() {
    let project = Project::new("json", &[("q/a.sql", "select 1;\n"), ("mysql/a.sql", "x"), ("b.sql", "create table `a` (`b` int)")]);
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
    let project = Project::new("missing", &[("a.sql", "select 1;\n")]);
    let (json, code) = project.json(&["check", "a.sql", "gone", "--format", "json"], "");
    assert_eq!(code, Some(2));
    assert_eq!(json["errors"][0], serde_json::json!({"file": "gone", "message": "no such file or folder"}));
    assert_eq!(json["summary"]["files"], 1);
}

#[test]
fn standard_input_is_a_file() {
    let project = Project::new("stdin", &[]);
    let (json, code) = project.json(&["check", "-", "--stdin-filename", "m/1_a.sql", "--format=json"], "select 1;");
    assert_eq!((code, &json["summary"]["files"]), (Some(0), &serde_json::json!(1)));
    assert_eq!(project.run(&["check", ".", "--stdin-filename", "a.sql"], "").status.code(), Some(2));
}

#[test]
fn a_broken_configuration_is_refused_with_its_line() {
    let project = Project::new("config", &[("pgsift.toml", "postgres = 16\nselct = []\n"), ("sub/a.sql", "")]);
    let output = project.run(&["check"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("pgsift.toml:2:1: unknown key `selct`; did you mean `select`?"), "{}", stderr(&output));
    assert_eq!(project.run(&["check", "--config", "gone.toml"], "").status.code(), Some(2));
}

#[test]
fn bad_usage_is_two() {
    let project = Project::new("usage", &[]);
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
    let project = Project::new("lists", &[("m/1_a.sql", "create table t (id bigint);")]);
    assert!(project.json(&["rules", "--format", "json"], "").0["rules"].is_array());
    let (schema, code) = project.json(&["schema", "--format", "json"], "");
    assert_eq!(code, Some(0));
    assert!(schema["tables"].is_array());
}
