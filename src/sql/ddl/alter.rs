//! ALTER of relations: TABLE, FOREIGN TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE.
//!
//! PostgreSQL itself takes most actions under any of these words and refuses them later, by the kind of relation; so does
//! this grammar. Every action of a list becomes an action of its own, with its own bytes.

use super::constraint::{self, only_name};
use super::index::skip_parens;
use super::{column, partition, types};
use crate::facts::{Action, AlterSequence, AlterTable, Name, ObjectName, RelationKind, Statement, TableChange};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;
use std::sync::Arc;

/// Reads ALTER of a relation.
pub(crate) fn relation(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("ALTER")?;
    let kind = kind(c)?;
    if c.eat("ALL IN TABLESPACE") {
        return all_in_tablespace(c, s);
    }
    let if_exists = c.eat("IF EXISTS");
    let (name, only) = only_name(c)?;
    if kind == RelationKind::Sequence && at_sequence_option(c) {
        let sequence = sequence(c, name)?;
        s.actions.push(Action::AlterSequence(sequence));
        return c.expect_end();
    }
    let changes = c.comma_list(|c| {
        let mark = c.mark();
        let change = change(c, kind)?;
        Ok((change, c.since(mark)))
    })?;
    c.expect_end()?;
    s.actions.extend(changes.into_iter().map(|(change, span)| {
        let name = name.clone();
        Action::AlterTable(Arc::new(AlterTable { kind, name, if_exists, only, change, span }))
    }));
    Ok(())
}

fn kind(c: &mut Cursor<'_>) -> Parse<RelationKind> {
    match c.eat_any(&["TABLE", "FOREIGN TABLE", "INDEX", "MATERIALIZED VIEW", "VIEW", "SEQUENCE"]) {
        Some("TABLE") => Ok(RelationKind::Table),
        Some("FOREIGN TABLE") => Ok(RelationKind::ForeignTable),
        Some("INDEX") => Ok(RelationKind::Index),
        Some("MATERIALIZED VIEW") => Ok(RelationKind::MaterializedView),
        Some("VIEW") => Ok(RelationKind::View),
        Some(_) => Ok(RelationKind::Sequence),
        None => c.fail("a kind of relation"),
    }
}

/// `ALL IN TABLESPACE name [OWNED BY roles] SET TABLESPACE name [NOWAIT]`: names no relation, so it is no [`AlterTable`].
fn all_in_tablespace(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.name()?;
    if c.eat("OWNED BY") {
        c.comma_list(Cursor::name)?;
    }
    c.expect("SET TABLESPACE")?;
    c.name()?;
    c.eat("NOWAIT");
    c.expect_end()?;
    s.actions.push(Action::Other { verb: "ALTER TABLE ALL IN TABLESPACE".to_owned() });
    Ok(())
}

fn at_sequence_option(c: &Cursor<'_>) -> bool {
    const OPTIONS: &[&str] =
        &["AS", "INCREMENT", "MINVALUE", "MAXVALUE", "NO", "START", "RESTART", "CACHE", "CYCLE", "OWNED BY", "SEQUENCE NAME"];
    c.at_any(OPTIONS)
}

fn sequence(c: &mut Cursor<'_>, name: ObjectName) -> Parse<AlterSequence> {
    let mut sequence = AlterSequence { name, owned_by: None, options: vec![] };
    while !c.at_end() {
        if c.eat("OWNED BY") {
            sequence.owned_by = Some(owner_column(c)?);
        } else {
            let option = sequence_option(c)?;
            sequence.options.push(option);
        }
    }
    Ok(sequence)
}

/// `NONE`, or `[schema.]table.column`.
fn owner_column(c: &mut Cursor<'_>) -> Parse<Option<(ObjectName, Name)>> {
    let mut parts = vec![c.name()?];
    while c.eat_kind(TokenKind::Dot) {
        parts.push(c.name()?);
    }
    let Some(column) = parts.pop() else { return Ok(None) };
    let Some(table) = parts.pop() else { return Ok(None) };
    Ok(Some((ObjectName { schema: parts.pop(), name: table }, column)))
}

