//! Application code in a run: its strings read as SQL, and findings carried back to its source bytes.

use super::parts::{self, Remarks};
use super::{Input, InputKind, aside, markdown};
use crate::catalog::Catalog;
use crate::extract::{self, Direction, Extracted, Fragment, FragmentKind, Hole, Language, Options, Program, Role};
use crate::facts::{Action, Name, ObjectName, Statement};
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
    /// Most of its statements change the schema: a list of migrations in code, whose queries run once.
    pub(super) makes_schema: bool,
    /// Its SQL calls what only other engines have.
    pub(super) another_engine: bool,
    /// It changes the schema in its place among the migrations.
    pub(super) replayed: bool,
    /// Whether findings in it are wanted.
    pub(super) reported: bool,
}

/// What SQLite and MySQL write, and PostgreSQL never.
const OTHERS: &[&str] = &[
    "strftime(",
    "julianday(",
    "datetime('now'",
    "sqlite_master",
    "insert or replace",
    "insert or ignore",
    "group_concat(",
    "ifnull(",
    "date_format(",
    "unix_timestamp(",
    "from_unixtime(",
    "last_insert_id(",
    "str_to_date(",
    "on duplicate key",
    "insert ignore",
];

/// What only PostgreSQL writes: a file that has both speaks to both.
const OURS: &[&str] = &["::", " ilike ", "jsonb", "plpgsql", "distinct on"];

fn is_anothers(extracted: &Extracted) -> bool {
    let texts = extracted.fragments.iter().filter_map(|fragment| {
        let layer = extracted.layers.get(fragment.layer)?;
        layer.get(fragment.span.range()).map(str::to_ascii_lowercase)
    });
    let (mut theirs, mut ours) = (false, false);
    for text in texts {
        theirs |= OTHERS.iter().any(|mark| text.contains(mark));
        ours |= OURS.iter().any(|mark| text.contains(mark));
    }
    theirs && !ours
}

/// So many statements that change the schema make a list of migrations.
const CHANGES: usize = 8;

fn makes_schema(extracted: &Extracted) -> bool {
    let mut statements = extracted.fragments.iter().filter(|f| f.kind == FragmentKind::Statement).flat_map(|f| &f.script.statements);
    let (mut changes, mut queries) = (0, 0);
    statements.by_ref().for_each(|statement| match (&statement.query, statement.actions.as_slice()) {
        (Some(_), _) => queries += 1,
        (None, [first, ..]) if is_change(first) => changes += 1,
        _ => {}
    });
    changes >= CHANGES && changes > queries
}

fn is_change(action: &Action) -> bool {
    matches!(action, Action::CreateTable(_) | Action::AlterTable(_) | Action::CreateIndex(_) | Action::Drop(_))
}

