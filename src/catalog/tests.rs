#![allow(clippy::unwrap_used)]
//! SQL in, schema out.

use super::*;
use crate::facts::{Name, ObjectName};
use crate::source::{FileId, Span};
use crate::sql::token::Dialect;

/// The schema that a script leaves.
pub(super) fn replay(sql: &str) -> Catalog {
    let mut catalog = Catalog::default();
    let script = crate::sql::read(FileId(0), sql, Span::new(0, sql.len() as u32), Dialect::Psql);
    for statement in &script.statements {
        assert_eq!(statement.reading, crate::facts::Reading::Parsed, "{}", statement.span.of(sql));
        catalog.apply(statement, sql);
    }
    catalog
}

fn name(text: &str) -> ObjectName {
    let part = |s: &str| Name::new(s, Span::default());
    match text.split_once('.') {
        Some((schema, name)) => ObjectName { schema: Some(part(schema)), name: part(name) },
        None => ObjectName::bare(part(text)),
    }
}

fn constraints(catalog: &Catalog, table: &str) -> Vec<String> {
    let (_, table) = catalog.table(&name(table)).unwrap();
    table.constraints.iter().map(|c| format!("{} {}{}", c.name, c.sql, if c.valid { "" } else { " NOT VALID" })).collect()
}

fn indexes(catalog: &Catalog, table: &str) -> Vec<String> {
    let table = catalog.resolve(&name(table));
    catalog
        .indexes_of(&table)
        .map(|(n, i)| format!("{}({}){}", n.name, i.keys_sql.join(","), if i.valid { "" } else { " invalid" }))
        .collect()
}

fn columns(catalog: &Catalog, table: &str) -> Vec<String> {
    let (_, table) = catalog.table(&name(table)).unwrap();
    let one = |c: &Column| {
        let ty = c.ty.as_ref().map_or("?".to_owned(), ToString::to_string);
        format!("{} {ty}{}", c.name, if c.not_null { " NOT NULL" } else { "" })
    };
    table.columns.iter().map(one).collect()
}

#[test]
fn names_are_made_up_as_postgresql_does() {
    let catalog = replay(
        "CREATE TABLE p (id bigserial PRIMARY KEY);
         CREATE TABLE t (a int UNIQUE CHECK (a > 0), b int REFERENCES p (id), c int, CHECK (a < b), CHECK (b > 1), UNIQUE (b, c));
         CREATE INDEX ON t (lower(c::text)); CREATE INDEX ON t (a); CREATE INDEX ON t (a);",
    );
    assert_eq!(columns(&catalog, "p"), ["id bigint NOT NULL"]);
    assert!(catalog.sequences.contains_key(&catalog.resolve(&name("p_id_seq"))));
    assert_eq!(
        constraints(&catalog, "t"),
        [
            "t_a_check CHECK (a > 0)",
            "t_check CHECK (a < b)",
            "t_b_check CHECK (b > 1)",
            "t_a_key UNIQUE (a)",
            "t_b_c_key UNIQUE (b, c)",
            "t_b_fkey FOREIGN KEY (b) REFERENCES p(id)"
        ]
    );
    assert_eq!(indexes(&catalog, "t"), ["t_a_idx(a)", "t_a_idx1(a)", "t_a_key(a)", "t_b_c_key(b,c)", "t_lower_idx(lower(c::text))"]);
    let t = catalog.resolve(&name("t"));
    assert!(catalog.is_key_fixed(&t, &["c", "b"]) && !catalog.is_key_fixed(&t, &["b"]));
}

#[test]
fn rollback_takes_back_what_its_transaction_did() {
    let catalog = replay(
        "CREATE TABLE t (a int);
         BEGIN; ALTER TABLE t ADD COLUMN b int; SAVEPOINT s; DROP TABLE t; ROLLBACK TO s; CREATE INDEX i ON t (b); COMMIT;
         BEGIN; ALTER TABLE t RENAME TO u; CREATE TABLE v (x int); ROLLBACK;",
    );
    assert_eq!(columns(&catalog, "t"), ["a integer", "b integer"]);
    assert_eq!(indexes(&catalog, "t"), ["i(b)"]);
    assert!(catalog.table(&name("u")).is_none() && catalog.table(&name("v")).is_none());
}

