//! CREATE and ALTER of types and domains.

use super::{skip_parens, types};
use crate::facts::{
    Action, AlterDomain, AlterType, CreateDomain, CreateType, DomainChange, Name, ObjectName, Statement, TypeChange, TypeKind, TypeName,
};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;
use std::sync::Arc;

/// CREATE TYPE.
pub(super) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE TYPE")?;
    let name = c.object_name()?;
    let kind = if c.eat("AS ENUM") {
        TypeKind::Enum(parens(c, |c| c.string().map(|(label, _)| label))?)
    } else if c.eat("AS RANGE") {
        TypeKind::Range(parens(c, range_option)?.into_iter().flatten().next())
    } else if c.eat("AS") {
        TypeKind::Composite(parens(c, attribute)?)
    } else {
        skip_parens(c)?;
        TypeKind::Base
    };
    s.actions.push(Action::CreateType(CreateType { name, kind }));
    Ok(())
}

/// `( item, … )`, which may be empty.
fn parens<T>(c: &mut Cursor<'_>, item: impl FnMut(&mut Cursor<'_>) -> Parse<T>) -> Parse<Vec<T>> {
    let mark = c.mark();
    c.expect_kind(TokenKind::LeftParen)?;
    if c.eat_kind(TokenKind::RightParen) {
        return Ok(vec![]);
    }
    c.rewind(mark);
    c.paren_list(item)
}

/// `subtype = type` gives the type; other options nothing.
fn range_option(c: &mut Cursor<'_>) -> Parse<Option<TypeName>> {
    let option = c.name()?;
    if !c.eat_operator("=") {
        return c.fail("=");
    }
    if option == "subtype" {
        return types::type_name(c).map(Some);
    }
    c.take_until(|c| c.kind() == Some(TokenKind::Comma));
    Ok(None)
}

fn attribute(c: &mut Cursor<'_>) -> Parse<(Name, TypeName)> {
    let name = c.name()?;
    let ty = types::type_name(c)?;
    if c.eat("COLLATE") {
        c.object_name()?;
    }
    Ok((name, ty))
}

/// ALTER TYPE: one action for each attribute action.
pub(super) fn alter(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("ALTER TYPE")?;
    let name = c.object_name()?;
    let changes = c.comma_list(type_change)?;
    s.actions.extend(changes.into_iter().map(|change| Action::AlterType(AlterType { name: name.clone(), change })));
    Ok(())
}

fn type_change(c: &mut Cursor<'_>) -> Parse<TypeChange> {
    let change = if c.eat("ADD VALUE") {
        add_value(c)?
    } else if c.eat("RENAME VALUE") {
        let (from, _) = c.string()?;
        c.expect("TO")?;
        TypeChange::RenameValue { from, to: c.string()?.0 }
    } else if c.eat("RENAME ATTRIBUTE") {
        let from = c.name()?;
        c.expect("TO")?;
        TypeChange::RenameAttribute { from, to: c.name()? }
    } else if c.eat("RENAME TO") {
        TypeChange::RenameTo { name: c.name()? }
    } else if c.eat("OWNER TO") {
        c.name()?;
        TypeChange::Owner
    } else if c.eat("SET SCHEMA") {
        TypeChange::SetSchema { schema: c.name()? }
    } else if c.eat("SET") {
        if !skip_parens(c)? {
            return c.fail("options in parentheses");
        }
        TypeChange::SetOptions
    } else {
        attribute_change(c)?
    };
    c.eat_any(&["CASCADE", "RESTRICT"]);
    Ok(change)
}

fn add_value(c: &mut Cursor<'_>) -> Parse<TypeChange> {
    let if_not_exists = c.eat("IF NOT EXISTS");
    let (value, value_span) = c.string()?;
    let before = if c.eat("BEFORE") { Some(c.string()?.0) } else { None };
    let after = if c.eat("AFTER") { Some(c.string()?.0) } else { None };
    Ok(TypeChange::AddValue { value, value_span, if_not_exists, before, after })
}

