//! Which lines a change touches, asked of git's own program: since a revision, or in the index.
//!
//! Git's output is read with every setting that could change its form overridden. Must not know findings' rules: it answers
//! whether a file's lines are new.

use crate::finding::{Finding, Outcome};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is new in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// The file itself.
    Whole,
    /// These lines, and places between two lines where something was taken out.
    Lines(Vec<Hunk>),
}

/// `count` lines from `start`; with none, lines were removed after line `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hunk {
    start: usize,
    count: usize,
}

impl Hunk {
    fn touches(self, first: usize, last: usize) -> bool {
        match self.count {
            0 => first <= self.start && self.start < last,
            count => first < self.start + count && self.start <= last,
        }
    }
}

/// The new lines of every changed file, by absolute path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    files: HashMap<PathBuf, Change>,
}

impl Changes {
    /// What differs between the working tree and the point where HEAD left `revision`; untracked files are new.
    pub fn since(revision: &str, cwd: &Path) -> Result<Changes, String> {
        let git = Git::open(cwd)?;
        let base = git.merge_base(revision)?;
        let mut changes = git.changes(&[&base])?;
        for path in git.listed(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/"])? {
            changes.files.insert(path, Change::Whole);
        }
        Ok(changes)
    }

    /// What differs between the index and HEAD.
    pub fn staged(cwd: &Path) -> Result<Changes, String> {
        Git::open(cwd)?.changes(&["--cached"])
    }

    /// Takes out the findings that touch nothing new, and counts them. A finding belongs to its whole statement.
    pub fn apply(&self, outcome: &mut Outcome, cwd: &Path) {
        let sources = &outcome.sources;
        let before = outcome.findings.len();
        let is_new = |finding: &Finding| {
            let at = finding.primary.at;
            let source = sources.get(at.file);
            let span = finding.statement.filter(|s| s.file == at.file).map_or(at.span, |s| s.span.to(at.span));
            let (first, last) = (source.position(span.start).line, source.position(span.end.max(span.start + 1) - 1).line);
            match self.files.get(&normalize(&cwd.join(&source.path))) {
                None => false,
                Some(Change::Whole) => true,
                Some(Change::Lines(hunks)) => hunks.iter().any(|hunk| hunk.touches(first, last)),
            }
        };
        let keep: Vec<bool> = outcome.findings.iter().map(is_new).collect();
        let mut keep = keep.into_iter();
        outcome.findings.retain(|_| keep.next().unwrap_or(true));
        outcome.summary.unchanged = before - outcome.findings.len();
    }
}

