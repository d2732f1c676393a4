//! The figures of a log: one [`Tally`] for each worker, merged into one at the end, or much later on another machine.
//!
//! Sums are exact, quantiles within 1 %, and the order of merging does not matter. Memory grows with the number of different
//! queries up to a cap; what comes after is counted and said ([`Tally::overflow`]).

mod events;
mod hist;
mod parameters;
mod query;
mod text;
mod worker;

pub use events::{Events, Group, Kind};
pub use hist::Histogram;
pub use parameters::{fill, read as read_parameters};
pub use query::{Example, Load, Query, Timeline};
pub use worker::{Loose, Ties, Worker};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// Fingerprints that are kept.
pub const MAX_QUERIES: usize = 8000;

/// Kinds of callers (user, database, application, host) that are kept.
const MAX_WHO: usize = 4096;

/// Hours that are kept; stamps out of any reason are joined.
const MAX_HOURS: usize = 200_000;

/// Stray lines that are shown.
const MAX_STRAY_EXAMPLES: usize = 10;

/// A hasher for keys that are hashes already.
#[derive(Debug, Default, Clone)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = self.0.rotate_left(5) ^ u64::from_le_bytes(word);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Index = HashMap<u64, u32, BuildHasherDefault<Identity>>;

/// Who runs statements.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Who {
    /// User.
    pub user: String,
    /// Database.
    pub database: String,
    /// Application.
    pub application: String,
    /// Host.
    pub host: String,
}

/// What a log says, added up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    /// The version of this form; summaries of another one are refused.
    pub version: u32,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
    /// Executions with a duration, and their durations summed.
    pub load: Load,
    /// Statements whose duration the log does not say.
    pub untimed: u64,
    /// Durations whose statement the log does not say.
    pub unattributed: Load,
    /// Parse and bind.
    pub prepare: Load,
    /// Plans of auto_explain.
    pub plans: Load,
    /// Entries with messages that are not known.
    pub unrecognized: u64,
    /// Entries in another language than English.
    pub foreign: u64,
    /// Lines that belong to no entry.
    pub stray: u64,
    /// Marks of exports that left something out.
    pub truncated: u64,
    /// The first stamp, and the last.
    pub first: Option<i64>,
    /// The last.
    pub last: Option<i64>,
    /// By fingerprint.
    pub queries: Vec<Query>,
    /// Executions of fingerprints that found no room.
    pub overflow: Load,
    /// Who; number 0 is all whose kind found no room.
    pub who: Vec<Who>,
    /// Load by hour (hours since 1970).
    pub hours: BTreeMap<i64, Load>,
    /// Load over time.
    pub timeline: Timeline,
    /// Everything else.
    pub events: Events,
    /// A few stray lines: the first in the order of their text, which is the same whoever reads them.
    pub stray_examples: Vec<String>,
    #[serde(skip)]
    index: Index,
    #[serde(skip)]
    who_index: HashMap<Who, u32>,
}

/// The form's version.
const VERSION: u32 = 1;

impl Tally {
    /// Nothing yet.
    pub fn new() -> Tally {
        Tally { version: VERSION, who: vec![Who::default()], ..Tally::default() }
    }

    /// Reads a summary.
    pub fn from_summary(bytes: &[u8]) -> Result<Tally, String> {
        let mut tally: Tally = serde_json::from_slice(bytes).map_err(|error| format!("not a summary of pgsift: {error}"))?;
        if tally.version != VERSION {
            return Err(format!("a summary of version {}, expected {VERSION}", tally.version));
        }
        tally.index = tally.queries.iter().enumerate().map(|(i, query)| (query.fingerprint, i as u32)).collect();
        tally.who_index = tally.who.iter().enumerate().skip(1).map(|(i, who)| (who.clone(), i as u32)).collect();
        Ok(tally)
    }

    /// Writes a summary.
    pub fn to_summary(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }

    /// Writes a summary, piece by piece: as one text it would be larger than the tally.
    pub fn write_summary(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        serde_json::to_writer(out, self).map_err(std::io::Error::from)
    }

