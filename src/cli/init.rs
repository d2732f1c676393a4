//! `pgsift init`.

use super::Failure;
use clap::Args;
use std::io::Write;

pub(super) const EXAMPLES: &str = "";

#[derive(Debug, Args)]
pub(super) struct InitArgs {}

pub(super) fn init(_args: &InitArgs, _out: &mut dyn Write) -> Result<u8, Failure> {
    Ok(0)
}
