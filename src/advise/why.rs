//! The reasons of an advised index, and what to mind, in words.

use super::Made;
use super::gather::Writes;
use super::worth::Worth;
use crate::catalog::Qualified;
use crate::catalog::index_match::Kind;

/// One sentence each.
pub(super) fn why(worth: Worth, made: &Made, writes: &Writes) -> Vec<String> {
    let table = &made.index.table;
    let (read, them) = if made.queries.len() == 1 { ("query reads", "it") } else { ("queries read", "them") };
    let mut parts = vec![match made.refines.iter().next() {
        Some(old) => format!("{} {read} {table} in this order: {old} finds the rows, which are then all sorted", made.queries.len()),
        None => format!("{} {read} {table} by these keys, and no index serves {them}", made.queries.len()),
    }];
    if !made.index.predicate.is_empty() {
        parts.push("every one of them has the predicate's condition, so the index leaves out the other rows".to_owned());
    }
    if !made.definition.include.is_empty() {
        let columns = made.definition.include.join(", ");
        parts.push(format!("{columns} in INCLUDE lets the index alone answer, where VACUUM keeps up with the writes"));
    }
    if !made.replaces.is_empty() {
        let names: Vec<String> = made.replaces.iter().map(Qualified::to_string).collect();
        parts.push(format!("it begins with the keys of {}, which can go", names.join(" and ")));
    }
    if made.index.method == "hash" {
        parts.push("values may be longer than the 2704 bytes that a btree takes: a hash holds any, and serves only =".to_owned());
    }
    let keys = made.index.candidate().tail;
    if keys.iter().any(|key| key.class == Some("gin_trgm_ops")) && !worth.catalog.extensions.iter().any(|e| e == "pg_trgm") {
        parts.push("gin_trgm_ops needs CREATE EXTENSION pg_trgm".to_owned());
    }
    let (written, read) = writes.of(table);
    if written > read && written > 1 {
        let there = worth.catalog.indexes_of(table).count();
        parts.push(format!(
            "{written} statements write the table and {read} read it: each write pays for this index beside the {there} that are there"
        ));
    }
    // a column that an index holds already costs its updates that today
    let held = |name: &str| {
        let mut indexes = worth.catalog.indexes_of(table).filter_map(|(_, index)| index.plain_columns());
        indexes.any(|columns| columns.contains(&name))
    };
    let updated: Vec<&str> = keys
        .iter()
        .filter_map(|key| match &key.node.unlabelled().kind {
            Kind::Column(name) if writes.updates(table, name) > 0 && !held(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if !updated.is_empty() {
        parts.push(format!("{} is updated: with it in an index those updates are no longer heap-only (HOT)", updated.join(" and ")));
    }
    if keys.len() > 3 {
        parts.push("its last keys pay only where many rows share the first ones".to_owned());
    }
    parts.extend(worth.stats.table(table).map(|size| size.describe()));
    parts
}
