//! Every rule page's examples are tests: bad ones fire exactly at their caret marks with the rule alone, fixed ones are what
//! the fix makes of them, good ones are silent under all default rules. `fixtures/lints/<rule>/*.sql` hold the rest.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::extract::Language;
use pgsift::finding::{Finding, Outcome};
use pgsift::rules::page::{Page, Role};
use pgsift::rules::{Check, RULES};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const CHECKED: &str = "checked.sql";

fn migration(path: String, text: &str) -> Input {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    Input { path: path.into(), bytes: text.as_bytes().to_vec(), kind: InputKind::Migration(info), reported: true, sets: vec![] }
}

fn run(setups: &[String], text: &str, settings: &Settings, kind: InputKind) -> Outcome {
    run_in("sql", setups, text, settings, kind)
}

/// What an example of SQL is, for a rule: a file of queries, where it speaks of load and would say nothing of what runs once.
fn kind_for(rule: &str) -> InputKind {
    let rule = pgsift::rules::find(rule).unwrap();
    let of_load = matches!(rule.check, Check::Query(_)) && matches!(rule.category(), "query" | "index");
    if of_load { InputKind::Sql } else { migration(CHECKED.to_owned(), "").kind }
}

/// Runs an example; those of other languages than SQL are application code, without their marks.
fn run_in(language: &str, setups: &[String], text: &str, settings: &Settings, kind: InputKind) -> Outcome {
    let mut inputs: Vec<Input> = setups.iter().enumerate().map(|(i, s)| migration(format!("{i:03}_setup.sql"), s)).collect();
    let mut input = migration(CHECKED.to_owned(), text);
    input.kind = kind;
    if language != "sql" {
        input.kind = InputKind::Code(Language::of_fence(language).unwrap_or_else(|| panic!("no language is called {language}")));
    }
    inputs.push(input);
    check(inputs, settings)
}

fn only(rule: &str) -> Settings {
    Settings { select: vec![rule.to_owned()], ..Settings::default() }
}

/// `(line, first column, last column)` of each run of carets; the line is the one above the marks.
fn marks(text: &str) -> Vec<(usize, usize, usize)> {
    let mut found = vec![];
    let mut code_line = 0;
    for (i, line) in text.lines().enumerate() {
        let comment = ["--", "//", "#"].iter().find_map(|mark| line.strip_prefix(mark));
        let is_mark = comment.is_some_and(|rest| rest.contains('^') && rest.chars().all(|c| c == ' ' || c == '^'));
        if !is_mark {
            code_line = i + 1;
            continue;
        }
        let columns: Vec<usize> = line.char_indices().filter(|(_, c)| *c == '^').map(|(i, _)| i + 1).collect();
        for run in columns.chunk_by(|a, b| a + 1 == *b) {
            found.push((code_line, run[0], run[run.len() - 1]));
        }
    }
    found
}

fn here(outcome: &Outcome) -> Vec<&Finding> {
    outcome.findings.iter().filter(|f| outcome.sources.get(f.primary.at.file).path == Path::new(CHECKED)).collect()
}

