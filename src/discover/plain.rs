//! Schemas kept as plain files, `schema/tables/*.sql` beside `schema/views/*.sql`, in a repository without migrations.
//!
//! They are one schema where they lie in one tree or where one refers to what another makes, and they are replayed in the order
//! in which they need each other: nothing in their names says it. Knows of SQL which names a file makes and mentions.

use super::layout::{self, Order};
use crate::engine::{Follows, Input, InputKind, MigrationInfo, Section};
use crate::session::Transaction;
use crate::source::Span;
use crate::sql::lex::lex;
use crate::sql::token::{Dialect, Token, TokenKind};
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Folders that hold one kind of object.
const KINDS: &[&str] = &[
    "table",
    "tables",
    "view",
    "views",
    "function",
    "functions",
    "procedure",
    "procedures",
    "routine",
    "routines",
    "type",
    "types",
    "domain",
    "domains",
    "enum",
    "enums",
    "trigger",
    "triggers",
    "index",
    "indexes",
    "indices",
    "sequence",
    "sequences",
    "constraint",
    "constraints",
    "policy",
    "policies",
    "extension",
    "extensions",
    "materialized_views",
    "mviews",
    "lookups",
    "idempotent",
    "foreign_keys",
    "fkeys",
];

/// Folders that hold a schema.
const HOMES: &[&str] =
    &["schema", "schemas", "ddl", "sql", "db", "database", "postgres", "postgresql", "psql", "pg", "model", "models", "structure"];

/// Folders whose files are nobody's schema.
const TRIALS: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "test_data",
    "__tests__",
    "fixtures",
    "fixture",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "spec",
    "specs",
    "doc",
    "docs",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "regress",
    "expected",
    "testing",
    "e2e",
    "snippets",
];

/// Whether a file lies where files are tried out or shown.
pub(super) fn is_trial(path: &Path) -> bool {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let is_trial = |part: String| TRIALS.contains(&part.as_str()) || part.contains("regress");
    folders.filter_map(|part| part.as_os_str().to_str()).any(|part| is_trial(part.to_ascii_lowercase()))
}

/// Whether a file makes tables or types, told by the words alone.
pub(super) fn makes_relations(bytes: &[u8]) -> bool {
    const KINDS: &[&[u8]] = &[b"TABLE", b"TYPE", b"VIEW", b"FUNCTION", b"MATERIALIZED", b"UNLOGGED", b"SCHEMA", b"DOMAIN"];
    let upper = bytes.to_ascii_uppercase();
    memmem::find_iter(&upper, b"CREATE").any(|at| {
        let rest = upper[at + 6..].trim_ascii_start();
        let rest = rest.strip_prefix(b"OR REPLACE").map_or(rest, <[u8]>::trim_ascii_start);
        KINDS.iter().any(|kind| rest.starts_with(kind))
    })
}

/// Makes the schema of plain files, where nothing else says one.
pub(super) fn adopt(ordered: &mut [(Order, Input)]) {
    let is_set = |(order, input): &(Order, Input)| match &input.kind {
        InputKind::Migration(info) => info.framework != "plain" || order.set().is_none_or(layout::in_migrations_folder),
        _ => false,
    };
    if ordered.iter().any(is_set) {
        return;
    }
    let candidates: Vec<usize> = (0..ordered.len()).filter(|&i| is_candidate(&ordered[i])).collect();
    let files: Vec<File> = candidates.iter().map(|&i| File::read(&ordered[i].1)).collect();
    for (home, mut members) in groups(ordered, &candidates, &files) {
        members.retain(|&file| files[file].makes_tables || !files[file].takes_off);
        if !members.iter().any(|&file| files[file].makes_tables) || repeat_each_other(&members, &files) {
            continue;
        }
        for (place, file) in in_order(&members, &files).into_iter().enumerate() {
            let (order, input) = &mut ordered[candidates[file]];
            let span = Span::new(0, u32::try_from(input.bytes.len()).unwrap_or(u32::MAX));
            let whole = Section { span, down: false, transaction: Transaction::None, file: None, follows: Follows::Schema };
            let transaction = Transaction::None;
            input.kind = InputKind::Migration(MigrationInfo { framework: "plain", down: false, transaction, sections: Some(vec![whole]) });
            *order = Order::piece(order.path(), &home, place);
        }
    }
}

