//! SET, RESET, DISCARD: the session's parameters.

use super::{push_other, skip_rest, transaction};
use crate::facts::{Action, Set, Statement};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// SET in all its forms.
pub(super) fn set(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("SET")?;
    if c.eat("CONSTRAINTS") {
        skip_rest(c)?;
        push_other(s, "SET CONSTRAINTS");
        return Ok(());
    }
    if c.eat("SESSION CHARACTERISTICS AS TRANSACTION") {
        transaction::modes(c)?;
        push_other(s, "SET SESSION CHARACTERISTICS");
        return Ok(());
    }
    let local = c.eat("LOCAL");
    if !local && !c.at_words("SESSION AUTHORIZATION") {
        c.eat("SESSION");
    }
    let mark = c.mark();
    if c.eat("TRANSACTION") {
        if c.eat("SNAPSHOT") {
            c.string()?;
        }
        transaction::modes(c)?;
        push_set(s, "transaction", local, vec![], c.since(mark));
        return Ok(());
    }
    let (name, values) = assignment(c)?;
    push_set(s, &name, local, values, c.since(mark));
    Ok(())
}

fn push_set(s: &mut Statement, name: &str, local: bool, values: Vec<String>, span: Span) {
    s.actions.push(Action::Set(Set { name: name.to_owned(), local, values, span }));
}

/// `name TO values` as in SET and in a function's SET clause: the name and its values (none for DEFAULT).
pub(super) fn assignment(c: &mut Cursor<'_>) -> Parse<(String, Vec<String>)> {
    const BARE: &[(&str, &str)] = &[
        ("TIME ZONE", "timezone"),
        ("ROLE", "role"),
        ("SESSION AUTHORIZATION", "session authorization"),
        ("NAMES", "client_encoding"),
        ("SCHEMA", "search_path"),
        ("CATALOG", "catalog"),
        ("XML OPTION", "xmloption"),
    ];
    if let Some(&(words, name)) = BARE.iter().find(|(words, _)| c.at_words(words)) {
        c.eat(words);
        if name == "client_encoding" && c.at_end() {
            return Ok((name.to_owned(), vec![]));
        }
        c.eat("TO");
        c.eat_operator("="); // `SET role = x` is an ordinary assignment
        return Ok((name.to_owned(), values(c)?));
    }
    let name = parameter(c)?;
    if c.eat("FROM CURRENT") {
        return Ok((name, vec![]));
    }
    if !c.eat("TO") && !c.eat_operator("=") {
        return c.fail("TO");
    }
    Ok((name, values(c)?))
}

/// A parameter's name, lower case, dots kept (`plpgsql.extra_warnings`).
fn parameter(c: &mut Cursor<'_>) -> Parse<String> {
    let mut name = c.name()?.value.to_lowercase();
    while c.eat_kind(TokenKind::Dot) {
        name = format!("{name}.{}", c.name()?.value.to_lowercase()).into();
    }
    Ok(name.to_string())
}

fn values(c: &mut Cursor<'_>) -> Parse<Vec<String>> {
    if c.eat("DEFAULT") {
        return Ok(vec![]);
    }
    c.comma_list(value)
}

fn value(c: &mut Cursor<'_>) -> Parse<String> {
    if c.eat("INTERVAL") {
        super::skip_parens(c)?;
        let (text, _) = c.string()?;
        while c.eat_any(&["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TO"]).is_some() {
            super::skip_parens(c)?;
        }
        return Ok(text);
    }
    let mark = c.mark();
    if !c.eat_operator("-") {
        c.eat_operator("+");
    }
    match c.peek() {
        Some(token) if token.kind.is_string() || matches!(token.kind, TokenKind::QuotedIdent | TokenKind::UnicodeIdent) => {
            c.bump();
            Ok(token.value(c.text).into_owned())
        }
        Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::Number | TokenKind::Placeholder | TokenKind::Param) => {
            c.bump();
            Ok(c.since(mark).of(c.text).to_owned())
        }
        _ => c.fail("a value"),
    }
}

/// RESET.
pub(super) fn reset(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("RESET")?;
    let name = if c.eat("ALL") {
        None
    } else if c.eat("SESSION AUTHORIZATION") {
        Some("session authorization".to_owned())
    } else if c.eat("TIME ZONE") {
        Some("timezone".to_owned())
    } else if c.eat("TRANSACTION ISOLATION LEVEL") {
        Some("transaction_isolation".to_owned())
    } else {
        Some(parameter(c)?)
    };
    s.actions.push(Action::Reset { name });
    Ok(())
}

/// DISCARD: ALL resets every parameter.
pub(super) fn discard(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("DISCARD")?;
    if c.eat("ALL") {
        s.actions.push(Action::Reset { name: None });
    } else if c.eat_any(&["TEMPORARY", "TEMP", "PLANS", "SEQUENCES"]).is_some() {
        push_other(s, "DISCARD");
    } else {
        return c.fail("what to discard");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::actions;
    use crate::facts::{Action, Set};

    fn set(sql: &str) -> Set {
        match actions(sql).remove(0) {
            Action::Set(set) => set,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_unquoted_and_names_folded() {
        let s = set("SET LOCAL Lock_Timeout = '2s'");
        assert_eq!((s.name.as_str(), s.local, s.values), ("lock_timeout", true, vec!["2s".to_owned()]));
        assert_eq!(set("SET search_path TO a, \"B\", 'c'").values, ["a", "B", "c"]);
        assert!(set("SET x.y TO DEFAULT").values.is_empty());
        assert_eq!(set("SET statement_timeout = 0").values, ["0"]);
        assert_eq!(set("SET a = -1").values, ["-1"]);
    }

    #[test]
    fn special_forms_have_their_names() {
        assert_eq!(set("SET TIME ZONE 'UTC'").name, "timezone");
        assert_eq!(set("SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE").values, ["-08:00"]);
        assert_eq!(set("SET SESSION AUTHORIZATION DEFAULT").name, "session authorization");
        assert_eq!(set("SET LOCAL ROLE x").name, "role");
        assert_eq!(set("SET role = x").values, ["x"]);
        assert_eq!(set("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").name, "transaction");
        assert_eq!(actions("DISCARD ALL"), [Action::Reset { name: None }]);
        assert_eq!(actions("RESET lock_timeout"), [Action::Reset { name: Some("lock_timeout".into()) }]);
        assert!(matches!(actions("SET CONSTRAINTS ALL DEFERRED")[..], [Action::Other { .. }]));
    }
}
