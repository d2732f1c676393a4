//! Finds the fenced SQL and code of a Markdown document.

use crate::extract::Language;
use crate::source::Span;

/// The bytes inside each fence whose language is SQL's.
pub(super) fn sql_fences(text: &str) -> Vec<Span> {
    // what a server's answer stands under is shown to be refused
    let refused = |span: Span| span.of(text).lines().any(|line| line.starts_with("ERROR:"));
    let sql = fences(text).into_iter().filter(|(span, info)| is_sql(info) && !refused(*span) && !is_anothers(span.of(text)));
    sql.flat_map(|(span, _)| without_answers(text, span)).collect()
}

/// Whether a fence is another engine's SQL: what only that one writes stands in it, and nothing of PostgreSQL's.
fn is_anothers(fence: &str) -> bool {
    const THEIRS: &[&str] = &[
        "ENGINE=",
        "ENGINE =",
        "MERGETREE",
        "LOWCARDINALITY(",
        "DATETIME64",
        "AUTO_INCREMENT",
        "AUTOINCREMENT",
        "PRAGMA ",
        "TBLPROPERTIES",
        "UNIQUEIDENTIFIER",
        "NVARCHAR(",
        "VARCHAR2(",
        "USING ICEBERG",
        "USING DELTA",
        "WITHOUT ROWID",
        "FORMAT VERTICAL",
    ];
    const OURS: &[&str] = &["::", "JSONB", "TIMESTAMPTZ", "SERIAL", "PLPGSQL", "CONCURRENTLY", "BYTEA"];
    let upper = fence.to_ascii_uppercase();
    let has = |marks: &[&str]| marks.iter().any(|mark| upper.contains(mark));
    has(THEIRS) && !has(OURS)
}

/// A fence without the tables that psql answers with: ` id | name` over `----+------`, up to `(2 rows)` or an empty line.
fn without_answers(text: &str, fence: Span) -> Vec<Span> {
    let lines = lines(text, fence);
    let counts_rows = lines.iter().any(|line| is_row_count(line.of(text)));
    let (mut pieces, mut from, mut answers) = (vec![], fence.start, false);
    for (i, line) in lines.iter().enumerate() {
        let next = lines.get(i + 1).map_or("", |next| next.of(text));
        let rule = is_rule(next, counts_rows) && !line.of(text).trim_start().starts_with("--");
        if !answers && (rule || line.of(text).starts_with("-[ RECORD")) {
            pieces.push(Span::new(from, line.start));
            answers = true;
        } else if answers && (line.of(text).trim().is_empty() || is_row_count(line.of(text))) {
            (from, answers) = (line.end, false);
        }
    }
    if !answers {
        pieces.push(Span::new(from, fence.end));
    }
    pieces.retain(|piece| !piece.of(text).trim().is_empty());
    pieces
}

fn lines(text: &str, span: Span) -> Vec<Span> {
    let mut at = span.start;
    let line = |line: &str| {
        let start = at;
        at += line.len() as u32;
        Span::new(start, at)
    };
    span.of(text).split_inclusive('\n').map(line).collect()
}

/// `----+------`; of one column only where rows are counted below, since it is a comment to SQL.
fn is_rule(line: &str, counts_rows: bool) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.starts_with('-') && line.bytes().all(|b| b == b'-' || b == b'+') && (counts_rows || line.contains("-+-"))
}

fn is_row_count(line: &str) -> bool {
    let words: Vec<&str> = line.trim().trim_start_matches('(').trim_end_matches(')').split(' ').collect();
    line.starts_with('(') && matches!(words.as_slice(), [count, "row" | "rows"] if count.bytes().all(|b| b.is_ascii_digit()))
}

/// The bytes inside each fence of a language that applications are written in.
pub(super) fn code_fences(text: &str) -> Vec<(Span, Language)> {
    fences(text).into_iter().filter_map(|(span, info)| Some((span, Language::of_fence(word(info))?))).collect()
}

fn fences(text: &str) -> Vec<(Span, &str)> {
    let mut found = vec![];
    let mut open: Option<(&str, u32, &str)> = None;
    let mut quoted = false;
    let mut at = 0u32;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len() as u32;
        let trimmed = line.trim();
        match open {
            Some((fence, begin, info)) => {
                let trimmed = if quoted { trimmed.trim_start_matches(['>', ' ']) } else { trimmed };
                if trimmed.starts_with(fence) && trimmed.trim_matches(fence.chars().next().unwrap_or('`')).is_empty() {
                    found.push((Span::new(begin, start), info));
                    open = None;
                }
            }
            None => {
                quoted = trimmed.starts_with("> ");
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

    #[test]
    fn sql_of_other_engines_is_left_out() {
        let of = |text: &str| sql_fences(&format!("```sql\n{text}\n```\n")).len();
        assert_eq!(of("drop table a;\ncreate table a (b LowCardinality(String)) ENGINE = MergeTree"), 0);
        assert_eq!(of("create table a (id int auto_increment)"), 0);
        assert_eq!(of("drop table a;\ncreate table a (b text)"), 1);
        assert_eq!(of("select a::text -- was ENGINE=InnoDB"), 1);
    }

    #[test]
    fn what_psql_answers_is_no_sql() {
        let of = |text: &str| sql_fences(text).into_iter().map(|span| span.of(text).trim().to_owned()).collect::<Vec<_>>();
        let two = "```sql\nselect a;\n id | a\n----+---\n 1 | 2\n(1 row)\n\nselect b;\n```\n";
        assert_eq!(of(two), ["select a;", "select b;"]);
        assert_eq!(of("```sql\nselect a;\n a\n---\n 1\n(1 row)\n```\n"), ["select a;"]);
        assert_eq!(of("```sql\nselect a;\n-[ RECORD 1 ]\na | 1\n```\n"), ["select a;"]);
        // comments, and a sum over two lines
        assert_eq!(of("```sql\nselect 1\n-----\n+ 2;\n```\n"), ["select 1\n-----\n+ 2;"]);
        assert_eq!(of("```sql\n-- part\n---+---\nselect 1;\n```\n"), ["-- part\n---+---\nselect 1;"]);
        assert_eq!(of("> ```sql\n> select a;\n> ```\ntext\n").len(), 1);
        assert!(!of("> ```sql\n> select a;\n> ```\ntext\n")[0].contains("text"));
    }
}
