//! Migrations in application code: their SQL makes the schema that the rest of the repository is judged by.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

struct Project(PathBuf);

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pgsift-programs-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Project(root)
    }

    fn run(&self, args: &[&str]) -> (String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_pgsift")).args(args).current_dir(&self.0).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The schema without its first line, which every one has.
    fn schema(&self) -> String {
        self.run(&["schema", "."]).0.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    /// `file:line message` of each finding of one rule in what is asked about.
    fn found(&self, rule: &str, path: &str) -> Vec<String> {
        let json: serde_json::Value = serde_json::from_str(&self.run(&["check", path, "--format", "json", "--select", rule]).0).unwrap();
        let place = |f: &serde_json::Value| {
            format!("{}:{} {}", f["file"].as_str().unwrap(), f["span"]["start"]["line"], f["message"].as_str().unwrap())
        };
        json["findings"].as_array().unwrap().iter().map(place).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const TYPEORM: &str = "import { MigrationInterface, QueryRunner } from 'typeorm'
export class Users1700000000000 implements MigrationInterface {
  // this up() is what down() takes back
  async up(q: QueryRunner) {
    await q.query(`CREATE TABLE \"users\" (\"id\" bigint PRIMARY KEY, \"profile\" jsonb NOT NULL DEFAULT '{\"it''s\": 1}', email text)`)
    await q.query('CREATE INDEX users_email ON users (email)')
  }
  async down(q: QueryRunner) { await q.query(`DROP TABLE users`) }
}
";

#[test]
fn strings_of_migrations_make_the_schema_in_their_order() {
    let second = "const { MigrationInterface } = require('typeorm')
module.exports = class {
  name = 'Later1700000000001'
  async up(q) { await q.query(`ALTER TABLE users ADD COLUMN age int`); await q.query(`ALTER TABLE users RENAME COLUMN email TO mail`) }
  async down(q) { await q.query(`ALTER TABLE users DROP COLUMN age`) }
} // MigrationInterface
";
    let project = Project::new(&[("src/migrations/1700000000001-Later.js", second), ("src/migrations/1700000000000-Users.ts", TYPEORM)]);
    assert_eq!(
        project.schema(),
        "CREATE TABLE public.users (
    id bigint NOT NULL,
    profile jsonb DEFAULT ('{\"it''s\": 1}') NOT NULL,
    mail text,
    age integer
);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX users_email ON public.users USING btree (mail);"
    );
    let (_, stderr) = project.run(&["schema", "."]);
    assert_eq!(stderr, "", "every change was read");
}

#[test]
fn rules_on_application_code_see_those_tables_and_indexes() {
    let query = "await db.query(`SELECT id FROM users WHERE profile ->> 'plan' = 'pro'`)\n";
    let project = Project::new(&[("src/migrations/1700000000000-Users.ts", TYPEORM), ("src/app.ts", query)]);
    assert_eq!(project.found("jsonb-filter-without-index", ".").len(), 1);
    // and so they do where only the code is checked
    assert_eq!(project.found("jsonb-filter-without-index", "src/app.ts").len(), 1);
    let index = "import { Migration } from '@mikro-orm/migrations'
export class Migration20240101000000 extends Migration {
  async up() { this.addSql(`create index users_plan on users ((profile ->> 'plan'))`) }
}
";
    let project = Project::new(&[
        ("src/migrations/1700000000000-Users.ts", TYPEORM),
        ("src/migrations/Migration20240101000000.ts", index),
        ("src/app.ts", query),
    ]);
    assert_eq!(project.found("jsonb-filter-without-index", "."), [""; 0]);
}

#[test]
fn a_migration_is_judged_by_the_schema_before_it() {
    let drops = "import { MigrationInterface } from 'typeorm'
export class Drop1700000000009 implements MigrationInterface {
  async up(q) { await q.query(`ALTER TABLE users DROP COLUMN email`); await q.query('CREATE INDEX users_profile ON users (profile)') }
  async down(q) {}
}
";
    let project = Project::new(&[("src/migrations/1700000000000-Users.ts", TYPEORM), ("src/migrations/1700000000009-Drop.ts", drops)]);
    let found = project.found("drop-column", ".");
    assert!(found.len() == 1 && found[0].starts_with("src/migrations/1700000000009-Drop.ts:3 "), "{found:?}");
    let found = project.found("index-without-concurrently", ".");
    assert!(found.len() == 1 && found[0].contains("users"), "a new table's index waits for nobody: {found:?}");
}

#[test]
fn calls_that_nobody_reads_make_their_tables_unknown_in_part() {
    let calls = "import { MigrationInterface } from 'typeorm'
export class Index1700000000005 implements MigrationInterface {
  async up(q) { await q.createIndex('users', index) }
  async down(q) {}
}
";
    let query = "await db.query(`SELECT id FROM users WHERE profile ->> 'plan' = 'pro'`)\n";
    let project = Project::new(&[
        ("src/migrations/1700000000000-Users.ts", TYPEORM),
        ("src/migrations/1700000000005-Index.ts", calls),
        ("src/app.ts", query),
    ]);
    assert!(project.schema().contains("-- known in part, for not all that made it was read: public.users"));
    assert_eq!(project.found("jsonb-filter-without-index", "."), [""; 0]);
    let (_, stderr) = project.run(&["schema", "."]);
    assert!(stderr.contains("1 JavaScript migrations, whose changes to the schema are not known"), "{stderr}");
}

#[test]
fn text_put_together_and_functions_that_somebody_may_call_are_doubted() {
    let doubtful = "import { Migration } from '@mikro-orm/migrations'
export class Migration20240101000000 extends Migration {
  async up() {
    this.addSql(`create table a (id int); create table b (id int); create table c (id int);`)
    this.addSql(`alter table a add column x ${type}`)
    if (await this.old()) { migrateOld.call(this) }
  }
}
async function migrateOld() { this.addSql('alter table b add column y int') }
";
    let schema = Project::new(&[("m/migrations/Migration20240101000000.ts", doubtful)]).schema();
    let in_part: Vec<&str> =
        schema.lines().filter_map(|line| line.strip_prefix("-- known in part, for not all that made it was read: ")).collect();
    assert_eq!(in_part, ["public.a", "public.b"]);
}

#[test]
fn doctrine_keeps_to_its_own_platform() {
    let php = "<?php
use App\\Migration\\AbstractMultiPlatformMigration;
/** Auto-generated Migration: Please modify to your needs! */
final class Version20240101000000 extends AbstractMultiPlatformMigration {
    public function mySQLUp(Schema $schema): void { $this->addSql('CREATE TABLE t (id INT, only_mysql INT)'); }
    public function mySQLDown(Schema $schema): void { // this down() migration is auto-generated
        $this->addSql('DROP TABLE t'); }
    public function postgreSQLUp(Schema $schema): void {
        $this->addSql('CREATE TABLE t (id INT NOT NULL, note VARCHAR(10) DEFAULT \\'a\\' NOT NULL, PRIMARY KEY(id))');
    }
    public function postgreSQLDown(Schema $schema): void { $this->addSql('DROP TABLE t'); }
}
";
    let schema = Project::new(&[("migrations/Version20240101000000.php", php)]).schema();
    assert!(schema.contains("note character varying(10) DEFAULT 'a' NOT NULL") && !schema.contains("only_mysql"), "{schema}");
}

#[test]
fn alembic_follows_its_chain() {
    let file = |revision: &str, before: &str, sql: &str| {
        format!(
            "from alembic import op\nrevision = '{revision}'\ndown_revision = {before}\n\ndef upgrade():\n    op.execute(\"{sql}\")\n\n\
             def downgrade():\n    op.execute(\"DROP TABLE t\")\n"
        )
    };
    let first = file("zz", "None", "CREATE TABLE t (id int)");
    let second = file("aa", "'zz'", "ALTER TABLE t ADD COLUMN a int");
    let third = file("mm", "'aa'", "ALTER TABLE t RENAME COLUMN a TO b");
    let project = Project::new(&[
        ("alembic/env.py", ""),
        ("alembic/versions/zz_first.py", &first),
        ("alembic/versions/aa_second.py", &second),
        ("alembic/versions/mm_third.py", &third),
    ]);
    assert_eq!(project.schema(), "CREATE TABLE public.t (\n    id integer,\n    b integer\n);");
}

#[test]
fn a_dump_says_more_than_the_migrations_that_led_to_it() {
    let ruby = "class A < ActiveRecord::Migration[7.1]\n  def up\n    execute \"CREATE TABLE old (id int)\"\n  end\nend\n";
    let project = Project::new(&[("db/structure.sql", "CREATE TABLE t (id int);\n"), ("db/migrate/20240101000000_a.rb", ruby)]);
    assert_eq!(project.schema(), "CREATE TABLE public.t (\n    id integer\n);");
    // and what runs once is no use of what a later migration drops
    let drop = "class B < ActiveRecord::Migration[7.1]\n  def up\n    execute \"ALTER TABLE t DROP COLUMN x\"\n  end\nend\n";
    let fill = "class A < ActiveRecord::Migration[7.1]\n  def up\n    execute \"UPDATE t SET x = 1 WHERE x = 0\"\n  end\nend\n";
    let project = Project::new(&[("db/migrate/20240101000000_a.rb", fill), ("db/migrate/20240101000001_b.rb", drop)]);
    let found = project.found("drop-column", ".");
    assert!(found.len() == 1 && !found[0].contains("still use"), "{found:?}");
}

#[test]
fn what_came_back_under_its_name_is_what_the_application_uses() {
    let app = ("app.py", "cur.execute(\"SELECT note FROM t WHERE id = 1\")\ncur.execute(\"SELECT id FROM u\")\n");
    let first = ("migrations/1_a.sql", "CREATE TABLE t (id int, note text);\nCREATE TABLE u (id int);\n");
    let drop = ("migrations/2_b.sql", "ALTER TABLE t DROP COLUMN note;\nDROP TABLE u;\n");
    let again = ("migrations/3_c.sql", "ALTER TABLE t ADD COLUMN note jsonb;\nCREATE TABLE u (id bigint);\n");
    for rule in ["drop-column", "drop-table"] {
        let found = Project::new(&[app, first, drop]).found(rule, ".");
        assert!(found.len() == 1 && found[0].contains("1 place in the application still use"), "{found:?}");
        let found = Project::new(&[app, first, drop, again]).found(rule, ".");
        assert!(found.len() == 1 && !found[0].contains("still use"), "{found:?}");
    }
}
