//! The migrations of the same repository, for files that are checked without them.
//!
//! Whoever checks `queries/` or one source file means the schema that the repository's migrations leave. They are looked for
//! from the repository's folder down, in bounds, and of several sets those count that lie nearest to the file.

use super::{layout, programs, walk};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files of the migration sets nearest to each of `files`; `walked` folders were looked through already.
pub(super) fn migrations_for(files: &[&Path], walked: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let mut roots: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    let mut known: BTreeMap<&Path, Option<PathBuf>> = BTreeMap::new();
    for file in files {
        let Some(folder) = file.parent() else { continue };
        let root = known.entry(folder).or_insert_with(|| repository(folder));
        if let Some(root) = root.as_ref().filter(|root| !walked.iter().any(|folder| root.starts_with(folder))) {
            roots.entry(root.clone()).or_default().push(file);
        }
    }
    for (root, files) in roots {
        let sets = sets(&root);
        for file in files {
            let near = |set: &Path| set.components().zip(file.components()).take_while(|(a, b)| a == b).count();
            let nearest = sets.keys().map(|set| near(set)).max();
            let chosen = sets.iter().filter(|(set, _)| Some(near(set)) == nearest);
            found.extend(chosen.flat_map(|(_, files)| files.iter().cloned()));
        }
    }
    found.into_iter().collect()
}

/// The folder of the repository, or of the settings, that a folder lies in.
fn repository(folder: &Path) -> Option<PathBuf> {
    let is_root = |dir: &&Path| dir.join(".git").exists() || dir.join("pgsift.toml").is_file();
    folder.ancestors().take(64).find(is_root).map(Path::to_owned)
}

/// The migration sets under a folder, with their files.
fn sets(root: &Path) -> BTreeMap<PathBuf, Vec<PathBuf>> {
    let mut sets: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in walk::sql_files(root) {
        if let Some(set) = layout::migration_set(&path).or_else(|| programs::set(&path)) {
            sets.entry(set).or_default().push(path);
        }
    }
    sets
}
