//! Where a file stands in the replay: what was there before, then set by set, each in the order that its runner follows.

use super::names::{file_name, flyway_version, is_flyway_callback};
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// A place in the replay order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::discover) struct Order {
    pub(super) group: Group,
    pub(super) set: Folder,
    pub(super) phase: u8,
    pub(super) name: Natural,
    pub(super) path: PathBuf,
    /// The folder that it counts as being in, where that is not its own.
    pub(super) home: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Dumps and `schema.sql`: what was there before.
    Schema,
    Migration,
    Script,
    Document,
}

impl Order {
    /// A document's place: after all SQL, by path.
    pub(in crate::discover) fn document(path: &Path) -> Order {
        Order::new(Group::Document, path)
    }

    /// A script's place: it is replayed by nobody but who includes it.
    pub(in crate::discover) fn script(path: &Path) -> Order {
        Order::new(Group::Script, path)
    }

    /// A migration in code: its file's name says when it runs.
    pub(in crate::discover) fn program(path: &Path, set: &Path) -> Order {
        let name = Natural(file_name(path).into_owned());
        Order { set: Folder(set.to_owned()), name, ..Order::new(Group::Migration, path) }
    }

    /// Puts a migration at the `place`th step of its set.
    pub(in crate::discover) fn follow(&mut self, place: usize) {
        self.name = Natural(format!("{place:08} {}", self.name.0));
    }

    /// A piece of the schema in `home`, the `place`th.
    pub(in crate::discover) fn piece(path: &Path, home: &Path, place: usize) -> Order {
        let name = Natural(format!("{} {place:06}", home.to_string_lossy()));
        Order { name, home: Some(home.to_owned()), ..Order::new(Group::Schema, path) }
    }

    /// The place of a file that this one includes: of the same set.
    pub(in crate::discover) fn included(&self, path: &Path) -> Order {
        Order { path: path.to_owned(), home: Some(self.folder().to_owned()), ..self.clone() }
    }

    /// The folder that it counts as being in.
    pub(in crate::discover) fn folder(&self) -> &Path {
        self.home.as_deref().or(self.path.parent()).unwrap_or(Path::new(""))
    }

    /// The file.
    pub(in crate::discover) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that holds the whole set of a migration; none of a dump.
    pub(in crate::discover) fn set(&self) -> Option<&Path> {
        (self.group == Group::Migration).then_some(&self.set.0)
    }

    pub(super) fn new(group: Group, path: &Path) -> Order {
        let name = Natural(path.to_string_lossy().into_owned());
        Order { group, set: Folder(PathBuf::new()), phase: 0, name, path: path.to_owned(), home: None }
    }
}

/// A migration's place in its set: versions, then Flyway's repeatable files.
pub(super) fn order(path: &Path, set: &Path, name: &str) -> Order {
    let within = path.strip_prefix(set).unwrap_or(path).to_string_lossy().into_owned();
    let mut order = Order { set: Folder(set.to_owned()), name: Natural(within), ..Order::new(Group::Migration, path) };
    match flyway_version(name) {
        Some(Some(version)) => order.name = Natural(version),
        Some(None) => order.phase = 1,
        None if is_flyway_callback(name) && name.starts_with("before") => order.name = Natural(String::new()),
        None if is_flyway_callback(name) => order.phase = 2,
        None => {
            if let Some(version) = diesel_version(path) {
                order.name = Natural(version);
            }
        }
    }
    if matches!(name, "up.sql" | "down.sql")
        && let Some((version, rest)) = order.name.0.split_once('_')
    {
        // diesel orders by version, in which dashes count for nothing: 2017-09-23-182408 comes after 20170309122510
        order.name = Natural(format!("{}_{rest}", version.replace('-', "")));
    }
    order
}

/// The version of `2024-01-31-120000-0000_name/up.sql` as diesel sorts it: without its dashes, and as text. The time stamp stands
/// before the rest here, so that a counter behind it does not make a longer and therefore greater number of it.
pub(super) fn diesel_version(path: &Path) -> Option<String> {
    const TIME_STAMP: usize = "20240131120000".len();
    if !matches!(&*file_name(path), "up.sql" | "down.sql") {
        return None;
    }
    const DAY: usize = "20240131".len();
    let folder = file_name(path.parent()?);
    let length = folder.bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
    let (version, rest) = folder.split_at(length);
    let digits = version.replace('-', "");
    // `2023-05-23-1715-name`: a time may be short, and its name be joined to it
    if digits.len() < DAY || digits.len() < TIME_STAMP && !version.contains('-') {
        return None;
    }
    let stamp = digits.get(..TIME_STAMP).unwrap_or(&digits);
    Some(format!("{stamp:0<TIME_STAMP$}.{}{rest}", &digits[stamp.len()..]))
}

/// A folder. Paths are compared part by part, which is dear, and most of those that are compared here are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder(pub(super) PathBuf);

impl PartialOrd for Folder {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folder {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.as_os_str() == other.0.as_os_str() { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

/// Text that sorts with its runs of digits as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Natural(pub(super) String);

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.as_bytes(), other.0.as_bytes());
        loop {
            let (x, y) = (run(&mut a), run(&mut b));
            let by_run = match (x.first().is_some_and(u8::is_ascii_digit), y.first().is_some_and(u8::is_ascii_digit)) {
                (true, true) => {
                    let (x, y) = (significant(x), significant(y));
                    x.len().cmp(&y.len()).then_with(|| x.cmp(y))
                }
                _ => x.cmp(y),
            };
            if by_run != Ordering::Equal || (x.is_empty() && y.is_empty()) {
                return by_run.then_with(|| self.0.cmp(&other.0));
            }
        }
    }
}

/// Takes the leading run of digits or of other bytes.
fn run<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let digits = rest.first().is_some_and(u8::is_ascii_digit);
    let length = rest.iter().take_while(|b| b.is_ascii_digit() == digits).count();
    let (run, tail) = rest.split_at(length);
    *rest = tail;
    run
}

fn significant(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|&&b| b == b'0').count()..]
}
