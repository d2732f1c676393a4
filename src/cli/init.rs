//! `pgsift init`: looks at the repository, says what it found, and writes what is asked for. Never overwrites without --force.

mod look;
mod squawk;
mod write;

use super::{Failure, cwd};
use crate::discover::{self, Discovered};
use crate::engine::InputKind;
use crate::since;
use clap::{Args, ValueEnum};
use look::{Hint, look};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

pub(super) const EXAMPLES: &str = "Examples:
  pgsift init                                what is found here, as a pgsift.toml
  pgsift init --start-now                    the migrations of today are past: report only new ones
  pgsift init --hook pre-commit --github     with a hook for pre-commit and a workflow for GitHub Actions";

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Reports only migrations that come after the newest of today
    #[arg(long)]
    start_now: bool,
    /// Adds a hook: to .pre-commit-config.yaml, or as git's own
    #[arg(long, value_enum, value_name = "KIND")]
    hook: Option<Hook>,
    /// Adds a workflow, .github/workflows/pgsift.yml
    #[arg(long)]
    github: bool,
    /// Replaces files that are there already
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hook {
    /// For the pre-commit framework
    PreCommit,
    /// A script in git's hooks folder
    Git,
}

/// What the repository tells.
struct Found {
    /// By framework and folder: how many migrations.
    migrations: BTreeMap<(String, String), usize>,
    /// The name of the newest migration.
    newest: Option<String>,
    /// By name: how many files.
    languages: Vec<(&'static str, usize)>,
    /// The strongest first.
    versions: Vec<Hint>,
    squawk: Option<squawk::Settings>,
}

pub(super) fn init(args: &InitArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let cwd = cwd()?;
    let found = find(&cwd)?;
    report(&found, out)?;
    let mut files = write::Files::new(&cwd, args.force);
    let config = write::config(&found, args.start_now);
    let asked_for_more = args.hook.is_some() || args.github;
    files.add(Path::new(crate::config::FILE_NAME), &config, asked_for_more)?;
    match args.hook {
        Some(Hook::PreCommit) => write::pre_commit(&mut files, !found.languages.is_empty())?,
        Some(Hook::Git) => write::git_hook(&mut files)?,
        None => {}
    }
    if args.github {
        files.add(Path::new(".github/workflows/pgsift.yml"), &write::workflow(), false)?;
    }
    for line in &files.said {
        writeln!(out, "{line}")?;
    }
    if !asked_for_more {
        writeln!(
            out,
            "\nnext: pgsift check; --hook pre-commit, --hook git and --github of this command add it to commits and pull requests"
        )?;
    }
    Ok(0)
}

fn find(cwd: &Path) -> Result<Found, Failure> {
    let squawk = squawk::read(cwd).map_err(Failure::Usage)?;
    let request =
        discover::Request { cwd: cwd.to_owned(), paths: vec![".".into()], exclude_root: cwd.to_owned(), ..discover::Request::default() };
    let Discovered { inputs, .. } = discover::discover(&request);
    let mut migrations: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for input in &inputs {
        let InputKind::Migration(info) = &input.kind else { continue };
        let (folder, name) = super::start_after::named(&input.path);
        if !info.down {
            *migrations.entry((info.framework.to_owned(), folder.clone())).or_default() += 1;
            newest.insert(folder, name);
        }
    }
    // Where several sets lie side by side, the largest is meant, and its folder said.
    let largest = migrations.iter().max_by_key(|(_, n)| **n).map(|((_, folder), _)| folder.clone());
    let name = largest.as_ref().and_then(|folder| newest.remove(folder));
    let newest = match (largest.filter(|folder| migrations.len() > 1 && !folder.is_empty()), name) {
        (Some(folder), Some(name)) => Some(format!("{folder}/{name}")),
        (_, name) => name,
    };
    let seen = look(cwd, since::root(cwd).as_deref().unwrap_or(cwd));
    Ok(Found { migrations, newest, languages: seen.languages, versions: seen.versions, squawk })
}

fn report(found: &Found, out: &mut dyn Write) -> Result<(), Failure> {
    if found.migrations.is_empty() {
        writeln!(out, "migrations: none found below this folder")?;
    }
    for ((framework, folder), n) in &found.migrations {
        let folder = if folder.is_empty() { "." } else { folder };
        let kind = if framework == "plain" { "plain SQL" } else { framework };
        writeln!(out, "migrations: {n} in {folder} ({kind})")?;
    }
    let languages: Vec<String> = found.languages.iter().map(|(name, n)| format!("{name} ({n})")).collect();
    if !languages.is_empty() {
        writeln!(out, "code: {}", languages.join(", "))?;
    }
    for hint in &found.versions {
        writeln!(out, "PostgreSQL {}: {}", hint.shown, hint.place)?;
    }
    if found.versions.is_empty() {
        writeln!(out, "PostgreSQL: no version found; 16 is assumed")?;
    }
    if let Some(squawk) = &found.squawk {
        writeln!(out, "squawk: {} read", squawk.file)?;
    }
    Ok(())
}
