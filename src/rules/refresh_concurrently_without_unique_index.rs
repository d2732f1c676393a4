//! REFRESH MATERIALIZED VIEW CONCURRENTLY on a view without a usable unique index.

use super::{Check, Context, Kind};
use crate::facts::Action;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        let Action::RefreshMaterializedView(refresh) = action else { continue };
        // A view that was not read may have any index.
        let Some((name, view)) = ctx.catalog.view(&refresh.name) else { continue };
        if !refresh.concurrently || !view.materialized {
            continue;
        }
        let usable = |index: &crate::catalog::Index| {
            index.unique && index.valid && index.predicate.is_none() && index.keys.iter().all(|key| key.expr.column().is_some())
        };
        if ctx.catalog.indexes_of(name).any(|(_, index)| usable(index)) || ctx.around.in_function && gets_one(ctx, &name.name) {
            continue;
        }
        let message = format!("this refresh is refused: materialized view {name} has no unique index on plain columns without WHERE, which a concurrent refresh needs");
        let help = format!("create one first: CREATE UNIQUE INDEX CONCURRENTLY ON {name} (<columns that identify a row>)");
        let at = view.defined_at;
        ctx.add(ctx.report(refresh.verb_span, message).help(help).related(at, "the view is created here"));
    }
}

/// Whether the file creates a unique index on it further on: a body runs when it is called.
fn gets_one(ctx: &Context, view: &str) -> bool {
    const CREATE: &str = "create unique index";
    let rest = ctx.text.get(ctx.statement.span.end as usize..).unwrap_or("").to_ascii_lowercase();
    let names = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(view));
    rest.match_indices(CREATE).any(|(at, _)| rest[at + CREATE.len()..].split(';').next().is_some_and(names))
}
