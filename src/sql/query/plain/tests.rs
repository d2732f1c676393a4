#![allow(clippy::unwrap_used)]
use super::*;
use crate::sql::{lex::lex, token::Dialect};
use proptest::prelude::*;

#[test]
fn short_and_long_way_agree() {
    let words = [
        "a",
        "A",
        "größe",
        "ÄB",
        "\"A b\"",
        "\"a\"\"b\"",
        "'x'",
        "'it''s'",
        "''",
        "1",
        "1.5e3",
        "0x1F",
        "1_000",
        "name",
        "value",
        "key",
        "zone",
        "year",
        "default",
        "at",
        "between",
        "exists",
        "collation",
        "interval",
        "timestamp",
        "time",
        "char",
        "row",
        "date",
        "setof",
        "coalesce",
        "operator",
        "in",
        "is",
        "null",
        "true",
        "user",
        "current_date",
        "array",
        "case",
        "not",
        "any",
        "localtime",
        "overlaps",
        "escape",
        "excluded",
        "new",
        "*",
        "?",
        "$1",
        "e'a'",
        "b'1'",
        "$$a$$",
        "values",
        "nulls",
        "filter",
        "over",
    ];
    let calls = [
        "now()",
        "NOW()",
        "gen_random_uuid()",
        "\"f\"()",
        "left()",
        "count()",
        "json_object()",
        "json_array()",
        "cast()",
        "extract()",
        "trim()",
        "row()",
        "array()",
        "exists()",
        "time()",
        "interval()",
        "date()",
        "operator()",
        "values()",
        "coalesce()",
        "nullif()",
        "greatest()",
        "xmlforest()",
        "f ( )",
        "f(/* x */)",
        "grouping()",
        "position()",
        "overlay()",
        "char()",
        "any()",
        "if()",
        "case()",
        "at()",
        "between()",
        "collation()",
        "group()",
        "floor()",
        "ceil()",
        "convert()",
        "map()",
        "struct()",
        "current_date()",
        "unnest()",
    ];
    let operands = ["a", "t.a", "s.t.a", "\"T\".\"A\"", "'x'", "1", "NULL", "true", "$1", "f()", "f(a)", "lower(t.a)", "coalesce(a, 0)"];
    let mut shapes: Vec<String> = words.iter().chain(&calls).map(|sql| (*sql).to_owned()).collect();
    shapes.extend(
        calls.iter().flat_map(|call| ["a", "a, 'b'", "*", "t.a, f(1)", "DISTINCT a"].map(|args| call.replace("()", &format!("({args})")))),
    );
    shapes.extend(words.iter().flat_map(|word| [format!("t.{word}"), format!("{word} = 1"), format!("f({word})"), format!("a {word} b")]));
    let operators = OPERATORS
        .iter()
        .map(|(op, ..)| *op)
        .chain(["~", "->>'k' =", "::text =", "IS", "%", "AND", "OR", "^", "#>>", "?", "&&", ">=-", "- -"]);
    for op in operators {
        shapes.extend(operands.iter().flat_map(|left| operands.map(|right| format!("{left} {op} {right}"))));
    }
    for rest in ["b = 2", "t.b <> 'x'", "b", "NOT b", "b BETWEEN 1 AND 2", "c + 1 > 2", "(b)", "b OR c", "f(b) = $2 AND c = 1"] {
        shapes.extend([format!("a = 1 AND {rest}"), format!("{rest} AND a = 1"), format!("a BETWEEN b AND {rest}")]);
    }
    let read_here = shapes.iter().filter(|sql| agrees(sql)).count();
    assert!(read_here > 3000, "{read_here} of {}", shapes.len());
}

/// Whether the short way reads it; what it reads the long way must read alike.
fn agrees(sql: &str) -> bool {
    let tokens = lex(sql, Span::new(0, sql.len() as u32), Dialect::Host);
    let tokens: Vec<Token> = tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect();
    let Some(short) = read(FileId(0), sql, &tokens) else { return false };
    let long = super::super::parsed(FileId(0), sql, &tokens);
    match (short, long) {
        (Ok(short), Ok(long)) => assert_eq!(format!("{short:?}"), format!("{long:?}"), "{sql}"),
        (Err(short), Err(long)) => assert_eq!(short.message, long.message, "{sql}"),
        (short, long) => panic!("{sql}: {short:?} here, {long:?} the long way"),
    }
    true
}

