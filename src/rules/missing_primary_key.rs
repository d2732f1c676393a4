//! A table without a primary key: no row of it can be named.

use super::support::columns::{is_kept, makes_own};
use super::support::locks::columns;
use super::{Check, Context, Kind, Origin};
use crate::catalog::{Catalog, Table};
use crate::facts::{Action, Constraint, ConstraintKind, CreateTable, Name, ObjectName, TableChange};
use crate::source::Location;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable], check);

fn check(ctx: &Context) {
    // a document shows what it is about, and leaves the rest out
    if ctx.origin == Origin::Document {
        return;
    }
    for action in ctx.actions().iter().filter(|_| makes_own(ctx)) {
        let Action::CreateTable(create) = action else { continue };
        if is_kept(create) && !create.unlogged && !has_key(create) && !may_inherit_key(ctx, create) && !comes_later(ctx, create) {
            report(ctx, create);
        }
    }
}

fn report(ctx: &Context, create: &CreateTable) {
    let table = &create.name;
    let key = candidate(ctx, create);
    let blind = if key.is_some() { "" } else { ", and no statement can tell two equal rows apart" };
    let message = format!("{table} has no primary key: logical replication refuses UPDATE and DELETE on it{blind}");
    let help = match key {
        Some(key) => format!("ALTER TABLE {table} ADD PRIMARY KEY ({});", columns(&key)),
        None if has_id(create) => format!("if id names a row, as it says:\n  ALTER TABLE {table} ADD PRIMARY KEY (id);"),
        None => "give it the columns that name a row, or, while it is new:\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".to_owned(),
    };
    let report = ctx.report(table.span(), message).help(help).while_so(ctx.statement.location(), "", has_none);
    // the children of one parent are all made in one way
    ctx.add(if create.inherits.is_empty() { report } else { report.once_per_file() });
}

/// Whether a column is called `id`, and always there.
fn has_id(create: &CreateTable) -> bool {
    create.columns.iter().any(|column| column.name == "id" && column.not_null.is_some())
}

/// Whether the table is still there without one.
fn has_none(catalog: &Catalog, created_at: Location, _: &str) -> bool {
    let none = |table: &Table| table.primary_key().is_empty() && table.partition_of.is_none();
    catalog.tables.unordered().any(|(_, table)| table.defined_at == created_at && none(table))
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
