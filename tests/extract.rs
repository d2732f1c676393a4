//! The SQL found in files of every language is exactly what stands beside them: `fixtures/extract/<language>/<file>.expected`, a line
//! for each piece. `PGSIFT_BLESS=1` writes what is found.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::extract::{Extracted, Fragment, Language, Options, extract};
use pgsift::facts::Reading;
use pgsift::finding::{Outcome, Severity};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use pgsift::source::{FileId, Source};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn hosts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/extract");
    let folders = fs::read_dir(root).unwrap().map(|f| f.unwrap().path());
    let mut files: Vec<PathBuf> = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|f| f.unwrap().path())).collect();
    files.retain(|file| file.extension().is_some_and(|e| e != "expected"));
    files.sort();
    files
}

fn describe(source: &Source, found: &Extracted, fragment: &Fragment) -> String {
    let text = |span: Option<pgsift::source::Span>| span.map_or("-", |span| span.of(&source.text));
    let mut line = format!("{}..{} {}", fragment.span.start, fragment.span.end, fragment.kind.as_str());
    write!(line, " call={} in={}", text(fragment.call), text(fragment.function)).unwrap();
    if let Some(found) = &fragment.in_loop {
        write!(line, " loop={:?}", text(Some(found.header))).unwrap();
    }
    for hole in &fragment.holes {
        let trusted = if hole.trusted { " trusted" } else { "" };
        write!(line, " [{:?}{trusted} {:?}]", hole.role, hole.span.of(&source.text)).unwrap();
    }
    if fragment.bound {
        line.push_str(" bound");
    }
    if fragment.script.statements.iter().any(|s| s.reading != Reading::Parsed) {
        line.push_str(" opaque");
    }
    write!(line, "\n  {:?}", found.sql(fragment)).unwrap();
    line
}

