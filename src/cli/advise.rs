//! `pgsift advise`: from files, logs and statistics to advice, for people and as JSON.

mod costs;
mod human;

use super::{Failure, InputArgs, find_inputs, load};
use crate::advise::{self, Advice, Entry, Report};
use crate::discover::Discovered;
use crate::engine::{self, Input, InputKind, Recurring};
use crate::facts::{Query, Statement};
use crate::source::{Location, Sources, Span};
use crate::sql::fingerprint::fingerprint;
use crate::sql::token::Dialect;
use clap::{Args, ValueEnum};
use costs::Costs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) const EXAMPLES: &str = "Examples:
  pgsift advise                                for the queries of this folder
  pgsift advise db queries.sql --format json   described by schemas/advise.json
  pgsift advise --log postgresql*.log          the costliest first, and queries that only the log knows
  pgsift stats-query | psql --csv > stats.csv  asks the server for sizes and use, and then
  pgsift advise --stats stats.csv              spares small tables, names indexes that nothing reads
  psql --csv -c 'SELECT * FROM pg_stat_statements' > statements.csv
  pgsift advise --stats stats.csv statements.csv

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
    /// PostgreSQL logs (or summaries of `pgsift logs --format summary`): calls and times of the queries, and those that no file holds
    #[arg(long, value_name = "FILE", num_args = 1..)]
    log: Vec<PathBuf>,
    /// What the server says: the output of `pgsift stats-query`, pg_stat_user_tables, pg_stat_user_indexes or pg_stat_statements, as CSV, JSON or as psql prints it
    #[arg(long, value_name = "FILE", num_args = 1..)]
    stats: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// What was read, for the last lines.
struct Read {
    queries: usize,
    in_tests: usize,
    with_sizes: bool,
}

pub(super) fn run(args: &AdviseArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let mut costs = Costs::read(&args.log, &args.stats)?;
    let Discovered { mut inputs, mut problems, .. } = find_inputs(&args.input, &config)?;
    problems.append(&mut costs.problems);
    inputs.retain(|input| !matches!(input.kind, InputKind::Markdown) || args.input.paths.contains(&input.path));
    let known = if costs.is_empty() { vec![] } else { engine::sent(&inputs, &config.settings) };
    inputs.extend(costs.unsent(&known, &inputs));
    let workload = engine::workload(inputs, &config.settings);
    let sources = &workload.outcome.sources;
    let (tests, lasting): (Vec<&Recurring>, Vec<&Recurring>) =
        workload.statements.iter().partition(|statement| is_test(statement, sources, &args.input.paths));
    // where everything is a test's, that is what is asked
    let asked = if lasting.is_empty() { &tests } else { &lasting };
    let entries: Vec<Entry> = asked.iter().flat_map(|one| queries(&one.statement, one.fingerprint, &costs)).collect();
    let report = advise::advise(&workload.catalog, &entries, &costs.relations);
    let read = Read {
        queries: entries.len(),
        in_tests: if lasting.is_empty() { 0 } else { tests.len() },
        with_sizes: !costs.relations.is_empty(),
    };
    match args.format {
        Format::Human => human::write(&report, &read, &|at| place(sources, &costs, at), out)?,
        Format::Json => {
            let list: Vec<_> = report.advice.iter().map(|a| json(a, sources, &costs)).collect();
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

/// Whether a statement is a test's, by its file's path below what was asked for: who names a folder of tests means it.
fn is_test(one: &Recurring, sources: &Sources, asked: &[PathBuf]) -> bool {
    if asked.iter().any(|path| engine::is_test(&path.to_string_lossy())) {
        return false;
    }
    one.in_test || engine::is_test(&sources.get(one.statement.file).name())
}

/// The queries of a statement and of the bodies inside it.
fn queries<'a>(statement: &'a Statement, fingerprint: u64, costs: &Costs) -> Vec<Entry<'a>> {
    let own = |query: &&Query| query.span != Span::default();
    let entry = |query| Entry { query, at: statement.location(), fingerprint, cost: costs.of(fingerprint) };
    let mut all: Vec<Entry> = statement.queries().into_iter().filter(own).map(entry).collect();
    // what a body holds is not what the log counts
    all.extend(statement.bodies.iter().flat_map(|body| &body.statements).flat_map(|inner| queries(&inner.statement, 0, costs)));
    all
}

/// Where a query stands: the line of its file, or of the log.
fn place(sources: &Sources, costs: &Costs, at: Location) -> (String, usize) {
    let source = sources.get(at.file);
    let name = source.name().replace('\\', "/");
    costs.place(&name).unwrap_or_else(|| (name, source.position(at.span.start).line))
}

fn json(advice: &Advice, sources: &Sources, costs: &Costs) -> serde_json::Value {
    let query = |at: &Location| {
        let (file, line) = place(sources, costs, *at);
        let text = sources.text(*at);
        serde_json::json!({ "query": fingerprint(text, Dialect::Psql).to_string(), "file": file, "line": line, "text": text })
    };
    serde_json::json!({
        "table": advice.table.to_string(),
        "index": advice.index,
        "ddl": advice.ddl,
        "kind": advice.kind.name(),
        "serves": advice.serves.iter().map(query).collect::<Vec<_>>(),
        "replaces": advice.replaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "calls": advice.calls,
        "total_ms": advice.total_ms,
        "why": advice.why.join("; "),
        "unknown": advice.unknown,
    })
}

/// The kinds of input that a query of a log becomes.
fn input(path: String, text: &str, sets: Vec<u32>) -> Input {
    Input { path: Path::new(&path).to_owned(), bytes: text.as_bytes().to_vec(), kind: InputKind::Sql, reported: true, sets }
}
