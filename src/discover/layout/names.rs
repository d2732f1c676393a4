//! What the name of a file or of its folder says, framework by framework.

use std::borrow::Cow;
use std::path::Path;

/// The last part of a path, in small letters.
pub(super) fn file_name(path: &Path) -> Cow<'_, str> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { name }
}

/// How many digits a folder's name begins with.
pub(super) fn version_digits(folder: &Path) -> usize {
    let name = file_name(folder);
    name.bytes().take_while(u8::is_ascii_digit).count() * usize::from(name.contains('_'))
}

/// `20240101_name/up.sql`, `…/down.sql`, `…/migration.sql`.
pub(super) fn is_folder_migration(path: &Path) -> bool {
    matches!(&*file_name(path), "up.sql" | "down.sql" | "migration.sql")
        && path.parent().is_some_and(|folder| file_name(folder).starts_with(|c: char| c.is_ascii_digit()))
}

/// `V1_2__name.sql`, `B…`, `U…`: the version with `.` for `_`; `R__name.sql`: no version.
pub(super) fn flyway_version(name: &str) -> Option<Option<String>> {
    let (version, _) = name.strip_suffix(".sql")?.split_once("__")?;
    let (kind, version) = (version.bytes().next()?, version.get(1..)?);
    match kind {
        b'r' if version.is_empty() => Some(None),
        b'v' | b'u' | b'b' if version.starts_with(|c: char| c.is_ascii_digit()) => {
            let parts = version.split(['.', '_']).map(|part| part.trim_start_matches('0'));
            let mut parts: Vec<&str> = parts.map(|part| if part.is_empty() { "0" } else { part }).collect();
            while parts.len() > 1 && parts.last() == Some(&"0") {
                parts.pop();
            }
            let numeric = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
            numeric.then(|| Some(parts.join(".")))
        }
        _ => None,
    }
}

/// `beforeMigrate__extensions.sql`, `afterMigrate.sql`: what Flyway runs before and after all migrations.
pub(super) fn is_flyway_callback(name: &str) -> bool {
    let event = name.strip_suffix(".sql").map_or("", |stem| stem.split_once("__").map_or(stem, |(event, _)| event));
    matches!(event, "beforemigrate" | "aftermigrate")
}

/// `0001_name.sql`, `20240101120000-name.sql`, `2024-01-01_name.sql`, `3.sql`, `migration-1-0001-name.sql`.
pub(super) fn is_numbered(name: &str) -> bool {
    let name = ["migration-", "migration_"].iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name);
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && name.as_bytes().get(digits).is_some_and(|b| matches!(b, b'_' | b'-' | b'.'))
}

pub(super) fn is_paired(name: &str) -> bool {
    name.ends_with(".up.sql") || name.ends_with(".down.sql")
}

pub(in crate::discover) fn in_migrations_folder(folder: &Path) -> bool {
    matches!(&*file_name(folder), "migrations" | "migration" | "migrate")
}

pub(super) fn in_drizzle_folder(folder: &Path) -> bool {
    folder.components().any(|part| part.as_os_str() == "drizzle")
}
