//! One line for each finding, in the form that compilers use and editors read; and the counts alone.

use super::{SEVERITIES, Site, count, place};
use crate::finding::Outcome;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// `path:line:column: severity: message [rule]`, as gcc writes it; columns count characters.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let one = |text: &str| text.replace(['\r', '\n'], " ");
    for finding in &outcome.findings {
        let at = place(finding.primary.at, &outcome.sources, site);
        let (line, column, severity) = (at.start.line, at.start.column, finding.severity.as_str());
        let severity = if severity == "notice" { "note" } else { severity };
        writeln!(out, "{}:{line}:{column}: {severity}: {} [{}]", one(&at.path), one(&finding.message), finding.rule)?;
    }
    for opaque in &outcome.opaque {
        let at = place(opaque.at, &outcome.sources, site);
        writeln!(out, "{}:{}:{}: note: not understood: {}", one(&at.path), at.start.line, at.start.column, one(&opaque.reason))?;
    }
    for problem in &outcome.errors {
        writeln!(out, "{}:1:1: error: {}", one(&site.path(&problem.file)), one(&problem.message))?;
    }
    Ok(())
}

/// How many findings each rule has, the most severe first.
pub fn write_summary(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for severity in SEVERITIES {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in outcome.findings.iter().filter(|finding| finding.severity == severity) {
            *rules.entry(finding.rule).or_default() += 1;
        }
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        for (rule, n) in rules {
            writeln!(out, "{n:6}  {:7}  {rule}", severity.as_str())?;
        }
    }
    for problem in &outcome.errors {
        writeln!(out, "error: {}: {}", problem.file, problem.message)?;
    }
    let (files, opaque) = (count(outcome.summary.files, "file"), count(outcome.opaque.len(), "statement"));
    writeln!(out, "{} in {files}; {opaque} not understood", count(outcome.findings.len(), "finding"))
}
