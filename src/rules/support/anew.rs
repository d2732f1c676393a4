//! What a script drops only where an earlier run of it left something: `DROP TABLE IF EXISTS t; … CREATE TABLE t (…)`. Such a
//! script installs; where no migration creates the object, nothing of production is known to go. Not a rule.

use crate::facts::{Action, Drop, ObjectName};
use crate::rules::Context;

/// Whether all that a statement drops may only be there from an earlier run: unknown before, and made again further down in
/// the same file.
pub(in crate::rules) fn only_makes_anew(ctx: &Context) -> bool {
    let Some(Action::Drop(drop)) = ctx.actions().first().filter(|_| ctx.actions().len() == 1) else { return false };
    drop.if_exists && drop.names.iter().all(|name| is_made_anew(ctx, drop, name))
}

fn is_made_anew(ctx: &Context, drop: &Drop, name: &ObjectName) -> bool {
    match drop.kind.as_str() {
        "TABLE" => makes_table(ctx, name),
        "INDEX" => ctx.catalog.index(name).is_none() && following(ctx).any(|action| indexes_new_table(ctx, action, name)),
        _ => false,
    }
}

fn following<'a>(ctx: &Context<'a>) -> impl Iterator<Item = &'a Action> {
    ctx.following.iter().flat_map(|statement| &statement.actions)
}

/// Whether no table of this name is known, and one is made further down.
fn makes_table(ctx: &Context, name: &ObjectName) -> bool {
    let made = |action: &Action| match action {
        Action::CreateTable(create) => create.name == *name,
        Action::CreateTableAs(create) => create.name == *name,
        _ => false,
    };
    ctx.catalog.relation(name).is_none() && following(ctx).any(made)
}

/// Whether the action makes an index of this name, on a table that the same file makes.
fn indexes_new_table(ctx: &Context, action: &Action, name: &ObjectName) -> bool {
    let Action::CreateIndex(index) = action else { return false };
    let same = index.name.as_ref().is_some_and(|made| made.value == name.name.value);
    same && (ctx.is_new(&index.table) || makes_table(ctx, &index.table))
}
