//! A table named without its schema is whichever the search_path finds first.

use super::support::locks::runs_live;
use super::{Check, Context};
use crate::facts::{Action, ObjectName};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        for table in named(action).into_iter().filter(|table| table.schema.is_none()) {
            if ctx.table(table).is_some_and(|(_, known)| known.temporary) {
                continue;
            }
            let message = format!("{table} is named without its schema: which table that is, the search_path of whoever runs the migration decides");
            let schema = match ctx.catalog.search_path.as_slice() {
                [] => "public".to_owned(),
                [first, ..] => crate::facts::quote_identifier(first),
            };
            let start = crate::source::Span::new(table.span().start, table.span().start);
            ctx.add(ctx.report(table.span(), message).help(format!("say {schema}.{table}")).fix("name the schema", false, start, format!("{schema}.")));
        }
    }
}

/// The tables that an action creates or changes.
fn named(action: &Action) -> Vec<&ObjectName> {
    match action {
        Action::CreateTable(create) if !create.temporary => vec![&create.name],
        Action::CreateTableAs(create) if !create.temporary => vec![&create.name],
        Action::AlterTable(alter) => vec![&alter.name],
        Action::CreateIndex(index) => vec![&index.table],
        Action::CreateTrigger(trigger) => vec![&trigger.table],
        Action::CreateView(view) if !view.temporary => vec![&view.name],
        Action::Truncate { tables, .. } => tables.iter().map(|target| &target.name).collect(),
        Action::Drop(drop) if matches!(drop.kind.as_str(), "TABLE" | "VIEW" | "MATERIALIZED VIEW") => drop.names.iter().collect(),
        _ => vec![],
    }
}
