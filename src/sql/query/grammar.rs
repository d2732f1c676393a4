//! The skeleton of a query: WITH, set operators, SELECT's clauses, ORDER BY, LIMIT, OFFSET, FETCH, locking.
//!
//! Clause key words are reserved in PostgreSQL, so a clause ends at the next one at the same nesting; what stands between is
//! an expression and none of this module's business.

use super::{MAX_CHAIN, balanced, expression_within, from, too_deep, write};
use crate::facts::{Cte, Distinct, Expr, ExprKind, FromItem, IntoTable, Limit, Literal, Locking, Name, Offset, OrderKey, Query, QueryBody};
use crate::facts::{Relation, RelationSource, Select, SelectItem, SetOperator, is_reserved};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::{Token, TokenKind};

/// The words that end a clause wherever they stand bare.
const CLAUSE: &[&str] = &[
    "FROM",
    "INTO",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "WINDOW",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "FOR",
    "RETURNING",
    "ON CONFLICT",
];

/// Whether the parenthesis at the cursor holds a query (and not an expression or a join that begins with one).
pub(super) fn begins_query(c: &Cursor<'_>) -> bool {
    let mut inner = *c;
    let mut levels = 0;
    while inner.eat_kind(TokenKind::LeftParen) {
        levels += 1;
    }
    if !at_query(&inner) {
        return false;
    }
    // Every parenthesis but the last opened must go on as a query after the one inside it closes.
    for level in 1..levels {
        let mut group = *c;
        for _ in 0..levels - level {
            group.bump();
        }
        group.skip_group();
        let goes_on = group.at_any(&["UNION", "INTERSECT", "EXCEPT", "ORDER BY", "LIMIT", "OFFSET", "FETCH", "FOR"]);
        if !goes_on && group.kind() != Some(TokenKind::RightParen) {
            return false;
        }
    }
    levels > 0
}

fn at_query(c: &Cursor<'_>) -> bool {
    let values = c.at_words("VALUES") && c.peek_at(1).is_some_and(|t| t.kind == TokenKind::LeftParen);
    let dml = c.at_any(&["INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO"]) && c.peek_at(1).is_some_and(is_name);
    values || dml || c.at_any(&["SELECT", "WITH", "TABLE"])
}

fn is_name(t: &Token) -> bool {
    matches!(t.kind, TokenKind::Word | TokenKind::QuotedIdent | TokenKind::UnicodeIdent | TokenKind::Placeholder)
}

/// The rest of the cursor is one query.
pub(super) fn whole_query(mut c: Cursor<'_>) -> Parse<Query> {
    let query = query(&mut c)?;
    c.expect_end()?;
    Ok(query)
}

/// `( query )`.
pub(super) fn paren_query(c: &mut Cursor<'_>) -> Parse<Query> {
    c.expect_kind(TokenKind::LeftParen)?;
    let query = query(c)?;
    c.expect_kind(TokenKind::RightParen)?;
    Ok(query)
}

/// A query with everything that may surround its body.
pub(super) fn query(c: &mut Cursor<'_>) -> Parse<Query> {
    let mark = c.mark();
    let ctes = with(c)?;
    let mut query = match c.peek() {
        _ if c.at_words("INSERT") => Query { body: QueryBody::Insert(Box::new(write::insert(c)?)), ..Query::default() },
        _ if c.at_words("UPDATE") => Query { body: QueryBody::Update(Box::new(write::update(c)?)), ..Query::default() },
        _ if c.at_words("DELETE") => Query { body: QueryBody::Delete(Box::new(write::delete(c)?)), ..Query::default() },
        _ if c.at_words("MERGE") => Query { body: QueryBody::Merge(Box::new(write::merge(c)?)), ..Query::default() },
        _ => {
            let mut body = set_operations(c, 0)?;
            tail(c, &mut body)?;
            body
        }
    };
    query.ctes.splice(0..0, ctes);
    query.span = c.since(mark);
    Ok(query)
}

