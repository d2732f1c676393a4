//! Conditions of bodies that ask the system catalogs what is there: `IF NOT EXISTS (SELECT FROM information_schema.columns WHERE
//! …)`. The schema so far answers them where it knows for certain. Must not know which rules ask.

use super::{Catalog, Knowledge, Qualified, Table};
use crate::facts::{Asked, Expr, ExprKind, FromItem, Guard, Literal, Name, ObjectName, Query, Statement};
use crate::source::Span;
use std::collections::HashMap;

/// What the conditions of a body gave when they were asked, by the places of their statements.
#[derive(Debug, Default)]
pub(super) struct Answers(HashMap<usize, bool>);

impl Answers {
    /// Whether these conditions let a statement run; `None` where that is not known.
    pub(super) fn let_run(&self, guards: &[Guard]) -> Option<bool> {
        let answer = |guard: &Guard| match guard.asked {
            Asked::Query(place) => self.0.get(&(place as usize)).map(|answer| *answer == guard.holds),
            Asked::Turn => guard.holds.then_some(true),
            Asked::Unknown => None,
        };
        let unknown = guards.is_empty().then_some(None);
        all(guards.iter().map(answer).chain(unknown))
    }
}

/// Of conditions that must all hold, whether they do.
fn all(mut answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    answers
        .try_fold(Some(true), |known, answer| match answer {
            Some(false) => Err(()),
            Some(true) => Ok(known),
            None => Ok(None),
        })
        .unwrap_or(Some(false))
}

/// What a query asks of a system catalog: which columns are to have which values.
struct Wanted<'q> {
    values: Vec<(&'q str, &'q str)>,
    /// It asks for more, which is not looked at.
    more: bool,
}

impl<'q> Wanted<'q> {
    fn of(filter: Option<&'q Expr>) -> Option<Wanted<'q>> {
        let mut wanted = Wanted { values: vec![], more: false };
        for condition in filter?.conjuncts() {
            match &condition.kind {
                ExprKind::Binary { left, op, right, .. } if op == "=" => match (named(left), right.string(), named(right), left.string()) {
                    (Some(column), Some(value), ..) | (.., Some(column), Some(value)) => wanted.values.push((column, value)),
                    // `table_schema = current_schema()`
                    (Some("table_schema" | "schemaname" | "constraint_schema" | "nspname"), ..) => {}
                    _ => wanted.more = true,
                },
                ExprKind::InList { expr, list, negated: false } => match (named(expr), list.as_slice()) {
                    (Some(column), [value]) if value.string().is_some() => wanted.values.push((column, value.string()?)),
                    _ => wanted.more = true,
                },
                _ => wanted.more = true,
            }
        }
        Some(wanted)
    }

    fn get(&self, column: &str) -> Option<&'q str> {
        self.values.iter().find(|(name, _)| *name == column).map(|(_, value)| *value)
    }

    /// Whether it asks for nothing but these.
    fn only(&self, columns: &[&str]) -> bool {
        !self.more && self.values.iter().all(|(name, _)| columns.contains(name))
    }
}

fn named(expr: &Expr) -> Option<&str> {
    Some(expr.uncast().column()?.column.value.as_str())
}

impl Catalog {
    /// Takes note of what a statement of a body answers, if it is a condition that the schema so far can answer.
    pub(super) fn answer(&self, answers: &mut Answers, place: usize, statement: &Statement) {
        let select = statement.query.as_deref().and_then(Query::select).filter(|select| select.from.is_empty());
        if let Some([item]) = select.map(|select| select.items.as_slice())
            && let Some(answer) = self.holds(&item.expr, 0)
        {
            answers.0.insert(place, answer);
        }
    }

    fn holds(&self, condition: &Expr, depth: usize) -> Option<bool> {
        const DEEPEST: usize = 32;
        if depth > DEEPEST {
            return None;
        }
        match &condition.kind {
            ExprKind::Not(inner) => self.holds(inner, depth + 1).map(|holds| !holds),
            ExprKind::And(list) => all(list.iter().map(|each| self.holds(each, depth + 1))),
            ExprKind::Or(list) => all(list.iter().map(|each| self.holds(each, depth + 1).map(|holds| !holds))).map(|none| !none),
            ExprKind::Exists { query, negated } => self.finds(query).map(|found| found != *negated),
            // `(SELECT EXISTS (…))`
            ExprKind::Subquery(query) => match query.select()?.items.as_slice() {
                [item] if query.select()?.from.is_empty() => self.holds(&item.expr, depth + 1),
                _ => None,
            },
            ExprKind::Binary { left, op, right, .. } => self.compares(left, op, right),
            ExprKind::Literal(Literal::Boolean(holds)) => Some(*holds),
            _ => None,
        }
    }

    /// `(SELECT count(*) FROM …) = 0`.
    fn compares(&self, left: &Expr, op: &str, right: &Expr) -> Option<bool> {
        let ExprKind::Subquery(query) = &left.uncast().kind else { return None };
        let [item] = query.select()?.items.as_slice() else { return None };
        let counts = matches!(&item.expr.kind, ExprKind::Call(call) if call.name.name == "count" && call.over.is_none());
        let ExprKind::Literal(Literal::Number(number)) = &right.kind else { return None };
        let found = self.finds(query).filter(|_| counts)?;
        match (op, number.as_str()) {
            (">" | "<>", "0") | (">=" | "=", "1") => Some(found),
            ("=" | "<=", "0") | ("<", "1") => Some(!found),
            _ => None,
        }
    }

