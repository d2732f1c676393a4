//! The files that `init` writes.

use super::super::fixes::write_atomically;
use super::{Failure, Found};
use crate::postgres::version::Version;
use std::fs;
use std::path::{Path, PathBuf};

/// Where hooks and the workflow come from.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The release that is asked for.
const RELEASE: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// Writes files, and remembers what to say about it.
pub(super) struct Files {
    cwd: PathBuf,
    force: bool,
    pub(super) said: Vec<String>,
}

impl Files {
    pub(super) fn new(cwd: &Path, force: bool) -> Self {
        Files { cwd: cwd.to_owned(), force, said: vec![] }
    }

    /// Writes a file that is not there; one that is there is refused, or kept where `may_stay`.
    pub(super) fn add(&mut self, path: &Path, text: &str, may_stay: bool) -> Result<(), Failure> {
        let shown = path.strip_prefix(&self.cwd).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let target = self.cwd.join(path);
        if target.exists() && !self.force {
            if may_stay {
                self.said.push(format!("kept {shown}, which was there already"));
                return Ok(());
            }
            return Err(Failure::Usage(format!("{shown} is there already; --force replaces it")));
        }
        self.put(&target, &shown, text, "wrote")
    }

    fn put(&mut self, target: &Path, shown: &str, text: &str, verb: &str) -> Result<(), Failure> {
        let refuse = |error: std::io::Error| Failure::Usage(format!("{shown}: cannot be written: {error}"));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(refuse)?;
        }
        write_atomically(target, text.as_bytes()).map_err(refuse)?;
        self.said.push(format!("{verb} {shown}"));
        Ok(())
    }
}

/// The settings that fit what was found, each with its reason.
pub(super) fn config(found: &Found, start_now: bool) -> String {
    let mut text = String::from("# Settings of pgsift. `pgsift rules` lists the rules, `pgsift explain RULE` says what one is about.\n");
    text += &postgres(found);
    let squawk = found.squawk.as_ref();
    if let Some(squawk) = squawk.filter(|squawk| !squawk.exclude.is_empty()) {
        text += &format!("\n# From {}: replayed for the schema, not reported.\nexclude = [{}]\n", squawk.file, quoted(&squawk.exclude));
    } else {
        text += "\n# Files that are not reported, as in .gitignore; migrations among them are still replayed for the schema.\n# exclude = [\"db/seeds/**\"]\n";
    }
    let newest = found.newest.as_deref().unwrap_or("0042_last_one_that_ran.sql");
    let mark = if start_now && found.newest.is_some() { "" } else { "# " };
    text += &format!(
        "\n# Migrations up to this one have run: they are replayed for the schema and not reported.\n{mark}start-after = \"{}\"\n",
        escaped(newest)
    );
    text +=
        "\n# Findings that are known already: `pgsift check --write-baseline` writes the file.\n# baseline = \"pgsift-baseline.json\"\n";
    text += "\n[runner]\n# true where whoever runs the migrations sets lock_timeout, so that they need not.\n# lock-timeout = true\n";
    if squawk.is_some_and(|squawk| squawk.transaction) {
        text += "# Each file runs in a transaction (assume_in_transaction of .squawk.toml).\ntransaction = true\n";
    } else {
        text += "# Whether whoever runs the migrations wraps each file in a transaction; left out, the framework's own way.\n# transaction = true\n";
    }
    text += "\n[rules]\n";
    if let Some(squawk) = squawk {
        for rule in &squawk.off {
            text += &format!("{rule} = \"off\" # as in {}\n", squawk.file);
        }
        if !squawk.unknown.is_empty() {
            text += &format!("# Off in {} and not known here: {}\n", squawk.file, squawk.unknown.join(", ").replace(['\n', '\r'], " "));
        }
    }
    text + "# drop-column = \"warning\" # error, warning, notice, off\n"
}

fn postgres(found: &Found) -> String {
    let told = found.squawk.as_ref().and_then(|squawk| Some((squawk.postgres?, squawk.file.clone())));
    let seen = found.versions.first().map(|hint| (hint.major, hint.place.clone()));
    let Some((major, place)) = seen.or(told) else {
        return "\n# The server's major version, 12 to 18: locks and rewrites differ between them.\n# postgres = 16\n".to_owned();
    };
    let known = major.clamp(u32::from(Version::OLDEST.major()), u32::from(Version::NEWEST.major()));
    let others: Vec<u32> = found.versions.iter().map(|hint| hint.major).filter(|other| *other != major).collect();
    let others = if others.is_empty() { "" } else { "; other versions are named as well: this should be production's" };
    let odd = if known == major { String::new() } else { format!("; {major} is not known here, {known} is nearest") };
    format!("\n# The server's major version, 12 to 18: from {}{others}{odd}.\npostgres = {known}\n", place.replace(['\n', '\r'], " "))
}