/// Files whose content in the index is not what lies on disk: their bytes, or `None` for what the index does not have.
pub fn index_contents(cwd: &Path) -> Result<HashMap<PathBuf, Option<Vec<u8>>>, String> {
    let git = Git::open(cwd)?;
    let mut contents = HashMap::new();
    for path in git.listed(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/"])? {
        contents.insert(path, None);
    }
    for path in git.listed(&["diff-files", "--name-only", "--no-relative", "-z"])? {
        let relative = path.strip_prefix(&git.root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        // A path in conflict has no single content: its own side is read, as git would diff it.
        let blob = git.run(&["show", &format!(":0:{relative}")]).or_else(|_| git.run(&["show", &format!(":2:{relative}")]));
        contents.insert(path, blob.ok());
    }
    Ok(contents)
}

/// The folder that holds the repository of `cwd`, if git knows one.
pub fn root(cwd: &Path) -> Option<PathBuf> {
    cwd.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}

/// Where git looks for its hooks.
pub fn hooks_folder(cwd: &Path) -> Result<PathBuf, String> {
    let git = Git::open(cwd)?;
    let path = git.text(&["rev-parse", "--git-path", "hooks"])?;
    Ok(normalize(&cwd.join(path.trim_end_matches('\n'))))
}

struct Git {
    cwd: PathBuf,
    /// The working tree's top, spelled as `cwd` is (git would resolve links).
    root: PathBuf,
}

impl Git {
    fn open(cwd: &Path) -> Result<Git, String> {
        let mut git = Git { cwd: cwd.to_owned(), root: cwd.to_owned() };
        let up = git.text(&["rev-parse", "--show-cdup"]).map_err(|error| format!("no git repository here: {error}"))?;
        git.root = normalize(&cwd.join(up.trim_end_matches('\n')));
        Ok(git)
    }

    fn run(&self, args: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        command.args(["-c", "core.quotePath=false", "-c", "core.fsmonitor=false"]).args(args).current_dir(&self.cwd);
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null());
        let output = command.output().map_err(|error| format!("git cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("git failed without a word");
        Err(line.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned())
    }

    fn text(&self, args: &[&str]) -> Result<String, String> {
        Ok(String::from_utf8_lossy(&self.run(args)?).into_owned())
    }

    /// Paths that git lists from the top, separated by NUL.
    fn listed(&self, args: &[&str]) -> Result<Vec<PathBuf>, String> {
        let out = self.run(args)?;
        Ok(out.split(|&b| b == 0).filter(|path| !path.is_empty()).map(|path| self.root.join(os_path(path))).collect())
    }

    fn merge_base(&self, revision: &str) -> Result<String, String> {
        if revision.starts_with('-') {
            return Err(format!("`{revision}` is not a revision"));
        }
        let shallow = || self.text(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|said| said.trim() == "true");
        let more = "fetch more history (`git fetch --unshallow`; with actions/checkout: `fetch-depth: 0`)";
        let commit = self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")]);
        let Ok(commit) = commit else {
            return Err(match shallow() {
                true => format!("git does not know the revision `{revision}`, and this clone is shallow: {more}"),
                false => format!("git does not know the revision `{revision}`; if it is a branch of a remote, fetch it first"),
            });
        };
        let commit = commit.trim();
        match self.text(&["merge-base", commit, "HEAD"]) {
            Ok(base) => Ok(base.trim().to_owned()),
            Err(_) if shallow() => Err(format!("this clone is shallow and does not reach the point where HEAD left `{revision}`: {more}")),
            Err(_) => Err(format!("HEAD and `{revision}` have no common ancestor")),
        }
    }

    fn changes(&self, what: &[&str]) -> Result<Changes, String> {
        let mut args = vec![
            "diff",
            "--unified=0",
            "--inter-hunk-context=0",
            "--find-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--text",
            "--no-relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--ignore-submodules",
            "--diff-filter=d",
        ];
        args.extend(what);
        args.push("--");
        let patch = self.run(&args)?;
        let files = parse_patch(&patch).into_iter().map(|(path, change)| (self.root.join(os_path(&path)), change));
        Ok(Changes { files: files.collect() })
    }
}

#[cfg(unix)]
fn os_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn os_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// The path without `.` and `..`, as text says it.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// The changes of a patch without context, by path. Lines of files are counted off and never looked at.
fn parse_patch(patch: &[u8]) -> Vec<(Vec<u8>, Change)> {
    let mut found: Vec<(Vec<u8>, Change)> = vec![];
    let mut added = false;
    let mut content = 0;
    for line in patch.split(|&b| b == b'\n') {
        if content > 0 && matches!(line.first(), Some(b'+' | b'-')) {
            content -= 1;
        } else if line.starts_with(b"diff --git ") {
            added = false;
        } else if line.starts_with(b"new file mode ") {
            added = true;
        } else if let Some(path) = line.strip_prefix(b"+++ ") {
            let path = unquote(path);
            let path = path.strip_prefix(b"b/").unwrap_or(&path).to_vec();
            found.push((path, if added { Change::Whole } else { Change::Lines(vec![]) }));
        } else if let Some((old, hunk)) = hunk(line) {
            content = old + hunk.count;
            if let Some((_, Change::Lines(hunks))) = found.last_mut() {
                hunks.push(hunk);
            }
        }
    }
    found
}

/// `@@ -a,b +c,d @@`: how many old lines, and the new ones.
fn hunk(line: &[u8]) -> Option<(usize, Hunk)> {
    let line = std::str::from_utf8(line.get(..line.len().min(80))?).or_else(|e| std::str::from_utf8(&line[..e.valid_up_to()])).ok()?;
    let (old, new) = line.strip_prefix("@@ -")?.split_once(" @@")?.0.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        match text.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let (start, count) = range(new)?;
    Some((range(old)?.1, Hunk { start, count }))
}

/// A path as git writes it: in quotes with C escapes where it holds odd characters, with a tab after it where it holds a space.
fn unquote(path: &[u8]) -> Vec<u8> {
    let path = path.strip_suffix(b"\r").unwrap_or(path);
    let path = path.strip_suffix(b"\t").unwrap_or(path);
    let Some(inner) = path.strip_prefix(b"\"").and_then(|p| p.strip_suffix(b"\"")) else { return path.to_vec() };
    let mut out = vec![];
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'v') => out.push(11),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    if let Some(next) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) {
                        value = value * 8 + u32::from(next - b'0');
                    }
                }
                out.push(value as u8);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_counted_off() {
        let patch = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@ f\n-++ b/y\n-b\n+++ b/z\n+@@ -1 +1 @@\n+c\n@@ -9 +10,0 @@\n-g\n\
            diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ \"b/n\\303\\251\\\"w\"\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n\
            diff --git a/o b/p q\nsimilarity index 90%\nrename from o\nrename to p q\n--- a/o\n+++ b/p q\t\n@@ -5 +5 @@\n-a\n+b\n";
        let found = parse_patch(patch);
        let lines = |hunks: &[(usize, usize)]| Change::Lines(hunks.iter().map(|&(start, count)| Hunk { start, count }).collect());
        assert_eq!(
            found,
            [(b"x".to_vec(), lines(&[(1, 3), (10, 0)])), ("né\"w".as_bytes().to_vec(), Change::Whole), (b"p q".to_vec(), lines(&[(5, 1)])),]
        );
    }

    #[test]
    fn a_removal_touches_what_lies_around_it() {
        let hunk = Hunk { start: 3, count: 0 };
        assert_eq!([(1, 3), (3, 4), (4, 9), (2, 9)].map(|(a, b)| hunk.touches(a, b)), [false, true, false, true]);
        let hunk = Hunk { start: 3, count: 2 };
        assert_eq!([(1, 2), (1, 3), (4, 4), (5, 6)].map(|(a, b)| hunk.touches(a, b)), [false, true, true, false]);
    }
}
