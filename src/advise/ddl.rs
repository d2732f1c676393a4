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
        catalog.free_index_name(table, &self.labels).to_string()
    }

    /// CREATE INDEX CONCURRENTLY, in one statement or, for a partitioned table, in one for each leaf; no final `;` on the last.
    pub fn statements(&self, table: &Qualified, catalog: &Catalog) -> Vec<String> {
        self.builds(table, catalog, &mut vec![]).into_iter().map(|build| build.sql).collect()
    }

    /// The statements as one text, without the last `;`.
    pub fn text(&self, table: &Qualified, catalog: &Catalog) -> String {
        self.statements(table, catalog).join(";\n")
    }

    /// The same, after a DROP of what an interrupted build may have left behind.
    pub fn retry_safe(&self, table: &Qualified, catalog: &Catalog) -> String {
        self.retry_safe_besides(table, catalog, &mut vec![])
    }

    /// The same, with names that nothing in `taken` has, which then holds them.
    pub fn retry_safe_besides(&self, table: &Qualified, catalog: &Catalog, taken: &mut Vec<Qualified>) -> String {
        let mut all = String::new();
        for build in self.builds(table, catalog, taken) {
            if let Some(index) = build.concurrent {
                all += &format!("DROP INDEX CONCURRENTLY IF EXISTS {index};\n");
            }
            all += &format!("{};\n", build.sql);
        }
        if is_partitioned(catalog, table) && leaves(catalog, table, 0).is_empty() {
            all += "-- and for each partition: CREATE INDEX CONCURRENTLY on it, ALTER INDEX … ATTACH PARTITION; then the index is valid\n";
        }
        all.pop();
        all
    }

    fn builds(&self, table: &Qualified, catalog: &Catalog, taken: &mut Vec<Qualified>) -> Vec<Build> {
        let body = self.body();
        let mut name = |table: &Qualified| {
            let index = Qualified { schema: table.schema.clone(), name: catalog.free_index_name_besides(table, &self.labels, taken) };
            taken.push(index.clone());
            index
        };
        let index = name(table);
        let quoted = |index: &Qualified| quote_identifier(&index.name);
        if !is_partitioned(catalog, table) {
            return vec![Build { sql: format!("CREATE INDEX CONCURRENTLY {} ON {table} {body}", quoted(&index)), concurrent: Some(index) }];
        }
        // CONCURRENTLY is refused on the parent: an empty index there, one on each leaf, attached one by one
        let mut all = vec![Build { sql: format!("CREATE INDEX {} ON ONLY {table} {body}", quoted(&index)), concurrent: None }];
        self.below(table, &index, catalog, &mut name, &mut all, 0);
        all
    }

    /// The indexes of a table's partitions, attached each to the one above it.
    fn below(
        &self,
        table: &Qualified,
        above: &Qualified,
        catalog: &Catalog,
        name: &mut impl FnMut(&Qualified) -> Qualified,
        all: &mut Vec<Build>,
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        let body = self.body();
        for (child, partition) in catalog.children_of(table) {
            let index = name(child);
            let quoted = quote_identifier(&index.name);
            if partition.partition_by.is_some() {
                all.push(Build { sql: format!("CREATE INDEX {quoted} ON ONLY {child} {body}"), concurrent: None });
                self.below(child, &index, catalog, name, all, depth + 1);
            } else {
                let sql = format!("CREATE INDEX CONCURRENTLY {quoted} ON {child} {body}");
                all.push(Build { sql, concurrent: Some(index.clone()) });
            }
            all.push(Build { sql: format!("ALTER INDEX {above} ATTACH PARTITION {index}"), concurrent: None });
        }
    }
}

/// How deep partitions are followed.
const DEEPEST: usize = 16;

/// One statement.
struct Build {
    sql: String,
    /// The index that it leaves behind, invalid, when it is interrupted.
    concurrent: Option<Qualified>,
}

fn is_partitioned(catalog: &Catalog, table: &Qualified) -> bool {
    catalog.tables.get(table).is_some_and(|t| t.partition_by.is_some())
}

/// The partitions that hold rows.
fn leaves(catalog: &Catalog, table: &Qualified, depth: usize) -> Vec<Qualified> {
    if depth > DEEPEST {
        return vec![];
    }
    let mut found = vec![];
    for (name, child) in catalog.children_of(table) {
        if child.partition_by.is_some() { found.extend(leaves(catalog, name, depth + 1)) } else { found.push(name.clone()) }
    }
    found
}
