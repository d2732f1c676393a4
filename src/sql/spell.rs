//! What a body of PL/pgSQL runs, with the values that are known put into the SQL that it builds: `EXECUTE format('… ON %s …', t)`
//! of a helper that is called with `'users'` is `… ON users …`, and a loop over constants runs once for each of them.
//!
//! Text in, text out: an EXECUTE whose command is known is given it as one constant, one whose command is not stays as it was
//! and is listed. Must not know what the statements mean.

mod value;

use super::lex::lex;
use super::token::{Dialect, Token, TokenKind};
use crate::source::Span;
use std::cell::Cell;
use std::collections::HashMap;
use value::Value;

/// No body is spelt out longer than this.
const LONGEST: usize = 1 << 20;

/// Loops inside loops are spelt out this deep.
const DEEPEST: usize = 4;

/// A body with its commands spelt out.
#[derive(Debug, Default)]
pub struct Spelt {
    /// Its text.
    pub text: String,
    /// Whether that is another text than before.
    pub changed: bool,
    /// The commands of EXECUTEs that are not known, as written; for a variable all of the body, which somewhere makes it.
    pub unknown: Vec<String>,
}

/// Spells out a body that is called with these arguments: their names and values, as far as these are known.
pub fn spell(body: &str, arguments: &[(Option<String>, Option<String>)]) -> Spelt {
    let tokens = lex(body, Span::new(0, body.len() as u32), Dialect::Server);
    let tokens: Vec<Token> = tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect();
    let named = arguments.iter().filter_map(|(name, value)| Some((name.clone()?, Value::Text(value.clone()?))));
    let mut speller = Speller {
        text: body,
        tokens: &tokens,
        values: named.collect(),
        arguments: arguments.iter().map(|(_, value)| value.clone()).collect(),
        spelt: Spelt::default(),
        unsure: Cell::new(false),
        written: 0,
    };
    speller.run(0, tokens.len(), 0);
    speller.write_to(body.len());
    speller.spelt
}

struct Speller<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// The variables whose values are known.
    values: HashMap<String, Value>,
    /// `$1`, `$2`, …
    arguments: Vec<Option<String>>,
    spelt: Spelt,
    /// Whether a value that was put in is a guess.
    unsure: Cell<bool>,
    /// All before this byte of the body is in the text, or left out of it.
    written: usize,
}

