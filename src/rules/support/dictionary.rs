//! Tables that hold a short list of things, whose keys never run out. Not a rule.

use crate::advise::audit::keeps_books;
use crate::catalog::Table;
use crate::facts::{ColumnDef, ConstraintKind, CreateTable, Name};
use crate::rules::support::columns::single_key;

/// What such lists are called, in the singular.
const LISTS: &[&str] = &[
    "type",
    "kind",
    "status",
    "state",
    "category",
    "role",
    "permission",
    "country",
    "language",
    "currency",
    "locale",
    "unit",
    "color",
    "colour",
    "priority",
    "genre",
    "gender",
    "format",
    "region",
    "province",
    "timezone",
    "setting",
    "config",
    "configuration",
    "option",
    "enum",
    "level",
    "severity",
    "migration",
    "plan",
    "tier",
    "license",
    "platform",
    "continent",
    "dictionary",
    "lookup",
    // `app_schema`, `schema_version`: which migrations ran
    "schema",
];

/// What the only text of such a list is called.
const NAMES: &[&str] = &["name", "label", "code", "slug", "title", "type", "kind", "key", "iso", "abbreviation", "value"];

/// A table with more columns than this is more than a list.
const MANY: usize = 6;

/// So many columns beside its key may stand in a list that is known by its shape.
const FEW: usize = 3;

/// Whether a new table is a list of things that somebody thinks of, one at a time: by its name, or as a key with the unique name of
/// each thing and little else.
pub(in crate::rules) fn is_dictionary(create: &CreateTable) -> bool {
    // a table that refers to others grows as they do
    let refers = create.constraints.iter().any(|c| matches!(c.kind, ConstraintKind::ForeignKey { .. }));
    let last = last_word(&create.name.name.value);
    let columns = create.columns.iter().filter(|column| !keeps_books(&column.name.value)).count();
    !refers && (is_called_one(&create.name.name.value, columns) || names_things(create, &singular(&last)))
}

/// Whether a table with so many columns is called as such lists are: `order_status`, `categories`.
pub(in crate::rules) fn is_called_one(table: &str, columns: usize) -> bool {
    let last = last_word(table);
    let versions = table.to_ascii_lowercase().starts_with("schema_");
    let kinds = ["type", "types", "status", "category", "categories"].iter().any(|end| last.ends_with(end));
    columns <= MANY && (versions || kinds || LISTS.contains(&last.as_str()) || LISTS.contains(&singular(&last).as_str()))
}

/// The same of a table of the schema.
pub(in crate::rules) fn is_one(name: &str, table: &Table) -> bool {
    is_called_one(name, table.columns.iter().filter(|column| !keeps_books(&column.name)).count())
}

fn last_word(table: &str) -> String {
    table.rsplit('_').next().unwrap_or(table).to_ascii_lowercase()
}

fn names_things(create: &CreateTable, thing: &str) -> bool {
    let Some(key) = single_key(create) else { return false };
    let others: Vec<&ColumnDef> = create.columns.iter().filter(|column| column.name != *key).collect();
    let named = |column: &ColumnDef| {
        let name = column.name.value.as_str();
        NAMES.contains(&name) || name == thing || name.ends_with("_name") || name.ends_with("_code")
    };
    let plain = |column: &&ColumnDef| {
        column.ty.as_ref().is_some_and(|ty| ["text", "varchar", "bpchar", "citext", "bool", "int4", "int2"].iter().any(|name| ty.is(name)))
    };
    others.len() <= FEW && others.iter().all(plain) && others.iter().any(|column| named(column) && is_unique(create, &column.name))
}

fn is_unique(create: &CreateTable, column: &Name) -> bool {
    create.constraints.iter().any(
        |constraint| matches!(&constraint.kind, ConstraintKind::Key { columns, .. } if matches!(&columns[..], [only] if only == column)),
    )
}

/// A rough singular: `categories`, `statuses`, `types`.
fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = word.strip_suffix("uses").map(|stem| format!("{stem}us"));
    stem.unwrap_or_else(|| word.strip_suffix('s').filter(|stem| !stem.ends_with('s') && !stem.ends_with("tu")).unwrap_or(word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn a_rough_singular() {
        for (word, one) in
            [("categories", "category"), ("statuses", "status"), ("status", "status"), ("types", "type"), ("access", "access")]
        {
            assert_eq!(singular(word), one);
        }
    }
}
