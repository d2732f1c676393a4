//! For people: annotated snippets, then what was not read, then one line of counts.
//!
//! Snippets are miette's. Its stock sources scan a file from its start for every label; [`Snippet`] answers from the line
//! index instead, and cuts lines that no terminal could show.

use super::count;
use super::logs::human::{duration, plural};
use crate::finding::{Finding, Outcome, Severity};
use crate::source::{Location, Source, Sources, Span, floor_boundary};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
    ThemeCharacters, ThemeStyles,
};
use std::fmt;
use std::io::{self, Write};

/// How many opaque statements are listed before the rest is only counted; JSON lists all.
const OPAQUE_SHOWN: usize = 20;

/// Lines are shown up to this many bytes on either side of a label.
const LINE_WINDOW: usize = 300;

/// What the receiving end can show.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Box-drawing characters.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

/// Writes findings in order, problems, opaque statements, and the summary line.
pub fn write(outcome: &Outcome, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let handler = handler(style);
    let mut text = String::new();
    let (findings, repeats) = super::for_people(outcome);
    for finding in findings {
        text.clear();
        let shown = Shown::new(finding, &outcome.sources);
        handler.render_report(&mut text, &shown).map_err(|_| io::Error::other("a finding could not be rendered"))?;
        out.write_all(text.trim_start_matches('\n').as_bytes())?;
        out.write_all(b"\n")?;
    }
    for problem in &outcome.errors {
        writeln!(out, "error: {}: {}", problem.file, problem.message)?;
    }
    for opaque in outcome.opaque.iter().take(OPAQUE_SHOWN) {
        writeln!(out, "not understood: {}: {}", at(opaque.at, &outcome.sources), opaque.reason)?;
    }
    if let Some(rest) = outcome.opaque.len().checked_sub(OPAQUE_SHOWN).filter(|&rest| rest > 0) {
        writeln!(out, "not understood: {} more (--format json lists all)", rest)?;
    }
    for note in repeats.iter().chain(&outcome.notes) {
        writeln!(out, "note: {note}")?;
    }
    writeln!(out, "{}", summary(outcome))
}

pub(super) fn at(at: Location, sources: &Sources) -> String {
    let source = sources.get(at.file);
    let position = source.position(at.span.start);
    format!("{}:{}:{}", source.name(), position.line, position.column)
}

fn handler(style: Style) -> GraphicalReportHandler {
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_links(false)
        .with_width(style.width)
        .with_context_lines(1)
}

/// "3 errors, 2 warnings in 14 files, 212 statements; …".
fn summary(outcome: &Outcome) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Notice]
        .into_iter()
        .filter_map(|severity| Some(outcome.count(severity)).filter(|&n| n > 0).map(|n| count(n, severity.as_str())))
        .collect();
    let findings = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    let summary = &outcome.summary;
    let mut line = format!("{findings} in {}, {}", count(summary.files, "file"), count(summary.statements, "statement"));
    let quiet = [
        (summary.in_tests, "in tests, not judged"),
        (summary.other_engines, "for other engines, not judged"),
        (summary.run_once, "run once or by hand, not judged as load"),
    ];
    let quiet: Vec<String> = quiet.into_iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
    if !quiet.is_empty() {
        line += &format!(" ({})", quiet.join("; "));
    }
    if !outcome.opaque.is_empty() {
        line += &format!("; {} not understood", count(outcome.opaque.len(), "statement"));
    }
    if !outcome.errors.is_empty() {
        line += &format!("; {}", count(outcome.errors.len(), "problem"));
    }
    if !summary.left_out.is_empty() {
        let total = summary.left_out.iter().map(|(_, n)| n).sum();
        let each: Vec<String> = summary.left_out.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        line += &format!("; {} left out ({})", count(total, "file"), each.join(", "));
    }
    for (folder, files) in &summary.replayed {
        line += &format!("; schema from {folder} ({})", count(*files, "file"));
    }
    if summary.suppressed > 0 {
        line += &format!("; {} suppressed", summary.suppressed);
    }
    if summary.baseline > 0 {
        line += &format!("; {} in the baseline", summary.baseline);
    }
    if summary.unchanged > 0 {
        line += &format!("; {} on unchanged lines", summary.unchanged);
    }
    line
}

