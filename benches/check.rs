//! How long the stages of a check take: `cargo bench`. What people wait for: many small migrations, one large dump, and the
//! start of the program for a hook's one file.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pgsift::engine::{self, Input, InputKind, MigrationInfo};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use pgsift::source::{FileId, Span};
use pgsift::sql::{self, lex, token::Dialect};
use std::hint::black_box;
use std::process::Command;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One release of a shop: tables, indexes, and the changes that make somebody wait.
fn migration(n: usize) -> String {
    format!(
        "CREATE TYPE status_{n} AS ENUM ('open', 'paid');
CREATE TABLE customers_{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(120) NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders_{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers_{n} (id),
    status status_{n} NOT NULL DEFAULT 'open',
    payload jsonb NOT NULL
);
CREATE INDEX orders_customer_{n} ON orders_{n} (customer_id);
ALTER TABLE customers ADD COLUMN region_{n} text NOT NULL DEFAULT 'eu';
UPDATE customers SET region_{n} = lower(email) WHERE id > 0 AND payload ->> 'kind' = 'x';
SELECT DISTINCT ON (o.id) o.id, c.email FROM orders_{n} o JOIN customers_{n} c ON c.id = o.customer_id
ORDER BY o.id, o.payload ->> 'at' DESC LIMIT 20 OFFSET 40;
"
    )
}

fn inputs(count: usize) -> Vec<Input> {
    let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
    let input = |n: usize| Input {
        path: format!("migrations/{n:04}.sql").into(),
        bytes: migration(n).into_bytes(),
        kind: InputKind::Migration(info.clone()),
        reported: true,
        sets: vec![],
    };
    (0..count).map(input).collect()
}

fn reading(c: &mut Criterion) {
    let text: String = (0..100).map(migration).collect();
    let whole = Span::new(0, text.len() as u32);
    let mut group = c.benchmark_group("read");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("lex", |b| b.iter(|| lex::lex(black_box(&text), whole, Dialect::Psql).len()));
    group.bench_function("parse", |b| b.iter(|| sql::read(FileId(0), black_box(&text), whole, Dialect::Psql).statements.len()));
    group.finish();
}

/// One file is what a pre-commit hook waits for.
fn checking(c: &mut Criterion) {
    let settings = Settings::default();
    let mut group = c.benchmark_group("check");
    for count in [1, 100, 1000] {
        let inputs = inputs(count);
        group.throughput(Throughput::Bytes(inputs.iter().map(|input| input.bytes.len() as u64).sum()));
        group.bench_with_input(BenchmarkId::from_parameter(count), &inputs, |b, inputs| {
            b.iter(|| engine::check(black_box(inputs.clone()), &settings).findings.len());
        });
    }
    // one file, all of it a schema: what a dump is
    let dump = Input { bytes: (0..1000).flat_map(|n| migration(n).into_bytes()).collect(), ..inputs(1).remove(0) };
    group.throughput(Throughput::Bytes(dump.bytes.len() as u64));
    group.bench_function("dump", |b| b.iter(|| engine::check(black_box(vec![dump.clone()]), &settings).findings.len()));
    group.finish();
}

/// The whole program, from its start to its end, on ten lines.
fn starting(c: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("pgsift-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("0001_orders.sql"), migration(1).lines().take(10).collect::<Vec<_>>().join("\n")).unwrap();
    c.bench_function("start", |b| {
        b.iter(|| Command::new(env!("CARGO_BIN_EXE_pgsift")).args(["check", "."]).current_dir(&folder).output().unwrap());
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

criterion_group!(benches, reading, checking, starting);
criterion_main!(benches);
