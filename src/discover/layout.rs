//! What a file is: a migration of which framework, in which place of the order, run how.
//!
//! Marks inside the file decide before names, names before what the project's manifests mention, and all of them before
//! "plain": numbered files whose runner is not known, about which no transaction is assumed.

use super::disk::{Disk, locked};
use super::sections;
use crate::engine::{InputKind, MigrationInfo};
use crate::session::Transaction;
use memchr::memmem;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A place in the replay order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    group: Group,
    set: Folder,
    phase: u8,
    name: Natural,
    path: PathBuf,
    /// The folder that it counts as being in, where that is not its own.
    home: Option<PathBuf>,
}

/// A folder. Paths are compared part by part, which is dear, and most of those that are compared here are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Folder(PathBuf);

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Dumps and `schema.sql`: what was there before.
    Schema,
    Migration,
    Script,
    Document,
}

impl Order {
    /// A document's place: after all SQL, by path.
    pub(super) fn document(path: &Path) -> Order {
        Order::new(Group::Document, path)
    }

    /// A script's place: it is replayed by nobody but who includes it.
    pub(super) fn script(path: &Path) -> Order {
        Order::new(Group::Script, path)
    }

    /// A migration in code: its file's name says when it runs.
    pub(super) fn program(path: &Path, set: &Path) -> Order {
        let name = Natural(file_name(path).into_owned());
        Order { set: Folder(set.to_owned()), name, ..Order::new(Group::Migration, path) }
    }

    /// Puts a migration at the `place`th step of its set.
    pub(super) fn follow(&mut self, place: usize) {
        self.name = Natural(format!("{place:08} {}", self.name.0));
    }

    /// A piece of the schema in `home`, the `place`th.
    pub(super) fn piece(path: &Path, home: &Path, place: usize) -> Order {
        let name = Natural(format!("{} {place:06}", home.to_string_lossy()));
        Order { name, home: Some(home.to_owned()), ..Order::new(Group::Schema, path) }
    }

    /// The place of a file that this one includes: of the same set.
    pub(super) fn included(&self, path: &Path) -> Order {
        Order { path: path.to_owned(), home: Some(self.folder().to_owned()), ..self.clone() }
    }

    /// The folder that it counts as being in.
    pub(super) fn folder(&self) -> &Path {
        self.home.as_deref().or(self.path.parent()).unwrap_or(Path::new(""))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that holds the whole set of a migration; none of a dump.
    pub(super) fn set(&self) -> Option<&Path> {
        (self.group == Group::Migration).then_some(&self.set.0)
    }

    fn new(group: Group, path: &Path) -> Order {
        let name = Natural(path.to_string_lossy().into_owned());
        Order { group, set: Folder(PathBuf::new()), phase: 0, name, path: path.to_owned(), home: None }
    }
}

/// Text that sorts with its runs of digits as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Natural(String);

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

/// What a folder shows of the tools that run its files.
#[derive(Debug, Clone, Copy, Default)]
struct Tools {
    /// What the project's manifests mention.
    around: Around,
    /// Atlas' checksums lie in it.
    atlas_sum: bool,
    /// drizzle's journal lies in it.
    journal: bool,
}

/// What the manifests of a folder and of those above it mention, up to the repository.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    rust: bool,
    sqlx: bool,
    refinery: bool,
    node: bool,
    node_pg_migrate: bool,
    drizzle: bool,
}

impl Around {
    fn and(self, other: Around) -> Around {
        Around {
            rust: self.rust | other.rust,
            sqlx: self.sqlx | other.sqlx,
            refinery: self.refinery | other.refinery,
            node: self.node | other.node,
            node_pg_migrate: self.node_pg_migrate | other.node_pg_migrate,
            drizzle: self.drizzle | other.drizzle,
        }
    }

    /// A package of Node is around, and none of Rust.
    fn is_node_alone(self) -> bool {
        self.node && !self.rust
    }
}

/// Classifies files, remembering what it learned about folders.
#[derive(Debug)]
pub(super) struct Surveyor<'d> {
    disk: &'d Disk,
    around: Mutex<hashbrown::HashMap<OsString, Around>>,
    /// The order of sqitch's changes, by the folder of their plan.
    plans: Mutex<HashMap<PathBuf, HashMap<String, usize>>>,
    /// The order of drizzle's files, by their folder.
    journals: Mutex<HashMap<PathBuf, HashMap<String, usize>>>,
}