/// A file, as miette asks for it.
struct Snippet<'a>(&'a Source);

impl SourceCode for Snippet<'_> {
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = self.0;
        let text = &source.text;
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (first, last) = (source.position(start as u32), source.position(end.max(start + 1) as u32 - 1));
        let first_line = first.line.saturating_sub(before).max(1);
        let last_line = (last.line + after).min(source.line_count().max(last.line));
        let bare = before == 0;
        let from = if bare { start } else { source.line_span(first_line).start as usize };
        let to = (source.line_span(last_line).end as usize).max(end);
        let from = floor_boundary(text, from.max(start.saturating_sub(LINE_WINDOW)));
        let to = floor_boundary(text, to.min(end + LINE_WINDOW));
        // A window that begins inside an earlier line than asked for has moved on to a later one.
        let line = source.position(from as u32).line;
        let column = if bare { first.column - 1 } else { 0 };
        let data = &text.as_bytes()[from..to];
        Ok(Box::new(MietteSpanContents::new_named(
            source.name().into_owned(),
            data,
            (from, to - from).into(),
            line - 1,
            column,
            last_line + 1 - line,
        )))
    }
}

/// A finding, as miette asks for it.
struct Shown<'a> {
    code: String,
    message: &'a str,
    help: Option<&'a str>,
    severity: Severity,
    labels: Vec<LabeledSpan>,
    source: Snippet<'a>,
    elsewhere: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(finding: &'a Finding, sources: &'a Sources) -> Self {
        let home = finding.primary.at.file;
        let source = sources.get(home);
        let mut labels = vec![label(source, finding.primary.at.span, &finding.primary.message, true)];
        let (here, elsewhere): (Vec<_>, Vec<_>) = finding.related.iter().partition(|related| related.at.file == home);
        labels.extend(here.into_iter().map(|related| label(source, related.at.span, &related.message, false)));
        let elsewhere = elsewhere.into_iter().map(|related| Shown {
            code: String::new(),
            message: &related.message,
            help: None,
            severity: Severity::Notice,
            labels: vec![label(sources.get(related.at.file), related.at.span, "", true)],
            source: Snippet(sources.get(related.at.file)),
            elsewhere: vec![],
        });
        Shown {
            code: code(finding),
            message: &finding.message,
            help: finding.help.as_deref(),
            severity: finding.severity,
            labels,
            source: Snippet(source),
            elsewhere: elsewhere.collect(),
        }
    }
}

/// The first line: severity, rule, and what the query was measured to cost.
fn code(finding: &Finding) -> String {
    let code = format!("{}[{}]", finding.severity.as_str(), finding.rule);
    let Some(measured) = &finding.evidence else { return code };
    let calls = plural(measured.calls, "call", "calls");
    let [total, mean, max] = [measured.total_ms, measured.mean_ms, measured.max_ms].map(duration);
    format!("{code} measured: {calls}, {total} in all, {mean} on average, {max} at most")
}

