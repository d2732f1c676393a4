//! Files that take something back, and files in whose place PostgreSQL has another: they are not replayed.

use super::names::{file_name, flyway_version};
use crate::discover::disk::Disk;
use std::path::Path;

pub(super) fn is_down(path: &Path, name: &str, disk: &Disk) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if flyway_version(name).is_some() {
        return name.starts_with('u');
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    // `x_revert` may be a migration that takes an earlier one back, so it needs the file that it undoes beside it
    let paired = |rest: &str| {
        let base = rest.trim_end_matches(['_', '-']);
        let beside = [format!("{rest}up.sql"), format!("{base}.sql"), format!("{base}.up.sql"), format!("{rest}deploy.sql")];
        beside.iter().any(|other| disk.folder(folder).has(other))
    };
    let ends = |word: &str| {
        stem.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('.') || rest.ends_with(['_', '-']) && paired(rest))
    };
    ["down", "rollback", "undo", "revert"].into_iter().any(ends)
        || stem.starts_with("rollback_")
        || stem.contains(".undo.")
        || matches!(&*file_name(folder), "down" | "downgrade" | "downgrades" | "rollback" | "rollbacks" | "revert" | "undo")
}

/// `db/drop/shop.postgres.drop.sql` beside `db/create`: what uninstalls.
pub(super) fn takes_everything_down(path: &Path, name: &str) -> bool {
    let folder = path.parent().map(file_name).unwrap_or_default();
    *folder == *"drop" && name.split(['.', '_', '-']).any(|word| word == "drop")
}

/// Whether PostgreSQL has a file of its own in the place of this one: beside `1_a.postgres.up.sql`, pop does not run `1_a.up.sql`.
pub(in crate::discover) fn has_own_for_postgres(path: &Path, disk: &Disk) -> bool {
    let name = file_name(path);
    let direction = if name.ends_with(".up.sql") { "up" } else { "down" };
    let Some(stem) = name.strip_suffix(".sql").and_then(|name| name.strip_suffix(direction)?.strip_suffix('.')) else { return false };
    let stem = stem.strip_suffix(".autocommit").unwrap_or(stem);
    if stem.contains('.') {
        return false;
    }
    let folder = disk.folder(path.parent().unwrap_or(Path::new("")));
    let own = |dialect: &str| ["", ".autocommit"].into_iter().any(|mode| folder.has(format!("{stem}.{dialect}{mode}.{direction}.sql")));
    own("postgres") || own("postgresql")
}
