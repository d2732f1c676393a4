//! `--format FORMAT[=FILE]`: which writers run, and where to.

use super::{Failure, set};
use crate::finding::Outcome;
use crate::report::{Site, checkstyle, github, gitlab, human, json, junit, lines, markdown, rdjson, sarif};
use crate::since;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The formats, by name.
pub(super) const FORMATS: &[&str] =
    &["human", "json", "github", "sarif", "markdown", "gitlab", "junit", "rdjson", "checkstyle", "gcc", "summary"];

/// One output.
#[derive(Debug, Clone)]
pub(super) struct Output {
    format: &'static str,
    /// Standard output where none is named.
    file: Option<PathBuf>,
}

/// Reads `FORMAT` or `FORMAT=FILE`.
pub(super) fn parse(text: &str) -> Result<Output, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
    let format = FORMATS.iter().find(|format| **format == name);
    let format = format.ok_or_else(|| {
        format!("{}; the formats are {}", crate::config::unknown("format", name, FORMATS.iter().copied()), FORMATS.join(", "))
    })?;
    match file {
        Some(file) if file.as_os_str().is_empty() => Err(format!("`{text}` names no file")),
        file => Ok(Output { format, file }),
    }
}

/// Writes every output that is asked for.
pub(super) fn write_all(outputs: &[Output], outcome: &Outcome, style: human::Style, out: &mut dyn Write) -> Result<(), Failure> {
    let site = site(&super::cwd()?);
    for Output { format, file } in outputs {
        match file {
            None => write_one(format, outcome, &site, style, out)?,
            Some(path) => {
                let failed = |error: io::Error| Failure::Usage(format!("{}: cannot be written: {error}", path.display()));
                let plain = human::Style { color: false, ..style };
                let mut file = BufWriter::new(File::create(path).map_err(failed)?);
                write_one(format, outcome, &site, plain, &mut file).and_then(|()| file.flush()).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// Two outputs cannot share standard output.
pub(super) fn check(outputs: &[Output]) -> Result<(), Failure> {
    let open: Vec<&str> = outputs.iter().filter(|output| output.file.is_none()).map(|output| output.format).collect();
    match &open[..] {
        [first, second, ..] => Err(Failure::Usage(format!(
            "--format {first} and --format {second} both go to standard output: give one a file, --format {first}=FILE"
        ))),
        _ => Ok(()),
    }
}

fn write_one(format: &str, outcome: &Outcome, site: &Site, style: human::Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        "json" => json::write(outcome, out),
        "github" => github::write(outcome, site, out),
        "sarif" => sarif::write(outcome, site, out),
        "markdown" => markdown::write(outcome, site, out),
        "gitlab" => gitlab::write(outcome, site, out),
        "junit" => junit::write(outcome, site, out),
        "rdjson" => rdjson::write(outcome, site, out),
        "gcc" => lines::write(outcome, site, out),
        "summary" => lines::write_summary(outcome, out),
        "checkstyle" => checkstyle::write(outcome, site, out),
        _ => human::write(outcome, out, style),
    }
}

/// Where the working directory lies in its repository, as CI says or as `.git` shows, and where the files can be seen.
fn site(cwd: &Path) -> Site {
    let told = set("GITHUB_WORKSPACE").or_else(|| set("CI_PROJECT_DIR")).map(PathBuf::from);
    let root = told.filter(|root| cwd.starts_with(root)).or_else(|| since::root(cwd));
    let below = root.and_then(|root| cwd.strip_prefix(root).map(|below| below.to_string_lossy().replace('\\', "/")).ok());
    let prefix = below.filter(|below| !below.is_empty()).map(|below| format!("{below}/")).unwrap_or_default();
    let text = |name| set(name).map(|value| value.to_string_lossy().into_owned());
    let github = || Some(format!("{}/{}/blob/{}/", text("GITHUB_SERVER_URL")?, text("GITHUB_REPOSITORY")?, text("GITHUB_SHA")?));
    let gitlab = || Some(format!("{}/-/blob/{}/", text("CI_PROJECT_URL")?, text("CI_COMMIT_SHA")?));
    Site { prefix, blob: github().or_else(gitlab) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_files() {
        assert!(parse("sarif=out.sarif").is_ok_and(|o| o.format == "sarif" && o.file == Some("out.sarif".into())));
        assert!(parse("sarf").is_err_and(|why| why.contains("did you mean `sarif`?")));
        assert!(parse("json=").is_err());
        let both: Vec<Output> = ["human", "json"].iter().filter_map(|f| parse(f).ok()).collect();
        assert!(check(&both).is_err() && check(&both[..1]).is_ok());
    }
}
