//! Every fix that the pages' and fixtures' findings carry, applied by itself: the result is read as well as before, and the
//! finding is gone.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::Outcome;
use pgsift::fix;
use pgsift::rules::RULES;
use pgsift::rules::page::{Page, Role};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use std::collections::BTreeSet;
use std::path::Path;

fn run(parts: &[String], rule: &str) -> Outcome {
    let input = |(i, text): (usize, &String)| Input {
        path: format!("{i:03}.sql").into(),
        bytes: text.as_bytes().to_vec(),
        kind: InputKind::Migration(MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None }),
        reported: i + 1 == parts.len(),
        sets: vec![],
    };
    check(parts.iter().enumerate().map(input).collect(), &Settings { select: vec![rule.to_owned()], ..Settings::default() })
}

/// Applies each fix of the last part alone; returns how many there were, and what went wrong.
fn try_fixes(parts: &[String], rule: &str, place: &str, failures: &mut Vec<String>) -> usize {
    let before = run(parts, rule);
    let fixable: Vec<&str> = before.findings.iter().filter(|f| f.fix.is_some()).map(|f| f.fingerprint.as_str()).collect();
    for fingerprint in &fixable {
        let applied = fix::apply(&before, |finding, _| finding.fingerprint == *fingerprint);
        let mut fixed = parts.to_vec();
        for (file, text) in applied.texts {
            let name = before.sources.get(file).name().into_owned();
            fixed[name[..3].parse::<usize>().unwrap()] = text;
        }
        let after = run(&fixed, rule);
        if after.opaque.len() > before.opaque.len() {
            failures.push(format!("{place}: does not parse any more: {}\n{}", after.opaque[0].reason, fixed.last().unwrap()));
        } else if after.findings.len() >= before.findings.len() {
            failures.push(format!("{place}: the finding stays\n{}", fixed.last().unwrap()));
        }
    }
    fixable.len()
}

#[test]
fn each_fix_leaves_sql_and_silences_its_rule() {
    let mut failures = vec![];
    let mut fixed: BTreeSet<&str> = BTreeSet::new();
    let mut tried = 0;
    for rule in RULES {
        let page = Page::parse(rule.page).unwrap();
        let mut setups = vec![];
        let mut after_example = false;
        for example in page.examples.iter().filter(|e| e.language == "sql") {
            match example.role {
                Role::Setup => {
                    if std::mem::take(&mut after_example) {
                        setups.clear();
                    }
                    setups.push(example.text.clone());
                }
                Role::Bad => {
                    after_example = true;
                    let parts: Vec<String> = setups.iter().cloned().chain([example.text.clone()]).collect();
                    let n = try_fixes(&parts, rule.name, &format!("lints/{}.md:{}", rule.name, example.line), &mut failures);
                    tried += n;
                    if n > 0 {
                        fixed.insert(rule.name);
                    }
                }
                _ => after_example = true,
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lints").join(rule.name);
        for file in std::fs::read_dir(folder).into_iter().flatten().map(|f| f.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            let mut parts = vec![String::new()];
            for line in text.lines() {
                if line.starts_with("-- file: ") {
                    parts.push(String::new());
                }
                let part = parts.last_mut().unwrap();
                part.push_str(line);
                part.push('\n');
            }
            tried += try_fixes(&parts, rule.name, &file.to_string_lossy(), &mut failures);
        }
    }
    assert!(failures.is_empty(), "{} of {tried} fixes fail:\n{}", failures.len(), failures.join("\n"));
    assert!(fixed.len() >= 8 && tried > 20, "{tried} fixes of {fixed:?}");
}