fn is_candidate((order, input): &(Order, Input)) -> bool {
    let stem = order.path().file_stem().map(|stem| stem.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let undoes =
        stem.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "drop" | "down" | "rollback" | "undo" | "revert"));
    // an index alone may be somebody's errand, unless the file is called as what holds the schema's
    let of_kind = || {
        let folder = order.path().parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_ascii_lowercase());
        let called =
            ["index", "indices", "constraint", "foreign", "primary", "_key", "trigger", "polic"].iter().any(|word| stem.contains(word));
        called || folder.is_some_and(|folder| KINDS.contains(&folder.as_str()))
    };
    let makes = || makes_relations(&input.bytes) || of_kind();
    matches!(input.kind, InputKind::Sql) && !undoes && !is_trial(order.path()) && makes()
}

/// The folder of the schema that a file is a piece of: above folders by kind, and the uppermost of those that are called so.
fn home(path: &Path) -> PathBuf {
    let name = |dir: &Path| dir.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let above_kinds = folder.ancestors().find(|dir| !KINDS.contains(&name(dir).as_str())).unwrap_or(folder);
    let home = above_kinds.ancestors().take(3).filter(|dir| HOMES.contains(&name(dir).as_str())).last();
    home.unwrap_or(above_kinds).to_owned()
}

/// The files of each schema by its folder; folders whose files refer to each other are one.
fn groups(ordered: &[(Order, Input)], candidates: &[usize], files: &[File]) -> BTreeMap<PathBuf, Vec<usize>> {
    let homes: Vec<PathBuf> = candidates.iter().map(|&i| home(ordered[i].0.path())).collect();
    let mut makers: HashMap<&str, HashSet<&PathBuf>> = HashMap::new();
    for (file, home) in files.iter().zip(&homes) {
        for name in &file.makes {
            makers.entry(name).or_default().insert(home);
        }
    }
    // each home is called by the first of those that it belongs together with
    let mut of: BTreeMap<&PathBuf, &PathBuf> = homes.iter().map(|home| (home, home)).collect();
    for (file, home) in files.iter().zip(&homes) {
        for makers in file.refers.iter().filter_map(|name| makers.get(name.as_str())) {
            // a name that several make is nobody's
            if let (1, Some(other)) = (makers.len(), makers.iter().next())
                && of[home] != of[*other]
            {
                let (keep, gone) = (of[home].min(of[*other]), of[home].max(of[*other]));
                of.values_mut().filter(|known| **known == gone).for_each(|known| *known = keep);
            }
        }
    }
    let mut groups: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (file, home) in homes.iter().enumerate() {
        groups.entry(of[home].clone()).or_default().push(file);
    }
    groups
}

/// What a file makes and mentions.
#[derive(Default)]
struct File {
    rank: u8,
    makes: HashSet<String>,
    mentions: HashSet<String>,
    /// Tables that its foreign keys and ALTERs name.
    refers: HashSet<String>,
    makes_tables: bool,
    /// It takes off keys or indexes that others made, as a load does before it brings rows.
    takes_off: bool,
}

