//! What queries lock: the relations they read, write, and lock rows of. Must not know DDL.

use super::list::Effects;
use super::{EffectKind, Until};
use crate::catalog::Qualified;
use crate::facts::{FromItem, ObjectName, Query};
use crate::postgres::lock::LockMode::{AccessShare, RowExclusive, RowShare};

/// How deep views may stand on views.
const MAX_VIEWS: usize = 32;

/// Adds what a query locks, its subqueries and CTEs included.
pub(super) fn reads(query: &Query, effects: &mut Effects<'_>) {
    inside(query, &mut vec![], effects);
}

fn inside<'q>(query: &'q Query, ctes: &mut Vec<&'q str>, effects: &mut Effects<'_>) {
    let outer = ctes.len();
    ctes.extend(query.ctes.iter().map(|cte| cte.name.value.as_str()));
    if let Some(target) = query.target()
        && let Some(name) = target.table()
    {
        effects.named(name, EffectKind::Table, RowExclusive);
        if !target.only && query.from_writes_children() {
            let relation = effects.catalog.resolve(name);
            effects.recurse(&relation, RowExclusive, &[]);
        }
    }
    let mode = if query.locking.is_some() { RowShare } else { AccessShare };
    for relation in query.from().iter().flat_map(FromItem::relations) {
        if let Some(name) = relation.table().filter(|name| !is_cte(name, ctes)) {
            read(name, mode, relation.only, effects);
        }
    }
    for child in query.children() {
        inside(child, ctes, effects);
    }
    ctes.truncate(outer);
}

/// A helper of this module on queries.
trait Writes {
    fn from_writes_children(&self) -> bool;
}

impl Writes for Query {
    /// INSERT goes to the leaf that fits, which nobody knows; the others open every child.
    fn from_writes_children(&self) -> bool {
        !matches!(self.body, crate::facts::QueryBody::Insert(_))
    }
}

fn is_cte(name: &ObjectName, ctes: &[&str]) -> bool {
    name.schema.is_none() && ctes.contains(&name.name.value.as_str())
}

fn read(name: &ObjectName, mode: crate::postgres::lock::LockMode, only: bool, effects: &mut Effects<'_>) {
    let relation = effects.catalog.resolve(name);
    let effect = effects.named(name, EffectKind::Table, mode);
    effect.until = Until::Transaction;
    if !only {
        effects.recurse(&relation, mode, &[]);
    }
    views(&relation, MAX_VIEWS, effects);
}

/// What a view reads is read with it.
fn views(relation: &Qualified, depth: usize, effects: &mut Effects<'_>) {
    let Some(view) = effects.catalog.views.get(relation).filter(|view| !view.materialized && depth > 0) else { return };
    for read in &view.reads {
        effects.secondary(read, AccessShare);
        views(read, depth - 1, effects);
    }
}