impl Code {
    fn new(file: FileId, extracted: Extracted, language: Language, text: &str) -> Code {
        let migration = if extracted.fragments.is_empty() { None } else { Program::of(text, language) };
        let makes_schema = makes_schema(&extracted);
        let another_engine = is_anothers(&extracted);
        Code { file, in_document: false, extracted, language, migration, makes_schema, another_engine, replayed: false, reported: true }
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

    /// Whether a fragment changes the schema when its migrations are replayed.
    pub(super) fn replays(&self, fragment: &Fragment, text: &str) -> bool {
        self.replayed && self.is_deployed(fragment, text)
    }

    /// Whether a fragment runs when its migration is deployed.
    pub(super) fn is_deployed(&self, fragment: &Fragment, text: &str) -> bool {
        self.origin(fragment, text) == Origin::Migration && !self.is_for_another_engine(fragment, text)
    }

    /// Whether a migration has a fragment for another engine, by the name of its function: `mySQLUp`, beside `postgreSQLUp`.
    pub(super) fn is_for_another_engine(&self, fragment: &Fragment, text: &str) -> bool {
        let function = || fragment.function.map_or("", |name| name.of(text)).to_ascii_lowercase();
        self.migration.is_some() && {
            let function = function();
            ["mysql", "sqlite", "mssql", "oracle"].iter().any(|engine| function.contains(engine))
        }
    }

    /// Whether a fragment stands in the very function that the framework calls: who calls another one, and when, is not known.
    fn is_direct(&self, fragment: &Fragment, text: &str) -> bool {
        const ENTRIES: &[&str] = &["up", "upgrade", "change", "safe_up", "safeup", "migrate", "forward", "forwards", "run"];
        let function = fragment.function.map_or("", |name| name.of(text)).to_ascii_lowercase();
        function.is_empty() || ENTRIES.contains(&function.as_str()) || function.ends_with("up")
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

/// Folds a statement of a migration in code into the schema: wholly where its text is (which is told), otherwise as doubt about what
/// it names.
pub(super) fn fold(code: &Code, fragment: &Fragment, i: usize, text: &str, catalog: &mut Catalog) -> bool {
    let layer = code.extracted.layers.get(fragment.layer).map_or("", String::as_str);
    let Some(statement) = fragment.script.statements.get(i).filter(|_| fragment.kind == FragmentKind::Statement) else { return false };
    let within = |at: u32| statement.span.start <= at && at <= statement.span.end;
    let put_together = |hole: &Hole| within(hole.span.start) && hole.role != Role::Parameter;
    if fragment.holes.iter().any(put_together) {
        catalog.doubt_statement(&statement.span.of(layer).replace(FILLER as char, ""));
    } else if fragment.in_loop.is_some() || !code.is_direct(fragment, text) {
        catalog.apply_unsurely(statement, layer);
    } else {
        catalog.apply(statement, layer);
        return true;
    }
    false
}

/// An input that holds code.
pub(super) struct Coded {
    file: FileId,
    kind: InputKind,
    reported: bool,
}

/// The inputs that hold code and are reported or replayed, by the numbers that their files will have.
pub(super) fn among(inputs: &[Input]) -> Vec<Coded> {
    let wanted = |input: &Input| match input.kind {
        InputKind::Code(_) | InputKind::Markdown => input.reported,
        InputKind::Program(_) => true,
        InputKind::Sql | InputKind::Migration(_) => false,
    };
    let numbered = inputs.iter().enumerate();
    numbered
        .filter(|(_, input)| wanted(input))
        .map(|(i, input)| Coded { file: FileId(i as u32), kind: input.kind.clone(), reported: input.reported })
        .collect()
}

/// Reads the code of these files.
pub(super) fn read_all(coded: &[Coded], sources: &Sources, settings: &Settings) -> Vec<Code> {
    let one = |coded: &Coded| {
        let mut codes = read(sources.get(coded.file), coded.file, &coded.kind, settings);
        codes.iter_mut().for_each(|code| code.reported = coded.reported);
        codes
    };
    if coded.len() < 8 { coded.iter().flat_map(one).collect() } else { coded.par_iter().flat_map_iter(one).collect() }
}

/// Reads the code of an input.
fn read(source: &Source, file: FileId, kind: &InputKind, settings: &Settings) -> Vec<Code> {
    let options = Options { calls: &settings.sql_calls };
    let text = source.text.as_str();
    match kind {
        InputKind::Code(language) | InputKind::Program(language) => {
            let mut extracted = extract::extract(file, text, *language, options);
            let tests = aside::tests_from(source, *language, &settings.asked);
            extracted.fragments.iter_mut().for_each(|fragment| fragment.in_test = fragment.span.start >= tests);
            let replayed = matches!(kind, InputKind::Program(_));
            vec![Code { replayed, ..Code::new(file, extracted, *language, text) }]
        }
        InputKind::Markdown => {
            let fences = markdown::code_fences(text);
            let code = |(span, language): (Span, Language)| {
                let mut extracted = extract::extract_in(file, text, span, language, options);
                let tests = aside::tests_from(source, language, &settings.asked) == 0;
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
    let scripts = if matches!(input.kind, InputKind::Program(_)) { vec![] } else { parts::spans(&source.text, &input.kind) };
    for span in scripts.into_iter().map(|(span, ..)| span) {
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
    // a hole stands for a name by two bytes
    if let Some(hole) = holes.iter().find(|hole| hole.span.start < place.end && place.end < hole.span.end && place.start <= hole.span.start)
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
    // what is only replayed was not asked for
    let asked = |input: &Input| input.reported || !matches!(input.kind, InputKind::Program(_));
    let read_one = |input: Input| {
        let source = Source::new(input.path, input.bytes);
        let ours = input.reported;
        let codes = read(&source, FileId(0), &input.kind, settings);
        let language = match input.kind {
            InputKind::Code(language) | InputKind::Program(language) => Some(language),
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
    let mut found: Vec<ExtractedPiece> = inputs.into_par_iter().filter(asked).flat_map_iter(read_one).collect();
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
