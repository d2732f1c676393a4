//! The shapes that services and collectors export, each made from one server's log: the figures stay the same.

use super::{figures, queries, report, unpacked};
use serde_json::{Value, json};

/// The entries of a stderr log, each with its further lines.
fn entries(log: &str) -> Vec<String> {
    let mut entries: Vec<String> = vec![];
    for line in log.lines() {
        match entries.last_mut() {
            Some(last) if line.starts_with('\t') => *last += &format!("\n{line}"),
            _ => entries.push(line.to_owned()),
        }
    }
    entries
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn exports_of_lines_say_what_the_server_wrote() {
    let log = String::from_utf8_lossy(&unpacked("rds.log.gz")).into_owned();
    let expected = report(log.as_bytes(), &[]);
    let entries = entries(&log);
    let each = |one: &dyn Fn(&str) -> String| entries.iter().map(|entry| one(entry) + "\n").collect::<String>();
    let list = |one: &dyn Fn(&str) -> Value| entries.iter().map(|entry| one(entry)).collect::<Vec<Value>>();
    let exports = [
        (
            "CloudWatch Insights as JSON",
            json!({"results": list(&|e| json!([{"field": "@timestamp", "value": "2026-11-21 11:02:28.000"}, {"field": "@message", "value": e}])), "statistics": {}})
                .to_string(),
        ),
        ("CloudWatch Insights as CSV", "@timestamp,@message\n".to_owned() + &each(&|e| format!("2026-11-21 11:02:28.000,{}", quoted(e)))),
        (
            "a CloudWatch subscription",
            json!({"messageType": "DATA_MESSAGE", "logGroup": "/aws/rds/x", "logEvents": list(&|e| json!({"id": "1", "timestamp": 1, "message": e}))})
                .to_string(),
        ),
        (
            "OpenTelemetry",
            json!({"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"scope": {}, "logRecords": list(&|e| json!({"timeUnixNano": "1", "body": {"stringValue": e}}))}]}]})
                .to_string(),
        ),
        ("a journal as JSON", each(&|e| json!({"_PID": "7", "SYSLOG_IDENTIFIER": "postgres", "MESSAGE": e}).to_string())),
        ("VictoriaLogs", each(&|e| json!({"_time": "2026-11-21T11:02:28Z", "_msg": e}).to_string())),
        ("AlloyDB", each(&|e| json!({"textPayload": e.replacen("LOG:  ", "LOG:  [postgres.c:1314]  ", 1)}).to_string())),
        ("a byte order mark", format!("\u{feff}{log}")),
        ("Windows' line ends", log.replace('\n', "\r\n")),
    ];
    for (name, text) in exports {
        let found = report(text.as_bytes(), &[]);
        assert_eq!(figures(&found), figures(&expected), "{name}: {}", found["files"]);
        assert_eq!((found["summary"]["stray"].as_u64(), queries(&found).len()), (Some(0), queries(&expected).len()), "{name}");
    }
}

#[test]
fn exports_of_fields_say_what_the_server_wrote() {
    let log = String::from_utf8_lossy(&unpacked("debian.json.gz")).into_owned();
    let expected = figures(&report(log.as_bytes(), &[]));
    let each =
        |one: &dyn Fn(&Value) -> String| log.lines().map(|line| one(&serde_json::from_str(line).unwrap()) + "\n").collect::<String>();
    let exports = [
        ("in a container", each(&|e| format!("2026-11-21T11:02:28.123456789Z stdout F {e}"))),
        ("in Docker", each(&|e| json!({"log": format!("{e}\n"), "stream": "stderr"}).to_string())),
        ("in Cloud Logging", each(&|e| json!({"insertId": "x", "jsonPayload": e}).to_string())),
        (
            "Log Analytics",
            each(&|e| {
                json!({"record_message_s": e["message"], "errorLevel_s": e["error_severity"], "record_detail_s": e["detail"], "processId_d": e["pid"], "record_log_time_s": e["timestamp"]}).to_string()
            }),
        ),
        (
            "rows of Supabase",
            each(&|e| {
                json!({"event_message": e["message"], "id": "x", "timestamp": 1_795_259_041_000_000_i64, "error_severity": e["error_severity"], "user_name": e["user"], "session_id": e["session_id"]}).to_string()
            }),
        ),
    ];
    for (name, text) in exports {
        assert_eq!(figures(&report(text.as_bytes(), &[])), expected, "{name}");
    }
}

#[test]
fn long_lines_that_docker_cut_are_whole_again() {
    let values: Vec<String> = (0..4000).map(|i| format!("({i}, 'value {i}')")).collect();
    let entry =
        format!("2026-11-21 11:00:00 UTC [7] LOG:  duration: 5.000 ms  statement: INSERT INTO events VALUES {}\n", values.join(", "));
    let parts = |line: &str| -> String {
        let chunks: Vec<&[u8]> = line.as_bytes().chunks(16_384).collect();
        chunks.iter().map(|c| json!({"log": String::from_utf8_lossy(c), "stream": "stderr"}).to_string() + "\n").collect()
    };
    let report = report((parts(&entry) + &parts(&entry)).as_bytes(), &[]);
    assert_eq!(figures(&report), (2, 10_000, 0), "{}", report["summary"]);
    assert_eq!((report["summary"]["stray"].as_u64(), queries(&report).len()), (Some(0), 1));
}

#[test]
fn a_prefix_with_commas_is_no_csvlog() {
    let line = "2026-11-21 11:00:00 UTC [7]: [1-1] user=a,db=b,app=c,client=d LOG:  duration: 1.000 ms  statement: SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n FROM t\n";
    let report = report(line.repeat(5).as_bytes(), &[]);
    assert_eq!(figures(&report), (5, 5000, 0), "{}", report["files"]);
}

#[test]
fn another_engine_is_named() {
    let line = "'2020-03-07T16:09:43Z UTC [ db=dev user=rdsdb pid=30639 userid=1 xid=4 ]' LOG: select 1\n";
    let report = report(line.repeat(20).as_bytes(), &[]);
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("Redshift"), "{}", report["errors"]);
}

/// A statement that failed has no duration: the next one alone is another's.
#[test]
fn a_duration_is_not_of_the_statement_that_failed_before_it() {
    let log = "2026-11-21 11:00:00 UTC [7] LOG:  statement: SELECT 1/0\n\
               2026-11-21 11:00:00 UTC [7] ERROR:  division by zero\n\
               2026-11-21 11:00:00 UTC [7] STATEMENT:  SELECT 1/0\n\
               2026-11-21 11:00:01 UTC [7] LOG:  duration: 5.000 ms\n\
               2026-11-21 11:00:02 UTC [7] LOG:  statement: SELECT 2\n\
               2026-11-21 11:00:02 UTC [7] LOG:  duration: 1.000 ms\n";
    let report = report(log.as_bytes(), &[]);
    assert_eq!(figures(&report), (1, 1000, 0), "{}", report["summary"]);
    assert_eq!(report["summary"]["unattributed"]["calls"], 1);
}
