//! A key of a partitioned table that leaves out a partition column.

use super::{Check, Context, Kind};
use crate::facts::{Action, Constraint, ConstraintKind, CreateTable, Expr, Identifier, IndexKey, ObjectName, PartitionBy, TableChange};
use crate::finding::Severity;
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateTable, Kind::AlterTable, Kind::CreateIndex], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        match action {
            Action::CreateTable(table) => check_table(ctx, table),
            Action::AlterTable(alter) => {
                let Some(by) = ctx.table(&alter.name).and_then(|(_, t)| t.partition_by.as_ref()) else { continue };
                match &alter.change {
                    TableChange::AddConstraint(constraint) => check_constraint(ctx, by, &alter.name.to_string(), constraint),
                    TableChange::AddColumn { constraints, .. } => {
                        constraints.iter().for_each(|c| check_constraint(ctx, by, &alter.name.to_string(), c));
                    }
                    _ => {}
                }
            }
            Action::CreateIndex(index) if index.unique => {
                let Some(by) = ctx.table(&index.table).and_then(|(_, t)| t.partition_by.as_ref()) else { continue };
                let columns: Vec<&str> = index.keys.iter().filter_map(|key| Some(key.expr.column()?.column.value.as_str())).collect();
                judge(ctx, by, &index.table.to_string(), "UNIQUE", &columns, index.keys_span);
            }
            _ => {}
        }
    }
}

fn check_table(ctx: &Context, table: &CreateTable) {
    let Some(by) = &table.partition_by else { return };
    let name = table.name.to_string();
    table.constraints.iter().for_each(|constraint| check_constraint(ctx, by, &name, constraint));
    // a name that the body puts together says nothing of the table's keys
    let named = |like: &&crate::facts::LikeClause| !like.source.name.value.contains('%');
    for like in table.likes.iter().filter(named).filter(|like| like.including.iter().any(|what| what == "indexes")) {
        let Some((source, _)) = ctx.table(&like.source) else {
            warn_of_unknown_key(ctx, by, &like.source, like.span);
            continue;
        };
        for key in ctx.catalog.keys_of(source) {
            let columns: Vec<&str> = key.iter().map(Identifier::as_str).collect();
            if judge(ctx, by, &name, &format!("the key ({}) copied from {}", key.join(", "), like.source), &columns, like.span) {
                break;
            }
        }
    }
}

/// A table that no file creates has a primary key all the same, and few hold the column that a copy is partitioned by.
fn warn_of_unknown_key(ctx: &Context, by: &PartitionBy, source: &ObjectName, span: Span) {
    let columns: Vec<String> = by.keys.iter().filter_map(|key| Some(key.expr.column()?.column.to_string())).collect();
    let Some(last) = columns.last().filter(|_| columns.len() == by.keys.len()) else { return };
    let verb = if columns.len() == 1 { "is" } else { "are" };
    let all = columns.join(", ");
    let message = format!("this copies the keys of {source}, which are not known here: PostgreSQL refuses it unless {all} {verb} part of each");
    let help = format!("copy without them, then add a key with {last}: LIKE {source} INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (id, {all})");
    ctx.add(ctx.report(span, message).help(help).severity(Severity::Warning));
}

fn check_constraint(ctx: &Context, by: &PartitionBy, table: &str, constraint: &Constraint) {
    if let ConstraintKind::Key { primary, columns, using_index: None, .. } = &constraint.kind {
        let columns: Vec<&str> = columns.iter().map(|c| c.value.as_str()).collect();
        judge(ctx, by, table, if *primary { "PRIMARY KEY" } else { "UNIQUE" }, &columns, constraint.span);
    }
}

/// States the finding where a partition column is missing; says whether it did.
fn judge(ctx: &Context, by: &PartitionBy, table: &str, what: &str, columns: &[&str], span: Span) -> bool {
    let expression = |key: &IndexKey| key.expr.column().is_none();
    let is_missing = |expr: &Expr| expr.column().is_some_and(|c| !columns.contains(&c.column.value.as_str()));
    let report = if by.keys.iter().any(expression) {
        let message = format!("{what} on {table} is refused: its partition key is an expression, and a unique constraint cannot hold one");
        ctx.report(span, message).help("partition by a plain column, or put the key on each partition by itself")
    } else {
        let missing: Vec<&str> = by.keys.iter().filter(|k| is_missing(&k.expr)).filter_map(|k| Some(k.expr.column()?.column.value.as_str())).collect();
        if missing.is_empty() {
            return false;
        }
        let message = format!(
            "{what} on {table} is refused: unique constraint on partitioned table must include all partitioning columns, and {} is missing",
            missing.join(", ")
        );
        let all: Vec<String> = columns.iter().chain(&missing).map(|c| crate::facts::quote_identifier(c)).collect();
        let kind = if what == "PRIMARY KEY" { "PRIMARY KEY" } else { "UNIQUE" };
        ctx.report(span, message).help(format!("include it: {kind} ({}); each value is then unique within a partition, not across them", all.join(", ")))
    };
    ctx.add(report);
    true
}
