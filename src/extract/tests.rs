//! What each language's programs write, as a table: the code, and the SQL that it holds.

use super::{Extracted, FragmentKind, Language, Options, extract};
use crate::facts::Reading;
use crate::source::{FILLER, FileId};
use crate::sql::lex::lex;
use crate::sql::token::{Dialect, TokenKind};
use std::path::Path;

fn read(path: &str, code: &str, calls: &[String]) -> Extracted {
    let language = Language::of_path(Path::new(path)).expect("a known extension");
    extract(FileId(0), code, language, Options { calls })
}

/// The SQL of code, each statement and clause by itself.
fn found(path: &str, code: &str) -> Vec<String> {
    let found = read(path, code, &[]);
    found.fragments.iter().map(|fragment| found.sql(fragment)).collect()
}

fn same(table: &[(&str, &str, &[&str])]) {
    for (path, code, expected) in table {
        assert_eq!(found(path, code), *expected, "{path}: {code}");
    }
}

#[test]
fn texts_grow_statement_by_statement() {
    same(&[
        ("a.go", "func f() {\n\tq := \"SELECT a \"\n\tq += \"FROM t\"\n\tdb.Query(q)\n}\n", &["SELECT a FROM t"]),
        (
            "a.go",
            "func f() {\n\tq := \"SELECT a FROM t WHERE true\"\n\tif x {\n\t\tq += \" AND b = 1\"\n\t}\n\tq += \" ORDER BY a\"\n\tdb.Query(q)\n}\n",
            &["SELECT a FROM t WHERE true ORDER BY a"],
        ),
        (
            "a.py",
            "def f():\n    sql = \"SELECT a \"\n    sql += \"FROM t \"\n    sql += \"WHERE b = %s\"\n    cur.execute(sql)\n",
            &["SELECT a FROM t WHERE b = %s"],
        ),
        (
            "a.py",
            "def f():\n    sql = (\"SELECT a \"\n        \"FROM t \")\n    if x:\n        sql += \"WHERE b\"\n    return sql\n",
            &["SELECT a FROM t "],
        ),
        ("a.js", "const f = () => {\n  let q = 'SELECT a'\n  q += ' FROM t'\n  q = q + ' WHERE b'\n}\n", &["SELECT a FROM t WHERE b"]),
        ("a.php", "<?php\n$sql = 'SELECT a';\n$sql .= ' FROM t';\n$sql .= \" WHERE b = $x\";\n", &["SELECT a FROM t WHERE b = {}"]),
        (
            "A.java",
            "void f() {\n  StringBuilder sb = new StringBuilder(\"SELECT a \");\n  sb.append(\"FROM t \");\n  sb.append(\"WHERE b = \").append(id);\n}\n",
            &["SELECT a FROM t WHERE b = "],
        ),
        (
            "A.java",
            "void f() {\n  StringBuilder sb = new StringBuilder();\n  sb.append(\"SELECT a \");\n  params.add(x);\n  sb.append(\"FROM t\");\n}\n",
            &["SELECT a FROM t"],
        ),
        (
            "A.cs",
            "void F() {\n  var sb = new StringBuilder();\n  sb.AppendLine(\"SELECT a\");\n  sb.AppendLine(\"FROM t\");\n}\n",
            &["SELECT a\nFROM t"],
        ),
        ("a.rs", "fn f() {\n    let mut sql = String::from(\"SELECT a \");\n    sql.push_str(\"FROM t\");\n}\n", &["SELECT a FROM t"]),
        ("a.rb", "def f\n  sql = +\"SELECT a\"\n  sql << \" FROM t\"\nend\n", &["SELECT a FROM t"]),
        ("a.kt", "fun f() {\n    var sql = \"SELECT a \"\n    sql += \"FROM t\"\n}\n", &["SELECT a FROM t"]),
        ("a.kt", "val q = buildString {\n    append(\"SELECT a \")\n    append(\"FROM t\")\n}\n", &["SELECT a FROM t"]),
        // what is done with the name in between ends it
        ("a.go", "func f() {\n\tq := \"SELECT a FROM t\"\n\tdb.Query(q)\n\tq += \" WHERE b\"\n}\n", &["SELECT a FROM t"]),
        // a list of statements is no text
        (
            "a.py",
            "def f():\n    found.append(\"DELETE FROM a\")\n    found.append(\"DELETE FROM b\")\n",
            &["DELETE FROM a", "DELETE FROM b"],
        ),
        ("a.rb", "def f\n  log << \"DELETE FROM a\"\n  log << \"DELETE FROM b\"\nend\n", &["DELETE FROM a", "DELETE FROM b"]),
    ]);
}

