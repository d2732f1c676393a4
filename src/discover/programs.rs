//! Migrations in application code: which files are, in which order they run, and when they are replayed.
//!
//! What they send as SQL makes a schema only from the first migration on. Where a dump says what all of them left, or where a set
//! holds nothing but calls of its framework, there is nothing to replay, and the files are code like any other.

use super::disk::Disk;
use super::layout::{self, Order};
use crate::engine::{Input, InputKind};
use crate::extract::{self, Extracted, Language, Program};
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A run of so many digits in a file's name is a time.
const TIME_STAMP: usize = 10;

/// Where a migration in code stands in the order, if the file is one.
pub(super) fn order(path: &Path, bytes: &[u8], language: Language) -> Option<Order> {
    let set = set(path)?;
    Program::of(std::str::from_utf8(bytes).ok()?, language)?;
    Some(Order::program(path, &set))
}

/// The set that a file of code belongs to, if it lies and is named as migrations are.
pub(super) fn set(path: &Path) -> Option<PathBuf> {
    Language::of_path(path)?;
    let folder = path.parent()?;
    let stem = path.file_stem()?.to_string_lossy();
    let digits = stem.split(|c: char| !c.is_ascii_digit() && c != '_').map(|run| run.bytes().filter(u8::is_ascii_digit).count());
    let dated = digits.max().is_some_and(|most| most >= TIME_STAMP);
    let named = dated || stem.starts_with(|c: char| c.is_ascii_digit()) || folder.ends_with("versions");
    let placed = dated || folder.ends_with("versions") || folder.ancestors().take(3).any(layout::in_migrations_folder);
    // one database's part of what several share
    let is_part =
        |dir: &Path| matches!(dir.file_name().and_then(|n| n.to_str()), Some("common" | "postgres" | "postgresdb" | "postgresql" | "pg"));
    let whole = folder.parent().filter(|parent| is_part(folder) && layout::in_migrations_folder(parent));
    (named && placed).then(|| whole.unwrap_or(folder).to_owned())
}

/// Every file that may belong to a set of migrations in code.
pub(super) fn files_of_set(folder: &Path, disk: &Disk) -> Vec<PathBuf> {
    disk.files_near(folder).into_iter().filter(|path| set(path).is_some_and(|set| set == folder)).collect()
}

/// Whether all that a migration does is SQL, as far as its text shows.
pub(super) fn is_sql(bytes: &[u8]) -> bool {
    const VERBS: &[&str] = &["INSERT INTO", "insert into", "UPDATE ", "update ", "DELETE FROM", "delete from", "DROP ", "drop "];
    let sends = defines_schema(bytes) || VERBS.iter().any(|verb| memmem::find(bytes, verb.as_bytes()).is_some());
    sends && std::str::from_utf8(bytes).is_ok_and(|text| !extract::calls_builder(text, &Extracted::default()))
}

/// Puts the migrations whose files say their order into it, and takes those for plain code that are not to be replayed.
pub(super) fn settle(ordered: &mut [(Order, Input)], schema_is_given: bool) {
    let is_program = |input: &Input| matches!(input.kind, InputKind::Program(_));
    if !ordered.iter().any(|(_, input)| is_program(input)) {
        return;
    }
    let mut making: HashSet<PathBuf> = HashSet::new();
    let mut dumps: BTreeSet<PathBuf> = BTreeSet::new();
    for (order, input) in ordered.iter() {
        match (&input.kind, order.set()) {
            (InputKind::Program(_), Some(set)) if defines_schema(&input.bytes) => drop(making.insert(set.to_owned())),
            (InputKind::Migration(_), Some(set)) => drop(making.insert(set.to_owned())),
            (InputKind::Migration(_), None) => drop(dumps.insert(order.folder().to_owned())),
            _ => {}
        }
    }
    let is_dumped = |set: &Path| dumps.iter().any(|folder| set.starts_with(folder) || set.parent() == folder.parent());
    for (order, input) in ordered.iter_mut().filter(|(_, input)| is_program(input)) {
        let replayed = order.set().is_some_and(|set| !schema_is_given && making.contains(set) && !is_dumped(set));
        if let InputKind::Program(language) = input.kind
            && !replayed
        {
            input.kind = InputKind::Code(language);
            *order = Order::document(order.path());
        }
    }
    chain(ordered);
}

/// Whether a file holds SQL that changes the schema.
fn defines_schema(bytes: &[u8]) -> bool {
    const KINDS: &[&[u8]] = &[b"TABLE", b"INDEX", b"UNIQUE INDEX", b"TYPE", b"VIEW", b"MATERIALIZED VIEW", b"SCHEMA"];
    let after = |at: usize| bytes.get(at..).unwrap_or_default();
    let makes = |verb: &[u8]| {
        let lower = verb.to_ascii_lowercase();
        let places = memmem::find_iter(bytes, verb).chain(memmem::find_iter(bytes, &lower)).collect::<Vec<_>>();
        places.into_iter().any(|at| {
            let rest = after(at + verb.len());
            KINDS.iter().any(|kind| rest.get(..kind.len()).is_some_and(|word| word.eq_ignore_ascii_case(kind)))
        })
    };
    makes(b"CREATE ") || makes(b"ALTER ")
}

