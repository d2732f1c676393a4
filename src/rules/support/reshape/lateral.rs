//! DISTINCT ON over joins, written as one LATERAL pick for each row of the relation that the rows are to be distinct in.

use super::{Chain, Set, all_of, is_plain};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, Literal, Name, OrderKey, Query, Select, SelectItem};
use crate::rules::Context;
use crate::rules::support::spelling;

/// The same rows without the sort of the whole product, and the relation that drives.
pub(crate) struct Lateral {
    pub(crate) sql: String,
    pub(crate) driving: String,
    /// What the rewrite takes for a key of the driving relation, where no file declares it.
    pub(crate) assumed_key: Option<String>,
}

/// Writes `SELECT DISTINCT ON (d.key) …` anew where the key is the driving table's, which comes first.
pub(crate) fn lateral<'a>(ctx: &Context, query: &'a Query, select: &'a Select, on: &'a [Expr], scope: &Scope<'a>) -> Option<Lateral> {
    let chain = Chain::of(select, scope)?;
    if !is_plain(select) || !select.group_by.is_empty() || query.locking.is_some() || spelling::has_hole(ctx, query.span) {
        return None;
    }
    let driving = chain.owner(on.first()?)?;
    if !on.iter().all(|key| chain.owner(key) == Some(driving)) {
        return None;
    }
    let columns: Vec<&str> = on.iter().filter_map(|key| Some(key.column()?.column.value.as_str())).collect();
    let is_key = chain.has_key(driving, &columns);
    if is_key == Some(false) || is_key == Some(true) && on.iter().any(|key| chain.may_be_null(key)) {
        return None; // rows without a key would be one to DISTINCT ON
    }
    let outer = outer_join(&chain, driving)?;
    let d = Set::one(driving);
    let rest = Set::first(chain.links.len()).without(d);
    let (inside, outside) = conditions(&chain, select, d)?;
    if outer && !inside.is_empty() {
        return None; // a condition on what a left join brings is met by the joined row, not by the picked one
    }
    let (from, first_on) = chain.from(ctx, rest);
    let own_on: Vec<&Expr> = chain.links[driving].on.into_iter().chain(first_on).flat_map(Expr::conjuncts).collect();
    let inside: Vec<&Expr> = own_on.into_iter().chain(inside).collect();
    let items = items(ctx, &chain, select, driving)?;
    let (order, rest_of_order) = split_order(&query.order_by, on)?;
    let picked_order = order_by(ctx, rest_of_order);
    let join = if outer { "LEFT JOIN LATERAL" } else { "CROSS JOIN LATERAL" };
    let end = if outer { " ON true" } else { "" };
    let mut sql = format!(
        "SELECT {}\nFROM {} {join} (\n  SELECT {} FROM {from}{}{picked_order} LIMIT 1\n) AS picked{end}{}{}",
        items.outside,
        spelling::text(ctx, chain.links[driving].relation.span),
        items.inside,
        all_of(ctx, "WHERE", &inside),
        all_of(ctx, "\nWHERE", &outside).replace(" \n", "\n"),
        order_by(ctx, order).replacen(' ', "\n", 1),
    );
    for clause in [query.limit.as_ref().map(|l| l.span), query.offset.as_ref().map(|o| o.span)].into_iter().flatten() {
        sql.push_str(&format!(" {}", spelling::text(ctx, clause)));
    }
    let assumed_key = is_key.is_none().then(|| columns.join(", "));
    Some(Lateral { sql: format!("{sql};"), driving: chain.name(driving), assumed_key })
}

