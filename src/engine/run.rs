//! The run itself.

use super::findings::{ActiveRules, OncePerFile, settle};
use super::{Input, InputKind, application, markdown};
use crate::catalog::Catalog;
use crate::extract::Fragment;
use crate::facts::{Body, BodyKind, Reading, Statement};
use crate::finding::{Finding, Opaque, Outcome};
use crate::postgres::effect::{Effect, statement_effects};
use crate::rules::{Check, Context, Origin, Report, Surroundings};
use crate::session::{RunMode, Session, Transaction};
use crate::settings::Settings;
use crate::source::{FileId, Source, Sources, Span};
use crate::sql::{self, token::Dialect};
use crate::suppress::Suppressions;
use rayon::prelude::*;
use std::cell::RefCell;

/// A run of statements with one session: a file, or a section of one.
struct Unit {
    file: FileId,
    origin: Origin,
    transaction: Transaction,
    reported: bool,
    statements: Vec<Statement>,
}

/// A file as read: its units, and its comments.
struct Read {
    units: Vec<Unit>,
    comments: Vec<Span>,
    code: Vec<application::Code>,
}

pub(super) fn run(inputs: Vec<Input>, settings: &Settings, with_rules: bool) -> (Catalog, Outcome) {
    let mut sources = Sources::default();
    let mut kinds = vec![];
    for input in inputs {
        kinds.push((sources.add(Source::new(input.path, input.bytes)), input.kind, input.reported));
    }
    let reads: Vec<Read> = kinds.par_iter().map(|(file, kind, reported)| read(&sources, *file, kind, *reported, settings)).collect();
    let rules = if with_rules { ActiveRules::new(settings) } else { ActiveRules::new(&nothing()) };
    let checker = Checker { sources: &sources, settings, rules: &rules };

    let mut catalog = Catalog::default();
    let mut found = Found::default();
    // Migrations change the schema for what comes after them; everything else sees the schema that they leave.
    let (replayed, others): (Vec<&Unit>, Vec<&Unit>) =
        reads.iter().flat_map(|r| &r.units).partition(|unit| unit.origin == Origin::Migration);
    for unit in replayed {
        checker.unit(unit, &mut catalog, &mut found);
    }
    let mut more: Vec<Found> = others
        .par_iter()
        .filter(|unit| unit.reported)
        .map(|unit| {
            let mut found = Found::default();
            checker.unit(unit, &mut catalog.clone(), &mut found);
            found
        })
        .collect();
    let code: Vec<&application::Code> = reads.iter().flat_map(|read| &read.code).filter(|code| code.reported).collect();
    more.extend(code.par_iter().map(|code| checker.code(code, &catalog)).collect::<Vec<_>>());
    for other in more {
        found.merge(other);
    }
    let suppressed = suppress(&sources, &reads, &rules, settings, &mut found.findings);
    settle(&mut found.findings, &sources);

    let mut outcome = Outcome { findings: found.findings, opaque: found.opaque, ..Outcome::default() };
    outcome.summary.files = kinds.iter().filter(|(_, _, reported)| *reported).count();
    outcome.summary.statements = found.statements;
    outcome.summary.suppressed = suppressed;
    outcome.opaque.sort_by(|a, b| {
        let path = |o: &Opaque| &sources.get(o.at.file).path;
        path(a).cmp(path(b)).then(a.at.span.cmp(&b.at.span))
    });
    outcome.sources = sources;
    (catalog, outcome)
}

/// Settings that ask no rule.
fn nothing() -> Settings {
    Settings { select: vec![String::new()], ..Settings::default() }
}

fn read(sources: &Sources, file: FileId, kind: &InputKind, reported: bool, settings: &Settings) -> Read {
    let text = &sources.get(file).text;
    let whole = Span::new(0, text.len() as u32);
    let parts: Vec<(Span, Origin, Transaction)> = match kind {
        InputKind::Code(_) => vec![],
        InputKind::Sql => vec![(whole, Origin::Script, Transaction::None)],
        InputKind::Markdown => markdown::sql_fences(text).into_iter().map(|span| (span, Origin::Script, Transaction::None)).collect(),
        InputKind::Migration(info) => {
            let origin = |down| if down { Origin::Down } else { Origin::Migration };
            match &info.sections {
                None => vec![(whole, origin(info.down), info.transaction)],
                Some(parts) => parts.iter().map(|p| (p.span, origin(p.down || info.down), p.transaction)).collect(),
            }
        }
    };
    let mut read = Read { units: vec![], comments: vec![], code: application::read(sources.get(file), file, kind, reported, settings) };
    for code in &read.code {
        read.comments.extend(code.comments(text));
    }
    for (span, origin, transaction) in parts {
        let script = sql::read(file, text, span, Dialect::Psql);
        let transaction = transaction_of(transaction, origin, &script.statements, settings);
        read.comments.extend(script.comments);
        read.units.push(Unit { file, origin, transaction, reported, statements: script.statements });
    }
    read
}

