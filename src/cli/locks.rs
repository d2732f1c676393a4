//! `pgsift locks`: the lock timeline of the migrations.

use super::{Color, Failure, Format, InputArgs, find_inputs, load, style};
use crate::discover::Discovered;
use crate::engine;
use crate::report::locks;
use clap::Args;
use std::io::Write;

#[derive(Debug, Args)]
pub(super) struct LocksArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Colours in the human format; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "Examples:
  pgsift locks                                 all migrations, the worst statement first
  pgsift locks db/migrations/0042_orders.sql   one file, against the schema of all
  echo 'VACUUM FULL orders' | pgsift locks -   a statement that stands in no file
  pgsift locks db/migrations --format json     described by schemas/locks.json

Exit codes:
  0  done
  2  bad usage, input that cannot be read, or a broken configuration";

pub(super) fn print(args: &LocksArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let config = load(&args.input)?;
    let Discovered { inputs, problems, .. } = find_inputs(&args.input, &config)?;
    let mut timeline = engine::locks(inputs, &config.settings);
    timeline.errors = problems;
    match args.format {
        Format::Human => locks::write(&timeline, out, style(args.color))?,
        Format::Json => locks::json::write(&timeline, out)?,
    }
    Ok(if timeline.errors.is_empty() { 0 } else { 2 })
}
