//! Which database the migrations around a file are for: those of a Rust package that is built for SQLite alone are SQLite's,
//! though nothing in them says so, Prisma locks its own to one provider, and sqlc's settings name an engine.
//!
//! A wrong "not ours" hides findings, so a package counts only where nothing in its manifest speaks of PostgreSQL.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Libraries that run migrations, and are built for engines by features.
const LIBRARIES: &[&str] = &["sqlx", "diesel", "refinery", "sqlx-core", "sea-orm", "sea-orm-migration"];

/// Migrations lie at most so many folders below their package.
const DEPTH: usize = 4;

/// The packages looked at so far, by the folders that they were looked for from.
#[derive(Default)]
pub(super) struct Packages {
    known: HashMap<PathBuf, Option<&'static str>>,
}

impl Packages {
    /// The engine of the package around a migration, where that is not PostgreSQL.
    pub(super) fn engine(&mut self, migration: &Path) -> Option<&'static str> {
        let folder = migration.parent()?;
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let lock = folder.ancestors().take(2).find_map(|dir| std::fs::read_to_string(dir.join("migration_lock.toml")).ok());
        let manifest = folder.ancestors().take(DEPTH).find_map(|dir| std::fs::read_to_string(dir.join("Cargo.toml")).ok());
        let engine = lock.as_deref().and_then(of_lock).or_else(|| manifest.as_deref().and_then(of_manifest));
        self.known.insert(folder.to_owned(), engine);
        engine
    }
}

/// sqlc's settings, by the folders that they were looked for from.
#[derive(Default)]
pub(super) struct Generators {
    known: HashMap<PathBuf, Option<&'static str>>,
}

impl Generators {
    /// The engine that sqlc's settings around a file name, where that is not PostgreSQL.
    pub(super) fn engine(&mut self, file: &Path) -> Option<&'static str> {
        let folder = file.parent()?;
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let names = ["sqlc.yaml", "sqlc.yml", "sqlc.json"];
        let beside = |dir: &Path| names.iter().find_map(|name| std::fs::read_to_string(dir.join(name)).ok());
        let engine = folder.ancestors().take(DEPTH).find_map(beside).and_then(|text| of_sqlc(&text));
        self.known.insert(folder.to_owned(), engine);
        engine
    }
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
