#![allow(clippy::unwrap_used)]

use super::*;
use crate::facts::*;
use crate::sql::lex;
use crate::sql::token::Dialect;

fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut all = lex::lex(text, Span::new(0, text.len() as u32), dialect);
    all.retain(|t| !t.kind.is_trivia());
    all
}

fn query(text: &str) -> Query {
    let tokens = tokens(text, Dialect::Server);
    parse(&Cursor::new(FileId(0), text, &tokens)).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

fn expr(text: &str) -> Expr {
    expression(FileId(0), text, &tokens(text, Dialect::Server)).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

#[test]
fn clauses_have_their_own_bytes() {
    let text = "SELECT DISTINCT ON (a.x) a.x, count(*) n FROM s.a LEFT JOIN b ON a.id = b.id WHERE a.t IS NOT NULL ORDER BY 1 DESC NULLS LAST LIMIT 10 OFFSET 5 * 20 ROWS FOR NO KEY UPDATE SKIP LOCKED";
    let query = query(text);
    assert_eq!(query.offset.as_ref().unwrap().span.of(text), "OFFSET 5 * 20 ROWS");
    assert_eq!(query.limit.as_ref().unwrap().span.of(text), "LIMIT 10");
    let locking = query.locking.as_ref().unwrap();
    assert_eq!(
        (locking.span.of(text), locking.strength.as_str(), locking.skip_locked),
        ("FOR NO KEY UPDATE SKIP LOCKED", "NO KEY UPDATE", true)
    );
    let select = query.select().unwrap();
    assert_eq!(select.distinct.as_ref().unwrap().span.of(text), "DISTINCT ON (a.x)");
    assert_eq!(select.joins()[0].span.of(text), "LEFT JOIN b ON a.id = b.id");
    assert_eq!(select.relations()[0].table().unwrap().to_string(), "s.a");
    assert_eq!(select.items[1].alias.as_ref().unwrap().value, "n");
    assert_eq!(select.filter.as_ref().unwrap().span.of(text), "a.t IS NOT NULL");
    assert!(query.order_by[0].descending && query.order_by[0].nulls_first == Some(false));
}

#[test]
fn set_operators_nest_by_precedence_and_keep_their_bytes() {
    let text = "SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1";
    let query = query(text);
    let QueryBody::SetOperation { op, all, op_span, right, .. } = &query.body else { panic!() };
    assert_eq!((*op, *all, op_span.of(text)), (SetOperator::Union, true, "UNION ALL"));
    assert!(matches!(&right.body, QueryBody::SetOperation { op: SetOperator::Intersect, .. }));
    assert_eq!(query.order_by.len(), 1);
}

#[test]
fn expressions_have_postgresql_shapes_and_places() {
    let text = "(a + b) * c != ALL (ARRAY[1, 2])";
    let Expr { kind: ExprKind::Quantified { op, all, left, right }, span } = expr(text) else { panic!("{:?}", expr(text)) };
    assert_eq!((op.as_str(), all, span.of(text), left.span.of(text)), ("<>", true, text, "(a + b) * c"));
    assert_eq!(right.span.of(text), "ARRAY[1, 2]");

    let text = "data -> 'a' ->> 'b' = 'x' AND NOT EXISTS (SELECT 1 FROM t) AND x NOT IN (SELECT y FROM u)";
    let Expr { kind: ExprKind::And(list), span } = expr(text) else { panic!() };
    assert_eq!((list.len(), span.of(text)), (3, text));
    let ExprKind::Binary { op, op_span, left, .. } = &list[0].kind else { panic!() };
    assert_eq!((op.as_str(), op_span.of(text), left.span.of(text)), ("=", "=", "data -> 'a' ->> 'b'"));
    assert!(matches!(&list[1].kind, ExprKind::Exists { negated: true, .. }));
    assert!(matches!(&list[2].kind, ExprKind::InSubquery { negated: true, .. }));
    assert_eq!(list[1].span.of(text), "NOT EXISTS (SELECT 1 FROM t)");
}

#[test]
fn casts_and_typed_constants() {
    for (text, ty) in [
        ("x::timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("CAST(x AS numeric(10,2)[])", "numeric(10,2)[]"),
        ("interval '1' day", "interval day"),
        ("date '2020-01-01'", "date"),
        ("x::pg_catalog.int4", "integer"),
        ("double precision '1'", "double precision"),
        ("x::my.kind", "my.kind"),
    ] {
        let Expr { kind: ExprKind::Cast { ty: found, .. }, .. } = expr(text) else { panic!("{text}: {:?}", expr(text)) };
        assert_eq!(found.to_string(), ty, "{text}");
    }
    assert_eq!(expr("CAST(x AS text)").span, Span::new(0, 15));
}

#[test]
fn the_standards_own_calls_are_calls() {
    for (text, name, count) in [
        ("extract(year from x)", "extract", 2),
        ("trim(leading 'x' from y)", "trim", 2),
        ("position('a' in b)", "position", 2),
        ("substring(x from 1 for 2)", "substring", 3),
        ("current_timestamp", "current_timestamp", 0),
        ("x AT TIME ZONE 'UTC'", "timezone", 2),
        ("JSON_VALUE(j, '$.a' PASSING 1 AS x RETURNING int NULL ON ERROR)", "json_value", 3),
        ("JSON_OBJECT('a' : 1, 'b' VALUE 2 ABSENT ON NULL RETURNING jsonb)", "json_object", 4),
        ("f(a => 1, VARIADIC b)", "f", 2),
        ("coalesce(a, b)", "coalesce", 2),
    ] {
        let Expr { kind: ExprKind::Call(call), span } = expr(text) else { panic!("{text}: {:?}", expr(text)) };
        assert_eq!((call.name.name.value.as_str(), call.args.len()), (name, count), "{text}");
        assert_eq!(span.of(text), text);
    }
    let text =
        "s.agg(DISTINCT x ORDER BY y) FILTER (WHERE z) OVER (PARTITION BY p ORDER BY q DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)";
    let Expr { kind: ExprKind::Call(call), span } = expr(text) else { panic!() };
    assert!(call.distinct && call.order_by.len() == 1 && call.filter.is_some());
    assert_eq!((call.over.as_ref().unwrap().len(), span.of(text)), (2, text));
}

#[test]
fn writes() {
    let q = query(
        "INSERT INTO t AS x (a, b[1]) VALUES (1, DEFAULT) ON CONFLICT (lower(a) text_ops) WHERE a > 1 DO UPDATE SET (a, b) = ROW(1, excluded.b) WHERE x.a <> 2 RETURNING *",
    );
    let QueryBody::Insert(insert) = &q.body else { panic!() };
    assert_eq!((insert.columns.len(), insert.on_conflict.as_ref().unwrap().len(), insert.returning.len()), (2, 3, 1));
    let q = query("WITH d AS (DELETE FROM ONLY a USING b WHERE a.id = b.id RETURNING a.*) UPDATE t SET n = d.n FROM d WHERE t.id = d.id");
    let QueryBody::Update(update) = &q.body else { panic!() };
    assert_eq!((update.assignments[0].0.value.as_str(), update.from.len(), q.ctes.len()), ("n", 1, 1));
    let q = query(
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND t.b > 1 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a) RETURNING merge_action()",
    );
    let QueryBody::Merge(merge) = &q.body else { panic!() };
    assert_eq!(merge.clauses.len(), 2);
}

#[test]
fn long_chains_and_deep_nests_are_bounded() {
    let ands = vec!["a = 1"; 30_000].join(" AND ");
    let Expr { kind: ExprKind::And(list), .. } = expr(&ands) else { panic!() };
    assert_eq!(list.len(), 30_000);
    let nots = format!("{}1", "NOT ".repeat(9_000));
    assert!(expression(FileId(0), &nots, &tokens(&nots, Dialect::Server)).is_err());
    for open in ["(", "f("] {
        let text = format!("{}1{}", open.repeat(5_000), ")".repeat(5_000));
        let tokens = tokens(&text, Dialect::Server);
        assert_eq!(expression(FileId(0), &text, &tokens).unwrap_err().message, "nested too deeply");
    }
    let nested = format!("{}1{}", "(".repeat(390), ")".repeat(390));
    assert!(matches!(expr(&nested).kind, ExprKind::Literal(_)));
    let nested = format!("{}1{}", "f(".repeat(390), ")".repeat(390));
    assert!(matches!(expr(&nested).kind, ExprKind::Call(_)));
}

#[test]
fn long_chains_are_flat_trees_in_their_order() {
    fn leaves(expr: &Expr, depth: usize, found: &mut Vec<u32>) -> usize {
        let ExprKind::Binary { left, right, .. } = &expr.kind else {
            found.push(expr.span.start);
            return depth;
        };
        leaves(left, depth + 1, found).max(leaves(right, depth + 1, found))
    }
    for op in [" || ", " + ", " - ", " * "] {
        let text = vec!["a"; 10_000].join(op);
        let expr = expr(&text);
        let mut found = vec![];
        assert!(leaves(&expr, 0, &mut found) < 20, "{op}");
        assert!(found.len() == 10_000 && found.is_sorted());
        assert_eq!(expr.span.of(&text).len(), text.len());
    }
    let text = vec!["SELECT 1"; 10_000].join(" UNION ALL ");
    assert_eq!(query(&text).span.of(&text).len(), text.len());
    let text = format!("SELECT {}1{}", "(SELECT ".repeat(390), ")".repeat(390));
    query(&text);
}

#[test]
fn placeholders_stand_for_values_and_names() {
    for text in [
        "SELECT * FROM {} WHERE a = ? AND b IN (?, ?) LIMIT :n",
        "SELECT %s FROM %s.t WHERE id = ANY(%(ids)s)",
        "INSERT INTO ${table} (a) VALUES (${x})",
        "WITH subs AS ({query}) DELETE FROM t WHERE id = ANY(SELECT id FROM subs) AND a IN (${inner})",
    ] {
        let tokens = tokens(text, Dialect::Host);
        let read = parse(&Cursor::new(FileId(0), text, &tokens));
        assert!(read.is_ok(), "{text}: {read:?}");
    }
}

#[test]
fn odd_forms_are_read() {
    for text in [
        "SELECT",
        "SELECT FROM t",
        "SELECT * FROM a JOIN b JOIN c LEFT JOIN d ON d.x = c.x ON c.x = b.x ON a.x = b.x CROSS JOIN e",
        "SELECT x IS JSON ARRAY \"IS ARRAY\", collation for (y), json_build_array(VARIADIC z)",
        "SELECT JSON_ARRAYAGG(i ORDER BY i NULL ON NULL RETURNING jsonb)",
        "TABLE ONLY t",
        "(SELECT 1 LIMIT 1) UNION (SELECT 2) LIMIT 3",
        "((SELECT 1) UNION SELECT 2)",
        "SELECT a.b value, c key FROM t * TABLESAMPLE system (1) REPEATABLE (2)",
        "SELECT * FROM ROWS FROM (f(1), g(2)) WITH ORDINALITY AS x(a, b)",
        "SELECT * FROM f() AS (a int, b text[])",
        "SELECT * FROM JSON_TABLE(j, '$[*]' COLUMNS (a int PATH '$.a')) AS jt, t JOIN (u JOIN v USING (k)) ON true",
        "SELECT x[1:2], y[:], (z).a.*, (f(1)).b FROM t GROUP BY DISTINCT ROLLUP (a, (b, c)), GROUPING SETS ((), a)",
        "SELECT a OPERATOR(pg_catalog.+) b, - - 1, @ -5, x IS NOT JSON OBJECT WITH UNIQUE KEYS, y IS NFC NORMALIZED",
        "SELECT (a, b) = ROW(1, 2), x BETWEEN SYMMETRIC 1 AND 2 AND y, z LIKE 'a' ESCAPE '!' OR w",
        "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SEARCH DEPTH FIRST BY n SET o SELECT * FROM t",
        "UPDATE t SET a[1] = 2, f.x = 3, (b, c) = (SELECT 1, 2) WHERE CURRENT OF cur",
    ] {
        query(text);
    }
}

#[test]
fn broken_text_never_panics() {
    for text in [
        "SELECT 1 +",
        "SELECT (",
        "SELECT )",
        "SELECT a FROM",
        "INSERT INTO",
        "UPDATE t SET a",
        "SELECT f(a,)",
        "SELECT x IS",
        "x y z",
        "SELECT x NOT",
        "SELECT extract()",
        "SELECT cast()",
        "SELECT a.",
        "SELECT x::",
        "MERGE INTO t",
        "WITH a AS (",
        "SELECT x IN",
        "SELECT OPERATOR()",
        "SELECT 1 UNION",
        "SELECT x[",
        "SELECT * FROM a JOIN",
        "SELECT x COLLATE",
        "SELECT ARRAY[",
        "SELECT a OPERATOR() b",
    ] {
        for dialect in [Dialect::Server, Dialect::Host, Dialect::Psql] {
            let tokens = tokens(text, dialect);
            let _ = parse(&Cursor::new(FileId(0), text, &tokens));
        }
    }
}

#[test]
fn a_name_behind_a_dot_separates_nothing() {
    for text in ["SUBSTRING(a.value FOR 10)", "XMLELEMENT(NAME x, XMLATTRIBUTES(a.label AS type), a.value)", "TRIM(a.from)", "a.case"] {
        assert_eq!(expr(text).span.of(text), text);
    }
}
