//! GRANT, REVOKE and ALTER DEFAULT PRIVILEGES.

use super::{push_other, skip_parens, skip_rest};
use crate::facts::{Action, Grant, ObjectName, Statement};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Kinds of object after ON; TABLE is what it means without one.
const KINDS: &[&str] = &[
    "ALL TABLES IN SCHEMA",
    "ALL SEQUENCES IN SCHEMA",
    "ALL FUNCTIONS IN SCHEMA",
    "ALL PROCEDURES IN SCHEMA",
    "ALL ROUTINES IN SCHEMA",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "LARGE OBJECT",
    "TABLESPACE",
    "TABLE",
    "SEQUENCE",
    "DATABASE",
    "DOMAIN",
    "FUNCTION",
    "PROCEDURE",
    "ROUTINE",
    "LANGUAGE",
    "PARAMETER",
    "SCHEMA",
    "TYPE",
];

/// GRANT or REVOKE, of privileges or of roles.
pub(super) fn grant(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let grant = verb(c)?;
    let privileges = c.comma_list(privilege)?;
    let (mut kind, mut objects) = (String::new(), vec![]);
    if c.eat("ON") {
        let written = c.eat_any(KINDS);
        kind = written.unwrap_or("TABLE").to_owned();
        objects = c.comma_list(object)?;
    }
    let to_public = grantees(c, grant)?;
    s.actions.push(Action::Grant(Grant { grant, privileges, kind, objects, to_public }));
    Ok(())
}

fn verb(c: &mut Cursor<'_>) -> Parse<bool> {
    if c.eat("GRANT") {
        return Ok(true);
    }
    c.expect("REVOKE")?;
    for option in ["GRANT", "ADMIN", "INHERIT", "SET"] {
        if c.eat(&format!("{option} OPTION FOR")) {
            break;
        }
    }
    Ok(false)
}

/// A privilege with its column list, or a role.
fn privilege(c: &mut Cursor<'_>) -> Parse<String> {
    let mark = c.mark();
    if c.eat("ALL") {
        c.eat("PRIVILEGES");
        skip_parens(c)?;
        return Ok("ALL".to_owned());
    }
    c.name()?;
    c.eat("SYSTEM"); // ALTER SYSTEM ON PARAMETER
    let words = c.since(mark).of(c.text).to_ascii_uppercase();
    skip_parens(c)?;
    Ok(words)
}

/// A name; functions with their argument types, large objects by number.
fn object(c: &mut Cursor<'_>) -> Parse<ObjectName> {
    if let Some(number) = c.peek().filter(|t| t.kind == TokenKind::Number) {
        c.bump();
        return Ok(ObjectName::bare(crate::facts::Name::new(number.text(c.text), number.span)));
    }
    let name = c.object_name()?;
    skip_parens(c)?;
    Ok(name)
}

/// TO or FROM the roles, and what may follow them; the bytes of PUBLIC.
fn grantees(c: &mut Cursor<'_>, grant: bool) -> Parse<Option<Span>> {
    c.expect(if grant { "TO" } else { "FROM" })?;
    let roles = c.comma_list(|c| {
        c.eat("GROUP");
        let public = c.at_words("PUBLIC");
        c.name().map(|name| public.then_some(name.span))
    })?;
    if c.eat("WITH") {
        c.comma_list(|c| {
            c.name()?;
            c.eat_any(&["OPTION", "TRUE", "FALSE"]);
            Ok(())
        })?;
    }
    if c.eat("GRANTED BY") {
        c.name()?;
    }
    c.eat_any(&["CASCADE", "RESTRICT"]);
    Ok(roles.into_iter().flatten().next())
}

/// ALTER DEFAULT PRIVILEGES: about objects that do not exist yet.
pub(super) fn default_privileges(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("ALTER DEFAULT PRIVILEGES")?;
    c.take_until(|c| c.at_any(&["GRANT", "REVOKE"]));
    if !c.at_any(&["GRANT", "REVOKE"]) {
        return c.fail("GRANT or REVOKE");
    }
    let mark = c.mark();
    match default_grant(c) {
        Ok(grant) => s.actions.push(Action::Grant(grant)),
        Err(_) => {
            c.rewind(mark);
            skip_rest(c)?;
            push_other(s, "ALTER DEFAULT PRIVILEGES");
        }
    }
    Ok(())
}

/// `GRANT … ON TABLES TO …`, as ALTER DEFAULT PRIVILEGES has it: a kind and no objects.
fn default_grant(c: &mut Cursor<'_>) -> Parse<Grant> {
    let grant = verb(c)?;
    let privileges = c.comma_list(privilege)?;
    c.expect("ON")?;
    let kind = c.name()?.value.to_ascii_uppercase();
    let kind = if kind == "LARGE" { c.name().map(|_| "LARGE OBJECTS".to_owned())? } else { kind };
    let to_public = grantees(c, grant)?;
    c.expect_end()?;
    Ok(Grant { grant, privileges, kind: format!("FUTURE {kind}"), objects: vec![], to_public })
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::{Action, Grant};

    fn grant(sql: &str) -> Grant {
        match actions(sql).remove(0) {
            Action::Grant(grant) => grant,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn privileges_objects_and_public() {
        let sql = "GRANT SELECT (a, b), UPDATE ON x.t, u TO alice, PUBLIC WITH GRANT OPTION";
        let g = grant(sql);
        assert_eq!(g.privileges, ["SELECT", "UPDATE"]);
        assert_eq!((g.kind.as_str(), g.objects.len()), ("TABLE", 2));
        assert_eq!(g.to_public.map(|at| at.of(sql)), Some("PUBLIC"));
    }

    #[test]
    fn other_kinds_and_roles() {
        let g = grant("REVOKE GRANT OPTION FOR ALL PRIVILEGES ON FUNCTION f(int, text) FROM PUBLIC CASCADE");
        assert_eq!((g.grant, g.kind.as_str(), g.privileges), (false, "FUNCTION", vec!["ALL".to_owned()]));
        assert_eq!(grant("GRANT ALL ON ALL TABLES IN SCHEMA s TO r").kind, "ALL TABLES IN SCHEMA");
        assert!(grant("GRANT a, b TO c WITH ADMIN TRUE, INHERIT FALSE GRANTED BY d").objects.is_empty());
        assert!(grant("GRANT SELECT ON t TO \"PUBLIC\"").to_public.is_none());
        let future = grant("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO r, PUBLIC");
        assert_eq!((future.kind.as_str(), future.objects.len(), future.to_public.is_some()), ("FUTURE TABLES", 0, true));
        assert_eq!(grant("ALTER DEFAULT PRIVILEGES REVOKE ALL ON LARGE OBJECTS FROM r").kind, "FUTURE LARGE OBJECTS");
    }
}
