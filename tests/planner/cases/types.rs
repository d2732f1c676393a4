//! Operators of types that have classes of their own: text patterns, booleans, arrays, ranges, full text and the like.

use super::{Case, filters, product, words};

pub(super) fn texts(all: &mut Vec<Case>) {
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

pub(super) fn booleans(all: &mut Vec<Case>) {
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

pub(super) fn others(all: &mut Vec<Case>) {
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
