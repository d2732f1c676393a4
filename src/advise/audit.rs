//! Indexes that are there, and foreign keys that have none: what the schema alone says, and what statistics add.

use super::ddl::Definition;
use super::gather::Writes;
use super::{Advice, Kind};
use crate::catalog::index_match::Prepared;
use crate::catalog::{Catalog, Index, Knowledge, Qualified, Table, TableConstraint};
use crate::facts::{ConstraintKind, Identifier, IndexKey, Name, quote_identifier};
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
    pub columns: Vec<Identifier>,
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
        if lists_names(catalog, references) || names_a_type(catalog, columns, references) || says_which_revision(columns, references) {
            continue;
        }
        let columns: Vec<Identifier> = columns.iter().map(|c| c.value.clone()).collect();
        let leads = catalog.indexes_of(name).any(|(_, index)| leads(index, &columns))
            || (columns.len() > 1 && leads_by_a_key(catalog, name, constraint, references));
        if !leads && !columns.is_empty() && !found.iter().any(|f| f.columns == columns) {
            found.push(Unindexed { table: name, constraint, columns, references });
        }
    }
    found
}

/// Whether a table lists the names that a column may have (`log_types`, `order_status`), as an enum would: by its own name, and by a key
/// of text that nobody generates, or by numbers with a name to each. Its rows come and go with the program, and each stands in many rows that refer to it.
pub(super) fn lists_names(catalog: &Catalog, name: &Qualified) -> bool {
    let Some(table) = catalog.tables.get(name).filter(|table| table.columns.iter().filter(|c| !keeps_books(&c.name)).count() <= 4) else {
        return false;
    };
    // `country_code (country_code text PRIMARY KEY, description text)`
    let own_key = |key: &Vec<Identifier>| matches!(&key[..], [only] if *only == *name.name.as_str());
    let coded = name.name.ends_with("_code") && catalog.keys_of(name).iter().any(own_key);
    // one that has nothing else (`phases (phase text PRIMARY KEY)`) may be called after more things than an enum is
    const ALONE: &[&str] = &["phase", "phases", "role", "roles", "category", "categories", "priority", "priorities", "event", "events"];
    let last = name.name.rsplit('_').next().unwrap_or(&name.name);
    let alone = table.columns.len() == 1 && ALONE.contains(&last);
    let numbered = || is_called_a_list(&name.name) && has_key_of(catalog, name, &["int2", "int4"]) && table.columns.iter().any(names_each);
    (alone || coded || is_called_a_list(&name.name)) && has_key_of_text(catalog, name) || numbered()
}

/// Whether a column only says who made a row and when, from when on it holds, or where it stands in a list: each table of a schema may
/// have such, a list of values too.
pub fn keeps_books(column: &str) -> bool {
    const STARTS: &[&str] =
        &["create", "update", "modif", "delete", "inserted", "revision", "record_e", "effective_", "expiry_", "valid_", "sort_", "is_"];
    STARTS.iter().any(|start| column.starts_with(start)) || column.ends_with("_order") || column == "ordering"
}

/// Whether a column says in which revision its row was written, as Hibernate Envers has it: from the table of revisions nothing is deleted.
fn says_which_revision(columns: &[Name], references: &Qualified) -> bool {
    matches!(columns, [only] if only.value.starts_with("rev")) && references.name.starts_with("rev") && references.name.contains("info")
}

/// Whether a column holds what the thing of its row is called.
fn names_each(column: &crate::catalog::Column) -> bool {
    const NAMES: &[&str] = &["name", "label", "code", "title", "slug", "description", "value"];
    let text = column.ty.as_ref().is_some_and(|ty| ["text", "varchar", "bpchar", "citext"].iter().any(|t| ty.is(t)));
    text && (NAMES.contains(&column.name.as_str()) || is_called_a_list(&column.name) || column.name.ends_with("_name"))
}

/// Whether a column is called a type or a state (`principal_type REFERENCES namespaces (name)`), and refers to the names of such.
fn names_a_type(catalog: &Catalog, columns: &[Name], references: &Qualified) -> bool {
    matches!(columns, [only] if is_called_a_list(&only.value)) && has_key_of_text(catalog, references)
}

