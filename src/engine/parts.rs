//! The parts of a run's files: what is read and run by itself, with a session of its own. A file is one part, unless it
//! holds sections or fences.

use super::{Follows, Input, InputKind, MigrationInfo, Section, aside, document, markdown};
use crate::facts::Statement;
use crate::rules::Origin;
use crate::session::Transaction;
use crate::settings::Settings;
use crate::source::{FileId, Source, Sources, Span};
use crate::sql::{self, token::Dialect};
use crate::suppress;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A stretch of a file that runs with one session.
pub(super) struct Part {
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) origin: Origin,
    pub(super) reported: bool,
    /// See [`crate::rules::Surroundings::aside`].
    pub(super) aside: bool,
    /// A comment somewhere in the file silences something, or tries to.
    silences: bool,
    transaction: Transaction,
    /// What it goes on with.
    pub(super) follows: Follows,
    /// Whoever runs it is known by more than the shape of its name.
    known_runner: bool,
    /// It is code, whose strings [`super::application`] has read.
    pub(super) program: bool,
}

/// Longer files are data, not queries that an application sends.
const QUERY_FILE: u32 = 1 << 20;

impl Part {
    /// Whether it may be a file of queries that an application sends.
    pub(super) fn is_query_file(&self, sources: &Sources) -> bool {
        let whole = self.span.len() as usize == sources.get(self.file).text.len();
        whole && self.reported && self.origin == Origin::Script && self.span.len() <= QUERY_FILE
    }
}

/// A part as read.
pub(super) struct Unit<'p> {
    pub(super) part: &'p Part,
    pub(super) transaction: Transaction,
    /// See [`crate::rules::Surroundings::unwrapped`].
    pub(super) unwrapped: bool,
    pub(super) statements: Vec<Statement>,
    /// What suppression needs of it; the rest of a unit is dropped once its rules were asked.
    pub(super) remarks: Option<Remarks>,
}

/// The comments of a part and the places of its statements.
pub(super) struct Remarks {
    pub(super) file: FileId,
    pub(super) comments: Vec<Span>,
    pub(super) statements: Vec<Span>,
}

/// Takes the inputs in, and says of which parts they consist, and which sets each file belongs to.
pub(super) fn of(inputs: Vec<Input>, asked: &HashSet<PathBuf>) -> (Sources, Vec<Part>, Vec<Vec<u32>>) {
    let mut sources = Sources::default();
    let mut sets = vec![];
    let mut files = vec![];
    let read = |input: Input| {
        let source = Source::new(input.path, input.bytes);
        let silences = input.reported && suppress::is_mentioned(&source.text);
        (source, input.sets, (input.kind, input.reported, silences))
    };
    let read: Vec<_> = if inputs.len() > 64 { inputs.into_par_iter().map(read).collect() } else { inputs.into_iter().map(read).collect() };
    for (source, sets_of_file, (kind, reported, silences)) in read {
        sets.push(sets_of_file);
        files.push((sources.add(source), kind, reported, silences));
    }
    let includes = |kind: &InputKind| matches!(kind, InputKind::Migration(MigrationInfo { sections: Some(parts), .. }) if parts.iter().any(|p| p.file.is_some()));
    let by_path: HashMap<&Path, (FileId, bool, bool)> = match files.iter().any(|(_, kind, ..)| includes(kind)) {
        true => files.iter().map(|&(file, _, reported, silences)| (sources.get(file).path.as_path(), (file, reported, silences))).collect(),
        false => HashMap::new(),
    };
    let mut parts = vec![];
    for (file, kind, reported, silences) in &files {
        let known_runner = matches!(kind, InputKind::Migration(info) if info.framework != "plain");
        let own = (*file, *reported, *silences);
        let part = |(span, origin, transaction), (file, reported, silences), follows| Part {
            file,
            span,
            origin,
            reported,
            aside: !matches!(kind, InputKind::Markdown | InputKind::Program(_)) && aside::is_test_sql(&sources.get(file).path, asked),
            silences,
            transaction,
            follows,
            known_runner,
            program: matches!(kind, InputKind::Program(_)),
        };
        match kind {
            InputKind::Migration(MigrationInfo { sections: Some(sections), down, .. }) => {
                let of = |section: &Section| match &section.file {
                    Some(path) => by_path.get(path.as_path()).copied(),
                    None => Some(own),
                };
                let stretch = |s: &Section| (s.span, origin(s.down || *down), s.transaction);
                parts.extend(sections.iter().filter_map(|s| Some(part(stretch(s), of(s)?, s.follows))));
            }
            kind => parts.extend(spans(&sources.get(*file).text, kind).into_iter().map(|stretch| part(stretch, own, Follows::Nothing))),
        }
    }
    (sources, parts, sets)
}

fn origin(down: bool) -> Origin {
    if down { Origin::Down } else { Origin::Migration }
}

/// The stretches of a text that run by themselves.
pub(super) fn spans(text: &str, kind: &InputKind) -> Vec<(Span, Origin, Transaction)> {
    let whole = Span::new(0, text.len() as u32);
    match kind {
        // its strings are found by `application`
        InputKind::Code(_) => vec![],
        InputKind::Program(_) => vec![(whole, Origin::Migration, Transaction::None)],
        InputKind::Sql => vec![(whole, Origin::Script, Transaction::None)],
        InputKind::Markdown => markdown::sql_fences(text).into_iter().map(|span| (span, Origin::Document, Transaction::None)).collect(),
        InputKind::Migration(info) => match &info.sections {
            None => vec![(whole, origin(info.down), info.transaction)],
            Some(parts) => parts.iter().map(|p| (p.span, origin(p.down || info.down), p.transaction)).collect(),
        },
    }
}

/// Reads a part's statements.
pub(super) fn read<'p>(part: &'p Part, sources: &Sources, settings: &Settings) -> Unit<'p> {
    if part.program {
        return Unit { part, transaction: part.transaction, unwrapped: false, statements: vec![], remarks: None };
    }
    let text = &sources.get(part.file).text;
    let dialect = dialect(part, text);
    let instead = (part.origin == Origin::Document).then(|| document::as_sql(text, part.span)).flatten();
    let script = match instead {
        Some(content) => sql::read_instead(part.file, part.span, &content, dialect),
        None => sql::read(part.file, text, part.span, dialect),
    };
    let transaction = transaction_of(part.transaction, part.origin, &script.statements, settings);
    let remarks = part.silences.then(|| Remarks {
        file: part.file,
        comments: script.comments,
        statements: script.statements.iter().map(|statement| statement.span).collect(),
    });
    let unwrapped = transaction == Transaction::None && (part.known_runner || settings.runner_wraps_transaction == Some(false));
    Unit { part, transaction, unwrapped, statements: script.statements, remarks }
}

/// Files of named queries (`-- name: GetUser :one`) are sent by a program, whose placeholders they hold; psql reads all others.
fn dialect(part: &Part, text: &str) -> Dialect {
    let names = |at: usize| {
        let line = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        line.split_whitespace().next_back().is_some_and(|last| QUERY_KINDS.contains(&last))
    };
    let named = part.origin == Origin::Script && memchr::memmem::find_iter(text.as_bytes(), b"-- name:").any(names);
    if named { Dialect::Host } else { Dialect::Psql }
}

/// What such a query gives back, as sqlc says it.
const QUERY_KINDS: &[&str] =
    &[":one", ":many", ":exec", ":execrows", ":execresult", ":execlastid", ":copyfrom", ":batchexec", ":batchone", ":batchmany"];

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