fn with(c: &mut Cursor<'_>) -> Parse<Vec<Cte>> {
    if !c.eat("WITH") {
        return Ok(vec![]);
    }
    let recursive = c.eat("RECURSIVE");
    c.comma_list(|c| cte(c, recursive))
}

fn cte(c: &mut Cursor<'_>, recursive: bool) -> Parse<Cte> {
    let name = c.name()?;
    let columns = if c.kind() == Some(TokenKind::LeftParen) { c.paren_list(Cursor::name)? } else { vec![] };
    c.expect("AS")?;
    let materialized = match c.eat_any(&["NOT MATERIALIZED", "MATERIALIZED"]) {
        Some("MATERIALIZED") => Some(true),
        Some(_) => Some(false),
        None => None,
    };
    let query = if c.peek_at(1).is_some_and(|t| t.kind == TokenKind::Ellipsis) && c.kind() == Some(TokenKind::LeftParen) {
        c.skip_group();
        Query::default()
    } else {
        paren_query(c)?
    };
    if c.at_any(&["SEARCH", "CYCLE"]) {
        // Neither adds an expression that rules look at: up to the next entry or the query itself.
        while !c.at_end() && c.kind() != Some(TokenKind::LeftParen) && !at_query(c) && !entry_follows(c) {
            c.bump();
        }
    }
    Ok(Cte { name, columns, query, materialized, recursive })
}

fn entry_follows(c: &Cursor<'_>) -> bool {
    let mut next = *c;
    next.eat_kind(TokenKind::Comma) && next.name().is_ok() && (next.at_words("AS") || next.kind() == Some(TokenKind::LeftParen))
}

/// A long run of UNIONs, whose grouping says nothing: `left` UNION `right`, and what follows.
fn unions(c: &mut Cursor<'_>, left: Query, first: (bool, Span), right: Query) -> Parse<Query> {
    let (mut operands, mut operators) = (vec![left, right], vec![first]);
    while c.at_words("UNION") {
        let mark = c.mark();
        c.bump();
        let all = c.eat_any(&["ALL", "DISTINCT"]) == Some("ALL");
        operators.push((all, c.since(mark)));
        operands.push(set_operations(c, 1)?);
    }
    let join = |left: Query, (all, op_span), right: Query| {
        let span = left.span.to(right.span);
        let body = QueryBody::SetOperation { op: SetOperator::Union, all, op_span, left: Box::new(left), right: Box::new(right) };
        Query { span, body, ..Query::default() }
    };
    Ok(balanced(operands, operators, join).unwrap_or_default())
}

/// UNION and EXCEPT bind equally, INTERSECT tighter.
fn set_operations(c: &mut Cursor<'_>, tightness: u8) -> Parse<Query> {
    let mark = c.mark();
    let mut left = primary(c)?;
    for length in 0.. {
        let op_mark = c.mark();
        let (op, next) = match c.peek() {
            _ if c.at_words("INTERSECT") => (SetOperator::Intersect, 2),
            _ if c.at_words("UNION") && tightness == 0 => (SetOperator::Union, 1),
            _ if c.at_words("EXCEPT") && tightness == 0 => (SetOperator::Except, 1),
            _ => return Ok(left),
        };
        if next <= tightness {
            return Ok(left);
        }
        if length > MAX_CHAIN {
            return too_deep(c.since(mark));
        }
        c.bump();
        let all = c.eat_any(&["ALL", "DISTINCT"]) == Some("ALL");
        let op_span = c.since(op_mark);
        let right = set_operations(c, next)?;
        if op == SetOperator::Union && length == MAX_CHAIN {
            left = unions(c, left, (all, op_span), right)?;
            continue;
        }
        let body = QueryBody::SetOperation { op, all, op_span, left: Box::new(left), right: Box::new(right) };
        left = Query { span: c.since(mark), body, ..Query::default() };
    }
    Ok(left)
}

