//! `pgsift advise` as people run it: files, a log and statistics go in, ranked advice comes out.
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCHEMA: &str = "CREATE TYPE phase AS ENUM ('new', 'done');
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, phase phase NOT NULL, note text, body text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL, total numeric NOT NULL, vat numeric NOT NULL);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_vat_idx ON orders (vat);
CREATE TABLE lines (order_id bigint REFERENCES orders, product text);
CREATE TABLE kinds (id int PRIMARY KEY, name text);
";

const QUERIES: &str = "SELECT * FROM customers WHERE email = 'a@b';
SELECT * FROM customers WHERE note = 'x';
SELECT * FROM customers WHERE phase = 'new';
SELECT * FROM customers WHERE body = 'long';
SELECT * FROM kinds WHERE name = 'a';
SELECT sum(total) FROM orders WHERE customer_id > 5 AND placed_at = now();
SELECT * FROM orders WHERE customer_id = 5 ORDER BY placed_at DESC LIMIT 5;
DELETE FROM orders WHERE id = 7;
";

const LOG: &str = "2026-11-21 11:00:00 UTC [7]: [1-1] user=app,db=shop,app=web,client=10.0.0.1 LOG:  duration: 5210.250 ms  statement: SELECT * FROM customers WHERE note = 'late'
2026-11-21 11:00:01 UTC [7]: [2-1] user=app,db=shop,app=web,client=10.0.0.1 LOG:  duration: 210.000 ms  statement: SELECT * FROM customers WHERE email = 'c@d'
2026-11-21 11:00:02 UTC [7]: [3-1] user=app,db=shop,app=web,client=10.0.0.1 LOG:  duration: 9000.000 ms  statement: SELECT id FROM lines WHERE product = 'p'
";

const STATS: &str =
    "kind,schemaname,relname,indexrelname,attname,scans,rows,inserted,updated,deleted,bytes,required,n_distinct,null_frac,days
table,public,kinds,,,3,12,12,0,0,8192,,,,90
table,public,customers,,,40,100000,100000,5,0,90000000,,,,90
index,public,orders,orders_vat_idx,,0,,,,,4096,f,,,90
index,public,orders,orders_pkey,,0,,,,,4096,t,,,90
index,public,orders,orders_customer_id_idx,,0,,,,,4096,f,,,90
column,public,customers,,email,,,,,,,,3,0,90
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("pgsift-advise-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let folder = Folder(path);
        for (file, text) in [("migrations/001_all.sql", SCHEMA), ("queries.sql", QUERIES), ("pg.log", LOG), ("stats.csv", STATS)] {
            folder.write(file, text);
        }
        folder
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, args: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(args).current_dir(&self.0).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is to be built, in order: `table index`.
    fn builds(&self, more: &[&str]) -> Vec<(String, Value)> {
        let text = self.run(&[&["advise", "migrations", "queries.sql", "--format", "json"], more].concat());
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        let created = all.into_iter().filter(|a| a["kind"] == "create");
        created.map(|a| (format!("{} {}", a["table"].as_str().unwrap(), a["index"].as_str().unwrap()), a)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names(builds: &[(String, Value)]) -> Vec<&str> {
    builds.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn files_alone_give_advice_and_say_what_they_leave() {
    let folder = Folder::new("files");
    let builds = folder.builds(&[]);
    let found = names(&builds);
    for wanted in
        ["customers (email)", "customers (note)", "customers USING hash (body)", "kinds (name)", "orders (customer_id, placed_at)"]
    {
        assert!(found.contains(&wanted), "{wanted}: {found:?}");
    }
    // an enum by itself finds nothing
    assert!(!found.iter().any(|name| name.contains("phase")), "{found:?}");
    let (_, order) = builds.iter().find(|(name, _)| name == "orders (customer_id, placed_at)").unwrap();
    assert_eq!(order["replaces"][0], "orders_customer_id_idx");
    assert_eq!(order["unknown"][1], "table size");
    let text = folder.run(&["advise", "migrations", "queries.sql"]);
    assert!(text.contains("customers (phase)") && text.contains("one of 2 values"), "{text}");
    // nobody deletes kinds, somebody deletes orders
    assert!(text.contains("lines_order_id_idx ON lines (order_id)") && text.contains("are deleted at queries.sql:8"), "{text}");
}

#[test]
fn a_log_ranks_and_brings_its_own_queries() {
    let folder = Folder::new("log");
    let builds = folder.builds(&["--log", "pg.log"]);
    let found = names(&builds);
    assert_eq!(found[..3], ["lines (product)", "customers (note)", "customers (email)"]);
    assert_eq!((builds[0].1["serves"][0]["file"].as_str(), builds[0].1["serves"][0]["line"].as_u64()), (Some("pg.log"), Some(3)));
    assert_eq!((builds[1].1["calls"].as_u64(), builds[1].1["total_ms"].as_f64()), (Some(1), Some(5210.25)));
    folder.write("statements.csv", "query,calls,total_exec_time\nSELECT * FROM customers WHERE email = $1,70,90000\n");
    let builds = folder.builds(&["--stats", "statements.csv"]);
    assert_eq!(builds[0].0, "customers (email)");
    assert_eq!(builds[0].1["calls"].as_u64(), Some(70));
    let text = folder.run(&["advise", "migrations", "queries.sql", "--stats", "statements.csv"]);
    assert!(text.contains("serves 1 query, 70 calls taking"), "{text}");
}

#[test]
fn statistics_spare_small_tables_and_name_what_nobody_reads() {
    let folder = Folder::new("stats");
    let found = folder.run(&["advise", "migrations", "queries.sql", "--stats", "stats.csv"]);
    assert!(found.contains("the table has 12 rows") && !found.contains("ON kinds"), "{found}");
    assert!(found.contains("3 different values, the server estimates"), "{found}");
    assert!(found.contains("DROP INDEX CONCURRENTLY IF EXISTS orders_vat_idx"), "{found}");
    // the key's own index, and the only one behind a foreign key
    assert!(!found.contains("EXISTS orders_pkey"), "{found}");
    let checked = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(args).current_dir(&folder.0).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let said = checked(&["check", "migrations", "--select", "unused-index", "--stats", "stats.csv"]);
    assert!(said.contains("orders_vat_idx") && said.contains("90 days") && !said.contains("no scan of orders_customer_id_idx"), "{said}");
    let silent = checked(&["check", "migrations", "--select", "unused-index"]);
    assert!(silent.contains("stats-query") && !silent.contains("orders_vat_idx"), "{silent}");
}

#[test]
fn tests_and_migrations_in_code_are_nobody_s_load() {
    let folder = Folder::new("tests");
    folder.write("tests/orders.test.sql", "SELECT * FROM orders WHERE total = 5;\n");
    folder.write("app/store.py", "def f(c):\n    c.execute(\"SELECT * FROM orders WHERE placed_at > %s\", (1,))\n");
    let text = folder.run(&["advise"]);
    assert!(text.contains("1 statement of tests left out") && !text.contains("orders (total)"), "{text}");
    assert!(text.contains("orders (placed_at") && text.contains("app/store.py:2"), "{text}");
    assert!(Path::new(&folder.0).exists());
}
