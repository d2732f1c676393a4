//! Names in code: where one stands whole, where a function begins, and the one name that a call is about. Must not know SQL.

pub(super) fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

pub(super) fn is_whole(left: &str, right: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !left.ends_with(part) && !right.starts_with(part) && !left.ends_with(['.', '>'])
}

/// Whether code has a name as a word of its own.
pub(super) fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| is_whole(&code[..at], &code[at + name.len()..]))
}

/// Whether the language marks its variables: in PHP a word without `$` is another thing of that name.
pub(super) fn has_sigils(text: &str) -> bool {
    text.trim_start().starts_with("<?php")
}

/// How many functions begin in a piece of code.
pub(in crate::extract) fn heads(code: &str) -> usize {
    code.lines().skip(1).filter(|line| is_head(line.trim_start())).count()
}

/// How far the least indented of the functions that begin in a piece of code is indented.
pub(super) fn least_indented_head(code: &str) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    code.lines().skip(1).filter(|line| is_head(line.trim_start())).map(indent).min()
}

fn is_head(line: &str) -> bool {
    HEADS.iter().any(|head| begins_function(line, head)) || begins_method(line)
}

/// `private List<Row> find(String id) throws SQLException {`, `async find(id: string) {`
fn begins_method(line: &str) -> bool {
    let rest = without_visibility(line);
    let Some(open) = rest.find('(').filter(|_| rest.len() < line.len()) else { return false };
    let head = &rest[..open];
    let named = head.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>');
    named && !head.contains(['=', '.', '"']) && !line.trim_end().ends_with(';')
}

/// Whether a name stands in the brackets behind a function's name, on whichever of their lines: `left` ends where it begins.
pub(super) fn in_signature(left: &str) -> bool {
    const NEAR: usize = 1_500;
    let near = left.get(crate::source::floor_boundary(left, left.len().saturating_sub(NEAR))..).unwrap_or("");
    let mut depth = 0usize;
    for (i, c) in near.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let line = near[..i].rsplit('\n').next().unwrap_or("");
                return HEADS.iter().any(|head| begins_function(line.trim_start(), head));
            }
            // no signature holds a statement
            ';' => return false,
            _ => {}
        }
    }
    false
}

fn begins_function(line: &str, head: &str) -> bool {
    without_visibility(line).starts_with(head)
}

fn without_visibility(line: &str) -> &str {
    const VISIBILITY: &[&str] = &[
        "public ",
        "private ",
        "protected ",
        "internal ",
        "static ",
        "async ",
        "export ",
        "pub ",
        "pub(crate) ",
        "pub(super) ",
        "override ",
        "suspend ",
    ];
    let mut line = line;
    while let Some(rest) = VISIBILITY.iter().find_map(|word| line.strip_prefix(word)) {
        line = rest;
    }
    line
}

/// Words that begin a function: before it the name is another's.
pub(super) const HEADS: &[&str] = &["def ", "defp ", "function ", "fn ", "func ", "fun ", "sub "];

/// The one variable that a call is given: `strings.Join(names, "','")`.
pub(in crate::extract) fn only_variable(code: &str) -> Option<&str> {
    let mut found: Option<&str> = None;
    let (mut quote, mut start, mut member) = (None, None, false);
    for (i, c) in code.char_indices().chain([(code.len(), ' ')]) {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c.is_alphanumeric() || c == '_' => start = start.or(Some(i)),
            None => {
                if let Some(from) = start.take() {
                    let word = &code[from..i];
                    // a function, or what it belongs to
                    let named = c == '(' || c == '.' || member;
                    if !named && !word.starts_with(|c: char| c.is_ascii_digit()) {
                        if found.is_some_and(|found| found != word) {
                            return None;
                        }
                        found = Some(word);
                    }
                }
                member = c == '.' || c == '>';
                if matches!(c, '"' | '\'' | '`') {
                    quote = Some(c);
                }
            }
        }
    }
    found.filter(|_| code.contains('('))
}
