//! A rule's page, `lints/<rule>.md`: front matter, prose, executed examples.
//!
//! The front matter is read on every run and so is found without parsing the rest; everything else is for `explain`, the
//! machine formats' help texts and the tests.

use crate::finding::Severity;
use crate::settings::Level;

/// The closed list of front-matter keys.
pub const KEYS: &[&str] = &["severity", "category", "summary", "since", "postgres", "aliases"];

/// The value of a front-matter key.
pub fn front_matter<'p>(page: &'p str, key: &str) -> Option<&'p str> {
    page.lines().skip(1).take_while(|line| *line != "---").find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::trim))
}

/// The level that a page gives its rule: `error`, `warning`, `notice` or `off`.
pub fn level(page: &str) -> Level {
    match front_matter(page, "severity") {
        Some("error") => Level::At(Severity::Error),
        Some("warning") => Level::At(Severity::Warning),
        Some("notice") => Level::At(Severity::Notice),
        _ => Level::Off,
    }
}

/// What an example shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Earlier migrations of the examples that follow, until the next setup.
    Setup,
    /// The rule fires exactly at the caret marks.
    Bad,
    /// What the fix makes of the bad example before it.
    Fixed,
    /// No default rule fires.
    Good,
}

/// One fenced example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The fence's first word: `sql`, `python`, ….
    pub language: String,
    /// Its role.
    pub role: Role,
    /// The 1-based line of the page on which its text begins.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// A page, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Front matter in order.
    pub front_matter: Vec<(String, String)>,
    /// From the title on.
    pub body: String,
    /// The examples in order.
    pub examples: Vec<Example>,
}

impl Page {
    /// Parses a page, or says what is wrong with it and on which line.
    pub fn parse(text: &str) -> Result<Page, String> {
        let rest = text.strip_prefix("---\n").ok_or("line 1: expected `---`")?;
        let (head, body) = rest.split_once("\n---\n").ok_or("expected `---` after the front matter")?;
        let mut front_matter = vec![];
        for (i, line) in head.lines().enumerate() {
            let (key, value) = line.split_once(": ").ok_or(format!("line {}: expected `key: value`", i + 2))?;
            if !KEYS.contains(&key) {
                return Err(format!("line {}: unknown key `{key}`", i + 2));
            }
            front_matter.push((key.to_owned(), value.trim().to_owned()));
        }
        let first_line = head.lines().count() + 3;
        Ok(Page { front_matter, body: body.to_owned(), examples: examples(body, first_line) })
    }
}

fn examples(body: &str, first_line: usize) -> Vec<Example> {
    let mut found = vec![];
    let mut open: Option<Option<Example>> = None;
    for (i, line) in body.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(begin(info, first_line + i + 1)),
            (Some(example), Some(_)) => {
                found.extend(example.take());
                open = None;
            }
            (Some(Some(example)), None) => {
                example.text.push_str(line);
                example.text.push('\n');
            }
            _ => {}
        }
    }
    found
}

fn begin(info: &str, line: usize) -> Option<Example> {
    let (language, role) = info.split_once(' ')?;
    let role = match role.trim() {
        "setup" => Role::Setup,
        "bad" => Role::Bad,
        "fixed" => Role::Fixed,
        "good" => Role::Good,
        _ => return None,
    };
    Some(Example { language: language.to_owned(), role, line, text: String::new() })
}
