//! Views, sequences, types, domains and functions.

use super::naming::numbered;
use super::text::{At, rename_type_in_sql};
use super::{Catalog, Column, Domain, Function, Qualified, Sequence, SqlBody, UserType, View};
use crate::facts::{
    AlterDomain, AlterSequence, AlterType, Body, CreateDomain, CreateFunction, CreateSequence, CreateType, CreateView, DomainChange,
    ExprKind, FromItem, Identifier, ObjectName, Query, Reading, TypeChange, TypeKind, TypeName, Volatility,
};
use crate::source::Span;
use std::sync::{Arc, OnceLock};

impl Catalog {
    pub(super) fn create_view(&mut self, create: &CreateView, at: At) {
        let name = self.creation_name(&create.name, create.temporary);
        let replaces = create.or_replace && self.views.contains_key(&name);
        if !replaces && !self.make_room(&name, create.if_not_exists, at) {
            return;
        }
        let view = View {
            materialized: create.materialized,
            columns: create.columns.clone(),
            query: create.query.clone(),
            sql: self.view_sql(create, at),
            recursive: create.recursive,
            with: create.with.map(|span| at.sql(span)),
            check_option: create.check_option.map(|span| at.sql(span)),
            settings: vec![],
            search_path: self.search_path.clone(),
            reads: create.query.as_ref().map(|query| self.reads(query)).unwrap_or_default(),
            defined_at: at.home(),
        };
        self.views.insert(name, view);
    }

    /// A view's query, in which each `*` stands for the columns of its time.
    fn view_sql(&self, create: &CreateView, at: At) -> String {
        let whole = create.query_span;
        let stars = create.query.as_ref().map(|query| self.stars(query)).unwrap_or_default();
        let (mut sql, mut from) = (String::new(), whole.start);
        for (span, columns) in stars.iter().filter(|(span, _)| whole.contains(*span)) {
            if span.start >= from && at.raw(*span).ends_with('*') {
                sql += &at.raw(Span::new(from, span.start));
                sql += columns;
                from = span.end;
            }
        }
        sql += &at.raw(Span::new(from, whole.end));
        sql.trim().to_owned()
    }

    /// The relations that a query reads, resolved; names of its WITH entries are not relations.
    pub(super) fn reads(&self, query: &Query) -> Vec<Qualified> {
        let mut names = vec![];
        collect_reads(query, &mut vec![], &mut names);
        let mut reads: Vec<Qualified> = vec![];
        for name in names {
            let name = self.resolve(name);
            if !reads.contains(&name) {
                reads.push(name);
            }
        }
        reads
    }

    pub(super) fn create_sequence(&mut self, create: &CreateSequence, at: At) {
        let name = self.creation_name(&create.name, create.temporary);
        if !self.make_room(&name, create.if_not_exists, at) {
            return;
        }
        let owned_by = create.owned_by.as_ref().map(|(table, column)| (self.resolve(table), column.value.clone()));
        let ty = create.ty.as_ref().map(|ty| self.shared_type(ty));
        let sequence = Sequence { ty, options: create.options.clone(), owned_by, implicit: false, defined_at: at.home() };
        self.sequences.insert(name, sequence);
    }

    pub(super) fn alter_sequence(&mut self, alter: &AlterSequence) {
        let name = self.resolve(&alter.name);
        let owner = alter.owned_by.as_ref().map(|to| to.as_ref().map(|(table, column)| (self.resolve(table), column.value.clone())));
        self.sequences.edit(&name, |sequence| {
            if let Some(owner) = owner {
                sequence.owned_by = owner;
            }
            alter.options.iter().for_each(|option| set_option(sequence, option));
        });
    }

    pub(super) fn create_type(&mut self, create: &CreateType, at: At) {
        let name = self.creation_name(&create.name, false);
        if at.sure || !self.types.contains_key(&name) {
            self.types.insert(
                name,
                UserType {
                    kind: create.kind.clone(),
                    sql: at.sql(Span::new(create.name.span().end, at.place.span.end)),
                    defined_at: at.home(),
                },
            );
        }
    }

    pub(super) fn alter_type(&mut self, alter: &AlterType) {
        let name = self.resolve_where(&alter.name, |n| self.types.has(n) || self.domains.has(n));
        match &alter.change {
            TypeChange::RenameTo { name: new } => {
                self.move_type(&name, &Qualified { schema: name.schema.clone(), name: new.value.clone() });
            }
            TypeChange::SetSchema { schema } => {
                self.move_type(&name, &Qualified { schema: schema.value.clone(), name: name.name.clone() });
            }
            change => {
                self.types.edit(&name, |ty| change_type(&mut ty.kind, change));
                if let TypeChange::RenameValue { from, to } = change {
                    self.rename_value_in_defaults(&name, from, to);
                }
            }
        }
    }

