//! A GIN index on a type that has no default operator class.

use super::support::spelling;
use super::{Check, Context, Kind};
use crate::facts::{Action, CreateIndex, ExprKind, IndexKey};
use crate::postgres::refusal::{key_type, lacks_class};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::CreateIndex(index) = action
            && index.method == "gin" {
                index.keys.iter().filter(|key| key.opclass.is_none()).for_each(|key| check_key(ctx, index, key));
            }
    }
}

fn check_key(ctx: &Context, index: &CreateIndex, key: &IndexKey) {
    let Some(ty) = key_type(&index.table, key, ctx.catalog) else { return };
    if !lacks_class(index, key, ctx.catalog) {
        return;
    }
    let text = spelling::unqualified(ctx, &key.expr);
    let message = format!("this index is refused: {text} is {ty}, which has no default operator class for access method \"gin\"");
    let table = &index.table;
    let written = spelling::index_key(ctx, &key.expr);
    let mut help = format!("for equality and ranges, a btree: CREATE INDEX CONCURRENTLY ON {table} ({written})");
    let is_text = ["text", "varchar", "bpchar"].iter().any(|name| ty.is(name));
    if is_text {
        help.push_str(&format!("\nfor LIKE '%…%', trigrams (extension pg_trgm): USING gin ({written} gin_trgm_ops)"));
    }
    if let ExprKind::Binary { left, op, .. } = &key.expr.kind
        && (op == "->>" || op == "#>>") {
            help.push_str(&format!("\nfor @>, ? and jsonpath, the jsonb value itself: USING gin ({})", spelling::index_key(ctx, left)));
        }
    let mut report = ctx.report(key.expr.span, message).help(help);
    if is_text && ctx.catalog.extensions.iter().any(|e| e == "pg_trgm") {
        // After the parentheses that an expression stands in.
        let rest = ctx.text.get(key.expr.span.end as usize..).unwrap_or("");
        let closed = if matches!(key.expr.kind, ExprKind::Column(_)) { Some(0) } else { rest.find(')').map(|at| at + 1) };
        let plain = |close: usize| rest.get(..close).is_some_and(|gap| gap.trim_end_matches(')').trim().is_empty());
        if let Some(close) = closed.filter(|close| plain(*close)) {
            let at = key.expr.span.end + close as u32;
            report = report.fix("name the operator class for trigrams", false, Span::new(at, at), " gin_trgm_ops");
        }
    }
    ctx.add(report);
}
