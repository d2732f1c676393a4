//! `pgsift.toml`: found upward from the working directory, refused with the line shown where it is wrong.
//!
//! Keys are walked by hand rather than deserialised, so that every refusal knows its place and can name the nearest
//! key that exists. Must not know flags: `cli` lays those over what this returns.

use crate::finding::Severity;
use crate::postgres::version::Version;
use crate::rules;
use crate::settings::{Level, Settings};
use crate::source::floor_boundary;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's name.
pub const FILE_NAME: &str = "pgsift.toml";

/// The families of rules that `select` and `ignore` know besides rule names.
pub const CATEGORIES: &[&str] = &["lock", "compatibility", "correctness", "query", "index", "schema", "security", "log"];

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// For the core.
    pub settings: Settings,
    /// The least severity that fails a run.
    pub fail_on: Option<Severity>,
    /// Files not reported, as `.gitignore` patterns relative to `root`.
    pub exclude: Vec<String>,
    /// Files and folders replayed for the schema only.
    pub schema: Vec<PathBuf>,
    /// Migrations up to this one are replayed and not reported.
    pub start_after: Option<String>,
    /// The file of findings that are known.
    pub baseline: Option<PathBuf>,
    /// The folder that the file lies in.
    pub root: PathBuf,
}

/// What is wrong with a configuration, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The nearest `pgsift.toml` at or above `from`.
pub fn find(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|dir| dir.join(FILE_NAME)).find(|path| path.is_file())
}

/// Reads the file; `shown` is its name in messages.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let shown = path.to_string_lossy().replace('\\', "/");
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{shown}: cannot be read: {error}")))?;
    let mut config = parse(&text, &shown)?;
    config.root = path.parent().unwrap_or(Path::new("")).to_owned();
    for schema in &mut config.schema {
        *schema = config.root.join(&schema);
    }
    config.baseline = config.baseline.map(|baseline| config.root.join(baseline));
    Ok(config)
}

/// Parses the file's text.
pub fn parse(text: &str, shown: &str) -> Result<Config, ConfigError> {
    let refuse = |at: Refusal| ConfigError(place(text, shown, &at));
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        refuse(Refusal { start: span.start, end: span.end, message: error.message().to_owned() })
    })?;
    read(table.get_ref()).map_err(refuse)
}

struct Refusal {
    start: usize,
    end: usize,
    message: String,
}

fn refusal<T>(at: &Spanned<T>, message: impl Into<String>) -> Refusal {
    let span = at.span();
    Refusal { start: span.start, end: span.end, message: message.into() }
}

type Value<'i> = Spanned<DeValue<'i>>;

/// The keys of the file; `schemas/pgsift.json` describes them for editors.
pub const KEYS: &[&str] = &[
    "postgres",
    "select",
    "ignore",
    "fail-on",
    "exclude",
    "schema",
    "start-after",
    "baseline",
    "rules",
    "thresholds",
    "runner",
    "suppressions",
    "extract",
];

/// The keys of `[extract]`.
pub const EXTRACT: &[&str] = &["calls"];

/// The keys of `[thresholds]`.
pub const THRESHOLDS: &[&str] = &["offset", "in-list", "short-timeout-ms"];

/// The keys of `[runner]`.
pub const RUNNER: &[&str] = &["lock-timeout", "transaction"];

/// The keys of `[suppressions]`.
pub const SUPPRESSIONS: &[&str] = &["require-reason"];

fn read(table: &DeTable) -> Result<Config, Refusal> {
    let mut config = Config::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "postgres" => {
                config.settings.postgres = u32::try_from(integer(value)?)
                    .ok()
                    .and_then(Version::new)
                    .ok_or_else(|| refusal(value, format!("expected a major version of {} to {}", Version::OLDEST, Version::NEWEST)))?;
            }
            "select" => config.settings.select = selectors(value)?,
            "ignore" => config.settings.ignore = selectors(value)?,
            "fail-on" => config.fail_on = Some(severity(value)?),
            "exclude" => config.exclude = patterns(value)?,
            "schema" => config.schema = strings(value)?.into_iter().map(|(path, _)| path.into()).collect(),
            "start-after" => config.start_after = Some(string(value)?.to_owned()),
            "baseline" => config.baseline = Some(string(value)?.into()),
            "suppressions" => read_suppressions(value, &mut config.settings)?,
            "rules" => read_rules(value, &mut config.settings)?,
            "thresholds" => read_thresholds(value, &mut config.settings)?,
            "runner" => read_runner(value, &mut config.settings)?,
            "extract" => read_extract(value, &mut config.settings)?,
            other => return Err(refusal(key, unknown("key", other, KEYS.iter().copied()))),
        }
    }
    Ok(config)
}