/// Alembic's files name the one that comes before them, and nothing else tells their order.
fn chain(ordered: &mut [(Order, Input)]) {
    let mut sets: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (at, (order, input)) in ordered.iter().enumerate() {
        if let (InputKind::Program(Language::Python), Some(set)) = (&input.kind, order.set()) {
            sets.entry(set.to_owned()).or_default().push(at);
        }
    }
    for files in sets.into_values() {
        let revisions: Vec<Option<(String, Vec<String>)>> = files.iter().map(|&at| revision(&ordered[at].1.bytes)).collect();
        let places: HashMap<&str, usize> = revisions.iter().enumerate().filter_map(|(i, r)| Some((r.as_ref()?.0.as_str(), i))).collect();
        let above: Vec<Vec<usize>> = revisions
            .iter()
            .map(|r| r.iter().flat_map(|(_, before)| before).filter_map(|id| places.get(id.as_str()).copied()).collect())
            .collect();
        let depths = depths(&above);
        for ((&at, depth), revision) in files.iter().zip(depths).zip(&revisions) {
            if revision.is_some() {
                ordered[at].0.follow(depth);
            }
        }
    }
}

/// How many files come before each, by the longest way.
fn depths(above: &[Vec<usize>]) -> Vec<usize> {
    let mut depths = vec![0; above.len()];
    let mut waiting: Vec<usize> = above.iter().map(Vec::len).collect();
    let mut below: Vec<Vec<usize>> = vec![vec![]; above.len()];
    for (at, parents) in above.iter().enumerate() {
        parents.iter().for_each(|&parent| below[parent].push(at));
    }
    let mut ready: Vec<usize> = (0..above.len()).filter(|&at| waiting[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &child in &below[at] {
            depths[child] = depths[child].max(depths[at] + 1);
            waiting[child] -= 1;
            if waiting[child] == 0 {
                ready.push(child);
            }
        }
    }
    depths
}

/// `revision = 'a'` and `down_revision = 'b'`, or `('b', 'c')`, of an Alembic file.
fn revision(bytes: &[u8]) -> Option<(String, Vec<String>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let value = |name: &str| {
        let line = text.lines().find(|line| {
            let rest = line.strip_prefix(name).unwrap_or("x");
            rest.trim_start().starts_with([':', '='])
        })?;
        let (_, value) = line.split_once('=')?;
        let strings = value.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned);
        Some(strings.collect::<Vec<String>>())
    };
    Some((value("revision")?.pop()?, value("down_revision").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_a_migration_by_its_name_and_place() {
        let of = |path: &str| set(Path::new(path)).map(|set| set.to_string_lossy().replace('\\', "/"));
        assert_eq!(of("/r/src/migrations/1588157391238-Initial.ts").as_deref(), Some("/r/src/migrations"));
        assert_eq!(of("/r/src/migrations/postgresdb/1588157391238-Initial.ts").as_deref(), Some("/r/src/migrations"));
        assert_eq!(of("/r/src/db/Migration20240101120000.ts").as_deref(), Some("/r/src/db"));
        assert_eq!(of("/r/database/migrations/2014_10_12_000000_create_users.php").as_deref(), Some("/r/database/migrations"));
        assert_eq!(of("/r/alembic/versions/ab12_x.py").as_deref(), Some("/r/alembic/versions"));
        assert_eq!(of("/r/app/migrations/0001_initial.py").as_deref(), Some("/r/app/migrations"));
        assert_eq!(of("/r/src/migrations/index.ts"), None);
        assert_eq!(of("/r/src/2fa.ts"), None);
    }

    #[test]
    fn revisions_follow_each_other() {
        let text = b"revision: str = \"b\"\ndown_revision: Union[str, None] = \"a\"\n";
        assert_eq!(revision(text), Some(("b".into(), vec!["a".into()])));
        assert_eq!(revision(b"revision = 'c'\ndown_revision = ('a', 'b')"), Some(("c".into(), vec!["a".into(), "b".into()])));
        assert_eq!(revision(b"revision = 'a'\ndown_revision = None").map(|r| r.1.len()), Some(0));
        assert_eq!(depths(&[vec![2], vec![], vec![1]]), [2, 0, 1]);
        // a circle is nobody's order
        assert_eq!(depths(&[vec![1], vec![0]]), [0, 0]);
    }
}
