//! A rule's page as people read it in a terminal, as plain text, and as Markdown. Must not know findings: it shows pages only.

use crate::rules::Rule;
use crate::rules::page::{Page, front_matter};
use std::io::{self, Write};

/// What the receiving end can show.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
}

/// Prose wider than this is hard to read.
const WIDEST: usize = 96;

/// Writes the rule's page: a head line, the prose, the examples with what they show said in words.
pub fn write(rule: &Rule, out: &mut dyn Write, style: Style) -> io::Result<()> {
    out.write_all(render(rule.name, rule.page, style).as_bytes())
}

/// The page as Markdown that stands by itself: the examples under words instead of marks that only we know.
pub fn markdown(rule: &Rule) -> String {
    let (body, _) = body(rule.page);
    let mut out = String::with_capacity(body.len() + 200);
    let mut fenced = false;
    for line in body.trim().lines() {
        match line.strip_prefix("```") {
            Some(info) if !fenced => {
                fenced = true;
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or("");
                if let Some(title) = words.next().and_then(role) {
                    out.push_str(&format!("**{title}**\n\n"));
                }
                out.push_str(&format!("```{language}\n"));
            }
            Some(_) => {
                fenced = false;
                out.push_str("```\n");
            }
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// The page as plain text, for readers without Markdown.
pub fn plain(rule: &Rule) -> String {
    render(rule.name, rule.page, Style { color: false, width: WIDEST })
}

/// What stands after the front matter, and where it begins.
fn body(page: &str) -> (String, bool) {
    Page::parse(page).map_or_else(|_| (page.to_owned(), false), |parsed| (parsed.body, true))
}

fn role(mark: &str) -> Option<&'static str> {
    match mark {
        "setup" => Some("Given this schema"),
        "bad" => Some("This hurts"),
        "fixed" => Some("What --fix makes of it"),
        "good" => Some("This is safe"),
        _ => None,
    }
}

fn render(name: &str, page: &str, style: Style) -> String {
    let mut text = Text { out: String::new(), style, width: style.width.clamp(40, WIDEST) };
    let severity = front_matter(page, "severity").unwrap_or("off");
    let category = front_matter(page, "category").unwrap_or("");
    text.title(name, &format!("{severity}, {category}"));
    if let Some(summary) = front_matter(page, "summary") {
        text.paragraph(summary, "");
    }
    let mut known = vec![];
    if let Some(since) = front_matter(page, "postgres") {
        known.push(format!("PostgreSQL {since}."));
    }
    if let Some(aliases) = front_matter(page, "aliases") {
        known.push(format!("Elsewhere known as {aliases}."));
    }
    if !known.is_empty() {
        text.blank();
        text.paragraph(&known.join(" "), "");
    }
    text.body(name, body(page).0.trim());
    text.heading("To silence it");
    text.code(&format!("-- pgsift: ignore[{name}] the reason"));
    text.paragraph("on or above the statement; for the whole project, in pgsift.toml:", "");
    text.blank();
    text.code(&format!("[rules]\n{name} = \"off\""));
    text.out.trim_end().to_owned() + "\n"
}

/// Text as it grows.
struct Text {
    out: String,
    style: Style,
    width: usize,
}

impl Text {
    fn title(&mut self, name: &str, about: &str) {
        let name = self.paint(name, "1");
        self.out.push_str(&format!("{name} ({about})\n"));
    }

    fn heading(&mut self, title: &str) {
        self.blank();
        let title = self.paint(title, "1");
        self.out.push_str(&title);
        self.out.push_str("\n\n");
    }

    /// An empty line, if there is none yet.
    fn blank(&mut self) {
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.style.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Prose, wrapped; `mark` stands before its first line.
    fn paragraph(&mut self, prose: &str, mark: &str) {
        let indent = " ".repeat(mark.len());
        let options = textwrap::Options::new(self.width).initial_indent(mark).subsequent_indent(&indent).break_words(false);
        let plain = without_links(&prose.replace("**", ""));
        let wrapped = textwrap::fill(&plain, options);
        let shown = if self.style.color { self.paint_code(&wrapped) } else { wrapped };
        self.out.push_str(&shown);
        self.out.push('\n');
    }

    /// Code in prose loses its ticks where colour can stand for them.
    fn paint_code(&self, prose: &str) -> String {
        let parts: Vec<&str> = prose.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return prose.to_owned();
        }
        let painted = parts.iter().enumerate().map(|(i, part)| if i % 2 == 1 { self.paint(part, "36") } else { (*part).to_owned() });
        painted.collect()
    }

    fn code(&mut self, code: &str) {
        for line in code.lines() {
            let is_mark = line.starts_with("--") && line.contains('^') && line[2..].chars().all(|c| c == ' ' || c == '^');
            let shown = if is_mark { self.paint(&line.replacen("--", "  ", 1), "31") } else { line.to_owned() };
            self.out.push_str(format!("    {shown}").trim_end());
            self.out.push('\n');
        }
        self.out.push('\n');
    }

    fn body(&mut self, name: &str, body: &str) {
        let mut prose: Vec<&str> = vec![];
        let mut code: Option<String> = None;
        for line in body.lines() {
            if let Some(info) = line.strip_prefix("```") {
                match code.take() {
                    Some(code) => self.code(&code),
                    None => {
                        self.flush(&mut prose);
                        if let Some(title) = info.split_whitespace().nth(1).and_then(role) {
                            self.heading(title);
                        }
                        code = Some(String::new());
                    }
                }
            } else if let Some(code) = &mut code {
                code.push_str(line);
                code.push('\n');
            } else if let Some(title) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')) {
                self.flush(&mut prose);
                if title.trim() != name {
                    self.heading(title.trim());
                }
            } else if line.trim().is_empty() {
                self.flush(&mut prose);
            } else {
                if line.starts_with("- ") || line.starts_with('|') {
                    self.flush_tight(&mut prose);
                }
                prose.push(line.trim());
            }
        }
        self.flush(&mut prose);
        if let Some(code) = code {
            self.code(&code);
        }
    }

    fn flush(&mut self, prose: &mut Vec<&str>) {
        self.flush_tight(prose);
        self.blank();
    }

    fn flush_tight(&mut self, prose: &mut Vec<&str>) {
        let lines = std::mem::take(prose);
        let Some(first) = lines.first() else { return };
        if first.starts_with('|') {
            // Tables are aligned by hand and stay as they are.
            lines.iter().for_each(|line| {
                self.out.push_str(line);
                self.out.push('\n');
            });
            return;
        }
        let joined = lines.join(" ");
        match joined.strip_prefix("- ") {
            Some(item) => self.paragraph(item, "  - "),
            None => self.paragraph(&joined, ""),
        }
    }
}

/// `[text](address)` as `text`.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(shown, tail)| Some((shown, tail.split_once(')')?.1)));
        match link.filter(|(shown, _)| !shown.contains(['[', '`'])) {
            Some((shown, tail)) => {
                out.push_str(before);
                out.push_str(shown);
                rest = tail;
            }
            None => {
                out.push_str(before);
                out.push('[');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PAGE: &str = "---\nseverity: error\ncategory: lock\nsummary: it hurts\nsince: 0.1.0\n---\n# a-rule\n\nWhy `now()`,\n**really**, see [docs](x).\n\n- one\n- two\n\n```sql bad\nselect 1;\n--     ^\n```\n";

    #[test]
    fn reads_like_documentation() {
        let text = render("a-rule", PAGE, Style { color: false, width: 80 });
        let expected = "a-rule (error, lock)\nit hurts\n\nWhy `now()`, really, see docs.\n\n  - one\n  - two\n\nThis hurts\n\n    select 1;\n           ^\n\nTo silence it\n\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("    [rules]\n    a-rule = \"off\"\n"), "{text}");
    }

    #[test]
    fn colour_stands_for_ticks() {
        let text = render("a-rule", PAGE, Style { color: true, width: 80 });
        assert!(text.contains("Why \u{1b}[36mnow()\u{1b}[0m,"), "{text:?}");
    }

    #[test]
    fn every_page_fits_its_width() {
        for rule in crate::rules::RULES {
            let text = render(rule.name, rule.page, Style { color: false, width: 60 });
            let prose = text.lines().filter(|l| !l.starts_with("    ") && !l.starts_with('|'));
            for line in prose.filter(|l| !l.starts_with("  - ") && l.contains(' ')) {
                assert!(line.chars().count() <= 60 || line.starts_with(rule.name), "{}: {line}", rule.name);
            }
            assert!(!markdown(rule).contains("```sql bad"));
        }
    }
}
