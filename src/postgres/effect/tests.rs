#![allow(clippy::unwrap_used)]
use super::*;
use crate::facts::*;
use crate::source::Span;
use std::sync::Arc;

fn named(value: &str) -> ObjectName {
    ObjectName::bare(Name::new(value, Span::default()))
}

fn qualified(value: &str) -> Qualified {
    Qualified { schema: "public".into(), name: value.into() }
}

fn alter(change: TableChange) -> Action {
    let kind = RelationKind::Table;
    Action::AlterTable(Arc::new(AlterTable { kind, name: named("t"), if_exists: false, only: false, change, span: Span::default() }))
}

fn foreign_key(not_valid: bool) -> Constraint {
    let kind = ConstraintKind::ForeignKey { columns: vec![], table: named("p"), referenced: vec![], on_delete: None, on_update: None };
    Constraint {
        name: None,
        kind,
        not_valid,
        not_enforced: false,
        deferrable: false,
        initially_deferred: false,
        match_full: false,
        temporal: false,
        delete_columns: vec![],
        with: None,
        no_inherit: false,
        inline: false,
        span: Span::default(),
    }
}

fn of(action: &Action, version: u32) -> Vec<(String, LockMode, Vec<Work>)> {
    let effects = effect(action, &Catalog::default(), Version::new(version).unwrap());
    effects.into_iter().map(|e| (e.relation.name.to_string(), e.mode, e.work)).collect()
}

#[test]
fn a_foreign_key_locks_both_tables_and_scans_unless_not_valid() {
    use LockMode::ShareRowExclusive;
    let valid = of(&alter(TableChange::AddConstraint(foreign_key(false))), 16);
    assert_eq!(valid, [("t".into(), ShareRowExclusive, vec![Work::Scan]), ("p".into(), ShareRowExclusive, vec![Work::Scan])]);
    let not_valid = of(&alter(TableChange::AddConstraint(foreign_key(true))), 16);
    assert_eq!(not_valid, [("t".into(), ShareRowExclusive, vec![]), ("p".into(), ShareRowExclusive, vec![])]);
}

#[test]
fn a_generated_column_is_virtual_from_18() {
    let one = Expr::new(ExprKind::Literal(Literal::Number("1".into())), Span::default());
    let add = |stored: Option<bool>| {
        let column = ColumnDef { ty: Some(TypeName::named("int4")), generated: Some((one.clone(), stored)), ..ColumnDef::default() };
        alter(TableChange::AddColumn { column, constraints: vec![], if_not_exists: false })
    };
    assert_eq!(of(&add(None), 18)[0].2, []);
    // without the word it is refused before 18, and so does nothing
    assert_eq!(of(&add(None), 17)[0].2, []);
    assert_eq!(of(&add(Some(true)), 17)[0].2, [Work::Rewrite]);
}

#[test]
fn a_nullable_reference_scans_nothing() {
    let column = ColumnDef { ty: Some(TypeName::named("int4")), ..ColumnDef::default() };
    let action = alter(TableChange::AddColumn { column, constraints: vec![foreign_key(false)], if_not_exists: false });
    let (t, p) = (LockMode::AccessExclusive, LockMode::ShareRowExclusive);
    assert_eq!(of(&action, 16), [("t".into(), t, vec![]), ("p".into(), p, vec![])]);
}

#[test]
fn an_unknown_old_type_is_said_to_be_unknown() {
    let action =
        alter(TableChange::SetType { column: Name::new("c", Span::default()), ty: TypeName::named("int8"), collation: None, using: None });
    let effects = effect(&action, &Catalog::default(), Version::default());
    assert_eq!(effects[0].unsure.as_deref(), Some("the old type of t.c"));
    assert_eq!(effects[0].work, [Work::Rewrite]);
}

#[test]
fn create_index_concurrently_blocks_no_write() {
    let mut index = CreateIndex { table: named("t"), method: "btree".into(), ..CreateIndex::default() };
    let blocks = |index: &CreateIndex| of(&Action::CreateIndex(Arc::new(index.clone())), 16)[0].1.blocks_writes();
    assert!(blocks(&index));
    index.concurrently = Some(Span::default());
    assert!(!blocks(&index));
}

#[test]
fn several_effects_on_a_relation_become_one() {
    let catalog = Catalog::default();
    let mut effects = Effects::new(&catalog, Version::default());
    effects.secondary(&qualified("t"), LockMode::Share).work.push(Work::Scan);
    effects.named(&named("t"), EffectKind::Table, LockMode::AccessExclusive).work.extend([Work::Rewrite, Work::Scan]);
    let merged = effects.merged();
    assert_eq!(merged.len(), 1);
    assert_eq!(
        (merged[0].mode, merged[0].named, merged[0].work.as_slice()),
        (LockMode::AccessExclusive, true, &[Work::Scan, Work::Rewrite][..])
    );
}

/// Keys, foreign keys and sequences that a change reaches, as measured by `tests/postgres`.
#[test]
fn a_changed_or_dropped_key_column_locks_the_tables_that_refer_to_it() {
    let schema = "create table p (id bigint generated always as identity primary key); create table c (p_id bigint references p (id));";
    let locked = |sql: &str| {
        let read = |text: &str| {
            let file = crate::source::Sources::default().add(crate::source::Source::new("a.sql", vec![]));
            crate::sql::read(file, text, Span::new(0, text.len() as u32), crate::sql::token::Dialect::Psql).statements
        };
        let mut catalog = Catalog::default();
        read(schema).iter().for_each(|statement| catalog.apply(statement, schema));
        let effects = statement_effects(&read(sql)[0], &catalog, Version::default());
        effects.into_iter().map(|e| (e.relation.name, e.mode)).filter(|(name, _)| name != "p_pkey").collect::<Vec<_>>()
    };
    use LockMode::{AccessExclusive, ShareRowExclusive};
    let both =
        |a: &str, b: &str, mode| -> Vec<(crate::facts::Identifier, LockMode)> { vec![(a.into(), AccessExclusive), (b.into(), mode)] };
    assert_eq!(locked("alter table c alter p_id type integer"), both("c", "p", AccessExclusive));
    assert_eq!(locked("alter table p alter id set generated by default"), both("p", "p_id_seq", ShareRowExclusive));
    assert!(locked("alter table p drop column id cascade").contains(&("c".into(), AccessExclusive)));
}
