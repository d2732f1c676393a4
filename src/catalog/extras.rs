//! Objects that no rule asks about and that a schema is not whole without: triggers, rules, policies, statistics, comments,
//! casts, operators, servers and their like. Each is kept as the text that made it, cut where it names something, so that
//! renames are followed and nothing need be understood. Must not know what the text says.

use super::text::{At, rename_call_in_sql, rename_in_sql};
use super::{Catalog, Leans, Qualified};
use crate::facts::{Action, Drop, Name, ObjectName};
use crate::source::{Location, Span};

/// An object kept as text.
#[derive(Debug, Clone)]
pub struct Extra {
    /// What CREATE calls it (`TRIGGER`, `POLICY`), or `COMMENT ON …`.
    pub kind: String,
    /// Its name, resolved; for a comment the name of what it is about.
    pub name: Qualified,
    /// The table that it is on.
    pub on: Option<Qualified>,
    /// A comment's column, constraint, trigger or policy.
    pub part: Option<String>,
    /// Its definition.
    pub definition: Vec<Piece>,
    /// ALTERs of it, in their order.
    pub changes: Vec<Vec<Piece>>,
    /// The search_path under which it was made.
    pub search_path: Vec<String>,
    /// Where it was created.
    pub defined_at: Location,
}

/// A piece of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as written.
    Text(String),
    /// The object's own name.
    Name,
    /// The comment's column, constraint, trigger or policy.
    Part,
    /// A relation.
    Relation(Qualified),
    /// A function.
    Function(Qualified),
}

impl Leans for Extra {
    fn leans_on(&self, visit: &mut dyn FnMut(&Qualified)) {
        self.on.iter().for_each(&mut *visit);
        let pieces = self.definition.iter().chain(self.changes.iter().flatten());
        for piece in pieces {
            if let Piece::Relation(name) = piece {
                visit(name);
            }
        }
    }
}

impl Extra {
    /// The key under which it is kept: names are unique by kind and table, and casts and operators by their text.
    fn key(&self) -> Qualified {
        let on = self.on.as_ref().map_or(String::new(), |on| format!("{}.{}", on.schema, on.name));
        let part = self.part.as_deref().unwrap_or("");
        let text = if told_by_text(&self.kind) { self.text_key() } else { String::new() };
        Qualified {
            schema: self.name.schema.clone(),
            name: format!("{}\u{1f}{on}\u{1f}{}\u{1f}{part}{text}", self.kind, self.name.name).into(),
        }
    }

    fn text_key(&self) -> String {
        let text = self.definition.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
        text.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }

    fn pieces_mut(&mut self) -> impl Iterator<Item = &mut Piece> {
        self.definition.iter_mut().chain(self.changes.iter_mut().flatten())
    }
}

fn told_by_text(kind: &str) -> bool {
    matches!(kind, "CAST" | "OPERATOR" | "AGGREGATE" | "TRANSFORM" | "USER MAPPING" | "COMMENT ON FUNCTION" | "COMMENT ON AGGREGATE")
}

