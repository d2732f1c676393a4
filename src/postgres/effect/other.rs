//! Everything else that locks a relation: views, sequences, triggers, comments, maintenance, COPY. Must not know tables' own
//! DDL.

use super::list::Effects;
use super::{EffectKind, Until, Work, query};
use crate::catalog::Qualified;
use crate::facts::{Action, AlterDomain, Copy, CreateTrigger, CreateView, DomainChange, Grant, Name, ObjectName, OtherChange, Refresh};
use crate::postgres::lock::LockMode::{
    AccessExclusive, AccessShare, Exclusive, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive,
};

/// The rest of the actions; those that are not listed lock no relation.
pub(super) fn other(action: &Action, effects: &mut Effects<'_>) {
    match action {
        Action::CreateView(view) => create_view(view, effects),
        Action::RefreshMaterializedView(refresh) => refresh_view(refresh, effects),
        Action::AlterSequence(sequence) => {
            effects.named(&sequence.name, EffectKind::Sequence, ShareRowExclusive);
            if let Some(Some((table, _))) = &sequence.owned_by {
                effects.secondary_name(table, AccessShare);
            }
        }
        Action::CreateSequence(sequence) => {
            if let Some((table, _)) = &sequence.owned_by {
                effects.secondary_name(table, AccessShare);
            }
        }
        Action::CreateTrigger(trigger) => create_trigger(trigger, effects),
        Action::Policy { table, .. } | Action::CreateRule { table, .. } => {
            effects.named(table, EffectKind::Table, AccessExclusive);
        }
        Action::AlterOther { kind, name, on: Some(table), change, .. } => alter_on_table(kind, name.as_ref(), table, change, effects),
        Action::Grant(grant) => grant_on(grant, effects),
        Action::CreateStatistics { table: Some(table), .. } => {
            effects.named(table, EffectKind::Table, ShareUpdateExclusive);
        }
        Action::Publication { tables, .. } => {
            for table in tables {
                effects.named(table, EffectKind::Table, ShareUpdateExclusive);
                let relation = effects.catalog.resolve(table);
                // a partitioned table is published as one
                if !effects.is_partitioned(&relation) {
                    effects.recurse(&relation, ShareUpdateExclusive, &[]);
                }
            }
        }
        Action::AlterDomain(domain) => alter_domain(domain, effects),
        Action::LockTable { tables, mode, .. } => {
            for target in tables {
                let relation = effects.catalog.resolve(&target.name);
                effects.named(&target.name, EffectKind::Table, *mode);
                if !target.only {
                    effects.recurse(&relation, *mode, &[]);
                }
                query::views(&relation, *mode, query::MAX_VIEWS, effects);
            }
        }
        Action::Comment { on: Some(table), .. } => {
            effects.named(table, EffectKind::Table, AccessShare);
        }
        Action::Comment { kind, name, column, on: None } => comment(kind, name.as_ref(), column.as_ref(), effects),
        maintenance => self::maintenance(maintenance, effects),
    }
}

fn maintenance(action: &Action, effects: &mut Effects<'_>) {
    match action {
        Action::Vacuum { tables, full, .. } => {
            let (mode, work) = if *full { (AccessExclusive, Work::Rewrite) } else { (ShareUpdateExclusive, Work::Scan) };
            each(tables, mode, work, *full, true, effects);
            effects.list.iter_mut().for_each(|effect| effect.until = Until::Statement);
        }
        Action::Analyze { tables } => tables.iter().for_each(|table| analyze(table, effects)),
        Action::Cluster { table, .. } => each(table.as_slice(), AccessExclusive, Work::Rewrite, true, false, effects),
        Action::Copy(copy) => copy_table(copy, effects),
        _ => {}
    }
}

fn each(tables: &[ObjectName], mode: crate::postgres::lock::LockMode, work: Work, indexes: bool, vacuums: bool, effects: &mut Effects<'_>) {
    for table in tables {
        let relation = effects.catalog.resolve(table);
        effects.named(table, EffectKind::Table, mode).work.push(work);
        // VACUUM takes inheriting children along since 18
        let below = effects.descendants(&relation);
        let along = effects.is_partitioned(&relation) || (vacuums && effects.version.at_least(18));
        for child in below.into_iter().filter(|_| along) {
            // CLUSTER passes over the partitioned tables in between
            if vacuums || !effects.is_partitioned(&child) {
                effects.secondary(&child, mode).work.push(work);
            }
        }
        if indexes {
            let below = if effects.is_partitioned(&relation) { effects.descendants(&relation) } else { vec![] };
            for table in std::iter::once(&relation).chain(&below) {
                effects.stored_indexes(table, AccessExclusive, &[Work::IndexBuild]);
            }
        }
    }
}

/// ANALYZE samples the children too; only since 18 it keeps statistics of inheriting ones by themselves.
fn analyze(table: &ObjectName, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(table);
    effects.named(table, EffectKind::Table, ShareUpdateExclusive).work.push(Work::Scan);
    let own = effects.is_partitioned(&relation) || effects.version.at_least(18);
    effects.recurse(&relation, if own { ShareUpdateExclusive } else { AccessShare }, &[Work::Scan]);
}

