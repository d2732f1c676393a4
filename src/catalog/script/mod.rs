//! The schema as SQL that PostgreSQL loads.
//!
//! Partitions are written as pg_dump writes them: tables by themselves, then attached, then each index with ONLY and attached;
//! so that every index keeps its own name. What is kept as text is written under the search_path that it was made under.

mod extras;
mod functions;
mod relations;
mod types;

use super::{Catalog, Qualified, Table};
use crate::facts::quote_identifier;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A name with its schema, always.
fn full(name: &Qualified) -> String {
    format!("{}.{}", quote_identifier(&name.schema), quote_identifier(&name.name))
}

fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The text written so far, with the search_path in force there.
struct Script {
    text: String,
    path: Vec<String>,
}

impl Script {
    fn line(&mut self, line: std::fmt::Arguments) {
        // writing to a String does not fail
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    /// Changes the search_path where another one is in force; empty is the default.
    fn under(&mut self, path: &[String]) {
        if self.path == path {
            return;
        }
        self.path = path.to_vec();
        let list: Vec<String> = path.iter().map(|schema| quote_identifier(schema)).collect();
        let list = if list.is_empty() { "\"$user\", public".to_owned() } else { list.join(", ") };
        self.line(format_args!("SET search_path = {list};"));
    }
}

/// Writes a line to a [`Script`].
macro_rules! put {
    ($out:expr, $($arg:tt)*) => { $out.line(format_args!($($arg)*)) };
}
use put;

impl Catalog {
    /// The whole schema as SQL, in an order that loads into an empty database. Temporary tables are left out, and so are
    /// columns of unknown type with what needs them.
    pub fn to_sql(&self) -> String {
        let mut out = Script { text: String::from("SET check_function_bodies = off;\n"), path: vec![] };
        for one in &self.unfollowed {
            let tables: Vec<String> = one.tables.iter().map(full).collect();
            let to = if tables.is_empty() { String::new() } else { format!(" to {}", tables.join(", ")) };
            put!(out, "-- not known: what {} does{to}", one.what.replace(char::is_control, " "));
        }
        for schema in self.all_schemas() {
            put!(out, "CREATE SCHEMA IF NOT EXISTS {};", quote_identifier(schema));
        }
        for extension in &self.extensions {
            put!(out, "CREATE EXTENSION IF NOT EXISTS {};", quote_identifier(extension));
        }
        self.write_extras(&mut out, extras::Phase::First);
        self.write_types(&mut out);
        self.write_sequences(&mut out);
        self.write_functions(&mut out, false);
        self.write_base_types(&mut out);
        self.write_late_domain_checks(&mut out);
        self.write_extras(&mut out, extras::Phase::BeforeTables);
        let tables = self.tables_in_order();
        for (name, table) in &tables {
            self.write_table(&mut out, name, table);
        }
        self.write_attachments(&mut out, &tables);
        self.write_keys(&mut out, &tables);
        self.write_indexes(&mut out);
        self.write_checks(&mut out, &tables);
        self.write_references(&mut out, &tables);
        self.write_views_and_functions(&mut out);
        self.write_ownership(&mut out);
        self.write_extras(&mut out, extras::Phase::Last);
        self.write_settings(&mut out, &tables);
        self.write_comments(&mut out);
        out.under(&[]);
        out.text
    }

    /// The schemas created, and those that something stands in: a schema may come from a body or from before the migrations.
    fn all_schemas(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.schemas.iter().map(String::as_str).collect();
        let tables = self.tables.iter().filter(|(name, _)| self.shown(name)).map(|(name, _)| name);
        let others = self.views.keys().chain(self.types.keys()).chain(self.domains.keys()).chain(self.functions.keys());
        let used: BTreeSet<&str> = tables.chain(others).chain(self.sequences.keys()).map(|name| name.schema.as_str()).collect();
        let made = |schema: &&str| !schema.starts_with("pg_") && !matches!(*schema, "public" | "information_schema");
        for schema in used.into_iter().filter(made) {
            if !all.contains(&schema) {
                all.push(schema);
            }
        }
        all
    }

    fn shown(&self, name: &Qualified) -> bool {
        self.tables.get(name).is_some_and(|table| !table.temporary && (!table.foreign || table.server.is_some()))
    }

    /// Tables, parents before children.
    fn tables_in_order(&self) -> Vec<(&Qualified, &Table)> {
        fn visit<'c>(
            catalog: &'c Catalog,
            name: &'c Qualified,
            seen: &mut BTreeSet<&'c Qualified>,
            order: &mut Vec<(&'c Qualified, &'c Table)>,
            depth: usize,
        ) {
            if depth > 64 || !seen.insert(name) {
                return;
            }
            let Some(table) = catalog.tables.get(name) else { return };
            for parent in &table.inherits {
                visit(catalog, parent, seen, order, depth + 1);
            }
            if catalog.shown(name) {
                order.push((name, table));
            }
        }
        let (mut seen, mut order) = (BTreeSet::new(), vec![]);
        for name in self.tables.keys() {
            visit(self, name, &mut seen, &mut order, 0);
        }
        order
    }
}
