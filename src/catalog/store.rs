//! A map of named things that can be taken back to an earlier state, and that knows who leans on whom.
//!
//! Migrations run in transactions, so each change must be undoable; a copy of the schema per transaction would make long
//! histories slow. A store keeps, while it records, the old value of what it changes. It also keeps a superset of the
//! dependents of each relation, so that no statement has to look at every table. It must not know what it holds.
//!
//! Clones share everything until one of them is written, so that each file can be given a schema of its own to change.

use super::Qualified;
use crate::facts::Identifier;
use hashbrown::{DefaultHashBuilder, Equivalent, HashMap, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;

/// Something that leans on relations: an index on its table, a table on its parents.
pub trait Leans {
    /// Whether [`Store::named`] is asked of its kind.
    const BY_NAME: bool = false;

    /// Visits each relation it leans on.
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified));

    /// Gives back room that it does not use: what a schema holds stays to the end of the run.
    fn shrink(&mut self) {}
}

/// A resolved name that is only looked up: what [`Qualified`] owns, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'n> {
    /// Schema.
    pub schema: &'n str,
    /// Name.
    pub name: &'n str,
}

impl std::hash::Hash for Key<'_> {
    /// Names are hashed for every question to the schema: no end marks, equality tells `a.bc` from `ab.c`.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(self.schema.as_bytes());
        state.write(self.name.as_bytes());
    }
}

impl<'n> From<&'n Qualified> for Key<'n> {
    fn from(name: &'n Qualified) -> Self {
        Key { schema: &name.schema, name: &name.name }
    }
}

impl Key<'_> {
    /// As a name of its own.
    pub fn to_qualified(self) -> Qualified {
        Qualified { schema: self.schema.into(), name: self.name.into() }
    }
}

impl Equivalent<Qualified> for Key<'_> {
    fn equivalent(&self, key: &Qualified) -> bool {
        self.name == key.name && self.schema == key.schema
    }
}

/// A map by resolved name.
#[derive(Debug, Clone)]
pub struct Store<V> {
    inner: Arc<Inner<V>>,
    log: Vec<(Arc<Qualified>, Option<Arc<V>>)>,
    /// While changes are recorded: which stretch between two marks this is, counted from 1; otherwise 0.
    stretch: u32,
    marks: u32,
}

#[derive(Debug, Clone)]
struct Inner<V> {
    hasher: DefaultHashBuilder,
    map: HashTable<Slot<V>>,
    /// By the hash of the relation's name: who asks looks anyway whether what it gets still leans on it.
    dependents: HashMap<u64, Names>,
    by_name: HashMap<Identifier, Names>,
    temporary: usize,
}

#[derive(Debug)]
struct Slot<V> {
    /// Of the name: kept so that a table that grows need not visit every name.
    hash: u64,
    name: Arc<Qualified>,
    value: Arc<V>,
    /// The stretch in which its old value was last recorded.
    recorded: u32,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Slot { name: self.name.clone(), value: self.value.clone(), ..*self }
    }
}

impl<V> Slot<V> {
    fn is(&self, key: Key) -> bool {
        self.name.name == key.name && self.name.schema == key.schema
    }
}

impl<V> Inner<V> {
    fn slot(&self, key: Key) -> Option<&Slot<V>> {
        self.map.find(self.hasher.hash_one(key), |slot| slot.is(key))
    }
}

impl<V> Default for Store<V> {
    fn default() -> Self {
        let inner = Inner {
            hasher: DefaultHashBuilder::default(),
            map: HashTable::new(),
            dependents: HashMap::new(),
            by_name: HashMap::new(),
            temporary: 0,
        };
        Store { inner: Arc::new(inner), log: vec![], stretch: 0, marks: 0 }
    }
}

impl<'s, V> IntoIterator for &'s Store<V> {
    type Item = (&'s Qualified, &'s V);
    type IntoIter = std::vec::IntoIter<(&'s Qualified, &'s V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.sorted(|_| true).into_iter()
    }
}

