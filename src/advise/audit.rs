//! Indexes that are there, and foreign keys that have none: what the schema alone says, and what statistics add.

use super::ddl::Definition;
use super::{Advice, Kind};
use crate::catalog::index_match::Prepared;
use crate::catalog::{Catalog, Index, Knowledge, Qualified, Table, TableConstraint};
use crate::facts::{ConstraintKind, quote_identifier};
use crate::stats::RelationStats;
use std::collections::BTreeMap;

/// A foreign key whose columns lead no index.
#[derive(Debug)]
pub struct Unindexed<'c> {
    /// The referencing table.
    pub table: &'c Qualified,
    /// The constraint.
    pub constraint: &'c TableConstraint,
    /// Its columns.
    pub columns: Vec<String>,
    /// The referenced table.
    pub references: &'c Qualified,
}

/// The foreign keys of a table that no index begins with, in any order of their columns.
pub fn unindexed<'c>(catalog: &'c Catalog, name: &'c Qualified, table: &'c Table) -> Vec<Unindexed<'c>> {
    let mut found: Vec<Unindexed> = vec![];
    if table.knowledge != Knowledge::Whole || table.temporary || table.partition_of.is_some() {
        return found;
    }
    for constraint in &table.constraints {
        let (ConstraintKind::ForeignKey { columns, .. }, Some(references)) = (&constraint.constraint.kind, &constraint.references) else {
            continue;
        };
        let columns: Vec<String> = columns.iter().map(|c| c.value.clone()).collect();
        let leads = catalog.indexes_of(name).any(|(_, index)| leads(index, &columns))
            || (columns.len() > 1 && leads_by_a_key(catalog, name, constraint, references));
        if !leads && !columns.is_empty() && !found.iter().any(|f| f.columns == columns) {
            found.push(Unindexed { table: name, constraint, columns, references });
        }
    }
    found
}

/// Whether a part of a composite key is enough to find the rows: an index of the referencing table holds a unique key in the
/// columns, or begins with the column of one that is a key of the referenced table by itself.
fn leads_by_a_key(catalog: &Catalog, name: &Qualified, constraint: &TableConstraint, references: &Qualified) -> bool {
    let ConstraintKind::ForeignKey { columns, referenced, .. } = &constraint.constraint.kind else { return false };
    let columns: Vec<&str> = columns.iter().map(|c| c.value.as_str()).collect();
    let key_alone = |own: &str| {
        let at = columns.iter().position(|c| *c == own);
        let theirs = at.and_then(|at| referenced.get(at));
        theirs.is_some_and(|theirs| catalog.is_key_fixed(references, &[theirs.value.as_str()]))
    };
    catalog.is_key_fixed(name, &columns)
        || columns
            .iter()
            .filter(|own| key_alone(own))
            .any(|own| catalog.indexes_of(name).any(|(_, index)| leads(index, &[(*own).to_owned()])))
}

/// Whether an index begins with these columns, in any order, and holds every row that has them.
fn leads(index: &Index, columns: &[String]) -> bool {
    let not_null = |part: &crate::facts::Expr| match &part.kind {
        crate::facts::ExprKind::IsNull { expr, negated: true } => expr.column().is_some_and(|c| columns.contains(&c.column.value)),
        _ => false,
    };
    let whole = index.predicate.as_ref().is_none_or(|p| p.conjuncts().into_iter().all(not_null));
    let keys: Vec<&str> = index.keys.iter().take(columns.len()).filter_map(|k| k.expr.column()).map(|c| c.column.value.as_str()).collect();
    let able = matches!(index.method.as_str(), "btree") || (index.method == "hash" && columns.len() == 1);
    able && whole && index.valid && keys.len() == columns.len() && columns.iter().all(|c| keys.contains(&c.as_str()))
}

/// The definition of an index on plain columns.
pub fn plain(columns: &[String]) -> Definition {
    Definition { keys: columns.iter().map(|c| quote_identifier(c)).collect(), labels: columns.to_vec(), ..Definition::default() }
}

/// Advice on foreign keys without index, but for those that an index just advised begins with.
pub(super) fn foreign_keys(catalog: &Catalog, built: &BTreeMap<Qualified, Vec<Vec<String>>>, stats: &RelationStats) -> Vec<Advice> {
    let mut all = vec![];
    for (name, table) in &catalog.tables {
        for found in unindexed(catalog, name, table) {
            let quoted: Vec<String> = found.columns.iter().map(|c| quote_identifier(c)).collect();
            let begins = |keys: &Vec<String>| keys.len() >= quoted.len() && quoted.iter().all(|c| keys[..quoted.len()].contains(c));
            if built.get(name).is_some_and(|all| all.iter().any(begins)) {
                continue;
            }
            let mut why = format!(
                "deleting from {} or changing its key looks for rows of {name} by {}, and reads all of it each time",
                found.references,
                found.columns.join(", ")
            );
            if let Some(size) = stats.table(name) {
                why = format!("{why}; {}", size.describe());
            }
            all.push(Advice {
                table: name.clone(),
                ddl: plain(&found.columns).retry_safe(name, catalog),
                kind: Kind::ForeignKey,
                serves: vec![],
                replaces: vec![],
                calls: 0,
                total_ms: 0.0,
                why,
            });
        }
    }
    all
}

