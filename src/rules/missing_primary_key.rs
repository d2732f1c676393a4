//! A table without a primary key.

use super::{Check, Context};
use crate::facts::{Action, ConstraintKind};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        let Action::CreateTable(table) = action else { continue };
        let elsewhere = table.temporary || table.foreign || table.partition_of.is_some() || !table.inherits.is_empty() || table.of_type.is_some();
        let copies = table.likes.iter().any(|like| like.including.iter().any(|what| what == "indexes"));
        let keyed = table.constraints.iter().any(|c| matches!(c.kind, ConstraintKind::Key { .. } | ConstraintKind::Exclude { .. }));
        if elsewhere || copies || keyed || table.columns.is_empty() {
            continue;
        }
        let message = format!("table {} has no primary key: its rows cannot be told apart, and logical replication refuses UPDATE and DELETE on it", table.name);
        let help = "add one: id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, or PRIMARY KEY (<columns that identify a row>)";
        ctx.add(ctx.report(table.name.span(), message).help(help));
    }
}
