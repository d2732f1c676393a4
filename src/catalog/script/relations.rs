//! Tables with their columns, keys, checks, references and indexes.

use super::{Script, full, put};
use crate::catalog::naming::make_object_name;
use crate::catalog::text::columns_of;
use crate::catalog::{Catalog, Column, Index, Knowledge, Qualified, Table, TableConstraint};
use crate::facts::{ConstraintKind, quote_identifier};
use std::fmt::Write;

impl Catalog {
    pub(super) fn write_table(&self, out: &mut Script, name: &Qualified, table: &Table) {
        out.under(&table.search_path);
        let from_parents = self.brought_by_parents(table);
        let own = |column: &&Column| !from_parents.contains(&column.name.as_str());
        let columns = table.columns.iter().filter(own).filter_map(|column| {
            // what a parent demands comes with it
            let above = |parent: &Qualified| self.tables.get(parent).and_then(|t| t.column(&column.name));
            let same = |above: &Column| above.not_null && above.not_null_name == column.not_null_name;
            let demanded = !from_parents.is_empty() && table.inherits.iter().filter_map(above).any(same);
            self.column_sql(name, column, demanded)
        });
        let checks = table.constraints.iter().filter(|c| {
            let inherited = c.inherited && !table.inherits.is_empty() && !from_parents.is_empty();
            c.valid && is_check(c) && !inherited && !self.needs_unknown(table, c)
        });
        let checks = checks.map(|c| format!("CONSTRAINT {} {}", quote_identifier(&c.name), c.sql));
        let lines: Vec<String> = columns.chain(checks).map(|line| format!("    {line}")).collect();
        let kind = match (table.foreign, table.unlogged) {
            (true, _) => "FOREIGN TABLE",
            (_, true) => "UNLOGGED TABLE",
            _ => "TABLE",
        };
        if table.knowledge == Knowledge::Partial {
            put!(out, "-- known in part, for not all that made it was read: {}", full(name));
        }
        for column in table.columns.iter().filter(|column| column.ty.is_none()) {
            put!(out, "-- left out, for its type is not known: {}.{}", full(name), quote_identifier(&column.name));
        }
        let mut sql = format!("CREATE {kind} {} (\n{}\n)", full(name), lines.join(",\n"));
        let parents: Vec<String> = table.inherits.iter().filter(|parent| self.shown(parent)).map(full).collect();
        let later = from_parents.is_empty() && table.columns.iter().any(|column| column.inherited);
        if !parents.is_empty() && !later {
            let _ = write!(sql, " INHERITS ({})", parents.join(", "));
        }
        if let Some(by) = &table.partition_by_sql {
            let _ = write!(sql, " PARTITION BY {by}");
        }
        let clauses = [("USING", &table.method), ("WITH", &table.with), ("", &table.server)];
        for (word, text) in clauses.iter().filter_map(|(word, text)| text.as_ref().map(|text| (word, text))) {
            let _ = write!(sql, " {word} {text}");
        }
        put!(out, "{sql};");
        // INHERITS would put the parents' columns first
        for parent in parents.iter().filter(|_| later) {
            put!(out, "ALTER TABLE ONLY {} INHERIT {parent};", full(name));
        }
    }

