//! The schemas of a run: one per migration set, and for files that are alike near to several, what these agree on. Must not know
//! how files find their sets.

use crate::catalog::{Catalog, Unfollowed};
use crate::source::{FileId, Sources};
use std::collections::BTreeMap;

/// Every schema of a run, and which file sees which.
pub(super) struct Schemas {
    of_sets: Vec<Catalog>,
    united: BTreeMap<Vec<u32>, Catalog>,
    sets: Vec<Vec<u32>>,
}

impl Schemas {
    /// `sets`: those of each file, by its number.
    pub(super) fn new(sets: Vec<Vec<u32>>) -> Self {
        let count = sets.iter().flatten().max().map_or(1, |&last| last as usize + 1);
        Schemas { of_sets: vec![Catalog::default(); count], united: BTreeMap::new(), sets }
    }

    /// The set that a migration changes.
    pub(super) fn set_of(&self, file: FileId) -> u32 {
        self.sets_of(file).first().copied().unwrap_or(0)
    }

    /// Takes in the schema that a set's migrations leave.
    pub(super) fn put(&mut self, set: u32, catalog: Catalog) {
        if let Some(place) = self.of_sets.get_mut(set as usize) {
            *place = catalog;
        }
    }

    /// The schema that a migration changes.
    pub(super) fn changed_by(&mut self, file: FileId) -> &mut Catalog {
        let set = (self.set_of(file) as usize).min(self.of_sets.len() - 1);
        &mut self.of_sets[set]
    }

    /// Prepares what files see that are alike near to several sets; once, after the last [`Schemas::put`].
    pub(super) fn unite(&mut self) {
        self.pass_over_empty();
        for sets in self.sets.iter().filter(|sets| sets.len() > 1) {
            if !self.united.contains_key(sets) {
                let all: Vec<&Catalog> = sets.iter().filter_map(|&set| self.of_sets.get(set as usize)).collect();
                self.united.insert(sets.clone(), Catalog::united(&all));
            }
        }
    }

    /// The files near to a set that leaves nothing (its statements are put together when they run) see the others: of those that
    /// share most of their tables the largest, as they are one database told twice.
    fn pass_over_empty(&mut self) {
        let tables = |set: &u32| self.of_sets.get(*set as usize).map_or(0, |catalog| catalog.tables.len());
        let empty: Vec<bool> = self.sets.iter().map(|sets| !sets.is_empty() && sets.iter().all(|set| tables(set) == 0)).collect();
        if !empty.contains(&true) {
            return;
        }
        let mut full: Vec<u32> = (0..self.of_sets.len() as u32).filter(|set| tables(set) > 0).collect();
        full.sort_by_key(|set| std::cmp::Reverse(tables(set)));
        let mut kept: Vec<u32> = vec![];
        for set in full {
            let own = &self.of_sets[set as usize].tables;
            let told =
                |other: &u32| own.keys().filter(|name| self.of_sets[*other as usize].tables.contains_key(name)).count() * 2 > own.len();
            if !kept.iter().any(told) {
                kept.push(set);
            }
        }
        kept.sort_unstable();
        for (sets, _) in self.sets.iter_mut().zip(empty).filter(|(_, empty)| *empty) {
            if !kept.is_empty() {
                sets.clone_from(&kept);
            }
        }
    }

    /// The schema that a file sees.
    pub(super) fn of(&self, file: FileId) -> &Catalog {
        let one = || &self.of_sets[(self.set_of(file) as usize).min(self.of_sets.len() - 1)];
        self.united.get(self.sets_of(file)).unwrap_or_else(one)
    }

    /// The schema of each set.
    pub(super) fn each(&self) -> impl Iterator<Item = &Catalog> {
        self.of_sets.iter()
    }

    /// What is not known of the schemas since it was not followed, with the first places.
    pub(super) fn note(&self, sources: &Sources) -> Option<String> {
        const SHOWN: usize = 3;
        let all: Vec<&Unfollowed> = self.of_sets.iter().flat_map(Catalog::unfollowed).collect();
        let place = |one: &&Unfollowed| {
            let source = sources.get(one.at.file);
            format!("{} at {}:{}", one.what, source.name(), source.position(one.at.span.start).line)
        };
        let mut named: Vec<String> = all.iter().take(SHOWN).map(place).collect();
        if all.len() > SHOWN {
            named.push(format!("{} more", all.len() - SHOWN));
        }
        let (changes, run) =
            if all.len() == 1 { ("1 place changes".to_owned(), "it runs") } else { (format!("{} places change", all.len()), "they run") };
        let note = format!(
            "{changes} the schema in a way known only when {run} ({}); the tables that are named there are known in part",
            named.join(", ")
        );
        (!all.is_empty()).then_some(note)
    }

    /// The schema of each set, in their order; at least one.
    pub(super) fn into_catalogs(self) -> Vec<Catalog> {
        self.of_sets
    }

    fn sets_of(&self, file: FileId) -> &[u32] {
        self.sets.get(file.0 as usize).map_or(&[], Vec::as_slice)
    }
}
