//! The parts of a run's files: what is read and run by itself, with a session of its own. A file is one part, unless it
//! holds sections or fences.

use super::{Input, InputKind, markdown};
use crate::facts::Statement;
use crate::rules::Origin;
use crate::session::Transaction;
use crate::settings::Settings;
use crate::source::{FileId, Source, Sources, Span};
use crate::sql::{self, token::Dialect};
use crate::suppress;
use rayon::prelude::*;

/// A stretch of a file that runs with one session.
pub(super) struct Part {
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) origin: Origin,
    pub(super) reported: bool,
    /// A comment somewhere in the file silences something, or tries to.
    silences: bool,
    transaction: Transaction,
    /// Whoever runs it is known by more than the shape of its name.
    known_runner: bool,
}

/// Longer files are data, not queries that an application sends.
const QUERY_FILE: u32 = 1 << 20;

impl Part {
    /// Whether it may be a file of queries that an application sends.
    pub(super) fn is_query_file(&self, sources: &Sources) -> bool {
        // a fence of a document sends nothing
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
pub(super) fn of(inputs: Vec<Input>) -> (Sources, Vec<Part>, Vec<Vec<u32>>) {
    let mut sources = Sources::default();
    let mut sets = vec![];
    let mut parts = vec![];
    let read = |input: Input| {
        let source = Source::new(input.path, input.bytes);
        let silences = input.reported && suppress::is_mentioned(&source.text);
        let spans = spans(&source.text, &input.kind);
        let known_runner = matches!(&input.kind, InputKind::Migration(info) if info.framework != "plain");
        (source, input.sets, move |file| {
            let part = move |(span, origin, transaction)| Part {
                file,
                span,
                origin,
                reported: input.reported,
                silences,
                transaction,
                known_runner,
            };
            spans.into_iter().map(part)
        })
    };
    let read: Vec<_> = if inputs.len() > 64 { inputs.into_par_iter().map(read).collect() } else { inputs.into_iter().map(read).collect() };
    for (source, sets_of_file, parts_of) in read {
        parts.extend(parts_of(sources.add(source)));
        sets.push(sets_of_file);
    }
    (sources, parts, sets)
}

/// The stretches of a text that run by themselves.
pub(super) fn spans(text: &str, kind: &InputKind) -> Vec<(Span, Origin, Transaction)> {
    let whole = Span::new(0, text.len() as u32);
    match kind {
        // its strings are found by `application`
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
    }
}

/// Reads a part's statements.
pub(super) fn read<'p>(part: &'p Part, sources: &Sources, settings: &Settings) -> Unit<'p> {
    let script = sql::read(part.file, &sources.get(part.file).text, part.span, Dialect::Psql);
    let transaction = transaction_of(part.transaction, part.origin, &script.statements, settings);
    let remarks = part.silences.then(|| Remarks {
        file: part.file,
        comments: script.comments,
        statements: script.statements.iter().map(|statement| statement.span).collect(),
    });
    let unwrapped = transaction == Transaction::None && (part.known_runner || settings.runner_wraps_transaction == Some(false));
    Unit { part, transaction, unwrapped, statements: script.statements, remarks }
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
