//! Columns: how a definition becomes one, with the sequences behind serial and identity.

use super::text::At;
use super::{Catalog, Column, Qualified, Sequence};
use crate::facts::{Call, ColumnDef, Expr, ExprKind, Identifier, Literal, Name, ObjectName, TypeName};
use crate::source::{Location, Span};
use std::sync::Arc;

/// The integer type behind a serial type.
fn serial_base(ty: &TypeName) -> Option<&'static str> {
    if ty.schema.is_some() || ty.dimensions > 0 {
        return None;
    }
    match ty.name.as_str() {
        "serial" | "serial4" => Some("int4"),
        "bigserial" | "serial8" => Some("int8"),
        "smallserial" | "serial2" => Some("int2"),
        _ => None,
    }
}

/// `nextval('sequence'::regclass)`, as facts and as SQL.
fn nextval(sequence: &Qualified) -> (Expr, String) {
    let text = sequence.to_string();
    let literal = Expr::new(ExprKind::Literal(Literal::String(text.clone())), Span::default());
    let cast = Expr::new(ExprKind::Cast { expr: Box::new(literal), ty: Box::new(TypeName::named("regclass")) }, Span::default());
    let call = Call { name: ObjectName::bare(Name::new("nextval", Span::default())), args: vec![cast], ..Call::default() };
    let sql = format!("nextval('{}'::regclass)", text.replace('\'', "''"));
    (Expr::new(ExprKind::Call(Box::new(call)), Span::default()), sql)
}

/// A column with nothing but a name and a type.
pub(super) fn plain_column(name: &str, ty: Option<Arc<TypeName>>, defined_at: Location) -> Column {
    Column {
        name: name.into(),
        ty,
        type_span: Span::default(),
        collation: None,
        not_null: false,
        not_null_name: None,
        inherited: false,
        settings: vec![],
        default: None,
        default_sql: None,
        identity: None,
        generated: None,
        defined_at,
    }
}

impl Catalog {
    /// A type as columns and sequences hold it: the same one for all that have it. Its place is nobody's.
    pub(super) fn shared_type(&mut self, ty: &TypeName) -> Arc<TypeName> {
        if let Some(known) = self.column_types.get(ty) {
            return known.clone();
        }
        let shared = Arc::new(TypeName { span: Span::default(), ..ty.clone() });
        Arc::make_mut(&mut self.column_types).insert(shared.clone());
        shared
    }

    /// The column that a definition makes; serial and identity make their sequence too.
    pub(super) fn column(&mut self, table: &Qualified, def: &ColumnDef, at: At) -> Column {
        let ty = def.ty.as_ref().map(|ty| self.shared_type(ty));
        let mut column = plain_column(&def.name.value, ty, at.written(def.span));
        column.type_span = def.ty.as_ref().map_or(Span::default(), |ty| at.written(ty.span).span);
        column.collation = def.collation.as_ref().map(ObjectName::to_string);
        column.not_null = def.not_null.is_some();
        set_default(&mut column, def.default.as_ref(), at);
        column.identity = def.identity;
        column.generated = def.generated.as_ref().map(|(expr, stored)| Box::new((at.sql(expr.span), stored.unwrap_or(false))));
        if let Some(base) = def.ty.as_ref().and_then(serial_base) {
            let ty = self.shared_type(&TypeName::named(base));
            let sequence = self.add_sequence(table, &column.name, Some(ty.clone()), at);
            let (default, sql) = nextval(&sequence);
            column.ty = Some(ty);
            column.type_span = at.written(def.span).span;
            column.not_null = true;
            column.default = Some(Box::new(default));
            column.default_sql = Some(sql);
        }
        if column.identity.is_some() {
            column.not_null = true;
            let sequence = self.add_sequence(table, &column.name, column.ty.clone(), at);
            self.set_sequence_options(&sequence, &def.identity_options);
        }
        if column.not_null {
            let given = def.not_null_name.as_ref().map(|name| name.value.clone());
            let name = given.unwrap_or_else(|| self.not_null_name(table, &column.name));
            column.not_null_name = Some(name);
        }
        let words = |clause: &String| (clause.split(' ').next().unwrap_or("").to_owned(), format!("SET {clause}"));
        column.settings = def.settings.iter().map(words).collect();
        column
    }