fn primary(c: &mut Cursor<'_>) -> Parse<Query> {
    let mark = c.mark();
    if c.kind() == Some(TokenKind::LeftParen) {
        return paren_query(c);
    }
    let body = if c.eat("VALUES") {
        QueryBody::Values(c.comma_list(row)?)
    } else if c.eat("TABLE") {
        let table = from::table(c)?;
        let star = Expr::new(ExprKind::Wildcard(None), Span::new(table.span.start, table.span.start));
        let items = vec![SelectItem { expr: star, alias: None }];
        QueryBody::Select(Box::new(Select { span: c.since(mark), items, from: vec![FromItem::Relation(table)], ..Select::default() }))
    } else if c.kind() == Some(TokenKind::Placeholder) {
        // a query that the program puts in: its columns are not known
        let items = vec![SelectItem { expr: expr(c, &[])?, alias: None }];
        QueryBody::Select(Box::new(Select { span: c.since(mark), items, ..Select::default() }))
    } else {
        QueryBody::Select(Box::new(select(c)?))
    };
    Ok(Query { span: c.since(mark), body, ..Query::default() })
}

fn row(c: &mut Cursor<'_>) -> Parse<Vec<Expr>> {
    if matches!(c.kind(), Some(TokenKind::Placeholder | TokenKind::Ellipsis)) {
        return Ok(vec![expr(c, &[])?]);
    }
    c.paren_list(|c| expr(c, &[]))
}

fn select(c: &mut Cursor<'_>) -> Parse<Select> {
    let mark = c.mark();
    c.expect("SELECT")?;
    let mut select = Select::default();
    c.eat("ALL");
    select.distinct = distinct(c)?;
    select.items = items(c)?;
    loop {
        if c.eat("INTO") {
            c.eat_any(&["LOCAL", "GLOBAL"]);
            let temporary = c.eat_any(&["TEMPORARY", "TEMP", "UNLOGGED"]).is_some_and(|word| word != "UNLOGGED");
            c.eat("TABLE");
            select.into = Some(IntoTable { name: c.object_name()?, temporary });
        } else if c.eat("FROM") {
            select.from = from::list(c)?;
        } else if c.eat("WHERE") {
            select.filter = Some(expr(c, &[])?);
        } else if c.eat("GROUP BY") {
            c.eat_any(&["ALL", "DISTINCT"]);
            group_by(c, &mut select.group_by)?;
        } else if c.eat("HAVING") {
            select.having = Some(expr(c, &[])?);
        } else if c.eat("WINDOW") {
            windows(c);
        } else {
            break;
        }
    }
    select.span = c.since(mark);
    Ok(select)
}

fn distinct(c: &mut Cursor<'_>) -> Parse<Option<Distinct>> {
    let mark = c.mark();
    if !c.eat("DISTINCT") {
        return Ok(None);
    }
    let on = if c.eat("ON") { Some(c.paren_list(|c| expr(c, &[]))?) } else { None };
    Ok(Some(Distinct { span: c.since(mark), on }))
}

/// Window definitions are passed over.
fn windows(c: &mut Cursor<'_>) {
    c.take_until(|c| c.at_any(CLAUSE));
}

fn group_by(c: &mut Cursor<'_>, all: &mut Vec<Expr>) -> Parse<()> {
    loop {
        let sets = c.eat("GROUPING SETS")
            || (c.peek_at(1).is_some_and(|t| t.kind == TokenKind::LeftParen) && c.eat_any(&["ROLLUP", "CUBE"]).is_some());
        if sets || (c.kind() == Some(TokenKind::LeftParen) && c.peek_at(1).is_some_and(|t| t.kind == TokenKind::RightParen)) {
            c.expect_kind(TokenKind::LeftParen)?;
            if c.kind() != Some(TokenKind::RightParen) {
                group_by(c, all)?;
            }
            c.expect_kind(TokenKind::RightParen)?;
        } else {
            match expr(c, &[])? {
                Expr { kind: ExprKind::Row(list), .. } => all.extend(list),
                one => all.push(one),
            }
        }
        if !c.eat_kind(TokenKind::Comma) {
            return Ok(());
        }
    }
}

