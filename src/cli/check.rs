//! `pgsift check`: what is read, what is left out because it is known or unchanged, what is mended, what is said.

use super::{Color, FailOn, Failure, InputArgs, cwd, evidence, find_inputs_in, fixes, load, output, selector, style};
use crate::baseline::{Baseline, Entry};
use crate::config::Config;
use crate::discover::{self, Discovered};
use crate::engine::{self, Input};
use crate::finding::{Outcome, Problem, Severity};
use crate::since::{self, Changes};
use clap::Args;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the baseline lies unless it is said.
const BASELINE: &str = "pgsift-baseline.json";

/// Fewer paths are not worth a pool of threads.
const MANY: usize = 16;

/// How many stale entries of a baseline are named.
const STALE_SHOWN: usize = 5;

pub(super) const EXAMPLES: &str = "Examples:
  pgsift check                                           everything below this folder
  pgsift check db/migrations/0042_orders.sql             one file, against the schema of all
  pgsift check --since origin/main                       only what this branch changes
  pgsift check --write-baseline                          know today's findings, report new ones
  pgsift check --fix --unsafe-fixes --diff               show what the fixes would change
  pgsift check --format sarif=out.sarif --format human   two outputs at once
  git show HEAD:a.sql | pgsift check - --stdin-filename db/migrations/a.sql

Exit codes:
  0  nothing at or above --fail-on
  1  findings, or with --diff: something to fix
  2  bad usage, input that cannot be read, or a broken configuration";

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Only these rules or categories
    #[arg(long, value_delimiter = ',', value_name = "RULE", value_parser = selector, help_heading = "Which findings")]
    select: Vec<String>,
    /// Not these rules or categories
    #[arg(long, value_delimiter = ',', value_name = "RULE", value_parser = selector, help_heading = "Which findings")]
    ignore: Vec<String>,
    /// Only findings in statements that changed since HEAD left this revision, and in new files
    #[arg(long, value_name = "REVISION", help_heading = "Which findings")]
    since: Option<String>,
    /// Only findings in statements that are staged, read from git's index instead of the files
    #[arg(long, conflicts_with_all = ["since", "fix"], help_heading = "Which findings")]
    staged: bool,
    /// Not the findings that this file knows [default: the configuration's `baseline`]
    #[arg(long, value_name = "FILE", help_heading = "Which findings")]
    baseline: Option<PathBuf>,
    /// Writes all findings of today into the baseline [default file: pgsift-baseline.json] and passes
    #[arg(long, conflicts_with_all = ["since", "staged", "fix", "diff"], help_heading = "Which findings")]
    write_baseline: bool,
    /// Applies the fixes that cannot change what a statement means
    #[arg(long, help_heading = "Fixes")]
    fix: bool,
    /// With --fix or --diff: applies suggestions as well; read what they change
    #[arg(long, help_heading = "Fixes")]
    unsafe_fixes: bool,
    /// Shows what --fix would change and writes nothing
    #[arg(long, help_heading = "Fixes")]
    diff: bool,
    /// Logs: findings then say how often and how long their statements ran, the costly first
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    log: Vec<PathBuf>,
    /// Exports of pg_stat_statements (CSV, JSON, psql's output): the same from statistics; and of `pgsift stats-query`: unused indexes
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    stats: Vec<PathBuf>,
    /// Output format; with =FILE into a file; may be given several times
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = output::parse, default_value = "human", help_heading = "Output",
        long_help = "Output format, and with =FILE the file it goes to; may be given several times\n\nhuman, json, github (annotations of a workflow), sarif (2.1.0), markdown (step summaries, comments), gitlab (code quality), junit, rdjson (reviewdog), checkstyle, gcc (one line each), summary (counts)")]
    format: Vec<output::Output>,
    /// The least severity that makes the exit code 1 [default: warning]
    #[arg(long, value_name = "SEVERITY", value_enum, help_heading = "Output")]
    fail_on: Option<FailOn>,
    /// Colours in the human format; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, help_heading = "Output")]
    color: Color,
}

