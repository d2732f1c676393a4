//! Application code in a run: its strings read as SQL, and findings carried back to its source bytes.

use super::parts::{self, Remarks};
use super::{Input, InputKind, aside, markdown};
use crate::catalog::Catalog;
use crate::extract::{self, Direction, Extracted, Fragment, FragmentKind, Hole, Language, Options, Program};
use crate::facts::{Name, ObjectName, Statement};
use crate::rules::{Origin, Report};
use crate::session::{RunMode, Session, Transaction};
use crate::settings::Settings;
use crate::source::{FILLER, FileId, Position, Source, Sources, Span};
use crate::sql::fingerprint::fingerprint;
use crate::sql::{self, token::Dialect, token::TokenKind};
use crate::suppress;
use rayon::prelude::*;

/// The SQL of one file of code, or of one fence of a document.
pub(super) struct Code {
    pub(super) file: FileId,
    pub(super) in_document: bool,
    pub(super) extracted: Extracted,
    pub(super) language: Language,
    /// Where the file is a migration written in that language.
    pub(super) migration: Option<Program>,
}

impl Code {
    fn new(file: FileId, extracted: Extracted, language: Language, text: &str) -> Code {
        let migration = if extracted.fragments.is_empty() { None } else { Program::of(text, language) };
        Code { file, in_document: false, extracted, language, migration }
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.extracted.fragments.iter().flat_map(|fragment| &fragment.script.statements)
    }

    /// Where a fragment comes from: a migration in code and a script for psql change a live schema; what a test or an
    /// application creates is its own affair.
    pub(super) fn origin(&self, fragment: &Fragment, text: &str) -> Origin {
        match self.migration {
            _ if fragment.in_test => Origin::Application,
            Some(program) if program.direction(text, &self.extracted, fragment) == Direction::Down => Origin::Down,
            Some(_) => Origin::Migration,
            None if self.language == Language::Shell => Origin::Script,
            None => Origin::Application,
        }
    }

    /// The session in which a migration's strings run, one after the other; `None` where each string has one of its own.
    pub(super) fn session(&self, text: &str, catalog: &Catalog, settings: &Settings) -> Option<Session> {
        let program = self.migration?;
        let wrapped = settings.runner_wraps_transaction.unwrap_or(program.in_transaction);
        let transaction = if wrapped { Transaction::Framework(program.framework) } else { Transaction::None };
        let mut session = Session::new(RunMode { transaction });
        for table in extract::created_tables(text) {
            session.begin_with(catalog.creation_name(&ObjectName::bare(Name::new(table, Span::default())), false));
        }
        Some(session)
    }

    /// What suppression needs: the comments that speak to pgsift, of the code and of its SQL.
    pub(super) fn remarks(&self, sources: &Sources) -> Option<Remarks> {
        let text = &sources.get(self.file).text;
        let own = self.extracted.fragments.iter().flat_map(|fragment| &fragment.script.comments);
        let comments: Vec<Span> =
            self.extracted.comments.iter().chain(own).copied().filter(|comment| suppress::is_mentioned(comment.of(text))).collect();
        let statements = || self.statements().map(|statement| statement.span).collect();
        (!comments.is_empty()).then(|| Remarks { file: self.file, comments, statements: statements() })
    }
}

/// The inputs that hold code and are reported, by the numbers that their files will have.
pub(super) fn among(inputs: &[Input]) -> Vec<(FileId, InputKind)> {
    let numbered = inputs.iter().enumerate().filter(|(_, input)| input.reported);
    numbered
        .filter(|(_, input)| matches!(input.kind, InputKind::Code(_) | InputKind::Markdown))
        .map(|(i, input)| (FileId(i as u32), input.kind.clone()))
        .collect()
}

/// Reads the code of these files.
pub(super) fn read_all(coded: &[(FileId, InputKind)], sources: &Sources, settings: &Settings) -> Vec<Code> {
    let one = |(file, kind): &(FileId, InputKind)| read(sources.get(*file), *file, kind, settings);
    if coded.len() < 8 { coded.iter().flat_map(one).collect() } else { coded.par_iter().flat_map_iter(one).collect() }
}

/// Reads the code of an input.
fn read(source: &Source, file: FileId, kind: &InputKind, settings: &Settings) -> Vec<Code> {
    let options = Options { calls: &settings.sql_calls };
    let text = source.text.as_str();
    match kind {
        InputKind::Code(language) => {
            let mut extracted = extract::extract(file, text, *language, options);
            let tests = aside::tests_from(source, *language);
            extracted.fragments.iter_mut().for_each(|fragment| fragment.in_test = fragment.span.start >= tests);
            vec![Code::new(file, extracted, *language, text)]
        }
        InputKind::Markdown => {
            let fences = markdown::code_fences(text);
            let code = |(span, language): (Span, Language)| {
                let mut extracted = extract::extract_in(file, text, span, language, options);
                let tests = aside::tests_from(source, language) == 0;
                extracted.fragments.iter_mut().for_each(|fragment| fragment.in_test = tests);
                Code { in_document: true, ..Code::new(file, extracted, language, span.of(text)) }
            };
            fences.into_iter().map(code).collect()
        }
        _ => vec![],
    }
}

/// A statement that code or a file of queries sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it shares with the same statement in a log.
    pub fingerprint: u64,
    /// As shown.
    pub file: String,
    /// Where it begins.
    pub at: Position,
}

/// The statements of the inputs that are reported, in the order of their places.
pub(super) fn sent(inputs: &[Input], settings: &Settings) -> Vec<Sent> {
    inputs.par_iter().filter(|input| input.reported).flat_map_iter(|input| sent_by(input, settings)).collect()
}

