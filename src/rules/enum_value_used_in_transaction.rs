//! A new enum value cannot be used before the transaction that added it commits.
use super::support::locks::runs_live;
use super::{Check, Context};
use crate::facts::{Action, Expr, TableChange, TypeChange};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    let adds = |action: &Action| matches!(action, Action::AlterType(alter) if matches!(alter.change, TypeChange::AddValue { .. }));
    if !runs_live(ctx) || ctx.session.earlier_in_transaction(adds).is_none() {
        return;
    }
    for literal in constants(ctx) {
        let Some(text) = literal.string() else { continue };
        let added = ctx.session.earlier_in_transaction(|action| match action {
            Action::AlterType(alter) => matches!(&alter.change, TypeChange::AddValue { value, .. } if value == text),
            _ => false,
        });
        let Some((added_at, Action::AlterType(alter))) = added else { continue };
        let created = |action: &Action| matches!(action, Action::CreateType(create) if create.name == alter.name);
        if ctx.version().at_least(18) && ctx.session.earlier_in_transaction(created).is_some() {
            continue;
        }
        let message = format!("'{text}' was added to {} in this transaction and cannot be used before it commits: PostgreSQL refuses it and the migration fails", alter.name);
        let report = ctx.report(literal.span, message).help("give ALTER TYPE … ADD VALUE a migration of its own, before this one");
        ctx.add(report.related(added_at, format!("'{text}' is added here")));
        return; // the first use is the one that fails
    }
}

/// The string constants of the statement's queries, defaults and checks.
fn constants<'a>(ctx: &Context<'a>) -> Vec<&'a Expr> {
    let mut roots: Vec<&Expr> = vec![];
    for query in ctx.statement.queries() {
        query.walk(&mut |query| roots.extend(query.expressions()));
    }
    for action in ctx.actions() {
        match action {
            Action::CreateTable(create) => roots.extend(create.columns.iter().filter_map(|column| column.default.as_ref())),
            Action::CreateIndex(index) => roots.extend(&index.predicate),
            Action::AlterTable(alter) => match &alter.change {
                TableChange::AddColumn { column, .. } => roots.extend(&column.default),
                TableChange::SetDefault { default, .. } => roots.push(default),
                _ => {}
            },
            _ => {}
        }
    }
    let mut found = vec![];
    for root in roots {
        root.walk(&mut |expr| {
            if matches!(expr.kind, crate::facts::ExprKind::Literal(_)) && expr.string().is_some() {
                found.push(expr);
            }
        });
    }
    found
}
