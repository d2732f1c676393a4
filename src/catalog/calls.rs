//! Calls and dynamic SQL that change the schema by names which are known only when they run: `SELECT create_hypertable('m', …)`,
//! `EXECUTE format('ALTER TABLE %I …', t)`. What they do is not replayed: the tables that their constants name are known in part
//! from then on, and each is listed, so that nobody takes silence for absence. Must not know which rules ask.

use super::apply::written_name;
use super::text::At;
use super::{Catalog, Qualified};
use crate::facts::{Call, ExprKind, FromItem, ObjectName, Query, RelationSource};
use crate::postgres::functions::call_volatility;
use crate::source::Location;

/// Something whose changes to the schema are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfollowed {
    /// Where it runs.
    pub at: Location,
    /// What it is: the function called, `EXECUTE`, or psql's condition.
    pub what: String,
    /// The tables that it names.
    pub tables: Vec<Qualified>,
}

/// How far something reaches that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// It makes tables of its own, partitions of others included.
    New,
    /// It changes what is there.
    Known,
}

impl Catalog {
    /// What was not followed, in the order in which it ran.
    pub fn unfollowed(&self) -> &[Unfollowed] {
        &self.unfollowed
    }

    /// The functions that a query calls.
    pub(super) fn watch_calls(&mut self, query: &Query, at: At) {
        let Some(select) = query.select() else { return };
        let mut calls: Vec<&Call> = vec![];
        for relation in select.from.iter().flat_map(FromItem::relations) {
            if let RelationSource::Function(call) = &relation.source {
                calls.push(call);
            }
        }
        for item in &select.items {
            item.expr.walk(&mut |e| {
                if let ExprKind::Call(call) = &e.kind {
                    calls.push(call);
                }
            });
        }
        let mut guessed = false;
        for call in calls {
            let once = select.from.iter().flat_map(FromItem::relations).all(|r| matches!(r.source, RelationSource::Function(_)));
            if self.follow(&call.name, &call.args, At { sure: at.sure && once, ..at }) {
                continue;
            }
            let scheduled = call.name.schema.as_ref().is_some_and(|schema| schema.value == "cron");
            match self.reach_of(&call.name) {
                Some(reach) => self.note_unfollowed(call.name.to_string(), reach, false, at),
                // of a function that was never seen only its arguments tell
                None if !guessed && !scheduled && !self.is_defined(&call.name) && call_volatility(call, self).is_none() => {
                    guessed = true; // what stands in its arguments is part of it
                    self.note_unfollowed(call.name.to_string(), Reach::Known, true, at);
                }
                None => {}
            }
        }
    }

    /// The procedure of a CALL.
    pub(super) fn watch_call(&mut self, name: &ObjectName, at: At) {
        let arguments = super::follow::arguments_of_call(at.place.span.of(at.text), at.place.file);
        if arguments.is_some_and(|arguments| self.follow(name, &arguments, at)) {
            return;
        }
        match self.reach_of(name) {
            Some(reach) => self.note_unfollowed(name.to_string(), reach, false, at),
            None => self.note_unfollowed(name.to_string(), Reach::Known, true, at),
        }
    }

    /// Takes note of the commands of a body that are put together from what is not known.
    pub(super) fn watch_commands(&mut self, what: &str, commands: &[String], at: At) {
        if let Some(reach) = commands.iter().filter_map(|command| ddl(command)).max() {
            self.note_unfollowed(what.to_owned(), reach, false, at);
        }
    }

    /// A statement that runs only if a condition of psql's holds, which is not known.
    pub(super) fn watch_condition(&mut self, at: Location) {
        if !self.unfollowed.iter().any(|known| known.at.file == at.file && known.what == "\\if") {
            self.unfollowed.push(Unfollowed { at, what: "\\if".to_owned(), tables: vec![] });
        }
    }

    fn is_defined(&self, name: &ObjectName) -> bool {
        self.functions.contains_key(&self.resolve_where(name, |candidate| self.functions.has(candidate)))
    }

    /// What a function that the migrations define may do; `None`: it is not known, or does nothing to the schema.
    fn reach_of(&self, name: &ObjectName) -> Option<Reach> {
        let name = self.resolve_where(name, |candidate| self.functions.has(candidate));
        self.functions.get(&name)?.iter().filter_map(|function| *function.reach.get_or_init(|| ddl(&function.sql))).max()
    }

    fn note_unfollowed(&mut self, what: String, reach: Reach, only_with_tables: bool, at: At) {
        let named = constants(at.place.span.of(at.text)).filter_map(|text| {
            let name = self.resolve(&written_name(text));
            self.tables.contains_key(&name).then_some(name)
        });
        let mut tables: Vec<Qualified> = named.collect();
        tables.dedup();
        if tables.is_empty() && only_with_tables {
            return;
        }
        if reach == Reach::Known {
            tables.iter().for_each(|table| self.mark_partial(table));
        }
        let found = Unfollowed { at: at.home(), what, tables };
        if self.unfollowed.last() != Some(&found) {
            self.unfollowed.push(found);
        }
    }
}

/// The constants of a statement that may be names.
fn constants(text: &str) -> impl Iterator<Item = &str> {
    let named =
        |part: &&str| !part.is_empty() && part.len() < 130 && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"'));
    text.split('\'').skip(1).step_by(2).filter(named)
}

/// What DDL a text of PL/pgSQL or SQL holds, temporary tables aside.
fn ddl(text: &str) -> Option<Reach> {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let mut found = None;
    while let Some(word) = words.next() {
        let is = |word: &str, one: &str| word.eq_ignore_ascii_case(one);
        if !["create", "alter", "drop"].iter().any(|verb| is(word, verb)) {
            continue;
        }
        let ahead: Vec<&str> = words.clone().take(7).collect();
        let kind = ahead.iter().position(|next| !["unique", "or", "replace", "unlogged", "materialized"].iter().any(|w| is(next, w)));
        let Some(kind) = kind.and_then(|at| ahead.get(at)) else { continue };
        let changes = || ahead.iter().skip(2).any(|next| ["add", "drop", "rename", "alter"].iter().any(|verb| is(next, verb)));
        let reach = match () {
            () if is(kind, "index") => Reach::Known,
            () if is(kind, "table") && is(word, "create") => Reach::New,
            () if is(kind, "table") && (is(word, "drop") || changes()) => Reach::Known,
            () if is(kind, "table") || is(kind, "view") || is(kind, "schema") || is(kind, "sequence") || is(kind, "type") => Reach::New,
            () => continue,
        };
        found = found.max(Some(reach));
    }
    found
}

/// A word in whichever case, between what is no part of a word.
pub(super) fn find_word(text: &str, word: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let initials = memchr::memchr2_iter(word.as_bytes()[0].to_ascii_lowercase(), word.as_bytes()[0].to_ascii_uppercase(), bytes);
    let fits = |&at: &usize| {
        bytes.get(at..at + word.len()).is_some_and(|run| run.eq_ignore_ascii_case(word.as_bytes()))
            && !part(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !part(bytes.get(at + word.len()))
    };
    initials.into_iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_does_to_tables_is_told_from_what_it_makes() {
        assert_eq!(ddl("BEGIN EXECUTE format('CREATE UNIQUE INDEX ON %I (a)', t); END"), Some(Reach::Known));
        assert_eq!(ddl("EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN a int'"), Some(Reach::Known));
        assert_eq!(ddl("EXECUTE format('CREATE TABLE %s PARTITION OF %s', a, b)"), Some(Reach::New));
        assert_eq!(ddl("CREATE TEMP TABLE x (a int); UPDATE t SET created = now()"), None);
    }
}