/// Kinds whose names live in a schema.
fn in_schema(kind: &str) -> bool {
    let kinds = ["AGGREGATE", "COLLATION", "CONVERSION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "STATISTICS"];
    kinds.contains(&kind) || kind.starts_with("TEXT SEARCH")
}

/// A statement's text, cut at marks.
pub(super) fn cut(at: At, mut marks: Vec<(Span, Piece)>) -> Vec<Piece> {
    marks.retain(|(span, _)| !span.is_empty() && at.place.span.contains(*span));
    marks.sort_by_key(|(span, _)| span.start);
    let mut pieces = vec![];
    let mut from = at.place.span.start;
    for (span, piece) in marks {
        if span.start < from {
            continue;
        }
        pieces.push(Piece::Text(at.raw(Span::new(from, span.start))));
        pieces.push(piece);
        from = span.end;
    }
    pieces.push(Piece::Text(at.raw(Span::new(from, at.place.span.end))));
    pieces
}

impl Catalog {
    /// Takes an action about such an object in; `false` where it is about something else.
    pub(super) fn extra_action(&mut self, action: &Action, at: At) -> bool {
        match action {
            Action::CreateTrigger(trigger) => {
                let function = self.resolve_where(&trigger.function, |name| self.functions.has(name));
                let mut marks = vec![(trigger.name.span, Piece::Name)];
                if trigger.function.schema.is_some() || self.functions.contains_key(&function) {
                    marks.push((trigger.function.span(), Piece::Function(function)));
                }
                self.add_on_table("TRIGGER", &trigger.name, &trigger.table, marks, at);
            }
            Action::CreateRule { name, table } => self.add_on_table("RULE", name, table, vec![(name.span, Piece::Name)], at),
            Action::Policy { name, table, create: true, .. } => {
                self.add_on_table("POLICY", name, table, vec![(name.span, Piece::Name)], at);
            }
            Action::Policy { name, table, rename, .. } => {
                let table = self.resolve(table);
                match rename {
                    Some(to) => self.rename_extra("POLICY", &name.value, Some(&table), &to.value),
                    None => self.change_extra("POLICY", name, Some(&table), at),
                }
            }
            Action::CreateStatistics { name: Some(name), table } => {
                let table = table.as_ref().map(|table| (table.span(), self.resolve(table)));
                let own = self.creation_name(name, false);
                self.add_extra("STATISTICS", own, name.span(), table, None, at);
            }
            Action::Publication { name, tables } => self.publish(name, tables, at),
            Action::CreateOther { kind, name } => self.create_other(kind, name.as_ref(), at),
            Action::Comment { kind, name: Some(name), column, .. } => self.comment(kind, name, column.as_ref(), at),
            _ => return false,
        }
        true
    }

    fn create_other(&mut self, kind: &str, name: Option<&ObjectName>, at: At) {
        if matches!(kind, "ROLE" | "USER" | "GROUP" | "DATABASE" | "TABLESPACE" | "SUBSCRIPTION") {
            return; // not of this database
        }
        match name {
            Some(name) if in_schema(kind) => {
                let own = self.creation_name(name, false);
                self.add_extra(kind, own, name.span(), None, None, at);
            }
            Some(name) => self.add_extra(kind, global(&name.name.value), name.span(), None, None, at),
            None => self.add_extra(kind, global(""), Span::default(), None, None, at),
        }
    }

    fn add_on_table(&mut self, kind: &str, name: &Name, table: &ObjectName, mut marks: Vec<(Span, Piece)>, at: At) {
        let on = self.resolve(table);
        marks.push((table.span(), Piece::Relation(on.clone())));
        let name = Qualified { schema: on.schema.clone(), name: name.value.clone() };
        self.put_extra(Extra { on: Some(on), ..self.blank(kind, name, cut(at, marks), at) });
    }

    fn add_extra(&mut self, kind: &str, name: Qualified, span: Span, on: Option<(Span, Qualified)>, part: Option<String>, at: At) {
        let mut marks = vec![(span, Piece::Name)];
        marks.extend(on.iter().map(|(span, on)| (*span, Piece::Relation(on.clone()))));
        let extra = self.blank(kind, name, cut(at, marks), at);
        self.put_extra(Extra { on: on.map(|(_, on)| on), part, ..extra });
    }

    pub(super) fn blank(&self, kind: &str, name: Qualified, definition: Vec<Piece>, at: At) -> Extra {
        Extra {
            kind: kind.to_owned(),
            name,
            on: None,
            part: None,
            definition,
            changes: vec![],
            search_path: self.search_path.clone(),
            defined_at: at.home(),
        }
    }

    pub(super) fn put_extra(&mut self, extra: Extra) {
        self.extras.insert(extra.key(), extra);
    }

    /// COMMENT ON; a later one takes the place of an earlier one.
    fn comment(&mut self, kind: &str, name: &ObjectName, column: Option<&Name>, at: At) {
        let kind = format!("COMMENT ON {kind}");
        if let Some(column) = column {
            let on = self.resolve(name);
            let marks = vec![(name.span(), Piece::Relation(on.clone())), (column.span, Piece::Part)];
            let extra = self.blank(&kind, on.clone(), cut(at, marks), at);
            return self.put_extra(Extra { on: Some(on), part: Some(column.value.to_string()), ..extra });
        }
        match kind.as_str() {
            "COMMENT ON TABLE"
            | "COMMENT ON VIEW"
            | "COMMENT ON MATERIALIZED VIEW"
            | "COMMENT ON INDEX"
            | "COMMENT ON SEQUENCE"
            | "COMMENT ON FOREIGN TABLE" => {
                let on = self.resolve(name);
                let extra = self.blank(&kind, on.clone(), cut(at, vec![(name.span(), Piece::Relation(on.clone()))]), at);
                self.put_extra(Extra { on: Some(on), ..extra });
            }
            "COMMENT ON TYPE" | "COMMENT ON DOMAIN" => {
                let own = self.resolve_where(name, |n| self.types.has(n) || self.domains.has(n));
                self.add_extra(&kind, own, name.span(), None, None, at);
            }
            "COMMENT ON FUNCTION" | "COMMENT ON PROCEDURE" => {
                let own = self.resolve_where(name, |n| self.functions.has(n));
                self.add_extra(&kind, own, name.span(), None, None, at);
            }
            "COMMENT ON CONSTRAINT" | "COMMENT ON TRIGGER" | "COMMENT ON POLICY" | "COMMENT ON RULE" => {
                let Some((span, table)) = table_after(name.span(), at) else { return };
                let on = self.resolve(&table);
                let marks = vec![(span, Piece::Relation(on.clone())), (name.span(), Piece::Part)];
                let extra = self.blank(&kind, on.clone(), cut(at, marks), at);
                self.put_extra(Extra { on: Some(on), part: Some(name.name.value.to_string()), ..extra });
            }
            "COMMENT ON ROLE" | "COMMENT ON DATABASE" | "COMMENT ON TABLESPACE" => {}
            _ => self.add_extra(&kind, global(&name.name.value), name.span(), None, None, at),
        }
    }

    pub(super) fn find_extra(&self, kind: &str, name: &str, on: Option<&Qualified>) -> Vec<Qualified> {
        let fits = |extra: &Extra| extra.kind == kind && extra.name.name == name && (on.is_none() || extra.on.as_ref() == on);
        self.extras.matching(|_, extra| fits(extra)).into_iter().map(|(key, _)| key.clone()).collect()
    }

    /// An ALTER that is kept beside the definition.
    fn change_extra(&mut self, kind: &str, name: &Name, on: Option<&Qualified>, at: At) {
        for key in self.find_extra(kind, &name.value, on) {
            let pieces = cut(at, vec![(name.span, Piece::Name)]);
            self.extras.edit(&key, |extra| extra.changes.push(pieces));
        }
    }

    /// ALTER of a kind that is kept as text.
    pub(super) fn alter_extra(&mut self, kind: &str, name: &ObjectName, rename: Option<&str>, on: Option<&ObjectName>, at: At) {
        let on = on.map(|table| self.resolve(table));
        match rename {
            Some(to) => self.rename_extra(kind, &name.name.value, on.as_ref(), to),
            None => self.change_extra(kind, &name.name, on.as_ref(), at),
        }
    }

    fn rename_extra(&mut self, kind: &str, name: &str, on: Option<&Qualified>, to: &str) {
        for key in self.find_extra(kind, name, on) {
            if let Some(mut extra) = self.extras.remove(&key) {
                extra.name.name = to.into();
                self.put_extra(extra);
            }
        }
        let comment = format!("COMMENT ON {kind}");
        let about = |extra: &Extra| extra.kind == comment && extra.part.as_deref() == Some(name) && extra.on.as_ref() == on;
        let comments: Vec<Qualified> = self.extras.matching(|_, e| about(e)).into_iter().map(|(key, _)| key.clone()).collect();
        for key in comments {
            if let Some(extra) = self.extras.remove(&key) {
                self.put_extra(Extra { part: Some(to.to_owned()), ..extra });
            }
        }
    }

    /// DROP of a kind that is kept as text.
    pub(super) fn drop_extras(&mut self, drop: &Drop, at: At) {
        // asked for every DROP, and most are of these
        if matches!(drop.kind.as_str(), "TABLE" | "INDEX" | "VIEW" | "FUNCTION" | "TYPE" | "SEQUENCE" | "MATERIALIZED VIEW" | "SCHEMA") {
            return;
        }
        let on = drop.on.as_ref().map(|table| self.resolve(table));
        if drop.kind == "CAST" {
            let wanted = parenthesised(&at.sql(at.place.span));
            let text = |extra: &Extra| parenthesised(&extra.text_key());
            let same = self.extras.matching(|_, e| e.kind == "CAST" && text(e) == wanted).into_iter().map(|(key, _)| key.clone());
            let same: Vec<Qualified> = same.collect();
            same.iter().for_each(|key| drop_key(self, key));
        }
        for name in &drop.names {
            for key in self.find_extra(&drop.kind, &name.name.value, on.as_ref()) {
                drop_key(self, &key);
            }
        }
    }

    /// What is on a relation that is gone; a publication stays without it.
    pub(super) fn drop_extras_on(&mut self, relation: &Qualified) {
        let on: Vec<Qualified> = self.extras.dependents(relation).filter(|(_, e)| leans(e, relation)).map(|(key, _)| key.clone()).collect();
        for key in on {
            if self.extras.get(&key).is_some_and(|extra| extra.kind == "PUBLICATION") {
                self.extras.edit(&key, |extra| super::publications::unpublish(extra, relation));
            } else {
                drop_key(self, &key);
            }
        }
    }

    /// The triggers that call a function which is gone.
    pub(super) fn drop_extras_calling(&mut self, function: &Qualified) {
        let call = Piece::Function(function.clone());
        let calling: Vec<Qualified> =
            self.extras.matching(|_, extra| extra.definition.contains(&call)).into_iter().map(|(key, _)| key.clone()).collect();
        calling.iter().for_each(|key| drop_key(self, key));
    }

    /// A function got another name or schema.
    pub(super) fn follow_function(&mut self, old: &Qualified, new: &Qualified) {
        let call = Piece::Function(old.clone());
        let calling: Vec<Qualified> =
            self.extras.matching(|_, extra| extra.definition.contains(&call)).into_iter().map(|(key, _)| key.clone()).collect();
        for key in calling {
            self.extras.edit(&key, |extra| {
                extra.pieces_mut().filter(|p| **p == Piece::Function(old.clone())).for_each(|p| *p = Piece::Function(new.clone()));
            });
        }
        self.follow_calls(old, new);
    }

    /// What calls a function in a default, a generated column or a check follows its new name.
    fn follow_calls(&mut self, old: &Qualified, new: &Qualified) {
        let follow = |sql: &mut String| {
            if let Some(renamed) = rename_call_in_sql(sql, old, new) {
                *sql = renamed;
            }
        };
        let tables: Vec<Qualified> = self.tables.keys().cloned().collect();
        let calls = |sql: &str| rename_call_in_sql(sql, old, new).is_some();
        for name in tables {
            let called = |t: &super::Table| {
                let columns = t.columns.iter().flat_map(|c| c.default_sql.iter().chain(c.generated.iter().map(|generated| &generated.0)));
                columns.chain(t.constraints.iter().map(|c| &c.sql)).any(|sql| calls(sql))
            };
            if self.tables.get(&name).is_some_and(called) {
                self.tables.edit(&name, |t| {
                    for column in &mut t.columns {
                        column.default_sql.iter_mut().chain(column.generated.iter_mut().map(|generated| &mut generated.0)).for_each(follow);
                    }
                    t.constraints.iter_mut().for_each(|c| follow(&mut c.sql));
                });
            }
        }
        let domains: Vec<Qualified> = self.domains.keys().cloned().collect();
        for name in domains {
            self.domains.edit(&name, |domain| {
                domain.default_sql.iter_mut().chain(domain.checks.iter_mut().map(|(_, sql, _)| sql)).for_each(follow);
            });
        }
    }

    /// A relation got another name or schema.
    pub(super) fn follow_extras(&mut self, old: &Qualified, new: &Qualified) {
        let on: Vec<Qualified> = self.extras.dependents(old).filter(|(_, e)| leans(e, old)).map(|(key, _)| key.clone()).collect();
        for key in on {
            let Some(mut extra) = self.extras.remove(&key) else { continue };
            if extra.on.as_ref() == Some(old) {
                extra.on = Some(new.clone());
            }
            if extra.kind.starts_with("COMMENT ON") && extra.name == *old {
                extra.name = new.clone();
            } else if matches!(extra.kind.as_str(), "TRIGGER" | "RULE" | "POLICY") {
                extra.name.schema.clone_from(&new.schema);
            }
            extra.pieces_mut().filter(|p| **p == Piece::Relation(old.clone())).for_each(|p| *p = Piece::Relation(new.clone()));
            self.put_extra(extra);
        }
    }

    /// LIKE … INCLUDING COMMENTS: those of columns and constraints.
    pub(super) fn copy_comments(&mut self, source: &Qualified, target: &Qualified) {
        let comment = |extra: &&Extra| matches!(extra.kind.as_str(), "COMMENT ON COLUMN" | "COMMENT ON CONSTRAINT");
        let here = self.extras.dependents(source).map(|(_, extra)| extra).filter(comment);
        let copies: Vec<Extra> = here.filter(|extra| extra.on.as_ref() == Some(source)).cloned().collect();
        for mut copy in copies {
            copy.pieces_mut().filter(|p| **p == Piece::Relation(source.clone())).for_each(|p| *p = Piece::Relation(target.clone()));
            self.put_extra(Extra { on: Some(target.clone()), name: target.clone(), ..copy });
        }
    }

    /// A column got another name.
    pub(super) fn follow_column(&mut self, table: &Qualified, from: &str, to: &str) {
        let on: Vec<Qualified> =
            self.extras.dependents(table).filter(|(_, e)| e.on.as_ref() == Some(table)).map(|(key, _)| key.clone()).collect();
        for key in on {
            let Some(mut extra) = self.extras.remove(&key) else { continue };
            if extra.kind == "COMMENT ON COLUMN" {
                if extra.part.as_deref() == Some(from) {
                    extra.part = Some(to.to_owned());
                }
            } else if !extra.kind.starts_with("COMMENT ON") {
                for piece in extra.pieces_mut() {
                    if let Piece::Text(text) = piece {
                        *text = rename_in_sql(text, from, to);
                    }
                }
            }
            self.put_extra(extra);
        }
    }
}

fn drop_key(catalog: &mut Catalog, key: &Qualified) {
    catalog.extras.remove(key);
}

fn leans(extra: &Extra, on: &Qualified) -> bool {
    let mut found = false;
    extra.leans_on(&mut |name| found |= name == on);
    found
}

pub(super) fn global(name: &str) -> Qualified {
    Qualified { schema: String::from("pg_catalog").into(), name: name.into() }
}

/// The first parenthesised text, in one spelling.
fn parenthesised(text: &str) -> String {
    let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(" AS ").or_else(|| rest.split_once(" as ")).zip(Some(rest)));
    let Some((_, rest)) = inner else { return String::new() };
    rest.split(')').next().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The table named after `ON` behind a span.
fn table_after(behind: Span, at: At) -> Option<(Span, ObjectName)> {
    let text = Span::new(behind.end, at.place.span.end).of(at.text);
    let on = text.find(|c: char| !c.is_whitespace())?;
    let rest = text.get(on..)?;
    let rest = rest.get(..2).filter(|word| word.eq_ignore_ascii_case("on")).and(rest.get(2..))?;
    let skipped = on + 2 + (rest.len() - rest.trim_start().len());
    let rest = rest.trim_start();
    let mut quoted = false;
    let length = rest.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    })?;
    let start = behind.end + skipped as u32;
    Some((Span::new(start, start + length as u32), super::apply::written_name(rest.get(..length)?)))
}
