//! Files of other database engines, by where they lie or by what only those engines write.
//!
//! A wrong "not ours" hides findings, so a path must say it with a word of its own, and content counts only where nothing in
//! it is PostgreSQL's.

use hashbrown::HashMap;
use memchr::memmem;
use std::path::Path;
use std::sync::LazyLock;

/// How much of a file is looked at.
const LOOK: usize = 256 << 10;

const ENGINES: &[(&str, &str)] = &[
    ("mysql", "MySQL"),
    ("mariadb", "MariaDB"),
    ("sqlite", "SQLite"),
    ("sqlite3", "SQLite"),
    ("mssql", "SQL Server"),
    ("sqlserver", "SQL Server"),
    ("tsql", "SQL Server"),
    ("oracle", "Oracle"),
    ("clickhouse", "ClickHouse"),
    ("duckdb", "DuckDB"),
    ("h2", "H2"),
    ("hsqldb", "HSQLDB"),
    ("planetscale", "MySQL"),
    ("myxql", "MySQL"),
    ("cockroach", "CockroachDB"),
    ("cockroachdb", "CockroachDB"),
    ("crdb", "CockroachDB"),
    ("hsql", "HSQLDB"),
    ("derby", "Derby"),
    ("spanner", "Spanner"),
    ("snowflake", "Snowflake"),
    ("bigquery", "BigQuery"),
    ("tidb", "MySQL"),
    ("db2", "Db2"),
    ("informix", "Informix"),
    ("cubrid", "CUBRID"),
    ("orientdb", "OrientDB"),
    ("starrocks", "StarRocks"),
    ("doris", "Doris"),
    ("trino", "Trino"),
    ("presto", "Presto"),
    ("spark", "Spark SQL"),
    ("databricks", "Databricks"),
    ("scylla", "ScyllaDB"),
    ("scylladb", "ScyllaDB"),
    ("cassandra", "Cassandra"),
    ("firebird", "Firebird"),
    ("teradata", "Teradata"),
    ("sybase", "Sybase"),
    ("sybasease", "Sybase"),
    ("oci", "Oracle"),
    ("plsql", "Oracle"),
    ("cass", "Cassandra"),
    ("elasticsearch", "Elasticsearch"),
    ("opensearch", "OpenSearch"),
    ("athena", "Athena"),
    ("druid", "Druid"),
    ("cloudflare", "Cloudflare"),
    ("saphana", "SAP HANA"),
    ("oceanbase", "OceanBase"),
];

const POSTGRES: &[&str] = &["postgres", "postgresql", "pg", "psql", "pgsql"];

/// The engine that a file is for, where it is not PostgreSQL. `path` is relative to the working directory.
pub(super) fn other_engine(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    match by_path(path) {
        Some(decided) => decided,
        None => by_content(&bytes[..bytes.len().min(LOOK)]),
    }
}

/// The engine that a file of application code is for, where its path says one that is not PostgreSQL.
pub(super) fn by_path_alone(path: &Path) -> Option<&'static str> {
    by_path(path).unwrap_or_else(|| by_name_of_code(path))
}

