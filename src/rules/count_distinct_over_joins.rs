//! count(DISTINCT …) that undoes what joins have multiplied.

use super::support::joins::{self, Meets};
use super::support::reshape::counts::Counted;
use super::support::spelling;
use super::{Check, Context, Report};
use crate::catalog::Knowledge;
use crate::catalog::resolve::Scope;
use crate::facts::{Call, Expr, ExprKind, Join, JoinCondition, Name, Query, Relation, Select, SelectItem};
use crate::finding::Label;

pub(super) const CHECK: Check = Check::Query(check);

fn check(ctx: &Context, _: &Query) {
    ctx.visit(&mut |query, scope| check_one(ctx, query, scope));
}

fn check_one<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) {
    let counts = distinct_counts(query);
    let Some(select) = query.select().filter(|_| !counts.is_empty()) else { return };
    let joined = joins::joined(select, scope);
    if joined.len() < 2 || !joined.iter().any(|(relation, meets)| joins::may_repeat(scope, relation, *meets)) {
        return;
    }
    let site = Site { ctx, query, select, scope, joined };
    let mut found: Vec<(&Relation, String, Report)> = vec![];
    for (expr, call) in counts {
        site.find(expr, call, &mut found);
    }
    found.into_iter().for_each(|(.., report)| ctx.add(report));
}

/// The calls of count(DISTINCT …) that add up rows.
fn distinct_counts(query: &Query) -> Vec<(&Expr, &Call)> {
    let mut found = vec![];
    for expr in query.expressions() {
        expr.walk(&mut |e| {
            if let ExprKind::Call(call) = &e.kind
                && call.distinct
                && call.name.name == "count"
                && call.over.is_none()
            {
                found.push((e, &**call));
            }
        });
    }
    found
}

/// A SELECT whose joins multiply rows.
struct Site<'a, 'c> {
    ctx: &'c Context<'c>,
    query: &'a Query,
    select: &'a Select,
    scope: &'c Scope<'a>,
    joined: Vec<(&'a Relation, Meets)>,
}

impl<'a> Site<'a, '_> {
    /// Adds a finding, or to one that the same join is the cause of another place: they have one cure.
    fn find(&self, e: &Expr, call: &Call, found: &mut Vec<(&'a Relation, String, Report)>) {
        let (ctx, select) = (self.ctx, self.select);
        // of each group's own key there is one
        let Some(counted) = call.args.first().filter(|counted| !select.group_by.iter().any(|key| key == *counted)) else { return };
        let Some((relation, alone)) = self.repeats(e, call) else { return };
        let text = spelling::text(ctx, counted.span);
        if let Some((.., report)) = found.iter_mut().find(|(culprit, same, _)| std::ptr::eq(*culprit, relation) && *same == text) {
            report.related.push(Label { at: ctx.at(e.span), message: "this one counts the same rows".to_owned() });
            return;
        }
        let what = joins::name(relation);
        let aggregates = select.items.iter().filter(|item| joins::is_aggregate(&item.expr)).count();
        let help = match &alone {
            Some(sql) if aggregates > 1 => {
                format!("count it by itself, and each of the others likewise, then join the counts on their groups:\n{sql}")
            }
            Some(sql) => format!("count what is not repeated:\n{sql}"),
            None => {
                let of = counted.column().and_then(|c| self.scope.binding(c)).map_or("what is counted".to_owned(), |b| joins::name(b.relation));
                format!("count {of} in a subquery without {what}, grouped by the columns that the rest joins it by, then join the counts")
            }
        };
        let relations = self.joined.len() + 1;
        let known = self.joined.iter().any(|(r, meets)| std::ptr::eq(*r, relation) && *meets == Meets::Many) || alone.is_some();
        let repeats = if known { "repeats" } else { "may repeat" };
        let message = format!(
            "count(DISTINCT {text}) sorts every row of {relations} joined relations to count them once: the join with {what} {repeats} them"
        );
        let at = joins::join_of(select, relation).map_or(relation.span, |join| join.span);
        let report = ctx.report(e.span, message).help(help).related(ctx.at(at), "this join repeats the rows");
        found.push((relation, text, report));
    }

    /// The relation that repeats what is counted, and the query that counts it alone; `None` where nothing does.
    fn repeats(&self, e: &Expr, call: &Call) -> Option<(&'a Relation, Option<String>)> {
        if let Some(counted) = Counted::of(call, self.select, self.scope) {
            let alone = counted.alone(self.ctx, self.query, self.select, call, alias_of(self.select, e));
            let relation = counted.repeated_by(self.select)?;
            let catalog = self.scope.catalog();
            let whole = relation.table().and_then(|table| catalog.table(table)).is_some_and(|(_, table)| table.knowledge == Knowledge::Whole);
            let joined = self.joined.iter().find(|(r, _)| std::ptr::eq(*r, relation));
            let known = whole && joined.is_none_or(|(_, meets)| *meets != Meets::Unknown) || joins::is_known_in_part(self.scope, relation);
            return (known && (alone.is_some() || !self.is_needed(relation, call))).then_some((relation, alone));
        }
        // what is counted may ask for the very rows that repeat it
        let asked = |relation: &Relation| {
            let mut found = false;
            call.args.iter().for_each(|arg| {
                arg.walk(&mut |e| found |= e.column().and_then(|c| self.scope.binding(c)).is_some_and(|b| std::ptr::eq(b.relation, relation)));
            });
            found
        };
        let culprit = |(relation, meets): &&(&'a Relation, Meets)| {
            joins::may_repeat(self.scope, relation, *meets) && !asked(relation) && !self.is_needed(relation, call)
        };
        self.joined.iter().find(culprit).map(|(relation, _)| (*relation, None))
    }

    /// Whether what is counted depends on a relation: the count's own filter asks it, or another relation is found by it.
    fn is_needed(&self, relation: &Relation, call: &Call) -> bool {
        let reads = |expr: &Expr| {
            let mut found = false;
            expr.walk(&mut |e| found |= e.column().is_some_and(|c| self.scope.binding(c).is_none_or(|b| std::ptr::eq(b.relation, relation))));
            found
        };
        let leads = |join: &&Join| match &join.condition {
            JoinCondition::On(on) => !join.right.relations().iter().any(|r| std::ptr::eq(*r, relation)) && reads(on),
            _ => true,
        };
        // another count of the same rows asks it
        let other = |item: &SelectItem| joins::is_aggregate(&item.expr) && reads(&item.expr);
        call.filter.as_deref().is_some_and(reads) || self.select.items.iter().any(other) || self.select.group_by.iter().any(reads) || self.select.joins().iter().any(leads)
    }
}

/// What the select list calls an expression.
fn alias_of<'a>(select: &'a Select, expr: &Expr) -> Option<&'a Name> {
    select.items.iter().find(|item| std::ptr::eq(&item.expr, expr))?.alias.as_ref()
}
