//! The statements that the oracle runs, and the schema that they run on: `fixtures/postgres`, a statement a line.

use pgsift::catalog::Catalog;
use pgsift::facts::Statement;
use pgsift::postgres::version::Version;
use pgsift::source::{FileId, Source, Sources, Span};
use pgsift::sql::{self, token::Dialect};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres")
}

/// The lines of a file that a version has: `-- from 14` at a line's end names the first one.
fn lines(file: &Path, version: Version) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let kept = |line: &str| match line.split_once(" -- from ") {
        Some((sql, from)) => version.at_least(from.parse().unwrap()).then(|| sql.to_owned()),
        None => Some(line.to_owned()),
    };
    text.lines().filter(|line| !line.is_empty()).filter_map(kept).collect()
}

/// The schema's text.
pub(crate) fn schema(version: Version) -> String {
    lines(&folder().join("schema.sql"), version).join("\n")
}

/// Its rows.
pub(crate) fn rows(version: Version) -> String {
    lines(&folder().join("rows.sql"), version).join("\n")
}

/// The forms that run in a transaction, every one once.
pub(crate) fn in_transaction(version: Version) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("forms")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| !file.ends_with("alone.sql"));
    files.sort();
    let mut forms: Vec<String> = vec![];
    for form in files.iter().flat_map(|file| lines(file, version)) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The forms that PostgreSQL runs only outside a transaction, or that wait for other sessions.
pub(crate) fn alone(version: Version) -> Vec<String> {
    lines(&folder().join("forms/alone.sql"), version)
}

/// What pgsift reads in a text.
pub(crate) fn read(text: &str) -> Vec<Statement> {
    let file: FileId = Sources::default().add(Source::new("oracle.sql", text.as_bytes().to_vec()));
    sql::read(file, text, Span::new(0, text.len() as u32), Dialect::Psql).statements
}

/// What pgsift knows of the schema.
pub(crate) fn catalog(version: Version) -> Catalog {
    let (mut catalog, schema) = (Catalog::default(), schema(version));
    for statement in read(&schema) {
        catalog.apply(&statement, &schema);
    }
    catalog
}