fn attribute_change(c: &mut Cursor<'_>) -> Parse<TypeChange> {
    if c.eat("ADD ATTRIBUTE") {
        let (name, ty) = attribute(c)?;
        Ok(TypeChange::AddAttribute { name, ty })
    } else if c.eat("DROP ATTRIBUTE") {
        c.eat("IF EXISTS");
        Ok(TypeChange::DropAttribute { name: c.name()? })
    } else if c.eat("ALTER ATTRIBUTE") {
        let name = c.name()?;
        c.eat("SET DATA");
        c.expect("TYPE")?;
        let ty = types::type_name(c)?;
        if c.eat("COLLATE") {
            c.object_name()?;
        }
        Ok(TypeChange::AlterAttribute { name, ty })
    } else {
        c.fail("a change of the type")
    }
}

/// CREATE DOMAIN.
pub(super) fn create_domain(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE DOMAIN")?;
    let name = c.object_name()?;
    c.eat("AS");
    let ty = types::type_name(c)?;
    let mut domain = CreateDomain { name, ty, collation: None, not_null: false, default: None, checks: vec![] };
    while !c.at_end() {
        domain_clause(c, &mut domain)?;
    }
    s.actions.push(Action::CreateDomain(Arc::new(domain)));
    Ok(())
}

fn domain_clause(c: &mut Cursor<'_>, domain: &mut CreateDomain) -> Parse<()> {
    let name = if c.eat("CONSTRAINT") { Some(c.name()?) } else { None };
    if c.eat("COLLATE") {
        domain.collation = Some(c.object_name()?);
    } else if c.eat("NOT NULL") {
        domain.not_null = true;
    } else if c.eat("NULL") {
    } else if c.eat("DEFAULT") {
        domain.default = Some(default(c)?);
    } else if c.eat("CHECK") {
        domain.checks.push((name, c.paren_expression()?));
    } else if c.at_any(&["UNIQUE", "PRIMARY KEY", "REFERENCES", "GENERATED", "DEFERRABLE", "NOT DEFERRABLE", "INITIALLY"]) {
        // PostgreSQL's grammar takes these too and its analysis refuses them: the statement is understood.
        c.take_until(|_| false);
    } else {
        return c.fail("a constraint");
    }
    while c.eat_any(&["NOT VALID", "NO INHERIT", "NOT ENFORCED", "ENFORCED"]).is_some() {}
    Ok(())
}

/// An expression up to the next clause of the domain.
fn default(c: &mut Cursor<'_>) -> Parse<crate::facts::Expr> {
    let mark = c.mark();
    if !c.skip_group() {
        return c.fail("an expression");
    }
    c.take_until(|c| c.at_any(&["NOT NULL", "NULL", "CHECK", "CONSTRAINT", "COLLATE", "DEFAULT"]));
    c.expression_of(c.tokens_since(mark))
}

/// ALTER DOMAIN.
pub(super) fn alter_domain(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("ALTER DOMAIN")?;
    let name: ObjectName = c.object_name()?;
    let change = domain_change(c)?;
    s.actions.push(Action::AlterDomain(Arc::new(AlterDomain { name, change })));
    Ok(())
}

