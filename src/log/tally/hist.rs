//! A histogram of durations that merges exactly and answers within 1 %: 64 buckets for each doubling.

use serde::{Deserialize, Serialize};

/// Buckets for a doubling, as a power of two: the middle of a bucket is at most 1/129 away from what is in it.
const BITS: u32 = 6;

/// Buckets up to which they are kept as pairs: most queries of a log with very many run a few times only.
const FEW: usize = 48;

/// Counts by bucket: few as pairs, more as one run from the first used bucket to the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    first: u32,
    counts: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    few: Vec<(u32, u32)>,
}

/// The bucket of a value.
fn bucket(value: u64) -> u32 {
    let value = value.max(1);
    let exponent = 63 - value.leading_zeros();
    if exponent <= BITS {
        return value as u32;
    }
    let sub = (value >> (exponent - BITS)) as u32 & ((1 << BITS) - 1);
    ((exponent - BITS) << BITS) + (1 << BITS) + sub
}

/// The middle of a bucket.
fn middle(bucket: u32) -> u64 {
    let row = bucket >> BITS;
    if row < 2 {
        return u64::from(bucket);
    }
    let shift = row - 1;
    let low = (u64::from(bucket & ((1 << BITS) - 1)) + (1 << BITS)) << shift;
    low + (1 << shift) / 2
}

impl Histogram {
    /// Takes a value.
    pub fn add(&mut self, value: u64) {
        self.add_count(bucket(value), 1);
    }

    fn add_count(&mut self, at: u32, count: u32) {
        if !self.counts.is_empty() {
            return self.add_to_run(at, count);
        }
        match self.few.binary_search_by_key(&at, |few| few.0) {
            Ok(i) => self.few[i].1 = self.few[i].1.saturating_add(count),
            Err(i) => self.few.insert(i, (at, count)),
        }
        if self.few.len() > FEW {
            *self = self.as_run();
        }
    }

    /// The same as one run.
    fn as_run(&self) -> Histogram {
        let mut run = Histogram { first: self.first, counts: self.counts.clone(), few: vec![] };
        if let Some((first, _)) = self.few.first() {
            run.first = *first;
        }
        self.few.iter().for_each(|(at, count)| run.add_to_run(*at, *count));
        run
    }

    fn add_to_run(&mut self, at: u32, count: u32) {
        if at < self.first {
            let missing = (self.first - at) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = at;
        }
        let index = (at - self.first) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(count);
    }

    fn buckets(&self) -> impl Iterator<Item = (u32, u32)> {
        let run = self.counts.iter().enumerate().map(|(i, count)| (self.first + i as u32, *count));
        self.few.iter().copied().chain(run).filter(|(_, count)| *count > 0)
    }

    /// Takes another's values.
    pub fn merge(&mut self, other: &Histogram) {
        other.buckets().for_each(|(at, count)| self.add_count(at, count));
    }

    /// The value that this share (0 to 1) of the values does not exceed: the nearest rank.
    pub fn quantile(&self, share: f64) -> u64 {
        let total: u64 = self.buckets().map(|(_, count)| u64::from(count)).sum();
        let rank = ((total as f64 * share).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        for (at, count) in self.buckets() {
            seen += u64::from(count);
            if seen >= rank {
                return middle(at);
            }
        }
        0
    }

    /// `(microseconds, count)` of the used buckets, joined to at most `most` steps.
    pub fn steps(&self, most: usize) -> Vec<(u64, u64)> {
        let run = self.as_run();
        let width = run.counts.len().div_ceil(most.max(1)).max(1);
        let step = |(i, chunk): (usize, &[u32])| {
            let middle_of_chunk = run.first + (i * width + chunk.len() / 2) as u32;
            (middle(middle_of_chunk), chunk.iter().map(|c| u64::from(*c)).sum())
        };
        run.counts.chunks(width).enumerate().map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_one_percent_and_merge_exactly() {
        let values: Vec<u64> = (0..20_000u64).map(|i| (i * i * 7919) % 90_000_007 + 1).collect();
        let (mut all, mut left, mut right) = (Histogram::default(), Histogram::default(), Histogram::default());
        for (i, &value) in values.iter().enumerate() {
            all.add(value);
            if i % 3 == 0 { left.add(value) } else { right.add(value) }
        }
        left.merge(&right);
        assert_eq!(left, all);
        let mut sorted = values;
        sorted.sort_unstable();
        for share in [0.01, 0.5, 0.95, 0.99, 1.0] {
            let exact = sorted[((sorted.len() as f64 * share).ceil() as usize).max(1) - 1] as f64;
            assert!((all.quantile(share) as f64 - exact).abs() <= exact * 0.01, "{share}: {} {exact}", all.quantile(share));
        }
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }
}
