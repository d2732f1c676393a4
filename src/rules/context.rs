//! What a rule may ask and how it reports.

use crate::catalog::resolve::Scope;
use crate::catalog::{Catalog, Column, Mentions, Qualified, Table};
use crate::extract::Fragment;
use crate::facts::{Action, AlterTable, ObjectName, Query, Statement};
use crate::finding::{Edit, Fix, Label, Severity};
use crate::postgres::effect::Effect;
use crate::postgres::version::Version;
use crate::rules::support::access::Unserved;
use crate::session::{Session, Transaction};
use crate::settings::Settings;
use crate::source::{Location, Span};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Every statement of a migration (and of the bodies that it runs), with the schema before it.
    Migration(fn(&Context)),
    /// The same, until a file's first report: every later one of the same file says what that one said.
    OncePerFile(fn(&Context)),
    /// Every statement of a migration, but only those with an action of these kinds: most rules look for one, and are not asked in vain.
    Action(&'static [Kind], fn(&Context)),
    /// Every query, wherever it stands: application code, migrations, views, function bodies; subqueries are the rule's to visit.
    Query(fn(&Context, &Query)),
    /// Every statement, migration or not.
    Statement(fn(&Context)),
    /// Each table and view of the schema that all migrations leave: what is wrong with it whichever statement made it so.
    Schema(fn(&Catalog, &Qualified) -> Vec<Report>),
    /// The schema, beside what the server says of its use; without that it is not asked.
    Statistics(fn(&Catalog, &crate::stats::RelationStats) -> Vec<Report>),
    /// The figures of a log.
    Log(fn(&super::log_context::LogContext)),
    /// The engine finds it by itself, when everything else has run.
    Engine,
}

/// A family of actions, as coarse as tells most rules from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// ALTER of a table, index, view, ….
    AlterTable = 1,
    /// CREATE TABLE with its columns.
    CreateTable = 2,
    /// CREATE INDEX.
    CreateIndex = 4,
    /// DROP of anything.
    Drop = 8,
    /// What is none of the others.
    Other = 16,
}

impl Kind {
    fn of(action: &Action) -> Self {
        match action {
            Action::AlterTable(_) => Kind::AlterTable,
            Action::CreateTable(_) => Kind::CreateTable,
            Action::CreateIndex(_) => Kind::CreateIndex,
            Action::Drop(_) => Kind::Drop,
            _ => Kind::Other,
        }
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// The kinds in a list.
    pub fn listed(kinds: &[Kind]) -> Self {
        Kinds(kinds.iter().fold(0, |all, &kind| all | kind as u8))
    }

    /// The kinds of a statement's own actions.
    pub fn of(statement: &Statement) -> Self {
        Kinds(statement.actions.iter().fold(0, |all, action| all | Kind::of(action) as u8))
    }

    /// Every set of kinds, in the order of [`Kinds::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..2 * Kind::Other as u8).map(Kinds)
    }

    /// The place of this set among all of them.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Whether one is in both.
    pub fn meet(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

/// Where the statement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A migration, or a schema file: DDL runs against a live database.
    Migration,
    /// A down migration: recognised, linted for its DDL, not replayed.
    Down,
    /// A plain SQL file: not known to be a migration; its DDL is linted as one.
    Script,
    /// A fence of a document: an excerpt, and what ran before it is not shown.
    Document,
    /// Application code.
    Application,
}

/// What stands around a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Inside a function or procedure body (runs when called) rather than now.
    pub in_function: bool,
    /// Inside DO (runs now, in a transaction).
    pub in_do: bool,
    /// In a job that a scheduler runs again and again, wherever it was given.
    pub scheduled: bool,
    /// Whoever runs the file is known, and known to open no transaction around it.
    pub unwrapped: bool,
    /// A loop around it, in a body.
    pub in_loop: Option<Span>,
    /// In a test: nobody's load, and not what production sends.
    pub aside: bool,
    /// In a tool that somebody runs now and then, not in what serves.
    pub by_hand: bool,
    /// In code that lies among the migrations: a query there runs once.
    pub among_migrations: bool,
    /// In the code of a document, which shows and does not run.
    pub in_document: bool,
    /// In a file of plain SQL that lies among documents or examples.
    pub shown: bool,
    /// In the script that brings an extension from one version to the next.
    pub updates_extension: bool,
    /// In a script of an extension, which CREATE or ALTER EXTENSION runs.
    pub makes_extension: bool,
    /// In the files that make one schema: what they name and do not make themselves is made before them, and as empty.
    pub makes_schema: bool,
}