fn read_rules(value: &Value, settings: &mut Settings) -> Result<(), Refusal> {
    for (key, value) in subtable(value)? {
        let rule = rules::known_as(key.get_ref())
            .ok_or_else(|| refusal(key, unknown("rule", key.get_ref(), rules::RULES.iter().map(|rule| rule.name))))?;
        let level = match string(value)? {
            "off" => Level::Off,
            _ => Level::At(severity(value).map_err(|_| refusal(value, "expected \"off\", \"notice\", \"warning\" or \"error\""))?),
        };
        settings.levels.insert(rule.name.to_owned(), level);
    }
    Ok(())
}

fn read_thresholds(value: &Value, settings: &mut Settings) -> Result<(), Refusal> {
    for (key, value) in subtable(value)? {
        match key.get_ref().as_ref() {
            "offset" => settings.offset_threshold = integer(value)?,
            "in-list" => settings.in_list_threshold = usize::try_from(integer(value)?).unwrap_or(usize::MAX),
            "short-timeout-ms" => settings.short_timeout_ms = integer(value)?,
            other => return Err(refusal(key, unknown("threshold", other, THRESHOLDS.iter().copied()))),
        }
    }
    Ok(())
}

fn read_runner(value: &Value, settings: &mut Settings) -> Result<(), Refusal> {
    for (key, value) in subtable(value)? {
        match key.get_ref().as_ref() {
            "lock-timeout" => settings.runner_sets_lock_timeout = boolean(value)?,
            "transaction" => settings.runner_wraps_transaction = Some(boolean(value)?),
            other => return Err(refusal(key, unknown("key", other, RUNNER.iter().copied()))),
        }
    }
    Ok(())
}

fn read_suppressions(value: &Value, settings: &mut Settings) -> Result<(), Refusal> {
    for (key, value) in subtable(value)? {
        match key.get_ref().as_ref() {
            "require-reason" => settings.require_reason = boolean(value)?,
            other => return Err(refusal(key, unknown("key", other, SUPPRESSIONS.iter().copied()))),
        }
    }
    Ok(())
}

fn read_extract(value: &Value, settings: &mut Settings) -> Result<(), Refusal> {
    for (key, value) in subtable(value)? {
        match key.get_ref().as_ref() {
            "calls" => settings.sql_calls = strings(value)?.into_iter().map(|(call, _)| call).collect(),
            other => return Err(refusal(key, unknown("key", other, EXTRACT.iter().copied()))),
        }
    }
    Ok(())
}

fn mismatch(value: &Value, expected: &str) -> Refusal {
    refusal(value, format!("expected {expected}, found {}", value.get_ref().type_str()))
}

fn subtable<'v, 'i>(value: &'v Value<'i>) -> Result<&'v DeTable<'i>, Refusal> {
    value.get_ref().as_table().ok_or_else(|| mismatch(value, "a table"))
}

fn string<'v>(value: &'v Value) -> Result<&'v str, Refusal> {
    value.get_ref().as_str().ok_or_else(|| mismatch(value, "a string"))
}

fn boolean(value: &Value) -> Result<bool, Refusal> {
    value.get_ref().as_bool().ok_or_else(|| mismatch(value, "true or false"))
}

fn integer(value: &Value) -> Result<u64, Refusal> {
    let number = value.get_ref().as_integer().ok_or_else(|| mismatch(value, "a whole number"))?;
    u64::from_str_radix(number.as_str(), number.radix()).map_err(|_| refusal(value, "expected a whole number that is not negative"))
}

fn severity(value: &Value) -> Result<Severity, Refusal> {
    parse_severity(string(value)?).ok_or_else(|| refusal(value, "expected \"error\", \"warning\" or \"notice\""))
}

/// The severity of that name.
pub fn parse_severity(name: &str) -> Option<Severity> {
    [Severity::Error, Severity::Warning, Severity::Notice].into_iter().find(|severity| severity.as_str() == name)
}

fn strings<'v, 'i>(value: &'v Value<'i>) -> Result<Vec<(String, &'v Value<'i>)>, Refusal> {
    let array = value.get_ref().as_array().ok_or_else(|| mismatch(value, "an array of strings"))?;
    array.iter().map(|item| Ok((string(item)?.to_owned(), item))).collect()
}

fn patterns(value: &Value) -> Result<Vec<String>, Refusal> {
    let mut patterns = vec![];
    for (pattern, at) in strings(value)? {
        let mut builder = ignore::gitignore::GitignoreBuilder::new("");
        builder.add_line(None, &pattern).map_err(|error| refusal(at, format!("not a pattern: {error}")))?;
        patterns.push(pattern);
    }
    Ok(patterns)
}

