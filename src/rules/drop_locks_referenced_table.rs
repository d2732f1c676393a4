//! Dropping a foreign key, or the table that has it, takes ACCESS EXCLUSIVE on the table that it points at.

use super::support::locks::{does_not_wait_long, effects_of, is_live, runs_live, shown};
use super::{Check, Context, Kind};
use crate::catalog::Qualified;
use crate::facts::{Action, Constraint, ConstraintKind, ObjectName, TableChange};
use crate::postgres::effect::Effect;
use crate::postgres::lock::LockMode::AccessExclusive;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::Drop, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Some(dropped) = dropped(action) else { continue };
        let parents: Vec<&Effect> = effects_of(ctx, action).iter().filter(|effect| is_parent(ctx, effect, dropped)).collect();
        // one table, and not waited for long: there is no better way
        let enough = if does_not_wait_long(ctx) { 2 } else { 1 };
        if parents.len() >= enough {
            report(ctx, action, dropped, &parents);
        }
    }
}

/// The tables that have the foreign keys that an action drops.
fn dropped(action: &Action) -> Option<&[ObjectName]> {
    match action {
        Action::Drop(drop) if drop.kind == "TABLE" => Some(&drop.names),
        Action::AlterTable(alter) if matches!(alter.change, TableChange::DropConstraint { .. } | TableChange::DropColumn { .. }) => {
            Some(std::slice::from_ref(&alter.name))
        }
        _ => None,
    }
}

/// What drops foreign keys: the piece, and in words.
fn dropping(action: &Action) -> Option<(Span, String)> {
    match action {
        Action::Drop(drop) => {
            let (first, last) = (drop.names.first()?, drop.names.last()?);
            let names: Vec<String> = drop.names.iter().map(ToString::to_string).collect();
            Some((first.span().to(last.span()), format!("dropping {}", names.join(", "))))
        }
        Action::AlterTable(alter) => {
            let what = match &alter.change {
                TableChange::DropConstraint { name, .. } => format!("dropping foreign key {name} of {}", alter.name),
                TableChange::DropColumn { column, .. } => format!("dropping {}.{column}, with its foreign key,", alter.name),
                _ => return None,
            };
            Some((alter.span, what))
        }
        _ => None,
    }
}

/// A table in use that is locked only because a dropped one refers to it.
fn is_parent(ctx: &Context, effect: &Effect, dropped: &[ObjectName]) -> bool {
    let (relation, catalog) = (&effect.relation, ctx.catalog);
    let of: Vec<Qualified> = dropped.iter().map(|name| catalog.resolve(name)).collect();
    let refers = |table: &Qualified| catalog.tables.get(table).is_some_and(|t| t.constraints.iter().any(|c| c.references.as_deref() == Some(relation)));
    !effect.named && effect.mode == AccessExclusive && is_live(ctx, effect) && !of.contains(relation) && of.iter().any(refers)
}

fn report(ctx: &Context, action: &Action, dropped: &[ObjectName], parents: &[&Effect]) {
    let Some((span, what)) = dropping(action) else { return };
    let names: Vec<String> = parents.iter().map(|effect| effect.relation.to_string()).collect();
    let names = names.join(", ");
    let message = format!("{what} takes ACCESS EXCLUSIVE on {names} too: it waits for every open query there, and all reads and writes of {names} wait behind it");
    let mut help = "wait only briefly, and try again when it gives up:".to_owned();
    let tables: Vec<&ObjectName> = dropped.iter().filter(|_| parents.len() > 1).collect();
    if tables.is_empty() {
        help.push_str(&format!("\nSET lock_timeout = '2s';\n{};", ctx.source(ctx.statement.span)));
    } else {
        help = "first the foreign keys, one transaction each, so that only one table is locked at a time:\nSET lock_timeout = '2s';".to_owned();
        for (table, constraint) in tables.iter().flat_map(|table| keys(ctx, table)) {
            help.push_str(&format!("\nALTER TABLE {table} DROP CONSTRAINT {constraint};"));
        }
        help.push_str(&format!("\n{};", ctx.source(ctx.statement.span)));
    }
    ctx.add(ctx.report(span, message).help(help));
}

/// The foreign keys of a table, to be dropped one by one.
fn keys(ctx: &Context, table: &ObjectName) -> Vec<(String, String)> {
    let Some((name, known)) = ctx.table(table) else { return vec![] };
    let is_key = |constraint: &Constraint| matches!(constraint.kind, ConstraintKind::ForeignKey { .. });
    let keys = known.constraints.iter().filter(|c| is_key(&c.constraint) && c.references.as_deref() != Some(name));
    keys.map(|c| (shown(name).to_string(), crate::facts::quote_identifier(&c.name))).collect()
}