#[test]
fn renames_are_followed_everywhere() {
    let catalog = replay(
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int CONSTRAINT fk REFERENCES p (id), n serial);
         CREATE INDEX i ON c (p_id) WHERE p_id > 0; CREATE VIEW v AS SELECT p_id FROM c;
         ALTER TABLE p RENAME COLUMN id TO pid; ALTER TABLE p RENAME TO parent; ALTER TABLE c RENAME COLUMN p_id TO parent_id;
         ALTER TABLE c RENAME TO child; ALTER INDEX p_pkey RENAME TO parent_pkey;",
    );
    assert_eq!(constraints(&catalog, "child"), ["fk FOREIGN KEY (parent_id) REFERENCES parent(pid)"]);
    assert_eq!(constraints(&catalog, "parent"), ["parent_pkey PRIMARY KEY (pid)"]);
    assert_eq!(indexes(&catalog, "child"), ["i(parent_id)"]);
    let index = catalog.index(&name("i")).unwrap().1;
    assert_eq!(index.predicate_sql.as_deref(), Some("parent_id > 0"));
    let child = catalog.resolve(&name("child"));
    assert_eq!(catalog.views_reading(&child).count(), 1);
    assert_eq!(catalog.sequences.values().next().unwrap().owned_by, Some((child, "n".into())));
}

#[test]
fn a_sequence_is_known_by_itself_and_not_by_its_name() {
    let catalog = replay(
        "CREATE SEQUENCE public.tags_seq; CREATE TABLE tag (id int DEFAULT NEXTVAL('public.tags_seq'), other int DEFAULT nextval('others_seq'));
         ALTER SEQUENCE public.tags_seq RENAME TO tag_seq;",
    );
    let table = catalog.table(&name("tag")).unwrap().1;
    let defaults: Vec<_> = table.columns.iter().map(|c| c.default_sql.clone().unwrap_or_default()).collect();
    assert_eq!(defaults, ["nextval('tag_seq'::regclass)", "nextval('others_seq')"]);
}

#[test]
fn drops_take_their_dependents() {
    let catalog = replay(
        "CREATE TABLE p (id int PRIMARY KEY, x int, y int); CREATE TABLE c (p_id int REFERENCES p);
         CREATE INDEX i ON p (x, y); CREATE VIEW v AS SELECT * FROM p; CREATE VIEW w AS SELECT * FROM v;
         ALTER TABLE p DROP COLUMN y; DROP TABLE p CASCADE;",
    );
    assert!(catalog.indexes.is_empty() && catalog.views.is_empty());
    assert!(constraints(&catalog, "c").is_empty());
}

#[test]
fn partitions_get_indexes_and_attached_ones_make_the_parent_valid() {
    let catalog = replay(
        "CREATE TABLE m (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE TABLE m2 (id int NOT NULL, at date NOT NULL); ALTER TABLE m ATTACH PARTITION m2 DEFAULT;
         CREATE INDEX mi ON ONLY m (at); CREATE INDEX m1i ON m1 (at); ALTER INDEX mi ATTACH PARTITION m1i;
         CREATE INDEX whole ON m (id);",
    );
    assert_eq!(indexes(&catalog, "m"), ["m_pkey(id,at)", "mi(at) invalid", "whole(id)"]);
    assert_eq!(indexes(&catalog, "m2"), ["m2_id_idx(id)", "m2_pkey(id,at)"]);
    let more = replay(
        "CREATE TABLE m (a int) PARTITION BY LIST (a); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1);
         CREATE INDEX mi ON ONLY m (a); CREATE INDEX m1i ON m1 (a); ALTER INDEX mi ATTACH PARTITION m1i;",
    );
    assert_eq!(indexes(&more, "m"), ["mi(a)"]);
}