/// One option, as SQL with single blanks.
fn sequence_option(c: &mut Cursor<'_>) -> Parse<String> {
    let mark = c.mark();
    if c.eat("AS") {
        types::type_name(c)?;
    } else if c.eat_any(&["NO MINVALUE", "NO MAXVALUE", "NO CYCLE", "CYCLE"]).is_some() {
    } else if c.eat("RESTART") {
        let with = c.eat("WITH");
        if with || !(c.at_end() || c.kind() == Some(TokenKind::Word)) {
            number(c)?;
        }
    } else if c.eat("SEQUENCE NAME") {
        c.object_name()?;
    } else if c.eat_any(&["INCREMENT BY", "INCREMENT", "MINVALUE", "MAXVALUE", "START WITH", "START", "CACHE"]).is_some() {
        number(c)?;
    } else {
        return c.fail("an option of a sequence");
    }
    let words: Vec<&str> = c.tokens_since(mark).iter().map(|t| t.text(c.text)).collect();
    Ok(words.join(" ").replace("- ", "-"))
}

/// `[+|-] number`, or a placeholder.
fn number(c: &mut Cursor<'_>) -> Parse<()> {
    if !c.eat_operator("-") {
        c.eat_operator("+");
    }
    match c.kind() {
        Some(TokenKind::Number | TokenKind::Placeholder | TokenKind::Param) => {
            c.bump();
            Ok(())
        }
        _ => c.fail("a number"),
    }
}

fn change(c: &mut Cursor<'_>, kind: RelationKind) -> Parse<TableChange> {
    if c.eat("RENAME") {
        return rename(c);
    }
    if c.eat("ADD") {
        return add(c);
    }
    if c.eat("DROP") {
        return drop(c);
    }
    if c.eat("ALTER CONSTRAINT") {
        let name = c.name()?;
        let (deferrable, initially_deferred, enforced) = constraint::attributes(c);
        return Ok(TableChange::AlterConstraint { name, deferrable, initially_deferred, enforced });
    }
    if c.eat("ALTER") {
        c.eat("COLUMN");
        let column = column_name(c)?;
        return alter_column(c, column);
    }
    if c.eat("SET") {
        return set(c);
    }
    if c.eat("VALIDATE CONSTRAINT") {
        return Ok(TableChange::ValidateConstraint { name: c.name()? });
    }
    if let Some(word) = c.eat_any(&["ATTACH PARTITION", "DETACH PARTITION"]) {
        return if word == "ATTACH PARTITION" { attach(c, kind) } else { detach(c) };
    }
    rare(c)
}

/// A column's name, or its number in an index.
fn column_name(c: &mut Cursor<'_>) -> Parse<Name> {
    match c.peek() {
        Some(t) if t.kind == TokenKind::Number => {
            c.bump();
            Ok(Name::new(t.text(c.text), t.span))
        }
        _ => c.name(),
    }
}

/// `[RESTRICT | CASCADE]`.
fn cascade(c: &mut Cursor<'_>) -> bool {
    c.eat_any(&["CASCADE", "RESTRICT"]) == Some("CASCADE")
}

fn rename(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if c.eat("TO") {
        return Ok(TableChange::RenameTo { name: c.name()? });
    }
    let constraint = c.eat("CONSTRAINT");
    if !constraint {
        // a column may itself be called "column" only in quotes, so the word is the optional one
        c.eat("COLUMN");
    }
    let from = c.name()?;
    c.expect("TO")?;
    let to = c.name()?;
    cascade(c);
    Ok(if constraint { TableChange::RenameConstraint { from, to } } else { TableChange::RenameColumn { from, to } })
}

