//! Partitions: CREATE … PARTITION OF, ATTACH, DETACH. Must not know other ALTERs.

use super::list::Effects;
use super::{EffectKind, Until, Work};
use crate::catalog::{Index, Qualified, Table, TableConstraint};
use crate::facts::{ConstraintKind, Expr, ExprKind, ObjectName, PartitionBound, PartitionOf};
use crate::postgres::lock::LockMode::{AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive};

/// CREATE TABLE … PARTITION OF: everybody on the parent waits, and the DEFAULT partition is read for rows that belong in
/// the new one.
pub(super) fn create_partition(of: &PartitionOf, effects: &mut Effects<'_>) {
    effects.secondary_name(&of.parent, AccessExclusive);
    let parent = effects.catalog.resolve(&of.parent);
    scan_default(&parent, &of.bound, effects);
    effects.indexes(&parent, ShareUpdateExclusive, &[]);
    join_references(&parent, effects);
}

/// A new partition takes over the foreign keys from its parent, and those to its parent reach it too.
fn join_references(parent: &Qualified, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    for known in catalog.tables.get(parent).map(|t| t.constraints.as_slice()).unwrap_or_default() {
        if let Some(referenced) = &known.references {
            effects.secondary(referenced, ShareRowExclusive);
        }
    }
    let mode = if effects.version.at_least(15) { ShareRowExclusive } else { AccessShare };
    for table in referring_tables(parent, effects) {
        effects.secondary(&table, mode);
    }
}

/// A table that becomes a partition gets the indexes and foreign keys that it lacks.
fn work_of_joining(parent: &Qualified, child: &Qualified, effects: &Effects<'_>) -> Vec<Work> {
    let catalog = effects.catalog;
    let same = |a: &Index, b: &Index| a.keys == b.keys && a.unique == b.unique && a.predicate == b.predicate && a.method == b.method;
    let has = |wanted: &Index| catalog.indexes_of(child).any(|(_, own)| same(own, wanted));
    let mut work = vec![];
    if catalog.indexes_of(parent).any(|(_, wanted)| wanted.valid && !has(wanted)) {
        work.push(Work::IndexBuild);
    }
    let constraints = |table: &Qualified| catalog.tables.get(table).map(|t| t.constraints.as_slice()).unwrap_or_default();
    let has_key = |key: &TableConstraint| constraints(child).iter().any(|own| own.references == key.references);
    if constraints(parent).iter().any(|c| c.references.is_some() && !has_key(c)) {
        work.push(Work::Scan);
    }
    work
}

/// The tables that a table's foreign keys refer to.
fn references_of(table: &Qualified, effects: &Effects<'_>) -> Vec<Qualified> {
    let known = effects.catalog.tables.get(table);
    known.map(|t| t.constraints.iter().filter_map(|c| c.references.as_deref().cloned()).collect()).unwrap_or_default()
}

/// The tables with a foreign key to a partitioned table or one above it.
fn referring_tables(parent: &Qualified, effects: &Effects<'_>) -> Vec<Qualified> {
    let all = std::iter::once(parent.clone()).chain(effects.ancestors(parent));
    all.flat_map(|table| effects.catalog.references_to(&table).map(|(name, _)| name.clone()).collect::<Vec<_>>()).collect()
}

/// The DEFAULT partition of a table.
pub(super) fn default_of(parent: &Qualified, effects: &Effects<'_>) -> Option<Qualified> {
    effects
        .catalog
        .children_of(parent)
        .find(|(_, child)| matches!(child.partition_of.as_deref(), Some((_, PartitionBound::Default))))
        .map(|(name, _)| name.clone())
}

