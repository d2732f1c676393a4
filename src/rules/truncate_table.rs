//! TRUNCATE empties tables under ACCESS EXCLUSIVE, with CASCADE others than those it names.
use super::support::locks::{runs_live, shown};
use super::{Check, Context, Kind};
use crate::catalog::Qualified;
use crate::facts::{Action, Target};

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::Truncate { tables, cascade, .. } = action else { continue };
        let old: Vec<&Target> = tables.iter().filter(|target| !ctx.is_new(&target.name)).collect();
        let (Some(first), Some(last)) = (old.first(), old.last()) else { continue };
        let list = |names: Vec<String>| names.join(", ");
        let named = list(old.iter().map(|target| target.name.to_string()).collect());
        let mut message = format!("truncating {named} takes ACCESS EXCLUSIVE and deletes every row: all reads and writes wait, then find nothing");
        if *cascade {
            let others = cascaded(ctx, &old);
            message.push_str(&match others.is_empty() {
                true => "; CASCADE takes every table that references them along".to_owned(),
                false => format!("; CASCADE empties {} as well", list(others.iter().map(|name| shown(name).to_string()).collect())),
            });
        }
        let table = &first.name;
        let help = format!("to keep the table in use, delete in batches:\nDELETE FROM {table} WHERE id BETWEEN :first AND :last;");
        ctx.add(ctx.report(first.name.span().to(last.name.span()), message).help(help));
    }
}

/// The tables that CASCADE reaches by foreign keys, besides those named.
fn cascaded(ctx: &Context, named: &[&Target]) -> Vec<Qualified> {
    let mut all: Vec<Qualified> = named.iter().map(|target| ctx.catalog.resolve(&target.name)).collect();
    let mut next = 0;
    while let Some(table) = all.get(next).cloned() {
        for (referencing, _) in ctx.catalog.references_to(&table) {
            if !all.contains(referencing) {
                all.push(referencing.clone());
            }
        }
        next += 1;
    }
    all.split_off(named.len())
}
