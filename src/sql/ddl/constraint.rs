//! Constraints: those that stand by themselves in a table's definition, and those beside a column.
//!
//! Both end as [`Constraint`], so that whoever reads a table's constraints need not care where they were written.

use super::index::{self, skip_parens};
use crate::facts::{ColumnDef, Constraint, ConstraintKind, Expr, Name, ObjectName};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// Whether a table constraint (rather than a column) comes next.
pub(crate) fn at_table_constraint(c: &Cursor<'_>) -> bool {
    let next = |ahead: usize| c.peek_at(ahead).map(|t| t.kind);
    c.at_any(&["CONSTRAINT", "PRIMARY KEY", "FOREIGN KEY", "NOT NULL", "UNIQUE NULLS", "UNIQUE USING", "EXCLUDE USING"])
        || (c.at_any(&["CHECK", "UNIQUE", "EXCLUDE"]) && next(1) == Some(TokenKind::LeftParen))
}

/// Reads `[CONSTRAINT name] …` of a table.
pub(crate) fn table_constraint(c: &mut Cursor<'_>) -> Parse<Constraint> {
    let mark = c.mark();
    let name = if c.eat("CONSTRAINT") { Some(c.name()?) } else { None };
    let mut constraint = blank(name, ConstraintKind::NotNull(Name::default()), false);
    constraint.kind = table_kind(c, &mut constraint)?;
    while attribute(c, Some(&mut constraint)) {}
    constraint.span = c.since(mark);
    Ok(constraint)
}

fn blank(name: Option<Name>, kind: ConstraintKind, inline: bool) -> Constraint {
    Constraint {
        name,
        kind,
        not_valid: false,
        not_enforced: false,
        deferrable: false,
        initially_deferred: false,
        match_full: false,
        temporal: false,
        delete_columns: vec![],
        with: None,
        no_inherit: false,
        inline,
        span: crate::source::Span::default(),
    }
}

/// What the constraint demands; what is said beside goes to `on`.
fn table_kind(c: &mut Cursor<'_>, on: &mut Constraint) -> Parse<ConstraintKind> {
    if c.eat("CHECK") {
        return c.paren_expression().map(ConstraintKind::Check);
    }
    if c.eat("NOT NULL") {
        return c.name().map(ConstraintKind::NotNull);
    }
    if let Some(words) = c.eat_any(&["PRIMARY KEY", "UNIQUE"]) {
        return key(c, words == "PRIMARY KEY", on);
    }
    if c.eat("FOREIGN KEY") {
        let columns = columns(c, on)?;
        c.expect("REFERENCES")?;
        return references(c, columns, on);
    }
    if c.eat("EXCLUDE") {
        return exclude(c, on);
    }
    c.fail("a constraint")
}

/// `(a, b, PERIOD c)`; WITHOUT OVERLAPS after the last.
fn columns(c: &mut Cursor<'_>, on: &mut Constraint) -> Parse<Vec<Name>> {
    c.paren_list(|c| {
        let period = c.at_words("PERIOD") && c.peek_at(1).is_some_and(|t| !matches!(t.kind, TokenKind::Comma | TokenKind::RightParen));
        if period {
            c.bump();
        }
        let name = c.name()?;
        on.temporal |= c.eat("WITHOUT OVERLAPS") || period;
        Ok(name)
    })
}

fn key(c: &mut Cursor<'_>, primary: bool, on: &mut Constraint) -> Parse<ConstraintKind> {
    if c.eat("USING INDEX") {
        let using_index = Some(c.name()?);
        return Ok(ConstraintKind::Key { primary, columns: vec![], include: vec![], using_index, nulls_not_distinct: false });
    }
    let nulls_not_distinct = index::nulls_not_distinct(c);
    let columns = columns(c, on)?;
    let include = if c.eat("INCLUDE") { index::include(c)? } else { vec![] };
    index_parameters(c, on)?;
    Ok(ConstraintKind::Key { primary, columns, include, using_index: None, nulls_not_distinct })
}

