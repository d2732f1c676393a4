//! What a file is decides what is said about it, and how: things that a rule's fixtures, which are all migrations, cannot show.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::finding::Finding;
use pgsift::session::Transaction;
use pgsift::settings::Settings;

const SCHEMA: &str = "CREATE TABLE users (id bigint PRIMARY KEY, age int);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);";

fn migration(down: bool, transaction: Transaction) -> InputKind {
    InputKind::Migration(MigrationInfo { framework: "plain", down, transaction, sections: None })
}

/// The findings of one rule in a text that comes after the schema.
fn findings(rule: &str, kind: InputKind, text: &str) -> Vec<Finding> {
    let schema = migration(false, Transaction::None);
    let inputs = vec![
        Input { path: "0.sql".into(), bytes: SCHEMA.as_bytes().to_vec(), kind: schema, reported: false, sets: vec![] },
        Input { path: "1.sql".into(), bytes: text.as_bytes().to_vec(), kind, reported: true, sets: vec![] },
    ];
    check(inputs, &Settings { select: vec![rule.to_owned()], ..Settings::default() }).findings
}

fn up() -> InputKind {
    migration(false, Transaction::None)
}

fn help(rule: &str, kind: InputKind, text: &str) -> String {
    findings(rule, kind, text)[0].help.clone().unwrap()
}

#[test]
fn queries_of_down_migrations_are_not_judged() {
    let sql = "DELETE FROM users WHERE id NOT IN (SELECT user_id FROM orders);";
    assert_eq!(findings("not-in-nullable-subquery", up(), sql).len(), 1);
    assert_eq!(findings("not-in-nullable-subquery", InputKind::Sql, sql).len(), 1);
    assert!(findings("not-in-nullable-subquery", migration(true, Transaction::None), sql).is_empty());
}

#[test]
fn only_migrations_backfill() {
    let sql = "UPDATE users SET age = 1;";
    assert_eq!(findings("unbatched-backfill", up(), sql).len(), 1);
    assert!(findings("unbatched-backfill", InputKind::Sql, sql).is_empty());
    assert!(findings("unbatched-backfill", migration(true, Transaction::None), sql).is_empty());
}

#[test]
fn what_is_held_and_what_waits_are_both_named() {
    let sql = "ALTER TABLE users ADD COLUMN name text; CREATE INDEX orders_status_idx ON orders (status);";
    let found = findings("locks-held-across-work", migration(false, Transaction::Framework("sqlx")), sql);
    let expected = "this builds an index on orders while this transaction already holds ACCESS EXCLUSIVE on users: all reads and writes of users wait until it commits";
    assert_eq!(found[0].message, expected);
    assert!(found[0].help.as_ref().unwrap().starts_with("sqlx runs the file in one transaction: split the file before this statement"));
    assert_eq!(found[0].related[0].message, "ACCESS EXCLUSIVE on users is taken here");
}

#[test]
fn not_in_is_written_anew_in_the_users_names() {
    let plain = help("not-in-nullable-subquery", up(), "SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders);");
    assert!(plain.contains("NOT EXISTS (SELECT 1 FROM orders WHERE orders.user_id = users.id"), "{plain}");
    let aliased = help("not-in-nullable-subquery", up(), "SELECT id FROM users u WHERE u.id NOT IN (SELECT o.user_id FROM orders o);");
    assert!(aliased.contains("NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id"), "{aliased}");
}

#[test]
fn a_hole_may_hold_the_order() {
    let without = help("offset-pagination", up(), "SELECT id FROM users LIMIT 10 OFFSET $1;");
    assert!(without.contains("there is no ORDER BY"), "{without}");
    let hole = help("offset-pagination", up(), "SELECT id FROM users WHERE {filter} LIMIT 10 OFFSET $1;");
    assert!(!hole.contains("there is no ORDER BY") && hole.contains("put in by the program"), "{hole}");
}

#[test]
fn advice_knows_how_each_framework_leaves_its_transaction() {
    let sql = "CREATE INDEX CONCURRENTLY orders_status_idx ON orders (status);";
    for (framework, way) in [
        ("sqlx", "`-- no-transaction`"),
        ("diesel", "`run_in_transaction = false`"),
        ("goose", "`-- +goose NO TRANSACTION`"),
        ("dbmate", "`-- migrate:up transaction:false`"),
        ("Flyway", "`executeInTransaction=false`"),
        ("Atlas", "`-- atlas:txmode none`"),
    ] {
        let help = help("concurrently-in-transaction", migration(false, Transaction::Framework(framework)), sql);
        assert!(help.starts_with(&format!("{framework} wraps the file")) && help.contains(way), "{help}");
    }
    assert!(findings("concurrently-in-transaction", up(), sql).is_empty());
}

#[test]
fn begin_and_commit_belong_to_the_framework() {
    let wrapped = || migration(false, Transaction::Framework("diesel"));
    let begun = findings("transaction-nested", wrapped(), "BEGIN; ALTER TABLE users ADD COLUMN a int; COMMIT;");
    assert_eq!(begun.len(), 1);
    assert!(begun[0].message.starts_with("diesel has opened a transaction already"), "{}", begun[0].message);
    assert_eq!(findings("transaction-nested", wrapped(), "COMMIT; CREATE INDEX CONCURRENTLY i ON users (age);").len(), 1);
    assert!(findings("transaction-nested", up(), "BEGIN; SELECT 1; COMMIT;").is_empty());
    assert!(findings("transaction-nested", migration(false, Transaction::Implicit), "BEGIN; SELECT 1; COMMIT;").is_empty());
}

#[test]
fn a_body_that_builds_names_is_told_without_format_specifiers() {
    let sql = "DO $$ BEGIN EXECUTE format('ALTER TABLE %I SET LOGGED', 'users'); END $$;";
    for finding in findings("table-rewrite", up(), sql) {
        assert!(!finding.message.contains('%'), "{}", finding.message);
    }
}