    /// Takes another's figures.
    pub fn merge(&mut self, mut other: Tally) {
        if self.entries == 0 && self.queries.is_empty() && self.stray == 0 {
            // Nothing of its own but perhaps ends of blocks: the other goes in whole.
            std::mem::swap(self, &mut other);
        }
        self.bytes += other.bytes;
        self.entries += other.entries;
        self.load.merge(other.load);
        self.untimed += other.untimed;
        self.unattributed.merge(other.unattributed);
        self.prepare.merge(other.prepare);
        self.plans.merge(other.plans);
        self.unrecognized += other.unrecognized;
        self.foreign += other.foreign;
        self.stray += other.stray;
        self.truncated += other.truncated;
        self.overflow.merge(other.overflow);
        for time in [other.first, other.last].into_iter().flatten() {
            self.seen(time);
        }
        for (hour, load) in other.hours {
            self.hour(hour, load);
        }
        self.timeline.merge(&other.timeline);
        self.events.merge(other.events);
        for line in other.stray_examples {
            self.stray_example(line.as_bytes());
        }
        let who: Vec<u32> = other.who.into_iter().enumerate().map(|(i, who)| if i == 0 { 0 } else { self.who(who) }).collect();
        for query in other.queries {
            match self.place(query.fingerprint) {
                Some(i) => self.queries[i as usize].merge(query, &who),
                None => self.overflow.merge(query.load),
            }
        }
    }

    /// Sorts what has an order, so that the same log gives the same bytes.
    pub fn settle(&mut self) {
        self.queries.sort_by(|a, b| {
            b.load.total_us.cmp(&a.load.total_us).then(b.load.calls.cmp(&a.load.calls)).then(a.fingerprint.cmp(&b.fingerprint))
        });
        self.index = self.queries.iter().enumerate().map(|(i, query)| (query.fingerprint, i as u32)).collect();
        // Callers in the order of their names.
        let mut order: Vec<u32> = (1..self.who.len() as u32).collect();
        order.sort_by(|a, b| self.who[*a as usize].cmp(&self.who[*b as usize]));
        let mut numbers = vec![0u32; self.who.len()];
        for (i, old) in order.iter().enumerate() {
            numbers[*old as usize] = i as u32 + 1;
        }
        let mut sorted = vec![Who::default()];
        sorted.extend(order.iter().map(|old| self.who[*old as usize].clone()));
        self.who = sorted;
        self.who_index = self.who.iter().enumerate().skip(1).map(|(i, who)| (who.clone(), i as u32)).collect();
        for query in &mut self.queries {
            for (number, _) in &mut query.who {
                *number = numbers[*number as usize];
            }
            query.who.sort_by_key(|(number, _)| *number);
        }
    }

    /// The query of this fingerprint.
    pub fn query(&self, fingerprint: u64) -> Option<&Query> {
        self.index.get(&fingerprint).map(|i| &self.queries[*i as usize])
    }

    fn seen(&mut self, time: i64) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    fn stray_example(&mut self, line: &[u8]) {
        let kept = &mut self.stray_examples;
        let line = String::from_utf8_lossy(line.trim_ascii_end());
        let at = kept.partition_point(|known| **known <= *line);
        if at < MAX_STRAY_EXAMPLES {
            kept.insert(at, line.into_owned());
            kept.truncate(MAX_STRAY_EXAMPLES);
        }
    }

    fn hour(&mut self, hour: i64, load: Load) {
        let hour = if self.hours.len() >= MAX_HOURS && !self.hours.contains_key(&hour) { i64::MIN } else { hour };
        self.hours.entry(hour).or_default().merge(load);
    }

    /// Where a fingerprint's figures are; new ones get a place while there is room.
    fn place(&mut self, fingerprint: u64) -> Option<u32> {
        if let Some(i) = self.index.get(&fingerprint) {
            return Some(*i);
        }
        if self.queries.len() >= MAX_QUERIES {
            return None;
        }
        let i = self.queries.len() as u32;
        self.queries.push(Query { fingerprint, ..Query::default() });
        self.index.insert(fingerprint, i);
        Some(i)
    }

    fn who(&mut self, who: Who) -> u32 {
        if let Some(i) = self.who_index.get(&who) {
            return *i;
        }
        if self.who.len() >= MAX_WHO {
            return 0;
        }
        let i = self.who.len() as u32;
        self.who.push(who.clone());
        self.who_index.insert(who, i);
        i
    }

    /// One execution.
    fn execution(&mut self, place: Option<u32>, micros: u64, time: Option<i64>, who: u32) {
        self.load.add(micros);
        if let Some(time) = time {
            let hour = time.div_euclid(3_600_000_000);
            match self.hours.last_entry() {
                Some(mut last) if *last.key() == hour => last.get_mut().add(micros),
                _ => self.hour(hour, Load { calls: 1, total_us: micros }),
            }
            self.timeline.add(time, micros);
        }
        match place {
            Some(i) => self.queries[i as usize].add(micros, time, who),
            None => self.overflow.add(micros),
        }
    }
}