/// `WITH (…)`, `USING INDEX TABLESPACE name`.
fn index_parameters(c: &mut Cursor<'_>, on: &mut Constraint) -> Parse<()> {
    if c.eat("WITH") {
        let mark = c.mark();
        skip_parens(c)?;
        on.with = Some(c.since(mark).of(c.text).to_owned());
    }
    if c.eat("USING INDEX TABLESPACE") {
        c.name()?;
    }
    Ok(())
}

/// What follows REFERENCES.
fn references(c: &mut Cursor<'_>, columns: Vec<Name>, on: &mut Constraint) -> Parse<ConstraintKind> {
    let table = c.object_name()?;
    let referenced = if c.kind() == Some(TokenKind::LeftParen) { self::columns(c, on)? } else { vec![] };
    let (mut on_delete, mut on_update) = (None, None);
    loop {
        if let Some(words) = c.eat_any(&["MATCH FULL", "MATCH PARTIAL", "MATCH SIMPLE"]) {
            on.match_full = words == "MATCH FULL";
            continue;
        }
        match c.eat_any(&["ON DELETE", "ON UPDATE"]) {
            Some("ON DELETE") => on_delete = Some(referential_action(c, Some(&mut on.delete_columns))?),
            Some(_) => on_update = Some(referential_action(c, None)?),
            None => break,
        }
    }
    Ok(ConstraintKind::ForeignKey { columns, table, referenced, on_delete, on_update })
}

fn referential_action(c: &mut Cursor<'_>, columns: Option<&mut Vec<Name>>) -> Parse<String> {
    let Some(action) = c.eat_any(&["CASCADE", "RESTRICT", "NO ACTION", "SET NULL", "SET DEFAULT"]) else {
        return c.fail("a referential action");
    };
    if action.starts_with("SET") && c.kind() == Some(TokenKind::LeftParen) {
        let named = c.paren_list(Cursor::name)?;
        if let Some(columns) = columns {
            *columns = named;
        }
    }
    Ok(action.to_owned())
}

fn exclude(c: &mut Cursor<'_>, on: &mut Constraint) -> Parse<ConstraintKind> {
    let method = if c.eat("USING") { Some(c.name()?) } else { None };
    let keys = c.paren_list(|c| {
        let key = index::key(c)?;
        c.expect("WITH")?;
        Ok((key, operator(c)?))
    })?;
    if c.eat("INCLUDE") {
        index::include(c)?;
    }
    index_parameters(c, on)?;
    let predicate = if c.eat("WHERE") { Some(c.paren_expression()?) } else { None };
    Ok(ConstraintKind::Exclude { method, keys, predicate })
}

/// `=`, `schema.=`, `OPERATOR(schema.=)`: the bare operator.
fn operator(c: &mut Cursor<'_>) -> Parse<String> {
    let wrapped = c.eat("OPERATOR") && c.eat_kind(TokenKind::LeftParen);
    while c.peek_at(1).is_some_and(|t| t.kind == TokenKind::Dot) {
        c.bump();
        c.bump();
    }
    let op = c.expect_kind(TokenKind::Operator)?.text(c.text).to_owned();
    if wrapped {
        c.expect_kind(TokenKind::RightParen)?;
    }
    Ok(op)
}

/// Takes one attribute (DEFERRABLE, NOT VALID …) and notes it on the constraint it follows.
fn attribute(c: &mut Cursor<'_>, on: Option<&mut Constraint>) -> bool {
    const ATTRIBUTES: &[&str] = &[
        "NOT DEFERRABLE",
        "DEFERRABLE",
        "INITIALLY DEFERRED",
        "INITIALLY IMMEDIATE",
        "NOT VALID",
        "NO INHERIT",
        "NOT ENFORCED",
        "ENFORCED",
    ];
    let Some(word) = c.eat_any(ATTRIBUTES) else { return false };
    if let Some(constraint) = on {
        match word {
            // the manual, CREATE TABLE: INITIALLY DEFERRED by itself implies DEFERRABLE
            "DEFERRABLE" => constraint.deferrable = true,
            "INITIALLY DEFERRED" => {
                constraint.deferrable = true;
                constraint.initially_deferred = true;
            }
            "NOT VALID" => constraint.not_valid = true,
            "NO INHERIT" => constraint.no_inherit = true,
            "NOT ENFORCED" => constraint.not_enforced = true,
            _ => {}
        }
    }
    true
}