fn is_called_a_list(name: &str) -> bool {
    const LISTS: &[&str] = &[
        "type", "types", "status", "statuses", "state", "states", "kind", "kinds", "level", "levels", "mode", "modes", "reason", "reasons",
        "enum", "enums",
    ];
    name.rsplit('_').next().is_some_and(|last| LISTS.contains(&last))
}

fn has_key_of_text(catalog: &Catalog, name: &Qualified) -> bool {
    has_key_of(catalog, name, &["text", "varchar", "bpchar"])
}

fn has_key_of(catalog: &Catalog, name: &Qualified, types: &[&str]) -> bool {
    let Some(table) = catalog.tables.get(name) else { return false };
    let is_one = |column: &Identifier| table.column(column).and_then(|c| c.ty.as_ref()).is_some_and(|ty| types.iter().any(|t| ty.is(t)));
    catalog.keys_of(name).iter().any(|key| matches!(&key[..], [only] if is_one(only)))
}

/// Whether a part of a composite key is enough to find the rows: an index of the referencing table holds a unique key in the
/// columns, or begins with the column of one that is a key of the referenced table by itself (an `id` beside whose it is), or
/// begins with one of them and holds the others in later keys.
fn leads_by_a_key(catalog: &Catalog, name: &Qualified, constraint: &TableConstraint, references: &Qualified) -> bool {
    let ConstraintKind::ForeignKey { columns, referenced, .. } = &constraint.constraint.kind else { return false };
    let columns: Vec<&str> = columns.iter().map(|c| c.value.as_str()).collect();
    let key_alone = |own: &str| {
        let at = columns.iter().position(|c| *c == own);
        let theirs = at.and_then(|at| referenced.get(at));
        theirs.is_some_and(|theirs| theirs.value == *"id" || catalog.is_key_fixed(references, &[theirs.value.as_str()]))
    };
    let is_one = |key: &IndexKey| key.expr.column().is_some_and(|c| columns.contains(&c.column.value.as_str()));
    let holds = |index: &Index| {
        let first = index.keys.first().is_some_and(is_one) && index.keys.iter().filter(|key| is_one(key)).count() == columns.len();
        first && index.method == "btree" && index.valid && index.predicate.is_none()
    };
    catalog.is_key_fixed(name, &columns)
        || catalog.indexes_of(name).any(|(_, index)| holds(index))
        || columns.iter().filter(|own| key_alone(own)).any(|own| catalog.indexes_of(name).any(|(_, index)| leads(index, &[(*own).into()])))
}

/// Whether an index begins with these columns, in any order, and holds every row that has them.
fn leads(index: &Index, columns: &[Identifier]) -> bool {
    let Some(keys) = index.keys.get(..columns.len()) else { return false };
    let is_key = |column: &Identifier| keys.iter().any(|key| key.expr.column().is_some_and(|c| c.column.value == *column));
    let not_null = |part: &crate::facts::Expr| match &part.kind {
        crate::facts::ExprKind::IsNull { expr, negated: true } => expr.column().is_some_and(|c| columns.contains(&c.column.value)),
        _ => false,
    };
    let able = || index.method == "btree" || (index.method == "hash" && columns.len() == 1);
    let whole = || index.predicate.as_ref().is_none_or(|p| p.conjuncts().into_iter().all(not_null));
    columns.iter().all(is_key) && able() && index.valid && whole()
}

/// The definition of an index on plain columns.
pub fn plain(columns: &[Identifier]) -> Definition {
    let labels = columns.iter().map(Identifier::to_string).collect();
    Definition { keys: columns.iter().map(|c| quote_identifier(c)).collect(), labels, ..Definition::default() }
}

