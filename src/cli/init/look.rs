//! Looks through a repository's files for its languages and for the PostgreSQL versions that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that say nothing about the repository itself.
const SKIPPED: &[&str] = &["node_modules", "target", "vendor", "venv", "__pycache__", "dist", "build"];

/// More entries than this are not looked at: hints stand near the top.
const ENTRIES: usize = 40_000;

/// A file larger than this is not read for hints.
const LARGE: u64 = 1 << 20;

/// A version that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    /// How well it speaks for the servers in production; less is better.
    strength: u8,
    /// The major version.
    pub(super) major: u32,
    /// As written.
    pub(super) shown: String,
    /// `path:line`.
    pub(super) place: String,
}

/// What was seen.
pub(super) struct Seen {
    /// The most frequent first.
    pub(super) languages: Vec<(&'static str, usize)>,
    /// The strongest first, then the oldest version.
    pub(super) versions: Vec<Hint>,
}

/// Looks below `cwd`, and for hints in `root` as well.
pub(super) fn look(cwd: &Path, root: &Path) -> Seen {
    let mut files = vec![];
    let mut left = ENTRIES;
    list(cwd, 0, &mut left, &mut files);
    if root != cwd {
        list(root, 10, &mut left, &mut files);
        list(&root.join(".github/workflows"), 10, &mut left, &mut files);
        files.sort();
        files.dedup();
    }
    let mut languages: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut versions = vec![];
    for path in files {
        if let Some(language) = language(&path) {
            *languages.entry(language).or_default() += 1;
        }
        let shown = path.strip_prefix(cwd).or_else(|_| path.strip_prefix(root)).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if let Some(kind) = source_of_hints(&shown)
            && fs::metadata(&path).is_ok_and(|metadata| metadata.len() < LARGE)
            && let Ok(text) = fs::read_to_string(&path)
        {
            hints(kind, &shown, &text, &mut versions);
        }
    }
    let mut languages: Vec<_> = languages.into_iter().collect();
    languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    versions.sort_by(|a, b| (a.strength, a.major, &a.place).cmp(&(b.strength, b.major, &b.place)));
    versions.dedup_by(|a, b| a.place == b.place && a.major == b.major);
    Seen { languages, versions }
}

/// Files at or below `folder`; `depth` counts from the top, and links are not followed.
fn list(folder: &Path, depth: usize, left: &mut usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut folders = vec![];
    for entry in entries {
        *left = match left.checked_sub(1) {
            Some(rest) => rest,
            None => return,
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        let hidden = name.starts_with('.') && ![".github", ".circleci", ".devcontainer"].contains(&name.as_str());
        if kind.is_file() {
            files.push(entry.path());
        } else if kind.is_dir() && depth < 8 && !hidden && !SKIPPED.contains(&name.as_str()) {
            folders.push(entry.path());
        }
    }
    for folder in folders {
        list(&folder, depth + 1, left, files);
    }
}

fn language(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "py" => "Python",
        "ts" | "tsx" | "mts" | "cts" => "TypeScript",
        "js" | "jsx" | "mjs" | "cjs" => "JavaScript",
        "go" => "Go",
        "rs" => "Rust",
        "java" => "Java",
        "kt" | "kts" => "Kotlin",
        "rb" => "Ruby",
        "php" => "PHP",
        "cs" => "C#",
        _ => return None,
    })
}

/// What kind of file may name a version, and how it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Image names, strength.
    Images(u8),
    /// `postgres 15.4`.
    Tools,
    /// `engine_version = "15.4"`.
    Terraform,
    /// Prose.
    Docs,
}

fn source_of_hints(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    if name.ends_with(".tf") {
        return Some(Kind::Terraform);
    }
    if yaml && (name.contains("compose") || path.contains("k8s/") || path.contains("helm/") || path.contains("deploy/")) {
        return Some(Kind::Images(1));
    }
    let ci =
        path.contains(".github/workflows/") || path.contains(".circleci/") || name == ".gitlab-ci.yml" || name == "azure-pipelines.yml";
    if (yaml && ci) || name.starts_with("dockerfile") || name == "devcontainer.json" {
        return Some(Kind::Images(2));
    }
    match name.as_str() {
        ".tool-versions" | "mise.toml" | ".mise.toml" => Some(Kind::Tools),
        "readme.md" | "contributing.md" | "development.md" | "install.md" => Some(Kind::Docs),
        _ => None,
    }
}

