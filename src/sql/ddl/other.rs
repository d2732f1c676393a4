//! Objects that few rules ask about: schemas, extensions, policies, rules, statistics, publications, comments, and every
//! CREATE and ALTER whose kind is enough to know.

use super::{CREATE, find, push_other, skip_parens, skip_rest};
use crate::facts::{Action, Name, ObjectName, OtherChange, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Kinds of object as ALTER, COMMENT ON and CREATE spell them; of two that begin alike the longer stands first.
const KINDS: &[&str] = &[
    "ACCESS METHOD",
    "AGGREGATE",
    "CAST",
    "COLLATION",
    "COLUMN",
    "CONSTRAINT",
    "CONVERSION",
    "DATABASE",
    "DEFAULT CONVERSION",
    "DOMAIN",
    "EVENT TRIGGER",
    "EXTENSION",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "FUNCTION",
    "GROUP",
    "INDEX",
    "LANGUAGE",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "OPERATOR",
    "POLICY",
    "PROCEDURAL LANGUAGE",
    "TRUSTED PROCEDURAL LANGUAGE",
    "TRUSTED LANGUAGE",
    "PROCEDURE",
    "PUBLICATION",
    "ROLE",
    "ROUTINE",
    "RULE",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "SYSTEM",
    "TABLESPACE",
    "TABLE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
    "TRANSFORM",
    "TRIGGER",
    "TYPE",
    "USER MAPPING",
    "USER",
    "VIEW",
];

/// A statement of which its first words are enough.
pub(super) fn plain(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let two = ["SECURITY LABEL", "REASSIGN OWNED", "COMMIT PREPARED", "ROLLBACK PREPARED", "IMPORT FOREIGN SCHEMA"];
    let verb = match c.eat_any(&two) {
        Some(words) => words.to_owned(),
        None => c.name()?.value.to_ascii_uppercase().to_string(),
    };
    skip_rest(c)?;
    push_other(s, &verb);
    Ok(())
}

/// CREATE of a kind without a handler of its own.
pub(super) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    c.eat("OR REPLACE");
    let Some(kind) = c.eat_any(KINDS) else { return c.fail("a kind of object") };
    if c.at_end() {
        return c.fail("a name");
    }
    let name = match kind {
        "CAST" | "TRANSFORM" | "USER MAPPING" | "OPERATOR" | "ROLE" | "USER" | "GROUP" | "DATABASE" | "TABLESPACE" => None,
        _ => (*c).object_name().ok(),
    };
    skip_rest(c)?;
    s.actions.push(Action::CreateOther { kind: kind.to_owned(), name });
    Ok(())
}

/// ALTER of a kind without a handler of its own.
pub(super) fn alter(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("ALTER")?;
    let Some(kind) = c.eat_any(KINDS) else { return c.fail("a kind of object") };
    if c.at_end() {
        return c.fail("a name");
    }
    let name = match kind {
        "USER MAPPING" | "LARGE OBJECT" | "OPERATOR" | "SYSTEM" => None,
        _ => Some(c.object_name()?),
    };
    let on = if matches!(kind, "TRIGGER" | "RULE") && c.eat("ON") { c.object_name().ok() } else { None };
    let arguments = match kind {
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => super::drop::argument_types(&mut (*c)),
        _ => None,
    };
    let tokens = c.rest();
    skip_rest(c)?;
    let change = last_change(c.over(tokens.get(tokens.len().saturating_sub(3)..).unwrap_or(&[])));
    s.actions.push(Action::AlterOther { kind: kind.to_owned(), name, on, arguments, change });
    Ok(())
}

/// RENAME TO and SET SCHEMA stand last in every ALTER.
fn last_change(mut c: Cursor<'_>) -> OtherChange {
    let renamed = c.eat("RENAME TO");
    let moved = !renamed && c.eat("SET SCHEMA");
    match c.name() {
        Ok(name) if renamed => OtherChange::RenameTo(name),
        Ok(name) if moved => OtherChange::SetSchema(name),
        _ => OtherChange::Other,
    }
}

/// COMMENT ON.
pub(super) fn comment(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("COMMENT ON")?;
    let Some(kind) = c.eat_any(KINDS) else { return c.fail("a kind of object") };
    let (mut name, mut column) = (None, None);
    if kind == "COLUMN" {
        (name, column) = table_column(c)?;
    } else if !matches!(kind, "CAST" | "OPERATOR" | "LARGE OBJECT" | "TRANSFORM") {
        name = Some(c.object_name()?);
    }
    let on = if c.eat("ON") && !c.eat("DOMAIN") { c.object_name().ok() } else { None };
    c.take_until(|c| c.at_words("IS"));
    c.expect("IS")?;
    if !c.eat("NULL") {
        c.string()?;
    }
    s.actions.push(Action::Comment { kind: kind.to_owned(), name, column, on });
    Ok(())
}

