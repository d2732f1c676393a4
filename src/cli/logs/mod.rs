//! `pgsift logs`: reads logs, joins them with schema and code, writes the report.

mod open;
mod pipeline;
mod progress;

use super::{Color, Failure, style};
use crate::finding::Problem;
use crate::log::{Tally, time};
use crate::report::logs::{Beside, Report, html, human, markdown};
use clap::{Args, ValueEnum};
use pipeline::{Options, Run};
use std::io::Write;
use std::path::PathBuf;

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "Examples:
  pgsift logs /var/log/postgresql/                              a folder, rotated and packed files too
  pgsift logs server.log --schema db/migrations --code src      with findings, and the lines that send each query
  pgsift logs server.log --format html -o report.html           a page for a browser
  pgsift logs a.log --format summary > a.summary                on many machines, and then
  pgsift logs merge *.summary                                   what one run over everything gives

Exit codes:
  0  read
  2  bad usage, or a file that could not be read";

/// Flags of `logs`.
#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// Log files, folders, patterns; `-` is standard input; `merge` before them: summaries of earlier runs
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = LogFormat::Human)]
    format: LogFormat,
    /// The server's log_line_prefix, where it is not found by itself
    #[arg(long, value_name = "PREFIX")]
    log_line_prefix: Option<String>,
    /// Migrations or schema files: findings on the queries then know the indexes
    #[arg(long, value_name = "PATH")]
    schema: Vec<PathBuf>,
    /// Code: queries then show where they are sent from
    #[arg(long, value_name = "PATH")]
    code: Vec<PathBuf>,
    /// Rows of each list in the human and Markdown formats; lists beside the main one have fewer by default
    #[arg(long, value_name = "N", default_value_t = human::DEFAULT_TOP)]
    top: usize,
    /// Which queries the human format shows first
    #[arg(long, value_enum, default_value_t = Sort::Total)]
    sort: Sort,
    /// Processors to use [default: all]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Colours and progress; auto: on a terminal
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Human,
    Json,
    Markdown,
    Html,
    /// For `pgsift logs merge`
    Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    Total,
    Mean,
    Calls,
    Variance,
    P95,
}

impl From<Sort> for human::Order {
    fn from(sort: Sort) -> human::Order {
        match sort {
            Sort::Total => human::Order::Total,
            Sort::Mean => human::Order::Mean,
            Sort::Calls => human::Order::Calls,
            Sort::Variance => human::Order::Variance,
            Sort::P95 => human::Order::P95,
        }
    }
}

/// Reads log files for evidence, with no regard to the queries' own findings.
pub(super) fn tally(paths: &[PathBuf]) -> (Tally, Vec<Problem>) {
    let run = read(paths, None, None);
    (run.tally, run.problems)
}

pub(super) fn run(args: &LogsArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let merging = args.paths.first().is_some_and(|path| path.as_os_str() == "merge") && !args.paths[0].exists();
    let run = if merging { merge(&args.paths[1..]) } else { read(&args.paths, args.log_line_prefix.as_deref(), args.jobs) };
    let mut file;
    let out: &mut dyn Write = match &args.output {
        None => out,
        Some(path) => {
            file = std::io::BufWriter::new(
                std::fs::File::create(path).map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", path.display())))?,
            );
            &mut file
        }
    };
    let failed = !run.problems.is_empty();
    if args.format == LogFormat::Summary {
        for problem in &run.problems {
            // The exit code says it too.
            let _ = writeln!(std::io::stderr(), "error: {}: {}", problem.file, problem.message);
        }
        run.tally.write_summary(out)?;
        out.write_all(b"\n")?;
        out.flush()?;
        return Ok(if failed { 2 } else { 0 });
    }
    let beside = super::log_join::beside(&run.tally, &args.schema, &args.code)?;
    let beside = Beside {
        errors: run.problems.into_iter().map(|p| (p.file, p.message)).chain(beside.errors).collect(),
        files: run.formats,
        ..beside
    };
    let report = Report::new(&run.tally, beside);
    match args.format {
        LogFormat::Human => human::write(&report, args.top, args.sort.into(), out, style(args.color))?,
        LogFormat::Markdown => markdown::write(&report, args.top, out)?,
        LogFormat::Html => html::write(&report, out)?,
        _ => {
            serde_json::to_writer(&mut *out, &report).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(if report.errors.is_empty() { 0 } else { 2 })
}

fn read(paths: &[PathBuf], prefix: Option<&str>, jobs: Option<usize>) -> Run {
    let mut problems = vec![];
    let files = open::find(paths, &mut problems);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let year = time::iso(i64::try_from(now).unwrap_or(0).saturating_mul(1_000_000))[..4].parse().unwrap_or(1970);
    let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let options = Options { prefix: prefix.map(str::to_owned), jobs, year };
    let bar = progress::Bar::new(files.iter().map(|file| file.size).sum());
    let mut run = pipeline::run(&files, &options, &|bytes| bar.advance(bytes));
    bar.finish();
    run.problems.splice(0..0, problems);
    run
}

fn merge(paths: &[PathBuf]) -> Run {
    let mut run = Run { tally: Tally::new(), problems: vec![], formats: vec![] };
    let mut files = vec![];
    for path in paths {
        if path.exists() || path.as_os_str() == "-" {
            files.push(path.clone());
        } else {
            files.extend(glob::glob(&path.to_string_lossy()).into_iter().flatten().filter_map(Result::ok));
        }
    }
    if files.is_empty() {
        run.problems.push(Problem { file: "merge".to_owned(), message: "no summary to merge".to_owned() });
    }
    for path in files {
        let name = path.to_string_lossy().into_owned();
        let mut bytes = vec![];
        let result = open::open(&path).and_then(|mut file| std::io::Read::read_to_end(&mut file, &mut bytes)).map_err(|e| e.to_string());
        // A file may hold several, one a line.
        let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
        let merged =
            result.and_then(|_| lines.into_iter().try_for_each(|line| Tally::from_summary(line).map(|tally| run.tally.merge(tally))));
        if let Err(message) = merged {
            run.problems.push(Problem { file: name, message });
        }
    }
    run.tally.settle();
    run
}