fn domain_change(c: &mut Cursor<'_>) -> Parse<DomainChange> {
    Ok(if c.eat("SET DEFAULT") {
        DomainChange::SetDefault(default(c)?)
    } else if c.eat("DROP DEFAULT") {
        DomainChange::DropDefault
    } else if c.eat("SET NOT NULL") {
        DomainChange::SetNotNull
    } else if c.eat("DROP NOT NULL") {
        DomainChange::DropNotNull
    } else if c.eat("ADD") {
        add_constraint(c)?
    } else if c.eat("DROP CONSTRAINT") {
        let if_exists = c.eat("IF EXISTS");
        let name = c.name()?;
        c.eat_any(&["CASCADE", "RESTRICT"]);
        DomainChange::DropConstraint { name, if_exists }
    } else if c.eat("RENAME CONSTRAINT") {
        let from = c.name()?;
        c.expect("TO")?;
        DomainChange::RenameConstraint { from, to: c.name()? }
    } else if c.eat("VALIDATE CONSTRAINT") {
        DomainChange::Validate { name: c.name()? }
    } else if c.eat("RENAME TO") {
        DomainChange::RenameTo { name: c.name()? }
    } else if c.eat("SET SCHEMA") {
        DomainChange::SetSchema { schema: c.name()? }
    } else if c.eat("OWNER TO") {
        c.name()?;
        DomainChange::Owner
    } else {
        return c.fail("a change of the domain");
    })
}

fn add_constraint(c: &mut Cursor<'_>) -> Parse<DomainChange> {
    let mark = c.mark();
    let name = if c.eat("CONSTRAINT") { Some(c.name()?) } else { None };
    if c.eat("NOT NULL") {
        return Ok(DomainChange::AddNotNull { name });
    }
    c.expect("CHECK")?;
    let check = c.paren_expression()?;
    let not_valid = c.eat("NOT VALID");
    Ok(DomainChange::AddCheck { name, check, not_valid, span: c.since(mark) })
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::{Action, DomainChange, TypeChange, TypeKind};

    #[test]
    fn types_of_every_kind() {
        let kind = |sql: &str| match actions(sql).remove(0) {
            Action::CreateType(ty) => ty.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind("CREATE TYPE s.mood AS ENUM ('a', 'it''s')"), TypeKind::Enum(vec!["a".into(), "it's".into()]));
        assert_eq!(kind("CREATE TYPE e AS ENUM ()"), TypeKind::Enum(vec![]));
        assert!(matches!(kind("CREATE TYPE c AS (a int, b text COLLATE \"C\")"), TypeKind::Composite(f) if f.len() == 2));
        assert!(matches!(kind("CREATE TYPE r AS RANGE (subtype_diff = d, subtype = float8)"), TypeKind::Range(Some(_))));
        assert_eq!(kind("CREATE TYPE shell"), TypeKind::Base);
        assert_eq!(kind("CREATE TYPE b (input = f, output = g, like = text)"), TypeKind::Base);
    }

    #[test]
    fn changes_of_types() {
        let found = actions("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'");
        let [Action::AlterType(ty)] = &found[..] else { panic!("{found:?}") };
        assert!(
            matches!(&ty.change, TypeChange::AddValue { value, if_not_exists: true, before: Some(b), after: None, .. } if value == "x" && b == "y")
        );
        assert_eq!(actions("ALTER TYPE c ADD ATTRIBUTE a int, DROP ATTRIBUTE IF EXISTS b CASCADE").len(), 2);
        assert_eq!(actions("ALTER TYPE c ALTER ATTRIBUTE a SET DATA TYPE text RESTRICT").len(), 1);
    }

    #[test]
    fn changes_of_domains() {
        let change = |sql: &str| match actions(sql).remove(0) {
            Action::AlterDomain(domain) => domain.change.clone(),
            other => panic!("{other:?}"),
        };
        assert!(matches!(
            change("ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID"),
            DomainChange::AddCheck { not_valid: true, name: Some(_), .. }
        ));
        assert!(matches!(change("ALTER DOMAIN d VALIDATE CONSTRAINT c"), DomainChange::Validate { .. }));
        let found = actions("CREATE DOMAIN d AS text COLLATE \"C\" DEFAULT 'a' || 'b' NOT NULL CONSTRAINT c CHECK (VALUE <> '')");
        let [Action::CreateDomain(d)] = &found[..] else { panic!("{found:?}") };
        assert!(d.not_null && d.default.is_some() && d.collation.is_some() && d.checks.len() == 1);
    }
}