fn scan_default(parent: &Qualified, bound: &PartitionBound, effects: &mut Effects<'_>) {
    if *bound == PartitionBound::Default {
        return;
    }
    let Some(default) = default_of(parent, effects) else { return };
    let catalog = effects.catalog;
    let keys = catalog.tables.get(parent).and_then(key_columns);
    let proven = catalog.tables.get(&default).zip(keys).is_some_and(|(table, keys)| refutes(table, &keys, bound));
    let effect = effects.secondary(&default, AccessExclusive);
    if !proven {
        effect.work.push(Work::Scan);
    }
}

/// ATTACH PARTITION: the parent stays open, the new partition is read unless a CHECK proves its bound.
pub(super) fn attach(parent: &ObjectName, partition: &ObjectName, bound: &PartitionBound, effects: &mut Effects<'_>) {
    effects.named(parent, EffectKind::Table, ShareUpdateExclusive);
    let relation = effects.catalog.resolve(parent);
    let (whole, keys) = match effects.table(parent) {
        Some(table) => (effects.table(partition), key_columns(table)),
        None => (None, None),
    };
    let proven = whole.zip(keys.as_ref()).is_some_and(|(child, keys)| implies(child, keys, bound));
    let unsure = effects.table(partition).is_none() || keys.is_none();
    let child = effects.secondary_name(partition, AccessExclusive);
    if !proven {
        child.work.push(Work::Scan);
        child.unsure = unsure.then(|| format!("whether a CHECK on {partition} proves the bound"));
    }
    let child = effects.catalog.resolve(partition);
    let work: &[Work] = if proven { &[] } else { &[Work::Scan] };
    effects.recurse(&child, AccessExclusive, work);
    effects.indexes(&relation, ShareUpdateExclusive, &[]);
    let more = work_of_joining(&relation, &child, effects);
    effects.secondary(&child, AccessExclusive).work = more;
    join_references(&relation, effects);
    scan_default(&relation, bound, effects);
}

/// DETACH PARTITION, FINALIZE and CONCURRENTLY (14+).
pub(super) fn detach(parent: &ObjectName, partition: &ObjectName, concurrently: bool, finalize: bool, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(parent);
    if concurrently || finalize {
        let named = effects.named(parent, EffectKind::Table, ShareUpdateExclusive);
        named.work.extend(concurrently.then_some(Work::Wait));
        effects.secondary_name(partition, AccessExclusive);
        let child = effects.catalog.resolve(partition);
        for table in references_of(&child, effects) {
            effects.secondary(&table, ShareRowExclusive);
        }
        for table in referring_tables(&relation, effects) {
            effects.secondary(&table, Share);
        }
        if concurrently {
            effects.list.iter_mut().for_each(|effect| effect.until = Until::Statement);
        }
        return;
    }
    effects.named(parent, EffectKind::Table, AccessExclusive);
    let child = effects.catalog.resolve(partition);
    let catalog = effects.catalog;
    let referenced = references_of(&child, effects);
    let referring = referring_tables(&relation, effects);
    // before 14 the partition itself stayed open to reads and writes, unless it had foreign keys to part with
    let strong = effects.version.at_least(14) || !referenced.is_empty() || !referring.is_empty();
    effects.secondary(&child, if strong { AccessExclusive } else { ShareUpdateExclusive });
    for (index, _) in catalog.indexes_of(&child).filter(|(_, index)| index.parent.is_some()) {
        effects.secondary(index, AccessExclusive);
    }
    for table in referenced {
        effects.secondary(&table, ShareRowExclusive);
    }
    for table in referring {
        effects.secondary(&table, AccessExclusive);
    }
    if let Some(default) = default_of(&relation, effects) {
        effects.secondary(&default, AccessExclusive);
    }
}

/// The partition key, where it is columns only.
fn key_columns(table: &Table) -> Option<Vec<&str>> {
    let keys = &table.partition_by.as_ref()?.keys;
    keys.iter().map(|key| key.expr.column().map(|c| c.column.value.as_str())).collect()
}