/// Advice on foreign keys without index, but for those that an index just advised begins with; first those whose referenced
/// rows the workload deletes.
pub(super) fn foreign_keys(
    catalog: &Catalog,
    built: &BTreeMap<Qualified, Vec<Vec<String>>>,
    stats: &RelationStats,
    writes: &Writes,
    taken: &mut Vec<Qualified>,
) -> Vec<Advice> {
    let mut wanted: Vec<Unindexed> = vec![];
    for (name, table) in &catalog.tables {
        for found in unindexed(catalog, name, table) {
            let quoted: Vec<String> = found.columns.iter().map(|c| quote_identifier(c)).collect();
            let begins = |keys: &Vec<String>| keys.len() >= quoted.len() && quoted.iter().all(|c| keys[..quoted.len()].contains(c));
            if !built.get(name).is_some_and(|all| all.iter().any(begins)) {
                wanted.push(found);
            }
        }
    }
    // the longest first: what begins another needs no index of its own
    wanted.sort_by(|a, b| a.table.cmp(b.table).then(b.columns.len().cmp(&a.columns.len())));
    let mut kept: Vec<Unindexed> = vec![];
    for found in wanted {
        let begins = |other: &Unindexed| {
            other.table == found.table && found.columns.iter().all(|c| other.columns[..found.columns.len()].contains(c))
        };
        if !kept.iter().any(begins) {
            kept.push(found);
        }
    }
    let deleted = |found: &Unindexed| writes.delete_from(found.references).is_none();
    let rows = |found: &Unindexed| std::cmp::Reverse(stats.table(found.table).and_then(|size| size.rows));
    kept.sort_by(|a, b| deleted(a).cmp(&deleted(b)).then(rows(a).cmp(&rows(b))).then(a.table.cmp(b.table)));
    kept.into_iter().map(|found| foreign_key(catalog, &found, stats, writes, taken)).collect()
}

fn foreign_key(catalog: &Catalog, found: &Unindexed, stats: &RelationStats, writes: &Writes, taken: &mut Vec<Qualified>) -> Advice {
    let name = found.table;
    let reason = format!(
        "deleting from {} or changing its key looks for rows of {name} by {}, and reads all of it each time",
        found.references,
        found.columns.join(", ")
    );
    let mut why = vec![reason];
    let deletes = writes.delete_from(found.references);
    if deletes.is_none() {
        why.push(format!("no statement that was read deletes from {}", found.references));
    }
    why.extend(stats.table(name).map(|size| size.describe()));
    let definition = plain(&found.columns);
    Advice {
        table: name.clone(),
        index: definition.body(),
        ddl: definition.retry_safe_besides(name, catalog, taken),
        kind: Kind::ForeignKey,
        serves: deletes.into_iter().collect(),
        replaces: vec![],
        calls: 0,
        total_ms: 0.0,
        why,
        unknown: if stats.table(name).is_some() { vec![] } else { vec!["table size"] },
    }
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
    // asked of every two indexes of a table, of which few begin alike
    let differs = |(x, y): (&IndexKey, &IndexKey)| matches!((x.expr.column(), y.expr.column()), (Some(x), Some(y)) if x.column != y.column);
    if index.keys.len() > other.keys.len() || index.keys.iter().zip(&other.keys).any(differs) {
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

/// Whether something other than queries leans on an index: logical replication finds rows by it, or a foreign key was made to
/// refer to its columns.
fn is_leaned_on(catalog: &Catalog, name: &Qualified, index: &Index) -> bool {
    let words = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name.name);
    let replicated = catalog
        .tables
        .get(&index.table)
        .is_some_and(|table| table.settings.iter().any(|(what, text)| what.to_ascii_uppercase().contains("REPLICA") && words(text)));
    let columns = index.plain_columns().unwrap_or_default();
    let referred = |constraint: &TableConstraint| match &constraint.constraint.kind {
        // a foreign key holds on to the first unique index on its columns
        ConstraintKind::ForeignKey { referenced, .. } => {
            !referenced.is_empty() && referenced.len() == columns.len() && referenced.iter().all(|c| columns.contains(&c.value.as_str()))
        }
        _ => false,
    };
    let first = |other: &Index| other.unique && other.plain_columns() == index.plain_columns() && other.defined_at < index.defined_at;
    let referenced = index.unique
        && catalog.references_to(&index.table).any(|(_, constraint)| referred(constraint))
        && !catalog.indexes_of(&index.table).any(|(other, own)| other != name && first(own));
    replicated || referenced
}

/// The index that makes this one superfluous, where there is one and it may be dropped.
pub fn covering<'c>(catalog: &'c Catalog, name: &Qualified, index: &'c Index) -> Option<(&'c Qualified, &'c Index, Superfluous)> {
    if !is_droppable(index) || is_leaned_on(catalog, name, index) {
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
            all.push(drop_advice(name, &index.table, Kind::Redundant, vec![why]));
        }
    }
    all
}

