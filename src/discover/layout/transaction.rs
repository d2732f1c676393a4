//! Whether the runner of a file opens a transaction for it, and how a file asks for none.

use crate::discover::disk::Disk;
use crate::session::Transaction;
use crate::source::Span;
use crate::sql::lex::lex;
use crate::sql::token::Dialect;
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
    if opted_out || runs_concurrently(bytes) { Transaction::None } else { Transaction::Framework("Flyway") }
}

/// Whether the word CONCURRENTLY is anywhere but in comments and quotes, where it runs nothing.
fn runs_concurrently(bytes: &[u8]) -> bool {
    const WORD: &[u8] = b"CONCURRENTLY";
    if !bytes.split(|b| !b.is_ascii_alphabetic()).any(|word| word.eq_ignore_ascii_case(WORD)) {
        return false;
    }
    let text = String::from_utf8_lossy(bytes);
    let tokens = lex(&text, Span::new(0, text.len() as u32), Dialect::Psql);
    tokens.iter().any(|token| token.is_word(&text, "CONCURRENTLY"))
}