/// ORDER BY, LIMIT, OFFSET, FETCH and locking, in whatever order they come.
fn tail(c: &mut Cursor<'_>, query: &mut Query) -> Parse<()> {
    let has_tail = c.at_any(&["ORDER BY", "LIMIT", "OFFSET", "FETCH", "FOR"]);
    if has_tail && (!query.order_by.is_empty() || query.limit.is_some() || query.offset.is_some() || !query.ctes.is_empty()) {
        let inner = std::mem::take(query);
        *query = wrap(inner);
    }
    loop {
        let mark = c.mark();
        if c.eat("ORDER BY") {
            query.order_by = order_list(c)?;
        } else if c.eat("LIMIT") {
            let count = if c.eat("ALL") { None } else { Some(expr(c, &[])?) };
            query.limit = Some(Limit { span: c.since(mark), count, with_ties: false });
        } else if c.eat("OFFSET") {
            let count = expr(c, &["ROW", "ROWS"])?;
            c.eat_any(&["ROWS", "ROW"]);
            query.offset = Some(Offset { span: c.since(mark), count });
        } else if c.eat("FETCH") {
            query.limit = Some(fetch(c, mark)?);
        } else if c.at_words("FOR") {
            let locking = locking(c)?;
            query.locking = query.locking.take().or(locking);
        } else {
            return Ok(());
        }
    }
}

/// A parenthesised query with its own LIMIT, under an outer ORDER BY or LIMIT: a SELECT from it.
fn wrap(inner: Query) -> Query {
    let span = inner.span;
    let star = Expr::new(ExprKind::Wildcard(None), Span::new(span.start, span.start));
    let relation = Relation { span, source: RelationSource::Subquery(Box::new(inner)), ..Relation::default() };
    let items = vec![SelectItem { expr: star, alias: None }];
    let select = Select { span, items, from: vec![FromItem::Relation(relation)], ..Select::default() };
    Query { span, body: QueryBody::Select(Box::new(select)), ..Query::default() }
}

fn fetch(c: &mut Cursor<'_>, mark: usize) -> Parse<Limit> {
    c.eat_any(&["FIRST", "NEXT"]);
    let count = if c.at_any(&["ROW", "ROWS"]) { None } else { Some(expr(c, &["ROW", "ROWS"])?) };
    c.eat_any(&["ROWS", "ROW"]);
    let with_ties = c.eat_any(&["WITH TIES", "ONLY"]) == Some("WITH TIES");
    Ok(Limit { span: c.since(mark), count, with_ties })
}

fn locking(c: &mut Cursor<'_>) -> Parse<Option<Locking>> {
    let mark = c.mark();
    c.expect("FOR")?;
    if c.eat("READ ONLY") {
        return Ok(None);
    }
    let Some(strength) = c.eat_any(&["NO KEY UPDATE", "KEY SHARE", "UPDATE", "SHARE"]) else { return c.fail("UPDATE or SHARE") };
    let of = if c.eat("OF") { c.comma_list(Cursor::object_name)? } else { vec![] };
    let nowait = c.eat("NOWAIT");
    let skip_locked = c.eat("SKIP LOCKED");
    Ok(Some(Locking { span: c.since(mark), strength: strength.to_owned(), of, skip_locked, nowait }))
}

/// A list of ORDER BY keys.
pub(super) fn order_list(c: &mut Cursor<'_>) -> Parse<Vec<OrderKey>> {
    c.comma_list(order_key)
}

