//! Functions, procedures, triggers, DO and CALL: what they say about themselves; their bodies are [`body`]'s work.

use super::{setting, skip_parens, skip_rest, types};
use crate::facts::{Action, BodyKind, CreateFunction, CreateTrigger, Name, ObjectName, Statement, TypeName, Volatility};
use crate::sql::body;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};
use std::sync::Arc;

/// Where a function's body stands.
enum Code<'t> {
    /// AS 'text'.
    String(&'t Token),
    /// RETURN expression, or BEGIN ATOMIC … END.
    Standard(&'t [Token]),
}

/// CREATE FUNCTION or PROCEDURE.
pub(super) fn create(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    let or_replace = c.eat("OR REPLACE");
    let procedure = c.eat("PROCEDURE");
    if !procedure {
        c.expect("FUNCTION")?;
    }
    let mut function = CreateFunction { name: c.object_name()?, procedure, or_replace, ..CreateFunction::default() };
    let mark = c.mark();
    for argument in arguments(c)? {
        function.header_types.push(argument.ty.clone());
        if argument.input {
            function.argument_names.push(argument.name);
            function.argument_types.push(argument.ty);
        }
    }
    if c.eat("RETURNS TABLE") {
        function.returns_table = true;
        let columns = c.paren_list(|c| {
            c.name()?;
            let tokens = c.take_until(|c| c.kind() == Some(TokenKind::Comma));
            lenient_type(&c.over(tokens))
        })?;
        function.header_types.extend(columns);
    } else if c.at_words("RETURNS") && !c.at_words("RETURNS NULL ON") {
        c.bump();
        let returns = type_with_setof(c)?;
        function.header_types.push(returns.clone());
        function.returns = Some(returns);
    }
    let mut code = None;
    while !c.at_end() {
        clause(c, &mut function, &mut code)?;
    }
    function.definition_span = c.since(mark);
    let kind = if procedure { BodyKind::Procedure } else { BodyKind::Function };
    if function.language.is_empty() {
        function.language = "sql".to_owned();
    }
    match code {
        Some(Code::String(string)) => s.bodies.extend(body::read(c, string, &function.language, kind)),
        Some(Code::Standard(tokens)) => {
            function.standard_body = true;
            s.bodies.extend(body::standard(c, tokens, kind));
        }
        None => {}
    }
    s.actions.push(Action::CreateFunction(Arc::new(function)));
    Ok(())
}

fn type_with_setof(c: &mut Cursor<'_>) -> Parse<TypeName> {
    let zone = |c: &Cursor<'_>| c.at_any(&["WITH TIME ZONE"]);
    let tokens = c.take_until(|c| (c.at_any(CLAUSES) && !zone(c)) || c.at_words("BEGIN ATOMIC"));
    lenient_type(&c.over(tokens))
}

/// Words that begin a clause after the arguments and the result type.
const CLAUSES: &[&str] = &[
    "LANGUAGE",
    "AS",
    "RETURN",
    "RETURNS NULL",
    "IMMUTABLE",
    "STABLE",
    "VOLATILE",
    "SECURITY",
    "EXTERNAL SECURITY",
    "SET",
    "WINDOW",
    "LEAKPROOF",
    "NOT LEAKPROOF",
    "STRICT",
    "CALLED ON",
    "PARALLEL",
    "COST",
    "ROWS",
    "SUPPORT",
    "TRANSFORM",
    "WITH",
];

/// All of the tokens as a type; `t.c%TYPE` is kept as written.
fn lenient_type(tokens: &Cursor<'_>) -> Parse<TypeName> {
    let mut c = *tokens;
    let ty = types::type_name(&mut c);
    if ty.is_ok() && c.at_end() {
        return ty;
    }
    let written = tokens.rest();
    if written.iter().any(|t| t.kind == TokenKind::Operator && t.text(c.text).contains('%')) {
        let span = written.iter().fold(crate::source::Span::default(), |all, t| all.to(t.span));
        return Ok(TypeName { span, ..TypeName::named(&span.of(c.text).to_lowercase()) });
    }
    ty.and_then(|_| c.fail("a type"))
}

/// An argument of a function.
pub(super) struct Argument {
    name: Option<Name>,
    pub(super) ty: TypeName,
    /// Not an OUT argument.
    pub(super) input: bool,
}

/// `( [mode] [name] type [DEFAULT value], … )`.
pub(super) fn arguments(c: &mut Cursor<'_>) -> Parse<Vec<Argument>> {
    c.expect_kind(TokenKind::LeftParen)?;
    // `( * )` is how an aggregate without arguments is named
    let star = c.eat_operator("*");
    if c.eat_kind(TokenKind::RightParen) {
        return Ok(vec![]);
    }
    if star {
        return c.fail("the end of the arguments");
    }
    let mut all = vec![];
    loop {
        all.push(argument(c)?);
        // `(direct ORDER BY aggregated)` of an ordered-set aggregate
        if !c.eat_kind(TokenKind::Comma) && !c.eat("ORDER BY") {
            c.expect_kind(TokenKind::RightParen)?;
            return Ok(all);
        }
    }
}

fn argument(c: &mut Cursor<'_>) -> Parse<Argument> {
    const MODES: &[&str] = &["IN OUT", "IN", "OUT", "INOUT", "VARIADIC"];
    let mut name = None;
    let mut mode = c.eat_any(MODES);
    if c.peek_at(1).is_some_and(|next| MODES.iter().any(|mode| next.is_word(c.text, mode))) {
        name = c.name().ok(); // before the mode
        mode = c.eat_any(MODES);
    }
    let tokens = c.take_until(|c| c.kind() == Some(TokenKind::Comma) || c.at_any(&["DEFAULT", "ORDER BY"]) || c.at_operator("="));
    let mut written = c.over(tokens);
    if c.eat("DEFAULT") || c.eat_operator("=") {
        c.take_until(|c| c.kind() == Some(TokenKind::Comma));
    }
    let ty = lenient_type(&written).or_else(|_| {
        name = Some(written.name()?);
        lenient_type(&written)
    })?;
    Ok(Argument { name, ty, input: mode != Some("OUT") })
}

fn clause<'t>(c: &mut Cursor<'t>, f: &mut CreateFunction, code: &mut Option<Code<'t>>) -> Parse<()> {
    let mark = c.mark();
    if c.eat("LANGUAGE") {
        f.language = word_or_string(c)?.to_lowercase();
    } else if c.eat("AS") {
        *code = c.peek().map(Code::String);
        let whole = c.string()?.1;
        if matches!(code, Some(Code::String(first)) if first.span != whole) {
            *code = None; // put together of several strings
        }
        if c.eat_kind(TokenKind::Comma) {
            c.string()?;
        }
    } else if c.at_any(&["RETURN", "BEGIN ATOMIC"]) {
        *code = Some(Code::Standard(c.rest()));
        skip_rest(c)?;
    } else if let Some(word) = c.eat_any(&["IMMUTABLE", "STABLE", "VOLATILE"]) {
        f.volatility = Some(match word {
            "IMMUTABLE" => Volatility::Immutable,
            "STABLE" => Volatility::Stable,
            _ => Volatility::Volatile,
        });
    } else if c.eat_any(&["EXTERNAL SECURITY DEFINER", "SECURITY DEFINER"]).is_some() {
        f.security_definer = Some(c.since(mark));
    } else if c.eat("SET") {
        f.settings.push(setting::assignment(c)?.0);
    } else if c.eat_any(&["PARALLEL", "COST", "ROWS", "SUPPORT"]).is_some() {
        c.eat_operator("-");
        if c.bump().is_none() {
            return c.fail("a value");
        }
        while c.eat_kind(TokenKind::Dot) {
            c.name()?;
        }
    } else if c.eat("TRANSFORM") {
        c.comma_list(|c| {
            c.expect("FOR TYPE")?;
            types::type_name(c)
        })?;
    } else if c.eat("WITH") {
        skip_parens(c)?;
    } else if c.eat_any(PLAIN).is_none() {
        return c.fail("a clause of the function");
    }
    Ok(())
}