#[test]
fn what_is_added_perhaps_is_a_piece() {
    let found =
        read("a.py", "def f():\n    q = 'SELECT a FROM t WHERE b = '\n    if x:\n        q += ' OR c'\n    q += '1'\n    run(q)\n", &[]);
    let [fragment] = &found.fragments[..] else { panic!("{:?}", found.fragments) };
    assert_eq!(fragment.holes.iter().map(|hole| hole.role).collect::<Vec<_>>(), [super::Role::Fragment]);
}

#[test]
fn lists_are_joined() {
    same(&[
        ("a.js", "const q = [\n  'SELECT a',\n  'FROM t',\n].join(' ');\n", &["SELECT a FROM t"]),
        ("a.js", "const q = ['DELETE FROM a', 'DELETE FROM b'].join(';\\n');\n", &["DELETE FROM a;DELETE FROM b"]),
        ("a.go", "var q = strings.Join([]string{\"SELECT a\", \"FROM t\"}, \" \")\n", &["SELECT a FROM t"]),
        ("a.php", "<?php $q = implode(' ', ['SELECT a', 'FROM t']);\n", &["SELECT a FROM t"]),
        ("a.py", "q = \" \".join([\"SELECT a\", \"FROM t\"])\n", &["SELECT a FROM t"]),
        ("A.java", "String q = String.join(\" \", \"SELECT a\", \"FROM t\");\n", &["SELECT a FROM t"]),
        ("a.kt", "val q = listOf(\"SELECT a\", \"FROM t\").joinToString(\" \")\n", &["SELECT a FROM t"]),
        ("a.scala", "val q = Seq(\"SELECT a\", \"FROM t\").mkString(\"\\n\")\n", &["SELECT a\nFROM t"]),
        ("a.rb", "q = [\"SELECT a\", \"FROM t\"].join(\" \")\n", &["SELECT a FROM t"]),
        ("a.ex", "q = Enum.join([\"SELECT a\", \"FROM t\"], \" \")\n", &["SELECT a FROM t"]),
        ("a.rs", "let q = [\"SELECT a\", \"FROM t\"].join(\" \");\n", &["SELECT a FROM t"]),
        ("A.cs", "var q = string.Join(\" \", new[] { \"SELECT a\", \"FROM t\" });\n", &["SELECT a FROM t"]),
    ]);
}

#[test]
fn every_driver_s_placeholders_are_parameters() {
    let table = [
        ("a.rs", "sqlx::query!(\"SELECT a FROM t WHERE b = $1 AND c = $2\", x, y);", "$1 $2"),
        ("a.go", "db.Query(\"SELECT a FROM t WHERE b=? AND c>=?\")", "? ?"),
        ("a.py", "cur.execute(\"SELECT a FROM t WHERE b = %s AND c=%(n)s\", x)", "%s %(n)s"),
        ("a.py", "s.execute(text(\"SELECT a FROM t WHERE b = :name AND c::int=:other\"))", ":name :other"),
        ("A.cs", "c.Query(\"SELECT a FROM t WHERE b=@Id AND c = @name\")", "@Id @name"),
        ("a.rs", "let q = format!(\"SELECT a FROM t WHERE b = {} AND c = {}\", x, y);", "{} {}"),
        ("a.ts", "const a = sql`SELECT a FROM t WHERE b = ${x} AND c = ${y}`;", "{} {}"),
        ("A.java", "@Select(\"SELECT a FROM t WHERE b = #{id} AND c=#{n,jdbcType=INTEGER}\")", "#{id} #{n,jdbcType=INTEGER}"),
        ("a.rb", "find_by_sql(\"SELECT a FROM t WHERE b = #{id}\")", "{}"),
    ];
    for (path, code, expected) in table {
        let found = read(path, code, &[]);
        let [fragment] = &found.fragments[..] else { panic!("{path}: {code}: {:?}", found.fragments) };
        assert!(fragment.script.statements.iter().all(|s| s.reading == Reading::Parsed), "{path}: {code}");
        let marks: Vec<String> = lex(&found.layers[fragment.layer], fragment.span, Dialect::Host)
            .iter()
            .filter(|t| matches!(t.kind, TokenKind::Placeholder | TokenKind::Param))
            .map(|t| t.text(&found.layers[fragment.layer]).replace(FILLER as char, ""))
            .collect();
        assert_eq!(marks.join(" "), expected, "{path}: {code}");
    }
}

