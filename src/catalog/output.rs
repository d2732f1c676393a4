//! What columns a query gives: names always or not at all, types where they are obvious.

use super::naming::figure_name;
use super::{Catalog, Qualified};
use crate::facts::{
    Expr, ExprKind, FromItem, Literal, ObjectName, Query, QueryBody, Relation, RelationSource, Select, TypeName, quote_identifier,
};
use crate::source::Span;

/// Columns with their types.
pub(crate) type Columns = Vec<(String, Option<TypeName>)>;

/// Subqueries and views are followed this deep.
const DEEPEST: usize = 12;

/// What a query sees: WITH entries by name; and what its stars stand for, as SQL.
#[derive(Default)]
struct Ctes<'q> {
    named: Vec<(&'q str, Option<Columns>)>,
    stars: Vec<(Span, String)>,
}

/// A relation in scope: what it is called, and its columns where known.
type Scope<'q> = Vec<(Option<&'q str>, Option<Columns>)>;

impl Catalog {
    /// The columns that a query gives; `None` where a `*` hides some.
    pub(crate) fn output_columns(&self, query: &Query) -> Option<Columns> {
        self.query_columns(query, &mut Ctes::default(), 0)
    }

    /// What each `*` of a query stands for, where it is known: a view keeps that when a column is added later.
    pub(super) fn stars(&self, query: &Query) -> Vec<(Span, String)> {
        let mut seen = Ctes::default();
        self.query_columns(query, &mut seen, 0);
        seen.stars.sort_by_key(|(span, _)| span.start);
        seen.stars
    }