impl<'t> Speller<'t> {
    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_word(self.text, word))
    }

    fn is_kind(&self, at: usize, kind: TokenKind) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == kind)
    }

    fn is_operator(&self, at: usize, operator: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Operator && token.text(self.text) == operator)
    }

    fn start_of(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(self.text.len(), |token| token.span.start as usize)
    }

    fn name(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at).filter(|t| matches!(t.kind, TokenKind::Word | TokenKind::QuotedIdent))?;
        Some(super::lex::value(token, self.text).into_owned())
    }

    /// Copies the body up to a byte.
    fn write_to(&mut self, end: usize) {
        self.spelt.text.push_str(self.text.get(self.written..end).unwrap_or_default());
        self.written = self.written.max(end);
    }

    /// Whether a statement of PL/pgSQL begins here.
    fn begins(&self, at: usize, from: usize) -> bool {
        const BEFORE: &[&str] = &["BEGIN", "THEN", "ELSE", "LOOP"];
        let Some(before) = at.checked_sub(1).filter(|_| at > from) else { return true };
        self.is_kind(before, TokenKind::Semicolon) || self.is_operator(before, ">>") || BEFORE.iter().any(|word| self.is(before, word))
    }

    /// The first token from `at` on, in no brackets, that ends something; `to` if there is none.
    fn find(&self, at: usize, to: usize, ends: impl Fn(&Self, usize) -> bool) -> usize {
        let mut open = 0usize;
        for here in at..to {
            if open == 0 && ends(self, here) {
                return here;
            }
            match self.tokens.get(here).map(|token| token.kind) {
                Some(TokenKind::LeftParen | TokenKind::LeftBracket) => open += 1,
                Some(TokenKind::RightParen | TokenKind::RightBracket) => open = open.saturating_sub(1),
                Some(TokenKind::Semicolon) => return here,
                _ => {}
            }
        }
        to
    }

    fn semicolon(&self, at: usize, to: usize) -> usize {
        self.find(at, to, |speller, here| speller.is_kind(here, TokenKind::Semicolon))
    }

    fn run(&mut self, from: usize, to: usize, depth: usize) {
        // how many branches and loops are open, in which nobody knows what runs
        let mut open = 0usize;
        let mut at = from;
        while at < to {
            if !self.begins(at, from) {
                if self.is(at, "INTO") && !self.is(at.wrapping_sub(1), "INSERT") {
                    self.forget_targets(at + 1);
                }
                at += 1;
            } else if self.is(at, "DECLARE") {
                at = self.declarations(at + 1, to);
            } else if self.is(at, "EXECUTE") {
                at = self.execute(at, to);
            } else if self.is(at, "END") {
                open = open.saturating_sub(usize::from(["IF", "LOOP", "CASE"].iter().any(|word| self.is(at + 1, word))));
                at = self.semicolon(at, to);
            } else if ["FOR", "FOREACH", "WHILE", "LOOP"].iter().any(|word| self.is(at, word)) {
                match self.loops(at, to, depth) {
                    Some(after) => at = after,
                    None => {
                        self.forget_assigned(at, self.end_of_loop(at, to));
                        open += 1;
                        at = self.find(at, to, |speller, here| speller.is(here, "LOOP")) + 1;
                    }
                }
            } else if self.is(at, "IF") || self.is(at, "CASE") {
                open += 1;
                at += 1;
            } else if let Some(name) = self.assigned(at) {
                let end = self.semicolon(at, to);
                let value = self.value(at + 2, end).filter(|_| open == 0);
                self.set(name, value);
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// The variable before `:=` or `=`.
    fn assigned(&self, at: usize) -> Option<String> {
        let name = self.name(at)?;
        (self.is_operator(at + 1, ":=") || self.is_operator(at + 1, "=")).then_some(name)
    }

    fn set(&mut self, name: String, value: Option<Value>) {
        match value {
            Some(value) => drop(self.values.insert(name, value)),
            None => drop(self.values.remove(&name)),
        }
    }

    fn forget_targets(&mut self, at: usize) {
        let mut at = at + usize::from(self.is(at, "STRICT"));
        while let Some(name) = self.name(at) {
            self.values.remove(&name);
            at += 1;
            if !self.is_kind(at, TokenKind::Comma) {
                break;
            }
            at += 1;
        }
    }

    fn forget_assigned(&mut self, from: usize, to: usize) {
        for at in from..to {
            if let Some(name) = self.assigned(at) {
                self.values.remove(&name);
            }
        }
    }

    /// `name type := value;` up to BEGIN.
    fn declarations(&mut self, mut at: usize, to: usize) -> usize {
        while at < to && !self.is(at, "BEGIN") {
            let end = self.semicolon(at, to);
            let given = |s: &Self, here: usize| s.is_operator(here, ":=") || s.is_operator(here, "=") || s.is(here, "DEFAULT");
            let equals = self.find(at, end, given);
            if let Some(name) = self.name(at) {
                let value = if equals < end { self.value(equals + 1, end) } else { None };
                self.set(name, value);
            }
            at = end + 1;
        }
        at
    }

    /// `EXECUTE command [INTO …] [USING …];`
    fn execute(&mut self, at: usize, to: usize) -> usize {
        let end = self.find(at + 1, to, |s, here| s.is(here, "INTO") || s.is(here, "USING") || s.is_kind(here, TokenKind::Semicolon));
        let (Some(first), Some(last)) = (self.tokens.get(at + 1), self.tokens.get(end.saturating_sub(1))) else { return end };
        if end <= at + 1 || end == at + 2 && first.kind.is_string() {
            return end; // a constant, which needs no help
        }
        let written = first.span.to(last.span);
        self.unsure.set(false);
        let value = self.value(at + 1, end);
        if self.unsure.get() {
            self.spelt.unknown.push(written.of(self.text).to_owned());
        }
        match value {
            Some(Value::Text(command)) if self.spelt.text.len() + command.len() < LONGEST => {
                self.write_to(written.start as usize);
                self.spelt.text.push_str(&value::dollar_quoted(&command));
                self.written = written.end as usize;
                self.spelt.changed = true;
            }
            _ if end == at + 2 => self.spelt.unknown.push(self.text.to_owned()),
            _ => self.spelt.unknown.push(written.of(self.text).to_owned()),
        }
        end
    }

    /// A loop over constants, spelt out; the token after it.
    fn loops(&mut self, at: usize, to: usize, depth: usize) -> Option<usize> {
        let name = self.name(at + 1)?;
        let each = self.is(at, "FOREACH");
        if depth >= DEEPEST || !self.is(at + 2, "IN") || !(each && self.is(at + 3, "ARRAY") || self.is(at, "FOR")) {
            return None;
        }
        let head = self.find(at, to, |s, here| s.is(here, "LOOP"));
        let values = if each { self.list(at + 4, head)? } else { self.range(at + 3, head)? };
        let end = self.end_of_loop(at, to);
        let leaves = (head..end).any(|here| ["EXIT", "CONTINUE", "RETURN"].iter().any(|word| self.is(here, word)));
        if leaves || end >= to {
            return None;
        }
        self.write_to(self.start_of(at));
        for value in values {
            if self.spelt.text.len() > LONGEST {
                break;
            }
            self.values.insert(name.clone(), Value::Text(value));
            self.written = self.start_of(head + 1);
            self.run(head + 1, end, depth + 1);
            self.write_to(self.start_of(end));
        }
        self.values.remove(&name);
        self.forget_assigned(head, end);
        let after = self.semicolon(end, to);
        self.written = self.start_of(after + 1);
        self.spelt.changed = true;
        Some(after + 1)
    }

    /// The END of the loop that begins here.
    fn end_of_loop(&self, at: usize, to: usize) -> usize {
        let mut open = 0usize;
        for here in at..to {
            if self.is(here, "END") && self.is(here + 1, "LOOP") {
                open = open.saturating_sub(1);
                if open == 0 {
                    return here;
                }
            } else if self.is(here, "LOOP") && !self.is(here.wrapping_sub(1), "END") {
                open += 1;
            }
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(body: &str, arguments: &[(&str, &str)]) -> (String, Vec<String>) {
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (Some((*name).to_owned()), Some((*value).to_owned()))).collect();
        let spelt = spell(body, &arguments);
        (spelt.text, spelt.unknown)
    }

    #[test]
    fn commands_are_spelt_out_with_the_arguments() {
        let body = "BEGIN EXECUTE format('CREATE TRIGGER x BEFORE UPDATE ON %s', _tbl); EXECUTE 'DROP TABLE ' || quote_ident($1); END";
        let (text, unknown) = spelt(body, &[("_tbl", "Users")]);
        assert_eq!(text, "BEGIN EXECUTE $q$CREATE TRIGGER x BEFORE UPDATE ON Users$q$; EXECUTE $q$DROP TABLE \"Users\"$q$; END");
        assert!(unknown.is_empty());
        let (text, unknown) = spelt("BEGIN EXECUTE format('DROP TABLE %I', t) USING 1; EXECUTE q; END", &[]);
        assert!(text.contains("format('DROP TABLE %I', t)"));
        assert_eq!(unknown[0], "format('DROP TABLE %I', t)");
        assert!(unknown[1].starts_with("BEGIN"));
        assert!(!spell("BEGIN EXECUTE 'DROP TABLE a'; END", &[]).changed);
    }

    #[test]
    fn variables_hold_until_something_else_may_set_them() {
        let (text, _) = spelt("DECLARE a text := 'x'; b text; BEGIN b := a || '_y'; EXECUTE 'DROP TABLE ' || b; END", &[]);
        assert!(text.ends_with("EXECUTE $q$DROP TABLE x_y$q$; END"), "{text}");
        for body in [
            "DECLARE a text := 'x'; BEGIN IF f() THEN a := 'y'; END IF; EXECUTE 'DROP TABLE ' || a; END",
            "DECLARE a text := 'x'; BEGIN SELECT b INTO a FROM c; EXECUTE 'DROP TABLE ' || a; END",
            "DECLARE a text := 'x'; BEGIN LOOP EXECUTE 'DROP TABLE ' || a; a := a || 'y'; END LOOP; END",
            "BEGIN FOR a IN SELECT b FROM c LOOP EXECUTE 'DROP TABLE ' || a; END LOOP; END",
        ] {
            assert_eq!(spelt(body, &[]).1, ["'DROP TABLE ' || a"], "{body}");
        }
    }

    #[test]
    fn loops_over_constants_run_once_for_each() {
        let (text, unknown) = spelt("BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END", &[]);
        assert!(unknown.is_empty());
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>().join(" "),
            "BEGIN EXECUTE $q$DROP TABLE a$q$; EXECUTE $q$DROP TABLE b$q$; END"
        );
        let (text, _) = spelt("BEGIN FOR i IN 0..2 LOOP EXECUTE 'DROP TABLE p' || i; END LOOP; END", &[]);
        assert!(text.contains("p0$q$") && text.contains("p1$q$") && text.contains("p2$q$") && !text.contains("LOOP"), "{text}");
        let stops = "BEGIN FOR i IN 0..2 LOOP EXIT WHEN i = 1; EXECUTE 'DROP TABLE p' || i; END LOOP; END";
        assert_eq!(spelt(stops, &[]).1.len(), 1);
        let many = "BEGIN FOR i IN 1..1000000000 LOOP EXECUTE 'DROP TABLE p' || i; END LOOP; END";
        assert_eq!(spelt(many, &[]).1.len(), 1);
    }

    #[test]
    fn broken_bodies_end_in_an_answer() {
        for body in
            ["EXECUTE", "FOR", "FOR i IN", "FOREACH x IN ARRAY LOOP", "DECLARE", "DECLARE a := ", "END", "a :=", "EXECUTE format(", ") ]"]
        {
            spelt(body, &[]);
        }
        spelt(&format!("EXECUTE {}", "(".repeat(100_000)), &[]);
        spelt(&"FOR i IN 0..2 LOOP ".repeat(1_000), &[]);
    }
}
