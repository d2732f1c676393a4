//! The figures of one fingerprint.

use super::hist::Histogram;
use crate::log::plan::PlanFacts;
use serde::{Deserialize, Serialize};

/// Longest example kept.
pub(super) const MAX_EXAMPLE: usize = 8 << 10;

/// A query's chart has at most this many columns.
const MAX_COLUMNS: i64 = 96;

/// The widths that a chart's columns may have, in minutes: each divides the next.
const WIDTHS: &[i64] = &[1, 5, 15, 60, 360, 1440, 10_080, 70_560];

/// Count and time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Executions.
    pub calls: u64,
    /// Summed.
    pub total_us: u64,
}

impl Load {
    /// Takes one execution.
    pub fn add(&mut self, micros: u64) {
        self.calls += 1;
        self.total_us = self.total_us.saturating_add(micros);
    }

    /// Takes another's.
    pub fn merge(&mut self, other: Load) {
        self.calls += other.calls;
        self.total_us = self.total_us.saturating_add(other.total_us);
    }
}

/// Load over time, in columns as narrow as the span allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    width: usize,
    columns: Vec<(i64, Load)>,
}

impl Timeline {
    /// Takes an execution at this time.
    pub fn add(&mut self, time: i64, micros: u64) {
        let at = time.div_euclid(60_000_000).div_euclid(self.minutes());
        match self.columns.last_mut() {
            Some((last, load)) if *last == at => load.add(micros),
            _ => self.put(at, Load { calls: 1, total_us: micros }),
        }
    }

    /// How wide a column is.
    pub fn minutes(&self) -> i64 {
        WIDTHS[self.width.min(WIDTHS.len() - 1)]
    }

    /// `(start in microseconds, load)`, in order.
    pub fn columns(&self) -> impl Iterator<Item = (i64, Load)> {
        let width = self.minutes() * 60_000_000;
        self.columns.iter().map(move |(at, load)| (at.saturating_mul(width), *load))
    }

    fn put(&mut self, at: i64, load: Load) {
        match self.columns.binary_search_by_key(&at, |column| column.0) {
            Ok(i) => self.columns[i].1.merge(load),
            Err(i) => self.columns.insert(i, (at, load)),
        }
        while self.width + 1 < WIDTHS.len() && self.span() > MAX_COLUMNS {
            self.widen(self.width + 1);
        }
        // Stamps decades apart: the earliest are joined.
        while self.columns.len() > 4 * MAX_COLUMNS as usize {
            let (_, load) = self.columns.remove(0);
            self.columns[0].1.merge(load);
        }
    }

    fn span(&self) -> i64 {
        match (self.columns.first(), self.columns.last()) {
            (Some(first), Some(last)) => last.0 - first.0 + 1,
            _ => 0,
        }
    }

    fn widen(&mut self, width: usize) {
        let factor = WIDTHS[width] / self.minutes();
        let mut wider: Vec<(i64, Load)> = vec![];
        for (at, load) in self.columns.drain(..) {
            let at = at.div_euclid(factor);
            match wider.last_mut() {
                Some((last, sum)) if *last == at => sum.merge(load),
                _ => wider.push((at, load)),
            }
        }
        (self.width, self.columns) = (width, wider);
    }

    /// Takes another's.
    pub fn merge(&mut self, other: &Timeline) {
        let mut other = other.clone();
        let width = self.width.max(other.width);
        if self.width < width {
            self.widen(width);
        }
        if other.width < width {
            other.widen(width);
        }
        for (at, load) in other.columns {
            self.put(at, load);
        }
    }
}

/// The slowest execution, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The statement.
    pub text: String,
    /// Its parameters in order; `None` is NULL.
    pub parameters: Vec<Option<String>>,
    /// It was cut.
    pub cut: bool,
    /// How long it took.
    pub micros: u64,
    /// When.
    pub time: Option<i64>,
    /// The log file.
    pub file: String,
    /// The line in it on which the entry begins.
    pub line: u64,
}

/// One fingerprint's figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// The fingerprint.
    pub fingerprint: u64,
    /// What its statements share.
    pub text: String,
    /// Executions with a duration.
    pub load: Load,
    /// Executions whose duration the log does not say.
    pub untimed: u64,
    /// The quickest and the slowest.
    pub min_us: u64,
    /// The slowest.
    pub max_us: u64,
    /// The sum of squares, as two halves: exact.
    pub(super) squares: (u64, u64),
    /// Durations.
    pub histogram: Histogram,
    /// Parse and bind.
    pub prepare: Load,
    /// Plans that auto_explain logged.
    pub plans: Load,
    /// Rows that plans say were returned: how many plans, rows.
    pub rows: (u64, u64),
    /// When it first ran.
    pub first: Option<i64>,
    /// And last.
    pub last: Option<i64>,
    /// By who ran it: the number in the tally's list.
    pub who: Vec<(u32, Load)>,
    /// Over time.
    pub timeline: Timeline,
    /// The slowest execution.
    pub example: Option<Example>,
    /// What the worst plan shows.
    pub plan: Option<PlanFacts>,
    /// Bytes and number of temporary files.
    pub temp_files: (u64, u64),
    /// The text has an OFFSET, so that its values are looked for.
    #[serde(skip)]
    pub(super) pages: bool,
    /// OFFSETs that were asked for: `(offset, load)`, rounded to two digits.
    pub offsets: Vec<(u64, Load)>,
}

