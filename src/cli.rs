//! Flags, and what each command prints. The only place that decides exit codes: 0 nothing at or above `--fail-on`,
//! 1 findings, 2 bad usage, unreadable input or a broken configuration.

mod extract;
mod schema;

use crate::config::{self, Config, ConfigError};
use crate::discover::{self, Discovered};
use crate::engine;
use crate::finding::{Outcome, Severity};
use crate::postgres::version::Version;
use crate::report::{human, json};
use crate::{explain, rules};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Offline static analyser for PostgreSQL: reads migrations and says what will hurt before it is deployed.
#[derive(Debug, Parser)]
#[command(name = "pgsift", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks migrations and SQL files
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Prints the SQL found in application code
    Extract(ExtractArgs),
    /// Prints the schema that the migrations leave
    Schema(SchemaArgs),
    /// Lists the rules
    Rules(RulesArgs),
    /// Shows a rule's page: what happens in production, and the safe way
    Explain(ExplainArgs),
}

const EXIT_CODES: &str =
    "Exit codes:\n  0  nothing at or above --fail-on\n  1  findings\n  2  bad usage, input that cannot be read, or a broken configuration";

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Only these rules or categories
    #[arg(long, value_delimiter = ',', value_name = "RULE", value_parser = selector)]
    select: Vec<String>,
    /// Not these rules or categories
    #[arg(long, value_delimiter = ',', value_name = "RULE", value_parser = selector)]
    ignore: Vec<String>,
    /// The least severity that makes the exit code 1 [default: warning]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    fail_on: Option<FailOn>,
    /// Colours in the human format; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Args)]
struct InputArgs {
    /// Files and folders; `-` reads SQL from standard input
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The server's major version, 12 to 18 [default: 16]
    #[arg(long, value_name = "MAJOR", value_parser = version)]
    postgres_version: Option<Version>,
    /// Configuration file [default: the nearest pgsift.toml at or above the working directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The path that `-` stands for, so that its migration set is found
    #[arg(long, value_name = "PATH")]
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

#[derive(Debug, Args)]
struct RulesArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The rule's name
    #[arg(value_name = "RULE")]
    rule: String,
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
}

impl From<FailOn> for Severity {
    fn from(value: FailOn) -> Self {
        match value {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Notice => Severity::Notice,
        }
    }
}

fn selector(name: &str) -> Result<String, String> {
    config::check_selector(name).map(|()| name.to_owned())
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
        Command::Check(args) => check(args, out),
        Command::Extract(args) => print_extracted(&args, out),
        Command::Schema(args) => print_schema(&args, out),
        Command::Rules(args) => Ok(list_rules(args.format, out).map(|()| 0)?),
        Command::Explain(args) => explain_rule(&args.rule, out),
    }
}

fn check(args: CheckArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut config = load(&args.input)?;
    if !args.select.is_empty() {
        config.settings.select = args.select;
    }
    config.settings.ignore.extend(args.ignore);
    let Discovered { inputs, problems, left_out } = find_inputs(&args.input, &config)?;
    let mut outcome = engine::check(inputs, &config.settings);
    outcome.errors.splice(0..0, problems);
    outcome.summary.left_out.splice(0..0, left_out);
    match args.format {
        Format::Human => human::write(&outcome, out, style(args.color))?,
        Format::Json => json::write(&outcome, out)?,
    }
    let fail_on = args.fail_on.map(Severity::from).or(config.fail_on).unwrap_or(Severity::Warning);
    Ok(exit_code(&outcome, fail_on))
}

fn exit_code(outcome: &Outcome, fail_on: Severity) -> u8 {
    if !outcome.errors.is_empty() {
        return 2;
    }
    u8::from(outcome.findings.iter().any(|finding| finding.severity >= fail_on))
}