/// The engine whose driver a file of code asks for, where it says nothing of PostgreSQL.
pub(super) fn by_driver(bytes: &[u8]) -> Option<&'static str> {
    const DRIVERS: &[(&str, &str)] = &[
        ("go-sqlite3", "SQLite"),
        ("modernc.org/sqlite", "SQLite"),
        ("import sqlite3", "SQLite"),
        ("SQLite3::Database", "SQLite"),
        ("rusqlite", "SQLite"),
        ("SqliteConnection", "SQLite"),
        ("SqliteExecutor", "SQLite"),
        ("SqlitePool", "SQLite"),
        ("better-sqlite3", "SQLite"),
        ("org.sqlite", "SQLite"),
        ("go-sql-driver/mysql", "MySQL"),
        ("->fetch_assoc()", "MySQL"),
        ("new mysqli", "MySQL"),
        ("mysqli_", "MySQL"),
        ("import pymysql", "MySQL"),
        ("import MySQLdb", "MySQL"),
        ("'mysql2", "MySQL"),
        ("\"mysql2", "MySQL"),
        ("import cx_Oracle", "Oracle"),
        ("import pyspark", "Spark SQL"),
        ("from pyspark", "Spark SQL"),
        ("org.apache.spark", "Spark SQL"),
        ("import duckdb", "DuckDB"),
        ("clickhouse-go", "ClickHouse"),
        ("trino_client", "Trino"),
        ("trino_rust_client", "Trino"),
        ("import trino", "Trino"),
        ("google.cloud import bigquery", "BigQuery"),
        ("cloud.google.com/go/bigquery", "BigQuery"),
        ("snowflake.connector", "Snowflake"),
    ];
    let found = DRIVERS.iter().find(|(mark, _)| memmem::find(bytes, mark.as_bytes()).is_some())?;
    let ours = ["postgres", "Postgres", "PostgreSQL", "psycopg", "asyncpg", "pgx", "lib/pq", "Pg"];
    ours.iter().all(|mark| memmem::find(bytes, mark.as_bytes()).is_none()).then_some(found.1)
}

/// Engines whose names begin no word of anything else.
const TELLING: &[&str] = &[
    "sqlite",
    "mysql",
    "clickhouse",
    "mssql",
    "duckdb",
    "bigquery",
    "snowflake",
    "trino",
    "presto",
    "elasticsearch",
    "opensearch",
    "athena",
    "druid",
    "cassandra",
    "scylla",
    "sqlserver",
    "cloudflare",
    "informix",
    "mariadb",
];

/// `sqlite_store.rs`, `SQLitePlatform.php`, `riversqlite/driver.go`: code is named after what it speaks to.
fn by_name_of_code(path: &Path) -> Option<&'static str> {
    let mut parts = path.components().rev().map(|part| part.as_os_str().to_string_lossy().to_ascii_lowercase());
    let stem = parts.next()?;
    let telling = ENGINES.iter().filter(|(word, _)| TELLING.contains(word));
    let named = |part: &str| telling.clone().find(|(word, _)| part.starts_with(word)).map(|(_, engine)| *engine);
    let folder = |part: &str| telling.clone().find(|(word, _)| part.starts_with(word) || part.ends_with(word)).map(|(_, engine)| *engine);
    if POSTGRES.iter().any(|word| stem.contains(word) && word.len() > 2) {
        return None;
    }
    named(&stem).or_else(|| parts.find_map(|part| folder(&part)))
}

/// Engines that rows of another database are copied to, so that a migration may be named after them.
const DESTINATIONS: &[&str] =
    &["bigquery", "snowflake", "elasticsearch", "opensearch", "databricks", "spark", "druid", "trino", "presto", "athena", "clickhouse"];

/// `Some(None)`: the path says PostgreSQL. The deepest word that says anything decides.
fn by_path(path: &Path) -> Option<Option<&'static str>> {
    let stem = path.file_stem()?.to_string_lossy().to_ascii_lowercase();
    // In a file's name only a suffix or the whole name counts: `0007_drop_mysql_bridge` is about a table.
    // `20240101_users.sqlite3.up.sql`: the direction stands behind it.
    const DIRECTIONS: &[&str] = &["up", "down", "autocommit"];
    // `V279__statistics_sent_to_bigquery`: where the rows are sent to, and no dialect of the file's
    let prose =
        |word: &str| DESTINATIONS.contains(&word) && stem.split(['_', '-']).count() > 2 && !stem.rsplit('.').any(|part| part == word);
    let last = stem.rsplit(['.', '_', '-']).find(|word| !DIRECTIONS.contains(word));
    let suffix = last.filter(|word| !prose(word)).and_then(engine);
    let folders = || {
        let parts: Vec<String> = path.parent()?.components().map(|part| part.as_os_str().to_string_lossy().to_ascii_lowercase()).collect();
        // `riversqlite`: a driver's folder
        let driver = |part: &str| ["sqlite", "mysql"].into_iter().find(|word| part.ends_with(word)).and_then(engine);
        parts.iter().rev().find_map(|part| part.rsplit(|c: char| !c.is_ascii_alphanumeric()).find_map(engine).or_else(|| driver(part)))
    };
    suffix.or_else(|| by_name_in_a_row(&stem)).or_else(folders)
}