fn add(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if constraint::at_table_constraint(c) {
        return constraint::table_constraint(c).map(TableChange::AddConstraint);
    }
    c.eat("COLUMN");
    let if_not_exists = c.eat("IF NOT EXISTS");
    let mut constraints = vec![];
    let column = column::definition(c, &mut constraints)?;
    Ok(TableChange::AddColumn { column, constraints, if_not_exists })
}

fn drop(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if c.eat("CONSTRAINT") {
        let if_exists = c.eat("IF EXISTS");
        return Ok(TableChange::DropConstraint { name: c.name()?, if_exists, cascade: cascade(c) });
    }
    c.eat("COLUMN");
    let if_exists = c.eat("IF EXISTS");
    Ok(TableChange::DropColumn { column: c.name()?, if_exists, cascade: cascade(c) })
}

fn alter_column(c: &mut Cursor<'_>, column: Name) -> Parse<TableChange> {
    if c.eat_any(&["SET DATA TYPE", "TYPE"]).is_some() {
        return set_type(c, column);
    }
    if c.eat("ADD GENERATED") {
        let always = constraint::generated_when(c)?;
        c.expect("AS IDENTITY")?;
        let options = constraint::identity_options(c)?;
        return Ok(TableChange::AddIdentity { column, always, options });
    }
    match c.eat_any(&["DROP DEFAULT", "DROP NOT NULL", "DROP EXPRESSION", "DROP IDENTITY"]) {
        Some("DROP DEFAULT") => return Ok(TableChange::DropDefault { column }),
        Some("DROP NOT NULL") => return Ok(TableChange::DropNotNull { column }),
        Some(word) => {
            c.eat("IF EXISTS");
            return Ok(if word == "DROP IDENTITY" { TableChange::DropIdentity { column } } else { TableChange::DropExpression { column } });
        }
        None => {}
    }
    if at_identity_option(c) {
        return set_identity(c, column);
    }
    if c.eat_any(&["RESET", "OPTIONS"]).is_some() {
        skip_parens(c)?;
        return Ok(TableChange::SetColumnOptions { column });
    }
    c.expect("SET")?;
    alter_column_set(c, column)
}

fn set_type(c: &mut Cursor<'_>, column: Name) -> Parse<TableChange> {
    let ty = types::type_name(c)?;
    let collation = if c.eat("COLLATE") { Some(c.object_name()?) } else { None };
    let using = if c.eat("USING") {
        let tokens = to_comma(c);
        Some(c.expression_of(tokens)?)
    } else {
        None
    };
    Ok(TableChange::SetType { column, ty, collation, using })
}

fn to_comma<'t>(c: &mut Cursor<'t>) -> &'t [crate::sql::token::Token] {
    c.take_until(|c| c.kind() == Some(TokenKind::Comma))
}

fn alter_column_set(c: &mut Cursor<'_>, column: Name) -> Parse<TableChange> {
    if c.kind() == Some(TokenKind::LeftParen) {
        skip_parens(c)?;
        return Ok(TableChange::SetColumnOptions { column });
    }
    match c.eat_any(&["DEFAULT", "NOT NULL", "EXPRESSION AS", "STATISTICS", "STORAGE", "COMPRESSION"]) {
        Some("DEFAULT") => {
            let tokens = to_comma(c);
            Ok(TableChange::SetDefault { column, default: c.expression_of(tokens)? })
        }
        Some("NOT NULL") => Ok(TableChange::SetNotNull { column }),
        Some("EXPRESSION AS") => Ok(TableChange::SetExpression { column, expr: c.paren_expression()? }),
        Some("STATISTICS") => {
            if !c.eat("DEFAULT") {
                number(c)?;
            }
            Ok(TableChange::SetStatistics { column })
        }
        Some(word) => {
            c.name()?;
            Ok(if word == "STORAGE" { TableChange::SetStorage { column } } else { TableChange::SetCompression { column } })
        }
        None => c.fail("what to set of a column"),
    }
}

