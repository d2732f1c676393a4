//! Advice in the user's own words: pieces of their SQL, fit to be pasted elsewhere.

use crate::extract::{Hole, Role};
use crate::facts::{Expr, ExprKind};
use crate::rules::Context;
use crate::source::{FILLER, Span};

/// The text of a span on one line, without overlay filler. Where the program puts a part of a string in, `{}` says so.
pub(crate) fn text(ctx: &Context, span: Span) -> String {
    let mut clean = String::new();
    push(ctx, span, &mut clean);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn push(ctx: &Context, span: Span, clean: &mut String) {
    let shown = |text: &str, clean: &mut String| clean.extend(text.chars().filter(|c| *c != FILLER as char));
    let in_string = |hole: &&Hole| matches!(hole.role, Role::InString | Role::NameInString);
    let mut from = span.start;
    for hole in ctx.application.iter().flat_map(|code| &code.holes).filter(in_string) {
        if from <= hole.span.start && hole.span.start < span.end {
            shown(ctx.source(Span::new(from, hole.span.start)), clean);
            clean.push_str("{}");
            from = hole.span.start;
        }
    }
    shown(ctx.source(Span::new(from, span.end)), clean);
}

/// An expression as the query spells it, its columns without their qualifiers: as an index on the table would write it.
pub(crate) fn unqualified(ctx: &Context, expr: &Expr) -> String {
    let mut cuts: Vec<Span> = vec![];
    expr.walk(&mut |e| {
        if let ExprKind::Column(column) = &e.kind {
            let first = column.schema.as_deref().or(column.relation.as_ref());
            cuts.extend(first.map(|first| Span::new(first.span.start, column.column.span.start)));
        }
    });
    cuts.sort();
    let (mut out, mut from) = (String::new(), expr.span.start);
    for cut in cuts.into_iter().filter(|cut| expr.span.contains(*cut)) {
        if cut.start >= from {
            push(ctx, Span::new(from, cut.start), &mut out);
            from = cut.end;
        }
    }
    push(ctx, Span::new(from, expr.span.end), &mut out);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An expression as a key of CREATE INDEX: bare for a column, in parentheses for all else.
pub(crate) fn index_key(ctx: &Context, expr: &Expr) -> String {
    let text = unqualified(ctx, expr);
    if expr.column().is_some() { text } else { format!("({text})") }
}

/// Whether the program puts a piece of SQL in here: `{…}` where a token could stand, and not inside a string, a comment or a name.
pub(crate) fn has_hole(ctx: &Context, span: Span) -> bool {
    use crate::sql::token::{Dialect, TokenKind};
    let piece = |hole: &Hole| hole.role == Role::Fragment && span.start <= hole.span.start && hole.span.start < span.end;
    if ctx.application.is_some_and(|code| code.holes.iter().any(piece)) {
        return true;
    }
    if !ctx.source(span).contains('{') {
        return false;
    }
    let hole = |kind: TokenKind| matches!(kind, TokenKind::Placeholder | TokenKind::Unknown);
    crate::sql::lex::lex(ctx.text, span, Dialect::Host).iter().any(|token| hole(token.kind) && token.text(ctx.text).contains('{'))
}

/// Whether a parameter stands inside.
pub(crate) fn has_parameter(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(e.kind, ExprKind::Parameter(_)));
    found
}

/// The same anywhere in a query.
pub(crate) fn query_has_parameter(query: &crate::facts::Query) -> bool {
    let mut found = false;
    query.walk(&mut |q| found |= q.expressions().into_iter().any(has_parameter));
    found
}
