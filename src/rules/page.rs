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
    /// What a real server makes of it.
    pub server: OnServer,
}

/// What a fence says about real servers, after its role: `from 14`, `before 18`, `refused: message`, `refused before 18: message`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnServer {
    /// The first major version that knows the syntax.
    pub from: Option<u8>,
    /// The first major version on which the example makes no more sense.
    pub before: Option<u8>,
    /// PostgreSQL refuses it with this piece of a message, on every version or only before one.
    pub refused: Option<(String, Option<u8>)>,
}

impl OnServer {
    /// Whether the example is for that major version.
    pub fn concerns(&self, major: u8) -> bool {
        self.from.is_none_or(|from| major >= from) && self.before.is_none_or(|before| major < before)
    }

    /// The message with which that major version refuses it.
    pub fn refusal(&self, major: u8) -> Option<&str> {
        let (message, before) = self.refused.as_ref()?;
        before.is_none_or(|before| major < before).then_some(message.as_str())
    }
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

/// A fence's info string: language, role, and what servers make of it.
fn begin(info: &str, line: usize) -> Option<Example> {
    let (language, rest) = info.split_once(' ')?;
    let (head, message) = rest.split_once(": ").map_or((rest, None), |(head, message)| (head, Some(message.trim())));
    let mut words = head.split_ascii_whitespace();
    let role = match words.next()? {
        "setup" => Role::Setup,
        "bad" => Role::Bad,
        "fixed" => Role::Fixed,
        "good" => Role::Good,
        _ => return None,
    };
    let mut server = OnServer::default();
    while let Some(word) = words.next() {
        match word {
            "refused" => server.refused = Some((message?.to_owned(), None)),
            "from" => server.from = Some(words.next()?.parse().ok()?),
            "before" => {
                let before = Some(words.next()?.parse().ok()?);
                match &mut server.refused {
                    Some((_, until)) => *until = before,
                    None => server.before = before,
                }
            }
            _ => return None,
        }
    }
    Some(Example { language: language.to_owned(), role, line, text: String::new(), server })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_fence_may_say_what_servers_make_of_it() {
        let of = |info: &str| begin(info, 1).unwrap().server;
        assert_eq!(of("sql bad"), OnServer::default());
        assert!(!of("sql good from 14").concerns(13) && of("sql good from 14").concerns(14));
        assert!(of("sql good before 14").concerns(13) && !of("sql good before 14").concerns(14));
        assert_eq!(of("sql bad refused: no: never").refusal(18), Some("no: never"));
        let until = of("sql bad from 12 refused before 18: unsafe use");
        assert_eq!((until.refusal(17), until.refusal(18)), (Some("unsafe use"), None));
        assert!(begin("sql bad refused", 1).is_none() && begin("sql ugly", 1).is_none() && begin("text", 1).is_none());
    }
}
