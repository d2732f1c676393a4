//! What is kept as text: triggers, policies, statistics, comments and the like; and the settings of tables and columns.

use super::functions::quoted;
use super::{Script, full, put};
use crate::catalog::{Catalog, Extra, Piece, Qualified, Table};
use crate::facts::quote_identifier;

/// When an object can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It needs nothing, and types may need it.
    First,
    /// It needs functions.
    BeforeTables,
    /// It needs tables.
    Last,
}

fn phase(kind: &str) -> Phase {
    match kind {
        "COLLATION" | "SERVER" | "FOREIGN DATA WRAPPER" | "USER MAPPING" | "LANGUAGE" | "TRUSTED LANGUAGE" => Phase::First,
        _ if kind.starts_with("TEXT SEARCH") => Phase::First,
        "TRIGGER" | "RULE" | "POLICY" | "STATISTICS" | "PUBLICATION" | "EVENT TRIGGER" => Phase::Last,
        _ => Phase::BeforeTables,
    }
}

fn text(extra: &Extra, pieces: &[Piece]) -> String {
    let global = extra.name.schema == "pg_catalog" || matches!(extra.kind.as_str(), "TRIGGER" | "RULE" | "POLICY");
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Name if global => quoted(&extra.name.name),
        Piece::Name => full(&extra.name),
        Piece::Part => quoted(extra.part.as_deref().unwrap_or("")),
        Piece::Relation(name) | Piece::Function(name) => full(name),
    };
    let text: String = pieces.iter().map(piece).collect();
    text.trim_end_matches(';').to_owned()
}

fn write(out: &mut Script, extra: &Extra) {
    out.under(&extra.search_path);
    put!(out, "{};", text(extra, &extra.definition));
    for change in &extra.changes {
        put!(out, "{};", text(extra, change));
    }
}

impl Catalog {
    pub(super) fn write_extras(&self, out: &mut Script, when: Phase) {
        let here = |extra: &&Extra| !extra.kind.starts_with("COMMENT ON") && phase(&extra.kind) == when;
        let mut extras: Vec<&Extra> = self.extras.values().filter(here).filter(|e| self.stands(e)).collect();
        extras.sort_by_key(|extra| extra.defined_at);
        extras.into_iter().for_each(|extra| write(out, extra));
    }

    /// Whether the relation that it is on is written.
    fn stands(&self, extra: &Extra) -> bool {
        extra.on.as_ref().is_none_or(|on| self.shown(on) || self.views.contains_key(on) || !self.has_relation(on) && on.schema != "pg_temp")
    }

    pub(super) fn write_comments(&self, out: &mut Script) {
        for extra in self.extras.values().filter(|extra| extra.kind.starts_with("COMMENT ON") && self.commented(extra)) {
            write(out, extra);
        }
    }

    /// Whether what a comment is about is still there.
    fn commented(&self, extra: &Extra) -> bool {
        let part = extra.part.as_deref().unwrap_or("");
        let on = |kind: &str| self.extras.values().any(|e| e.kind == kind && e.name.name == part && e.on == extra.on);
        let table = extra.on.as_ref().and_then(|on| self.tables.get(on));
        match extra.kind.strip_prefix("COMMENT ON ").unwrap_or("") {
            "TABLE" | "FOREIGN TABLE" => self.shown(&extra.name),
            "VIEW" | "MATERIALIZED VIEW" => self.views.contains_key(&extra.name),
            "INDEX" => self.indexes.contains_key(&extra.name),
            "SEQUENCE" => self.sequences.contains_key(&extra.name),
            "TYPE" | "DOMAIN" => self.types.contains_key(&extra.name) || self.domains.contains_key(&extra.name),
            "FUNCTION" | "PROCEDURE" => self.functions.contains_key(&extra.name),
            "COLUMN" => match (table, &extra.on) {
                (Some(table), Some(on)) => self.shown(on) && table.column(part).is_some_and(|c| c.ty.is_some()),
                (None, Some(on)) => self.views.contains_key(on),
                _ => true,
            },
            "CONSTRAINT" => table.is_some_and(|t| {
                t.constraint(part).is_some() || t.columns.iter().any(|column| column.not_null_name.as_deref() == Some(part))
            }),
            "TRIGGER" => on("TRIGGER"),
            "POLICY" => on("POLICY"),
            "RULE" => on("RULE"),
            "SCHEMA" => extra.name.name == "public" || self.all_schemas().contains(&extra.name.name.as_str()),
            "EXTENSION" => self.extensions.iter().any(|known| extra.name.name == known),
            _ => true,
        }
    }

    /// ALTER TABLE clauses that say how a table behaves: row security, switched-off triggers, storage.
    pub(super) fn write_settings(&self, out: &mut Script, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            for column in table.columns.iter().filter(|c| c.ty.is_some()) {
                for (_, clause) in &column.settings {
                    put!(out, "ALTER TABLE ONLY {} ALTER COLUMN {} {clause};", full(name), quote_identifier(&column.name));
                }
            }
            for (_, clause) in &table.settings {
                put!(out, "ALTER TABLE {} {clause};", full(name));
            }
        }
    }
}
