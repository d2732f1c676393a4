//! Migrations that are written in another language than SQL.

use super::names::{file_name, flyway_version, in_migrations_folder};
use memchr::memmem;
use std::path::Path;

/// A migration that is written in another language than SQL, said as the reason for which it is left out.
pub(in crate::discover) fn other_language(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?;
    if !matches!(
        extension,
        "rb" | "py" | "js" | "ts" | "cjs" | "mjs" | "xml" | "yaml" | "yml" | "php" | "go" | "exs" | "json" | "kt" | "java"
    ) {
        return None;
    }
    let (folder, name) = (path.parent()?, file_name(path));
    let numbered = name.starts_with(|c: char| c.is_ascii_digit());
    let in_set = in_migrations_folder(folder);
    match extension {
        "rb" if numbered && in_set => Some("Rails migrations, whose changes to the schema are not known"),
        "py" if numbered && in_set => Some("Django migrations, whose changes to the schema are not known"),
        "py" if folder.ends_with("versions") && folder.with_file_name("env.py").exists() => {
            Some("Alembic migrations, whose changes to the schema are not known")
        }
        "js" | "ts" | "cjs" | "mjs" if numbered && in_set => Some("JavaScript migrations, whose changes to the schema are not known"),
        "exs" if numbered && in_set => Some("Ecto migrations, whose changes to the schema are not known"),
        "json" | "yaml" | "yml" if numbered && in_set && is_pgroll(path) => {
            Some("pgroll migrations, whose changes to the schema are not known")
        }
        "java" | "kt" if flyway_version(&format!("{}.sql", name.rsplit_once('.').map_or("", |(stem, _)| stem))).is_some() => {
            Some("Java migrations, whose changes to the schema are not known")
        }
        "php" if name.starts_with("version2") && in_set => Some("PHP migrations, whose changes to the schema are not known"),
        "php" if numbered && in_set => Some("PHP migrations, whose changes to the schema are not known"),
        "go" if numbered && in_set => Some("Go migrations, whose changes to the schema are not known"),
        "xml" | "yaml" | "yml" if name.contains("changelog") || file_name(folder).contains("changelog") => {
            Some("Liquibase changelogs, whose changes to the schema are not known")
        }
        _ => None,
    }
}

/// Whether a file's beginning looks like pgroll's.
fn is_pgroll(path: &Path) -> bool {
    let mut head = vec![];
    let read = std::fs::File::open(path).map(|file| std::io::Read::read_to_end(&mut std::io::Read::take(file, 4096), &mut head));
    read.is_ok() && (memmem::find(&head, b"\"operations\"").is_some() || memmem::find(&head, b"operations:").is_some())
}
