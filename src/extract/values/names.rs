//! Names in code: where one stands whole, where a function begins, and the one name that a call is about. Must not know SQL.

pub(super) fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

pub(super) fn is_whole(left: &str, right: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !left.ends_with(part) && !right.starts_with(part) && !left.ends_with(['.', '>'])
}

/// How many functions begin in a piece of code.
pub(in crate::extract) fn heads(code: &str) -> usize {
    code.lines().skip(1).filter(|line| HEADS.iter().any(|head| begins_function(line.trim_start(), head))).count()
}

fn begins_function(line: &str, head: &str) -> bool {
    let visibility = [
        "public ",
        "private ",
        "protected ",
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
    while let Some(rest) = visibility.iter().find_map(|word| line.strip_prefix(word)) {
        line = rest;
    }
    line.starts_with(head)
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
