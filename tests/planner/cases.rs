//! The pairs: column types × index kinds × operators × literals, written out as products, and single cases that a product misses.

mod json;

use json::{composite, json, sql_json};

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

fn texts(all: &mut Vec<Case>) {
    let patterns = [
        "LIKE 'a%'",
        "LIKE '%a'",
        "LIKE 'abc'",
        "LIKE 'a_c%'",
        "LIKE '_a%'",
        "LIKE 'a\\%b%'",
        "ILIKE 'a%'",
        "ILIKE '12%'",
        "ILIKE '%a%'",
        "LIKE '%abc%'",
        "NOT LIKE 'a%'",
        "NOT ILIKE 'a%'",
        "~ '^abc'",
        "~ 'abc'",
        "~ '^abc$'",
        "~* '^abc'",
        "~* 'abc'",
        "!~ '^abc'",
        "~~ 'a%'",
        "= 'a'",
        "> 'a'",
        "~ '^a.*'",
        "~ '^(ab|cd)'",
        "^@ 'abc'",
        "% 'abc'",
        "= 'a' COLLATE \"C\"",
        "LIKE 'a%' COLLATE \"C\"",
        "IN ('a', 'b')",
        "~>=~ 'a'",
        "LIKE 'a' || '%'",
        "LIKE ''",
        "LIKE ANY (ARRAY['a%', 'b%'])",
        "<> ''",
        "BETWEEN 'a' AND 'b'",
    ];
    for column in ["t", "v", "em", "cc"] {
        let mut queries = filters(patterns.iter().map(|p| format!("{column} {p}")));
        queries.extend(filters([
            format!("starts_with({column}, 'abc')"),
            format!("lower({column}) = 'abc'"),
            format!("lower({column}) LIKE 'abc%'"),
            format!("similarity({column}, 'abc') > 0.3"),
            format!("'abc' % {column}"),
            format!("'abc' <% {column}"),
            format!("upper({column}) = 'ABC'"),
            format!("{column} COLLATE \"C\" = 'a'"),
            format!("{column} COLLATE \"C\" LIKE 'a%'"),
            format!("left({column}, 3) = 'abc'"),
        ]));
        let indexes: Vec<String> = [
            "({c})",
            "({c} text_pattern_ops)",
            "({c} varchar_pattern_ops)",
            "({c} COLLATE \"C\")",
            "USING gin ({c} gin_trgm_ops)",
            "USING gist ({c} gist_trgm_ops)",
            "USING spgist ({c})",
            "USING hash ({c})",
            "USING brin ({c})",
            "(lower({c}))",
            "(lower({c}) text_pattern_ops)",
            "USING gin (lower({c}) gin_trgm_ops)",
            "(upper({c}))",
        ]
        .iter()
        .map(|i| format!("CREATE INDEX x ON t {}", i.replace("{c}", column)))
        .collect();
        product(all, &indexes.iter().map(String::as_str).collect::<Vec<_>>(), &queries);
    }
    let bpchar = filters(words(&["c LIKE 'a%'", "c LIKE 'abc'", "c = 'a'", "c > 'a'", "c ~ '^abc'", "c::text LIKE 'a%'"]));
    product(all, &["CREATE INDEX x ON t (c)", "CREATE INDEX x ON t (c bpchar_pattern_ops)"], &bpchar);
    let citext = filters(words(&[
        "ci LIKE 'a%'",
        "ci = 'A'",
        "ci = lower('A')",
        "lower(ci) = 'a'",
        "ci::text = 'a'",
        "ci IN ('a', 'b')",
        "ci ILIKE 'a%'",
    ]));
    product(
        all,
        &[
            "CREATE INDEX x ON t (ci)",
            "CREATE INDEX x ON t (lower(ci))",
            "CREATE INDEX x ON t (ci citext_pattern_ops)",
            "CREATE INDEX x ON t USING gin (ci gin_trgm_ops)",
        ],
        &citext,
    );
}

