//! SELECT * in application code.
use super::{Check, Context, Origin};
use crate::facts::{ExprKind, Query, RelationSource};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    if ctx.origin != Origin::Application {
        return;
    }
    // what the application receives; a subquery's star is expanded inside
    let Some(select) = query.select() else { return };
    let tables: Vec<_> = select.relations().into_iter().filter(|r| matches!(r.source, RelationSource::Table(_))).collect();
    let from_tables = !tables.is_empty() && tables.len() == select.relations().len();
    for item in select.items.iter().filter(|item| from_tables && matches!(item.expr.kind, ExprKind::Wildcard(None))) {
        let is_cte = |r: &&&crate::facts::Relation| r.table().is_some_and(|t| query.ctes.iter().any(|cte| t.schema.is_none() && cte.name == t.name));
        if tables.iter().any(|r| is_cte(&r)) {
            return;
        }
        let table = tables[0].table().map(ToString::to_string).unwrap_or_default();
        let message = format!("SELECT * reads every column of {table}, wide ones and future ones too, and breaks code that counts on their order");
        let known = ctx.table(tables[0].table().unwrap_or(&crate::facts::ObjectName::default())).filter(|_| tables.len() == 1);
        let columns = known.map(|(_, t)| t.columns.iter().map(|c| crate::facts::quote_identifier(&c.name)).collect::<Vec<_>>().join(", "));
        let help = match columns.filter(|list| !list.is_empty() && list.len() < 400) {
            Some(list) => format!("name the columns that are used: SELECT {list}"),
            None => "name the columns that are used".to_owned(),
        };
        ctx.add(ctx.report(item.expr.span, message).help(help));
    }
}
