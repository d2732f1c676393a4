//! Whole queries written anew in the user's own words. What a rewrite must know is here: a FROM as a chain of relations, and
//! which of them each expression asks. Where a chain cannot say so for certain there is no rewrite.
//!
//! The rewrites are run on servers beside what they replace.

pub(crate) mod counts;
pub(crate) mod lateral;

use super::{joins, spelling};
use crate::catalog::resolve::Scope;
use crate::facts::{Expr, ExprKind, FromItem, JoinCondition, JoinKind, Relation, Select};
use crate::rules::Context;

/// A FROM that is inner and left joins of one relation after the other.
pub(crate) struct Chain<'a, 's> {
    links: Vec<Link<'a>>,
    scope: &'s Scope<'a>,
}

/// Which keys count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Those that a file declares.
    Declared,
    /// `id` as well, in tables that no file creates: enough to name a culprit, too little to change a query.
    AsNamed,
}

/// Two sides that a condition sets equal.
struct Equality<'e> {
    left: &'e Expr,
    right: &'e Expr,
    /// The left-joined link in whose ON it stands.
    of: Option<usize>,
}

/// A relation and how it is joined to those before it.
struct Link<'a> {
    relation: &'a Relation,
    left: bool,
    on: Option<&'a Expr>,
}

/// A set of links, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Set(u32);

impl Set {
    /// Longer chains are left alone.
    const LONGEST: usize = 32;

    fn one(i: usize) -> Set {
        Set(1 << i)
    }

    fn first(count: usize) -> Set {
        (0..count).fold(Set::default(), |set, i| set.with(Set::one(i)))
    }

    fn with(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    fn without(self, other: Set) -> Set {
        Set(self.0 & !other.0)
    }

    fn holds(self, i: usize) -> bool {
        self.0 & (1 << i) != 0
    }

    fn is_within(self, other: Set) -> bool {
        self.without(other).is_empty()
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl<'a, 's> Chain<'a, 's> {
    pub(crate) fn of(select: &'a Select, scope: &'s Scope<'a>) -> Option<Chain<'a, 's>> {
        let mut links = vec![];
        for item in &select.from {
            add(item, &mut links)?;
        }
        let fits = (2..=Set::LONGEST).contains(&links.len());
        let named = links.iter().all(|link| link.relation.binding().is_some() && !link.relation.lateral);
        (fits && named).then_some(Chain { links, scope })
    }

    /// The number of the relation that holds a column.
    fn owner(&self, expr: &Expr) -> Option<usize> {
        let binding = self.scope.binding(expr.column()?)?;
        self.links.iter().position(|link| std::ptr::eq(link.relation, binding.relation))
    }

    /// Which relations an expression asks; `None` where that is not known. A subquery may ask all.
    fn asks(&self, expr: &Expr) -> Option<Set> {
        let (mut set, mut known) = (Set::default(), true);
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Column(column) => match self.owner(e) {
                Some(i) => set = set.with(Set::one(i)),
                None => known &= self.scope.is_outer(column),
            },
            ExprKind::Wildcard(_) => known = false,
            ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. } => set = Set::first(self.links.len()),
            _ => {}
        });
        known.then_some(set)
    }

