//! Many wishes, few indexes: a wish whose keys are the beginning of another's needs no index of its own.

use super::candidate::{Candidate, Wanted};
use crate::catalog::Qualified;
use crate::catalog::index_match::{Kind, Node, implied};

/// The index that one use of a table asks for.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// The table.
    pub(super) table: Qualified,
    /// The index.
    pub(super) candidate: Candidate,
    /// The conditions of the use.
    pub(super) clauses: Vec<Node>,
    /// The query, by its place in the workload.
    pub(super) query: usize,
    /// An index that finds the rows already, though not in the order wanted.
    pub(super) refines: Option<Qualified>,
    /// The columns that a query reads that adds up many rows; `None`: not known, all, or only a few rows are wanted.
    pub(super) adds_up: Option<Vec<String>>,
}

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
pub(super) fn merge(wishes: &[Wish]) -> Vec<Merged> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    let size = |candidate: &Candidate| candidate.equal.len() + candidate.tail.len();
    // long before short, whole before partial: the shorter then finds its place in the longer
    order.sort_by_key(|&at| (!wishes[at].candidate.predicate.is_empty(), std::cmp::Reverse(size(&wishes[at].candidate)), at));
    let mut merged: Vec<Merged> = vec![];
    for at in order {
        let Wish { table, candidate, clauses, .. } = &wishes[at];
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

/// Settles the order inside the blocks: first as an index that is there has its keys, so that it can be replaced, then what
/// tells rows apart before what holds few values.
pub(super) fn settle(index: &mut Merged, there: &[Vec<Node>], few: &dyn Fn(&Node) -> bool) {
    for block in &mut index.blocks {
        block.sort_by_key(|key| few(&key.node));
    }
    let begins = |keys: &Vec<Node>| {
        let mut left = keys.len();
        let mut fits = true;
        for block in &index.blocks {
            let take = left.min(block.len());
            let next = &keys[keys.len() - left..keys.len() - left + take];
            fits &= next.iter().all(|key| block.iter().any(|own| own.node.is_operand(key)));
            left -= take;
        }
        fits && left == 0 && !keys.is_empty()
    };
    let Some(keys) = there.iter().filter(|keys| begins(keys)).max_by_key(|keys| keys.len()) else { return };
    let place = |key: &Wanted| keys.iter().position(|other| other.is_operand(&key.node)).unwrap_or(usize::MAX);
    for block in &mut index.blocks {
        block.sort_by_key(place);
    }
}

/// A key of few values that every query tests for the same one becomes a predicate, if another key is left.
pub(super) fn narrow(index: &mut Merged, wishes: &[Wish], few: &dyn Fn(&Node) -> bool) {
    if index.method != "btree" {
        return;
    }
    let keys: Vec<Wanted> = index.blocks.iter().flatten().filter(|key| few(&key.node)).cloned().collect();
    for key in keys {
        let tests = |clause: &&Node| match &clause.kind {
            Kind::Op(op, list) => op == "=" && list.len() == 2 && list[0].is_operand(&key.node) && list[1].is_const(),
            _ => false,
        };
        let Some(clause) = index.serves.first().and_then(|at| wishes[*at].clauses.iter().find(tests)) else { continue };
        let sorted = |at: &usize| wishes[*at].candidate.tail.contains(&key);
        let all = index.serves.iter().all(|at| wishes[*at].clauses.contains(clause) && !sorted(at));
        if all && index.keys() > 1 && crate::advise::print::expression(clause).is_some() {
            index.predicate.push(clause.clone());
            index.blocks.iter_mut().for_each(|block| block.retain(|own| *own != key));
            index.blocks.retain(|block| !block.is_empty());
        }
    }
}
