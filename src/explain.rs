//! A rule's page as people read it in a terminal. Must not know findings: it shows pages only.

use crate::rules::Rule;
use crate::rules::page::{Page, front_matter};
use std::io::{self, Write};

/// Writes the rule's page: a head line, the prose, the examples with what they show said in words.
pub fn write(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    write_page(rule.name, rule.page, out)
}

fn write_page(name: &str, page: &str, out: &mut dyn Write) -> io::Result<()> {
    let body = Page::parse(page).map_or_else(|_| page.to_owned(), |parsed| parsed.body);
    let severity = front_matter(page, "severity").unwrap_or("off");
    let category = front_matter(page, "category").unwrap_or("");
    writeln!(out, "{name} ({severity}, {category})")?;
    if let Some(summary) = front_matter(page, "summary") {
        writeln!(out, "{summary}")?;
    }
    writeln!(out)?;
    let mut fenced = false;
    for line in body.trim().lines() {
        match line.strip_prefix("```") {
            Some(info) if !fenced => {
                fenced = true;
                write_role(info, out)?;
            }
            Some(_) => fenced = false,
            None if fenced && !line.is_empty() => writeln!(out, "    {line}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

fn write_role(info: &str, out: &mut dyn Write) -> io::Result<()> {
    match info.split_whitespace().nth(1) {
        Some("setup") => writeln!(out, "Given:\n"),
        Some("bad") => writeln!(out, "Bad:\n"),
        Some("fixed") => writeln!(out, "Fixed:\n"),
        Some("good") => writeln!(out, "Good:\n"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn says_what_an_example_shows() {
        let page =
            "---\nseverity: error\ncategory: lock\nsummary: it hurts\nsince: 0.1.0\n---\n# T\n\nWhy.\n\n```sql bad\nselect 1;\n```\n";
        let mut out = vec![];
        write_page("a-rule", page, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "a-rule (error, lock)\nit hurts\n\n# T\n\nWhy.\n\nBad:\n\n    select 1;\n");
    }
}
