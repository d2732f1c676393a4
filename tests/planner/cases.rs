//! The pairs: column types × index kinds × operators × literals, written out as products, and single cases that a product misses.

mod expressions;
mod json;
mod partial;
mod several_keys;
mod shapes;
mod types;

use expressions::expressions;
use json::{composite, json, sql_json};
use partial::partial;
use several_keys::several_keys;
use shapes::shapes;
use types::{booleans, others, texts};

/// Indexes that are there together, and the queries asked with them.
pub(crate) struct Case {
    pub(crate) indexes: String,
    pub(crate) queries: Vec<String>,
}

/// A column with literals of its own type (without a type, with one) and of others.
struct Column {
    name: &'static str,
    own: [&'static str; 3],
    cross: &'static [&'static str],
    ordered: bool,
}

const COLUMNS: &[Column] = &[
    Column {
        name: "i",
        own: ["5", "'6'", "7::int"],
        cross: &["5::bigint", "5::smallint", "5.0", "5.5::numeric", "5::double precision", "5::real", "3000000000", "5e0"],
        ordered: true,
    },
    Column { name: "s", own: ["5", "'6'", "7::smallint"], cross: &["5::bigint", "5.0", "5::real"], ordered: true },
    Column { name: "b", own: ["5", "'6'", "7::bigint"], cross: &["5::int", "5::smallint", "5.0", "5::double precision"], ordered: true },
    Column { name: "n", own: ["5", "'6'", "7.5"], cross: &["5::bigint", "5::double precision", "5::real", "5::int"], ordered: true },
    Column { name: "r", own: ["5", "'6'", "7.5"], cross: &["5::bigint", "5::double precision", "5::real", "5::numeric"], ordered: true },
    Column { name: "d", own: ["5", "'6'", "7.5"], cross: &["5::bigint", "5::real", "5::numeric"], ordered: true },
    Column {
        name: "t",
        own: ["'a'", "'b'", "'c'::text"],
        cross: &["'a'::varchar", "'a'::char(3)", "'a'::name", "'a'::citext", "'a' COLLATE \"C\""],
        ordered: true,
    },
    Column {
        name: "v",
        own: ["'a'", "'b'", "'c'::varchar"],
        cross: &["'a'::text", "'a'::char(3)", "'a'::name", "'a'::citext"],
        ordered: true,
    },
    Column { name: "c", own: ["'a'", "'b'", "'c'::char(10)"], cross: &["'a'::text", "'a'::varchar", "'a'::name"], ordered: true },
    Column { name: "ci", own: ["'a'", "'b'", "'c'::citext"], cross: &["'a'::text", "'a'::varchar"], ordered: true },
    Column { name: "nm", own: ["'a'", "'b'", "'c'::name"], cross: &["'a'::text", "'a'::varchar"], ordered: true },
    Column { name: "cc", own: ["'a'", "'b'", "'c'::text"], cross: &["'a'::varchar", "'a' COLLATE \"default\""], ordered: true },
    Column {
        name: "dt",
        own: ["'2024-05-01'", "'2024-05-02'", "date '2024-05-03'"],
        cross: &[
            "now()",
            "current_date",
            "timestamp '2024-05-01 10:00'",
            "'2024-05-01'::timestamptz",
            "current_date - 7",
            "now() - interval '1 day'",
        ],
        ordered: true,
    },
    Column {
        name: "ts",
        own: ["'2024-05-01'", "'2024-05-02 10:00'", "timestamp '2024-05-03'"],
        cross: &["now()", "current_date", "date '2024-05-01'", "localtimestamp", "now() - interval '7 days'"],
        ordered: true,
    },
    Column {
        name: "tz",
        own: ["'2024-05-01'", "'2024-05-02 10:00+00'", "now()"],
        cross: &[
            "current_date",
            "date '2024-05-01'",
            "timestamp '2024-05-01'",
            "now() - interval '7 days'",
            "now() - '7 days'::interval",
            "CURRENT_TIMESTAMP",
        ],
        ordered: true,
    },
    Column { name: "ti", own: ["'10:00'", "'11:00'", "time '12:00'"], cross: &["'10:00'::timetz", "interval '1 hour'"], ordered: true },
    Column { name: "iv", own: ["'1 hour'", "'2 hours'", "interval '3 hours'"], cross: &["time '01:00'"], ordered: true },
    Column {
        name: "u",
        own: [
            "'00000000-0000-0000-0000-000000000001'",
            "'00000000-0000-0000-0000-000000000002'",
            "'00000000-0000-0000-0000-000000000003'::uuid",
        ],
        cross: &["gen_random_uuid()"],
        ordered: true,
    },
    Column { name: "ip", own: ["'10.0.0.1'", "'10.0.0.2'", "inet '10.0.0.3'"], cross: &["cidr '10.0.0.0/8'"], ordered: true },
    Column { name: "cd", own: ["'10.1.0.0/16'", "'10.2.0.0/16'", "cidr '10.3.0.0/16'"], cross: &["inet '10.1.0.0/16'"], ordered: true },
    Column { name: "e", own: ["'sad'", "'ok'", "'happy'::mood"], cross: &[], ordered: true },
    Column { name: "em", own: ["'a@x'", "'b@x'", "'c@x'::email"], cross: &["'a@x'::text", "'a@x'::varchar"], ordered: true },
    Column { name: "am", own: ["5", "'6'", "7::amount"], cross: &["5::bigint", "5.0", "5::int"], ordered: true },
    Column { name: "o", own: ["5", "'6'", "7::oid"], cross: &["5::int", "5::bigint", "'t'::regclass"], ordered: true },
    Column { name: "mc", own: ["'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'", "macaddr '08:00:2b:01:02:05'"], cross: &[], ordered: true },
    Column { name: "by", own: ["'\\x01'", "'\\x02'", "'\\x03'::bytea"], cross: &[], ordered: true },
    Column { name: "m", own: ["'5'", "'6'", "'7'::money"], cross: &["5::money"], ordered: true },
    Column { name: "ta", own: ["'{a}'", "ARRAY['b']", "ARRAY['c']::text[]"], cross: &[], ordered: true },
    Column { name: "ia", own: ["'{1}'", "ARRAY[2]", "ARRAY[3]::int[]"], cross: &[], ordered: true },
    Column { name: "rg", own: ["'[1,5)'", "int4range(2,6)", "'[3,7)'::int4range"], cross: &[], ordered: true },
    Column { name: "j", own: ["'{}'", "'{\"a\":1}'", "'1'::jsonb"], cross: &[], ordered: true },
];