/// Expressions of every shape that is read here, and of some that are not.
fn expression() -> impl Strategy<Value = String> {
    let atoms = prop::sample::select(vec![
        "a",
        "t.a",
        "s.t.a",
        "\"A\"",
        "'x'",
        "1",
        "-1",
        "- 2.5",
        "NULL",
        "true",
        "$1",
        "now()",
        "count(*)",
        "t.*",
        "CURRENT_DATE",
        "user",
        "current_schema",
        "localtime",
        "interval '1 day'",
        "E'a\\n'",
        "$$a$$",
        "U&'a'",
        "a[1]",
        "t.a[i]",
        "a[1][2]",
        "a[1:2]",
        "s.f(a)",
        "sqlc.arg(a)",
        "s.t.f(a)",
        "interval '1' day",
        "interval '1 day' 'x'",
        "date '2020-01-01'",
        "$name",
        ":name",
        "@name",
        "?",
        "%s",
        "%(name)s",
        "{}",
        "${a}",
        "ARRAY[1, 2]",
        "ARRAY[]",
        "a[1]",
        "(SELECT 1)",
        "EXISTS (SELECT 1)",
    ]);
    let operator = || prop::sample::select(OPERATORS.iter().map(|(op, ..)| *op).chain(["^", "?", "<->", "AND", "OR"]).collect::<Vec<_>>());
    let types =
        || prop::sample::select(vec!["text", "int[]", "numeric(10, 2)", "s.t", "timestamp with time zone", "\"T\"", "double precision"]);
    let not = || prop::sample::select(vec!["", "NOT "]);
    atoms.prop_map(str::to_owned).prop_recursive(5, 40, 4, move |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.join(", "));
        prop_oneof![
            4 => (inner.clone(), operator(), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            2 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("NOT {a}")),
            1 => (inner.clone(), not()).prop_map(|(a, not)| format!("{a} IS {not}NULL")),
            1 => (inner.clone(), not(), list()).prop_map(|(a, not, list)| format!("{a} {not}IN ({list})")),
            1 => (inner.clone(), not(), inner.clone(), inner.clone()).prop_map(|(a, not, b, c)| format!("{a} {not}BETWEEN {b} AND {c}")),
            1 => (inner.clone(), not(), inner.clone()).prop_map(|(a, not, b)| format!("{a} {not}LIKE {b}")),
            1 => (inner.clone(), types()).prop_map(|(a, ty)| format!("{a}::{ty}")),
            1 => list().prop_map(|list| format!("coalesce({list})")),
            1 => list().prop_map(|list| format!("f({list})")),
            1 => list().prop_map(|list| format!("ARRAY[{list}]")),
            1 => list().prop_map(|list| format!("s.f({list})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AT TIME ZONE {b}")),
            1 => (inner.clone(), not(), prop::sample::select(vec!["TRUE", "FALSE", "UNKNOWN"])).prop_map(|(a, not, test)| format!("{a} IS {not}{test}")),
            1 => (inner.clone(), operator(), prop::sample::select(vec!["ANY", "ALL", "some"]), inner.clone()).prop_map(|(a, op, all, b)| format!("{a} {op} {all} ({b})")),
            1 => (inner.clone(), operator(), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} ANY (SELECT {b} FROM t)")),
            1 => inner.clone().prop_map(|a| format!("extract(year FROM {a})")),
            1 => (prop::sample::select(vec!["trim", "substring", "overlay", "position"]), list()).prop_map(|(f, list)| format!("{f}({list})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("array_agg(DISTINCT {a} ORDER BY {b} DESC NULLS LAST, {a})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f({a}, x => {b}, \"Y\" := {a})")),
            1 => list().prop_map(|list| format!("f(DISTINCT {list})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("sum({a}) FILTER (WHERE {b})")),
            1 => (list(), inner.clone()).prop_map(|(list, a)| format!("f({a}) OVER (PARTITION BY {list} ORDER BY {a} DESC)")),
            1 => inner.clone().prop_map(|a| format!("count(*) FILTER (WHERE {a}) OVER ()")),
            1 => (inner.clone(), not(), inner.clone()).prop_map(|(a, not, b)| format!("{a} {not}IN (SELECT {b} FROM t)")),
            1 => (inner.clone(), not(), inner.clone()).prop_map(|(a, not, b)| format!("{a} AND {not}EXISTS (SELECT FROM t WHERE {b})")),
            1 => (inner.clone(), operator(), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} (SELECT {b} FROM t)")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("CASE {a} WHEN {b} THEN {c} END")),
            1 => inner.clone().prop_map(|a| format!("(SELECT {a} FROM t WHERE {a})")),
        ]
    })
}

/// Pieces in any order, most of which make no sense.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "t",
        "'x'",
        "1",
        "(",
        ")",
        ",",
        ".",
        "*",
        "-",
        "+",
        "=",
        "<",
        "||",
        "->>",
        "::",
        "text",
        "NOT",
        "AND",
        "OR",
        "IS",
        "NULL",
        "IN",
        "LIKE",
        "ILIKE",
        "BETWEEN",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "SELECT",
        "EXISTS",
        "f",
        "user",
        "[",
        "]",
        "ESCAPE",
        "DISTINCT",
        "$1",
        "$n",
        "?",
        "{}",
        "array",
        "ARRAY[",
        "interval",
        "FILTER (WHERE",
        "ORDER BY",
        "NULLS",
        "FIRST",
        "DESC",
        "AT TIME ZONE",
        "TRUE",
        "extract(",
        "FROM",
        "trim(",
        "substring(",
        "E'x'",
        "OVER (",
        "OVER w",
        "(SELECT",
        "FROM t",
        "at",
        "time",
        "zone",
        "collate",
        "ORDER",
        "BY",
        "filter",
        "over",
        "VARIADIC",
        "=>",
        "SYMMETRIC",
        "ANY",
        "ROW",
        "VALUES",
    ]);
    prop::collection::vec(pieces, 1..9).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_expression_is_read_alike(sql in expression()) {
        agrees(&sql);
    }

    #[test]
    fn nonsense_is_read_alike(sql in soup()) {
        agrees(&sql);
    }
}

