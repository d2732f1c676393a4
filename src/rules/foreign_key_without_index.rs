//! A foreign key whose columns lead no index.

use super::{Check, Report};
use crate::advise::audit::{self, Unindexed};
use crate::catalog::{Catalog, Qualified, TableConstraint};
use crate::facts::ConstraintKind;
use crate::source::{Location, Span};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog, name: &Qualified) -> Vec<Report> {
    let Some(table) = catalog.tables.get(name) else { return vec![] };
    let found = audit::unindexed(catalog, name, table);
    found.iter().filter(|key| !says_who_wrote(catalog, key, &found)).map(|found| report(catalog, found)).collect()
}

/// In so many tables a column of the same name refers to the same table, where it is a habit of the schema.
const HABIT: usize = 4;

/// So many keys that refer to one table show what the habit is.
const ENOUGH: usize = 500;

/// Whether a key says who wrote a row (`created_by`, `updated_by`): another column of the table refers to the same table too, nothing is
/// to happen to the row when that one goes, and in every table that has such a column it stands outside the indexes. From
/// tables of people whom every row names nothing is deleted.
fn says_who_wrote(catalog: &Catalog, key: &Unindexed, beside: &[Unindexed]) -> bool {
    let [column] = &key.columns[..] else { return false };
    let acts = |c: &TableConstraint| {
        matches!(&c.constraint.kind, ConstraintKind::ForeignKey { on_delete: Some(action), .. } if action == "CASCADE" || action.starts_with("SET"))
    };
    let twin = |other: &&Unindexed| other.references == key.references && other.columns != key.columns && !acts(other.constraint);
    if acts(key.constraint) || !beside.iter().any(|other| twin(&other)) {
        return false;
    }
    let same = |c: &TableConstraint| matches!(&c.constraint.kind, ConstraintKind::ForeignKey { columns, .. } if matches!(&columns[..], [only] if only.value == *column));
    let mut habits = 0;
    for (table, constraint) in catalog.references_to(key.references).take(ENOUGH).filter(|(_, c)| same(c)) {
        let led = catalog.indexes_of(table).any(|(_, index)| index.keys.first().and_then(|key| key.expr.column()).is_some_and(|c| c.column.value == *column));
        if led || acts(constraint) {
            return false;
        }
        habits += 1;
    }
    habits >= HABIT
}

fn report(catalog: &Catalog, found: &Unindexed) -> Report {
    let name = found.table;
    let defined = found.constraint.defined_at;
    let own = found.constraint.constraint.span;
    let at = if own == Span::default() { defined } else { Location { file: defined.file, span: own } };
    let columns = found.columns.join(", ");
    let message = format!(
        "no index of {name} begins with {columns}: each DELETE from {}, or UPDATE of its key, reads all of {name} to find the rows that refer to it",
        found.references
    );
    let help = format!("build one:\n{};", audit::plain(&found.columns).text(name, catalog));
    Report::new(at, message).help(help)
}
