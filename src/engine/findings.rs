//! From what rules report to findings: severity, fingerprint, order.

use crate::facts::Statement;
use crate::finding::{Finding, Severity};
use crate::rules::{RULES, Report, Rule};
use crate::settings::{Level, Settings};
use crate::source::{FileId, Sources};
use std::collections::HashMap;

/// The rules that a run asks, with their levels.
pub(super) struct ActiveRules {
    pub(super) rules: Vec<(&'static Rule, Severity)>,
    /// Rules whose severity the settings fix, whatever the report says.
    fixed: Vec<&'static str>,
}

impl ActiveRules {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut active = ActiveRules { rules: vec![], fixed: vec![] };
        for rule in RULES {
            if let Level::At(severity) = level(rule, settings) {
                active.rules.push((rule, severity));
            }
            if settings.levels.contains_key(rule.name) {
                active.fixed.push(rule.name);
            }
        }
        active
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.rules.iter().any(|(rule, _)| rule.name == name)
    }

    /// The finding that a report becomes.
    pub(super) fn finding(&self, rule: &'static Rule, severity: Severity, report: Report, statement: Option<&Statement>) -> Finding {
        let own = if self.fixed.contains(&rule.name) { None } else { report.severity };
        Finding {
            rule: rule.name,
            category: rule.category(),
            severity: own.unwrap_or(severity),
            message: report.message,
            help: report.help,
            primary: report.primary,
            related: report.related,
            statement: statement.map(Statement::location),
            fingerprint: String::new(),
            content: String::new(),
            fix: report.fix,
            evidence: None,
        }
    }
}

fn level(rule: &Rule, settings: &Settings) -> Level {
    let named = |list: &[String]| list.iter().any(|name| name == rule.name || name == rule.category());
    if named(&settings.ignore) || (!settings.select.is_empty() && !named(&settings.select)) {
        return Level::Off;
    }
    let level = settings.levels.get(rule.name).copied().unwrap_or(rule.level());
    // Asking for a rule by its name turns it on.
    let asked = settings.select.iter().any(|name| name == rule.name);
    if level == Level::Off && asked { Level::At(Severity::Warning) } else { level }
}

/// Keeps the first of each rule in each file, for reports that are to be said once.
#[derive(Default)]
pub(super) struct OncePerFile(std::collections::HashSet<(FileId, &'static str)>);

impl OncePerFile {
    pub(super) fn admits(&mut self, rule: &'static str, report: &Report) -> bool {
        !report.once_per_file || self.0.insert((report.primary.at.file, rule))
    }
}

/// Sorts findings by path, span and rule, drops exact repetitions, and gives each its fingerprint.
pub(super) fn settle(findings: &mut Vec<Finding>, sources: &Sources) {
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.primary.at.span.start, f.primary.at.span.end, f.rule);
        let path = |f: &Finding| &sources.get(f.primary.at.file).path;
        path(a).cmp(path(b)).then_with(|| key(a).cmp(&key(b)))
    });
    findings.dedup_by(|a, b| a.rule == b.rule && a.primary.at == b.primary.at && a.message == b.message);
    let mut seen: HashMap<u64, u32> = HashMap::new();
    for finding in findings.iter_mut() {
        let content = content(finding, sources);
        let path = sources.get(finding.primary.at.file).name().replace('\\', "/");
        let base = fnv(content, path.as_bytes());
        let ordinal = seen.entry(base).or_default();
        finding.content = format!("{content:016x}");
        finding.fingerprint = format!("{:016x}", fnv(base, &ordinal.to_le_bytes()));
        *ordinal += 1;
    }
}

/// From the rule and the statement's text without its white space and case: neither edits elsewhere nor a new path change it.
fn content(finding: &Finding, sources: &Sources) -> u64 {
    let mut hash = fnv(0xcbf2_9ce4_8422_2325, finding.rule.as_bytes());
    let text = sources.text(finding.statement.unwrap_or(finding.primary.at));
    for word in text.split_whitespace() {
        hash = word.bytes().fold(fnv(hash, b" "), |hash, byte| fnv(hash, &[byte.to_ascii_lowercase()]));
    }
    hash
}

/// FNV-1a, so that the value is the same on every platform and in every release.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
