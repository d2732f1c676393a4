//! The lock timeline for machines.

use crate::report::json::{ErrorJson, OpaqueJson, SpanJson, file, opaque_json, span};
use crate::source::Sources;
use crate::timeline::{StillHeld, TimedLock, TimedStatement, TimedWork, Timeline, blocked};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes the timeline as one JSON document and a newline.
pub fn write(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let sources = &timeline.sources;
    let document = Document {
        schema: 1,
        postgres: timeline.postgres.major(),
        statements: timeline.statements.iter().map(|statement| statement_json(statement, sources)).collect(),
        opaque: timeline.opaque.iter().map(|opaque| opaque_json(opaque, sources)).collect(),
        errors: timeline.errors.iter().map(|e| ErrorJson { file: &e.file, message: &e.message }).collect(),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    postgres: u8,
    statements: Vec<StatementJson<'a>>,
    opaque: Vec<OpaqueJson<'a>>,
    errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
struct StatementJson<'a> {
    file: Cow<'a, str>,
    span: SpanJson,
    text: &'a str,
    transaction: Option<u32>,
    effects: Vec<EffectJson<'a>>,
    held: Vec<HeldJson<'a>>,
    unsure: Option<&'a str>,
}

#[derive(Serialize)]
struct EffectJson<'a> {
    relation: &'a str,
    kind: &'static str,
    mode: &'static str,
    until: &'static str,
    work: Vec<&'static str>,
    blocks: Vec<&'static str>,
    waits: bool,
    new: bool,
    unsure: Option<&'a str>,
}

#[derive(Serialize)]
struct HeldJson<'a> {
    relation: &'a str,
    kind: &'static str,
    mode: &'static str,
    file: Cow<'a, str>,
    span: SpanJson,
}

fn statement_json<'a>(statement: &'a TimedStatement, sources: &'a Sources) -> StatementJson<'a> {
    StatementJson {
        file: file(statement.at.file, sources),
        span: span(statement.at, sources),
        text: sources.text(statement.at),
        transaction: statement.transaction,
        effects: statement.locks.iter().map(effect_json).collect(),
        held: statement.held.iter().map(|held| held_json(held, sources)).collect(),
        unsure: statement.unsure.as_deref(),
    }
}

fn effect_json(lock: &TimedLock) -> EffectJson<'_> {
    EffectJson {
        relation: &lock.relation,
        kind: lock.kind,
        mode: lock.mode.pg_locks(),
        until: if lock.until_transaction { "transaction" } else { "statement" },
        work: lock.work.iter().copied().map(TimedWork::as_str).collect(),
        blocks: blocked(lock.mode),
        waits: lock.waits,
        new: lock.new,
        unsure: lock.unsure.as_deref(),
    }
}

fn held_json<'a>(held: &'a StillHeld, sources: &'a Sources) -> HeldJson<'a> {
    HeldJson {
        relation: &held.relation,
        kind: held.kind,
        mode: held.mode.pg_locks(),
        file: file(held.since.file, sources),
        span: span(held.since, sources),
    }
}
