//! ALTER TABLE and its siblings. Constraints and partitions have files of their own.

use super::list::Effects;
use super::retype::{self, children_referring_to, mentions};
use super::{EffectKind, Work, constraint, partition, table};
use crate::catalog::{Qualified, Relation};
use crate::facts::{AlterTable, ColumnDef, Constraint, ConstraintKind, Name, ObjectName, RelationKind, TableChange, Volatility};
use crate::postgres::functions::expression_volatility;
use crate::postgres::lock::LockMode::{self, AccessExclusive, AccessShare, ShareRowExclusive, ShareUpdateExclusive};
use crate::postgres::types::is_constrained_domain;

/// One action of ALTER TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE or FOREIGN TABLE.
pub(super) fn alter_table(alter: &AlterTable, effects: &mut Effects<'_>) {
    use TableChange::*;
    match &alter.change {
        AddColumn { column, constraints, .. } => add_column(alter, column, constraints, effects),
        SetType { column, ty, collation, using } => retype::set_type(alter, column, ty, collation.as_ref(), using.as_ref(), effects),
        SetNotNull { column } => {
            let (work, unsure) = constraint::not_null(&alter.name, column, effects);
            whole_tree(alter, AccessExclusive, &work, unsure, effects);
        }
        SetExpression { .. } => rewrite(alter, vec![Work::Rewrite], None, effects),
        AddConstraint(added) => constraint::add(alter, added, effects),
        ValidateConstraint { name } => constraint::validate(alter, name, effects),
        DropConstraint { name, cascade, .. } => constraint::drop(alter, name, *cascade, effects),
        AttachPartition { partition: child, bound } => partition::attach(&alter.name, child, bound, effects),
        DetachPartition { partition: child, concurrently, finalize } => {
            partition::detach(&alter.name, child, *concurrently, *finalize, effects);
        }
        AttachIndex { index } => attach_index(alter, index, effects),
        SetIdentity { column } | DropIdentity { column, .. } => identity(alter, column, effects),
        SetLogged(_) | SetAccessMethod { .. } => rewrite(alter, vec![Work::Rewrite], None, effects),
        SetTablespace { .. } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive).work.push(Work::Rewrite);
        }
        Inherit { parent } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
            effects.secondary_name(parent, ShareUpdateExclusive);
        }
        NoInherit { parent } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
            effects.secondary_name(parent, AccessShare);
        }
        RenameTo { .. } => rename(alter, effects),
        DropColumn { column, cascade, .. } => drop_column(alter, column, *cascade, effects),
        AlterConstraint { name } => alter_constraint(alter, name, effects),
        change => plain(alter, change, effects),
    }
}

/// Catalog-only changes: the lock is the whole story.
fn plain(alter: &AlterTable, change: &TableChange, effects: &mut Effects<'_>) {
    use TableChange::*;
    let mode = match change {
        SetStatistics { .. } | SetColumnOptions { .. } | ClusterOn { .. } => ShareUpdateExclusive,
        SetOptions { names, .. } => options_mode(alter.kind, names),
        Trigger { .. } => ShareRowExclusive,
        _ => AccessExclusive,
    };
    let recurses = matches!(
        change,
        DropNotNull { .. }
            | SetDefault { .. }
            | DropDefault { .. }
            | SetStatistics { .. }
            | SetStorage { .. }
            | RenameColumn { .. }
            | RenameConstraint { .. }
            | DropExpression { .. }
            | SetCompression { .. }
            | AddIdentity { .. }
            | Trigger { .. }
    );
    if recurses && !alter.only {
        whole_tree(alter, mode, &[], None, effects);
    } else {
        effects.named(&alter.name, EffectKind::from(alter.kind), mode);
    }
}

/// The weakest options are those that only VACUUM and planning read (`reloptions.c`).
fn options_mode(kind: RelationKind, names: &[String]) -> LockMode {
    const STRONG: &[&str] = &["user_catalog_table", "security_barrier", "security_invoker", "check_option", "buffering", "fastupdate"];
    let strong = |name: &String| STRONG.contains(&name.as_str());
    let weak = matches!(kind, RelationKind::Table | RelationKind::MaterializedView | RelationKind::Index) && !names.iter().any(strong);
    if weak { ShareUpdateExclusive } else { AccessExclusive }
}

/// The named table and everything below it.
pub(super) fn whole_tree(alter: &AlterTable, mode: LockMode, work: &[Work], unsure: Option<String>, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let named = effects.named(&alter.name, EffectKind::from(alter.kind), mode);
    named.work.extend_from_slice(work);
    named.unsure = unsure;
    if !alter.only {
        effects.recurse(&relation, mode, work);
    }
}

/// Writing the table anew rebuilds its indexes as well.
pub(super) fn rewrite(alter: &AlterTable, work: Vec<Work>, unsure: Option<String>, effects: &mut Effects<'_>) {
    let rewrites = work.contains(&Work::Rewrite);
    whole_tree(alter, AccessExclusive, &work, unsure, effects);
    if rewrites {
        let relation = effects.catalog.resolve(&alter.name);
        for table in std::iter::once(relation.clone()).chain(effects.descendants(&relation)) {
            effects.indexes(&table, AccessExclusive, &[Work::IndexBuild]);
        }
    }
}

fn add_column(alter: &AlterTable, column: &ColumnDef, constraints: &[Constraint], effects: &mut Effects<'_>) {
    let (mut work, unsure) = new_values(column, effects);
    let has_default = column.default.is_some() || column.identity.is_some() || column.generated.is_some() || is_serial(column);
    let has_key = |c: &Constraint| matches!(c.kind, ConstraintKind::Key { .. });
    if column.not_null.is_some() && !has_default && !constraints.iter().any(has_key) {
        work.push(Work::Scan);
    }
    work.extend(constraint::of_new_column(alter, constraints, has_default, effects));
    rewrite(alter, work, unsure, effects);
}

