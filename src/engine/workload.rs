//! The queries that run again and again: what advice on indexes looks at.

use super::parts::{self, Part};
use super::{Input, run};
use crate::catalog::Catalog;
use crate::facts::{BodyKind, Statement};
use crate::finding::Outcome;
use crate::rules::Origin;
use crate::settings::Settings;
use rayon::prelude::*;

/// The schema that the migrations leave, with the statements that run against it.
pub struct Workload {
    /// The schema.
    pub catalog: Catalog,
    /// Statements of scripts, documents and application code, and of functions that the migrations create; a migration's own
    /// run once.
    pub statements: Vec<Statement>,
    /// The sources, and what was not understood; no findings.
    pub outcome: Outcome,
}

/// Reads the inputs, which are in replay order.
pub fn workload(inputs: Vec<Input>, settings: &Settings) -> Workload {
    let (catalogs, outcome) = run::run(inputs.clone(), settings, false);
    let catalog = Catalog::united(&catalogs.iter().collect::<Vec<_>>());
    // The same inputs give the same files in the same order.
    let (sources, parts, _) = parts::of(inputs);
    let recurring = |part: &Part| -> Vec<Statement> {
        let statements = parts::read(part, &sources, settings).statements;
        match part.origin {
            Origin::Script | Origin::Document | Origin::Application if part.reported => statements,
            Origin::Migration => statements.into_iter().flat_map(of_functions).collect(),
            _ => vec![],
        }
    };
    let statements = parts.par_iter().flat_map_iter(recurring).collect();
    Workload { catalog, statements, outcome }
}

/// The statements of the functions that a statement creates.
fn of_functions(statement: Statement) -> Vec<Statement> {
    let lasting = |kind| matches!(kind, BodyKind::Function | BodyKind::Procedure | BodyKind::Scheduled);
    let bodies = statement.bodies.into_iter().filter(|body| lasting(body.kind));
    bodies.flat_map(|body| body.statements).map(|inner| inner.statement).collect()
}
