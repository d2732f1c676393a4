//! Definitions of which each version is a file of its own, as Scenic and fx keep views and functions: `reports_v01.sql` beside
//! `reports_v02.sql`. Only the last of them is what the database has. Knows names of files, and nothing of what is in them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Folders of such definitions.
const FOLDERS: &[&str] = &["views", "functions", "triggers", "materialized_views"];

/// The files that a later version stands beside.
pub(super) fn superseded<'p>(paths: impl Iterator<Item = &'p Path>) -> HashSet<PathBuf> {
    let mut last: HashMap<(&Path, &str), (u32, &Path)> = HashMap::new();
    let mut found = HashSet::new();
    for path in paths {
        let Some((folder, name, version)) = versioned(path) else { continue };
        let known = last.entry((folder, name)).or_insert((version, path));
        if version > known.0 {
            found.insert(known.1.to_owned());
            *known = (version, path);
        } else if version < known.0 {
            found.insert(path.to_owned());
        }
    }
    found
}

/// `db/views/reports_v02.sql`: its folder, `reports` and 2.
fn versioned(path: &Path) -> Option<(&Path, &str, u32)> {
    let folder = path.parent()?;
    FOLDERS.contains(&folder.file_name()?.to_str()?).then_some(())?;
    let (name, version) = path.file_name()?.to_str()?.strip_suffix(".sql")?.rsplit_once("_v")?;
    (version.len() >= 2).then_some((folder, name, version.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_version_stands() {
        let files = [
            "db/views/a_v01.sql",
            "db/views/a_v10.sql",
            "db/views/a_v02.sql",
            "db/views/b_v03.sql",
            "db/functions/a_v01.sql",
            "sql/a_v01.sql",
            "sql/a_v02.sql",
        ];
        let mut found: Vec<_> = superseded(files.iter().map(Path::new)).into_iter().collect();
        found.sort();
        assert_eq!(found, [Path::new("db/views/a_v01.sql"), Path::new("db/views/a_v02.sql")]);
    }
}
