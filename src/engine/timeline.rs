//! The lock timeline of the migrations: the same replay as a check, with the effects kept instead of judged.

use super::application::{self, Code};
use super::parts::{self, Unit};
use super::schemas::Schemas;
use super::{Follows, Input};
use crate::catalog::{Catalog, Qualified};
use crate::facts::{Action, Name, ObjectName, Reading, Statement};
use crate::finding::Opaque;
use crate::postgres::effect::{Effect, EffectKind, Until, Work, effects_of_run};
use crate::postgres::lock::LockMode;
use crate::rules::Origin;
use crate::session::{RunMode, Session, Transaction};
use crate::settings::Settings;
use crate::source::{FileId, Sources, Span};
use crate::timeline::{StillHeld, TimedLock, TimedStatement, TimedWork, Timeline};
use std::collections::HashMap;

/// Replays the inputs, which are in replay order, and tells what those that are reported lock.
pub fn locks(inputs: Vec<Input>, settings: &Settings) -> Timeline {
    let files = inputs.iter().filter(|input| input.reported).count();
    let coded = application::among(&inputs);
    let (sources, parts, sets) = parts::of(inputs, &settings.asked);
    let codes = application::read_all(&coded, &sources, settings);
    let programs: HashMap<FileId, &Code> = codes.iter().filter(|code| code.replayed).map(|code| (code.file, code)).collect();
    let mut timeline = Timeline { postgres: settings.postgres, files, ..Timeline::default() };
    let mut schemas = Schemas::new(sets);
    let mut session = None;
    // migrations change the schema for what comes after them; everything else sees the schema that they leave
    for part in parts.iter().filter(|part| part.origin == Origin::Migration) {
        if let Some(code) = programs.get(&part.file) {
            program(code, settings, schemas.changed_by(part.file), &sources, &mut timeline);
            continue;
        }
        replay(&parts::read(part, &sources, settings), &mut session, schemas.changed_by(part.file), &sources, &mut timeline);
    }
    schemas.unite();
    for part in parts.iter().filter(|part| part.origin != Origin::Migration && part.reported) {
        replay(&parts::read(part, &sources, settings), &mut None, &mut schemas.of(part.file).clone(), &sources, &mut timeline);
    }
    // migrations in code that are not replayed, since a dump says what they left
    for code in codes.iter().filter(|code| !code.replayed && code.reported && code.migration.is_some() && !code.in_document) {
        program(code, settings, &mut schemas.of(code.file).clone(), &sources, &mut timeline);
    }
    timeline.sources = sources;
    timeline
}

/// The strings of a migration in code, in the order in which they stand.
fn program(code: &Code, settings: &Settings, catalog: &mut Catalog, sources: &Sources, timeline: &mut Timeline) {
    let text = &sources.get(code.file).text;
    let mut session = code.session(text, catalog, settings).unwrap_or_else(|| Session::new(RunMode { transaction: Transaction::None }));
    for fragment in code.extracted.fragments.iter().filter(|fragment| code.is_deployed(fragment, text)) {
        for (i, statement) in fragment.script.statements.iter().enumerate() {
            if code.reported {
                time(statement, &mut session, catalog, timeline);
            }
            application::fold(code, fragment, i, text, catalog);
        }
    }
}

fn replay(unit: &Unit, last: &mut Option<Session>, catalog: &mut Catalog, sources: &Sources, timeline: &mut Timeline) {
    let before = last.take().filter(|_| unit.part.follows != Follows::Nothing);
    if before.is_some() && unit.part.follows == Follows::Script {
        catalog.continue_in(unit.part.file);
    }
    let mut session = before.unwrap_or_else(|| Session::new(RunMode { transaction: unit.transaction }));
    let text = &sources.get(unit.part.file).text;
    for statement in &unit.statements {
        if unit.part.reported {
            time(statement, &mut session, catalog, timeline);
        }
        catalog.apply(statement, text);
    }
    *last = Some(session);
}

/// Notes what a statement locks, before the schema is told of it.
fn time(statement: &Statement, session: &mut Session, catalog: &Catalog, timeline: &mut Timeline) {
    let version = timeline.postgres;
    let effects = effects_of_run(statement, catalog, version);
    let before = session.clone();
    session.apply(statement, &effects, catalog, version);
    if let Reading::Opaque(reason) = &statement.reading {
        timeline.opaque.push(Opaque { at: statement.location(), reason: reason.clone() });
    }
    let begins = statement.actions.iter().any(|action| matches!(action, Action::Begin { .. }));
    let running = if begins { &*session } else { &before };
    timeline.statements.push(timed(statement, &effects, running, &before, catalog));
}

