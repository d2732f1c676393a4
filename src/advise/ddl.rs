//! The statements that build an index: named by convention, without blocking writes, safe to run again.
//!
//! One place for the rules and for `pgsift advise`, so that they never advise two spellings of one index.

use crate::catalog::{Catalog, Qualified};
use crate::facts::quote_identifier;

/// An index to be built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// Access method; `btree` is not written.
    pub method: String,
    /// Keys as SQL, operator class and direction included.
    pub keys: Vec<String>,
    /// What each key adds to the name.
    pub labels: Vec<String>,
    /// INCLUDE.
    pub include: Vec<String>,
    /// WHERE.
    pub predicate: Option<String>,
}

impl Definition {
    /// What stands after the table's name.
    pub fn body(&self) -> String {
        let method = if self.method.is_empty() || self.method == "btree" { String::new() } else { format!("USING {} ", self.method) };
        let include: Vec<String> = self.include.iter().map(|c| quote_identifier(c)).collect();
        let include = if include.is_empty() { String::new() } else { format!(" INCLUDE ({})", include.join(", ")) };
        let predicate = self.predicate.as_ref().map_or(String::new(), |p| format!(" WHERE {p}"));
        format!("{method}({}){include}{predicate}", self.keys.join(", "))
    }

    /// A name by convention, `<table>_<columns>_idx`, that nothing in the schema has.
    pub fn name(&self, table: &Qualified, catalog: &Catalog) -> String {
        catalog.free_index_name(table, &self.labels)
    }

    /// CREATE INDEX CONCURRENTLY, in one statement or, for a partitioned table, in one for each leaf; no final `;` on the last.
    pub fn statements(&self, table: &Qualified, catalog: &Catalog) -> Vec<String> {
        let name = self.name(table, catalog);
        let leaves = leaves(catalog, table, 0);
        let body = self.body();
        let quoted = quote_identifier(&name);
        if catalog.tables.get(table).is_none_or(|t| t.partition_by.is_none()) {
            return vec![format!("CREATE INDEX CONCURRENTLY {quoted} ON {table} {body}")];
        }
        // CONCURRENTLY is refused on the parent: an empty index there, one on each leaf, attached one by one
        let mut all = vec![format!("CREATE INDEX {quoted} ON ONLY {table} {body}")];
        for leaf in leaves {
            let own = self.name(&leaf, catalog);
            let index = Qualified { schema: leaf.schema.clone(), name: own.clone() };
            all.push(format!("CREATE INDEX CONCURRENTLY {} ON {leaf} {body}", quote_identifier(&own)));
            all.push(format!("ALTER INDEX {} ATTACH PARTITION {index}", Qualified { schema: table.schema.clone(), name: name.clone() }));
        }
        all
    }

    /// The statements as one text, without the last `;`.
    pub fn text(&self, table: &Qualified, catalog: &Catalog) -> String {
        self.statements(table, catalog).join(";\n")
    }

    /// The same, after a DROP of what an interrupted build may have left behind.
    pub fn retry_safe(&self, table: &Qualified, catalog: &Catalog) -> String {
        let mut all = vec![];
        for statement in self.statements(table, catalog) {
            if let Some(rest) = statement.strip_prefix("CREATE INDEX CONCURRENTLY ") {
                let name = rest.split(" ON ").next().unwrap_or_default();
                let schema = if table.schema == "public" { String::new() } else { format!("{}.", quote_identifier(&table.schema)) };
                all.push(format!("DROP INDEX CONCURRENTLY IF EXISTS {schema}{name}"));
            }
            all.push(statement);
        }
        all.iter().map(|s| format!("{s};")).collect::<Vec<_>>().join("\n")
    }
}

/// The partitions that hold rows.
fn leaves(catalog: &Catalog, table: &Qualified, depth: usize) -> Vec<Qualified> {
    if depth > 16 {
        return vec![];
    }
    let mut found = vec![];
    for (name, child) in catalog.children_of(table) {
        if child.partition_by.is_some() { found.extend(leaves(catalog, name, depth + 1)) } else { found.push(name.clone()) }
    }
    found
}