fn at_identity_option(c: &Cursor<'_>) -> bool {
    const OPTIONS: &[&str] = &[
        "RESTART",
        "SET GENERATED",
        "SET INCREMENT",
        "SET MINVALUE",
        "SET MAXVALUE",
        "SET NO",
        "SET START",
        "SET RESTART",
        "SET CACHE",
        "SET CYCLE",
        "SET SEQUENCE",
        "SET OWNED",
        "SET AS",
        "SET LOGGED",
        "SET UNLOGGED",
    ];
    c.at_any(OPTIONS)
}

fn set_identity(c: &mut Cursor<'_>, column: Name) -> Parse<TableChange> {
    let (mut always, mut options) = (None, vec![]);
    while at_identity_option(c) {
        c.eat("SET");
        if c.eat("GENERATED") {
            always = Some(constraint::generated_when(c)?);
        } else if c.eat("OWNED BY") {
            owner_column(c)?;
        } else if c.eat_any(&["LOGGED", "UNLOGGED"]).is_none() {
            options.extend(restart_or_option(c)?);
        }
    }
    Ok(TableChange::SetIdentity { column, always, options })
}

/// RESTART may be followed by the comma of the next action, which a sequence's own options never are.
fn restart_or_option(c: &mut Cursor<'_>) -> Parse<Option<String>> {
    if c.at_words("RESTART") && c.peek_at(1).is_none_or(|t| t.kind == TokenKind::Comma) {
        c.bump();
        return Ok(None);
    }
    sequence_option(c).map(Some)
}

fn set(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if c.kind() == Some(TokenKind::LeftParen) {
        return Ok(TableChange::SetOptions { names: option_names(c)?, reset: false });
    }
    let words = ["SCHEMA", "LOGGED", "UNLOGGED", "TABLESPACE", "ACCESS METHOD", "WITHOUT CLUSTER", "WITHOUT OIDS", "WITH OIDS"];
    match c.eat_any(&words) {
        Some("SCHEMA") => Ok(TableChange::SetSchema { schema: c.name()? }),
        Some("LOGGED") => Ok(TableChange::SetLogged(true)),
        Some("UNLOGGED") => Ok(TableChange::SetLogged(false)),
        Some("TABLESPACE") => {
            let tablespace = c.name()?;
            c.eat("NOWAIT");
            Ok(TableChange::SetTablespace { tablespace })
        }
        Some("ACCESS METHOD") => Ok(TableChange::SetAccessMethod { method: if c.eat("DEFAULT") { None } else { Some(c.name()?) } }),
        Some("WITHOUT CLUSTER") => Ok(TableChange::ClusterOn { index: None }),
        Some("WITHOUT OIDS") => Ok(TableChange::SetWithoutOids),
        Some(_) => Ok(TableChange::Other { words: "SET WITH OIDS".to_owned() }),
        None => c.fail("what to set"),
    }
}

/// `( [namespace.]name [= value], … )`: the names.
fn option_names(c: &mut Cursor<'_>) -> Parse<Vec<String>> {
    c.paren_list(|c| {
        let name = c.object_name()?;
        c.take_until(|c| c.kind() == Some(TokenKind::Comma));
        let prefix = name.schema.map_or(String::new(), |schema| format!("{}.", schema.value.to_lowercase()));
        Ok(prefix + &name.name.value.to_lowercase())
    })
}

fn attach(c: &mut Cursor<'_>, kind: RelationKind) -> Parse<TableChange> {
    let partition = c.object_name()?;
    if kind == RelationKind::Index || c.at_end() {
        return Ok(TableChange::AttachIndex { index: partition });
    }
    Ok(TableChange::AttachPartition { partition, bound: partition::bound(c)? })
}

fn detach(c: &mut Cursor<'_>) -> Parse<TableChange> {
    let partition = c.object_name()?;
    let concurrently = c.eat("CONCURRENTLY");
    Ok(TableChange::DetachPartition { partition, concurrently, finalize: c.eat("FINALIZE") })
}