impl Query {
    /// Takes one execution.
    pub(super) fn add(&mut self, micros: u64, time: Option<i64>, who: u32) {
        self.min_us = if self.load.calls == 0 { micros } else { self.min_us.min(micros) };
        self.max_us = self.max_us.max(micros);
        self.load.add(micros);
        self.square(u128::from(micros) * u128::from(micros));
        self.histogram.add(micros);
        if let Some(time) = time {
            self.seen(time);
            self.timeline.add(time, micros);
        }
        self.by(who, Load { calls: 1, total_us: micros });
    }

    fn square(&mut self, add: u128) {
        let sum = (u128::from(self.squares.0) << 64 | u128::from(self.squares.1)).saturating_add(add);
        self.squares = ((sum >> 64) as u64, sum as u64);
    }

    pub(super) fn seen(&mut self, time: i64) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    pub(super) fn by(&mut self, who: u32, load: Load) {
        let full = self.who.len() >= 256;
        match self.who.iter_mut().find(|(number, _)| *number == who) {
            Some((_, sum)) => sum.merge(load),
            // Very many kinds of callers: the rest is kept as one, number 0.
            None if full && who != 0 => self.by(0, load),
            None => self.who.push((who, load)),
        }
    }

    pub(super) fn offset(&mut self, offset: u64, micros: u64) {
        let scale = 10u64.pow(offset.max(1).ilog10().saturating_sub(1));
        let rounded = offset / scale * scale;
        let load = Load { calls: 1, total_us: micros };
        self.offset_load(rounded, load);
    }

    fn offset_load(&mut self, offset: u64, load: Load) {
        match self.offsets.binary_search_by_key(&offset, |o| o.0) {
            Ok(i) => self.offsets[i].1.merge(load),
            Err(i) => self.offsets.insert(i, (offset, load)),
        }
    }

    /// Whether an execution of this length would be the example.
    pub(super) fn wants_example(&self, micros: u64, time: Option<i64>) -> bool {
        self.example.as_ref().is_none_or(|e| micros > e.micros || (micros == e.micros && time <= e.time))
    }

    pub(super) fn offer(&mut self, example: Example) {
        // Of equals the earliest, so that the order of merging does not matter.
        let key = |e: &Example| (e.micros, std::cmp::Reverse((e.time, e.file.clone(), e.line, e.text.clone())));
        if self.example.as_ref().is_none_or(|old| key(&example) > key(old)) {
            self.example = Some(example);
        }
    }

    /// Mean, milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.load.total_us as f64 / 1000.0 / self.load.calls.max(1) as f64
    }

    /// Standard deviation, milliseconds.
    pub fn stddev_ms(&self) -> f64 {
        let calls = self.load.calls.max(1) as f64;
        let squares = self.squares.0 as f64 * 18_446_744_073_709_551_616.0 + self.squares.1 as f64;
        let mean = self.load.total_us as f64 / calls;
        (squares / calls - mean * mean).max(0.0).sqrt() / 1000.0
    }

    /// Takes another's figures; its callers' numbers are translated by `who`.
    pub(super) fn merge(&mut self, other: Query, who: &[u32]) {
        if self.load.calls == 0 || (other.load.calls > 0 && other.min_us < self.min_us) {
            self.min_us = other.min_us;
        }
        self.max_us = self.max_us.max(other.max_us);
        self.load.merge(other.load);
        self.untimed += other.untimed;
        self.square(u128::from(other.squares.0) << 64 | u128::from(other.squares.1));
        self.histogram.merge(&other.histogram);
        self.prepare.merge(other.prepare);
        self.plans.merge(other.plans);
        self.rows = (self.rows.0 + other.rows.0, self.rows.1 + other.rows.1);
        for time in [other.first, other.last].into_iter().flatten() {
            self.seen(time);
        }
        for (number, load) in other.who {
            self.by(who.get(number as usize).copied().unwrap_or(0), load);
        }
        self.timeline.merge(&other.timeline);
        if let Some(example) = other.example {
            self.offer(example);
        }
        if self.text.is_empty() || (!other.text.is_empty() && other.text < self.text) {
            self.text = other.text;
        }
        PlanFacts::keep_worse(&mut self.plan, other.plan);
        self.temp_files = (self.temp_files.0 + other.temp_files.0, self.temp_files.1 + other.temp_files.1);
        for (offset, load) in other.offsets {
            self.offset_load(offset, load);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timelines_merge_to_what_one_run_gives() {
        let stamp = |i: i64| 1_700_000_000_000_000 + i * 437_000_000;
        let (mut all, mut a, mut b) = (Timeline::default(), Timeline::default(), Timeline::default());
        for i in 0..2000 {
            all.add(stamp(i), i as u64);
            if i % 7 < 3 { a.add(stamp(i), i as u64) } else { b.add(stamp(i), i as u64) }
        }
        a.merge(&b);
        assert_eq!(a, all);
        assert!(all.columns().count() <= MAX_COLUMNS as usize);
    }
}