fn describe(outcome: &Outcome, findings: &[&Finding]) -> String {
    let one = |f: &&Finding| {
        let source = outcome.sources.get(f.primary.at.file);
        let at = source.position(f.primary.at.span.start);
        format!("  {}:{} {} `{}`: {}", at.line, at.column, f.rule, f.primary.at.span.of(&source.text), f.message)
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Holds the findings against the marks; the difference, if any, in words.
fn compare(outcome: &Outcome, text: &str) -> Option<String> {
    if let Some(opaque) = outcome.opaque.first() {
        return Some(format!("not understood: {}: {}", opaque.reason, outcome.sources.text(opaque.at)));
    }
    let findings = here(outcome);
    let marks = marks(text);
    let matches = |f: &Finding, (line, first, last): (usize, usize, usize)| {
        let source = outcome.sources.get(f.primary.at.file);
        let (start, end) = (source.position(f.primary.at.span.start), source.position(f.primary.at.span.end));
        // a mark cannot stand below what the comment's own sign covers
        start.line == line && start.column.max(3) == first && (end.line > line || last + 1 == end.column)
    };
    let unmarked = findings.iter().any(|f| !marks.iter().any(|m| matches(f, *m)));
    let unmet = marks.iter().any(|m| !findings.iter().any(|f| matches(f, *m)));
    (unmarked || unmet || findings.len() != marks.len())
        .then(|| format!("{} marks, {} findings:\n{}", marks.len(), findings.len(), describe(outcome, &findings)))
}

fn apply_fixes(outcome: &Outcome, text: &str) -> String {
    let mut edits: Vec<_> = here(outcome).iter().filter_map(|f| f.fix.as_ref()).flat_map(|fix| fix.edits.clone()).collect();
    edits.sort_by_key(|e| std::cmp::Reverse(e.span.start));
    let mut fixed = text.to_owned();
    for edit in edits {
        fixed.replace_range(edit.span.range(), &edit.text);
    }
    fixed.lines().filter(|l| !(l.starts_with("--") && l.contains('^'))).map(|l| format!("{l}\n")).collect()
}

#[test]
fn examples_of_the_pages_do_what_they_say() {
    let mut failures = vec![];
    let mut examples = 0;
    for rule in RULES {
        let page = Page::parse(rule.page).unwrap_or_else(|e| panic!("lints/{}.md: {e}", rule.name));
        let mut setups = vec![];
        let mut statistics: Vec<String> = vec![];
        let mut last_bad = None;
        let mut after_example = false;
        for example in page.examples.iter().filter(|e| e.language != "log") {
            examples += 1;
            let mut fail = |why: String| failures.push(format!("lints/{}.md:{}: {:?}: {why}", rule.name, example.line, example.role));
            match example.role {
                Role::Setup if example.language == "csv" => statistics = vec![example.text.clone()],
                Role::Setup => {
                    if std::mem::take(&mut after_example) {
                        setups.clear();
                    }
                    setups.push(example.text.clone());
                }
                Role::Bad => {
                    after_example = true;
                    let settings = Settings { statistics: statistics.clone(), ..only(rule.name) };
                    let outcome = run_in(&example.language, &setups, &example.text, &settings, kind_for(rule.name));
                    if let Some(why) = compare(&outcome, &example.text) {
                        fail(why);
                    }
                    last_bad = Some((outcome, example.text.clone()));
                }
                Role::Fixed => {
                    let (outcome, text) = last_bad.as_ref().unwrap();
                    let fixed = apply_fixes(outcome, text);
                    if fixed.trim() != example.text.trim() {
                        fail(format!("the fix makes\n{fixed}"));
                    }
                }
                Role::Good => {
                    after_example = true;
                    let settings = Settings { statistics: statistics.clone(), ..Settings::default() };
                    let outcome = run_in(&example.language, &setups, &example.text, &settings, kind_for(rule.name));
                    if !here(&outcome).is_empty() || !outcome.opaque.is_empty() {
                        fail(compare(&outcome, "").unwrap_or_default());
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {examples} examples fail:\n{}", failures.len(), failures.join("\n"));
    assert!(examples > 20);
}

#[test]
fn pages_files_and_table_are_the_same_set() {
    let names: BTreeSet<String> = RULES.iter().map(|r| r.name.to_owned()).collect();
    assert_eq!(names.len(), RULES.len(), "a rule stands twice in the table");
    assert!(RULES.windows(2).all(|pair| pair[0].name < pair[1].name), "the table is not sorted");
    let pages: BTreeSet<String> = stems("lints").collect();
    let missing: Vec<_> = pages.symmetric_difference(&names).collect();
    assert!(missing.is_empty(), "lints/ and the table differ: {missing:?}");
    let files: BTreeSet<String> = stems("src/rules")
        .filter(|s| !["mod", "context", "log_context", "page", "support"].contains(&s.as_str()))
        .map(|s| s.replace('_', "-"))
        .collect();
    let missing: Vec<_> = files.symmetric_difference(&names).collect();
    assert!(missing.is_empty(), "src/rules/ and the table differ: {missing:?}");
}

fn stems(folder: &str) -> impl Iterator<Item = String> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    files.map(|f| f.unwrap().path()).filter(|p| p.is_file()).map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
}

#[test]
fn pages_have_their_parts() {
    for rule in RULES {
        let page = Page::parse(rule.page).unwrap_or_else(|e| panic!("lints/{}.md: {e}", rule.name));
        let keys: Vec<&str> = page.front_matter.iter().map(|(k, _)| k.as_str()).collect();
        for key in ["severity", "category", "summary", "since"] {
            assert!(keys.contains(&key), "lints/{}.md: no `{key}`", rule.name);
        }
        assert!(page.body.trim_start().starts_with(&format!("# {}\n", rule.name)), "lints/{}.md: the title is not the name", rule.name);
        let count = |role| page.examples.iter().filter(|e| e.role == role).count();
        assert!((1..=3).contains(&count(Role::Bad)), "lints/{}.md: one to three bad examples", rule.name);
        assert!((1..=3).contains(&count(Role::Good)), "lints/{}.md: one to three good examples", rule.name);
        let families = ["lock", "compatibility", "correctness", "query", "index", "schema", "security", "log"];
        assert!(families.contains(&rule.category()), "lints/{}.md: category {}", rule.name, rule.category());
    }
}

#[test]
fn messages_keep_their_manners() {
    for rule in RULES.iter().filter(|r| !matches!(r.check, Check::Engine)) {
        let page = Page::parse(rule.page).unwrap();
        let mut setups = vec![];
        let mut statistics: Vec<String> = vec![];
        for example in page.examples.iter().filter(|e| e.language != "log") {
            match example.role {
                Role::Setup if example.language == "csv" => statistics = vec![example.text.clone()],
                Role::Setup => setups.push(example.text.clone()),
                Role::Bad => {
                    for finding in here(&run_in(
                        &example.language,
                        &setups,
                        &example.text,
                        &Settings { statistics: statistics.clone(), ..only(rule.name) },
                        kind_for(rule.name),
                    )) {
                        let message = &finding.message;
                        assert!(!message.ends_with('.'), "{}: final stop: {message}", rule.name);
                        let word = message.split(' ').next().unwrap();
                        let shouted = word == "PostgreSQL" || word.chars().all(|c| !c.is_lowercase());
                        assert!(shouted || !message.starts_with(char::is_uppercase), "{}: capital: {message}", rule.name);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Files of several parts: `-- file: name` begins one; the last is checked, the others come before it (as a migration, where its name
/// is that). Those named `safe_…` hold
/// migrations that others call safe, and so do we.
#[test]
fn fixtures_of_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lints");
    let mut failures = vec![];
    let mut files = 0;
    for folder in fs::read_dir(&root).into_iter().flatten().map(|f| f.unwrap().path()) {
        let rule = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(pgsift::rules::find(&rule).is_some(), "fixtures/lints/{rule}: no such rule");
        for file in fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()) {
            files += 1;
            let text = fs::read_to_string(&file).unwrap();
            let mut parts: Vec<String> = vec![String::new()];
            let mut name = "";
            for line in text.lines() {
                if let Some(own) = line.strip_prefix("-- file:") {
                    parts.push(String::new());
                    name = own.trim();
                } else {
                    let part = parts.last_mut().unwrap();
                    part.push_str(line);
                    part.push('\n');
                }
            }
            let checked = parts.pop().unwrap();
            let kind = if name == "migration" { migration(CHECKED.to_owned(), "").kind } else { kind_for(&rule) };
            // `safe_…`: no default rule has anything to say; `-- postgres: 18` on the first line chooses the server
            let safe = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("safe_"));
            let mut settings = if safe { Settings::default() } else { only(&rule) };
            if let Some(version) = text.lines().next().and_then(|line| line.strip_prefix("-- postgres: ")) {
                settings.postgres = pgsift::postgres::version::Version::new(version.trim().parse().unwrap()).unwrap();
            }
            if let Some(why) = compare(&run(&parts, &checked, &settings, kind), &checked) {
                failures.push(format!("{}: {why}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {files} fixtures fail:\n{}", failures.len(), failures.join("\n"));
    assert!(files > 180, "only {files} fixtures found");
}

/// Examples of the log family: bad ones make their rule speak, and of good ones no rule of the family says anything.
#[test]
fn log_examples_do_what_they_say() {
    use pgsift::log::{detect, tally::Worker};
    let mut examples = 0;
    for rule in RULES {
        for example in Page::parse(rule.page).unwrap().examples.iter().filter(|e| e.language == "log") {
            examples += 1;
            let bytes = example.text.as_bytes();
            let mut worker = Worker::default();
            worker.block(bytes, &detect(bytes, None, 2026), "page", 1);
            let mut tally = worker.finish();
            tally.settle();
            let settings = if example.role == Role::Bad { only(rule.name) } else { Settings::default() };
            let found = pgsift::engine::log_findings(&tally, &settings);
            let said: Vec<String> = found.iter().map(|f| format!("{}: {}", f.rule, f.message)).collect();
            let place = format!("lints/{}.md:{}: {said:?}", rule.name, example.line);
            assert_eq!(found.len(), usize::from(example.role == Role::Bad), "{place}");
            for finding in found {
                assert!(
                    !finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase) && finding.help.is_some(),
                    "{place}"
                );
            }
        }
    }
    assert!(examples >= 18);
}
