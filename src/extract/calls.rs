//! Which calls take SQL, which bind what is interpolated, and which take anything but SQL.

use super::judge::Standing;

/// Calls whose string is SQL whatever it looks like.
const KNOWN: &[&str] = &[
    "query!",
    "query_as!",
    "query_scalar!",
    "query_unchecked!",
    "query_as_unchecked!",
    "sql_query",
    "batch_execute",
    "$queryRaw",
    "$executeRaw",
    "$queryRawUnsafe",
    "$executeRawUnsafe",
    "queryRaw",
    "executeRaw",
    "find_by_sql",
    "select_all",
    "select_values",
    "select_value",
    "select_rows",
    "select_one",
    "exec_query",
    "exec_update",
    "exec_delete",
    "exec_insert",
    "count_by_sql",
    "RunSQL",
    "executeSql",
    "runSql",
    "addSql",
    "FromSqlRaw",
    "FromSql",
    "FromSqlInterpolated",
    "SqlQueryRaw",
    "SqlQuery",
    "ExecuteSqlRaw",
    "ExecuteSqlRawAsync",
    "ExecuteSql",
    "ExecuteSqlAsync",
    "ExecuteSqlInterpolated",
    "ExecuteSqlInterpolatedAsync",
    "createNativeQuery",
    "prepareStatement",
    "prepareCall",
    "queryForObject",
    "queryForList",
    "queryForMap",
    "queryForRowSet",
    "batchUpdate",
    "executeUpdate",
    "executeQuery",
    "nativeQuery",
    "QueryRow",
    "QueryRowContext",
    "QueryContext",
    "ExecContext",
    "PrepareContext",
    "QueryRowx",
    "Queryx",
    "MustExec",
    "NamedExec",
    "NamedQuery",
    "SendBatch",
    "executescript",
    "executemany",
    "execute_batch",
    "execute_values",
    "mogrify",
    "exec_driver_sql",
    "fetchrow",
    "fetchval",
    "executeStatement",
    "executeQuery",
    "fetchAllAssociative",
    "fetchAssociative",
    "fetchOne",
    "fetchFirstColumn",
    "pg_query",
    "pg_query_params",
    "pg_prepare",
    "NpgsqlCommand",
    "QueryAsync",
    "ExecuteAsync",
    "QueryFirstOrDefaultAsync",
    "QuerySingleAsync",
    "QueryFirstAsync",
    "QuerySingleOrDefaultAsync",
    "ExecuteScalarAsync",
    "ExecuteReaderAsync",
    "QueryMultipleAsync",
    "unsafe",
    "query_scalar",
    "query_as",
    "query_one",
    "query_opt",
    "sql",
    "SQL",
    "psql",
    "fr",
    "fr0",
    "sqlu",
    "tsql",
    "SqlUpdate",
    "SqlBatch",
    "SqlScript",
    "SqlCall",
];

/// Calls that may take SQL among other things.
const HINTED: &[&str] = &[
    "execute",
    "executeAsync",
    "query",
    "exec",
    "raw",
    "text",
    "prepare",
    "run",
    "all",
    "get",
    "one",
    "none",
    "any",
    "many",
    "oneOrNone",
    "manyOrNone",
    "Query",
    "Execute",
    "Exec",
    "Raw",
    "Prepare",
    "fetch",
    "fetchAll",
    "fetch_all",
    "statement",
    "Statement",
    "append",
    "Append",
    "simple_query",
    "select",
    "insert",
    "update",
    "delete",
    "unprepared",
    "query!",
    "execute!",
    "literal",
    "format",
    "Sprintf",
    "ExecuteScalar",
    "ExecuteReader",
    "CommandText",
    "createQuery",
    "nativeQuery",
    "c",
    "queryOne",
    "queryMany",
    "perform",
    "up",
    "down",
    "dedent",
    "Select",
    "Insert",
    "Update",
    "Delete",
    "Get",
    "QuerySingle",
    "QueryFirst",
    "QueryFirstOrDefault",
    "createStatement",
    "update!",
    "withPreparedStatement",
    "q",
];

