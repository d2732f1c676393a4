//! Migrations written in a programming language: who runs the file, which way each string goes, in what transaction, and what the
//! framework's own calls create. DDL in such a string meets tables in use, as a migration file's does. Must not know rules.
//!
//! A file is one by what it imports or derives from, never by its path alone: a wrong guess would judge a test's set-up.

use super::{Extracted, Fragment, Language};
use memchr::memmem;

/// A migration in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Who runs it, as people write the name.
    pub framework: &'static str,
    /// Whether the framework opens a transaction around it.
    pub in_transaction: bool,
}

/// Which way a string of a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Run when the migration is deployed.
    Up,
    /// Run when it is taken back.
    Down,
}

/// How a framework's files are known, and how one leaves the transaction; an empty `wraps` list of ways out means that the
/// framework opens none.
struct Framework {
    name: &'static str,
    languages: &'static [Language],
    marks: &'static [&'static str],
    wraps: bool,
    leaves: &'static [&'static str],
}

use Language::{CSharp, Elixir, Go, Java, JavaScript, Kotlin, Php, Python, Ruby, TypeScript};

const SCRIPT: &[Language] = &[JavaScript, TypeScript];
const JVM: &[Language] = &[Java, Kotlin];

/// Habits as each framework's documentation states them for PostgreSQL.
const FRAMEWORKS: &[Framework] = &[
    wrapping("Alembic", &[Python], &["from alembic import", "import alembic"], &["autocommit_block"]),
    wrapping("Django", &[Python], &["migrations.Migration"], &["atomic = False"]),
    wrapping("Rails", &[Ruby], &["ActiveRecord::Migration"], &["disable_ddl_transaction!"]),
    wrapping("Sequel", &[Ruby], &["Sequel.migration"], &["no_transaction"]),
    wrapping("Ecto", &[Elixir], &["use Ecto.Migration"], &["@disable_ddl_transaction true"]),
    wrapping("TypeORM", SCRIPT, &["MigrationInterface"], &["transaction = false"]),
    wrapping("MikroORM", SCRIPT, &["mikro-orm/migrations"], &["isTransactional"]),
    wrapping("node-pg-migrate", SCRIPT, &["node-pg-migrate", "(pgm)", "(pgm:", "pgm =>"], &["noTransaction"]),
    wrapping("Knex", SCRIPT, &["require('knex')", "from 'knex'", "from \"knex\"", "(knex)", "(knex:", "knex =>"], &["transaction: false"]),
    wrapping("Kysely", SCRIPT, &["from 'kysely'", "from \"kysely\"", "require('kysely')"], &[]),
    open("Sequelize", SCRIPT, &["queryInterface"]),
    wrapping("Laravel", &[Php], &["Illuminate\\Database\\Migrations\\Migration"], &["withinTransaction = false"]),
    wrapping("Doctrine", &[Php], &["Doctrine\\Migrations\\AbstractMigration", "AbstractMultiPlatformMigration"], &["isTransactional"]),
    wrapping("Phinx", &[Php], &["Phinx\\Migration\\AbstractMigration"], &[]),
    wrapping("Entity Framework", &[CSharp], &["MigrationBuilder"], &["suppressTransaction"]),
    wrapping("Flyway", JVM, &["BaseJavaMigration"], &["canExecuteInTransaction"]),
    wrapping("goose", &[Go], &["pressly/goose"], &["NoTx"]),
];

const fn wrapping(
    name: &'static str,
    languages: &'static [Language],
    marks: &'static [&'static str],
    leaves: &'static [&'static str],
) -> Framework {
    Framework { name, languages, marks, wraps: true, leaves }
}

const fn open(name: &'static str, languages: &'static [Language], marks: &'static [&'static str]) -> Framework {
    Framework { name, languages, marks, wraps: false, leaves: &[] }
}

/// Those of [`SCRIPT`], whose functions may be properties of an object.
const SCRIPTED: &[&str] = &["TypeORM", "MikroORM", "node-pg-migrate", "Knex", "Kysely", "Sequelize"];

impl Program {
    /// The migration that a file of code is, if it is one.
    pub fn of(text: &str, language: Language) -> Option<Program> {
        let holds = |mark: &&str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        let speaks = |framework: &&Framework| framework.languages.contains(&language) && framework.marks.iter().any(holds);
        let found = FRAMEWORKS.iter().find(speaks)?;
        // Knex, Kysely and Sequelize are also what applications query with: their migrations export both ways.
        let own = matches!(found.name, "TypeORM" | "MikroORM");
        let both = !SCRIPT.contains(&language) || defines(text, "up") && (own || defines(text, "down"));
        both.then(|| Program { framework: found.name, in_transaction: found.wraps && !found.leaves.iter().any(holds) })
    }