/// The actions that begin with a word of their own.
fn rare(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if c.eat("RESET") {
        return Ok(TableChange::SetOptions { names: option_names(c)?, reset: true });
    }
    if c.eat("OWNER TO") {
        c.name()?;
        return Ok(TableChange::Owner);
    }
    if c.eat("CLUSTER ON") {
        return Ok(TableChange::ClusterOn { index: Some(c.name()?) });
    }
    if c.eat("INHERIT") {
        return Ok(TableChange::Inherit { parent: c.object_name()? });
    }
    if c.eat("NO INHERIT") {
        return Ok(TableChange::NoInherit { parent: c.object_name()? });
    }
    if c.eat("NOT OF") {
        return Ok(TableChange::NotOf);
    }
    if c.eat("OF") {
        return Ok(TableChange::OfType { ty: c.object_name()? });
    }
    if c.eat("REPLICA IDENTITY") {
        return replica_identity(c);
    }
    if let Some(words) = c.eat_any(&["DEPENDS ON EXTENSION", "NO DEPENDS ON EXTENSION"]) {
        c.name()?;
        return Ok(TableChange::Other { words: words.to_owned() });
    }
    if c.eat("OPTIONS") {
        skip_parens(c)?;
        return Ok(TableChange::Other { words: "OPTIONS".to_owned() });
    }
    switch(c)
}

fn replica_identity(c: &mut Cursor<'_>) -> Parse<TableChange> {
    if c.eat("USING INDEX") {
        return Ok(TableChange::ReplicaIdentity { index: Some(c.name()?) });
    }
    match c.eat_any(&["NOTHING", "FULL", "DEFAULT"]) {
        Some(_) => Ok(TableChange::ReplicaIdentity { index: None }),
        None => c.fail("NOTHING, FULL, DEFAULT or USING INDEX"),
    }
}