impl<'d> Surveyor<'d> {
    /// One that knows nothing yet.
    pub(super) fn new(disk: &'d Disk) -> Self {
        Surveyor { disk, around: Mutex::default(), plans: Mutex::default(), journals: Mutex::default() }
    }

    /// What the file is and where it stands in the order. `set` is its [`set_folder`].
    pub(super) fn classify(&self, path: &Path, set: Option<&Path>, bytes: &[u8]) -> (Order, InputKind) {
        let name = file_name(path);
        let folder = path.parent().unwrap_or(Path::new(""));
        let head = &bytes[..bytes.len().min(4096)];
        if let Some((framework, sections)) = sections::sections(bytes) {
            let transaction = sections.first().map_or(Transaction::None, |section| section.transaction);
            let info = MigrationInfo { framework, down: false, transaction, sections: Some(sections) };
            let set = set.unwrap_or(folder);
            return (order(path, set, &name), InputKind::Migration(info));
        }
        if memmem::find(head, b"-- PostgreSQL database dump").is_some() && !has_a_version(path, &name) && !holds_samples(path) {
            return schema_file(path, "pg_dump");
        }
        if name == "structure.sql" {
            return schema_file(path, "Rails");
        }
        if let Some(found) = graphile(path, &name, bytes) {
            return found;
        }
        if let Some(found) = self.sqitch(path) {
            return found;
        }
        if name == "schema.sql" && whole_set(folder) == folder {
            return (Order::new(Group::Schema, path), InputKind::Sql);
        }
        match self.framework(path, &name, bytes) {
            Some((framework, transaction)) => {
                let down = is_down(path, &name, self.disk);
                let set = set.unwrap_or(folder);
                let info = MigrationInfo { framework, down, transaction, sections: None };
                let mut order = order(path, set, &name);
                if let Some(place) = self.journal(folder, &name).filter(|_| framework == "drizzle") {
                    order.name = Natural(format!("{place:08}"));
                }
                (order, InputKind::Migration(info))
            }
            None if takes_everything_down(path, &name) => {
                let info = MigrationInfo { framework: "plain", down: true, transaction: Transaction::None, sections: None };
                (Order::new(Group::Script, path), InputKind::Migration(info))
            }
            None => (Order::new(Group::Script, path), InputKind::Sql),
        }
    }

    fn framework(&self, path: &Path, name: &str, bytes: &[u8]) -> Option<(&'static str, Transaction)> {
        let folder = path.parent()?;
        let wrapped = |framework| Some((framework, Transaction::Framework(framework)));
        if is_folder_migration(path) {
            return match name {
                "migration.sql" if self.disk.folder(folder).has("snapshot.json") => wrapped("drizzle"),
                "migration.sql" => Some(("Prisma", Transaction::Implicit)),
                // milliseconds, as only its console writes them
                _ if version_digits(folder) == 13 => wrapped("Hasura"),
                // a program that is not Rust's has a runner of its own, which is not known
                _ if self.around(folder).is_node_alone() => Some(("plain", Transaction::Implicit)),
                _ => Some(("diesel", diesel_transaction(folder, self.disk))),
            };
        }
        let tools = self.tools(folder);
        if flyway_version(name).is_some() || is_flyway_callback(name) {
            return if tools.around.refinery { wrapped("refinery") } else { Some(("Flyway", flyway_transaction(path, bytes, self.disk))) };
        }
        let numbered = is_numbered(name);
        if !numbered && !is_paired(name) && !in_migrations_folder(folder) && whole_set(folder) == folder {
            return None;
        }
        // in pairs they are written for golang-migrate, which then runs them; the checksums are Atlas' own, who wrote them
        if tools.atlas_sum && !is_paired(name) {
            let none = first_comments(bytes).any(|line| line.replace(' ', "").starts_with("--atlas:txmodenone"));
            return if none { Some(("Atlas", Transaction::None)) } else { wrapped("Atlas") };
        }
        if folder.ends_with("supabase/migrations") {
            return wrapped("Supabase");
        }
        if tools.journal || memmem::find(bytes, b"--> statement-breakpoint").is_some() {
            return wrapped("drizzle");
        }
        if tools.around.sqlx && numbered {
            return Some(("sqlx", sqlx_transaction(bytes)));
        }
        if is_paired(name) && name.contains(".autocommit.") {
            return Some(("pop", Transaction::None));
        }
        if is_paired(name) {
            return Some(("golang-migrate", Transaction::Implicit));
        }
        match (tools.around.node_pg_migrate, tools.around.drizzle) {
            (true, _) => wrapped("node-pg-migrate"),
            (_, true) if in_drizzle_folder(folder) => wrapped("drizzle"),
            _ => Some(("plain", Transaction::None)),
        }
    }

