//! A statement sent once for each row or id.
use super::{Check, Context};
use crate::catalog::index_match::tests;
use crate::extract::FragmentKind;
use crate::facts::{ExprKind, Query, QueryBody, Update};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, query: &Query) {
    let Some(found) = ctx.application.and_then(|fragment| fragment.in_loop.as_ref()) else { return };
    // one finding a statement, and none for what already takes many rows at a time
    if ctx.statement.query.as_ref().is_none_or(|own| own.span != query.span) || takes_many(query) {
        return;
    }
    // a query whose rows the loop goes through, written in its head; rows that no table gives
    let in_head = ctx.application.is_some_and(|fragment| found.header.contains(fragment.span));
    // a condition that is given to a builder may make one query of many turns
    let is_piece = ctx.application.is_some_and(|fragment| fragment.kind == FragmentKind::Clause);
    // nor of what a function does for each, which no set of rows does
    let calls = query.select().is_some_and(|select| select.from.is_empty());
    if in_head || is_piece || calls || matches!(query.body, QueryBody::Values(_)) {
        return;
    }
    let table = query.target().or_else(|| query.from().first().and_then(|item| item.relations().first().copied())).and_then(|r| r.table());
    // a tool that goes through tables, or a migrator
    if table.is_some_and(|table| table.name.value.contains('{') || table.name.value == "_") || only_asks_the_server(query) {
        return;
    }
    let of = table.map(|table| format!(" of {table}")).unwrap_or_default();
    let (doing, help) = match &query.body {
        QueryBody::Insert(insert) if insert.source.as_ref().is_some_and(|source| !source.from().is_empty()) => {
            ("insert", "insert for all at once: let the SELECT take every key (= ANY($1)), and where it has LIMIT 1, keep one row of each by DISTINCT ON")
        }
        // COPY knows no ON CONFLICT
        QueryBody::Insert(insert) if insert.on_conflict.is_some() => {
            ("insert", "send many rows at once:\nINSERT INTO … SELECT * FROM unnest($1::…[], $2::…[]) ON CONFLICT …;")
        }
        QueryBody::Insert(_) => ("insert", "send many rows at once:\nINSERT INTO … SELECT * FROM unnest($1::…[], $2::…[]);  -- or COPY"),
        QueryBody::Update(update) if !gives_values(ctx, update) => ("update", "update all rows at once:\nUPDATE … SET … WHERE id = ANY($1);"),
        QueryBody::Update(_) => ("update", "send all values at once:\nUPDATE … SET … FROM unnest($1::…[], $2::…[]) AS new (id, value) WHERE ….id = new.id;"),
        QueryBody::Delete(_) => ("delete", "send all keys at once:\nDELETE FROM … WHERE id = ANY($1);"),
        _ => ("query", "fetch all rows at once, and look each up in memory:\nSELECT … WHERE id = ANY($1);  -- or a join with the query that gives the rows"),
    };
    // what marks one thing as done stands after the work, or tells where to go on
    let marks = match &query.body {
        QueryBody::Update(update) => !gives_values(ctx, update),
        QueryBody::Delete(_) => true,
        _ => false,
    };
    if is_far(ctx, found.header, query.span, if marks { LONG_TURN_OF_MARKS } else { LONG_TURN }) {
        return;
    }
    let message = format!("one {doing}{of} for each turn of the loop: a round trip for each row, so time grows with the number of rows");
    let name = table.map(|t| t.to_string()).unwrap_or_else(|| "…".to_owned());
    let help = match keyed(query) {
        keys if keys.is_empty() && filters(query) => help.replace("id = ANY($1)", "… = ANY($1)"),
        keys if keys.is_empty() => help.to_owned(),
        keys => by_keys(help, &keys),
    };
    let help = help.replacen("INTO …", &format!("INTO {name}"), 1).replacen("UPDATE …", &format!("UPDATE {name}"), 1).replacen("FROM …", &format!("FROM {name}"), 1);
    let span = Span::new(query.span.start, query.span.end);
    ctx.add(ctx.report(span, message).help(help).related(ctx.at(found.header), "the loop"));
}

/// A turn of so many lines does other work than this statement, and waits for that.
const LONG_TURN: usize = 25;

/// The same where the statement only says that a thing is done.
const LONG_TURN_OF_MARKS: usize = 2;

