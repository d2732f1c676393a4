//! Input that is not what anyone meant to give: each gets its sentence, and the rest goes on.
#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;

use project::Project;

/// A project with files of bytes.
fn project(files: &[(&str, &[u8])]) -> Project {
    Project::new(files)
}

impl Project {
    /// What a check says: `file message` of each problem, the number of findings, the exit code.
    fn said(&self, args: &[&str], stdin: &[u8]) -> (Vec<String>, usize, Option<i32>) {
        let output = self.run(&[&["check", "--format", "json"], args].concat(), stdin);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let say = |e: &serde_json::Value| format!("{} {}", e["file"].as_str().unwrap(), e["message"].as_str().unwrap());
        let errors = json["errors"].as_array().unwrap().iter().map(say).collect();
        (errors, json["findings"].as_array().unwrap().len(), output.status.code())
    }
}

/// One finding of the rule that is asked.
const BAD: &[u8] = b"CREATE INDEX ON t (a);\n";
const ASK: &[&str] = &["--select", "index-without-concurrently"];

#[test]
fn what_cannot_be_read_is_said_and_the_rest_goes_on() {
    let utf16: Vec<u8> = "\u{feff}SELECT 1;".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: &[(&str, &[u8])] = &[
        ("a.sql", BAD),
        ("utf16.sql", &utf16),
        ("binary.sql", b"SELECT \0\x01\x02"),
        ("empty.sql", b""),
        ("bom.sql", b"\xEF\xBB\xBFSELECT 1;"),
    ];
    let project = project(files);
    let (errors, findings, code) = project.said(ASK, b"");
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("binary.sql is binary") && errors[1].starts_with("utf16.sql is UTF-16"), "{errors:?}");
    assert_eq!((findings, code), (1, Some(2)));
}

#[test]
fn a_path_that_is_not_there_is_said_and_the_rest_goes_on() {
    let project = project(&[("a.sql", BAD)]);
    let (errors, findings, code) = project.said(&[ASK, &["nowhere.sql", "a.sql"]].concat(), b"");
    assert!(errors.len() == 1 && errors[0].starts_with("nowhere.sql "), "{errors:?}");
    assert_eq!((findings, code), (1, Some(2)));
}

#[cfg(unix)]
#[test]
fn tests_are_judged_when_they_are_named_and_counted_when_they_are_not() {
    let project = project(&[("db/tests/a.sql", BAD), ("db/b.sql", BAD)]);
    let found = |path: &str| project.said(&[ASK, &[path]].concat(), b"").1;
    assert_eq!([found("."), found("db"), found("db/tests"), found("db/tests/a.sql")], [1, 1, 1, 1]);
    let output = project.run(&["check", "."], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("in 2 files, 2 statements (1 in tests, not judged)"), "{text}");
}

#[test]
fn links_that_go_in_circles_end() {
    let project = project(&[("m/a.sql", BAD)]);
    std::os::unix::fs::symlink("..", project.0.join("m/up")).unwrap();
    std::os::unix::fs::symlink("self.sql", project.0.join("m/self.sql")).unwrap();
    let (_, findings, code) = project.said(ASK, b"");
    assert_eq!(findings, 1);
    assert!(matches!(code, Some(1 | 2)));
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let project = project(&[("a.sql", BAD), ("b.sql", b"SELECT 1;")]);
    let locked = project.0.join("b.sql");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&locked).is_ok() {
        eprintln!("skipped: whoever runs the tests may read everything");
        return;
    }
    let (errors, findings, code) = project.said(ASK, b"");
    assert!(errors.len() == 1 && errors[0].starts_with("b.sql "), "{errors:?}");
    assert_eq!((findings, code), (1, Some(2)));
}

#[test]
fn standard_input_is_the_file_that_it_is_called() {
    let project = project(&[("migrations/1_t.sql", b"CREATE TABLE t (id int PRIMARY KEY, j jsonb);\nCREATE INDEX ON t ((j ->> 'k'));\n")]);
    let ask = ["--select", "jsonb-filter-without-index", "--stdin-filename", "migrations/2_q.sql", "-"];
    let (errors, findings, _) =
        project.said(&ask, b"SELECT id FROM t WHERE j ->> 'k' = 'a';\nSELECT id FROM t WHERE j ->> 'other' = 'a';\n");
    assert_eq!((errors.len(), findings), (0, 1));
    for empty in [&b""[..], b"\n\n", b"-- nothing\n", b";;;"] {
        assert_eq!(project.said(&["-"], empty).2, Some(0));
    }
}

#[test]
fn absurd_input_ends_in_an_answer() {
    let (deep, long) = ("(".repeat(200_000), "x, ".repeat(300_000));
    let comments = "/*".repeat(100_000);
    let bodies = "DO $a$ BEGIN ".repeat(5_000);
    let texts = [
        format!("SELECT {deep}1;"),
        format!("SELECT {long}1;"),
        comments,
        bodies,
        format!("CREATE TABLE t ({long} a int);"),
        "'".repeat(100_001),
    ];
    let names: Vec<String> = (0..texts.len()).map(|i| format!("{i}.sql")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_bytes)).collect();
    files.push(("z.sql", BAD));
    let project = project(&files);
    let (errors, findings, code) = project.said(ASK, b"");
    assert_eq!((errors.len(), findings, code), (0, 1, Some(1)));
}