    /// The place of a file in drizzle's journal; what is not there comes last.
    fn journal(&self, folder: &Path, name: &str) -> Option<usize> {
        let mut journals = locked(&self.journals);
        let places = journals.entry(folder.to_owned()).or_insert_with(|| {
            let text = self.disk.folder(&folder.join("meta")).text("_journal.json").unwrap_or_default();
            let journal: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let tags = journal["entries"].as_array().into_iter().flatten().filter_map(|entry| entry["tag"].as_str());
            tags.enumerate().map(|(place, tag)| (format!("{}.sql", tag.to_ascii_lowercase()), place)).collect()
        });
        if places.is_empty() {
            return None;
        }
        Some(places.get(name).copied().unwrap_or(places.len()))
    }

    /// A change of sqitch: `deploy`, `revert` and `verify` beside the plan, which says the order. Its scripts hold their own
    /// transactions.
    fn sqitch(&self, path: &Path) -> Option<(Order, InputKind)> {
        let what = |dir: &&Path| matches!(&*file_name(dir), "deploy" | "revert" | "verify");
        let folder = path.ancestors().skip(1).take(4).find(what)?;
        let top = folder.parent()?;
        let mut plans = locked(&self.plans);
        if !plans.contains_key(top) {
            plans.insert(top.to_owned(), plan(&self.disk.folder(top).text("sqitch.plan")?));
        }
        if folder.ends_with("verify") {
            return Some((Order::new(Group::Script, path), InputKind::Sql));
        }
        let change = path.strip_prefix(folder).ok()?.with_extension("").to_string_lossy().replace('\\', "/");
        let place = plans.get(top)?.get(&change).copied().unwrap_or(usize::MAX);
        let name = Natural(format!("{place:020} {change}"));
        let order = Order { group: Group::Migration, set: Folder(top.to_owned()), phase: 0, name, path: path.to_owned(), home: None };
        let down = folder.ends_with("revert");
        let info = MigrationInfo { framework: "sqitch", down, transaction: Transaction::None, sections: None };
        Some((order, InputKind::Migration(info)))
    }

    fn tools(&self, folder: &Path) -> Tools {
        let own = self.disk.folder(folder);
        let journal = own.has("meta") && self.disk.folder(&folder.join("meta")).has("_journal.json");
        Tools { around: self.around(folder), atlas_sum: own.has("atlas.sum"), journal }
    }

    /// What the manifests from a folder up to its repository mention.
    fn around(&self, folder: &Path) -> Around {
        let (mut new, mut around) = (vec![], Around::default());
        for dir in folder.ancestors().take(32) {
            if let Some(known) = locked(&self.around).get(dir.as_os_str()) {
                around = *known;
                break;
            }
            let (own, is_repository) = self.manifests(dir);
            new.push((dir, own));
            if is_repository {
                break;
            }
        }
        for (dir, own) in new.into_iter().rev() {
            around = own.and(around);
            locked(&self.around).insert(dir.as_os_str().to_owned(), around);
        }
        around
    }

    /// What a folder's own manifests mention, and whether it is the repository's.
    fn manifests(&self, dir: &Path) -> (Around, bool) {
        let folder = self.disk.folder(dir);
        let mut around = Around { rust: folder.has("diesel.toml"), ..Around::default() };
        if let Some(manifest) = folder.read("Cargo.toml") {
            around.rust = true;
            around.sqlx = memmem::find(&manifest, b"sqlx").is_some();
            around.refinery = memmem::find(&manifest, b"refinery").is_some();
        }
        if let Some(manifest) = folder.read("package.json") {
            around.node = true;
            around.node_pg_migrate = memmem::find(&manifest, b"\"node-pg-migrate\"").is_some();
            around.drizzle = memmem::find(&manifest, b"\"drizzle-").is_some();
        }
        (around, folder.has(".git"))
    }
}

