//! `REFRESH MATERIALIZED VIEW` locks out the view's readers while its query runs.
use super::support::locks::runs_live;
use super::{Check, Context, Kind, Origin};
use crate::facts::{Action, ObjectName, Refresh};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::RefreshMaterializedView(refresh) = action
            && refresh.with_data && !refresh.concurrently && (is_repeated(ctx) || runs_live(ctx) && !ctx.is_new(&refresh.name)) {
                blocking_refresh(ctx, refresh);
            }
    }
}

/// Whether a body does it, at each call: a view that is new when the function is made is none by then.
fn is_repeated(ctx: &Context) -> bool {
    ctx.around.in_function && ctx.origin != Origin::Down && !ctx.around.aside
}

fn blocking_refresh(ctx: &Context, refresh: &Refresh) {
    let view = &refresh.name;
    let until = if is_repeated(ctx) { "the transaction that calls this ends" } else { "its query ends" };
    let message = format!("refreshing {view} holds ACCESS EXCLUSIVE on it until {until}: every read of it waits");
    let report = ctx.report(refresh.verb_span, message);
    let sql = format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {view};");
    if has_usable_index(ctx, view) {
        let at = Span::new(refresh.verb_span.end, refresh.verb_span.end);
        return ctx.add(report.help(sql).fix("refresh concurrently", ctx.surely_outside_transaction(), at, " CONCURRENTLY"));
    }
    let column = ctx.catalog.view(view).and_then(|(_, view)| view.columns.first()).map_or_else(|| "key_column".to_owned(), ToString::to_string);
    ctx.add(report.help(format!(
        "no unique index on plain columns, without WHERE, is known on {view}, and the concurrent form needs one:\nCREATE UNIQUE INDEX CONCURRENTLY ON {view} ({column});\n{sql}"
    )));
}

fn has_usable_index(ctx: &Context, view: &ObjectName) -> bool {
    let name = ctx.catalog.resolve(view);
    ctx.catalog.indexes_of(&name).any(|(_, index)| {
        index.unique && index.valid && index.predicate_sql.is_none() && index.keys.iter().all(|key| key.expr.column().is_some())
    })
}