/// One statement with all that is known around it.
#[derive(Debug)]
pub struct Context<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The statements before it in its unit; none inside bodies.
    pub preceding: &'a [Statement],
    /// The statements after it in its unit; none inside bodies.
    pub following: &'a [Statement],
    /// Its file's text.
    pub text: &'a str,
    /// The file as it lies on disk: of application code, what stands around the SQL too.
    pub code: &'a str,
    /// The string of application code that it stands in.
    pub application: Option<&'a Fragment>,
    /// What the application uses of the schema.
    pub mentions: &'a Mentions,
    /// The schema before it. For application code: the schema after all migrations.
    pub catalog: &'a Catalog,
    /// The session before it.
    pub session: &'a Session,
    /// What the statement locks and does.
    pub effects: &'a [Effect],
    /// Where it comes from.
    pub origin: Origin,
    /// What stands around it.
    pub around: Surroundings,
    /// What the run was told.
    pub settings: &'a Settings,
    /// The query under check and those inside it, outermost first, each with its scope.
    pub visits: &'a [(&'a Query, Rc<Scope<'a>>)],
    /// What rules worked out about the statement.
    pub memo: &'a Memo,
    /// The uses of tables in the query under check that no known index serves.
    pub unserved: &'a [Unserved<'a>],
    /// Reports so far.
    pub reports: &'a RefCell<Vec<Report>>,
}

/// What many rules ask about one statement, worked out once.
#[derive(Debug, Default)]
pub struct Memo {
    /// Which of its actions are [`super::support::locks::live_alterations`].
    pub(super) live_alterations: OnceCell<Vec<usize>>,
    /// Whether it is [`super::support::anew::only_makes_anew`].
    pub(super) makes_anew: OnceCell<bool>,
}

/// A finding as a rule states it; the engine adds rule, category, severity and fingerprint.
#[derive(Debug, Clone)]
pub struct Report {
    /// Exactly the offending piece.
    pub primary: Label,
    /// Lower case, no final stop; names the object and the consequence.
    pub message: String,
    /// The rewrite, in the user's names.
    pub help: Option<String>,
    /// Other places.
    pub related: Vec<Label>,
    /// How to change it.
    pub fix: Option<Fix>,
    /// Instead of the rule's own severity (settings still win).
    pub severity: Option<Severity>,
    /// Saying it once a file is enough: only the first is kept.
    pub once_per_file: bool,
    /// What it is about, to be asked again of the schema that all migrations leave.
    pub still: Option<(Location, String, Still)>,
    /// What it says instead once that schema is known.
    pub retold: Option<Retold>,
}

/// Whether something defined at a place, by that name, is in a schema what a report says of it: a later migration may have mended it.
pub type Still = fn(&Catalog, Location, &str) -> bool;

/// What is to be said in the end of something defined at a place, by that name: a message and help, in the words of the schema that
/// all migrations leave.
pub type Retold = fn(&Catalog, Location, &str) -> Option<(String, String)>;

/// A name that a program or a body puts together when it runs has a mark in its place, which tells a reader nothing.
fn readable(text: String) -> String {
    let mut text = if text.contains("\"%s\"") { text.replace("\"%s\"", "…") } else { text };
    while let Some(start) = text.find("\"{") {
        let Some(end) = text[start..].find("}\"").map(|at| start + at + 2).filter(|end| !text[start..*end].contains('\n')) else { break };
        text.replace_range(start..end, "…");
    }
    text
}

impl Report {
    /// A report about a place; pass it on when it is complete.
    pub fn new(at: Location, message: impl Into<String>) -> Self {
        let primary = Label { at, message: String::new() };
        Report {
            primary,
            message: message.into(),
            help: None,
            related: vec![],
            fix: None,
            severity: None,
            once_per_file: false,
            still: None,
            retold: None,
        }
    }

    /// With the rewrite.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(readable(help.into()));
        self
    }

    /// With a remark under the primary place.
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.primary.message = message.into();
        self
    }

    /// With another place.
    pub fn related(mut self, at: Location, message: impl Into<String>) -> Self {
        self.related.push(Label { at, message: message.into() });
        self
    }

    /// With this severity instead of the rule's.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Said at most once a file.
    pub fn once_per_file(mut self) -> Self {
        self.once_per_file = true;
        self
    }

    /// Said only if what stands there is still so in the schema that all migrations leave.
    pub fn while_so(mut self, defined_at: Location, name: impl Into<String>, still: Still) -> Self {
        self.still = Some((defined_at, name.into(), still));
        self
    }

    /// With other words for the schema that all migrations leave; said only with [`Report::while_so`].
    pub fn in_the_end(mut self, retold: Retold) -> Self {
        self.retold = Some(retold);
        self
    }

    /// With a fix of one edit in the same file. `safe`: it cannot change what the statement means.
    pub fn fix(mut self, title: &str, safe: bool, span: Span, text: impl Into<String>) -> Self {
        let edit = Edit { file: self.primary.at.file, span, text: text.into() };
        self.fix = Some(Fix { title: title.to_owned(), safe, edits: vec![edit] });
        self
    }
}

