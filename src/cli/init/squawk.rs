//! What `.squawk.toml` says, in our words.

use super::super::manual::find_rule;
use crate::postgres::version::Version;
use std::path::Path;

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// The file, for messages.
    pub(super) file: String,
    /// Rules that are off, by our names.
    pub(super) off: Vec<&'static str>,
    /// Rules that have no counterpart.
    pub(super) unknown: Vec<String>,
    /// Paths left out.
    pub(super) exclude: Vec<String>,
    /// The server's version.
    pub(super) postgres: Option<u32>,
    /// Each file runs in a transaction.
    pub(super) transaction: bool,
}

/// Reads the nearest file at or above `cwd`, within the repository.
pub(super) fn read(cwd: &Path) -> Result<Option<Settings>, String> {
    for folder in cwd.ancestors() {
        let path = folder.join(".squawk.toml");
        if path.is_file() {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
            return parse(&text).map(Some).map_err(|error| format!("{}: {error}", path.display()));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

fn parse(text: &str) -> Result<Settings, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let strings = |key: &str| -> Vec<String> {
        let list = table.get(key).and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let mut settings = Settings { file: ".squawk.toml".to_owned(), exclude: strings("excluded_paths"), ..Settings::default() };
    for name in strings("excluded_rules") {
        match find_rule(&name) {
            Some(rule) if !settings.off.contains(&rule.name) => settings.off.push(rule.name),
            Some(_) => {}
            None => settings.unknown.push(name),
        }
    }
    settings.off.sort_unstable();
    settings.transaction = table.get("assume_in_transaction").and_then(toml::Value::as_bool).unwrap_or(false);
    let version = table.get("pg_version").map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    settings.postgres = version
        .and_then(|version| version.split('.').next()?.parse::<u32>().ok())
        .map(|major| major.clamp(u32::from(Version::OLDEST.major()), u32::from(Version::NEWEST.major())));
    Ok(settings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn says_the_same_in_our_words() {
        let text = "pg_version = \"13.2\"\nassume_in_transaction = true\nexcluded_paths = [\"old/*.sql\"]\n\
            excluded_rules = [\"require-concurrent-index-creation\", \"no-such-rule\"]\n";
        let settings = parse(text).unwrap();
        assert_eq!((settings.postgres, settings.transaction), (Some(13), true));
        assert_eq!((settings.off, settings.unknown), (vec!["index-without-concurrently"], vec!["no-such-rule".to_owned()]));
        assert_eq!(settings.exclude, ["old/*.sql"]);
        assert!(parse("a = [").is_err());
    }
}
