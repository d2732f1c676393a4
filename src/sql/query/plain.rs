//! Expressions of the usual shapes: columns, constants, placeholders, calls with their tails, casts, CASE, arrays, the common
//! operators with their precedence, and a subquery that stands last.
//!
//! Most expressions are of these shapes, and none of them takes a parser: read here they cost a tenth. What this reads it must
//! read exactly as the long way would; where there is any doubt it says nothing.

use super::call::{STANDARD, window};
use super::grammar::{begins_query, paren_query};
use super::types::{interval_fields, type_name};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, LikeKind, Literal, Name, ObjectName, Query, TypeName, is_reserved};
use crate::source::{FileId, Span};
use crate::sql::cursor::{Cursor, Parse, ParseError};
use crate::sql::token::{Token, TokenKind};

/// Calls whose parentheses hold no ordinary arguments, or that are no functions at all.
const SPECIAL: &[&str] = &["cast", "extract", "normalize", "operator", "overlay", "position", "row", "substring", "treat", "trim"];

/// The same where they have arguments: types, and what the parser knows by name.
const SPECIAL_WITH_ARGUMENTS: &[&str] = &[
    "bit",
    "ceil",
    "char",
    "character",
    "convert",
    "dec",
    "decimal",
    "exists",
    "float",
    "floor",
    "grouping",
    "if",
    "int",
    "integer",
    "interval",
    "map",
    "national",
    "nchar",
    "numeric",
    "precision",
    "real",
    "setof",
    "struct",
    "time",
    "timestamp",
    "try_cast",
    "values",
    "varchar",
    "xmltable",
];

/// Words that are calls without parentheses.
const CALLS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// How tightly operators bind, the loosest first (manual, 4.1.6).
mod binds {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const IS: u8 = 4;
    pub(super) const COMPARISON: u8 = 5;
    pub(super) const WORD: u8 = 6;
    pub(super) const OTHER: u8 = 7;
    pub(super) const SUM: u8 = 8;
    pub(super) const PRODUCT: u8 = 9;
}

/// Operators that need nothing but a left and a right side, with the name that they have in facts.
const OPERATORS: &[(&str, &str, u8)] = &[
    ("=", "=", binds::COMPARISON),
    ("<>", "<>", binds::COMPARISON),
    ("!=", "<>", binds::COMPARISON),
    ("<", "<", binds::COMPARISON),
    (">", ">", binds::COMPARISON),
    ("<=", "<=", binds::COMPARISON),
    (">=", ">=", binds::COMPARISON),
    ("||", "||", binds::OTHER),
    ("->", "->", binds::OTHER),
    ("->>", "->>", binds::OTHER),
    ("#>", "#>", binds::OTHER),
    ("#>>", "#>>", binds::OTHER),
    ("@>", "@>", binds::OTHER),
    ("<@", "<@", binds::OTHER),
    ("&&", "&&", binds::OTHER),
    ("~", "~", binds::OTHER),
    ("~*", "~*", binds::OTHER),
    ("!~", "!~", binds::OTHER),
    ("!~*", "!~*", binds::OTHER),
    ("+", "+", binds::SUM),
    ("-", "-", binds::SUM),
    ("*", "*", binds::PRODUCT),
    ("/", "/", binds::PRODUCT),
    ("%", "%", binds::PRODUCT),
];

/// Parentheses, calls and CASE are read this deep, and so many operators in a row.
const DEEPEST: usize = 8;
const LONGEST: usize = 16;

/// The expression, where it is of such a shape; an error only where a subquery has one, so that none is read twice for it.
pub(super) fn read(file: FileId, text: &str, tokens: &[Token]) -> Option<Parse<Expr>> {
    let mut reader = Reader { file, text, rest: tokens, failed: None };
    let read = reader.climb(0, DEEPEST);
    if let Some(error) = reader.failed {
        return Some(Err(error));
    }
    let (expr, _) = read.filter(|_| reader.rest.is_empty())?;
    Some(Ok(expr))
}

