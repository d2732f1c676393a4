//! Comments that silence findings: `-- pgsift: ignore[rule, rule] reason` on the finding's line, on the statement's first or
//! last line, or right before the statement; `-- pgsift: ignore-file[rule]` for the whole file; `-- pgsift: ignore[rule] until
//! 2027-01-31 reason` through that day only; `-- pgsift: ignore-start[rule]` up to `-- pgsift: ignore-end[rule]` for what
//! lies between. The rule `all` stands for every rule.
//!
//! What a comment fails to do is said too: a rule that does not exist, a comment that silences nothing or has expired, a reason
//! that is missing where the settings ask for one, a directive that cannot be read.

use crate::finding::{Finding, Label};
use crate::rules::{self, Report};
use crate::settings::Settings;
use crate::source::{FileId, Location, Source, Span};

/// Whether a text can hold a comment that silences something: most files hold none, and need nothing remembered.
pub fn is_mentioned(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"pgsift:").is_some()
}

/// The comments of one file that silence something.
#[derive(Debug)]
pub struct Suppressions {
    file: FileId,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// One rule's name in the comment.
    rule: String,
    /// Its bytes.
    span: Span,
    /// It silences whatever begins in these bytes: the file, or the stretch that it opens.
    stretch: Option<Span>,
    /// The first byte of the statement right after the comment, or on whose first or last line it stands.
    statements: Vec<Span>,
    used: bool,
    /// The last day on which it silences.
    until: Option<String>,
    /// What is wrong with it, whatever it silences.
    fault: Option<String>,
    source_lines: std::ops::Range<u32>,
}

impl Suppressions {
    /// Reads a file's comments; `statements` are the bytes of its statements, in order.
    pub fn read(file: FileId, source: &Source, comments: &[Span], statements: &[Span], settings: &Settings) -> Self {
        let mut entries = vec![];
        for comment in comments {
            let text = comment.of(&source.text);
            let directive = match Directive::parse(text) {
                Some(Ok(directive)) => directive,
                Some(Err(fault)) => {
                    entries.push(Entry::broken(*comment, fault));
                    continue;
                }
                None => continue,
            };
            let line = source.position(comment.start).line;
            let line_span = source.line_span(line);
            if directive.reach == Reach::End {
                close(&mut entries, &directive, *comment);
                continue;
            }
            let stretch = match directive.reach {
                Reach::File => Some(Span::new(0, u32::MAX)),
                Reach::Start => Some(Span::new(comment.end, u32::MAX)),
                Reach::Statement | Reach::End => None,
            };
            let targets = if stretch.is_some() { vec![] } else { targets(source, *comment, line, statements) };
            for &(at, rule) in &directive.rules {
                let start = comment.start + at as u32;
                entries.push(Entry {
                    span: Span::new(start, start + rule.len() as u32),
                    rule: rules::known_as(rule).map_or(rule, |known| known.name).to_owned(),
                    stretch,
                    statements: targets.clone(),
                    used: false,
                    until: directive.until.map(str::to_owned),
                    fault: directive.fault(settings),
                    source_lines: line_span.start..line_span.end,
                });
            }
        }
        Suppressions { file, entries }
    }

