//! psql's `\if`, `\elif`, `\else` and `\endif`: which statements of a script run.
//!
//! A condition is known where it is a constant, or a variable that `\set` gave a value before in the same script; a variable may
//! come from the command line as well, and then both branches may be the one that runs. Must not know what statements mean.

use super::token::{Token, TokenKind};
use crate::source::Span;
use std::collections::HashMap;

/// Whether something runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Surely,
    Perhaps,
    Never,
}

/// The stretches of a script between its conditions, each from its first byte; none where it has no conditions.
pub(super) fn stretches(text: &str, tokens: &[Token]) -> Vec<(u32, Runs)> {
    let mut script = Script::default();
    let mut found = vec![];
    for token in tokens.iter().filter(|token| token.kind == TokenKind::MetaCommand) {
        let before = script.runs();
        script.command(token.text(text));
        if script.runs() != before {
            found.push((token.span.end, script.runs()));
        }
    }
    found
}

/// Whether a statement at a place runs.
pub(super) fn runs(stretches: &[(u32, Runs)], span: Span) -> Runs {
    let before = stretches.partition_point(|(start, _)| *start <= span.start);
    before.checked_sub(1).and_then(|i| stretches.get(i)).map_or(Runs::Surely, |(_, runs)| *runs)
}

/// One `\if` that is open.
struct Open {
    /// Whether its present branch runs, for itself.
    branch: Runs,
    /// Whether a branch before it surely ran, perhaps did, or none.
    taken: Runs,
}

/// So many conditions in conditions are followed.
const DEEPEST: usize = 64;

#[derive(Default)]
struct Script<'t> {
    open: Vec<Open>,
    /// What is known of the variables; `None`: something whose value is not.
    variables: HashMap<&'t str, Option<&'t str>>,
}

impl<'t> Script<'t> {
    fn runs(&self) -> Runs {
        let any = |wanted| self.open.iter().any(|open| open.branch == wanted);
        if any(Runs::Never) {
            Runs::Never
        } else if any(Runs::Perhaps) {
            Runs::Perhaps
        } else {
            Runs::Surely
        }
    }

    fn command(&mut self, command: &'t str) {
        let (name, arguments) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let arguments = arguments.trim();
        match name {
            "\\if" if self.open.len() < DEEPEST => {
                let branch = self.value(arguments);
                self.open.push(Open { branch, taken: branch });
            }
            "\\elif" => {
                let value = self.value(arguments);
                self.next_branch(value);
            }
            "\\else" => self.next_branch(Runs::Surely),
            "\\endif" => drop(self.open.pop()),
            "\\set" => self.set(arguments),
            "\\unset" => drop(self.variables.remove(arguments)),
            // what the server answers
            _ if command.contains("\\gset") || name == "\\gset" || name == "\\prompt" => {
                self.variables.values_mut().for_each(|v| *v = None)
            }
            _ => {}
        }
    }

    fn next_branch(&mut self, value: Runs) {
        let Some(open) = self.open.last_mut() else { return };
        open.branch = match (open.taken, value) {
            (Runs::Surely, _) | (_, Runs::Never) => Runs::Never,
            (Runs::Never, value) => value,
            (Runs::Perhaps, _) => Runs::Perhaps,
        };
        open.taken = match (open.taken, value) {
            (Runs::Surely, _) => Runs::Surely,
            (Runs::Never, value) => value,
            (Runs::Perhaps, _) => Runs::Perhaps,
        };
    }

    fn set(&mut self, arguments: &'t str) {
        let (name, value) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let value = value.trim();
        // several words, other variables and back-quoted commands make a value that only psql knows
        let plain = !value.contains([':', '`', ' ', '\\']);
        let known = match self.runs() {
            Runs::Surely => Some(plain.then(|| value.trim_matches('\''))),
            Runs::Perhaps => Some(None),
            Runs::Never => None,
        };
        if let Some(value) = known {
            self.variables.insert(name, value);
        }
    }

    /// psql's booleans: a constant, `:variable` or `:{?variable}`.
    fn value(&self, expression: &str) -> Runs {
        if let Some(name) = expression.strip_prefix(":{?").and_then(|rest| rest.strip_suffix('}')) {
            return if self.variables.contains_key(name) { Runs::Surely } else { Runs::Perhaps };
        }
        let word = match expression.strip_prefix(':') {
            Some(name) => match self.variables.get(name.trim_matches(['\'', '"'])) {
                Some(Some(value)) => *value,
                _ => return Runs::Perhaps,
            },
            None => expression.trim_matches('\''),
        };
        // as psql reads them: any beginning of a word that can mean one thing only
        let begins = |whole: &str| !word.is_empty() && whole.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        match () {
            () if word == "1" || begins("true") || begins("yes") || word.eq_ignore_ascii_case("on") => Runs::Surely,
            () if word == "0" || begins("false") || begins("no") || word.len() > 1 && begins("off") => Runs::Never,
            () => Runs::Perhaps,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::source::{FileId, Span};
    use crate::sql::token::Dialect;

    /// The statements that run, with a `?` where they may not.
    fn run(text: &str) -> Vec<String> {
        let script = crate::sql::read(FileId(0), text, Span::new(0, text.len() as u32), Dialect::Psql);
        script.statements.iter().map(|s| format!("{}{}", s.span.of(text), if s.unsure { "?" } else { "" })).collect()
    }

    #[test]
    fn a_known_condition_has_one_branch() {
        assert_eq!(run("\\if true\nselect 1;\n\\else\nselect 2;\n\\endif\nselect 3;"), ["select 1", "select 3"]);
        assert_eq!(run("\\set fresh off\n\\if :fresh\nselect 1;\n\\elif yes\nselect 2;\n\\else\nselect 3;\n\\endif"), ["select 2"]);
        assert_eq!(run("\\set x 1\n\\if :{?x}\nselect 1;\n\\endif"), ["select 1"]);
    }

    #[test]
    fn an_unknown_condition_has_two() {
        assert_eq!(
            run("\\if :fresh\nselect 1;\n\\if false\nselect 2;\n\\endif\n\\else\nselect 3;\n\\endif\nselect 4;"),
            ["select 1?", "select 3?", "select 4"]
        );
        assert_eq!(run("\\if :a\nselect 1;\n\\elif 0\nselect 2;\n\\else\nselect 3;\n\\endif"), ["select 1?", "select 3?"]);
        assert_eq!(run("select true as ok \\gset\n\\if :ok\nselect 1;\n\\endif"), ["select true as ok", "select 1?"]);
    }

    #[test]
    fn broken_conditions_end_in_an_answer() {
        assert_eq!(run("\\else\n\\endif\n\\elif x\nselect 1;\n\\if\nselect 2;"), ["select 1", "select 2?"]);
        assert_eq!(run(&format!("{}select 1;", "\\if true\n".repeat(5000))), ["select 1"]);
    }
}