    /// Which way a string goes: by the function around it, or as the second argument of a call that takes both ways.
    pub fn direction(&self, text: &str, extracted: &Extracted, fragment: &Fragment) -> Direction {
        let function = fragment.function.map_or("", |name| name.of(text)).to_ascii_lowercase();
        let undoes =
            ["down", "downgrade", "rollback", "revert", "undo"].iter().any(|word| function.starts_with(word)) || function.ends_with("down");
        let takes_both = matches!(self.framework, "Ecto" | "Django");
        let before = || extracted.fragments.iter().rfind(|other| other.span.end <= fragment.span.start);
        let is_second = || before().is_some_and(|first| follows(text, first, fragment));
        // elsewhere every function has its name beside it
        let in_script = || SCRIPTED.contains(&self.framework) && in_down_property(text, fragment);
        if undoes || takes_both && is_second() || in_script() { Direction::Down } else { Direction::Up }
    }
}

/// Whether a function, method or property of that name begins in a script (`exports.up = `, `async up(`, `up: `).
fn defines(text: &str, name: &str) -> bool {
    definitions(text, name).next().is_some()
}

fn definitions<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    memmem::find_iter(text.as_bytes(), name.as_bytes()).filter(move |&at| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + name.len()..).unwrap_or("").trim_start_matches(' ');
        let line = text.get(..at).and_then(|head| head.rsplit('\n').next()).unwrap_or("").trim_start();
        let told = line.starts_with("//") || line.starts_with('*');
        !told && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') && after.starts_with(['(', '=', ':'])
    })
}

/// Whether `down` is the last of the two ways that a script defines before a string.
fn in_down_property(text: &str, fragment: &Fragment) -> bool {
    let before = text.get(..fragment.span.start as usize).unwrap_or(text);
    let last = |name| definitions(before, name).last();
    last("down").is_some_and(|down| last("up").is_none_or(|up| up < down))
}

/// Whether two strings are a call's first and second argument, and not two of a list: a comma and quotes between them, or the
/// second's own name.
fn follows(text: &str, first: &Fragment, second: &Fragment) -> bool {
    let Some(between) = text.get(first.span.end as usize..second.span.start as usize) else { return false };
    let (Some(first_quote), Some(comma)) = (text.get(..first.span.start as usize), between.find(',')) else { return false };
    let in_list = first_quote.trim_end_matches(['"', '\'', ' ', '\n']).ends_with('[');
    let named = between.contains("reverse_sql") && !between.contains("RunSQL");
    named || comma < 8 && !in_list && between.chars().all(|c| matches!(c, '"' | '\'' | ',') || c.is_whitespace())
}

/// The names of the tables that a migration creates by its framework's own calls (`create_table :users`), as written.
pub fn created_tables(text: &str) -> Vec<&str> {
    const CALLS: &[&str] = &["create_table", "createTable", "CreateTable", "Schema::create", "create table(", "CreateModel"];
    let mut found = vec![];
    for call in CALLS {
        for at in memmem::find_iter(text.as_bytes(), call.as_bytes()) {
            found.extend(text.get(at + call.len()..).and_then(first_name));
        }
    }
    found
}

/// The first quoted word or symbol right after a call's name.
fn first_name(rest: &str) -> Option<&str> {
    const REACH: usize = 60; // the call's bracket, a label and white space
    let start = rest.char_indices().take(REACH).find(|(_, c)| matches!(c, '"' | '\'' | ':' | '`' | ')' | ';')).map(|(i, _)| i)?;
    let after = rest.get(start + 1..)?;
    let after = after.trim_start_matches([' ', '"', '\'', '`', ':']);
    let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
    after.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_known_by_what_it_imports() {
        let alembic = Program::of("from alembic import op\ndef upgrade(): pass", Python);
        assert_eq!(alembic, Some(Program { framework: "Alembic", in_transaction: true }));
        assert_eq!(
            Program::of("class A < ActiveRecord::Migration[7.1]\n disable_ddl_transaction!", Ruby).map(|p| p.in_transaction),
            Some(false)
        );
        assert_eq!(Program::of("import knex from 'knex'; export const db = knex()", TypeScript), None);
        assert!(Program::of("exports.up = (knex) => 1; exports.down = (knex) => 2", JavaScript).is_some());
        assert_eq!(Program::of("from alembic import op", Ruby), None);
    }

    #[test]
    fn what_the_framework_creates_is_named() {
        let text = "op.create_table(\n  \"users\", x)\ncreate_table :posts do |t|\nSchema::create('tags', f)\ncreate table(:teams) do\n\
                    migrationBuilder.CreateTable(\n name: \"Orders\",\ncreate_table()";
        let mut names = created_tables(text);
        names.sort_unstable();
        assert_eq!(names, ["Orders", "posts", "tags", "teams", "users"]);
    }
}