fn sent_by(input: &Input, settings: &Settings) -> Vec<Sent> {
    let source = Source::new(input.path.clone(), input.bytes.clone());
    let file = source.name().replace('\\', "/");
    let mut found = vec![];
    for span in parts::spans(&source.text, &input.kind).into_iter().map(|(span, ..)| span) {
        let script = sql::read(FileId::default(), &source.text, span, Dialect::Psql);
        script.statements.iter().for_each(|statement| note(statement, &source, &file, &source.text, &mut found));
    }
    for code in read(&source, FileId::default(), &input.kind, settings) {
        for fragment in code.extracted.fragments.iter().filter(|fragment| fragment.kind == FragmentKind::Statement) {
            let layer = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
            fragment.script.statements.iter().for_each(|statement| note(statement, &source, &file, layer, &mut found));
        }
    }
    found.sort_by_key(|sent: &Sent| sent.at.offset);
    found
}

fn note(statement: &Statement, source: &Source, file: &str, text: &str, found: &mut Vec<Sent>) {
    let fingerprint = fingerprint(statement.span.of(text), Dialect::Host).0;
    found.push(Sent { fingerprint, file: file.to_owned(), at: source.position(statement.span.start) });
    for inner in statement.bodies.iter().flat_map(|body| &body.statements) {
        note(&inner.statement, source, file, text, found);
    }
}

/// Turns what a rule said about an overlay into what is true of the file: no fillers in words, no place that ends inside a
/// piece of code, and a fix only where the file has the very bytes that it changes.
pub(super) fn to_source(report: &mut Report, holes: &[Hole], layer: &str, file: &str) {
    let place = &mut report.primary.at.span;
    if let Some(hole) = holes.iter().find(|hole| hole.span.start < place.end && place.end < hole.span.end && place.start < hole.span.start)
    {
        place.end = hole.span.end;
    }
    let clean = |text: &mut String| text.retain(|c| c != FILLER as char);
    clean(&mut report.message);
    clean(&mut report.primary.message);
    report.help.iter_mut().for_each(clean);
    report.related.iter_mut().for_each(|label| clean(&mut label.message));
    let exact = |fix: &crate::finding::Fix| {
        fix.edits.iter().all(|edit| {
            let plain = !edit.text.contains(['"', '\'', '\\', '`', '$', '{', '}', '#', '%', '\n', FILLER as char]);
            let same = edit.span.of(layer) == edit.span.of(file) && edit.span.end as usize <= layer.len();
            plain && same && surrounded(edit.span, layer, file)
        })
    };
    report.fix = report.fix.take().filter(exact);
}

/// Whether the bytes on both sides of an edit are the string's own too.
fn surrounded(span: Span, layer: &str, file: &str) -> bool {
    let same = |at: usize| layer.as_bytes().get(at) == file.as_bytes().get(at);
    (span.start as usize).checked_sub(1).is_none_or(|at| same(at) || !span.is_empty()) && (!span.is_empty() || same(span.end as usize))
}

/// A piece of SQL with all that is printed of it.
#[derive(Debug)]
pub struct ExtractedPiece {
    /// As shown.
    pub file: String,
    /// The language of the file, or of the fence.
    pub language: Language,
    /// The content's bytes.
    pub span: Span,
    /// Its first line.
    pub line: usize,
    /// What it is.
    pub kind: FragmentKind,
    /// As the program has it, code inside as `{}`.
    pub sql: String,
    /// The placeholders in it, as the driver sees them.
    pub placeholders: Vec<String>,
}

/// The SQL of every input of code; what no rule reads is said to be so, as all is in files that are not reported.
pub(super) fn list(inputs: Vec<Input>, settings: &Settings) -> Vec<ExtractedPiece> {
    let read_one = |input: Input| {
        let source = Source::new(input.path, input.bytes);
        let ours = input.reported;
        let codes = read(&source, FileId(0), &input.kind, settings);
        let language = match input.kind {
            InputKind::Code(language) => Some(language),
            _ => None,
        };
        let fences = markdown::code_fences(&source.text);
        let mut found = vec![];
        for (i, code) in codes.iter().enumerate() {
            let Some(language) = language.or(fences.get(i).map(|fence| fence.1)) else { continue };
            let all = code.extracted.fragments.iter().chain(&code.extracted.others);
            found.extend(all.map(|fragment| piece(&source, code, fragment, language)));
        }
        if !ours {
            found.iter_mut().for_each(|piece| piece.kind = FragmentKind::Other);
        }
        found
    };
    let mut found: Vec<ExtractedPiece> = inputs.into_par_iter().flat_map_iter(read_one).collect();
    found.sort_by(|a, b| a.file.cmp(&b.file).then(a.span.cmp(&b.span)));
    found
}

fn piece(source: &Source, code: &Code, fragment: &Fragment, language: Language) -> ExtractedPiece {
    let layer = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
    let tokens = sql::lex::lex(layer, fragment.span, Dialect::Host);
    let marks = tokens.iter().filter(|t| matches!(t.kind, TokenKind::Param | TokenKind::Placeholder));
    ExtractedPiece {
        file: source.name().into_owned(),
        language,
        span: fragment.span,
        line: source.position(fragment.span.start).line,
        kind: fragment.kind,
        sql: code.extracted.sql(fragment),
        placeholders: marks.map(|t| t.text(layer).replace(FILLER as char, "")).collect(),
    }
}
