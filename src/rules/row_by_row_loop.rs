//! A plpgsql loop over a query that writes or reads one row at a time.

use super::{Check, Context};
use crate::facts::{ExprKind, Query, QueryBody, Update};
use crate::source::Span;
use crate::sql::lex::lex;
use crate::sql::token::{Dialect, TokenKind};

pub(super) const CHECK: Check = Check::Statement(check);

fn check(ctx: &Context) {
    let (Some(header), Some(query)) = (ctx.around.in_loop, &ctx.statement.query) else { return };
    if ctx.around.by_hand {
        return;
    }
    let text = super::support::spelling::text(ctx, header);
    let variables = fetched_into(ctx, header, &text).unwrap_or_else(|| loop_variable(&text).into_iter().collect());
    let Some(variable) = variables.into_iter().find(|v| uses(query, v)).filter(|_| !takes_steps(ctx, header)) else { return };
    let doing = match &query.body {
        // the row's new key is wanted for what follows
        QueryBody::Insert(insert) if !insert.returning.is_empty() => return,
        QueryBody::Insert(insert) if insert.source.as_ref().is_some_and(|s| matches!(s.body, QueryBody::Values(_))) => "inserts",
        // each value comes of the one before, in the loop's order
        QueryBody::Update(update) if text.to_ascii_lowercase().contains("order by") && goes_on(update) => return,
        QueryBody::Update(_) => "updates",
        QueryBody::Delete(_) => "deletes",
        QueryBody::Select(select) if select.relations().iter().any(|r| r.table().is_some()) && !super::support::rows::runs_once(ctx) => "reads",
        _ => return,
    };
    let message = "this loop runs a statement for each row of its query: each is planned into the same transaction, takes its own locks and snapshots, and a thousand rows are a thousand statements";
    let one = match doing {
        "inserts" => "INSERT INTO … SELECT … from the loop's query",
        "updates" => "UPDATE … FROM (the loop's query) AS r WHERE …",
        "deletes" => "DELETE FROM … USING (the loop's query) AS r WHERE …",
        _ if query.limit.is_some() => "JOIN LATERAL (… LIMIT …) to the loop's query, which takes as many of each",
        _ => "join it to the loop's query",
    };
    ctx.add(
        ctx.report(header, message)
            .help(format!("write one statement over all rows: {one}"))
            .related(ctx.at(ctx.statement.span), format!("{doing} for each value of {variable}")),
    );
}

/// Whether a value is computed from what its column held before.
fn goes_on(update: &Update) -> bool {
    update.assignments.iter().any(|(column, value)| {
        let mut found = false;
        value.walk(&mut |e| {
            found |= e.column().is_some_and(|c| c.column == *column);
            // by what another row of the table holds: a chain
            if let Some(inner) = e.subquery() {
                inner.walk(&mut |q| {
                    found |= q.from().iter().flat_map(|item| item.relations()).any(|r| r.table().is_some() && r.table() == update.table.table());
                });
            }
        });
        found
    })
}

/// The variable of `FOR r IN SELECT …` and of `FOREACH x IN ARRAY …`; none for counting loops, for what a parameter brings (an
/// array, a JSON document: there are few), for the system's own tables (one statement for each object is the only way there).
fn loop_variable(header: &str) -> Option<String> {
    let lower = header.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let kind = words.next()?;
    let variable = words.next()?.trim_end_matches(',').to_owned();
    let rest = words.collect::<Vec<_>>().join(" ");
    let over_rows = kind == "for" && (rest.starts_with("in select") || rest.starts_with("in (select") || rest.starts_with("in with") || rest.starts_with("in ( select"));
    // what is written out in the loop's head are a few
    let over_values = kind == "foreach" && !rest.contains("array[") && !rest.contains("array [");
    let of_the_system = is_of_few(&rest);
    // the parts of a value are few
    let over_parts = over_rows && !rest.contains(" from ");
    ((over_rows || over_values) && !of_the_system && !over_parts).then_some(variable)
}

/// Whether a query gives what is written out, parts of a value or objects of the system.
fn is_of_few(query: &str) -> bool {
    let few = ["from (values", "information_schema.", "pg_catalog.", " pg_", "generate_series", "_array_elements", "unnest(", "regexp_"];
    few.iter().any(|part| query.contains(part))
}