    /// Defaults hold an enum's value, not its text, so they follow its new label.
    fn rename_value_in_defaults(&mut self, ty: &Qualified, from: &str, to: &str) {
        let literal = |label: &str| format!("'{}'", label.replace('\'', "''"));
        let (from, to) = (literal(from), literal(to));
        let tables: Vec<Qualified> = self.tables.keys().cloned().collect();
        for table in tables {
            let of_type = |c: &Column| c.default_sql.is_some() && c.ty.as_ref().is_some_and(|t| t.name == ty.name);
            if !self.tables.get(&table).is_some_and(|t| t.columns.iter().any(of_type)) {
                continue;
            }
            self.tables.edit(&table, |t| {
                for default in t.columns.iter_mut().filter(|c| of_type(c)).filter_map(|c| c.default_sql.as_mut()) {
                    *default = default.replace(&from, &to);
                }
            });
        }
    }

    /// Whether a column's type, as written, is this user-defined type.
    pub(super) fn is_type(&self, ty: &TypeName, name: &Qualified) -> bool {
        ty.name == name.name && ty.schema.as_ref().is_none_or(|schema| *schema == name.schema)
    }

    fn move_type(&mut self, old: &Qualified, new: &Qualified) {
        let using: Vec<Qualified> = self
            .tables
            .unordered()
            .filter(|(_, t)| t.columns.iter().any(|c| c.ty.as_ref().is_some_and(|ty| self.is_type(ty, old))))
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(ty) = self.types.remove(old) {
            self.types.insert(new.clone(), ty);
        } else if let Some(domain) = self.domains.remove(old) {
            self.domains.insert(new.clone(), domain);
        } else {
            return;
        }
        for table in using {
            self.tables.edit(&table, |t| {
                for ty in t.columns.iter_mut().filter_map(|c| c.ty.as_mut()) {
                    if ty.name == old.name && ty.schema.as_ref().is_none_or(|schema| *schema == old.schema) {
                        let ty = Arc::make_mut(ty);
                        ty.name.clone_from(&new.name);
                        ty.schema = (new.schema != "public").then(|| new.schema.clone());
                    }
                }
            });
        }
        self.follow_casts(old, new);
    }

    /// What casts to a type in a default, a generated column, a check or an index follows its new name.
    fn follow_casts(&mut self, old: &Qualified, new: &Qualified) {
        let casts = |sql: &str| sql.contains(&*old.name) && rename_type_in_sql(sql, old, new).is_some();
        let follow = |sql: &mut String| {
            if let Some(renamed) = rename_type_in_sql(sql, old, new) {
                *sql = renamed;
            }
        };
        let holds = |t: &super::Table| {
            let columns = t.columns.iter().flat_map(|c| c.default_sql.iter().chain(c.generated.iter().map(|generated| &generated.0)));
            columns.chain(t.constraints.iter().map(|c| &c.sql)).any(|sql| casts(sql))
        };
        let tables: Vec<Qualified> = self.tables.unordered().filter(|(_, t)| holds(t)).map(|(name, _)| name.clone()).collect();
        for table in tables {
            self.tables.edit(&table, |t| {
                for column in &mut t.columns {
                    column.default_sql.iter_mut().chain(column.generated.iter_mut().map(|generated| &mut generated.0)).for_each(follow);
                }
                t.constraints.iter_mut().for_each(|c| follow(&mut c.sql));
            });
        }
        let holds = |index: &super::Index| index.keys_sql.iter().chain(&index.predicate_sql).any(|sql| casts(sql));
        let indexes: Vec<Qualified> = self.indexes.unordered().filter(|(_, index)| holds(index)).map(|(name, _)| name.clone()).collect();
        for index in indexes {
            self.indexes.edit(&index, |index| index.keys_sql.iter_mut().chain(&mut index.predicate_sql).for_each(follow));
        }
    }

    /// The types of a schema follow its new name.
    pub(super) fn move_types(&mut self, from: &str, to: &str) {
        let types = self.types.in_schema(from).map(|(name, _)| name.clone());
        let names: Vec<Qualified> = types.chain(self.domains.in_schema(from).map(|(name, _)| name.clone())).collect();
        for name in names {
            self.move_type(&name, &Qualified { schema: to.into(), name: name.name.clone() });
        }
    }

