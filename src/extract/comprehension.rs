//! Loops that stand behind what they repeat: `[await db.fetch("…", id) for id in ids]`. Must not know SQL.

use super::chain::Chain;
use super::repeats;
use super::scope::{self, Loop};
use super::tree::Tree;

/// So many brackets are looked through, from the string outwards.
const DEEPEST: usize = 5;

/// Calls that only make a statement.
const MAKING: &[&str] = &["text", "SQL", "sql", "join", "replace", "strip"];

/// The comprehension around a string that each of its turns sends anew.
pub(super) fn around(tree: &Tree, chain: &Chain) -> Option<Loop> {
    let mut inner = tree.around(chain.first)?;
    let mut sent = sends(tree, inner);
    for _ in 0..DEEPEST {
        let open = tree.around(inner)?;
        if let Some(at) = written_for(tree, inner, open) {
            let found = scope::header(tree, at, tree.closing(open)).filter(|_| sent)?;
            let names: Vec<&str> = found.variables.iter().map(|v| v.of(tree.text)).collect();
            let uses = (chain.first..at).any(|i| tree.word(i).is_some_and(|word| names.contains(&word)));
            return uses.then_some(found);
        }
        inner = open;
        sent |= sends(tree, inner);
    }
    None
}

/// Whether the brackets at `open` hold the arguments of a method that may send them.
fn sends(tree: &Tree, open: usize) -> bool {
    let method = open.checked_sub(2).filter(|&dot| tree.is(open, b'(') && tree.is(dot, b'.')).and_then(|dot| tree.word(dot + 1));
    method.is_some_and(|word| !MAKING.contains(&word) && !repeats::only_writes(word))
}

/// The `for` that stands behind the brackets at `inner`, directly in those at `open`.
fn written_for(tree: &Tree, inner: usize, open: usize) -> Option<usize> {
    let end = tree.closing(open);
    let mut at = tree.closing(inner) + 1;
    while at < end {
        if tree.word(at) == Some("for") {
            return Some(at);
        }
        let opens = matches!(tree.punct(at), Some(b'(' | b'[' | b'{'));
        at = if opens { tree.closing(at) + 1 } else { at + 1 };
    }
    None
}
