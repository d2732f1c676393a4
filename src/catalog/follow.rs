//! What a migration runs through bodies: calls of the functions that migrations define, and DO blocks that put their commands
//! together from constants. What cannot be known is left to [`super::calls`]. Must not know which rules ask.

use super::Catalog;
use super::calls::find_word;
use super::text::At;
use crate::facts::{Action, Body, BodyKind, Expr, ExprKind, Literal, ObjectName, Statement};
use crate::source::{FILLER, FileId, Span};
use crate::sql::spell::spell;
use crate::sql::token::Dialect;

/// Functions that call functions are followed this deep.
const DEEPEST: u8 = 4;

/// So many bytes of bodies are read again for calls.
const MOST: usize = 8 << 20;

/// How much was followed so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Followed {
    depth: u8,
    bytes: usize,
}

impl Catalog {
    /// Folds in what a function of the migrations' own does when it is called so; false where it is not known or changes nothing.
    pub(super) fn follow(&mut self, name: &ObjectName, arguments: &[Expr], at: At) -> bool {
        let resolved = self.resolve_where(name, |candidate| self.functions.has(candidate));
        let Some(overloads) = self.functions.get(&resolved) else { return false };
        let takes = |count: usize| overloads.iter().find(|function| function.argument_types.len() == count);
        let Some(function) = takes(arguments.len()).filter(|function| changes_schema(&function.sql)) else { return false };
        if self.followed.depth >= DEEPEST || self.followed.bytes + function.sql.len() > MOST {
            return false;
        }
        let kind = if function.procedure { "PROCEDURE" } else { "FUNCTION" };
        let definition = format!("CREATE {kind} f{}", function.sql);
        let names = function.argument_names.iter().map(|name| name.as_ref().map(|name| name.value.to_string()));
        let names = names.chain(std::iter::repeat(None));
        let values: Vec<_> = names.zip(arguments.iter().map(constant)).collect();
        let Some(read) = statements(at.place.file, &definition).into_iter().next() else { return false };
        let [Action::CreateFunction(create), ..] = read.actions.as_slice() else { return false };
        let Some(body) = read.bodies.first().filter(|body| matches!(body.kind, BodyKind::Function | BodyKind::Procedure)) else {
            return false;
        };
        let plain = content(&definition, body.span);
        self.followed.bytes += definition.len();
        self.followed.depth += 1;
        let inner = At { stands_for: Some(at.home()), ..at };
        if create.language == "sql" {
            self.run(&plain, inner);
        } else {
            let spelt = spell(&plain, &values);
            self.run_block(&spelt.text, inner);
            self.watch_commands(&name.to_string(), &spelt.unknown, at);
        }
        self.followed.depth -= 1;
        true
    }

    /// Folds a block whose commands are put together from constants, as they are when spelt out; false where nothing is.
    pub(super) fn fold_spelt(&mut self, body: &Body, at: At, depth: usize) -> bool {
        let plain = content(at.text, body.span);
        if find_word(&plain, "execute").is_none() {
            return false;
        }
        let spelt = spell(&plain, &[]);
        let runs = spelt.changed && depth < usize::from(DEEPEST) && self.followed.bytes + spelt.text.len() <= MOST;
        if runs {
            self.followed.bytes += spelt.text.len();
            self.run_block(&spelt.text, At { stands_for: Some(at.home()), ..at });
        }
        self.watch_commands("EXECUTE", &spelt.unknown, at);
        runs
    }

    /// Folds the statements of a block of PL/pgSQL.
    fn run_block(&mut self, body: &str, at: At) {
        const QUOTE: &str = "$pgsift_body$";
        if body.contains(QUOTE) {
            return;
        }
        let block = format!("DO {QUOTE}{body}{QUOTE}");
        for statement in statements(at.place.file, &block) {
            for body in &statement.bodies {
                self.fold_body(body, At { text: &block, ..at }, 1);
            }
        }
    }

    /// Folds the statements of a body of plain SQL.
    fn run(&mut self, body: &str, at: At) {
        for statement in statements(at.place.file, body) {
            let place = statement.location();
            self.fold(&statement, At { text: body, place, change: place.span, ..at }, 1);
        }
    }
}

/// The arguments of a CALL, read as those of a function in a query.
pub(super) fn arguments_of_call(call: &str, file: FileId) -> Option<Vec<Expr>> {
    let at = find_word(call, "call")?;
    let query = format!("SELECT {}", call.get(at + "call".len()..)?);
    let statement = statements(file, &query).into_iter().next()?;
    match &statement.query?.select()?.items.first()?.expr.kind {
        ExprKind::Call(call) => Some(call.args.clone()),
        _ => None,
    }
}

fn statements(file: FileId, text: &str) -> Vec<Statement> {
    crate::sql::read(file, text, Span::new(0, text.len() as u32), Dialect::Server).statements
}

