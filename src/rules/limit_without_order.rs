//! LIMIT that keeps whichever rows come first.

mod cut;
mod evidence;
mod silences;

use super::support::spelling;
use super::{Check, Context};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Query, Select, quote_identifier};
use crate::finding::Severity;
use cut::Cut;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let Some(limit) = query.limit.as_ref().filter(|_| query.order_by.is_empty() && !scope.in_exists) else { return };
    let cut = Cut::new(ctx, query, limit, scope);
    if silences::ALL.iter().any(|is_settled| is_settled(&cut)) || !evidence::ALL.iter().any(|shows| shows(&cut)) {
        return;
    }
    let clause = spelling::text(ctx, limit.span);
    let what = cut.name();
    let key = order(&cut).unwrap_or_else(|| "a unique key".to_owned());
    if !evidence::is_purge(&cut) {
        let message = format!(
            "{clause} without ORDER BY keeps whichever rows of {what} are met first: they change with the plan, with vacuum and with concurrent scans"
        );
        ctx.add(ctx.report(limit.span, message).help(format!("say which rows are wanted: ORDER BY {key} before {clause}")));
        return;
    }
    // one loop takes one batch after the other, and of a table that whoever calls names nothing can be said
    if ctx.around.in_loop.is_some() || ctx.around.in_do || cut.table().is_none_or(|table| ctx.table(table).is_none()) {
        return;
    }
    let message = format!("{clause} without ORDER BY takes rows of {what} in any order: two that run at a time lock them in different ones, and can deadlock");
    let of = cut.first().and_then(|b| b.relation.binding()).filter(|_| scope.bindings().len() > 1);
    let of = of.map(|name| format!(" OF {name}")).unwrap_or_default();
    let help = format!("ORDER BY {key} {clause} FOR UPDATE{of}: two that run at a time then lock rows in one order, and cannot deadlock");
    ctx.add(ctx.report(limit.span, message).help(help).severity(Severity::Notice));
}

/// What ORDER BY can name here and tells rows apart: the groups, where there are some; of DISTINCT rows what they show; else a key
/// of the first relation.
fn order(cut: &Cut) -> Option<String> {
    let select = cut.select?;
    let spelled = |list: Vec<&Expr>| Some(list.iter().map(|e| spelling::text(cut.ctx, e.span)).collect::<Vec<_>>().join(", "));
    if !select.group_by.is_empty() {
        return spelled(select.group_by.iter().collect());
    }
    if select.distinct.is_some() && !shows_all(select) {
        let columns: Vec<&Expr> = select.items.iter().map(|item| &item.expr).filter(|e| e.column().is_some()).collect();
        return if columns.len() == select.items.len() && columns.len() < 4 { spelled(columns) } else { None };
    }
    key(cut)
}

fn shows_all(select: &Select) -> bool {
    select.items.iter().any(|item| matches!(item.expr.kind, ExprKind::Wildcard(_)))
}

/// The key of the first relation, as this query would write it.
fn key(cut: &Cut) -> Option<String> {
    let binding = cut.first()?;
    let (name, _) = cut.ctx.catalog.table(binding.relation.table()?)?;
    let key = cut.ctx.catalog.keys_of(name).into_iter().min_by_key(Vec::len)?;
    let of = if cut.scope.bindings().len() > 1 { format!("{}.", binding.relation.binding()?) } else { String::new() };
    Some(key.iter().map(|c| format!("{of}{}", quote_identifier(c))).collect::<Vec<_>>().join(", "))
}
