//! The parameters of a statement as DETAIL lists them, and the statement with them filled in.

/// Reads `parameters: $1 = 'it''s', $2 = NULL`: quotes are doubled, so a value may look like a list itself.
pub fn read(detail: &str) -> Vec<Option<String>> {
    let Some(mut rest) = list(detail) else { return vec![] };
    let mut found = vec![];
    while let Some(after) = rest.strip_prefix('$') {
        let Some((_, value)) = after.split_once(" = ") else { break };
        if let Some(after) = value.strip_prefix("NULL") {
            found.push(None);
            rest = after;
        } else {
            let Some(quoted) = value.strip_prefix('\'') else { break };
            let mut text = String::new();
            let mut parts = quoted.split('\'');
            let mut used = 0;
            while let Some(part) = parts.next() {
                text.push_str(part);
                used += part.len() + 1;
                if !quoted.get(used..).is_some_and(|rest| rest.starts_with('\'')) {
                    break;
                }
                text.push('\'');
                used += 1;
                parts.next();
            }
            found.push(Some(text));
            rest = quoted.get(used..).unwrap_or("");
        }
        rest = rest.strip_prefix(", ").unwrap_or("");
    }
    found
}

/// The list behind its label, which is one or two words of any language.
fn list(detail: &str) -> Option<&str> {
    let at = detail.find("$1 = ")?;
    let label = &detail[..at];
    let words = label.strip_suffix(": ")?.trim_end();
    (words.len() < 40 && words.chars().all(|c| c.is_alphabetic() || c == ' ')).then(|| &detail[at..])
}

/// Puts values where `$1` stands, outside of strings and comments.
pub fn fill(text: &str, parameters: &[Option<String>]) -> String {
    use crate::source::Span;
    use crate::sql::{lex::lex, token::Dialect, token::TokenKind};
    let mut filled = String::with_capacity(text.len() + 64);
    for token in lex(text, Span::new(0, text.len() as u32), Dialect::Server) {
        let raw = token.text(text);
        let value = (token.kind == TokenKind::Param)
            .then(|| raw[1..].parse::<usize>().ok())
            .flatten()
            .and_then(|n| parameters.get(n.checked_sub(1)?));
        match value {
            None => filled.push_str(raw),
            Some(None) => filled.push_str("NULL"),
            Some(Some(value)) => {
                filled.push('\'');
                filled.push_str(&value.replace('\'', "''"));
                filled.push('\'');
            }
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_look_like_lists_are_one_value() {
        let detail = "parameters: $1 = 'it''s', $2 = NULL, $3 = 'a'', $4 = ''x', $4 = '', $5 = 'last'";
        let values: Vec<_> = read(detail).into_iter().map(|v| v.unwrap_or_else(|| "NULL".into())).collect();
        assert_eq!(values, ["it's", "NULL", "a', $4 = 'x", "", "last"]);
        assert_eq!(read("prepare: PREPARE p AS SELECT 1"), []);
        assert_eq!(fill("select '$1', $1, $10, $2", &read(detail)), "select '$1', 'it''s', $10, NULL");
    }
}