/// `analyze orders` is SQL only where something says so.
#[test]
fn calls_and_hints_say_that_it_is_sql() {
    let known = [
        ("a.rs", "sqlx::query!(\"analyze orders\");"),
        ("a.rs", "sqlx::query_as::<_, Row>(\"analyze orders\");"),
        ("a.rs", "diesel::sql_query(\"analyze orders\");"),
        ("a.rs", "let a = /* sql */ \"analyze orders\";"),
        ("a.ts", "await prisma.$queryRaw`analyze orders`;"),
        ("a.ts", "await prisma.$executeRawUnsafe('analyze orders');"),
        ("a.js", "await knex.raw('analyze orders');"),
        ("a.ts", "const a = sql`analyze orders`;"),
        ("a.ts", "// language=postgresql\nconst a = 'analyze orders';"),
        ("a.py", "op.execute(\"analyze orders\")"),
        ("a.py", "migrations.RunSQL(\"analyze orders\")"),
        ("a.py", "await conn.fetchval(\"analyze orders\")"),
        ("a.py", "cur.execute(\"\"\"-- sql\nanalyze orders\"\"\")"),
        ("A.java", "jdbc.queryForObject(\"analyze orders\", x);"),
        ("A.java", "em.createNativeQuery(\"analyze orders\");"),
        ("A.java", "conn.prepareStatement(\"analyze orders\");"),
        ("a.kt", "// language=sql\nval q = \"analyze orders\""),
        ("a.rb", "Order.find_by_sql(\"analyze orders\")"),
        ("a.rb", "connection.exec_query(\"analyze orders\")"),
        ("a.rb", "q = <<~SQL\n  analyze orders\nSQL\n"),
        ("a.php", "<?php $connection->executeStatement('analyze orders');"),
        ("a.php", "<?php $this->addSql('analyze orders');"),
        ("A.cs", "ctx.Orders.FromSqlRaw(\"analyze orders\");"),
        ("A.cs", "await db.ExecuteSqlRawAsync(\"analyze orders\");"),
        ("a.ex", "Repo.query!(\"analyze orders\")"),
        ("a.ex", "Ecto.Adapters.SQL.query(Repo, \"analyze orders\", [])"),
        ("a.scala", "val q = sql\"analyze orders\""),
        ("a.go", "tx.ExecContext(ctx, \"analyze orders\")"),
    ];
    for (path, code) in known {
        assert_eq!(
            found(path, code).iter().map(|sql| sql.trim().trim_start_matches("-- sql\n").to_owned()).collect::<Vec<_>>(),
            ["analyze orders"],
            "{path}: {code}"
        );
    }
    for (path, code) in [
        ("a.rs", "say(\"analyze orders\");"),
        ("a.py", "x = \"analyze orders\"\n"),
        ("a.js", "t('Select one of the orders from the list')"),
        ("a.js", "css('select:not([multiple])')"),
    ] {
        assert!(found(path, code).is_empty(), "{path}: {code}");
    }
    // the settings' own
    let calls = ["fetchRows".to_owned(), "Store.run".to_owned()];
    for code in ["db.fetchRows('analyze orders')", "fetchRows('analyze orders')", "Store.run('analyze orders')"] {
        assert_eq!(read("a.js", code, &calls).fragments.len(), 1, "{code}");
        assert_eq!(read("a.js", code, &[]).fragments.len(), 0, "{code}");
    }
}

