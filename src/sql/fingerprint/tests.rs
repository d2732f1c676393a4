#![allow(clippy::unwrap_used)]
use super::super::lex::lex;
use super::super::token::{Dialect, TokenKind};
use super::{fingerprint, normalize, skeleton};
use crate::source::Span;
use proptest::prelude::*;

fn text(sql: &str) -> String {
    normalize(sql, Dialect::Server).text
}

fn host(sql: &str) -> String {
    normalize(sql, Dialect::Host).text
}

#[test]
fn values_go_and_everything_else_stays() {
    let folded = "select a, b from t where a = ? and b > ? and c = ? and d is null";
    assert_eq!(text("SELECT a,b FROM t WHERE a=1 AND b > -2.5e3 AND c = 'x''y' AND d IS NULL"), folded);
    assert_eq!(text("select a , b from \"t\" where a = $1 and b>$2::int and c = E'\\'' 'y'\nand d is null;"), folded);
    assert_eq!(
        text(
            "select a, b from t -- x\nwhere a = /* y /* z */ */ NULL and b > date '2024-01-01' and c = $q$ ' $q$::text[] and d is null ; ;"
        ),
        folded
    );
    assert_eq!(host("select a, b from t where a = ? and b > %s and c = %(c)s and d is null"), folded);
    assert_eq!(host("select a, b from t where a = :a and b > @b and c = ${c} and d is null"), folded);
}

#[test]
fn signs_are_values_only_where_an_operand_begins() {
    assert_eq!(text("select -1, a - 1, a -1, (a) - 2, - a, b-$1 limit -1"), "select ?, a - ?, a - ?, (a) - ?, - a, b - ? limit ?");
    assert_eq!(text("select 1 where a between -1 and -2 or a=-3"), "select ? where a between ? and ? or a = ?");
}

#[test]
fn lists_of_any_length_are_one() {
    let folded = "select * from t where a in (?)";
    for list in ["(1)", "(1, 2,3)", "($1,$2)", "('a'::text, 'b')", "(null)", "(-1, 2)"] {
        assert_eq!(text(&format!("select * from t where a in {list}")), folded, "{list}");
    }
    assert_eq!(host("select * from t where a in %s"), folded);
    assert_eq!(text("select 1 from t where (a, b) in ((1, 2), (3, 4)) and c"), "select ? from t where (a, b) in ((?, ?)) and c");
    assert_eq!(text("select 1 from t where a in (lower('x'), lower('y'), z, 1, 2)"), "select ? from t where a in (lower(?), z, ?)");
    assert_eq!(
        text("select 1 from t where a in (select 1, 2 union select 3, 4)"),
        "select ? from t where a in (select ?, ? union select ?, ?)"
    );
    assert_eq!(
        text("select 1 from t where a = any(array[1,2,3]::int[]) and b = any('{1}')"),
        "select ? from t where a = any (?) and b = any (?)"
    );
    assert_eq!(text("select array[[1,2],[3,4]], array[a, 1, 2], array[array[1,2],array[3]]"), "select array[[?, ?]], array[a, ?], ?");
}

#[test]
fn rows_of_values_are_one() {
    let folded = "insert into t (a, b) values (?) on conflict do nothing";
    assert_eq!(text("INSERT INTO t (a, b) VALUES (1, 'x') ON CONFLICT DO NOTHING"), folded);
    assert_eq!(text("INSERT INTO t (a, b) VALUES ($1,$2),($3,$4), (5, NULL) ON CONFLICT DO NOTHING"), folded);
    assert_eq!(host("INSERT INTO t (a, b) VALUES %s ON CONFLICT DO NOTHING"), folded);
    assert_eq!(text("insert into t values (1, now(), default), (2, now(), default)"), "insert into t values (?, now(), default)");
    assert_eq!(
        text("with v as (values (1, 2), (3, 4)) select 1 from v where a in (1,2)"),
        "with v as (values (?)) select ? from v where a in (?)"
    );
    assert_eq!(text("select * from (values (1),(2)) x, (values (1)) y"), "select * from (values (?)) x, (values (?)) y");
}