    pub(super) fn create_domain(&mut self, create: &CreateDomain, at: At) {
        let name = self.creation_name(&create.name, false);
        let mut domain = Domain {
            ty: create.ty.clone(),
            not_null: create.not_null,
            default_sql: create.default.as_ref().map(|d| at.sql(d.span)),
            checks: vec![],
            collation: create.collation.as_ref().map(ObjectName::to_string),
            defined_at: at.home(),
        };
        for (given, check) in &create.checks {
            let given = given.as_ref().map(|n| n.value.as_str());
            add_check(&mut domain, &name, given, at.sql(check.span), true);
        }
        self.domains.insert(name, domain);
    }

    pub(super) fn alter_domain(&mut self, alter: &AlterDomain, at: At) {
        let name = self.resolve_where(&alter.name, |n| self.domains.has(n));
        match &alter.change {
            DomainChange::RenameTo { name: new } => {
                self.move_type(&name, &Qualified { schema: name.schema.clone(), name: new.value.clone() });
            }
            DomainChange::SetSchema { schema } => {
                self.move_type(&name, &Qualified { schema: schema.value.clone(), name: name.name.clone() });
            }
            change => {
                self.domains.edit(&name, |domain| change_domain(domain, &name, change, at));
            }
        }
    }

    pub(super) fn create_function(&mut self, create: &CreateFunction, bodies: &[Body], at: At) {
        let name = self.creation_name(&create.name, false);
        let mut function = Function {
            argument_types: create.argument_types.clone(),
            argument_names: create.argument_names.clone(),
            body: sql_body(create, bodies),
            volatility: create.volatility.unwrap_or(Volatility::Volatile),
            inlinable: create.language == "sql" && create.security_definer.is_none() && create.settings.is_empty(),
            header_types: create.header_types.clone(),
            needs_relations: create.standard_body && reads_relations(bodies),
            sql: at.sql(Span::new(create.name.span().end, at.place.span.end)),
            reach: OnceLock::new(),
            changes: vec![],
            search_path: self.search_path.clone(),
            procedure: create.procedure,
            first_at: at.home(),
            defined_at: at.home(),
        };
        let mut overloads = self.functions.get(&name).cloned().unwrap_or_default();
        let same = |known: &Function| known.argument_types == function.argument_types;
        if let Some(old) = overloads.iter().find(|known| same(known)) {
            function.first_at = old.first_at;
        }
        overloads.retain(|known| !same(known));
        overloads.push(function);
        self.functions.insert(name, overloads);
    }
}

/// Sets an option of a sequence in the place of what it had; where it goes on counting is no part of the schema.
pub(super) fn set_option(sequence: &mut Sequence, option: &str) {
    let upper = option.to_ascii_uppercase();
    if upper.starts_with("RESTART") || upper.ends_with("LOGGED") {
        return;
    }
    if let Some(ty) = upper.strip_prefix("AS ") {
        let internal = match ty.trim() {
            "INT" | "INTEGER" => "int4",
            "BIGINT" => "int8",
            "SMALLINT" => "int2",
            other => other,
        };
        sequence.ty = Some(Arc::new(TypeName::named(&internal.to_lowercase())));
        return;
    }
    let word = |text: &str| text.split_whitespace().find(|w| !w.eq_ignore_ascii_case("NO")).map(str::to_ascii_uppercase);
    sequence.options.retain(|known| word(known) != word(option));
    sequence.options.push(option.to_owned());
}

fn sql_body(create: &CreateFunction, bodies: &[Body]) -> SqlBody {
    let Some(body) = bodies.first().filter(|_| create.language == "sql") else { return SqlBody::Unknown };
    if body.statements.iter().any(|inner| inner.statement.reading != Reading::Parsed) {
        return SqlBody::Unknown;
    }
    let query = match body.statements.as_slice() {
        [] => return SqlBody::Unknown,
        [only] => only.statement.query.as_deref(),
        _ => None,
    };
    let plain = |q: &&Query| q.ctes.is_empty() && q.order_by.is_empty() && q.limit.is_none() && q.offset.is_none();
    let Some(select) = query.filter(plain).and_then(Query::select) else { return SqlBody::Other };
    let bare = select.from.is_empty()
        && select.filter.is_none()
        && select.distinct.is_none()
        && select.group_by.is_empty()
        && select.having.is_none();
    match select.items.as_slice() {
        [only] if bare && !matches!(only.expr.kind, ExprKind::Wildcard(_)) => SqlBody::Expression(only.expr.clone()),
        _ => SqlBody::Other,
    }
}

