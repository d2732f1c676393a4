//! Checkstyle's XML, which many tools read. Columns count characters.

use super::xml::escape;
use super::{Site, place};
use crate::finding::{Outcome, Severity};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes one `<file>` for each file with something to say.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in &outcome.findings {
        let at = place(finding.primary.at, &outcome.sources, site);
        let severity = level(finding.severity);
        let line = error(at.start.line, at.start.column, severity, &finding.message, &format!("pgsift.{}", finding.rule));
        files.entry(at.path).or_default().push(line);
    }
    for opaque in &outcome.opaque {
        let at = place(opaque.at, &outcome.sources, site);
        let message = format!("not understood: {}", opaque.reason);
        files.entry(at.path).or_default().push(error(at.start.line, at.start.column, "info", &message, "pgsift"));
    }
    for problem in &outcome.errors {
        files.entry(site.path(&problem.file)).or_default().push(error(1, 1, "error", &problem.message, "pgsift"));
    }
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    for (path, errors) in files {
        writeln!(out, "  <file name=\"{}\">\n{}  </file>", escape(&path), errors.concat())?;
    }
    writeln!(out, "</checkstyle>")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "info",
    }
}

fn error(line: usize, column: usize, severity: &str, message: &str, source: &str) -> String {
    format!(
        "    <error line=\"{line}\" column=\"{column}\" severity=\"{severity}\" message=\"{}\" source=\"{}\"/>\n",
        escape(message),
        escape(source)
    )
}