/// The changes of a sqitch plan in their order: lines that begin with a name, pragmas (%) and comments aside. A change that is
/// reworked stands twice; its first script has in its name the last tag before that.
fn plan(text: &str) -> HashMap<String, usize> {
    let (mut places, mut tag) = (HashMap::new(), "");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['%', '#']));
    for (place, name) in lines.filter_map(|line| line.split_whitespace().next()).enumerate() {
        if name.starts_with('@') {
            tag = name;
        } else if let Some(before) = places.insert(name.trim_start_matches('+').to_owned(), place) {
            places.insert(format!("{}{tag}", name.trim_start_matches('+')), before);
        }
    }
    places
}

/// Whether a dump lies where somebody keeps rows to try things with: it has the tables that these need, as they once were.
fn holds_samples(path: &Path) -> bool {
    const FOLDERS: &[&str] = &["script", "scripts", "sample", "samples", "sample-data", "demo", "example", "examples", "seed", "seeds"];
    let named =
        |folder: &Path| folder.file_name().is_some_and(|name| FOLDERS.contains(&name.to_string_lossy().to_ascii_lowercase().as_str()));
    path.ancestors().skip(1).take(2).any(named)
}

/// Whether a file has its place among migrations by its name, so that a dump in it is the migration of that place.
fn has_a_version(path: &Path, name: &str) -> bool {
    let placed = || path.parent().is_some_and(|folder| in_migrations_folder(whole_set(folder)));
    is_folder_migration(path)
        || flyway_version(name).is_some_and(|version| version.is_some())
        || placed() && (is_numbered(name) || is_paired(name))
}

pub(super) fn schema_file(path: &Path, framework: &'static str) -> (Order, InputKind) {
    let info = MigrationInfo { framework, down: false, transaction: Transaction::None, sections: None };
    (Order::new(Group::Schema, path), InputKind::Migration(info))
}

