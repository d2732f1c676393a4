//! The schema of each migration set, for `pgsift schema`: as SQL, and as JSON with what is known, and how well.

use crate::catalog::{Catalog, Index, Knowledge, Qualified, Store, Table};
use crate::facts::TypeKind;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "Examples:
  pgsift schema > schema.sql                       loads into an empty database
  pgsift schema db/migrations --format json        described by schemas/schema.json";

/// One script; of several sets one after the other, each under a comment that names its folder.
pub(super) fn sql(catalogs: &[Catalog], sets: &[PathBuf]) -> String {
    let [catalog] = catalogs else {
        let script =
            |(catalog, set): (&Catalog, &PathBuf)| format!("-- The schema of the migrations in {}\n{}", folder(set), catalog.to_sql());
        return catalogs.iter().zip(sets).map(script).collect::<Vec<_>>().join("\n");
    };
    catalog.to_sql()
}

/// What somebody must know who asked for one schema and gets several.
pub(super) fn note(sets: &[PathBuf]) -> Option<String> {
    let folders: Vec<String> = sets.iter().map(|set| folder(set)).collect();
    (sets.len() > 1).then(|| {
        format!("{} sets of migrations, each with a schema of its own: {}; name one folder to print one", sets.len(), folders.join(", "))
    })
}

/// What the schema lacks, since it stands in files that are not SQL, or not there.
pub(super) fn lacks(left_out: &[(String, usize)]) -> Vec<String> {
    const DUMP: &str = "`pg_dump --schema-only --no-owner` of the database they made, kept in the repository and named as `schema` in pgsift.toml, says it";
    let unread = left_out.iter().filter(|(reason, _)| reason.ends_with("whose changes to the schema are not known"));
    let unread = unread.map(|(reason, files)| format!("{files} {reason}: {DUMP}"));
    let missing = left_out.iter().filter(|(reason, _)| reason.contains("\\i")).map(|(reason, files)| format!("{files} {reason}"));
    unread.chain(missing).collect()
}

/// The folder as people type it, on one line.
fn folder(set: &Path) -> String {
    let shown = set.to_string_lossy().replace('\\', "/").replace(char::is_control, "?");
    if shown.is_empty() { ".".to_owned() } else { shown }
}

/// One object; of several sets a list of such objects, each with its folder.
pub(super) fn json(catalogs: &[Catalog], sets: &[PathBuf]) -> Value {
    let [catalog] = catalogs else {
        let mut all: Vec<Value> = catalogs.iter().map(one).collect();
        for (value, set) in all.iter_mut().zip(sets) {
            value["folder"] = json!(folder(set));
        }
        return json!({"schema": 1, "sets": all});
    };
    one(catalog)
}

/// The whole schema of a set.
fn one(catalog: &Catalog) -> Value {
    json!({
        "schema": 1,
        "schemas": catalog.schemas,
        "extensions": catalog.extensions,
        "tables": named(&catalog.tables, |name, table| table_json(name, table, catalog)),
        "views": named(&catalog.views, |name, view| json!({
            "schema": name.schema,
            "name": name.name,
            "materialized": view.materialized,
            "sql": view.sql,
            "reads": view.reads.iter().map(Qualified::to_string).collect::<Vec<_>>(),
        })),
        "sequences": named(&catalog.sequences, |name, sequence| json!({
            "schema": name.schema,
            "name": name.name,
            "owned_by": sequence.owned_by.as_ref().map(|(table, column)| format!("{table}.{column}")),
        })),
        "types": named(&catalog.types, |name, ty| type_json(name, &ty.kind)),
        "domains": named(&catalog.domains, |name, domain| json!({
            "schema": name.schema,
            "name": name.name,
            "type": domain.ty.to_string(),
            "not_null": domain.not_null,
            "default": domain.default_sql,
        })),
        "functions": named(&catalog.functions, |name, overloads| json!({
            "schema": name.schema,
            "name": name.name,
            "arguments": overloads.iter()
                .map(|f| f.argument_types.iter().map(ToString::to_string).collect::<Vec<_>>())
                .collect::<Vec<_>>(),
        })),
    })
}

fn named<T>(all: &Store<T>, write: impl Fn(&Qualified, &T) -> Value) -> Vec<Value> {
    all.iter().map(|(name, item)| write(name, item)).collect()
}

fn table_json(name: &Qualified, table: &Table, catalog: &Catalog) -> Value {
    let columns = table.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.ty.as_ref().map(ToString::to_string),
            "not_null": column.not_null,
            "default": column.default_sql,
            "identity": column.identity.map(|always| if always { "always" } else { "by default" }),
            "generated": column.generated.as_deref().map(|(sql, _)| sql),
        })
    });
    let constraints = table.constraints.iter().map(|c| json!({"name": c.name, "sql": c.sql, "valid": c.valid}));
    let indexes = catalog.indexes_of(name);
    json!({
        "schema": name.schema,
        "name": name.name,
        "complete": table.knowledge == Knowledge::Whole,
        "partition_of": table.partition_of.as_deref().map(|(parent, _)| parent.to_string()),
        "partitioned_by": table.partition_by.as_ref().map(|by| by.strategy.as_str()),
        "columns": columns.collect::<Vec<_>>(),
        "constraints": constraints.collect::<Vec<_>>(),
        "indexes": indexes.map(|(name, index)| index_json(name, index)).collect::<Vec<_>>(),
    })
}

fn index_json(name: &Qualified, index: &Index) -> Value {
    json!({
        "name": name.name,
        "method": index.method,
        "keys": index.keys_sql,
        "include": index.include,
        "unique": index.unique,
        "primary": index.primary,
        "predicate": index.predicate_sql,
        "valid": index.valid,
    })
}

fn type_json(name: &Qualified, kind: &TypeKind) -> Value {
    let (what, labels) = match kind {
        TypeKind::Enum(labels) => ("enum", Some(labels)),
        TypeKind::Composite(_) => ("composite", None),
        TypeKind::Range(_) => ("range", None),
        TypeKind::Base => ("base", None),
    };
    json!({"schema": name.schema, "name": name.name, "kind": what, "labels": labels})
}
