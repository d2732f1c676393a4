//! What a server says of its tables and indexes: sizes, rows, scans and writes, from an export.
//!
//! pgsift never connects: [`QUERY`] is run by whoever may, and its output comes back as CSV, JSON or as psql prints it.
//! Must not know files.

use super::Table;
use crate::catalog::Qualified;
use std::collections::BTreeMap;

/// What to run on the server (psql --csv is best): a row for each table and index.
pub const QUERY: &str = "\
SELECT s.kind, s.schemaname, s.relname, s.indexrelname, s.attname, s.scans, s.rows, s.inserted, s.updated, s.deleted, s.bytes,
       s.required, s.n_distinct, s.null_frac, (extract(epoch FROM now() - d.stats_reset) / 86400)::int AS days
FROM (
    SELECT 'table' AS kind, schemaname, relname, NULL::name AS indexrelname, NULL::name AS attname, seq_scan AS scans,
           n_live_tup AS rows, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted,
           pg_table_size(relid) AS bytes, NULL::boolean AS required, NULL::real AS n_distinct, NULL::real AS null_frac
    FROM pg_stat_user_tables
    UNION ALL
    SELECT 'index', u.schemaname, u.relname, u.indexrelname, NULL, u.idx_scan, NULL, NULL, NULL, NULL,
           pg_relation_size(u.indexrelid),
           i.indisunique OR i.indisexclusion OR i.indisreplident
               OR EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
               OR EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid),
           NULL, NULL
    FROM pg_stat_user_indexes u JOIN pg_index i ON i.indexrelid = u.indexrelid
    UNION ALL
    SELECT 'column', schemaname, tablename, NULL, attname, NULL, NULL, NULL, NULL, NULL, NULL, NULL, n_distinct, null_frac
    FROM pg_stats
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND NOT inherited
) s
LEFT JOIN pg_stat_database d ON d.datname = current_database()
ORDER BY 1 DESC, 2, 3, 4, 5;";

/// A table's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableStats {
    /// Rows, as last estimated.
    pub rows: Option<u64>,
    /// Bytes without indexes.
    pub bytes: Option<u64>,
    /// Sequential scans.
    pub scans: u64,
    /// Rows inserted, updated, deleted.
    pub writes: u64,
}

impl TableStats {
    /// In words, for advice.
    pub fn describe(&self) -> String {
        let rows = self.rows.map_or(String::new(), |rows| format!("the table has about {rows} rows"));
        let bytes = self.bytes.map_or(String::new(), |bytes| format!(" in {}", size(bytes)));
        let scans = format!("it was read whole {} times, and {} rows were written", self.scans, self.writes);
        if rows.is_empty() { scans } else { format!("{rows}{bytes}; {scans}") }
    }
}

/// An index's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Scans since the statistics were reset.
    pub scans: u64,
    /// Bytes.
    pub bytes: Option<u64>,
    /// Its table.
    pub table: Option<Qualified>,
    /// Whether uniqueness, a constraint, a partitioned index or replication needs it, where the export says so.
    pub required: Option<bool>,
}

/// All that was read.
#[derive(Debug, Clone, Default)]
pub struct RelationStats {
    tables: BTreeMap<(String, String), TableStats>,
    indexes: BTreeMap<(String, String), IndexStats>,
    /// n_distinct by schema, table, column.
    distinct: BTreeMap<(String, String, String), f64>,
    days: Option<u64>,
}

impl RelationStats {
    /// The numbers of a table.
    pub fn table(&self, name: &Qualified) -> Option<&TableStats> {
        self.tables.get(&(name.schema.to_string(), name.name.to_string()))
    }

    /// The numbers of an index.
    pub fn index(&self, name: &Qualified) -> Option<&IndexStats> {
        self.indexes.get(&(name.schema.to_string(), name.name.to_string()))
    }

    /// Every index with its numbers.
    pub fn indexes(&self) -> impl Iterator<Item = (Qualified, &IndexStats)> {
        self.indexes.iter().map(|((schema, name), index)| (Qualified { schema: schema.as_str().into(), name: name.as_str().into() }, index))
    }

    /// How many different values a column has, as pg_stats says it: below zero it is a share of the rows.
    pub fn distinct(&self, table: &Qualified, column: &str) -> Option<f64> {
        self.distinct.get(&(table.schema.to_string(), table.name.to_string(), column.to_owned())).copied()
    }

    /// How many days the statistics were gathered, where the export says so.
    pub fn days(&self) -> Option<u64> {
        self.days
    }

