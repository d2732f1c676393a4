//! graphile-migrate's files: what is committed, and what is being written.

use super::names::{file_name, is_numbered};
use super::order::{Order, order};
use super::transaction::first_comments;
use crate::engine::{InputKind, MigrationInfo};
use crate::session::Transaction;
use std::path::Path;

/// graphile-migrate's `committed/000001.sql`, and `current.sql` or `current/*.sql`, which come after them.
pub(super) fn graphile(path: &Path, name: &str, bytes: &[u8]) -> Option<(Order, InputKind)> {
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