#[test]
fn unknown_tables_are_known_in_part() {
    let catalog = replay("ALTER TABLE old ADD COLUMN a int; CREATE INDEX i ON old (a); CREATE TABLE IF NOT EXISTS new (a int);");
    assert!(!catalog.knows_indexes_of(&name("old")) && catalog.knows_indexes_of(&name("new")));
    assert_eq!(columns(&catalog, "old"), ["a integer"]);
    let body = replay("CREATE TABLE t (a int); DO $$ BEGIN IF true THEN ALTER TABLE t ADD COLUMN b int; END IF; END $$;");
    assert_eq!(columns(&body, "t"), ["a integer", "b integer"]);
    assert!(!body.knows_indexes_of(&name("t")));
}

#[test]
fn validity_and_not_null_proofs() {
    let catalog = replay(
        "CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL AND b > 0) NOT VALID;
         CREATE UNIQUE INDEX u ON t (b); ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX u;",
    );
    assert_eq!(constraints(&catalog, "t"), ["c CHECK (a IS NOT NULL AND b > 0) NOT VALID", "k UNIQUE (b)"]);
    assert!(!catalog.has_valid_not_null_check(&name("t"), "a"));
    assert_eq!(indexes(&catalog, "t"), ["k(b)"]);
    let valid = replay(
        "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;",
    );
    assert!(valid.has_valid_not_null_check(&name("t"), "a"));
}

#[test]
fn columns_come_from_queries_and_from_other_tables() {
    let catalog = replay(
        "CREATE TABLE t (a int NOT NULL DEFAULT 1, b text, CHECK (a > 0)); CREATE INDEX ON t (b);
         CREATE TABLE copy (z int, LIKE t INCLUDING ALL); CREATE TABLE made AS WITH x AS (SELECT * FROM t) SELECT x.*, count(*) AS n FROM x;
         SELECT a, b::varchar AS c INTO into_table FROM t;",
    );
    assert_eq!(columns(&catalog, "copy"), ["z integer", "a integer NOT NULL", "b text"]);
    assert_eq!(constraints(&catalog, "copy"), ["t_a_check CHECK (a > 0)"]);
    assert_eq!(indexes(&catalog, "copy"), ["copy_b_idx(b)"]);
    assert_eq!(columns(&catalog, "made"), ["a integer", "b text", "n bigint"]);
    assert_eq!(columns(&catalog, "into_table"), ["a integer", "c character varying"]);
}

#[test]
fn views_read_relations_not_ctes_and_the_path_resolves() {
    let catalog = replay(
        "CREATE SCHEMA app; SET search_path = app, public; CREATE TABLE t (a int); CREATE TABLE public.p (a int);
         CREATE VIEW v AS WITH p AS (SELECT 1) SELECT * FROM p, t WHERE a IN (SELECT a FROM public.p);
         CREATE TYPE mood AS ENUM ('a', 'c'); ALTER TYPE mood ADD VALUE 'b' BEFORE 'c';",
    );
    let (_, view) = catalog.view(&name("v")).unwrap();
    let reads: Vec<String> = view.reads.iter().map(ToString::to_string).collect();
    assert_eq!(reads, ["app.t", "p"]);
    assert_eq!(catalog.resolve(&name("p")).schema, "public");
    let mood = catalog.types.values().next().unwrap();
    assert_eq!(mood.kind, crate::facts::TypeKind::Enum(vec!["a".into(), "b".into(), "c".into()]));
}

