//! Asks the rules about the statements of one unit, in order, with the schema and the session before each.

use super::Follows;
use super::application::{self, Code};
use super::aside;
use super::findings::{ActiveRule, ActiveRules};
use super::found::{Found, Provisional, Standing};
use super::idle::Idle;
use super::one_off;
use super::parts::Unit;
use crate::catalog::{Catalog, Mentions, Qualified, resolve};
use crate::extract::{self, Fragment};
use crate::facts::{Action, Body, BodyKind, FromItem, RelationSource, Statement};
use crate::finding::Finding;
use crate::postgres::effect::{Effect, effects_of_run, statement_effects};
use crate::rules::{Check, Context, Kinds, Memo, Origin, Report, Surroundings, Unserved};
use crate::session::{RunMode, Session, Transaction};
use crate::settings::Settings;
use crate::source::{FILLER, FileId, Location, Sources};
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use crate::stats::{RelationStats, Stats};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::HashSet;

/// From how many routines and views on they are asked about on several threads.
const MANY_STORED: usize = 16;

/// From how many relations on a schema is asked about on several threads.
const MANY_RELATIONS: usize = 256;

pub(super) struct Checker<'a> {
    pub(super) sources: &'a Sources,
    pub(super) settings: &'a Settings,
    pub(super) rules: &'a ActiveRules,
    /// What the application uses of the schema.
    pub(super) mentions: &'a Mentions,
    /// Scripts of extensions that later versions have replaced.
    pub(super) superseded: &'a HashSet<FileId>,
}

/// One statement in its place.
pub(super) struct Scene<'a> {
    text: &'a str,
    fragment: Option<&'a Fragment>,
    pub(super) statement: &'a Statement,
    pub(super) preceding: &'a [Statement],
    pub(super) following: &'a [Statement],
    pub(super) catalog: &'a Catalog,
    pub(super) session: &'a Session,
    pub(super) effects: &'a [Effect],
    pub(super) origin: Origin,
    pub(super) around: Surroundings,
    stage: Stage,
    /// Its statement is folded into the schema.
    replayed: bool,
}

/// Which rules a statement is shown to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// All of them.
    Whole,
    /// Those about what it does to the schema now: what it stores runs later, if nothing takes its place.
    Definition,
    /// Those about what it stored, with the schema that it will meet.
    Stored,
}

/// A routine or view that a unit defined.
pub(super) struct Stored {
    statement: Statement,
    origin: Origin,
    around: Surroundings,
}

