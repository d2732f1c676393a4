//! The machine format, version 1: additive changes only. Field for field what the manual's output contract says.

use crate::finding::{Edit, Evidence, Finding, Fix, Label, Opaque, Outcome, Problem, Severity};
use crate::source::{FileId, Location, Position, Sources};
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes the outcome as one JSON document and a newline.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let sources = &outcome.sources;
    let tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let head = serde_json::to_string(&Head { schema: 1, tool })?;
    let tail = Tail {
        opaque: outcome.opaque.iter().map(|opaque| opaque_json(opaque, sources)).collect(),
        errors: outcome.errors.iter().map(|Problem { file, message }| ErrorJson { file, message }).collect(),
        notes: &outcome.notes,
        summary: summary_json(outcome),
    };
    let tail = serde_json::to_string(&tail)?;
    // One object: head, findings, tail, with commas for the braces between them.
    write!(out, "{},\"findings\":[", head.strip_suffix('}').unwrap_or(&head))?;
    write_findings(outcome, out)?;
    writeln!(out, "],{}", tail.strip_prefix('{').unwrap_or(&tail))
}

/// How many findings are written at a time, and how many of them by one thread: enough to be worth handing over, and few enough
/// that their text takes no room to speak of.
const ROUND: usize = 1024;
const SHARE: usize = 128;

/// So many bytes most findings take.
const USUAL: usize = 1024;

/// The findings between the brackets, each made ready by itself: there may be many.
fn write_findings(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for (i, round) in outcome.findings.chunks(ROUND).enumerate() {
        out.write_all(if i > 0 { b"," } else { b"" })?;
        if round.len() <= SHARE {
            out.write_all(&joined(round, &outcome.sources)?)?;
            continue;
        }
        let shares: Vec<_> = round.par_chunks(SHARE).map(|share| joined(share, &outcome.sources)).collect();
        for (i, share) in shares.into_iter().enumerate() {
            out.write_all(if i > 0 { b"," } else { b"" })?;
            out.write_all(&share?)?;
        }
    }
    Ok(())
}

/// Findings with commas between them.
fn joined(findings: &[Finding], sources: &Sources) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(findings.len() * USUAL);
    for (i, finding) in findings.iter().enumerate() {
        text.extend((i > 0).then_some(b','));
        serde_json::to_writer(&mut text, &finding_json(finding, sources))?;
    }
    Ok(text)
}

#[derive(Serialize)]
struct Head {
    schema: u32,
    tool: Tool,
}

#[derive(Serialize)]
struct Tail<'a> {
    opaque: Vec<OpaqueJson<'a>>,
    errors: Vec<ErrorJson<'a>>,
    notes: &'a [String],
    summary: SummaryJson<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    category: &'a str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    file: Cow<'a, str>,
    span: SpanJson,
    labels: Vec<LabelJson<'a>>,
    statement: Option<&'a str>,
    fingerprint: &'a str,
    content_fingerprint: &'a str,
    fix: Option<FixJson<'a>>,
    evidence: Option<EvidenceJson<'a>>,
}

#[derive(Serialize)]
pub(super) struct SpanJson {
    start: PositionJson,
    end: PositionJson,
}

#[derive(Serialize)]
struct PositionJson {
    line: usize,
    column: usize,
    offset: usize,
}

#[derive(Serialize)]
struct LabelJson<'a> {
    file: Cow<'a, str>,
    span: SpanJson,
    message: &'a str,
}

#[derive(Serialize)]
struct FixJson<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditJson<'a>>,
}

/// `start` and `end` are byte offsets.
#[derive(Serialize)]
struct EditJson<'a> {
    file: Cow<'a, str>,
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    query: &'a str,
    calls: u64,
    total_ms: f64,
    mean_ms: f64,
    p95_ms: f64,
    max_ms: f64,
}

#[derive(Serialize)]
pub(super) struct OpaqueJson<'a> {
    file: Cow<'a, str>,
    span: SpanJson,
    reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct ErrorJson<'a> {
    pub(super) file: &'a str,
    pub(super) message: &'a str,
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    files: usize,
    statements: usize,
    in_tests: usize,
    other_engines: usize,
    run_once: usize,
    opaque: usize,
    suppressed: usize,
    baseline: usize,
    unchanged: usize,
    findings: Counts,
    left_out: Vec<LeftOutJson<'a>>,
    replayed: Vec<ReplayedJson<'a>>,
}

#[derive(Serialize)]
struct ReplayedJson<'a> {
    folder: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct Counts {
    error: usize,
    warning: usize,
    notice: usize,
}

#[derive(Serialize)]
struct LeftOutJson<'a> {
    reason: &'a str,
    files: usize,
}