    /// Whether a query of a system catalog finds a row.
    fn finds(&self, query: &Query) -> Option<bool> {
        let select = query.select()?;
        let [FromItem::Relation(relation)] = select.from.as_slice() else { return None };
        let from = relation.table().filter(|_| select.having.is_none() && select.group_by.is_empty())?;
        let wanted = Wanted::of(select.filter.as_ref())?;
        let of_standard = from.schema.as_ref().is_some_and(|schema| schema.value == "information_schema");
        if !of_standard && from.schema.as_ref().is_some_and(|schema| schema.value != "pg_catalog") {
            return None;
        }
        match (of_standard, from.name.value.as_str()) {
            (true, "columns") => self.has_column(&wanted),
            (true, "tables") => self.has_table(&wanted, "table_schema", "table_name"),
            (false, "pg_tables") => self.has_table(&wanted, "schemaname", "tablename"),
            (true, "table_constraints") => self.has_constraint(&wanted, "constraint_name", "table_name", "table_schema"),
            (false, "pg_constraint") => self.has_constraint(&wanted, "conname", "conrelid", "nspname"),
            (false, "pg_indexes") => self.has_index(&wanted),
            (false, "pg_type") => {
                let name = wanted.get("typname").filter(|_| wanted.only(&["typname"]))?;
                let is = |known: &Qualified| known.name == *name;
                (self.types.keys().any(is) || self.domains.keys().any(is)).then_some(true)
            }
            _ => None,
        }
    }

    fn wanted_table(&self, name: &str, schema: Option<&str>) -> Option<&Table> {
        let named = |text: &str| Name::new(text, Span::default());
        let name = ObjectName { schema: schema.map(named), name: named(name) };
        self.table(&name).map(|(_, table)| table)
    }

    fn has_column(&self, wanted: &Wanted) -> Option<bool> {
        let column = wanted.get("column_name")?;
        let table = self.wanted_table(wanted.get("table_name")?, wanted.get("table_schema"))?;
        let known = table.columns.iter().any(|known| known.name == *column);
        Self::known(known, table, wanted.only(&["column_name", "table_name", "table_schema"]))
    }

    /// What is listed is there, and what is not listed is not where all is known.
    fn known(listed: bool, table: &Table, nothing_more: bool) -> Option<bool> {
        match listed {
            true => nothing_more.then_some(true),
            false => (table.knowledge == Knowledge::Whole).then_some(false),
        }
    }

    fn has_table(&self, wanted: &Wanted, schema: &str, name: &str) -> Option<bool> {
        let found = self.wanted_table(wanted.get(name)?, wanted.get(schema));
        (found.is_some() && wanted.only(&[schema, name])).then_some(true)
    }

    fn has_constraint(&self, wanted: &Wanted, name: &str, of: &str, schema: &str) -> Option<bool> {
        let constraint = wanted.get(name)?;
        let nothing_more = wanted.only(&[name, of, schema, "constraint_schema", "constraint_type"]);
        let listed = |table: &Table| table.constraints.iter().any(|known| known.name == *constraint);
        match wanted.get(of) {
            Some(table) => {
                let (given, table) = table.split_once('.').map_or((wanted.get(schema), table), |(schema, table)| (Some(schema), table));
                let table = self.wanted_table(table.trim_matches('"'), given)?;
                Self::known(listed(table), table, nothing_more)
            }
            None => (nothing_more && self.tables.iter().any(|(_, table)| listed(table))).then_some(true),
        }
    }

    fn has_index(&self, wanted: &Wanted) -> Option<bool> {
        let index = wanted.get("indexname")?;
        let listed = self.indexes.keys().any(|known| known.name == *index);
        let nothing_more = wanted.only(&["indexname", "tablename", "schemaname"]);
        match wanted.get("tablename") {
            Some(table) => {
                let table = self.wanted_table(table, wanted.get("schemaname"))?;
                Self::known(listed, table, nothing_more)
            }
            None => (listed && nothing_more).then_some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::tests::replay;

    fn columns(sql: &str) -> (Knowledge, Vec<String>) {
        let catalog = replay(sql);
        let (_, table) = catalog.table(&ObjectName::bare(Name::new("t", Span::default()))).unwrap();
        (table.knowledge, table.columns.iter().map(|column| column.name.to_string()).collect())
    }

    #[test]
    fn what_the_system_catalogs_are_asked_is_answered_from_the_schema() {
        let guarded = |condition: &str, branches: &str| {
            columns(&format!(
                "CREATE TABLE t (id int CONSTRAINT t_key PRIMARY KEY, old text); DO $$ BEGIN IF {condition} THEN {branches} END IF; END $$;"
            ))
        };
        let column = |name: &str| {
            format!(
                "EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.table_name = 't' AND column_name = '{name}')"
            )
        };
        let whole = |names: &[&str]| (Knowledge::Whole, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let add = "ALTER TABLE t ADD COLUMN new int; ALTER TABLE t DROP COLUMN old;";
        assert_eq!(guarded(&column("old"), add), whole(&["id", "new"]));
        assert_eq!(guarded(&column("gone"), add), whole(&["id", "old"]));
        assert_eq!(guarded(&format!("NOT {} AND {}", column("gone"), column("id")), add), whole(&["id", "new"]));
        let both = format!("ALTER TABLE t DROP COLUMN id; ELSIF {} THEN {add} ELSE DROP TABLE t;", column("id"));
        assert_eq!(guarded(&column("gone"), &both), whole(&["id", "new"]));
        let count = "(SELECT count(*) FROM pg_constraint WHERE conname = 't_key' AND conrelid = 't'::regclass) = 0";
        assert_eq!(guarded(count, add), whole(&["id", "old"]));
        // what the schema does not say is not known
        assert_eq!(guarded("EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'app')", add).0, Knowledge::Partial);
        assert_eq!(guarded("enabled", add).0, Knowledge::Partial);
        let typed =
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'old' AND data_type = 'text')";
        assert_eq!(guarded(typed, add).0, Knowledge::Partial);
    }
}
