//! sqlparser's expression trees to facts.
//!
//! Trees arrive as deep as their operator chains are long, so chains are taken apart in loops and by value: nothing deep is
//! left to be dropped. Places come from leaves; parentheses and closers are found among our own tokens.

use super::rewrite::{CallTail, MARK, Rewritten};
use super::{MAX_CHAIN, MAX_DEPTH, balanced, nesting};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, LikeKind, Literal, Name, ObjectName, Query, TypeName};
use crate::source::Span;
use crate::sql::cursor::{Parse, ParseError};
use crate::sql::token::{Token, TokenKind};
use sqlparser::ast::{
    self, AccessExpr, BinaryOperator, DataType, FunctionArg, FunctionArgExpr, FunctionArguments, Subscript, UnaryOperator, Value,
};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token as Sql;
use std::any::TypeId;
use std::collections::HashMap;

/// How many levels sqlparser may recurse for each level of parentheses, which are bounded before, and how many levels it may
/// take for granted: what nests without parentheses (NOT, CASE) gets no stack of its own.
const PARSER_DEPTH: usize = 4;
const PARSER_LEVELS: usize = 128;

/// PostgreSQL's dialect with PostgreSQL's precedences for the operators that we mark.
#[derive(Debug, Default)]
struct Marked(PostgreSqlDialect);

impl Dialect for Marked {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        self.0.is_identifier_start(ch)
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        self.0.is_identifier_part(ch)
    }
    fn prec_value(&self, prec: Precedence) -> u8 {
        self.0.prec_value(prec)
    }
    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        if let Sql::CustomBinaryOperator(name) = &parser.peek_token_ref().token
            && let Some(word) = name.strip_prefix(MARK)
        {
            let precedence = match word {
                "collate" | "timezone" => Precedence::AtTz,
                "overlaps" => Precedence::Between,
                _ => Precedence::Like,
            };
            return Some(Ok(self.0.prec_value(precedence)));
        }
        self.0.get_next_precedence(parser)
    }
}

/// Parses the rewritten tokens and lowers the tree.
pub(super) fn lower(text: &str, tokens: &[Token], rewritten: Rewritten) -> Parse<Expr> {
    let all = tokens.iter().fold(Span::default(), |all, t| all.to(t.span));
    let Rewritten { tokens: sql, queries, types, calls } = rewritten;
    let dialect = Marked::default();
    let mut parser =
        Parser::new(&dialect).with_recursion_limit(PARSER_DEPTH * nesting(tokens).max(PARSER_LEVELS)).with_tokens_with_locations(sql);
    let tree = match parser.parse_expr() {
        Ok(tree) => tree,
        Err(ParserError::RecursionLimitExceeded) => return super::too_deep(all),
        Err(ParserError::ParserError(message) | ParserError::TokenizerError(message)) => {
            let message = message.split(" at Line").next().unwrap_or_default().replace(MARK, "");
            return Err(ParseError { message: format!("expression: {}", lower_first(&message)), span: all });
        }
    };
    let rest = parser.peek_token_ref();
    let mut lowering = Lowering { text, tokens, queries, types, calls, depth: 0, too_deep: false };
    if rest.token != Sql::EOF {
        let span = span_of(rest.span);
        let found = span.of(text);
        lowering.lower(tree);
        return Err(ParseError { message: format!("expected the end of an expression, found `{found}`"), span });
    }
    let expr = lowering.lower(tree).0;
    if lowering.too_deep { super::too_deep(all) } else { Ok(expr) }
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or(String::new(), |c| c.to_lowercase().chain(chars).collect())
}

fn span_of(span: sqlparser::tokenizer::Span) -> Span {
    let at = |column: u64| u32::try_from(column.saturating_sub(1)).unwrap_or(0);
    Span::new(at(span.start.column), at(span.end.column))
}

struct Lowering<'t> {
    text: &'t str,
    tokens: &'t [Token],
    queries: Vec<Option<Query>>,
    types: Vec<TypeName>,
    calls: HashMap<u32, CallTail>,
    depth: usize,
    too_deep: bool,
}

/// An expression, and its bytes with the parentheses around it.
type Placed = (Expr, Span);

