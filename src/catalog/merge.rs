//! Several schemas as one, for files that may be meant for any of them. What two of them call by one name is left out, since it is
//! not known which one is meant; what leans on it is only partly known. Must not know where the schemas come from.

use super::store::{Leans, Store};
use super::{Catalog, Knowledge, Qualified};
use std::collections::{HashMap, HashSet};

impl Catalog {
    /// What the schemas hold together, without the names that several of them use.
    pub(crate) fn united(all: &[&Catalog]) -> Catalog {
        if let [one] = all {
            return (*one).clone();
        }
        let mut united = Catalog { given_names: super::naming::GivenNames::unknown(), ..Catalog::default() };
        for catalog in all {
            extend(&mut united.schemas, &catalog.schemas);
            extend(&mut united.extensions, &catalog.extensions);
        }
        let relations = repeated(all, |c| c.tables.keys().chain(c.views.keys()).chain(c.sequences.keys()).collect());
        let types = repeated(all, |c| c.types.keys().chain(c.domains.keys()).collect());
        let functions = repeated(all, |c| c.functions.keys().collect());
        let indexes = repeated(all, |c| c.indexes.keys().collect());
        for catalog in all {
            take(&mut united.tables, &catalog.tables, &relations);
            take(&mut united.views, &catalog.views, &relations);
            take(&mut united.sequences, &catalog.sequences, &relations);
            take(&mut united.types, &catalog.types, &types);
            take(&mut united.domains, &catalog.domains, &types);
            take(&mut united.functions, &catalog.functions, &functions);
            for (name, index) in catalog.indexes.iter().filter(|(_, index)| !relations.contains(&index.table)) {
                if indexes.contains(name) {
                    united.tables.edit(&index.table, |table| table.knowledge = Knowledge::Partial);
                } else {
                    united.indexes.insert(name.clone(), index.clone());
                }
            }
        }
        united
    }
}

fn extend(names: &mut Vec<String>, more: &[String]) {
    for name in more.iter().filter(|name| !names.contains(*name)).cloned().collect::<Vec<_>>() {
        names.push(name);
    }
}

/// The names that more than one schema uses.
fn repeated<'c>(all: &[&'c Catalog], names: impl Fn(&'c Catalog) -> HashSet<&'c Qualified>) -> HashSet<&'c Qualified> {
    let mut counts: HashMap<&Qualified, usize> = HashMap::new();
    for name in all.iter().flat_map(|catalog| names(catalog)) {
        *counts.entry(name).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}

fn take<V: Clone + Leans>(into: &mut Store<V>, from: &Store<V>, left_out: &HashSet<&Qualified>) {
    for (name, value) in from.iter().filter(|(name, _)| !left_out.contains(name)) {
        into.insert(name.clone(), value.clone());
    }
}