fn hints(kind: Kind, path: &str, text: &str, found: &mut Vec<Hint>) {
    let terraform = kind == Kind::Terraform && text.contains("postgres");
    for (i, line) in text.lines().enumerate() {
        let lower = line.to_ascii_lowercase();
        let (strength, versions) = match kind {
            Kind::Images(strength) => (strength, images(&lower)),
            Kind::Tools => (3, tool(&lower).into_iter().collect()),
            Kind::Terraform if terraform && lower.trim_start().starts_with("engine_version") => {
                (0, lower.split('"').nth(1).and_then(version).into_iter().collect())
            }
            Kind::Terraform => continue,
            Kind::Docs => (4, prose(&lower).into_iter().collect()),
        };
        for (major, shown) in versions {
            found.push(Hint { strength, major, shown, place: format!("{path}:{}", i + 1) });
        }
    }
}

/// `postgres:15`, `postgis/postgis:15-3.4`, `pgvector/pgvector:pg16`, `timescale/timescaledb:latest-pg15`, `postgres:${V:-15}`.
fn images(line: &str) -> Vec<(u32, String)> {
    let mut found = vec![];
    for image in ["postgres:", "postgresql:", "postgis:", "pgvector:", "timescaledb:", "timescaledb-ha:"] {
        for (at, _) in line.match_indices(image) {
            let tag = &line[at + image.len()..];
            let tag: &str = tag.split([' ', '"', '\'', ',', ']']).next().unwrap_or("");
            let tag = tag.split_once(":-").map_or(tag, |(_, default)| default.trim_end_matches('}'));
            found.extend(tag.split_once("pg").and_then(|(_, after)| version(after)).or_else(|| version(tag)));
        }
    }
    // a matrix of versions: `postgres: [14, 15]`, `pg-version: ["14"]`
    if let Some((key, list)) = line.split_once(": [")
        && (key.contains("postgres") || key.trim().trim_start_matches("- ").starts_with("pg"))
    {
        found.extend(list.split(',').filter_map(|item| version(item.trim_matches([' ', '"', '\'', ']']))));
    }
    found
}

fn tool(line: &str) -> Option<(u32, String)> {
    let rest = line.trim().strip_prefix("postgres").map(|rest| rest.trim_start_matches("ql"))?;
    version(rest.trim_matches([' ', '=', '"']))
}

fn prose(line: &str) -> Option<(u32, String)> {
    let (_, rest) = line.split_once("postgresql ").or_else(|| line.split_once("postgres "))?;
    let rest = rest.trim_start_matches(['(', '*', '`', '>', '=', '≥', ' ']).trim_start_matches("version ");
    version(rest)
}

/// A version at the start of the text: `15`, `15.4-alpine`, `v15`; anything else is something else's number.
fn version(text: &str) -> Option<(u32, String)> {
    let text = text.trim_start_matches('v');
    let shown: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let shown = shown.trim_end_matches('.').to_owned();
    let major: u32 = shown.split('.').next()?.parse().ok()?;
    (8..=30).contains(&major).then_some((major, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_their_places() {
        let majors = |line: &str| images(line).into_iter().map(|(major, _)| major).collect::<Vec<_>>();
        assert_eq!(majors("    image: postgres:15.4-alpine"), [15]);
        assert_eq!(majors("image: \"pgvector/pgvector:pg16\""), [16]);
        assert_eq!(majors("image: timescale/timescaledb:2.14.2-pg14"), [14]);
        assert_eq!(majors("image: postgres:${PG:-13}"), [13]);
        assert_eq!(majors("        postgres: [\"12\", '17']"), [12, 17]);
        assert_eq!(majors("image: postgres:latest"), [0; 0]);
        assert_eq!(majors("url: postgres://x:5432/y"), [0; 0]);
        assert_eq!(tool("postgres 15.4").map(|v| v.1), Some("15.4".to_owned()));
        assert_eq!(prose("needs postgresql >= 14 or later").map(|v| v.0), Some(14));
        assert_eq!(prose("postgres 5432 port"), None);
    }

    #[test]
    fn files_that_name_versions() {
        for path in ["docker-compose.yml", ".github/workflows/ci.yaml", "infra/rds.tf", "Dockerfile", ".tool-versions", "README.md"] {
            assert!(source_of_hints(path).is_some(), "{path}");
        }
        assert!(source_of_hints("config/app.yml").is_none());
    }
}