/// The text of a string constant of which these are the bytes between the quotes.
fn content(text: &str, span: Span) -> String {
    let plain = span.of(text).replace(FILLER as char, "");
    let quoted = text.get(..span.start as usize).is_some_and(|before| before.ends_with('\''));
    if quoted { plain.replace("''", "'") } else { plain }
}

/// The value of an argument, where it is a constant.
fn constant(argument: &Expr) -> Option<String> {
    match &argument.uncast().kind {
        ExprKind::Literal(Literal::Number(number)) => Some(number.clone()),
        _ => argument.string().map(str::to_owned),
    }
}

/// Whether a body may do anything to the schema.
fn changes_schema(sql: &str) -> bool {
    ["create", "alter", "drop"].iter().any(|verb| find_word(sql, verb).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::tests::replay;

    fn tables(catalog: &Catalog) -> Vec<String> {
        let mut names: Vec<String> = catalog.tables.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn a_helper_is_followed_with_the_arguments_of_its_call() {
        let sql = "CREATE FUNCTION touch(_tbl regclass) RETURNS void AS $$ BEGIN
             EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION set_it()', _tbl);
           END $$ LANGUAGE plpgsql;
           CREATE TABLE users (id int); SELECT touch('users');
           CREATE PROCEDURE copy_of(a text, b text) AS $$ BEGIN EXECUTE 'CREATE TABLE ' || quote_ident(b) || ' (LIKE ' || a || ')'; END $$ LANGUAGE plpgsql;
           CALL copy_of('users', 'copies');";
        let catalog = replay(sql);
        assert!(catalog.unfollowed().is_empty(), "{:?}", catalog.unfollowed());
        assert_eq!(tables(&catalog), ["copies", "users"]);
        assert!(catalog.to_sql().contains("CREATE TRIGGER set_updated_at BEFORE UPDATE ON"), "{}", catalog.to_sql());
        let copies = catalog.table(&ObjectName::bare(crate::facts::Name::new("copies", Span::default()))).unwrap().1;
        assert_eq!(copies.defined_at.span.of(sql), "CALL copy_of('users', 'copies')");
        assert_eq!(copies.knowledge, crate::catalog::Knowledge::Whole);
    }

    #[test]
    fn a_call_whose_effect_is_not_known_is_listed() {
        let helper = "CREATE FUNCTION f(t text) RETURNS void AS $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN b int'; END $$ LANGUAGE plpgsql;
             CREATE TABLE t (id int); ";
        let catalog = replay(&format!("{helper} SELECT f(name) FROM names;"));
        assert_eq!(catalog.unfollowed().len(), 1);
        assert_eq!(replay(&format!("{helper} SELECT f('t');")).unfollowed().len(), 0);
        // never called, nothing done
        assert_eq!(
            tables(&replay("CREATE FUNCTION f() RETURNS void AS $$ BEGIN CREATE TABLE t (a int); END $$ LANGUAGE plpgsql;")).len(),
            0
        );
    }

    #[test]
    fn a_guard_that_asks_for_the_version_has_its_turn() {
        let migration = |n: u32, change: &str| {
            format!(
                "CREATE FUNCTION migrate() RETURNS void AS $$ DECLARE next_version int; BEGIN
                   SELECT stage + 1 INTO next_version FROM schema_version;
                   IF next_version = {n} THEN EXECUTE '{change}'; UPDATE schema_version SET stage = {n}; END IF;
                 END; $$ LANGUAGE plpgsql; SELECT migrate(); DROP FUNCTION migrate(); "
            )
        };
        let catalog = replay(&(migration(1, "CREATE TABLE a (b int)") + &migration(2, "ALTER TABLE a DROP COLUMN b, ADD COLUMN c text")));
        let (_, table) = catalog.table(&ObjectName::bare(crate::facts::Name::new("a", Span::default()))).unwrap();
        assert_eq!(table.knowledge, crate::catalog::Knowledge::Whole);
        assert_eq!(table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["c"]);
        assert!(catalog.functions.is_empty());
    }

    #[test]
    fn blocks_over_constants_are_spelt_out() {
        let catalog = replay(
            "CREATE TABLE t (a int) PARTITION BY HASH (a);
             DO $$ BEGIN FOR i IN 0..3 LOOP
               EXECUTE format('CREATE TABLE t_%s PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER %s)', i, i);
             END LOOP; END $$;
             DO 'DECLARE q text := ''x''; BEGIN EXECUTE ''CREATE TABLE '' || q || '' (a int)''; END';",
        );
        assert_eq!(tables(&catalog), ["t", "t_0", "t_1", "t_2", "t_3", "x"]);
        assert!(catalog.unfollowed().is_empty());
    }

    #[test]
    fn functions_that_call_themselves_end() {
        let catalog = replay(
            "CREATE FUNCTION f() RETURNS void AS $$ BEGIN CREATE TABLE IF NOT EXISTS t (a int); PERFORM f(); PERFORM f(); END $$ LANGUAGE plpgsql;
             SELECT f();",
        );
        assert_eq!(tables(&catalog), ["t"]);
    }
}
