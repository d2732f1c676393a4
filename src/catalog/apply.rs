//! Folding statements into the schema: which action goes where. The changes themselves live in the modules by subject.

use super::text::At;
use super::{Catalog, Knowledge, Qualified};
use crate::facts::{Action, Body, BodyKind, ExprKind, ObjectName, Query, Reading, Set, Statement};

/// Bodies inside bodies are followed this deep.
const DEEPEST: usize = 8;

impl Catalog {
    /// Folds one statement in. `text` is its file's text. Statements inside DO bodies are folded too, as partial knowledge
    /// where they run under a condition.
    pub fn apply(&mut self, statement: &Statement, text: &str) {
        self.enter_file(statement.file);
        if statement.unsure && !statement.actions.is_empty() {
            self.watch_condition(statement.location());
        }
        self.fold(
            statement,
            At { text, place: statement.location(), change: statement.span, sure: !statement.unsure, stands_for: None },
            0,
        );
    }

    /// The same for a statement of which it is not known whether, or how often, it runs.
    pub fn apply_unsurely(&mut self, statement: &Statement, text: &str) {
        self.enter_file(statement.file);
        self.fold(statement, At { text, place: statement.location(), change: statement.span, sure: false, stands_for: None }, 0);
    }

    /// Takes note that something not read may have changed the tables of these names, in whichever schema.
    pub fn doubt_tables(&mut self, is_named: impl Fn(&str) -> bool) {
        let named: Vec<Qualified> = self.tables.keys().filter(|table| is_named(&table.name)).cloned().collect();
        named.iter().for_each(|table| self.mark_partial(table));
    }

    /// The same for the tables that a statement which cannot be replayed names.
    pub fn doubt_statement(&mut self, text: &str) {
        self.doubt(text);
    }

    pub(super) fn fold(&mut self, statement: &Statement, at: At, depth: usize) {
        if matches!(statement.reading, Reading::Opaque(_)) {
            self.doubt(statement.span.of(at.text));
        }
        for action in &statement.actions {
            if !self.transaction_control(action) {
                self.fold_action(action, &statement.bodies, at);
            }
        }
        if let Some(query) = &statement.query {
            self.fold_query(query, at);
        }
        if depth >= DEEPEST {
            return;
        }
        let runs = |kind| kind == BodyKind::Do || (depth > 0 && kind == BodyKind::Execute);
        for body in statement.bodies.iter().filter(|body| runs(body.kind)) {
            if body.kind != BodyKind::Do || !self.fold_spelt(body, at, depth) {
                self.fold_body(body, at, depth);
            }
        }
    }

    /// Folds the statements of a body that runs.
    pub(super) fn fold_body(&mut self, body: &Body, at: At, depth: usize) {
        let mut answers = super::guards::Answers::default();
        for (place, inner) in body.statements.iter().enumerate() {
            self.answer(&mut answers, place, &inner.statement);
            let runs = if inner.conditional { answers.let_run(&inner.guards) } else { Some(true) };
            if runs == Some(false) {
                continue;
            }
            let sure = at.sure && runs == Some(true) && inner.in_loop.is_none();
            let place = inner.statement.location();
            let text = inner.statement.span.of(at.text);
            if body.kind == BodyKind::Execute && ["%I", "%s", "%L", "$I", "$s", "$L"].iter().any(|hole| text.contains(hole)) {
                // what a format's holes hold is not known
                self.doubt(text);
                continue;
            }
            self.fold(&inner.statement, At { place, change: place.span, sure, ..at }, depth + 1);
        }
    }

    fn fold_action(&mut self, action: &Action, bodies: &[Body], at: At) {
        match action {
            Action::CreateTrigger(create) => self.create_trigger(create),
            Action::CreateStatistics { name: Some(name), table: Some(table), .. } => self.create_statistics(name, table),
            Action::AlterOther { kind, name: Some(name), on: Some(on), change, .. } if kind == "TRIGGER" => {
                self.alter_trigger(name, on, change);
            }
            _ => {}
        }
        if self.extra_action(action, at) {
            return;
        }
        match action {
            Action::CreateTable(create) => self.create_table(create, at),
            Action::CreateTableAs(create) => self.create_table_as(create, at),
            Action::AlterTable(alter) => self.alter_table(alter, at),
            Action::CreateIndex(create) => self.create_index(create, at),
            Action::Drop(drop) => self.drop_objects(drop, at),
            Action::CreateView(create) => self.create_view(create, at),
            Action::CreateSequence(create) => self.create_sequence(create, at),
            Action::AlterSequence(alter) => self.alter_sequence(alter),
            Action::CreateType(create) => self.create_type(create, at),
            Action::AlterType(alter) => self.alter_type(alter),
            Action::CreateDomain(create) => self.create_domain(create, at),
            Action::AlterDomain(alter) => self.alter_domain(alter, at),
            Action::CreateSchema { name, .. } => self.add_schema(&name.value),
            Action::CreateExtension { name } if !self.extensions.iter().any(|known| name == known.as_str()) => {
                self.extensions.push(name.value.to_string())
            }
            Action::CreateFunction(create) => self.create_function(create, bodies, at),
            Action::AlterOther { kind, name: Some(name), arguments, change, .. }
                if matches!(kind.as_str(), "FUNCTION" | "PROCEDURE" | "ROUTINE") =>
            {
                self.alter_function(name, arguments.as_deref(), change, at);
            }
            Action::AlterOther { kind, name: Some(name), on, change, .. } => self.alter_other(kind, name, on.as_ref(), change, at),
            Action::Set(set) => self.set(set),
            Action::Call { name } => self.watch_call(name, at),
            Action::Reset { name } if name.as_deref().is_none_or(|n| n == "search_path") => {
                self.set_search_path(vec![], false);
            }
            _ => {}
        }
    }

