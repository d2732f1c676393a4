//! Which files there are: given paths, folders walked with `.gitignore` and `.ignore`, nothing read twice.

use crate::finding::Problem;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Folders that hold other people's files.
const SKIPPED: &[&str] = &[".git", ".hg", ".svn", "node_modules", "target", "vendor", ".venv", "venv", "__pycache__"];

/// Those of them that a repository may hold on purpose: what they hold is counted.
const VENDORED: &[&str] = &["node_modules", "vendor"];

/// A file found, by its absolute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Absolute, without `.` and `..`.
    pub(super) path: PathBuf,
    /// Named by the user rather than met in a folder.
    pub(super) named: bool,
    /// In bytes, where its folder entry was asked.
    pub(super) size: Option<u64>,
    /// In a folder of other people's code: counted, never read.
    pub(super) vendored: bool,
}

/// The path without `.` and `..`, as text says it; links are not followed.
pub(super) fn normalize(path: &Path, cwd: &Path) -> PathBuf {
    let whole = cwd.join(path);
    if whole.to_str().is_some_and(is_plain) {
        return whole;
    }
    let mut out = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// Whether a path has nothing to be taken out, told by its text alone: where that is not certain, it has.
pub(super) fn is_plain(path: &str) -> bool {
    let goes_about = |pair: &[u8]| matches!(pair, b"//" | b"/.");
    MAIN_SEPARATOR == '/' && !path.starts_with('.') && !path.ends_with('/') && !path.as_bytes().windows(2).any(goes_about)
}

/// Every file at or under `path`; says whether that is a folder.
pub(super) fn walk(path: &Path, shown: &str, found: &mut Vec<Found>, problems: &mut Vec<Problem>) -> bool {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            problems.push(problem(shown, &error));
            return false;
        }
    };
    if metadata.is_dir() {
        walk_folder(path, found, problems);
    } else if !metadata.is_file() {
        let message = "is not a regular file; give its text on standard input, with `-` as the path".to_owned();
        problems.push(Problem { file: shown.to_owned(), message });
    } else {
        found.push(Found { path: path.to_owned(), named: true, size: Some(metadata.len()), vendored: false });
    }
    metadata.is_dir()
}

pub(super) fn problem(shown: &str, error: &std::io::Error) -> Problem {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem { file: shown.to_owned(), message }
}

fn walk_folder(root: &Path, found: &mut Vec<Found>, problems: &mut Vec<Problem>) {
    let mut ignores = Ignores::above(root);
    let real_root = root.canonicalize().ok();
    let walk = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    let keep = |entry: &DirEntry| entry.depth() == 0 || ignores.keep(entry, real_root.as_deref());
    for entry in walk.filter_entry(keep) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                found.push(Found { path: entry.into_path(), named: false, size: None, vendored: false })
            }
            Ok(_) => {}
            Err(error) => problems.extend(walk_problem(&error)),
        }
    }
    for folder in ignores.vendored {
        let files = WalkDir::new(folder).into_iter().take(SEARCHED).filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        let files = files.map(DirEntry::into_path).filter(|path| super::file_kind(path).is_some());
        found.extend(files.map(|path| Found { path, named: false, size: None, vendored: true }));
    }
}

/// So many entries are looked at in the search for migrations.
const SEARCHED: usize = 50_000;

/// The SQL files and those of migrations in code under a folder, links not followed, as far as a bounded search goes.
pub(super) fn sql_files(root: &Path) -> Vec<PathBuf> {
    let mut ignores = Ignores::above(root);
    let walk = WalkDir::new(root).max_depth(16).sort_by_file_name().into_iter();
    let keep = |entry: &DirEntry| entry.depth() == 0 || ignores.keep(entry, None);
    let entries = walk.filter_entry(keep).take(SEARCHED).filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let is_sql = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql"));
    entries.map(DirEntry::into_path).filter(|path| is_sql(path) || super::programs::set(path).is_some()).collect()
}

/// A loop leads to a folder that is being walked anyway, and a dangling link of another kind is not ours: neither loses SQL.
fn walk_problem(error: &walkdir::Error) -> Option<Problem> {
    let path = error.path().unwrap_or(Path::new(""));
    let io = error.io_error()?;
    let dangling = io.kind() == std::io::ErrorKind::NotFound && path.is_symlink();
    if dangling && super::file_kind(path).is_none() {
        return None;
    }
    Some(problem(&path.to_string_lossy(), io))
}

/// The `.gitignore` and `.ignore` files in force, innermost last.
struct Ignores {
    stack: Vec<(PathBuf, Gitignore)>,
    /// Folders of other people's code that the repository holds.
    vendored: Vec<PathBuf>,
}

impl Ignores {
    /// Those above `root`, up to the repository's own folder, and `root`'s.
    fn above(root: &Path) -> Self {
        let top = root.ancestors().position(|dir| dir.join(".git").exists()).unwrap_or(0);
        let mut dirs: Vec<&Path> = root.ancestors().take(top + 1).collect();
        dirs.reverse();
        let mut ignores = Ignores { stack: vec![], vendored: vec![] };
        dirs.into_iter().for_each(|dir| ignores.enter(dir));
        ignores
    }

    fn enter(&mut self, dir: &Path) {
        let files: Vec<PathBuf> = [".gitignore", ".ignore"].map(|name| dir.join(name)).into_iter().filter(|file| file.is_file()).collect();
        if files.is_empty() {
            return;
        }
        let mut builder = GitignoreBuilder::new(dir);
        for file in &files {
            // A pattern that cannot be read ignores nothing; the others of the file still hold.
            let _ = builder.add(file);
        }
        if let Ok(matcher) = builder.build() {
            self.stack.push((dir.to_owned(), matcher));
        }
    }

    fn keep(&mut self, entry: &DirEntry, real_root: Option<&Path>) -> bool {
        let (path, is_dir) = (entry.path(), entry.file_type().is_dir());
        let linked_back = || path.canonicalize().is_ok_and(|real| real_root.is_some_and(|root| real.starts_with(root)));
        if entry.path_is_symlink() && linked_back() {
            return false;
        }
        let skipped = entry.file_name().to_str().filter(|name| is_dir && SKIPPED.contains(name));
        if skipped.is_some_and(|name| !VENDORED.contains(&name)) {
            return false;
        }
        while self.stack.last().is_some_and(|(dir, _)| !path.starts_with(dir)) {
            self.stack.pop();
        }
        if self.is_ignored(path, is_dir) {
            return false;
        }
        if skipped.is_some() {
            self.vendored.push(path.to_owned());
            return false;
        }
        if is_dir {
            self.enter(path);
        }
        true
    }

    fn is_ignored(&self, path: &Path, is_dir: bool) -> bool {
        for (_, matcher) in self.stack.iter().rev() {
            match matcher.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}