/// Whether the parenthesis that the tokens begin with closes with their last.
fn encloses(tokens: &[Token]) -> bool {
    let is = |token: Option<&Token>, kind| token.is_some_and(|token| token.kind == kind);
    if !is(tokens.first(), TokenKind::LeftParen) || !is(tokens.last(), TokenKind::RightParen) {
        return false;
    }
    let mut depth = 0usize;
    let closed = tokens.iter().position(|token| {
        match token.kind {
            TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    closed.is_some_and(|at| at + 1 == tokens.len())
}

/// An expression, and its bytes with the parentheses around it.
type Placed = (Expr, Span);

/// What may stand between two operands, or after one.
#[derive(Clone, Copy)]
enum Infix {
    Or,
    And,
    Is,
    In,
    Between,
    Like(LikeKind),
    Operator(&'static str),
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    rest: &'t [Token],
    /// What is wrong with a subquery.
    failed: Option<ParseError>,
}

impl Reader<'_> {
    fn take(&mut self, kind: TokenKind) -> Option<Token> {
        let (token, rest) = self.rest.split_first().filter(|(token, _)| token.kind == kind)?;
        self.rest = rest;
        Some(*token)
    }

    fn take_word(&mut self, word: &str) -> Option<Token> {
        let (token, rest) = self.rest.split_first().filter(|(token, _)| token.is_word(self.text, word))?;
        self.rest = rest;
        Some(*token)
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Operands with all operators between them that bind tighter than `loosest`; those of one strength group to the left.
    fn climb(&mut self, loosest: u8, depth: usize) -> Option<Placed> {
        let mut left = match self.take_word("NOT") {
            Some(not) => self.negation(not, loosest, depth)?,
            None => self.operand(depth)?,
        };
        let mut count = 0;
        while let Some((infix, negated, strength)) = self.infix().filter(|(.., strength)| *strength > loosest) {
            count += usize::from(!matches!(infix, Infix::And | Infix::Or));
            if count > LONGEST {
                return None;
            }
            let at = self.rest.first().map(|token| token.span).unwrap_or_default();
            self.skip(1 + usize::from(negated));
            left = self.join(left, (infix, at), negated, strength, depth)?;
        }
        Some(left)
    }

    fn negation(&mut self, not: Token, loosest: u8, depth: usize) -> Option<Placed> {
        if loosest >= binds::NOT || depth == 0 {
            return None;
        }
        if let Some(exists) = self.take_word("EXISTS") {
            let (query, close) = self.last_query()?;
            return Some(placed(ExprKind::Exists { query, negated: true }, not.span.to(exists.span).to(close)));
        }
        let (inner, outer) = self.climb(binds::NOT, depth - 1)?;
        Some(placed(ExprKind::Not(Box::new(inner)), not.span.to(outer)))
    }

    /// What stands after an operand, whether NOT is before it, and how tightly it binds.
    fn infix(&self) -> Option<(Infix, bool, u8)> {
        let (first, rest) = self.rest.split_first()?;
        if first.kind == TokenKind::Operator {
            let written = first.text(self.text);
            let (_, name, strength) = OPERATORS.iter().find(|(op, ..)| *op == written)?;
            return Some((Infix::Operator(name), false, *strength));
        }
        let negated = first.is_word(self.text, "NOT");
        let word = if negated { rest.first()? } else { first };
        let is = |name: &str| word.is_word(self.text, name);
        let (infix, strength) = match word.kind {
            TokenKind::Word if is("AND") => (Infix::And, binds::AND),
            TokenKind::Word if is("OR") => (Infix::Or, binds::OR),
            TokenKind::Word if is("IS") => (Infix::Is, binds::IS),
            TokenKind::Word if is("IN") => (Infix::In, binds::WORD),
            TokenKind::Word if is("LIKE") => (Infix::Like(LikeKind::Like), binds::WORD),
            TokenKind::Word if is("ILIKE") => (Infix::Like(LikeKind::ILike), binds::WORD),
            TokenKind::Word if is("BETWEEN") => (Infix::Between, binds::WORD),
            _ => return None,
        };
        let takes_not = !matches!(infix, Infix::And | Infix::Or | Infix::Is);
        (takes_not || !negated).then_some((infix, negated, strength))
    }

    fn join(&mut self, (left, before): Placed, (infix, at): (Infix, Span), negated: bool, strength: u8, depth: usize) -> Option<Placed> {
        match infix {
            Infix::And => {
                let (right, after) = self.climb(strength, depth)?;
                Some(placed(ExprKind::And(flat(left, right, ands)), before.to(after)))
            }
            Infix::Or => {
                let (right, after) = self.climb(strength, depth)?;
                Some(placed(ExprKind::Or(flat(left, right, ors)), before.to(after)))
            }
            Infix::Is => {
                let negated = self.take_word("NOT").is_some();
                let null = self.take_word("NULL")?;
                Some(placed(ExprKind::IsNull { expr: Box::new(left), negated }, before.to(null.span)))
            }
            Infix::In => {
                if begins_query(&Cursor::new(self.file, self.text, self.rest)) {
                    let (query, close) = self.last_query()?;
                    return Some(placed(ExprKind::InSubquery { expr: Box::new(left), query, negated }, before.to(close)));
                }
                self.take(TokenKind::LeftParen)?;
                let (list, close) = self.list(depth)?;
                Some(placed(ExprKind::InList { expr: Box::new(left), list, negated }, before.to(close.span)))
            }
            Infix::Between => {
                let (low, _) = self.climb(strength, depth)?;
                self.take_word("AND")?;
                let (high, after) = self.climb(strength, depth)?;
                let (expr, low, high) = (Box::new(left), Box::new(low), Box::new(high));
                Some(placed(ExprKind::Between { expr, low, high, negated }, before.to(after)))
            }
            Infix::Like(kind) => {
                let (pattern, after) = self.climb(strength, depth)?;
                let (expr, pattern) = (Box::new(left), Box::new(pattern));
                Some(placed(ExprKind::Like { expr, pattern, kind, negated }, before.to(after)))
            }
            Infix::Operator(op) => {
                let (right, after) = self.climb(strength, depth)?;
                let (left, right) = (Box::new(left), Box::new(right));
                Some(placed(ExprKind::Binary { left, op: op.to_owned(), op_span: at, right }, before.to(after)))
            }
        }
    }

    /// A subquery that is the last thing of all, and its parentheses. Before other things it is left to the long way: it would
    /// be read twice where they turn out to be of no usual shape.
    fn last_query(&mut self) -> Option<(Box<Query>, Span)> {
        let mut c = Cursor::new(self.file, self.text, self.rest);
        if !encloses(self.rest) || !begins_query(&c) {
            return None;
        }
        let parentheses = self.rest.first()?.span.to(self.rest.last()?.span);
        match paren_query(&mut c).and_then(|query| c.expect_end().map(|()| query)) {
            Ok(query) => {
                self.rest = &[];
                Some((Box::new(query), parentheses))
            }
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// Expressions with commas between them, at least one, and the parenthesis that closes them.
    fn list(&mut self, depth: usize) -> Option<(Vec<Expr>, Token)> {
        let list = self.expressions(depth)?;
        Some((list, self.take(TokenKind::RightParen)?))
    }

    fn expressions(&mut self, depth: usize) -> Option<Vec<Expr>> {
        let depth = depth.checked_sub(1)?;
        let mut list = vec![self.climb(0, depth)?.0];
        while self.take(TokenKind::Comma).is_some() {
            list.push(self.climb(0, depth)?.0);
        }
        Some(list)
    }

    /// Something with the casts after it.
    fn operand(&mut self, depth: usize) -> Option<Placed> {
        let (mut expr, mut outer) = self.primary(depth)?;
        while self.rest.first().is_some_and(|token| token.kind == TokenKind::Operator && token.text(self.text) == "::") {
            self.skip(1);
            let mut c = Cursor::new(self.file, self.text, self.rest);
            let ty = type_name(&mut c).ok()?;
            // an array's bound that is never closed ends with the text
            let opens = |token: &&Token| matches!(token.kind, TokenKind::LeftBracket | TokenKind::LeftParen);
            let closes = |token: &&Token| matches!(token.kind, TokenKind::RightBracket | TokenKind::RightParen);
            let ty_tokens = self.rest.get(..c.mark())?;
            if ty_tokens.iter().filter(opens).count() != ty_tokens.iter().filter(closes).count() {
                return None;
            }
            self.skip(c.mark());
            let span = outer.to(ty.span);
            (expr, outer) = placed(ExprKind::Cast { expr: Box::new(expr), ty: Box::new(ty) }, span);
        }
        Some((expr, outer))
    }

    /// A column, a constant, a parameter, a call, CASE, an array, a negative number, or anything in parentheses.
    fn primary(&mut self, depth: usize) -> Option<Placed> {
        let (first, rest) = self.rest.split_first()?;
        if let Some(kind) = constant(self.text, first) {
            self.rest = rest;
            return Some(placed(kind, first.span));
        }
        match first.kind {
            TokenKind::LeftParen => return self.group(depth),
            TokenKind::Operator => return self.negative(depth),
            TokenKind::Word if first.is_word(self.text, "CASE") => return self.case(depth),
            TokenKind::Word if first.is_word(self.text, "EXISTS") => return self.exists(),
            _ => {}
        }
        let next = rest.first().map(|token| token.kind);
        match (first.kind, next) {
            (TokenKind::Placeholder, next) => return self.placeholder(next),
            (TokenKind::Word, Some(TokenKind::String)) => return self.interval(),
            (TokenKind::Word, Some(TokenKind::LeftBracket)) => return self.array(depth),
            _ => {}
        }
        if let Some(call) = bare_call(self.text, first).filter(|_| !matches!(next, Some(TokenKind::LeftParen | TokenKind::Dot))) {
            self.rest = rest;
            return Some(placed(call, first.span));
        }
        let name = column_name(self.text, first)?;
        self.rest = rest;
        match next {
            Some(TokenKind::Dot) => self.qualified(name),
            Some(TokenKind::LeftParen) if first.kind == TokenKind::Word => self.call(name, depth),
            _ => {
                let span = name.span;
                Some(placed(ExprKind::Column(ColumnRef { schema: None, relation: None, column: name }), span))
            }
        }
    }

    /// `EXISTS (SELECT …)`.
    fn exists(&mut self) -> Option<Placed> {
        let exists = self.take_word("EXISTS")?;
        let (query, close) = self.last_query()?;
        Some(placed(ExprKind::Exists { query, negated: false }, exists.span.to(close)))
    }

    /// A driver's placeholder for a value; beside a dot or before arguments it stands for a name.
    fn placeholder(&mut self, next: Option<TokenKind>) -> Option<Placed> {
        let token = self.take(TokenKind::Placeholder)?;
        let value = !matches!(next, Some(TokenKind::Dot | TokenKind::LeftParen));
        value.then(|| placed(ExprKind::Parameter(token.text(self.text).to_owned()), token.span))
    }

    /// `interval '1 day'`, without fields.
    fn interval(&mut self) -> Option<Placed> {
        let name = self.take_word("interval")?;
        let value = self.take(TokenKind::String)?;
        let mut after = Cursor::new(self.file, self.text, self.rest);
        if self.rest.first().is_some_and(|token| token.kind.is_string()) || interval_fields(&mut after).is_some() {
            return None;
        }
        let ty = TypeName { span: name.span, ..TypeName::named("interval") };
        let literal = Expr::new(ExprKind::Literal(Literal::String(value.value(self.text).into_owned())), value.span);
        Some(placed(ExprKind::Cast { expr: Box::new(literal), ty: Box::new(ty) }, value.span.to(name.span)))
    }

    /// `ARRAY[a, b]`.
    fn array(&mut self, depth: usize) -> Option<Placed> {
        let array = self.take_word("ARRAY")?;
        self.take(TokenKind::LeftBracket)?;
        let list = self.expressions(depth)?;
        let close = self.take(TokenKind::RightBracket)?;
        Some(placed(ExprKind::Array(list), array.span.to(close.span)))
    }

    /// `(a)`: its parentheses leave no trace but in the place of what it is an operand of.
    fn group(&mut self, depth: usize) -> Option<Placed> {
        if begins_query(&Cursor::new(self.file, self.text, self.rest)) {
            let (query, parentheses) = self.last_query()?;
            return Some(placed(ExprKind::Subquery(query), parentheses));
        }
        let depth = depth.checked_sub(1)?;
        let open = self.take(TokenKind::LeftParen)?;
        let (expr, _) = self.climb(0, depth)?;
        let close = self.take(TokenKind::RightParen)?;
        Some((expr, open.span.to(close.span)))
    }

    /// `-1`.
    fn negative(&mut self, depth: usize) -> Option<Placed> {
        let sign = self.take(TokenKind::Operator).filter(|token| token.text(self.text) == "-")?;
        self.rest.first().filter(|token| token.kind == TokenKind::Number)?;
        let (expr, outer) = self.operand(depth)?;
        Some(placed(ExprKind::Unary { op: "-".to_owned(), expr: Box::new(expr) }, sign.span.to(outer)))
    }

    /// `CASE [a] WHEN b THEN c … [ELSE d] END`.
    fn case(&mut self, depth: usize) -> Option<Placed> {
        let depth = depth.checked_sub(1)?;
        let case = self.take_word("CASE")?;
        let boxed = |(expr, _): Placed| Box::new(expr);
        let is_when = self.rest.first().is_some_and(|token| token.is_word(self.text, "WHEN"));
        let operand = if is_when { None } else { Some(boxed(self.climb(0, depth)?)) };
        let mut branches = vec![];
        while self.take_word("WHEN").is_some() {
            let (condition, _) = self.climb(0, depth)?;
            self.take_word("THEN")?;
            branches.push((condition, self.climb(0, depth)?.0));
        }
        let otherwise = if self.take_word("ELSE").is_some() { Some(boxed(self.climb(0, depth)?)) } else { None };
        let end = self.take_word("END").filter(|_| !branches.is_empty())?;
        Some(placed(ExprKind::Case { operand, branches, otherwise }, case.span.to(end.span)))
    }

    /// `t.a`, `s.t.a`, `t.*`.
    fn qualified(&mut self, first: Name) -> Option<Placed> {
        let mut parts = vec![first];
        while self.take(TokenKind::Dot).is_some() {
            let (next, rest) = self.rest.split_first()?;
            self.rest = rest;
            if next.text(self.text) == "*" {
                return wildcard(parts, next.span);
            }
            parts.push(column_name(self.text, next)?);
        }
        // a method of something, or a function in a schema
        if self.rest.first().is_some_and(|token| token.kind == TokenKind::LeftParen) {
            return None;
        }
        let span = parts.iter().fold(Span::default(), |whole, part| whole.to(part.span));
        let (column, relation, schema) = (parts.pop()?, parts.pop(), parts.pop());
        let schema = schema.map(Box::new);
        parts.is_empty().then(|| placed(ExprKind::Column(ColumnRef { schema, relation, column }), span))
    }

    /// `f()`, `f(a, 'b')`, `count(*)`, `count(DISTINCT a)`, with what may follow.
    fn call(&mut self, name: Name, depth: usize) -> Option<Placed> {
        let called = name.value.as_str();
        if SPECIAL.contains(&called) || STANDARD.contains(&called) {
            return None;
        }
        self.take(TokenKind::LeftParen)?;
        let mut call = Call::default();
        let close = self.arguments(&mut call, depth)?;
        if !call.args.is_empty() && SPECIAL_WITH_ARGUMENTS.contains(&called) {
            return None;
        }
        let end = self.tail(&mut call, depth)?.unwrap_or(close.span);
        let span = name.span.to(close.span).to(end);
        call.name = ObjectName::bare(name);
        Some(placed(ExprKind::Call(Box::new(call)), span))
    }

    fn arguments(&mut self, call: &mut Call, depth: usize) -> Option<Token> {
        match self.rest {
            [close, ..] if close.kind == TokenKind::RightParen => {}
            [star, close, ..] if star.text(self.text) == "*" && close.kind == TokenKind::RightParen => {
                self.skip(1);
                call.args.push(Expr::new(ExprKind::Wildcard(None), star.span));
            }
            _ => {
                call.distinct = self.take_word("DISTINCT").is_some();
                call.args = self.expressions(depth)?;
            }
        }
        self.take(TokenKind::RightParen)
    }

    /// FILTER and OVER, and where they end.
    fn tail(&mut self, call: &mut Call, depth: usize) -> Option<Option<Span>> {
        let mut end = None;
        let opens = |reader: &Self| reader.rest.get(1).is_some_and(|token| token.kind == TokenKind::LeftParen);
        if opens(self) && self.take_word("FILTER").is_some() {
            self.take(TokenKind::LeftParen)?;
            self.take_word("WHERE")?;
            let (filter, _) = self.climb(0, depth.checked_sub(1)?)?;
            call.filter = Some(Box::new(filter));
            end = Some(self.take(TokenKind::RightParen)?.span);
        }
        if opens(self) && self.take_word("OVER").is_some() {
            let mut c = Cursor::new(self.file, self.text, self.rest);
            call.over = Some(window(&mut c).ok()?);
            end = Some(self.rest.get(c.mark().checked_sub(1)?)?.span);
            self.skip(c.mark());
        }
        Some(end)
    }
}

fn placed(kind: ExprKind, span: Span) -> Placed {
    (Expr::new(kind, span), span)
}

fn wildcard(mut parts: Vec<Name>, star: Span) -> Option<Placed> {
    let span = parts.iter().fold(Span::default(), |whole, part| whole.to(part.span)).to(star);
    let (name, schema) = (parts.pop()?, parts.pop());
    parts.is_empty().then(|| placed(ExprKind::Wildcard(Some(ObjectName { schema, name })), span))
}

/// Both as one list, whichever of them already is one.
fn flat(left: Expr, right: Expr, open: fn(Expr) -> Vec<Expr>) -> Vec<Expr> {
    let mut list = open(left);
    list.extend(open(right));
    list
}

fn ands(expr: Expr) -> Vec<Expr> {
    match expr.kind {
        ExprKind::And(list) => list,
        kind => vec![Expr::new(kind, expr.span)],
    }
}

fn ors(expr: Expr) -> Vec<Expr> {
    match expr.kind {
        ExprKind::Or(list) => list,
        kind => vec![Expr::new(kind, expr.span)],
    }
}

/// `CURRENT_TIMESTAMP` and its kin.
fn bare_call(text: &str, token: &Token) -> Option<ExprKind> {
    let word = (token.kind == TokenKind::Word).then(|| token.text(text))?;
    let name = CALLS.iter().find(|name| name.eq_ignore_ascii_case(word))?;
    Some(ExprKind::Call(Box::new(Call { name: ObjectName::bare(Name::new(*name, token.span)), ..Call::default() })))
}

/// A string, a number, NULL, TRUE, FALSE.
fn constant(text: &str, token: &Token) -> Option<ExprKind> {
    let literal = match token.kind {
        TokenKind::String => Literal::String(token.value(text).into_owned()),
        TokenKind::Number => Literal::Number(token.text(text).to_owned()),
        TokenKind::Word => match token.text(text) {
            word if word.eq_ignore_ascii_case("null") => Literal::Null,
            word if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            word if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            _ => return None,
        },
        TokenKind::Param => return Some(ExprKind::Parameter(token.text(text).to_owned())),
        _ => return None,
    };
    Some(ExprKind::Literal(literal))
}

/// A name that means nothing else: reserved words have meanings of their own in an expression.
fn column_name(text: &str, token: &Token) -> Option<Name> {
    let value = match token.kind {
        TokenKind::Word | TokenKind::QuotedIdent => token.value(text),
        _ => return None,
    };
    let plain = token.kind == TokenKind::QuotedIdent || !is_reserved(&value.to_ascii_lowercase());
    plain.then(|| Name::new(value.into_owned(), token.span))
}

#[cfg(test)]
mod tests;
