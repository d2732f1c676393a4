//! Whether the runner of a file opens a transaction for it, and how a file asks for none.

use crate::discover::disk::Disk;
use crate::session::Transaction;
use memchr::memmem;
use std::path::Path;

/// The leading comments, lower case.
pub(super) fn first_comments(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lines = bytes[..bytes.len().min(4096)].split(|&b| b == b'\n');
    let lines = lines.map(|line| String::from_utf8_lossy(line).trim().trim_start_matches('\u{feff}').to_ascii_lowercase());
    lines.take_while(|line| line.is_empty() || line.starts_with("--"))
}

/// Without its wrapper sqlx still sends the file as one message.
pub(super) fn sqlx_transaction(bytes: &[u8]) -> Transaction {
    if bytes.starts_with(b"-- no-transaction") { Transaction::Implicit } else { Transaction::Framework("sqlx") }
}

/// Without its wrapper diesel still sends the file as one message.
pub(super) fn diesel_transaction(folder: &Path, disk: &Disk) -> Transaction {
    let metadata = disk.folder(folder).text("metadata.toml").unwrap_or_default();
    match metadata.lines().any(|line| line.replace(' ', "").starts_with("run_in_transaction=false")) {
        true => Transaction::Implicit,
        false => Transaction::Framework("diesel"),
    }
}

/// Flyway runs statement by statement where the script's `.conf` says so or a statement cannot run in a transaction.
pub(super) fn flyway_transaction(path: &Path, bytes: &[u8], disk: &Disk) -> Transaction {
    let conf = path.file_name().map(|name| format!("{}.conf", name.to_string_lossy())).unwrap_or_default();
    let conf = disk.folder(path.parent().unwrap_or(Path::new(""))).text(&conf).unwrap_or_default();
    let opted_out = conf.lines().any(|line| line.replace(' ', "").eq_ignore_ascii_case("executeInTransaction=false"));
    // said in a comment it runs nothing
    let code = |line: &[u8]| memmem::find(line, b"--").map_or(line.len(), |at| at);
    let concurrently =
        bytes.split(|&b| b == b'\n').any(|line| memmem::find(&line[..code(line)].to_ascii_uppercase(), b"CONCURRENTLY").is_some());
    if opted_out || concurrently { Transaction::None } else { Transaction::Framework("Flyway") }
}
