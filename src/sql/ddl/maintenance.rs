//! Commands that work on whole tables: TRUNCATE, LOCK, VACUUM, ANALYZE, CLUSTER, REINDEX.

use super::skip_parens;
use crate::facts::{Action, ObjectName, Reindex, Statement, Target};
use crate::postgres::lock::LockMode;
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// `[ONLY] name [*]`, `ONLY (name)`.
fn target(c: &mut Cursor<'_>) -> Parse<Target> {
    let only = c.eat("ONLY");
    let parens = only && c.eat_kind(TokenKind::LeftParen);
    let name = c.object_name()?;
    if parens {
        c.expect_kind(TokenKind::RightParen)?;
    }
    c.eat_operator("*");
    Ok(Target { name, only })
}

/// TRUNCATE.
pub(super) fn truncate(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("TRUNCATE")?;
    c.eat("TABLE");
    let tables = c.comma_list(target)?;
    let restart_identity = c.eat("RESTART IDENTITY");
    if !restart_identity {
        c.eat("CONTINUE IDENTITY");
    }
    let cascade = c.eat("CASCADE");
    if !cascade {
        c.eat("RESTRICT");
    }
    s.actions.push(Action::Truncate { tables, cascade, restart_identity });
    Ok(())
}

/// LOCK TABLE; without a mode it is ACCESS EXCLUSIVE.
pub(super) fn lock(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let start = c.mark();
    c.expect("LOCK")?;
    c.eat("TABLE");
    let tables = c.comma_list(target)?;
    let (mut mode, mut mode_span) = (LockMode::AccessExclusive, c.since(start));
    if c.eat("IN") {
        let mark = c.mark();
        let mut words = String::new();
        while !c.at_end() && !c.at_words("MODE") {
            let word = c.name()?;
            words = if words.is_empty() { word.value.to_string() } else { format!("{words} {}", word.value) };
        }
        mode_span = c.since(mark);
        mode = match LockMode::from_sql(&words) {
            Some(mode) => mode,
            None => return c.fail("a lock mode"),
        };
        c.expect("MODE")?;
    }
    let nowait = c.eat("NOWAIT");
    s.actions.push(Action::LockTable { tables, mode, mode_span, nowait });
    Ok(())
}

/// `(name [value], …)` as pairs of lower-case name, whether its value says yes, and its bytes.
fn options(c: &mut Cursor<'_>) -> Parse<Vec<(String, bool, Span)>> {
    if c.kind() != Some(TokenKind::LeftParen) {
        return Ok(vec![]);
    }
    c.paren_list(|c| {
        let mark = c.mark();
        let name = c.name()?.value.as_str().to_lowercase();
        let value = c.take_until(|c| c.kind() == Some(TokenKind::Comma));
        let off = value.first().is_some_and(|t| ["off", "false", "0"].contains(&t.value(c.text).to_lowercase().as_str()));
        Ok((name, !off, c.since(mark)))
    })
}

/// A table with its column list, as VACUUM and ANALYZE take it.
fn analyzed(c: &mut Cursor<'_>) -> Parse<ObjectName> {
    let name = target(c)?.name;
    skip_parens(c)?;
    Ok(name)
}

fn analyzed_list(c: &mut Cursor<'_>) -> Parse<Vec<ObjectName>> {
    if c.at_end() { Ok(vec![]) } else { c.comma_list(analyzed) }
}

/// VACUUM, with words or options in parentheses.
pub(super) fn vacuum(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("VACUUM")?;
    let (mut full_span, mut analyze, mut freeze) = (None, false, false);
    let mut note = |name: &str, span: Span| match name {
        "full" => full_span = Some(span),
        "analyze" | "analyse" => analyze = true,
        "freeze" => freeze = true,
        _ => {}
    };
    for (name, on, span) in options(c)? {
        if on {
            note(&name, span);
        }
    }
    loop {
        let mark = c.mark();
        let Some(word) = c.eat_any(&["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"]) else { break };
        note(&word.to_lowercase(), c.since(mark));
    }
    let tables = analyzed_list(c)?;
    s.actions.push(Action::Vacuum { tables, full: full_span.is_some(), analyze, freeze, full_span });
    Ok(())
}

