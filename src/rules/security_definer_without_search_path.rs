//! SECURITY DEFINER runs with its owner's rights, but finds names by its caller's search_path.

use super::{Check, Context};
use crate::facts::{Action, CreateFunction, ExprKind, FromItem, ObjectName, Query, Statement, TypeName};

pub(super) const CHECK: Check = Check::Statement(check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        if let Action::AlterOther { kind, name: Some(name), arguments, .. } = action {
            made_so_later(ctx, kind, name, arguments.as_deref());
        }
        let Action::CreateFunction(function) = action else { continue };
        let Some(span) = function.security_definer else { continue };
        // a released update of an extension is history, which nobody edits
        if ctx.around.updates_extension || is_shown_as_wrong(ctx) || matches!(ctx.origin, super::Origin::Down | super::Origin::Application) || function.settings.iter().any(|name| name == "search_path") || is_bound(ctx, function) || is_set_later(ctx, function) || is_set_first(ctx) || names_all(ctx) {
            continue;
        }
        let name = &function.name;
        let (kind, body) = if function.procedure { ("procedure", "PROCEDURE") } else { ("function", "FUNCTION") };
        // a name that the program puts in can stand in no statement here
        if named_by_program(ctx, name) {
            let message = format!(
                "this {kind} runs with its owner's rights but finds tables and functions by its caller's search_path: whoever can create objects in a schema of that path runs code as the owner"
            );
            let help = "say SET search_path = '' in its definition, before AS,\nand name each table with its schema inside it (public.…); pg_catalog is always searched";
            ctx.add(ctx.report(span, message).help(help));
            continue;
        }
        let message = format!(
            "{kind} {name} runs with its owner's rights but finds tables and functions by its caller's search_path: whoever can create objects in a schema of that path runs code as the owner"
        );
        let arguments: Vec<String> = function.argument_types.iter().map(ToString::to_string).collect();
        // of a name that stands alone, and of a column's type, PostgreSQL asks no arguments
        let arguments = if arguments.iter().any(|ty| ty.contains(['%', '"'])) { String::new() } else { format!("({})", arguments.join(", ")) };
        let help = format!(
            "ALTER {body} {name}{arguments} SET search_path = '';\nand name each table with its schema inside it (public.…); pg_catalog is always searched"
        );
        let end = crate::source::Span::new(span.end, span.end);
        ctx.add(ctx.report(span, message).help(help).fix("fix the search path", false, end, " SET search_path = pg_catalog, public, pg_temp"));
    }
}

/// Whether code stands in the name: `CREATE FUNCTION ${schema}.close_order()`.
fn named_by_program(ctx: &Context, name: &ObjectName) -> bool {
    let span = name.span();
    ctx.application.is_some_and(|fragment| fragment.holes.iter().any(|hole| hole.span.start < span.end && span.start < hole.span.end))
}

/// `ALTER FUNCTION … SECURITY DEFINER` of a function that has no search path, and gets none.
fn made_so_later(ctx: &Context, kind: &str, name: &ObjectName, arguments: Option<&[TypeName]>) {
    let words = ctx.source(ctx.statement.span).to_ascii_uppercase().split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let routine = matches!(kind, "FUNCTION" | "PROCEDURE" | "ROUTINE") && words.contains("SECURITY DEFINER");
    if !routine || ctx.around.updates_extension || matches!(ctx.origin, super::Origin::Down | super::Origin::Application) {
        return;
    }
    // other changes of the same function stand beside this one
    let same = |action: &Action| matches!(action, Action::AlterOther { name: Some(other), .. } if other.name == name.name);
    let beside = ctx.preceding.iter().chain(ctx.following).filter(|statement| statement.actions.iter().any(same));
    let has_path = |text: &str| text.to_ascii_lowercase().contains("search_path");
    let known = ctx.catalog.functions.get(&ctx.catalog.creation_name(name, false)).map_or(&[][..], Vec::as_slice);
    let meant = known.iter().filter(|function| arguments.is_none_or(|types| function.argument_types == types));
    let set_before = meant.flat_map(|function| function.changes.iter().chain(std::iter::once(&function.sql))).any(|text| has_path(text));
    if words.contains("SEARCH_PATH") || set_before || beside.into_iter().any(|statement| has_path(ctx.source(statement.span))) {
        return;
    }
    let arguments = arguments.map(|types| format!("({})", types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))).unwrap_or_default();
    let message = format!(
        "{} {name} comes to run with its owner's rights but finds tables and functions by its caller's search_path: whoever can create objects in a schema of that path runs code as the owner",
        kind.to_lowercase()
    );
    let help = format!("ALTER {kind} {name}{arguments} SET search_path = '';\nand name each table with its schema inside it (public.…); pg_catalog is always searched");
    ctx.add(ctx.report(name.span(), message).help(help));
}