#[test]
fn query_builders_take_fragments() {
    let table = [
        ("a.rb", "orders = Order.where(\"data->>'k' = ?\", x)", "data->>'k' = ?"),
        ("a.js", "const all = q.whereRaw(\"data->>'k' = ?\", [x])", "data->>'k' = ?"),
        ("a.js", "const all = q.orderByRaw('lower(name) DESC NULLS LAST')", "lower(name) DESC NULLS LAST"),
        ("a.go", "err := db.Where(\"data->>'k' = ?\", x).Find(&all)", "data->>'k' = ?"),
        ("a.php", "<?php $q->whereRaw('lower(name) = ?', [$x]);", "lower(name) = ?"),
        ("a.ex", "from o in Order, where: fragment(\"?->>'k' = ?\", o.data, ^x)", "?->>'k' = ?"),
        ("a.ts", "const page = sql`LIMIT ${n} OFFSET ${from}`;", "LIMIT {} OFFSET {}"),
        ("a.js", "const page = knex.raw('LIMIT ? OFFSET ?', [n, from])", "LIMIT ? OFFSET ?"),
        ("a.scala", "val w = fr\"WHERE a = $a\"", "WHERE a = {}"),
    ];
    for (path, code, expected) in table {
        let found = read(path, code, &[]);
        let [fragment] = &found.fragments[..] else { panic!("{path}: {code}: {:?}", found.fragments) };
        assert_eq!((found.sql(fragment).as_str(), fragment.kind), (expected, FragmentKind::Clause), "{path}: {code}");
        assert!(fragment.script.statements.iter().all(|s| s.reading == Reading::Parsed), "{path}: {code}");
    }
}

#[test]
fn what_is_not_sent_is_kept_apart() {
    for (path, code) in [
        ("a.js", "log('SELECT a FROM t WHERE b = 1')"),
        ("a.js", "db.query('SELECT IFNULL(a, 0) FROM t')"),
        ("a.js", "db.query('SELECT `a` FROM `t`')"),
        ("a.js", "db.query('SELECT a FROM t WHERE b = {id: UInt64}')"),
        ("a.js", "db.query('INSERT OR REPLACE INTO t VALUES (?)')"),
        ("A.java", "import org.springframework.data.jpa.X;\n@Query(\"SELECT o FROM Order o WHERE o.id = :id\")\n"),
    ] {
        let found = read(path, code, &[]);
        assert_eq!((found.fragments.len(), found.others.len()), (0, 1), "{path}: {code}");
    }
}

#[test]
fn doubled_quotes_end_where_they_should() {
    let code = "var a = @\"\"\"\"\"\"\"F\"\"\"\"C\"\"\"\"\"\"\";\nx.F(\"SELECT a FROM t\");\nvar b = @\"\"\"q\"\"\";\nx.F(@\"SELECT \"\"b\"\" FROM t\");\n";
    assert_eq!(found("A.cs", code), ["SELECT a FROM t", "SELECT \"b\" FROM t"]);
}

/// The variables' loop, if the only statement is sent with each turn of one.
fn looped(path: &str, code: &str) -> bool {
    let found = read(path, code, &[]);
    let [fragment] = &found.fragments[..] else { panic!("{path}: {code}: {:?}", found.fragments) };
    fragment.in_loop.is_some()
}