    /// The columns that INHERITS brings by itself, where that leaves the order as it is.
    fn brought_by_parents<'c>(&self, table: &'c Table) -> Vec<&'c str> {
        let mut above: Vec<&str> = vec![];
        for column in table.inherits.iter().filter_map(|parent| self.tables.get(parent)).flat_map(|parent| &parent.columns) {
            if !above.contains(&column.name.as_str()) {
                above.push(&column.name);
            }
        }
        let in_order = table.columns.iter().map(|column| column.name.as_str()).take(above.len()).eq(above);
        let same = |column: &&Column| {
            let of = |parent: &Qualified| self.tables.get(parent).and_then(|t| t.column(&column.name));
            table
                .inherits
                .iter()
                .any(|parent| of(parent).is_some_and(|above| above.default_sql == column.default_sql && above.not_null == column.not_null))
        };
        let brought = table.columns.iter().filter(|column| in_order && column.inherited).filter(same);
        brought.map(|column| column.name.as_str()).collect()
    }

    fn column_sql(&self, table: &Qualified, column: &Column, demanded: bool) -> Option<String> {
        let mut sql = format!("{} {}", quote_identifier(&column.name), self.type_sql(column.ty.as_ref()?));
        if let Some(collation) = &column.collation {
            let _ = write!(sql, " COLLATE {collation}");
        }
        if let Some((expr, stored)) = column.generated.as_deref() {
            let _ = write!(sql, " GENERATED ALWAYS AS ({expr}) {}", if *stored { "STORED" } else { "VIRTUAL" });
        } else if let Some(always) = column.identity {
            let when = if always { "ALWAYS" } else { "BY DEFAULT" };
            let _ = write!(sql, " GENERATED {when} AS IDENTITY");
            if let Some(name) = self.owned_sequences(table, Some(&column.name)).first() {
                let options =
                    self.sequences.get(name).map(|sequence| sequence.options.iter().map(|option| format!(" {option}")).collect::<String>());
                let _ = write!(sql, " (SEQUENCE NAME {}{})", full(name), options.unwrap_or_default());
            }
        } else if let Some(default) = &column.default_sql {
            // only some expressions may stand bare
            let _ =
                if default.contains(char::is_whitespace) { write!(sql, " DEFAULT ({default})") } else { write!(sql, " DEFAULT {default}") };
        }
        if column.not_null && !demanded {
            let usual = make_object_name(&table.name, Some(&column.name), "not_null");
            if let Some(name) = column.not_null_name.as_ref().filter(|name| **name != usual) {
                let _ = write!(sql, " CONSTRAINT {}", quote_identifier(name));
            }
            sql.push_str(" NOT NULL");
        }
        Some(sql)
    }

    pub(super) fn write_attachments(&self, out: &mut Script, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            if let (Some((parent, _)), Some(bound)) = (table.partition_of.as_deref(), &table.bound_sql)
                && self.tables.get(parent).is_some_and(|parent| parent.partition_by.is_some())
            {
                put!(out, "ALTER TABLE ONLY {} ATTACH PARTITION {} {bound};", full(parent), full(name));
            }
        }
    }

    /// Whether a constraint needs a column that is left out.
    fn needs_unknown(&self, table: &Table, constraint: &TableConstraint) -> bool {
        let columns = match &constraint.constraint.kind {
            ConstraintKind::Check(expr) => columns_of(expr),
            ConstraintKind::NotNull(column) => vec![column.value.clone()],
            ConstraintKind::Key { columns, include, .. } => columns.iter().chain(include).map(|c| c.value.clone()).collect(),
            ConstraintKind::ForeignKey { columns, .. } => columns.iter().map(|c| c.value.clone()).collect(),
            ConstraintKind::Exclude { keys, .. } => keys.iter().flat_map(|(key, _)| columns_of(&key.expr)).collect(),
        };
        let lacks = |constraint: &TableConstraint| {
            matches!(&constraint.constraint.kind, ConstraintKind::ForeignKey { referenced, .. }
                if constraint.references.as_ref().and_then(|to| self.tables.get(to)).is_some_and(|to| referenced.iter().any(|c| unknown(to, &c.value))))
        };
        columns.iter().any(|column| unknown(table, column)) || lacks(constraint) || self.lacks_key_for(constraint)
    }

    /// Whether a foreign key refers to a table of which the key is not known.
    fn lacks_key_for(&self, constraint: &TableConstraint) -> bool {
        let ConstraintKind::ForeignKey { referenced, .. } = &constraint.constraint.kind else { return false };
        let is_partial = |to: &&Qualified| self.tables.get(to).is_some_and(|table| table.knowledge == Knowledge::Partial);
        let Some(to) = constraint.references.as_deref().filter(is_partial) else { return false };
        let fits = |index: &Index| match referenced.as_slice() {
            [] => index.primary,
            columns => index
                .plain_columns()
                .is_some_and(|keys| keys.len() == columns.len() && columns.iter().all(|c| keys.contains(&c.value.as_str()))),
        };
        !self.indexes_of(to).any(|(_, index)| index.unique && index.predicate.is_none() && fits(index))
    }

    pub(super) fn write_keys(&self, out: &mut Script, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            out.under(&table.search_path);
            let is_key = |kind: &ConstraintKind| matches!(kind, ConstraintKind::Key { .. } | ConstraintKind::Exclude { .. });
            for constraint in table.constraints.iter().filter(|c| is_key(&c.constraint.kind) && !self.needs_unknown(table, c)) {
                let constraint_name = quote_identifier(&constraint.name);
                put!(out, "ALTER TABLE ONLY {} ADD CONSTRAINT {constraint_name} {};", full(name), constraint.sql);
            }
        }
    }

    pub(super) fn write_indexes(&self, out: &mut Script) {
        let of_table = |(name, index): &(&Qualified, &Index)| self.shown(&index.table) && name.schema != "pg_temp";
        for (name, index) in self.indexes.iter().filter(of_table) {
            if !index.constraint {
                if let Some(table) = self.tables.get(&index.table) {
                    out.under(&table.search_path);
                }
                self.write_index(out, name, index);
            }
        }
        for (name, index) in self.indexes.iter().filter(of_table) {
            if let Some(parent) = index.parent.as_ref().filter(|parent| self.indexes.contains_key(parent)) {
                put!(out, "ALTER INDEX {} ATTACH PARTITION {};", full(parent), full(name));
            }
        }
    }

    pub(super) fn write_index(&self, out: &mut Script, name: &Qualified, index: &Index) {
        let table = self.tables.get(&index.table);
        let exprs = index.keys.iter().map(|key| &key.expr).chain(index.predicate.as_deref());
        let mut columns = exprs.flat_map(columns_of).chain(index.include.iter().cloned());
        if table.is_some_and(|table| columns.any(|column| unknown(table, &column))) {
            return;
        }
        let unique = if index.unique { "UNIQUE " } else { "" };
        let only = if table.is_some_and(|t| t.partition_by.is_some()) { "ONLY " } else { "" };
        let mut sql = format!(
            "CREATE {unique}INDEX {} ON {only}{} USING {} ({})",
            quote_identifier(&name.name),
            full(&index.table),
            index.method,
            index.keys_sql.join(", ")
        );
        if !index.include.is_empty() {
            let include: Vec<String> = index.include.iter().map(|c| quote_identifier(c)).collect();
            let _ = write!(sql, " INCLUDE ({})", include.join(", "));
        }
        if index.nulls_not_distinct {
            sql.push_str(" NULLS NOT DISTINCT");
        }
        if let Some(with) = &index.with {
            let _ = write!(sql, " WITH {with}");
        }
        if let Some(predicate) = &index.predicate_sql {
            let _ = write!(sql, " WHERE {predicate}");
        }
        put!(out, "{sql};");
        for setting in &index.settings {
            put!(out, "ALTER INDEX {} {setting};", full(name));
        }
    }

    /// Checks that are not valid yet; a partition has its parent's by itself.
    pub(super) fn write_checks(&self, out: &mut Script, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            for check in table.constraints.iter().filter(|c| !c.valid && is_check(c) && !self.needs_unknown(table, c)) {
                let not_valid = if check.constraint.not_enforced { "" } else { " NOT VALID" };
                put!(out, "ALTER TABLE ONLY {} ADD CONSTRAINT {} {}{not_valid};", full(name), quote_identifier(&check.name), check.sql);
            }
        }
    }

    pub(super) fn write_references(&self, out: &mut Script, tables: &[(&Qualified, &Table)]) {
        for (name, table) in tables {
            let parent = table.partition_of.as_deref().and_then(|(parent, _)| self.tables.get(parent));
            for key in table.constraints.iter().filter(|c| c.references.as_ref().is_some_and(|to| self.shown(to))) {
                if parent.is_some_and(|parent| parent.constraint(&key.name).is_some()) || self.needs_unknown(table, key) {
                    continue;
                }
                let not_valid = if key.valid || key.constraint.not_enforced { "" } else { " NOT VALID" };
                put!(out, "ALTER TABLE {} ADD CONSTRAINT {} {}{not_valid};", full(name), quote_identifier(&key.name), key.sql);
            }
        }
    }
}

fn is_check(constraint: &TableConstraint) -> bool {
    matches!(constraint.constraint.kind, ConstraintKind::Check(_))
}

/// Whether a column is known without its type, or not at all.
fn unknown(table: &Table, column: &str) -> bool {
    table.column(column).map_or(table.knowledge == Knowledge::Partial, |c| c.ty.is_none())
}