/// A migration's place in its set: versions, then Flyway's repeatable files.
fn order(path: &Path, set: &Path, name: &str) -> Order {
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
fn diesel_version(path: &Path) -> Option<String> {
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

/// The last part of a path, in small letters.
fn file_name(path: &Path) -> Cow<'_, str> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { name }
}

/// How many digits a folder's name begins with.
fn version_digits(folder: &Path) -> usize {
    let name = file_name(folder);
    name.bytes().take_while(u8::is_ascii_digit).count() * usize::from(name.contains('_'))
}

/// graphile-migrate's `committed/000001.sql`, and `current.sql` or `current/*.sql`, which come after them.
fn graphile(path: &Path, name: &str, bytes: &[u8]) -> Option<(Order, InputKind)> {
    let folder = path.parent()?;
    let (top, current) = match &*file_name(folder) {
        "committed" if is_numbered(name) => (folder.parent()?, false),
        "current" => (folder.parent()?, true),
        _ if name == "current.sql" => (folder, true),
        _ => return None,
    };
    let mut comments = first_comments(bytes).filter_map(|line| Some(line.strip_prefix("--!")?.trim().to_owned()));
    let mut says = |word: &str| comments.any(|line| line.starts_with(word));
    let known = if current { top.join("committed").is_dir() } else { says("previous:") };
    let none = known && says("no-transaction");
    // without the transaction the file is still sent as one message
    let transaction = if none { Transaction::Implicit } else { Transaction::Framework("graphile-migrate") };
    let info = MigrationInfo { framework: "graphile-migrate", down: false, transaction, sections: None };
    let order = Order { phase: u8::from(current), ..order(path, top, name) };
    known.then_some((order, InputKind::Migration(info)))
}

/// `20240101_name/up.sql`, `…/down.sql`, `…/migration.sql`.
fn is_folder_migration(path: &Path) -> bool {
    matches!(&*file_name(path), "up.sql" | "down.sql" | "migration.sql")
        && path.parent().is_some_and(|folder| file_name(folder).starts_with(|c: char| c.is_ascii_digit()))
}

/// The folder that holds a migration's whole set; `None` for a file that does not look like a migration.
pub(super) fn set_folder(path: &Path) -> Option<PathBuf> {
    let name = file_name(path);
    let folder = path.parent()?;
    if is_folder_migration(path) {
        return folder.parent().map(Path::to_owned);
    }
    if folder.ends_with("deploy") && folder.with_file_name("sqitch.plan").exists() {
        return Some(folder.to_owned());
    }
    if flyway_version(&name).is_some() || is_flyway_callback(&name) {
        let named = folder.ancestors().find(|dir| matches!(&*file_name(dir), "migration" | "migrations"));
        return Some(named.unwrap_or(folder).to_owned());
    }
    let versioned = is_numbered(&name) || is_paired(&name) || in_migrations_folder(folder);
    (versioned || name.ends_with(".sql") && whole_set(folder) != folder).then(|| whole_set(folder).to_owned())
}

/// Folders that only cut a migrations folder in pieces (`2024`, `v1.2`, `up`) are no sets of their own.
fn whole_set(folder: &Path) -> &Path {
    let is_piece = |dir: &&Path| {
        let name = file_name(dir);
        let version = name.strip_prefix('v').unwrap_or(&name);
        version.starts_with(|c: char| c.is_ascii_digit()) || matches!(&*name, "up" | "down")
    };
    let whole = folder.ancestors().take(4).find(|dir| !is_piece(dir)).filter(|whole| *whole != folder);
    const LISTS: &[&str] = &["delta", "deltas", "updates", "upgrades", "patches", "versions", "versioned"];
    let is_list = |dir: &&Path| in_migrations_folder(dir) || LISTS.contains(&&*file_name(dir));
    whole.filter(|dir| dir.ancestors().take(4).any(|dir| is_list(&dir))).unwrap_or(folder)
}

/// The set of a file that is a migration by its name and place together: a number alone may be anything's.
pub(super) fn migration_set(path: &Path) -> Option<PathBuf> {
    let name = file_name(path);
    if name == "structure.sql" {
        return path.parent().map(Path::to_owned);
    }
    let set = set_folder(path)?;
    let called = name.starts_with("migration-") || name.starts_with("migration_");
    let sure = called && is_numbered(&name)
        || set.ends_with("deploy")
        || is_folder_migration(path)
        || flyway_version(&name).is_some()
        || is_paired(&name);
    (sure || set.ancestors().take(3).any(in_migrations_folder)).then_some(set)
}

/// A migration that is written in another language than SQL, said as the reason for which it is left out.
pub(super) fn other_language(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?;
    if !matches!(
        extension,
        "rb" | "py" | "js" | "ts" | "cjs" | "mjs" | "xml" | "yaml" | "yml" | "php" | "go" | "exs" | "json" | "kt" | "java"
    ) {
        return None;
    }
    let (folder, name) = (path.parent()?, file_name(path));
    let numbered = name.starts_with(|c: char| c.is_ascii_digit());
    let in_set = in_migrations_folder(folder);
    match extension {
        "rb" if numbered && in_set => Some("Rails migrations, whose changes to the schema are not known"),
        "py" if numbered && in_set => Some("Django migrations, whose changes to the schema are not known"),
        "py" if folder.ends_with("versions") && folder.with_file_name("env.py").exists() => {
            Some("Alembic migrations, whose changes to the schema are not known")
        }
        "js" | "ts" | "cjs" | "mjs" if numbered && in_set => Some("JavaScript migrations, whose changes to the schema are not known"),
        "exs" if numbered && in_set => Some("Ecto migrations, whose changes to the schema are not known"),
        "json" | "yaml" | "yml" if numbered && in_set && is_pgroll(path) => {
            Some("pgroll migrations, whose changes to the schema are not known")
        }
        "java" | "kt" if flyway_version(&format!("{}.sql", name.rsplit_once('.').map_or("", |(stem, _)| stem))).is_some() => {
            Some("Java migrations, whose changes to the schema are not known")
        }
        "php" if name.starts_with("version2") && in_set => Some("PHP migrations, whose changes to the schema are not known"),
        "php" if numbered && in_set => Some("PHP migrations, whose changes to the schema are not known"),
        "go" if numbered && in_set => Some("Go migrations, whose changes to the schema are not known"),
        "xml" | "yaml" | "yml" if name.contains("changelog") || file_name(folder).contains("changelog") => {
            Some("Liquibase changelogs, whose changes to the schema are not known")
        }
        _ => None,
    }
}

/// Whether a file's beginning looks like pgroll's.
fn is_pgroll(path: &Path) -> bool {
    let mut head = vec![];
    let read = std::fs::File::open(path).map(|file| std::io::Read::read_to_end(&mut std::io::Read::take(file, 4096), &mut head));
    read.is_ok() && (memmem::find(&head, b"\"operations\"").is_some() || memmem::find(&head, b"operations:").is_some())
}

/// Every file that may belong to the set in `folder`: its own, and those one folder down.
pub(super) fn files_of_set(folder: &Path, disk: &Disk) -> Vec<PathBuf> {
    let belongs = |path: &PathBuf| set_folder(path).is_some_and(|set| set == folder);
    disk.files_near(folder).into_iter().filter(belongs).collect()
}

/// `V1_2__name.sql`, `B…`, `U…`: the version with `.` for `_`; `R__name.sql`: no version.
fn flyway_version(name: &str) -> Option<Option<String>> {
    let (version, _) = name.strip_suffix(".sql")?.split_once("__")?;
    let (kind, version) = (version.bytes().next()?, version.get(1..)?);
    match kind {
        b'r' if version.is_empty() => Some(None),
        b'v' | b'u' | b'b' if version.starts_with(|c: char| c.is_ascii_digit()) => {
            let parts = version.split(['.', '_']).map(|part| part.trim_start_matches('0'));
            let mut parts: Vec<&str> = parts.map(|part| if part.is_empty() { "0" } else { part }).collect();
            while parts.len() > 1 && parts.last() == Some(&"0") {
                parts.pop();
            }
            let numeric = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
            numeric.then(|| Some(parts.join(".")))
        }
        _ => None,
    }
}

/// `beforeMigrate__extensions.sql`, `afterMigrate.sql`: what Flyway runs before and after all migrations.
fn is_flyway_callback(name: &str) -> bool {
    let event = name.strip_suffix(".sql").map_or("", |stem| stem.split_once("__").map_or(stem, |(event, _)| event));
    matches!(event, "beforemigrate" | "aftermigrate")
}

/// `0001_name.sql`, `20240101120000-name.sql`, `2024-01-01_name.sql`, `3.sql`, `migration-1-0001-name.sql`.
fn is_numbered(name: &str) -> bool {
    let name = ["migration-", "migration_"].iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name);
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && name.as_bytes().get(digits).is_some_and(|b| matches!(b, b'_' | b'-' | b'.'))
}