    /// The equalities of the joins and of WHERE.
    fn equalities<'e>(&self, select: &'e Select) -> Vec<Equality<'e>>
    where
        'a: 'e,
    {
        let ons = self.links.iter().enumerate().map(|(i, link)| (link.left.then_some(i), link.on));
        let all = ons.chain([(None, select.filter.as_ref())]).filter_map(|(of, condition)| Some((of, condition?)));
        all.flat_map(|(of, condition)| condition.conjuncts().into_iter().map(move |conjunct| (of, conjunct)))
            .filter_map(|(of, conjunct)| match &conjunct.kind {
                ExprKind::Binary { left, op, right, .. } if op == "=" => Some(Equality { left, right, of }),
                _ => None,
            })
            .collect()
    }

    /// The links of which at most one row meets a row of this one, itself included, as keys prove.
    ///
    /// What the ON of a left join says holds only where its row was found: it pins that row, and others only once the row is
    /// known to be there.
    fn met_once_by(&self, start: usize, kept: Set, select: &Select, keys: Keys) -> Set {
        let equalities = self.equalities(select);
        let inner = (0..self.links.len()).filter(|&i| !self.links[i].left);
        let mut there = inner.fold(Set::one(start), |set, i| set.with(Set::one(i)));
        let mut reached = Set::one(start);
        loop {
            let open = (0..self.links.len()).filter(|&i| kept.holds(i) && !reached.holds(i));
            let holding = |e: &&Equality, i: usize| e.of.is_none_or(|j| j != i && there.holds(j));
            let own = |e: &&Equality, i: usize| e.of == Some(i);
            let pinned = |i: usize, with_own: bool| {
                let usable = equalities.iter().filter(|e| holding(e, i) || with_own && own(e, i));
                self.is_pinned(i, reached, usable, keys)
            };
            let Some(next) = open.into_iter().find(|&i| pinned(i, true)) else { return reached };
            if pinned(next, false) {
                there = there.with(Set::one(next));
            }
            reached = reached.with(Set::one(next));
        }
    }

    /// Whether values of these links, or constants, fix a key of this one.
    fn is_pinned<'e>(&self, i: usize, by: Set, equalities: impl Iterator<Item = &'e Equality<'e>>, keys: Keys) -> bool {
        let sides = equalities.flat_map(|e| [(e.left, e.right), (e.right, e.left)]);
        let fixes = |value: &Expr| self.asks(value).is_some_and(|asked| asked.is_within(by));
        let columns: Vec<&str> = sides
            .filter(|(own, value)| self.owner(own) == Some(i) && fixes(value))
            .filter_map(|(own, _)| Some(own.column()?.column.value.as_str()))
            .collect();
        self.has_key(i, &columns).unwrap_or(keys == Keys::AsNamed && columns.contains(&"id"))
    }

    /// Whether fixing these columns leaves one row of a link's table; `None` where the table is not wholly known.
    fn has_key(&self, i: usize, columns: &[&str]) -> Option<bool> {
        let catalog = self.scope.catalog();
        let written =
            self.links.get(i)?.relation.table().filter(|name| name.schema.is_some() || self.scope.cte_named(&name.name).is_none())?;
        let (name, table) = catalog.table(written)?;
        let fixed = catalog.is_key_fixed(name, columns);
        (fixed || table.knowledge == crate::catalog::Knowledge::Whole).then_some(fixed)
    }

    fn may_be_null(&self, expr: &Expr) -> bool {
        let resolved = self.scope.resolve_expr(expr);
        resolved.and_then(|r| r.definition().map(|column| !column.not_null)).unwrap_or(true)
    }

    /// Some of the links as a FROM list, the first without its condition, and that condition.
    fn from(&self, ctx: &Context, kept: Set) -> (String, Option<&'a Expr>) {
        let mut kept = (0..self.links.len()).filter(|&i| kept.holds(i)).filter_map(|i| self.links.get(i));
        let Some(first) = kept.next() else { return (String::new(), None) };
        let mut text = spelling::text(ctx, first.relation.span);
        for link in kept {
            let relation = spelling::text(ctx, link.relation.span);
            match link.on {
                Some(on) => {
                    let kind = if link.left { "LEFT JOIN" } else { "JOIN" };
                    text.push_str(&format!(" {kind} {relation} ON {}", spelling::text(ctx, on.span)));
                }
                None => text.push_str(&format!(" CROSS JOIN {relation}")),
            }
        }
        (text, first.on)
    }

    fn name(&self, i: usize) -> String {
        self.links.get(i).map(|link| joins::name(link.relation)).unwrap_or_default()
    }
}

/// Flattens joins that nest to the left.
fn add<'a>(item: &'a FromItem, links: &mut Vec<Link<'a>>) -> Option<()> {
    let (mut pending, mut item) = (vec![], item);
    loop {
        match item {
            FromItem::Relation(relation) => {
                links.push(Link { relation, left: false, on: None });
                break;
            }
            FromItem::Join(join) => {
                let FromItem::Relation(relation) = &join.right else { return None };
                let left = match join.kind {
                    JoinKind::Inner | JoinKind::Cross => false,
                    JoinKind::Left => true,
                    JoinKind::Right | JoinKind::Full => return None,
                };
                let on = match &join.condition {
                    JoinCondition::On(on) => Some(on),
                    JoinCondition::None => None,
                    JoinCondition::Using(_) | JoinCondition::Natural => return None,
                };
                pending.push(Link { relation, left, on });
                item = &join.left;
            }
        }
    }
    links.extend(pending.into_iter().rev());
    Some(())
}

/// Conditions as one, with the word before it; empty for none.
fn all_of(ctx: &Context, word: &str, conditions: &[&Expr]) -> String {
    let texts: Vec<String> = conditions
        .iter()
        .map(|condition| match condition.kind {
            ExprKind::Or(_) => format!("({})", spelling::text(ctx, condition.span)),
            _ => spelling::text(ctx, condition.span),
        })
        .collect();
    if texts.is_empty() { String::new() } else { format!(" {word} {}", texts.join(" AND ")) }
}

/// A SELECT that only joins and filters: what a rewrite may take apart.
fn is_plain(select: &Select) -> bool {
    let windowed = |e: &Expr| {
        let mut found = false;
        e.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Call(call) if call.over.is_some()));
        found
    };
    select.having.is_none() && select.into.is_none() && !select.items.iter().any(|item| windowed(&item.expr))
}