impl<'a> Context<'a> {
    /// A report about these bytes of the statement's file; pass it to [`Context::add`] when it is complete.
    pub fn report(&self, span: Span, message: impl Into<String>) -> Report {
        Report::new(self.at(span), readable(message.into()))
    }

    /// Visits the query under check and every query inside it, outermost first, each with its scope.
    pub fn visit(&self, found: &mut dyn FnMut(&'a Query, &Scope<'a>)) {
        for (query, scope) in self.visits {
            found(query, scope);
        }
    }

    /// States a finding.
    pub fn add(&self, report: Report) {
        self.reports.borrow_mut().push(report);
    }

    /// A place in the statement's file.
    pub fn at(&self, span: Span) -> Location {
        Location { file: self.statement.file, span }
    }

    /// The text of a span of the statement's file.
    pub fn source(&self, span: Span) -> &'a str {
        span.of(self.text)
    }

    /// The server's version.
    pub fn version(&self) -> Version {
        self.settings.postgres
    }

    /// The statement's actions.
    pub fn actions(&self) -> &'a [Action] {
        &self.statement.actions
    }

    /// The statement's ALTER TABLE actions.
    pub fn alterations(&self) -> impl Iterator<Item = &'a AlterTable> {
        self.actions().iter().filter_map(|action| match action {
            Action::AlterTable(alter) => Some(&**alter),
            _ => None,
        })
    }

    /// Whether the relation holds no rows that anyone waits for: created in this unit and not undone, or temporary.
    pub fn is_new(&self, name: &ObjectName) -> bool {
        let temporary = name.schema.as_ref().is_some_and(|s| s.value.starts_with("pg_temp")) || self.is_temporary(name);
        temporary
            || (self.around.makes_schema && self.table(name).is_none())
            || self.session.is_new(name, self.catalog)
            || self.is_new_by_default_schema(name)
    }

    /// Whether the schema is one that the runner makes and puts first (`flyway.schemas`): no statement creates it, it has no table of
    /// this name, and the same file created one of this name without a schema.
    fn is_new_by_default_schema(&self, name: &ObjectName) -> bool {
        let Some(schema) = name.schema.as_ref().filter(|schema| schema.value != "public") else { return false };
        let bare = ObjectName::bare(name.name.clone());
        self.session.is_new(&bare, self.catalog)
            && self.catalog.relation(name).is_none()
            && !self.catalog.schemas.iter().any(|known| *known == schema.value)
    }

    fn is_temporary(&self, name: &ObjectName) -> bool {
        self.catalog.tables.has_temporary() && self.table(name).is_some_and(|(_, table)| table.temporary)
    }

    /// The same of a name that is resolved already.
    pub fn is_new_relation(&self, name: &Qualified) -> bool {
        let known = self.catalog.tables.get(name);
        let temporary = name.schema.starts_with("pg_temp") || known.is_some_and(|table| table.temporary);
        temporary || (self.around.makes_schema && known.is_none()) || self.session.is_new_relation(name.into(), self.catalog)
    }

    /// The table, where known; `None` is unknown, not absent.
    pub fn table(&self, name: &ObjectName) -> Option<(&'a Qualified, &'a Table)> {
        self.catalog.table(name)
    }

    /// The column, where known.
    pub fn column(&self, table: &ObjectName, column: &str) -> Option<&'a Column> {
        self.table(table).and_then(|(_, t)| t.column(column))
    }

    /// Whether the table is known to be partitioned.
    pub fn is_partitioned(&self, name: &ObjectName) -> bool {
        self.table(name).is_some_and(|(_, t)| t.partition_by.is_some())
    }

    /// Whether the statement runs in a transaction block: opened by hand, by the framework, implicit, or inside DO or a function.
    pub fn in_transaction(&self) -> bool {
        self.around.in_do || self.around.in_function || self.session.transaction() != Transaction::None
    }

    /// Whether it is certain that no transaction is open: a plain file may be run in one by whoever runs it.
    pub fn surely_outside_transaction(&self) -> bool {
        self.around.unwrapped && !self.in_transaction()
    }

    /// The effect on the named relation, if any.
    pub fn named_effect(&self) -> Option<&'a Effect> {
        self.effects.iter().find(|effect| effect.named)
    }
}
