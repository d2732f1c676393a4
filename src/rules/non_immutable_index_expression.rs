//! An index expression or predicate that PostgreSQL does not accept as immutable.

use super::support::spelling;
use super::{Check, Context, Kind, Origin};
use crate::catalog::Knowledge;
use crate::facts::{Action, CreateIndex, Expr, ExprKind, TypeName};
use crate::finding::Severity;
use crate::postgres::functions::not_immutable;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex], check);

/// The last word of a column that holds text, whatever its table.
const TEXTS: &[&str] =
    &["name", "title", "slug", "email", "login", "username", "description", "text", "body", "code", "key", "label", "path", "url", "address", "city"];

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::CreateIndex(index) = action {
            index.keys.iter().filter(|key| key.expr.column().is_none()).for_each(|key| check_expr(ctx, index, &key.expr, "expression"));
            index.predicate.iter().for_each(|predicate| check_expr(ctx, index, predicate, "predicate"));
        }
    }
}

fn check_expr(ctx: &Context, index: &CreateIndex, expr: &Expr, part: &str) {
    let column_type = |column: &crate::facts::ColumnRef| -> Option<TypeName> { ctx.column(&index.table, &column.column.value)?.ty.as_deref().cloned() };
    let Some(found) = not_immutable(expr, &column_type, ctx.catalog) else { return };
    // the columns by which rows are named are numbers and UUIDs, whose text is the same to everybody
    let mut names = vec![];
    expr.walk(&mut |e| names.extend(e.column().filter(|_| found.span.contains(e.span)).map(|column| column.column.value.as_str())));
    let text = |name: &str| TEXTS.contains(&name.rsplit('_').next().unwrap_or(name));
    if !found.certain && !names.is_empty() && names.iter().all(|name| *name == "id" || name.ends_with("_id") || name.ends_with("uuid") || text(name)) {
        return;
    }
    // of a column that the schema does not have, where there is one, nothing is known: most indexes that were written were built
    let unknown = names.iter().any(|name| ctx.column(&index.table, name).is_none_or(|column| column.ty.is_none()));
    let schema = || ctx.catalog.tables.values().any(|table| table.knowledge == Knowledge::Whole);
    if !found.certain && unknown && (ctx.origin == Origin::Script || ctx.application.is_some() || schema()) {
        return;
    }
    // extract(… from a date) is immutable, and a date is called one
    let extracts = |e: &Expr| matches!(&e.kind, ExprKind::Call(call) if ["extract", "date_part"].contains(&call.name.name.value.as_str()));
    let mut extracted = false;
    expr.walk(&mut |e| extracted |= e.span == found.span && extracts(e));
    if !found.certain && extracted && names.iter().all(|name| name.ends_with("date")) {
        return;
    }
    let verdict = if found.certain { "this index is refused" } else { "this index may be refused" };
    let message = format!("{verdict}: functions in index {part} must be marked IMMUTABLE, and {}", found.why);
    let piece = spelling::unqualified(ctx, expr).to_ascii_lowercase();
    let report = ctx.report(found.span, message).help(help(&piece, part, &index.table.to_string()));
    ctx.add(if found.certain { report } else { report.severity(Severity::Warning) });
}

fn help(piece: &str, part: &str, table: &str) -> String {
    let moving = ["now()", "current_date", "current_timestamp", "localtimestamp", "clock_timestamp", "statement_timestamp"];
    if moving.iter().any(|word| piece.contains(word)) {
        return format!(
            "a moving time cannot bound an index: index the column itself, compare with the time in the query, and delete or partition what is old in {table}"
        );
    }
    if piece.contains("date_trunc") || piece.contains("::date") || piece.contains("as date") || piece.contains("extract") {
        return "index the column itself and ask for the range (c >= start AND c < end), or fix the zone: ((c AT TIME ZONE 'UTC')::date)".to_owned();
    }
    format!("keep the value in a column of its own that is filled on write, and use that in the {part}; do not hide it behind a function falsely declared IMMUTABLE, for the index then answers wrongly")
}
