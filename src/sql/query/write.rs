//! INSERT, UPDATE, DELETE and MERGE.

use super::from;
use super::grammar::{begins_query, expr, items, query};
use crate::facts::{Delete, Expr, ExprKind, Insert, Literal, Merge, Name, SelectItem, Update};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

pub(super) fn insert(c: &mut Cursor<'_>) -> Parse<Insert> {
    c.expect("INSERT")?;
    c.expect("INTO")?;
    let mut insert = Insert { table: from::table(c)?, ..Insert::default() };
    if c.kind() == Some(TokenKind::LeftParen) && !begins_query(c) {
        insert.columns = c.paren_list(target)?;
    }
    if c.eat("OVERRIDING") {
        c.eat_any(&["USER VALUE", "SYSTEM VALUE"]);
    }
    if c.kind() == Some(TokenKind::Ellipsis) {
        c.bump();
    } else if !c.eat("DEFAULT VALUES") && !c.at_end() {
        insert.source = Some(query(c)?);
    }
    if c.eat("ON CONFLICT") {
        insert.on_conflict = Some(on_conflict(c)?);
    }
    insert.returning = returning(c)?;
    Ok(insert)
}

/// A column assigned to: subscripts and fields after it are passed over.
fn target(c: &mut Cursor<'_>) -> Parse<Name> {
    if c.kind() == Some(TokenKind::Ellipsis) {
        let span = c.bump().map(|t| t.span).unwrap_or_default();
        return Ok(Name::new("...", span));
    }
    let name = c.name()?;
    loop {
        if c.kind() == Some(TokenKind::LeftBracket) {
            c.skip_group();
        } else if c.eat_kind(TokenKind::Dot) {
            c.name()?;
        } else {
            return Ok(name);
        }
    }
}

fn on_conflict(c: &mut Cursor<'_>) -> Parse<Vec<Expr>> {
    if c.eat("ON CONSTRAINT") {
        c.name()?;
    } else if c.kind() == Some(TokenKind::LeftParen) {
        c.skip_group();
        if c.eat("WHERE") {
            expr(c, &["DO"])?;
        }
    }
    c.expect("DO")?;
    if c.eat("NOTHING") {
        return Ok(vec![]);
    }
    if !c.eat("UPDATE SET") {
        c.expect("SELECT")?;
        c.take_until(|c| c.at_words("RETURNING"));
        return Ok(vec![]);
    }
    let mut all: Vec<Expr> = assignments(c)?.into_iter().map(|(_, value)| value).collect();
    if c.eat("WHERE") {
        all.push(expr(c, &[])?);
    }
    Ok(all)
}

fn assignments(c: &mut Cursor<'_>) -> Parse<Vec<(Name, Expr)>> {
    let lists = c.comma_list(assignment)?;
    Ok(lists.into_iter().flatten().collect())
}

/// `a = x`, `(a, b) = (x, y)`: a row is taken apart where its parts can be told; a subquery stands for each column.
fn assignment(c: &mut Cursor<'_>) -> Parse<Vec<(Name, Expr)>> {
    let many = c.kind() == Some(TokenKind::LeftParen);
    let names = if many { c.paren_list(target)? } else { vec![target(c)?] };
    if !c.eat_operator("=") {
        return c.fail("=");
    }
    let value = expr(c, &["WHEN"])?;
    if !many {
        return Ok(names.into_iter().map(|name| (name, value.clone())).collect());
    }
    let span = value.span;
    Ok(match value.kind {
        ExprKind::Row(list) if list.len() == names.len() => names.into_iter().zip(list).collect(),
        kind => {
            let null = || Expr::new(ExprKind::Literal(Literal::Null), span);
            let mut value = Some(Expr::new(kind, span));
            names.into_iter().map(|name| (name, value.take().unwrap_or_else(null))).collect()
        }
    })
}

fn returning(c: &mut Cursor<'_>) -> Parse<Vec<SelectItem>> {
    if !c.eat("RETURNING") {
        return Ok(vec![]);
    }
    if c.at_words("WITH") {
        c.bump();
        c.skip_group();
    }
    let items = items(c)?;
    if c.eat("INTO") {
        c.take_until(|_| false);
    }
    Ok(items)
}

/// WHERE, with `CURRENT OF cursor` left out.
fn filter(c: &mut Cursor<'_>) -> Parse<Option<Expr>> {
    if !c.eat("WHERE") {
        return Ok(None);
    }
    if c.at_words("CURRENT OF") {
        let mark = c.mark();
        c.eat("CURRENT OF");
        c.name()?;
        return Ok(Some(Expr::new(ExprKind::Other(vec![]), c.since(mark))));
    }
    expr(c, &[]).map(Some)
}

/// `FOR PORTION OF period FROM a TO b` (19) says nothing that rules look at.
fn portion(c: &mut Cursor<'_>) {
    if c.at_words("FOR PORTION OF") {
        c.take_until(|c| c.at_any(&["SET", "WHERE", "USING", "RETURNING"]));
    }
}

pub(super) fn update(c: &mut Cursor<'_>) -> Parse<Update> {
    c.expect("UPDATE")?;
    let mut update = Update { table: from::table(c)?, ..Update::default() };
    portion(c);
    c.expect("SET")?;
    update.assignments = assignments(c)?;
    if c.eat("FROM") {
        update.from = from::list(c)?;
    }
    update.filter = filter(c)?;
    update.returning = returning(c)?;
    Ok(update)
}

pub(super) fn delete(c: &mut Cursor<'_>) -> Parse<Delete> {
    c.expect("DELETE")?;
    c.expect("FROM")?;
    let mut delete = Delete { table: from::table(c)?, ..Delete::default() };
    portion(c);
    if c.eat("USING") {
        delete.using = from::list(c)?;
    }
    delete.filter = filter(c)?;
    delete.returning = returning(c)?;
    Ok(delete)
}

pub(super) fn merge(c: &mut Cursor<'_>) -> Parse<Merge> {
    c.expect("MERGE")?;
    c.expect("INTO")?;
    let mut merge = Merge { table: from::table(c)?, ..Merge::default() };
    c.expect("USING")?;
    merge.source = Some(from::item(c)?);
    c.expect("ON")?;
    merge.condition = Some(expr(c, &["WHEN"])?);
    while c.eat("WHEN") {
        c.eat("NOT");
        c.expect("MATCHED")?;
        c.eat_any(&["BY SOURCE", "BY TARGET"]);
        if c.eat("AND") {
            merge.clauses.push(expr(c, &["THEN"])?);
        }
        c.expect("THEN")?;
        action(c, &mut merge.clauses)?;
    }
    returning(c)?;
    Ok(merge)
}

fn action(c: &mut Cursor<'_>, all: &mut Vec<Expr>) -> Parse<()> {
    if c.eat_any(&["DO NOTHING", "DELETE"]).is_some() {
        return Ok(());
    }
    if c.eat("UPDATE SET") {
        all.extend(assignments(c)?.into_iter().map(|(_, value)| value));
        return Ok(());
    }
    c.expect("INSERT")?;
    if c.kind() == Some(TokenKind::LeftParen) {
        c.skip_group();
    }
    if c.eat("OVERRIDING") {
        c.eat_any(&["USER VALUE", "SYSTEM VALUE"]);
    }
    if !c.eat("DEFAULT VALUES") {
        c.expect("VALUES")?;
        all.extend(c.paren_list(|c| expr(c, &[]))?);
    }
    Ok(())
}
