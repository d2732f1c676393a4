//! Which migrations make one schema, and which schema a file means.
//!
//! A repository may hold several services, each with its own migrations: their tables must not meet. Every folder of migrations is
//! a set; what lies deeper in a migrations folder that holds migrations itself belongs to it, and so does the dump beside or above
//! it. Any other file means the set that lies nearest to it. Must not know what the files say.

use super::layout::{self, Order};
use crate::engine::{Input, InputKind};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Why a folder is taken for a set, the least reason first: of sets that lie alike near to a file, the best counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Numbers,
    Dump,
    Framework,
}

/// Gives every input its sets, and returns the folders of the sets by number.
pub(super) fn assign(ordered: &mut [(Order, Input)]) -> Vec<PathBuf> {
    let sets = find(ordered);
    let numbers: HashMap<&Path, u32> = sets.keys().map(PathBuf::as_path).zip(0..).collect();
    let mut near: HashMap<PathBuf, Vec<u32>> = HashMap::new();
    // the files of a set stand together
    let mut last: Option<(PathBuf, Vec<u32>)> = None;
    for (order, input) in ordered {
        let folder = order.folder();
        input.sets = match (&input.kind, order.set()) {
            (InputKind::Migration(_) | InputKind::Program(_), Some(set)) => match &last {
                Some((known, numbers)) if known.as_os_str() == set.as_os_str() => numbers.clone(),
                _ => {
                    let number = numbers.get(outermost(set, &sets)).map(|&n| vec![n]).unwrap_or_default();
                    last = Some((set.to_owned(), number.clone()));
                    number
                }
            },
            (InputKind::Migration(_), None) => numbers.get(of_dump(folder, &sets)).map(|&n| vec![n]).unwrap_or_default(),
            _ => near.entry(folder.to_owned()).or_insert_with_key(|folder| nearest(folder, &sets)).clone(),
        };
    }
    sets.into_keys().collect()
}

/// The sets by their folders.
fn find(ordered: &[(Order, Input)]) -> BTreeMap<PathBuf, Known> {
    let mut folders: BTreeMap<PathBuf, Known> = BTreeMap::new();
    let mut last: Option<(&Path, Known)> = None;
    let mut dumps = vec![];
    for (order, input) in ordered {
        let info = match &input.kind {
            InputKind::Migration(info) => Some(info),
            InputKind::Program(_) => None,
            _ => continue,
        };
        match order.set() {
            Some(set) => {
                // the files of a set stand together, and most are of one framework
                let is_last = |best: Known| last.is_some_and(|(known, of)| of >= best && known.as_os_str() == set.as_os_str());
                if is_last(Known::Framework) {
                    continue;
                }
                let named = || set.ancestors().take(3).any(layout::in_migrations_folder);
                let known = if info.is_none_or(|info| info.framework != "plain") || named() { Known::Framework } else { Known::Numbers };
                if !is_last(known) {
                    let best = folders.entry(set.to_owned()).or_insert(known);
                    *best = known.max(*best);
                    last = Some((set, *best));
                }
            }
            None => dumps.push(order.folder().to_owned()),
        }
    }
    let mut sets = BTreeMap::new();
    for (folder, known) in &folders {
        let best = sets.entry(outermost(folder, &folders).to_owned()).or_insert(*known);
        *best = (*known).max(*best);
    }
    for folder in dumps {
        sets.entry(of_dump(&folder, &sets).to_owned()).or_insert(Known::Dump);
    }
    sets
}

/// The migrations folder among `folders` that a set lies in, or the set itself.
fn outermost<'p>(set: &'p Path, folders: &BTreeMap<PathBuf, Known>) -> &'p Path {
    set.ancestors()
        .filter(|dir| *dir == set || layout::in_migrations_folder(dir))
        .filter(|dir| folders.contains_key(*dir))
        .last()
        .unwrap_or(set)
}

/// The set that a dump in `folder` is the beginning of: the only one below the folder, or beside it; otherwise the folder's own.
fn of_dump<'p>(folder: &'p Path, sets: &'p BTreeMap<PathBuf, Known>) -> &'p Path {
    let only = |within: &dyn Fn(&Path) -> bool| {
        let mut found = sets.iter().filter(|(set, known)| **known == Known::Framework && within(set)).map(|(set, _)| set.as_path());
        found.next().filter(|_| found.next().is_none())
    };
    let is_trial =
        folder.components().any(|part| matches!(part.as_os_str().to_str(), Some("test" | "tests" | "testdata" | "fixtures" | "examples")));
    let beside = || only(&|set| !is_trial && set.parent() == folder.parent());
    only(&|set| set.starts_with(folder)).or_else(beside).unwrap_or(folder)
}

/// The sets that share the longest way with a folder, and of these the best known.
fn nearest(folder: &Path, sets: &BTreeMap<PathBuf, Known>) -> Vec<u32> {
    let shared = |set: &Path| set.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let rank = |(set, known): (&PathBuf, &Known)| (shared(set), *known);
    let best = sets.iter().map(rank).max();
    sets.iter().zip(0..).filter(|(set, _)| Some(rank(*set)) == best).map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(folders: &[(&str, Known)]) -> BTreeMap<PathBuf, Known> {
        folders.iter().map(|(folder, known)| (PathBuf::from(folder), *known)).collect()
    }

    #[test]
    fn the_nearest_set_counts_and_of_several_the_best_known() {
        let sets = sets(&[("/r/a/migrations", Known::Framework), ("/r/b/migrations", Known::Framework), ("/r/init", Known::Numbers)]);
        assert_eq!(nearest(Path::new("/r/a/src/queries"), &sets), [0]);
        assert_eq!(nearest(Path::new("/r/b"), &sets), [1]);
        assert_eq!(nearest(Path::new("/r/docs"), &sets), [0, 1]);
        assert_eq!(nearest(Path::new("/r/init/more"), &sets), [2]);
    }

    #[test]
    fn a_dump_begins_the_only_set_below_or_beside_it() {
        let sets = sets(&[("/r/a/db/migrations", Known::Framework), ("/r/b/migrations", Known::Framework)]);
        assert_eq!(of_dump(Path::new("/r/a/db"), &sets), Path::new("/r/a/db/migrations"));
        assert_eq!(of_dump(Path::new("/r/a/db/dumps"), &sets), Path::new("/r/a/db/migrations"));
        assert_eq!(of_dump(Path::new("/r/a/db/testdata"), &sets), Path::new("/r/a/db/testdata"));
        assert_eq!(of_dump(Path::new("/r"), &sets), Path::new("/r"));
    }

    #[test]
    fn folders_inside_a_migrations_folder_belong_to_it_where_it_holds_migrations() {
        let sets = sets(&[("/r/migrations", Known::Framework), ("/r/migrations/seeds", Known::Framework)]);
        assert_eq!(outermost(Path::new("/r/migrations/seeds"), &sets), Path::new("/r/migrations"));
        assert_eq!(outermost(Path::new("/r/migrations/tenant"), &BTreeMap::new()), Path::new("/r/migrations/tenant"));
    }
}
