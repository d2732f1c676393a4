//! What logs and statistics say of queries and tables, for ranking advice, and the queries that only they know.

use super::super::{Failure, logs};
use super::input;
use crate::engine::{Input, Sent};
use crate::finding::Problem;
use crate::log::Tally;
use crate::stats::{RelationStats, Stats};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// What the paths of a query in the engine begin with.
const QUERY: &str = "query:";

/// Queries that are taken from logs and statistics: those that cost the most.
const MOST: usize = 2000;

/// A query with its cost.
struct Costly {
    text: String,
    file: String,
    line: usize,
    calls: u64,
    total_ms: f64,
}

#[derive(Default)]
pub(super) struct Costs {
    queries: HashMap<u64, Costly>,
    pub(super) relations: RelationStats,
    pub(super) problems: Vec<Problem>,
}

impl Costs {
    pub(super) fn read(log: &[PathBuf], stats: &[PathBuf]) -> Result<Costs, Failure> {
        let mut costs = Costs::default();
        if !log.is_empty() {
            let (tally, problems) = logs::tally(log);
            costs.problems = problems;
            costs.add_log(&tally);
        }
        for path in stats {
            let failed = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
            let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            match Stats::read(&bytes).map_err(failed)? {
                Stats::Relations(relations) => costs.relations.extend(relations),
                Stats::Statements(rows) => {
                    // who ran it and where are rows of their own
                    let mut sums: HashMap<u64, Costly> = HashMap::new();
                    for row in rows {
                        let file = path.to_string_lossy().replace('\\', "/");
                        let none = || Costly { text: row.query.clone(), file, line: 1, calls: 0, total_ms: 0.0 };
                        let sum = sums.entry(row.fingerprint.0).or_insert_with(none);
                        sum.calls += row.calls;
                        sum.total_ms += row.total_ms;
                    }
                    sums.into_iter().for_each(|(print, query)| costs.add(print, query));
                }
            }
        }
        Ok(costs)
    }

    fn add_log(&mut self, tally: &Tally) {
        for query in tally.queries.iter().filter(|query| query.load.calls > 0) {
            let example = query.example.as_ref().filter(|example| !example.cut);
            let (text, file, line) = example.map_or_else(Default::default, |e| (e.text.clone(), e.file.clone(), e.line as usize));
            let total_ms = query.load.total_us as f64 / 1000.0;
            self.add(query.fingerprint, Costly { text, file, line: line.max(1), calls: query.load.calls, total_ms });
        }
    }

    /// A log leaves out what is quick, statistics forget what is rare: whoever saw more is right.
    fn add(&mut self, print: u64, query: Costly) {
        match self.queries.get_mut(&print) {
            Some(known) => {
                if query.total_ms > known.total_ms {
                    (known.calls, known.total_ms) = (query.calls, query.total_ms);
                }
            }
            None => drop(self.queries.insert(print, query)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// Calls and milliseconds of a query.
    pub(super) fn of(&self, print: u64) -> Option<(u64, f64)> {
        self.queries.get(&print).map(|query| (query.calls, query.total_ms))
    }

    /// The queries that no file sends, as inputs, the costliest of them.
    pub(super) fn unsent(&self, sent: &[Sent], inputs: &[Input]) -> Vec<Input> {
        let known: HashSet<u64> = sent.iter().map(|sent| sent.fingerprint).collect();
        let mut found: Vec<(&u64, &Costly)> =
            self.queries.iter().filter(|(print, query)| !known.contains(print) && !query.text.is_empty()).collect();
        found.sort_by(|a, b| b.1.total_ms.total_cmp(&a.1.total_ms).then(a.0.cmp(b.0)));
        // a log does not say which service's schema it means
        let count = inputs.iter().flat_map(|input| &input.sets).max().map_or(0, |&last| last + 1);
        let sets: Vec<u32> = (0..count).collect();
        found.iter().take(MOST).map(|(print, query)| input(format!("{QUERY}{print:016x}"), &query.text, sets.clone())).collect()
    }

    /// Where a query that is only in a log stands there, by the name that [`Costs::unsent`] gave it.
    pub(super) fn place(&self, name: &str) -> Option<(String, usize)> {
        let print = u64::from_str_radix(name.strip_prefix(QUERY)?, 16).ok()?;
        self.queries.get(&print).map(|query| (query.file.clone(), query.line))
    }
}
