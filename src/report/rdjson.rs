//! reviewdog's Diagnostic Format (`reviewdog -f=rdjson`), with the fixes as suggestions. Its columns count bytes of UTF-8.

use super::{Site, place};
use crate::finding::{Finding, Outcome, Severity};
use crate::source::{Location, Source};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the document.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let mut diagnostics: Vec<Value> = outcome.findings.iter().map(|finding| diagnostic(finding, outcome, site)).collect();
    for opaque in &outcome.opaque {
        diagnostics.push(json!({
            "message": format!("not understood: {}", opaque.reason), "severity": "INFO",
            "location": location(opaque.at, outcome, site),
        }));
    }
    for problem in &outcome.errors {
        diagnostics.push(json!({
            "message": problem.message, "severity": "ERROR", "location": {"path": site.path(&problem.file)},
        }));
    }
    let document = json!({"source": {"name": "pgsift"}, "diagnostics": diagnostics});
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn diagnostic(finding: &Finding, outcome: &Outcome, site: &Site) -> Value {
    let severity = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Notice => "INFO",
    };
    let message = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    };
    let mut value = json!({
        "message": message, "severity": severity, "code": {"value": finding.rule},
        "location": location(finding.primary.at, outcome, site),
    });
    // A suggestion is one range of the diagnostic's own file; a fix of several edits is all or none.
    if let Some(fix) = &finding.fix
        && let [edit] = &fix.edits[..]
        && edit.file == finding.primary.at.file
    {
        let range = range(edit.span.start, edit.span.end, outcome.sources.get(edit.file));
        value["suggestions"] = json!([{"range": range, "text": edit.text}]);
    }
    value
}

fn location(at: Location, outcome: &Outcome, site: &Site) -> Value {
    json!({
        "path": place(at, &outcome.sources, site).path,
        "range": range(at.span.start, at.span.end, outcome.sources.get(at.file)),
    })
}

fn range(start: u32, end: u32, source: &Source) -> Value {
    let position = |offset: u32| {
        let at = source.position(offset);
        json!({"line": at.line, "column": at.offset - source.line_span(at.line).start as usize + 1})
    };
    json!({"start": position(start), "end": position(end)})
}