/// `flowable.mysql.upgradestep.7100.to.7101.engine`, `mssql_engine_7.1_to_7.2`: one script for each engine side by side. Between dots
/// the engine is a word of its own; at the start, what the script is for follows it (`oracle_prices` is about prices).
fn by_name_in_a_row(stem: &str) -> Option<Option<&'static str>> {
    const PARTS: &[&str] = &[
        "create", "database", "db", "ddl", "dml", "drop", "engine", "identity", "init", "install", "schema", "setup", "tables", "upgrade",
    ];
    if let Some(decided) = stem.split('.').find_map(engine) {
        return Some(decided);
    }
    let mut words = stem.split(['.', '_', '-']);
    let first = words.next()?;
    let decided = engine(first)?;
    // `MySQL-Clustering`: nothing but an engine is called so
    let titled = TELLING.contains(&first) && stem.get(first.len()..).is_some_and(|rest| rest.starts_with('-'));
    (titled || words.next().is_some_and(|part| PARTS.contains(&part))).then_some(decided)
}

fn engine(word: &str) -> Option<Option<&'static str>> {
    if POSTGRES.contains(&word) {
        return Some(None);
    }
    static NAMED: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| ENGINES.iter().copied().collect());
    NAMED.get(word).map(|engine| Some(*engine))
}

fn by_content(bytes: &[u8]) -> Option<&'static str> {
    if !may_be_anothers(bytes) {
        return None;
    }
    let code = code(bytes);
    let has = |needle: &str| memmem::find(&code, needle.as_bytes()).is_some();
    let word = |needle: &str| {
        memmem::find_iter(&code, needle.as_bytes()).any(|at| {
            let edge = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_');
            edge(at.checked_sub(1).and_then(|i| code.get(i))) && edge(code.get(at + needle.len()))
        })
    };
    let starts = |needle: &str| lines(&code).any(|line| line.trim_ascii_start().starts_with(needle.as_bytes()));
    let engine = if word("ENGINE") && has("MERGETREE") {
        "ClickHouse"
    } else if memchr::memchr_iter(b'`', &code).nth(1).is_some()
        || word("AUTO_INCREMENT")
        || has(" ENGINE=")
        || has(")ENGINE=")
        || has("INT UNSIGNED")
        || starts("USE ")
    {
        "MySQL"
    } else if word("AUTOINCREMENT") || word("ROWID") || has("COLLATE NOCASE") || starts("PRAGMA ") {
        "SQLite"
    } else if has("[DBO].")
        || lines(&code).any(|line| line.trim_ascii() == b"GO")
        || has("IDENTITY(1,1)")
        || has("IDENTITY(1, 1)")
        || starts("DECLARE @")
        || starts("CREATE OR ALTER ")
        || has("OBJECT_ID(")
        || has("FROM @")
    {
        "SQL Server"
    } else if word("VARCHAR2") || has("FROM DUAL") || has("USING DUAL") || word("EXECUTE IMMEDIATE") {
        "Oracle"
    } else {
        return None;
    };
    let ours = ["JSONB", "TIMESTAMPTZ", "BIGSERIAL", "SERIAL", "PLPGSQL", "CONCURRENTLY", "BYTEA"];
    if ours.iter().any(|needle| word(needle)) || has("::") { None } else { Some(engine) }
}