impl<V> Store<V> {
    /// The value of that name.
    pub fn get(&self, name: &Qualified) -> Option<&V> {
        self.inner.slot(name.into()).map(|slot| &*slot.value)
    }

    /// The value of that name, with the name as it is kept.
    pub fn get_key_value(&self, name: &Qualified) -> Option<(&Qualified, &V)> {
        self.find(name.into())
    }

    /// The same by a borrowed name.
    pub fn find(&self, name: Key<'_>) -> Option<(&Qualified, &V)> {
        self.inner.slot(name).map(|slot| (&*slot.name, &*slot.value))
    }

    /// Whether there is one of that borrowed name.
    pub fn has(&self, name: Key<'_>) -> bool {
        self.inner.slot(name).is_some()
    }

    /// Whether there is one of that name.
    pub fn contains_key(&self, name: &Qualified) -> bool {
        self.has(name.into())
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.inner.map.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.inner.map.is_empty()
    }

    /// All, in the order of their names; it takes a sort, so what is asked for every statement asks
    /// [`Store::dependents`] or [`Store::named`] instead.
    pub fn iter(&self) -> std::vec::IntoIter<(&Qualified, &V)> {
        self.into_iter()
    }

    /// All in no order at all, for questions that do not depend on it: nothing is sorted.
    pub fn unordered(&self) -> impl Iterator<Item = (&Qualified, &V)> {
        self.inner.map.iter().map(|slot| (&*slot.name, &*slot.value))
    }

    /// Those that pass a test, in the order of names: only they are sorted.
    pub fn matching(&self, fits: impl Fn(&Qualified, &V) -> bool) -> Vec<(&Qualified, &V)> {
        let mut found: Vec<_> = self.unordered().filter(|(name, value)| fits(name, value)).collect();
        found.sort_unstable_by_key(|(name, _)| *name);
        found
    }

    /// The names in order.
    pub fn keys(&self) -> impl Iterator<Item = &Qualified> {
        self.into_iter().map(|(name, _)| name)
    }

    /// The values, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.into_iter().map(|(_, value)| value)
    }

    /// What may lean on a relation, in the order of names; the caller looks whether it still does.
    pub fn dependents<'s>(&'s self, on: &Qualified) -> impl Iterator<Item = (&'s Qualified, &'s V)> + use<'s, V> {
        self.known(self.inner.dependents.get(&self.inner.hasher.hash_one(on)))
    }

    /// Those of that name in whichever schema, in the order of schemas.
    pub fn named<'s>(&'s self, name: &str) -> impl Iterator<Item = (&'s Qualified, &'s V)> + use<'s, V> {
        self.known(self.inner.by_name.get(name))
    }

    /// Those of one schema, in the order of names.
    pub(super) fn in_schema<'s>(&'s self, schema: &str) -> std::vec::IntoIter<(&'s Qualified, &'s V)> {
        if schema == "pg_temp" && self.inner.temporary == 0 {
            return vec![].into_iter();
        }
        self.sorted(|name| name.schema == schema).into_iter()
    }

    /// Whether anything temporary is in it.
    pub fn has_temporary(&self) -> bool {
        self.inner.temporary > 0
    }

    fn known<'s>(&'s self, names: Option<&'s Names>) -> impl Iterator<Item = (&'s Qualified, &'s V)> {
        names.into_iter().flat_map(|names| &names.0).filter_map(|name| self.get_key_value(name))
    }

    fn sorted(&self, wanted: impl Fn(&Qualified) -> bool) -> Vec<(&Qualified, &V)> {
        self.matching(|name, _| wanted(name))
    }
}

