//! A domain's new constraint is checked in every table that has a column of it.

use super::support::locks::{is_live, made_up_name, runs_live};
use super::{Check, Context, Kind};
use crate::facts::{Action, AlterDomain, DomainChange, ObjectName};

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    for action in ctx.actions().iter().filter(|_| runs_live(ctx)) {
        let Action::AlterDomain(domain) = action else { continue };
        let known = known_domain(ctx, &domain.name);
        if known.is_some_and(|known| known.file == ctx.statement.file) {
            continue; // made in this file: what uses it is as new
        }
        let tables: Vec<String> = ctx.effects.iter().filter(|effect| is_live(ctx, effect)).map(|effect| effect.relation.to_string()).collect();
        if known.is_none() || !tables.is_empty() {
            report(ctx, domain, &tables);
        }
    }
}

fn known_domain(ctx: &Context, name: &ObjectName) -> Option<crate::source::Location> {
    let fits = |schema: &str| name.schema.as_ref().is_none_or(|s| s.value == schema);
    ctx.catalog.domains.named(&name.name.value).find(|(q, _)| fits(&q.schema)).map(|(_, domain)| domain.defined_at)
}

fn report(ctx: &Context, domain: &AlterDomain, tables: &[String]) {
    let name = &domain.name;
    let (what, constraint, condition, span) = match &domain.change {
        DomainChange::AddCheck { name: given, check, not_valid: false, span } => {
            let constraint = given.as_ref().map_or_else(|| made_up_name(name, &[], "check"), ToString::to_string);
            (format!("adding check {constraint} to domain {name}"), constraint, ctx.source(check.span).to_owned(), *span)
        }
        DomainChange::SetNotNull | DomainChange::AddNotNull { .. } => {
            let constraint = made_up_name(name, &[], "not_null");
            (format!("making domain {name} NOT NULL"), constraint, "VALUE IS NOT NULL".to_owned(), ctx.statement.span)
        }
        _ => return,
    };
    let of = if tables.is_empty() { "every table with a column of it".to_owned() } else { tables.join(", ") };
    let message = format!("{what} holds SHARE on {of} while all rows are checked: every INSERT, UPDATE and DELETE there waits");
    let mut help = format!(
        "ALTER DOMAIN {name} ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID;\n-- in a later transaction:\nALTER DOMAIN {name} VALIDATE CONSTRAINT {constraint};"
    );
    if !ctx.version().at_least(18) {
        help.push_str("\n-- before PostgreSQL 18 that too keeps writers waiting; a CHECK of each table, NOT VALID and then validated, does not");
    }
    ctx.add(ctx.report(span, message).help(help));
}