fn booleans(all: &mut Vec<Case>) {
    let mut queries = vec![];
    for column in ["bo", "bn"] {
        queries.extend(filters(
            [
                "{c}",
                "NOT {c}",
                "{c} = true",
                "{c} = false",
                "{c} <> true",
                "{c} IS TRUE",
                "{c} IS FALSE",
                "{c} IS NOT TRUE",
                "{c} IS NOT FALSE",
                "{c} IS NULL",
                "{c} IS NOT NULL",
                "{c} IS UNKNOWN",
                "{c} = 't'",
                "{c} IN (true)",
                "{c} IN (true, false)",
                "true = {c}",
                "{c} AND i = 5",
                "NOT {c} AND i > 5",
                "{c} OR i = 5",
                "{c} = (1 = 1)",
                "{c} IS NOT DISTINCT FROM true",
                "coalesce({c}, false)",
                "NOT coalesce({c}, false)",
                "NOT NOT {c}",
                "{c}::int = 1",
            ]
            .iter()
            .map(|f| f.replace("{c}", column)),
        ));
    }
    queries.extend(words(&[
        "SELECT * FROM t WHERE bn ORDER BY tz LIMIT 5",
        "SELECT * FROM t WHERE NOT bn ORDER BY tz DESC LIMIT 5",
        "SELECT * FROM t WHERE bo ORDER BY tz LIMIT 5",
        "SELECT * FROM t WHERE bo IS TRUE ORDER BY tz LIMIT 5",
        "SELECT * FROM t ORDER BY bn, tz LIMIT 5",
    ]));
    let indexes = [
        "CREATE INDEX x ON t (bo)",
        "CREATE INDEX x ON t (bn)",
        "CREATE INDEX x ON t (bn, tz)",
        "CREATE INDEX x ON t (bo, tz)",
        "CREATE INDEX x ON t (i) WHERE bo",
        "CREATE INDEX x ON t (i) WHERE NOT bn",
        "CREATE INDEX x ON t (i) WHERE bn = true",
        "CREATE INDEX x ON t (i) WHERE bo IS TRUE",
        "CREATE INDEX x ON t (i) WHERE bn IS FALSE",
        "CREATE INDEX x ON t (i) WHERE bo IS NOT TRUE",
        "CREATE INDEX x ON t (tz) WHERE bn",
        "CREATE INDEX x ON t USING hash (bo)",
        "CREATE INDEX x ON t (coalesce(bo, false))",
    ];
    product(all, &indexes, &queries);
}