/// ANALYZE.
pub(super) fn analyze(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.bump();
    options(c)?;
    c.eat("VERBOSE");
    let tables = analyzed_list(c)?;
    s.actions.push(Action::Analyze { tables });
    Ok(())
}

/// CLUSTER: `table USING index`, the old `index ON table`, or everything.
pub(super) fn cluster(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("CLUSTER")?;
    options(c)?;
    c.eat("VERBOSE");
    let (mut table, mut index) = (None, None);
    if !c.at_end() {
        let first = c.object_name()?;
        if c.eat("ON") {
            index = Some(first.name);
            table = Some(c.object_name()?);
        } else {
            table = Some(first);
            if c.eat("USING") {
                index = Some(c.name()?);
            }
        }
    }
    s.actions.push(Action::Cluster { table, index });
    Ok(())
}

/// REINDEX, with CONCURRENTLY as a word or as an option.
pub(super) fn reindex(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mark = c.mark();
    c.expect("REINDEX")?;
    let mut concurrently = options(c)?.iter().any(|(name, on, _)| name == "concurrently" && *on);
    let Some(kind) = c.eat_any(&["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"]) else {
        return c.fail("INDEX, TABLE, SCHEMA, DATABASE or SYSTEM");
    };
    let verb_span = c.since(mark);
    concurrently |= c.eat("CONCURRENTLY");
    let name = if c.at_end() && matches!(kind, "DATABASE" | "SYSTEM") { None } else { Some(c.object_name()?) };
    s.actions.push(Action::Reindex(Reindex { kind: kind.to_owned(), name, concurrently, verb_span }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::Action;
    use crate::postgres::lock::LockMode;

    #[test]
    fn truncate_and_lock() {
        let found = actions("TRUNCATE TABLE ONLY a.b, c * RESTART IDENTITY CASCADE");
        let [Action::Truncate { tables, cascade: true, restart_identity: true }] = &found[..] else { panic!("{found:?}") };
        assert_eq!((tables[0].only, tables[1].only, tables[1].name.to_string().as_str()), (true, false, "c"));
        let found = actions("lock t in share row exclusive mode nowait");
        assert!(matches!(&found[..], [Action::LockTable { mode: LockMode::ShareRowExclusive, nowait: true, .. }]), "{found:?}");
        let found = actions("LOCK TABLE t");
        assert!(matches!(&found[..], [Action::LockTable { mode: LockMode::AccessExclusive, .. }]), "{found:?}");
    }

    #[test]
    fn vacuum_in_both_syntaxes() {
        for sql in ["VACUUM FULL ANALYZE t (a)", "VACUUM (FULL, ANALYZE true, VERBOSE off, PARALLEL 2) t"] {
            let found = actions(sql);
            let [Action::Vacuum { tables, full: true, analyze: true, freeze: false, full_span: Some(_) }] = &found[..] else {
                panic!("{found:?}")
            };
            assert_eq!(tables.len(), 1);
        }
        assert!(matches!(actions("VACUUM (FULL off) t")[..], [Action::Vacuum { full: false, .. }]));
        assert!(matches!(&actions("ANALYZE VERBOSE a (x, y), b")[..], [Action::Analyze { tables }] if tables.len() == 2));
    }

    #[test]
    fn cluster_and_reindex() {
        let found = actions("CLUSTER i ON t");
        assert!(matches!(&found[..], [Action::Cluster { table: Some(t), index: Some(i) }] if t.name == "t" && *i == "i"));
        assert_eq!(found, actions("CLUSTER (VERBOSE) t USING i"));
        for sql in ["REINDEX INDEX CONCURRENTLY i", "REINDEX (VERBOSE, CONCURRENTLY) INDEX i"] {
            assert!(matches!(&actions(sql)[..], [Action::Reindex(r)] if r.concurrently && r.kind == "INDEX"), "{sql}");
        }
        assert!(matches!(&actions("REINDEX DATABASE")[..], [Action::Reindex(r)] if r.name.is_none()));
    }
}