    fn fold_query(&mut self, query: &Query, at: At) {
        if let Some(into) = query.select().and_then(|select| select.into.as_ref()) {
            self.create_from_query(&into.name, into.temporary, &[], Some(query), at);
        }
        self.watch_calls(query, at);
        let Some(select) = query.select() else { return };
        for item in &select.items {
            let ExprKind::Call(call) = &item.expr.kind else { continue };
            if call.name.name == "set_config" && call.args.first().and_then(|a| a.string()) == Some("search_path") {
                let local = call.args.get(2).is_some_and(|a| is_true(a.uncast()));
                if let Some(path) = call.args.get(1).and_then(|a| a.string()) {
                    self.set_search_path(parse_path(std::iter::once(path)), local);
                }
            }
        }
    }

    fn set(&mut self, set: &Set) {
        if set.name == "search_path" {
            self.set_search_path(parse_path(set.values.iter().map(String::as_str)), set.local);
        }
    }

    pub(super) fn add_schema(&mut self, name: &str) {
        if name != "public" && !name.is_empty() && !self.schemas.iter().any(|known| known == name) {
            self.schemas.push(name.to_owned());
        }
    }

    /// The name under which something new is made: the first schema of the path, or `pg_temp`.
    pub(crate) fn creation_name(&self, name: &ObjectName, temporary: bool) -> Qualified {
        self.creation_key(name, temporary).to_qualified()
    }

    /// The same without a name of one's own, for looking up.
    pub(crate) fn creation_key<'n>(&'n self, name: &'n ObjectName, temporary: bool) -> super::Key<'n> {
        let schema = match &name.schema {
            Some(schema) if schema.value.starts_with("pg_temp") => "pg_temp",
            Some(schema) => &schema.value,
            None if temporary => "pg_temp",
            None => self.creation_schema(),
        };
        super::Key { schema, name: super::naming::kept(&name.name.value) }
    }

    /// Where unqualified new things go.
    pub(super) fn creation_schema(&self) -> &str {
        self.search_path.iter().map(String::as_str).find(|schema| *schema != "pg_catalog").unwrap_or("public")
    }

    /// A table that is not wholly known any more, made known in part where it was not at all.
    pub(super) fn touch(&mut self, name: &Qualified, at: At) {
        if !self.tables.contains_key(name) {
            let table = super::Table {
                knowledge: Knowledge::Partial,
                temporary: name.schema == "pg_temp",
                defined_at: at.home(),
                ..Default::default()
            };
            self.tables.insert(name.clone(), table);
        }
    }

    pub(super) fn mark_partial(&mut self, name: &Qualified) {
        if self.tables.get(name).is_some_and(|table| table.knowledge == Knowledge::Whole) {
            self.tables.adjust(name, |table| table.knowledge = Knowledge::Partial);
        }
    }

    /// A statement that could not be read: the tables that it names after TABLE, or an index after ON, are not wholly known any more.
    fn doubt(&mut self, text: &str) {
        let head: String = text.chars().take(2000).collect();
        let words: Vec<&str> =
            head.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';')).filter(|w| !w.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let of_index = || word.eq_ignore_ascii_case("on") && words.first().is_some_and(|verb| verb.eq_ignore_ascii_case("create"));
            if !word.eq_ignore_ascii_case("table") && !of_index() {
                continue;
            }
            let skipped = ["if", "exists", "not", "only"];
            let name = words.iter().skip(at + 1).find(|w| !skipped.contains(&w.to_ascii_lowercase().as_str()));
            if let Some(name) = name {
                let name = self.resolve(&written_name(name));
                self.mark_partial(&name);
            }
        }
    }
}

/// A name as written in text.
pub(super) fn written_name(text: &str) -> ObjectName {
    let fold = |part: &str| {
        let value = if part.starts_with('"') { part.trim_matches('"').to_owned() } else { part.to_lowercase() };
        crate::facts::Name::new(value, Default::default())
    };
    match text.rsplit_once('.') {
        Some((schema, name)) => ObjectName { schema: Some(fold(schema)), name: fold(name) },
        None => ObjectName::bare(fold(text)),
    }
}

fn is_true(expr: &crate::facts::Expr) -> bool {
    use crate::facts::Literal;
    match &expr.kind {
        ExprKind::Literal(Literal::Boolean(value)) => *value,
        ExprKind::Literal(Literal::String(value)) => value.starts_with(['t', 'T']),
        _ => false,
    }
}

/// A search_path's schemas. An empty path, as pg_dump sets it, is read as the default one: names are qualified then anyway.
fn parse_path<'v>(values: impl Iterator<Item = &'v str>) -> Vec<String> {
    let parts = values.flat_map(|value| value.split(','));
    let clean = parts.map(|part| {
        let part = part.trim();
        if part.starts_with('"') { part.trim_matches('"').to_owned() } else { part.to_lowercase() }
    });
    clean.filter(|schema| !schema.is_empty() && schema != "$user").collect()
}
