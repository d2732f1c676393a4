//! Finds the fenced SQL of a Markdown document.

use crate::source::Span;

/// The bytes inside each fence whose language is SQL's.
pub(super) fn sql_fences(text: &str) -> Vec<Span> {
    let mut found = vec![];
    let mut open: Option<(&str, u32, bool)> = None;
    let mut at = 0u32;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len() as u32;
        let trimmed = line.trim();
        match open {
            Some((fence, begin, is_sql)) => {
                if trimmed.starts_with(fence) && trimmed.trim_matches(fence.chars().next().unwrap_or('`')).is_empty() {
                    if is_sql {
                        found.push(Span::new(begin, start));
                    }
                    open = None;
                }
            }
            None => {
                let trimmed = trimmed.trim_start_matches("> ");
                if let Some(fence) = fence_of(trimmed) {
                    open = Some((fence, at, is_sql(&trimmed[fence.len()..])));
                }
            }
        }
    }
    found.extend(open.filter(|open| open.2).map(|(_, begin, _)| Span::new(begin, at)));
    found
}

fn fence_of(line: &str) -> Option<&str> {
    ['`', '~'].into_iter().find_map(|mark| {
        let len = line.bytes().take_while(|&b| b == mark as u8).count();
        (len >= 3).then(|| &line[..len])
    })
}

fn is_sql(info: &str) -> bool {
    let language = info.trim().trim_start_matches('{').trim_start_matches('.');
    let word = language.split(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or("");
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
}
