//! From what rules report to findings: severity, fingerprint, order.

use crate::facts::Statement;
use crate::finding::{Finding, Severity};
use crate::rules::{Check, Kinds, RULES, Report, Rule};
use crate::settings::{Level, Settings};
use crate::source::{FileId, Sources};
use compact_str::{CompactString, format_compact};
use hashbrown::HashMap;
use rayon::prelude::*;

/// A rule that a run asks. What its page says of it is read once: findings are many.
#[derive(Clone, Copy)]
pub(super) struct ActiveRule {
    pub(super) rule: &'static Rule,
    category: &'static str,
    pub(super) severity: Severity,
    /// See [`Rule::spares_tests`].
    pub(super) spares_tests: bool,
    /// The settings say the severity, whatever the report says.
    fixed: bool,
    /// The kinds of actions without one of which it is not asked; `None`: it looks at every statement.
    kinds: Option<Kinds>,
}

impl ActiveRule {
    /// Whether it looks at statements with such actions.
    fn looks_at(&self, kinds: Kinds) -> bool {
        self.kinds.is_none_or(|own| own.meet(kinds))
    }

    /// The family that it belongs to.
    pub(super) fn category(&self) -> &'static str {
        self.category
    }

    /// The finding that a report becomes.
    pub(super) fn finding(&self, report: Report, statement: Option<&Statement>) -> Finding {
        let own = if self.fixed { None } else { report.severity };
        Finding {
            rule: self.rule.name,
            category: self.category,
            severity: own.unwrap_or(self.severity),
            message: report.message,
            help: report.help,
            primary: report.primary,
            related: report.related,
            statement: statement.map(Statement::location),
            fingerprint: CompactString::default(),
            content: CompactString::default(),
            fix: report.fix.map(Box::new),
            evidence: None,
        }
    }
}

/// The rules that a run asks.
pub(super) struct ActiveRules {
    /// All of them.
    pub(super) rules: Vec<ActiveRule>,
    /// Those that look at statements of migrations, which most are: by the kinds of the statement's actions, for there are many
    /// statements and few rules that look at each.
    of_migrations: Vec<Vec<ActiveRule>>,
    /// Those that look at every statement.
    pub(super) of_statements: Vec<ActiveRule>,
    /// Those that look at queries.
    pub(super) of_queries: Vec<ActiveRule>,
    /// Those that look at the schema that the migrations leave.
    pub(super) of_schemas: Vec<ActiveRule>,
}

impl ActiveRules {
    pub(super) fn new(settings: &Settings) -> Self {
        let active = |rule: &'static Rule| match level(rule, settings) {
            Level::At(severity) => {
                let (category, spares_tests) = (rule.category(), rule.spares_tests());
                let kinds = match rule.check {
                    Check::Action(kinds, _) => Some(Kinds::listed(kinds)),
                    _ => None,
                };
                Some(ActiveRule { rule, category, severity, spares_tests, fixed: settings.levels.contains_key(rule.name), kinds })
            }
            Level::Off => None,
        };
        let rules: Vec<ActiveRule> = RULES.iter().filter_map(active).collect();
        let of = |kind: fn(&Check) -> bool| rules.iter().filter(|active| kind(&active.rule.check)).copied().collect();
        let of_migrations: Vec<ActiveRule> = of(|check| matches!(check, Check::Migration(_) | Check::OncePerFile(_) | Check::Action(..)));
        ActiveRules {
            of_migrations: Kinds::all()
                .map(|kinds| of_migrations.iter().filter(|active| active.looks_at(kinds)).copied().collect())
                .collect(),
            of_statements: of(|check| matches!(check, Check::Statement(_))),
            of_queries: of(|check| matches!(check, Check::Query(_))),
            of_schemas: of(|check| matches!(check, Check::Schema(_) | Check::Statistics(_))),
            rules,
        }
    }

    /// Those that look at a statement of a migration with such actions.
    pub(super) fn of_migration(&self, kinds: Kinds) -> &[ActiveRule] {
        self.of_migrations.get(kinds.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.rules.iter().any(|active| active.rule.name == name)
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
pub(super) struct OncePerFile(HashMap<FileId, Vec<&'static str>>);

impl OncePerFile {
    /// Whether a rule has said in a file what it says once.
    pub(super) fn has(&self, rule: &'static str, file: FileId) -> bool {
        self.0.get(&file).is_some_and(|rules| rules.contains(&rule))
    }

    pub(super) fn admits(&mut self, rule: &'static str, report: &Report) -> bool {
        let file = report.primary.at.file;
        if report.once_per_file && self.has(rule, file) {
            return false;
        }
        if report.once_per_file {
            self.0.entry(file).or_default().push(rule);
        }
        true
    }

    /// What is known of one file.
    pub(super) fn of(&self, file: FileId) -> OncePerFile {
        OncePerFile(self.0.get(&file).map(|rules| (file, rules.clone())).into_iter().collect())
    }
}

/// From how many findings on their statements are read on several threads.
const MANY: usize = 1024;

/// Sorts findings by path, span and rule, drops exact repetitions, and gives each its fingerprint.
pub(super) fn settle(findings: &mut Vec<Finding>, sources: &Sources) {
    let ranks = ranks(findings, sources);
    let rank = |file: FileId| ranks.get(&file).copied().unwrap_or_default();
    findings.sort_by_cached_key(|f| (rank(f.primary.at.file), f.primary.at.span.start, f.primary.at.span.end, f.rule));
    findings.dedup_by(|a, b| a.rule == b.rule && a.primary.at == b.primary.at && a.message == b.message);
    let contents: Vec<u64> = if findings.len() < MANY {
        findings.iter().map(|finding| content(finding, sources)).collect()
    } else {
        findings.par_iter().with_min_len(MANY / 4).map(|finding| content(finding, sources)).collect()
    };
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut path = (None, String::new());
    for (finding, content) in findings.iter_mut().zip(contents) {
        let file = finding.primary.at.file;
        if path.0 != Some(file) {
            path = (Some(file), sources.get(file).name().replace('\\', "/"));
        }
        let base = fnv(content, path.1.as_bytes());
        let ordinal = seen.entry(base).or_default();
        finding.content = format_compact!("{content:016x}");
        finding.fingerprint = format_compact!("{:016x}", fnv(base, &ordinal.to_le_bytes()));
        *ordinal += 1;
    }
}

/// Where each file with findings stands in the order of paths: paths are compared part by part, which is dear, so once a file
/// and not once for every two findings.
fn ranks(findings: &[Finding], sources: &Sources) -> HashMap<FileId, usize> {
    let mut files: Vec<FileId> = findings.iter().map(|finding| finding.primary.at.file).collect();
    files.sort_unstable();
    files.dedup();
    let path = |file: FileId| sources.get(file).path.as_path();
    files.sort_by(|&a, &b| path(a).cmp(path(b)));
    let same_path = files.chunk_by(|&a, &b| path(a) == path(b));
    same_path.enumerate().flat_map(|(rank, files)| files.iter().map(move |&file| (file, rank))).collect()
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