#[test]
fn casts_of_values_go_whatever_the_type() {
    for cast in [
        "int",
        "numeric(10, 2)",
        "timestamp(3) with time zone",
        "character varying(20)[]",
        "double precision",
        "public.\"My\"",
        "text[][3]",
    ] {
        assert_eq!(text(&format!("select $1::{cast}, b::int where c")), "select ?, b::int where c", "{cast}");
    }
}

#[test]
fn names_that_change_from_session_to_session_go() {
    assert_eq!(text("SAVEPOINT s1"), text("savepoint other"));
    assert_eq!(text("ROLLBACK TO SAVEPOINT s1"), "rollback to savepoint $1");
    assert_eq!(text("RELEASE s1"), text("release \"S2\""));
    assert_eq!(text("DECLARE c1 CURSOR FOR SELECT a FROM t"), "declare $1 cursor for select a from t");
    assert_eq!(text("FETCH FORWARD 50 FROM c1"), "fetch forward ? from ?");
    assert_eq!(text("fetch next from \"c_2\""), "fetch next from ?");
    assert_eq!(text("CLOSE c1"), "close $1");
    assert_eq!(text("PREPARE p (int) AS SELECT 1"), "prepare $1 (int) as select ?");
    assert_eq!(text("EXECUTE p(1, 2)"), "execute $1 (?, ?)");
    assert_eq!(text("DEALLOCATE PREPARE p; deallocate all"), "deallocate prepare $1; deallocate all");
    assert_eq!(
        text("select * from tmp_orders_8f3a2, temp12, pg_temp_3.x, template_2, a_tmp_77, temperature_2024"),
        "select * from tmp_orders, temp, pg_temp.x, template_2, a_tmp, temperature_2024"
    );
}

#[test]
fn operators_are_one_spelling() {
    assert_eq!(
        text("select 1 where a != 1 and b ? 'k' and c ->> 'x' = 'y' and d @> '{}' and e ?| array['a','b']"),
        "select ? where a <> ? and b ? ? and c ->> ? = ? and d @> ? and e ?| ?"
    );
    assert_eq!(host("select a %% 2 from t"), "select a % ? from t");
    assert_eq!(text("select a[1:2], true, not true, x is not false"), "select a[? : ?], ?, not true, x is not false");
}

#[test]
fn several_statements_are_kept_apart() {
    assert_eq!(text(";; begin ; select 1;"), "begin; select ?");
    assert_eq!(text("-- only a comment"), "");
    assert_eq!(text("select 'unterminated and (more"), "select ?");
    assert_eq!(text("select \"user\", \"Odd\", \"order\" from \"users\""), "select \"user\", \"Odd\", \"order\" from users");
}

#[test]
fn comments_are_labels() {
    let sql = "/* controller:users,action:show */ SELECT 1 /*route='%2Fusers%2F1',traceparent='00-5b'*/ -- plain";
    let labels = normalize(sql, Dialect::Server).labels;
    let pairs: Vec<_> = labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("controller", "users"), ("action", "show"), ("route", "/users/1"), ("traceparent", "00-5b")]);
}

#[test]
fn fillers_are_nothing() {
    assert_eq!(fingerprint("se\0lect \0\0'a\0b' from us\0ers", Dialect::Host), fingerprint("select 'ab' from users", Dialect::Host));
}

/// The numbers are kept in files and compared between machines: they may never change.
#[test]
fn numbers_are_for_ever() {
    let value = |sql| fingerprint(sql, Dialect::Server).to_string();
    assert_eq!(value("select * from users where id in (1, 2)"), "26fdc1428f8f8115");
    assert_eq!(value(""), "d6e8feb86659fd93");
}

fn sql() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "select",
        "from",
        "t",
        "where",
        "in",
        "(",
        ")",
        ",",
        "1",
        "-",
        "+",
        "'x'",
        "$1",
        "::",
        "int",
        "values",
        "array",
        "[",
        "]",
        "null",
        "is",
        "not",
        "\"Q\"",
        "\"q\"",
        ";",
        "=",
        "?",
        "and",
        "a.b",
        "/* c */",
        "timestamp",
        "with time zone",
        "savepoint",
        "fetch",
        "e'\\''",
        "$a$x$a$",
        "--c\n",
        "tmp_1",
        "2.5",
        "*",
        ">=",
        "@>",
        "é",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.join(" "))
}

