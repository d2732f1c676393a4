//! The SQL statements of a PL/pgSQL body, and what surrounds each.
//!
//! Not a parser of PL/pgSQL: one pass over the tokens that follows blocks, branches and loops with a stack of its own (so
//! that no nesting can exhaust ours) and hands every SQL statement on. What PL/pgSQL adds to SQL (`INTO target`,
//! `PERFORM`) is taken out first, because the SQL grammar must not know it.

use super::{dynamic, expression, inside, overlay, span_of};
use crate::facts::{Action, Asked, BodyStatement, Guard, Reading, Statement};
use crate::source::Span;
use crate::sql::cursor::Cursor;
use crate::sql::token::{Token, TokenKind};
use crate::sql::{query, read_statement};

/// Statements of PL/pgSQL itself that can hold a query only inside an expression.
const OWN: &[&str] = &["RETURN", "RAISE", "EXIT", "CONTINUE", "GET", "ASSERT", "CLOSE", "FETCH", "MOVE", "NULL"];

/// The statements of a body, from its tokens without trivia.
pub(super) fn statements(outer: &Cursor<'_>, text: &str, tokens: &[Token]) -> Vec<BodyStatement> {
    let mut scan = Scan { c: inside(outer, text, tokens), found: vec![], guards: vec![], around: Around::default(), stack: vec![] };
    while !scan.c.at_end() {
        let mark = scan.c.mark();
        scan.step();
        if scan.c.mark() <= mark {
            scan.c.rewind(mark + 1); // a stray token must not stop the scan
        }
    }
    scan.found
}

/// What surrounds the statement at the cursor.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    in_loop: Option<Span>,
    conditional: bool,
    /// The innermost condition, by its number.
    guard: Option<usize>,
}

/// So many conditions around a statement are followed.
const MOST_GUARDS: usize = 16;

struct Scan<'t> {
    c: Cursor<'t>,
    found: Vec<BodyStatement>,
    /// Each condition with the one around it.
    guards: Vec<(Guard, Option<usize>)>,
    around: Around,
    /// What surrounded each open block, branch and loop.
    stack: Vec<Around>,
}

impl<'t> Scan<'t> {
    fn step(&mut self) {
        let c = &mut self.c;
        if c.eat_kind(TokenKind::Semicolon) {
            // nothing starts or ends here
        } else if c.eat("ELSE") {
            self.otherwise();
        } else if c.at_operator("#") {
            c.rewind(c.mark() + 3); // #option dump, #variable_conflict use_column
        } else if c.eat_operator("<<") {
            c.name().ok();
            c.eat_operator(">>");
        } else if c.eat("DECLARE") {
            self.declarations();
        } else if c.eat("BEGIN") {
            self.open(self.around);
        } else if c.eat("EXCEPTION") {
            self.under(Asked::Unknown);
        } else if c.at_any(&["IF", "CASE"]) {
            self.branch();
        } else if c.eat_any(&["ELSIF", "ELSEIF"]).is_some() {
            let asked = self.condition("THEN");
            self.otherwise();
            self.under(asked);
        } else if c.eat("WHEN") {
            self.condition("THEN");
            self.around.conditional = true;
        } else if c.eat("END") {
            c.take_until(|c| c.kind() == Some(TokenKind::Semicolon));
            self.around = self.stack.pop().unwrap_or_default();
        } else if c.at_any(&["LOOP", "WHILE", "FOR", "FOREACH"]) {
            self.enter_loop();
        } else {
            self.simple();
        }
    }

    fn open(&mut self, inner: Around) {
        self.stack.push(self.around);
        self.around = inner;
    }

    /// Everything up to BEGIN at the start of a declaration.
    fn declarations(&mut self) {
        while !self.c.at_end() && !self.c.at_words("BEGIN") {
            self.until_semicolon();
            self.c.eat_kind(TokenKind::Semicolon);
        }
    }

    fn branch(&mut self) {
        let outer = self.around;
        if self.c.eat("IF") {
            let mut ahead = self.c;
            let turn = asks_for_version(&mut ahead);
            let asked = self.condition("THEN");
            self.under(if turn { Asked::Turn } else { asked });
            self.around.conditional = outer.conditional || !turn;
        } else {
            self.c.bump();
            let operand = self.up_to("WHEN"); // WHEN is a step of its own
            self.found_expression(operand);
            self.under(Asked::Unknown);
        }
        self.stack.push(outer);
    }

