//! The queries that run again and again: what advice on indexes looks at.

use super::parts::{self, Part};
use super::{Input, application, run};
use crate::catalog::Catalog;
use crate::extract::FragmentKind;
use crate::facts::{BodyKind, Statement};
use crate::finding::Outcome;
use crate::rules::Origin;
use crate::settings::Settings;
use crate::source::Location;
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use rayon::prelude::*;

/// The schema that the migrations leave, with the statements that run against it.
pub struct Workload {
    /// The schema.
    pub catalog: Catalog,
    /// Statements of scripts, documents and application code, and of functions that the migrations leave; a migration's own
    /// run once, whichever language it is in.
    pub statements: Vec<Recurring>,
    /// The sources, and what was not understood; no findings.
    pub outcome: Outcome,
}

/// A statement that runs again and again.
pub struct Recurring {
    /// The statement.
    pub statement: Statement,
    /// What it shares with the same statement in a log.
    pub fingerprint: u64,
    /// It stands in a test's code.
    pub in_test: bool,
}

/// Reads the inputs, which are in replay order.
pub fn workload(inputs: Vec<Input>, settings: &Settings) -> Workload {
    let (catalogs, outcome) = run::run(inputs.clone(), settings, false);
    let catalog = Catalog::united(&catalogs.iter().collect::<Vec<_>>());
    let coded = application::among(&inputs);
    // The same inputs give the same files in the same order.
    let (sources, parts, _) = parts::of(inputs, &settings.asked);
    let recurring = |part: &Part| -> Vec<Recurring> {
        let statements = parts::read(part, &sources, settings).statements;
        let statements = match part.origin {
            Origin::Script | Origin::Document | Origin::Application if part.reported => statements,
            Origin::Migration => statements.into_iter().flat_map(|statement| of_functions(statement, &catalogs)).collect(),
            _ => vec![],
        };
        let text = &sources.get(part.file).text;
        statements.into_iter().map(|statement| seen(statement, text, false)).collect()
    };
    let mut statements: Vec<Recurring> = parts.par_iter().flat_map_iter(recurring).collect();
    let once = |file| sources.get(file).name().split(['/', '\\']).any(|part| matches!(part, "migrations" | "migrate" | "migration"));
    for code in application::read_all(&coded, &sources, settings).into_iter().filter(|code| code.migration.is_none() && !once(code.file)) {
        for fragment in code.extracted.fragments.into_iter().filter(|fragment| fragment.kind == FragmentKind::Statement) {
            let layer = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
            let in_test = fragment.in_test;
            statements.extend(fragment.script.statements.into_iter().map(|statement| seen(statement, layer, in_test)));
        }
    }
    Workload { catalog, statements, outcome }
}

fn seen(statement: Statement, text: &str, in_test: bool) -> Recurring {
    let fingerprint = fingerprint(statement.span.of(text), Dialect::Host).0;
    Recurring { statement, fingerprint, in_test }
}

/// The statements of the functions that a statement creates, if no later one took their place.
fn of_functions(statement: Statement, catalogs: &[Catalog]) -> Vec<Statement> {
    let made_here = |at: Location| at.file == statement.file && at.span.start >= statement.span.start && at.span.end <= statement.span.end;
    let stays = catalogs.iter().any(|c| c.functions.iter().any(|(_, all)| all.iter().any(|function| made_here(function.defined_at))));
    let lasting = |kind| match kind {
        BodyKind::Function | BodyKind::Procedure => stays,
        BodyKind::Scheduled => true,
        _ => false,
    };
    let bodies = statement.bodies.into_iter().filter(|body| lasting(body.kind));
    bodies.flat_map(|body| body.statements).map(|inner| inner.statement).collect()
}
