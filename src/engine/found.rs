//! What the checks of a run gather, and how much of it they were quiet about.

use super::findings::OncePerFile;
use crate::catalog::Catalog;
use crate::facts::{Reading, Statement};
use crate::finding::{Finding, Opaque};
use crate::rules::{Retold, Still};
use crate::source::Location;
use rayon::prelude::*;
use std::collections::HashMap;

/// How a statement is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// By every rule.
    Judged,
    /// Hardly: it is a test's.
    InTest,
    /// Hardly: it is sent to another engine.
    OtherEngine,
    /// Not as load: code or a script that runs once, or by hand.
    RunOnce,
}

impl Standing {
    pub(super) fn of(in_test: bool, other_engine: bool, once: bool) -> Standing {
        match (in_test, other_engine, once) {
            (true, ..) => Standing::InTest,
            (_, true, _) => Standing::OtherEngine,
            (.., true) => Standing::RunOnce,
            _ => Standing::Judged,
        }
    }
}

/// A finding that hangs on the schema that all migrations leave.
pub(super) struct Provisional {
    pub(super) finding: Finding,
    /// Where what it is about was defined, and its name.
    pub(super) about: (Location, String),
    pub(super) still: Still,
    pub(super) retold: Option<Retold>,
}

impl Provisional {
    /// The finding, if it holds in the schema as it is in the end.
    fn settled(mut self, catalog: &Catalog) -> Option<Finding> {
        let (at, name) = &self.about;
        if !(self.still)(catalog, *at, name) {
            return None;
        }
        if let Some((message, help)) = self.retold.and_then(|retold| retold(catalog, *at, name)) {
            (self.finding.message, self.finding.help) = (message, Some(help));
        }
        Some(self.finding)
    }
}

/// From how many provisional findings on the schema is asked about them on several threads.
const MANY: usize = 64;

/// What a run gathers.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) opaque: Vec<Opaque>,
    pub(super) statements: usize,
    pub(super) in_tests: usize,
    pub(super) other_engines: usize,
    pub(super) run_once: usize,
    /// The fingerprints of application code's statements that have findings.
    pub(super) sent: HashMap<Location, u64>,
    /// Findings that hold only if the schema that all migrations leave is still as they say, each with its rule's question.
    pub(super) provisional: Vec<Provisional>,
    pub(super) once: OncePerFile,
}

impl Found {
    pub(super) fn merge(&mut self, other: Found) {
        if self.findings.is_empty() {
            self.findings = other.findings;
        } else {
            self.findings.extend(other.findings);
        }
        self.opaque.extend(other.opaque);
        self.statements += other.statements;
        self.in_tests += other.in_tests;
        self.other_engines += other.other_engines;
        self.run_once += other.run_once;
        self.sent.extend(other.sent);
        self.provisional.extend(other.provisional);
    }

    /// Counts a statement and those inside it, and lists the opaque ones: of what another engine is sent nobody need understand.
    pub(super) fn count(&mut self, statement: &Statement, standing: Standing) {
        self.statements += 1;
        match standing {
            Standing::Judged => {}
            Standing::InTest => self.in_tests += 1,
            Standing::OtherEngine => self.other_engines += 1,
            Standing::RunOnce => self.run_once += 1,
        }
        if let Reading::Opaque(reason) = &statement.reading
            && standing != Standing::OtherEngine
        {
            self.opaque.push(Opaque { at: statement.location(), reason: reason.clone() });
        }
        for inner in statement.bodies.iter().flat_map(|body| &body.statements) {
            self.count(&inner.statement, standing);
        }
    }

    /// Makes what was found of a view's or routine's queries wait for the end: a later migration may define it anew.
    pub(super) fn doubt_stored(&mut self, before: usize, at: Location) {
        let still: Still = |catalog, at, _| {
            catalog.views.unordered().any(|(_, view)| view.defined_at == at)
                || catalog.functions.unordered().flat_map(|(_, overloads)| overloads).any(|function| function.defined_at == at)
        };
        let of_queries = |finding: &mut Finding| matches!(finding.category, "query" | "index" | "correctness");
        let doubted: Vec<Finding> = self.findings.extract_if(before.., of_queries).collect();
        let provisional = |finding| Provisional { finding, about: (at, String::new()), still, retold: None };
        self.provisional.extend(doubted.into_iter().map(provisional));
    }

    /// Keeps of the provisional findings those that hold in the schema as it is in the end.
    pub(super) fn settle(&mut self, catalog: &Catalog) {
        let provisional = std::mem::take(&mut self.provisional);
        if provisional.len() < MANY {
            self.findings.extend(provisional.into_iter().filter_map(|one| one.settled(catalog)));
        } else {
            let settled = provisional.into_par_iter().with_min_len(MANY / 4).filter_map(|one| one.settled(catalog));
            self.findings.extend(settled.collect::<Vec<_>>());
        }
    }
}
