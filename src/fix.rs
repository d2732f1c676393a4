//! Applies fixes to text: whole or not at all, never two that overlap. Pure over values; reading, checking that the result still
//! parses, and writing are the caller's.

use crate::finding::{Finding, Fix, Outcome};
use crate::source::{FileId, Source};
use std::collections::{BTreeMap, HashSet};

/// New texts of files, and which findings' fixes made them.
#[derive(Debug, Default)]
pub struct Applied {
    /// By file: the new text.
    pub texts: BTreeMap<FileId, String>,
    /// By file: how many fixes; one that changes several files counts in its first.
    pub fixes: BTreeMap<FileId, usize>,
    /// Fixes that wait for another round, since another fix changes the same place.
    pub postponed: usize,
}

/// Applies what `wanted` admits, the worst finding first, one fix to a statement: the next may be needless after it.
pub fn apply(outcome: &Outcome, wanted: impl Fn(&Finding, &Fix) -> bool) -> Applied {
    let mut findings: Vec<&Finding> = outcome.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut statements = HashSet::new();
    let mut taken: BTreeMap<FileId, Vec<(u32, u32, String)>> = BTreeMap::new();
    let mut applied = Applied::default();
    for finding in findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| !fix.edits.is_empty() && wanted(finding, fix)) else { continue };
        let lies = |edit: &crate::finding::Edit| {
            let text = &outcome.sources.get(edit.file).text;
            text.is_char_boundary(edit.span.start as usize) && text.is_char_boundary(edit.span.end as usize)
        };
        if !fix.edits.iter().all(lies) {
            continue;
        }
        let free = fix.edits.iter().all(|edit| {
            let here = taken.get(&edit.file).map_or(&[][..], Vec::as_slice);
            here.iter().all(|(start, end, _)| !overlap((*start, *end), (edit.span.start, edit.span.end)))
        });
        if !free || finding.statement.is_some_and(|statement| !statements.insert(statement)) {
            applied.postponed += 1;
            continue;
        }
        *applied.fixes.entry(fix.edits[0].file).or_default() += 1;
        for edit in &fix.edits {
            taken.entry(edit.file).or_default().push((edit.span.start, edit.span.end, edit.text.clone()));
        }
    }
    for (file, mut edits) in taken {
        edits.sort();
        applied.texts.insert(file, rewrite(outcome.sources.get(file), &edits));
    }
    applied
}

/// Two insertions at one place overlap as well: which comes first would be chance.
fn overlap(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0 == b.0 || (a.0 < b.1 && b.0 < a.1)
}

fn rewrite(source: &Source, edits: &[(u32, u32, String)]) -> String {
    let crlf = source.text.contains("\r\n");
    let mut out = String::with_capacity(source.text.len() + 64);
    let mut at = 0;
    for (start, end, text) in edits {
        out.push_str(source.text.get(at..*start as usize).unwrap_or(""));
        match crlf {
            true => out.push_str(&text.replace("\r\n", "\n").replace('\n', "\r\n")),
            false => out.push_str(text),
        }
        at = *end as usize;
    }
    out.push_str(source.text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::finding::{Edit, Label, Severity};
    use crate::source::{Location, Span};

    fn outcome(text: &str, fixes: &[&[(u32, u32, &str)]]) -> Outcome {
        let mut outcome = Outcome::default();
        let file = outcome.sources.add(Source::new("a.sql", text.as_bytes().to_vec()));
        for edits in fixes {
            let edits = edits.iter().map(|(a, b, text)| Edit { file, span: Span::new(*a, *b), text: (*text).to_owned() }).collect();
            outcome.findings.push(Finding {
                rule: "r",
                category: "lock",
                severity: Severity::Error,
                message: String::new(),
                help: None,
                primary: Label { at: Location { file, span: Span::default() }, message: String::new() },
                related: vec![],
                statement: None,
                fingerprint: Default::default(),
                content: Default::default(),
                fix: Some(Box::new(Fix { title: String::new(), safe: true, edits })),
                evidence: None,
            });
        }
        outcome
    }

    fn applied(text: &str, fixes: &[&[(u32, u32, &str)]]) -> (String, usize, usize) {
        let applied = apply(&outcome(text, fixes), |_, _| true);
        (applied.texts.values().next().cloned().unwrap_or_default(), applied.fixes.values().sum(), applied.postponed)
    }

    #[test]
    fn fixes_are_whole_and_do_not_overlap() {
        assert_eq!(applied("abcdef", &[&[(4, 5, "X")], &[(0, 0, "-"), (1, 2, "")]]), ("-acdXf".into(), 2, 0));
        assert_eq!(applied("abcdef", &[&[(1, 3, "X")], &[(2, 4, "Y"), (5, 6, "Z")]]), ("aXdef".into(), 1, 1));
        assert_eq!(applied("ab", &[&[(1, 1, "X")], &[(1, 1, "Y")]]), ("aXb".into(), 1, 1));
        assert_eq!(applied("ab", &[&[(0, 1, "X")], &[(1, 2, "Y")]]), ("XY".into(), 2, 0));
    }

    #[test]
    fn line_endings_stay_and_broken_places_are_refused() {
        assert_eq!(applied("a\r\nb", &[&[(3, 3, "x\ny\n")]]).0, "a\r\nx\r\ny\r\nb");
        assert_eq!(applied("é", &[&[(1, 1, "x")]]), (String::new(), 0, 0));
        assert_eq!(applied("e", &[&[(0, 9, "x")]]), (String::new(), 0, 0));
    }
}
