//! A finding, its labels and fix, and the outcome of a run. Plain data: must not know a rule's code or an output format.

use crate::source::{FileId, Location, Sources, Span};
use compact_str::CompactString;
use std::collections::HashMap;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Will hurt under load or at size.
    Warning,
    /// Will hurt, or will be refused.
    Error,
}

impl Severity {
    /// Lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place with a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub at: Location,
    /// What to see there; empty for none.
    pub message: String,
}

/// One replacement in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub file: FileId,
    /// The bytes replaced; empty to insert.
    pub span: Span,
    /// Their replacement.
    pub text: String,
}

/// A way to change the text so that the finding goes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative, lower case.
    pub title: String,
    /// It cannot change what the statement means.
    pub safe: bool,
    /// The replacements, all or none.
    pub edits: Vec<Edit>,
}

/// What a log says about the query of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The query's fingerprint.
    pub query: String,
    /// How often it ran.
    pub calls: u64,
    /// Summed, mean, 95th percentile, worst: milliseconds.
    pub total_ms: f64,
    /// Mean.
    pub mean_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// Worst.
    pub max_ms: f64,
}

/// Something that will hurt, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The rule's category.
    pub category: &'static str,
    /// After settings.
    pub severity: Severity,
    /// Lower case, no final stop; names the object and the consequence.
    pub message: String,
    /// The rewrite, with the user's own names; may span lines.
    pub help: Option<String>,
    /// Exactly the offending piece.
    pub primary: Label,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// The statement it stands in.
    pub statement: Option<Location>,
    /// Stable across edits elsewhere: from the rule, the path and the statement's normalised text, never from lines.
    pub fingerprint: CompactString,
    /// The same without the path, so that a statement is known again in a file that was moved.
    pub content: CompactString,
    /// How to change it.
    pub fix: Option<Box<Fix>>,
    /// What the log says.
    pub evidence: Option<Box<Evidence>>,
}

/// A statement that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Where.
    pub at: Location,
    /// Why.
    pub reason: String,
}

/// A file that could not be read, or a problem that is not about SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As shown.
    pub file: String,
    /// What went wrong and what was expected.
    pub message: String,
}

/// Counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Statements seen, bodies' included.
    pub statements: usize,
    /// Of them, those of tests: what these do is nobody's load and makes nobody wait, so that hardly a rule is asked.
    pub in_tests: usize,
    /// Of them, those of code that speaks to another engine, which are not judged either.
    pub other_engines: usize,
    /// Of them, those of code and scripts that run once or by hand: what they lock is judged, and not how fast they are.
    pub run_once: usize,
    /// Findings silenced by comments.
    pub suppressed: usize,
    /// Findings that the baseline knows.
    pub baseline: usize,
    /// Findings outside of the changes asked about.
    pub unchanged: usize,
    /// Files left out, with the reason and how many: `("MySQL", 3)`.
    pub left_out: Vec<(String, usize)>,
    /// Folders of migrations that were replayed for the schema without being asked for, with how many files.
    pub replayed: Vec<(String, usize)>,
}

/// All that a run has to say.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files that places speak of.
    pub sources: Sources,
    /// Sorted by path, span, rule.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub opaque: Vec<Opaque>,
    /// The fingerprints of application code's statements that have findings: their text in the file is not what is sent.
    pub sent: HashMap<Location, u64>,
    /// What could not be read.
    pub errors: Vec<Problem>,
    /// What else is worth saying: entries of a baseline that no longer match, settings that match nothing.
    pub notes: Vec<String>,
    /// Counts.
    pub summary: Summary,
}

impl Outcome {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }
}
