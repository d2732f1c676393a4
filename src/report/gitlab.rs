//! GitLab's Code Quality report: an array of issues. GitLab tells new from old by the fingerprint alone.

use super::{Place, Site, place};
use crate::finding::{Outcome, Severity};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the array.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let mut issues: Vec<Value> = outcome
        .findings
        .iter()
        .map(|finding| {
            let at = place(finding.primary.at, &outcome.sources, site);
            issue(finding.rule, &finding.message, &finding.fingerprint, level(finding.severity), &at)
        })
        .collect();
    for opaque in &outcome.opaque {
        let at = place(opaque.at, &outcome.sources, site);
        let fingerprint = format!("opaque:{}:{}", at.path, at.start.offset);
        issues.push(issue("not-understood", &format!("not understood: {}", opaque.reason), &fingerprint, "info", &at));
    }
    for problem in &outcome.errors {
        let path = site.path(&problem.file);
        issues.push(json!({
            "description": problem.message, "check_name": "unreadable", "fingerprint": format!("unreadable:{path}"),
            "severity": "blocker", "location": {"path": path, "lines": {"begin": 1}},
        }));
    }
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    out.write_all(b"\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Notice => "minor",
    }
}

/// GitLab reads `location.lines.begin` or `location.positions.begin.line`; the latter has a column too.
fn issue(check: &str, description: &str, fingerprint: &str, severity: &str, at: &Place) -> Value {
    let position = |p: crate::source::Position| json!({"line": p.line, "column": p.column});
    json!({
        "type": "issue",
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": at.path,
            "lines": {"begin": at.start.line, "end": at.end.line},
            "positions": {"begin": position(at.start), "end": position(at.end)},
        },
    })
}
