//! A column's definition.

use super::{constraint, types};
use crate::facts::{ColumnDef, Constraint};
use crate::sql::cursor::{Cursor, Parse};

/// Reads `name type …`; its keys, checks and references go to `constraints`.
pub(crate) fn definition(c: &mut Cursor<'_>, constraints: &mut Vec<Constraint>) -> Parse<ColumnDef> {
    let mark = c.mark();
    let name = c.name()?;
    let ty = Some(types::type_name(c)?);
    let mut column = ColumnDef { name, ty, ..ColumnDef::default() };
    constraint::column_constraints(c, &mut column, constraints)?;
    column.span = c.since(mark);
    Ok(column)
}

/// Reads `name [WITH OPTIONS] …`, as in a table OF a type and in a partition, where the type is known from elsewhere.
pub(crate) fn untyped(c: &mut Cursor<'_>, constraints: &mut Vec<Constraint>) -> Parse<ColumnDef> {
    let mark = c.mark();
    let mut column = ColumnDef { name: c.name()?, ..ColumnDef::default() };
    c.eat("WITH OPTIONS");
    constraint::column_constraints(c, &mut column, constraints)?;
    column.span = c.since(mark);
    Ok(column)
}
