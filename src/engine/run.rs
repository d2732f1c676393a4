//! The run itself: reading goes ahead on other threads while the migrations are folded in order; what was folded is dropped
//! at once, so that memory does not grow with the statements.

use super::Input;
use super::ahead;
use super::application::{self, Code};
use super::aside;
use super::checker::{Checker, Stored};
use super::findings::{ActiveRules, settle};
use super::found::Found;
use super::parts::{self, Part, Remarks, Unit};
use super::schemas::Schemas;
use crate::catalog::{Catalog, Mentions};
use crate::facts::{Action, Statement};
use crate::finding::{Finding, Opaque, Outcome};
use crate::rules::{Check, Origin};
use crate::settings::Settings;
use crate::source::{FileId, Sources, Span};
use crate::suppress::Suppressions;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many bytes of SQL are read while those before them are folded: their facts take twenty times the room, and handing them
/// over costs little.
const BATCH: usize = 8 << 10;

/// So many bytes of query files are kept as read until they are checked.
const KEPT: usize = 256 << 10;

/// What is smaller is not worth waking a second thread for.
const SMALL: usize = 16 << 10;

pub(super) fn run(inputs: Vec<Input>, settings: &Settings, with_rules: bool) -> (Vec<Catalog>, Outcome) {
    let files = inputs.iter().filter(|input| input.reported).count();
    let coded = application::among(&inputs);
    let (sources, parts, sets) = parts::of(inputs, &settings.asked);
    let codes = application::read_all(&coded, &sources, settings);
    let mut mentions = Mentions::default();
    // a migration's own statements run no more when the next one is deployed
    let sending = codes.iter().filter(|code| code.migration.is_none());
    sending.flat_map(application::Code::statements).for_each(|statement| mentions.add(statement));
    let queries: Vec<&Part> = parts.iter().filter(|part| part.is_query_file(&sources)).collect();
    let mut kept = HashMap::new();
    if with_rules && parts.iter().any(|part| part.reported && part.origin == Origin::Migration) {
        kept = mentioned_by(&queries, &mut mentions, &sources, settings);
    }
    let rules = if with_rules { ActiveRules::new(settings) } else { ActiveRules::new(&nothing()) };
    let programs = codes.iter().filter(|code| code.replayed).map(|code| (code.file, code)).collect();
    let superseded = aside::superseded(sources.iter().map(|(file, source)| (file, source.path.as_path())));
    let checker = Checker { sources: &sources, settings, rules: &rules, mentions: &mentions, superseded: &superseded };
    let run = Run { checker, programs };

    // Migrations change the schema for what comes after them; everything else sees the schema that they leave.
    let (migrations, others): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| part.origin == Origin::Migration);
    let mut schemas = Schemas::new(sets);
    let beside = if with_rules { queries.as_slice() } else { &[] };
    let (mut found, mut remarks) = run.replay_sets(&migrations, beside, &mut schemas);
    let reported: HashSet<FileId> = migrations.iter().filter(|part| part.reported && !part.aside).map(|part| part.file).collect();
    let of_schemas = found.findings.len();
    schemas.each().for_each(|catalog| found.findings.extend(run.checker.schema(catalog, &|file| reported.contains(&file))));
    // the bytes of SQL in code are not the file's own
    let coded = |finding: &&mut Finding| run.programs.contains_key(&finding.primary.at.file);
    found.findings.iter_mut().skip(of_schemas).filter(coded).for_each(|finding| finding.fix = None);
    let others = others.into_iter().filter(|part| part.reported);
    let others: Vec<_> = others.map(|part| (part, kept.remove(&(part.file, part.span)))).collect();
    for (more, remark) in run.check_each(others, &schemas) {
        found.merge(more);
        remarks.extend(remark);
    }
    for (more, remark) in run.check_codes(&codes, &schemas) {
        found.merge(more);
        remarks.extend(remark);
    }
    let suppressed = suppress(&sources, remarks, &rules, settings, &mut found.findings);
    settle(&mut found.findings, &sources);

    let mut outcome = Outcome { findings: found.findings, sent: found.sent, opaque: found.opaque, ..Outcome::default() };
    outcome.summary.files = files;
    outcome.summary.statements = found.statements;
    outcome.summary.in_tests = found.in_tests;
    outcome.summary.other_engines = found.other_engines;
    outcome.summary.run_once = found.run_once;
    outcome.summary.suppressed = suppressed;
    outcome.opaque.sort_by(|a, b| {
        let path = |o: &Opaque| &sources.get(o.at.file).path;
        path(a).cmp(path(b)).then(a.at.span.cmp(&b.at.span))
    });
    outcome.notes.extend(schemas.note(&sources));
    outcome.sources = sources;
    (schemas.into_catalogs(), outcome)
}

/// Settings that ask no rule.
fn nothing() -> Settings {
    Settings { select: vec![String::new()], ..Settings::default() }
}

