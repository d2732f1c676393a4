//! One number for all the statements that differ only in what changes from call to call, and the text that they share.
//!
//! Code, logs and statistics views meet here: the same query gives the same number whether it stands in a source file with a
//! driver's placeholders, in a log with its values filled in, or in `pg_stat_statements` with `$1`. Folded are literals with
//! their signs and casts, parameters of every style, IN and VALUES lists of any length, comments, case, white space, names of
//! cursors, savepoints and prepared statements, and the numbers that temporary tables carry.
//!
//! It runs over gigabytes of log, so it has its own loop over bytes ([`scan`]) and allocates nothing; a test holds that loop
//! and the lexer equal. Bytes need not be UTF-8. Must not know any grammar beyond what folding needs.

mod fold;
mod hash;
mod scan;
mod skeleton;
mod words;

use super::token::Dialect;
use std::fmt;

/// The number that statements share which differ only in their values. The same in every run, release and platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Fingerprint)
    }
}

/// A statement without what changes from call to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    /// Of the statement and of `text`.
    pub fingerprint: Fingerprint,
    /// One line, words in lower case, every value a `?`.
    pub text: String,
    /// What sqlcommenter (`key='value'`) and marginalia (`key:value`) comments say, in order.
    pub labels: Vec<(String, String)>,
}

/// The fingerprint of a text: one statement, or all that one message sent. Filler bytes (`source::FILLER`) are skipped.
pub fn fingerprint(text: impl AsRef<[u8]>, dialect: Dialect) -> Fingerprint {
    fold::Folder::<false>::new(text.as_ref(), dialect).run().0
}

/// A hash that only statements of one fingerprint share, at a fraction of its cost; `None` where finding one would take the
/// fingerprint's own reading. For this process only: its value may change.
pub fn skeleton(text: &[u8]) -> Option<u64> {
    skeleton::skeleton(text)
}

/// The fingerprint with the text that has it.
pub fn normalize(text: impl AsRef<[u8]>, dialect: Dialect) -> Normalized {
    let bytes = text.as_ref();
    let (fingerprint, text) = fold::Folder::<true>::new(bytes, dialect).run();
    Normalized { fingerprint, text, labels: labels(bytes, dialect) }
}

/// The pairs that comments hold: `/*key='va%20lue',k='v'*/` and `/* key:value,key:value */`.
pub fn labels(text: &[u8], dialect: Dialect) -> Vec<(String, String)> {
    let mut found = vec![];
    for comment in scan::comments(text, dialect) {
        let comment = String::from_utf8_lossy(comment);
        for pair in comment.split(',') {
            let (key, value) = match (pair.split_once('='), pair.split_once(':')) {
                (Some((key, value)), _) if value.trim().starts_with('\'') => (key, percent_decoded(value.trim().trim_matches('\''))),
                (_, Some((key, value))) => (key, value.trim().to_owned()),
                _ => continue,
            };
            let key = key.trim();
            let is_name = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
            if is_name && !value.is_empty() {
                found.push((key.to_owned(), value));
            }
        }
    }
    found
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match hex.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests;
