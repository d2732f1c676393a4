//! Statements inside bodies: `DO`, functions and procedures, constant `EXECUTE` strings, scheduled commands.
//!
//! A lock taken inside `DO $$ … $$` is a lock all the same, so bodies are lexed and read like the file around them, with
//! spans in the file ([`overlay`] says how for quoted text). [`plpgsql`] finds the SQL statements of a PL/pgSQL body; SQL
//! bodies are split like a file. Other languages are left alone. Must not know what the statements mean.

mod overlay;
mod plpgsql;

pub(super) use overlay::patched;

use super::cursor::Cursor;
use super::lex::lex;
use super::split::split;
use super::token::{Dialect, Token, TokenKind};
use crate::facts::{Body, BodyKind, BodyStatement, Query, QueryBody, Reading, Select, SelectItem, Statement};
use crate::source::Span;

/// Bodies inside bodies are followed this deep.
const MAX_NESTED_BODIES: usize = 8;

/// Reads the statements of a body given as a string constant. `language` is `sql` or `plpgsql`; others give `None`.
pub(crate) fn read(c: &Cursor<'_>, string: &Token, language: &str, kind: BodyKind) -> Option<Body> {
    if c.depth >= MAX_NESTED_BODIES || !matches!(language, "sql" | "plpgsql") {
        return None;
    }
    overlay::with(c.text, string, overlay::Escapes::String, |text, span| {
        let tokens = lex(text, span, if c.template { Dialect::Host } else { Dialect::Server });
        let statements = match language {
            "sql" => statements(c, text, &tokens),
            _ => plpgsql::statements(c, text, &significant(&tokens)),
        };
        Body { kind, span, statements }
    })
}

/// Reads a constant given to EXECUTE, or `format`'s template.
fn dynamic(c: &Cursor<'_>, string: &Token, template: bool) -> Option<Body> {
    if c.depth >= MAX_NESTED_BODIES {
        return None;
    }
    let (escapes, dialect) = if template { (overlay::Escapes::Format, Dialect::Host) } else { (overlay::Escapes::String, Dialect::Server) };
    overlay::with(c.text, string, escapes, |text, span| {
        let tokens = lex(text, span, dialect);
        let mut around = *c;
        around.template = template;
        let mut statements = statements(&around, text, &tokens);
        // A statement that is itself put in by `format` says nothing.
        statements.retain(|s| !template || !s.statement.span.of(text).starts_with("%s"));
        Body { kind: BodyKind::Execute, span, statements }
    })
}

/// The statements of a text of plain SQL.
fn statements(c: &Cursor<'_>, text: &str, tokens: &[Token]) -> Vec<BodyStatement> {
    let mut statements = vec![];
    split(text, tokens, |piece| statements.push(alone(super::read_statement(inside(c, text, piece)))));
    statements
}

/// A cursor one body deeper.
fn inside<'t>(c: &Cursor<'_>, text: &'t str, tokens: &'t [Token]) -> Cursor<'t> {
    let mut inner = Cursor::new(c.file, text, tokens);
    inner.depth = c.depth + 1;
    inner.template = c.template;
    inner
}

fn alone(statement: Statement) -> BodyStatement {
    BodyStatement { statement, in_loop: None, conditional: false, guards: vec![] }
}

fn significant(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().filter(|t| !t.kind.is_trivia()).copied().collect()
}

fn span_of(tokens: &[Token]) -> Span {
    tokens.iter().fold(Span::default(), |all, t| all.to(t.span))
}

/// Reads a standard body: `RETURN expression` or `BEGIN ATOMIC … END`.
pub(crate) fn standard(c: &Cursor<'_>, tokens: &[Token], kind: BodyKind) -> Option<Body> {
    let mut body = Body { kind, span: span_of(tokens), statements: vec![] };
    if !c.over(tokens).at_words("BEGIN ATOMIC") {
        body.statements.extend(returned(&inside(c, c.text, tokens)).map(alone));
        return Some(body);
    }
    let inner = tokens.get(2..tokens.len().saturating_sub(1)).unwrap_or(&[]);
    for piece in inner.split(|t| t.kind == TokenKind::Semicolon).filter(|piece| !piece.is_empty()) {
        let cursor = inside(c, c.text, piece);
        if cursor.at_words("RETURN") {
            body.statements.extend(returned(&cursor).map(alone));
        } else {
            body.statements.push(alone(super::read_statement(cursor)));
        }
    }
    Some(body)
}

fn returned(c: &Cursor<'_>) -> Option<Statement> {
    let mut c = *c;
    c.expect("RETURN").ok()?;
    expression(&c)
}

