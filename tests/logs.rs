//! `pgsift logs` on real logs: counts and times are exact in every format, whatever the packing and the wrapping, however
//! the work is split; and nothing that is broken is lost in silence.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "logs/exports.rs"]
mod exports;
#[path = "logs/languages.rs"]
mod languages;
#[path = "logs/merge.rs"]
mod merge;

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs").join(name)
}

fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = vec![];
    flate2::read::GzDecoder::new(std::fs::File::open(fixture(name)).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn pgsift(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgsift"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn report(bytes: &[u8], more: &[&str]) -> Value {
    let output = pgsift(&[&["logs", "-", "--format", "json"], more].concat(), bytes);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn of_file(name: &str) -> Value {
    report(&unpacked(name), &[])
}

/// Calls, their microseconds, the microseconds of parse and bind: read from a jsonlog with nothing of pgsift's.
fn truth(jsonlog: &[u8]) -> (u64, u64, u64) {
    let (mut calls, mut total, mut prepare) = (0, 0, 0);
    let mut open: HashMap<String, bool> = HashMap::new();
    for line in jsonlog.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let entry: Value = serde_json::from_str(&String::from_utf8_lossy(line)).unwrap();
        let message = entry["message"].as_str().unwrap();
        let session = entry["session_id"].as_str().unwrap().to_owned();
        if matches!(entry["error_severity"].as_str(), Some("ERROR" | "FATAL" | "FEHLER")) {
            open.insert(session.clone(), false);
        }
        if let Some(rest) = message.strip_prefix("duration: ").or_else(|| message.strip_prefix("Dauer: ")) {
            let (ms, step) = rest.split_once(" ms").unwrap();
            let micros = (ms.parse::<f64>().unwrap() * 1000.0).round() as u64;
            match step.trim_start().split([' ', ':']).next().unwrap() {
                "statement" | "execute" | "Anweisung" | "Ausführen" => (calls, total) = (calls + 1, total + micros),
                "parse" | "bind" | "Parsen" | "Binden" => prepare += micros,
                "" if open.insert(session, false) == Some(true) => (calls, total) = (calls + 1, total + micros),
                _ => {}
            }
        } else if message.starts_with("statement: ") || message.starts_with("execute ") {
            open.insert(session, true);
        }
    }
    (calls, total, prepare)
}

fn figures(report: &Value) -> (u64, u64, u64) {
    let micros = |value: &Value| (value.as_f64().unwrap() * 1000.0).round() as u64;
    let summary = &report["summary"];
    (summary["statements"].as_u64().unwrap(), micros(&summary["total_ms"]), micros(&summary["parse_bind_ms"]))
}

/// Fingerprint, calls and total time of every query.
fn queries(report: &Value) -> Vec<(String, u64, String)> {
    let one = |q: &Value| (q["query"].as_str().unwrap().to_owned(), q["calls"].as_u64().unwrap(), q["total_ms"].to_string());
    let mut all: Vec<_> = report["queries"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn counts_and_times_are_exact_in_every_format() {
    for name in ["debian", "stmt_all", "lc_de"] {
        let expected = truth(&unpacked(&format!("{name}.json.gz")));
        let reports: Vec<Value> = ["json", "csv", "log"].iter().map(|format| of_file(&format!("{name}.{format}.gz"))).collect();
        for report in &reports {
            assert_eq!(figures(report), expected, "{name}: {}", report["files"]);
            assert_eq!(queries(report), queries(&reports[0]), "{name}: {}", report["files"]);
            assert_eq!(report["summary"]["stray"], 0);
        }
    }
}

#[test]
fn prefixes_are_found() {
    for (name, prefix, calls, stray) in [
        ("default", "'%m [%p] '", 118, 0),
        ("rds", "'%t:%r:%u@%d:[%p]:'", 142, 0),
        ("pgbadger", "'%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h '", 141, 0),
        ("heroku1", "' sql_error_code = %e '", 118, 0),
        ("epoch_sess", "'%n %c '", 118, 0),
        ("syslog_split", "'%m [%p] user=%u,db=%d,app=%a,client=%h '", 117, 0),
        ("syslog_5424", "", 118, 0),
        ("orm", "'%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h '", 646, 0),
    ] {
        let report = of_file(&format!("{name}.log.gz"));
        assert_eq!(report["summary"]["statements"], calls, "{name}");
        assert_eq!(report["summary"]["stray"], stray, "{name}");
        assert!(report["files"][0]["format"].as_str().unwrap().contains(prefix), "{name}: {}", report["files"]);
    }
    let who = &of_file("pgbadger.log.gz")["applications"];
    let named = |name: &str| who.as_array().unwrap().iter().any(|share| share["name"] == name);
    assert!(named("web worker") && named("LOG:  duration: 7777.777 ms  statement: SELECT fake_from_app"), "{who}");
}

#[test]
fn durations_without_statements_are_said() {
    let report = of_file("duration_only.log.gz");
    assert_eq!((&report["summary"]["statements"], &report["summary"]["unattributed"]["calls"]), (&json!(0), &json!(145)));
}

#[test]
fn plans_are_not_counted_again_and_show_what_they_know() {
    for (name, calls) in [("orm_explain", 289), ("orm_explain_json", 165)] {
        let report = of_file(&format!("{name}.log.gz"));
        assert_eq!(report["summary"]["statements"], calls, "{name}");
        assert!(report["queries"].as_array().unwrap().iter().any(|q| q["plan"].is_string() && q["rows"].is_number()), "{name}");
    }
}

#[test]
fn events_are_grouped() {
    let report = of_file("debian.log.gz");
    let count = |name: &str| report["events"][name]["count"].as_u64().unwrap();
    assert_eq!((count("lock_waits"), count("deadlocks"), count("temp_files"), count("cancelled")), (1, 1, 6, 5));
    assert_eq!((count("autovacuums"), count("autoanalyzes"), count("checkpoints")), (1, 1, 2));
    assert!(report["events"]["lock_waits"]["total_ms"].as_f64().unwrap() > 500.0);
}

#[test]
fn packing_and_splitting_change_nothing() {
    let folder = std::env::temp_dir().join(format!("pgsift-logs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let plain = unpacked("pgbadger.log.gz");
    let expected = report(&plain, &[]);
    std::fs::write(folder.join("a.log"), &plain).unwrap();
    let run = |script: &str| assert!(Command::new("sh").arg("-c").arg(script).current_dir(&folder).status().unwrap().success(), "{script}");
    for (script, file) in [
        ("gzip -k a.log", "a.log.gz"),
        ("bzip2 -k a.log", "a.log.bz2"),
        ("xz -k a.log", "a.log.xz"),
        ("zstd -q a.log", "a.log.zst"),
        ("tar cf a.tar a.log", "a.tar"),
        ("tar czf a.tgz a.log", "a.tgz"),
    ] {
        if !Command::new("sh")
            .arg("-c")
            .arg(format!("command -v {} >/dev/null", script.split(' ').next().unwrap()))
            .status()
            .unwrap()
            .success()
        {
            continue;
        }
        run(script);
        let found = report(&std::fs::read(folder.join(file)).unwrap(), &[]);
        assert_eq!(figures(&found), figures(&expected), "{file}");
        assert_eq!(queries(&found), queries(&expected), "{file}");
    }
    // Cut between entries and merged again: the same bytes but for where the examples lie.
    let half = plain
        .windows(7)
        .enumerate()
        .filter(|(i, w)| *i > plain.len() / 2 && w.starts_with(b"\n2026-1"))
        .map(|(i, _)| i + 1)
        .next()
        .unwrap();
    for (name, part) in [("1", &plain[..half]), ("2", &plain[half..])] {
        let summary = pgsift(&["logs", "-", "--format", "summary"], part);
        std::fs::write(folder.join(format!("{name}.summary")), summary.stdout).unwrap();
    }
    let pattern = folder.join("*.summary").to_string_lossy().into_owned();
    let merged: Value = serde_json::from_slice(&pgsift(&["logs", "merge", &pattern, "--format", "json"], b"").stdout).unwrap();
    for part in ["summary", "timeline", "hours", "users", "events"] {
        let without_places = |v: &Value| v.to_string().split("\"line\"").count();
        assert_eq!(without_places(&merged[part]), without_places(&expected[part]), "{part}");
    }
    for part in ["summary", "timeline", "hours", "users", "applications", "top"] {
        assert_eq!(merged[part], expected[part], "{part}");
    }
    let strip = |report: &Value| -> Vec<Value> {
        let mut all = report["queries"].as_array().unwrap().clone();
        all.iter_mut().for_each(|q| {
            q["example"].as_object_mut().map(|e| e.remove("line"));
        });
        all
    };
    assert_eq!(strip(&merged), strip(&expected));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_number_of_workers_changes_nothing() {
    // Several blocks, statements in one and durations in another.
    let one = unpacked("stmt_all.log.gz");
    let big: Vec<u8> = std::iter::repeat_n(one, 30).flatten().collect();
    let mut reports: Vec<Value> = ["1", "2", "5"].iter().map(|jobs| report(&big, &["--jobs", jobs])).collect();
    let last = reports.pop().unwrap();
    assert!(figures(&last).0 >= 117 * 30);
    for report in reports {
        let differ: Vec<&String> = last.as_object().unwrap().iter().filter(|(k, v)| report[k.as_str()] != **v).map(|(k, _)| k).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }
}

#[test]
fn wrappings_are_taken_off() {
    let lines = String::from_utf8_lossy(&unpacked("rds.log.gz")).into_owned();
    let expected = figures(&report(lines.as_bytes(), &[]));
    let wrap = |one: &dyn Fn(&str) -> String| lines.lines().map(|line| one(line) + "\n").collect::<String>();
    let wrapped = [
        ("containerd", wrap(&|line| format!("2026-11-21T11:02:28.123456789Z stderr F {line}"))),
        ("cloudwatch", wrap(&|line| format!("2026-11-21T11:02:28.000Z {line}"))),
        ("docker", wrap(&|line| json!({"log": format!("{line}\n"), "stream": "stderr", "time": "2026-11-21T11:02:28Z"}).to_string())),
        (
            "cloud sql",
            wrap(&|line| {
                json!({"textPayload": line, "insertId": "x", "severity": "INFO", "timestamp": "2026-11-21T11:02:28Z"}).to_string()
            }),
        ),
        (
            "cloud sql, an array",
            format!(
                "[{}]",
                lines
                    .lines()
                    .map(|line| serde_json::to_string_pretty(&json!({"textPayload": line})).unwrap())
                    .collect::<Vec<_>>()
                    .join(",\n")
            ),
        ),
        ("aws logs", json!({"events": lines.lines().map(|l| json!({"timestamp": 1, "message": l})).collect::<Vec<_>>()}).to_string()),
    ];
    for (name, text) in wrapped {
        assert_eq!(figures(&report(text.as_bytes(), &[])), expected, "{name}");
    }
    let entries = String::from_utf8_lossy(&unpacked("debian.json.gz")).into_owned();
    let expected = figures(&report(entries.as_bytes(), &[]));
    let records = |one: &dyn Fn(Value) -> Value| {
        entries.lines().map(|line| one(serde_json::from_str(line).unwrap()).to_string() + "\n").collect::<String>()
    };
    let wrapped = [
        (
            "cloudnativepg",
            records(
                &|e| json!({"level": "info", "logger": "postgres", "msg": "record", "record": {"log_time": e["timestamp"], "user_name": e["user"], "process_id": e["pid"].to_string(), "session_id": e["session_id"], "error_severity": e["error_severity"], "message": e["message"], "detail": e["detail"], "query": e["statement"]}}),
            ),
        ),
        (
            "azure",
            records(
                &|e| json!({"time": "x", "category": "PostgreSQLLogs", "properties": {"timestamp": e["timestamp"], "processId": e["pid"], "errorLevel": e["error_severity"], "sqlerrcode": "00000", "message": format!("{}-6b01.1-{}:  {}", e["timestamp"].as_str().unwrap(), e["error_severity"].as_str().unwrap(), e["message"].as_str().unwrap()), "detail": e["detail"]}}),
            ),
        ),
        (
            "supabase",
            records(
                &|e| json!({"timestamp": 1_795_259_041_000_000_i64, "event_message": e["message"], "metadata": [{"parsed": [{"error_severity": e["error_severity"], "user_name": e["user"], "session_id": e["session_id"]}]}]}),
            ),
        ),
    ];
    for (name, text) in wrapped {
        assert_eq!(figures(&report(text.as_bytes(), &[])), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let output = pgsift(&["logs", "-"], b"this is\nno log\nat all\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("--log-line-prefix"));
    let mut packed = std::fs::read(fixture("debian.log.gz")).unwrap();
    packed.truncate(packed.len() / 2);
    let report = report(&packed, &[]);
    assert!(report["summary"]["statements"].as_u64().unwrap() > 20, "what came before the cut counts");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    assert_eq!(pgsift(&["logs", "no-such-file"], b"").status.code(), Some(2));
}

/// Entries, stray lines and marks account for every line of what was fed in.
#[test]
fn broken_logs_lose_nothing_in_silence() {
    let plain = unpacked("debian.csv.gz");
    // The head of a rotated file is missing: the rest is read.
    let tail = report(&plain[1000..], &[]);
    assert!(tail["summary"]["statements"].as_u64().unwrap() > 130 && tail["summary"]["stray"].as_u64().unwrap() > 0, "{}", tail["summary"]);
    // A quote too many costs its own entry.
    let mut broken = plain.clone();
    let at = broken.windows(10).position(|w| w == b"duration: ").unwrap();
    broken.insert(at, b'"');
    let found = report(&broken, &[]);
    assert!(found["summary"]["statements"].as_u64().unwrap() >= 140, "{}", found["summary"]);
    assert!(found["summary"]["stray"].as_u64().unwrap() > 0);
    // Lines of two processes between each other's.
    let interleaved = "2026-11-21 11:00:00 UTC [1] LOG:  duration: 1.000 ms  execute a: SELECT $1\n\
                       2026-11-21 11:00:00 UTC [2] LOG:  duration: 2.000 ms  statement: SELECT 2\n\
                       2026-11-21 11:00:00 UTC [1] DETAIL:  parameters: $1 = '7'\n\
                       archive_command failed\n\
                       2026-11-21 11:00:01 UTC [2] LOG:  duration: 4.000 ms  statement: SELECT 'x\n\t2026-11-21 11:00:01 UTC [9] LOG:  duration: 99.000 ms  statement: SELECT 9'\n\
                       [Your log message was truncated]\n";
    let report = report(interleaved.as_bytes(), &[]);
    assert_eq!(figures(&report), (3, 7000, 0));
    assert_eq!((&report["summary"]["stray"], &report["summary"]["truncated"]), (&json!(1), &json!(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn hostile_bytes_end_in_an_answer(cut in 0usize..130_000, noise in prop::collection::vec(any::<u8>(), 0..300), format in 0usize..3) {
        let mut bytes = unpacked(["debian.log.gz", "debian.csv.gz", "debian.json.gz"][format]);
        let at = cut.min(bytes.len());
        bytes.splice(at..at, noise);
        bytes.truncate(bytes.len() - bytes.len() / 7);
        let output = pgsift(&["logs", "-", "--format", "json"], &bytes);
        prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{:?} {}", output.status, String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        prop_assert!(report["summary"]["statements"].as_u64().unwrap() > 80, "{}", report["summary"]);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("pgsift-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(arguments).current_dir(folder).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Thirty pages, each slower than the one before it, of a query that stands in `code/list.sql`.
fn paged_log() -> String {
    let entry = |i: u64| {
        format!(
            "2026-11-21 11:00:{i:02} UTC [7] LOG:  duration: {}.250 ms  execute <unnamed>: select id, note from orders order by id limit 20 offset $1\n\
             2026-11-21 11:00:{i:02} UTC [7] DETAIL:  parameters: $1 = '{}'\n",
            10 + i * 40,
            i * 1000
        )
    };
    (1..=30).map(entry).collect()
}

#[test]
fn queries_know_their_lines_of_code_and_their_findings() {
    let folder = folder("join");
    std::fs::create_dir_all(folder.join("code")).unwrap();
    std::fs::write(folder.join("code/list.sql"), "-- the list\nSELECT id, note\nFROM orders ORDER BY id LIMIT 20 OFFSET :page;\n").unwrap();
    std::fs::write(folder.join("a.log"), paged_log()).unwrap();
    let report = in_folder(&folder, &["logs", "a.log", "--code", "code", "--format", "json"]);
    let query = &report["queries"][0];
    assert_eq!(query["code"], json!([{"file": "code/list.sql", "line": 2, "column": 1}]));
    assert_eq!(query["tables"], json!(["orders"]));
    assert_eq!(query["findings"][0]["rule"], "offset-pagination", "{}", query["findings"]);
    let offsets = query["offsets"].as_array().unwrap();
    assert_eq!((&offsets[0]["offset"], &offsets[0]["mean_ms"], offsets.len()), (&json!(1000), &json!(50.25), 30));
    assert_eq!(query["example"]["filled"], "select id, note from orders order by id limit 20 offset '30000'");
    assert_eq!((&query["example"]["line"], &query["calls"]), (&json!(59), &json!(30)));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn queries_know_the_lines_of_application_code_that_send_them() {
    let folder = folder("join-code");
    std::fs::create_dir_all(folder.join("code")).unwrap();
    let rust = "fn list(page: i64) {\n    sqlx::query!(\n        \"SELECT id, note \\\n         FROM orders ORDER BY id LIMIT 20 OFFSET $1\",\n        page\n    );\n}\n";
    std::fs::write(folder.join("code/list.rs"), rust).unwrap();
    let python = "def list(page):\n    cursor.execute(\n        \"SELECT id, note \"\n        'FROM orders ORDER BY id LIMIT 20 OFFSET %s', (page,))\n";
    std::fs::write(folder.join("code/list.py"), python).unwrap();
    let go =
        "func list() {\n\tq := fmt.Sprintf(`SELECT id, note FROM orders ORDER BY id LIMIT %d OFFSET %d`, 20, page)\n\tdb.Query(q)\n}\n";
    std::fs::write(folder.join("code/list.go"), go).unwrap();
    std::fs::write(folder.join("a.log"), paged_log()).unwrap();
    let report = in_folder(&folder, &["logs", "a.log", "--code", "code", "--format", "json"]);
    let mut places = report["queries"][0]["code"].as_array().unwrap().clone();
    places.sort_by_key(|place| place["file"].to_string());
    let place = |file: &str, line: u32, column: u32| json!({"file": file, "line": line, "column": column});
    assert_eq!(places, [place("code/list.go", 2, 20), place("code/list.py", 3, 10), place("code/list.rs", 3, 10)]);
    let outcome = in_folder(&folder, &["check", "code", "--select", "offset-pagination", "--log", "a.log", "--format", "json"]);
    for finding in outcome["findings"].as_array().unwrap() {
        assert_eq!(finding["evidence"]["calls"], json!(30), "{finding}");
    }
    assert_eq!(outcome["findings"].as_array().unwrap().len(), 3, "{outcome}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn findings_in_code_carry_what_logs_and_statistics_say() {
    let folder = folder("evidence");
    std::fs::write(
        folder.join("list.sql"),
        "SELECT id, note FROM orders ORDER BY id LIMIT 20 OFFSET :page;\nSELECT id FROM other ORDER BY id LIMIT 20 OFFSET :page;\n",
    )
    .unwrap();
    std::fs::write(folder.join("a.log"), paged_log()).unwrap();
    let outcome = in_folder(&folder, &["check", "list.sql", "--select", "offset-pagination", "--log", "a.log", "--format", "json"]);
    let first = &outcome["findings"][0];
    assert_eq!((&first["evidence"]["calls"], &first["evidence"]["max_ms"]), (&json!(30), &json!(1210.25)), "{first}");
    assert!(first["message"].as_str().unwrap().contains("OFFSET 1000 (50.2 ms) to 30000 (1.2 s)"), "{first}");
    assert_eq!(outcome["findings"][1]["evidence"], Value::Null);
    std::fs::write(folder.join("s.csv"), "query,calls,total_exec_time,mean_exec_time,max_exec_time,rows\n\"select id from other order by id limit $1 offset $2\",7,70,10,20,140\n").unwrap();
    let outcome = in_folder(&folder, &["check", "list.sql", "--select", "offset-pagination", "--stats", "s.csv", "--format", "json"]);
    assert_eq!(outcome["findings"][0]["evidence"]["calls"], 7, "{outcome}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The shop and a log of its day: what code asks for is shown with what it cost, and a migration with who would wait.
#[test]
fn a_project_is_checked_with_its_log() {
    let folder = folder("shop");
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/shop");
    let entry = |i: u64| {
        format!(
            "2026-11-21 11:00:{i:02}.000 UTC [7] app@shop LOG:  duration: {}.000 ms  execute <unnamed>: SELECT o.id, o.placed_at, o.total\n\
             \tFROM orders o\n\tWHERE o.customer_id = $1\n\tORDER BY o.placed_at DESC\n\tLIMIT 20 OFFSET $2\n\
             2026-11-21 11:00:{i:02}.000 UTC [7] app@shop DETAIL:  parameters: $1 = '7', $2 = '{}'\n",
            30 + i * 50,
            i * 2000
        )
    };
    let mut log: String = (0..40).map(entry).collect();
    log += "2026-11-21 11:00:50.000 UTC [7] app@shop LOG:  duration: 9000.000 ms  statement: UPDATE orders SET note = 'x' WHERE id = 4\n";
    let log_file = folder.join("day.log");
    std::fs::write(&log_file, log).unwrap();
    let log_file = log_file.to_str().unwrap();
    let found =
        |more: &[&str]| in_folder(&shop, &[&["check", ".", "--format", "json"], more].concat())["findings"].as_array().unwrap().clone();
    let (without, with) = (found(&[]), found(&["--log", log_file]));
    assert_eq!(without.len(), with.len(), "a log adds proof, not findings");
    let of = |findings: &[Value], rule: &str| findings.iter().find(|finding| finding["rule"] == rule).unwrap().clone();
    let severity = |findings: &[Value]| of(findings, "pagination-without-tiebreaker")["severity"].clone();
    assert_eq!((severity(&without), severity(&with)), (json!("notice"), json!("warning")), "40 seconds are proof");
    let after = of(&with, "offset-pagination");
    assert_eq!((&after["evidence"]["calls"], &after["evidence"]["total_ms"]), (&json!(40), &json!(40200.0)));
    assert!(after["message"].as_str().unwrap().ends_with("the log asks for OFFSET 0 (30.0 ms) to 78000 (2.0 s)"), "{after}");
    assert!(with[0]["evidence"]["calls"] == 40, "what costs the most comes first: {}", with[0]);
    let lock = of(&with, "index-without-concurrently");
    assert!(lock["message"].as_str().unwrap().contains("41 statements on orders, the longest of 9.0 s"), "{lock}");
    let shown = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(["check", ".", "--log", log_file]).current_dir(&shop).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("warning[offset-pagination] measured: 40 calls, 40.2 s in all, 1.0 s on average, 2.0 s at most"), "{shown}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two hours, two users, two tables: who and when, and the order that was asked for.
#[test]
fn the_terminal_shows_when_and_whose_the_load_is() {
    let line = |hour: u64, minute: u64, user: &str, ms: u64, sql: &str| {
        format!("2026-11-21 {hour:02}:{minute:02}:00.000 UTC [7] {user}@shop LOG:  duration: {ms}.000 ms  statement: {sql}\n")
    };
    let mut log = String::new();
    for minute in 0..10 {
        log += &line(9, minute, "ann", 100, "SELECT note FROM orders WHERE id = 1");
    }
    log += &line(10, 0, "bob", 500, "SELECT * FROM events");
    log += &line(12, 0, "bob", 250, "SELECT * FROM events");
    let shown = |more: &[&str]| String::from_utf8(pgsift(&[&["logs", "-"], more].concat(), log.as_bytes()).stdout).unwrap();
    let text = shown(&[]);
    assert!(text.starts_with("12 entries, 12 executions of 2 queries, 1.8 s in all"), "{text}");
    let rows = |title: &str| -> Vec<Vec<String>> {
        let lines = text.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.is_empty());
        lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let hours = rows("load by hour");
    let of_hour = |i: usize| hours[i][1].as_str().to_owned() + " " + &hours[i][hours[i].len() - 2];
    assert_eq!((0..4).map(of_hour).collect::<Vec<_>>(), ["09:00 10", "10:00 1", "11:00 0", "12:00 1"], "{text}");
    assert_eq!(rows("users")[1].last().unwrap(), "ann");
    assert_eq!(rows("tables")[2].join(" "), "750.0 ms 42.9% 2 events");
    assert!(rows("databases").is_empty(), "one database is nobody's news");
    let first = |sort: &str| {
        let text = shown(&["--sort", sort, "--top", "1"]);
        text.lines().skip_while(|line| !line.starts_with("queries by ")).nth(3).unwrap().trim().to_owned()
    };
    assert_eq!((first("total").as_str(), first("mean").as_str()), ("select note from orders where id = ?", "select * from events"));
    assert_eq!(
        (first("calls").as_str(), first("variance").as_str(), first("p95").as_str()),
        ("select note from orders where id = ?", "select * from events", "select * from events")
    );
}

#[test]
fn the_page_is_one_file_and_what_a_log_holds_stays_text() {
    let log = "2026-11-21 11:00:00 UTC [7] LOG:  duration: 5.000 ms  statement: SELECT '</script><script>alert(1)</script><!--'\n";
    let page = String::from_utf8(pgsift(&["logs", "-", "--format", "html"], log.as_bytes()).stdout).unwrap();
    assert_eq!(page.matches("</script>").count(), 2, "only the page's own");
    assert!(!page.contains("http://") || page.matches("http://").count() == page.matches("http://www.w3.org/").count());
    assert!(!page.contains("{{") && page.contains("\\u003c!--"));
}

/// Three processes that write to one stderr without a collector: their lines mix, and each part still finds its entry.
#[test]
fn parts_find_their_entry_among_the_lines_of_other_processes() {
    let log = "\
2026-11-21 11:00:00.000 UTC [11] ann@shop ERROR:  duplicate key value violates unique constraint \"orders_pkey\"
2026-11-21 11:00:00.001 UTC [12] bob@shop LOG:  duration: 9.000 ms  execute <unnamed>: SELECT note FROM orders
\tWHERE id = $1
2026-11-21 11:00:00.000 UTC [11] ann@shop DETAIL:  Key (id)=(4) already exists.
2026-11-21 11:00:00.002 UTC [13] eve@shop ERROR:  division by zero
2026-11-21 11:00:00.001 UTC [12] bob@shop DETAIL:  parameters: $1 = '42'
2026-11-21 11:00:00.000 UTC [11] ann@shop STATEMENT:  INSERT INTO orders
\tVALUES (4)
2026-11-21 11:00:00.002 UTC [13] eve@shop STATEMENT:  SELECT 1 / 0
2026-11-21 11:00:00.003 UTC [14] zoe@shop DETAIL:  of an entry in the file before
";
    let report = report(log.as_bytes(), &[]);
    assert_eq!((&report["summary"]["entries"], &report["summary"]["stray"]), (&json!(3), &json!(1)), "{}", report["summary"]);
    let example = &report["queries"][0]["example"];
    assert_eq!((&example["line"], &example["parameters"]), (&json!(2), &json!(["42"])));
    let mut errors: Vec<[&str; 3]> = report["events"]["errors"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| ["example", "detail", "statement"].map(|part| group[part].as_str().unwrap()))
        .collect();
    errors.sort_unstable();
    assert_eq!(errors[0], ["division by zero", "", "SELECT 1 / 0"]);
    assert_eq!(errors[1][1..], ["Key (id)=(4) already exists.", "INSERT INTO orders\nVALUES (4)"]);
}
