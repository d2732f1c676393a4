//! `start-after`: migrations up to the named one are replayed for the schema and not reported.
//!
//! Names are compared as runners order them, digits as numbers, so a version that no file has any more (or a date) serves as
//! well. A file whose name is of another kind (a repeatable Flyway migration, a schema file) is left as it is.

use crate::engine::{Input, InputKind};
use std::cmp::Ordering;
use std::path::Path;

/// Marks what is not to be reported.
pub(super) fn apply(start: &str, inputs: &mut [Input]) {
    let start = start.replace('\\', "/");
    let (folder, name) = start.trim_end_matches('/').rsplit_once('/').map_or((None, &*start), |(folder, name)| (Some(folder), name));
    for input in inputs.iter_mut().filter(|input| matches!(input.kind, InputKind::Migration(_))) {
        let (set, own) = named(&input.path);
        let in_folder = folder.is_none_or(|folder| set.ends_with(folder.trim_start_matches("./")));
        if in_folder && is_covered(&own, name) {
            input.reported = false;
        }
    }
}

/// The folder of the set and the migration's name: a folder's where each migration is one.
pub(super) fn named(path: &Path) -> (String, String) {
    let text = |path: Option<&Path>| path.map(|p| p.to_string_lossy().replace('\\', "/")).unwrap_or_default();
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let own = name(path);
    match (own.as_str(), path.parent()) {
        ("up.sql" | "down.sql" | "migration.sql", Some(folder)) => (text(folder.parent()), name(folder)),
        (_, folder) => (text(folder), own),
    }
}

/// Whether `name` comes before `start`, or begins with it.
fn is_covered(name: &str, start: &str) -> bool {
    let (name, start) = (parts(name), parts(start));
    let Some(last) = start.len().checked_sub(1) else { return false };
    if name.first().map(|part| part.is_text()) != Some(start[0].is_text()) {
        return false;
    }
    for (i, wanted) in start.iter().enumerate() {
        let Some(own) = name.get(i) else { return true };
        let order = match (own, wanted) {
            (Part::Number(a), Part::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Part::Text(a), Part::Text(b)) if i == last && a.starts_with(b) => Ordering::Equal,
            // names of different kinds are not before or after each other
            (Part::Text(a), Part::Text(b)) if i == 0 && a != b => return false,
            (Part::Text(a), Part::Text(b)) => a.cmp(b),
            (Part::Number(_), Part::Text(_)) => Ordering::Less,
            (Part::Text(_), Part::Number(_)) => Ordering::Greater,
        };
        if order != Ordering::Equal {
            return order == Ordering::Less;
        }
    }
    true
}

/// A run of digits without leading zeros, or of anything else.
enum Part<'t> {
    Number(&'t str),
    Text(&'t str),
}

impl Part<'_> {
    fn is_text(&self) -> bool {
        matches!(self, Part::Text(_))
    }
}

fn parts(name: &str) -> Vec<Part<'_>> {
    let mut found = vec![];
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        found.push(if digits { Part::Number(run.trim_start_matches('0')) } else { Part::Text(run) });
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_runners_do() {
        let covered = [
            ("0042_users.sql", "0042_users.sql"),
            ("0041_a.sql", "0042_users.sql"),
            ("9_a.sql", "0042"),
            ("20240101120000_x.sql", "20240101120000"),
            ("V2__a.sql", "V10"),
            ("V10__a.sql", "V10"),
            ("2019-01-01-000000_x", "2020-01-01"),
        ];
        for (name, start) in covered {
            assert!(is_covered(name, start), "{name} {start}");
        }
        let reported =
            [("0043_a.sql", "0042_users.sql"), ("100_a.sql", "42"), ("R__views.sql", "V10"), ("structure.sql", "0042"), ("a", "")];
        for (name, start) in reported {
            assert!(!is_covered(name, start), "{name} {start}");
        }
    }

    #[test]
    fn a_folder_limits_it() {
        assert_eq!(named(Path::new("db/m/0001_a.sql")), ("db/m".into(), "0001_a.sql".into()));
        assert_eq!(named(Path::new("db/m/0001_a/up.sql")), ("db/m".into(), "0001_a".into()));
    }
}