/// The variables of `LOOP FETCH cursor INTO a, b`; none where the cursor's query is not found in the body, or gives but few.
/// `None` of any other loop.
fn fetched_into(ctx: &Context, header: Span, text: &str) -> Option<Vec<String>> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let fetch = words.iter().position(|word| *word == "fetch").filter(|at| words[..*at] == ["loop"])?;
    let into = words.iter().position(|word| *word == "into")?;
    let cursor = words.get(fetch + 1..into)?.last()?;
    let query = cursor_query(ctx, header, cursor).filter(|query| query.contains(" from ") && !is_of_few(query));
    let into = words.get(into + 1..)?.join(" ");
    Some(query.map_or(vec![], |_| into.split(',').map(|name| name.trim().to_owned()).collect()))
}

/// What a cursor of this body reads, in lower case and one space between words: `c CURSOR FOR …`, `OPEN c FOR …`.
fn cursor_query(ctx: &Context, header: Span, cursor: &str) -> Option<String> {
    let from = (header.start as usize).saturating_sub(BEFORE);
    let from = (from..header.start as usize).find(|&at| ctx.text.is_char_boundary(at))?;
    let before = ctx.text.get(from..header.start as usize)?.to_ascii_lowercase();
    let before = before.split_whitespace().collect::<Vec<_>>().join(" ");
    let declared = |how: &str| before.rfind(&format!("{cursor} {how}")).map(|at| at + cursor.len() + how.len());
    let opened = before.rfind(&format!("open {cursor} for ")).map(|at| at + "open".len());
    let at = opened.or_else(|| ["cursor", "no scroll cursor", "scroll cursor"].iter().find_map(|how| declared(how)))?;
    let query = before.get(at..)?.split(';').next()?;
    query.find("select ").and_then(|at| query.get(at..)).map(str::to_owned)
}

/// So many bytes before a loop are searched for its cursor.
const BEFORE: usize = 32_768;

/// Whether a turn of the loop decides what comes next, by what it or an earlier one found: a loop inside, EXIT, CONTINUE, a value
/// that a write gave back, an error that is caught for one row. One statement over all rows does not say that.
fn takes_steps(ctx: &Context, header: Span) -> bool {
    let rest = Span::new(header.end, ctx.text.len() as u32);
    let words = lex(ctx.text, rest, Dialect::Psql).into_iter().filter(|token| token.kind == TokenKind::Word);
    let mut previous = "";
    let of_cursor = header.of(ctx.text).get(..4).is_some_and(|word| word.eq_ignore_ascii_case("loop"));
    let mut exited = false;
    for word in words.map(|token| token.text(ctx.text)).take(LONGEST) {
        let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
        if is("LOOP") && previous.eq_ignore_ascii_case("END") {
            return false;
        }
        // what is found ends the search
        if previous.eq_ignore_ascii_case("RETURN") && !is("NEXT") && !is("QUERY") {
            return true;
        }
        // the header's own, where the header ends before it; of a loop over a cursor the EXIT at its end
        let first_exit = of_cursor && is("EXIT") && !std::mem::replace(&mut exited, true);
        let own = is("LOOP") && previous.is_empty() || first_exit;
        if !own && ["LOOP", "WHILE", "EXIT", "CONTINUE", "RETURNING", "EXCEPTION"].iter().any(|step| is(step)) {
            return true;
        }
        previous = word;
    }
    false
}

/// So many words of a loop are looked at.
const LONGEST: usize = 2_000;

/// Whether the statement uses the loop's variable, as `r.id` or as itself.
fn uses(query: &Query, variable: &str) -> bool {
    let mut found = false;
    query.walk(&mut |query| {
        for expr in query.expressions() {
            expr.walk(&mut |e| {
                found |= match &e.kind {
                    ExprKind::Column(c) => c.relation.as_ref().map_or(c.column == *variable, |r| *r == *variable),
                    ExprKind::Wildcard(Some(of)) => of.name == *variable,
                    _ => false,
                }
            });
        }
    });
    found
}
