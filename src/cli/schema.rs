//! The schema as JSON, for `pgsift schema --format json`: what is known, and how well.

use crate::catalog::{Catalog, Index, Knowledge, Qualified, Store, Table};
use crate::facts::TypeKind;
use serde_json::{Value, json};

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "Examples:
  pgsift schema > schema.sql                       loads into an empty database
  pgsift schema db/migrations --format json        described by schemas/schema.json";

/// The whole schema.
pub(super) fn json(catalog: &Catalog) -> Value {
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
            "generated": column.generated.as_ref().map(|(sql, _)| sql),
        })
    });
    let constraints = table.constraints.iter().map(|c| json!({"name": c.name, "sql": c.sql, "valid": c.valid}));
    let indexes = catalog.indexes_of(name);
    json!({
        "schema": name.schema,
        "name": name.name,
        "complete": table.knowledge == Knowledge::Whole,
        "partition_of": table.partition_of.as_ref().map(|(parent, _)| parent.to_string()),
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
