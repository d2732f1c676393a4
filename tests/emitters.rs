//! One outcome through every format: the same places and rules come back, and each document is what its readers accept.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::{Outcome, Problem};
use pgsift::report::{Site, checkstyle, github, gitlab, human, json, junit, lines, markdown, rdjson, sarif};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

type Place = (String, usize, usize, String);

/// Findings of every severity, on lines with characters of several bytes, in a path with characters that formats must escape;
/// a statement that cannot be read, and a file that cannot.
fn outcome() -> Outcome {
    let migration = |path: &str, text: &str| Input {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        kind: InputKind::Migration(MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None }),
        reported: true,
        sets: vec![],
    };
    let tables = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, \"größe, 100%:\" int);\n";
    let changes = "/* é𝄞 */ CREATE INDEX ON orders (note);\r\nALTER TABLE orders ALTER note SET NOT NULL, ALTER \"größe, 100%:\" SET NOT NULL;\r\n\
        DROP TABLE\r\n  orders;\r\nFLY ME;\nSELECT * FROM orders WHERE /* 𝄞 <&\"'> */ note = NULL;\n";
    let mut outcome = check(vec![migration("m/0001_a.sql", tables), migration("m/0002_é & <b>, 50%:.sql", changes)], &Settings::default());
    outcome.errors.push(Problem { file: "m/gone.sql".into(), message: "no such\r\nfile or folder: 100%".into() });
    assert!(outcome.findings.len() >= 5 && outcome.opaque.len() == 1, "{:?}", outcome.findings);
    outcome
}

fn text(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = vec![];
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn places(outcome: &Outcome) -> BTreeSet<Place> {
    let place = |f: &pgsift::finding::Finding| {
        let source = outcome.sources.get(f.primary.at.file);
        let at = source.position(f.primary.at.span.start);
        (source.name().into_owned(), at.line, at.column, f.rule.to_owned())
    };
    outcome.findings.iter().map(place).collect()
}

fn is_rule(name: &str) -> bool {
    pgsift::rules::find(name).is_some()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn of_json(document: &str) -> BTreeSet<Place> {
    let document: Value = serde_json::from_str(document).unwrap();
    let place =
        |f: &Value| (string(&f["file"]), number(&f["span"]["start"]["line"]), number(&f["span"]["start"]["column"]), string(&f["rule"]));
    document["findings"].as_array().unwrap().iter().map(place).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut out = vec![];
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap()
}

fn of_sarif(document: &str) -> BTreeSet<Place> {
    let document: Value = serde_json::from_str(document).unwrap();
    let place = |r: &Value| {
        let at = &r["locations"][0]["physicalLocation"];
        let uri = percent_decoded(at["artifactLocation"]["uri"].as_str().unwrap());
        (uri, number(&at["region"]["startLine"]), number(&at["region"]["startColumn"]), string(&r["ruleId"]))
    };
    document["runs"][0]["results"].as_array().unwrap().iter().map(place).collect()
}

fn of_gitlab(document: &str) -> BTreeSet<Place> {
    let issues: Vec<Value> = serde_json::from_str(document).unwrap();
    let place = |i: &Value| {
        let at = &i["location"];
        let begin = &at["positions"]["begin"];
        (string(&at["path"]), number(&at["lines"]["begin"]), number(&begin["column"]), string(&i["check_name"]))
    };
    issues.iter().filter(|i| is_rule(i["check_name"].as_str().unwrap())).map(place).collect()
}

/// rdjson's columns count bytes: the test counts them back.
fn of_rdjson(document: &str, outcome: &Outcome) -> BTreeSet<Place> {
    let document: Value = serde_json::from_str(document).unwrap();
    let place = |d: &Value| {
        let (path, start) = (string(&d["location"]["path"]), &d["location"]["range"]["start"]);
        let (line, bytes) = (number(&start["line"]), number(&start["column"]) - 1);
        let source = outcome.sources.get(outcome.sources.find(Path::new(&path)).unwrap());
        (path, line, source.line(line)[..bytes].chars().count() + 1, string(&d["code"]["value"]))
    };
    document["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"].is_object()).map(place).collect()
}

fn of_checkstyle(document: &str) -> BTreeSet<Place> {
    let document = roxmltree::Document::parse(document).unwrap();
    let errors = document.descendants().filter(|node| node.has_tag_name("error"));
    let place = |e: roxmltree::Node| {
        let rule = e.attribute("source").unwrap().strip_prefix("pgsift.")?.to_owned();
        let number = |name| e.attribute(name).unwrap().parse().unwrap();
        Some((e.parent().unwrap().attribute("name").unwrap().to_owned(), number("line"), number("column"), rule))
    };
    errors.filter_map(place).collect()
}

fn of_junit(document: &str) -> BTreeSet<Place> {
    let document = roxmltree::Document::parse(document).unwrap();
    let root = document.root_element();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let with = |tag: &str| cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(tag))).count().to_string();
    assert_eq!(root.attribute("tests"), Some(cases.len().to_string().as_str()));
    assert_eq!(root.attribute("failures"), Some(with("failure").as_str()));
    assert_eq!(root.attribute("errors"), Some("1"));
    let place = |case: &roxmltree::Node| {
        let (rule, at) = case.attribute("name").unwrap().rsplit_once(' ')?;
        let (line, column) = at.split_once(':')?;
        is_rule(rule).then(|| (case.attribute("file").unwrap().to_owned(), line.parse().unwrap(), column.parse().unwrap(), rule.to_owned()))
    };
    cases.iter().filter_map(place).collect()
}

