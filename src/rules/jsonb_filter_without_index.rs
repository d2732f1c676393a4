//! A filter on JSON that no known index serves.

use super::support::{ground, joins, json, spelling};
use super::{Check, Context, Origin};
use crate::catalog::resolve::Scope;
use crate::catalog::index_match::{Test, is_value, tests};
use crate::facts::{Expr, Query};
use crate::finding::Severity;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context<'a>, query: &'a Query, scope: &Scope<'a>) {
    let mut tests = json::json_tests(query, scope);
    tests.retain(|test| !is_given(ctx, scope, test) && !is_kept(query, scope, test) && !is_led_elsewhere(ctx, query, scope, test));
    let mut served: Vec<Span> = vec![];
    let mut unserved = vec![];
    for test in &tests {
        match json::judge(ctx, test, query) {
            json::Verdict::Unserved if !json::is_pinned(ctx, query, scope, test) => unserved.push(test),
            // An index on either side serves a join; a near miss is jsonb-index-operator-mismatch's to tell.
            _ => served.push(test.test.whole.span),
        }
    }
    for test in unserved {
        if !served.contains(&test.test.whole.span) {
            served.push(test.test.whole.span);
            state(ctx, query, scope, test);
        }
    }
}

/// Whether the JSON is a value that the query is given, not a column that it searches: of a row of the query around it, or as far
/// as can be told a variable of the function around it.
fn is_given(ctx: &Context, scope: &Scope, json: &json::JsonTest) -> bool {
    let Some((root, _)) = json::path(json.test.tested) else { return false };
    let variable = ctx.around.in_function || ctx.around.in_do;
    scope.binding(root).is_none() || (variable && root.relation.is_none() && json.column.definition().is_none())
}

/// Whether it stands in the ON of an outer join that keeps its rows whatever it says.
fn is_kept(query: &Query, scope: &Scope, json: &json::JsonTest) -> bool {
    let binding = json::path(json.test.tested).and_then(|(root, _)| scope.binding(root));
    let whole = |held: &&Expr| held.span.contains(json.test.whole.span);
    binding.zip(query.select()).is_some_and(|(b, select)| {
        let condition = select.conditions().into_iter().find(whole);
        condition.is_some_and(|condition| !joins::holds_for(b.relation, select, condition))
    })
}

/// Whether it joins with a column that an index finds by it, where other conditions find the rows here.
fn is_led_elsewhere(ctx: &Context, query: &Query, scope: &Scope, json: &json::JsonTest) -> bool {
    let Some(other) = json.test.value.and_then(|value| scope.resolve_expr(value)).filter(|c| c.name != json.column.name) else { return false };
    let led = ctx.catalog.indexes_of(&other.name).any(|(_, index)| {
        index.keys.first().and_then(|key| key.expr.column()).is_some_and(|c| c.column == *other.column.as_str())
    });
    let own = |t: &Test| t.value.is_some_and(is_value) && scope.resolve_expr(t.tested).is_some_and(|c| c.name == json.column.name);
    led && json::conditions(query).into_iter().flat_map(tests).any(|t| own(&t))
}

fn state<'a>(ctx: &Context<'a>, query: &'a Query, scope: &Scope<'a>, json: &json::JsonTest<'a>) {
    let table = json.column.written;
    // Tables of one statement made for itself are nobody's hot path.
    if json.column.table.is_some_and(|t| t.temporary) || table.schema.as_ref().is_some_and(|s| *s == "pg_catalog" || *s == "information_schema") {
        return;
    }
    let conditions = json::conditions(query);
    // Whether a key is there is seldom asked of few rows.
    let presence = matches!(json.test.op.as_str(), "IS NULL" | "IS NOT NULL");
    // without a schema, a file of queries is told what it needs; an application's tables have a schema elsewhere
    let elsewhere = (ctx.origin == Origin::Application || ctx.around.in_function) && !json.column.is_whole();
    if presence || elsewhere || ground::is_unknown(ctx, &json.column) || ground::in_open_or(&conditions, &json.test) {
        return;
    }
    let tested = spelling::unqualified(ctx, json.test.tested);
    let found_by = ground::found_by(ctx, &conditions, json.test.whole, &json.column, scope);
    // the one row that a key finds is read in any case
    let by_key = |name: &crate::catalog::Qualified| {
        ctx.catalog.indexes_of(&json.column.name).any(|(other, index)| other == name && index.unique && index.keys.len() == 1)
    };
    if found_by.is_some_and(|(index, _)| by_key(index)) {
        return;
    }
    let whole = json.column.is_whole();
    let message = match found_by {
        Some((index, column)) => format!(
            "index {} finds the rows of {table} by {}, and the JSON of each is unpacked to test {tested}, which no index holds",
            index.name,
            spelling::unqualified(ctx, column)
        ),
        None if whole => format!("no index of {table} serves this test of {tested}, so every row is read and its JSON unpacked"),
        None => format!("no index for {tested} is known here; without one every row of {table} is read and its JSON unpacked"),
    };
    let leading = found_by.map(|(_, column)| spelling::unqualified(ctx, column));
    let help = match json::ddl_after(ctx, json, query, scope, leading) {
        Ok(ddl) => format!("build one that matches the expression exactly as the query spells it:\n{ddl};"),
        Err(why) => why,
    };
    let report = ctx.report(json.test.whole.span, message).help(help);
    ctx.add(if whole && found_by.is_none() { report } else { report.severity(Severity::Notice) });
}
