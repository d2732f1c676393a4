//! Views and functions, which may need each other.

use super::{Script, full, put};
use crate::catalog::text::names;
use crate::catalog::{Catalog, Function, Qualified, View};
use crate::facts::quote_identifier;
use std::collections::BTreeSet;

impl Catalog {
    /// Functions that need no table: before the tables, since checks, defaults and indexes may call them.
    pub(super) fn write_functions(&self, out: &mut Script, late: bool) {
        let mut all: Vec<(&Qualified, &Function)> =
            self.functions.iter().flat_map(|(name, all)| all.iter().map(move |f| (name, f))).collect();
        all.sort_by_key(|(name, function)| (function.first_at, *name));
        for (name, function) in all {
            if self.needs_relation(function) == late {
                write_function(out, name, function);
            }
        }
    }

    /// Whether a table or view must be there before it: its header names one as a type, or its body is read at once.
    fn needs_relation(&self, function: &Function) -> bool {
        let is_relation = |ty: &crate::facts::TypeName| {
            let path = function.search_path.iter().map(String::as_str).chain(["public"]);
            let schemas: Vec<&str> = ty.schema.as_deref().map_or_else(|| path.collect(), |schema| vec![schema]);
            ty.name.ends_with("%type")
                || schemas.iter().any(|schema| {
                    let name = Qualified { schema: (*schema).into(), name: ty.name.as_str().into() };
                    self.tables.contains_key(&name) || self.views.contains_key(&name)
                })
        };
        function.needs_relations || function.header_types.iter().any(is_relation)
    }

    /// Views and the functions that wait for tables, in the order in which they were made, those that are read before those
    /// that read them.
    pub(super) fn write_views_and_functions(&self, out: &mut Script) {
        let mut seen = BTreeSet::new();
        let late: Vec<(&Qualified, &Function)> = self
            .functions
            .iter()
            .flat_map(|(name, all)| all.iter().map(move |f| (name, f)))
            .filter(|(_, f)| self.needs_relation(f))
            .collect();
        let mut steps: Vec<(crate::source::Location, &Qualified, Option<&Function>)> =
            late.iter().map(|(name, function)| (function.first_at, *name, Some(*function))).collect();
        steps.extend(self.views.iter().map(|(name, view)| (view.defined_at, name, None)));
        steps.sort_by_key(|(at, name, _)| (*at, *name));
        for (_, name, function) in steps {
            match function {
                Some(function) => {
                    for ty in &function.header_types {
                        let relation =
                            Qualified { schema: ty.schema.clone().unwrap_or_else(|| "public".into()), name: ty.name.as_str().into() };
                        self.write_view_by_name(out, &relation, &mut seen);
                    }
                    write_function(out, name, function);
                }
                None => self.write_view(out, name, &mut seen, 0),
            }
        }
    }

    fn write_view_by_name<'c>(&'c self, out: &mut Script, name: &Qualified, seen: &mut BTreeSet<&'c Qualified>) {
        if let Some((name, _)) = self.views.get_key_value(name) {
            self.write_view(out, name, seen, 0);
        }
    }

    fn write_view<'c>(&'c self, out: &mut Script, name: &'c Qualified, seen: &mut BTreeSet<&'c Qualified>, depth: usize) {
        let Some(view) = self.views.get(name).filter(|_| name.schema != "pg_temp" && depth < 64) else { return };
        if !seen.insert(name) {
            return;
        }
        for read in &view.reads {
            self.write_view(out, read, seen, depth + 1);
        }
        out.under(&view.search_path);
        put!(out, "{};", view_sql(name, view));
        for setting in &view.settings {
            let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
            put!(out, "ALTER {kind} {} {setting};", full(name));
        }
        for (index_name, index) in self.indexes_of(name) {
            self.write_index(out, index_name, index);
        }
    }
}

fn view_sql(name: &Qualified, view: &View) -> String {
    let kind = match (view.materialized, view.recursive) {
        (true, _) => "MATERIALIZED VIEW",
        (_, true) => "RECURSIVE VIEW",
        _ => "VIEW",
    };
    let columns = if view.columns.is_empty() { String::new() } else { format!(" ({})", names(&view.columns)) };
    let with = view.with.as_ref().map(|with| format!(" WITH {with}")).unwrap_or_default();
    let check = view.check_option.as_ref().map(|check| format!(" {check}")).unwrap_or_default();
    // a comment may stand at the end
    format!("CREATE {kind} {}{columns}{with} AS {}\n{check}", full(name), view.sql.trim_end_matches(';')).trim_end().to_owned()
}

fn write_function(out: &mut Script, name: &Qualified, function: &Function) {
    out.under(&function.search_path);
    let kind = if function.procedure { "PROCEDURE" } else { "FUNCTION" };
    let name = full(name);
    put!(out, "CREATE OR REPLACE {kind} {name}{};", function.sql.trim_end_matches(';'));
    for change in &function.changes {
        put!(out, "ALTER {kind} {name}{};", change.trim_end_matches(';'));
    }
}

/// For comments: whether a quoted name is this one.
pub(super) fn quoted(name: &str) -> String {
    quote_identifier(name)
}
