//! ORDER BY random().

use super::{Check, Context};
use crate::facts::{ExprKind, FromItem, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    query.walk(&mut |query| {
        for key in &query.order_by {
            let random = matches!(&key.expr.kind, ExprKind::Call(call)
                if matches!(call.name.name.value.as_str(), "random" | "gen_random_uuid" | "uuid_generate_v4") && call.args.is_empty());
            if !random {
                continue;
            }
            let table = query.from().iter().flat_map(FromItem::relations).find_map(|r| r.table());
            let of = table.map_or(String::new(), |t| format!(" of {t}"));
            let filter = query.select().and_then(|select| select.filter.as_ref());
            if filter.is_some() {
                let message = format!("ORDER BY a random value reads and sorts every row{of} that matches, whatever the LIMIT");
                let help = "take each matching row by chance instead of sorting them all: AND random() < $share, with LIMIT and without this order";
                ctx.add(ctx.report(key.expr.span, message).help(help));
                continue;
            }
            let message = format!("ORDER BY a random value reads and sorts every row{of}, whatever the LIMIT");
            let sample = table.map_or("…".to_owned(), ToString::to_string);
            let help = format!("take a sample: FROM {sample} TABLESAMPLE SYSTEM_ROWS(n) (extension tsm_system_rows), or start at a random key: WHERE id >= $random_id ORDER BY id LIMIT n");
            ctx.add(ctx.report(key.expr.span, message).help(help));
        }
    });
}