    fn query_columns<'q>(&self, query: &'q Query, ctes: &mut Ctes<'q>, depth: usize) -> Option<Columns> {
        if depth > DEEPEST {
            return None;
        }
        let outer = ctes.named.len();
        for cte in &query.ctes {
            let mut columns = self.query_columns(&cte.query, ctes, depth + 1);
            rename(&mut columns, cte.columns.iter().map(|c| c.value.as_str()));
            ctes.named.push((&cte.name.value, columns));
        }
        let columns = match &query.body {
            QueryBody::Select(select) => self.select_columns(select, ctes, depth),
            QueryBody::SetOperation { left, right, .. } => {
                let columns = self.query_columns(left, ctes, depth + 1);
                self.query_columns(right, ctes, depth + 1);
                columns
            }
            QueryBody::Values(rows) => rows
                .first()
                .map(|row| row.iter().enumerate().map(|(i, value)| (format!("column{}", i + 1), self.type_of(value, &vec![]))).collect()),
            _ => None,
        };
        ctes.named.truncate(outer);
        columns
    }

    fn select_columns<'q>(&self, select: &'q Select, ctes: &mut Ctes<'q>, depth: usize) -> Option<Columns> {
        let mut scope: Scope<'q> = vec![];
        for relation in select.from.iter().flat_map(FromItem::relations) {
            let mut columns = match &relation.source {
                RelationSource::Table(name) => self.relation_columns(name, ctes, depth),
                RelationSource::Subquery(query) => self.query_columns(query, ctes, depth + 1),
                RelationSource::Function(_) => defined(relation),
                _ => None,
            };
            rename(&mut columns, relation.columns.iter().map(|c| c.value.as_str()));
            scope.push((relation.binding().map(|name| name.value.as_str()), columns));
        }
        let joined_by_name = select
            .joins()
            .iter()
            .any(|join| matches!(join.condition, crate::facts::JoinCondition::Using(_) | crate::facts::JoinCondition::Natural));
        let mut found: Columns = vec![];
        for item in &select.items {
            match &item.expr.kind {
                ExprKind::Wildcard(None) if joined_by_name => return None,
                ExprKind::Wildcard(None) => {
                    let listed: Option<Vec<String>> = scope.iter().map(listed).collect();
                    ctes.stars.extend(listed.map(|all| (item.expr.span, all.join(", "))));
                    for (_, columns) in &scope {
                        found.extend(columns.clone()?);
                    }
                }
                ExprKind::Wildcard(Some(of)) => {
                    let relation = scope.iter().find(|(name, _)| *name == Some(of.name.value.as_str()))?;
                    ctes.stars.extend(listed(relation).map(|columns| (item.expr.span, columns)));
                    found.extend(relation.1.clone()?);
                }
                _ => {
                    let name = item.alias.as_ref().map(|a| a.value.as_str()).or_else(|| figure_name(&item.expr));
                    found.push((name.unwrap_or("?column?").to_owned(), self.type_of(&item.expr, &scope)));
                }
            }
        }
        Some(found)
    }

    fn relation_columns<'q>(&self, name: &'q ObjectName, ctes: &Ctes<'q>, depth: usize) -> Option<Columns> {
        if name.schema.is_none()
            && let Some((_, columns)) = ctes.named.iter().rev().find(|(cte, _)| name.name == *cte)
        {
            return columns.clone();
        }
        let resolved: Qualified = self.resolve(name);
        if let Some(table) = self.tables.get(&resolved) {
            let whole = table.knowledge == super::Knowledge::Whole;
            return whole.then(|| table.columns.iter().map(|c| (c.name.to_string(), c.ty.as_deref().cloned())).collect());
        }
        let view = self.views.get(&resolved)?;
        let mut columns = self.query_columns(view.query.as_ref()?, &mut Ctes::default(), depth + 1);
        rename(&mut columns, view.columns.iter().map(|c| c.value.as_str()));
        columns
    }

    fn type_of(&self, expr: &Expr, scope: &Scope) -> Option<TypeName> {
        let named = |name| Some(TypeName::named(name));
        match &expr.kind {
            ExprKind::Cast { ty, .. } => Some(TypeName::clone(ty)),
            ExprKind::Column(column) => {
                let mut relations =
                    scope.iter().filter(|(name, _)| column.relation.as_ref().is_none_or(|r| *name == Some(r.value.as_str())));
                relations.find_map(|(_, columns)| columns.as_ref()?.iter().find(|(name, _)| column.column == *name.as_str())?.1.clone())
            }
            ExprKind::Literal(Literal::Boolean(_)) | ExprKind::Exists { .. } | ExprKind::IsNull { .. } => named("bool"),
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::Like { .. } | ExprKind::InList { .. } => named("bool"),
            ExprKind::Literal(Literal::String(_)) => named("text"),
            ExprKind::Literal(Literal::Number(digits)) => {
                if digits.parse::<i32>().is_ok() {
                    named("int4")
                } else if digits.parse::<i64>().is_ok() {
                    named("int8")
                } else {
                    named("numeric")
                }
            }
            ExprKind::Binary { op, .. } if matches!(op.as_str(), "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=") => named("bool"),
            ExprKind::IsTruth { .. } | ExprKind::IsDistinct { .. } | ExprKind::Between { .. } | ExprKind::InSubquery { .. } => {
                named("bool")
            }
            ExprKind::Case { branches, otherwise, .. } => {
                let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                results.into_iter().find_map(|result| self.type_of(result, scope))
            }
            ExprKind::Collate { expr, .. } => self.type_of(expr, scope),
            ExprKind::Call(call) => match call.name.name.value.as_str() {
                "count" | "row_number" | "rank" | "dense_rank" | "nextval" => named("int8"),
                "now" | "current_timestamp" | "clock_timestamp" => named("timestamptz"),
                "current_date" => named("date"),
                "lower" | "upper" | "concat" | "btrim" | "md5" => named("text"),
                "gen_random_uuid" | "uuid_generate_v4" => named("uuid"),
                "min" | "max" | "coalesce" => call.args.first().and_then(|arg| self.type_of(arg, scope)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The columns that a column definition list gives a function (`AS t(id int, name text)`).
fn defined(relation: &Relation) -> Option<Columns> {
    let names = relation.columns.iter().map(|name| name.value.to_string());
    (!relation.types.is_empty()).then(|| names.zip(relation.types.iter().cloned().map(Some)).collect())
}

/// A relation's columns as SQL.
fn listed((name, columns): &(Option<&str>, Option<Columns>)) -> Option<String> {
    let (name, columns) = (quote_identifier((*name)?), columns.as_ref().filter(|columns| !columns.is_empty())?);
    Some(columns.iter().map(|(column, _)| format!("{name}.{}", quote_identifier(column))).collect::<Vec<_>>().join(", "))
}

fn rename<'n>(columns: &mut Option<Columns>, names: impl Iterator<Item = &'n str>) {
    if let Some(columns) = columns {
        for (column, name) in columns.iter_mut().zip(names) {
            column.0 = name.to_owned();
        }
    }
}
