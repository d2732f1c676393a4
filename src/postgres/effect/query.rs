//! What queries lock: the relations they read, write, and lock rows of, and what foreign keys and defaults reach from there.
//! Must not know DDL.

use super::EffectKind;
use super::list::Effects;
use crate::catalog::{Catalog, Column, Qualified, TableConstraint};
use crate::facts::{
    ConstraintKind, Delete, Expr, ExprKind, FromItem, Identifier, Insert, Name, ObjectName, Query, QueryBody, Relation, RelationSource,
    Update,
};
use crate::postgres::lock::LockMode::{self, AccessShare, RowExclusive, RowShare};
use crate::source::Span;

/// How deep views may stand on views.
pub(super) const MAX_VIEWS: usize = 32;

/// How deep ON DELETE CASCADE is followed.
const MAX_CASCADES: usize = 16;

/// Adds what a query locks, its subqueries and CTEs included.
pub(super) fn reads(query: &Query, effects: &mut Effects<'_>) {
    Reader { ctes: vec![], runs: true, effects }.query(query, false);
}

/// Adds what a query names, without what stands behind that: the query is only read, not planned.
pub(super) fn names(query: &Query, effects: &mut Effects<'_>) {
    Reader { ctes: vec![], runs: false, effects }.query(query, false);
}

struct Reader<'q, 'e, 'c> {
    /// The CTEs in scope.
    ctes: Vec<&'q str>,
    runs: bool,
    effects: &'e mut Effects<'c>,
}

impl<'q> Reader<'q, '_, '_> {
    /// `locked`: a locking clause around it reaches its rows.
    fn query(&mut self, query: &'q Query, locked: bool) {
        let outer = self.ctes.len();
        self.ctes.extend(query.ctes.iter().map(|cte| cte.name.value.as_str()));
        if let Some((target, name)) = query.target().and_then(|target| Some((target, target.table()?))) {
            self.write(query, target, name);
        }
        let mut lockable = vec![];
        for relation in query.from().iter().flat_map(FromItem::relations) {
            let locked = locked || locks_rows_of(query, relation);
            match &relation.source {
                RelationSource::Subquery(inner) if locked => lockable.push(inner.span),
                _ => {}
            }
            if let Some(name) = relation.table().filter(|name| !self.is_cte(name)) {
                self.read(name, if locked { RowShare } else { AccessShare }, relation.only);
            }
        }
        if self.runs {
            query.expressions().into_iter().for_each(|expr| sequences_in(expr, self.effects));
        }
        for child in query.children() {
            self.query(child, lockable.contains(&child.span));
        }
        self.ctes.truncate(outer);
    }

    fn is_cte(&self, name: &ObjectName) -> bool {
        name.schema.is_none() && self.ctes.contains(&name.name.value.as_str())
    }

    fn read(&mut self, name: &ObjectName, mode: LockMode, only: bool) {
        let relation = self.effects.catalog.resolve(name);
        self.effects.named(name, EffectKind::Table, mode);
        if !self.runs {
            return;
        }
        if !only {
            self.effects.recurse(&relation, mode, &[]);
        }
        views(&relation, mode, MAX_VIEWS, self.effects);
    }

    /// The table that a query writes. INSERT goes to the leaf that fits, which nobody knows; the others open every child.
    fn write(&mut self, query: &'q Query, target: &Relation, name: &ObjectName) {
        let effects = &mut *self.effects;
        let relation = effects.catalog.resolve(name);
        let inserts = matches!(query.body, QueryBody::Insert(_));
        let routed = inserts && effects.is_partitioned(&relation);
        effects.named(name, EffectKind::Table, RowExclusive).unsure = routed.then(|| format!("which partitions of {name} take the rows"));
        if !self.runs {
            return;
        }
        if !target.only && !inserts {
            effects.recurse(&relation, RowExclusive, &[]);
        }
        if let Some([base]) = effects.catalog.views.get(&relation).map(|view| view.reads.as_slice()) {
            effects.secondary(base, RowExclusive).unsure = Some(format!("whether a trigger on {name} writes in its place"));
        }
        match &query.body {
            QueryBody::Insert(insert) => insert_reaches(insert, &relation, effects),
            QueryBody::Update(update) => update_reaches(update, &relation, effects),
            QueryBody::Delete(delete) => delete_reaches(delete, &relation, effects),
            _ => {}
        }
    }
}

/// Whether the locking clause of a query means that relation: all, or those after OF.
fn locks_rows_of(query: &Query, relation: &Relation) -> bool {
    query.locking.as_ref().is_some_and(|locking| {
        let binding = relation.binding();
        locking.of.is_empty() || locking.of.iter().any(|of| binding.is_some_and(|binding| *binding == of.name))
    })
}

/// What a view reads is read with it, and locked with it.
pub(super) fn views(relation: &Qualified, mode: LockMode, depth: usize, effects: &mut Effects<'_>) {
    let Some(view) = effects.catalog.views.get(relation).filter(|view| !view.materialized && depth > 0) else { return };
    for read in &view.reads {
        effects.secondary(read, mode);
        effects.recurse(read, mode, &[]);
        views(read, mode, depth - 1, effects);
    }
}

