//! Migrations in application code: their SQL makes the schema that the rest of the repository is judged by.
#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;

use project::Project;

impl Project {
    /// The schema without its first line, which every one has.
    fn schema(&self) -> String {
        self.printed(&["schema", "."]).0.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    /// `file:line message` of each finding of one rule in what is asked about.
    fn found(&self, rule: &str, path: &str) -> Vec<String> {
        let json: serde_json::Value =
            serde_json::from_str(&self.printed(&["check", path, "--format", "json", "--select", rule]).0).unwrap();
        let place = |f: &serde_json::Value| {
            format!("{}:{} {}", f["file"].as_str().unwrap(), f["span"]["start"]["line"], f["message"].as_str().unwrap())
        };
        json["findings"].as_array().unwrap().iter().map(place).collect()
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
    let (_, stderr) = project.printed(&["schema", "."]);
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
    let (_, stderr) = project.printed(&["schema", "."]);
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

const DOCTRINE: &str = "<?php
use App\\Migration\\AbstractMultiPlatformMigration;
final class Version20240101000000 extends AbstractMultiPlatformMigration
{
    public function mySQLUp(Schema $schema): void
    {
        $this->addSql('CREATE TABLE parts (id INT AUTO_INCREMENT NOT NULL, PRIMARY KEY(id)) ENGINE = InnoDB');
        $this->addSql('ALTER TABLE parts ADD INDEX i (id), DROP COLUMN a');
    }
    public function sqLiteUp(Schema $schema): void
    {
        $this->addSql('CREATE TABLE parts (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL)');
    }
    public function postgreSQLUp(Schema $schema): void
    {
        $this->addSql('ALTER TABLE stock ADD COLUMN place text NOT NULL');
        $this->addSql('CREATE INDEX stock_place ON stock (place)');
    }
}
";

#[test]
fn what_a_migration_sends_to_other_engines_is_counted_and_not_judged() {
    let project = Project::new(&[("migrations/Version20240101000000.php", DOCTRINE)]);
    let json = project.check(&[]);
    assert_eq!(json["summary"]["other_engines"], 1, "{}", json["summary"]);
    assert_eq!(json["summary"]["opaque"], 0, "{}", json["opaque"]);
    let found = project.found("add-required-column,index-without-concurrently,drop-column", ".");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(project.printed(&["check"]).0.contains("3 statements (1 for other engines, not judged)"), "{}", project.printed(&["check"]).0);
}

#[test]
fn code_of_another_engine_and_scripts_are_counted() {
    let sqlite = "def f(c):\n    c.execute(\"SELECT * FROM a WHERE d = strftime('%d', b) LIMIT 5 OFFSET 10000\")\n";
    let script = "import psycopg\ndef f(c):\n    c.execute('SELECT * FROM a ORDER BY b LIMIT 5 OFFSET 10000')\n";
    let project = Project::new(&[("app/a.py", sqlite), ("scripts/b.py", script), ("app/c.py", script)]);
    let json = project.check(&["--select", "offset-pagination"]);
    assert_eq!((&json["summary"]["other_engines"], &json["summary"]["run_once"]), (&1.into(), &1.into()), "{}", json["summary"]);
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    let text = project.printed(&["check"]).0;
    assert!(text.contains("3 statements (1 for other engines, not judged; 1 run once or by hand, not judged as load)"), "{text}");
}

#[test]
fn locks_of_migrations_in_code_are_shown() {
    let rails = "class AddIndex < ActiveRecord::Migration[7.0]
  def up
    execute 'CREATE INDEX orders_a ON orders (a)'
  end
  def down
    execute 'DROP INDEX orders_a'
  end
end
";
    let project = Project::new(&[
        ("src/migrations/1700000000000-Users.ts", TYPEORM),
        (
            "src/migrations/1800000000000-Add.ts",
            "export class A implements MigrationInterface { async up(q) { await q.query('ALTER TABLE users ADD COLUMN b int NOT NULL DEFAULT 0') } async down(q) { await q.query('DROP TABLE users') } }",
        ),
        ("db/migrate/20240101000000_add_index.rb", rails),
    ]);
    let (text, _) = project.printed(&["locks"]);
    for piece in ["ALTER TABLE users ADD COLUMN b", "CREATE INDEX orders_a ON orders (a)", "CREATE INDEX users_email"] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
    assert!(!text.contains("DROP"), "{text}");
    let (one, _) = project.printed(&["locks", "src/migrations/1800000000000-Add.ts", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&one).unwrap();
    let statements = json["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 1, "{one}");
    assert_eq!(statements[0]["effects"][0]["mode"], "AccessExclusiveLock", "{one}");
}
