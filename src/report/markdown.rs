//! Markdown for the step summary of a CI run and for comments on a pull request. Kept below the smallest limit of those who
//! receive it, with a count of what was cut.

use super::{SEVERITIES, Site, count, place};
use crate::finding::{Finding, Outcome, Severity};
use std::io::{self, Write};

/// GitHub refuses comments of more than 65,536 characters.
const ROOM: usize = 60_000;

/// How many places of statements not understood are listed.
const OPAQUE_SHOWN: usize = 20;

/// Writes a heading with the counts, a section for each finding, and what was not read.
pub fn write(outcome: &Outcome, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let counts: Vec<String> = SEVERITIES
        .into_iter()
        .filter_map(|severity| Some(outcome.count(severity)).filter(|&n| n > 0).map(|n| count(n, severity.as_str())))
        .collect();
    let verdict = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    let (files, statements) = (count(outcome.summary.files, "file"), count(outcome.summary.statements, "statement"));
    let mut text = format!("### pgsift: {verdict}\n\n{files}, {statements} read.\n");
    for problem in &outcome.errors {
        text += &format!("\n- **{}**: {}", inline(&problem.file), inline(&problem.message));
    }
    if !outcome.errors.is_empty() {
        text.push('\n');
    }
    table(outcome, site, &mut text);
    if !outcome.opaque.is_empty() {
        text += &format!("\n<details><summary>{} not understood</summary>\n\n", count(outcome.opaque.len(), "statement"));
        for opaque in outcome.opaque.iter().take(OPAQUE_SHOWN) {
            let at = place(opaque.at, &outcome.sources, site);
            text += &format!("- {}: {}\n", link(&at.path, at.start.line, at.start.column, site), inline(&opaque.reason));
        }
        let rest = outcome.opaque.len().saturating_sub(OPAQUE_SHOWN);
        if rest > 0 {
            text += &format!("- and {rest} more\n");
        }
        text += "\n</details>\n";
    }
    let (_, repeats) = super::for_people(outcome);
    for note in repeats.iter().chain(&outcome.notes) {
        text += &format!("\n- {}", inline(note));
    }
    if repeats.is_some() || !outcome.notes.is_empty() {
        text.push('\n');
    }
    out.write_all(text.as_bytes())
}

/// The findings, the worst first, as many as there is room for.
fn table(outcome: &Outcome, site: &Site, text: &mut String) {
    if outcome.findings.is_empty() {
        return;
    }
    text.push_str("\n| | where | what happens |\n|---|---|---|\n");
    let mut details = String::new();
    let mut shown = 0;
    let (findings, _) = super::for_people(outcome);
    'all: for severity in SEVERITIES {
        for finding in findings.iter().filter(|finding| finding.severity == severity) {
            let (row, detail) = (row(finding, outcome, site), detail(finding, outcome, site));
            if text.len() + details.len() + row.len() + detail.len() > ROOM {
                break 'all;
            }
            text.push_str(&row);
            details.push_str(&detail);
            shown += 1;
        }
    }
    if shown < findings.len() {
        text.push_str(&format!("\nand {} more.\n", count(findings.len() - shown, "finding")));
    }
    if !details.is_empty() {
        text.push_str(&format!("\n<details><summary>What to write instead</summary>\n{details}\n</details>\n"));
    }
}

fn row(finding: &Finding, outcome: &Outcome, site: &Site) -> String {
    let at = place(finding.primary.at, &outcome.sources, site);
    let mark = match finding.severity {
        Severity::Error => "🔴 error",
        Severity::Warning => "🟡 warning",
        Severity::Notice => "🔵 notice",
    };
    let (place, message) = (link(&at.path, at.start.line, at.start.column, site), inline(&finding.message));
    format!("| {mark} | {place} | {message} <br> `{}` |\n", finding.rule)
}

fn detail(finding: &Finding, outcome: &Outcome, site: &Site) -> String {
    let Some(help) = &finding.help else { return String::new() };
    let at = place(finding.primary.at, &outcome.sources, site);
    let place = link(&at.path, at.start.line, at.start.column, site);
    let fence = "`".repeat(longest_run(help).max(2) + 1);
    format!("\n{place} `{}`\n\n{fence}sql\n{help}\n{fence}\n", finding.rule)
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// `path:line:column`, leading to the file where its address is known.
fn link(path: &str, line: usize, column: usize, site: &Site) -> String {
    let shown = format!("{}:{line}:{column}", inline(path));
    match &site.blob {
        Some(blob) => {
            let address: String = path
                .chars()
                .flat_map(|c| if " ()<>%#?".contains(c) { format!("%{:02X}", c as u32).chars().collect::<Vec<_>>() } else { vec![c] })
                .collect();
            format!("[{shown}]({blob}{address}#L{line})")
        }
        None => shown,
    }
}

/// Text that stands for itself in a table's cell: no mark-up, no mention of anybody, no line break.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str(" <br> "),
            '\r' => {}
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // an entity, since a backslash does not keep a name from being notified
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::human::tests::sample;

    fn render(outcome: &Outcome, blob: Option<&str>) -> String {
        let mut out = vec![];
        write(outcome, &Site { prefix: String::new(), blob: blob.map(str::to_owned) }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn mark_up_in_names_stands_for_itself() {
        let mut outcome = sample();
        outcome.findings[0].message = "a|b <x> @team *c*".into();
        let text = render(&outcome, Some("https://h/o/r/blob/s/"));
        assert!(text.contains("a\\|b &lt;x&gt; &#64;team \\*c\\*"), "{text}");
        assert!(text.contains("[b.sql:2:1](https://h/o/r/blob/s/b.sql#L2)"), "{text}");
        assert!(text.starts_with("### pgsift: 1 error\n"), "{text}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut outcome = sample();
        let one = outcome.findings[0].clone();
        outcome.findings.extend(std::iter::repeat_n(one, 2000));
        let text = render(&outcome, None);
        assert!(text.len() < 65_000);
        let shown = text.lines().filter(|l| l.starts_with("| 🔴")).count();
        assert!(
            text.contains(&format!("and {} findings more.", 2001 - shown))
                || text.contains(&format!("and {} more.", count(2001 - shown, "finding"))),
            "{shown}"
        );
    }
}