fn selectors(value: &Value) -> Result<Vec<String>, Refusal> {
    let mut selectors = vec![];
    for (name, at) in strings(value)? {
        selectors.push(check_selector(&name).map_err(|message| refusal(at, message))?);
    }
    Ok(selectors)
}

/// The rule or category of this name, as we call it; where there is none, says so and names the nearest.
pub fn check_selector(name: &str) -> Result<String, String> {
    let known = CATEGORIES.iter().copied().find(|category| *category == name);
    if let Some(known) = known.or_else(|| rules::known_as(name).map(|rule| rule.name)) {
        return Ok(known.to_owned());
    }
    Err(unknown("rule or category", name, CATEGORIES.iter().copied().chain(rules::RULES.iter().map(|rule| rule.name))))
}

/// "unknown `what` `name`", with the nearest of the known names where one is near.
pub fn unknown<'k>(what: &str, name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let nearest = known.into_iter().map(|k| (distance(name, k), k)).min();
    match nearest {
        Some((far, k)) if far <= (name.chars().count() / 3).max(1) => format!("unknown {what} `{name}`; did you mean `{k}`?"),
        _ => format!("unknown {what} `{name}`"),
    }
}

/// Levenshtein's edit distance; names are short, and absurdly long ones are simply far.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(100).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// `file:line:column: message`, the line, a caret under the place.
fn place(text: &str, shown: &str, at: &Refusal) -> String {
    let start = floor_boundary(text, at.start.min(text.len()));
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_number = text[..start].matches('\n').count() + 1;
    let line = text[line_start..].lines().next().unwrap_or("");
    let column = text[line_start..start].chars().count() + 1;
    let end = floor_boundary(text, at.end.clamp(start, line_start + line.len().max(start - line_start)));
    let carets = "^".repeat(text[start..end.max(start)].chars().count().max(1));
    let gutter = " ".repeat(line_number.to_string().len());
    let pad: String = text[line_start..start].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let message = at.message.trim_end().replace('\n', ", ");
    format!("{shown}:{line_number}:{column}: {message}\n{gutter} |\n{line_number} | {line}\n{gutter} | {pad}{carets}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_every_key() {
        let text = "postgres = 14\nselect = [\"lock\"]\nignore = []\nfail-on = \"error\"\nexclude = [\"old/**\"]\nschema = [\"db\"]\n\
                    [rules]\n[thresholds]\noffset = 7\nin-list = 8\nshort-timeout-ms = 9\n[runner]\nlock-timeout = true\ntransaction = false\n";
        let config = parse(text, "pgsift.toml").unwrap();
        assert_eq!(config.settings.postgres.major(), 14);
        assert_eq!(config.settings.select, ["lock"]);
        assert_eq!(config.fail_on, Some(Severity::Error));
        assert_eq!((config.settings.offset_threshold, config.settings.in_list_threshold, config.settings.short_timeout_ms), (7, 8, 9));
        assert!(config.settings.runner_sets_lock_timeout);
        assert_eq!(config.settings.runner_wraps_transaction, Some(false));
    }

    #[test]
    fn names_of_other_linters_are_taken() {
        let text = "select = [\"lock\", \"safety/requireConcurrentIndexCreation\"]\n[rules]\nban-drop-column = \"off\"\nadd_foreign_key = \"notice\"";
        let config = parse(text, "pgsift.toml").unwrap();
        assert_eq!(config.settings.select, ["lock", "index-without-concurrently"]);
        assert_eq!(config.settings.levels.get("drop-column"), Some(&Level::Off));
        assert_eq!(config.settings.levels.get("foreign-key-without-not-valid"), Some(&Level::At(Severity::Notice)));
    }

    #[test]
    fn refuses_with_line_and_nearest_name() {
        let error = parse("# é\nselct = []\n", "pgsift.toml").unwrap_err();
        assert_eq!(error.0, "pgsift.toml:2:1: unknown key `selct`; did you mean `select`?\n  |\n2 | selct = []\n  | ^^^^^");
        let error = parse("select = [\"lokc\"]", "p").unwrap_err();
        assert!(error.0.starts_with("p:1:11: unknown rule or category `lokc`"), "{error}");
        assert!(parse("postgres = 9", "p").unwrap_err().0.contains("major version of 12 to 18"));
        assert!(parse("postgres = \"16\"", "p").unwrap_err().0.contains("expected a whole number, found string"));
        assert!(parse("a = [", "p").unwrap_err().0.starts_with("p:1:"));
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!((distance("", "abc"), distance("selct", "select"), distance("abc", "abc")), (3, 1, 0));
    }
}