fn quoted(items: &[String]) -> String {
    items.iter().map(|item| format!("\"{}\"", escaped(item))).collect::<Vec<_>>().join(", ")
}

/// Inside a basic string of TOML.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                format!("\\u{:04X}", c as u32)
            } else if c == '"' || c == '\\' {
                format!("\\{c}")
            } else {
                c.to_string()
            }
            .chars()
            .collect::<Vec<_>>()
        })
        .collect()
}

/// Adds the hook to `.pre-commit-config.yaml`, or says what to add where the file's end is not the list of repositories.
pub(super) fn pre_commit(files: &mut Files, code: bool) -> Result<(), Failure> {
    let path = Path::new(".pre-commit-config.yaml");
    let target = files.cwd.join(path);
    let old = match fs::read_to_string(&target) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return files.put(&target, &path.to_string_lossy(), &format!("repos:\n{}", hook_entry("  ", code)), "wrote");
        }
        Err(error) => return Err(Failure::Usage(format!("{}: cannot be read: {error}", path.display()))),
    };
    if old.contains("pgsift") {
        files.said.push("kept .pre-commit-config.yaml, which has pgsift already".to_owned());
        return Ok(());
    }
    let top = old.lines().rfind(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
    let indent =
        old.lines().find(|line| line.trim_start().starts_with("- repo:")).map(|line| &line[..line.len() - line.trim_start().len()]);
    match (top, indent) {
        (Some(top), Some(indent)) if top.trim_end() == "repos:" => {
            let newline = if old.ends_with('\n') { "" } else { "\n" };
            files.put(&target, &path.to_string_lossy(), &format!("{old}{newline}{}", hook_entry(indent, code)), "added the hook to")
        }
        _ => {
            files.said.push(format!("add this to the repos of .pre-commit-config.yaml:\n{}", hook_entry("  ", code).trim_end()));
            Ok(())
        }
    }
}

fn hook_entry(indent: &str, code: bool) -> String {
    let mut text = format!("{indent}- repo: {REPOSITORY}\n{indent}  rev: {RELEASE}\n{indent}  hooks:\n{indent}    - id: pgsift\n");
    if code {
        text += &format!("{indent}    - id: pgsift-code\n");
    }
    text
}

/// A script in git's own hooks folder, wherever that is.
pub(super) fn git_hook(files: &mut Files) -> Result<(), Failure> {
    let folder = crate::since::hooks_folder(&files.cwd).map_err(Failure::Usage)?;
    let path = folder.join("pre-commit");
    let script =
        "#!/bin/sh\n# pgsift: what is staged, and nothing else. `git commit --no-verify` leaves it out.\nexec pgsift check --staged\n";
    files.add(&path, script, false)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, executable).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

/// The workflow: annotations on what a pull request changes, and a summary.
pub(super) fn workflow() -> String {
    let action = REPOSITORY.trim_start_matches("https://github.com/");
    format!(
        "name: pgsift
on: pull_request
permissions:
  contents: read
jobs:
  pgsift:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: {action}@{RELEASE}
        with:
          changed-only: true
"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut found = Found {
            migrations: Default::default(),
            newest: Some("0007_\"odd\".sql".into()),
            languages: vec![],
            versions: vec![],
            squawk: None,
        };
        assert!(crate::config::parse(&config(&found, false), "p").unwrap().start_after.is_none());
        assert_eq!(crate::config::parse(&config(&found, true), "p").unwrap().start_after.unwrap(), "0007_\"odd\".sql");
        found.squawk = Some(super::super::squawk::Settings {
            file: ".squawk.toml".into(),
            off: vec!["drop-column"],
            unknown: vec!["x".into()],
            exclude: vec!["a\\b".into()],
            postgres: Some(13),
            transaction: true,
        });
        let config = crate::config::parse(&config(&found, false), "p").unwrap();
        assert_eq!((config.settings.postgres.major(), config.settings.runner_wraps_transaction), (13, Some(true)));
        assert_eq!(config.exclude, ["a\\b"]);
    }
}
