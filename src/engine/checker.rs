//! Asks the rules about the statements of one unit, in order, with the schema and the session before each.

use super::application::{self, Code};
use super::findings::{ActiveRule, ActiveRules, OncePerFile};
use super::parts::Unit;
use crate::catalog::{Catalog, Mentions, resolve};
use crate::extract::Fragment;
use crate::facts::{Body, BodyKind, Reading, Statement};
use crate::finding::{Finding, Opaque};
use crate::postgres::effect::{Effect, effects_of_run, statement_effects};
use crate::rules::{Check, Context, Memo, Origin, Report, Surroundings};
use crate::session::{RunMode, Session, Transaction};
use crate::settings::Settings;
use crate::source::{FileId, Location, Sources};
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;

/// What a run gathers.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) opaque: Vec<Opaque>,
    pub(super) statements: usize,
    /// The fingerprints of application code's statements that have findings.
    pub(super) sent: HashMap<Location, u64>,
    once: OncePerFile,
}

impl Found {
    pub(super) fn merge(&mut self, other: Found) {
        self.findings.extend(other.findings);
        self.opaque.extend(other.opaque);
        self.statements += other.statements;
        self.sent.extend(other.sent);
    }
}

pub(super) struct Checker<'a> {
    pub(super) sources: &'a Sources,
    pub(super) settings: &'a Settings,
    pub(super) rules: &'a ActiveRules,
    /// What the application uses of the schema.
    pub(super) mentions: &'a Mentions,
}

/// One statement in its place.
struct Scene<'a> {
    text: &'a str,
    fragment: Option<&'a Fragment>,
    statement: &'a Statement,
    preceding: &'a [Statement],
    following: &'a [Statement],
    catalog: &'a Catalog,
    session: &'a Session,
    effects: &'a [Effect],
    origin: Origin,
    around: Surroundings,
}