fn order_key(c: &mut Cursor<'_>) -> Parse<OrderKey> {
    let expr = expr(c, &["ASC", "DESC", "USING", "NULLS FIRST", "NULLS LAST"])?;
    let mut descending = c.eat_any(&["ASC", "DESC"]) == Some("DESC");
    if c.eat("USING") {
        descending = c.at_operator(">");
        if c.eat("OPERATOR") {
            c.skip_group();
        } else {
            c.bump();
        }
    }
    let nulls_first = c.eat_any(&["NULLS FIRST", "NULLS LAST"]).map(|w| w == "NULLS FIRST");
    Ok(OrderKey { expr, descending, nulls_first })
}

/// An expression up to a comma, a clause word, or one of `stops`.
pub(super) fn expr(c: &mut Cursor<'_>, stops: &[&str]) -> Parse<Expr> {
    let tokens = expr_tokens(c, stops);
    if tokens.is_empty() {
        return c.fail("an expression");
    }
    expression_within(c.file, c.text, tokens)
}

/// The tokens of an expression, CASE … END counted as a group.
fn expr_tokens<'t>(c: &mut Cursor<'t>, stops: &[&str]) -> &'t [Token] {
    let mark = c.mark();
    let mut cases = 0usize;
    let mut previous: Option<&Token> = None;
    while let Some(t) = c.peek() {
        let label = previous.is_some_and(|p| p.kind == TokenKind::Dot || p.is_word(c.text, "AS"));
        if matches!(t.kind, TokenKind::RightParen | TokenKind::RightBracket | TokenKind::Comma | TokenKind::Semicolon) {
            break;
        }
        if t.kind == TokenKind::Word && !label {
            let follows = |word: &str| previous.is_some_and(|p| p.is_word(c.text, word));
            let inner = (follows("DISTINCT") && t.is_word(c.text, "FROM")) || (follows("COLLATION") && t.is_word(c.text, "FOR"));
            if t.is_word(c.text, "CASE") {
                cases += 1;
            } else if t.is_word(c.text, "END") {
                cases = cases.saturating_sub(1);
            } else if cases == 0 && !inner && (c.at_any(CLAUSE) || c.at_any(stops)) {
                break;
            }
        }
        let group = c.mark();
        c.skip_group();
        previous = c.tokens_since(group).last();
    }
    c.tokens_since(mark)
}

/// A select list, which PostgreSQL allows to be empty.
pub(super) fn items(c: &mut Cursor<'_>) -> Parse<Vec<SelectItem>> {
    let mut items = vec![];
    loop {
        let tokens = expr_tokens(c, &[]);
        if tokens.is_empty() {
            return if items.is_empty() { Ok(items) } else { c.fail("an expression") };
        }
        items.push(item(c, tokens)?);
        if !c.eat_kind(TokenKind::Comma) {
            return Ok(items);
        }
    }
}

fn item(c: &Cursor<'_>, tokens: &[Token]) -> Parse<SelectItem> {
    if let [star] = tokens
        && star.text(c.text) == "*"
    {
        return Ok(SelectItem { expr: Expr::new(ExprKind::Wildcard(None), star.span), alias: None });
    }
    if let [dots] = tokens
        && dots.kind == TokenKind::Ellipsis
    {
        return Ok(SelectItem { expr: Expr::new(ExprKind::Literal(Literal::Null), dots.span), alias: None });
    }
    let (body, alias) = split_alias(c.text, tokens);
    let expr = expression_within(c.file, c.text, body)?;
    let alias = alias.map(|t| Name::new(t.value(c.text).into_owned(), t.span));
    Ok(SelectItem { expr, alias })
}

