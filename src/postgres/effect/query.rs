//! What queries lock: the relations they read, write, and lock rows of. Must not know DDL.

use super::EffectKind;
use super::list::Effects;
use crate::catalog::Qualified;
use crate::facts::{FromItem, ObjectName, Query, QueryBody};
use crate::postgres::lock::LockMode::{self, AccessShare, RowExclusive, RowShare};

/// How deep views may stand on views.
const MAX_VIEWS: usize = 32;

/// Adds what a query locks, its subqueries and CTEs included.
pub(super) fn reads(query: &Query, effects: &mut Effects<'_>) {
    inside(query, &mut vec![], MAX_VIEWS, effects);
}

/// Adds what a query names, without what the views among it read.
pub(super) fn names(query: &Query, effects: &mut Effects<'_>) {
    inside(query, &mut vec![], 0, effects);
}

fn inside<'q>(query: &'q Query, ctes: &mut Vec<&'q str>, depth: usize, effects: &mut Effects<'_>) {
    let outer = ctes.len();
    ctes.extend(query.ctes.iter().map(|cte| cte.name.value.as_str()));
    if let Some(target) = query.target()
        && let Some(name) = target.table()
    {
        effects.named(name, EffectKind::Table, RowExclusive);
        if !target.only && writes_children(query) {
            let relation = effects.catalog.resolve(name);
            effects.recurse(&relation, RowExclusive, &[]);
        }
    }
    let mode = if query.locking.is_some() { RowShare } else { AccessShare };
    for relation in query.from().iter().flat_map(FromItem::relations) {
        if let Some(name) = relation.table().filter(|name| !is_cte(name, ctes)) {
            read(name, mode, relation.only, depth, effects);
        }
    }
    for child in query.children() {
        inside(child, ctes, depth, effects);
    }
    ctes.truncate(outer);
}

/// INSERT goes to the leaf that fits, which nobody knows; the others open every child.
fn writes_children(query: &Query) -> bool {
    !matches!(query.body, QueryBody::Insert(_))
}

fn is_cte(name: &ObjectName, ctes: &[&str]) -> bool {
    name.schema.is_none() && ctes.contains(&name.name.value.as_str())
}

fn read(name: &ObjectName, mode: LockMode, only: bool, depth: usize, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(name);
    effects.named(name, EffectKind::Table, mode);
    if !only {
        effects.recurse(&relation, mode, &[]);
    }
    views(&relation, depth, effects);
}

/// What a view reads is read with it.
fn views(relation: &Qualified, depth: usize, effects: &mut Effects<'_>) {
    let Some(view) = effects.catalog.views.get(relation).filter(|view| !view.materialized && depth > 0) else { return };
    for read in &view.reads {
        effects.secondary(read, AccessShare);
        views(read, depth - 1, effects);
    }
}
