//! Statements that nobody waits for: how they scale says nothing of an application's load, so that rules about slow queries and
//! missing indexes have nothing to say of them. What they lock and change is other rules' to tell.
//!
//! Must not know a rule.

use super::checker::Scene;
use super::findings::ActiveRule;
use crate::catalog::Catalog;
use crate::facts::{ExprKind, FromItem, ObjectName, SelectItem, Statement};
use crate::rules::{self, Origin};

/// What a statement is, as far as it decides which rules have a say.
#[derive(Clone, Copy)]
pub(super) struct Idle {
    /// Neither slow queries nor missing indexes count.
    pub(super) load: bool,
}

impl Idle {
    pub(super) fn of(scene: &Scene) -> Idle {
        let once = rules::runs_once(scene.origin, scene.around, scene.statement);
        let once = once || runs_for_what_it_does(scene);
        let load = once || scene.around.by_hand || asks_the_system(scene.statement, scene.catalog) || shows_other_tables(scene);
        Idle { load }
    }

    /// Whether a rule has a say.
    pub(super) fn admits(&self, active: &ActiveRule) -> bool {
        match active.category() {
            "query" | "index" => !self.load,
            _ => true,
        }
    }
}

/// `SELECT make_part(p.id) FROM parts p` in a migration: a function that the migrations define is called for each row, for what it does.
fn runs_for_what_it_does(scene: &Scene) -> bool {
    let own = |item: &SelectItem| match &item.expr.kind {
        ExprKind::Call(call) => scene.catalog.functions.named(&call.name.name.value).next().is_some(),
        _ => false,
    };
    let select = scene.statement.query.as_deref().and_then(|query| query.select());
    scene.origin == Origin::Migration
        && !scene.around.in_function
        && select.is_some_and(|select| select.items.len() == 1 && select.items.iter().all(own))
}

fn tables(statement: &Statement) -> Vec<&ObjectName> {
    let mut found = vec![];
    for query in statement.queries() {
        query.walk(&mut |q| found.extend(q.from().iter().flat_map(FromItem::relations).chain(q.target()).filter_map(|r| r.table())));
    }
    found
}

/// Whether a system catalog is read: no index can be built there, and a tool or a monitor asks.
fn asks_the_system(statement: &Statement, catalog: &Catalog) -> bool {
    tables(statement).into_iter().any(|name| match &name.schema {
        Some(schema) => {
            let schema = schema.value.as_str();
            matches!(schema, "pg_catalog" | "information_schema" | "timescaledb_information") || schema.starts_with("_timescaledb_")
        }
        None => name.name.value.starts_with("pg_") && catalog.table(name).is_none(),
    })
}

/// Whether a document's example is about tables that it does not define itself: what a text shows is not what the application sends
/// to the schema of today.
fn shows_other_tables(scene: &Scene) -> bool {
    let shows = scene.origin == Origin::Document || scene.around.in_document;
    let file = scene.statement.file;
    shows
        && tables(scene.statement).into_iter().any(|name| scene.catalog.table(name).is_some_and(|(_, table)| table.defined_at.file != file))
}
