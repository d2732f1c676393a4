//! The findings that a repository already had when it adopted pgsift: known, kept in a file, not reported again.
//!
//! An entry is known again by its fingerprint (rule, path, statement), which edits elsewhere in the file do not change; what is
//! left over is matched by content alone (rule, statement), so a file may be moved. An entry vouches for one finding: a copy of
//! an old mistake is a new mistake. Pure over values: reading and writing the file is the caller's.

use crate::finding::{Finding, Outcome};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The format's version: 1.
    pub schema: u32,
    /// One for each finding, sorted by file, rule and fingerprint.
    pub entries: Vec<Entry>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The path when it was written, for readers.
    pub file: String,
    /// The rule's name.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The finding's fingerprint without the path.
    pub content: String,
    /// What was found, for readers.
    pub message: String,
}

impl Baseline {
    /// The baseline of these findings.
    pub fn of(outcome: &Outcome) -> Baseline {
        let entry = |finding: &Finding| Entry {
            file: outcome.sources.get(finding.primary.at.file).name().replace('\\', "/"),
            rule: finding.rule.to_owned(),
            fingerprint: finding.fingerprint.to_string(),
            content: finding.content.to_string(),
            message: finding.message.clone(),
        };
        let mut entries: Vec<Entry> = outcome.findings.iter().map(entry).collect();
        entries.sort();
        Baseline { schema: 1, entries }
    }

    /// Reads the file's text, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Baseline, String> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|error| format!("is not a baseline of pgsift: {error}"))?;
        match baseline.schema {
            1 => Ok(baseline),
            other => Err(format!("is a baseline of version {other}; this pgsift reads version 1")),
        }
    }

    /// The file's text: one entry a line, so that merges are easy.
    pub fn to_text(&self) -> String {
        let line = |entry: &Entry| serde_json::to_string(entry).map(|json| format!("    {json}")).unwrap_or_default();
        let lines: Vec<String> = self.entries.iter().map(line).collect();
        match lines.is_empty() {
            true => format!("{{\n  \"schema\": {},\n  \"entries\": []\n}}\n", self.schema),
            false => format!("{{\n  \"schema\": {},\n  \"entries\": [\n{}\n  ]\n}}\n", self.schema, lines.join(",\n")),
        }
    }

    /// Takes the known findings out, counts them, and returns the entries that matched nothing though their file was checked.
    pub fn apply(&self, outcome: &mut Outcome, checked: impl Fn(&str) -> bool) -> Vec<&Entry> {
        let mut used = vec![false; self.entries.len()];
        let mut known: Vec<bool> = vec![false; outcome.findings.len()];
        for by in [(|e: &Entry| &e.fingerprint, |f: &Finding| &f.fingerprint), (|e: &Entry| &e.content, |f: &Finding| &f.content)]
            as [(fn(&Entry) -> &String, fn(&Finding) -> &CompactString); 2]
        {
            let mut open: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
            for (i, entry) in self.entries.iter().enumerate().rev().filter(|(i, _)| !used[*i]) {
                open.entry((entry.rule.as_str(), by.0(entry).as_str())).or_default().push(i);
            }
            for (i, finding) in outcome.findings.iter().enumerate() {
                if !known[i]
                    && let Some(entry) = open.get_mut(&(finding.rule, by.1(finding).as_str())).and_then(Vec::pop)
                {
                    known[i] = true;
                    used[entry] = true;
                }
            }
        }
        let mut known = known.into_iter();
        let before = outcome.findings.len();
        outcome.findings.retain(|_| !known.next().unwrap_or(false));
        outcome.summary.baseline = before - outcome.findings.len();
        let stale = self.entries.iter().zip(&used).filter(|(entry, used)| !**used && checked(&entry.file));
        stale.map(|(entry, _)| entry).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::{Input, InputKind, check};
    use crate::settings::Settings;

    fn outcome(files: &[(&str, &str)]) -> Outcome {
        let input = |(path, text): &(&str, &str)| Input {
            path: path.into(),
            bytes: text.as_bytes().to_vec(),
            kind: InputKind::Sql,
            reported: true,
            sets: vec![],
        };
        check(files.iter().map(input).collect(), &Settings { select: vec!["null-comparison".into()], ..Settings::default() })
    }

    const ONE: &str = "select 1 from t where a = null;\n";

    #[test]
    fn survives_edits_above_and_moves() {
        let baseline = Baseline::of(&outcome(&[("a.sql", ONE)]));
        let baseline = Baseline::parse(&baseline.to_text()).unwrap();
        for (path, text) in
            [("a.sql", format!("-- new\nselect 2;\n\n{ONE}")), ("b/c.sql", ONE.to_owned()), ("a.sql", ONE.replace(' ', "\n  "))]
        {
            let mut outcome = outcome(&[(path, &text)]);
            assert_eq!(outcome.findings.len(), 1);
            assert!(baseline.apply(&mut outcome, |_| true).is_empty(), "{path} {text}");
            assert_eq!((outcome.findings.len(), outcome.summary.baseline), (0, 1));
        }
    }

    #[test]
    fn an_entry_vouches_for_one_finding() {
        let baseline = Baseline::of(&outcome(&[("b.sql", ONE)]));
        let mut copied = outcome(&[("a.sql", ONE), ("b.sql", ONE)]);
        assert!(baseline.apply(&mut copied, |_| true).is_empty());
        assert_eq!(copied.sources.get(copied.findings[0].primary.at.file).name(), "a.sql");
        let mut twice = outcome(&[("b.sql", &ONE.repeat(2))]);
        baseline.apply(&mut twice, |_| true);
        assert_eq!(twice.findings.len(), 1);
    }

    #[test]
    fn what_is_gone_is_stale_where_its_file_was_checked() {
        let baseline = Baseline::of(&outcome(&[("a.sql", ONE)]));
        let mut clean = outcome(&[("a.sql", "select 1;")]);
        assert_eq!(baseline.apply(&mut clean, |_| true).len(), 1);
        assert_eq!(baseline.apply(&mut clean, |file| file != "a.sql").len(), 0);
        assert!(Baseline::parse("{}").unwrap_err().contains("is not a baseline"));
        assert!(Baseline::parse("{\"schema\":2,\"entries\":[]}").unwrap_err().contains("version 2"));
        assert_eq!(Baseline::parse(&Baseline { schema: 1, entries: vec![] }.to_text()).unwrap().entries, []);
    }
}