/// Whether a body that is read at once reads relations; where it cannot be told, it does.
fn reads_relations(bodies: &[Body]) -> bool {
    let reads = |query: &Query| {
        let mut names = vec![];
        collect_reads(query, &mut vec![], &mut names);
        !names.is_empty()
    };
    bodies.first().is_none_or(|body| body.statements.iter().any(|inner| inner.statement.query.as_deref().is_none_or(reads)))
}

fn collect_reads<'q>(query: &'q Query, shadowing: &mut Vec<&'q str>, names: &mut Vec<&'q ObjectName>) {
    let outer = shadowing.len();
    if query.ctes.iter().any(|cte| cte.recursive) {
        shadowing.extend(query.ctes.iter().map(|cte| cte.name.value.as_str()));
    }
    for cte in &query.ctes {
        collect_reads(&cte.query, shadowing, names);
        shadowing.push(&cte.name.value);
    }
    let relations = query.from().iter().flat_map(FromItem::relations).chain(query.target());
    for name in relations.filter_map(|relation| relation.table()) {
        if name.schema.is_some() || !shadowing.contains(&name.name.value.as_str()) {
            names.push(name);
        }
    }
    for child in query.children().into_iter().skip(query.ctes.len()) {
        collect_reads(child, shadowing, names);
    }
    shadowing.truncate(outer);
}

fn change_type(kind: &mut TypeKind, change: &TypeChange) {
    match (kind, change) {
        (TypeKind::Enum(labels), TypeChange::AddValue { value, before, after, .. }) => {
            if labels.contains(value) {
                return;
            }
            let find = |label: &Option<String>| label.as_ref().and_then(|label| labels.iter().position(|l| l == label));
            let place = find(before).or_else(|| find(after).map(|i| i + 1)).unwrap_or(labels.len());
            labels.insert(place, value.clone());
        }
        (TypeKind::Enum(labels), TypeChange::RenameValue { from, to }) => {
            labels.iter_mut().filter(|label| *label == from).for_each(|label| label.clone_from(to));
        }
        (TypeKind::Composite(fields), TypeChange::AddAttribute { name, ty }) => fields.push((name.clone(), ty.clone())),
        (TypeKind::Composite(fields), TypeChange::DropAttribute { name }) => fields.retain(|(field, _)| field != name),
        (TypeKind::Composite(fields), TypeChange::AlterAttribute { name, ty }) => {
            fields.iter_mut().filter(|(field, _)| field == name).for_each(|(_, old)| *old = ty.clone());
        }
        (TypeKind::Composite(fields), TypeChange::RenameAttribute { from, to }) => {
            fields.iter_mut().filter(|(field, _)| field == from).for_each(|(field, _)| *field = to.clone());
        }
        _ => {}
    }
}

fn add_check(domain: &mut Domain, of: &Qualified, given: Option<&str>, sql: String, valid: bool) {
    let taken = |name: &str| domain.checks.iter().any(|(known, _, _)| known == name);
    let name = given.map_or_else(|| numbered(&of.name, None, "check", taken), Identifier::from);
    domain.checks.push((name.to_string(), sql, valid));
}

fn change_domain(domain: &mut Domain, of: &Qualified, change: &DomainChange, at: At) {
    match change {
        DomainChange::SetDefault(default) => domain.default_sql = Some(at.sql(default.span)),
        DomainChange::DropDefault => domain.default_sql = None,
        DomainChange::SetNotNull | DomainChange::AddNotNull { .. } => domain.not_null = true,
        DomainChange::DropNotNull => domain.not_null = false,
        DomainChange::AddCheck { name, check, not_valid, .. } => {
            add_check(domain, of, name.as_ref().map(|n| n.value.as_str()), at.sql(check.span), !not_valid);
        }
        DomainChange::DropConstraint { name, .. } => domain.checks.retain(|(known, _, _)| *known != name.value),
        DomainChange::RenameConstraint { from, to } => {
            domain
                .checks
                .iter_mut()
                .filter(|(known, _, _)| *known == from.value)
                .for_each(|(known, _, _)| to.value.as_str().clone_into(known));
        }
        DomainChange::Validate { name } => {
            domain.checks.iter_mut().filter(|(known, _, _)| *known == name.value).for_each(|(_, _, valid)| *valid = true);
        }
        DomainChange::RenameTo { .. } | DomainChange::SetSchema { .. } | DomainChange::Owner => {}
    }
}
