//! User-defined types by name. Not a rule.

use crate::catalog::{Qualified, UserType};
use crate::facts::ObjectName;
use crate::rules::Context;

/// The type of that name, where it is known.
pub(in crate::rules) fn known_type<'a>(ctx: &Context<'a>, name: &ObjectName) -> Option<(&'a Qualified, &'a UserType)> {
    let fits = |schema: &str| name.schema.as_ref().is_none_or(|s| s.value == schema);
    ctx.catalog.types.named(&name.name.value).find(|(known, _)| fits(&known.schema))
}

/// Whether the file at hand made it, so that nobody uses it yet.
pub(in crate::rules) fn defined_in(ctx: &Context, (_, known): (&Qualified, &UserType)) -> bool {
    known.defined_at.file == ctx.statement.file
}
