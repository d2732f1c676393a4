//! A map of named things that can be taken back to an earlier state, and that knows who leans on whom.
//!
//! Migrations run in transactions, so each change must be undoable; a copy of the schema per transaction would make long
//! histories slow. A store keeps, while it records, the old value of what it changes. It also keeps a superset of the
//! dependents of each relation, so that no statement has to look at every table. It must not know what it holds.

use super::Qualified;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

/// Something that leans on relations: an index on its table, a table on its parents.
pub trait Leans {
    /// Visits each relation it leans on.
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified));
}

/// A map by resolved name; reads go through [`Deref`] to the map.
#[derive(Debug, Clone)]
pub struct Store<V> {
    map: BTreeMap<Qualified, V>,
    dependents: HashMap<Qualified, BTreeSet<Qualified>>,
    log: Vec<(Qualified, Option<V>)>,
    recording: bool,
}

impl<V> Default for Store<V> {
    fn default() -> Self {
        Store { map: BTreeMap::new(), dependents: HashMap::new(), log: vec![], recording: false }
    }
}

impl<V> Deref for Store<V> {
    type Target = BTreeMap<Qualified, V>;
    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<'s, V> IntoIterator for &'s Store<V> {
    type Item = (&'s Qualified, &'s V);
    type IntoIter = std::collections::btree_map::Iter<'s, Qualified, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl<V: Clone + Leans> Store<V> {
    /// Puts a value under a name, in place of what was there.
    pub fn insert(&mut self, name: Qualified, value: V) {
        self.note(&name, &value);
        let old = self.map.insert(name.clone(), value);
        if self.recording {
            self.log.push((name, old));
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &Qualified) -> Option<V> {
        let old = self.map.remove(name)?;
        if self.recording {
            self.log.push((name.clone(), Some(old.clone())));
        }
        Some(old)
    }

    /// Changes a value in place; `None` where there is none.
    pub fn edit<R>(&mut self, name: &Qualified, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let value = self.map.get_mut(name)?;
        if self.recording {
            self.log.push((name.clone(), Some(value.clone())));
        }
        let result = change(value);
        let mut leaning = vec![];
        value.leans_on(&mut |on| leaning.push(on.clone()));
        for on in leaning {
            self.dependents.entry(on).or_default().insert(name.clone());
        }
        Some(result)
    }

    /// What may lean on a relation; the caller looks whether it still does.
    pub(super) fn dependents<'s>(&'s self, on: &Qualified) -> impl Iterator<Item = (&'s Qualified, &'s V)> {
        self.dependents.get(on).into_iter().flatten().filter_map(|name| self.map.get_key_value(name))
    }

    /// The values of one schema.
    pub(super) fn in_schema<'s>(&'s self, schema: &'s str) -> impl Iterator<Item = (&'s Qualified, &'s V)> {
        let from = Qualified { schema: schema.to_owned(), name: String::new() };
        self.map.range(from..).take_while(move |(name, _)| name.schema == schema)
    }

    /// From now on changes can be undone, back to this point.
    pub(super) fn record(&mut self) {
        self.log.clear();
        self.recording = true;
    }

    /// Changes so far stay.
    pub(super) fn settle(&mut self) {
        self.log.clear();
        self.recording = false;
    }

    /// How many changes are recorded: a point to go back to.
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Undoes the changes after a point.
    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.log.len() > mark {
            let Some((name, old)) = self.log.pop() else { return };
            match old {
                Some(value) => {
                    self.note(&name, &value);
                    self.map.insert(name, value);
                }
                None => {
                    self.map.remove(&name);
                }
            }
        }
    }

    fn note(&mut self, name: &Qualified, value: &V) {
        let dependents = &mut self.dependents;
        value.leans_on(&mut |on| {
            dependents.entry(on.clone()).or_default().insert(name.clone());
        });
    }
}