    /// The name that PostgreSQL 18 makes up for a NOT NULL.
    pub(super) fn not_null_name(&self, table: &Qualified, column: &str) -> Identifier {
        super::naming::numbered(&table.name, Some(column), "not_null", |name| self.constraint_name_taken(table, Some(column), name))
    }

    /// The options of an identity, the sequence's name among them.
    pub(super) fn set_sequence_options(&mut self, name: &Qualified, options: &[String]) {
        let mut name = name.clone();
        for option in options {
            match option.strip_prefix("SEQUENCE NAME ") {
                Some(written) => {
                    let given = super::apply::written_name(written);
                    let new = Qualified {
                        schema: given.schema.map_or_else(|| name.schema.clone(), |schema| schema.value),
                        name: given.name.value,
                    };
                    if let Some(sequence) = self.sequences.remove(&name) {
                        self.sequences.insert(new.clone(), sequence);
                    }
                    name = new;
                }
                None => {
                    self.sequences.edit(&name, |sequence| super::objects::set_option(sequence, option));
                }
            }
        }
    }

    /// The sequence behind a serial or identity column.
    pub(super) fn add_sequence(&mut self, table: &Qualified, column: &str, ty: Option<Arc<TypeName>>, at: At) -> Qualified {
        let name = self.choose_relation_name(&table.schema, &table.name, Some(column), "seq");
        let name = Qualified { schema: table.schema.clone(), name };
        let owned_by = Some((table.clone(), column.into()));
        let sequence = Sequence { ty, options: vec![], owned_by, implicit: true, defined_at: at.home() };
        self.sequences.insert(name.clone(), sequence);
        name
    }

    /// The sequences that a column owns.
    pub(super) fn owned_sequences(&self, table: &Qualified, column: Option<&str>) -> Vec<Qualified> {
        let owns = |sequence: &Sequence| {
            sequence.owned_by.as_ref().is_some_and(|(owner, c)| owner == table && column.is_none_or(|column| c == column))
        };
        self.sequences.dependents(table).filter(|(_, s)| owns(s)).map(|(name, _)| name.clone()).collect()
    }

    /// Writes the default of the owning column anew after its sequence got another name.
    pub(super) fn refresh_nextval(&mut self, sequence: &Qualified) {
        let Some((table, column)) = self.sequences.get(sequence).and_then(|s| s.owned_by.clone()) else { return };
        self.set_nextval(&table, &column, sequence);
    }

    /// Gives a column whose default is a sequence's next value the next of this one.
    pub(super) fn set_nextval(&mut self, table: &Qualified, column: &str, sequence: &Qualified) {
        self.tables.adjust(table, |table| {
            let column = table.columns.iter_mut().find(|c| c.name == *column);
            if let Some(column) = column.filter(|c| c.default_sql.as_deref().is_some_and(|sql| of_nextval(sql).is_some())) {
                let (default, sql) = nextval(sequence);
                column.default = Some(Box::new(default));
                column.default_sql = Some(sql);
            }
        });
    }

    /// The columns whose default takes a sequence's next value, whoever owns it: they know it by itself, not by its name.
    pub(super) fn readers_of_sequence(&self, sequence: &Qualified) -> Vec<(Qualified, Identifier)> {
        let reads = |column: &&Column| {
            let text = column.default_sql.as_deref().and_then(of_nextval).and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
            text.is_some_and(|(name, rest)| {
                matches!(rest, ")" | "::regclass)") && self.resolve(&super::apply::written_name(name)) == *sequence
            })
        };
        let of = |(name, table): (&Qualified, &super::Table)| {
            table.columns.iter().filter(reads).map(|column| (name.clone(), column.name.clone())).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(of).collect()
    }
}

/// What stands behind `nextval(`.
fn of_nextval(sql: &str) -> Option<&str> {
    const CALL: &str = "nextval(";
    sql.get(..CALL.len()).filter(|call| call.eq_ignore_ascii_case(CALL))?;
    sql.get(CALL.len()..)
}

/// Sets or clears a default.
pub(super) fn set_default(column: &mut Column, default: Option<&Expr>, at: At) {
    column.default_sql = default.map(|expr| at.sql(expr.span));
    column.default = default.cloned().map(Box::new);
}