    /// Takes another's.
    pub fn extend(&mut self, other: RelationStats) {
        self.tables.extend(other.tables);
        self.indexes.extend(other.indexes);
        self.distinct.extend(other.distinct);
        self.days = self.days.min(other.days).or(self.days).or(other.days);
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.indexes.is_empty()
    }

    /// Adds an export: of [`QUERY`], or of pg_stat_user_tables or pg_stat_user_indexes themselves.
    pub fn add(&mut self, export: &Table) -> Result<(), String> {
        let relation = export.column(&["relname", "table_name", "tablename"]);
        if relation.is_none() {
            return Err(format!("no column relname: found {}", export.columns.join(", ")));
        }
        for row in &export.rows {
            let text = |names: &[&str]| Some(export.cell(row, export.column(names))).filter(|text| !text.is_empty());
            let number = |names: &[&str]| text(names)?.trim().replace(',', "").parse::<f64>().ok().map(|n| n.max(0.0) as u64);
            let Some(table) = text(&["relname", "table_name", "tablename"]) else { continue };
            let schema = text(&["schemaname", "schema_name", "schema"]).unwrap_or("public").to_owned();
            let bytes = number(&["bytes", "index_size", "table_size", "pg_relation_size", "size"]);
            self.days = self.days.or_else(|| number(&["days"]));
            if let Some(column) = text(&["attname"]) {
                if let Some(distinct) = text(&["n_distinct"]).and_then(|n| n.trim().parse::<f64>().ok()) {
                    self.distinct.insert((schema, table.to_owned(), column.to_owned()), distinct);
                }
                continue;
            }
            let index = text(&["indexrelname", "index_name", "indexname"]).filter(|_| text(&["kind"]).is_none_or(|kind| kind == "index"));
            if let Some(index) = index {
                let scans = number(&["scans", "idx_scan"]).unwrap_or(0);
                let required = text(&["required"]).map(|text| matches!(text.trim(), "t" | "true"));
                let table = Some(Qualified { schema: schema.as_str().into(), name: table.into() });
                self.indexes.insert((schema, index.to_owned()), IndexStats { scans, bytes, table, required });
                continue;
            }
            let written = ["inserted", "updated", "deleted", "n_tup_ins", "n_tup_upd", "n_tup_del"];
            let stats = TableStats {
                rows: number(&["rows", "n_live_tup", "reltuples"]),
                bytes,
                scans: number(&["scans", "seq_scan"]).unwrap_or(0),
                writes: written.iter().filter_map(|name| number(&[name])).sum(),
            };
            self.tables.insert((schema, table.to_owned()), stats);
        }
        Ok(())
    }
}

/// Bytes for people.
pub fn size(bytes: u64) -> String {
    const UNITS: &[(&str, u64)] = &[("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_format_gives_the_same() {
        let csv = "kind,schemaname,relname,indexrelname,scans,rows,inserted,updated,deleted,bytes\ntable,public,t,,3,100,5,6,7,8192\nindex,public,t,t_a_idx,0,,,,,4096\n";
        let json = r#"[{"kind":"table","schemaname":"public","relname":"t","scans":3,"rows":100,"inserted":5,"updated":6,"deleted":7,"bytes":8192},{"kind":"index","schemaname":"public","relname":"t","indexrelname":"t_a_idx","scans":0,"bytes":4096}]"#;
        let psql = " kind  | schemaname | relname | indexrelname | scans | rows | inserted | updated | deleted | bytes \n-------+------------+---------+--------------+-------+------+----------+---------+---------+-------\n table | public     | t       |              |     3 |  100 |        5 |       6 |       7 |  8192\n index | public     | t       | t_a_idx      |     0 |      |          |         |         |  4096\n(2 rows)\n";
        let name = |name: &str| Qualified { schema: "public".into(), name: name.into() };
        for text in [csv, json, psql] {
            let mut stats = RelationStats::default();
            stats.add(&crate::stats::read(text).unwrap()).unwrap();
            assert_eq!(stats.table(&name("t")), Some(&TableStats { rows: Some(100), bytes: Some(8192), scans: 3, writes: 18 }));
            let expected = IndexStats { scans: 0, bytes: Some(4096), table: Some(name("t")), required: None };
            assert_eq!(stats.index(&name("t_a_idx")), Some(&expected));
        }
        assert!(RelationStats::default().add(&crate::stats::read("hello\n1\n").unwrap()).is_err());
    }
}
