//! What a migration in code asks of its framework without SQL (`add_index :orders`, `table.string('name')`): that it does, and
//! which words it names meanwhile. Nobody replays such calls, so what they may change is not known. Must not know the schema.

use super::Extracted;

/// What such a call does, and to what: the two make its name, in whichever case (`create_table`, `createTable`, `CreateTable`).
const VERBS: &[&str] = &["create", "add", "drop", "remove", "rename", "alter", "change", "delete", "batchalter", "get"];

const NOUNS: &[&str] = &[
    "table",
    "jointable",
    "column",
    "columns",
    "columnnull",
    "columndefault",
    "index",
    "indexes",
    "indices",
    "uniqueindex",
    "indexconcurrently",
    "constraint",
    "constraints",
    "uniqueconstraint",
    "checkconstraint",
    "exclusionconstraint",
    "foreignkey",
    "foreignkeys",
    "primarykey",
    "unique",
    "uniquetogether",
    "indextogether",
    "reference",
    "references",
    "belongsto",
    "timestamps",
    "field",
    "model",
    "modeltable",
    "sequence",
    "view",
    "enum",
    "type",
];

/// Names that only their surroundings make calls of this kind.
const WHOLE: &[&str] = &["Schema::create(", "Schema::table(", "Schema::drop", "Schema::rename(", "schema.table(", "schema.alterTable("];

/// What a call of this kind may be followed by, for a table of names behind it.
const ENDS: &[&str] = &["ifnotexists", "ifexists"];

/// Whether a migration changes the schema by other means than SQL.
pub fn calls_builder(text: &str, extracted: &Extracted) -> bool {
    let code = Code { text, extracted };
    WHOLE.iter().any(|name| memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).any(|at| !code.is_sql(at)))
        || words(text).any(|(at, word)| is_call(word, text.get(at + word.len()..).unwrap_or("")) && !code.is_sql(at))
}

/// The words of a migration that stand in quotes, or as Ruby's symbols and Elixir's atoms, outside of its SQL.
pub fn named_words<'t>(text: &'t str, extracted: &'t Extracted) -> impl Iterator<Item = &'t str> {
    let code = Code { text, extracted };
    words(text).filter(move |&(at, word)| !code.is_sql(at) && code.is_named(at, word.len())).map(|(_, word)| word)
}

struct Code<'t> {
    text: &'t str,
    extracted: &'t Extracted,
}

impl Code<'_> {
    /// Whether a byte belongs to the SQL that was found, or to a comment.
    fn is_sql(&self, at: usize) -> bool {
        let at = at as u32;
        let within = |span: crate::source::Span| span.start <= at && at < span.end;
        // both lists are in the order of their places
        let fragments = &self.extracted.fragments;
        let before = fragments.partition_point(|fragment| fragment.span.start <= at);
        let comments = &self.extracted.comments;
        let comment = comments.partition_point(|comment| comment.start <= at);
        fragments.iter().take(before).rev().take(4).any(|fragment| within(fragment.span))
            || comment.checked_sub(1).and_then(|i| comments.get(i)).is_some_and(|comment| within(*comment))
    }

    fn is_named(&self, at: usize, length: usize) -> bool {
        let bytes = self.text.as_bytes();
        let before = at.checked_sub(1).and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
        let after = bytes.get(at + length).copied().unwrap_or(b' ');
        let quoted = matches!(before, b'"' | b'\'' | b'`' | b'.') && matches!(after, b'"' | b'\'' | b'`');
        quoted || before == b':' && at.checked_sub(2).and_then(|i| bytes.get(i)) != Some(&b':')
    }
}

/// The runs of letters, digits and `_`, with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find(part)?;
        let rest = text.get(start..)?;
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        at = start + length;
        Some((start, &rest[..length]))
    })
}

fn is_call(word: &str, after: &str) -> bool {
    if word.len() > 40 {
        return false;
    }
    let name: String = word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    let name = ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let called = || after.starts_with(['(', '!']) || after.trim_start_matches(' ').starts_with([':', '"', '\'', '(', '<']);
    let noun = |verb: &str| name.strip_prefix(verb).is_some_and(|noun| NOUNS.contains(&noun));
    if VERBS.iter().any(|verb| noun(verb)) {
        return called();
    }
    // Ecto's `create table(…)`, `create unique_index(…)`
    let next = after.trim_start_matches(' ');
    VERBS.contains(&name) && ["table(", "index(", "unique_index(", "constraint("].iter().any(|noun| next.starts_with(noun))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Language, Options, extract};
    use crate::source::FileId;

    fn calls(language: Language, text: &str) -> bool {
        calls_builder(text, &extract(FileId(0), text, language, Options::default()))
    }

    #[test]
    fn calls_of_the_framework_are_told_from_sql() {
        assert!(calls(Language::Ruby, "class A < ActiveRecord::Migration[7.1]\n  def change\n    add_index :orders, :status\n  end\nend"));
        assert!(calls(Language::Python, "def upgrade():\n    op.create_table('users')\n"));
        assert!(calls(Language::TypeScript, "await knex.schema.alterTable('users', t => t.string('a'))"));
        assert!(calls(Language::Elixir, "create unique_index(:users, [:email])"));
        assert!(calls(Language::Php, "Schema::table('users', f)"));
        assert!(!calls(Language::TypeScript, "export class CreateTable1 { up(q) { return q.query(`CREATE INDEX i ON t (a)`) } }"));
        assert!(!calls(Language::TypeScript, "// createTable('users') is gone\nawait q.query(`DROP TABLE users`)"));
    }

    #[test]
    fn the_words_around_such_calls_are_named() {
        let text = "add_index :orders, [:status]\nexecute \"DROP TABLE users\"\nfoo 'public.carts', \"items\"\nA::B";
        let extracted = extract(FileId(0), text, Language::Ruby, Options::default());
        let words: Vec<&str> = named_words(text, &extracted).collect();
        assert_eq!(words, ["orders", "status", "carts", "items"]);
    }
}
