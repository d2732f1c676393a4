//! Expressions of the usual shapes: columns, constants, placeholders, calls with their tails, casts, CASE, arrays, the common
//! operators with their precedence, and a subquery that stands last.
//!
//! Most expressions are of these shapes, and none of them takes a parser: read here they cost a tenth. What this reads it must
//! read exactly as the long way would; where there is any doubt it says nothing.

mod call;
mod operand;

use super::grammar::{begins_query, paren_query};
use crate::facts::{Call, Expr, ExprKind, LikeKind, Name, ObjectName, Query};
use crate::source::{FileId, Span};
use crate::sql::cursor::{Cursor, Parse, ParseError};
use crate::sql::token::{Token, TokenKind};

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
    pub(super) const ZONE: u8 = 10;
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
        // where a parenthesis is never closed, that is what is wrong
        return closes_all(tokens).then_some(Err(error));
    }
    let (expr, _) = read.filter(|_| reader.rest.is_empty())?;
    Some(Ok(expr))
}

/// Whether all parentheses and brackets that open close.
fn closes_all(tokens: &[Token]) -> bool {
    let of = |kinds: [TokenKind; 2]| tokens.iter().filter(|token| kinds.contains(&token.kind)).count();
    of([TokenKind::LeftParen, TokenKind::LeftBracket]) == of([TokenKind::RightParen, TokenKind::RightBracket])
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
    AtTimeZone,
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
            TokenKind::Word if is("AT") => (Infix::AtTimeZone, binds::ZONE),
            _ => return None,
        };
        let takes_not = !matches!(infix, Infix::And | Infix::Or | Infix::Is | Infix::AtTimeZone);
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
            Infix::Is => self.test((left, before)),
            Infix::AtTimeZone => self.at_time_zone((left, before), strength, depth),
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
                if let Some(all) = self.quantifier() {
                    return self.quantified((left, before), op, all, depth);
                }
                let (right, after) = self.climb(strength, depth)?;
                let (left, right) = (Box::new(left), Box::new(right));
                Some(placed(ExprKind::Binary { left, op: op.to_owned(), op_span: at, right }, before.to(after)))
            }
        }
    }

    /// `IS NULL`, `IS NOT TRUE`.
    fn test(&mut self, (expr, before): Placed) -> Option<Placed> {
        let negated = self.take_word("NOT").is_some();
        let expr = Box::new(expr);
        if let Some(null) = self.take_word("NULL") {
            return Some(placed(ExprKind::IsNull { expr, negated }, before.to(null.span)));
        }
        let (test, word) = ["TRUE", "FALSE", "UNKNOWN"].iter().find_map(|word| Some((*word, self.take_word(word)?)))?;
        let test = if negated { format!("NOT {test}") } else { test.to_owned() };
        Some(placed(ExprKind::IsTruth { expr, test }, before.to(word.span)))
    }

    /// `AT TIME ZONE 'UTC'`, at TIME. On either side a sign binds otherwise in the long way.
    fn at_time_zone(&mut self, (moment, before): Placed, strength: u8, depth: usize) -> Option<Placed> {
        let signed = |expr: &Expr| matches!(expr.kind, ExprKind::Unary { .. });
        self.take_word("TIME")?;
        self.take_word("ZONE")?;
        let (zone, after) = self.climb(strength, depth)?;
        if signed(&moment) || signed(&zone) {
            return None;
        }
        let name = ObjectName::bare(Name::new("timezone", Span::default()));
        let call = Call { name, args: vec![zone, moment], ..Call::default() };
        Some(placed(ExprKind::Call(Box::new(call)), before.to(after)))
    }

    /// `= ANY (a)`, at ANY. A subquery there, and what else is done to it, the long way knows best.
    fn quantified(&mut self, (left, before): Placed, op: &str, all: bool, depth: usize) -> Option<Placed> {
        self.skip(1);
        if begins_query(&Cursor::new(self.file, self.text, self.rest)) {
            return None;
        }
        let (right, parentheses) = self.group(depth)?;
        if self.infix().is_some_and(|(.., strength)| strength > binds::NOT) {
            return None;
        }
        let (left, right) = (Box::new(left), Box::new(right));
        Some(placed(ExprKind::Quantified { left, op: op.to_owned(), all, right }, before.to(parentheses)))
    }

    /// Whether ANY, SOME or ALL is next, and which.
    fn quantifier(&self) -> Option<bool> {
        let (word, rest) = self.rest.split_first()?;
        rest.first().filter(|next| next.kind == TokenKind::LeftParen)?;
        let all = word.is_word(self.text, "ALL");
        (all || word.is_word(self.text, "ANY") || word.is_word(self.text, "SOME")).then_some(all)
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
}

fn placed(kind: ExprKind, span: Span) -> Placed {
    (Expr::new(kind, span), span)
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

#[cfg(test)]
mod tests;