/// Sequences that are drawn from, and parents whose keys are looked up.
fn insert_reaches(insert: &Insert, relation: &Qualified, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    let Some(table) = catalog.tables.get(relation) else { return };
    let given = |column: &str| insert.source.is_some() && (insert.columns.is_empty() || insert.columns.iter().any(|c| *c == column));
    for column in table.columns.iter().filter(|column| !given(&column.name)) {
        for sequence in draws_from(relation, column, catalog) {
            effects.secondary(&sequence, RowExclusive);
        }
    }
    let has_value = |name: &Name| given(&name.value) || table.column(&name.value).is_some_and(|c| c.default.is_some());
    look_up_parents(&table.constraints, |columns| columns.iter().all(has_value), effects);
}

fn update_reaches(update: &Update, relation: &Qualified, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    let Some(table) = catalog.tables.get(relation) else { return };
    let set = |name: &Name| update.assignments.iter().any(|(column, _)| column == name);
    look_up_parents(&table.constraints, |columns| columns.iter().any(set), effects);
    let primary = table.primary_key();
    for (child, constraint) in catalog.references_to(relation) {
        let ConstraintKind::ForeignKey { referenced, on_update, .. } = &constraint.constraint.kind else { continue };
        let key_set = if referenced.is_empty() {
            update.assignments.iter().any(|(column, _)| primary.contains(&column.value.as_str()))
        } else {
            referenced.iter().any(set)
        };
        if key_set {
            effects.secondary(child, action_mode(on_update.as_deref())).unsure = Some(format!("whether a key of {relation} changes"));
        }
    }
}

fn look_up_parents(constraints: &[TableConstraint], touched: impl Fn(&[Name]) -> bool, effects: &mut Effects<'_>) {
    for constraint in constraints.iter().filter(|c| !c.constraint.not_enforced) {
        if let (ConstraintKind::ForeignKey { columns, .. }, Some(parent)) = (&constraint.constraint.kind, &constraint.references)
            && touched(columns)
        {
            effects.secondary(parent, RowShare).unsure = Some(format!("whether {} is checked for a row", constraint.name));
        }
    }
}

/// The tables whose foreign keys must let the rows go.
fn delete_reaches(_: &Delete, relation: &Qualified, effects: &mut Effects<'_>) {
    let catalog = effects.catalog;
    let (mut next, mut seen) = (vec![(relation.clone(), 0)], vec![relation.clone()]);
    while let Some((parent, depth)) = next.pop() {
        for (child, constraint) in catalog.references_to(&parent) {
            let ConstraintKind::ForeignKey { on_delete, .. } = &constraint.constraint.kind else { continue };
            effects.secondary(child, action_mode(on_delete.as_deref())).unsure = Some(format!("whether a row of {parent} is deleted"));
            if on_delete.as_deref() == Some("CASCADE") && !seen.contains(child) && depth < MAX_CASCADES {
                seen.push(child.clone());
                next.push((child.clone(), depth + 1));
            }
        }
    }
}

/// What ON DELETE or ON UPDATE does to the child: look whether a row refers to the key, or write it.
fn action_mode(action: Option<&str>) -> LockMode {
    match action {
        None | Some("NO ACTION" | "RESTRICT") => RowShare,
        Some(_) => RowExclusive,
    }
}

/// The sequences behind a column's default.
pub(super) fn draws_from(table: &Qualified, column: &Column, catalog: &Catalog) -> Vec<Qualified> {
    let mut found = vec![];
    if column.identity.is_some() {
        let owned = |owner: &(Qualified, Identifier)| owner.0 == *table && owner.1 == column.name;
        found.extend(
            catalog.sequences.dependents(table).filter(|(_, s)| s.owned_by.as_ref().is_some_and(owned)).map(|(name, _)| name.clone()),
        );
    }
    if let Some(default) = &column.default {
        default.walk(&mut |expr| found.extend(drawn(expr, catalog)));
    }
    found
}

fn sequences_in(expr: &Expr, effects: &mut Effects<'_>) {
    let mut found = vec![];
    let catalog = effects.catalog;
    expr.walk(&mut |expr| found.extend(drawn(expr, catalog)));
    for sequence in found {
        effects.secondary(&sequence, RowExclusive).kind = EffectKind::Sequence;
    }
}

/// The sequence of `nextval('s')` and `setval('s', …)`.
fn drawn(expr: &Expr, catalog: &Catalog) -> Option<Qualified> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    if !matches!(call.name.name.value.as_str(), "nextval" | "setval") {
        return None;
    }
    let text = call.args.first()?.uncast().string()?;
    let part = |text: &str| match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(quoted) => Name::new(quoted.replace("\"\"", "\""), Span::default()),
        None => Name::new(text.to_ascii_lowercase(), Span::default()),
    };
    let name = match text.split_once('.') {
        Some((schema, name)) => ObjectName { schema: Some(part(schema)), name: part(name) },
        None => ObjectName::bare(part(text)),
    };
    Some(catalog.resolve(&name))
}
