//! Finds the fenced SQL and code of a Markdown document.

use crate::extract::Language;
use crate::source::Span;

/// The bytes inside each fence whose language is SQL's.
pub(super) fn sql_fences(text: &str) -> Vec<Span> {
    // what a server's answer stands under is shown to be refused
    let refused = |span: Span| span.of(text).lines().any(|line| line.starts_with("ERROR:"));
    fences(text).into_iter().filter(|(span, info)| is_sql(info) && !refused(*span)).map(|(span, _)| span).collect()
}

/// The bytes inside each fence of a language that applications are written in.
pub(super) fn code_fences(text: &str) -> Vec<(Span, Language)> {
    fences(text).into_iter().filter_map(|(span, info)| Some((span, Language::of_fence(word(info))?))).collect()
}

fn fences(text: &str) -> Vec<(Span, &str)> {
    let mut found = vec![];
    let mut open: Option<(&str, u32, &str)> = None;
    let mut at = 0u32;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len() as u32;
        let trimmed = line.trim();
        match open {
            Some((fence, begin, info)) => {
                if trimmed.starts_with(fence) && trimmed.trim_matches(fence.chars().next().unwrap_or('`')).is_empty() {
                    found.push((Span::new(begin, start), info));
                    open = None;
                }
            }
            None => {
                let trimmed = trimmed.trim_start_matches("> ");
                if let Some(fence) = fence_of(trimmed) {
                    open = Some((fence, at, &trimmed[fence.len()..]));
                }
            }
        }
    }
    found.extend(open.map(|(_, begin, info)| (Span::new(begin, at), info)));
    found
}

fn fence_of(line: &str) -> Option<&str> {
    ['`', '~'].into_iter().find_map(|mark| {
        let len = line.bytes().take_while(|&b| b == mark as u8).count();
        (len >= 3).then(|| &line[..len])
    })
}

fn word(info: &str) -> &str {
    let language = info.trim().trim_start_matches('{').trim_start_matches('.');
    language.split(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or("")
}

fn is_sql(info: &str) -> bool {
    let word = word(info);
    ["sql", "postgresql", "postgres", "pgsql", "psql", "plpgsql"].iter().any(|l| word.eq_ignore_ascii_case(l))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sql_fences_are_read() {
        let text = "# x\n```sql\nselect 1;\n```\n```python\nx\n```\n~~~~postgres title=a\nselect 2\n~~~~\n```SQL\nselect 3";
        let found: Vec<&str> = sql_fences(text).into_iter().map(|s| s.of(text)).collect();
        assert_eq!(found, ["select 1;\n", "select 2\n", "select 3"]);
    }

    #[test]
    fn what_is_shown_to_be_refused_is_no_advice() {
        let text = "```sql\nselect 1;\nERROR:  no such thing\n```\n```sql\n-- ERROR: in a comment\nselect 2;\n```\n";
        let found: Vec<&str> = sql_fences(text).into_iter().map(|s| s.of(text)).collect();
        assert_eq!(found, ["-- ERROR: in a comment\nselect 2;\n"]);
    }
}