/// The runner's grammar: `::command key=value,key=value::data`, unescaped as the runner does it.
fn of_github(document: &str) -> BTreeSet<Place> {
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    let mut found = BTreeSet::new();
    for line in document.lines() {
        let command = line.strip_prefix("::").unwrap_or_else(|| panic!("{line}"));
        let (head, data) = command.split_once("::").unwrap();
        assert!(!data.contains('\r'));
        let (kind, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&kind), "{line}");
        let properties: Vec<(&str, String)> =
            properties.split(',').map(|p| p.split_once('=').unwrap()).map(|(key, value)| (key, unescape(value))).collect();
        let get = |key: &str| properties.iter().find(|(k, _)| *k == key).map(|(_, value)| value.clone());
        if let Some(rule) = get("title").and_then(|title| title.strip_prefix("pgsift: ").map(str::to_owned)) {
            let column = get("col").map_or(0, |col| col.parse().unwrap());
            assert_eq!(column == 0, get("line") != get("endLine"), "the runner refuses columns over several lines: {line}");
            found.insert((get("file").unwrap(), get("line").unwrap().parse().unwrap(), column, rule));
        }
    }
    found
}

/// `path:line:column` and the rule, as they stand in the text for people.
fn of_human(document: &str) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    let mut rule = String::new();
    for line in document.lines() {
        if let Some((severity, rest)) = line.split_once('[')
            && ["error", "warning", "notice"].contains(&severity)
        {
            rule = rest.trim_end_matches(']').to_owned();
        } else if let Some((_, at)) = line.split_once(",-[").or_else(|| line.split_once("╭─["))
            && !rule.is_empty()
        {
            let mut parts = at.trim_end_matches(']').rsplitn(3, ':');
            let (column, line) = (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
            found.insert((parts.next().unwrap().to_owned(), line, column, std::mem::take(&mut rule)));
        }
    }
    found
}

fn of_markdown(document: &str) -> BTreeSet<Place> {
    let unescape = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&#64;", "@").replace("&#35;", "#").replace("&amp;", "&");
        text.replace('\\', "")
    };
    let rows = document.lines().filter(|line| line.starts_with("| 🔴") || line.starts_with("| 🟡") || line.starts_with("| 🔵"));
    let place = |row: &str| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let mut parts = cells[1].rsplitn(3, ':');
        let (column, line) = (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
        let rule = row.rsplit('`').nth(1).unwrap().to_owned();
        (unescape(parts.next().unwrap()), line, column, rule)
    };
    rows.map(place).collect()
}

/// `path:line:column: severity: message [rule]`; the path may hold colons.
fn of_gcc(document: &str) -> BTreeSet<Place> {
    let place = |line: &str| {
        let rule = line.strip_suffix(']')?.rsplit_once('[')?.1;
        let at = [": error: ", ": warning: ", ": note: "].iter().filter_map(|mark| line.find(mark)).min()?;
        let mut parts = line[..at].rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        is_rule(rule).then(|| (parts.next().unwrap().to_owned(), line, column, rule.to_owned()))
    };
    document.lines().filter_map(place).collect()
}