impl Checker<'_> {
    /// Folds a unit into the schema and, where its file is reported, asks every rule about each statement. `last` is the session
    /// of the unit before, and then of this one.
    pub(super) fn unit(&self, unit: &Unit, last: &mut Option<Session>, catalog: &mut Catalog, found: &mut Found) {
        let part = unit.part;
        let before = last.take().filter(|_| part.follows != Follows::Nothing);
        if before.is_some() && part.follows == Follows::Script {
            catalog.continue_in(part.file);
        }
        let mut session = before.unwrap_or_else(|| Session::new(RunMode { transaction: unit.transaction }));
        let text = &self.sources.get(part.file).text;
        let makes_schema = part.follows == Follows::Schema;
        let around = Surroundings { unwrapped: unit.unwrapped, aside: part.aside, makes_schema, ..self.script(part) };
        if part.follows == Follows::Nothing
            && matches!(unit.transaction, Transaction::Framework(_) | Transaction::Implicit)
            && unit.statements.iter().any(goes_back)
        {
            catalog.begin_wrapped(part.file, unit.transaction == Transaction::Implicit);
        }
        for (i, written) in unit.statements.iter().enumerate() {
            let block = one_off::as_block(written, unit.statements.get(i + 1..).unwrap_or_default());
            let statement = block.as_ref().unwrap_or(written);
            let effects = statement_effects(statement, catalog, self.settings.postgres);
            if part.reported {
                found.count(statement, Standing::of(part.aside, false, around.by_hand));
                let (preceding, rest) = unit.statements.split_at(i);
                let following = rest.get(1..).unwrap_or_default();
                let (origin, session, effects) = (part.origin, &session, effects.as_slice());
                let fragment = None;
                let stage = if block.is_none() && stores(statement) { Stage::Definition } else { Stage::Whole };
                self.scene(
                    Scene {
                        text,
                        fragment,
                        statement,
                        preceding,
                        following,
                        catalog,
                        session,
                        effects,
                        origin,
                        around,
                        stage,
                        replayed: true,
                    },
                    found,
                );
            }
            if statement.bodies.is_empty() {
                session.apply(statement, &effects, catalog, self.settings.postgres);
            } else {
                // what a DO block locks stays locked
                let all = effects_of_run(statement, catalog, self.settings.postgres);
                session.apply(statement, &all, catalog, self.settings.postgres);
            }
            let known = part.origin == Origin::Script && declares_again(statement, catalog);
            if !known && (statement.query.is_none() || !statement.bodies.is_empty() || writes_schema(statement)) {
                catalog.apply(written, text);
            }
        }
        *last = Some(session);
    }

    /// What the place of a file of plain SQL says of who runs it.
    fn script(&self, part: &super::parts::Part) -> Surroundings {
        let path = &self.sources.get(part.file).path;
        let updates_extension = aside::updates_extension(path) || self.superseded.contains(&part.file);
        let makes_extension = aside::makes_extension(path);
        // numbered steps of an example are taken for migrations, and are shown all the same
        let shown = aside::is_shown(path, &self.settings.asked);
        if part.origin != Origin::Script {
            return Surroundings { updates_extension, makes_extension, shown, ..Surroundings::default() };
        }
        let by_hand = aside::is_run_by_hand(path, &self.settings.asked);
        Surroundings {
            by_hand,
            shown,
            among_migrations: aside::migrates(path),
            updates_extension,
            makes_extension,
            ..Surroundings::default()
        }
    }

    /// What a unit stored, to be asked about when the schema is complete.
    pub(super) fn stored(&self, unit: &mut Unit) -> impl Iterator<Item = Stored> {
        let (part, unwrapped) = (unit.part, unit.unwrapped);
        let kept = unit.statements.extract_if(.., |statement| part.reported && stores(statement)).collect::<Vec<_>>();
        let surroundings = || Surroundings { unwrapped, aside: part.aside, ..self.script(part) };
        let around = if kept.is_empty() { Surroundings::default() } else { surroundings() };
        kept.into_iter().map(move |statement| Stored { statement, origin: part.origin, around })
    }

    /// Asks about the routines and views that are still those that their statements defined.
    pub(super) fn check_stored(&self, stored: &[Stored], catalog: &Catalog, found: &mut Found) {
        if stored.is_empty() {
            return;
        }
        let mut current: HashSet<Location> = catalog.views.unordered().map(|(_, view)| view.defined_at).collect();
        current.extend(catalog.functions.unordered().flat_map(|(_, overloads)| overloads).map(|function| function.defined_at));
        let standing = |stored: &&Stored| current.contains(&stored.statement.location());
        let check = |Stored { statement, origin, around }: &Stored, found: &mut Found| {
            let text = &self.sources.get(statement.file).text;
            let effects = statement_effects(statement, catalog, self.settings.postgres);
            let session = Session::new(RunMode { transaction: Transaction::None });
            let scene = Scene {
                text,
                fragment: None,
                statement,
                preceding: &[],
                following: &[],
                catalog,
                session: &session,
                effects: &effects,
                origin: *origin,
                around: *around,
                stage: Stage::Stored,
                replayed: true,
            };
            self.scene(scene, found);
        };
        if stored.len() < MANY_STORED {
            return stored.iter().filter(standing).for_each(|stored| check(stored, found));
        }
        // what is said once a file is known file by file
        let files: Vec<&[Stored]> = stored.chunk_by(|a, b| a.statement.file == b.statement.file).collect();
        let of_file = |stored: &&[Stored]| {
            let once = stored.first().map(|first| found.once.of(first.statement.file)).unwrap_or_default();
            let mut found = Found { once, ..Found::default() };
            stored.iter().filter(standing).for_each(|stored| check(stored, &mut found));
            found
        };
        let each: Vec<Found> = files.par_iter().map(of_file).collect();
        each.into_iter().for_each(|more| found.merge(more));
    }

    /// Asks every rule about the statements of code: the strings of a migration in one session, each other with its own.
    pub(super) fn code(&self, code: &Code, catalog: &Catalog) -> Found {
        let mut found = Found::default();
        let source = &self.sources.get(code.file).text;
        let mut shared = code.session(source, catalog, self.settings);
        for fragment in code.extracted.fragments.iter().filter(|fragment| !code.replays(fragment, source)) {
            let origin = code.origin(fragment, source);
            let mut own = Session::new(RunMode { transaction: Transaction::None });
            let session = shared.as_mut().filter(|_| origin == Origin::Migration).unwrap_or(&mut own);
            self.fragment(fragment, code, origin, catalog, session, &mut found);
        }
        found
    }

    /// Folds a migration in code into the schema: the statements that it sends when it is deployed, in the order in which they
    /// stand. What it does besides, by calls of its framework or with text that it puts together, makes the tables that it names
    /// unknown in part.
    pub(super) fn program(&self, code: &Code, reported: bool, catalog: &mut Catalog, found: &mut Found) {
        let source = &self.sources.get(code.file).text;
        let calls = extract::calls_builder(source, &code.extracted);
        let doubt = |catalog: &mut Catalog| {
            if calls {
                let words: HashSet<&str> = extract::named_words(source, &code.extracted).collect();
                catalog.doubt_tables(|name| words.contains(name));
            }
        };
        doubt(catalog);
        let mut session =
            code.session(source, catalog, self.settings).unwrap_or_else(|| Session::new(RunMode { transaction: Transaction::None }));
        for fragment in code.extracted.fragments.iter().filter(|fragment| code.replays(fragment, source)) {
            for (i, statement) in fragment.script.statements.iter().enumerate() {
                let before = found.findings.len();
                if reported {
                    self.of_fragment(fragment, i, code, Origin::Migration, catalog, &mut session, found);
                }
                if application::fold(code, fragment, i, source, catalog) && stores(statement) {
                    found.doubt_stored(before, statement.location());
                }
            }
        }
        for (layer, span) in &code.extracted.unread {
            catalog.doubt_statement(&span.of(code.extracted.layers.get(*layer).map_or("", String::as_str)).replace(FILLER as char, ""));
        }
        doubt(catalog);
    }

    fn fragment(&self, fragment: &Fragment, code: &Code, origin: Origin, catalog: &Catalog, session: &mut Session, found: &mut Found) {
        for i in 0..fragment.script.statements.len() {
            self.of_fragment(fragment, i, code, origin, catalog, session, found);
        }
    }

    /// Asks every rule about one statement of a fragment.
    #[allow(clippy::too_many_arguments)] // the fragment with its place, and what changes on the way
    fn of_fragment(
        &self,
        fragment: &Fragment,
        i: usize,
        code: &Code,
        origin: Origin,
        catalog: &Catalog,
        session: &mut Session,
        found: &mut Found,
    ) {
        let text = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
        let (preceding, rest) = fragment.script.statements.split_at(i);
        let Some((statement, following)) = rest.split_first() else { return };
        let effects = statement_effects(statement, catalog, self.settings.postgres);
        let source = &self.sources.get(code.file).text;
        let another_engine = code.another_engine || code.is_for_another_engine(fragment, source);
        let among_migrations = aside::migrates(&self.sources.get(code.file).path) || code.makes_schema || code.migration.is_some();
        let around = Surroundings {
            aside: fragment.in_test || another_engine,
            in_document: code.in_document,
            among_migrations,
            by_hand: aside::is_run_by_hand(&self.sources.get(code.file).path, &self.settings.asked),
            ..Surroundings::default()
        };
        let once = around.by_hand || among_migrations && origin == Origin::Application;
        found.count(statement, Standing::of(fragment.in_test, another_engine, once));
        let fragment = Some(fragment);
        // what a migration stores that is not replayed, the schema that stands for them all has in its last form
        let stage = match among_migrations && !code.replayed && stores_again(statement, catalog) {
            true => Stage::Definition,
            false => Stage::Whole,
        };
        let replayed = code.replayed && origin == Origin::Migration;
        let effects = effects.as_slice();
        self.scene(
            Scene { text, fragment, statement, preceding, following, catalog, session, effects, origin, around, stage, replayed },
            found,
        );
        session.apply(statement, effects, catalog, self.settings.postgres);
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
            BodyKind::Scheduled => around = Surroundings { aside: around.aside, scheduled: true, ..Surroundings::default() },
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
                    stage: scene.stage,
                    replayed: scene.replayed,
                },
                found,
            );
            session.apply(statement, &effects, scene.catalog, self.settings.postgres);
        }
    }

    /// Asks what concerns the schema as a whole; what lies in files that are not reported stays unsaid.
    pub(super) fn schema(&self, catalog: &Catalog, reported: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Finding> {
        let rules = &self.rules.of_schemas;
        let told = |active: &ActiveRule, reports: Vec<Report>| {
            let reports = reports.into_iter().filter(|report| reported(report.primary.at.file));
            reports.map(|report| active.finding(report, None)).collect::<Vec<_>>()
        };
        let of_relation = |name: &&Qualified| -> Vec<Finding> {
            let ask = |active: &ActiveRule| match active.rule.check {
                Check::Schema(check) => told(active, check(catalog, name)),
                _ => vec![],
            };
            rules.iter().flat_map(ask).collect()
        };
        let names: Vec<&Qualified> = catalog.tables.keys().chain(catalog.views.keys()).collect();
        let mut found: Vec<Finding> = if names.len() < MANY_RELATIONS {
            names.iter().flat_map(of_relation).collect()
        } else {
            names.par_iter().with_min_len(MANY_RELATIONS / 4).flat_map_iter(of_relation).collect()
        };
        if !self.settings.statistics.is_empty() {
            let stats = self.statistics();
            let ask = |active: &ActiveRule| match active.rule.check {
                Check::Statistics(check) => told(active, check(catalog, &stats)),
                _ => vec![],
            };
            found.extend(rules.iter().flat_map(ask));
        }
        found
    }

    /// The statistics that were given; whoever gave them has said what could not be read.
    fn statistics(&self) -> RelationStats {
        let mut all = RelationStats::default();
        for text in &self.settings.statistics {
            if let Ok(Stats::Relations(relations)) = Stats::read(text.as_bytes()) {
                all.extend(relations);
            }
        }
        all
    }

    fn ask(&self, scene: &Scene, found: &mut Found) {
        let (reports, memo) = (RefCell::new(vec![]), Memo::default());
        let context = Context {
            statement: scene.statement,
            preceding: scene.preceding,
            following: scene.following,
            text: scene.text,
            code: &self.sources.get(scene.statement.file).text,
            application: scene.fragment,
            mentions: self.mentions,
            catalog: scene.catalog,
            session: scene.session,
            effects: scene.effects,
            origin: scene.origin,
            around: scene.around,
            settings: self.settings,
            visits: &[],
            unserved: &[],
            memo: &memo,
            reports: &reports,
        };
        // Asked a million times and seldom answered.
        let told = |active: &ActiveRule, found: &mut Found| {
            if !reports.borrow().is_empty() {
                self.tell_all(active, reports.take(), scene, found);
            }
        };
        let asked = |active: &&ActiveRule| !(scene.around.aside && active.spares_tests);
        let migrates = scene.origin != Origin::Application && (!scene.statement.actions.is_empty() || scene.statement.query.is_some());
        let of_migrations =
            if migrates && scene.stage != Stage::Stored { self.rules.of_migration(Kinds::of(scene.statement)) } else { &[] };
        let of_statements = if scene.stage != Stage::Definition { self.rules.of_statements.as_slice() } else { &[] };
        for active in of_migrations.iter().chain(of_statements).filter(asked) {
            match active.rule.check {
                Check::Migration(check) | Check::Action(_, check) | Check::Statement(check) => check(&context),
                Check::OncePerFile(check) if !found.once.has(active.rule.name, scene.statement.file) => check(&context),
                _ => {}
            }
            told(active, found);
        }
        // A down migration sees a schema that is not there when it runs: its queries are not judged.
        if scene.origin == Origin::Down {
            return;
        }
        if scene.stage == Stage::Definition || scene.around.among_migrations && scene.statement.query.is_some() {
            return;
        }
        // Every rule about queries goes through the same ones with the same scopes.
        let idle = Idle::of(scene);
        for query in scene.statement.queries() {
            let visits = resolve::visits(scene.catalog, query);
            let unserved = if idle.load { vec![] } else { Unserved::of(&context, query) };
            let context = Context { visits: &visits, unserved: &unserved, ..context };
            for active in self.rules.of_queries.iter().filter(asked).filter(|active| idle.admits(active)) {
                let Check::Query(check) = active.rule.check else { continue };
                check(&context, query);
                told(active, found);
            }
        }
    }

    #[cold]
    fn tell_all(&self, active: &ActiveRule, reports: Vec<Report>, scene: &Scene, found: &mut Found) {
        reports.into_iter().for_each(|report| self.tell(active, report, scene, found));
    }

    /// Takes in what a rule said about a statement.
    fn tell(&self, active: &ActiveRule, mut report: Report, scene: &Scene, found: &mut Found) {
        if scene.fragment.is_some() {
            let at = Location { file: scene.statement.file, span: scene.statement.span };
            found.sent.entry(at).or_insert_with(|| fingerprint(at.span.of(scene.text), Dialect::Host).0);
            let holes = scene.fragment.map_or(&[][..], |fragment| &fragment.holes);
            application::to_source(&mut report, holes, scene.text, &self.sources.get(scene.statement.file).text);
        }
        if found.once.admits(active.rule.name, &report) {
            let (still, retold) = (report.still.take(), report.retold.take());
            let finding = active.finding(report, Some(scene.statement));
            match still {
                // what an application creates is not replayed
                Some((at, name, still)) if scene.fragment.is_none() || scene.replayed => {
                    found.provisional.push(Provisional { finding, about: (at, name), still, retold });
                }
                _ => found.findings.push(finding),
            }
        }
    }
}

