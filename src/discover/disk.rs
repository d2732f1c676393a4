//! What lies on disk around the files, each folder looked at once: a thousand migrations ask the same questions of the same few
//! folders, and most answers are no. Must not know what the files mean.

use hashbrown::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A folder of more entries than this is asked name by name.
const MOST: usize = 4096;

/// The folders looked at so far.
#[derive(Debug, Default)]
pub(super) struct Disk {
    folders: Mutex<HashMap<OsString, Arc<Folder>>>,
}

/// What lies in one folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// In the order of their names; `None` where there are too many, or where the folder does not say.
    entries: Option<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    name: OsString,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

impl Disk {
    /// A folder by its path, absolute and without `.` and `..`.
    pub(super) fn folder(&self, path: &Path) -> Arc<Folder> {
        if let Some(known) = locked(&self.folders).get(path.as_os_str()) {
            return known.clone();
        }
        let folder = Arc::new(Folder { path: path.to_owned(), entries: list(path, MOST) });
        locked(&self.folders).insert(path.as_os_str().to_owned(), folder.clone());
        folder
    }

    /// The files in a folder and in those directly in it, in the order of their names; links are not followed.
    pub(super) fn files_near(&self, path: &Path) -> Vec<PathBuf> {
        let mut found = vec![];
        self.each_file(path, 1, &mut found);
        found
    }

    fn each_file(&self, path: &Path, depth: usize, found: &mut Vec<PathBuf>) {
        let (folder, all);
        folder = self.folder(path);
        let entries = match &folder.entries {
            Some(entries) => entries,
            None => {
                all = list(path, usize::MAX).unwrap_or_default();
                &all
            }
        };
        for entry in entries {
            match entry.kind {
                Kind::File => found.push(path.join(&entry.name)),
                Kind::Folder if depth > 0 => self.each_file(&path.join(&entry.name), depth - 1, found),
                _ => {}
            }
        }
    }
}

impl Folder {
    /// Whether something of that name lies in it.
    pub(super) fn has(&self, name: impl AsRef<OsStr>) -> bool {
        let name = name.as_ref();
        match &self.entries {
            Some(entries) => entries.binary_search_by(|entry| entry.name.as_os_str().cmp(name)).is_ok(),
            None => self.path.join(name).exists(),
        }
    }

    /// The bytes of a file in it.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.has(name).then(|| std::fs::read(self.path.join(name)).ok()).flatten()
    }

    /// The text of a file in it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.read(name)?).ok()
    }
}

/// The entries of a folder, if they are not more than `most`. One that is not there has none.
fn list(path: &Path, most: usize) -> Option<Vec<Entry>> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return (error.kind() == io::ErrorKind::NotFound).then(Vec::new),
    };
    let mut found = vec![];
    for entry in entries {
        let entry = entry.ok()?;
        if found.len() == most {
            return None;
        }
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => Kind::File,
            Ok(kind) if kind.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        found.push(Entry { name: entry.file_name(), kind });
    }
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Some(found)
}

/// What a lock holds: nobody leaves it half done.
pub(super) fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn folders_say_what_lies_in_them() {
        let top = std::env::temp_dir().join(format!("pgsift-disk-{}", std::process::id()));
        std::fs::create_dir_all(top.join("b/deeper")).unwrap();
        for file in ["c.sql", "a.sql", "b/x.sql", "b/deeper/y.sql"] {
            std::fs::write(top.join(file), file).unwrap();
        }
        let disk = Disk::default();
        let folder = disk.folder(&top);
        assert!(folder.has("a.sql") && folder.has("b") && !folder.has("d.sql"));
        assert_eq!((folder.text("c.sql").as_deref(), folder.text("d.sql")), (Some("c.sql"), None));
        assert!(!disk.folder(&top.join("nowhere")).has("a.sql"));
        assert_eq!(disk.files_near(&top), ["a.sql", "b/x.sql", "c.sql"].map(|file| top.join(file)));
        // a folder with too many entries is asked for each
        let asked = Folder { path: top.clone(), entries: list(&top, 2) };
        assert!(asked.entries.is_none() && asked.has("a.sql") && !asked.has("d.sql"));
        std::fs::remove_dir_all(top).unwrap();
    }
}