#[test]
fn usual_shapes_are_read_here() {
    for sql in [
        "data ->> 'status' = 'open'",
        "a = 1 AND (b IS NULL OR b > $1) AND NOT c",
        "count(CASE WHEN score = -1 THEN 1 ELSE NULL END)",
        "created_at::date >= CURRENT_DATE",
        "status IN ('a', 'b') AND name NOT LIKE '%x'",
        "a || ' ' || b || coalesce(c, '')",
        "x BETWEEN 1 AND 2 OR y <> 3",
        "(SELECT max(id) FROM t)",
        "NOT EXISTS (SELECT FROM t WHERE t.id = a.id)",
        "t.*",
        "user_id = $user_id AND name = :name",
        "created_at > now() - interval '1 day'",
        "count(DISTINCT user_id) FILTER (WHERE score > 1)",
        "row_number() OVER (PARTITION BY a ORDER BY b DESC)",
        "ids = ARRAY[$1, $2]",
        "a = 1 AND id IN (SELECT id FROM t)",
        "a = 1 AND NOT EXISTS (SELECT FROM t)",
        "total > (SELECT avg(total) FROM t)",
        "id = ANY ($1)",
        "public.f(a, name => 'b')",
        "deleted IS NOT TRUE",
        "created_at AT TIME ZONE 'UTC'",
        "extract(year FROM created_at)",
        "length(trim(name)) > 0",
        "array_agg(DISTINCT name ORDER BY name)",
        "tags[1]",
        "E'a\\tb'",
    ] {
        assert!(agrees(sql), "{sql}");
    }
}