#[test]
fn skeletons_forget_constants_only() {
    let same = |a: &str, b: &str| skeleton(a.as_bytes()).is_some() && skeleton(a.as_bytes()) == skeleton(b.as_bytes());
    for (a, b) in [
        ("select a from t where b = 1 and c = 'x'", "select a from t where b = 27.5 and c = 'it''s -- \"1'"),
        ("select a from t where b in (1)", "select a from t where b in (1, 22,'x' , 4)"),
        ("select 1 /* request:7 */", "select 9 /* request:71, user:'8 */"),
        ("select a -- it's\n from t", "select a --\n from t"),
    ] {
        assert!(same(a, b), "{a} / {b}");
    }
    for (a, b) in [
        ("select f(1, 2)", "select f(1)"),
        ("select t1.a from t1", "select t2.a from t2"),
        ("select \"a 1\" from t", "select \"a 2\" from t"),
        ("select 1x1f", "select 0x1f"),
        ("select 1 as a", "select 1 as b"),
        ("select 'a' -- '\n, b", "select 'a' -- '\n, c"),
        ("select $1\n''", "select $1\n18"),
    ] {
        assert!(!same(a, b), "{a} / {b}");
    }
    for unsure in ["select E'\\''", "select $$a$$", "select /* /* */ */ 1", "select 'a", "select \"a", "select U&'x'"] {
        assert_eq!(skeleton(unsure.as_bytes()), None, "{unsure}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// Texts of few characters, so that many have one skeleton: all of these have one fingerprint.
    #[test]
    fn a_skeleton_has_one_fingerprint(texts in prop::collection::vec("(in ?\\(|IN|[0-9]{1,2}|'[a0-9]?'|[-'\"$eEx./*( ),;0-9a\n]|\\$1|::int|--|\\*/){0,7}", 400)) {
        let mut known = std::collections::HashMap::new();
        for text in &texts {
            if let Some(skeleton) = skeleton(text.as_bytes()) {
                let print = fingerprint(text, Dialect::Server);
                let (first, of_first) = known.entry(skeleton).or_insert((text, print));
                prop_assert_eq!(*of_first, print, "{:?} / {:?}", first, text);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_normalised_text_has_the_same_fingerprint(sql in sql()) {
        let once = normalize(&sql, Dialect::Server);
        prop_assert_eq!(once.fingerprint, fingerprint(&sql, Dialect::Server));
        let again = normalize(&once.text, Dialect::Server);
        prop_assert_eq!(&again.text, &once.text);
        prop_assert_eq!(again.fingerprint, once.fingerprint);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200), sql in "[-'\"$\\\\;:/*{}()\\[\\],?%@#a1 \n.]{0,60}") {
        for dialect in [Dialect::Server, Dialect::Host, Dialect::Psql] {
            normalize(&bytes, dialect);
            normalize(&sql, dialect);
        }
    }

    /// The lexer's tokens, set apart by blanks and comments, are the same statement.
    #[test]
    fn tokens_are_cut_where_the_lexer_cuts_them(sql in "([a-z]{1,3}|[-+<=>|@#~!*/]{1,3}|[0-9]{1,3}|'[a-z ]{0,3}'|\"[a-zA-Z]{1,2}\"|[(),.]|::|[ \n]|\\$[0-9]|/\\*x\\*/|--x\n){0,30}") {
        let tokens = lex(&sql, Span::new(0, sql.len() as u32), Dialect::Server);
        prop_assume!(tokens.iter().all(|t| t.kind != TokenKind::Unterminated));
        let apart: Vec<&str> = tokens.iter().filter(|t| !t.kind.is_trivia()).map(|t| t.text(&sql)).collect();
        prop_assert_eq!(text(&apart.join(" /* */ ")), text(&sql));
    }
}
