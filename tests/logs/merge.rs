//! Summaries of any parts, merged in any order, are the summary of the whole.

use pgsift::log::tally::{Tally, Worker};
use pgsift::log::{Format, detect};
use proptest::prelude::*;

fn summary(parts: &[(&[u8], u64)], format: &Format) -> Tally {
    let mut worker = Worker::default();
    for (part, line) in parts {
        worker.block(part, format, "a.log", *line);
    }
    worker.finish()
}

/// Cuts before entries: at lines that begin with a stamp and hold a severity that begins one.
fn parts<'a>(log: &'a [u8], at: &[usize]) -> Vec<(&'a [u8], u64)> {
    let is_entry = |rest: &[u8]| {
        let line = rest.split(|b| *b == b'\n').next().unwrap();
        line.starts_with(b"2026-") && [" LOG:  ", " ERROR:  ", " FATAL:  "].iter().any(|s| String::from_utf8_lossy(line).contains(s))
    };
    let next = |from: usize| (from..log.len()).find(|i| (*i == 0 || log[i - 1] == b'\n') && is_entry(&log[*i..])).unwrap_or(log.len());
    let mut cuts: Vec<usize> = at.iter().map(|a| next(a % log.len())).collect();
    cuts.extend([0, log.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let line = |at: usize| log[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
    cuts.windows(2).map(|cut| (&log[cut[0]..cut[1]], line(cut[0]))).collect()
}

/// Cuts a log into parts, summarises each, merges the summaries in an order of their own and compares with one run.
fn merged_is_whole(name: &str, at: &[usize], order: u64) -> Result<(), TestCaseError> {
    let log = super::unpacked(name);
    let format = detect(&log, None, 2026);
    let mut whole = summary(&[(&log, 1)], &format);
    whole.settle();
    let mut summaries: Vec<Vec<u8>> = parts(&log, at).iter().map(|part| summary(&[*part], &format).to_summary().unwrap()).collect();
    let count = summaries.len() as u64;
    summaries.rotate_left((order % count) as usize);
    if order.is_multiple_of(3) {
        summaries.reverse();
    }
    let mut merged = Tally::new();
    for bytes in &summaries {
        merged.merge(Tally::from_summary(bytes).unwrap());
    }
    merged.settle();
    let value = |tally: &Tally| serde_json::from_slice::<serde_json::Value>(&tally.to_summary().unwrap()).unwrap();
    let (merged, whole) = (value(&merged), value(&whole));
    for (key, expected) in whole.as_object().unwrap() {
        prop_assert_eq!(&merged[key], expected, "{} of {}", key, name);
    }
    Ok(())
}

/// In this second two sessions write a temporary file, and the first one's entry ends last.
#[test]
fn entries_of_one_second_end_in_another_order_than_they_begin() -> Result<(), TestCaseError> {
    merged_is_whole("pgbadger.log.gz", &[86_083], 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn merging_is_what_one_run_gives(
        at in prop::collection::vec(any::<usize>(), 1..9),
        order in any::<u64>(),
        name in prop::sample::select(vec!["pgbadger.log.gz", "debian.log.gz", "orm_explain.log.gz"]),
    ) {
        merged_is_whole(name, &at, order)?;
    }
}
