//! `pgsift advise`: from files to advice, for people and as JSON.

use super::{Failure, InputArgs, find_inputs, load};
use crate::advise::{self, Advice, Entry};
use crate::discover::Discovered;
use crate::engine;
use crate::facts::{Query, Statement};
use crate::source::{Sources, Span};
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use crate::stats::{self, RelationStats};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "Examples:
  pgsift advise                                for the queries of this folder
  pgsift advise db queries.sql --format json   described by schemas/advise.json
  pgsift stats-query | psql --csv > stats.csv  asks the server for sizes and use, and then
  pgsift advise --stats stats.csv              also names indexes that nothing reads

Exit codes:
  0  the advice was printed, whatever it is
  2  bad usage, input that cannot be read, or a broken configuration";

#[derive(Debug, Args)]
pub(super) struct AdviseArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// What the server says of its tables and indexes (see `pgsift stats-query`): CSV, JSON, or as psql prints it
    #[arg(long, value_name = "FILE", num_args = 1..)]
    stats: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(super) fn run(args: &AdviseArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let stats = read_stats(&args.stats)?;
    let Discovered { inputs, problems, .. } = find_inputs(&args.input, &config)?;
    let workload = engine::workload(inputs, &config.settings);
    let entries: Vec<Entry> = workload.statements.iter().flat_map(queries).collect();
    let advice = advise::advise(&workload.catalog, &entries, &stats);
    let sources = &workload.outcome.sources;
    match args.format {
        Format::Human => human(&advice, entries.len(), sources, &stats, out)?,
        Format::Json => {
            let list: Vec<_> = advice.iter().map(|a| json(a, sources)).collect();
            serde_json::to_writer(&mut *out, &list).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    for problem in problems.iter().chain(&workload.outcome.errors) {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    Ok(if problems.is_empty() && workload.outcome.errors.is_empty() { 0 } else { 2 })
}

fn read_stats(paths: &[PathBuf]) -> Result<RelationStats, Failure> {
    let mut stats = RelationStats::default();
    for path in paths {
        let failed = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
        let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let rows = stats::read(&String::from_utf8_lossy(&text)).map_err(failed)?;
        stats.add(&rows).map_err(failed)?;
    }
    Ok(stats)
}

/// The queries of a statement and of the bodies inside it.
fn queries(statement: &Statement) -> Vec<Entry<'_>> {
    let own = |query: &&Query| query.span != Span::default();
    let mut all: Vec<Entry> =
        statement.queries().into_iter().filter(own).map(|query| Entry { query, at: statement.location(), cost: None }).collect();
    all.extend(statement.bodies.iter().flat_map(|body| &body.statements).flat_map(|inner| queries(&inner.statement)));
    all
}

fn place(sources: &Sources, at: crate::source::Location) -> (String, usize) {
    let source = sources.get(at.file);
    (source.name().replace('\\', "/"), source.position(at.span.start).line)
}

fn human(advice: &[Advice], queries: usize, sources: &Sources, stats: &RelationStats, out: &mut dyn Write) -> io::Result<()> {
    for one in advice {
        writeln!(out, "{}: {}", one.table, one.why)?;
        for line in one.ddl.lines() {
            writeln!(out, "    {line}")?;
        }
        for at in one.serves.iter().take(10) {
            let (file, line) = place(sources, *at);
            writeln!(out, "  serves {file}:{line}")?;
        }
        if one.serves.len() > 10 {
            writeln!(out, "  and {} more", one.serves.len() - 10)?;
        }
        writeln!(out)?;
    }
    let count = match advice.len() {
        0 => "no advice".to_owned(),
        1 => "1 piece of advice".to_owned(),
        n => format!("{n} pieces of advice"),
    };
    writeln!(out, "{count} on {queries} {}", if queries == 1 { "query" } else { "queries" })?;
    if stats.is_empty() && !advice.is_empty() {
        writeln!(
            out,
            "not known from files: how selective a condition is, how large a table, which index is read; `pgsift stats-query` prints what to ask the server"
        )?;
    }
    Ok(())
}

fn json(advice: &Advice, sources: &Sources) -> serde_json::Value {
    let query = |at: &crate::source::Location| {
        let (file, line) = place(sources, *at);
        let text = sources.text(*at);
        serde_json::json!({ "query": fingerprint(text, Dialect::Psql).to_string(), "file": file, "line": line, "text": text })
    };
    serde_json::json!({
        "table": advice.table.to_string(),
        "ddl": advice.ddl,
        "kind": advice.kind.name(),
        "serves": advice.serves.iter().map(query).collect::<Vec<_>>(),
        "replaces": advice.replaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "calls": advice.calls,
        "total_ms": advice.total_ms,
        "why": advice.why,
    })
}
