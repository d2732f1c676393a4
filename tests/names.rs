//! The names that other linters have for our rules: every alias of a page stands once, and `docs/names.md` says the same.
#![allow(clippy::unwrap_used, missing_docs)]

use pgsift::rules::{self, RULES};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../docs/names.md");

/// The rows of the table: their name, and ours or why there is none.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let cells = |line: &'static str| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | ");
    TABLE.lines().filter_map(cells)
}

/// A rule of ours in the second column.
fn ours(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|name| !name.contains('`'))
}

#[test]
fn an_alias_means_one_rule() {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for rule in RULES {
        for alias in rule.aliases() {
            let folded = rules::fold(alias);
            let other = known.insert(folded.clone(), rule.name);
            assert!(other.is_none(), "`{alias}` means {} and {}", rule.name, other.unwrap_or(""));
            assert!(rules::find(&folded).is_none_or(|own| own.name == rule.name), "`{alias}` is another rule of ours");
            assert_eq!(rules::known_as(alias).unwrap().name, rule.name);
        }
    }
}

#[test]
fn the_table_says_what_the_pages_say() {
    let mut listed = BTreeSet::new();
    for (theirs, cell) in rows() {
        let meant = rules::known_as(theirs).map(|rule| rule.name);
        match ours(cell) {
            Some(name) => {
                assert_eq!(meant, Some(name), "`{theirs}` stands in docs/names.md");
                listed.insert(rules::fold(theirs));
            }
            None => assert_eq!(meant, None, "`{theirs}` has no counterpart in docs/names.md: {cell}"),
        }
    }
    assert!(listed.len() > 80, "{} rows", listed.len());
}

#[test]
fn spellings_of_other_tools_are_folded() {
    for name in ["ban-drop-column", "banDropColumn", "lint/safety/banDropColumn", "remove_column", "REMOVE_COLUMN"] {
        assert_eq!(rules::known_as(name).map(|rule| rule.name), Some("drop-column"), "{name}");
    }
    assert_eq!(rules::known_as("E6").unwrap().name, "index-without-concurrently");
    assert!(rules::known_as("").is_none() && rules::known_as("/").is_none());
}
