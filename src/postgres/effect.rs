//! What each action locks, until when, and what it does under the lock: the heart.
//!
//! The truth is real PostgreSQL, versions 12 to 18: `tests/postgres` runs the forms and reads `pg_locks`. One file per
//! family of actions; this one dispatches and merges. Relations that an action creates are not listed, for nobody can wait
//! for them. Must not know why it is asked: rules judge, this tells.

mod alter;
mod column;
mod constraint;
mod index;
mod list;
mod other;
mod partition;
mod query;
mod table;

use crate::catalog::{Catalog, Qualified};
use crate::facts::{Action, BodyKind, RelationKind, Statement};
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;
use list::Effects;

/// Until when a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The end of the statement.
    Statement,
    /// The end of the transaction.
    Transaction,
}

/// Work done while the lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Reads every row.
    Scan,
    /// Writes every row anew, with all indexes.
    Rewrite,
    /// Builds an index.
    IndexBuild,
    /// Waits for older transactions.
    Wait,
}

/// One relation's share in what an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The relation locked.
    pub relation: Qualified,
    /// What it is.
    pub kind: EffectKind,
    /// The strongest mode taken.
    pub mode: LockMode,
    /// Until when.
    pub until: Until,
    /// What happens under it; empty is *brief*.
    pub work: Vec<Work>,
    /// The action's named relation (first), rather than one that is locked with it.
    pub named: bool,
    /// What was not known and would decide: `the old type of orders.total`.
    pub unsure: Option<String>,
}

/// What kind of relation an effect is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum EffectKind {
    Table,
    Index,
    View,
    MaterializedView,
    Partition,
    Sequence,
}

impl EffectKind {
    /// As the outputs spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            EffectKind::Table => "table",
            EffectKind::Index => "index",
            EffectKind::View => "view",
            EffectKind::MaterializedView => "materialized view",
            EffectKind::Partition => "partition",
            EffectKind::Sequence => "sequence",
        }
    }
}

impl From<RelationKind> for EffectKind {
    fn from(kind: RelationKind) -> Self {
        match kind {
            RelationKind::Table | RelationKind::ForeignTable => EffectKind::Table,
            RelationKind::View => EffectKind::View,
            RelationKind::MaterializedView => EffectKind::MaterializedView,
            RelationKind::Index => EffectKind::Index,
            RelationKind::Sequence => EffectKind::Sequence,
        }
    }
}

/// What one action does; relations created by it are not listed. `catalog` is the schema before it.
pub fn effect(action: &Action, catalog: &Catalog, version: Version) -> Vec<Effect> {
    let mut effects = Effects::new(catalog, version);
    match action {
        Action::AlterTable(alter) => alter::alter_table(alter, &mut effects),
        Action::CreateTable(table) => table::create_table(table, &mut effects),
        Action::Truncate { tables, cascade, restart_identity } => table::truncate(tables, *cascade, *restart_identity, &mut effects),
        Action::Drop(drop) => table::drop(drop, &mut effects),
        Action::CreateIndex(index) => index::create_index(index, &mut effects),
        Action::Reindex(reindex) => index::reindex(reindex, &mut effects),
        other => other::other(other, &mut effects),
    }
    if let Some(query) = action.query() {
        // a query inside DDL reads beside what the action names
        let from = effects.list.len();
        // a view's definition opens what it names, and not what stands behind that
        let defines = match action {
            Action::CreateView(view) => !view.materialized || !view.with_data,
            Action::CreateTableAs(table) => !table.with_data,
            Action::QueryIn { runs, .. } => !runs,
            _ => false,
        };
        if defines {
            query::names(query, &mut effects)
        } else {
            query::reads(query, &mut effects)
        }
        let utility = !matches!(action, Action::QueryIn { .. } | Action::Copy(_));
        effects.list.iter_mut().skip(from).for_each(|effect| effect.named &= !utility);
    }
    effects.merged()
}

/// What a whole statement does: its actions' effects (the strongest mode per relation, all the work) and its query's.
pub fn statement_effects(statement: &Statement, catalog: &Catalog, version: Version) -> Vec<Effect> {
    // the body of a function in SQL is read when it is created, that of others when it runs
    let read = |action: &Action| matches!(action, Action::CreateFunction(function) if function.language == "sql");
    if let ([action], None) = (statement.actions.as_slice(), &statement.query)
        && !read(action)
    {
        return effect(action, catalog, version);
    }
    let mut effects = Effects::new(catalog, version);
    for action in &statement.actions {
        effects.list.extend(effect(action, catalog, version));
    }
    if let Some(query) = &statement.query {
        query::reads(query, &mut effects);
    }
    if statement.actions.iter().any(read) {
        let from = effects.list.len();
        for query in statement.bodies.iter().flat_map(|body| &body.statements).filter_map(|inner| inner.statement.query.as_ref()) {
            query::names(query, &mut effects);
        }
        effects.list.iter_mut().skip(from).for_each(|effect| effect.named = false);
    }
    effects.merged()
}

/// What a statement does when it runs: its own effects, and those of the statements inside a DO block.
pub fn effects_of_run(statement: &Statement, catalog: &Catalog, version: Version) -> Vec<Effect> {
    let mut effects = Effects::new(catalog, version);
    effects.list = statement_effects(statement, catalog, version);
    run_bodies(statement, 0, &mut effects);
    effects.merged()
}

fn run_bodies(statement: &Statement, depth: usize, effects: &mut Effects<'_>) {
    let runs = |kind| kind == BodyKind::Do || (depth > 0 && kind == BodyKind::Execute);
    for inner in statement.bodies.iter().filter(|body| runs(body.kind)).flat_map(|body| &body.statements) {
        let found = statement_effects(&inner.statement, effects.catalog, effects.version);
        let unsure = || inner.conditional.then(|| "whether its condition holds".to_owned());
        effects.list.extend(found.into_iter().map(|effect| Effect { unsure: effect.unsure.clone().or_else(unsure), ..effect }));
        if depth < MAX_BODIES {
            run_bodies(&inner.statement, depth + 1, effects);
        }
    }
}

/// Bodies inside bodies are followed this deep.
const MAX_BODIES: usize = 8;

#[cfg(test)]
mod tests;