/// A label; one that spans many lines is cut to its first, so that a long statement does not fill the screen.
fn label(source: &Source, span: Span, message: &str, primary: bool) -> LabeledSpan {
    let size = source.text.len() as u32;
    let (start, mut end) = (span.start.min(size), span.end.min(size));
    let line = source.position(start).line;
    if source.position(end).line > line + 4 || end - start > 2 * LINE_WINDOW as u32 {
        end = source.line_span(line).end.clamp(start, start + LINE_WINDOW as u32);
        end = floor_boundary(&source.text, end as usize) as u32;
    }
    let text = Some(message.to_owned()).filter(|message| !message.is_empty());
    let span = (start as usize, (end - start) as usize);
    if primary { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}
impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}
impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        if self.code.is_empty() { None } else { Some(Box::new(&self.code)) }
    }
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Notice => miette::Severity::Advice,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|shown| shown as &dyn Diagnostic)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::finding::{Edit, Fix, Label, Opaque, Problem};

    /// One finding with everything, across two files.
    pub(in crate::report) fn sample() -> Outcome {
        let mut outcome = Outcome::default();
        let a = outcome.sources.add(Source::new("a.sql", b"create table t ();\n".to_vec()));
        let b = outcome.sources.add(Source::new("b.sql", b"--\ndrop table t;\n".to_vec()));
        let at = |file, start, end| Location { file, span: Span::new(start, end) };
        outcome.findings.push(Finding {
            rule: "dropped-table",
            category: "lock",
            severity: Severity::Error,
            message: "dropping t breaks whoever reads it".into(),
            help: Some("rename it first".into()),
            primary: Label { at: at(b, 3, 15), message: "here".into() },
            related: vec![Label { at: at(a, 0, 17), message: "created here".into() }],
            statement: Some(at(b, 3, 15)),
            fingerprint: "f".into(),
            content: "c".into(),
            fix: Some(Box::new(Fix {
                title: "x".into(),
                safe: true,
                edits: vec![Edit { file: b, span: Span::new(3, 7), text: "x".into() }],
            })),
            evidence: None,
        });
        outcome.opaque.push(Opaque { at: at(b, 3, 4), reason: "why".into() });
        outcome.errors.push(Problem { file: "c.sql".into(), message: "gone".into() });
        outcome.summary.files = 2;
        outcome.summary.statements = 1;
        outcome.summary.left_out = vec![("MySQL".into(), 3)];
        outcome
    }

    fn render(outcome: &Outcome) -> String {
        let mut out = vec![];
        write(outcome, &mut out, Style { color: false, unicode: false, width: 80 }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shows_places_in_both_files_and_the_counts() {
        let text = render(&sample());
        for piece in ["error[dropped-table]", "b.sql:2:1", "here", "a.sql:1:1", "created here", "rename it first", "error: c.sql: gone"] {
            assert!(text.contains(piece), "{piece} is missing in:\n{text}");
        }
        assert!(text.contains("not understood: b.sql:2:1: why"), "{text}");
        assert!(
            text.ends_with("1 error in 2 files, 1 statement; 1 statement not understood; 1 problem; 3 files left out (3 MySQL)\n"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && text.is_ascii(), "{text}");
    }

    #[test]
    fn what_every_file_repeats_is_shown_three_times() {
        let mut outcome = sample();
        let repeated = Finding { rule: "missing-lock-timeout", ..outcome.findings[0].clone() };
        outcome.findings.extend(std::iter::repeat_n(repeated.clone(), 5));
        assert_eq!(render(&outcome).matches("[missing-lock-timeout]").count(), 5, "two more are no crowd");
        outcome.findings.extend(std::iter::repeat_n(repeated, 15));
        let text = render(&outcome);
        assert_eq!(text.matches("[missing-lock-timeout]").count(), 3);
        assert!(text.contains("note: missing-lock-timeout in 17 files more: b.sql, b.sql"), "{text}");
        assert!(text.contains(", and 7 others; where the runner sets it") && text.contains("21 errors"), "{text}");
    }

    #[test]
    fn every_span_of_an_odd_file_renders() {
        let text = format!("é\r\n\r\n{}\n\tx{}", "long é ".repeat(400), "\n".repeat(12));
        let cuts: Vec<u32> = text.char_indices().map(|(i, _)| i as u32).filter(|i| i % 37 < 6).chain([text.len() as u32]).collect();
        for &start in &cuts {
            for end in [start, cuts.iter().copied().find(|&c| c > start).unwrap_or(start), text.len() as u32] {
                let mut outcome = sample();
                let file = outcome.sources.add(Source::new("odd.sql", text.clone().into_bytes()));
                outcome.findings[0].primary.at = Location { file, span: Span::new(start, end) };
                assert!(render(&outcome).contains("odd.sql:"), "{start}..{end}");
            }
        }
    }
}
