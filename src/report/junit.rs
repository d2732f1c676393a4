//! JUnit's XML: a suite for each file, a case for each finding. Errors and warnings fail; a notice is a case that passes and
//! carries its text, since a reader of JUnit turns red at any failure.

use super::xml::escape;
use super::{Place, Site, place};
use crate::finding::{Finding, Outcome, Severity};
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Default)]
struct Suite {
    cases: Vec<String>,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Writes the suites; a run without findings is one suite with one case that passes.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for finding in &outcome.findings {
        let at = place(finding.primary.at, &outcome.sources, site);
        let suite = suites.entry(at.path.clone()).or_default();
        suite.failures += usize::from(finding.severity > Severity::Notice);
        suite.cases.push(finding_case(finding, &at));
    }
    for opaque in &outcome.opaque {
        let at = place(opaque.at, &outcome.sources, site);
        let suite = suites.entry(at.path.clone()).or_default();
        suite.skipped += 1;
        let inner = format!("<skipped message=\"not understood: {}\"/>", escape(&opaque.reason));
        suite.cases.push(case("not understood", &at.path, Some((at.start.line, at.start.column)), &inner));
    }
    for problem in &outcome.errors {
        let path = site.path(&problem.file);
        let suite = suites.entry(path.clone()).or_default();
        suite.errors += 1;
        let inner = format!("<error type=\"unreadable\" message=\"{}\"/>", escape(&problem.message));
        suite.cases.push(case("readable", &path, None, &inner));
    }
    if suites.is_empty() {
        let passed = Suite { cases: vec![case("no findings", "pgsift", None, "")], ..Suite::default() };
        suites.insert("pgsift".to_owned(), passed);
    }
    let sum = |of: fn(&Suite) -> usize| suites.values().map(of).sum::<usize>();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let (tests, failures, errors) = (sum(|s| s.cases.len()), sum(|s| s.failures), sum(|s| s.errors));
    writeln!(out, "<testsuites name=\"pgsift\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">")?;
    for (path, suite) in &suites {
        let Suite { cases, failures, errors, skipped } = suite;
        let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"", cases.len());
        writeln!(out, "  <testsuite name=\"{}\" {counts}>\n{}  </testsuite>", escape(path), cases.concat())?;
    }
    writeln!(out, "</testsuites>")
}

fn finding_case(finding: &Finding, at: &Place) -> String {
    let severity = finding.severity.as_str();
    let (line, column) = (at.start.line, at.start.column);
    let mut text = format!("{}:{line}:{column}: {}", at.path, finding.message);
    if let Some(help) = &finding.help {
        text += &format!("\nhelp: {help}");
    }
    let inner = match finding.severity {
        Severity::Notice => format!("<system-out>{}</system-out>", escape(&text)),
        _ => format!("<failure type=\"{severity}\" message=\"{}\">{}</failure>", escape(&finding.message), escape(&text)),
    };
    case(finding.rule, &at.path, Some((line, column)), &inner)
}

fn case(rule: &str, path: &str, at: Option<(usize, usize)>, inner: &str) -> String {
    let (name, line) = match at {
        Some((line, column)) => (format!("{rule} {line}:{column}"), format!(" line=\"{line}\"")),
        None => (rule.to_owned(), String::new()),
    };
    let path = escape(path);
    format!("    <testcase name=\"{}\" classname=\"{path}\" file=\"{path}\"{line} time=\"0\">{inner}</testcase>\n", escape(&name))
}