fn is_serial(column: &ColumnDef) -> bool {
    column.ty.as_ref().is_some_and(|ty| ["serial", "bigserial", "smallserial"].iter().any(|name| ty.is(name)))
}

/// Whether the rows must be written anew to hold the column.
fn new_values(column: &ColumnDef, effects: &Effects<'_>) -> (Vec<Work>, Option<String>) {
    let rewrite = |yes: bool| if yes { vec![Work::Rewrite] } else { vec![] };
    if column.identity.is_some() || is_serial(column) {
        return (rewrite(true), None);
    }
    if let Some((_, stored)) = &column.generated {
        // without the word: VIRTUAL from 18 on, and refused before
        return (rewrite(stored.unwrap_or(false)), None);
    }
    match column.ty.as_ref().map(|ty| (ty, is_constrained_domain(ty, effects.catalog))) {
        Some((_, Some(true))) => return (rewrite(true), None),
        Some((ty, None)) if column.default.is_none() => return (vec![], Some(format!("whether {ty} is a domain with a constraint"))),
        _ => {}
    }
    let Some(default) = &column.default else { return (vec![], None) };
    match expression_volatility(default, effects.catalog) {
        Some(volatility) => (rewrite(volatility == Volatility::Volatile), None),
        None => (rewrite(true), Some(format!("whether the default of {} is volatile", column.name))),
    }
}

/// SET GENERATED and DROP IDENTITY reach the sequence behind the column.
fn identity(alter: &AlterTable, column: &Name, effects: &mut Effects<'_>) {
    whole_tree(alter, AccessExclusive, &[], None, effects);
    let mode = if matches!(alter.change, TableChange::DropIdentity { .. }) { AccessExclusive } else { ShareRowExclusive };
    own_sequences(alter, column, mode, effects);
}

pub(super) fn own_sequences(alter: &AlterTable, column: &Name, mode: LockMode, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    let catalog = effects.catalog;
    for (sequence, s) in catalog.sequences.dependents(&relation) {
        if s.owned_by.as_ref().is_some_and(|(table, c)| *table == relation && *c == column.value) {
            effects.secondary(sequence, mode);
        }
    }
}

/// DROP COLUMN takes the indexes and foreign keys that stand on the column, and with CASCADE the views.
fn drop_column(alter: &AlterTable, column: &Name, cascade: bool, effects: &mut Effects<'_>) {
    whole_tree(alter, AccessExclusive, &[], None, effects);
    let relation = effects.catalog.resolve(&alter.name);
    let catalog = effects.catalog;
    for (name, index) in catalog.indexes_of(&relation) {
        let on = index.keys.iter().any(|key| mentions(&key.expr, column)) || index.include.contains(&column.value);
        if on || index.predicate.as_ref().is_some_and(|e| mentions(e, column)) {
            effects.secondary(name, AccessExclusive);
        }
    }
    for known in effects.table(&alter.name).map(|t| t.constraints.as_slice()).unwrap_or_default() {
        if let (ConstraintKind::ForeignKey { columns, .. }, Some(parent)) = (&known.constraint.kind, &known.references)
            && columns.contains(column)
        {
            effects.secondary(parent, AccessExclusive);
        }
    }
    if cascade {
        let from = effects.list.len();
        table::drop_views(&relation, true, effects);
        for view in effects.list.iter_mut().skip(from) {
            view.unsure = Some(format!("whether it reads {column}"));
        }
        for child in children_referring_to(&relation, column, catalog) {
            effects.secondary(child, AccessExclusive);
        }
    }
    own_sequences(alter, column, AccessExclusive, effects);
}

/// ALTER CONSTRAINT changes a foreign key's triggers on both sides.
fn alter_constraint(alter: &AlterTable, name: &Name, effects: &mut Effects<'_>) {
    whole_tree(alter, AccessExclusive, &[], None, effects);
    let known = effects.table(&alter.name).and_then(|t| t.constraints.iter().find(|c| *name == *c.name.as_str()));
    let parent = known.and_then(|c| c.references.clone());
    if let Some(parent) = parent.filter(|_| effects.version.at_least(18)) {
        effects.secondary(&parent, AccessExclusive).unsure = Some(format!("whether {name} changes from ENFORCED or to it"));
    }
}

/// Renaming an index has been SHARE UPDATE EXCLUSIVE since 12, spelled either way.
fn rename(alter: &AlterTable, effects: &mut Effects<'_>) {
    let is_index = alter.kind == RelationKind::Index || matches!(effects.catalog.relation(&alter.name), Some(Relation::Index(..)));
    let mode = if is_index { ShareUpdateExclusive } else { AccessExclusive };
    effects.named(&alter.name, EffectKind::from(alter.kind), mode);
}

/// ALTER INDEX … ATTACH PARTITION: both indexes, and their tables.
fn attach_index(alter: &AlterTable, index: &ObjectName, effects: &mut Effects<'_>) {
    effects.named(&alter.name, EffectKind::Index, ShareUpdateExclusive);
    effects.secondary_name(index, AccessExclusive).kind = EffectKind::Index;
    let table_of = |name: &ObjectName| effects.catalog.index(name).map(|(_, i)| i.table.clone());
    let tables: Vec<Qualified> = [&alter.name, index].into_iter().filter_map(table_of).collect();
    for table in tables {
        effects.secondary(&table, AccessShare);
    }
}