fn scalar_filters(column: &Column) -> Vec<String> {
    let c = column.name;
    let [a, b, typed] = column.own;
    let mut all = vec![];
    for value in [a, typed].into_iter().chain(column.cross.iter().copied()) {
        all.push(format!("{c} = {value}"));
        all.push(format!("{value} >= {c}"));
    }
    for op in ["<>", "<", "<=", ">", ">=", "!="] {
        all.push(format!("{c} {op} {b}"));
    }
    all.extend([
        format!("{c} BETWEEN {a} AND {b}"),
        format!("{c} NOT BETWEEN {a} AND {b}"),
        format!("{c} IN ({a}, {b})"),
        format!("{c} IN ({a})"),
        format!("{c} NOT IN ({a}, {b})"),
        format!("{c} = ANY (ARRAY[{typed}, {typed}])"),
        format!("{c} <> ALL (ARRAY[{typed}])"),
        format!("{c} IS NULL"),
        format!("{c} IS NOT NULL"),
        format!("NOT ({c} = {a})"),
        format!("NOT ({c} < {a})"),
        format!("NOT ({c} IS NULL)"),
        format!("{c} IS DISTINCT FROM {a}"),
        format!("{c} IS NOT DISTINCT FROM {a}"),
        format!("{c} IS NOT DISTINCT FROM NULL"),
        format!("{c} = {a} OR {c} = {b}"),
        format!("{c} = {a} OR i < 0"),
        format!("({c} = {a} AND bo) OR ({c} = {b} AND NOT bo)"),
        format!("({c}) = ({a})"),
        format!("t.{c} = {typed} AND filler = 'x'"),
        format!("{c}::text = 'x'"),
        format!("coalesce({c}, {typed}) = {typed}"),
        format!("{c} = (SELECT max(x.{c}) FROM t x WHERE false)")
            .replace("max", if matches!(c, "u" | "bo" | "by" | "j" | "cd" | "mc" | "rg") { "min" } else { "max" }),
    ]);
    all
}

fn indexes_of(column: &Column) -> Vec<String> {
    let c = column.name;
    let mut all = vec![
        format!("CREATE INDEX x ON t ({c})"),
        format!("CREATE INDEX x ON t ({c} DESC NULLS LAST, filler)"),
        format!("CREATE INDEX x ON t (filler, {c})"),
        format!("CREATE INDEX x ON t ({c}) WHERE {c} IS NOT NULL"),
    ];
    if !matches!(c, "m") {
        all.push(format!("CREATE INDEX x ON t USING hash ({c})"));
    }
    if !matches!(c, "rg" | "ta" | "ia" | "j" | "e" | "m" | "bo" | "ci") {
        all.push(format!("CREATE INDEX x ON t USING brin ({c})"));
    }
    if matches!(c, "i" | "b" | "t" | "v" | "tz" | "u" | "e" | "n" | "dt") {
        all.push(format!("CREATE INDEX x ON t USING gist ({c})"));
        all.push(format!("CREATE INDEX x ON t USING gin ({c})"));
    }
    all
}

fn filters(list: impl IntoIterator<Item = String>) -> Vec<String> {
    list.into_iter().map(|filter| format!("SELECT * FROM t WHERE {filter}")).collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

fn case(index: &str, queries: Vec<String>) -> Case {
    Case { indexes: index.to_owned(), queries }
}

/// Every query with every index.
fn product(all: &mut Vec<Case>, indexes: &[&str], queries: &[String]) {
    all.extend(indexes.iter().map(|index| case(index, queries.to_vec())));
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = vec![];
    for column in COLUMNS {
        let queries = filters(scalar_filters(column));
        all.extend(indexes_of(column).iter().map(|index| case(index, queries.clone())));
        if column.ordered {
            let c = column.name;
            let orders = ["", " DESC", " NULLS FIRST", " DESC NULLS LAST", " NULLS LAST"];
            let queries = orders.iter().map(|o| format!("SELECT * FROM t ORDER BY {c}{o} LIMIT 5")).collect();
            all.push(case(&format!("CREATE INDEX x ON t ({c})"), queries));
        }
    }
    texts(&mut all);
    booleans(&mut all);
    json(&mut all);
    sql_json(&mut all);
    composite(&mut all);
    others(&mut all);
    several_keys(&mut all);
    partial(&mut all);
    expressions(&mut all);
    shapes(&mut all);
    all
}
