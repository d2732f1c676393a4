//! Queries and expressions to facts.
//!
//! Why this exists: rules reason about joins, filters and LIMITs with exact places, and PostgreSQL's query syntax is wider
//! than what any one Rust parser accepts. So the skeleton of a query (WITH, set operators, clauses, FROM, the writing
//! statements) is read here from our own tokens, which makes every clause's span exact, and each *expression* goes through
//! sqlparser: [`rewrite`] reduces it to the operator grammar that sqlparser is good at, [`lower`] turns the tree into facts.
//! Must not know the catalog or any rule.

mod call;
mod from;
mod grammar;
mod lower;
mod plain;
mod rewrite;
mod types;
mod write;

use super::cursor::{Cursor, Parse, ParseError};
use super::token::{Token, TokenKind};
use crate::facts::{Expr, Query};
use crate::source::{FileId, Span};

/// Deepest nesting of parentheses that is followed.
const MAX_NESTING: usize = 400;
/// Longest chain of set operators, joins or binary operators that becomes a tree as deep as it is long; where it does not matter
/// how a longer one is grouped, it becomes a flat tree (see [`balanced`]).
const MAX_CHAIN: usize = 500;
/// Deepest facts: rules walk them recursively, on stacks of the usual size.
const MAX_DEPTH: usize = 600;
/// Beyond these, the work is done on a thread of its own with a stack to match.
const ROOMY_TOKENS: usize = 3000;
const ROOMY_NESTING: usize = 12;

/// Whether a statement is a query: SELECT, WITH, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE, or a parenthesised one.
pub fn owns(cursor: &Cursor<'_>) -> bool {
    cursor.at_any(&["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"])
        || (cursor.kind() == Some(TokenKind::LeftParen) && grammar::begins_query(cursor))
}

/// Reads the whole rest of the cursor as one query.
pub fn parse(cursor: &Cursor<'_>) -> Parse<Query> {
    with_room(cursor.rest(), || grammar::whole_query(*cursor))
}

/// Reads tokens as one expression.
pub fn expression(file: FileId, text: &str, tokens: &[Token]) -> Parse<Expr> {
    let mut expr = with_room(tokens, || expression_within(file, text, tokens))?;
    // An expression given alone is all of its tokens; sqlparser's spans leave out some brackets (`ARRAY[]::text[]`).
    let parenthesised = tokens.first().is_some_and(|t| t.kind == TokenKind::LeftParen);
    if !parenthesised {
        expr.span = tokens.iter().fold(expr.span, |all, token| all.to(token.span));
    }
    Ok(expr)
}

/// [`expression`], inside a parse whose nesting was already checked.
fn expression_within(file: FileId, text: &str, tokens: &[Token]) -> Parse<Expr> {
    if tokens.is_empty() {
        return Cursor::new(file, text, tokens).fail("an expression");
    }
    plain::read(file, text, tokens).unwrap_or_else(|| parsed(file, text, tokens))
}

/// An expression of any shape.
fn parsed(file: FileId, text: &str, tokens: &[Token]) -> Parse<Expr> {
    let rewritten = rewrite::rewrite(file, text, tokens)?;
    lower::lower(text, tokens, rewritten)
}

/// Operands with the operators between them as a tree that is as flat as it can be, in the same order.
fn balanced<T, O>(mut operands: Vec<T>, mut operators: Vec<O>, mut join: impl FnMut(T, O, T) -> T) -> Option<T> {
    while operands.len() > 1 {
        let (mut joined, mut between) = (Vec::with_capacity(operands.len().div_ceil(2)), vec![]);
        let mut operators_left = operators.into_iter();
        let mut operands_left = operands.into_iter();
        while let Some(left) = operands_left.next() {
            let pair = operands_left.next().zip(operators_left.next());
            joined.push(match pair {
                Some((right, operator)) => join(left, operator, right),
                None => left,
            });
            between.extend(operators_left.next());
        }
        (operands, operators) = (joined, between);
    }
    operands.pop()
}

/// How deep parentheses and brackets nest.
fn nesting(tokens: &[Token]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for token in tokens {
        match token.kind {
            TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn too_deep<T>(span: Span) -> Parse<T> {
    Err(ParseError { message: "nested too deeply".to_owned(), span })
}

/// Refuses what nests too deeply; gives what is long or deep a stack that is large enough, since sqlparser's trees are as
/// deep as their operator chains are long, and are dropped recursively.
fn with_room<T: Send>(tokens: &[Token], work: impl FnOnce() -> Parse<T> + Send) -> Parse<T> {
    let deepest = nesting(tokens);
    let span = tokens.iter().fold(Span::default(), |all, t| all.to(t.span));
    if deepest > MAX_NESTING {
        return too_deep(span);
    }
    if tokens.len() < ROOMY_TOKENS && deepest < ROOMY_NESTING {
        return work();
    }
    let stack = (64usize << 20).saturating_add(tokens.len().saturating_mul(1024)).min(1 << 30);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, work);
        match thread.map(|t| t.join()) {
            Ok(Ok(result)) => result,
            _ => too_deep(span),
        }
    })
}

#[cfg(test)]
mod tests;
