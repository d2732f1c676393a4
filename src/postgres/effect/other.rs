//! Everything else that locks a relation: views, sequences, triggers, comments, maintenance, COPY. Must not know tables' own
//! DDL.

use super::list::Effects;
use super::{EffectKind, Until, Work};
use crate::catalog::Qualified;
use crate::facts::{Action, AlterDomain, Copy, CreateTrigger, CreateView, DomainChange, Name, ObjectName, Refresh};
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
        Action::CreateStatistics { table: Some(table), .. } => {
            effects.named(table, EffectKind::Table, ShareUpdateExclusive);
        }
        Action::Publication { tables, .. } => {
            for table in tables {
                effects.named(table, EffectKind::Table, ShareUpdateExclusive);
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
            }
        }
        Action::Comment { kind, name, column } => comment(kind, name.as_ref(), column.as_ref(), effects),
        maintenance => self::maintenance(maintenance, effects),
    }
}

fn maintenance(action: &Action, effects: &mut Effects<'_>) {
    match action {
        Action::Vacuum { tables, full, .. } => {
            let (mode, work) = if *full { (AccessExclusive, Work::Rewrite) } else { (ShareUpdateExclusive, Work::Scan) };
            each(tables, mode, work, *full, effects);
            effects.list.iter_mut().for_each(|effect| effect.until = Until::Statement);
        }
        Action::Analyze { tables } => each(tables, ShareUpdateExclusive, Work::Scan, false, effects),
        Action::Cluster { table, .. } => each(table.as_slice(), AccessExclusive, Work::Rewrite, true, effects),
        Action::Copy(copy) => copy_table(copy, effects),
        _ => {}
    }
}

fn each(tables: &[ObjectName], mode: crate::postgres::lock::LockMode, work: Work, indexes: bool, effects: &mut Effects<'_>) {
    for table in tables {
        let relation = effects.catalog.resolve(table);
        effects.named(table, EffectKind::Table, mode).work.push(work);
        effects.recurse(&relation, mode, &[work]);
        if indexes {
            effects.indexes(&relation, AccessExclusive, &[Work::IndexBuild]);
        }
    }
}

fn copy_table(copy: &Copy, effects: &mut Effects<'_>) {
    if let Some(table) = &copy.table {
        effects.named(table, EffectKind::Table, if copy.from { RowExclusive } else { AccessShare });
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
    effects.recurse(&relation, ShareRowExclusive, &[]);
    if let Some(from) = &trigger.from {
        effects.secondary_name(from, AccessShare);
    }
}

fn comment(kind: &str, name: Option<&ObjectName>, column: Option<&Name>, effects: &mut Effects<'_>) {
    let Some(name) = name else { return };
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
    if !checks {
        return;
    }
    let name = &domain.name.name.value;
    let using: Vec<Qualified> = effects
        .catalog
        .tables
        .iter()
        .filter(|(_, table)| table.columns.iter().any(|c| c.ty.as_ref().is_some_and(|ty| ty.name == *name)))
        .map(|(q, _)| q.clone())
        .collect();
    let validates = matches!(domain.change, DomainChange::Validate { .. }) && effects.version.at_least(18);
    for table in using {
        effects.secondary(&table, if validates { ShareUpdateExclusive } else { Share }).work.push(Work::Scan);
    }
}
