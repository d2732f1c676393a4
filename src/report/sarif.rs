//! SARIF 2.1.0, as code scanning reads it: rules with their pages as help, stable fingerprints, fixes, related places.
//! Columns count Unicode code points, and the run says so.

use super::{Place, Site, place};
use crate::explain;
use crate::finding::{Finding, Fix, Label, Outcome, Severity};
use crate::rules::{RULES, Rule};
use crate::settings::Level;
use crate::source::Location;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the log with its one run.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let results: Vec<Value> = outcome.findings.iter().map(|finding| result(finding, outcome, site)).collect();
    let unread = outcome.errors.iter().map(|problem| {
        let message = format!("{}: {}", problem.file, problem.message);
        json!({"level": "error", "message": {"text": message}})
    });
    let opaque = outcome.opaque.iter().map(|opaque| {
        let at = place(opaque.at, &outcome.sources, site);
        json!({
            "level": "note", "message": {"text": format!("not understood: {}", opaque.reason)},
            "locations": [{"physicalLocation": physical(&at)}],
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "pgsift",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": outcome.errors.is_empty(),
                "toolExecutionNotifications": unread.chain(opaque).collect::<Vec<_>>(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "note",
    }
}

fn rule(rule: &Rule) -> Value {
    let (enabled, severity) = match rule.level() {
        Level::Off => (false, Severity::Warning),
        Level::At(severity) => (true, severity),
    };
    json!({
        "id": rule.name,
        "name": pascal_case(rule.name),
        "shortDescription": {"text": rule.summary()},
        "fullDescription": {"text": rule.summary()},
        "help": {"text": explain::plain(rule), "markdown": explain::markdown(rule)},
        "defaultConfiguration": {"enabled": enabled, "level": level(severity)},
        "properties": {"tags": ["postgresql", rule.category()], "precision": "high", "problem.severity": problem_severity(severity)},
    })
}

/// The words that code scanning sorts by.
fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "recommendation",
    }
}

fn pascal_case(name: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').filter(|word| word.is_ascii() && !word.is_empty()).map(capital).collect()
}

fn result(finding: &Finding, outcome: &Outcome, site: &Site) -> Value {
    let at = place(finding.primary.at, &outcome.sources, site);
    let message = match &finding.help {
        Some(help) => format!("{}\n\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": message},
        "locations": [{"physicalLocation": physical(&at)}],
        "partialFingerprints": {"pgsift/v1": finding.fingerprint, "pgsiftContent/v1": finding.content},
    });
    if let Some(index) = RULES.iter().position(|rule| rule.name == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(id, label)| related(id, label, outcome, site));
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fix_json(fix, outcome, site)]);
    }
    result
}

fn related(id: usize, label: &Label, outcome: &Outcome, site: &Site) -> Value {
    let at = place(label.at, &outcome.sources, site);
    let message = if label.message.is_empty() { "see here" } else { &label.message };
    json!({"id": id, "message": {"text": message}, "physicalLocation": physical(&at)})
}

fn fix_json(fix: &Fix, outcome: &Outcome, site: &Site) -> Value {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let at = place(Location { file: edit.file, span: edit.span }, &outcome.sources, site);
        let replacement = json!({"deletedRegion": region(&at), "insertedContent": {"text": edit.text}});
        files.entry(at.path).or_default().push(replacement);
    }
    let changes = files.into_iter().map(|(path, replacements)| json!({"artifactLocation": artifact(&path), "replacements": replacements}));
    json!({"description": {"text": fix.title}, "artifactChanges": changes.collect::<Vec<_>>()})
}

fn physical(at: &Place) -> Value {
    json!({"artifactLocation": artifact(&at.path), "region": region(at)})
}

fn artifact(path: &str) -> Value {
    let uri = uri(path);
    if path.starts_with('/') || path.starts_with("..") { json!({"uri": uri}) } else { json!({"uri": uri, "uriBaseId": "%SRCROOT%"}) }
}

/// `endColumn` is the column after the last.
fn region(at: &Place) -> Value {
    json!({"startLine": at.start.line, "startColumn": at.start.column, "endLine": at.end.line, "endColumn": at.end.column})
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        assert_eq!(pascal_case("null-comparison"), "NullComparison");
        assert_eq!(uri("a b/é.sql"), "a%20b/%C3%A9.sql");
        assert_eq!(uri("/x"), "file:///x");
    }
}
