//! A table without a primary key: no row of it can be named.

use super::support::columns::{is_kept, makes_own, serial_base};
use super::{Check, Context, Kind, Origin};
use crate::catalog::{Catalog, Column, Qualified, Table};
use crate::facts::{Action, ColumnDef, Constraint, ConstraintKind, CreateTable, Expr, ExprKind, Name, ObjectName, PartitionBy, TableChange, quote_identifier};
use crate::source::Location;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable], check);

fn check(ctx: &Context) {
    // a document shows what it is about, and leaves the rest out
    if ctx.origin == Origin::Document {
        return;
    }
    for action in ctx.actions().iter().filter(|_| makes_own(ctx)) {
        let Action::CreateTable(create) = action else { continue };
        let can_have_one = create.partition_by.as_ref().is_none_or(|by| divides_by(by).is_some());
        let has_one = || has_key(create) || may_inherit_key(ctx, create) || comes_later(ctx, create) || comes_later_in_code(ctx, create);
        // what has no columns of its own is there for its type
        let has_columns = !create.columns.is_empty() || !has_bare_parentheses(ctx);
        if is_kept(create) && has_columns && !create.unlogged && can_have_one && !has_one() {
            report(ctx, create);
        }
    }
}

/// `CREATE TABLE nothing ()`.
fn has_bare_parentheses(ctx: &Context) -> bool {
    let text = ctx.source(ctx.statement.span).trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    text.strip_suffix(')').is_some_and(|rest| rest.trim_end().ends_with('('))
}

fn report(ctx: &Context, create: &CreateTable) {
    let by = create.partition_by.as_ref().and_then(divides_by).unwrap_or_default();
    let key = candidate(ctx, create).map(|key| key.into_iter().map(|name| name.to_string()).collect());
    let (message, help) = told(&create.name.to_string(), key, id_of(create), &by);
    let report = ctx.report(create.name.span(), message).help(help).while_so(ctx.statement.location(), create.name.to_string(), has_none).in_the_end(in_the_end);
    // the children of one parent are all made in one way
    ctx.add(if create.inherits.is_empty() { report } else { report.once_per_file() });
}

/// What is said of a table that has no primary key: `key` could be it, or `id` as it numbers its rows, or by its name; `by` are the columns that divide it.
fn told(table: &str, key: Option<Vec<String>>, id: Option<String>, by: &[String]) -> (String, String) {
    let blind = if key.is_some() { "" } else { ", and no statement can tell two equal rows apart" };
    let message = format!("{table} has no primary key: logical replication refuses UPDATE and DELETE on it{blind}");
    // a partitioned table's keys hold the columns that divide it
    let with = |mut key: Vec<String>| {
        key.extend(by.iter().filter(|column| !key.contains(column)).cloned().collect::<Vec<_>>());
        key.join(", ")
    };
    let help = match (key, id) {
        (Some(key), _) => format!("ALTER TABLE {table} ADD PRIMARY KEY ({});", with(key)),
        (None, Some(id)) => format!("if {id} names a row, as it says:\n  ALTER TABLE {table} ADD PRIMARY KEY ({});", with(vec![id.clone()])),
        (None, None) if !by.is_empty() => {
            format!("give it the columns that name a row, {} among them, as PostgreSQL wants of a partitioned table's keys", by.join(" and "))
        }
        (None, None) => "give it the columns that name a row, or, while it is new:\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".to_owned(),
    };
    (message, help)
}

/// The same of the table as all migrations leave it.
fn in_the_end(catalog: &Catalog, created_at: Location, written: &str) -> Option<(String, String)> {
    let (name, table) = made_by(catalog, created_at, written)?;
    let required = |column: &str| table.column(column).is_some_and(|column| column.not_null);
    let mut keys = catalog.keys_of(name).into_iter().filter(|key| !key.is_empty() && key.iter().all(|column| required(column)));
    let key = keys.next().map(|key| key.iter().map(|column| quote_identifier(column)).collect());
    let by = table.partition_by.as_ref().and_then(divides_by).unwrap_or_default();
    let numbers_itself = |column: &&Column| column.identity.is_some() || column.default.as_ref().is_some_and(|default| is_next(default));
    let named = table.columns.iter().find(numbers_itself).map(|column| quote_identifier(&column.name));
    let id = named.or_else(|| required("id").then(|| "id".to_owned()));
    // under the name that its statement gives it, if it still has that
    let (renamed, name) = (!written.ends_with(&quote_identifier(&name.name)), name.to_string());
    Some(told(if renamed { &name } else { written }, key, id, &by))
}

/// `nextval('orders_id_seq')`, which a serial column has.
fn is_next(default: &Expr) -> bool {
    matches!(&default.uncast().kind, ExprKind::Call(call) if call.name.name.value == "nextval")
}

/// The columns that a table is partitioned by; `None` where it is by an expression, and can have no primary key.
fn divides_by(by: &PartitionBy) -> Option<Vec<String>> {
    by.keys.iter().map(|key| Some(key.expr.column()?.column.to_string())).collect()
}