fn others(all: &mut Vec<Case>) {
    let arrays = filters(words(&[
        "ta @> ARRAY['a1']",
        "ta @> '{a1}'",
        "ta && ARRAY['a1', 'b']",
        "ta <@ ARRAY['a1']",
        "ta = ARRAY['a1']",
        "'a1' = ANY (ta)",
        "ta[1] = 'a1'",
        "ARRAY['a1'] <@ ta",
        "ARRAY['a1'] && ta",
        "array_length(ta, 1) = 2",
        "array_position(ta, 'a') IS NOT NULL",
        "NOT (ta @> ARRAY['a1'])",
        "ta || ARRAY['b'] = ARRAY['c']",
        "ta IS NULL",
        "ta <> '{}'",
        "ta @> ARRAY['a1']::text[]",
    ]));
    product(
        all,
        &[
            "CREATE INDEX x ON t USING gin (ta)",
            "CREATE INDEX x ON t (ta)",
            "CREATE INDEX x ON t ((ta[1]))",
            "CREATE INDEX x ON t USING gin (ta, i)",
        ],
        &arrays,
    );
    let ints =
        filters(words(&["ia @> ARRAY[7]", "ia @> '{7}'", "7 = ANY (ia)", "ia && ARRAY[1, 2]", "ia[1] = 7", "ia @> ARRAY[7::bigint]"]));
    product(all, &["CREATE INDEX x ON t USING gin (ia)", "CREATE INDEX x ON t (ia)"], &ints);
    let varchars = filters(words(&["va @> '{x}'", "va && ARRAY['x']::varchar[]", "va @> ARRAY['x']", "'x' = ANY (va)"]));
    product(all, &["CREATE INDEX x ON t USING gin (va)"], &varchars);
    let words_of = filters(words(&[
        "tv @@ to_tsquery('simple', 'word5')",
        "tv @@ plainto_tsquery('word5')",
        "tv @@ 'word5'",
        "to_tsquery('simple', 'word5') @@ tv",
        "to_tsvector('english', t) @@ to_tsquery('english', 'x')",
        "to_tsvector('simple', t) @@ to_tsquery('x')",
        "to_tsvector(t) @@ to_tsquery('x')",
        "t @@ to_tsquery('x')",
        "tv IS NOT NULL",
        "to_tsvector('english'::regconfig, coalesce(t, '')) @@ to_tsquery('x')",
        "to_tsvector('english', coalesce(t, '') || ' ' || coalesce(v, '')) @@ websearch_to_tsquery('english', 'x')",
        "tv @@ to_tsquery('a') OR t = 'x'",
    ]));
    product(
        all,
        &[
            "CREATE INDEX x ON t USING gin (tv)",
            "CREATE INDEX x ON t USING gist (tv)",
            "CREATE INDEX x ON t USING gin (to_tsvector('english', t))",
            "CREATE INDEX x ON t USING gin (to_tsvector('english', coalesce(t, '')))",
            "CREATE INDEX x ON t USING gin (to_tsvector('english', coalesce(t, '') || ' ' || coalesce(v, '')))",
        ],
        &words_of,
    );
    let ranges = filters(words(&[
        "rg @> 5",
        "rg @> int4range(5, 6)",
        "rg && int4range(5, 6)",
        "5 <@ rg",
        "rg <@ int4range(1, 100)",
        "rg = int4range(1, 5)",
        "rg -|- int4range(1, 5)",
        "rg << int4range(1, 5)",
        "rg && '[1,5]'",
        "upper(rg) > 5",
        "lower(rg) = 5",
        "isempty(rg)",
        "rg IS NULL",
        "rg @> i",
        "tr @> now()",
        "tr && tstzrange(now(), null)",
        "tr @> '2024-05-01'::timestamptz",
        "rg > int4range(1,2)",
    ]));
    product(
        all,
        &[
            "CREATE INDEX x ON t USING gist (rg)",
            "CREATE INDEX x ON t USING spgist (rg)",
            "CREATE INDEX x ON t (rg)",
            "CREATE INDEX x ON t USING gist (tr)",
            "CREATE INDEX x ON t (upper(rg))",
            "CREATE INDEX x ON t USING brin (rg)",
            "CREATE INDEX x ON t USING gist (i, rg)",
        ],
        &ranges,
    );
    let places = filters(words(&[
        "p <@ box '(0,0),(10,10)'",
        "p <@ circle '((0,0),5)'",
        "box '(0,0),(10,10)' @> p",
        "p ~= point '(1,1)'",
        "p << point '(5,5)'",
        "p <-> point '(0,0)' < 5",
        "bx && box '(0,0),(1,1)'",
        "bx @> box '(0,0),(1,1)'",
        "bx <@ box '(0,0),(5,5)'",
        "bx = box '(0,0),(1,1)'",
    ]));
    let mut with_order = places.clone();
    with_order.push("SELECT * FROM t WHERE p <@ box '(0,0),(5,5)' AND i > 5".to_owned());
    product(
        all,
        &[
            "CREATE INDEX x ON t USING gist (p)",
            "CREATE INDEX x ON t USING spgist (p)",
            "CREATE INDEX x ON t USING gist (bx)",
            "CREATE INDEX x ON t USING spgist (bx)",
            "CREATE INDEX x ON t USING brin (bx)",
        ],
        &with_order,
    );
    let nets = filters(words(&[
        "ip << inet '10.0.0.0/8'",
        "ip <<= '10.0.0.0/8'",
        "ip >>= '10.0.0.1'",
        "ip && inet '10.0.0.0/8'",
        "inet '10.0.0.0/8' >> ip",
        "ip = '10.0.0.1'",
        "ip > '10.0.0.1'",
        "host(ip) = '10.0.0.1'",
        "cd >>= inet '10.1.2.3'",
        "cd = '10.1.0.0/16'",
        "ip << cd",
    ]));
    product(
        all,
        &[
            "CREATE INDEX x ON t (ip)",
            "CREATE INDEX x ON t USING gist (ip inet_ops)",
            "CREATE INDEX x ON t USING spgist (ip)",
            "CREATE INDEX x ON t USING gist (cd inet_ops)",
            "CREATE INDEX x ON t (cd)",
            "CREATE INDEX x ON t USING brin (ip)",
        ],
        &nets,
    );
}

