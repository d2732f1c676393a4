//! The schema as SQL that PostgreSQL loads.
//!
//! Partitions are written as pg_dump writes them: tables by themselves, then attached, then each index with ONLY and attached;
//! so that every index keeps its own name.

use super::text::names;
use super::{Catalog, Column, Index, Qualified, Sequence, Table};
use crate::facts::{ConstraintKind, TypeKind, TypeName, quote_identifier};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A name with its schema, always.
fn full(name: &Qualified) -> String {
    format!("{}.{}", quote_identifier(&name.schema), quote_identifier(&name.name))
}

fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Catalog {
    /// The whole schema as SQL, in an order that loads into an empty database. Temporary and foreign tables are left out, and
    /// so are columns of unknown type.
    pub fn to_sql(&self) -> String {
        let mut out = String::from("SET check_function_bodies = off;\n");
        for schema in &self.schemas {
            let _ = writeln!(out, "CREATE SCHEMA IF NOT EXISTS {};", quote_identifier(schema));
        }
        for extension in &self.extensions {
            let _ = writeln!(out, "CREATE EXTENSION IF NOT EXISTS {};", quote_identifier(extension));
        }
        self.write_types(&mut out);
        self.write_sequences(&mut out);
        self.write_functions(&mut out, false);
        let tables = self.tables_in_order();
        for (name, table) in &tables {
            self.write_table(&mut out, name, table);
        }
        self.write_attachments(&mut out, &tables);
        self.write_keys(&mut out, &tables);
        self.write_indexes(&mut out);
        self.write_checks_and_references(&mut out, &tables);
        self.write_views(&mut out);
        self.write_functions(&mut out, true);
        self.write_ownership(&mut out);
        out
    }

    fn shown(&self, name: &Qualified) -> bool {
        self.tables.get(name).is_some_and(|table| !table.temporary && !table.foreign)
    }

    fn write_types(&self, out: &mut String) {
        for (name, ty) in &self.types {
            let name = full(name);
            let _ = match &ty.kind {
                TypeKind::Enum(labels) => {
                    let labels: Vec<String> = labels.iter().map(|label| string(label)).collect();
                    writeln!(out, "CREATE TYPE {name} AS ENUM ({});", labels.join(", "))
                }
                TypeKind::Range(Some(of)) => writeln!(out, "CREATE TYPE {name} AS RANGE (subtype = {});", self.type_sql(of)),
                _ => Ok(()),
            };
        }
        for (name, domain) in &self.domains {
            let _ = write!(out, "CREATE DOMAIN {} AS {}", full(name), self.type_sql(&domain.ty));
            if let Some(collation) = &domain.collation {
                let _ = write!(out, " COLLATE {collation}");
            }
            if let Some(default) = &domain.default_sql {
                let _ = write!(out, " DEFAULT {default}");
            }
            if domain.not_null {
                out.push_str(" NOT NULL");
            }
            for (check, sql, _) in domain.checks.iter().filter(|(_, _, valid)| *valid) {
                let _ = write!(out, " CONSTRAINT {} CHECK ({sql})", quote_identifier(check));
            }
            out.push_str(";\n");
            for (check, sql, _) in domain.checks.iter().filter(|(_, _, valid)| !valid) {
                let _ = writeln!(out, "ALTER DOMAIN {} ADD CONSTRAINT {} CHECK ({sql}) NOT VALID;", full(name), quote_identifier(check));
            }
        }
        for (name, ty) in &self.types {
            if let TypeKind::Composite(fields) = &ty.kind {
                let fields: Vec<String> = fields.iter().map(|(field, ty)| format!("{field} {}", self.type_sql(ty))).collect();
                let _ = writeln!(out, "CREATE TYPE {} AS ({});", full(name), fields.join(", "));
            }
        }
    }

    /// A type; a user-defined one of another schema that was found by the search_path gets its schema.
    fn type_sql(&self, ty: &TypeName) -> String {
        let known = |schema: &str| {
            let name = Qualified { schema: schema.to_owned(), name: ty.name.clone() };
            self.types.contains_key(&name) || self.domains.contains_key(&name)
        };
        if ty.schema.is_none()
            && !known("public")
            && let Some(schema) = self.schemas.iter().find(|schema| known(schema))
        {
            return TypeName { schema: Some(schema.clone()), ..ty.clone() }.to_string();
        }
        ty.to_string()
    }

    fn is_identity(&self, sequence: &Sequence) -> bool {
        sequence
            .owned_by
            .as_ref()
            .is_some_and(|(table, column)| self.tables.get(table).and_then(|t| t.column(column)).is_some_and(|c| c.identity.is_some()))
    }

    fn own_sequences(&self) -> impl Iterator<Item = (&Qualified, &Sequence)> {
        self.sequences.iter().filter(|(name, sequence)| {
            let owner_shown = sequence.owned_by.as_ref().is_none_or(|(table, _)| self.shown(table));
            name.schema != "pg_temp" && owner_shown && !self.is_identity(sequence)
        })
    }

    fn write_sequences(&self, out: &mut String) {
        for (name, sequence) in self.own_sequences() {
            let _ = write!(out, "CREATE SEQUENCE {}", full(name));
            if let Some(ty) = &sequence.ty {
                let _ = write!(out, " AS {ty}");
            }
            for option in &sequence.options {
                let _ = write!(out, " {option}");
            }
            out.push_str(";\n");
        }
    }

    fn write_ownership(&self, out: &mut String) {
        for (name, sequence) in self.own_sequences() {
            if let Some((table, column)) = &sequence.owned_by
                && self.tables.get(table).is_some_and(|t| t.column(column).is_some())
            {
                let _ = writeln!(out, "ALTER SEQUENCE {} OWNED BY {}.{};", full(name), full(table), quote_identifier(column));
            }
        }
    }

    /// Functions as written: before the tables, since checks, defaults and indexes may call them, or after the views where
    /// their header names a table or their body is read at once.
    fn write_functions(&self, out: &mut String, late: bool) {
        for function in self.functions.values().flatten() {
            // ASCII keeps every byte's place; the word AS stands on a line of its own as often as not
            let upper = function.sql.to_ascii_uppercase().replace(['\n', '\r', '\t'], " ");
            let header = upper.find(" AS ").and_then(|at| function.sql.get(..at)).unwrap_or(&function.sql);
            let words = header.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
            let mut words = words.skip(4);
            let names_relation = words.any(|word| {
                let name = Qualified { schema: "public".to_owned(), name: word };
                self.tables.contains_key(&name) || self.views.contains_key(&name)
            });
            if late == (names_relation || upper.contains("BEGIN ATOMIC") || upper.contains("%TYPE")) {
                let _ = writeln!(out, "{};", function.sql.trim_end_matches(';'));
            }
        }
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

    fn write_table(&self, out: &mut String, name: &Qualified, table: &Table) {
        let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
        let columns = table.columns.iter().filter_map(|column| self.column_sql(name, column));
        let checks = table.constraints.iter().filter(|c| c.valid && matches!(c.constraint.kind, ConstraintKind::Check(_)));
        let checks = checks.map(|c| format!("CONSTRAINT {} {}", quote_identifier(&c.name), c.sql));
        let lines: Vec<String> = columns.chain(checks).map(|line| format!("    {line}")).collect();
        let _ = write!(out, "CREATE {unlogged}TABLE {} (\n{}\n)", full(name), lines.join(",\n"));
        let parents: Vec<String> = table.inherits.iter().filter(|parent| self.shown(parent)).map(full).collect();
        if !parents.is_empty() {
            let _ = write!(out, " INHERITS ({})", parents.join(", "));
        }
        if let Some(by) = &table.partition_by_sql {
            let _ = write!(out, " PARTITION BY {by}");
        }
        out.push_str(";\n");
    }

    fn column_sql(&self, table: &Qualified, column: &Column) -> Option<String> {
        let mut sql = format!("{} {}", quote_identifier(&column.name), self.type_sql(column.ty.as_ref()?));
        if let Some(collation) = &column.collation {
            let _ = write!(sql, " COLLATE {collation}");
        }
        if let Some((expr, stored)) = &column.generated {
            let _ = write!(sql, " GENERATED ALWAYS AS ({expr}) {}", if *stored { "STORED" } else { "VIRTUAL" });
        } else if let Some(always) = column.identity {
            let when = if always { "ALWAYS" } else { "BY DEFAULT" };
            let _ = write!(sql, " GENERATED {when} AS IDENTITY");
            if let Some(sequence) = self.owned_sequences(table, Some(&column.name)).first() {
                let _ = write!(sql, " (SEQUENCE NAME {})", full(sequence));
            }
        } else if let Some(default) = &column.default_sql {
            let _ = write!(sql, " DEFAULT {default}");
        }
        if column.not_null {
            sql.push_str(" NOT NULL");
        }
        Some(sql)
    }

    fn write_attachments(&self, out: &mut String, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            if let (Some((parent, _)), Some(bound)) = (&table.partition_of, &table.bound_sql)
                && self.tables.get(parent).is_some_and(|parent| parent.partition_by.is_some())
            {
                let _ = writeln!(out, "ALTER TABLE ONLY {} ATTACH PARTITION {} {bound};", full(parent), full(name));
            }
        }
    }

    fn write_keys(&self, out: &mut String, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            let is_key = |kind: &ConstraintKind| matches!(kind, ConstraintKind::Key { .. } | ConstraintKind::Exclude { .. });
            for constraint in table.constraints.iter().filter(|c| is_key(&c.constraint.kind)) {
                let constraint_name = quote_identifier(&constraint.name);
                let _ = writeln!(out, "ALTER TABLE ONLY {} ADD CONSTRAINT {constraint_name} {};", full(name), constraint.sql);
            }
        }
    }

    fn write_indexes(&self, out: &mut String) {
        let of_table = |(name, index): &(&Qualified, &Index)| self.shown(&index.table) && name.schema != "pg_temp";
        for (name, index) in self.indexes.iter().filter(of_table) {
            if !index.constraint {
                self.write_index(out, name, index);
            }
        }
        for (name, index) in self.indexes.iter().filter(of_table) {
            if let Some(parent) = index.parent.as_ref().filter(|parent| self.indexes.contains_key(parent)) {
                let _ = writeln!(out, "ALTER INDEX {} ATTACH PARTITION {};", full(parent), full(name));
            }
        }
    }

    fn write_index(&self, out: &mut String, name: &Qualified, index: &Index) {
        let unique = if index.unique { "UNIQUE " } else { "" };
        let only = if self.tables.get(&index.table).is_some_and(|t| t.partition_by.is_some()) { "ONLY " } else { "" };
        let _ = write!(
            out,
            "CREATE {unique}INDEX {} ON {only}{} USING {} ({})",
            quote_identifier(&name.name),
            full(&index.table),
            index.method,
            index.keys_sql.join(", ")
        );
        if !index.include.is_empty() {
            let include: Vec<String> = index.include.iter().map(|c| quote_identifier(c)).collect();
            let _ = write!(out, " INCLUDE ({})", include.join(", "));
        }
        if index.nulls_not_distinct {
            out.push_str(" NULLS NOT DISTINCT");
        }
        if let Some(predicate) = &index.predicate_sql {
            let _ = write!(out, " WHERE {predicate}");
        }
        out.push_str(";\n");
    }

    /// Checks that are not valid yet, then foreign keys; a partition has its parent's by itself.
    fn write_checks_and_references(&self, out: &mut String, tables: &[(&Qualified, &Table)]) {
        let invalid = |valid| if valid { "" } else { " NOT VALID" };
        for (name, table) in tables {
            for check in table.constraints.iter().filter(|c| !c.valid && matches!(c.constraint.kind, ConstraintKind::Check(_))) {
                let not_valid = if check.constraint.not_enforced { "" } else { " NOT VALID" };
                let _ = writeln!(
                    out,
                    "ALTER TABLE ONLY {} ADD CONSTRAINT {} {}{not_valid};",
                    full(name),
                    quote_identifier(&check.name),
                    check.sql
                );
            }
        }
        for (name, table) in tables {
            let parent = table.partition_of.as_ref().and_then(|(parent, _)| self.tables.get(parent));
            for key in table.constraints.iter().filter(|c| c.references.as_ref().is_some_and(|to| self.shown(to))) {
                if parent.is_some_and(|parent| parent.constraint(&key.name).is_some()) {
                    continue;
                }
                let not_valid = if key.constraint.not_enforced { "" } else { invalid(key.valid) };
                let _ = writeln!(out, "ALTER TABLE {} ADD CONSTRAINT {} {}{not_valid};", full(name), quote_identifier(&key.name), key.sql);
            }
        }
    }

    /// Views, those that are read before those that read them, with their indexes.
    fn write_views(&self, out: &mut String) {
        let mut seen = BTreeSet::new();
        for name in self.views.keys() {
            self.write_view(out, name, &mut seen, 0);
        }
    }

    fn write_view<'c>(&'c self, out: &mut String, name: &'c Qualified, seen: &mut BTreeSet<&'c Qualified>, depth: usize) {
        let Some(view) = self.views.get(name).filter(|_| name.schema != "pg_temp" && depth < 64) else { return };
        if !seen.insert(name) {
            return;
        }
        for read in &view.reads {
            self.write_view(out, read, seen, depth + 1);
        }
        let materialized = if view.materialized { "MATERIALIZED " } else { "" };
        let columns = if view.columns.is_empty() { String::new() } else { format!(" ({})", names(&view.columns)) };
        let _ = writeln!(out, "CREATE {materialized}VIEW {}{columns} AS {};", full(name), view.sql.trim_end_matches(';'));
        for (index_name, index) in self.indexes_of(name) {
            self.write_index(out, index_name, index);
        }
    }
}