    /// Whether a comment silences this finding; remembers that it did.
    pub fn silences(&mut self, finding: &Finding, today: Option<&str>) -> bool {
        if finding.primary.at.file != self.file {
            return false;
        }
        let mut silenced = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.rule == finding.rule || entry.rule == ALL) {
            let at = finding.primary.at.span.start;
            let applies = entry.stretch.is_some_and(|stretch| (stretch.start..stretch.end).contains(&at))
                || entry.stretch.is_none() && (entry.source_lines.start..=entry.source_lines.end).contains(&at)
                || finding.statement.is_some_and(|s| entry.statements.iter().any(|target| target.contains(s.span)));
            entry.used |= applies;
            silenced |= applies && !entry.expired(today);
        }
        silenced
    }

    /// What is wrong with the comments: unknown rules, and known active ones that silenced nothing.
    pub fn complaints(&self, known: impl Fn(&str) -> bool, active: impl Fn(&str) -> bool, today: Option<&str>) -> Vec<Report> {
        let complaint = |entry: &Entry| {
            let mut help = "remove it, or correct the name (see `pgsift rules`)";
            let message = if entry.rule.is_empty() {
                help = "write -- pgsift: ignore[rule] reason, ignore-file[rule], or ignore-start[rule] and ignore-end[rule]";
                entry.fault.clone()?
            } else if !known(&entry.rule) && entry.rule != ALL {
                format!("`{}` is not a rule: this comment silences nothing", entry.rule)
            } else if (active(&entry.rule) || entry.rule == ALL) && !entry.used {
                format!("no finding of {} here: this comment silences nothing", entry.rule)
            } else if entry.used && entry.expired(today) {
                help = "mend the statement, or give the comment a later date and a reason";
                format!("this comment silenced {} until {} and has expired", entry.rule, entry.until.as_deref().unwrap_or(""))
            } else {
                help = "write -- pgsift: ignore[rule] until 2027-01-31 reason; the date and `until` may be left out";
                entry.fault.clone()?
            };
            let at = Location { file: self.file, span: entry.span };
            let primary = Label { at, message: String::new() };
            Some(Report {
                retold: None,
                primary,
                message,
                help: Some(help.to_owned()),
                related: vec![],
                fix: None,
                severity: None,
                once_per_file: false,
                still: None,
            })
        };
        self.entries.iter().filter_map(complaint).collect()
    }
}

/// Ends the stretches that this comment closes.
fn close(entries: &mut Vec<Entry>, directive: &Directive, comment: Span) {
    for (_, rule) in &directive.rules {
        let open = |entry: &&mut Entry| entry.rule == *rule && entry.stretch.is_some_and(|s| s.start > 0 && s.end == u32::MAX);
        match entries.iter_mut().rfind(open) {
            Some(entry) => entry.stretch = entry.stretch.map(|s| Span::new(s.start, comment.start)),
            None => entries.push(Entry::broken(comment, format!("no ignore-start[{rule}] is open here"))),
        }
    }
}

impl Entry {
    fn broken(comment: Span, fault: String) -> Self {
        let (rule, stretch, statements) = (String::new(), Some(Span::default()), vec![]);
        Entry { rule, span: comment, stretch, statements, used: false, until: None, fault: Some(fault), source_lines: 0..0 }
    }

    fn expired(&self, today: Option<&str>) -> bool {
        // ISO dates sort as text.
        matches!((&self.until, today), (Some(until), Some(today)) if until.as_str() < today)
    }
}

/// The statements that a comment speaks of: the one right after it, and those that begin or end on its line.
fn targets(source: &Source, comment: Span, line: usize, statements: &[Span]) -> Vec<Span> {
    let line_of = |at: u32| source.position(at).line;
    let mut found: Vec<Span> = vec![];
    let next = statements.partition_point(|s| s.start < comment.start);
    let own_line = source.line(line).trim_start().starts_with(comment.of(&source.text).get(..2).unwrap_or("--"));
    if let (Some(after), true) = (statements.get(next), own_line) {
        let gap = Span::new(comment.end, after.start).of(&source.text);
        let only_comments = gap.lines().all(|l| l.trim().is_empty() || l.trim().starts_with("--") || l.trim().starts_with("/*"));
        if only_comments || line_of(after.start) <= line + 1 {
            found.push(*after);
        }
    }
    if let Some(before) = next.checked_sub(1).and_then(|i| statements.get(i))
        && (line_of(before.start) == line || line_of(before.end) == line)
    {
        found.push(*before);
    }
    found
}

/// Stands for every rule.
const ALL: &str = "all";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Statement,
    File,
    Start,
    End,
}