impl<V: Clone + Leans> Store<V> {
    /// Puts a value under a name, in place of what was there.
    pub fn insert(&mut self, name: Qualified, mut value: V) {
        value.shrink();
        let name = Arc::new(name);
        let inner = Arc::make_mut(&mut self.inner);
        inner.note(&name, &value);
        let old = inner.put(name.clone(), Arc::new(value), self.stretch);
        if self.stretch > 0 && old.as_ref().is_none_or(|old| old.recorded != self.stretch) {
            self.log.push((name, old.map(|old| old.value)));
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &Qualified) -> Option<V> {
        if !self.contains_key(name) {
            return None;
        }
        let old = Arc::make_mut(&mut self.inner).take(name)?;
        if self.stretch > 0 && old.recorded != self.stretch {
            self.log.push((old.name, Some(old.value.clone())));
        }
        Some(Arc::unwrap_or_clone(old.value))
    }

    /// Changes a value in place; `None` where there is none.
    pub fn edit<R>(&mut self, name: &Qualified, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.change(name, change, true)
    }

    /// The same for a change after which it leans on nothing more than before: nothing has to be noted.
    pub fn adjust<R>(&mut self, name: &Qualified, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.change(name, change, false)
    }

    fn change<R>(&mut self, name: &Qualified, change: impl FnOnce(&mut V) -> R, leans: bool) -> Option<R> {
        if !self.contains_key(name) {
            return None;
        }
        let Inner { hasher, map, dependents, .. } = Arc::make_mut(&mut self.inner);
        let slot = map.find_mut(hasher.hash_one(name), |slot| slot.is(name.into()))?;
        if self.stretch > 0 && slot.recorded != self.stretch {
            self.log.push((slot.name.clone(), Some(slot.value.clone())));
            slot.recorded = self.stretch;
        }
        let value = Arc::make_mut(&mut slot.value);
        let result = change(value);
        if leans {
            lean(dependents, hasher, &slot.name, value);
        }
        debug_assert!(is_noted(dependents, hasher, &slot.name, value), "{} leans on more than is known", slot.name);
        Some(result)
    }

    /// From now on changes can be undone, back to this point.
    pub(super) fn record(&mut self) {
        self.log.clear();
        self.stretch = 0;
        self.mark();
    }

    /// Changes so far stay.
    pub(super) fn settle(&mut self) {
        self.log.clear();
        self.stretch = 0;
    }

    /// A point to go back to: how many changes are recorded. What changes after it is recorded anew.
    pub(super) fn mark(&mut self) -> usize {
        self.marks += 1;
        self.stretch = self.marks;
        self.log.len()
    }

    /// Undoes the changes after a point.
    pub(super) fn undo_to(&mut self, mark: usize) {
        if self.log.len() <= mark {
            return;
        }
        let inner = Arc::make_mut(&mut self.inner);
        for (name, old) in self.log.drain(mark..).rev() {
            match old {
                Some(value) => {
                    inner.note(&name, &value);
                    inner.put(name, value, 0);
                }
                None => {
                    inner.take(&name);
                }
            }
        }
    }
}

impl<V: Leans> Inner<V> {
    fn put(&mut self, name: Arc<Qualified>, value: Arc<V>, recorded: u32) -> Option<Slot<V>> {
        let hash = self.hasher.hash_one(&*name);
        let key = Key::from(&*name);
        if let Some(known) = self.map.find_mut(hash, |slot| slot.is(key)) {
            return Some(std::mem::replace(known, Slot { hash, name, value, recorded }));
        }
        self.temporary += usize::from(name.schema == "pg_temp");
        self.map.insert_unique(hash, Slot { hash, name, value, recorded }, |slot| slot.hash);
        None
    }

    fn take(&mut self, name: &Qualified) -> Option<Slot<V>> {
        let found = self.map.find_entry(self.hasher.hash_one(name), |slot| slot.is(name.into())).ok()?;
        let (found, _) = found.remove();
        self.temporary -= usize::from(name.schema == "pg_temp");
        if V::BY_NAME
            && let Some(names) = self.by_name.get_mut(name.name.as_str())
        {
            names.remove(name);
        }
        Some(found)
    }