/// Calls that say things to people.
const SPOKEN: &[&str] = &[
    "log",
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "trace",
    "fatal",
    "print",
    "println",
    "printf",
    "puts",
    "eprintln",
    "panic",
    "bail",
    "anyhow",
    "describe",
    "it",
    "test",
    "context",
    "specify",
    "expect",
    "Errorf",
    "Fatalf",
    "Logf",
    "Printf",
    "Println",
    "Infof",
    "Debugf",
    "Warnf",
    "Wrap",
    "Wrapf",
    "fail",
    "Fail",
    "notice",
    "echo",
    "Skip",
    "LogInformation",
    "LogDebug",
    "LogWarning",
    "LogError",
    "WriteLine",
    "help",
    "help_text",
    "add_argument",
    "feature",
    "scenario",
    "group",
    "span",
    "instrument",
    "setDescription",
    "description",
    "gettext",
    "_",
    "t",
    "i18n",
    "isRequired",
    "it_behaves_like",
    "alert",
    "confirm",
];

/// Templates and calls that send what is interpolated as parameters.
const BINDING: &[&str] = &[
    "sql",
    "SQL",
    "$queryRaw",
    "$executeRaw",
    "fr",
    "fr0",
    "void",
    "sqlu",
    "tsql",
    "FromSqlInterpolated",
    "FromSql",
    "SqlQuery",
    "ExecuteSql",
    "ExecuteSqlAsync",
    "ExecuteSqlInterpolated",
    "ExecuteSqlInterpolatedAsync",
    "query",
    "pgsql",
    "postgres",
    "pg",
    "db",
    "tx",
    "trx",
    "join",
    "const",
    "sql0",
    "q",
    "pgSql",
    "Sql",
    "fragment",
    "queryRaw",
    "executeRaw",
    "type",
    "typeAlias",
    "client",
    "conn",
    "t",
];

/// Calls that take a piece of a statement: the first argument, and what frames it.
const CLAUSES: &[(&str, &str)] = &[
    ("whereRaw", "SELECT WHERE "),
    ("orWhereRaw", "SELECT WHERE "),
    ("andWhereRaw", "SELECT WHERE "),
    ("havingRaw", "SELECT HAVING "),
    ("orderByRaw", "SELECT ORDER BY "),
    ("groupByRaw", "SELECT GROUP BY "),
    ("where", "SELECT WHERE "),
    ("Where", "SELECT WHERE "),
    ("not", "SELECT WHERE "),
    ("andWhere", "SELECT WHERE "),
    ("orWhere", "SELECT WHERE "),
    ("having", "SELECT HAVING "),
    ("order", "SELECT ORDER BY "),
    ("Order", "SELECT ORDER BY "),
    ("reorder", "SELECT ORDER BY "),
    ("orderBy", "SELECT ORDER BY "),
    ("OrderBy", "SELECT ORDER BY "),
    ("joins", "SELECT FROM t "),
    ("Joins", "SELECT FROM t "),
    ("fragment", "SELECT "),
    ("selectRaw", "SELECT "),
];

/// What a call's name says of its string. `path` is as written: `sqlx::query!`, `conn.execute`.
pub(super) fn standing(path: &str, extra: &[String]) -> Standing {
    let last = last(path);
    if extra.iter().any(|call| call == last || call == path || path.ends_with(&format!(".{call}")) || path.ends_with(&format!("::{call}")))
    {
        return Standing::Known;
    }
    let migration = path == "op.execute" || path.starts_with("sqlx::") || path.ends_with("Arel.sql") || path.ends_with("knex.raw");
    let repo =
        (path.ends_with("Repo.query") || path.ends_with("Repo.query!") || path.ends_with("SQL.query!") || path.ends_with("SQL.query"))
            && path.contains('.');
    if KNOWN.contains(&last) || migration || repo {
        Standing::Known
    } else if HINTED.contains(&last) {
        Standing::Hinted
    } else {
        Standing::Any
    }
}