/// An expression with a query in it, read as `SELECT expression`; `None` where it has none or cannot be read (an
/// expression of PL/pgSQL may hold things that only it knows).
fn expression(c: &Cursor<'_>) -> Option<Statement> {
    let tokens = c.rest();
    if !tokens.iter().any(|t| t.is_word(c.text, "SELECT")) {
        return None;
    }
    let expr = c.expression_of(tokens).ok()?;
    let span = span_of(tokens);
    let select = Select { span, items: vec![SelectItem { expr, alias: None }], ..Select::default() };
    let query = Query { span, body: QueryBody::Select(Box::new(select)), ..Query::default() };
    Some(Statement { file: c.file, span, actions: vec![], query: Some(query), bodies: vec![], reading: Reading::Parsed, unsure: false })
}

/// Commands given to pg_cron in a query: `cron.schedule([name,] schedule, command)`, `cron.schedule_in_database(name,
/// schedule, command, …)`.
pub(crate) fn scheduled(c: &Cursor<'_>) -> Vec<Body> {
    let mut found = vec![];
    if c.depth >= MAX_NESTED_BODIES {
        return found;
    }
    let mut c = *c;
    while !c.at_end() {
        if c.eat("CRON") && c.eat_kind(TokenKind::Dot) && c.eat_any(&["SCHEDULE", "SCHEDULE_IN_DATABASE"]).is_some() {
            found.extend(command(&mut c).and_then(|string| read(&c, string, "sql", BodyKind::Scheduled)));
            continue;
        }
        c.bump();
    }
    found
}

/// The command among the arguments: by its name, else the third, or the last of two.
fn command<'t>(c: &mut Cursor<'t>) -> Option<&'t Token> {
    let mut strings = vec![];
    let mut named = None;
    c.paren_list(|c| {
        let by_name = c.eat("COMMAND");
        if by_name {
            c.bump(); // := or =>
        }
        let written = c.take_until(|c| c.kind() == Some(TokenKind::Comma));
        let string = written.first().filter(|t| written.len() == 1 && t.kind.is_string());
        if by_name {
            named = string;
        }
        strings.push(string);
        Ok(())
    })
    .ok()?;
    named.or_else(|| strings.get(strings.len().min(3).checked_sub(1)?).copied().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn bodies(sql: &str) -> Vec<Body> {
        let script = crate::sql::read(FileId(0), sql, Span::new(0, sql.len() as u32), Dialect::Psql);
        assert_eq!(script.statements.len(), 1, "{sql}");
        script.statements[0].bodies.clone()
    }

    fn spans(sql: &str) -> Vec<&str> {
        bodies(sql).iter().flat_map(|b| &b.statements).map(|s| s.statement.span.of(sql)).collect()
    }

    #[test]
    fn sql_bodies_have_spans_in_the_file() {
        let sql = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ TRUNCATE a; -- b\n LOCK TABLE c; $x$";
        assert_eq!(spans(sql), ["TRUNCATE a", "LOCK TABLE c"]);
        let sql = "DO 'BEGIN COMMENT ON TABLE é IS ''it''''s''; TRUNCATE b; END'";
        assert_eq!(spans(sql), ["COMMENT ON TABLE é IS ''it''''s''", "TRUNCATE b"]);
        assert_eq!(bodies(sql)[0].statements[0].statement.reading, Reading::Parsed);
        let sql = r"DO E'BEGIN\n  TRUNCATE a; COMMENT ON TABLE t IS \'a\'; END'";
        assert_eq!(spans(sql).len(), 2);
    }

    #[test]
    fn scheduled_commands_are_found() {
        for sql in [
            "SELECT cron.schedule('n', '0 * * * *', $$TRUNCATE t$$)",
            "SELECT cron.schedule('0 * * * *', 'TRUNCATE t')",
            "SELECT cron.schedule_in_database('n', '0 * * * *', 'TRUNCATE t', 'db')",
            "SELECT cron.schedule(command := 'TRUNCATE t', job_name := 'n', schedule := '* * * * *')",
        ] {
            let bodies = bodies(sql);
            assert_eq!(bodies.len(), 1, "{sql}");
            assert_eq!(bodies[0].kind, BodyKind::Scheduled);
            assert_eq!(bodies[0].statements[0].statement.span.of(sql), "TRUNCATE t");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let mut sql = "TRUNCATE t".to_owned();
        for level in 0..200 {
            sql = format!("DO $a{level}$ BEGIN {sql}; END $a{level}$");
        }
        let mut depth = 0;
        let mut bodies = bodies(&sql);
        while let Some(body) = bodies.pop() {
            depth += 1;
            bodies = body.statements.first().map(|s| s.statement.bodies.clone()).unwrap_or_default();
        }
        assert_eq!(depth, MAX_NESTED_BODIES);
    }
}