/// `[schema.]table.column`.
fn table_column(c: &mut Cursor<'_>) -> Parse<(Option<ObjectName>, Option<Name>)> {
    let mut parts = vec![c.name()?];
    while c.eat_kind(TokenKind::Dot) {
        parts.push(c.name()?);
    }
    let column = parts.pop();
    let table = parts.pop().map(|name| ObjectName { schema: parts.pop(), name });
    Ok((table, column))
}

/// CREATE SCHEMA with the objects to create in it.
pub(super) fn schema(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE SCHEMA")?;
    let if_not_exists = c.eat("IF NOT EXISTS");
    let named = if c.at_words("AUTHORIZATION") { None } else { Some(c.name()?) };
    let role = if c.eat("AUTHORIZATION") { Some(c.name()?) } else { None };
    let Some(name) = named.or(role) else { return c.fail("a name") };
    s.actions.push(Action::CreateSchema { name, if_not_exists });
    while !c.at_end() {
        if !at_schema_element(c) {
            return c.fail("an object to create in the schema");
        }
        let mark = c.mark();
        c.bump();
        c.take_until(at_schema_element);
        super::parse(c.over(c.tokens_since(mark)), s)?;
        if c.peek().is_some_and(|t| matches!(t.kind, TokenKind::RightParen | TokenKind::RightBracket)) {
            return c.fail("the end of the statement");
        }
    }
    Ok(())
}

/// CREATE of something, or GRANT; not the privilege CREATE.
fn at_schema_element(c: &Cursor<'_>) -> bool {
    let mut after = *c;
    if !after.eat("CREATE") {
        return c.at_words("GRANT");
    }
    after.eat("OR REPLACE");
    after.eat_any(&["GLOBAL", "LOCAL"]);
    after.eat_any(&["TEMPORARY", "TEMP", "UNLOGGED"]);
    !after.at_words("SCHEMA") && find(CREATE, &after).is_some()
}

/// CREATE EXTENSION.
pub(super) fn extension(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE EXTENSION")?;
    c.eat("IF NOT EXISTS");
    let name = c.name()?;
    skip_rest(c)?;
    s.actions.push(Action::CreateExtension { name });
    Ok(())
}

/// CREATE or ALTER POLICY.
pub(super) fn policy(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let create = c.eat("CREATE");
    if !create {
        c.expect("ALTER")?;
    }
    c.expect("POLICY")?;
    c.eat("IF EXISTS");
    let name = c.name()?;
    c.expect("ON")?;
    let table = c.object_name()?;
    let rename = match last_change(*c) {
        OtherChange::RenameTo(name) if !create => Some(name),
        _ => None,
    };
    skip_rest(c)?;
    s.actions.push(Action::Policy { name, table, create, rename });
    Ok(())
}

/// CREATE RULE.
pub(super) fn rule(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    c.eat("OR REPLACE");
    c.expect("RULE")?;
    let name = c.name()?;
    c.expect("AS ON")?;
    if c.eat_any(&["SELECT", "UPDATE", "DELETE", "INSERT"]).is_none() {
        return c.fail("an event");
    }
    c.expect("TO")?;
    let table = c.object_name()?;
    skip_rest(c)?;
    s.actions.push(Action::CreateRule { name, table });
    Ok(())
}

/// CREATE STATISTICS.
pub(super) fn statistics(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE STATISTICS")?;
    c.eat("IF NOT EXISTS");
    let unnamed = c.at_words("ON") || c.kind() == Some(TokenKind::LeftParen);
    let name = if unnamed { None } else { Some(c.object_name()?) };
    skip_parens(c)?;
    c.expect("ON")?;
    c.take_until(|c| c.at_words("FROM"));
    c.expect("FROM")?;
    c.eat("ONLY");
    let table = c.object_name().ok();
    skip_rest(c)?;
    s.actions.push(Action::CreateStatistics { name, table });
    Ok(())
}

/// CREATE and ALTER PUBLICATION: the tables that join or leave it.
pub(super) fn publication(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let create = c.eat("CREATE");
    if !create {
        c.expect("ALTER")?;
    }
    c.expect("PUBLICATION")?;
    let name = c.name()?;
    if !create && c.at_any(&["RENAME TO", "OWNER TO"]) {
        let change = last_change(*c);
        skip_rest(c)?;
        s.actions.push(Action::AlterOther {
            kind: "PUBLICATION".into(),
            name: Some(ObjectName::bare(name)),
            on: None,
            arguments: None,
            change,
        });
        return Ok(());
    }
    if !create && c.at_end() {
        return c.fail("a change of the publication");
    }
    let mut tables = vec![];
    while !c.at_end() {
        if c.eat("TABLE") {
            tables.extend(published(c)?);
        } else if matches!(c.kind(), Some(TokenKind::RightParen | TokenKind::RightBracket)) || !c.skip_group() {
            return c.fail("a clause of the publication");
        }
    }
    s.actions.push(Action::Publication { name, tables });
    Ok(())
}