fn several_keys(all: &mut Vec<Case>) {
    let mut queries = filters(words(&[
        "i = 5",
        "t = 'x'",
        "i = 5 AND t = 'x'",
        "t = 'x' AND i = 5",
        "i > 5 AND t = 'x'",
        "i = 5 AND t > 'x'",
        "i IN (1, 2) AND t = 'x'",
        "(i, t) = (5, 'x')",
        "(i, t) > (5, 'x')",
        "(t, i) > ('x', 5)",
        "(i, b) >= (5, 6)",
        "(i, t) IN ((1, 'a'), (2, 'b'))",
        "(i, t) <> (5, 'x')",
        "i = 5 OR t = 'x'",
        "i = 5 AND (t = 'x' OR t = 'y')",
        "(i = 5 AND t = 'x') OR (i = 6 AND t = 'y')",
        "(i = 5 AND t = 'x') OR (i = 5 AND b = 6)",
        "b = 5",
        "b = 5 AND i = 5",
        "tz > now()",
        "i = 5 AND tz > now() - interval '1 day'",
        "i = b",
        "i = b AND b = 5",
        "i + 1 = 6",
        "i = 5 + 1",
        "i < 5 OR i > 10",
        "NOT (i = 5 OR t = 'x')",
        "NOT (i <> 5)",
        "NOT (i <> 5 OR t <> 'x')",
        "i = ANY ('{1,2}')",
        "i = ANY ('{1,2}'::int[])",
        "i = ANY (ARRAY[1, 2]::bigint[])",
        "i = ALL ('{1}')",
        "i > ANY ('{1,2}')",
        "5 = ANY (ARRAY[i, s])",
        "i IN (5, s)",
        "i IN (1, 2.5)",
        "b IN (1, 2)",
        "n IN (1, 2.5)",
        "i IN (SELECT id FROM o)",
        "i NOT IN (SELECT id FROM o)",
        "EXISTS (SELECT 1 FROM o WHERE o.id = t.i)",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.id = t.i)",
        "i = (SELECT id FROM o LIMIT 1)",
        "i = (SELECT max(id) FROM o WHERE o.k = t.t)",
        "i = random()",
        "i = floor(random() * 10)::int",
        "i = abs(-5)",
        "i::bigint = 5",
        "i::text = '5'",
        "abs(i) = 5",
        "-i = 5",
        "i = -5",
        "i = +5",
        "i IS NULL",
        "t IS NULL AND i = 5",
        "t || 'a' = 'b'",
        "i = 5 AND t LIKE 'a%'",
        "i = NULL",
        "i = 5 AND i = 6",
        "i > 3 AND i < 9",
        "true",
        "false",
        "i = 5 AND true",
        "i = 5 OR false",
        "CASE WHEN i = 5 THEN true ELSE false END",
        "nullif(i, 0) = 5",
        "greatest(i, s) = 5",
        "i BETWEEN SYMMETRIC 9 AND 1",
        "tz::date = '2024-05-01'",
        "date_trunc('day', tz) = '2024-05-01'",
        "tz AT TIME ZONE 'UTC' > '2024-05-01'",
        "extract(year from tz) = 2024",
        "i % 2 = 0",
    ]));
    queries.extend(words(&[
        "SELECT * FROM t ORDER BY i LIMIT 5",
        "SELECT * FROM t ORDER BY i DESC LIMIT 5",
        "SELECT * FROM t ORDER BY i, t LIMIT 5",
        "SELECT * FROM t ORDER BY i DESC, t DESC LIMIT 5",
        "SELECT * FROM t ORDER BY i, t DESC LIMIT 5",
        "SELECT * FROM t WHERE i = 5 ORDER BY t LIMIT 5",
        "SELECT * FROM t WHERE i = 5 ORDER BY t DESC LIMIT 5",
        "SELECT * FROM t WHERE i = 5 ORDER BY i, t LIMIT 5",
        "SELECT * FROM t WHERE i > 5 ORDER BY t LIMIT 5",
        "SELECT * FROM t WHERE i > 5 ORDER BY i LIMIT 5",
        "SELECT * FROM t WHERE t = 'x' ORDER BY i LIMIT 5",
        "SELECT * FROM t ORDER BY tz DESC LIMIT 5",
        "SELECT * FROM t WHERE i = 5 ORDER BY tz DESC LIMIT 5",
        "SELECT * FROM t ORDER BY tz DESC NULLS LAST LIMIT 5",
        "SELECT * FROM t WHERE i = 5 ORDER BY tz DESC NULLS LAST LIMIT 5",
        "SELECT * FROM t ORDER BY i NULLS FIRST LIMIT 5",
        "SELECT * FROM t ORDER BY i + 1 LIMIT 5",
        "SELECT i AS z, t.* FROM t ORDER BY z LIMIT 5",
        "SELECT i, t.* FROM t ORDER BY 1 LIMIT 5",
        "SELECT * FROM t ORDER BY i, i LIMIT 5",
        "SELECT * FROM t WHERE t = 'x' ORDER BY i, t LIMIT 5",
        "SELECT max(i) FROM t",
        "SELECT min(i) FROM t WHERE t = 'x'",
        "SELECT max(tz) FROM t WHERE i = 5",
        "SELECT min(b) FROM t",
        "SELECT * FROM t ORDER BY t LIMIT 5",
        "SELECT * FROM t ORDER BY t COLLATE \"C\" LIMIT 5",
        "SELECT * FROM t ORDER BY lower(t) LIMIT 5",
        "SELECT DISTINCT ON (i) * FROM t ORDER BY i, tz DESC",
        "SELECT DISTINCT ON (i) * FROM t ORDER BY i, t",
    ]));
    let indexes = [
        "CREATE INDEX x ON t (i, t)",
        "CREATE INDEX x ON t (t, i)",
        "CREATE INDEX x ON t (i, t DESC)",
        "CREATE INDEX x ON t (i, tz DESC)",
        "CREATE INDEX x ON t (tz DESC NULLS LAST)",
        "CREATE INDEX x ON t (i, tz DESC NULLS LAST)",
        "CREATE INDEX x ON t (b, i)",
        "CREATE INDEX x ON t (i) INCLUDE (t)",
        "CREATE UNIQUE INDEX x ON t (i)",
        "CREATE INDEX x ON t (i DESC, t DESC)",
        "CREATE INDEX x ON t ((i + 1))",
        "CREATE INDEX x ON t (t COLLATE \"C\")",
        "CREATE INDEX x ON t (lower(t))",
        "CREATE INDEX x1 ON t (i); CREATE INDEX x2 ON t (t)",
        "CREATE INDEX x1 ON t (i) WHERE t = 'x'; CREATE INDEX x2 ON t (b)",
        "CREATE INDEX x ON t ((tz AT TIME ZONE 'UTC'))",
        "CREATE INDEX x ON t (i, b, t)",
        "CREATE INDEX x ON t USING brin (i, b)",
        "CREATE INDEX x ON t USING gin (i, t)",
        "CREATE INDEX x ON t (date_trunc('day', ts))",
        "CREATE INDEX x ON t (abs(i))",
        "CREATE INDEX x ON t USING hash (i)",
    ];
    product(all, &indexes, &queries);
}

