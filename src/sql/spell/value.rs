//! What an expression of constants and known variables is.

use super::Speller;
use crate::facts::quote_identifier;
use crate::sql::lex;
use crate::sql::token::TokenKind;

/// Expressions inside expressions are followed this deep.
const DEEPEST: usize = 32;

/// No loop is spelt out more often than this.
const MOST: i64 = 1_000;

/// A value that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
}

impl Speller<'_> {
    /// The value of the tokens `from..to`.
    pub(super) fn value(&self, from: usize, to: usize) -> Option<Value> {
        if let Some(list) = self.list(from, to) {
            return Some(Value::List(list));
        }
        self.of_text(from, to, 0).map(Value::Text)
    }

    /// `ARRAY['a', 'b']`, or a variable that holds such.
    pub(super) fn list(&self, from: usize, to: usize) -> Option<Vec<String>> {
        if to == from + 1
            && let Some(Value::List(list)) = self.values.get(&self.name(from)?)
        {
            return Some(list.clone());
        }
        if !self.is(from, "ARRAY") || !self.is_kind(from + 1, TokenKind::LeftBracket) {
            return None;
        }
        let end = self.find(from + 2, to, |s, here| s.is_kind(here, TokenKind::RightBracket));
        // only a cast may follow
        if end >= to || end + 1 < to && !self.is_operator(end + 1, "::") {
            return None;
        }
        self.items(from + 2, end).map(|(from, to)| self.of_text(from, to, 1)).collect()
    }

    /// `0..15` as its numbers.
    pub(super) fn range(&self, from: usize, to: usize) -> Option<Vec<String>> {
        let dots = self.find(from, to, |s, here| s.is_operator(here, "..")).min(to);
        let number = |from, to| self.of_text(from, to, 0)?.parse::<i64>().ok();
        let (first, last) = (number(from, dots)?, number(dots + 1, to)?);
        let many = last.checked_sub(first)?;
        (many < MOST).then(|| (first..=last).map(|n| n.to_string()).collect())
    }

    /// The pieces between commas.
    fn items(&self, from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let end = self.find(at, to, |s, here| s.is_kind(here, TokenKind::Comma));
            let item = (at, end);
            at = end + 1;
            Some(item)
        })
    }

    fn of_text(&self, from: usize, to: usize, depth: usize) -> Option<String> {
        if depth > DEEPEST || from >= to {
            return None;
        }
        let operator =
            |operator: &'static str| Some(self.find(from, to, move |s, here| s.is_operator(here, operator))).filter(|at| *at < to);
        if let Some(at) = operator("||") {
            // one after the other: a long chain must not nest
            let (mut joined, mut start, mut end) = (String::new(), from, at);
            loop {
                joined += &self.of_text(start, end, depth + 1)?;
                if end >= to {
                    return Some(joined);
                }
                start = end + 1;
                end = self.find(start, to, |s, here| s.is_operator(here, "||"));
            }
        }
        for (sign, of) in [("+", i64::checked_add as fn(i64, i64) -> Option<i64>), ("-", i64::checked_sub)] {
            if let Some(at) = operator(sign) {
                let number = |from, to| self.of_text(from, to, depth + 1)?.parse::<i64>().ok();
                return Some(of(number(from, at)?, number(at + 1, to)?)?.to_string());
            }
        }
        if let Some(at) = operator("::") {
            return self.of_text(from, at, depth + 1);
        }
        self.term(from, to, depth)
    }

    fn term(&self, from: usize, to: usize, depth: usize) -> Option<String> {
        let token = self.tokens.get(from)?;
        if to == from + 1 {
            return match token.kind {
                kind if kind.is_string() => Some(lex::value(token, self.text).into_owned()),
                TokenKind::Number => Some(token.text(self.text).to_owned()),
                TokenKind::Param => {
                    let place: usize = token.text(self.text).trim_start_matches('$').parse().ok()?;
                    self.arguments.get(place.checked_sub(1)?)?.clone()
                }
                _ => match self.values.get(&self.name(from)?)? {
                    Value::Text(text) => Some(text.clone()),
                    Value::List(_) => None,
                },
            };
        }
        let closes = self.is_kind(to - 1, TokenKind::RightParen);
        if self.is_kind(from, TokenKind::LeftParen) && closes && self.closing(from, to) == to - 1 {
            return self.of_text(from + 1, to - 1, depth + 1);
        }
        if !closes || !self.is_kind(from + 1, TokenKind::LeftParen) || self.closing(from + 1, to) != to - 1 {
            return None;
        }
        let mut values = self.items(from + 2, to - 1).map(|(from, to)| self.of_text(from, to, depth + 1));
        match self.name(from)?.as_str() {
            "quote_ident" => Some(quote_identifier(&values.next()??)),
            "quote_literal" | "quote_nullable" => Some(quote_literal(&values.next()??)),
            "lower" => Some(values.next()??.to_lowercase()),
            "upper" => Some(values.next()??.to_uppercase()),
            "concat" => values.collect(),
            "format" => {
                let template = values.next()??;
                let (made, sure) = formatted(&template, &values.collect::<Vec<_>>())?;
                self.unsure.set(self.unsure.get() || !sure);
                Some(made)
            }
            _ => None,
        }
    }

    /// The bracket that closes the one at `from`.
    fn closing(&self, from: usize, to: usize) -> usize {
        self.find(from + 1, to, |s, here| s.is_kind(here, TokenKind::RightParen))
    }
}

