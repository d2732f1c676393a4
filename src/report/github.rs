//! Annotations of GitHub Actions: workflow commands on standard output (`::error file=…,line=…::message`).
//!
//! The runner takes at most ten of each kind from a step and drops the rest without a word, so only that many are sent, the
//! worst first; the others are written as plain lines into the step's log, and one annotation says how many there are.

use super::{SEVERITIES, Site, count, place};
use crate::finding::{Finding, Outcome, Severity};
use std::io::{self, Write};

/// How many annotations of one kind the runner takes from a step.
const PER_KIND: usize = 10;

/// Writes the annotations.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let mut errors = 0;
    for problem in &outcome.errors {
        if errors < PER_KIND {
            writeln!(out, "::error file={},title=pgsift::{}", property(&site.path(&problem.file)), data(&problem.message))?;
            errors += 1;
        } else {
            writeln!(out, "  {}", plain(&format!("{}: error: {}", problem.file, problem.message)))?;
        }
    }
    let mut left = outcome.errors.len().saturating_sub(PER_KIND);
    for severity in SEVERITIES {
        let sent = if severity == Severity::Error { errors } else { 0 };
        // One notice is kept for the count of the rest and one for what was not understood.
        let room = if severity == Severity::Notice { PER_KIND - 2 } else { PER_KIND - sent };
        for (i, finding) in outcome.findings.iter().filter(|finding| finding.severity == severity).enumerate() {
            if i < room {
                annotation(finding, outcome, site, out)?;
            } else {
                left += 1;
                log_line(finding, outcome, site, out)?;
            }
        }
    }
    if !outcome.opaque.is_empty() {
        for opaque in &outcome.opaque {
            let at = place(opaque.at, &outcome.sources, site);
            let line = format!("{}:{}:{}: not understood: {}", at.path, at.start.line, at.start.column, opaque.reason);
            writeln!(out, "  {}", plain(&line))?;
        }
        let said = format!("{} not understood; the step's log lists them", count(outcome.opaque.len(), "statement"));
        writeln!(out, "::notice title=pgsift::{}", data(&said))?;
    }
    if left > 0 {
        let said = format!("{} more in the step's log: GitHub shows ten annotations of a kind from a step", count(left, "finding"));
        writeln!(out, "::notice title=pgsift::{}", data(&said))?;
    }
    Ok(())
}

fn annotation(finding: &Finding, outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let at = place(finding.primary.at, &outcome.sources, site);
    let mut properties = format!("file={},line={},endLine={}", property(&at.path), at.start.line, at.end.line);
    // The runner refuses columns on an annotation of several lines.
    if at.start.line == at.end.line {
        properties += &format!(",col={},endColumn={}", at.start.column, at.end.column);
    }
    let title = format!("pgsift: {}", finding.rule);
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message += &format!("\n\nhelp: {help}");
    }
    writeln!(out, "::{} {properties},title={}::{}", finding.severity.as_str(), property(&title), data(&message))
}

fn log_line(finding: &Finding, outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let at = place(finding.primary.at, &outcome.sources, site);
    let (line, column, severity) = (at.start.line, at.start.column, finding.severity.as_str());
    let line = format!("{}:{line}:{column}: {severity}[{}]: {}", at.path, finding.rule, finding.message);
    writeln!(out, "  {}", plain(&line))
}

/// Text after `::`, as the runner unescapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, as the runner unescapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log that the runner cannot take for a command: it trims before it looks for `::`, and looks for `##[` anywhere.
fn plain(text: &str) -> String {
    let line = text.replace(['\r', '\n'], " ").replace("##[", "## [");
    if line.trim_start().starts_with("::") { format!("./{}", line.trim_start()) } else { line }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::human::tests::sample;

    fn render(outcome: &Outcome) -> String {
        let mut out = vec![];
        write(outcome, &Site { prefix: "db,1/".into(), blob: None }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commands_are_escaped() {
        let mut outcome = sample();
        outcome.findings[0].message = "50% of\r\nt: a, b".into();
        let text = render(&outcome);
        let expected = "::error file=db%2C1/b.sql,line=2,endLine=2,col=1,endColumn=13,title=pgsift%3A dropped-table::50%25 of%0D%0At: a, b%0A%0Ahelp: rename it first\n";
        assert!(text.contains(expected), "{text}");
        assert_eq!(plain(" ::error::x\n##[group]"), "./::error::x ## [group]");
    }

    #[test]
    fn the_rest_is_counted_and_logged() {
        let mut outcome = sample();
        let one = outcome.findings[0].clone();
        outcome.findings.extend(std::iter::repeat_n(one.clone(), 14));
        outcome.findings.extend(std::iter::repeat_n(Finding { severity: Severity::Notice, ..one }, 12));
        let text = render(&outcome);
        let of = |start: &str| text.lines().filter(|l| l.starts_with(start)).count();
        // the sample has one problem: it takes an error's place
        assert_eq!((of("::error"), of("::notice")), (10, 10), "{text}");
        assert_eq!(of("  db,1/b.sql:2:1: "), 6 + 4 + 1, "{text}");
        assert!(text.contains("10 findings more in the step's log"), "{text}");
    }
}
