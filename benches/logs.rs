//! How fast logs are read, by format, on one core: `cargo bench --bench logs`.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pgsift::log::detect;
use pgsift::log::tally::Worker;
use pgsift::sql::fingerprint::fingerprint;
use pgsift::sql::token::Dialect;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

/// Bytes that an iteration reads: larger than a processor's cache, small enough for many iterations.
const SIZE: usize = 8 << 20;

/// A log of a real server, repeated up to the size.
fn log(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs").join(name);
    let packed = std::fs::File::open(&path).expect("the fixture is in the repository");
    let mut once = vec![];
    flate2::read::GzDecoder::new(packed).read_to_end(&mut once).expect("the fixture is whole");
    if once.last() != Some(&b'\n') {
        once.push(b'\n');
    }
    once.repeat(SIZE.div_ceil(once.len()))
}

fn readers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("logs");
    group.sample_size(10);
    for (format, name) in [
        ("stderr", "debian.log.gz"),
        ("stderr of an ORM", "orm_explain.log.gz"),
        ("csvlog", "debian.csv.gz"),
        ("jsonlog", "debian.json.gz"),
    ] {
        let bytes = log(name);
        let format_of = detect(&bytes[..bytes.len().min(1 << 16)], None, 2026);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format, |bencher| {
            bencher.iter(|| {
                let mut worker = Worker::default();
                black_box(worker.block(&bytes, &format_of, "log", 1));
                black_box(worker.finish())
            });
        });
    }
    group.finish();
}

fn fingerprints(criterion: &mut Criterion) {
    let short = "SELECT id, note FROM orders WHERE user_id = 42 AND status IN ('open', 'paid') ORDER BY id LIMIT 20";
    let long = format!("INSERT INTO events (kind, payload) VALUES {}('x', 1)", "('login', '{\"a\": 1}'), ".repeat(500));
    let mut group = criterion.benchmark_group("fingerprint");
    for (name, sql) in [("short", short), ("long", &long)] {
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| fingerprint(black_box(sql.as_bytes()), Dialect::Server)));
    }
    group.finish();
}

criterion_group!(benches, readers, fingerprints);
criterion_main!(benches);
