//! What a file is: a migration of which framework, in which place of the order, run how.
//!
//! Marks inside the file decide before names, names before what the project's manifests mention, and all of them before
//! "plain": numbered files whose runner is not known, about which no transaction is assumed.

use super::disk::{Disk, locked};
use super::sections;
use crate::engine::{InputKind, MigrationInfo};
use crate::session::Transaction;
use down::{is_down, takes_everything_down};
use graphile::graphile;
use memchr::memmem;
use names::{
    file_name, flyway_version, in_drizzle_folder, is_flyway_callback, is_folder_migration, is_numbered, is_paired, version_digits,
};
use order::{Group, Natural, order};
use set::whole_set;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tools::Around;
use transaction::{diesel_transaction, first_comments, flyway_transaction, sqlx_transaction};

pub(super) use down::has_own_for_postgres;
pub(super) use names::in_migrations_folder;
pub(super) use order::Order;
pub(super) use other_language::other_language;
pub(super) use set::{files_of_set, migration_set, set_folder};

mod down;
mod graphile;
mod names;
mod order;
mod other_language;
mod set;
mod sqitch;
#[cfg(test)]
mod tests;
mod tools;
mod transaction;

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
        if !self.disk.folder(folder).has("meta") {
            return None;
        }
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