/// Whether valid CHECKs (and NOT NULL) of a table prove that all its rows lie in the bound: bounds spelled alike only.
fn implies(child: &Table, keys: &[&str], bound: &PartitionBound) -> bool {
    let facts = valid_checks(child);
    let [key] = keys else { return false };
    let not_null = child.column(key).is_some_and(|c| c.not_null) || facts.iter().any(|fact| is_not_null(fact, key));
    let compared = |op: &str, value: &Expr| facts.iter().any(|fact| compares(fact, key, op, value));
    not_null
        && match bound {
            PartitionBound::Default | PartitionBound::Hash { .. } => false,
            PartitionBound::Range { from, to } => match (from.as_slice(), to.as_slice()) {
                ([from], [to]) => (is_word(from, "minvalue") || compared(">=", from)) && (is_word(to, "maxvalue") || compared("<", to)),
                _ => false,
            },
            PartitionBound::List(values) => facts.iter().any(|fact| within(fact, key, values)),
        }
}

/// Whether valid CHECKs of the DEFAULT partition prove that no row of it lies in the bound: bounds spelled alike only.
fn refutes(default: &Table, keys: &[&str], bound: &PartitionBound) -> bool {
    let [key] = keys else { return false };
    valid_checks(default).into_iter().any(|fact| match (bound, &fact.kind) {
        (PartitionBound::Range { from, to }, _) => {
            let ([from], [to]) = (from.as_slice(), to.as_slice()) else { return false };
            let outside = |part: &Expr| compares(part, key, "<", from) || compares(part, key, ">=", to);
            match &fact.kind {
                ExprKind::Or(parts) => parts.iter().all(outside),
                _ => outside(fact),
            }
        }
        (PartitionBound::List(values), ExprKind::InList { expr, list, negated: true }) => {
            is_key(expr, key) && values.iter().all(|value| list.iter().any(|listed| listed.uncast() == value.uncast()))
        }
        _ => false,
    })
}

/// The conjuncts of a table's valid CHECKs.
pub(super) fn valid_checks(table: &Table) -> Vec<&Expr> {
    table
        .constraints
        .iter()
        .filter(|c| c.valid && !c.constraint.not_enforced)
        .filter_map(|c| match &c.constraint.kind {
            ConstraintKind::Check(expr) => Some(expr.conjuncts()),
            _ => None,
        })
        .flatten()
        .collect()
}

fn is_key(expr: &Expr, key: &str) -> bool {
    expr.column().is_some_and(|c| c.column == *key)
}

/// Whether a condition says that the column is not null.
pub(super) fn is_not_null(fact: &Expr, key: &str) -> bool {
    matches!(&fact.kind, ExprKind::IsNull { expr, negated: true } if is_key(expr, key))
}

fn is_word(expr: &Expr, word: &str) -> bool {
    expr.column().is_some_and(|c| c.column.value.eq_ignore_ascii_case(word))
}

fn compares(fact: &Expr, key: &str, wanted: &str, value: &Expr) -> bool {
    let same = |other: &Expr| other.uncast() == value.uncast();
    match &fact.kind {
        ExprKind::Binary { left, op, right, .. } if op == wanted => is_key(left, key) && same(right),
        ExprKind::Binary { left, op, right, .. } if op == mirrored(wanted) => is_key(right, key) && same(left),
        _ => false,
    }
}

fn mirrored(op: &str) -> &str {
    match op {
        ">=" => "<=",
        "<" => ">",
        other => other,
    }
}

fn within(fact: &Expr, key: &str, values: &[Expr]) -> bool {
    let listed = |e: &Expr| values.iter().any(|value| value.uncast() == e.uncast());
    match &fact.kind {
        ExprKind::InList { expr, list, negated: false } => is_key(expr, key) && list.iter().all(listed),
        ExprKind::Binary { left, op, right, .. } if op == "=" => {
            (is_key(left, key) && listed(right)) || (is_key(right, key) && listed(left))
        }
        _ => false,
    }
}
