//! Many wishes, few indexes: a wish whose keys are the beginning of another's needs no index of its own.

use super::candidate::{Candidate, Wanted};
use crate::catalog::Qualified;
use crate::catalog::index_match::{Node, implied};

/// The most keys of a merged index.
const MOST_KEYS: usize = 5;

/// An index that serves several wishes.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    /// Its table.
    pub(super) table: Qualified,
    /// Access method.
    pub(super) method: &'static str,
    /// Keys: the order of the blocks is settled, that inside a block is not yet.
    pub(super) blocks: Vec<Vec<Wanted>>,
    /// Its predicate.
    pub(super) predicate: Vec<Node>,
    /// The wishes that it serves, by their places.
    pub(super) serves: Vec<usize>,
}

impl Merged {
    /// As a candidate, its keys in order.
    pub(super) fn candidate(&self) -> Candidate {
        let tail = self.blocks.iter().flatten().cloned().collect();
        Candidate { method: self.method, equal: vec![], tail, predicate: self.predicate.clone() }
    }

    fn keys(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

/// Merges wishes, each on its table, into indexes.
pub(super) fn merge(wishes: &[(Qualified, Candidate, Vec<Node>)]) -> Vec<Merged> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    let size = |candidate: &Candidate| candidate.equal.len() + candidate.tail.len();
    // long before short, whole before partial: the shorter then finds its place in the longer
    order.sort_by_key(|&at| (!wishes[at].1.predicate.is_empty(), std::cmp::Reverse(size(&wishes[at].1)), at));
    let mut merged: Vec<Merged> = vec![];
    for at in order {
        let (table, candidate, clauses) = &wishes[at];
        let home = merged.iter_mut().filter(|m| m.table == *table && m.method == candidate.method).find_map(|m| {
            let reachable = m.predicate.iter().all(|part| implied(clauses, part));
            let blocks = if reachable { fit(&m.blocks, candidate) } else { None }?;
            Some((m, blocks))
        });
        match home {
            Some((index, blocks)) => {
                index.blocks = blocks;
                index.serves.push(at);
            }
            None => {
                let mut blocks = vec![];
                if !candidate.equal.is_empty() {
                    blocks.push(candidate.equal.clone());
                }
                blocks.extend(candidate.tail.iter().map(|key| vec![key.clone()]));
                merged.push(Merged {
                    table: table.clone(),
                    method: candidate.method,
                    blocks,
                    predicate: candidate.predicate.clone(),
                    serves: vec![at],
                });
            }
        }
    }
    unite_partial(merged)
}

/// Indexes with the same keys and different predicates become one without.
fn unite_partial(merged: Vec<Merged>) -> Vec<Merged> {
    let mut all: Vec<Merged> = vec![];
    for index in merged {
        let same = |other: &&mut Merged| {
            other.table == index.table && other.method == index.method && other.blocks == index.blocks && other.predicate != index.predicate
        };
        match all.iter_mut().find(same) {
            Some(other) => {
                other.predicate.clear();
                other.serves.extend(index.serves);
            }
            None => all.push(index),
        }
    }
    all
}

/// The blocks of an index with a wish fitted in, where that takes nothing from what is there.
fn fit(blocks: &[Vec<Wanted>], candidate: &Candidate) -> Option<Vec<Vec<Wanted>>> {
    if candidate.method != "btree" {
        let ([block], [key]) = (blocks, &candidate.tail[..]) else { return None };
        let [own] = &block[..] else { return None };
        if own == key {
            return Some(blocks.to_vec());
        }
        // jsonb_ops answers whatever jsonb_path_ops does
        let both_json = [own.class, key.class].iter().all(|class| class.is_none_or(|c| c == "jsonb_path_ops"));
        return (own.node == key.node && both_json).then(|| vec![vec![Wanted { class: None, ..own.clone() }]]);
    }
    let mut left: Vec<Wanted> = candidate.equal.clone();
    let mut tail = candidate.tail.iter().peekable();
    let mut out: Vec<Vec<Wanted>> = vec![];
    for block in blocks {
        let mut rest = block.clone();
        while !rest.is_empty() {
            if !left.is_empty() {
                let (inside, outside): (Vec<Wanted>, Vec<Wanted>) = rest.iter().cloned().partition(|key| left.contains(key));
                if inside.is_empty() || (!outside.is_empty() && inside.len() < left.len()) {
                    return None;
                }
                left.retain(|key| !inside.contains(key));
                out.push(inside);
                rest = outside;
            } else if let Some(next) = tail.peek() {
                if !rest.contains(next) {
                    return None;
                }
                let next = (*next).clone();
                tail.next();
                rest.retain(|key| *key != next);
                out.push(vec![next]);
            } else {
                out.push(std::mem::take(&mut rest));
            }
        }
    }
    if !left.is_empty() {
        out.push(left);
    }
    out.extend(tail.map(|key| vec![key.clone()]));
    let keys: usize = out.iter().map(Vec::len).sum();
    let before: usize = blocks.iter().map(Vec::len).sum();
    (keys == before || keys <= MOST_KEYS).then_some(out)
}

/// How many keys an index has, for the order of advice.
pub(super) fn width(index: &Merged) -> usize {
    index.keys()
}