/// Clauses of fixed words that change nothing we ask about.
const PLAIN: &[&str] = &[
    "EXTERNAL SECURITY INVOKER",
    "SECURITY INVOKER",
    "WINDOW",
    "NOT LEAKPROOF",
    "LEAKPROOF",
    "STRICT",
    "CALLED ON NULL INPUT",
    "RETURNS NULL ON NULL INPUT",
];

fn word_or_string(c: &mut Cursor<'_>) -> Parse<String> {
    if c.peek().is_some_and(|t| t.kind.is_string()) {
        return c.string().map(|(value, _)| value);
    }
    c.name().map(|name| name.value.into())
}

/// DO, with LANGUAGE on either side of its body.
pub(super) fn do_block(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("DO")?;
    let mut language = "plpgsql".to_owned();
    let mut code = None;
    while !c.at_end() {
        if c.eat("LANGUAGE") {
            language = word_or_string(c)?.to_lowercase();
        } else {
            code = c.peek();
            c.string()?;
        }
    }
    let Some(code) = code else { return c.fail("a body") };
    s.bodies.extend(body::read(c, code, &language, BodyKind::Do));
    s.actions.push(Action::Do { language });
    Ok(())
}

/// CALL.
pub(super) fn call(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CALL")?;
    let name = c.object_name()?;
    if !skip_parens(c)? {
        return c.fail("arguments in parentheses");
    }
    s.actions.push(Action::Call { name });
    Ok(())
}