#[test]
fn the_script_replays_to_the_same_script() {
    let catalog = replay(
        "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('ok', 'it''s'); CREATE DOMAIN pos AS int CHECK (VALUE > 0);
         CREATE TABLE app.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, m app.mood DEFAULT 'ok', e text UNIQUE,
            CONSTRAINT long CHECK (length(e) < 10));
         CREATE TABLE c (t_id bigint REFERENCES app.t ON DELETE CASCADE, d pos); CREATE INDEX ON c (t_id) WHERE d IS NOT NULL;
         CREATE TABLE m (id int, at date) PARTITION BY RANGE (at); CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE INDEX ON m (id); CREATE VIEW v AS SELECT t_id FROM c;",
    );
    let sql = catalog.to_sql();
    assert_eq!(replay(&sql).to_sql(), sql);
    for piece in [
        "OWNED BY app.t.n",
        "(SEQUENCE NAME app.t_id_seq",
        "ATTACH PARTITION public.m1_id_idx",
        "ON DELETE CASCADE",
        "CREATE VIEW public.v",
    ] {
        assert!(sql.contains(piece), "{piece} in {sql}");
    }
    assert_eq!(catalog.to_json()["tables"][0]["name"], "t");
}

#[test]
fn a_cte_named_as_the_table_that_it_reads_does_not_read_itself() {
    let text = "WITH t AS (SELECT * FROM t WHERE a = 1) SELECT t.id FROM t";
    let script = crate::sql::read(FileId(0), text, Span::new(0, text.len() as u32), Dialect::Psql);
    let catalog = Catalog::default();
    let query = script.statements[0].query.as_ref().unwrap();
    let mut found = vec![];
    resolve::visit(&catalog, query, &mut |query, scope| {
        for expr in query.expressions() {
            expr.walk(&mut |e| found.extend(scope.resolve_expr(e).map(|c| c.name.name)));
        }
    });
    assert!(!found.is_empty() && found.iter().all(|table| table == "t"), "{found:?}");
}

#[test]
fn a_default_follows_the_new_label_of_its_enum() {
    let catalog = replay(
        "CREATE TYPE mode AS ENUM ('need_ok', 'open'); CREATE TABLE t (m mode DEFAULT 'need_ok', s text DEFAULT 'need_ok');
         ALTER TYPE mode RENAME VALUE 'need_ok' TO 'NeedOk';",
    );
    let (_, table) = catalog.table(&name("t")).unwrap();
    let defaults: Vec<_> = table.columns.iter().map(|c| c.default_sql.clone().unwrap_or_default()).collect();
    assert_eq!(defaults, ["'NeedOk'", "'need_ok'"]);
}

#[test]
fn a_function_with_as_on_its_own_line_comes_before_the_tables_its_body_names() {
    let sql = replay(
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql\nAS $$ SELECT 'person' $$;
         CREATE TABLE person (id int, a text DEFAULT f());",
    )
    .to_sql();
    assert!(sql.find("FUNCTION public.f").unwrap() < sql.find("CREATE TABLE").unwrap(), "{sql}");
}

#[test]
fn a_table_that_select_makes_may_be_temporary() {
    let catalog = replay("CREATE TABLE t (a int); SELECT a INTO TEMPORARY TABLE u FROM t; SELECT a INTO UNLOGGED v FROM t;");
    assert!(catalog.to_sql().contains("CREATE TABLE public.v") && !catalog.to_sql().contains("public.u"), "{}", catalog.to_sql());
}

#[test]
fn a_sequence_that_only_a_default_names_is_there() {
    let sql = replay("CREATE TABLE t (a int DEFAULT nextval('elsewhere_seq'), b serial, c bpchar, d char);").to_sql();
    assert!(sql.find("CREATE SEQUENCE public.elsewhere_seq;").unwrap() < sql.find("CREATE TABLE").unwrap(), "{sql}");
    assert_eq!(sql.matches("CREATE SEQUENCE").count(), 2);
    assert!(sql.contains("c bpchar") && sql.contains("d character(1)"), "{sql}");
}

#[test]
fn a_default_that_begins_with_an_array_is_kept_whole() {
    let sql = replay("CREATE TABLE t (a text[] NOT NULL DEFAULT ARRAY[]::text[], b text[] DEFAULT ARRAY['x']);").to_sql();
    assert!(sql.contains("DEFAULT ARRAY[]::text[]") && sql.contains("DEFAULT ARRAY['x']"), "{sql}");
}