fn print_extracted(args: &ExtractArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let Discovered { inputs, problems, .. } = find_inputs(&args.input, &config)?;
    match args.format {
        PlainFormat::Human => extract::human(inputs, &config.settings, out)?,
        PlainFormat::Json => extract::json(inputs, &config.settings, out)?,
    }
    for problem in &problems {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    Ok(if problems.is_empty() { 0 } else { 2 })
}

fn print_schema(args: &SchemaArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let Discovered { inputs, problems, .. } = find_inputs(&args.input, &config)?;
    let (catalog, outcome) = engine::schema(inputs, &config.settings);
    match args.format {
        SchemaFormat::Sql => out.write_all(catalog.to_sql().as_bytes())?,
        SchemaFormat::Json => {
            serde_json::to_writer(&mut *out, &schema::json(&catalog)).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    let errors: Vec<_> = problems.iter().chain(&outcome.errors).collect();
    for problem in &errors {
        // The exit code says it too.
        let _ = writeln!(io::stderr(), "error: {}: {}", problem.file, problem.message);
    }
    Ok(if errors.is_empty() { 0 } else { 2 })
}

fn list_rules(format: Format, out: &mut dyn Write) -> io::Result<()> {
    let level = |rule: &rules::Rule| rules::page::front_matter(rule.page, "severity").unwrap_or("off");
    match format {
        Format::Human => {
            let width = rules::RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
            for rule in rules::RULES {
                writeln!(out, "{:width$}  {:7}  {:13}  {}", rule.name, level(rule), rule.category(), rule.summary())?;
            }
            Ok(())
        }
        Format::Json => {
            let rule = |rule: &rules::Rule| {
                serde_json::json!({
                    "name": rule.name, "category": rule.category(), "severity": level(rule), "summary": rule.summary(),
                    "since": rules::page::front_matter(rule.page, "since"),
                })
            };
            let list: Vec<_> = rules::RULES.iter().map(rule).collect();
            serde_json::to_writer(&mut *out, &serde_json::json!({"schema": 1, "rules": list}))?;
            out.write_all(b"\n")
        }
    }
}

fn explain_rule(name: &str, out: &mut dyn Write) -> Result<u8, Failure> {
    let aliased = |rule: &&rules::Rule| {
        rules::page::front_matter(rule.page, "aliases").is_some_and(|all| all.split(',').any(|alias| alias.trim() == name))
    };
    let rule = rules::find(name).or_else(|| rules::RULES.iter().find(aliased));
    let rule = rule.ok_or_else(|| Failure::Usage(config::unknown("rule", name, rules::RULES.iter().map(|rule| rule.name))))?;
    explain::write(rule, out)?;
    Ok(0)
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
    if let Some(version) = args.postgres_version {
        config.settings.postgres = version;
    }
    Ok(config)
}

fn find_inputs(args: &InputArgs, config: &Config) -> Result<Discovered, Failure> {
    let request = discover::Request {
        cwd: cwd()?,
        paths: args.paths.clone(),
        stdin_filename: args.stdin_filename.clone(),
        exclude: config.exclude.clone(),
        exclude_root: config.root.clone(),
        schema: config.schema.clone(),
    };
    if args.stdin_filename.is_some() && !args.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage("--stdin-filename needs `-` among the paths".to_owned()));
    }
    Ok(discover::discover(&request))
}

fn style(color: Color) -> human::Style {
    let terminal = io::stdout().is_terminal();
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
    };
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    let unicode = locale.contains("utf-8") || locale.contains("utf8") || cfg!(windows);
    let columns = set("COLUMNS").and_then(|columns| columns.to_string_lossy().parse::<usize>().ok());
    let measured = || if terminal { terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)) } else { None };
    human::Style { color, unicode, width: columns.or_else(measured).unwrap_or(100).clamp(40, 160) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn problems_outrank_findings() {
        let mut outcome = Outcome::default();
        assert_eq!(exit_code(&outcome, Severity::Notice), 0);
        outcome.errors.push(crate::finding::Problem { file: "a".into(), message: "b".into() });
        assert_eq!(exit_code(&outcome, Severity::Notice), 2);
    }
}