/// What a finding must get past to be reported.
struct Sieve {
    cwd: PathBuf,
    baseline: Option<(PathBuf, Baseline)>,
    changes: Option<Changes>,
}

impl Sieve {
    fn apply(&self, outcome: &mut Outcome, checked: &HashSet<String>) {
        if let Some((path, baseline)) = &self.baseline {
            let judged = |file: &str| checked.contains(file) || !self.cwd.join(file).exists();
            let stale = baseline.apply(outcome, judged);
            let note = (!stale.is_empty()).then(|| stale_note(path, &self.cwd, &stale));
            outcome.notes.extend(note);
        }
        if let Some(changes) = &self.changes {
            changes.apply(outcome, &self.cwd);
        }
    }
}

fn stale_note(path: &Path, cwd: &Path, stale: &[&Entry]) -> String {
    let shown = discover::shown(path, cwd);
    let mut named: Vec<String> = stale.iter().take(STALE_SHOWN).map(|entry| format!("{} in {}", entry.rule, entry.file)).collect();
    if stale.len() > STALE_SHOWN {
        named.push(format!("{} more", stale.len() - STALE_SHOWN));
    }
    let (entries, verb) = if stale.len() == 1 { ("1 entry", "matches") } else { ("entries", "match") };
    let entries = if stale.len() == 1 { entries.to_owned() } else { format!("{} {entries}", stale.len()) };
    format!("{entries} of {} {verb} nothing any more ({}); --write-baseline takes them out", shown.display(), named.join(", "))
}

pub(super) fn check(args: CheckArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    output::check(&args.format)?;
    if are_many(&args.input.paths) {
        engine::work_along();
    }
    let cwd = cwd()?;
    let mut config = load(&args.input)?;
    if !args.select.is_empty() {
        config.settings.select = args.select.clone();
    }
    config.settings.ignore.extend(args.ignore.clone());
    config.settings.today = today();
    config.settings.statistics = evidence::relations(&args.stats);
    let contents = if args.staged { since::index_contents(&cwd).map_err(Failure::Usage)? } else { HashMap::new() };
    let Discovered { inputs, problems, left_out, replayed, .. } = find_inputs_in(&args.input, &config, contents)?;
    if args.write_baseline {
        return write_baseline(&args, &config, inputs, problems, &cwd, out);
    }
    let sieve = sieve(&args, &config, cwd.clone())?;
    let reported = inputs.iter().filter(|input| input.reported);
    let checked: HashSet<String> = reported.map(|input| input.path.to_string_lossy().replace('\\', "/")).collect();
    let evaluate = |inputs: Vec<Input>| {
        let mut outcome = engine::check(inputs, &config.settings);
        sieve.apply(&mut outcome, &checked);
        outcome
    };
    let (mut outcome, mended) = if args.fix || args.diff {
        if args.input.paths.iter().any(|path| path == Path::new("-")) && !args.diff {
            return Err(Failure::Usage("--fix cannot write to standard input; --diff shows what it would change".to_owned()));
        }
        let fixed = fixes::fix(inputs, evaluate, args.unsafe_fixes);
        (fixed.outcome, Some(fixed.mended))
    } else {
        let (schema, mut outcome) = engine::check_with_schema(inputs, &config.settings);
        // The program ends soon: taking a large schema apart piece by piece would be work for nothing, and so with the outcome.
        std::mem::forget(schema);
        sieve.apply(&mut outcome, &checked);
        (outcome, None)
    };
    outcome.errors.splice(0..0, problems);
    outcome.summary.left_out.splice(0..0, left_out);
    outcome.summary.replayed = replayed;
    if let Some(mut mended) = mended {
        if args.diff {
            mended.write_diff(out)?;
            mended.report(&outcome, args.unsafe_fixes, false);
            return Ok(if outcome.errors.is_empty() { u8::from(!mended.files.is_empty()) } else { 2 });
        }
        outcome.errors.extend(mended.write_files(&cwd));
        mended.report(&outcome, args.unsafe_fixes, true);
    }
    evidence::apply(&mut outcome, &args.log, &args.stats);
    if config.settings.statistics.is_empty() && config.settings.select.iter().any(|name| name == "unused-index") {
        outcome
            .notes
            .push("unused-index says nothing without the server's statistics: --stats with the output of `pgsift stats-query`".to_owned());
    }
    output::write_all(&args.format, &outcome, style(args.color), out)?;
    let fail_on = match args.fail_on {
        Some(told) => told.severity(),
        None => Some(config.fail_on.unwrap_or(Severity::Warning)),
    };
    let code = exit_code(&outcome, fail_on);
    std::mem::forget(outcome);
    Ok(code)
}