fn partial(all: &mut Vec<Case>) {
    let queries = filters(words(&[
        "i = 5",
        "i = 5 AND t = 'a'",
        "t = 'a'",
        "i = 5 AND t IN ('a', 'b')",
        "i = 5 AND t IN ('a', 'c')",
        "i = 5 AND (t = 'a' OR t = 'b')",
        "i = 5 AND t <> 'z'",
        "i = 5 AND t = 'z'",
        "i = 5 AND b > 10",
        "i = 5 AND b > 20",
        "i = 5 AND b >= 10",
        "i = 5 AND b = 11",
        "i = 5 AND b BETWEEN 11 AND 20",
        "i = 5 AND b > 5",
        "i = 5 AND tz > '2024-05-01'",
        "i = 5 AND tz > '2024-06-01'",
        "i = 5 AND tz IS NULL",
        "i = 5 AND tz IS NOT NULL",
        "i = 5 AND tz > now()",
        "i = 5 AND NOT bn",
        "i = 5 AND bn = false",
        "i = 5 AND bn",
        "i = 5 AND bn IS NOT TRUE",
        "i = 5 AND e = 'ok'",
        "i = 5 AND e IN ('ok', 'sad')",
        "i = 5 AND e <> 'happy'",
        "i = 5 AND t IS NOT NULL",
        "i = 5 AND lower(t) = 'a'",
        "i = 5 AND t LIKE 'a%'",
        "i = 5 AND v = 'a'",
        "i = 5 AND b = 11 AND t = 'a'",
        "i = 5 AND j->>'k' = 'x'",
        "i = 5 AND s = 3",
        "i = 5 AND s IN (3)",
        "i = 5 AND s IN (1, 3)",
        "i = 5 AND s > 2",
        "i = 5 AND s < 100 AND s > 7",
        "i = 5 AND s = ANY ('{3}')",
        "i = 5 AND dt > '2024-05-01'",
        "i = 5 AND dt > '2024-06-01'::date",
        "i = 5 AND n > 10.5",
        "i = 5 AND n >= 11",
        "i = 5 AND (b > 10 AND t = 'a')",
        "i = 5 AND (b > 10 OR t = 'a')",
        "i = 5 AND (b > 30 OR t = 'a')",
        "i = 5 AND t = (SELECT k FROM o LIMIT 1)",
        "i IS NOT NULL",
        "i > 5",
        "t = 'a' OR t = 'b'",
        "NOT (t <> 'a') AND i = 5",
        "i = 5 AND coalesce(t, '') = 'a'",
        "i = 5 AND 'a' = t",
        "i = 5 AND 10 < b",
        "i = 5 AND t > 'a'",
        "i = 5 AND u IS NULL",
        "i = 5 AND s <> 3",
        "i = 5 AND NOT (s = 3)",
        "i = 5 AND b IS NOT NULL AND b <> 0",
        "i = 5 AND v = 'a'::text",
        "i = 5 AND t = 'a'::varchar",
    ]));
    let predicates = [
        "t = 'a'",
        "t IN ('a', 'b')",
        "t = 'a' OR t = 'b'",
        "t <> 'z'",
        "b > 10",
        "b >= 10",
        "b > 10 AND t = 'a'",
        "b > 10 OR t = 'a'",
        "tz > '2024-05-01 00:00+00'",
        "tz IS NULL",
        "tz IS NOT NULL",
        "NOT bn",
        "bn = false",
        "e = 'ok'",
        "e IN ('ok', 'sad')",
        "e <> 'happy'",
        "t IS NOT NULL",
        "lower(t) = 'a'",
        "j->>'k' IS NOT NULL",
        "s = 3",
        "s > 2",
        "s <> 3",
        "s IN (1, 2, 3)",
        "dt > '2024-05-01'",
        "n > 10",
        "v = 'a'",
        "b IS NOT NULL",
        "s < 50",
        "i > 0",
        "u IS NULL",
        "i = 5",
        "t = 'a' AND tz IS NULL",
        "coalesce(t, '') = 'a'",
        "b BETWEEN 10 AND 20",
        "length(t) > 3",
        "b <> 0",
    ];
    for predicate in predicates {
        all.push(case(&format!("CREATE INDEX x ON t (i) WHERE {predicate}"), queries.clone()));
    }
}