/// What `format` makes of its template, and whether it is that to the letter: a column is there whichever constant its default is,
/// so one that is not known is NULL. `None` where any other value is not known.
fn formatted(template: &str, values: &[Option<String>]) -> Option<(String, bool)> {
    let (mut made, mut rest, mut next, mut sure) = (String::new(), template, 0, true);
    while let Some((before, after)) = rest.split_once('%') {
        made += before;
        if let Some(after) = after.strip_prefix('%') {
            made.push('%');
            rest = after;
            continue;
        }
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = after.split_at(digits);
        let (place, tail) = match tail.strip_prefix('$') {
            Some(tail) => (number.parse::<usize>().ok()?.checked_sub(1)?, tail),
            None if digits > 0 => return None, // a width
            None => (next, tail),
        };
        next = place + 1;
        let value = values.get(place)?.as_deref();
        let kind = tail.chars().next()?;
        rest = &tail[kind.len_utf8()..];
        let Some(value) = value else {
            let default = kind == 'L' && made.trim_end().to_ascii_uppercase().ends_with(" DEFAULT");
            if !default {
                return None;
            }
            made += "NULL";
            sure = false;
            continue;
        };
        match kind {
            's' => made += value,
            'I' => made += &quote_identifier(value),
            'L' => made += &quote_literal(value),
            _ => return None,
        }
    }
    made += rest;
    Some((made, sure))
}

fn quote_literal(value: &str) -> String {
    let escape = if value.contains('\\') { "E" } else { "" };
    format!("{escape}'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// A text between dollar quotes that do not occur in it.
pub(super) fn dollar_quoted(text: &str) -> String {
    let mut tag = "$q$".to_owned();
    while text.contains(&tag) {
        tag.insert(1, 'q');
    }
    format!("{tag}{text}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_as_format_does() {
        let filled = |template: &str, values: &[&str]| {
            formatted(template, &values.iter().map(|v| Some((*v).to_owned())).collect::<Vec<_>>()).map(|(made, _)| made)
        };
        assert_eq!(filled("a %I.%s = %L %%", &["B", "c", "it's"]).as_deref(), Some("a \"B\".c = 'it''s' %"));
        assert_eq!(filled("%2$s %1$s %1$I", &["a", "b"]).as_deref(), Some("b a a"));
        assert_eq!(filled("%s %s", &["a"]), None);
        assert_eq!(filled("%10s", &["a"]), None);
        assert_eq!(formatted("%s", &[None]), None);
        assert_eq!(formatted("x", &[None]), Some(("x".to_owned(), true)));
        assert_eq!(formatted("ADD a int DEFAULT %L", &[None]), Some(("ADD a int DEFAULT NULL".to_owned(), false)));
        assert_eq!(dollar_quoted("a $q$ b"), "$qq$a $q$ b$qq$");
    }
}
