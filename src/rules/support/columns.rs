//! The columns that a statement defines, for rules about their types. Not a rule.

use crate::catalog::Catalog;
use crate::facts::{Action, AlterTable, ConstraintKind, CreateTable, Name, ObjectName, TableChange, TypeName};
use crate::rules::Context;
use crate::rules::support::locks::runs_live;
use crate::source::Location;

/// The columns that one action defines in one table that stays.
pub(in crate::rules) struct Columns<'a> {
    /// The table.
    pub(in crate::rules) table: &'a ObjectName,
    /// The columns with their types.
    pub(in crate::rules) list: Vec<(&'a Name, &'a TypeName)>,
}

impl<'a> Columns<'a> {
    /// Those whose type passes the test; `None` where no column does.
    pub(in crate::rules) fn of_type(mut self, test: impl Fn(&TypeName) -> bool) -> Option<Columns<'a>> {
        self.list.retain(|(_, ty)| test(ty));
        (!self.list.is_empty()).then_some(self)
    }

    /// The columns' names in words: `a`, `a and b`, `a, b and c`.
    pub(in crate::rules) fn names(&self) -> String {
        let names: Vec<String> = self.list.iter().map(|(name, _)| name.to_string()).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => names.join(""),
        }
    }
}

/// The columns that the statement defines: by CREATE TABLE, ADD COLUMN or a new type. Temporary tables are nobody's schema.
pub(in crate::rules) fn defined_columns<'a>(ctx: &Context<'a>) -> Vec<Columns<'a>> {
    if !makes_own(ctx) {
        return vec![];
    }
    ctx.actions().iter().filter_map(|action| of_action(ctx, action)).collect()
}

/// Whether a statement makes a part of the schema that runs, and not one that is shown to readers.
pub(in crate::rules) fn makes_own(ctx: &Context) -> bool {
    runs_live(ctx) && !ctx.around.shown
}

/// `orders_staging`, `tmp_ids`: what is put there does not stay.
pub(in crate::rules) fn is_passing(table: &str) -> bool {
    const PASSING: &[&str] = &["staging", "stage", "tmp", "temp", "scratch"];
    table.split('_').any(|word| PASSING.iter().any(|passing| word.eq_ignore_ascii_case(passing)))
}

fn of_action<'a>(ctx: &Context<'a>, action: &'a Action) -> Option<Columns<'a>> {
    match action {
        Action::CreateTable(create) if is_kept(create) => {
            let list = create.columns.iter().filter_map(|column| Some((&column.name, column.ty.as_ref()?))).collect();
            Some(Columns { table: &create.name, list })
        }
        Action::AlterTable(alter) if !ctx.table(&alter.name).is_some_and(|(_, table)| table.temporary || table.foreign) => {
            // another server's, which may not be known here
            let foreign = ctx.source(ctx.statement.span).split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("foreign"));
            if foreign { None } else { altered(alter) }
        }
        _ => None,
    }
}

fn altered(alter: &AlterTable) -> Option<Columns<'_>> {
    let one = match &alter.change {
        TableChange::AddColumn { column, .. } => (&column.name, column.ty.as_ref()?),
        TableChange::SetType { column, ty, .. } => (column, ty),
        _ => return None,
    };
    Some(Columns { table: &alter.name, list: vec![one] })
}

/// Whether a column still has the type that is written at a place: nobody dropped it or changed its type since.
pub(in crate::rules) fn has_type_of(catalog: &Catalog, written_at: Location, column: &str) -> bool {
    let mut columns = catalog.tables.unordered().flat_map(|(_, table)| &table.columns);
    columns.any(|c| {
        let same = c.ty.is_some() && c.type_span == written_at.span;
        same && (c.defined_at.file == written_at.file || c.name == column)
    })
}

/// Whether a new table is one of the schema's own: not temporary, by a word or by its name, and not another server's. One that is
/// called as PostgreSQL's own are is written down for a generator of code.
pub(in crate::rules) fn is_kept(create: &CreateTable) -> bool {
    let temporary = create.temporary || create.name.schema.as_ref().is_some_and(|schema| schema.value.starts_with("pg_temp"));
    !temporary
        && !create.foreign
        && !is_a_tools(&create.name.name.value)
        && !is_passing(&create.name.name.value)
        && !is_called_as_the_systems(&create.name.name.value)
        && !is_put_in(&create.name.name.value)
}

/// Whether all of a table's name is the program's to say: which table it is, nobody can tell.
fn is_put_in(table: &str) -> bool {
    table == "%s" || table.starts_with('{') && table.ends_with('}')
}

/// `goose_db_version`: what a tool writes down of the migrations, in columns of its own choice.
fn is_a_tools(table: &str) -> bool {
    const TOOLS: &[&str] = &[
        "goose_db_version",
        "schema_migrations",
        "flyway_schema_history",
        "databasechangelog",
        "databasechangeloglock",
        "knex_migrations",
        "knex_migrations_lock",
        "alembic_version",
        "ar_internal_metadata",
        "django_migrations",
        "_sqlx_migrations",
    ];
    TOOLS.contains(&table)
}

/// `pg_stat_activity`.
fn is_called_as_the_systems(table: &str) -> bool {
    const CATALOGS: &[&str] = &[
        "pg_class",
        "pg_namespace",
        "pg_attribute",
        "pg_index",
        "pg_proc",
        "pg_type",
        "pg_database",
        "pg_roles",
        "pg_user",
        "pg_locks",
        "pg_tables",
        "pg_views",
        "pg_indexes",
        "pg_settings",
        "pg_constraint",
        "pg_extension",
        "pg_trigger",
        "pg_inherits",
        "pg_enum",
        "pg_tablespace",
        "pg_authid",
        "pg_replication_slots",
    ];
    table.starts_with("pg_stat") || CATALOGS.contains(&table)
}

/// The column of a primary key over one column that is written beside a table's definition.
pub(in crate::rules) fn single_key(create: &CreateTable) -> Option<&Name> {
    create.constraints.iter().find_map(|constraint| match &constraint.kind {
        ConstraintKind::Key { primary: true, columns, .. } => match columns.as_slice() {
            [only] => Some(only),
            _ => None,
        },
        _ => None,
    })
}

/// Whether a type is one of the serial family, and the integer type behind it.
pub(in crate::rules) fn serial_base(ty: &TypeName) -> Option<&'static str> {
    if ty.schema.is_some() || ty.dimensions > 0 {
        return None;
    }
    match ty.name.as_str() {
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        "smallserial" | "serial2" => Some("smallint"),
        _ => None,
    }
}