fn timed(statement: &Statement, effects: &[Effect], running: &Session, before: &Session, catalog: &Catalog) -> TimedStatement {
    let transaction = running.transaction();
    let open = transaction != Transaction::None;
    let is_new = |relation: &Qualified| before.is_new(&object_name(relation), catalog);
    let locks = effects.iter().map(|effect| TimedLock {
        relation: effect.relation.to_string(),
        kind: effect.kind.as_str(),
        mode: effect.mode,
        until_transaction: open && effect.until == Until::Transaction,
        work: works(effect),
        waits: effect.work.contains(&Work::Wait),
        new: is_new(&effect.relation),
        unsure: effect.unsure.clone(),
    });
    // what only VACUUM and other DDL wait for does not add up to anything
    let adds_up = |held: &&crate::session::HeldLock| held.mode >= LockMode::Share && held.kind != EffectKind::Index;
    let held = before.locks().iter().filter(adds_up).filter(|held| !is_new(&held.relation)).map(|held| StillHeld {
        relation: held.relation.to_string(),
        kind: held.kind.as_str(),
        mode: held.mode,
        since: held.taken_at,
    });
    let held = strongest(held.collect());
    TimedStatement {
        at: statement.location(),
        transaction: open.then(|| running.transaction_number()),
        opened_by: match transaction {
            Transaction::Framework(name) => Some(name),
            Transaction::Implicit => Some("sent as one message"),
            Transaction::None | Transaction::Explicit(_) => None,
        },
        locks: locks.collect(),
        held,
        unsure: unknown_reach(statement),
    }
}

/// One lock per relation: of several modes the strongest, which the others hide behind.
fn strongest(held: Vec<StillHeld>) -> Vec<StillHeld> {
    let mut strongest: Vec<StillHeld> = vec![];
    let mut at: HashMap<String, usize> = HashMap::new();
    for lock in held {
        match at.get(&lock.relation) {
            Some(&i) if strongest[i].mode >= lock.mode => {}
            Some(&i) => strongest[i] = lock,
            None => {
                at.insert(lock.relation.clone(), strongest.len());
                strongest.push(lock);
            }
        }
    }
    strongest
}

fn works(effect: &Effect) -> Vec<TimedWork> {
    let mut work: Vec<TimedWork> = effect
        .work
        .iter()
        .filter_map(|work| match work {
            Work::Scan => Some(TimedWork::Scan),
            Work::IndexBuild => Some(TimedWork::IndexBuild),
            Work::Rewrite => Some(TimedWork::Rewrite),
            Work::Wait => None,
        })
        .collect();
    work.sort_unstable();
    work
}

/// What a statement may lock besides, where the schema does not keep what would tell.
fn unknown_reach(statement: &Statement) -> Option<String> {
    if matches!(statement.reading, Reading::Opaque(_)) {
        return Some("the statement was not understood".to_owned());
    }
    statement.actions.iter().find_map(|action| match action {
        Action::Drop(drop) if drop.cascade && !KEPT.contains(&drop.kind.as_str()) => {
            let names = drop.names.iter().map(ObjectName::to_string).collect::<Vec<_>>().join(", ");
            Some(format!("what depends on {} {names}", drop.kind.to_lowercase()))
        }
        Action::Policy { table, .. } | Action::CreateRule { table, .. } => Some(format!("what the expression on {table} reads")),
        Action::Call { name } => Some(format!("what {name} does")),
        Action::Do { language } if language != "plpgsql" => Some(format!("what the {language} code does")),
        _ => None,
    })
}

/// Kinds of which the schema keeps what hangs on them.
const KEPT: &[&str] =
    &["TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "INDEX", "SEQUENCE", "TRIGGER", "RULE", "POLICY", "STATISTICS"];

fn object_name(name: &Qualified) -> ObjectName {
    let part = |value: &str| Name::new(value, Span::default());
    ObjectName { schema: Some(part(&name.schema)), name: part(&name.name) }
}
