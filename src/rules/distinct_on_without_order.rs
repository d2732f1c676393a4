//! DISTINCT ON without ORDER BY.

use super::support::spelling;
use super::{Check, Context};
use crate::facts::Query;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    query.walk(&mut |query| {
        let Some(select) = query.select() else { return };
        let Some((distinct, on)) = select.distinct.as_ref().and_then(|d| Some((d, d.on.as_ref()?))) else { return };
        if !query.order_by.is_empty() {
            return;
        }
        let keys: Vec<String> = on.iter().map(|e| spelling::text(ctx, e.span)).collect();
        let keys = keys.join(", ");
        let message = format!("DISTINCT ON ({keys}) without ORDER BY keeps an arbitrary row of each group, another one after the next plan change");
        ctx.add(ctx.report(distinct.span, message).help(format!("say which row is kept: ORDER BY {keys}, <what decides within the group>")));
    });
}