/// Whether a call says its string to people.
pub(super) fn spoken(path: &str) -> bool {
    let last = last(path).trim_end_matches('!');
    SPOKEN.contains(&last) || last.ends_with("Error") || last.ends_with("Exception")
}

/// Whether a template's tag, or a call that takes an interpolated string, binds what is interpolated.
pub(super) fn binds(path: &str) -> bool {
    BINDING.contains(&last(path)) && !is_raw(path)
}

/// `sql.raw`, `RawSql`, `sql.unsafe`: what is interpolated becomes text.
fn is_raw(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    // Prisma's bind for all that
    let prisma = matches!(last(path), "$queryRaw" | "$executeRaw");
    lower.contains("raw") && !prisma || lower.contains("unsafe")
}

/// Whether a template's tag binds what is interpolated: what sends SQL does, by whatever name it goes (``this.pgClient`…` ``).
pub(super) fn tag_binds(path: &str) -> bool {
    const CLIENTS: &[&str] = &["sql", "client", "pool", "conn", "connection", "postgres", "pg", "db", "tx", "trx", "transaction"];
    let name = last(path).to_ascii_lowercase();
    let sends = CLIENTS.iter().any(|client| name.ends_with(client)) && !is_raw(path);
    binds(path) || sends
}

/// Whether a call names the client of another engine: `trino_client::Statement::new`, `duckdb_conn.execute`.
pub(super) fn is_another_engines(path: &str) -> bool {
    const ENGINES: &[&str] =
        &["trino", "bigquery", "clickhouse", "duckdb", "sqlite", "mysql", "snowflake", "athena", "cassandra", "databricks"];
    let lower = path.to_ascii_lowercase();
    ENGINES.iter().any(|engine| lower.contains(engine)) && !lower.contains("postgres") && !lower.contains("pg")
}

/// The frame in which a call's clause is a statement.
pub(super) fn frame(path: &str, chained: bool) -> Option<&'static str> {
    let last = last(path);
    // a member of something: `where(…)` alone is a function of anybody's
    let member = chained || path.len() > last.len() || last == "fragment";
    CLAUSES.iter().find(|(call, _)| *call == last && member).map(|(_, frame)| *frame)
}

/// The frame of a piece of a statement that a call for SQL got, by the word that it begins with: `LIMIT ? OFFSET ?`.
pub(super) fn piece_frame(text: &[u8]) -> Option<&'static str> {
    const PIECES: &[(&str, &str)] = &[
        ("where", "SELECT "),
        ("order by", "SELECT "),
        ("group by", "SELECT "),
        ("having", "SELECT "),
        ("limit", "SELECT "),
        ("offset", "SELECT "),
        ("join", "SELECT FROM t "),
        ("left join", "SELECT FROM t "),
        ("inner join", "SELECT FROM t "),
    ];
    let text = text.trim_ascii_start();
    let begins = |word: &str| {
        let next = text.get(word.len()).copied().unwrap_or(b' ');
        text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes())) && next.is_ascii_whitespace()
    };
    PIECES.iter().find(|(word, _)| begins(word)).map(|(_, frame)| *frame)
}

/// Whether a name says that it holds SQL.
pub(super) fn names_sql(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sql", "query", "stmt", "statement", "commandtext"].iter().any(|word| name.contains(word))
}

fn last(path: &str) -> &str {
    path.rsplit(['.', ':', '>']).next().unwrap_or(path).trim()
}

#[cfg(test)]
mod tests {
    use super::{binds, tag_binds};

    #[test]
    fn what_is_called_raw_binds_nothing_however_it_is_written() {
        for tag in ["sql", "this.pgClient", "db.sql", "prisma.$queryRaw"] {
            assert!(tag_binds(tag), "{tag}");
        }
        for tag in ["sql.raw", "RawSql", "rawSql", "sqlRaw.sql", "Prisma.RAW.sql", "UnsafeSql", "prisma.$queryRawUnsafe"] {
            assert!(!tag_binds(tag), "{tag}");
        }
        assert!(binds("Sql.FromSql") && !binds("RawDb.FromSql"));
    }
}
