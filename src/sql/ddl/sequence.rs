//! CREATE and ALTER SEQUENCE.

use super::{alter as relations, types};
use crate::facts::{Action, AlterSequence, CreateSequence, Name, ObjectName, Statement, TypeName};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// What follows a sequence's name.
#[derive(Debug, Default)]
pub(super) struct SequenceOptions {
    /// AS type.
    pub(super) ty: Option<TypeName>,
    /// In the order in which the manual lists them.
    pub(super) options: Vec<String>,
    /// OWNED BY, with `None` inside for NONE.
    pub(super) owned_by: Option<Option<(ObjectName, Name)>>,
}

/// CREATE SEQUENCE.
pub(super) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    c.eat_any(&["GLOBAL", "LOCAL"]);
    let temporary = matches!(c.eat_any(&["TEMPORARY", "TEMP", "UNLOGGED"]), Some("TEMPORARY" | "TEMP"));
    c.expect("SEQUENCE")?;
    let if_not_exists = c.eat("IF NOT EXISTS");
    let name = c.object_name()?;
    let SequenceOptions { ty, options, owned_by } = options(c)?;
    let owned_by = owned_by.flatten();
    s.actions.push(Action::CreateSequence(CreateSequence { name, temporary, if_not_exists, ty, options, owned_by }));
    Ok(())
}

/// ALTER SEQUENCE: options here, whatever it shares with other relations in [`relations::relation`].
pub(super) fn alter(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mark = c.mark();
    c.expect("ALTER SEQUENCE")?;
    c.eat("IF EXISTS");
    let name = c.object_name()?;
    if c.at_any(&["RENAME", "OWNER TO", "SET"]) {
        c.rewind(mark);
        return relations::relation(c, s);
    }
    let SequenceOptions { ty, mut options, owned_by } = self::options(c)?;
    options.extend(ty.map(|ty| format!("AS {ty}")));
    if options.is_empty() && owned_by.is_none() {
        return c.fail("an option");
    }
    s.actions.push(Action::AlterSequence(AlterSequence { name, owned_by, options }));
    Ok(())
}

/// The options of a sequence, also in parentheses after GENERATED AS IDENTITY.
pub(super) fn options(c: &mut Cursor<'_>) -> Parse<SequenceOptions> {
    const ORDER: &[&str] =
        &["INCREMENT", "NO MINVALUE", "MINVALUE", "NO MAXVALUE", "MAXVALUE", "START", "CACHE", "CYCLE", "NO CYCLE", "RESTART"];
    let mut found = SequenceOptions::default();
    while let Some(word) = c.eat_any(WORDS) {
        match word {
            "AS" => found.ty = Some(types::type_name(c)?),
            "OWNED BY" => found.owned_by = Some(owner(c)?),
            "INCREMENT BY" | "INCREMENT" => found.options.push(format!("INCREMENT BY {}", number(c)?)),
            "START WITH" | "START" => found.options.push(format!("START WITH {}", number(c)?)),
            "MINVALUE" | "MAXVALUE" | "CACHE" => found.options.push(format!("{word} {}", number(c)?)),
            "SEQUENCE NAME" => found.options.push(format!("SEQUENCE NAME {}", c.object_name()?)),
            "RESTART WITH" => found.options.push(format!("RESTART WITH {}", number(c)?)),
            "RESTART" if c.at_operator("-") || c.kind() == Some(TokenKind::Number) => {
                found.options.push(format!("RESTART WITH {}", number(c)?));
            }
            plain => found.options.push(plain.to_owned()),
        }
    }
    found.options.sort_by_key(|option| ORDER.iter().position(|first| option.starts_with(first)));
    Ok(found)
}

const WORDS: &[&str] = &[
    "AS",
    "OWNED BY",
    "INCREMENT BY",
    "INCREMENT",
    "START WITH",
    "START",
    "NO MINVALUE",
    "NO MAXVALUE",
    "NO CYCLE",
    "MINVALUE",
    "MAXVALUE",
    "CACHE",
    "CYCLE",
    "RESTART WITH",
    "RESTART",
    "SEQUENCE NAME",
    "LOGGED",
    "UNLOGGED",
];

fn number(c: &mut Cursor<'_>) -> Parse<String> {
    let sign = if c.eat_operator("-") { "-" } else { "" };
    c.eat_operator("+");
    match c.peek() {
        Some(t) if matches!(t.kind, TokenKind::Number | TokenKind::Placeholder | TokenKind::Param) => {
            c.bump();
            Ok(format!("{sign}{}", t.text(c.text)))
        }
        _ => c.fail("a number"),
    }
}

fn owner(c: &mut Cursor<'_>) -> Parse<Option<(ObjectName, Name)>> {
    if c.eat("NONE") {
        return Ok(None);
    }
    let mut parts = vec![c.name()?];
    while c.eat_kind(TokenKind::Dot) {
        parts.push(c.name()?);
    }
    let column = parts.pop();
    let table = parts.pop();
    match (column, table) {
        (Some(column), Some(name)) => Ok(Some((ObjectName { schema: parts.pop(), name }, column))),
        _ => Ok(None), // a table alone, which PostgreSQL refuses after parsing
    }
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::Action;

    #[test]
    fn options_come_in_one_order_and_one_spelling() {
        let found = actions("CREATE TEMP SEQUENCE IF NOT EXISTS a.s AS bigint START 5 INCREMENT -1 NO CYCLE OWNED BY a.t.id CACHE 3");
        let [Action::CreateSequence(s)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(s.options, ["INCREMENT BY -1", "START WITH 5", "CACHE 3", "NO CYCLE"]);
        assert!(s.temporary && s.if_not_exists && s.ty.is_some());
        let (table, column) = s.owned_by.as_ref().unwrap_or_else(|| panic!("{s:?}"));
        assert_eq!((table.to_string().as_str(), column.value.as_str()), ("a.t", "id"));
    }

    #[test]
    fn altered_options_and_ownership() {
        let found = actions("ALTER SEQUENCE s OWNED BY NONE RESTART WITH 10 AS integer");
        let [Action::AlterSequence(s)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(s.owned_by, Some(None));
        assert_eq!(s.options, ["RESTART WITH 10", "AS integer"]);
    }
}