/// How one index makes another superfluous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Superfluous {
    /// The same keys.
    Duplicate,
    /// The other begins with its keys.
    Prefix,
}

/// Whether `other` does all that `index` does: keys, order, classes, collations, predicate, INCLUDE and uniqueness compared.
pub fn superfluous(catalog: &Catalog, index: &Index, other: &Index) -> Option<Superfluous> {
    if index.table != other.table
        || index.method != other.method
        || !other.valid
        || !index.valid
        || index.predicate.is_some() != other.predicate.is_some()
    {
        return None;
    }
    let (a, b) = (Prepared::new(catalog, index), Prepared::new(catalog, other));
    let same_key = |(x, y): (&crate::catalog::index_match::Key, &crate::catalog::index_match::Key)| {
        x.node == y.node
            && x.class == y.class
            && x.collation == y.collation
            && x.descending == y.descending
            && x.nulls_first == y.nulls_first
    };
    let begins = a.keys.len() <= b.keys.len() && a.keys.iter().zip(&b.keys).all(same_key) && a.predicate == b.predicate;
    let equal = a.keys.len() == b.keys.len();
    let included =
        index.include.iter().all(|c| other.include.contains(c) || other.plain_columns().is_some_and(|keys| keys.contains(&c.as_str())));
    // a unique index stands for a rule about the rows, and only another unique one on the same keys keeps it
    let rule_kept = !index.unique || (other.unique && equal && index.nulls_not_distinct == other.nulls_not_distinct);
    let by_order = index.method == "btree";
    match (begins && included && rule_kept, equal) {
        (true, true) => Some(Superfluous::Duplicate),
        (true, false) if by_order => Some(Superfluous::Prefix),
        _ => None,
    }
}

/// Whether an index may be dropped by itself.
pub fn is_droppable(index: &Index) -> bool {
    !index.constraint && !index.primary && index.parent.is_none()
}

/// The index that makes this one superfluous, where there is one and it may be dropped.
pub fn covering<'c>(catalog: &'c Catalog, name: &Qualified, index: &'c Index) -> Option<(&'c Qualified, &'c Index, Superfluous)> {
    if !is_droppable(index) {
        return None;
    }
    let table = catalog
        .tables
        .get_key_value(&index.table)
        .map(|(name, _)| name)
        .or_else(|| catalog.views.get_key_value(&index.table).map(|(name, _)| name))?;
    catalog.indexes_of(table).filter(|(other, _)| *other != name).find_map(|(other, found)| {
        let how = superfluous(catalog, index, found)?;
        // of two that are the same the one behind a constraint stays, else the one that was there first
        let stays = how == Superfluous::Prefix
            || !is_droppable(found)
            || (found.unique && !index.unique)
            || (found.unique == index.unique
                && (found.include.len() > index.include.len()
                    || (found.include.len() == index.include.len() && found.defined_at < index.defined_at)));
        stays.then_some((other, found, how))
    })
}

/// Advice on indexes that another does the work of.
pub(super) fn redundant(catalog: &Catalog, gone: &[Qualified]) -> Vec<Advice> {
    let mut all = vec![];
    for (name, index) in catalog.indexes.iter().filter(|(name, _)| !gone.contains(name)) {
        if let Some((other, _, how)) = covering(catalog, name, index) {
            let why = match how {
                Superfluous::Duplicate => format!("{name} has the same keys as {other}: every write maintains both"),
                Superfluous::Prefix => {
                    format!("{other} begins with the keys of {name}: what one finds the other finds, and every write maintains both")
                }
            };
            all.push(drop_advice(name, index, Kind::Redundant, why));
        }
    }
    all
}

/// Advice on indexes that statistics say nobody reads.
pub(super) fn unused(catalog: &Catalog, stats: &RelationStats, gone: &[Qualified]) -> Vec<Advice> {
    let mut all = vec![];
    for (name, index) in catalog.indexes.iter().filter(|(name, _)| !gone.contains(name)) {
        let Some(found) = stats.index(name).filter(|found| found.scans == 0) else { continue };
        if index.unique || !is_droppable(index) {
            continue;
        }
        let size = found.bytes.map_or(String::new(), |bytes| format!(", {}", crate::stats::size(bytes)));
        let why = format!(
            "no scan of {name} since the statistics were last reset{size}: look at every replica and a whole business cycle before dropping it"
        );
        all.push(drop_advice(name, index, Kind::Unused, why));
    }
    all
}

fn drop_advice(name: &Qualified, index: &Index, kind: Kind, why: String) -> Advice {
    Advice {
        table: index.table.clone(),
        ddl: format!("DROP INDEX CONCURRENTLY IF EXISTS {name};"),
        kind,
        serves: vec![],
        replaces: vec![name.clone()],
        calls: 0,
        total_ms: 0.0,
        why,
    }
}
