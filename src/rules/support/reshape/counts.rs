//! count(DISTINCT …) over joins, written as a query that repeats nothing: without the joins that it does not need, with EXISTS
//! for those that only filter, or over rows that are made distinct before they are counted.

use super::{Chain, Keys, Set, all_of, is_plain};
use crate::catalog::resolve::Scope;
use crate::facts::{Call, Expr, ExprKind, Literal, Name, Query, Relation, Select};
use crate::rules::Context;
use crate::rules::support::spelling;

/// What a count counts, in its chain.
pub(crate) struct Counted<'a, 's> {
    chain: Chain<'a, 's>,
    /// The relation whose rows are counted.
    of: usize,
    /// Those of which at most one row meets each of its rows.
    met_once: Set,
}

impl<'a, 's> Counted<'a, 's> {
    /// Finds whose rows a count counts; `None` where that is not known.
    pub(crate) fn of(call: &Call, select: &'a Select, scope: &'s Scope<'a>) -> Option<Counted<'a, 's>> {
        let chain = Chain::of(select, scope)?;
        let asked = chain.asks(call.args.first()?)?;
        let of = (0..chain.links.len()).find(|&i| asked == Set::one(i))?;
        let met_once = chain.met_once_by(of, Set::first(chain.links.len()), select, Keys::AsNamed);
        Some(Counted { chain, of, met_once })
    }