#[test]
fn what_two_schemas_call_by_one_name_is_not_known() {
    let shared = "CREATE TABLE users (id int); CREATE INDEX users_i ON users (id);";
    let a = replay(&format!("{shared} CREATE TABLE orders (id int); CREATE INDEX own ON orders (id);"));
    let b = replay(&format!("{shared} CREATE TABLE jobs (id int); CREATE INDEX own ON jobs (id);"));
    let united = Catalog::united(&[&a, &b]);
    assert_eq!(united.tables.keys().map(ToString::to_string).collect::<Vec<_>>(), ["jobs", "orders"]);
    assert!(united.indexes.is_empty());
    assert!(united.tables.values().all(|table| table.knowledge == Knowledge::Partial));
}

#[test]
fn a_type_takes_its_casts_along() {
    let made =
        "CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (a s DEFAULT 'a'::s, b text, s int CHECK (s > 0), CONSTRAINT c CHECK (a <> 'a'::s));
        CREATE INDEX i ON t (b) WHERE a = 'a'::s; ";
    let renamed = replay(&format!("{made} ALTER TYPE s RENAME TO \"S\";"));
    let (_, t) = renamed.table(&name("t")).unwrap();
    assert_eq!(t.column("a").unwrap().default_sql.as_deref(), Some("'a'::\"S\""));
    assert_eq!(constraints(&renamed, "t"), ["t_s_check CHECK (s > 0)", "c CHECK (a <> 'a'::\"S\")"]);
    assert_eq!(renamed.index(&name("i")).unwrap().1.predicate_sql.as_deref(), Some("a = 'a'::\"S\""));
    let gone =
        replay(&format!("{made} ALTER TABLE t DROP CONSTRAINT c; DROP INDEX i; ALTER TABLE t ALTER a TYPE text; DROP TYPE s CASCADE;"));
    assert_eq!(columns(&gone, "t"), ["a text", "b text", "s integer"]);
    assert_eq!(gone.table(&name("t")).unwrap().1.column("a").unwrap().default_sql, None);
}

#[test]
fn a_long_name_is_its_first_bytes() {
    let long = format!("CREATE TABLE t (a int); CREATE INDEX {0}_that_goes_on ON t (a); ALTER INDEX {0} RENAME TO b;", "i".repeat(63));
    assert_eq!(indexes(&replay(&long), "t"), ["b(a)"]);
}

#[test]
fn a_dropped_sequence_takes_the_defaults_that_read_it() {
    let catalog = replay(
        "CREATE TABLE t (id serial PRIMARY KEY); CREATE SEQUENCE s; CREATE TABLE u (id int DEFAULT nextval('s'), t int DEFAULT nextval('t_id_seq'));
         DROP SEQUENCE t_id_seq CASCADE; DROP SEQUENCE s CASCADE;",
    );
    assert!(!catalog.to_sql().contains("nextval") && !catalog.to_sql().contains("SEQUENCE"), "{}", catalog.to_sql());
}

#[test]
fn a_quantified_condition_keeps_all_its_parentheses() {
    let catalog = replay("CREATE TABLE t (s text); ALTER TABLE t ADD CONSTRAINT c CHECK (((s)::text = ANY (((ARRAY['a'::text])))));");
    assert_eq!(constraints(&catalog, "t"), ["c CHECK ((s)::text = ANY (((ARRAY['a'::text]))))"]);
}

#[test]
fn a_column_definition_list_says_what_a_function_gives() {
    let catalog = replay(
        "CREATE TABLE a AS SELECT * FROM dblink('x', 'y') AS t(id int, name varchar(20));
         SELECT t.name, t.id AS n INTO b FROM json_to_recordset('[]') AS t(id int, name text);",
    );
    assert_eq!(columns(&catalog, "a").len(), 2);
    assert!(catalog.to_sql().contains("name character varying(20)"), "{}", catalog.to_sql());
    assert_eq!(columns(&catalog, "b").len(), 2);
    assert!(catalog.to_sql().contains("n integer"), "{}", catalog.to_sql());
}
