//! A partial index whose predicate the query does not demand.

use super::support::access;
use super::{Check, Context};
use crate::catalog::index_match::{Kind, Node};
use crate::facts::{Expr, Query};

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    for found in ctx.unserved {
        let nodes = found.table.nodes();
        // An index whose predicate moves with the clock is refused: non-immutable-index-expression says so.
        let near = found.indexes.iter().filter(|index| !index.predicate.as_ref().is_some_and(moves)).find_map(|index| {
            let service = index.judge_unconditionally(&nodes, &found.table.order);
            let at = service.seeks.into_iter().find(|at| access::is_selective(&nodes[*at]))?;
            let lacks = index.index.valid && index.predicate.is_some() && !index.is_implied(&nodes);
            (lacks && access::says_nothing(index, &nodes)).then_some((index, at))
        });
        let Some((index, at)) = near else { continue };
        let clause = &found.table.clauses[at];
        // a join that goes through all rows of the other side reads this one whole as well
        let looks_up = !clause.join || clause.driven;
        let Some(expr) = clause.expr.filter(|_| clause.own_text && looks_up && !found.is_bounded()) else { continue };
        if is_json(expr) {
            continue; // jsonb-index-operator-mismatch says the same
        }
        let table = &found.table.name;
        let Some((name, index)) = ctx.catalog.indexes_of(table).find(|(_, i)| std::ptr::eq(*i, index.index)) else { continue };
        let predicate = index.predicate_sql.as_deref().unwrap_or("its predicate");
        let message = format!(
            "index {} would serve this, but holds only rows WHERE {predicate}, which the query does not demand: every row of {table} is read",
            name.name
        );
        let build = found.wanted.definition().map(|d| format!(", or build an index for all rows:\n{};", d.text(table, ctx.catalog)));
        let build = build.unwrap_or_default();
        let help = format!("add AND {predicate} where only those rows are meant{build}");
        ctx.add(ctx.report(expr.span, message).help(help).related(index.defined_at, format!("index {} is defined here", name.name)));
    }
}

fn moves(predicate: &Node) -> bool {
    const CLOCKS: &[&str] = &["now", "current_timestamp", "current_date", "current_time", "localtimestamp", "clock_timestamp", "transaction_timestamp"];
    let mut found = false;
    predicate.walk(&mut |node| found |= matches!(&node.kind, Kind::Call(name, ..) if CLOCKS.contains(&name.as_str())));
    found
}

fn is_json(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= super::support::json::path(e).is_some_and(|(_, keys)| !keys.is_empty()));
    found
}