/// The attributes of ALTER CONSTRAINT: deferrable, initially deferred, enforced; `None` where nothing is said.
pub(crate) fn attributes(c: &mut Cursor<'_>) -> (Option<bool>, Option<bool>, Option<bool>) {
    let (mut deferrable, mut deferred, mut enforced) = (None, None, None);
    loop {
        match c.eat_any(&["NOT DEFERRABLE", "DEFERRABLE", "INITIALLY DEFERRED", "INITIALLY IMMEDIATE", "NOT ENFORCED", "ENFORCED"]) {
            Some("NOT DEFERRABLE") => deferrable = Some(false),
            Some("DEFERRABLE") => deferrable = Some(true),
            Some("INITIALLY DEFERRED") => (deferrable, deferred) = (Some(true), Some(true)),
            Some("INITIALLY IMMEDIATE") => deferred = Some(false),
            Some("NOT ENFORCED") => enforced = Some(false),
            Some(_) => enforced = Some(true),
            None if c.eat_any(&["NO INHERIT", "INHERIT", "NOT VALID"]).is_some() => {}
            None => return (deferrable, deferred, enforced),
        }
    }
}

/// Reads everything after a column's type: notes what belongs to the column in `column`, and pushes keys, checks and
/// references onto `constraints`.
pub(crate) fn column_constraints(c: &mut Cursor<'_>, column: &mut ColumnDef, constraints: &mut Vec<Constraint>) -> Parse<()> {
    // how many constraints stood there before this column: attributes never reach back to another column's
    let floor = constraints.len();
    loop {
        if constraints.len() > floor && take_attribute(c, constraints) {
            continue;
        }
        let mark = c.mark();
        let name = if c.eat("CONSTRAINT") { Some(c.name()?) } else { None };
        let mut constraint = blank(name.clone(), ConstraintKind::NotNull(Name::default()), true);
        if let Some(kind) = inline_kind(c, &column.name, &mut constraint)? {
            constraint.kind = kind;
            constraint.span = c.since(mark);
            constraints.push(constraint);
        } else if column_property(c, column, name.as_ref())? {
            // attributes after NOT NULL (NO INHERIT, NOT VALID) are of no consequence, and not the previous constraint's
            while attribute(c, None) {}
        } else if name.is_some() {
            return c.fail("a constraint");
        } else {
            return Ok(());
        }
    }
}

fn take_attribute(c: &mut Cursor<'_>, constraints: &mut [Constraint]) -> bool {
    let Some(last) = constraints.last_mut() else { return false };
    let mark = c.mark();
    let found = attribute(c, Some(last));
    if found {
        last.span = last.span.to(c.since(mark));
    }
    found
}

fn inline_kind(c: &mut Cursor<'_>, column: &Name, on: &mut Constraint) -> Parse<Option<ConstraintKind>> {
    let columns = || vec![column.clone()];
    if c.eat("CHECK") {
        return c.paren_expression().map(|check| Some(ConstraintKind::Check(check)));
    }
    if let Some(words) = c.eat_any(&["PRIMARY KEY", "UNIQUE"]) {
        let nulls_not_distinct = index::nulls_not_distinct(c);
        index_parameters(c, on)?;
        let primary = words == "PRIMARY KEY";
        return Ok(Some(ConstraintKind::Key { primary, columns: columns(), include: vec![], using_index: None, nulls_not_distinct }));
    }
    if c.eat("REFERENCES") {
        return references(c, columns(), on).map(Some);
    }
    Ok(None)
}