/// The column that numbers the rows by itself, or is called `id` and always there.
fn id_of(create: &CreateTable) -> Option<String> {
    let numbers_itself = |column: &&ColumnDef| column.identity.is_some() || column.ty.as_ref().is_some_and(|ty| serial_base(ty).is_some());
    let called = || create.columns.iter().find(|column| column.name == "id" && column.not_null.is_some());
    create.columns.iter().find(numbers_itself).or_else(called).map(|column| column.name.to_string())
}

/// Whether the table is still there without one.
fn has_none(catalog: &Catalog, created_at: Location, written: &str) -> bool {
    let none = |table: &Table| table.primary_key().is_empty() && table.partition_of.is_none();
    made_by(catalog, created_at, written).is_some_and(|(_, table)| none(table))
}

/// The table that a statement made under a name. A schema is created with several at once.
fn made_by<'c>(catalog: &'c Catalog, created_at: Location, written: &str) -> Option<(&'c Qualified, &'c Table)> {
    let made = catalog.tables.unordered().filter(|(_, table)| table.defined_at == created_at);
    made.min_by_key(|(name, _)| (!written.ends_with(&quote_identifier(&name.name)), *name))
}

fn is_primary(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Key { primary: true, .. })
}

fn has_key(create: &CreateTable) -> bool {
    create.constraints.iter().any(is_primary)
}

/// A partition has its parent's key, a copy by LIKE the key of what it copies, where indexes are included.
fn may_inherit_key(ctx: &Context, create: &CreateTable) -> bool {
    let copied = create.likes.iter().filter(|like| like.including.iter().any(|what| what == "indexes"));
    let has_key = |source| ctx.table(source).is_none_or(|(_, table)| !table.primary_key().is_empty());
    create.partition_of.is_some() || copied.into_iter().any(|like| has_key(&like.source)) || (create.if_not_exists && ctx.table(&create.name).is_some())
}

/// A key added, or the table gone again, later in the file.
fn comes_later(ctx: &Context, create: &CreateTable) -> bool {
    let table = ctx.catalog.creation_name(&create.name, false);
    let mut actions = ctx.following.iter().flat_map(|statement| &statement.actions);
    actions.any(|action| match action {
        Action::AlterTable(alter) if ctx.catalog.creation_name(&alter.name, false) == table => match &alter.change {
            TableChange::AddConstraint(constraint) => is_primary(constraint),
            TableChange::AddColumn { constraints, .. } => constraints.iter().any(is_primary),
            TableChange::RenameTo { .. } => true, // a swap: what follows has another name
            _ => false,
        },
        Action::AlterTable(alter) => {
            matches!(&alter.change, TableChange::AttachPartition { partition, .. } if ctx.catalog.creation_name(partition, false) == table)
        }
        Action::Drop(drop) => drop.kind == "TABLE" && drop.names.iter().any(|name| ctx.catalog.creation_name(name, false) == table),
        _ => false,
    })
}

/// A key that another string of the same program adds: each is sent by itself.
fn comes_later_in_code(ctx: &Context, create: &CreateTable) -> bool {
    if ctx.application.is_none() {
        return false;
    }
    let rest = ctx.code.get(ctx.statement.span.end as usize..).unwrap_or_default().to_ascii_lowercase();
    let table = create.name.name.value.to_ascii_lowercase();
    let names = |piece: &str| piece.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == table);
    rest.split([';', '\'', '`']).any(|piece| piece.contains("primary key") && piece.contains("alter table") && names(piece))
}

/// A unique key whose columns are all NOT NULL could be the primary one: of the table itself, or built later in the file.
fn candidate(ctx: &Context, create: &CreateTable) -> Option<Vec<Name>> {
    let required = |name: &Name| create.columns.iter().any(|column| column.name == *name && column.not_null.is_some());
    let fits = |columns: &[Name]| !columns.is_empty() && columns.iter().all(required);
    let of = |constraint: &Constraint| match &constraint.kind {
        ConstraintKind::Key { primary: false, columns, .. } if fits(columns) => Some(columns.clone()),
        _ => None,
    };
    let same = |name: &ObjectName| ctx.catalog.creation_name(name, false) == ctx.catalog.creation_name(&create.name, false);
    let later = || {
        ctx.following.iter().flat_map(|statement| &statement.actions).find_map(|action| match action {
            Action::AlterTable(alter) if same(&alter.name) => match &alter.change {
                TableChange::AddConstraint(constraint) => of(constraint),
                _ => None,
            },
            Action::CreateIndex(index) if index.unique && index.predicate.is_none() && same(&index.table) => {
                let columns: Option<Vec<Name>> = index.keys.iter().map(|key| Some(key.expr.column()?.column.clone())).collect();
                columns.filter(|columns| fits(columns))
            }
            _ => None,
        })
    };
    create.constraints.iter().find_map(of).or_else(later)
}