/// `[ONLY] name [*] [(columns)] [WHERE (condition)], …`; a later `TABLES IN SCHEMA` is left to the caller.
fn published(c: &mut Cursor<'_>) -> Parse<Vec<ObjectName>> {
    let mut tables = vec![];
    loop {
        if c.at_words("TABLES IN SCHEMA") {
            return Ok(tables);
        }
        c.eat("TABLE");
        c.eat("ONLY");
        tables.push(c.object_name()?);
        c.eat_operator("*");
        skip_parens(c)?;
        if c.eat("WHERE") {
            skip_parens(c)?;
        }
        if !c.eat_kind(TokenKind::Comma) {
            return Ok(tables);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::{Action, OtherChange};

    #[test]
    fn kinds_without_a_rule_are_known_by_their_verb() {
        for (sql, verb) in [
            ("CREATE CAST (a AS b) WITH FUNCTION f(a)", "CREATE CAST"),
            ("CREATE OPERATOR CLASS o FOR TYPE t USING btree AS OPERATOR 1 <", "CREATE OPERATOR CLASS"),
            ("CREATE ROLE r LOGIN PASSWORD 'x'", "CREATE ROLE"),
            ("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", "CREATE EVENT TRIGGER"),
            ("LISTEN x", "LISTEN"),
            ("security label on table t is 'x'", "SECURITY LABEL"),
            ("CHECKPOINT", "CHECKPOINT"),
        ] {
            let found = match actions(sql).remove(0) {
                Action::Other { verb } => verb,
                Action::CreateOther { kind, .. } => format!("CREATE {kind}"),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, verb, "{sql}");
        }
    }

    #[test]
    fn alterations_say_renames_and_moves() {
        let change = |sql: &str| match actions(sql).remove(0) {
            Action::AlterOther { change, name, .. } => (change, name.map(|n| n.to_string())),
            other => panic!("{other:?}"),
        };
        let (renamed, name) = change("ALTER FUNCTION a.f(int) RENAME TO g");
        assert!(matches!(renamed, OtherChange::RenameTo(n) if n == "g") && name.as_deref() == Some("a.f"));
        assert!(matches!(change("ALTER EXTENSION e SET SCHEMA s").0, OtherChange::SetSchema(n) if n == "s"));
        assert_eq!(change("ALTER ROLE r SET lock_timeout = '1s'").0, OtherChange::Other);
        assert!(matches!(change("ALTER TRIGGER t ON a RENAME TO b").0, OtherChange::RenameTo(_)));
    }

    #[test]
    fn comments_name_their_object() {
        let found = actions("COMMENT ON COLUMN a.b.c IS 'x'");
        let [Action::Comment { name: Some(name), column: Some(column), .. }] = &found[..] else { panic!("{found:?}") };
        assert_eq!((name.to_string().as_str(), column.value.as_str()), ("a.b", "c"));
        let found = actions("COMMENT ON CONSTRAINT c ON DOMAIN d IS NULL");
        assert!(matches!(&found[..], [Action::Comment { kind, .. }] if kind == "CONSTRAINT"));
    }

    #[test]
    fn schemas_hold_objects() {
        let found = actions("CREATE SCHEMA s AUTHORIZATION r CREATE SEQUENCE x GRANT CREATE ON SCHEMA s TO r CREATE SEQUENCE y");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(matches!(&actions("CREATE SCHEMA AUTHORIZATION r")[..], [Action::CreateSchema { name, .. }] if *name == "r"));
    }

    #[test]
    fn tables_of_publications_statistics_rules_and_policies() {
        let found = actions("CREATE PUBLICATION p FOR TABLE ONLY a (x, y) WHERE (x > 1), b, TABLES IN SCHEMA s WITH (publish = 'insert')");
        assert!(matches!(&found[..], [Action::Publication { tables, .. }] if tables.len() == 2), "{found:?}");
        let found = actions("CREATE STATISTICS IF NOT EXISTS s (ndistinct) ON a, (b + 1) FROM t");
        assert!(matches!(&found[..], [Action::CreateStatistics { table: Some(t), .. }] if t.name == "t"));
        let found = actions("CREATE RULE r AS ON INSERT TO t DO INSTEAD (DELETE FROM a; DELETE FROM b)");
        assert!(matches!(&found[..], [Action::CreateRule { table, .. }] if table.name == "t"));
        let found = actions("ALTER POLICY p ON s.t USING (true)");
        assert!(matches!(&found[..], [Action::Policy { create: false, .. }]));
    }
}
