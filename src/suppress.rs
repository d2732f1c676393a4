//! Comments that silence findings: `-- pgsift: ignore[rule, rule] reason` on the finding's line, on the statement's first or
//! last line, or right before the statement; `-- pgsift: ignore-file[rule]` for the whole file.
//!
//! What a comment fails to do is said too: a rule that does not exist, a comment that silences nothing.

use crate::finding::{Finding, Label};
use crate::rules::Report;
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
    /// Lines on which findings are silenced; `None`: the whole file.
    line: Option<usize>,
    /// The first byte of the statement right after the comment, or on whose first or last line it stands.
    statements: Vec<Span>,
    used: bool,
    source_lines: std::ops::Range<u32>,
}

impl Suppressions {
    /// Reads a file's comments; `statements` are the bytes of its statements, in order.
    pub fn read(file: FileId, source: &Source, comments: &[Span], statements: &[Span]) -> Self {
        let mut entries = vec![];
        for comment in comments {
            let text = comment.of(&source.text);
            let Some(directive) = Directive::parse(text) else { continue };
            let line = source.position(comment.start).line;
            let line_span = source.line_span(line);
            let targets = if directive.whole_file { vec![] } else { targets(source, *comment, line, statements) };
            for (at, rule) in directive.rules {
                let start = comment.start + at as u32;
                entries.push(Entry {
                    span: Span::new(start, start + rule.len() as u32),
                    rule: rule.to_owned(),
                    line: (!directive.whole_file).then_some(line),
                    statements: targets.clone(),
                    used: false,
                    source_lines: line_span.start..line_span.end,
                });
            }
        }
        Suppressions { file, entries }
    }

    /// Whether a comment silences this finding; remembers that it did.
    pub fn silences(&mut self, finding: &Finding) -> bool {
        if finding.primary.at.file != self.file {
            return false;
        }
        let mut silenced = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.rule == finding.rule) {
            let at = finding.primary.at.span.start;
            let applies = entry.line.is_none()
                || (entry.source_lines.start..=entry.source_lines.end).contains(&at)
                || finding.statement.is_some_and(|s| entry.statements.iter().any(|target| target.contains(s.span)));
            entry.used |= applies;
            silenced |= applies;
        }
        silenced
    }

    /// What is wrong with the comments: unknown rules, and known active ones that silenced nothing.
    pub fn complaints(&self, known: impl Fn(&str) -> bool, active: impl Fn(&str) -> bool) -> Vec<Report> {
        let complaint = |entry: &Entry| {
            let message = if !known(&entry.rule) {
                format!("`{}` is not a rule: this comment silences nothing", entry.rule)
            } else if active(&entry.rule) && !entry.used {
                format!("no finding of {} here: this comment silences nothing", entry.rule)
            } else {
                return None;
            };
            let at = Location { file: self.file, span: entry.span };
            let primary = Label { at, message: String::new() };
            Some(Report {
                primary,
                message,
                help: Some("remove it, or correct the name (see `pgsift rules`)".to_owned()),
                related: vec![],
                fix: None,
                severity: None,
                once_per_file: false,
            })
        };
        self.entries.iter().filter_map(complaint).collect()
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

struct Directive<'t> {
    whole_file: bool,
    /// Each rule's name and where it begins in the comment.
    rules: Vec<(usize, &'t str)>,
}

impl<'t> Directive<'t> {
    fn parse(comment: &'t str) -> Option<Self> {
        let body = comment.trim_start_matches(['-', '/', '*', ' ', '\t']);
        let rest = body.strip_prefix("pgsift:")?.trim_start();
        let (whole_file, rest) = match rest.strip_prefix("ignore-file") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("ignore")?),
        };
        let (list, _) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
        let offset = |part: &str| part.as_ptr() as usize - comment.as_ptr() as usize;
        let rules = list.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(|rule| (offset(rule), rule)).collect();
        Some(Directive { whole_file, rules })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_with_their_places() {
        let text = "-- pgsift: ignore[drop-table, x] we know";
        let found = Directive::parse(text).map(|d| (d.whole_file, d.rules));
        assert_eq!(found, Some((false, vec![(18, "drop-table"), (30, "x")])));
        assert!(Directive::parse("/* pgsift: ignore-file[a] */").is_some_and(|d| d.whole_file));
        assert!(Directive::parse("-- pgsift is fine").is_none());
    }
}
