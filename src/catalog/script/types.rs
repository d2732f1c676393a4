//! Types, domains and sequences.

use super::{Script, full, put, string};
use crate::catalog::apply::written_name;
use crate::catalog::text::names_word;
use crate::catalog::{Catalog, Domain, Qualified, Sequence, UserType};
use crate::facts::{ExprKind, TypeKind, TypeName, quote_identifier};
use crate::source::Location;
use std::collections::BTreeSet;
use std::fmt::Write;

enum Made<'c> {
    Type(&'c UserType),
    Domain(&'c Domain),
}

impl Catalog {
    /// Types and domains in the order in which they were made: each may use earlier ones. A composite whose field's type came
    /// later (ALTER TYPE) is rare enough to fail aloud.
    pub(super) fn write_types(&self, out: &mut Script) {
        let types = self.types.iter().map(|(name, ty)| (ty.defined_at, name, Made::Type(ty)));
        let domains = self.domains.iter().map(|(name, domain)| (domain.defined_at, name, Made::Domain(domain)));
        let mut all: Vec<(Location, &Qualified, Made)> = types.chain(domains).collect();
        all.sort_by_key(|(at, name, made)| {
            // enums need nothing and are needed by the rest
            let rest = !matches!(made, Made::Type(UserType { kind: TypeKind::Enum(_), .. }));
            (rest, *at, *name)
        });
        for (_, name, made) in all {
            match made {
                Made::Type(ty) => self.write_type(out, name, ty),
                Made::Domain(domain) => self.write_domain(out, name, domain),
            }
        }
    }

    fn write_type(&self, out: &mut Script, name: &Qualified, ty: &UserType) {
        let name = full(name);
        match &ty.kind {
            TypeKind::Enum(labels) => {
                let labels: Vec<String> = labels.iter().map(|label| string(label)).collect();
                put!(out, "CREATE TYPE {name} AS ENUM ({});", labels.join(", "));
            }
            TypeKind::Range(_) => put!(out, "CREATE TYPE {name} {};", ty.sql.trim_end_matches(';')),
            TypeKind::Composite(fields) => {
                let fields: Vec<String> = fields.iter().map(|(field, ty)| format!("{field} {}", self.type_sql(ty))).collect();
                put!(out, "CREATE TYPE {name} AS ({});", fields.join(", "));
            }
            // the functions of a base type speak of it, and it of them
            TypeKind::Base => put!(out, "CREATE TYPE {name};"),
        }
    }

    pub(super) fn write_base_types(&self, out: &mut Script) {
        for (name, ty) in self.types.iter().filter(|(_, ty)| matches!(ty.kind, TypeKind::Base) && !ty.sql.is_empty()) {
            put!(out, "CREATE TYPE {} {};", full(name), ty.sql.trim_end_matches(';'));
        }
    }

    fn write_domain(&self, out: &mut Script, name: &Qualified, domain: &Domain) {
        let mut sql = format!("CREATE DOMAIN {} AS {}", full(name), self.type_sql(&domain.ty));
        if let Some(collation) = &domain.collation {
            let _ = write!(sql, " COLLATE {collation}");
        }
        if let Some(default) = &domain.default_sql {
            let _ = write!(sql, " DEFAULT ({default})");
        }
        if domain.not_null {
            sql.push_str(" NOT NULL");
        }
        for (check, expr, _) in domain.checks.iter().filter(|(_, expr, valid)| *valid && !self.calls_own_function(expr)) {
            let _ = write!(sql, " CONSTRAINT {} CHECK ({expr})", quote_identifier(check));
        }
        put!(out, "{sql};");
    }

    /// Checks of domains that are not valid, or that call functions, which come after the types.
    pub(super) fn write_late_domain_checks(&self, out: &mut Script) {
        for (name, domain) in &self.domains {
            for (check, sql, valid) in domain.checks.iter().filter(|(_, expr, valid)| !valid || self.calls_own_function(expr)) {
                let not_valid = if *valid { "" } else { " NOT VALID" };
                put!(out, "ALTER DOMAIN {} ADD CONSTRAINT {} CHECK ({sql}){not_valid};", full(name), quote_identifier(check));
            }
        }
    }

    fn calls_own_function(&self, sql: &str) -> bool {
        self.functions.keys().any(|function| names_word(sql, &function.name))
    }

    /// A type; a user-defined one of another schema that was found by the search_path gets its schema.
    pub(super) fn type_sql(&self, ty: &TypeName) -> String {
        let known = |schema: &str| {
            let name = Qualified { schema: schema.to_owned(), name: ty.name.clone() };
            self.types.contains_key(&name) || self.domains.contains_key(&name)
        };
        if ty.schema.is_none() && !ty.name.is_empty() {
            let own = self.schemas.iter().map(String::as_str);
            if let Some(schema) = std::iter::once("public").chain(own).find(|schema| known(schema)) {
                return TypeName { schema: Some(schema.to_owned()), ..ty.clone() }.to_string();
            }
        }
        ty.to_string()
    }

    fn is_identity(&self, sequence: &Sequence) -> bool {
        sequence
            .owned_by
            .as_ref()
            .is_some_and(|(table, column)| self.tables.get(table).and_then(|t| t.column(column)).is_some_and(|c| c.identity.is_some()))
    }

    fn own_sequences(&self) -> impl Iterator<Item = (&Qualified, &Sequence)> {
        self.sequences.iter().filter(|(name, sequence)| {
            let owner_shown = sequence.owned_by.as_ref().is_none_or(|(table, _)| self.shown(table));
            name.schema != "pg_temp" && owner_shown && !self.is_identity(sequence)
        })
    }

    pub(super) fn write_sequences(&self, out: &mut Script) {
        for (name, sequence) in self.own_sequences() {
            let ty = sequence.ty.as_ref().map(|ty| format!(" AS {ty}")).unwrap_or_default();
            let options: String = sequence.options.iter().map(|option| format!(" {option}")).collect();
            put!(out, "CREATE SEQUENCE {}{ty}{options};", full(name));
        }
        for name in self.sequences_heard_of() {
            put!(out, "CREATE SEQUENCE {};", full(&name));
        }
    }

    /// The sequences that defaults count with and nothing is seen to make: there they are all the same.
    fn sequences_heard_of(&self) -> BTreeSet<Qualified> {
        let mut found = BTreeSet::new();
        let shown = self.tables.iter().filter(|(name, _)| self.shown(name));
        for default in shown.flat_map(|(_, table)| &table.columns).filter_map(|column| column.default.as_ref()) {
            default.walk(&mut |expr| {
                if let ExprKind::Call(call) = &expr.kind
                    && call.name.name == "nextval"
                    && let Some(written) = call.args.first().and_then(|argument| argument.string())
                {
                    let name = self.resolve(&written_name(written));
                    if !self.has_relation(&name) {
                        found.insert(name);
                    }
                }
            });
        }
        found
    }

    pub(super) fn write_ownership(&self, out: &mut Script) {
        for (name, sequence) in self.own_sequences() {
            if let Some((table, column)) = &sequence.owned_by
                && self.tables.get(table).is_some_and(|t| t.column(column).is_some_and(|c| c.ty.is_some()))
            {
                put!(out, "ALTER SEQUENCE {} OWNED BY {}.{};", full(name), full(table), quote_identifier(column));
            }
        }
    }
}