fn expressions(all: &mut Vec<Case>) {
    let queries = filters(words(&[
        "lower(t) = 'a'",
        "lower(t.t) = 'a'",
        "lower( t ) = lower('A')",
        "lower(v) = 'a'",
        "lower(v::text) = 'a'",
        "lower(c) = 'a'",
        "upper(lower(t)) = 'A'",
        "t || v = 'ab'",
        "(t || '-') || v = 'a-b'",
        "t || '-' || v = 'a-b'",
        "i + s = 5",
        "s + i = 5",
        "(i + 1) * 2 = 6",
        "i * 2 = 4",
        "i + 1::int = 6",
        "(i + 1) > 5",
        "coalesce(t, v) = 'a'",
        "coalesce(t, '') = 'a'",
        "coalesce(t, ''::text) = 'a'",
        "coalesce(i, 0) = 5",
        "COALESCE(b, 0) = 5",
        "date(ts) = '2024-05-01'",
        "ts::date = '2024-05-01'",
        "CAST(ts AS date) = '2024-05-01'",
        "date_trunc('day', ts) = '2024-05-01'",
        "date_trunc('month', ts) = '2024-05-01'",
        "(tz AT TIME ZONE 'UTC')::date = '2024-05-01'",
        "timezone('UTC', tz) = '2024-05-01'",
        "extract(year FROM ts) = 2024",
        "date_part('year', ts) = 2024",
        "i::text = '5'",
        "i::bigint = 5",
        "b::int = 5",
        "t::varchar = 'a'",
        "v::text = 'a'",
        "t::varchar(10) = 'a'",
        "n::int = 5",
        "substring(t, 1, 3) = 'abc'",
        "substr(t, 1, 3) = 'abc'",
        "substring(t from 1 for 3) = 'abc'",
        "left(t, 3) = 'abc'",
        "md5(t) = 'x'",
        "length(t) = 5",
        "char_length(t) = 5",
        "trim(t) = 'a'",
        "btrim(t) = 'a'",
        "replace(t, 'a', 'b') = 'c'",
        "CASE WHEN bo THEN t ELSE v END = 'a'",
        "(bo AND bn)",
        "bo AND bn",
        "(i > 5) = true",
        "(i > 5) IS TRUE",
        "i > 5",
        "nullif(t, '') = 'a'",
        "nullif(t, '') IS NOT NULL",
        "abs(i) = 5",
        "abs(-5) = i",
        "-i = 5",
        "lower(em) = 'a@x'",
        "lower(t) LIKE 'a%'",
        "lower(t) IN ('a', 'b')",
        "lower(t) IS NULL",
        "i # 5 = 1",
        "i & 1 = 1",
        "mod(i, 10) = 1",
        "i % 10 = 1",
        "round(n) = 5",
        "ta[1] = 'a'",
        "cardinality(ta) = 1",
        "tz - interval '1 day' > '2024-01-01'",
        "ts - interval '1 day' > '2024-01-01'",
        "ts + interval '1 day' > '2024-01-01'",
        "upper(t) = 'A'",
        "concat(t, v) = 'ab'",
        "(i, s) = (1, 2)",
        "bo IS TRUE",
        "(t IS NULL)",
        "(t IS NULL) = true",
        "lower(t) = any(array['a'])",
        "lower(t) = lower(v)",
    ]));
    let indexes = [
        "(lower(t))",
        "(lower(v))",
        "(lower(em))",
        "(lower(c))",
        "((t || v))",
        "((t || '-' || v))",
        "((i + s))",
        "(((i + 1) * 2))",
        "((i + 1))",
        "(coalesce(t, ''))",
        "(coalesce(t, v))",
        "(coalesce(i, 0))",
        "(coalesce(b, 0))",
        "(date(ts))",
        "((ts::date))",
        "(date_trunc('day', ts))",
        "(((tz AT TIME ZONE 'UTC')::date))",
        "(timezone('UTC', tz))",
        "(extract(year FROM ts))",
        "(date_part('year', ts))",
        "((i::text))",
        "((i::bigint))",
        "((b::int))",
        "((v::text))",
        "((t::varchar(10)))",
        "((n::int))",
        "(substring(t, 1, 3))",
        "(substr(t, 1, 3))",
        "(\"left\"(t, 3))",
        "(md5(t))",
        "(length(t))",
        "(btrim(t))",
        "((CASE WHEN bo THEN t ELSE v END))",
        "((bo AND bn))",
        "((i > 5))",
        "(nullif(t, ''))",
        "(abs(i))",
        "((-i))",
        "(mod(i, 10))",
        "((i % 10))",
        "((ta[1]))",
        "((ts - interval '1 day'))",
        "(upper(t))",
        "((t IS NULL))",
        "(upper(lower(t)))",
        "((t::varchar))",
        "(round(n))",
    ];
    for index in indexes {
        all.push(case(&format!("CREATE INDEX x ON t {index}"), queries.clone()));
    }
}

