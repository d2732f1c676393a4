//! Flags, and what each command prints. The only place that decides exit codes: 0 nothing at or above `--fail-on`,
//! 1 findings, 2 bad usage, unreadable input or a broken configuration.

mod advise;
mod check;
mod evidence;
mod extract;
mod fixes;
mod init;
mod locks;
mod log_join;
mod logs;
mod manual;
mod output;
mod schema;
mod start_after;

use crate::config::{self, Config, ConfigError};
use crate::discover::{self, Discovered};
use crate::engine;
use crate::finding::Severity;
use crate::postgres::version::Version;
use crate::report::human;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Offline static analyser for PostgreSQL: reads migrations, application SQL and slow logs, and says what hurts
///
/// It reads files only and never connects to a database. It replays the migrations into a schema of its own, and judges every
/// statement, query and log entry against it: which table is locked, who waits, which query no index serves.
#[derive(Debug, Parser)]
#[command(name = "pgsift", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

// One line and its arguments for each command; what it does stands in `run`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Checks migrations, SQL files and SQL in application code
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
    /// Prints the SQL found in application code
    #[command(after_help = extract::EXAMPLES)]
    Extract(ExtractArgs),
    /// Shows what each statement locks, until when, and who waits
    #[command(after_help = locks::EXAMPLES)]
    Locks(locks::LocksArgs),
    /// Prints the schema that the migrations leave
    #[command(after_help = schema::EXAMPLES)]
    Schema(SchemaArgs),
    /// Says which indexes the queries need, and which do nothing
    #[command(after_help = advise::EXAMPLES)]
    Advise(advise::AdviseArgs),
    /// Prints the SQL whose output `advise --stats` reads
    StatsQuery,
    /// Reads slow logs: which queries cost the most, and which line of code sends them
    #[command(after_help = logs::EXAMPLES)]
    Logs(logs::LogsArgs),
    /// Lists the rules
    Rules(manual::RulesArgs),
    /// Shows a rule's page: what happens in production, and the safe way
    Explain(manual::ExplainArgs),
    /// Writes a pgsift.toml for this repository, and the hook or workflow that is asked for
    #[command(after_help = init::EXAMPLES)]
    Init(init::InitArgs),
    /// Prints the completions of a shell
    #[command(after_help = manual::COMPLETIONS)]
    Completions(manual::CompletionsArgs),
    /// Prints the manual page, in troff
    Man(manual::ManArgs),
}

const EXAMPLES: &str = "Examples:
  pgsift check                       all migrations, SQL files and code below this folder
  pgsift check --since origin/main   only what this branch changes
  pgsift locks db/migrations         which statement locks what, and who waits
  pgsift advise                      the indexes that the queries of this folder need
  pgsift logs /var/log/postgresql/   which queries cost the most
  pgsift explain drop-column         why, and the safe way
  pgsift init                        a pgsift.toml for this repository";

#[derive(Debug, Args)]
struct InputArgs {
    /// Files and folders; `-` reads SQL from standard input
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The server's major version, 12 to 18 [default: 16]
    #[arg(long, value_name = "MAJOR", value_parser = version, help_heading = "What is read")]
    postgres_version: Option<Version>,
    /// Configuration file [default: the nearest pgsift.toml at or above the working directory]
    #[arg(long, value_name = "FILE", help_heading = "What is read")]
    config: Option<PathBuf>,
    /// Files that are not reported, as in .gitignore; migrations among them are still replayed
    #[arg(long, value_name = "PATTERN", help_heading = "What is read")]
    exclude: Vec<String>,
    /// Whoever runs the migrations wraps each file in a transaction
    #[arg(long, help_heading = "What is read")]
    assume_in_transaction: bool,
    /// The path that `-` stands for, so that its migration set is found
    #[arg(long, value_name = "PATH", help_heading = "What is read")]
    stdin_filename: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ExtractArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = PlainFormat::Human)]
    format: PlainFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PlainFormat {
    Human,
    Json,
}

#[derive(Debug, Args)]
struct SchemaArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = SchemaFormat::Sql)]
    format: SchemaFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaFormat {
    Sql,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Notice,
    Never,
}

impl FailOn {
    /// `None`: findings never fail.
    fn severity(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Notice => Some(Severity::Notice),
            FailOn::Never => None,
        }
    }
}

fn selector(name: &str) -> Result<String, String> {
    config::check_selector(name)
}

fn version(text: &str) -> Result<Version, String> {
    let major = text.split('.').next().and_then(|major| major.parse().ok());
    major.and_then(Version::new).ok_or_else(|| format!("expected a major version of {} to {}", Version::OLDEST, Version::NEWEST))
}

/// Why a command ends without its answer.
enum Failure {
    /// Said in words.
    Usage(String),
    /// Standard output could not be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::Usage(error.0)
    }
}

/// Reads the flags, runs the command, and says how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Where even the message cannot be written there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = run(cli.command, &mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match result {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has seen enough: `pgsift check | head` is no failure.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => complain(&format!("standard output cannot be written: {error}")),
        Err(Failure::Usage(message)) => complain(&message),
    }
}

fn complain(message: &str) -> ExitCode {
    // Standard error may be closed; the exit code still speaks.
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(2)
}