/// Whether any of the marks that [`by_content`] looks for stands anywhere, strings and comments included: in most files none does,
/// and these need no closer look.
fn may_be_anothers(bytes: &[u8]) -> bool {
    const MARKS: &[&str] = &[
        "ENGINE",
        "AUTO_INCREMENT",
        "INT UNSIGNED",
        "USE ",
        "`",
        "AUTOINCREMENT",
        "NOCASE",
        "ROWID",
        "PRAGMA",
        "[DBO]",
        "IDENTITY(1,",
        "DECLARE @",
        "CREATE OR ALTER",
        "OBJECT_ID(",
        "FROM @",
        "VARCHAR2",
        " DUAL",
        "EXECUTE IMMEDIATE",
    ];
    static FINDERS: LazyLock<Vec<memmem::Finder>> = LazyLock::new(|| MARKS.iter().map(memmem::Finder::new).collect());
    let upper = bytes.to_ascii_uppercase();
    let goes = || {
        let edge = |at: Option<&u8>| at.is_none_or(|b| !b.is_ascii_alphanumeric());
        memmem::find_iter(&upper, b"GO").any(|at| edge(at.checked_sub(1).and_then(|i| upper.get(i))) && edge(upper.get(at + 2)))
    };
    FINDERS.iter().any(|finder| finder.find(&upper).is_some()) || goes()
}

fn lines(code: &[u8]) -> impl Iterator<Item = &[u8]> {
    code.split(|&b| b == b'\n')
}

/// The bytes that may begin what [`code`] leaves out, and the one after which COPY data may come.
const STOPS: [bool; 256] = {
    let (bytes, mut stops, mut i) = (*b"'\"-/$;", [false; 256], 0);
    while i < bytes.len() {
        stops[bytes[i] as usize] = true;
        i += 1;
    }
    stops
};

/// The text in upper case without strings, quoted names, comments, dollar-quoted bodies and COPY data.
fn code(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let skip = match byte {
            b'\'' | b'"' => memchr::memchr(byte, &rest[1..]).map_or(rest.len(), |i| i + 2),
            b'-' if rest.starts_with(b"--") => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => memmem::find(rest, b"*/").map_or(rest.len(), |i| i + 2),
            b'$' => dollar_quoted(rest),
            _ => 0,
        };
        if skip > 0 {
            out.push(b' ');
            at += skip;
            continue;
        }
        // To the next byte that could begin something to skip, in one go.
        let run = 1 + rest[1..].iter().position(|&b| STOPS[usize::from(b)]).unwrap_or(rest.len() - 1);
        let from = out.len();
        out.extend_from_slice(&rest[..run]);
        out[from..].make_ascii_uppercase();
        at += run;
        if byte == b';' && out[..=from].ends_with(b"FROM STDIN;") {
            out.truncate(from + 1);
            break;
        }
    }
    out
}

