//! Keyset pages over grouped, distinct and combined queries, whose order is one of output columns: the query stays as it is,
//! inside, and its output names carry the predicate.

use super::predicate::{self, Step};
use crate::facts::{Expr, ExprKind, Literal, Query, QueryBody, Select, SelectItem, quote_identifier};
use crate::rules::Context;
use crate::rules::support::spelling;

/// The advice for such a query.
pub(super) fn advice(ctx: &Context, query: &Query) -> String {
    let limit = query.limit.as_ref().map_or_else(|| "LIMIT n".to_owned(), |limit| spelling::text(ctx, limit.span));
    let Some(keys) = keys(query) else {
        return format!(
            "give every key of the order a name in the select list and end the order in what makes a row unique, then wrap the query and \
             continue after the last row seen: SELECT * FROM (…) AS page WHERE (keys) > (last values) ORDER BY keys {limit}"
        );
    };
    let parameters: Vec<String> = keys.iter().map(|(name, _, _)| format!("$last_{}", name.trim_matches('"'))).collect();
    let steps: Vec<Step> = keys
        .iter()
        .zip(&parameters)
        .map(|((text, descending, nulls_first), parameter)| Step {
            text,
            parameter,
            descending: *descending,
            nulls_first: *nulls_first,
            nullable: false,
        })
        .collect();
    let order: Vec<String> = keys.iter().map(|(name, descending, nulls_first)| super::written(name, *descending, *nulls_first)).collect();
    format!(
        "wrap the query without its ORDER BY and OFFSET, and continue after the last row seen: SELECT * FROM (…) AS page WHERE {} ORDER BY {} {limit}\n\
         all its rows are still computed for each page: keep them in a materialized view or a summary table where that is slow",
        predicate::after(&steps),
        order.join(", ")
    )
}

/// The order by output names, ended by the names that make a row unique; `None` where one of them has no name.
fn keys(query: &Query) -> Option<Vec<(String, bool, bool)>> {
    let select = first_select(query)?;
    let mut keys: Vec<(String, bool, bool)> = vec![];
    for key in &query.order_by {
        keys.push((name_of(select, &key.expr)?, key.descending, key.nulls_first.unwrap_or(key.descending)));
    }
    let descending = keys.last()?.1;
    for name in unique_names(query, select)? {
        if !keys.iter().any(|(known, _, _)| *known == name) {
            keys.push((name, descending, descending));
        }
    }
    Some(keys)
}

fn first_select(query: &Query) -> Option<&Select> {
    match &query.body {
        QueryBody::SetOperation { left, .. } => first_select(left),
        _ => query.select(),
    }
}

/// The output names that tell any two rows apart: what is grouped by, what DISTINCT keeps, all columns of a UNION.
fn unique_names(query: &Query, select: &Select) -> Option<Vec<String>> {
    let all = || select.items.iter().map(output_name).collect::<Option<Vec<_>>>();
    match (&query.body, &select.distinct) {
        (QueryBody::SetOperation { all: true, .. }, _) => None,
        (QueryBody::SetOperation { .. }, _) => all(),
        (_, Some(distinct)) => match &distinct.on {
            Some(on) => on.iter().map(|expr| name_of(select, expr)).collect(),
            None => all(),
        },
        _ => select.group_by.iter().map(|expr| name_of(select, expr)).collect(),
    }
}

/// The output name of an expression of ORDER BY or GROUP BY: an output name itself, an ordinal, or an entry of the list.
fn name_of(select: &Select, expr: &Expr) -> Option<String> {
    if let ExprKind::Literal(Literal::Number(n)) = &expr.kind {
        return output_name(select.items.get(n.parse::<usize>().ok()?.checked_sub(1)?)?);
    }
    let bare = expr.column().filter(|c| c.relation.is_none()).map(|c| &c.column);
    let named = select.items.iter().find(|item| bare.is_some_and(|bare| item.alias.as_ref() == Some(bare)));
    named.or_else(|| select.items.iter().find(|item| crate::catalog::index_match::same(&item.expr, expr))).and_then(output_name)
}

fn output_name(item: &SelectItem) -> Option<String> {
    let name = item.alias.as_ref().or_else(|| item.expr.column().map(|c| &c.column))?;
    Some(quote_identifier(&name.value).to_string())
}