/// Takes note of what files of queries mention, and keeps of them what there is room for: they are checked later.
fn mentioned_by<'p>(
    queries: &[&'p Part],
    mentions: &mut Mentions,
    sources: &Sources,
    settings: &Settings,
) -> HashMap<(FileId, Span), Unit<'p>> {
    let mut room = KEPT;
    let fits = |part: &&Part| {
        let left = room.checked_sub(part.span.len() as usize);
        room = left.unwrap_or(room);
        left.is_some()
    };
    let fits: Vec<bool> = queries.iter().map(fits).collect();
    let read = |(part, fits): (&&'p Part, bool)| {
        let unit = parts::read(part, sources, settings);
        let mut mentions = Mentions::default();
        if unit.statements.iter().all(|statement| statement.actions.is_empty()) {
            unit.statements.iter().for_each(|statement| mentions.add(statement));
        }
        (mentions, fits.then_some(unit))
    };
    let mut kept = HashMap::new();
    for (more, unit) in queries.par_iter().zip(fits).map(read).collect::<Vec<_>>() {
        mentions.merge(more);
        kept.extend(unit.map(|unit| ((unit.part.file, unit.part.span), unit)));
    }
    kept
}

struct Run<'a> {
    checker: Checker<'a>,
    /// The migrations in application code, by their files.
    programs: HashMap<FileId, &'a Code>,
}

impl Run<'_> {
    /// Folds each set of migrations into a schema of its own; sets know nothing of each other, so they go side by side.
    fn replay_sets(&self, migrations: &[&Part], beside: &[&Part], schemas: &mut Schemas) -> (Found, Vec<Remarks>) {
        let mut sets: BTreeMap<u32, Vec<&Part>> = BTreeMap::new();
        for part in migrations {
            sets.entry(schemas.set_of(part.file)).or_default().push(part);
        }
        // what is most of the work has nothing beside it that could fill a second thread
        let whole = bytes_of(migrations.iter().copied());
        let replay = |(set, migrations): (u32, Vec<&Part>)| {
            let mut catalog = Catalog::default();
            let (found, remarks) = self.replay(&migrations, bytes_of(migrations.iter().copied()) * 2 > whole, &mut catalog);
            (set, catalog, found, remarks)
        };
        // One thread of the pool folds a set from beginning to end: its schema lies together in its memory.
        let replayed: Vec<_> = if is_small(migrations.iter().copied()) {
            sets.into_iter().map(replay).collect()
        } else {
            Vec::from_iter(sets).into_par_iter().with_max_len(1).map(replay).collect()
        };
        let (mut found, mut remarks) = (Found::default(), vec![]);
        for (set, catalog, more, remark) in replayed {
            schemas.put(set, catalog);
            found.merge(more);
            remarks.extend(remark);
        }
        self.index_by_scripts(beside, schemas);
        schemas.unite();
        (found, remarks)
    }

    /// Takes in the indexes that files beside the migrations build on the tables that these made: somebody runs those files too,
    /// and a table is not without an index because another kind of file has it.
    fn index_by_scripts(&self, beside: &[&Part], schemas: &mut Schemas) {
        let builds = |part: &&&Part| {
            let text = self.checker.sources.get(part.file).text.as_bytes();
            !part.aside && (memchr::memmem::find(text, b"INDEX").is_some() || memchr::memmem::find(text, b"index").is_some())
        };
        let beside: Vec<&Part> = beside.iter().filter(builds).copied().collect();
        let built = |part: &&Part| {
            let unit = parts::read(part, self.checker.sources, self.checker.settings);
            let only_builds = |statement: &Statement| {
                !statement.actions.is_empty() && statement.actions.iter().all(|action| matches!(action, Action::CreateIndex(_)))
            };
            (part.file, unit.statements.into_iter().filter(only_builds).collect::<Vec<_>>())
        };
        for (file, statements) in beside.par_iter().map(built).collect::<Vec<_>>() {
            let catalog = schemas.changed_by(file);
            for statement in &statements {
                let known = |action: &Action| matches!(action, Action::CreateIndex(index) if catalog.table(&index.table).is_some());
                if statement.actions.iter().all(known) {
                    catalog.apply(statement, &self.checker.sources.get(file).text);
                }
            }
        }
    }

    /// Folds the migrations in order, `ahead` while those that come next are read.
    fn replay<'p>(&self, migrations: &[&'p Part], ahead: bool, catalog: &mut Catalog) -> (Found, Vec<Remarks>) {
        let (mut found, mut remarks) = (Found::default(), vec![]);
        let mut stored: Vec<Stored> = vec![];
        let mut session = None;
        let mut fold = |unit: &mut Unit<'p>| {
            match self.programs.get(&unit.part.file).filter(|_| unit.part.program) {
                Some(code) => self.checker.program(code, unit.part.reported, catalog, &mut found),
                None => self.checker.unit(unit, &mut session, catalog, &mut found),
            }
            remarks.extend(unit.remarks.take());
            stored.extend(self.checker.stored(unit));
        };
        let read = |part: &&'p Part| parts::read(part, self.checker.sources, self.checker.settings);
        if !ahead || is_small(migrations.iter().copied()) {
            migrations.iter().for_each(|part| fold(&mut read(part)));
        } else {
            ahead::each(
                batches(migrations, BATCH),
                |batch| batch.iter().map(read).collect(),
                |units: &mut Vec<Unit<'p>>| units.iter_mut().for_each(&mut fold),
            );
        }
        found.settle(catalog);
        self.checker.check_stored(&stored, catalog, &mut found);
        if ahead {
            // facts are many small pieces; what comes next need not wait until all are given back
            rayon::spawn(move || drop(stored));
        }
        (found, remarks)
    }

    /// Checks what is not replayed, each part against a schema that it may change for itself.
    fn check_each<'p>(&self, parts: Vec<(&'p Part, Option<Unit<'p>>)>, schemas: &Schemas) -> Vec<(Found, Option<Remarks>)> {
        let check = |(part, read): (&'p Part, Option<Unit<'p>>)| {
            let mut found = Found::default();
            let mut unit = read.unwrap_or_else(|| parts::read(part, self.checker.sources, self.checker.settings));
            let mut catalog = schemas.of(part.file).clone();
            self.checker.unit(&unit, &mut None, &mut catalog, &mut found);
            let remarks = unit.remarks.take();
            found.settle(&catalog);
            let stored: Vec<Stored> = self.checker.stored(&mut unit).collect();
            self.checker.check_stored(&stored, &catalog, &mut found);
            (found, remarks)
        };
        if is_small(parts.iter().map(|(part, _)| *part)) {
            parts.into_iter().map(check).collect()
        } else {
            parts.into_par_iter().map(check).collect()
        }
    }
}