pub(super) fn file(id: FileId, sources: &Sources) -> Cow<'_, str> {
    sources.get(id).name()
}

pub(super) fn span(at: Location, sources: &Sources) -> SpanJson {
    let source = sources.get(at.file);
    let json = |Position { line, column, offset }| PositionJson { line, column, offset };
    SpanJson { start: json(source.position(at.span.start)), end: json(source.position(at.span.end)) }
}

fn finding_json<'a>(finding: &'a Finding, sources: &'a Sources) -> FindingJson<'a> {
    let primary = Some(&finding.primary).filter(|label| !label.message.is_empty());
    FindingJson {
        rule: finding.rule,
        category: finding.category,
        severity: finding.severity,
        message: &finding.message,
        help: finding.help.as_deref(),
        file: file(finding.primary.at.file, sources),
        span: span(finding.primary.at, sources),
        labels: primary.into_iter().chain(&finding.related).map(|label| label_json(label, sources)).collect(),
        statement: finding.statement.map(|at| sources.text(at)),
        fingerprint: &finding.fingerprint,
        content_fingerprint: &finding.content,
        fix: finding.fix.as_ref().map(|fix| fix_json(fix, sources)),
        evidence: finding.evidence.as_deref().map(evidence_json),
    }
}

fn label_json<'a>(label: &'a Label, sources: &'a Sources) -> LabelJson<'a> {
    LabelJson { file: file(label.at.file, sources), span: span(label.at, sources), message: &label.message }
}

fn fix_json<'a>(fix: &'a Fix, sources: &'a Sources) -> FixJson<'a> {
    let edit = |edit: &'a Edit| EditJson { file: file(edit.file, sources), start: edit.span.start, end: edit.span.end, text: &edit.text };
    FixJson { title: &fix.title, safe: fix.safe, edits: fix.edits.iter().map(edit).collect() }
}

fn evidence_json(e: &Evidence) -> EvidenceJson<'_> {
    EvidenceJson { query: &e.query, calls: e.calls, total_ms: e.total_ms, mean_ms: e.mean_ms, p95_ms: e.p95_ms, max_ms: e.max_ms }
}

pub(super) fn opaque_json<'a>(opaque: &'a Opaque, sources: &'a Sources) -> OpaqueJson<'a> {
    OpaqueJson { file: file(opaque.at.file, sources), span: span(opaque.at, sources), reason: &opaque.reason }
}

fn summary_json(outcome: &Outcome) -> SummaryJson<'_> {
    let summary = &outcome.summary;
    SummaryJson {
        files: summary.files,
        statements: summary.statements,
        in_tests: summary.in_tests,
        other_engines: summary.other_engines,
        run_once: summary.run_once,
        opaque: outcome.opaque.len(),
        suppressed: summary.suppressed,
        baseline: summary.baseline,
        unchanged: summary.unchanged,
        findings: Counts {
            error: outcome.count(Severity::Error),
            warning: outcome.count(Severity::Warning),
            notice: outcome.count(Severity::Notice),
        },
        replayed: summary.replayed.iter().map(|(folder, files)| ReplayedJson { folder, files: *files }).collect(),
        left_out: summary.left_out.iter().map(|(reason, files)| LeftOutJson { reason, files: *files }).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::human::tests::sample;

    #[test]
    fn many_findings_stay_in_order() {
        let mut outcome = sample();
        let one = outcome.findings.pop().unwrap();
        for count in [0, 1, SHARE, SHARE + 1, ROUND, 2 * ROUND + SHARE + 1] {
            outcome.findings = (0..count).map(|i| Finding { message: i.to_string(), ..one.clone() }).collect();
            let mut out = vec![];
            super::write(&outcome, &mut out).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
            let messages: Vec<_> = json["findings"].as_array().unwrap().iter().map(|f| f["message"].as_str().unwrap().to_owned()).collect();
            assert_eq!(messages, (0..count).map(|i| i.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn holds_the_contract() {
        let mut out = vec![];
        super::write(&sample(), &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let finding = &json["findings"][0];
        assert_eq!(json["schema"], 1);
        assert_eq!(finding["file"], "b.sql");
        assert_eq!(finding["span"]["start"], serde_json::json!({"line": 2, "column": 1, "offset": 3}));
        assert_eq!(finding["statement"], "drop table t");
        assert_eq!(finding["fix"]["edits"][0], serde_json::json!({"file": "b.sql", "start": 3, "end": 7, "text": "x"}));
        assert_eq!(finding["labels"][1]["file"], "a.sql");
        assert_eq!(json["opaque"][0]["reason"], "why");
        assert_eq!(json["summary"]["findings"], serde_json::json!({"error": 1, "warning": 0, "notice": 0}));
        assert_eq!(json["summary"]["left_out"][0]["files"], 3);
    }
}