/// Whether so much stands between the head of the loop and the statement that a turn is a task of its own.
fn is_far(ctx: &Context, header: Span, query: Span, far: usize) -> bool {
    let between = ctx.code.as_bytes().get(header.start as usize..query.start as usize).unwrap_or_default();
    between.iter().filter(|&&byte| byte == b'\n').count() > far
}

/// Whether each turn sets values of its own: a parameter, or what the program puts in.
fn gives_values(ctx: &Context, update: &Update) -> bool {
    let mut found = false;
    for (_, value) in &update.assignments {
        found |= ctx.application.is_some_and(|code| code.holes.iter().any(|hole| value.span.contains(hole.span) || hole.span.contains(value.span)));
        value.walk(&mut |e| found |= matches!(e.kind, ExprKind::Parameter(_) | ExprKind::Subquery(_) | ExprKind::Other(_)));
    }
    found
}

/// `SELECT pg_advisory_xact_lock($1)`: what such functions do to many things they do one by one.
fn only_asks_the_server(query: &Query) -> bool {
    let own = |e: &crate::facts::Expr| matches!(&e.uncast().kind, ExprKind::Call(call) if call.name.name.value.starts_with("pg_"));
    query.select().is_some_and(|select| select.from.is_empty() && select.items.iter().any(|item| own(&item.expr)))
}

fn filters(query: &Query) -> bool {
    match &query.body {
        QueryBody::Select(select) => select.filter.is_some(),
        QueryBody::Update(update) => update.filter.is_some(),
        QueryBody::Delete(delete) => delete.filter.is_some(),
        _ => false,
    }
}

/// The columns that the query holds to parameters.
fn keyed(query: &Query) -> Vec<String> {
    let filter = match &query.body {
        QueryBody::Select(select) if query.from().len() == 1 && select.joins().is_empty() => select.filter.as_ref(),
        QueryBody::Update(update) => update.filter.as_ref(),
        QueryBody::Delete(delete) => delete.filter.as_ref(),
        _ => None,
    };
    let tested = filter.into_iter().flat_map(|f| f.conjuncts()).filter(|c| matches!(c.kind, ExprKind::Binary { .. })).flat_map(tests);
    let held = tested.filter(|t| t.op == "=" && t.value.is_some_and(|value| matches!(value.uncast().kind, ExprKind::Parameter(_))));
    held.filter_map(|t| Some(t.tested.column()?.column.to_string())).collect()
}

/// The help with the query's own columns in the place of `id`.
fn by_keys(help: &str, keys: &[String]) -> String {
    let list = keys.join(", ");
    let arrays = (1..=keys.len()).map(|n| format!("${n}::…[]")).collect::<Vec<_>>().join(", ");
    let any = match keys {
        [one] => format!("{one} = ANY($1)"),
        _ => format!("({list}) IN (SELECT * FROM unnest({arrays}))"),
    };
    let same = keys.iter().map(|key| format!("….{key} = new.{key}")).collect::<Vec<_>>().join(" AND ");
    let with_value = format!("{arrays}, ${}::…[]", keys.len() + 1);
    let help = if keys.len() > 1 { help.replace("$1::…[], $2::…[]) AS new", &format!("{with_value}) AS new")) } else { help.to_owned() };
    help.replace("id = ANY($1)", &any).replace("AS new (id, value) WHERE ….id = new.id", &format!("AS new ({list}, value) WHERE {same}"))
}

/// `= ANY(…)`, `IN (…)` of more than one, `unnest(…)`: a batch.
fn takes_many(query: &Query) -> bool {
    let mut many = false;
    query.walk(&mut |q| {
        for expr in q.expressions() {
            expr.walk(&mut |e| {
                many |= match &e.kind {
                    ExprKind::Quantified { .. } => true,
                    ExprKind::InList { list, .. } => list.len() != 1 || matches!(list[0].kind, ExprKind::Parameter(_)),
                    ExprKind::Call(call) => call.name.name.value == "unnest",
                    _ => false,
                };
            });
        }
        many |= q.from().iter().flat_map(|item| item.relations()).any(|r| matches!(&r.source, crate::facts::RelationSource::Function(_)));
        many |= matches!(&q.body, QueryBody::Values(rows) if rows.len() > 1);
    });
    many
}
