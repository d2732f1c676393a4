//! One writer per format. A writer sees an [`Outcome`] and nothing else: no facts, no catalog.
//!
//! Every format lists the same findings at the same places (`tests/emitters.rs`), and says too what was not understood and
//! what could not be read.

pub mod checkstyle;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
pub mod lines;
pub mod locks;
pub mod logs;
pub mod markdown;
pub mod rdjson;
pub mod sarif;
mod xml;

use crate::finding::{Finding, Outcome, Severity};
use crate::source::{Location, Position, Sources};

/// The rule that has the same to say in every file of a project that never sets a timeout.
const SAME_EVERYWHERE: &str = "missing-lock-timeout";

/// How often people are shown it.
const SHOWN: usize = 3;

/// How many of the other files are named.
const NAMED: usize = 10;

/// For people: the findings without those that only repeat themselves file by file, and what is said instead of these. What
/// machines read has them all.
fn for_people(outcome: &Outcome) -> (Vec<&Finding>, Option<String>) {
    let repeats = |finding: &&Finding| finding.rule == SAME_EVERYWHERE;
    let left: Vec<&Finding> = outcome.findings.iter().filter(repeats).skip(SHOWN).collect();
    if left.len() < SHOWN {
        return (outcome.findings.iter().collect(), None);
    }
    let mut seen = 0;
    let shown = outcome.findings.iter().filter(|finding| {
        seen += usize::from(repeats(finding));
        !repeats(finding) || seen <= SHOWN
    });
    let mut names: Vec<String> = left.iter().take(NAMED).map(|f| outcome.sources.get(f.primary.at.file).name().into_owned()).collect();
    if let Some(more) = left.len().checked_sub(NAMED).filter(|&more| more > 0) {
        names.push(format!("and {more} others"));
    }
    let note = format!(
        "{SAME_EVERYWHERE} in {} more: {}; where the runner sets it, `[runner] lock-timeout = true` in pgsift.toml says so",
        count(left.len(), "file"),
        names.join(", ")
    );
    (shown.collect(), Some(note))
}

/// Where the working directory lies in the repository, for the formats whose readers count paths from its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Put before every path: empty, or a folder that ends in `/`.
    pub prefix: String,
    /// The address of the repository's files at this revision, where one is known; ends in `/`.
    pub blob: Option<String>,
}

impl Site {
    /// The path as counted from the repository's root, with forward slashes and without `..`.
    fn path(&self, shown: &str) -> String {
        let shown = shown.replace('\\', "/");
        if self.prefix.is_empty() || shown.starts_with('/') {
            return shown;
        }
        let mut parts: Vec<&str> = vec![];
        for part in self.prefix.split('/').chain(shown.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

/// A place as writers show it.
struct Place {
    path: String,
    start: Position,
    end: Position,
}

fn place(at: Location, sources: &Sources, site: &Site) -> Place {
    let source = sources.get(at.file);
    let (start, end) = (source.position(at.span.start), source.position(at.span.end.max(at.span.start)));
    Place { path: site.path(&source.name()), start, end }
}

/// "1 error", "2 errors".
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The severities, the worst first.
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Notice];

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn paths_count_from_the_root() {
        let site = |prefix: &str| Site { prefix: prefix.to_owned(), blob: None };
        assert_eq!(site("").path("../a.sql"), "../a.sql");
        assert_eq!(site("db/").path("m/a.sql"), "db/m/a.sql");
        assert_eq!(site("db/x/").path("../m/a.sql"), "db/m/a.sql");
        assert_eq!(site("db/").path("/abs/a.sql"), "/abs/a.sql");
    }
}