/// Cuts `expr [AS] alias` in two.
fn split_alias<'t>(text: &str, tokens: &'t [Token]) -> (&'t [Token], Option<&'t Token>) {
    let [body @ .., last] = tokens else { return (tokens, None) };
    let Some(previous) = body.last() else { return (tokens, None) };
    if !is_name(last) {
        return (tokens, None);
    }
    if previous.is_word(text, "AS") && body.len() > 1 {
        return (&body[..body.len() - 1], Some(last));
    }
    let may_label = last.kind != TokenKind::Word || !is_reserved(&last.text(text).to_ascii_lowercase());
    if may_label && ends_operand(text, body) && !continues(text, body, last) {
        return (body, Some(last));
    }
    (tokens, None)
}

/// Whether an operand may end where these tokens end.
fn ends_operand(text: &str, tokens: &[Token]) -> bool {
    use TokenKind::*;
    let Some(last) = tokens.last() else { return false };
    match last.kind {
        RightParen => !closes_operator(text, tokens),
        Word => {
            let word = last.text(text).to_ascii_lowercase();
            const ENDS: &[&str] = &["end", "null", "true", "false", "isnull", "notnull", "user"];
            let before = tokens.len().checked_sub(2).map(|at| &tokens[at]);
            let after = |words: &[&str]| before.is_some_and(|t| words.iter().any(|w| t.is_word(text, w)));
            let after_dot = before.is_some_and(|t| t.kind == Dot);
            // `IS JSON ARRAY`, `IS JSON WITH UNIQUE`.
            let json = (word == "array" && after(&["JSON"])) || (word == "unique" && after(&["WITH", "WITHOUT"]));
            after_dot
                || json
                || ENDS.contains(&word.as_str())
                || word.starts_with("current_")
                || word.ends_with("_user")
                || word.starts_with("localtime")
                || !(is_reserved(&word)
                    || word == "between"
                    || word == "over"
                    || word == "escape"
                    || word == "uescape"
                    || word == "symmetric")
        }
        Operator | Comma | Dot | Colon | LeftParen | LeftBracket => false,
        _ => true,
    }
}

/// `… OPERATOR(schema.op)` ends in a parenthesis and is an operator all the same.
fn closes_operator(text: &str, tokens: &[Token]) -> bool {
    let open = tokens.iter().rposition(|t| t.kind == TokenKind::LeftParen);
    open.and_then(|at| at.checked_sub(1)).is_some_and(|at| tokens[at].is_word(text, "OPERATOR"))
}

/// Whether `last` belongs to the expression before it: `IS UNKNOWN`, `AT TIME ZONE z`, `double precision`, `interval '1' day`.
fn continues(text: &str, body: &[Token], last: &Token) -> bool {
    if last.kind == TokenKind::Placeholder {
        return true;
    }
    let word = |back: usize| body.len().checked_sub(back).map_or(String::new(), |at| body[at].text(text).to_ascii_uppercase());
    let (one, two, three) = (word(1), word(2), word(3));
    let this = last.text(text).to_ascii_uppercase();
    match one.as_str() {
        "IS" => return true,
        "NOT" if two == "IS" => return true,
        "ZONE" if two == "TIME" && three == "AT" => return true,
        "AT" if this == "LOCAL" => return true,
        "JSON" if two == "IS" || two == "NOT" => return matches!(this.as_str(), "SCALAR" | "OBJECT" | "ARRAY" | "VALUE"),
        "NFC" | "NFD" | "NFKC" | "NFKD" => return this == "NORMALIZED",
        "DOUBLE" => return this == "PRECISION",
        "CHARACTER" | "CHAR" | "BIT" => return this == "VARYING",
        "TIME" if matches!(two.as_str(), "WITH" | "WITHOUT") => return this == "ZONE",
        "UNIQUE" => return this == "KEYS",
        "OVER" | "COLLATE" | "TO" => return true,
        _ => {}
    }
    let is_field = matches!(this.as_str(), "YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND");
    is_field
        && (two == "INTERVAL"
            || one == "INTERVAL"
            || (one == "TO" && !three.is_empty())
            || one == ")" && body.iter().any(|t| t.is_word(text, "INTERVAL")))
}
