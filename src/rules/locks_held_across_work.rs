//! A lock is held until the transaction ends: what runs after it runs under it. A file's first such statement is told: what follows
//! it is cured by the same commit.
use super::support::locks::{is_live, runs_live};
use super::support::writes::{is_bookkeeping, names_its_rows};
use super::{Check, Context};
use crate::facts::QueryBody;
use crate::postgres::effect::{EffectKind, Work};
use crate::postgres::lock::LockMode::AccessExclusive;
use crate::session::{HeldLock, Transaction};

pub(super) const CHECK: Check = Check::OncePerFile(check);

fn check(ctx: &Context) {
    if !runs_live(ctx) {
        return;
    }
    let Some(lock) = held(ctx).next() else { return };
    let Some(doing) = work(ctx).or_else(|| second_table(ctx, lock)) else { return };
    let message = format!(
        "{doing} while this transaction already holds ACCESS EXCLUSIVE on {0}: all reads and writes of {0} wait until it commits",
        lock.relation
    );
    let report = ctx.report(ctx.statement.span, message).help(way_out(ctx));
    ctx.add(report.related(lock.taken_at, format!("ACCESS EXCLUSIVE on {} is taken here", lock.relation)).once_per_file());
}

/// The locks that keep everyone from rows that were there before.
fn held<'a>(ctx: &Context<'a>) -> impl Iterator<Item = &'a HeldLock> {
    ctx.session.locks().iter().filter(|lock| lock.mode == AccessExclusive && holds_rows(ctx, lock))
}

/// Whether the lock keeps anyone from rows: one on an index or a sequence stands beside its table's.
fn holds_rows(ctx: &Context, lock: &HeldLock) -> bool {
    matches!(lock.kind, EffectKind::Table | EffectKind::Partition | EffectKind::MaterializedView) && !ctx.is_new_relation(&lock.relation)
}

/// The long work of the statement, as a phrase.
fn work(ctx: &Context) -> Option<String> {
    for effect in ctx.effects.iter().filter(|effect| is_live(ctx, effect)) {
        let verb = effect.work.iter().find_map(|work| match work {
            Work::Rewrite => Some("rewrites"),
            Work::IndexBuild => Some("builds an index on"),
            Work::Scan => Some("scans"),
            Work::Wait => None,
        });
        if let Some(verb) = verb {
            return Some(format!("this {verb} {}", effect.relation));
        }
    }
    let query = ctx.statement.query.as_ref()?;
    let target = query.target()?.table()?;
    let filter = match &query.body {
        QueryBody::Update(update) => update.filter.as_ref(),
        QueryBody::Delete(delete) => delete.filter.as_ref(),
        _ => return None,
    };
    let open = filter.is_none_or(|filter| !names_its_rows(ctx, target, filter));
    (open && !ctx.is_new(target) && !is_bookkeeping(target)).then(|| format!("this changes rows of {target}"))
}

/// The second table that the transaction locks; later ones say nothing new.
fn second_table(ctx: &Context, first: &HeldLock) -> Option<String> {
    let first = &first.relation;
    let other = ctx.effects.iter().find(|e| e.mode == AccessExclusive && e.relation != *first && is_live(ctx, e))?;
    let only_one = held(ctx).all(|lock| lock.relation == *first || !ctx.catalog.tables.contains_key(&lock.relation));
    only_one.then(|| format!("this waits for ACCESS EXCLUSIVE on {}", other.relation))
}

/// Where the transaction ends, and so where the lock goes.
fn way_out(ctx: &Context) -> String {
    const RULE: &str = "one blocking change a transaction, long work in one of its own";
    match ctx.session.transaction() {
        _ if ctx.around.in_do => format!("a DO block is one transaction: split it, {RULE}"),
        Transaction::Framework(framework) => format!("{framework} runs the file in one transaction: split the file before this statement, {RULE}"),
        Transaction::Implicit => format!("the file is sent as one message, which is one transaction: split the file before this statement, {RULE}"),
        Transaction::Explicit(_) | Transaction::None => format!("COMMIT before it: {RULE}"),
    }
}