/// CREATE \[CONSTRAINT\] TRIGGER.
pub(super) fn trigger(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CREATE")?;
    c.eat("OR REPLACE");
    c.eat("CONSTRAINT");
    c.expect("TRIGGER")?;
    let name = c.name()?;
    if c.eat_any(&["BEFORE", "AFTER", "INSTEAD OF"]).is_none() {
        return c.fail("BEFORE, AFTER or INSTEAD OF");
    }
    c.take_until(|c| c.at_words("ON"));
    c.expect("ON")?;
    let table = c.object_name()?;
    let from = if c.eat("FROM") { Some(c.object_name()?) } else { None };
    // WHEN's condition stands in parentheses, so the first EXECUTE at this depth is the trigger's.
    c.take_until(|c| c.at_any(&["FOR EACH ROW", "FOR ROW", "EXECUTE FUNCTION", "EXECUTE PROCEDURE"]));
    let each_row = c.at_words("FOR");
    c.take_until(|c| c.at_any(&["EXECUTE FUNCTION", "EXECUTE PROCEDURE"]));
    c.expect("EXECUTE")?;
    c.bump();
    let function: ObjectName = c.object_name()?;
    if !skip_parens(c)? {
        return c.fail("arguments in parentheses");
    }
    s.actions.push(Action::CreateTrigger(CreateTrigger { name, table, from, function, each_row }));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{actions, one};
    use crate::facts::{Action, CreateFunction, Reading, Volatility};

    #[test]
    fn a_result_with_time_zone_is_a_type_not_a_clause() {
        let f = function("CREATE FUNCTION f() RETURNS timestamp with time zone AS 'SELECT now()' LANGUAGE sql");
        assert_eq!(f.returns.unwrap().name, "timestamptz");
    }

    fn function(sql: &str) -> CreateFunction {
        match actions(sql).remove(0) {
            Action::CreateFunction(f) => (*f).clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_says_what_it_is() {
        let f = function(
            "CREATE OR REPLACE FUNCTION a.f(x int, OUT y text, VARIADIC z numeric(5,2)[] DEFAULT '{}') RETURNS SETOF a.t \
             LANGUAGE SQL STABLE SECURITY DEFINER SET search_path = a, b SET x.y FROM CURRENT COST 5 AS 'SELECT 1'",
        );
        assert_eq!(f.argument_types.len(), 2);
        assert!(f.or_replace && !f.procedure && f.security_definer.is_some());
        assert_eq!((f.language.as_str(), f.volatility), ("sql", Some(Volatility::Stable)));
        assert_eq!(f.settings, ["search_path", "x.y"]);
        assert!(f.returns.is_some());
    }

    #[test]
    fn unusual_signatures_are_read() {
        assert!(function("CREATE FUNCTION f() RETURNS TABLE (a int, b text) AS $$ SELECT 1, '' $$ LANGUAGE sql").returns_table);
        assert!(function("CREATE PROCEDURE p(INOUT a int, IN OUT b int) LANGUAGE plpgsql AS ''").procedure);
        assert_eq!(function("CREATE FUNCTION f(int, text) RETURNS t.c%TYPE AS 'lib', 'sym' LANGUAGE c STRICT").argument_types.len(), 2);
        assert_eq!(function("CREATE FUNCTION f(a int) RETURNS int RETURN a + 1").language, "sql");
        let s = one("CREATE FUNCTION f() RETURNS void BEGIN ATOMIC SELECT 1; DELETE FROM t; END");
        assert_eq!(s.reading, Reading::Parsed);
        assert_eq!(s.bodies[0].statements.len(), 2);
    }

    #[test]
    fn triggers_and_do() {
        let found = actions(
            "CREATE CONSTRAINT TRIGGER tr AFTER UPDATE OF a, b ON s.t FROM r DEFERRABLE FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION f('x')",
        );
        let [Action::CreateTrigger(t)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((t.name.value.as_str(), t.table.to_string(), t.function.to_string()), ("tr", "s.t".into(), "f".into()));
        assert!(t.from.is_some());
        assert_eq!(actions("DO LANGUAGE plpgsql $$BEGIN NULL; END$$"), [Action::Do { language: "plpgsql".into() }]);
    }
}