    /// What follows runs only if this holds too.
    fn under(&mut self, asked: Asked) {
        self.guards.push((Guard { asked, holds: true }, self.around.guard));
        self.around = Around { conditional: true, guard: self.guards.len().checked_sub(1), ..self.around };
    }

    /// What follows runs only if the innermost condition does not hold.
    fn otherwise(&mut self) {
        self.around.conditional = true;
        if let Some((guard, around)) = self.around.guard.and_then(|at| self.guards.get(at)).copied() {
            self.guards.push((Guard { holds: !guard.holds, ..guard }, around));
            self.around.guard = self.guards.len().checked_sub(1);
        }
    }

    /// The conditions around what stands here, the innermost first.
    fn guards_here(&self) -> Vec<Guard> {
        let mut next = self.around.guard;
        let mut found = vec![];
        while let Some((guard, around)) = next.and_then(|at| self.guards.get(at)) {
            if found.len() == MOST_GUARDS {
                found.push(Guard { asked: Asked::Unknown, holds: true });
                break;
            }
            found.push(*guard);
            next = *around;
        }
        found
    }

    /// Takes an expression and the key word after it; says what it asks.
    fn condition(&mut self, end: &str) -> Asked {
        let tokens = self.up_to(end);
        let place = self.found.len();
        self.found_expression(tokens);
        self.c.eat(end);
        if self.found.len() > place { Asked::Query(place as u32) } else { Asked::Unknown }
    }

    /// The tokens up to a key word that does not belong to a CASE expression, or to the statement's end.
    fn up_to(&mut self, word: &str) -> &'t [Token] {
        let mut cases = 0usize;
        self.c.take_until(|c| {
            if c.kind() == Some(TokenKind::Semicolon) || (cases == 0 && c.at_words(word)) {
                return true;
            }
            if c.at_words("CASE") {
                cases += 1;
            } else if c.at_words("END") {
                cases = cases.saturating_sub(1);
            }
            false
        })
    }

    fn enter_loop(&mut self) {
        let mark = self.c.mark();
        if self.c.eat("WHILE") {
            let tokens = self.up_to("LOOP");
            self.found_expression(tokens);
        } else if self.c.eat("FOREACH") {
            self.up_to("LOOP");
        } else if self.c.eat("FOR") {
            self.c.take_until(|c| c.at_words("IN") || c.kind() == Some(TokenKind::Semicolon));
            self.c.eat("IN");
            let tokens = self.up_to("LOOP");
            self.rows(tokens);
        }
        if self.c.eat("LOOP") {
            let mut ahead = self.c;
            if ahead.at_words("FETCH") {
                // a loop over a cursor: what it turns for is said in its first statement
                ahead.take_until(|c| c.kind() == Some(TokenKind::Semicolon));
            }
            let header = ahead.since(mark);
            self.open(Around { in_loop: Some(header), ..self.around });
        }
    }

    /// What a FOR loop, RETURN QUERY or a cursor runs over: a query, a dynamic one, or a range.
    fn rows(&mut self, tokens: &'t [Token]) {
        let mut c = self.c.over(tokens);
        if query::owns(&c) {
            self.push(read_statement(c));
        } else if c.eat("EXECUTE") {
            self.execute(c, tokens);
        } else {
            self.found_expression(tokens);
        }
    }

    /// A statement that ends at the next semicolon.
    fn simple(&mut self) {
        let tokens = self.until_semicolon();
        let mut c = self.c.over(tokens);
        if let Some(value) = assigned(&c) {
            self.found_expression(value);
        } else if c.eat("PERFORM") {
            self.perform(tokens);
        } else if c.eat("RETURN QUERY") {
            self.rows(c.rest());
        } else if c.eat("EXECUTE") {
            self.execute(c, tokens);
        } else if c.eat("OPEN") {
            c.take_until(|c| c.at_words("FOR"));
            if c.eat("FOR") {
                self.rows(c.rest());
            }
        } else if query::owns(&c) {
            let plain = without_into(&c);
            let mut inner = Cursor::new(c.file, c.text, &plain);
            (inner.depth, inner.template) = (c.depth, c.template);
            let mut statement = read_statement(inner);
            statement.span = span_of(tokens);
            self.push(statement);
        } else if c.eat_any(OWN).is_some() {
            c.eat("NEXT");
            self.found_expression(c.rest());
        } else if !c.at_end() {
            self.push(read_statement(c));
        }
    }

    fn until_semicolon(&mut self) -> &'t [Token] {
        let mark = self.c.mark();
        loop {
            self.c.take_until(|c| c.kind() == Some(TokenKind::Semicolon));
            // A closing bracket too many is taken along, so that the statement is seen to be wrong.
            if !self.c.eat_kind(TokenKind::RightParen) && !self.c.eat_kind(TokenKind::RightBracket) {
                return self.c.tokens_since(mark);
            }
        }
    }

    /// PERFORM is SELECT by another name and one byte longer, so SELECT is laid over it.
    fn perform(&mut self, tokens: &'t [Token]) {
        let span = span_of(tokens);
        let Some(rest) = span.of(self.c.text).get("PERFORM".len()..) else { return };
        let select = format!("SELECT {rest}");
        let mut tokens = tokens.to_vec();
        if let Some(first) = tokens.first_mut() {
            first.span.end = first.span.start + "SELECT".len() as u32;
        }
        let c = self.c;
        let read = overlay::patched(span, &select, |text| {
            let mut inner = Cursor::new(c.file, text, &tokens);
            (inner.depth, inner.template) = (c.depth, c.template);
            read_statement(inner)
        });
        read.into_iter().for_each(|statement| self.push(statement));
    }

    /// EXECUTE 'constant' or EXECUTE format('constant', …); what is put together otherwise is not known here.
    fn execute(&mut self, mut c: Cursor<'t>, all: &[Token]) {
        let template = c.at_words("FORMAT") && c.peek_at(1).is_some_and(|t| t.kind == TokenKind::LeftParen);
        if template {
            c.bump();
            c.bump();
        }
        let Some(string) = c.bump().filter(|t| t.kind.is_string()) else { return };
        let whole = match c.kind() {
            None => !template,
            Some(TokenKind::Comma | TokenKind::RightParen) => template,
            _ => !template && c.at_any(&["INTO", "USING"]),
        };
        let Some(body) = dynamic(&self.c, string, template).filter(|_| whole) else { return };
        self.push(Statement {
            file: c.file,
            span: span_of(all),
            actions: vec![Action::Other { verb: "EXECUTE".to_owned() }],
            query: None,
            bodies: vec![body],
            reading: Reading::Parsed,
            unsure: false,
        });
    }

    fn found_expression(&mut self, tokens: &'t [Token]) {
        let found = expression(&self.c.over(tokens));
        found.into_iter().for_each(|statement| self.push(statement));
    }

    fn push(&mut self, statement: Statement) {
        let Around { in_loop, conditional, .. } = self.around;
        let guards = self.guards_here();
        self.found.push(BodyStatement { statement, in_loop, conditional, guards });
    }
}

