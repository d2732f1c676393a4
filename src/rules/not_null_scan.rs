//! SET NOT NULL reads the whole table under ACCESS EXCLUSIVE unless a valid CHECK already proves it.
use super::support::locks::{live_alterations, made_up_name, named_effect};
use super::{Check, Context, Kind};
use crate::facts::{Action, AlterTable, ConstraintKind, Name, TableChange};
use crate::postgres::effect::Work;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        let Some(effect) = named_effect(ctx, action).filter(|effect| effect.work.contains(&Work::Scan)) else { continue };
        match &alter.change {
            TableChange::SetNotNull { column } if effect.unsure.is_some() && validated_before(ctx, alter, column) => {}
            TableChange::SetNotNull { column } => scanning(ctx, alter, column),
            TableChange::AddConstraint(constraint) if !constraint.not_valid => match &constraint.kind {
                ConstraintKind::NotNull(column) => scanning(ctx, alter, column),
                ConstraintKind::Key { primary: true, using_index: Some(index), .. } if effect.unsure.is_none() => {
                    nullable_key(ctx, alter, index);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Whether the file has validated a constraint that nobody saw being added, and whose name speaks of this column or of NULL: the
/// last step of the safe way, on a table from before these files.
fn validated_before(ctx: &Context, alter: &AlterTable, column: &Name) -> bool {
    let table = ctx.catalog.resolve(&alter.name);
    let known = ctx.table(&alter.name).map(|(_, t)| t.constraints.as_slice()).unwrap_or_default();
    ctx.preceding.iter().flat_map(|statement| &statement.actions).any(|action| match action {
        Action::AlterTable(earlier) if ctx.catalog.resolve(&earlier.name) == table => match &earlier.change {
            TableChange::ValidateConstraint { name } => {
                let speaks = name.value.contains(column.value.as_str()) || name.value.contains("null");
                speaks && !known.iter().any(|c| *name == *c.name.as_str())
            }
            _ => false,
        },
        _ => false,
    })
}

fn scanning(ctx: &Context, alter: &AlterTable, column: &Name) {
    let table = &alter.name;
    let message =
        format!("setting {column} NOT NULL holds ACCESS EXCLUSIVE on {table} while every row is checked: all reads and writes wait");
    ctx.add(ctx.report(alter.span, message).help(safe_way(ctx, alter, column)));
}

fn safe_way(ctx: &Context, alter: &AlterTable, column: &Name) -> String {
    let table = &alter.name;
    let name = made_up_name(table, std::slice::from_ref(column), "not_null");
    if ctx.version().at_least(18) {
        return format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} NOT NULL {column} NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        );
    }
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\n-- in a later transaction:\nALTER TABLE {table} VALIDATE CONSTRAINT {name};\n-- then, with nothing left to scan:\nALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\nALTER TABLE {table} DROP CONSTRAINT {name};"
    )
}

fn nullable_key(ctx: &Context, alter: &AlterTable, index: &Name) {
    let table = &alter.name;
    let known = ctx.catalog.index(&crate::facts::ObjectName { schema: table.schema.clone(), name: index.clone() });
    let nullable = known.and_then(|(_, index)| {
        let columns = index.keys.iter().filter_map(|key| key.expr.column().map(|c| &c.column));
        columns.into_iter().find(|c| ctx.column(table, &c.value).is_some_and(|column| !column.not_null))
    });
    let message = format!(
        "a primary key on index {index} sets its columns NOT NULL: ACCESS EXCLUSIVE on {table} while every row is checked, all reads and writes wait"
    );
    let report = ctx.report(alter.span, message);
    ctx.add(match nullable {
        Some(column) => report.help(format!("set {column} NOT NULL first:\n{}", safe_way(ctx, alter, column))),
        None => report.help("set the key's columns NOT NULL first, by way of a validated CHECK"),
    });
}