/// Whether a file beside the migrations writes down a table that these made: for a generator, or for a reader.
fn declares_again(statement: &Statement, catalog: &Catalog) -> bool {
    statement.actions.iter().any(|action| matches!(action, Action::CreateTable(create) if catalog.table(&create.name).is_some()))
}

/// Whether a statement stores queries that run later: a routine or a view.
fn stores(statement: &Statement) -> bool {
    statement.actions.iter().any(|action| matches!(action, Action::CreateFunction(_) | Action::CreateView(_)))
}

/// Whether a statement stores routines and views that the schema has from elsewhere.
fn stores_again(statement: &Statement, catalog: &Catalog) -> bool {
    let elsewhere = |at: Location| at != statement.location();
    stores(statement)
        && statement.actions.iter().all(|action| match action {
            Action::CreateView(view) => catalog.views.get(&catalog.resolve(&view.name)).is_some_and(|known| elsewhere(known.defined_at)),
            Action::CreateFunction(function) => {
                let known = catalog.functions.get(&catalog.resolve(&function.name));
                known.is_some_and(|overloads| overloads.iter().all(|known| elsewhere(known.defined_at)))
            }
            _ => true,
        })
}

/// Whether a statement takes back what others did, or may.
fn goes_back(statement: &Statement) -> bool {
    statement.actions.iter().any(|action| matches!(action, Action::Rollback { .. } | Action::Savepoint { .. } | Action::RollbackTo { .. }))
}

/// Whether a query changes the schema or its search path, or may: `SELECT … INTO`, `set_config('search_path', …)`, a call.
fn writes_schema(statement: &Statement) -> bool {
    let calls = |item: &crate::facts::SelectItem| matches!(item.expr.kind, crate::facts::ExprKind::Call(_));
    let reads_call = |item: &FromItem| item.relations().iter().any(|r| matches!(r.source, RelationSource::Function(_)));
    let into =
        |s: &crate::facts::Select| s.into.is_some() || s.from.is_empty() || s.items.iter().any(calls) || s.from.iter().any(reads_call);
    statement.query.as_ref().and_then(|q| q.select()).is_some_and(into)
}
