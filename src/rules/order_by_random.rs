//! ORDER BY random().

use super::{Check, Context};
use crate::catalog::index_match::tests;
use crate::extract::{FragmentKind, Role};
use crate::facts::{ExprKind, FromItem, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    // who takes all rows wants them shuffled
    let mut limited = false;
    query.walk(&mut |query| limited |= query.limit.is_some() || query.offset.is_some() || query.locking.is_some());
    query.walk(&mut |query| {
        for key in &query.order_by {
            let random = matches!(&key.expr.kind, ExprKind::Call(call)
                if matches!(call.name.name.value.as_str(), "random" | "gen_random_uuid" | "uuid_generate_v4") && call.args.is_empty());
            if !random {
                continue;
            }
            // groups are few, and their rows are read for them in any case
            if query.select().is_some_and(|select| !select.group_by.is_empty()) {
                continue;
            }
            if !limited && !goes_on(ctx, query) {
                continue;
            }
            let skips = query.locking.as_ref().is_some_and(|locking| locking.skip_locked);
            let table = query.from().iter().flat_map(FromItem::relations).find_map(|r| r.table());
            let of = table.map_or(String::new(), |t| format!(" of {t}"));
            if skips {
                let message = format!("ORDER BY a random value reads and sorts every row{of} for each worker that takes one");
                let help = "drop this order, or take the oldest first by an indexed column: SKIP LOCKED gives each worker another row";
                ctx.add(ctx.report(key.expr.span, message).help(help));
                continue;
            }
            // of what is held to a value there are few
            let held = query.select().into_iter().flat_map(|select| select.conditions()).filter(|c| matches!(c.kind, ExprKind::Binary { .. })).flat_map(tests);
            if held.into_iter().any(|t| t.op == "=" && t.value.is_some_and(super::support::spelling::has_parameter)) {
                continue;
            }
            let filter = query.select().and_then(|select| select.filter.as_ref());
            // of a piece that a builder takes, the conditions stand elsewhere
            let is_piece = ctx.application.is_some_and(|code| code.kind == FragmentKind::Clause);
            if filter.is_some() || is_piece {
                let message = format!("ORDER BY a random value reads and sorts every row{of} that matches, whatever the LIMIT");
                let help = "take each matching row by chance instead of sorting them all: AND random() < $share, with LIMIT and without this order";
                ctx.add(ctx.report(key.expr.span, message).help(help));
                continue;
            }
            let message = format!("ORDER BY a random value reads and sorts every row{of}, whatever the LIMIT");
            let sample = table.map_or("…".to_owned(), ToString::to_string);
            let known = table.and_then(|t| ctx.table(t)).and_then(|(name, _)| ctx.catalog.keys_of(name).into_iter().find(|key| key.len() == 1));
            let key_column = known.and_then(|key| key.into_iter().next()).unwrap_or_else(|| "id".into());
            let help = format!("take a sample: FROM {sample} TABLESAMPLE SYSTEM_ROWS(n) (extension tsm_system_rows), or start at a random key: WHERE {key_column} >= $random_{key_column} ORDER BY {key_column} LIMIT n");
            ctx.add(ctx.report(key.expr.span, message).help(help));
        }
    });
}

/// Whether the program may put a LIMIT behind the order.
fn goes_on(ctx: &Context, query: &Query) -> bool {
    let Some(code) = ctx.application else { return false };
    let end = query.order_by.last().map_or(query.span.end, |key| key.expr.span.end);
    code.open || code.kind == FragmentKind::Clause || code.holes.iter().any(|hole| hole.role == Role::Fragment && hole.span.start >= end)
}