/// Whether what is picked hangs on the driving relation by left joins only; `None` where neither shape fits.
fn outer_join(chain: &Chain, driving: usize) -> Option<bool> {
    let others: Vec<usize> = (0..chain.links.len()).filter(|&i| i != driving).collect();
    let first = *others.first()?;
    if !chain.links[first].left && !chain.links[driving].left {
        return Some(false);
    }
    if driving != 0 {
        return None;
    }
    // each further one must hang on one that is picked: two that both hang on the driving relation are independent
    let picked = |side: &Expr, i: usize| chain.owner(side).is_some_and(|of| of != i && of != driving);
    let hangs = |&i: &usize| {
        let ties = |condition: &Expr| match &condition.kind {
            ExprKind::Binary { left, op, right, .. } => op == "=" && (picked(left, i) || picked(right, i)),
            _ => false,
        };
        chain.links[i].left && chain.links[i].on.is_some_and(|on| on.conjuncts().into_iter().any(ties))
    };
    others.iter().skip(1).all(hangs).then_some(true)
}

/// The conditions of WHERE that ask more than the driving relation, and those that ask it alone.
fn conditions<'a>(chain: &Chain<'a, '_>, select: &'a Select, driving: Set) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
    let (mut inside, mut outside) = (vec![], vec![]);
    for condition in select.filter.iter().flat_map(Expr::conjuncts) {
        let alone = chain.asks(condition)?.is_within(driving);
        if alone { outside.push(condition) } else { inside.push(condition) }
    }
    Some((inside, outside))
}

/// The select list, cut in two.
struct Items {
    inside: String,
    outside: String,
}

fn items(ctx: &Context, chain: &Chain, select: &Select, driving: usize) -> Option<Items> {
    let own = |item: &SelectItem| match &item.expr.kind {
        ExprKind::Wildcard(Some(of)) => Some(chain.links[driving].relation.binding() == Some(&of.name)),
        ExprKind::Wildcard(None) => None,
        _ => Some(chain.asks(&item.expr)?.is_within(Set::one(driving))),
    };
    let text = |item: &SelectItem| {
        let expr = spelling::text(ctx, item.expr.span);
        item.alias.as_ref().map_or(expr.clone(), |alias| format!("{expr} AS {alias}"))
    };
    let (mut inside, mut outside): (Vec<String>, Vec<String>) = (vec![], vec![]);
    let mut names: Vec<&Name> = vec![];
    let mut whole = false;
    for item in &select.items {
        if own(item)? {
            outside.push(text(item));
            continue;
        }
        inside.push(text(item));
        match output(item).filter(|name| !names.contains(name)) {
            Some(name) => {
                names.push(name);
                outside.push(format!("picked.{name}"));
            }
            // a star, or names that clash: all of them at once, in the place of the first
            None => whole = true,
        }
    }
    if whole {
        let is_picked: Vec<bool> = select.items.iter().map(|item| own(item) == Some(false)).collect();
        let from = is_picked.iter().position(|p| *p)?;
        let count = is_picked.iter().filter(|p| **p).count();
        is_picked.get(from..from + count)?.iter().all(|p| *p).then_some(())?;
        outside = select.items.iter().filter(|item| own(item) == Some(true)).map(text).collect();
        outside.insert(from, "picked.*".to_owned());
    }
    let inside = if inside.is_empty() { "1".to_owned() } else { inside.join(", ") };
    Some(Items { inside, outside: outside.join(", ") })
}

fn output(item: &SelectItem) -> Option<&Name> {
    item.alias.as_ref().or_else(|| item.expr.column().map(|column| &column.column))
}

/// The keys of ORDER BY that repeat those of DISTINCT ON, and the others.
fn split_order<'q>(order: &'q [OrderKey], on: &[Expr]) -> Option<(&'q [OrderKey], &'q [OrderKey])> {
    let by_number = |key: &OrderKey| matches!(key.expr.kind, ExprKind::Literal(Literal::Number(_)));
    let (first, rest) = order.split_at(on.len().min(order.len()));
    (!order.iter().any(by_number) && first.iter().all(|key| on.contains(&key.expr))).then_some((first, rest))
}

fn order_by(ctx: &Context, keys: &[OrderKey]) -> String {
    let one = |key: &OrderKey| {
        let nulls = match key.nulls_first {
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
            None => "",
        };
        format!("{}{}{nulls}", spelling::text(ctx, key.expr.span), if key.descending { " DESC" } else { "" })
    };
    let keys: Vec<String> = keys.iter().map(one).collect();
    if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) }
}