/// What belongs to the column itself: nullness, default, generation, collation, storage.
fn column_property(c: &mut Cursor<'_>, column: &mut ColumnDef, name: Option<&Name>) -> Parse<bool> {
    let mark = c.mark();
    if c.eat("NOT NULL") {
        column.not_null = Some(c.since(mark));
        column.not_null_name = name.cloned();
    } else if c.eat("DEFAULT") {
        column.default = Some(default(c)?);
    } else if c.eat("GENERATED") {
        generated(c, column)?;
    } else if c.eat("COLLATE") {
        column.collation = Some(c.object_name()?);
    } else if let Some(word) = c.eat_any(&["STORAGE", "COMPRESSION"]) {
        let value = c.name()?;
        column.settings.push(format!("{word} {value}"));
    } else if c.eat("OPTIONS") {
        skip_parens(c)?;
    } else {
        return Ok(c.eat("NULL"));
    }
    Ok(true)
}

/// `ALWAYS | BY DEFAULT` `AS IDENTITY [(options)]`, or `ALWAYS AS (expression) [STORED | VIRTUAL]`.
fn generated(c: &mut Cursor<'_>, column: &mut ColumnDef) -> Parse<()> {
    let always = generated_when(c)?;
    c.expect("AS")?;
    if c.eat("IDENTITY") {
        column.identity = Some(always);
        column.identity_options = identity_options(c)?;
        return Ok(());
    }
    let expr = c.paren_expression()?;
    let stored = c.eat_any(&["STORED", "VIRTUAL"]).map(|word| word == "STORED");
    column.generated = Some((expr, stored));
    Ok(())
}

/// The options of an identity's sequence, in parentheses where there are any.
pub(crate) fn identity_options(c: &mut Cursor<'_>) -> Parse<Vec<String>> {
    if !c.eat_kind(TokenKind::LeftParen) {
        return Ok(vec![]);
    }
    let options = super::sequence::options(c)?.options;
    c.expect_kind(TokenKind::RightParen)?;
    Ok(options)
}

/// `ALWAYS` (true) or `BY DEFAULT`.
pub(crate) fn generated_when(c: &mut Cursor<'_>) -> Parse<bool> {
    match c.eat_any(&["ALWAYS", "BY DEFAULT"]) {
        Some(words) => Ok(words == "ALWAYS"),
        None => c.fail("ALWAYS or BY DEFAULT"),
    }
}

/// A column's DEFAULT: up to the next comma or the next word that begins a column constraint.
fn default(c: &mut Cursor<'_>) -> Parse<Expr> {
    const ENDS: &[&str] = &[
        "CONSTRAINT",
        "NOT NULL",
        "NOT DEFERRABLE",
        "NOT VALID",
        "NOT ENFORCED",
        "UNIQUE",
        "PRIMARY KEY",
        "CHECK",
        "REFERENCES",
        "GENERATED",
        "COLLATE",
        "DEFAULT",
        "DEFERRABLE",
        "INITIALLY",
        "ENFORCED",
        "STORAGE",
        "COMPRESSION",
        "OPTIONS",
        "NO INHERIT",
    ];
    let first = c.mark();
    let mut after_is = false;
    let tokens = c.take_until(|c| {
        let inside = c.mark() == first || after_is;
        after_is = c.at_any(&["IS"]) || (after_is && c.at_any(&["NOT"]));
        c.kind() == Some(TokenKind::Comma) || (!inside && (c.at_words("NULL") || c.at_any(ENDS)))
    });
    c.expression_of(tokens)
}

/// The name of a table: [`Cursor::object_name`], `ONLY` and `*` taken. Returns whether ONLY was written.
pub(crate) fn only_name(c: &mut Cursor<'_>) -> Parse<(ObjectName, bool)> {
    let only = c.eat("ONLY");
    let wrapped = only && c.eat_kind(TokenKind::LeftParen);
    let name = c.object_name()?;
    if wrapped {
        c.expect_kind(TokenKind::RightParen)?;
    }
    c.eat_operator("*");
    Ok((name, only))
}