/// ALTER TRIGGER and ALTER RULE; a row trigger has the same name in every partition since 15.
fn alter_on_table(kind: &str, name: Option<&ObjectName>, table: &ObjectName, change: &OtherChange, effects: &mut Effects<'_>) {
    if matches!(change, OtherChange::Other) {
        effects.named(table, EffectKind::Table, AccessShare);
        return;
    }
    let relation = effects.catalog.resolve(table);
    effects.named(table, EffectKind::Table, AccessExclusive);
    let triggers = effects.catalog.tables.get(&relation).map(|t| t.triggers.as_slice()).unwrap_or_default();
    let each_row = triggers.iter().any(|t| t.each_row && name.is_some_and(|name| name.name == *t.name.as_str()));
    if kind == "TRIGGER" && each_row && effects.version.at_least(15) {
        effects.partitions(&relation, AccessExclusive, &[]);
    }
}

/// GRANT and REVOKE hold the relation since 18.
fn grant_on(grant: &Grant, effects: &mut Effects<'_>) {
    let kind = match grant.kind.as_str() {
        "TABLE" => EffectKind::Table,
        "SEQUENCE" => EffectKind::Sequence,
        _ => return,
    };
    for object in grant.objects.iter().filter(|_| effects.version.at_least(18)).collect::<Vec<_>>() {
        effects.named(object, kind, AccessShare);
    }
}

fn copy_table(copy: &Copy, effects: &mut Effects<'_>) {
    if let Some(table) = &copy.table {
        let lets_go = !copy.from && !effects.version.at_least(13);
        let locked = effects.named(table, EffectKind::Table, if copy.from { RowExclusive } else { AccessShare });
        if lets_go {
            locked.until = Until::Statement;
        }
    }
}

/// A new view locks nothing but what it reads; a replaced one is locked against everybody.
fn create_view(view: &CreateView, effects: &mut Effects<'_>) {
    if view.or_replace && effects.catalog.view(&view.name).is_some() {
        effects.named(&view.name, EffectKind::View, AccessExclusive);
    }
}

fn refresh_view(refresh: &Refresh, effects: &mut Effects<'_>) {
    let mode = if refresh.concurrently { Exclusive } else { AccessExclusive };
    let relation = effects.catalog.resolve(&refresh.name);
    effects.named(&refresh.name, EffectKind::MaterializedView, mode).work.push(if refresh.concurrently {
        Work::Scan
    } else {
        Work::Rewrite
    });
    if !refresh.concurrently {
        effects.indexes(&relation, AccessExclusive, &[Work::IndexBuild]);
    }
    if !refresh.with_data {
        return;
    }
    let catalog = effects.catalog;
    for read in catalog.views.get(&relation).map(|view| view.reads.as_slice()).unwrap_or_default() {
        effects.secondary(read, AccessShare).work.push(Work::Scan);
    }
}

fn create_trigger(trigger: &CreateTrigger, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(&trigger.table);
    effects.named(&trigger.table, EffectKind::Table, ShareRowExclusive);
    if trigger.each_row {
        effects.partitions(&relation, ShareRowExclusive, &[]);
    }
    if let Some(from) = &trigger.from {
        effects.secondary_name(from, AccessShare);
    }
}

fn comment(kind: &str, name: Option<&ObjectName>, column: Option<&Name>, effects: &mut Effects<'_>) {
    let Some(name) = name.filter(|name| !effects.catalog.types.contains_key(&effects.catalog.resolve(name))) else { return };
    let kind = match kind {
        "VIEW" => EffectKind::View,
        "MATERIALIZED VIEW" => EffectKind::MaterializedView,
        "INDEX" => EffectKind::Index,
        "SEQUENCE" => EffectKind::Sequence,
        "TABLE" | "FOREIGN TABLE" | "COLUMN" => EffectKind::Table,
        _ if column.is_some() => EffectKind::Table,
        _ => return,
    };
    effects.named(name, kind, ShareUpdateExclusive);
}

/// A domain's new constraint is checked in every column of that type, under SHARE.
fn alter_domain(domain: &AlterDomain, effects: &mut Effects<'_>) {
    let checks = matches!(
        domain.change,
        DomainChange::SetNotNull
            | DomainChange::AddNotNull { .. }
            | DomainChange::Validate { .. }
            | DomainChange::AddCheck { not_valid: false, .. }
    );
    let name = &domain.name.name.value;
    let is_so = |known: &crate::catalog::Domain| matches!(domain.change, DomainChange::SetNotNull) && known.not_null;
    if !checks || effects.catalog.domains.named(name).any(|(_, known)| is_so(known)) {
        return;
    }
    let using: Vec<Qualified> = effects
        .catalog
        .tables
        .iter()
        .filter(|(_, table)| table.columns.iter().any(|c| c.ty.as_ref().is_some_and(|ty| ty.name == *name)))
        .map(|(q, _)| q.clone())
        .collect();
    for table in using {
        effects.secondary(&table, Share).work.push(Work::Scan);
    }
}