/// Joins, subqueries, CTEs, views, set operations, writes.
fn shapes(all: &mut Vec<Case>) {
    let queries = words(&[
        "SELECT * FROM o JOIN t ON t.i = o.id",
        "SELECT * FROM o JOIN t ON t.i = o.id WHERE o.k = 'x'",
        "SELECT * FROM o LEFT JOIN t ON t.i = o.id",
        "SELECT * FROM t LEFT JOIN o ON t.i = 5",
        "SELECT * FROM t LEFT JOIN o ON o.id = 5 WHERE t.i = 5",
        "SELECT * FROM o LEFT JOIN t ON t.i = 5",
        "SELECT * FROM o LEFT JOIN t ON true WHERE t.i = 5",
        "SELECT * FROM o LEFT JOIN t ON true WHERE t.t IS NULL",
        "SELECT * FROM o, t WHERE t.i = o.id",
        "SELECT * FROM o JOIN t ON t.i = o.big",
        "SELECT * FROM o JOIN t ON t.i = o.num",
        "SELECT * FROM o JOIN t ON t.t = o.vk",
        "SELECT * FROM o JOIN t ON t.t = o.ck",
        "SELECT * FROM o JOIN t ON t.t = o.k AND t.i > 5",
        "SELECT * FROM o JOIN t ON lower(t.t) = o.k",
        "SELECT * FROM (SELECT * FROM t) x WHERE x.i = 5",
        "SELECT * FROM (SELECT i AS z, t FROM t) x WHERE x.z = 5",
        "SELECT * FROM (SELECT i, count(*) FROM t GROUP BY i) x WHERE i = 5",
        "SELECT * FROM (SELECT i, count(*) AS n FROM t GROUP BY i) x WHERE n = 5",
        "SELECT * FROM (SELECT * FROM t LIMIT 10) x WHERE i = 5",
        "SELECT * FROM (SELECT DISTINCT i, t FROM t) x WHERE i = 5",
        "SELECT * FROM (SELECT DISTINCT ON (t) i, t FROM t ORDER BY t) x WHERE i = 5",
        "SELECT * FROM (SELECT i, row_number() OVER (ORDER BY t) FROM t) x WHERE i = 5",
        "SELECT * FROM (SELECT i FROM t UNION ALL SELECT id FROM o) x WHERE i = 5",
        "SELECT * FROM (SELECT i FROM t UNION SELECT id FROM o) x WHERE i = 5",
        "SELECT * FROM (SELECT id FROM o UNION ALL SELECT i FROM t) x WHERE id = 5",
        "WITH x AS (SELECT * FROM t) SELECT * FROM x WHERE i = 5",
        "WITH x AS MATERIALIZED (SELECT * FROM t) SELECT * FROM x WHERE i = 5",
        "WITH x AS (SELECT * FROM t) SELECT * FROM x a JOIN x b ON a.i = b.s WHERE a.i = 5",
        "WITH x AS NOT MATERIALIZED (SELECT * FROM t) SELECT * FROM x a JOIN x b ON a.i = b.s WHERE a.i = 5",
        "WITH x (z) AS (SELECT i FROM t) SELECT * FROM x WHERE z = 5",
        "SELECT * FROM o, LATERAL (SELECT * FROM t WHERE t.i = o.id LIMIT 1) x",
        "SELECT *, (SELECT max(t.b) FROM t WHERE t.i = o.id) FROM o",
        "SELECT * FROM o WHERE EXISTS (SELECT 1 FROM t WHERE t.i = o.id)",
        "SELECT * FROM o WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.i = o.id)",
        "SELECT * FROM o WHERE id = ANY (SELECT i FROM t WHERE t.t = 'x')",
        "SELECT i FROM t WHERE i = 5 UNION ALL SELECT id FROM o",
        "SELECT * FROM t a JOIN t b ON a.i = b.i WHERE a.t = 'x'",
        "UPDATE t SET t = 'y' WHERE i = 5",
        "DELETE FROM t WHERE i = 5 RETURNING t",
        "UPDATE t SET t = o.k FROM o WHERE o.id = t.i",
        "DELETE FROM t USING o WHERE o.id = t.i",
        "INSERT INTO o (id) SELECT i FROM t WHERE i = 5",
        "SELECT count(*) FROM t WHERE i = 5",
        "SELECT t, count(*) FROM t WHERE i = 5 GROUP BY t HAVING count(*) > 1",
        "SELECT * FROM t x WHERE x.i = 5",
        "SELECT * FROM public.t WHERE public.t.i = 5",
        "SELECT * FROM t WHERE i = (SELECT 5)",
        "SELECT * FROM t AS a (x1, x2, x3) WHERE a.x1 = 5",
        "SELECT * FROM t AS a (x1, x2, x3) WHERE a.x2 = 5",
        "SELECT * FROM o JOIN (SELECT i, t FROM t WHERE t = 'x') x ON x.i = o.id",
        "SELECT * FROM (o JOIN t ON o.id = t.i) WHERE t.t = 'x'",
        "SELECT * FROM o FULL JOIN t ON t.i = o.id WHERE t.i = 5",
        "SELECT * FROM o RIGHT JOIN t ON t.i = o.id",
        "SELECT * FROM t RIGHT JOIN o ON t.i = o.id",
        "SELECT * FROM o JOIN LATERAL (SELECT * FROM t WHERE t.i = o.id) x ON true",
        "SELECT * FROM (SELECT i + 1 AS z, t FROM t) x WHERE x.z = 5",
        "SELECT * FROM (SELECT lower(t) AS z, i FROM t) x WHERE x.z = 'a'",
        "SELECT * FROM generate_series(1, 3) g JOIN t ON t.i = g",
        "SELECT * FROM (VALUES (1), (2)) v (id) JOIN t ON t.i = v.id",
        "MERGE INTO t USING o ON t.i = o.id WHEN MATCHED THEN UPDATE SET t = o.k",
        "WITH RECURSIVE r AS (SELECT i, s FROM t WHERE i = 5 UNION ALL SELECT t.i, t.s FROM t JOIN r ON t.i = r.s) SELECT * FROM r",
        "SELECT * FROM t WHERE i = 5 FOR UPDATE",
        "SELECT * FROM (SELECT * FROM t ORDER BY t) x WHERE i = 5",
        "SELECT * FROM (SELECT max(i) AS m FROM t) x WHERE m = 5",
        "SELECT * FROM (SELECT *, 1 AS one FROM t OFFSET 0) x WHERE i = 5",
        "SELECT * FROM o LEFT JOIN t ON t.i = o.id WHERE t.t = 'x'",
        "SELECT * FROM o LEFT JOIN (SELECT i, t FROM t WHERE t = 'x') x ON x.i = o.id",
        "SELECT * FROM o LEFT JOIN t ON t.i = o.id AND t.t = 'x'",
        "SELECT * FROM o LEFT JOIN t ON t.i = o.id AND o.k = 'x'",
        "SELECT * FROM t NATURAL JOIN (SELECT id AS i FROM o) o2",
        "SELECT * FROM t JOIN (SELECT id AS i FROM o) o2 USING (i)",
        "SELECT * FROM t JOIN (SELECT id AS i FROM o) o2 USING (i) WHERE i = 5",
    ]);
    product(
        all,
        &[
            "CREATE INDEX x ON t (i)",
            "CREATE INDEX x ON t (t)",
            "CREATE INDEX x ON t (i, t)",
            "CREATE INDEX x ON t (i) WHERE t = 'x'",
            "CREATE INDEX x ON t (lower(t))",
            "CREATE INDEX x ON t (i) WHERE t IS NULL",
            "CREATE INDEX x ON t ((i + 1))",
            "CREATE INDEX x ON t USING hash (i)",
        ],
        &queries,
    );
}
