//! ALTER TABLE and its siblings. Constraints and partitions have files of their own.

use super::list::Effects;
use super::{EffectKind, Work, column, constraint, partition};
use crate::catalog::{Qualified, Relation};
use crate::facts::{AlterTable, Name, ObjectName, RelationKind, TableChange};
use crate::postgres::lock::LockMode::{self, AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive};

/// One action of ALTER TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE or FOREIGN TABLE.
pub(super) fn alter_table(alter: &AlterTable, effects: &mut Effects<'_>) {
    use TableChange::*;
    match &alter.change {
        AddColumn { column, constraints, .. } => column::add(alter, column, constraints, effects),
        SetType { column, ty, collation, using } => column::set_type(alter, column, ty, collation.as_ref(), using.as_ref(), effects),
        SetNotNull { column } => {
            let (work, unsure) = constraint::not_null(&alter.name, column, effects);
            if constraint::is_not_null_already(&alter.name, column, effects) {
                effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
                return;
            }
            whole_tree(alter, AccessExclusive, &work, unsure, effects);
        }
        SetExpression { column, .. } => column::set_expression(alter, column, effects),
        AddConstraint(added) => constraint::add(alter, added, effects),
        ValidateConstraint { name } => constraint::validate(alter, name, effects),
        DropConstraint { name, cascade, .. } => constraint::drop(alter, name, *cascade, effects),
        AttachPartition { partition: child, bound } => partition::attach(&alter.name, child, bound, effects),
        DetachPartition { partition: child, concurrently, finalize } => {
            partition::detach(&alter.name, child, *concurrently, *finalize, effects);
        }
        AttachIndex { index } => attach_index(alter, index, effects),
        SetIdentity { column, .. } | DropIdentity { column, .. } => column::identity(alter, column, effects),
        SetLogged(_) | SetAccessMethod { .. } | SetTablespace { .. } => storage(alter, effects),
        Owner => owner(alter, effects),
        SetSchema { .. } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
            sequences(alter, effects);
        }
        ClusterOn { index: Some(index) } => with_index(alter, index, ShareUpdateExclusive, ShareUpdateExclusive, effects),
        ReplicaIdentity { index: Some(index) } => with_index(alter, index, AccessExclusive, Share, effects),
        RenameConstraint { from, .. } => constraint::rename(alter, from, effects),
        Inherit { parent } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
            effects.secondary_name(parent, ShareUpdateExclusive);
        }
        NoInherit { parent } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
            effects.secondary_name(parent, AccessShare);
        }
        RenameTo { .. } => rename(alter, effects),
        DropColumn { column, cascade, .. } => column::drop(alter, column, *cascade, effects),
        AlterConstraint { name, .. } => alter_constraint(alter, name, effects),
        change => plain(alter, change, effects),
    }
}

/// Catalog-only changes: the lock is the whole story.
fn plain(alter: &AlterTable, change: &TableChange, effects: &mut Effects<'_>) {
    use TableChange::*;
    let mode = match change {
        SetColumnOptions { .. } if alter.kind == RelationKind::ForeignTable => AccessExclusive,
        SetStatistics { .. } | SetColumnOptions { .. } | ClusterOn { .. } => ShareUpdateExclusive,
        SetOptions { names, .. } => options_mode(alter.kind, names),
        Trigger { .. } => ShareRowExclusive,
        _ => AccessExclusive,
    };
    let relation = effects.catalog.resolve(&alter.name);
    let recurses = match change {
        // these two reach partitions, but not inheriting children
        SetCompression { .. } | Trigger { .. } => effects.is_partitioned(&relation),
        // since 18 it is a constraint, which is not there to be dropped
        DropNotNull { column } => !effects.version.at_least(18) || constraint::may_be_not_null(alter, column, effects),
        change => reaches_children(change),
    };
    if recurses && !alter.only {
        whole_tree(alter, mode, &[], None, effects);
    } else {
        effects.named(&alter.name, EffectKind::from(alter.kind), mode);
    }
}

/// Whether a change is made in all children as well.
fn reaches_children(change: &TableChange) -> bool {
    use TableChange::*;
    matches!(
        change,
        SetDefault { .. }
            | DropDefault { .. }
            | SetStatistics { .. }
            | SetStorage { .. }
            | RenameColumn { .. }
            | DropExpression { .. }
            | AddIdentity { .. }
    )
}

/// SET LOGGED, ACCESS METHOD, TABLESPACE: a table that is so already stays as it is.
fn storage(alter: &AlterTable, effects: &mut Effects<'_>) {
    let known = effects.table(&alter.name).filter(|_| effects.is_whole(&alter.name));
    let is_so = match &alter.change {
        TableChange::SetLogged(logged) => known.is_some_and(|table| table.unlogged != *logged),
        TableChange::SetAccessMethod { method } => method.as_ref().is_none_or(|m| *m == "heap"),
        TableChange::SetTablespace { tablespace } => *tablespace == "pg_default",
        _ => false,
    };
    if is_so {
        effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
        return;
    }
    match alter.change {
        // the indexes stay in their own tablespaces
        TableChange::SetTablespace { .. } => {
            effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive).work.push(Work::Rewrite);
        }
        _ => rewrite(alter, vec![Work::Rewrite], None, effects),
    }
}

/// OWNER TO gives the indexes and sequences of a table to the new owner too.
fn owner(alter: &AlterTable, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    effects.named(&alter.name, EffectKind::from(alter.kind), AccessExclusive);
    let from = effects.list.len();
    effects.indexes(&relation, AccessExclusive, &[]);
    sequences(alter, effects);
    for effect in effects.list.iter_mut().skip(from) {
        effect.unsure = Some(format!("whether the owner of {} changes", alter.name));
    }
}

fn sequences(alter: &AlterTable, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&alter.name);
    for sequence in effects.sequences_of(&relation, None) {
        effects.secondary(&sequence, AccessExclusive);
    }
}

/// CLUSTER ON and REPLICA IDENTITY USING INDEX.
fn with_index(alter: &AlterTable, index: &Name, mode: LockMode, on_index: LockMode, effects: &mut Effects<'_>) {
    let schema = effects.catalog.resolve(&alter.name).schema;
    effects.named(&alter.name, EffectKind::from(alter.kind), mode);
    effects.secondary(&Qualified { schema, name: index.value.clone() }, on_index).kind = EffectKind::Index;
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
            effects.stored_indexes(&table, AccessExclusive, &[Work::IndexBuild]);
        }
    }
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

/// Renaming an index is SHARE UPDATE EXCLUSIVE, unless ALTER TABLE does it.
fn rename(alter: &AlterTable, effects: &mut Effects<'_>) {
    let is_index = alter.kind == RelationKind::Index
        && !matches!(effects.catalog.relation(&alter.name), Some(Relation::Table(..) | Relation::View(..) | Relation::Sequence(..)));
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