/// Whether a condition is `next_version = 7`: that the migration has its turn, which it has where migrations are replayed.
fn asks_for_version(c: &mut Cursor<'_>) -> bool {
    let named = c.peek().is_some_and(|t| t.kind == TokenKind::Word && t.text(c.text).to_ascii_lowercase().ends_with("version"));
    c.bump();
    named && ["=", "<", "<="].iter().any(|sign| c.eat_operator(sign)) && c.eat_kind(TokenKind::Number) && c.at_words("THEN")
}

/// The right side of `target := value` or `target = value`.
fn assigned<'t>(c: &Cursor<'t>) -> Option<&'t [Token]> {
    let mut c = *c;
    c.bump()?; // a name, or $1
    loop {
        if c.eat_operator(":=") || c.eat_operator("=") {
            return Some(c.rest());
        }
        match c.kind()? {
            TokenKind::Dot => {
                c.bump();
                c.name().ok()?;
            }
            TokenKind::LeftBracket => {
                c.skip_group();
            }
            _ => return None,
        }
    }
}

/// The tokens without PL/pgSQL's `INTO [STRICT] target, …`; INSERT INTO and MERGE INTO keep theirs.
fn without_into(c: &Cursor<'_>) -> Vec<Token> {
    let mut c = *c;
    let start = c.mark();
    let mut after_verb = false;
    while !c.at_words("INTO") || after_verb {
        if c.at_end() {
            return c.tokens_since(start).to_vec();
        }
        after_verb = c.at_any(&["INSERT", "MERGE"]);
        c.skip_group();
    }
    let mut plain = c.tokens_since(start).to_vec();
    c.bump();
    c.eat("STRICT");
    loop {
        c.bump();
        while c.eat_kind(TokenKind::Dot) {
            c.bump();
        }
        while c.kind() == Some(TokenKind::LeftBracket) {
            c.skip_group();
        }
        if !c.eat_kind(TokenKind::Comma) {
            break;
        }
    }
    plain.extend_from_slice(c.rest());
    plain
}

#[cfg(test)]
mod tests {
    use crate::facts::{BodyStatement, Reading};
    use crate::source::{FileId, Span};
    use crate::sql::token::Dialect;