/// The length of the dollar-quoted string that begins here; 0 where none does.
fn dollar_quoted(rest: &[u8]) -> usize {
    let tag = rest[1..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if rest.get(tag + 1) != Some(&b'$') || rest.get(1).is_some_and(u8::is_ascii_digit) {
        return 0;
    }
    let delimiter = &rest[..tag + 2];
    memmem::find(&rest[tag + 2..], delimiter).map_or(rest.len(), |i| i + 2 * delimiter.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Option<&'static str> {
        other_engine(Path::new(path), text.as_bytes())
    }

    #[test]
    fn what_only_oracle_and_sql_server_write_tells_them() {
        assert_eq!(
            of("m/1.sql", "MERGE INTO a USING DUAL b ON (a.id = 1) WHEN NOT MATCHED THEN INSERT (id) VALUES (s.nextval)"),
            Some("Oracle")
        );
        assert_eq!(of("m/1.sql", "IF OBJECT_ID('a', 'U') IS NULL CREATE TABLE a (b int)"), Some("SQL Server"));
        assert_eq!(of("m/1.sql", "SELECT object_id FROM audits WHERE id = @id"), None);
    }

    #[test]
    fn paths_decide_by_their_deepest_word() {
        assert_eq!(of("migrations/mysql/1.sql", ""), Some("MySQL"));
        assert_eq!(of("sqlite-migrations/1.sql", ""), Some("SQLite"));
        assert_eq!(of("db/schema.mssql.sql", ""), Some("SQL Server"));
        assert_eq!(of("mysql/postgres/1.sql", "create table `a` (`b` int)"), None);
        assert_eq!(of("m/0007_drop_mysql_bridge.sql", ""), None);
        assert_eq!(of("m/V279__statistics_sent_to_bigquery.sql", ""), None);
        assert_eq!(of("m/1_users.bigquery.up.sql", ""), Some("BigQuery"));
        assert_eq!(of("queries_snowflake.sql", ""), Some("Snowflake"));
        assert_eq!(of("m/1_users.sqlite3.up.sql", ""), Some("SQLite"));
        assert_eq!(of("m/1_users.cockroach.autocommit.down.sql", ""), Some("CockroachDB"));
        assert_eq!(of("storage/crdb/schema/storage.sql", ""), Some("CockroachDB"));
        assert_eq!(of("db/upgrade/shop.mysql.upgradestep.1.to.2.engine.sql", ""), Some("MySQL"));
        assert_eq!(of("db/upgrade/shop.postgres.upgradestep.1.to.2.engine.sql", "create table `a` (`b` int)"), None);
        assert_eq!(of("db/upgrade/shop.hsql.create.sql", ""), Some("HSQLDB"));
        assert_eq!(of("db/upgrade/mssql_engine_7.1_to_7.2.sql", ""), Some("SQL Server"));
        assert_eq!(of("db/upgrade/postgres_engine_7.1_to_7.2.sql", ""), None);
        assert_eq!(of("db/MySQL-Clustering-3.7.0.sql", ""), Some("MySQL"));
        assert_eq!(of("db/oracle_prices_add_source.sql", ""), None);
        assert_eq!(of("m/1_users.postgres.up.sql", "create table `a` (`b` int)"), None);
    }

    #[test]
    fn content_needs_marks_outside_strings_and_nothing_of_ours() {
        assert_eq!(of("a.sql", "CREATE TABLE `a` (id int)"), Some("MySQL"));
        assert_eq!(of("a.sql", "create table a (id integer primary key autoincrement)"), Some("SQLite"));
        assert_eq!(of("a.sql", "select 1\nGO\n"), Some("SQL Server"));
        assert_eq!(of("a.sql", "create table a (b varchar2(10))"), Some("Oracle"));
        assert_eq!(of("a.sql", "DECLARE @a int = 1;\nselect @a"), Some("SQL Server"));
        assert_eq!(of("a.sql", "use app;\nselect 1"), Some("MySQL"));
        assert_eq!(of("a.sql", "create table a (b int unsigned)"), Some("MySQL"));
        assert_eq!(of("a.sql", "create table a (b int) without rowid"), Some("SQLite"));
        assert_eq!(of("a.sql", "create table a (b text collate nocase)"), Some("SQLite"));
        assert_eq!(of("a.sql", "create or alter view v as select 1"), Some("SQL Server"));
        assert_eq!(of("migrations/h2/1.sql", ""), Some("H2"));
        assert_eq!(of("a.sql", "-- `a` `b`\nselect '`x` AUTO_INCREMENT'"), None);
        assert_eq!(of("a.sql", "create table a (auto_increment serial)"), None);
        assert_eq!(of("a.sql", "do $x$ `a` `b` $x$; select $1"), None);
        assert_eq!(of("a.sql", "copy t from stdin;\nGO\n`a` `b`\n\\.\n"), None);
    }
}
