//! A timeout that is set and does nothing.

use super::support::locks::runs_live;
use super::{Check, Context, Kind, Origin};
use crate::catalog::Qualified;
use crate::facts::{Action, Set, TableChange};
use crate::postgres::effect::{EffectKind, effect};
use crate::session::Transaction;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

const TIMEOUTS: &[&str] = &["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"];

fn check(ctx: &Context) {
    // CREATE EXTENSION runs its script in a transaction
    if !runs_live(ctx) || ctx.around.makes_extension {
        return;
    }
    for action in ctx.actions() {
        let Action::Set(set) = action else { continue };
        if !TIMEOUTS.contains(&set.name.as_str()) {
            continue;
        }
        let outside = !ctx.around.in_do && ctx.session.transaction() == Transaction::None;
        // of a document what stands before it is not shown
        if set.local && outside && ctx.origin != Origin::Document {
            without_transaction(ctx, set);
        } else if set.name == "lock_timeout" && is_off(set) && !set.local && !heads_a_dump(ctx) && protects_nothing(ctx) {
            no_limit(ctx, set);
        }
    }
}

fn without_transaction(ctx: &Context, set: &Set) {
    let (name, value) = (&set.name, set.values.join(", "));
    let message = format!("SET LOCAL {name} outside a transaction does nothing: PostgreSQL warns, and every statement after it runs without the limit");
    let help = format!(
        "for the whole session:\nSET {name} = '{value}';\nor begin a transaction before it; where the migration runner opens one, say so in pgsift.toml:\n[runner]\nwraps-transaction = true"
    );
    ctx.add(ctx.report(set.span, message).help(help));
}

fn is_off(set: &Set) -> bool {
    set.values.first().is_some_and(|value| {
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        !digits.is_empty() && digits.bytes().all(|b| b == b'0') && !value.contains('.')
    })
}

/// Whether it is one of the settings that every file of pg_dump begins with.
fn heads_a_dump(ctx: &Context) -> bool {
    let sets = |name: &str| {
        let near = ctx.preceding.iter().rev().take(8).chain(ctx.following.iter().take(12));
        near.flat_map(|statement| &statement.actions).any(|action| matches!(action, Action::Set(set) if set.name == name))
    };
    sets("client_encoding") && sets("standard_conforming_strings")
}

/// Whether no limit was in force, and what follows, until the next setting, waits for strong locks on tables in use rather than
/// builds something concurrently.
fn protects_nothing(ctx: &Context) -> bool {
    if ctx.session.lock_timeout().is_some() || ctx.settings.runner_sets_lock_timeout {
        return false;
    }
    let mut created: Vec<Qualified> = vec![];
    let mut blocks = false;
    for action in ctx.following.iter().flat_map(|statement| &statement.actions) {
        match action {
            Action::Set(set) if set.name == "lock_timeout" => break,
            Action::CreateTable(create) => created.push(ctx.catalog.creation_name(&create.name, create.temporary)),
            Action::CreateTableAs(create) => created.push(ctx.catalog.creation_name(&create.name, create.temporary)),
            action if is_patient(action) => return false,
            action => {
                blocks |= effect(action, ctx.catalog, ctx.version()).iter().any(|effect| {
                    let table = matches!(effect.kind, EffectKind::Table | EffectKind::Partition);
                    table && effect.mode.blocks_writes() && ctx.catalog.tables.contains_key(&effect.relation) && !created.contains(&effect.relation)
                });
            }
        }
    }
    blocks
}

/// What may wait long without holding anybody up, and for which a limit is rightly taken away.
fn is_patient(action: &Action) -> bool {
    match action {
        Action::CreateIndex(index) => index.concurrently.is_some(),
        Action::Drop(drop) => drop.concurrently.is_some(),
        Action::Reindex(reindex) => reindex.concurrently,
        Action::RefreshMaterializedView(refresh) => refresh.concurrently,
        Action::AlterTable(alter) => {
            matches!(alter.change, TableChange::ValidateConstraint { .. } | TableChange::DetachPartition { concurrently: true, .. })
        }
        _ => false,
    }
}

fn no_limit(ctx: &Context, set: &Set) {
    let message = "lock_timeout = 0 is no limit: what follows waits for its locks as long as it takes, and everybody queues behind it";
    ctx.add(ctx.report(set.span, message).help("SET lock_timeout = '2s';"));
}
