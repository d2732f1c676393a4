//! DROP TYPE of an enum: refused while a column has it, and breaks whoever still casts to it.

use super::support::enums::known_type;
use super::support::locks::runs_live;
use super::{Check, Context, Kind};
use crate::facts::{Action, Drop, ObjectName, TypeChange, TypeKind};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Action(&[Kind::Drop], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::Drop(drop) = action else { continue };
        for name in drop.names.iter().filter(|_| drop.kind == "TYPE") {
            let Some((_, known)) = known_type(ctx, name).filter(|(_, known)| matches!(known.kind, TypeKind::Enum(_))) else { continue };
            // a type that is exchanged for one of the same name leaves under the name that it got for that purpose
            if known.defined_at.file != ctx.statement.file && !was_renamed_here(ctx, name) || !columns_of(ctx, name).is_empty() {
                report(ctx, drop, name);
            }
        }
    }
}

fn was_renamed_here(ctx: &Context, name: &ObjectName) -> bool {
    ctx.preceding.iter().flat_map(|statement| &statement.actions).any(|action| match action {
        Action::AlterType(alter) => matches!(&alter.change, TypeChange::RenameTo { name: new } if *new == name.name),
        _ => false,
    })
}

/// The columns of that type that are left: `table.column`.
fn columns_of(ctx: &Context, name: &ObjectName) -> Vec<String> {
    let Some((of, _)) = known_type(ctx, name) else { return vec![] };
    let of_type = |ty: &crate::facts::TypeName| ty.name == of.name && ty.schema.as_ref().is_none_or(|schema| *schema == of.schema);
    let mut found = vec![];
    for (table, known) in ctx.catalog.tables.unordered() {
        let columns = known.columns.iter().filter(|column| column.ty.as_deref().is_some_and(of_type));
        found.extend(columns.map(|column| format!("{table}.{}", crate::facts::quote_identifier(&column.name))));
    }
    found.sort();
    found
}

fn report(ctx: &Context, drop: &Drop, name: &ObjectName) {
    let columns = columns_of(ctx, name);
    let list = columns.join(", ");
    let (message, severity) = match (columns.is_empty(), drop.cascade) {
        (true, _) => (format!("dropping enum {name} breaks every running process that still casts to it or sends it as a parameter"), None),
        (false, false) => (format!("enum {name} cannot be dropped: {list} has it, PostgreSQL refuses and the migration fails"), Some(Severity::Error)),
        (false, true) => (format!("dropping enum {name} with CASCADE drops {list}, with all that is in it"), Some(Severity::Error)),
    };
    let mut report = ctx.report(name.span(), message).help(match columns.is_empty() {
        true => "first deploy code that does not name it".to_owned(),
        false => "first give its columns another type, or drop them, each in a migration of its own".to_owned(),
    });
    if let Some(severity) = severity {
        report = report.severity(severity);
    }
    ctx.add(report);
}
