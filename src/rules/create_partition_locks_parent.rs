//! CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the parent.
use super::support::locks::runs_live;
use super::{Check, Context, Kind};
use crate::facts::{Action, PartitionBound};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::CreateTable(create) = action else { continue };
        let Some(of) = create.partition_of.as_ref().filter(|of| !ctx.is_new(&of.parent)) else { continue };
        let (table, parent) = (&create.name, &of.parent);
        let message = format!(
            "creating {table} as a partition takes ACCESS EXCLUSIVE on {parent}: it waits for every open query there, and all reads and writes wait behind it"
        );
        let bound = match of.bound {
            PartitionBound::Default => "DEFAULT",
            _ => ctx.source(Span::new(parent.span().end, of.span.end.max(parent.span().end))).trim(),
        };
        let help = format!(
            "CREATE TABLE {table} (LIKE {parent} INCLUDING ALL);\nALTER TABLE {parent} ATTACH PARTITION {table} {bound}; -- SHARE UPDATE EXCLUSIVE only"
        );
        ctx.add(ctx.report(of.span, message).help(help));
    }
}
