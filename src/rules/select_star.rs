//! SELECT * in application code.
use super::support::rows;
use super::{Check, Context, Origin};
use crate::catalog::{Column, Table};
use crate::facts::{ExprKind, Query, Relation, RelationSource, quote_identifier};

pub(super) const CHECK: Check = Check::Query(check);

/// Types whose values are stored beside the row once they are long, and are fetched and unpacked for each row that is sent.
const WIDE: &[&str] = &["json", "jsonb", "bytea", "xml", "tsvector", "vector", "halfvec", "geometry", "geography"];

/// Rows of so many columns are wide whatever they hold.
const MANY: usize = 24;

fn check(ctx: &Context, query: &Query) {
    if ctx.origin != Origin::Application || ctx.around.in_document {
        return;
    }
    // what the application receives; a subquery's star is expanded inside
    let Some(select) = query.select() else { return };
    // of one row, what it reads too much is little
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    if one || ctx.visits.first().is_some_and(|(_, scope)| rows::is_single(select, scope)) {
        return;
    }
    let tables: Vec<&Relation> = select.relations().into_iter().filter(|r| matches!(r.source, RelationSource::Table(_))).collect();
    let is_cte = |r: &&Relation| r.table().is_some_and(|t| query.ctes.iter().any(|cte| t.schema.is_none() && cte.name == t.name));
    if tables.is_empty() || tables.len() != select.relations().len() || tables.iter().any(is_cte) {
        return;
    }
    for item in select.items.iter().filter(|item| matches!(item.expr.kind, ExprKind::Wildcard(None))) {
        let Some((message, help)) = cost(ctx, &tables) else { return };
        ctx.add(ctx.report(item.expr.span, message).help(help));
    }
}

/// What the star costs here, and what to write; `None` where the rows are small, or nothing is known of them.
fn cost(ctx: &Context, tables: &[&Relation]) -> Option<(String, String)> {
    let names: Vec<String> = tables.iter().filter_map(|r| r.table()).map(ToString::to_string).collect();
    if let ([first, second, ..], true) = (&names[..], tables.iter().all(|r| r.table().is_some_and(|t| ctx.table(t).is_some()))) {
        let message = format!(
            "SELECT * over a join reads every column of {first} and {second}, and gives two columns the same name where both tables have it"
        );
        return Some((message, "name the columns that are used".to_owned()));
    }
    let name = names.first()?;
    // of a table that no schema here has, nothing is known
    let table = ctx.table(tables.first()?.table()?).map(|(_, table)| table)?;
    if tables.first().and_then(|r| ctx.table(r.table()?)).is_some_and(|(name, _)| rows::is_singleton(ctx, name)) {
        return None;
    }
    let wide: Vec<&Column> = table.columns.iter().filter(|c| c.ty.as_ref().is_some_and(|ty| WIDE.contains(&ty.name.as_str()))).collect();
    let what = match wide.first() {
        Some(column) => format!("{} ({}), which is read and unpacked for each row", column.name, column.ty.as_ref()?),
        None if table.columns.len() > MANY => "those that nobody asked for".to_owned(),
        None => return None,
    };
    let message = format!("SELECT * reads all {} columns of {name}, among them {what}, and those that are added later", table.columns.len());
    Some((message, format!("name the columns that are used{}", list(table))))
}

fn list(table: &Table) -> String {
    let list = table.columns.iter().map(|c| quote_identifier(&c.name)).collect::<Vec<_>>().join(", ");
    if list.is_empty() || list.len() > 400 { String::new() } else { format!(": SELECT {list}") }
}