fn is_paired(name: &str) -> bool {
    name.ends_with(".up.sql") || name.ends_with(".down.sql")
}

pub(super) fn in_migrations_folder(folder: &Path) -> bool {
    matches!(&*file_name(folder), "migrations" | "migration" | "migrate")
}

fn in_drizzle_folder(folder: &Path) -> bool {
    folder.components().any(|part| part.as_os_str() == "drizzle")
}

fn is_down(path: &Path, name: &str, disk: &Disk) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if flyway_version(name).is_some() {
        return name.starts_with('u');
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    // `x_revert` may be a migration that takes an earlier one back, so it needs the file that it undoes beside it
    let paired = |rest: &str| {
        let base = rest.trim_end_matches(['_', '-']);
        let beside = [format!("{rest}up.sql"), format!("{base}.sql"), format!("{base}.up.sql"), format!("{rest}deploy.sql")];
        beside.iter().any(|other| disk.folder(folder).has(other))
    };
    let ends = |word: &str| {
        stem.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('.') || rest.ends_with(['_', '-']) && paired(rest))
    };
    ["down", "rollback", "undo", "revert"].into_iter().any(ends)
        || stem.starts_with("rollback_")
        || stem.contains(".undo.")
        || matches!(&*file_name(folder), "down" | "rollback" | "rollbacks" | "revert" | "undo")
}

/// `db/drop/shop.postgres.drop.sql` beside `db/create`: what uninstalls.
fn takes_everything_down(path: &Path, name: &str) -> bool {
    let folder = path.parent().map(file_name).unwrap_or_default();
    *folder == *"drop" && name.split(['.', '_', '-']).any(|word| word == "drop")
}

/// Whether PostgreSQL has a file of its own in the place of this one: beside `1_a.postgres.up.sql`, pop does not run `1_a.up.sql`.
pub(super) fn has_own_for_postgres(path: &Path, disk: &Disk) -> bool {
    let name = file_name(path);
    let direction = if name.ends_with(".up.sql") { "up" } else { "down" };
    let Some(stem) = name.strip_suffix(".sql").and_then(|name| name.strip_suffix(direction)?.strip_suffix('.')) else { return false };
    let stem = stem.strip_suffix(".autocommit").unwrap_or(stem);
    if stem.contains('.') {
        return false;
    }
    let folder = disk.folder(path.parent().unwrap_or(Path::new("")));
    let own = |dialect: &str| ["", ".autocommit"].into_iter().any(|mode| folder.has(format!("{stem}.{dialect}{mode}.{direction}.sql")));
    own("postgres") || own("postgresql")
}

