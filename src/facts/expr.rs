//! Expressions, close to how PostgreSQL itself sees them after parsing, each with its bytes.

use super::{Name, ObjectName, Query, TypeName};
use crate::source::Span;

/// An expression and where it stands. Equality ignores places, so that an index's expression can be compared with a query's.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes, without parentheses around it.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A reference to a column. Equality ignores places.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnRef {
    /// The schema before the relation (`s.t.c`).
    pub schema: Option<Box<Name>>,
    /// The relation or alias before the column.
    pub relation: Option<Name>,
    /// The column.
    pub column: Name,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// Digits as written, sign excluded.
    Number(String),
    /// Any string form, unescaped.
    String(String),
    /// `B'…'`, `X'…'`.
    Bits(String),
}

/// The kinds of expression. Parentheses leave no trace.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `a`, `t.a`.
    Column(ColumnRef),
    /// `*`, `t.*`.
    Wildcard(Option<ObjectName>),
    /// A constant.
    Literal(Literal),
    /// A parameter of any style, as written.
    Parameter(String),
    /// All of these; nested ANDs are one list.
    And(Vec<Expr>),
    /// Any of these; nested ORs are one list.
    Or(Vec<Expr>),
    /// Logical negation.
    Not(Box<Expr>),
    /// An operator between two: `=`, `<>` (never `!=`), `->>`, `||`, `LIKE` is [`ExprKind::Like`].
    Binary {
        /** Left side. */
        left: Box<Expr>,
        /** As PostgreSQL names it, without its schema. */
        op: String,
        /** The operator's bytes. */
        op_span: Span,
        /** Right side. */
        right: Box<Expr>,
    },
    /// A prefix operator.
    Unary {
        /** The operator. */
        op: String,
        /** Its operand. */
        expr: Box<Expr>,
    },
    /// `IS [NOT] NULL`, `ISNULL`, `NOTNULL`.
    IsNull {
        /** Tested. */
        expr: Box<Expr>,
        /** `IS NOT NULL`. */
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE | UNKNOWN`: the word (`TRUE`, `NOT FALSE`, …).
    IsTruth {
        /** Tested. */
        expr: Box<Expr>,
        /** In upper case. */
        test: String,
    },
    /// `IS [NOT] DISTINCT FROM`.
    IsDistinct {
        /** Left side. */
        left: Box<Expr>,
        /** Right side. */
        right: Box<Expr>,
        /** `IS NOT DISTINCT FROM`. */
        negated: bool,
    },
    /// `x [NOT] IN (a, b)`.
    InList {
        /** Tested. */
        expr: Box<Expr>,
        /** Candidates. */
        list: Vec<Expr>,
        /** `NOT IN`. */
        negated: bool,
    },
    /// `x [NOT] IN (SELECT …)`.
    InSubquery {
        /** Tested. */
        expr: Box<Expr>,
        /** The query. */
        query: Box<Query>,
        /** `NOT IN`. */
        negated: bool,
    },
    /// `x [NOT] BETWEEN [SYMMETRIC] a AND b`.
    Between {
        /** Tested. */
        expr: Box<Expr>,
        /** From. */
        low: Box<Expr>,
        /** To. */
        high: Box<Expr>,
        /** `NOT BETWEEN`. */
        negated: bool,
    },
    /// `[NOT] LIKE`, `ILIKE`, `SIMILAR TO`.
    Like {
        /** Tested. */
        expr: Box<Expr>,
        /** Pattern. */
        pattern: Box<Expr>,
        /** Which of them. */
        kind: LikeKind,
        /** Negated. */
        negated: bool,
    },
    /// `x = ANY (array)`, `x > ALL (array)`; a subquery stands as [`ExprKind::Subquery`] on the right.
    Quantified {
        /** Left side. */
        left: Box<Expr>,
        /** Operator. */
        op: String,
        /** `ALL` rather than `ANY`/`SOME`. */
        all: bool,
        /** Right side. */
        right: Box<Expr>,
    },
    /// `[NOT] EXISTS (SELECT …)`.
    Exists {
        /** The query. */
        query: Box<Query>,
        /** `NOT EXISTS`. */
        negated: bool,
    },
    /// A scalar subquery, or a subquery as operand.
    Subquery(Box<Query>),
    /// `x::t`, `CAST(x AS t)`, `t 'literal'`.
    Cast {
        /** Converted. */
        expr: Box<Expr>,
        /** Target. */
        ty: Box<TypeName>,
    },
    /// A function call. `COALESCE`, `NULLIF`, `EXTRACT`, `CURRENT_DATE`, `AT TIME ZONE` (`timezone(zone, x)`), `POSITION`,
    /// `TRIM`, `SUBSTRING` and the like are calls by their lower-case names.
    Call(Box<Call>),
    /// `CASE …`: operand, (condition, result) pairs, else.
    Case {
        /** After CASE. */
        operand: Option<Box<Expr>>,
        /** WHEN … THEN …. */
        branches: Vec<(Expr, Expr)>,
        /** ELSE. */
        otherwise: Option<Box<Expr>>,
    },
    /// `ARRAY[…]`.
    Array(Vec<Expr>),
    /// `ROW(…)`, `(a, b)`.
    Row(Vec<Expr>),
    /// `x[i]`, `x[a:b]`.
    Subscript {
        /** Subscripted. */
        expr: Box<Expr>,
        /** In order. */
        indices: Vec<Expr>,
    },
    /// `(x).f`.
    Field {
        /** Composite. */
        expr: Box<Expr>,
        /** Its field. */
        field: Name,
    },
    /// `x COLLATE c`.
    Collate {
        /** Collated. */
        expr: Box<Expr>,
        /** Collation. */
        collation: ObjectName,
    },
    /// Anything else, with the expressions inside it.
    Other(Vec<Expr>),
}

/// Which pattern match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeKind {
    /// `LIKE`.
    Like,
    /// `ILIKE`.
    ILike,
    /// `SIMILAR TO`.
    Similar,
}

/// A function call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// The function.
    pub name: ObjectName,
    /// Its arguments; names of named arguments are dropped; `count(*)` has one [`ExprKind::Wildcard`].
    pub args: Vec<Expr>,
    /// `count(DISTINCT x)`.
    pub distinct: bool,
    /// `ORDER BY` inside the call or after `WITHIN GROUP`.
    pub order_by: Vec<Expr>,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Box<Expr>>,
    /// Has an `OVER` clause: its partition and order expressions.
    pub over: Option<Vec<Expr>>,
    /// What `JSON_VALUE`, `JSON_QUERY` or `JSON_EXISTS` is told besides its arguments, where it is not the default.
    pub json: Option<Box<JsonOptions>>,
}

/// The clauses of an SQL/JSON query function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonOptions {
    /// `RETURNING type`.
    pub returning: Option<TypeName>,
    /// The rest, in upper case and without what is the default: `WITH WRAPPER`, `ERROR ON ERROR`, ….
    pub rest: String,
}

impl Expr {
    /// An expression at a place.
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// The column, where it is a bare reference.
    pub fn column(&self) -> Option<&ColumnRef> {
        match &self.kind {
            ExprKind::Column(column) => Some(column),
            _ => None,
        }
    }

    /// The string constant, where it is one (a cast of one included).
    pub fn string(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(Literal::String(s)) => Some(s),
            ExprKind::Cast { expr, .. } => expr.string(),
            _ => None,
        }
    }

    /// Without casts around it.
    pub fn uncast(&self) -> &Expr {
        match &self.kind {
            ExprKind::Cast { expr, .. } => expr.uncast(),
            _ => self,
        }
    }

    /// The top-level conditions that must all hold.
    pub fn conjuncts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::And(list) => list.iter().flat_map(Expr::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// The expressions directly inside; subqueries are not entered.
    pub fn children(&self) -> Vec<&Expr> {
        let mut children = vec![];
        self.each_child(&mut |child| children.push(child));
        children
    }

    /// Visits the expressions directly inside; subqueries are not entered.
    pub fn each_child<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        use ExprKind::*;
        match &self.kind {
            Column(_) | Wildcard(_) | Literal(_) | Parameter(_) | Exists { .. } | Subquery(_) => {}
            And(list) | Or(list) | Array(list) | Row(list) | Other(list) => list.iter().for_each(visit),
            Not(expr) | Unary { expr, .. } | IsNull { expr, .. } | IsTruth { expr, .. } | Cast { expr, .. } => visit(expr),
            Field { expr, .. } | Collate { expr, .. } | InSubquery { expr, .. } => visit(expr),
            Binary { left, right, .. } | IsDistinct { left, right, .. } | Quantified { left, right, .. } => {
                visit(left);
                visit(right);
            }
            InList { expr, list, .. } | Subscript { expr, indices: list } => {
                visit(expr);
                list.iter().for_each(visit);
            }
            Between { expr, low, high, .. } => {
                visit(expr);
                visit(low);
                visit(high);
            }
            Like { expr, pattern, .. } => {
                visit(expr);
                visit(pattern);
            }
            Call(call) => {
                call.args.iter().chain(&call.order_by).chain(call.filter.as_deref()).chain(call.over.iter().flatten()).for_each(visit);
            }
            Case { operand, branches, otherwise } => {
                operand.iter().for_each(|operand| visit(operand));
                branches.iter().for_each(|(when, then)| {
                    visit(when);
                    visit(then);
                });
                otherwise.iter().for_each(|otherwise| visit(otherwise));
            }
        }
    }

    /// Visits this expression and all inside it, outermost first; subqueries are not entered.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        self.each_child(&mut |child| child.walk(visit));
    }

    /// Whether this is true of the expression or of one inside it; subqueries are not entered.
    pub fn any(&self, is: &dyn Fn(&Expr) -> bool) -> bool {
        let mut found = is(self);
        self.each_child(&mut |child| found = found || child.any(is));
        found
    }

    /// The query directly held by this node (`IN`, `EXISTS`, scalar subquery).
    pub fn subquery(&self) -> Option<&Query> {
        match &self.kind {
            ExprKind::InSubquery { query, .. } | ExprKind::Exists { query, .. } | ExprKind::Subquery(query) => Some(query),
            _ => None,
        }
    }
}
