//! PostgreSQL keeps the first 63 bytes of a name.

use super::{Check, Context, Origin};
use crate::facts::{Action, Constraint, Name, TableChange, TypeChange};

pub(super) const CHECK: Check = Check::Migration(check);

/// `NAMEDATALEN` less its final zero byte.
const LONGEST: usize = 63;

fn check(ctx: &Context) {
    if ctx.origin == Origin::Down {
        return;
    }
    for name in ctx.actions().iter().flat_map(given).filter(|name| name.value.len() > LONGEST && !name.span.is_empty()) {
        let kept = &name.value[..crate::source::floor_boundary(&name.value, LONGEST)];
        let message = format!(
            "this name has {} bytes, and PostgreSQL keeps {}: two that begin alike become one, and whoever looks for the whole name in the system catalogs finds nothing",
            name.value.len(),
            kept.len()
        );
        ctx.add(ctx.report(name.span, message).help(format!("what PostgreSQL keeps:\n  {kept}")));
    }
}

/// The names that an action gives.
fn given(action: &Action) -> Vec<&Name> {
    match action {
        Action::CreateTable(create) => {
            let columns = create.columns.iter().map(|column| &column.name);
            std::iter::once(&create.name.name).chain(columns).chain(of_constraints(&create.constraints)).collect()
        }
        Action::CreateTableAs(create) => vec![&create.name.name],
        Action::AlterTable(alter) => match &alter.change {
            TableChange::AddColumn { column, constraints, .. } => std::iter::once(&column.name).chain(of_constraints(constraints)).collect(),
            TableChange::AddConstraint(constraint) => constraint.name.iter().collect(),
            TableChange::RenameColumn { to, .. } | TableChange::RenameConstraint { to, .. } => vec![to],
            TableChange::RenameTo { name } => vec![name],
            _ => vec![],
        },
        Action::CreateIndex(index) => index.name.iter().collect(),
        Action::CreateView(view) => std::iter::once(&view.name.name).chain(&view.columns).collect(),
        Action::CreateSequence(sequence) => vec![&sequence.name.name],
        Action::CreateType(ty) => vec![&ty.name.name],
        Action::AlterType(alter) => match &alter.change {
            TypeChange::RenameTo { name } | TypeChange::AddAttribute { name, .. } => vec![name],
            _ => vec![],
        },
        Action::CreateDomain(domain) => vec![&domain.name.name],
        Action::CreateFunction(function) => vec![&function.name.name],
        Action::CreateTrigger(trigger) => vec![&trigger.name],
        Action::CreateSchema { name, .. } | Action::CreateRule { name, .. } | Action::Policy { name, create: true, .. } => vec![name],
        _ => vec![],
    }
}

fn of_constraints(constraints: &[Constraint]) -> impl Iterator<Item = &Name> {
    constraints.iter().filter_map(|constraint| constraint.name.as_ref())
}
