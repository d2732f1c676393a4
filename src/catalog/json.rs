//! The schema as JSON, for tools.

use super::{Catalog, Qualified, Table};
use crate::facts::TypeKind;
use serde_json::{Value, json};

impl Catalog {
    /// The whole schema, schema version 1.
    pub fn to_json(&self) -> Value {
        let tables: Vec<Value> = self.tables.iter().map(|(name, table)| self.table_json(name, table)).collect();
        json!({
            "schema": 1,
            "tables": tables,
            "views": self.views.iter().map(|(name, view)| json!({
                "schema": name.schema, "name": name.name, "materialized": view.materialized, "definition": view.sql,
                "reads": view.reads.iter().map(Qualified::to_string).collect::<Vec<_>>(),
                "indexes": self.indexes_json(name),
            })).collect::<Vec<_>>(),
            "enums": self.types.iter().filter_map(|(name, ty)| match &ty.kind {
                TypeKind::Enum(values) => Some(json!({ "schema": name.schema, "name": name.name, "values": values })),
                _ => None,
            }).collect::<Vec<_>>(),
            "domains": self.domains.iter().map(|(name, domain)| json!({
                "schema": name.schema, "name": name.name, "type": domain.ty.to_string(), "nullable": !domain.not_null,
                "default": domain.default_sql,
                "checks": domain.checks.iter().map(|(name, sql, valid)| json!({ "name": name, "definition": sql, "valid": valid })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "sequences": self.sequences.iter().map(|(name, sequence)| json!({
                "schema": name.schema, "name": name.name, "type": sequence.ty.as_ref().map(ToString::to_string),
                "owned_by": sequence.owned_by.as_ref().map(|(table, column)| format!("{table}.{}", crate::facts::quote_identifier(column))),
                "implicit": sequence.implicit,
            })).collect::<Vec<_>>(),
            "functions": self.functions.iter().flat_map(|(name, overloads)| overloads.iter().map(move |function| json!({
                "schema": name.schema, "name": name.name,
                "arguments": function.argument_types.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "volatility": format!("{:?}", function.volatility).to_lowercase(),
                "procedure": function.procedure,
            }))).collect::<Vec<_>>(),
        })
    }

    fn table_json(&self, name: &Qualified, table: &Table) -> Value {
        json!({
            "schema": name.schema,
            "name": name.name,
            "complete": table.knowledge == super::Knowledge::Whole,
            "temporary": table.temporary,
            "unlogged": table.unlogged,
            "foreign": table.foreign,
            "columns": table.columns.iter().map(|column| json!({
                "name": column.name,
                "type": column.ty.as_ref().map(ToString::to_string),
                "nullable": !column.not_null,
                "default": column.default_sql,
                "identity": column.identity.map(|always| if always { "always" } else { "by default" }),
                "generated": column.generated.as_deref().map(|(sql, stored)| json!({ "expression": sql, "stored": stored })),
            })).collect::<Vec<_>>(),
            "constraints": table.constraints.iter().map(|constraint| json!({
                "name": constraint.name,
                "type": constraint.kind_name(),
                "definition": constraint.sql,
                "valid": constraint.valid,
                "references": constraint.references.as_deref().map(Qualified::to_string),
            })).collect::<Vec<_>>(),
            "indexes": self.indexes_json(name),
            "partition_by": table.partition_by_sql,
            "partition_of": table.partition_of.as_deref().map(|(parent, _)| parent.to_string()),
            "bound": table.bound_sql,
            "inherits": table.inherits.iter().map(Qualified::to_string).collect::<Vec<_>>(),
        })
    }

    fn indexes_json(&self, table: &Qualified) -> Vec<Value> {
        let one = |(name, index): (&Qualified, &super::Index)| {
            json!({
                "name": name.name,
                "method": index.method,
                "unique": index.unique,
                "primary": index.primary,
                "keys": index.keys_sql,
                "include": index.include,
                "predicate": index.predicate_sql,
                "valid": index.valid,
            })
        };
        self.indexes_of(table).map(one).collect()
    }
}

impl super::TableConstraint {
    /// What kind of constraint it is, as the outputs spell it.
    pub fn kind_name(&self) -> &'static str {
        use crate::facts::ConstraintKind::*;
        match &self.constraint.kind {
            Check(_) => "check",
            NotNull(_) => "not null",
            Key { primary: true, .. } => "primary key",
            Key { .. } => "unique",
            ForeignKey { .. } => "foreign key",
            Exclude { .. } => "exclude",
        }
    }
}
