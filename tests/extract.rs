//! The SQL found in files of every language is exactly what stands beside them: `fixtures/extract/<language>/<file>.expected`, a line
//! for each piece. `PGSIFT_BLESS=1` writes what is found.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::extract::{Extracted, Fragment, Language, Options, extract};
use pgsift::facts::Reading;
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