/// What is open before the first statement, all told: the settings know the runner best, and a lone statement sent as one
/// message is a transaction of its own.
fn transaction_of(found: Transaction, origin: Origin, statements: &[Statement], settings: &Settings) -> Transaction {
    match (settings.runner_wraps_transaction, found) {
        (Some(true), Transaction::None) if matches!(origin, Origin::Migration | Origin::Down) => {
            Transaction::Framework("the migration runner")
        }
        (Some(false), Transaction::Framework(_)) => Transaction::None,
        (_, Transaction::Implicit) if statements.len() == 1 => Transaction::None,
        (_, found) => found,
    }
}

/// What a run gathers.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    opaque: Vec<Opaque>,
    statements: usize,
    once: OncePerFile,
}

impl Found {
    fn merge(&mut self, other: Found) {
        self.findings.extend(other.findings);
        self.opaque.extend(other.opaque);
        self.statements += other.statements;
    }
}

struct Checker<'a> {
    sources: &'a Sources,
    settings: &'a Settings,
    rules: &'a ActiveRules,
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
    fn unit(&self, unit: &Unit, catalog: &mut Catalog, found: &mut Found) {
        let mut session = Session::new(RunMode { transaction: unit.transaction });
        let text = &self.sources.get(unit.file).text;
        for (i, statement) in unit.statements.iter().enumerate() {
            let effects = statement_effects(statement, catalog, self.settings.postgres);
            if unit.reported {
                count(statement, found);
                let around = Surroundings::default();
                let (preceding, rest) = unit.statements.split_at(i);
                let following = rest.get(1..).unwrap_or_default();
                let (origin, session, effects) = (unit.origin, &session, effects.as_slice());
                let fragment = None;
                self.scene(Scene { text, fragment, statement, preceding, following, catalog, session, effects, origin, around }, found);
            }
            session.apply(statement, &effects, catalog, self.settings.postgres);
            if statement.query.is_none() || !statement.bodies.is_empty() || writes_schema(statement) {
                catalog.apply(statement, text);
            }
        }
    }

    /// The statements of application code, each with a session of its own, against the schema that the migrations leave.
    fn code(&self, code: &application::Code, catalog: &Catalog) -> Found {
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
                let (session_now, effects_now, fragment) = (&session, effects.as_slice(), Some(fragment));
                let scene = Scene {
                    text,
                    fragment,
                    statement,
                    preceding,
                    following,
                    catalog,
                    session: session_now,
                    effects: effects_now,
                    origin,
                    around,
                };
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

    fn ask(&self, scene: &Scene, found: &mut Found) {
        let reports = RefCell::new(vec![]);
        let context = Context {
            statement: scene.statement,
            preceding: scene.preceding,
            following: scene.following,
            text: scene.text,
            application: scene.fragment,
            catalog: scene.catalog,
            session: scene.session,
            effects: scene.effects,
            origin: scene.origin,
            around: scene.around,
            settings: self.settings,
            reports: &reports,
        };
        let queries = scene.statement.queries();
        for (rule, severity) in &self.rules.rules {
            match rule.check {
                Check::Migration(check) if scene.origin != Origin::Application && !scene.statement.actions.is_empty() => check(&context),
                Check::Migration(check) if scene.origin != Origin::Application && scene.statement.query.is_some() => check(&context),
                Check::Statement(check) => check(&context),
                // A down migration sees a schema that is not there when it runs: its queries are not judged.
                Check::Query(_) if scene.origin == Origin::Down => {}
                Check::Query(check) => queries.iter().for_each(|query| check(&context, query)),
                Check::Migration(_) | Check::Engine => {}
            }
            for report in reports.borrow_mut().drain(..) {
                let mut report: Report = report;
                if scene.fragment.is_some() {
                    let file = &self.sources.get(scene.statement.file).text;
                    application::to_source(&mut report, scene.text, file);
                }
                if found.once.admits(rule.name, &report) {
                    found.findings.push(self.rules.finding(rule, *severity, report, Some(scene.statement)));
                }
            }
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

/// Takes out what comments silence, adds what is wrong with the comments, and counts the silenced.
fn suppress(sources: &Sources, reads: &[Read], rules: &ActiveRules, settings: &Settings, findings: &mut Vec<Finding>) -> usize {
    let today = settings.today.as_deref();
    let mut all = vec![];
    for read in reads {
        let code = read.code.iter().find(|code| code.reported && !read.comments.is_empty()).map(|code| code.file);
        let Some(file) = read.units.iter().find(|unit| unit.reported).map(|unit| unit.file).or(code) else { continue };
        let source = sources.get(file);
        let mut starts: Vec<Span> = read.units.iter().flat_map(|u| &u.statements).map(|s| s.span).collect();
        starts.extend(read.code.iter().flat_map(application::Code::statements).map(|s| s.span));
        starts.sort();
        all.push(Suppressions::read(file, source, &read.comments, &starts, settings));
    }
    let before = findings.len();
    findings.retain(|finding| !all.iter_mut().any(|s| s.silences(finding, today)));
    let silenced = before - findings.len();
    let Some((rule, severity)) = rules.rules.iter().find(|(rule, _)| matches!(rule.check, Check::Engine)) else { return silenced };
    for suppressions in &all {
        for report in suppressions.complaints(|name| crate::rules::find(name).is_some(), |name| rules.contains(name), today) {
            findings.push(rules.finding(rule, *severity, report, None));
        }
    }
    silenced
}