/// The leading comments, lower case.
fn first_comments(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lines = bytes[..bytes.len().min(4096)].split(|&b| b == b'\n');
    let lines = lines.map(|line| String::from_utf8_lossy(line).trim().trim_start_matches('\u{feff}').to_ascii_lowercase());
    lines.take_while(|line| line.is_empty() || line.starts_with("--"))
}

/// Without its wrapper sqlx still sends the file as one message.
fn sqlx_transaction(bytes: &[u8]) -> Transaction {
    if bytes.starts_with(b"-- no-transaction") { Transaction::Implicit } else { Transaction::Framework("sqlx") }
}

/// Without its wrapper diesel still sends the file as one message.
fn diesel_transaction(folder: &Path, disk: &Disk) -> Transaction {
    let metadata = disk.folder(folder).text("metadata.toml").unwrap_or_default();
    match metadata.lines().any(|line| line.replace(' ', "").starts_with("run_in_transaction=false")) {
        true => Transaction::Implicit,
        false => Transaction::Framework("diesel"),
    }
}

/// Flyway runs statement by statement where the script's `.conf` says so or a statement cannot run in a transaction.
fn flyway_transaction(path: &Path, bytes: &[u8], disk: &Disk) -> Transaction {
    let conf = path.file_name().map(|name| format!("{}.conf", name.to_string_lossy())).unwrap_or_default();
    let conf = disk.folder(path.parent().unwrap_or(Path::new(""))).text(&conf).unwrap_or_default();
    let opted_out = conf.lines().any(|line| line.replace(' ', "").eq_ignore_ascii_case("executeInTransaction=false"));
    let concurrently = memmem::find(&bytes.to_ascii_uppercase(), b"CONCURRENTLY").is_some();
    if opted_out || concurrently { Transaction::None } else { Transaction::Framework("Flyway") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_sort_as_numbers() {
        let mut names = ["10_a", "9_b", "0009_a", "2024-01-02", "a2", "a10"].map(|s| Natural(s.to_owned()));
        names.sort();
        assert_eq!(names.map(|n| n.0), ["0009_a", "9_b", "10_a", "2024-01-02", "a2", "a10"]);
    }

    #[test]
    fn diesel_versions_sort_without_their_dashes() {
        let folders = ["20170304182614_a", "2017-10-08-193512_b", "2026-05-11-183755-0000_c", "20260512000000_d"];
        let mut versions: Vec<_> =
            folders.iter().rev().map(|f| Natural(diesel_version(&Path::new(f).join("up.sql")).unwrap_or_default())).collect();
        versions.sort();
        let found: Vec<_> = versions.iter().map(|v| v.0.rsplit('_').next().unwrap_or_default()).collect();
        assert_eq!(found, ["a", "b", "c", "d"]);
        assert_eq!(diesel_version(Path::new("1_a/up.sql")), None);
        assert_eq!(diesel_version(Path::new("2023-05-23-1715-a-b/up.sql")).as_deref(), Some("20230523171500.a-b"));
    }

    #[test]
    fn flyway_versions() {
        assert_eq!(flyway_version("v1_2__x.sql"), Some(Some("1.2".into())));
        assert_eq!(flyway_version("v1.0__x.sql"), flyway_version("v01__y.sql"));
        assert_eq!(flyway_version("r__views.sql"), Some(None));
        assert_eq!(flyway_version("view__x.sql"), None);
    }

    #[test]
    fn down_files() {
        let down = |path: &str| is_down(Path::new(path), &file_name(Path::new(path)), &Disk::default());
        for path in ["1_a.down.sql", "x/down.sql", "U1__a.sql", "rollback.sql", "revert/a.sql", "01.undo.a.sql"] {
            assert!(down(path), "{path}");
        }
        for path in [
            "1_a.up.sql",
            "1_add_shutdown.sql",
            "1_drop_rollback_log.sql",
            "users__a.sql",
            "V2__a_revert.sql",
            "2_a_undo.sql",
            "01.do.a.sql",
        ] {
            assert!(!down(path), "{path}");
        }
    }
}