/// ENABLE and DISABLE of triggers, rules and row level security.
fn switch(c: &mut Cursor<'_>) -> Parse<TableChange> {
    let Some(verb) = c.eat_any(&["ENABLE ALWAYS", "ENABLE REPLICA", "ENABLE", "DISABLE", "NO FORCE", "FORCE"]) else {
        return c.fail("an action of ALTER TABLE");
    };
    let enable = verb.starts_with("ENABLE");
    if c.eat("ROW LEVEL SECURITY") {
        return Ok(TableChange::RowSecurity { words: format!("{verb} ROW LEVEL SECURITY") });
    }
    if c.eat("TRIGGER") {
        let name = if c.eat_any(&["ALL", "USER"]).is_some() { None } else { Some(c.name()?) };
        return Ok(TableChange::Trigger { name, enable });
    }
    c.expect("RULE")?;
    Ok(TableChange::Rule { name: c.name()?, enable })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::*;
    use crate::sql::ddl::testing::actions;

    fn changes(text: &str) -> Vec<TableChange> {
        actions(text)
            .into_iter()
            .map(|action| match action {
                Action::AlterTable(alter) => alter.change.clone(),
                other => panic!("{text}: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn each_action_has_its_own_bytes() {
        let text = "ALTER TABLE IF EXISTS ONLY s.t ADD COLUMN IF NOT EXISTS a numeric(10, 2) NOT NULL DEFAULT f(1, 2), \
                    DROP b CASCADE, ALTER c TYPE text USING c::text || ',', ALTER COLUMN d SET DEFAULT coalesce(1, 2)";
        let spans: Vec<&str> = actions(text)
            .iter()
            .map(|action| match action {
                Action::AlterTable(alter) if alter.if_exists && alter.only => alter.span.of(text),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            spans,
            [
                "ADD COLUMN IF NOT EXISTS a numeric(10, 2) NOT NULL DEFAULT f(1, 2)",
                "DROP b CASCADE",
                "ALTER c TYPE text USING c::text || ','",
                "ALTER COLUMN d SET DEFAULT coalesce(1, 2)",
            ]
        );
    }

    #[test]
    fn every_kind_of_action() {
        use TableChange::*;
        type Is = fn(&TableChange) -> bool;
        let cases: &[(&str, Is)] = &[
            ("ADD CONSTRAINT c CHECK (a > 0) NOT VALID", |x| matches!(x, AddConstraint(c) if c.not_valid)),
            ("ADD CONSTRAINT c UNIQUE USING INDEX i", |x| {
                matches!(x, AddConstraint(Constraint { kind: ConstraintKind::Key { using_index: Some(_), .. }, .. }))
            }),
            ("ADD CONSTRAINT n NOT NULL a NOT VALID", |x| {
                matches!(x, AddConstraint(Constraint { kind: ConstraintKind::NotNull(_), not_valid: true, .. }))
            }),
            ("ALTER a SET NOT NULL", |x| matches!(x, SetNotNull { .. })),
            ("ALTER a SET DATA TYPE varchar(20) COLLATE \"C\"", |x| matches!(x, SetType { collation: Some(_), .. })),
            ("ALTER a ADD GENERATED BY DEFAULT AS IDENTITY (START 3)", |x| matches!(x, AddIdentity { always: false, .. })),
            ("ALTER a SET GENERATED ALWAYS SET INCREMENT BY 2 RESTART", |x| matches!(x, SetIdentity { .. })),
            ("ALTER a DROP EXPRESSION IF EXISTS", |x| matches!(x, DropExpression { .. })),
            ("ALTER a SET STATISTICS -1", |x| matches!(x, SetStatistics { .. })),
            ("ALTER a SET (n_distinct = -0.5)", |x| matches!(x, SetColumnOptions { .. })),
            ("VALIDATE CONSTRAINT c", |x| matches!(x, ValidateConstraint { .. })),
            ("DROP CONSTRAINT IF EXISTS c CASCADE", |x| matches!(x, DropConstraint { if_exists: true, cascade: true, .. })),
            ("RENAME a TO b", |x| matches!(x, RenameColumn { .. })),
            ("RENAME TO b", |x| matches!(x, RenameTo { .. })),
            ("ATTACH PARTITION p DEFAULT", |x| matches!(x, AttachPartition { bound: PartitionBound::Default, .. })),
            ("DETACH PARTITION p CONCURRENTLY", |x| matches!(x, DetachPartition { concurrently: true, .. })),
            ("DISABLE TRIGGER ALL", |x| matches!(x, Trigger { name: None, enable: false })),
            (
                "SET (fillfactor = 70, toast.autovacuum_enabled)",
                |x| matches!(x, SetOptions { names, reset: false } if names == &["fillfactor", "toast.autovacuum_enabled"]),
            ),
            ("SET UNLOGGED", |x| matches!(x, SetLogged(false))),
            ("REPLICA IDENTITY USING INDEX i", |x| matches!(x, ReplicaIdentity { index: Some(_) })),
            ("NO FORCE ROW LEVEL SECURITY", |x| matches!(x, RowSecurity { words } if words == "NO FORCE ROW LEVEL SECURITY")),
        ];
        for (text, is) in cases {
            let read = changes(&format!("ALTER TABLE t {text}"));
            assert!(read.len() == 1 && is(&read[0]), "{text}: {read:?}");
        }
    }

    #[test]
    fn indexes_and_sequences() {
        assert!(matches!(changes("ALTER INDEX i ATTACH PARTITION j")[0], TableChange::AttachIndex { .. }));
        assert!(matches!(changes("ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 10")[0], TableChange::SetStatistics { .. }));
        assert!(matches!(changes("ALTER SEQUENCE q RENAME TO r")[0], TableChange::RenameTo { .. }));
        let Action::AlterSequence(q) = actions("ALTER SEQUENCE q OWNED BY s.t.c INCREMENT BY -1 RESTART NO CYCLE").remove(0) else {
            panic!()
        };
        assert_eq!(q.options, ["INCREMENT BY -1", "NO CYCLE", "RESTART"]);
        assert_eq!(q.owned_by.unwrap().unwrap().1, "c");
    }
}
