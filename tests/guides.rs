//! The queries of `fixtures/projects/guides`: what each is to be told (`-- expect:`), what its cure says (`-- cure:`), and those
//! of which nothing is to be said. Partitions that copy keys by LIKE are in `fixtures/lints/partition-key-not-in-unique`.
#![allow(clippy::unwrap_used)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::Finding;
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use std::fs;
use std::path::Path;

/// A statement, with what its comments ask.
struct Expected {
    rules: Vec<String>,
    cures: Vec<String>,
    start: usize,
    end: usize,
}

fn expectations(text: &str) -> Vec<Expected> {
    let mut all = vec![];
    let mut at = 0;
    let (mut rules, mut cures) = (None, vec![]);
    for line in text.split_inclusive('\n') {
        if let Some(list) = line.strip_prefix("-- expect: ") {
            let list = list.trim();
            let mut names: Vec<String> = list.split(", ").filter(|name| *name != "nothing").map(str::to_owned).collect();
            names.sort();
            rules = Some(names);
        } else if let Some(cure) = line.strip_prefix("-- cure: ") {
            cures.push(cure.trim().to_owned());
        } else if let Some(rules) = (!line.starts_with("--") && !line.trim().is_empty()).then(|| rules.take()).flatten() {
            all.push(Expected { rules, cures: std::mem::take(&mut cures), start: at, end: at + line.len() });
        }
        at += line.len();
    }
    all
}

#[test]
fn queries_of_the_guides_are_told_what_they_need() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/guides");
    let schema = fs::read(root.join("migrations/0001_schema.sql")).unwrap();
    let mut failures = vec![];
    let mut statements = 0;
    let mut files: Vec<_> = fs::read_dir(root.join("queries")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
        let migration =
            Input { path: "1.sql".into(), bytes: schema.clone(), kind: InputKind::Migration(info), reported: false, sets: vec![] };
        let queries = Input { path: "q.sql".into(), bytes: text.clone().into_bytes(), kind: InputKind::Sql, reported: true, sets: vec![] };
        let outcome = check(vec![migration, queries], &Settings::default());
        assert!(outcome.opaque.is_empty(), "{}: {:?}", path.display(), outcome.opaque);
        for expected in expectations(&text) {
            statements += 1;
            let inside = |f: &&Finding| (expected.start..expected.end).contains(&(f.primary.at.span.start as usize));
            let found: Vec<&Finding> = outcome.findings.iter().filter(inside).collect();
            let mut rules: Vec<String> = found.iter().map(|f| f.rule.to_owned()).collect();
            rules.sort();
            let helps: Vec<&str> = found.iter().filter_map(|f| f.help.as_deref()).collect();
            let query = text[expected.start..expected.end].trim();
            if rules != expected.rules {
                failures.push(format!("{query}\n  expected {:?}, found {rules:?}", expected.rules));
            }
            for cure in expected.cures.iter().filter(|cure| !helps.iter().any(|help| help.contains(cure.as_str()))) {
                failures.push(format!("{query}\n  no help says `{cure}`: {helps:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {statements} statements:\n{}", failures.len(), failures.join("\n"));
    assert!(statements > 50);
}
