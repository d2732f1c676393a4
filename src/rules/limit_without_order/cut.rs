//! A query that LIMIT cuts, with what the silences ask of it again and again.

use crate::catalog::Knowledge;
use crate::catalog::index_match::is_value;
use crate::catalog::resolve::{Binding, Scope};
use crate::facts::{ColumnRef, Expr, ExprKind, Limit, ObjectName, Query, Select};
use crate::rules::Context;
use crate::rules::support::{joins, rows};

/// A query with LIMIT and without ORDER BY, in its place.
pub(super) struct Cut<'c, 'a> {
    pub(super) ctx: &'c Context<'c>,
    pub(super) query: &'a Query,
    pub(super) scope: &'c Scope<'a>,
    pub(super) limit: &'a Limit,
    /// The query where it is one SELECT.
    pub(super) select: Option<&'a Select>,
    /// How many rows are kept, where a constant says so.
    pub(super) rows: Option<u64>,
}

impl<'c, 'a> Cut<'c, 'a> {
    pub(super) fn new(ctx: &'c Context<'c>, query: &'a Query, limit: &'a Limit, scope: &'c Scope<'a>) -> Self {
        Cut { ctx, query, scope, limit, select: query.select(), rows: rows::constant(limit) }
    }

    /// LIMIT 1.
    pub(super) fn is_one(&self) -> bool {
        self.rows == Some(1)
    }

    /// The relation that is read first.
    pub(super) fn first(&self) -> Option<&'c Binding<'a>> {
        self.scope.bindings().first()
    }

    /// The table that is read first.
    pub(super) fn table(&self) -> Option<&'a ObjectName> {
        self.first().and_then(|b| b.relation.table())
    }

    /// Whether it reads nothing but one relation.
    pub(super) fn is_of_one(&self) -> bool {
        self.scope.bindings().len() == 1
    }

    /// The name of what is read, for a message.
    pub(super) fn name(&self) -> String {
        self.first().map_or_else(|| "the result".to_owned(), |b| joins::name(b.relation))
    }

    /// The conditions that every row meets, each by itself.
    pub(super) fn conditions(&self) -> Vec<&'a Expr> {
        let all = self.select.map(Select::conditions).unwrap_or_default();
        all.into_iter().flat_map(Expr::conjuncts).collect()
    }

    /// Whether the query is not inside another one.
    pub(super) fn is_outermost(&self) -> bool {
        self.scope.outer().is_none()
    }

    /// Several rows, of which none is passed over.
    pub(super) fn takes_several(&self) -> bool {
        !self.is_one() && self.query.offset.is_none()
    }

    /// Whether the program, or `IS NULL` around it, asks only if there is a row.
    pub(super) fn asks_presence(&self) -> bool {
        let is_own = |e: &Expr| matches!(&e.uncast().kind, ExprKind::Subquery(query) if std::ptr::eq(&**query, self.query));
        let mut tested = self.is_outermost() && self.ctx.application.is_some_and(|fragment| fragment.asks_presence);
        for expr in self.scope.outer().map(|around| around.query().expressions()).unwrap_or_default() {
            expr.walk(&mut |e| tested |= matches!(&e.kind, ExprKind::IsNull { expr, .. } if is_own(expr)));
        }
        tested
    }

    /// Whether an expression is what somebody asks for: a parameter, or a variable of a function.
    pub(super) fn is_asked(&self, expr: &Expr) -> bool {
        let inner = expr.uncast();
        matches!(inner.kind, ExprKind::Parameter(_)) || self.ctx.around.in_function && inner.column().is_some() && self.is_given(inner)
    }

    /// Whether an expression is a constant, a parameter, a variable of a function, or a column of a query around this one.
    pub(super) fn is_given(&self, expr: &Expr) -> bool {
        let foreign = |c: &ColumnRef| match c.relation {
            Some(_) => self.scope.binding(c).is_none(),
            None => self.is_no_column(c),
        };
        is_value(expr) || expr.uncast().column().is_some_and(foreign)
    }

    /// Whether a bare name is a variable of a function: it is none of the columns that are read, all of which are known, or is called
    /// as variables are.
    fn is_no_column(&self, column: &ColumnRef) -> bool {
        const MARKS: &[&str] = &["_", "p_", "v_", "in_", "i_", "arg_", "l_"];
        let name = column.column.value.as_str();
        let known = |b: &Binding| b.relation.table().and_then(|t| self.scope.catalog().table(t)).map(|(_, t)| t);
        let none_has_it = || self.scope.bindings().iter().all(|b| known(b).is_some_and(|t| t.column(name).is_none()));
        let whole = |b: &Binding| known(b).is_some_and(|t| t.knowledge == Knowledge::Whole);
        let called = self.ctx.around.in_function && MARKS.iter().any(|mark| name.starts_with(mark));
        called && none_has_it() || self.scope.bindings().iter().all(whole) && !self.scope.may_be_own(column)
    }
}