/// An index that statistics say nobody reads.
#[derive(Debug)]
pub struct Unused {
    /// Its name.
    pub index: Qualified,
    /// Its table.
    pub table: Qualified,
    /// What is known, in words.
    pub why: Vec<String>,
}

/// The indexes that statistics say nobody reads, and that only queries could be the reason for: none is unique, behind a
/// constraint, a part of a partitioned table's, replication's, or the only one behind a foreign key.
pub fn unused_indexes(catalog: &Catalog, stats: &RelationStats) -> Vec<Unused> {
    let mut all = vec![];
    for (name, found) in stats.indexes().filter(|(_, found)| found.scans == 0 && found.required != Some(true)) {
        let known = catalog.indexes.get(&name);
        let kept = known.is_some_and(|index| index.unique || !is_droppable(index) || is_leaned_on(catalog, &name, index));
        // of an index that no migration makes, the server must have said that nothing else leans on it
        if kept || known.is_none() && found.required.is_none() {
            continue;
        }
        let Some(table) = known.map(|index| index.table.clone()).or_else(|| found.table.clone()) else { continue };
        let never_written = stats.table(&table).is_some_and(|t| t.rows == Some(0) && t.writes == 0);
        if never_written || known.is_some_and(|index| is_last_behind_key(catalog, &name, index)) {
            continue;
        }
        let size = found.bytes.map_or(String::new(), |bytes| format!(" ({})", crate::stats::size(bytes)));
        let mut why = vec![match stats.days() {
            Some(days) => format!("no scan of {name}{size} in the {days} days since the statistics were reset"),
            None => format!("no scan of {name}{size} since the statistics were last reset, which the export does not date"),
        }];
        if stats.days().is_some_and(|days| days < LEAST_DAYS) {
            why.push(format!("{LEAST_DAYS} days are the least that see a month's work: ask again later"));
        }
        why.push("each server counts its own scans: look at every replica before dropping it".to_owned());
        if known.is_none() {
            why.push("no migration that was read makes it".to_owned());
        }
        all.push(Unused { index: name, table, why });
    }
    all
}

/// Statistics of fewer days say little.
pub const LEAST_DAYS: u64 = 31;

/// Whether a foreign key's columns would lead no index without this one.
fn is_last_behind_key(catalog: &Catalog, name: &Qualified, index: &Index) -> bool {
    let Some(table) = catalog.tables.get(&index.table) else { return false };
    table.constraints.iter().any(|constraint| {
        let ConstraintKind::ForeignKey { columns, .. } = &constraint.constraint.kind else { return false };
        let columns: Vec<Identifier> = columns.iter().map(|c| c.value.clone()).collect();
        leads(index, &columns) && !catalog.indexes_of(&index.table).any(|(other, own)| other != name && leads(own, &columns))
    })
}

/// Advice on indexes that statistics say nobody reads.
pub(super) fn unused(catalog: &Catalog, stats: &RelationStats, gone: &[Qualified]) -> Vec<Advice> {
    let found = unused_indexes(catalog, stats).into_iter().filter(|found| !gone.contains(&found.index));
    found.map(|found| drop_advice(&found.index, &found.table, Kind::Unused, found.why)).collect()
}

fn drop_advice(name: &Qualified, table: &Qualified, kind: Kind, why: Vec<String>) -> Advice {
    Advice {
        table: table.clone(),
        index: name.to_string(),
        ddl: format!("DROP INDEX CONCURRENTLY IF EXISTS {name};"),
        kind,
        serves: vec![],
        replaces: vec![name.clone()],
        calls: 0,
        total_ms: 0.0,
        why,
        unknown: vec![],
    }
}
