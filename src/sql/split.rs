//! Cuts a token stream into statements, as psql does.
//!
//! A `;` ends a statement, but inside `BEGIN ATOMIC … END` (manual, CREATE FUNCTION) and inside the parentheses of CREATE
//! RULE. Other unbalanced parentheses do not swallow what follows: one bad statement never silences its neighbours.

use super::token::{Token, TokenKind};

/// Visits the statements' tokens, without trivia, final `;`, meta-commands and COPY data; empty statements left out.
pub fn split(text: &str, tokens: &[Token], mut statement: impl FnMut(&[Token])) {
    let mut splitter = Splitter { text, current: vec![], parens: 0, atomic: 0 };
    for token in tokens {
        if splitter.ends_at(token) {
            splitter.finish(&mut statement);
        } else if !token.kind.is_trivia() && !matches!(token.kind, TokenKind::MetaCommand | TokenKind::CopyData) {
            splitter.take(*token);
        }
    }
    splitter.finish(&mut statement);
}

struct Splitter<'t> {
    text: &'t str,
    current: Vec<Token>,
    parens: usize,
    atomic: usize,
}

impl Splitter<'_> {
    fn finish(&mut self, statement: &mut impl FnMut(&[Token])) {
        (self.parens, self.atomic) = (0, 0);
        if !self.current.is_empty() {
            statement(&self.current);
            self.current.clear();
        }
    }

    fn ends_at(&self, token: &Token) -> bool {
        match token.kind {
            TokenKind::Semicolon => self.atomic == 0 && (self.parens == 0 || !self.is_rule()),
            TokenKind::MetaCommand => sends(token.text(self.text)),
            TokenKind::CopyData => true,
            _ => false,
        }
    }

    fn take(&mut self, token: Token) {
        match token.kind {
            TokenKind::LeftParen => self.parens += 1,
            TokenKind::RightParen => self.parens = self.parens.saturating_sub(1),
            TokenKind::Word => self.follow_atomic(&token),
            _ => {}
        }
        self.current.push(token);
    }

    fn follow_atomic(&mut self, token: &Token) {
        let is = |word| token.is_word(self.text, word);
        if self.atomic > 0 {
            if is("CASE") || is("BEGIN") {
                self.atomic += 1;
            } else if is("END") {
                self.atomic -= 1;
            }
        } else if is("ATOMIC")
            && self.current.last().is_some_and(|t| t.is_word(self.text, "BEGIN"))
            && self.is_create(&["FUNCTION", "PROCEDURE"])
        {
            self.atomic = 1;
        }
    }

    fn is_rule(&self) -> bool {
        self.is_create(&["RULE"])
    }

    /// Whether the statement so far is `CREATE [OR REPLACE] kind`.
    fn is_create(&self, kinds: &[&str]) -> bool {
        let word = |i: usize, w: &str| self.current.get(i).is_some_and(|t| t.is_word(self.text, w));
        let at = if word(1, "OR") { 3 } else { 1 };
        word(0, "CREATE") && kinds.iter().any(|kind| word(at, kind))
    }
}

/// Whether a meta-command sends the statement before it (`\g`, `\gset`, `\gexec`, `\watch`, `\crosstabview`).
fn sends(command: &str) -> bool {
    ["\\g", "\\watch", "\\crosstabview"].iter().any(|c| command.starts_with(c)) && !command.starts_with("\\getenv")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{lex::lex, token::Dialect};
    use super::*;
    use crate::source::Span;

    fn statements(text: &str) -> Vec<&str> {
        let tokens = lex(text, Span::new(0, text.len() as u32), Dialect::Psql);
        let mut cut = vec![];
        split(text, &tokens, |s| cut.push(&text[s[0].span.start as usize..s[s.len() - 1].span.end as usize]));
        cut
    }

    #[test]
    fn semicolons_split_but_not_in_bodies() {
        let text = "select 1;; -- c;\nselect ';' ; create function f() returns int begin atomic select case when true then 1 end; select 2; end; \
                    create rule r as on insert to t do (select 1; select 2); select (1; select 3";
        assert_eq!(
            statements(text),
            [
                "select 1",
                "select ';'",
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
                "create rule r as on insert to t do (select 1; select 2)",
                "select (1",
                "select 3"
            ]
        );
    }

    #[test]
    fn meta_commands_and_copy_data_are_not_statements() {
        assert_eq!(
            statements("\\c db\nselect 1 \\gset\ncopy t from stdin;\n;;\n\\.\nselect 2"),
            ["select 1", "copy t from stdin", "select 2"]
        );
    }
}