struct Directive<'t> {
    reach: Reach,
    /// Each rule's name and where it begins in the comment.
    rules: Vec<(usize, &'t str)>,
    until: Option<&'t str>,
    /// The word after `until`, where it is no date.
    no_date: Option<&'t str>,
    reason: &'t str,
}

impl<'t> Directive<'t> {
    /// `None`: an ordinary comment.
    fn parse(comment: &'t str) -> Option<Result<Self, String>> {
        let body = comment.trim_start_matches(['-', '/', '*', '#', ' ', '\t']);
        let rest = body.strip_prefix("pgsift:")?.trim_start();
        let forms =
            [("ignore-file", Reach::File), ("ignore-start", Reach::Start), ("ignore-end", Reach::End), ("ignore", Reach::Statement)];
        let (reach, rest) = forms.iter().find_map(|(word, reach)| Some((*reach, rest.strip_prefix(word)?)))?;
        let Some((list, rest)) = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return Some(Err("this comment silences nothing: the rules belong in brackets".to_owned()));
        };
        let offset = |part: &str| part.as_ptr() as usize - comment.as_ptr() as usize;
        let rules = list.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(|rule| (offset(rule), rule)).collect();
        let rest = rest.trim_matches(['*', '/', ':', ' ', '\t', '\r', '\n']);
        let (mut until, mut no_date, mut reason) = (None, None, rest);
        if let Some(dated) = rest.strip_prefix("until ") {
            let (word, after) = dated.trim_start().split_once(char::is_whitespace).unwrap_or((dated.trim_start(), ""));
            let word = word.trim_end_matches([':', ',']);
            if is_date(word) {
                (until, reason) = (Some(word), after.trim());
            } else if word.starts_with(|c: char| c.is_ascii_digit()) {
                no_date = Some(word);
            }
        }
        Some(Ok(Directive { reach, rules, until, no_date, reason }))
    }

    fn fault(&self, settings: &Settings) -> Option<String> {
        if let Some(word) = self.no_date {
            return Some(format!("`{word}` is not a date like 2027-01-31: this comment never expires"));
        }
        let bare = settings.require_reason && self.reason.is_empty() && self.reach != Reach::End;
        bare.then(|| "this comment gives no reason, and the settings ask for one".to_owned())
    }
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let number = |text: &str, len: usize| (text.len() == len).then(|| text.parse::<u32>().ok()).flatten();
    let [year, month, day] = parts[..] else { return false };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 31,
    };
    (1..=12).contains(&month) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_with_their_places() {
        let text = "-- pgsift: ignore[drop-table, x] we know";
        let found = Directive::parse(text).and_then(Result::ok).map(|d| (d.reach, d.rules));
        assert_eq!(found, Some((Reach::Statement, vec![(18, "drop-table"), (30, "x")])));
        assert!(Directive::parse("/* pgsift: ignore-file[a] */").is_some_and(|d| d.is_ok_and(|d| d.reach == Reach::File)));
        assert!(Directive::parse("-- pgsift: ignore drop-table").is_some_and(|d| d.is_err()));
        assert!(Directive::parse("-- pgsift is fine").is_none());
        assert!(Directive::parse("# pgsift: ignore[a]").is_some());
    }

    #[test]
    fn dates_and_reasons() {
        let parse = |text| Directive::parse(text).and_then(Result::ok).map(|d| (d.until, d.no_date, d.reason));
        assert_eq!(parse("-- pgsift: ignore[a] until 2027-01-31: with ops"), Some((Some("2027-01-31"), None, "with ops")));
        assert_eq!(parse("/* pgsift: ignore[a] until 2027-01-31 */"), Some((Some("2027-01-31"), None, "")));
        assert_eq!(parse("-- pgsift: ignore[a] until 2027-02-30 x").map(|p| p.1), Some(Some("2027-02-30")));
        assert_eq!(parse("-- pgsift: ignore[a] until the move is done"), Some((None, None, "until the move is done")));
        assert_eq!(["2024-02-29", "2023-02-29", "2023-13-01", "2023-1-01", "a"].map(is_date), [true, false, false, false, false]);
    }
}
