//! Which database the migrations around a file are for: those of a Rust package that is built for SQLite alone are SQLite's,
//! though nothing in them says so, Prisma locks its own to one provider, and sqlc's settings name an engine.
//!
//! A wrong "not ours" hides findings, so a package counts only where nothing in its manifest speaks of PostgreSQL.

use super::disk::{Disk, Folder};
use hashbrown::HashMap;
use std::ffi::OsString;
use std::path::Path;

/// Libraries that run migrations, and are built for engines by features.
const LIBRARIES: &[&str] = &["sqlx", "diesel", "refinery", "sqlx-core", "sea-orm", "sea-orm-migration"];

/// Migrations lie at most so many folders below their package.
const DEPTH: usize = 4;

/// An engine that is not PostgreSQL, where something names one.
type Engine = Option<&'static str>;

/// What the manifests around files say, by the folders of the manifests: `None` where a folder has none.
pub(super) struct Packages<'d> {
    disk: &'d Disk,
    /// What was found out for the files of a folder: of migrations, and of any files.
    of_migrations: HashMap<OsString, Engine>,
    of_files: HashMap<OsString, Engine>,
    locks: HashMap<OsString, Option<Engine>>,
    manifests: HashMap<OsString, Option<Engine>>,
    generators: HashMap<OsString, Option<Engine>>,
}

impl<'d> Packages<'d> {
    /// One that has looked at nothing yet.
    pub(super) fn new(disk: &'d Disk) -> Self {
        Packages {
            disk,
            of_migrations: HashMap::new(),
            of_files: HashMap::new(),
            locks: HashMap::new(),
            manifests: HashMap::new(),
            generators: HashMap::new(),
        }
    }

    /// The engine of the package around a migration.
    pub(super) fn of_migration(&mut self, migration: &Path) -> Engine {
        let folder = migration.parent()?;
        if let Some(known) = self.of_migrations.get(folder.as_os_str()) {
            return *known;
        }
        let lock = |dir: &Folder| dir.text("migration_lock.toml").map(|text| of_lock(&text));
        let manifest = |dir: &Folder| dir.text("Cargo.toml").map(|text| of_manifest(&text));
        let engine = nearest(folder, 2, self.disk, &mut self.locks, lock)
            .or_else(|| nearest(folder, DEPTH, self.disk, &mut self.manifests, manifest));
        self.of_migrations.insert(folder.as_os_str().to_owned(), engine);
        engine
    }

    /// The engine that sqlc's settings around a file name.
    pub(super) fn of_generator(&mut self, file: &Path) -> Engine {
        let folder = file.parent()?;
        if let Some(known) = self.of_files.get(folder.as_os_str()) {
            return *known;
        }
        let names = ["sqlc.yaml", "sqlc.yml", "sqlc.json"];
        let settings = |dir: &Folder| names.iter().find_map(|name| dir.text(name)).map(|text| of_sqlc(&text));
        let engine = nearest(folder, DEPTH, self.disk, &mut self.generators, settings);
        self.of_files.insert(folder.as_os_str().to_owned(), engine);
        engine
    }
}

/// What the first folder says that says anything, from `folder` on upwards.
fn nearest(
    folder: &Path,
    depth: usize,
    disk: &Disk,
    known: &mut HashMap<OsString, Option<Engine>>,
    says: impl Fn(&Folder) -> Option<Engine>,
) -> Engine {
    let mut of = |dir: &Path| *known.entry_ref(dir.as_os_str()).or_insert_with(|| says(&disk.folder(dir)));
    folder.ancestors().take(depth).find_map(&mut of).flatten()
}

/// The one engine of all packages, where it is another.
fn of_sqlc(text: &str) -> Option<&'static str> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    let has = |engine: &str| plain.contains(&format!("engine:{engine}"));
    match (has("postgresql"), has("mysql"), has("sqlite")) {
        (false, true, false) => Some("MySQL"),
        (false, false, true) => Some("SQLite"),
        _ => None,
    }
}

/// The provider in Prisma's `migration_lock.toml`.
fn of_lock(text: &str) -> Option<&'static str> {
    let lock: toml::Table = text.parse().ok()?;
    match lock.get("provider")?.as_str()? {
        "mysql" => Some("MySQL"),
        "sqlite" => Some("SQLite"),
        "sqlserver" => Some("SQL Server"),
        _ => None,
    }
}

fn of_manifest(text: &str) -> Option<&'static str> {
    if text.contains("postgres") {
        return None;
    }
    let manifest: toml::Table = text.parse().ok()?;
    // those of every target, and those of one: `[target."cfg(unix)".dependencies.sqlx]`
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = manifest.get("dependencies").into_iter().chain(targets.filter_map(|(_, target)| target.get("dependencies")));
    let library = |table: &'_ toml::Value| {
        LIBRARIES.iter().filter_map(|name| table.get(*name)?.get("features")?.as_array().cloned()).flatten().collect::<Vec<_>>()
    };
    let features: Vec<toml::Value> = tables.flat_map(library).collect();
    let features: Vec<&str> = features.iter().filter_map(toml::Value::as_str).collect();
    let built_for = |engine: &str| features.iter().any(|feature| feature.contains(engine));
    match (built_for("sqlite"), built_for("mysql")) {
        (true, false) => Some("SQLite"),
        (false, true) => Some("MySQL"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlc_s_settings_name_an_engine() {
        assert_eq!(of_sqlc("version: '2'\nsql:\n  - schema: schema.sql\n    engine: \"mysql\"\n"), Some("MySQL"));
        assert_eq!(of_sqlc("{\"sql\": [{\"engine\": \"sqlite\"}]}"), Some("SQLite"));
        assert_eq!(of_sqlc("sql:\n  - engine: postgresql\n  - engine: sqlite\n"), None);
        assert_eq!(of_sqlc("version: 1\n"), None);
    }

    #[test]
    fn a_package_built_for_one_other_engine_says_so() {
        let sqlx =
            |features: &str| format!("[package]\nname = \"x\"\n[dependencies]\nsqlx = {{ workspace = true, features = [{features}] }}\n");
        assert_eq!(of_manifest(&sqlx("\"sqlite\", \"regexp\"")), Some("SQLite"));
        assert_eq!(of_manifest(&sqlx("\"mysql\"")), Some("MySQL"));
        assert_eq!(of_manifest(&sqlx("\"postgres\", \"sqlite\"")), None);
        assert_eq!(of_manifest(&sqlx("")), None);
        assert_eq!(of_manifest("[dependencies]\nrefinery = { version = \"0.8\", features = [\"rusqlite\"] }"), Some("SQLite"));
        assert_eq!(of_manifest("[dependencies]\nsqlx = { features = [\"sqlite\"] }\n[features]\nserver = [\"sqlx/postgres\"]"), None);
        let of_target =
            "[target.\"cfg(not(target_arch = \\\"wasm32\\\"))\".dependencies.sqlx]\nworkspace = true\nfeatures = [\"sqlite\"]\n";
        assert_eq!(of_manifest(of_target), Some("SQLite"));
        assert_eq!(of_manifest("not toml ["), None);
        assert_eq!(of_lock("# kept by prisma\nprovider = \"sqlite\"\n"), Some("SQLite"));
        assert_eq!(of_lock("provider = \"postgresql\"\n"), None);
    }
}