    fn found(body: &str) -> (String, Vec<BodyStatement>) {
        let sql = format!("DO $do$ {body} $do$");
        let script = crate::sql::read(FileId(0), &sql, Span::new(0, sql.len() as u32), Dialect::Psql);
        assert_eq!(script.statements[0].reading, Reading::Parsed);
        let found = script.statements[0].bodies[0].statements.clone();
        (sql, found)
    }

    #[test]
    fn branches_loops_and_handlers_surround_statements() {
        let (sql, s) = found(
            "#variable_conflict use_column
             <<top>> DECLARE x int := 1; c CURSOR FOR SELECT 1; BEGIN
               TRUNCATE a;
               IF x = CASE WHEN true THEN 1 END THEN TRUNCATE b; ELSIF x > 2 THEN NULL; ELSE TRUNCATE c; END IF;
               FOR i IN 1..10 LOOP TRUNCATE d; EXIT WHEN x = 1; END LOOP;
               WHILE x < 3 LOOP IF true THEN TRUNCATE e; END IF; END LOOP top;
               CASE x WHEN 1 THEN TRUNCATE f; ELSE TRUNCATE g; END CASE;
               BEGIN TRUNCATE h; EXCEPTION WHEN others THEN TRUNCATE i; END;
               TRUNCATE j;
             END top",
        );
        let seen: Vec<_> = s
            .iter()
            .map(|s| (s.statement.span.of(&sql).trim_start_matches("TRUNCATE "), s.in_loop.map(|l| l.of(&sql)), s.conditional))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", None, false),
                ("b", None, true),
                ("c", None, true),
                ("d", Some("FOR i IN 1..10 LOOP"), false),
                ("e", Some("WHILE x < 3 LOOP"), true),
                ("f", None, true),
                ("g", None, true),
                ("h", None, false),
                ("i", None, true),
                ("j", None, false),
            ]
        );
    }

    #[test]
    fn queries_are_read_without_what_plpgsql_adds() {
        let (sql, s) = found(
            "BEGIN
               SELECT a, b INTO STRICT x, r.y FROM t;
               INSERT INTO t VALUES (1) RETURNING id INTO v[1];
               PERFORM f(1) FROM t WHERE a = 1;
               FOR r IN SELECT * FROM t LOOP UPDATE t SET a = 1 WHERE b = r.b; END LOOP;
               RETURN QUERY SELECT 1;
               OPEN c FOR SELECT 2;
               x := (SELECT 3);
               IF EXISTS (SELECT 4 FROM t) THEN RAISE NOTICE 'x %', 5; END IF;
               y := 6;
             END",
        );
        let shown: Vec<_> = s.iter().map(|s| (s.statement.span.of(&sql), &s.statement.reading)).collect();
        assert_eq!(s.len(), 9, "{shown:#?}");
        assert!(s.iter().all(|s| s.statement.reading == Reading::Parsed && s.statement.query.is_some()), "{shown:#?}");
        assert_eq!(s[3].in_loop, None);
        assert!(s[4].in_loop.is_some());
    }

    #[test]
    fn constant_execute_strings_are_bodies() {
        let (sql, s) = found(
            "BEGIN EXECUTE 'TRUNCATE a'; EXECUTE 'TRUNCATE ' || b; EXECUTE format('TRUNCATE %I.%I', 'x', y); \
             EXECUTE 'COMMENT ON TABLE t IS ''x''' USING 1; EXECUTE format($f$LOCK TABLE %1$s$f$, z); END",
        );
        let inner: Vec<_> = s.iter().flat_map(|s| &s.statement.bodies).flat_map(|b| &b.statements).collect();
        assert!(inner.iter().all(|s| s.statement.reading == Reading::Parsed), "{inner:#?}");
        let spans: Vec<_> = inner.iter().map(|s| s.statement.span.of(&sql)).collect();
        assert_eq!(spans, ["TRUNCATE a", "TRUNCATE %I.%I", "COMMENT ON TABLE t IS ''x''", "LOCK TABLE %1$s"]);
    }

    #[test]
    fn broken_bodies_end_in_an_answer() {
        for body in
            ["BEGIN", "END; END IF; ) ] ;", "IF IF IF", "FOR x", "DECLARE", "BEGIN ) TRUNCATE a; END", "EXECUTE", "x[", "SELECT INTO"]
        {
            found(body);
        }
        let deep = "BEGIN ".repeat(50_000);
        assert!(found(&deep).1.is_empty());
    }
}