#[test]
fn a_statement_is_in_a_loop_where_each_turn_sends_it() {
    for (path, code) in [
        ("a.rb", "users.each do |u|\n  db.execute(\"DELETE FROM t WHERE id = #{u.id}\")\nend\n"),
        ("a.py", "for u in users:\n    cur.execute(\"DELETE FROM t WHERE id = %s\", (u,))\n"),
        ("a.js", "for (const u of users) {\n  await db.query('DELETE FROM t WHERE id = $1', [u])\n}\n"),
        ("a.php", "<?php\nforeach ($users as $u) {\n  $sql = \"DELETE FROM t WHERE id = $u\";\n  $db->exec($sql);\n}\n"),
        // on the loop's own line
        ("a.js", "for (const u of users) { await db.query('DELETE FROM t WHERE id = $1', [u]) }\n"),
        ("a.ts", "ids.forEach(async (id) => { await db.query('DELETE FROM t WHERE id = $1', [id]) })\n"),
        ("a.rb", "ids.each { |id| db.exec_params('DELETE FROM t WHERE id = $1', [id]) }\n"),
        // what a loop gives
        ("a.ts", "const rows = await Promise.all(ids.map((id) => db.query('SELECT a FROM t WHERE id = $1', [id])))\n"),
        ("a.ts", "const rows = await Promise.all(ids.map(async (id) => {\n  return db.query('SELECT a FROM t WHERE id = $1', [id])\n}))\n"),
        // behind what it repeats
        ("a.py", "rows = [await db.fetch('SELECT a FROM t WHERE id = $1', i) for i in ids]\n"),
        ("a.py", "rows = {\n    i: db.execute(text('SELECT a FROM t WHERE id = :id'), {'id': i}).one()\n    for i in ids\n}\n"),
        ("a.py", "rows = await gather(*(db.fetch('SELECT a FROM t WHERE id = $1', i) for i in ids))\n"),
    ] {
        assert!(looped(path, code), "{path}: {code}");
    }
    for (path, code) in [
        // the loop runs over the query
        ("a.rb", "active = User.where(\"age > ?\", 3).each do |u|\n  u.save\nend\n"),
        ("a.py", "for u in db.execute(\"SELECT id FROM t\"):\n    use(u)\n"),
        // over what is written out, over a constant, over tables
        ("a.rb", "[A, B].each do |k|\n  db.execute(\"DELETE FROM t WHERE kind = '#{k}'\")\nend\n"),
        ("a.rb", "EVENTS.each do |k|\n  db.execute(\"DELETE FROM t WHERE kind = '#{k}'\")\nend\n"),
        ("a.js", "for (const name of names) {\n  await db.query(`DELETE FROM ${name}`)\n}\n"),
        // built, or gathered
        ("a.go", "func f() {\n\tfor _, w := range words {\n\t\ts = s.Where(\"name = ?\", w)\n\t}\n}\n"),
        ("a.php", "<?php\nforeach ($users as $u) {\n  $sql = \"DELETE FROM t WHERE id = $u\";\n}\n$db->exec($sql);\n"),
        ("A.java", "for (Long u : users) {\n  all.add(\"DELETE FROM t WHERE id = \" + u);\n}\nrun(all);\n"),
        // a function by its name, sent once
        ("a.ts", "const find = useCallback(async (id) => {\n  return db.query('SELECT a FROM t WHERE id = $1', [id])\n})\n"),
        // made, sent at once, given rows, or the same each time
        ("a.py", "all = [Query('SELECT a FROM t WHERE id = $1', i) for i in ids]\n"),
        ("a.py", "db.executemany('DELETE FROM t WHERE id = $1', [(i,) for i in ids])\n"),
        ("a.py", "names = [row.name for row in db.execute('SELECT name FROM t')]\n"),
        ("a.py", "rows = [db.fetch('SELECT count(*) FROM t') for _ in waits]\n"),
    ] {
        assert!(!looped(path, code), "{path}: {code}");
    }
}

#[test]
fn a_clients_own_template_binds() {
    let bound = |code: &str| read("a.ts", code, &[]).fragments.iter().all(|fragment| fragment.bound);
    assert!(bound("await this.pgClient`UPDATE t SET a = ${a} WHERE id = ${id}`\n"));
    assert!(bound("await trx`DELETE FROM t WHERE id = ${id}`\n"));
    assert!(!bound("await db.query(String.raw`DELETE FROM t WHERE id = ${id}`)\n"));
    assert!(!bound("await db.query(`DELETE FROM t WHERE id = ${id}`)\n"));
}