impl Checker<'_> {
    /// Folds a unit into the schema and, where its file is reported, asks every rule about each statement.
    pub(super) fn unit(&self, unit: &Unit, catalog: &mut Catalog, found: &mut Found) {
        let mut session = Session::new(RunMode { transaction: unit.transaction });
        let part = unit.part;
        let text = &self.sources.get(part.file).text;
        for (i, statement) in unit.statements.iter().enumerate() {
            let effects = statement_effects(statement, catalog, self.settings.postgres);
            if part.reported {
                count(statement, found);
                let around = Surroundings { unwrapped: unit.unwrapped, ..Surroundings::default() };
                let (preceding, rest) = unit.statements.split_at(i);
                let following = rest.get(1..).unwrap_or_default();
                let (origin, session, effects) = (part.origin, &session, effects.as_slice());
                let fragment = None;
                self.scene(Scene { text, fragment, statement, preceding, following, catalog, session, effects, origin, around }, found);
            }
            if statement.bodies.is_empty() {
                session.apply(statement, &effects, catalog, self.settings.postgres);
            } else {
                // what a DO block locks stays locked
                let all = effects_of_run(statement, catalog, self.settings.postgres);
                session.apply(statement, &all, catalog, self.settings.postgres);
            }
            if statement.query.is_none() || !statement.bodies.is_empty() || writes_schema(statement) {
                catalog.apply(statement, text);
            }
        }
    }

    /// Asks every rule about the statements of application code, each string with a session of its own.
    pub(super) fn code(&self, code: &Code, catalog: &Catalog) -> Found {
        let mut found = Found::default();
        for fragment in &code.extracted.fragments {
            let text = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
            let mut session = Session::new(RunMode { transaction: Transaction::None });
            let statements = fragment.script.statements.as_slice();
            for (i, statement) in statements.iter().enumerate() {
                let effects = statement_effects(statement, catalog, self.settings.postgres);
                count(statement, &mut found);
                let (preceding, rest) = statements.split_at(i);
                let following = rest.get(1..).unwrap_or_default();
                let (origin, around) = (Origin::Application, Surroundings::default());
                let before = &session;
                let fragment = Some(fragment);
                let scene =
                    Scene { text, fragment, statement, preceding, following, catalog, session: before, effects: &effects, origin, around };
                self.scene(scene, &mut found);
                session.apply(statement, &effects, catalog, self.settings.postgres);
            }
        }
        found
    }

    /// Asks every rule about a statement, and then about the statements inside it.
    fn scene(&self, scene: Scene, found: &mut Found) {
        self.ask(&scene, found);
        for body in &scene.statement.bodies {
            self.body(body, &scene, found);
        }
    }

    /// The statements of a body, in a session of their own that begins as the one around it.
    fn body(&self, body: &Body, scene: &Scene, found: &mut Found) {
        let mut around = scene.around;
        match body.kind {
            BodyKind::Do => around.in_do = true,
            BodyKind::Function | BodyKind::Procedure => around.in_function = true,
            BodyKind::Execute => {}
            BodyKind::Scheduled => around = Surroundings::default(),
        }
        let mut session =
            if body.kind == BodyKind::Scheduled { Session::new(RunMode { transaction: Transaction::None }) } else { scene.session.clone() };
        for inner in &body.statements {
            let statement = &inner.statement;
            let effects = statement_effects(statement, scene.catalog, self.settings.postgres);
            let around = Surroundings { in_loop: inner.in_loop.or(around.in_loop), ..around };
            self.scene(
                Scene {
                    text: scene.text,
                    fragment: scene.fragment,
                    statement,
                    preceding: &[],
                    following: &[],
                    catalog: scene.catalog,
                    session: &session,
                    effects: &effects,
                    origin: scene.origin,
                    around,
                },
                found,
            );
            session.apply(statement, &effects, scene.catalog, self.settings.postgres);
        }
    }

    /// Asks what concerns the schema as a whole; what lies in files that are not reported stays unsaid.
    pub(super) fn schema(&self, catalog: &Catalog, reported: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Finding> {
        let ask = |active: &ActiveRule| -> Vec<Finding> {
            let Check::Schema(check) = active.rule.check else { return vec![] };
            let reports = check(catalog).into_iter().filter(|report| reported(report.primary.at.file));
            reports.map(|report| active.finding(report, None)).collect()
        };
        let rules = &self.rules.of_schemas;
        let large = catalog.has_many_tables();
        if large { rules.par_iter().flat_map_iter(ask).collect() } else { rules.iter().flat_map(ask).collect() }
    }

    fn ask(&self, scene: &Scene, found: &mut Found) {
        let (reports, memo) = (RefCell::new(vec![]), Memo::default());
        let context = Context {
            statement: scene.statement,
            preceding: scene.preceding,
            following: scene.following,
            text: scene.text,
            application: scene.fragment,
            mentions: self.mentions,
            catalog: scene.catalog,
            session: scene.session,
            effects: scene.effects,
            origin: scene.origin,
            around: scene.around,
            settings: self.settings,
            visits: &[],
            memo: &memo,
            reports: &reports,
        };
        let mut told = |active: &ActiveRule| {
            if !reports.borrow().is_empty() {
                reports.take().into_iter().for_each(|report| self.tell(active, report, scene, found));
            }
        };
        let judged = |check: &Check, context: &Context| match check {
            Check::Migration(check) | Check::Statement(check) => check(context),
            _ => {}
        };
        if scene.origin != Origin::Application && (!scene.statement.actions.is_empty() || scene.statement.query.is_some()) {
            for active in &self.rules.of_migrations {
                judged(&active.rule.check, &context);
                told(active);
            }
        }
        for active in &self.rules.of_statements {
            judged(&active.rule.check, &context);
            told(active);
        }
        // A down migration sees a schema that is not there when it runs: its queries are not judged.
        if scene.origin == Origin::Down {
            return;
        }
        // Every rule about queries goes through the same ones with the same scopes.
        for query in scene.statement.queries() {
            let visits = resolve::visits(scene.catalog, query);
            for active in &self.rules.of_queries {
                let Check::Query(check) = active.rule.check else { continue };
                check(&Context { visits: &visits, ..context }, query);
                told(active);
            }
        }
    }

    /// Takes in what a rule said about a statement.
    fn tell(&self, active: &ActiveRule, mut report: Report, scene: &Scene, found: &mut Found) {
        if scene.fragment.is_some() {
            let at = Location { file: scene.statement.file, span: scene.statement.span };
            found.sent.entry(at).or_insert_with(|| fingerprint(at.span.of(scene.text), Dialect::Host).0);
            application::to_source(&mut report, scene.text, &self.sources.get(scene.statement.file).text);
        }
        if found.once.admits(active.rule.name, &report) {
            found.findings.push(active.finding(report, Some(scene.statement)));
        }
    }
}

/// Whether a query changes the schema or its search path (`SELECT … INTO`, `set_config('search_path', …)`).
fn writes_schema(statement: &Statement) -> bool {
    let into = |s: &crate::facts::Select| s.into.is_some() || s.from.is_empty();
    statement.query.as_ref().and_then(|q| q.select()).is_some_and(into)
}

/// Counts a statement and those inside it, and lists the opaque ones.
fn count(statement: &Statement, found: &mut Found) {
    found.statements += 1;
    if let Reading::Opaque(reason) = &statement.reading {
        found.opaque.push(Opaque { at: statement.location(), reason: reason.clone() });
    }
    for inner in statement.bodies.iter().flat_map(|body| &body.statements) {
        count(&inner.statement, found);
    }
}