    /// The first relation that may repeat the counted rows; `None` where keys keep all from it.
    pub(crate) fn repeated_by(&self, select: &Select) -> Option<&'a Relation> {
        let repeating: Vec<usize> = (0..self.chain.links.len()).filter(|&i| !self.met_once.holds(i)).collect();
        // within a group, the rows of the relation that it is named after repeat nothing where another one does
        let named = |i: &usize| select.group_by.iter().any(|key| self.chain.asks(key).is_some_and(|asked| asked == Set::one(*i)));
        repeating.iter().find(|i| !named(i)).or(repeating.first()).map(|&i| self.chain.links[i].relation)
    }

    /// The query that gives this count alone.
    pub(crate) fn alone(&self, ctx: &Context, query: &Query, select: &'a Select, call: &Call, alias: Option<&Name>) -> Option<String> {
        if !is_plain(select) || spelling::has_hole(ctx, query.span) || call.args.len() != 1 {
            return None;
        }
        let groups = self.groups(select)?;
        let kept = self.needed(select, call, &groups)?;
        let groups: Vec<String> = groups.iter().map(|group| spelling::text(ctx, group.span)).collect();
        let conditions: Vec<&Expr> = select.filter.iter().flat_map(Expr::conjuncts).collect();
        let tail = if groups.is_empty() { String::new() } else { format!("\nGROUP BY {}", groups.join(", ")) };
        let alias = alias.map(|alias| format!(" AS {alias}")).unwrap_or_default();
        let (from, _) = self.chain.from(ctx, kept);
        let filter = call.filter.as_ref().map(|f| format!(" FILTER (WHERE {})", spelling::text(ctx, f.span))).unwrap_or_default();
        let value = call.args.first()?;
        let text = spelling::text(ctx, value.span);
        let list = |last: String| groups.iter().cloned().chain([last]).collect::<Vec<_>>().join(", ");
        let counts_rows = self.is_key(value);
        if counts_rows && kept.is_within(self.chain.met_once_by(self.of, kept, select, Keys::Declared)) {
            let items = list(format!("count({text}){filter}{alias}"));
            return Some(format!("SELECT {items}\nFROM {from}{}{tail};", all_of(ctx, "\nWHERE", &conditions).replace(" \n", "\n")));
        }
        if counts_rows && groups.is_empty() && filter.is_empty() && value.column().is_some() && self.is_inner(kept) {
            return self.with_exists(ctx, &conditions, kept, &text, &alias);
        }
        self.over_distinct(ctx, select, call, &from, &conditions, &alias)
    }

    /// The relations that the count, its groups and the conditions ask, with those that they hang on and those that filter.
    fn needed(&self, select: &Select, call: &Call, groups: &[&Expr]) -> Option<Set> {
        let chain = &self.chain;
        let mut kept = Set::one(self.of).with(Set::one(0));
        for expr in groups.iter().copied().chain(&select.filter).chain(call.filter.as_deref()) {
            kept = kept.with(chain.asks(expr)?);
        }
        let inner = (0..chain.links.len()).filter(|&i| !chain.links[i].left);
        kept = inner.fold(kept, |kept, i| kept.with(Set::one(i)));
        for i in (0..chain.links.len()).rev().filter(|&i| chain.links[i].on.is_some()) {
            if kept.holds(i) {
                kept = kept.with(chain.asks(chain.links[i].on?)?);
            }
        }
        Some(kept)
    }

    fn is_inner(&self, kept: Set) -> bool {
        (0..self.chain.links.len()).all(|i| !kept.holds(i) || !self.chain.links[i].left)
    }

    /// Whether a value is the counted relation's key, or that under a condition: no two rows share one.
    fn is_key(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Column(column) => self.chain.has_key(self.of, &[column.column.value.as_str()]) == Some(true),
            ExprKind::Case { branches, otherwise: None, .. } => match &branches[..] {
                [(_, result)] => result.column().is_some() && self.is_key(result),
                _ => false,
            },
            _ => false,
        }
    }

    fn with_exists(&self, ctx: &Context, conditions: &[&Expr], kept: Set, value: &str, alias: &str) -> Option<String> {
        let chain = &self.chain;
        let own = Set::one(self.of);
        let (mut inside, mut outside) = (vec![], vec![]);
        for &condition in conditions {
            if chain.asks(condition)?.is_within(own) { outside.push(condition) } else { inside.push(condition) }
        }
        let (from, first_on) = chain.from(ctx, kept.without(own));
        let ties: Vec<&Expr> = chain.links[self.of].on.into_iter().chain(first_on).flat_map(Expr::conjuncts).chain(inside).collect();
        let outside = all_of(ctx, "WHERE", &outside);
        let word = if outside.is_empty() { " WHERE" } else { " AND" };
        let relation = spelling::text(ctx, chain.links[self.of].relation.span);
        Some(format!(
            "SELECT count({value}){alias} FROM {relation}{outside}{word} EXISTS (\n  SELECT 1 FROM {from}{}\n);",
            all_of(ctx, "WHERE", &ties)
        ))
    }

    /// What GROUP BY groups by, numbers and aliases followed into the select list; a column goes before an alias.
    fn groups(&self, select: &'a Select) -> Option<Vec<&'a Expr>> {
        let followed = |group: &'a Expr| match &group.kind {
            ExprKind::Literal(Literal::Number(n)) => select.items.get(n.parse::<usize>().ok()?.checked_sub(1)?).map(|item| &item.expr),
            ExprKind::Literal(_) => None,
            ExprKind::Column(column) if self.chain.owner(group).is_none() => {
                select.items.iter().find(|item| item.alias.as_ref() == Some(&column.column)).map(|item| &item.expr)
            }
            _ => Some(group),
        };
        select.group_by.iter().map(followed).collect()
    }

    fn over_distinct(&self, ctx: &Context, select: &Select, call: &Call, from: &str, conditions: &[&Expr], alias: &str) -> Option<String> {
        if call.filter.is_some() {
            return None;
        }
        let value = spelling::text(ctx, call.args.first()?.span);
        let groups = self.groups(select)?;
        let texts: Vec<String> = groups.iter().map(|group| spelling::text(ctx, group.span)).collect();
        let names: Vec<String> = (1..=texts.len()).map(|i| format!("key_{i}")).collect();
        let named = texts.iter().zip(&names).map(|(text, name)| format!("{text} AS {name}")).chain([format!("{value} AS counted")]);
        let inner: Vec<String> = named.collect();
        let outer: Vec<String> = names.iter().cloned().chain([format!("count(counted){alias}")]).collect();
        let tail = if names.is_empty() { String::new() } else { format!(" GROUP BY {}", names.join(", ")) };
        let filter = all_of(ctx, "WHERE", conditions);
        Some(format!("SELECT {} FROM (\n  SELECT DISTINCT {} FROM {from}{filter}\n) AS once{tail};", outer.join(", "), inner.join(", ")))
    }
}
