//! What `pgsift stats-query` prints runs on every version, and what comes back is read whichever way it was exported.

use super::server::{Rows, Session, on_every_version};
use pgsift::catalog::Qualified;
use pgsift::stats::{QUERY, RelationStats, Stats};

fn name(name: &str) -> Qualified {
    Qualified { schema: "public".into(), name: name.into() }
}

const COLUMNS: &[&str] = &[
    "kind",
    "schemaname",
    "relname",
    "indexrelname",
    "attname",
    "scans",
    "rows",
    "inserted",
    "updated",
    "deleted",
    "bytes",
    "required",
    "n_distinct",
    "null_frac",
    "days",
];

/// As `psql --csv` writes it.
fn csv(rows: &Rows) -> String {
    let line = |row: &Vec<Option<String>>| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join(",");
    std::iter::once(COLUMNS.join(",")).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n")
}

/// As psql prints it.
fn aligned(rows: &Rows) -> String {
    let cell = |row: &Vec<Option<String>>, at: usize| row[at].clone().unwrap_or_default();
    let widths: Vec<usize> =
        (0..COLUMNS.len()).map(|at| rows.iter().map(|row| cell(row, at).len()).max().unwrap_or(0).max(COLUMNS[at].len())).collect();
    let joined = |cells: Vec<String>| format!(" {} ", cells.join(" | "));
    let mut lines = vec![joined(COLUMNS.iter().zip(&widths).map(|(c, w)| format!("{c:^w$}", w = *w)).collect())];
    lines.push(widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+"));
    lines.extend(rows.iter().map(|row| joined((0..COLUMNS.len()).map(|at| format!("{:<w$}", cell(row, at), w = widths[at])).collect())));
    lines.push(format!("({} rows)", rows.len()));
    lines.join("\n")
}

fn read(text: &str) -> RelationStats {
    match Stats::read(text.as_bytes()).unwrap() {
        Stats::Relations(found) => found,
        Stats::Statements(_) => panic!("taken for statements"),
    }
}

fn fill(session: &mut Session) {
    session
        .run(
            "create table t (id int primary key, few int, many int, other int unique);
             create index t_few_idx on t (few);
             create table child (t_id int references t, note text) partition by range (t_id);
             create table child_1 partition of child for values from (0) to (1000);
             create index child_note_idx on child (note);
             insert into t select g, g % 3, g, g from generate_series(1, 500) g;
             analyze t",
        )
        .unwrap();
}

#[test]
fn statistics_come_back() {
    let answers = on_every_version(|server| {
        let mut session = server.session("postgres");
        fill(&mut session);
        let rows = session.rows(QUERY).unwrap_or_else(|why| panic!("{}: {why}", server.version));
        let json = session.rows(&format!("select json_agg(x) from ({}) x", QUERY.trim_end_matches(';'))).unwrap();
        let json = json[0][0].clone().unwrap();
        for (form, text) in [("csv", csv(&rows)), ("psql", aligned(&rows)), ("json", json)] {
            let found = read(&text);
            let of = |index: &str| found.index(&name(index)).unwrap_or_else(|| panic!("{form}: {index}: {text}")).required;
            assert_eq!((of("t_pkey"), of("t_other_key"), of("t_few_idx")), (Some(true), Some(true), Some(false)), "{form}");
            assert_eq!(of("child_1_note_idx"), Some(true), "{form}");
            assert_eq!(found.distinct(&name("t"), "few"), Some(3.0), "{form}");
            assert_eq!(found.distinct(&name("t"), "many"), Some(-1.0), "{form}");
            assert!(found.table(&name("t")).is_some_and(|t| t.bytes.is_some_and(|b| b > 8000)), "{form}: {text}");
        }
        rows.len()
    });
    for (version, rows) in answers {
        println!("PostgreSQL {version}: {rows} rows of statistics");
        assert!(rows > 8, "{version}");
    }
}