    fn note(&mut self, name: &Arc<Qualified>, value: &V) {
        if V::BY_NAME {
            self.by_name.entry_ref(&name.name).or_default().insert(name);
        }
        lean(&mut self.dependents, &self.hasher, name, value);
    }
}

/// A few names in order: a vector is a fifth of a tree's size, and most relations have one dependent or two.
#[derive(Debug, Clone, Default)]
struct Names(Vec<Arc<Qualified>>);

impl Names {
    fn insert(&mut self, name: &Arc<Qualified>) {
        if let Err(at) = self.0.binary_search(name) {
            if self.0.len() < 2 {
                self.0.reserve_exact(1);
            }
            self.0.insert(at, name.clone());
        }
    }

    fn remove(&mut self, name: &Qualified) {
        if let Ok(at) = self.0.binary_search_by(|known| (**known).cmp(name)) {
            self.0.remove(at);
        }
    }
}

fn lean<V: Leans>(dependents: &mut HashMap<u64, Names>, hasher: &DefaultHashBuilder, name: &Arc<Qualified>, value: &V) {
    value.leans_on(&mut |on| dependents.entry(hasher.hash_one(on)).or_default().insert(name));
}

/// Whether all that a value leans on knows it.
fn is_noted<V: Leans>(dependents: &HashMap<u64, Names>, hasher: &DefaultHashBuilder, name: &Arc<Qualified>, value: &V) -> bool {
    let mut noted = true;
    value.leans_on(&mut |on| noted &= dependents.get(&hasher.hash_one(on)).is_some_and(|names| names.0.binary_search(name).is_ok()));
    noted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    impl Leans for u8 {
        const BY_NAME: bool = true;
        fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
            visit(&name(*self));
        }
    }

    fn name(n: u8) -> Qualified {
        let schema = if n % 4 < 2 { "public" } else { "pg_temp" };
        Qualified { schema: schema.into(), name: (n % 2).to_string().into() }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u8, u8),
        Remove(u8),
        Edit(u8, u8),
        Mark,
        Undo,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u8..4, any::<u8>()).prop_map(|(n, v)| Step::Insert(n, v)),
            (0u8..4).prop_map(Step::Remove),
            (0u8..4, any::<u8>()).prop_map(|(n, v)| Step::Edit(n, v)),
            Just(Step::Mark),
            Just(Step::Undo),
        ]
    }

    proptest! {
        #[test]
        fn a_store_is_a_map_with_savepoints(steps in prop::collection::vec(step(), 0..40)) {
            let mut store: Store<u8> = Store::default();
            let mut model: BTreeMap<Qualified, u8> = BTreeMap::new();
            store.record();
            let mut marks = vec![(store.mark(), model.clone())];
            let (shared, untouched) = (store.clone(), model.clone());
            for step in steps {
                match step {
                    Step::Insert(n, v) => {
                        store.insert(name(n), v);
                        model.insert(name(n), v);
                    }
                    Step::Remove(n) => prop_assert_eq!(store.remove(&name(n)), model.remove(&name(n))),
                    Step::Edit(n, v) => {
                        store.edit(&name(n), |value| *value = v);
                        model.entry(name(n)).and_modify(|value| *value = v);
                    }
                    Step::Mark => marks.push((store.mark(), model.clone())),
                    Step::Undo => {
                        let (mark, then) = if marks.len() > 1 { marks.pop() } else { marks.first().cloned() }.unwrap_or_default();
                        store.undo_to(mark);
                        model = then;
                    }
                }
                prop_assert_eq!(store.iter().map(|(n, v)| (n.clone(), *v)).collect::<BTreeMap<_, _>>(), model.clone());
                for (n, v) in &model {
                    prop_assert!(store.named(&n.name).any(|(known, _)| known == n));
                    prop_assert!(store.dependents(&name(*v)).any(|(known, _)| known == n));
                }
                prop_assert_eq!(store.has_temporary(), model.keys().any(|n| n.schema == "pg_temp"));
            }
            prop_assert_eq!(shared.iter().count(), untouched.len());
        }
    }
}