#[test]
fn every_format_tells_the_same() {
    let outcome = outcome();
    let site = Site::default();
    let expected = places(&outcome);
    assert_eq!(of_json(&text(|out| json::write(&outcome, out))), expected, "json");
    assert_eq!(of_sarif(&text(|out| sarif::write(&outcome, &site, out))), expected, "sarif");
    assert_eq!(of_gitlab(&text(|out| gitlab::write(&outcome, &site, out))), expected, "gitlab");
    assert_eq!(of_rdjson(&text(|out| rdjson::write(&outcome, &site, out)), &outcome), expected, "rdjson");
    assert_eq!(of_checkstyle(&text(|out| checkstyle::write(&outcome, &site, out))), expected, "checkstyle");
    assert_eq!(of_junit(&text(|out| junit::write(&outcome, &site, out))), expected, "junit");
    assert_eq!(of_markdown(&text(|out| markdown::write(&outcome, &site, out))), expected, "markdown");
    let style = human::Style { color: false, unicode: true, width: 140 };
    assert_eq!(of_human(&text(|out| human::write(&outcome, out, style))), expected, "human");
    assert_eq!(of_gcc(&text(|out| lines::write(&outcome, &site, out))), expected, "gcc");
    // An annotation of several lines has no column.
    let several = |place: &Place| {
        outcome.findings.iter().any(|f| {
            let source = outcome.sources.get(f.primary.at.file);
            let (start, end) = (source.position(f.primary.at.span.start), source.position(f.primary.at.span.end));
            (start.line, start.column, f.rule) == (place.1, place.2, place.3.as_str()) && start.line != end.line
        })
    };
    let without_columns =
        expected.iter().map(|place| if several(place) { (place.0.clone(), place.1, 0, place.3.clone()) } else { place.clone() });
    let sent: String =
        text(|out| github::write(&outcome, &site, out)).lines().filter(|l| l.starts_with("::")).map(|l| format!("{l}\n")).collect();
    assert_eq!(of_github(&sent), without_columns.collect(), "github");
}

#[test]
fn every_format_tells_what_was_not_read() {
    let outcome = outcome();
    let site = Site::default();
    let style = human::Style { color: false, unicode: true, width: 140 };
    let documents = [
        text(|out| human::write(&outcome, out, style)),
        text(|out| json::write(&outcome, out)),
        text(|out| sarif::write(&outcome, &site, out)),
        text(|out| gitlab::write(&outcome, &site, out)),
        text(|out| rdjson::write(&outcome, &site, out)),
        text(|out| checkstyle::write(&outcome, &site, out)),
        text(|out| junit::write(&outcome, &site, out)),
        text(|out| markdown::write(&outcome, &site, out)),
        text(|out| github::write(&outcome, &site, out)),
        text(|out| lines::write(&outcome, &site, out)),
        text(|out| lines::write_summary(&outcome, out)),
    ];
    for document in documents {
        assert!(document.contains("gone.sql"), "{document}");
        assert!(document.contains("not understood") || document.contains("\"opaque\":[{"), "{document}");
    }
}

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"))).unwrap()
}

fn assert_valid(schema: &str, document: &Value) {
    let mut schema_json = fixture(schema);
    // SARIF's schema has a pattern for `language` that only JavaScript's regular expressions read; we write none.
    for object in ["run", "toolComponent"] {
        if let Some(language) = schema_json.pointer_mut(&format!("/definitions/{object}/properties/language")) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    let validator = jsonschema::validator_for(&schema_json).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}:\n{}", errors.join("\n"));
}

#[test]
fn sarif_is_valid_and_whole() {
    let document = text(|out| sarif::write(&outcome(), &Site::default(), out));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_valid("fixtures/schemas/sarif-2.1.0.json", &document);
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    for result in results {
        assert_eq!(rules[number(&result["ruleIndex"])]["id"], result["ruleId"]);
        assert!(!result["partialFingerprints"]["pgsift/v1"].as_str().unwrap().is_empty());
    }
    assert!(results.iter().any(|result| result["fixes"].is_array()), "no fix");
    assert!(rules.iter().all(|rule| rule["help"]["markdown"].as_str().unwrap().len() > 100));
}

#[test]
fn gitlab_and_rdjson_have_their_fields() {
    let outcome = outcome();
    let issues: Vec<Value> = serde_json::from_str(&text(|out| gitlab::write(&outcome, &Site::default(), out))).unwrap();
    let prints: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), issues.len(), "GitLab drops issues whose fingerprints are the same");
    assert_valid("fixtures/schemas/gitlab-code-quality.json", &Value::Array(issues));
    let rdjson = text(|out| rdjson::write(&outcome, &Site::default(), out));
    assert_valid("fixtures/schemas/rdjson.json", &serde_json::from_str(&rdjson).unwrap());
}
