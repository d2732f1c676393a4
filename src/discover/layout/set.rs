//! Which migrations belong together: the folder that holds a whole set, however it is cut in pieces.

use super::names::{file_name, flyway_version, in_migrations_folder, is_flyway_callback, is_folder_migration, is_numbered, is_paired};
use crate::discover::disk::Disk;
use std::path::{Path, PathBuf};

/// The folder that holds a migration's whole set; `None` for a file that does not look like a migration.
pub(in crate::discover) fn set_folder(path: &Path) -> Option<PathBuf> {
    let name = file_name(path);
    let folder = path.parent()?;
    if is_folder_migration(path) {
        return folder.parent().map(Path::to_owned);
    }
    if folder.ends_with("deploy") && folder.with_file_name("sqitch.plan").exists() {
        return Some(folder.to_owned());
    }
    if flyway_version(&name).is_some() || is_flyway_callback(&name) {
        let named = folder.ancestors().find(|dir| matches!(&*file_name(dir), "migration" | "migrations"));
        return Some(named.unwrap_or(folder).to_owned());
    }
    let versioned = is_numbered(&name) || is_paired(&name) || in_migrations_folder(folder);
    (versioned || name.ends_with(".sql") && whole_set(folder) != folder).then(|| whole_set(folder).to_owned())
}

/// Folders that only cut a migrations folder in pieces (`2024`, `v1.2`, `up`) are no sets of their own.
pub(super) fn whole_set(folder: &Path) -> &Path {
    let is_piece = |dir: &&Path| {
        let name = file_name(dir);
        let version = name.strip_prefix('v').unwrap_or(&name);
        version.starts_with(|c: char| c.is_ascii_digit()) || matches!(&*name, "up" | "down")
    };
    let whole = folder.ancestors().take(4).find(|dir| !is_piece(dir)).filter(|whole| *whole != folder);
    const LISTS: &[&str] = &["delta", "deltas", "updates", "upgrades", "patches", "versions", "versioned"];
    let is_list = |dir: &&Path| in_migrations_folder(dir) || LISTS.contains(&&*file_name(dir));
    whole.filter(|dir| dir.ancestors().take(4).any(|dir| is_list(&dir))).unwrap_or(folder)
}

/// The set of a file that is a migration by its name and place together: a number alone may be anything's.
pub(in crate::discover) fn migration_set(path: &Path) -> Option<PathBuf> {
    let name = file_name(path);
    if name == "structure.sql" {
        return path.parent().map(Path::to_owned);
    }
    let set = set_folder(path)?;
    let called = name.starts_with("migration-") || name.starts_with("migration_");
    let sure = called && is_numbered(&name)
        || set.ends_with("deploy")
        || is_folder_migration(path)
        || flyway_version(&name).is_some()
        || is_paired(&name);
    (sure || set.ancestors().take(3).any(in_migrations_folder)).then_some(set)
}

/// Every file that may belong to the set in `folder`: its own, and those one folder down.
pub(in crate::discover) fn files_of_set(folder: &Path, disk: &Disk) -> Vec<PathBuf> {
    let belongs = |path: &PathBuf| set_folder(path).is_some_and(|set| set == folder);
    disk.files_near(folder).into_iter().filter(belongs).collect()
}