impl File {
    fn read(input: &Input) -> File {
        let text = String::from_utf8_lossy(&input.bytes);
        let tokens = lex(&text, Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX)), Dialect::Psql);
        let tokens: Vec<&Token> = tokens.iter().filter(|token| !token.kind.is_trivia()).collect();
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
        let mut file = File { rank: u8::MAX, ..File::default() };
        file.mentions = tokens.iter().filter(|token| is_name(token)).map(|token| token.value(&text).into_owned()).collect();
        let word = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(&text, word)));
        // the last part of the name at a token, after IF [NOT] EXISTS and ONLY
        let name = |mut at: usize| {
            while word(at, &["IF", "NOT", "EXISTS", "ONLY"]) {
                at += 1;
            }
            if tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Dot) {
                at += 2;
            }
            tokens.get(at).filter(|token| is_name(token)).map(|token| token.value(&text).into_owned())
        };
        const MADE: &[&str] =
            &["EXTENSION", "SCHEMA", "TYPE", "DOMAIN", "SEQUENCE", "TABLE", "FUNCTION", "PROCEDURE", "AGGREGATE", "VIEW", "TRIGGER"];
        for at in 0..tokens.len() {
            if word(at, &["REFERENCES"]) {
                file.refers.extend(name(at + 1));
            } else if word(at, &["ALTER"]) && word(at + 1, &["TABLE"]) {
                file.refers.extend(name(at + 2));
            }
            let drops = word(at, &["DROP"]) && !word(at + 2, &["IF"]);
            file.takes_off |= drops
                && (word(at + 1, &["CONSTRAINT"]) || word(at + 1, &["INDEX"]) && (at == 0 || tokens[at - 1].kind == TokenKind::Semicolon));
            let begins = at == 0 || tokens[at - 1].kind == TokenKind::Semicolon;
            let Some(kind) =
                Some(at).filter(|&at| begins && word(at, &["CREATE"])).and_then(|at| (at + 1..at + 6).find(|&i| word(i, MADE)))
            else {
                continue;
            };
            let rank = MADE.iter().position(|made| tokens[kind].is_word(&text, made)).and_then(|rank| u8::try_from(rank).ok());
            file.rank = file.rank.min(rank.unwrap_or(u8::MAX));
            file.makes_tables |= word(kind, &["TABLE"]);
            if !word(kind, &["TRIGGER", "EXTENSION"]) {
                file.makes.extend(name(kind + 1));
            }
        }
        file
    }
}

/// Files that make the same names again and again are versions of one schema, or trials, and no schema together.
fn repeat_each_other(members: &[usize], files: &[File]) -> bool {
    let mut makers: HashMap<&str, usize> = HashMap::new();
    members.iter().flat_map(|&file| &files[file].makes).for_each(|name| *makers.entry(name).or_insert(0) += 1);
    let repeated = makers.values().filter(|&&makers| makers > 1).count();
    repeated * 5 > makers.len()
}

/// The files, each after those that make what it mentions; a circle is cut where the names of the files say.
fn in_order(members: &[usize], files: &[File]) -> Vec<usize> {
    let mut maker: HashMap<&str, usize> = HashMap::new();
    for &file in members {
        for name in &files[file].makes {
            maker.entry(name).or_insert(file);
        }
    }
    let mut waits: HashMap<usize, usize> = HashMap::new();
    let mut needed_by: HashMap<usize, Vec<usize>> = HashMap::new();
    for &file in members {
        let needs: HashSet<usize> = files[file].mentions.iter().filter_map(|name| maker.get(name.as_str()).copied()).collect();
        for need in needs.into_iter().filter(|&need| need != file) {
            needed_by.entry(need).or_default().push(file);
            *waits.entry(file).or_insert(0) += 1;
        }
    }
    let place = |file: usize| (files[file].rank, file);
    let mut waiting: BTreeSet<(u8, usize)> = members.iter().map(|&file| place(file)).collect();
    let mut ready: BTreeSet<(u8, usize)> = members.iter().filter(|file| !waits.contains_key(file)).map(|&file| place(file)).collect();
    let mut order = vec![];
    while let Some((_, file)) = ready.pop_first().or_else(|| waiting.first().copied()) {
        if !waiting.remove(&place(file)) {
            continue;
        }
        order.push(file);
        for &next in needed_by.get(&file).into_iter().flatten() {
            if let Some(left) = waits.get_mut(&next) {
                *left -= 1;
                if *left == 0 {
                    ready.insert(place(next));
                }
            }
        }
    }
    order
}