/// `-- WRONG: no search_path`, right before it in a document.
fn is_shown_as_wrong(ctx: &Context) -> bool {
    let start = ctx.statement.span.start as usize;
    let before = ctx.text.get(crate::source::floor_boundary(ctx.text, start.saturating_sub(200))..start).unwrap_or("");
    let Some(comment) = before.trim_end().lines().next_back().filter(|line| line.trim_start().starts_with("--")) else { return false };
    let comment = comment.to_ascii_lowercase();
    ctx.origin == super::Origin::Document && ["wrong", "bad", "vulnerable", "insecure", "don't", "do not", "avoid", "never"].iter().any(|word| comment.contains(word))
}

/// Whether the body's names were looked up when it was created (a standard SQL body), or are not SQL at all.
fn is_bound(ctx: &Context, function: &CreateFunction) -> bool {
    let native = matches!(function.language.as_str(), "c" | "internal");
    let text = ctx.source(function.definition_span).to_ascii_lowercase();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    // `RETURN expression`, where no AS hands over a text
    let returns = || words.contains(&"return") && !words.contains(&"as") && !text.contains('$');
    native || (function.language == "sql" && (words.windows(2).any(|two| two == ["begin", "atomic"]) || returns()))
}

/// Whether all that the body names stands there with its schema, and it calls nothing and compares nothing.
fn names_all(ctx: &Context) -> bool {
    let qualified = |query: &Query| {
        let mut all = !query.from().is_empty() && query.ctes.is_empty();
        query.walk(&mut |query| {
            let relations = query.from().iter().flat_map(FromItem::relations);
            all &= query.select().is_some() && relations.into_iter().all(|r| r.table().is_some_and(|name| name.schema.is_some()));
            all &= query.expressions().iter().all(|e| matches!(e.kind, ExprKind::Column(_) | ExprKind::Wildcard(_)));
        });
        all
    };
    // a body that only looks at NEW and raises
    let text = ctx.source(ctx.statement.span).to_ascii_lowercase();
    let inner = text.split_once("begin").and_then(|(_, rest)| rest.rsplit_once("end")).map_or("", |(inner, _)| inner);
    let words = ["select", "insert", "update", "delete", "perform", "execute", "call", "="];
    if !inner.is_empty() && !inner.contains('(') && !words.iter().any(|word| inner.contains(word)) {
        return true;
    }
    let body = ctx.statement.bodies.first().map(|body| &body.statements[..]).unwrap_or_default();
    !body.is_empty() && body.iter().all(|inner| inner.statement.query.as_deref().is_some_and(qualified))
}

/// Whether the body sets the path before it names anything.
fn is_set_first(ctx: &Context) -> bool {
    let first = ctx.statement.bodies.first().and_then(|body| body.statements.first()).map(|inner| &inner.statement);
    let sets = |statement: &Statement| statement.actions.iter().any(|action| matches!(action, Action::Set(set) if set.name == "search_path"));
    // without its schema the function itself is found by the caller's path
    let calls = |statement: &Statement| ctx.source(statement.span).to_ascii_lowercase().contains("pg_catalog.set_config('search_path'");
    first.is_some_and(|statement| sets(statement) || calls(statement))
}

/// Whether ALTER FUNCTION … SET search_path came later.
fn is_set_later(ctx: &Context, function: &CreateFunction) -> bool {
    let name = ctx.catalog.creation_name(&function.name, false);
    let overloads = ctx.catalog.functions.get(&name).map_or(&[][..], Vec::as_slice);
    let own = overloads.iter().filter(|known| known.argument_types == function.argument_types);
    own.flat_map(|known| &known.changes).any(|change| change.to_ascii_lowercase().contains("search_path"))
}