#[test]
fn files_of_every_language_hold_what_is_expected() {
    let bless = std::env::var_os("PGSIFT_BLESS").is_some();
    let mut wrong = vec![];
    for path in hosts() {
        let language = Language::of_path(&path).unwrap();
        let source = Source::new(path.clone(), fs::read(&path).unwrap());
        let found = extract(FileId(0), &source.text, language, Options::default());
        let lines: Vec<String> = found.fragments.iter().map(|fragment| describe(&source, &found, fragment)).collect();
        let actual = lines.join("\n") + "\n";
        let expected = PathBuf::from(format!("{}.expected", path.display()));
        if bless {
            fs::write(&expected, &actual).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != actual {
            wrong.push(format!("{}:\n{actual}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hosts().len() >= 12);
}

const LANGUAGES: &[Language] = &[
    Language::Rust,
    Language::Python,
    Language::Go,
    Language::JavaScript,
    Language::TypeScript,
    Language::Java,
    Language::Kotlin,
    Language::Ruby,
    Language::Php,
    Language::CSharp,
    Language::Elixir,
    Language::Scala,
    Language::Shell,
    Language::Yaml,
    Language::Toml,
];

fn holds_its_places(text: &str, language: Language) {
    let found = extract(FileId(0), text, language, Options::default());
    for layer in &found.layers {
        assert_eq!(layer.len(), text.len());
    }
    for fragment in &found.fragments {
        assert!(text.get(fragment.span.range()).is_some(), "{language:?}: {:?} of {text:?}", fragment.span);
        for statement in &fragment.script.statements {
            assert!(statement.span.end as usize <= text.len());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(
        prop_oneof![
            Just("\"".to_owned()), Just("'".to_owned()), Just("`".to_owned()), Just("\"\"\"".to_owned()), Just("${".to_owned()),
            Just("#{".to_owned()), Just("{".to_owned()), Just("}".to_owned()), Just("(".to_owned()), Just(")".to_owned()),
            Just("\\".to_owned()), Just("\n".to_owned()), Just(" + ".to_owned()), Just("SELECT a FROM t".to_owned()),
            Just("<<~SQL\n".to_owned()), Just("SQL\n".to_owned()), Just("<<<SQL\n".to_owned()), Just("r#\"".to_owned()), Just("f\"".to_owned()),
            Just("%q(".to_owned()), Just("~s(".to_owned()), Just("$@\"".to_owned()), Just("<?php ".to_owned()), Just("%s".to_owned()),
            Just("é".to_owned()), Just("for x in xs:\n  ".to_owned()), Just("execute(".to_owned()), Just("/*".to_owned()), Just("//".to_owned()),
            Just("|".to_owned()), Just(".format(".to_owned()), Just("sql`".to_owned()), "\\PC{0,6}",
        ], 0..40))
    {
        let text = pieces.concat();
        for language in LANGUAGES {
            holds_its_places(&text, *language);
        }
    }
}

/// A file cut anywhere, from either side, is read too.
#[test]
fn cut_files_are_read() {
    for path in hosts() {
        let text = fs::read_to_string(&path).unwrap();
        let language = Language::of_path(&path).unwrap();
        for (at, _) in text.char_indices().step_by(7) {
            holds_its_places(&text[..at], language);
            holds_its_places(&text[at..], language);
        }
    }
}

fn checked(files: &[(&str, InputKind, &str)], settings: &Settings) -> Outcome {
    let input = |(path, kind, text): &(&str, InputKind, &str)| Input {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        kind: kind.clone(),
        reported: true,
        sets: vec![],
    };
    check(files.iter().map(input).collect(), settings)
}

fn migration() -> InputKind {
    InputKind::Migration(MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None })
}

fn only(rule: &str) -> Settings {
    Settings { select: vec![rule.to_owned()], ..Settings::default() }
}

const SCHEMA: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, old text);\nCREATE TABLE logs (id bigint, note text);";

#[test]
fn a_dropped_column_names_the_places_that_use_it() {
    let code = "def f(cur):\n    cur.execute(\"SELECT u.id, u.old FROM users u JOIN logs l ON l.id = u.id\")\n    cur.execute('UPDATE users '\n        'SET old = 1 WHERE id = %s', (1,))\n";
    let files = [
        ("1.sql", migration(), SCHEMA),
        ("2.sql", migration(), "ALTER TABLE users DROP COLUMN old;\nALTER TABLE users DROP COLUMN name;"),
        ("app.py", InputKind::Code(Language::Python), code),
    ];
    let outcome = checked(&files, &only("drop-column"));
    let [old, name] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    let places: Vec<&str> = old.related.iter().map(|label| outcome.sources.text(label.at)).collect();
    assert_eq!(places, ["old", "old"]);
    let lines: Vec<usize> = old.related.iter().map(|l| outcome.sources.get(l.at.file).position(l.at.span.start).line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(old.severity, Severity::Error);
    assert!(name.help.as_ref().unwrap().contains("no use of users.name was found in 2 statements"), "{name:?}");
}

#[test]
fn a_bare_name_is_the_table_of_the_search_path() {
    let files = [
        ("1.sql", migration(), SCHEMA),
        ("2.sql", migration(), "CREATE SCHEMA stats;\nCREATE TABLE stats.users (id bigint);"),
        ("3.sql", migration(), "DROP TABLE stats.users;"),
        ("app.py", InputKind::Code(Language::Python), "cur.execute(\"SELECT id FROM users WHERE id = %s\", (1,))\n"),
    ];
    let outcome = checked(&files, &only("drop-table"));
    let [dropped] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    assert!(dropped.related.is_empty(), "{dropped:?}");
}

#[test]
fn files_of_queries_use_what_they_name() {
    let files = [
        ("1.sql", migration(), SCHEMA),
        ("2.sql", migration(), "ALTER TABLE users DROP COLUMN old;\nALTER TABLE users RENAME TO people;"),
        ("queries/users.sql", InputKind::Sql, "-- name: GetUser :one\nSELECT id, old FROM users WHERE id = $1;\n"),
        ("schema-notes.sql", InputKind::Sql, "CREATE TABLE a (id int);\nSELECT old FROM users;\n"),
    ];
    let outcome = checked(&files, &only("drop-column"));
    let [old] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    let at: Vec<&str> = old.related.iter().map(|label| outcome.sources.text(label.at)).collect();
    assert_eq!(at, ["old"]);
    let outcome = checked(&files, &only("rename-table"));
    let [renamed] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    assert_eq!((renamed.related.len(), renamed.severity), (1, Severity::Error), "{renamed:?}");
}

#[test]
fn tests_are_no_application() {
    let code = "func f(id string) {\n\tdb.Query(fmt.Sprintf(\"SELECT id FROM users WHERE name = NULL AND id = '%s'\", id))\n}\n";
    let rules = Settings { select: vec!["interpolated-sql".to_owned(), "null-comparison".to_owned()], ..Settings::default() };
    let count = |path| checked(&[(path, InputKind::Code(Language::Go), code)], &rules).findings.len();
    assert_eq!(count("store/users.go"), 2);
    for path in ["store/users_test.go", "tests/users.go", "src/fixtures/a.go", "__tests__/a.go", "test_users.py", "src/UsersTest.java"] {
        assert_eq!(count(path), 0, "{path}");
    }
}

#[test]
fn a_name_that_a_shell_puts_in_is_marked_whole() {
    let code = "psql <<EOF\nDROP DATABASE IF EXISTS $OLD_NAME;\nDROP DATABASE IF EXISTS $NAME;\nCREATE DATABASE $NAME;\nEOF\n";
    let outcome = checked(&[("a.sh", InputKind::Code(Language::Shell), code)], &only("drop-table"));
    let places: Vec<&str> = outcome.findings.iter().map(|finding| outcome.sources.text(finding.primary.at)).collect();
    assert_eq!(places, ["$OLD_NAME"]);
}

#[test]
fn findings_stand_on_the_bytes_of_the_string() {
    let code = "func f() {\n\tdb.Query(\"SELECT id FROM users \" +\n\t\t\"WHERE \\\"name\\\" = NULL\")\n}\n";
    let outcome = checked(&[("a.go", InputKind::Code(Language::Go), code)], &only("null-comparison"));
    let [finding] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    let place = outcome.sources.text(finding.primary.at);
    assert!(code.contains(place) && place.contains("= NULL"), "{place}");
    assert!(!finding.message.contains('\0') && !finding.help.as_deref().unwrap_or("").contains('\0'));
    // a quote in the replacement would end the string
    for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
        assert!(!edit.text.contains(['"', '\\', '\0']));
    }
}

#[test]
fn comments_of_the_host_silence() {
    let code = "def f(cur):\n    # pgsift: ignore[null-comparison] legacy\n    cur.execute(\"SELECT id FROM users WHERE name = NULL\")\n";
    let outcome = checked(&[("a.py", InputKind::Code(Language::Python), code)], &only("null-comparison"));
    assert_eq!((outcome.findings.len(), outcome.summary.suppressed), (0, 1), "{:?}", outcome.findings);
}

#[test]
fn code_in_fences_is_read() {
    let text = "# x\n\n```python\ncur.execute(\"SELECT id FROM users WHERE name = NULL\")\n```\n";
    let outcome = checked(&[("a.md", InputKind::Markdown, text)], &only("null-comparison"));
    assert_eq!(outcome.findings.len(), 1);
}

/// The statement's words cut into pieces, as each language's programs write them one after another.
fn written(form: usize, pieces: &[String]) -> (&'static str, Language, String) {
    let all = |open: &str, between: &str, close: &str| format!("{open}{}{close}", pieces.join(between));
    match form {
        0 => ("a.go", Language::Go, all("func f() {\n\tdb.Query(\"", "\" +\n\t\t\"", "\")\n}\n")),
        1 => ("a.go", Language::Go, all("func f() {\n\tdb.Query(`", "\n\t\t", "`)\n}\n")),
        2 => ("a.py", Language::Python, all("cur.execute(\"", "\"\n    '", "\")\n").replacen("'", "\"", pieces.len() - 1)),
        3 => ("a.py", Language::Python, all("cur.execute(\"", "\\x20\" \"", "\")\n")),
        4 => ("a.js", Language::JavaScript, all("db.query('", "' + '", "')\n")),
        5 => ("a.ts", Language::TypeScript, all("db.query(`", "\n  ", "`)\n")),
        6 => ("A.java", Language::Java, all("void f() {\n  jdbc.query(\"\"\"\n      ", "\n        ", "\n      \"\"\");\n}\n")),
        7 => ("a.rs", Language::Rust, all("fn f() {\n    sqlx::query(\"", "\\\n        ", "\");\n}\n")),
        8 => ("a.rb", Language::Ruby, all("def f\n  execute(<<~SQL)\n    ", "\n      ", "\n  SQL\nend\n")),
        9 => ("a.php", Language::Php, all("<?php\n$db->query('", "' . '", "');\n")),
        10 => ("A.cs", Language::CSharp, all("void F() {\n  db.Query(@\"", "\n    ", "\");\n}\n")),
        11 => ("a.kt", Language::Kotlin, all("fun f() {\n    db.query(\"\"\"\n        |", "\n        |", "\"\"\".trimMargin())\n}\n")),
        _ => ("a.go", Language::Go, all("func f() {\n\tq := \"", "\"\n\tq += \"", "\"\n\tdb.Query(q)\n}\n")),
    }
}

proptest! {
    /// A fix that is offered changes the program's SQL as it says, whatever the string looks like in the source.
    #[test]
    fn fixes_edit_the_literal(form in 0..13usize, cuts in prop::collection::vec(any::<bool>(), 7)) {
        let words = ["SELECT ", "id ", "FROM ", "users ", "WHERE ", "name ", "= ", "NULL"];
        let mut pieces = vec![String::new()];
        for (i, word) in words.iter().enumerate() {
            pieces.last_mut().unwrap().push_str(word);
            if cuts.get(i) == Some(&true) {
                pieces.push(String::new());
            }
        }
        let (path, language, code) = written(form, &pieces);
        let sql = |code: &str| -> Vec<String> {
            let found = extract(FileId(0), code, language, Options::default());
            found.fragments.iter().map(|f| found.sql(f).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        prop_assert_eq!(sql(&code), ["SELECT id FROM users WHERE name = NULL"], "{}", code);
        let outcome = checked(&[(path, InputKind::Code(language), &code)], &only("null-comparison"));
        prop_assert_eq!(outcome.findings.len(), 1, "{}", code);
        if let Some(fix) = &outcome.findings[0].fix {
            let mut fixed = code.clone();
            let mut edits: Vec<_> = fix.edits.iter().collect();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            edits.iter().for_each(|edit| fixed.replace_range(edit.span.range(), &edit.text));
            prop_assert_eq!(sql(&fixed), ["SELECT id FROM users WHERE name IS NULL"], "{}", fixed);
        } else {
            prop_assert!(pieces.len() > 1, "no fix for a plain string: {}", code);
        }
    }
}