impl Lowering<'_> {
    fn place(kind: ExprKind, span: Span) -> Placed {
        (Expr::new(kind, span), span)
    }

    fn boxed(&mut self, e: ast::Expr) -> (Box<Expr>, Span) {
        let (expr, span) = self.lower(e);
        (Box::new(expr), span)
    }

    /// The index of the first token that starts at or after an offset.
    fn token_from(&self, offset: u32) -> usize {
        self.tokens.partition_point(|t| t.span.start < offset)
    }

    /// The token that ends at or before an offset.
    fn token_before(&self, offset: u32) -> Option<&Token> {
        self.token_from(offset).checked_sub(1).map(|i| &self.tokens[i])
    }

    fn token_after(&self, offset: u32) -> Option<&Token> {
        self.tokens.get(self.token_from(offset))
    }

    /// Widened by the parentheses or brackets directly around.
    fn enclosed(&self, span: Span, open: TokenKind, close: TokenKind) -> Span {
        match (self.token_before(span.start), self.token_after(span.end)) {
            (Some(a), Some(b)) if a.kind == open && b.kind == close => a.span.to(b.span),
            _ => span,
        }
    }

    fn lower(&mut self, e: ast::Expr) -> Placed {
        if self.depth > MAX_DEPTH {
            self.too_deep = true;
            return Self::place(ExprKind::Other(vec![]), Span::default());
        }
        // parentheses alone leave nothing in the facts
        let deeper = usize::from(!matches!(e, ast::Expr::Nested(_)));
        self.depth += deeper;
        let placed = self.lower_one(e);
        self.depth -= deeper;
        placed
    }

    fn lower_one(&mut self, e: ast::Expr) -> Placed {
        use ast::Expr as E;
        match e {
            E::BinaryOp { .. } => self.chain(e),
            E::Nested(inner) => {
                let (expr, span) = self.lower(*inner);
                (expr, self.enclosed(span, TokenKind::LeftParen, TokenKind::RightParen))
            }
            E::Identifier(ident) => self.names(vec![ident]),
            E::CompoundIdentifier(parts) => self.names(parts),
            E::CompoundFieldAccess { root, access_chain } => self.access(*root, access_chain),
            E::Value(value) => self.value(value),
            E::Function(function) => self.function(function),
            E::Cast { expr, data_type, .. } => self.cast(*expr, data_type),
            E::UnaryOp { op, expr } => self.unary(op, *expr),
            E::Case { case_token, end_token, operand, conditions, else_result } => {
                let span = span_of(case_token.0.span).to(span_of(end_token.0.span));
                self.case(operand, conditions, else_result, span)
            }
            E::InList { expr, list, negated } => self.in_list(*expr, list, negated),
            E::Between { expr, negated, low, high } => self.between(*expr, *low, *high, negated),
            E::IsDistinctFrom(a, b) => self.distinct(*a, *b, false),
            E::IsNotDistinctFrom(a, b) => self.distinct(*a, *b, true),
            E::Tuple(list) => {
                let (list, span) = self.list(list);
                let span = self.enclosed(span, TokenKind::LeftParen, TokenKind::RightParen);
                Self::place(ExprKind::Row(list), span)
            }
            E::Array(array) => self.array(array.elem),
            other => self.test(other),
        }
    }

    fn test(&mut self, e: ast::Expr) -> Placed {
        use ast::Expr as E;
        let (expr, test) = match e {
            E::IsNull(expr) => (expr, "NULL"),
            E::IsNotNull(expr) => (expr, "NOT NULL"),
            E::IsTrue(expr) => (expr, "TRUE"),
            E::IsNotTrue(expr) => (expr, "NOT TRUE"),
            E::IsFalse(expr) => (expr, "FALSE"),
            E::IsNotFalse(expr) => (expr, "NOT FALSE"),
            E::IsUnknown(expr) => (expr, "UNKNOWN"),
            E::IsNotUnknown(expr) => (expr, "NOT UNKNOWN"),
            _ => return Self::place(ExprKind::Other(vec![]), Span::default()),
        };
        let (expr, inner) = self.boxed(*expr);
        let words = self.token_from(inner.end);
        let count = match self.tokens.get(words) {
            Some(t) if t.is_word(self.text, "IS") => 1 + test.split(' ').count(),
            _ => 1,
        };
        let last = self.tokens.get(words + count - 1).or(self.tokens.last());
        let span = inner.to(last.map_or(inner, |t| t.span));
        let unknown = last.is_some_and(|t| t.is_word(self.text, "UNKNOWN"));
        let kind = match test {
            "NULL" | "NOT NULL" => ExprKind::IsNull { expr, negated: test == "NOT NULL" },
            "UNKNOWN" | "NOT UNKNOWN" if !unknown => ExprKind::Other(vec![*expr]),
            _ => ExprKind::IsTruth { expr, test: test.to_owned() },
        };
        Self::place(kind, span)
    }

    /// A left-leaning chain of binary operators, taken apart without recursion.
    fn chain(&mut self, e: ast::Expr) -> Placed {
        let mut links = vec![];
        let mut leftmost = e;
        while let ast::Expr::BinaryOp { left, op, right } = leftmost {
            links.push((op, *right));
            leftmost = *left;
        }
        let mut left = self.lower(leftmost);
        let mut depth = 0usize;
        let is_long = links.len() > MAX_CHAIN;
        while let Some((op, right)) = links.pop() {
            if is_long && is_groupable(&op) {
                let same = links.iter().rev().take_while(|(next, _)| *next == op).count();
                let run = links.split_off(links.len() - same);
                left = self.run(left, op, right, run);
                depth += 1;
                continue;
            }
            let right = self.lower(right);
            depth = if matches!(op, BinaryOperator::And | BinaryOperator::Or) { depth } else { depth + 1 };
            if depth > MAX_CHAIN {
                self.too_deep = true;
                continue;
            }
            left = self.binary(left, op, right);
        }
        left
    }

    /// A run of one operator, as a tree that is not as deep as the run is long.
    fn run(&mut self, first: Placed, op: BinaryOperator, second: ast::Expr, rest: Vec<(BinaryOperator, ast::Expr)>) -> Placed {
        let mut operands = vec![first, self.lower(second)];
        let mut operators = vec![op];
        for (op, operand) in rest.into_iter().rev() {
            operands.push(self.lower(operand));
            operators.push(op);
        }
        balanced(operands, operators, |left, op, right| self.binary(left, op, right))
            .unwrap_or_else(|| Self::place(ExprKind::Other(vec![]), Span::default()))
    }

    fn binary(&mut self, (left, before): Placed, op: BinaryOperator, (right, after): Placed) -> Placed {
        let span = before.to(after);
        let kind = match op {
            BinaryOperator::And => ExprKind::And(flatten(left, right, |kind| match kind {
                ExprKind::And(list) => Ok(list),
                other => Err(other),
            })),
            BinaryOperator::Or => ExprKind::Or(flatten(left, right, |kind| match kind {
                ExprKind::Or(list) => Ok(list),
                other => Err(other),
            })),
            BinaryOperator::Custom(name) if name.starts_with(MARK) => {
                return self.word_operator(&name[MARK.len_utf8()..], left, right, span);
            }
            op => {
                let name = match op {
                    BinaryOperator::Custom(name) => name,
                    BinaryOperator::NotEq => "<>".to_owned(),
                    BinaryOperator::PGExp => "^".to_owned(),
                    other => other.to_string(),
                };
                let op_span = self.operator_between(before.end, after.start);
                return self.operator(name, op_span, left, right, span);
            }
        };
        Self::place(kind, span)
    }

    /// The bytes of the operator between two operands.
    fn operator_between(&self, from: u32, to: u32) -> Span {
        let first = self.token_from(from);
        let inside = self.tokens[first..].iter().take_while(|t| t.span.end <= to);
        inside.filter(|t| t.kind == TokenKind::Operator).last().map_or(Span::new(from, to), |t| t.span)
    }

    fn operator(&mut self, op: String, op_span: Span, left: Expr, right: Expr, span: Span) -> Placed {
        let left = Box::new(left);
        if let ExprKind::Call(call) = &right.kind
            && let Some(word) = call.name.name.value.strip_prefix(MARK)
        {
            let all = word == "all";
            let inner = match right.kind {
                ExprKind::Call(mut call) => call.args.pop(),
                _ => None,
            };
            let right = Box::new(inner.unwrap_or(Expr::new(ExprKind::Literal(Literal::Null), right.span)));
            return Self::place(ExprKind::Quantified { left, op, all, right }, span);
        }
        Self::place(ExprKind::Binary { left, op, op_span, right: Box::new(right) }, span)
    }

    fn word_operator(&mut self, word: &str, left: Expr, right: Expr, span: Span) -> Placed {
        let (negated, word) = word.strip_prefix("NOT ").map_or((false, word), |word| (true, word));
        let like = match word {
            "LIKE" => LikeKind::Like,
            "ILIKE" => LikeKind::ILike,
            "SIMILAR" => LikeKind::Similar,
            "collate" => {
                let collation = match right.kind {
                    ExprKind::Column(c) => ObjectName { schema: c.relation, name: c.column },
                    _ => ObjectName::default(),
                };
                return Self::place(ExprKind::Collate { expr: Box::new(left), collation }, span);
            }
            name => {
                let args = if name == "timezone" { vec![right, left] } else { vec![left, right] };
                let name = ObjectName::bare(Name::new(name, Span::default()));
                return Self::place(ExprKind::Call(Box::new(Call { name, args, ..Call::default() })), span);
            }
        };
        if matches!(&right.kind, ExprKind::Call(call) if call.name.name.value.starts_with(MARK)) {
            let op = match (like, negated) {
                (LikeKind::ILike, false) => "~~*",
                (LikeKind::ILike, true) => "!~~*",
                (_, false) => "~~",
                (_, true) => "!~~",
            };
            return self.operator(op.to_owned(), Span::default(), left, right, span);
        }
        Self::place(ExprKind::Like { expr: Box::new(left), pattern: Box::new(right), kind: like, negated }, span)
    }

    fn unary(&mut self, op: UnaryOperator, inner: ast::Expr) -> Placed {
        let (expr, outer) = self.boxed(inner);
        let sign = self.token_before(outer.start).copied();
        let mut span = sign.map_or(outer, |t| t.span.to(outer));
        if op == UnaryOperator::Not {
            if let ExprKind::Exists { query, negated } = expr.kind {
                return Self::place(ExprKind::Exists { query, negated: !negated }, span);
            }
            return Self::place(ExprKind::Not(expr), span);
        }
        let mut op = sign.map_or("-", |t| t.text(self.text)).to_owned();
        if op == ")" {
            // `OPERATOR(schema.op) x`.
            let close = self.token_from(outer.start).saturating_sub(1);
            op = close.checked_sub(1).map_or(String::new(), |i| self.tokens[i].text(self.text).to_owned());
            let open = self.tokens[..close].iter().rposition(|t| t.kind == TokenKind::LeftParen);
            span = open.and_then(|i| i.checked_sub(1)).map_or(span, |i| self.tokens[i].span.to(outer));
        }
        Self::place(ExprKind::Unary { op, expr }, span)
    }

    fn names(&mut self, mut parts: Vec<ast::Ident>) -> Placed {
        let span = parts.iter().fold(Span::default(), |all, p| all.to(span_of(p.span)));
        let mut next = || parts.pop().map(name);
        let column = next().unwrap_or_default();
        let (relation, schema) = (next(), next());
        if column.value == "*" && column.span.of(self.text) == "*" {
            return Self::place(ExprKind::Wildcard(relation.map(|name| ObjectName { schema, name })), span);
        }
        Self::place(ExprKind::Column(ColumnRef { schema: schema.map(Box::new), relation, column }), span)
    }

    fn access(&mut self, root: ast::Expr, chain: Vec<AccessExpr>) -> Placed {
        let mut chain = chain.into_iter().peekable();
        let mut value = if let ast::Expr::Identifier(first) = root {
            let mut parts = vec![first];
            while let Some(AccessExpr::Dot(ast::Expr::Identifier(_))) = chain.peek() {
                if let Some(AccessExpr::Dot(ast::Expr::Identifier(part))) = chain.next() {
                    parts.push(part);
                }
            }
            self.names(parts)
        } else {
            self.lower(root)
        };
        let mut depth = 0;
        for link in chain {
            depth += 1;
            if depth > MAX_CHAIN {
                self.too_deep = true;
                break;
            }
            value = match link {
                AccessExpr::Dot(ast::Expr::Identifier(ident)) => {
                    let field = name(ident);
                    let span = value.1.to(field.span);
                    Self::place(ExprKind::Field { expr: Box::new(value.0), field }, span)
                }
                AccessExpr::Dot(other) => {
                    let (other, span) = self.lower(other);
                    Self::place(ExprKind::Other(vec![value.0, other]), value.1.to(span))
                }
                AccessExpr::Subscript(Subscript::Index { index }) => self.subscript(value, index),
                AccessExpr::Subscript(Subscript::Slice { .. }) => value,
            };
        }
        value
    }

    fn subscript(&mut self, (base, before): Placed, index: ast::Expr) -> Placed {
        let (index, span) = self.lower(index);
        let close = self.token_after(span.end).filter(|t| t.kind == TokenKind::RightBracket);
        let span = before.to(close.map_or(span, |t| t.span));
        if let ExprKind::Subscript { expr, mut indices } = base.kind {
            indices.push(index);
            return Self::place(ExprKind::Subscript { expr, indices }, span);
        }
        Self::place(ExprKind::Subscript { expr: Box::new(base), indices: vec![index] }, span)
    }

    fn value(&mut self, value: ast::ValueWithSpan) -> Placed {
        let span = span_of(value.span);
        let literal = match value.value {
            Value::Null => Literal::Null,
            Value::Boolean(b) => Literal::Boolean(b),
            Value::Number(digits, _) => Literal::Number(digits),
            Value::HexStringLiteral(bits) => Literal::Bits(bits),
            Value::Placeholder(text) => return self.placeholder(text, span),
            other => Literal::String(other.into_string().unwrap_or_default()),
        };
        Self::place(ExprKind::Literal(literal), span)
    }

    fn placeholder(&mut self, text: String, span: Span) -> Placed {
        let Some(mark) = text.strip_prefix(MARK) else { return Self::place(ExprKind::Parameter(text), span) };
        let number = mark.get(1..).and_then(|n| n.parse::<usize>().ok());
        let query = number.and_then(|n| self.queries.get_mut(n)).and_then(Option::take).unwrap_or_default();
        let query = Box::new(query);
        let kind = if mark.starts_with('e') { ExprKind::Exists { query, negated: false } } else { ExprKind::Subquery(query) };
        Self::place(kind, span)
    }

    fn marked_type(&mut self, data_type: &DataType) -> TypeName {
        let DataType::Custom(name, _) = data_type else { return TypeName::default() };
        let number = name.0.last().and_then(|part| part.as_ident()).and_then(|ident| type_number(&ident.value));
        number.and_then(|n| self.types.get_mut(n)).map(std::mem::take).unwrap_or_default()
    }

    fn cast(&mut self, expr: ast::Expr, data_type: DataType) -> Placed {
        let ty = self.marked_type(&data_type);
        let (expr, inner) = self.boxed(expr);
        // `interval '1' day`: the fields are after the string, which is after the type.
        let span = inner.to(ty.span);
        Self::place(ExprKind::Cast { expr, ty: Box::new(ty) }, span)
    }

    fn function(&mut self, function: ast::Function) -> Placed {
        let mut parts: Vec<Name> = function.name.0.iter().filter_map(|part| part.as_ident().cloned()).map(name).collect();
        let own = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        let (args, outer) = self.arguments(function.args);
        let tail = self.calls.remove(&own.span.start).unwrap_or_default();
        let start = schema.as_ref().map_or(own.span, |s| s.span.to(own.span));
        let mut span = start.to(Span::new(own.span.end, tail.end.max(own.span.end)));
        // sqlc writes a parameter as a call, whose argument is its name and no column
        if schema.as_ref().is_some_and(|s| s.value == "sqlc") && matches!(own.value.as_str(), "arg" | "narg" | "slice") {
            return Self::place(ExprKind::Parameter(own.value.to_string()), span);
        }
        if own.value == format!("{MARK}cast") {
            return self.cast_call(args, span);
        }
        if own.value.starts_with(MARK) {
            let end = args.last().and_then(|_| self.token_after(outer.end)).map_or(span.end, |t| t.span.end);
            span = span.to(Span::new(end, end));
        }
        if schema.is_none() && own.value == "row" && own.span.of(self.text).eq_ignore_ascii_case("row") {
            return Self::place(ExprKind::Row(args), span);
        }
        let name = ObjectName { schema, name: own };
        let CallTail { distinct, order_by, filter, over, json, .. } = tail;
        let filter = filter.map(Box::new);
        Self::place(ExprKind::Call(Box::new(Call { name, args, distinct, order_by, filter, over, json })), span)
    }

    fn cast_call(&mut self, mut args: Vec<Expr>, span: Span) -> Placed {
        let ty = args.pop().and_then(|e| match e.kind {
            ExprKind::Column(column) => type_number(&column.column.value),
            _ => None,
        });
        let ty = ty.and_then(|n| self.types.get_mut(n)).map(std::mem::take).unwrap_or_default();
        match args.pop() {
            Some(expr) => Self::place(ExprKind::Cast { expr: Box::new(expr), ty: Box::new(ty) }, span),
            None => Self::place(ExprKind::Other(vec![]), span),
        }
    }

    fn arguments(&mut self, args: FunctionArguments) -> (Vec<Expr>, Span) {
        match args {
            FunctionArguments::List(list) => {
                let list = list.args.into_iter().filter_map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                });
                self.list(list.collect())
            }
            _ => (vec![], Span::default()),
        }
    }

    fn list(&mut self, list: Vec<ast::Expr>) -> (Vec<Expr>, Span) {
        // collecting would keep the memory of the parser's list, whose entries are ten times the size
        let (mut all, mut span) = (Vec::with_capacity(list.len()), Span::default());
        for e in list {
            let (expr, outer) = self.lower(e);
            span = span.to(outer);
            all.push(expr);
        }
        (all, span)
    }

    fn array(&mut self, elements: Vec<ast::Expr>) -> Placed {
        let (list, inner) = self.list(elements);
        let mut span = self.enclosed(inner, TokenKind::LeftBracket, TokenKind::RightBracket);
        if let Some(word) = self.token_before(span.start).filter(|t| t.is_word(self.text, "ARRAY")) {
            span = word.span.to(span);
        }
        Self::place(ExprKind::Array(list), span)
    }

    fn case(
        &mut self,
        operand: Option<Box<ast::Expr>>,
        conditions: Vec<ast::CaseWhen>,
        otherwise: Option<Box<ast::Expr>>,
        span: Span,
    ) -> Placed {
        let operand = operand.map(|e| self.boxed(*e).0);
        let branches = conditions.into_iter().map(|when| (self.lower(when.condition).0, self.lower(when.result).0)).collect();
        let otherwise = otherwise.map(|e| self.boxed(*e).0);
        Self::place(ExprKind::Case { operand, branches, otherwise }, span)
    }

    fn in_list(&mut self, expr: ast::Expr, list: Vec<ast::Expr>, negated: bool) -> Placed {
        let (expr, before) = self.boxed(expr);
        let (mut list, inside) = self.list(list);
        let span = before.to(self.enclosed(inside, TokenKind::LeftParen, TokenKind::RightParen));
        let lone = list.len() == 1 && matches!(list[0].kind, ExprKind::Subquery(_));
        if lone && let Some(Expr { kind: ExprKind::Subquery(query), .. }) = list.pop() {
            return Self::place(ExprKind::InSubquery { expr, query, negated }, span);
        }
        Self::place(ExprKind::InList { expr, list, negated }, span)
    }

    fn between(&mut self, expr: ast::Expr, low: ast::Expr, high: ast::Expr, negated: bool) -> Placed {
        let (expr, before) = self.boxed(expr);
        let (low, _) = self.boxed(low);
        let (high, after) = self.boxed(high);
        Self::place(ExprKind::Between { expr, low, high, negated }, before.to(after))
    }

    fn distinct(&mut self, left: ast::Expr, right: ast::Expr, negated: bool) -> Placed {
        let (left, before) = self.boxed(left);
        let (right, after) = self.boxed(right);
        Self::place(ExprKind::IsDistinct { left, right, negated }, before.to(after))
    }
}

fn name(ident: ast::Ident) -> Name {
    Name::new(ident.value, span_of(ident.span))
}

fn type_number(value: &str) -> Option<usize> {
    value.strip_prefix(MARK).and_then(|n| n.parse().ok())
}

/// Whether a long chain of the operator may be grouped differently without a rule minding.
fn is_groupable(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::StringConcat)
        || matches!(op, BinaryOperator::Custom(name) if name == "||")
}

/// Two operands of AND or OR as one list, whichever of them already is one.
fn flatten(left: Expr, right: Expr, open: impl Fn(ExprKind) -> Result<Vec<Expr>, ExprKind>) -> Vec<Expr> {
    let parts = |e: Expr| open(e.kind).unwrap_or_else(|kind| vec![Expr::new(kind, e.span)]);
    let mut list = parts(left);
    list.extend(parts(right));
    list
}