/// Whether there may be files enough to be worth a pool of threads.
fn are_many(paths: &[PathBuf]) -> bool {
    paths.is_empty() || paths.len() > MANY || paths.iter().any(|path| path.is_dir())
}

/// `None`: findings never fail.
fn exit_code(outcome: &Outcome, fail_on: Option<Severity>) -> u8 {
    if !outcome.errors.is_empty() {
        return 2;
    }
    u8::from(fail_on.is_some_and(|least| outcome.findings.iter().any(|finding| finding.severity >= least)))
}

fn sieve(args: &CheckArgs, config: &Config, cwd: PathBuf) -> Result<Sieve, Failure> {
    let changes = match &args.since {
        Some(revision) => Some(Changes::since(revision, &cwd).map_err(|why| Failure::Usage(format!("--since: {why}")))?),
        None if args.staged => Some(Changes::staged(&cwd).map_err(|why| Failure::Usage(format!("--staged: {why}")))?),
        None => None,
    };
    let baseline = match args.baseline.clone().map(|path| cwd.join(path)).or_else(|| config.baseline.clone()) {
        Some(path) => {
            let shown = discover::shown(&path, &cwd);
            let refuse = |why: String| Failure::Usage(format!("{}: {why}", shown.display()));
            let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => refuse("no such baseline; --write-baseline makes one".to_owned()),
                _ => refuse(format!("cannot be read: {error}")),
            })?;
            Some((path, Baseline::parse(&text).map_err(refuse)?))
        }
        None => None,
    };
    Ok(Sieve { cwd, baseline, changes })
}

fn write_baseline(
    args: &CheckArgs,
    config: &Config,
    inputs: Vec<Input>,
    problems: Vec<Problem>,
    cwd: &Path,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let path = args.baseline.clone().map(|path| cwd.join(path)).or_else(|| config.baseline.clone());
    let path = path.unwrap_or_else(|| config.root.join(BASELINE));
    let shown = discover::shown(&path, cwd);
    let outcome = engine::check(inputs, &config.settings);
    let baseline = Baseline::of(&outcome);
    fixes::write_atomically(&path, baseline.to_text().as_bytes())
        .map_err(|error| Failure::Usage(format!("{}: cannot be written: {error}", shown.display())))?;
    for problem in problems.iter().chain(&outcome.errors) {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    let n = baseline.entries.len();
    writeln!(out, "{n} finding{} written to {}", if n == 1 { "" } else { "s" }, shown.display())?;
    if args.baseline.is_none() && config.baseline.is_none() {
        writeln!(out, "add this line to pgsift.toml, so that every run knows it:\nbaseline = \"{BASELINE}\"")?;
    }
    Ok(if problems.is_empty() && outcome.errors.is_empty() { 0 } else { 2 })
}

/// The day in UTC, as `2026-11-21`.
fn today() -> Option<String> {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    let (year, month, day) = civil(i64::try_from(days).ok()?);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The Gregorian date of a day counted from 1970-01-01: years begin in March, so that the leap day ends them.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_outrank_findings() {
        let mut outcome = Outcome::default();
        assert_eq!(exit_code(&outcome, Some(Severity::Notice)), 0);
        outcome.errors.push(Problem { file: "a".into(), message: "b".into() });
        assert_eq!(exit_code(&outcome, None), 2);
    }

    #[test]
    fn days_become_dates() {
        assert_eq!([0, 59, 11_016, 19_782, 20_778].map(civil), [(1970, 1, 1), (1970, 3, 1), (2000, 2, 29), (2024, 2, 29), (2026, 11, 21)]);
    }
}