fn run(command: Command, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        Command::Check(args) => check::check(args, out),
        Command::Extract(args) => print_extracted(&args, out),
        Command::Locks(args) => locks::print(&args, out),
        Command::Schema(args) => print_schema(&args, out),
        Command::Advise(args) => advise::run(&args, out),
        Command::StatsQuery => Ok(writeln!(out, "{}", crate::stats::QUERY).map(|()| 0)?),
        Command::Logs(args) => logs::run(&args, out),
        Command::Rules(args) => manual::rules(&args, out),
        Command::Explain(args) => manual::explain(&args, out),
        Command::Init(args) => init::init(&args, out),
        Command::Completions(args) => manual::completions(&args, out),
        Command::Man(args) => manual::man(&args, out),
    }
}

fn print_extracted(args: &ExtractArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let Discovered { inputs, problems, left_out, .. } = discovered(&args.input, &config, HashMap::new(), true)?;
    match args.format {
        PlainFormat::Human => extract::human(inputs, &config.settings, out)?,
        PlainFormat::Json => extract::json(inputs, &config.settings, out)?,
    }
    for (reason, files) in left_out.iter().filter(|(reason, _)| reason.contains("code")) {
        let _ = writeln!(io::stderr(), "left out: {files} file{} ({reason})", if *files == 1 { "" } else { "s" });
    }
    for problem in &problems {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    Ok(if problems.is_empty() { 0 } else { 2 })
}

fn print_schema(args: &SchemaArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let Discovered { inputs, problems, sets, left_out, .. } = find_inputs(&args.input, &config)?;
    let (catalogs, outcome) = engine::schema(inputs, &config.settings);
    match args.format {
        SchemaFormat::Sql => out.write_all(schema::sql(&catalogs, &sets).as_bytes())?,
        SchemaFormat::Json => {
            serde_json::to_writer(&mut *out, &schema::json(&catalogs, &sets)).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    for note in schema::note(&sets).into_iter().chain(schema::lacks(&left_out)).chain(outcome.notes.iter().cloned()) {
        let _ = writeln!(io::stderr(), "note: {note}");
    }
    let errors: Vec<_> = problems.iter().chain(&outcome.errors).collect();
    for problem in &errors {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    Ok(if errors.is_empty() { 0 } else { 2 })
}

fn cwd() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::Usage(format!("the working directory cannot be read: {error}")))
}

fn load(args: &InputArgs) -> Result<Config, Failure> {
    let cwd = cwd()?;
    let mut config = match &args.config {
        Some(path) => config::load(path)?,
        None => match config::find(&cwd) {
            Some(path) => config::load(&discover::shown(&path, &cwd))?,
            None => Config::default(),
        },
    };
    config.root = cwd.join(&config.root);
    config.exclude.extend(args.exclude.iter().cloned());
    if args.assume_in_transaction {
        config.settings.runner_wraps_transaction = Some(true);
    }
    if let Some(version) = args.postgres_version {
        config.settings.postgres = version;
    }
    config.settings.asked = asked(&args.paths, &cwd);
    Ok(config)
}

/// The paths named on the command line, as the run shows them. pre-commit names every file of a commit, and means none.
fn asked(paths: &[PathBuf], cwd: &Path) -> HashSet<PathBuf> {
    match std::env::var_os("PRE_COMMIT") {
        Some(_) => HashSet::new(),
        None => paths.iter().map(|path| discover::shown(&cwd.join(path), cwd)).collect(),
    }
}

fn find_inputs(args: &InputArgs, config: &Config) -> Result<Discovered, Failure> {
    find_inputs_in(args, config, HashMap::new())
}

/// `contents` stand for what lies on disk.
fn find_inputs_in(args: &InputArgs, config: &Config, contents: HashMap<PathBuf, Option<Vec<u8>>>) -> Result<Discovered, Failure> {
    discovered(args, config, contents, false)
}

/// With `all_code`, code for other databases too.
fn discovered(
    args: &InputArgs,
    config: &Config,
    contents: HashMap<PathBuf, Option<Vec<u8>>>,
    all_code: bool,
) -> Result<Discovered, Failure> {
    let request = discover::Request {
        cwd: cwd()?,
        paths: args.paths.clone(),
        stdin_filename: args.stdin_filename.clone(),
        exclude: config.exclude.clone(),
        exclude_root: config.root.clone(),
        schema: config.schema.clone(),
        contents,
        all_code,
    };
    if args.stdin_filename.is_some() && !args.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage("--stdin-filename needs `-` among the paths".to_owned()));
    }
    let mut found = discover::discover(&request);
    if let Some(start) = &config.start_after {
        start_after::apply(start, &mut found.inputs);
    }
    Ok(found)
}

/// An environment variable that is set and not empty.
fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn wants_color(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let terminal = io::stdout().is_terminal();
            terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// The terminal's columns, or 100 where there is none.
fn columns() -> usize {
    let told = set("COLUMNS").and_then(|columns| columns.to_string_lossy().parse::<usize>().ok());
    let measured = || if io::stdout().is_terminal() { terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)) } else { None };
    told.or_else(measured).unwrap_or(100).clamp(40, 160)
}

fn style(color: Color) -> human::Style {
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    let unicode = locale.contains("utf-8") || locale.contains("utf8") || cfg!(windows);
    human::Style { color: wants_color(color), unicode, width: columns() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }
}
