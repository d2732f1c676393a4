//! Exports of `pg_stat_statements`, `pg_stat_user_indexes` and `pg_stat_user_tables`: CSV, JSON, tab-separated, and what
//! psql prints. Columns are found by their names, since every version has others. Does no I/O.

mod relations;
mod table;

pub use relations::{IndexStats, QUERY, RelationStats, TableStats, size};
pub use table::{Table, read};

use crate::sql::fingerprint::{Fingerprint, fingerprint};
use crate::sql::token::Dialect;

/// A row of `pg_stat_statements`.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementStats {
    /// Its text's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its text.
    pub query: String,
    /// Executions.
    pub calls: u64,
    /// Summed, milliseconds.
    pub total_ms: f64,
    /// Mean.
    pub mean_ms: f64,
    /// Worst; 0 where not exported.
    pub max_ms: f64,
    /// Rows returned or changed.
    pub rows: u64,
}

/// What an export holds.
#[derive(Debug, Clone)]
pub enum Stats {
    /// `pg_stat_statements`.
    Statements(Vec<StatementStats>),
    /// Sizes, scans and writes of tables and indexes: `pg_stat_user_tables`, `pg_stat_user_indexes`, or [`QUERY`]'s.
    Relations(RelationStats),
}

impl Stats {
    /// Reads an export, or says why it is none.
    pub fn read(bytes: &[u8]) -> Result<Stats, String> {
        let table = read(&String::from_utf8_lossy(bytes))?;
        if table.column(&["query"]).is_some() && table.column(&["calls"]).is_some() {
            return statements(&table).map(Stats::Statements);
        }
        if table.column(&["relname", "table_name", "tablename"]).is_some() {
            let mut relations = RelationStats::default();
            relations.add(&table)?;
            return Ok(Stats::Relations(relations));
        }
        Err(format!(
            "expected the columns of pg_stat_statements, pg_stat_user_indexes or pg_stat_user_tables, found {}",
            table.columns.join(", ")
        ))
    }
}

fn statements(table: &Table) -> Result<Vec<StatementStats>, String> {
    let total = table
        .column(&["total_exec_time", "total_time", "total_ms"])
        .ok_or("pg_stat_statements without total_exec_time (total_time before 13)")?;
    let (query, calls) = (table.column(&["query"]), table.column(&["calls"]));
    let mean = table.column(&["mean_exec_time", "mean_time", "mean_ms"]);
    let max = table.column(&["max_exec_time", "max_time", "max_ms"]);
    let rows = table.column(&["rows"]);
    let one = |row: &Vec<String>| {
        let query = table.cell(row, query).to_owned();
        let calls = table.number(row, calls) as u64;
        let total_ms = table.number(row, Some(total));
        let mean_ms = if mean.is_some() { table.number(row, mean) } else { total_ms / calls.max(1) as f64 };
        StatementStats {
            fingerprint: fingerprint(&query, Dialect::Server),
            calls,
            total_ms,
            mean_ms,
            max_ms: table.number(row, max),
            rows: table.number(row, rows) as u64,
            query,
        }
    };
    // Other users' statements are hidden from whoever may not see them.
    Ok(table.rows.iter().map(one).filter(|row| !row.query.is_empty() && row.query != "<insufficient privilege>").collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fixture(name: &str) -> Vec<StatementStats> {
        let bytes = std::fs::read(format!("{}/fixtures/stats/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let Stats::Statements(rows) = Stats::read(&bytes).unwrap() else { panic!("{name}") };
        rows
    }

    #[test]
    fn csv_json_and_psql_say_the_same() {
        let (csv, json) = (fixture("pgss_1.10.csv"), fixture("pgss_1.10.json"));
        assert!(csv.len() > 20 && csv.iter().all(|row| row.calls > 0 && row.total_ms > 0.0));
        for row in &csv {
            let same =
                json.iter().any(|other| other.fingerprint == row.fingerprint && other.calls == row.calls && other.query == row.query);
            assert!(same || json.len() < csv.len(), "{}", row.query);
        }
        for row in fixture("pgss_psql_aligned.txt") {
            let full = csv.iter().find(|c| c.fingerprint == row.fingerprint);
            assert!(full.is_some_and(|full| full.calls == row.calls && (full.total_ms - row.total_ms).abs() < 0.01), "{}", row.query);
        }
        assert!(!fixture("pgss_1.4.csv").is_empty());
    }

    #[test]
    fn other_views_are_known_by_their_columns() {
        let text = " schemaname | relname | indexrelname | idx_scan \n------------+---------+--------------+----------\n public     | orders  | orders_pkey  |       42\n(1 row)\n";
        let Stats::Relations(found) = Stats::read(text.as_bytes()).unwrap() else { panic!() };
        let name = |schema: &str, name: &str| crate::catalog::Qualified { schema: schema.into(), name: name.into() };
        assert_eq!(found.index(&name("public", "orders_pkey")).map(|index| index.scans), Some(42));
        let text = "[{\"schemaname\":\"s\",\"relname\":\"t\",\"seq_scan\":3,\"idx_scan\":null,\"n_tup_ins\":4,\"n_live_tup\":10}]";
        let Stats::Relations(found) = Stats::read(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!(found.table(&name("s", "t")), Some(&TableStats { rows: Some(10), bytes: None, scans: 3, writes: 4 }));
        assert!(Stats::read(b"a,b\n1,2\n").unwrap_err().contains("found a, b"));
        assert!(Stats::read(b"").is_err());
    }
}