impl Run<'_> {
    /// Checks the strings of application code against the schema that the migrations leave.
    fn check_codes(&self, codes: &[Code], schemas: &Schemas) -> Vec<(Found, Option<Remarks>)> {
        let codes: Vec<&Code> = codes.iter().filter(|code| code.reported).collect();
        let check = |code: &&Code| (self.checker.code(code, schemas.of(code.file)), code.remarks(self.checker.sources));
        if codes.len() < 4 { codes.iter().map(check).collect() } else { codes.par_iter().map(check).collect() }
    }
}

fn is_small<'a>(parts: impl ExactSizeIterator<Item = &'a Part>) -> bool {
    parts.len() < 2 || bytes_of(parts) < SMALL
}

fn bytes_of<'a>(parts: impl Iterator<Item = &'a Part>) -> usize {
    parts.map(|part| part.span.len() as usize).sum()
}

/// Cuts the parts into stretches of about `size` bytes, each of at least one part.
fn batches<'s, 'p>(mut parts: &'s [&'p Part], size: usize) -> impl Iterator<Item = &'s [&'p Part]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |part: &&&Part| {
            let before = bytes;
            bytes += part.span.len() as usize;
            before < size
        };
        let count = parts.iter().take_while(fits).count();
        let (batch, rest) = parts.split_at(count);
        parts = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Takes out what comments silence, adds what is wrong with the comments, and counts the silenced.
fn suppress(sources: &Sources, remarks: Vec<Remarks>, rules: &ActiveRules, settings: &Settings, findings: &mut Vec<Finding>) -> usize {
    let today = settings.today.as_deref();
    let mut by_file: BTreeMap<FileId, Remarks> = BTreeMap::new();
    for more in remarks {
        match by_file.get_mut(&more.file) {
            Some(known) => {
                known.comments.extend(more.comments);
                known.statements.extend(more.statements);
            }
            None => drop(by_file.insert(more.file, more)),
        }
    }
    let mut all: BTreeMap<FileId, Suppressions> = by_file
        .into_iter()
        .map(|(file, mut remarks)| {
            remarks.comments.sort_unstable();
            remarks.statements.sort_unstable();
            (file, Suppressions::read(file, sources.get(file), &remarks.comments, &remarks.statements, settings))
        })
        .collect();
    let before = findings.len();
    findings.retain(|finding| !all.get_mut(&finding.primary.at.file).is_some_and(|s| s.silences(finding, today)));
    let silenced = before - findings.len();
    let Some(active) = rules.rules.iter().find(|active| matches!(active.rule.check, Check::Engine)) else { return silenced };
    for suppressions in all.values() {
        for report in suppressions.complaints(|name| crate::rules::find(name).is_some(), |name| rules.contains(name), today) {
            findings.push(active.finding(report, None));
        }
    }
    silenced
}
