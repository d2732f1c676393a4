//! ALTER COLUMN TYPE that writes or reads every row under ACCESS EXCLUSIVE.
use super::support::locks::{live_alterations, named_effect};
use super::{Check, Context};
use crate::facts::{Action, AlterTable, Expr, Name, TableChange, TypeName};
use crate::finding::Severity;
use crate::postgres::effect::{Effect, Work};

pub(super) const CHECK: Check = Check::Migration(check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        if let TableChange::SetType { column, ty, using, .. } = &alter.change
            && let Some(effect) = named_effect(ctx, action) {
                type_change(ctx, alter, column, ty, using.as_ref(), &effect);
            }
    }
}

fn type_change(ctx: &Context, alter: &AlterTable, column: &Name, ty: &TypeName, using: Option<&Expr>, effect: &Effect) {
    let table = &alter.name;
    let old = ctx.column(table, &column.value).and_then(|column| column.ty.as_ref());
    let from = old.map(|old| format!(" from {old}")).unwrap_or_default();
    let change = format!("changing {table}.{column}{from} to {ty}");
    let zoned = old.is_some_and(|old| is_zone_change(old, ty));
    let in_utc = if zoned { time_zone_is_utc(ctx) } else { None };
    let unsure = effect.unsure.as_ref().filter(|_| in_utc.is_none());
    if zoned && using.is_none() && in_utc == Some(true) {
        return; // the same number under another name
    }
    let message = if let Some(unsure) = unsure {
        format!("{change} may rewrite {table} under ACCESS EXCLUSIVE, with all reads and writes waiting: {unsure} is not known and decides")
    } else if effect.work.contains(&Work::Rewrite) {
        format!("{change} rewrites {table} and all its indexes under ACCESS EXCLUSIVE: all reads and writes wait until the last row is written")
    } else if effect.work.contains(&Work::Scan) {
        format!("{change} holds ACCESS EXCLUSIVE on {table} while every row is checked: all reads and writes wait")
    } else if effect.work.contains(&Work::IndexBuild) {
        format!("{change} rebuilds the indexes on {column} under ACCESS EXCLUSIVE: all reads and writes of {table} wait")
    } else {
        return; // brief: the catalog changes and no row is touched
    };
    let mut help = safe_way(ctx, alter, column, ty, using);
    if zoned {
        help = format!(
            "where the times without a zone are UTC, say so, and no row is touched:\nBEGIN;\nSET LOCAL lock_timeout = '2s';\nSET LOCAL timezone = 'UTC';\nALTER TABLE {table} ALTER COLUMN {column} TYPE {ty};\nCOMMIT;\nwhere they are not:\n{help}"
        );
    }
    let mut report = ctx.report(alter.span, message).help(help);
    for at in ctx.mentions.of_column(ctx.catalog, &ctx.catalog.resolve(table), &column.value).into_iter().take(6) {
        report = report.related(at, format!("uses {table}.{column}"));
    }
    ctx.add(if unsure.is_some() { report.severity(Severity::Warning) } else { report });
}

fn is_zone_change(old: &TypeName, new: &TypeName) -> bool {
    old.dimensions == 0 && new.dimensions == 0 && matches!((old.name.as_str(), new.name.as_str()), ("timestamp", "timestamptz") | ("timestamptz", "timestamp"))
}

/// Whether the file has set the session's time zone to UTC; `None` where it says nothing.
fn time_zone_is_utc(ctx: &Context) -> Option<bool> {
    const UTC: &[&str] = &["utc", "gmt", "etc/utc", "etc/gmt", "zulu", "etc/zulu", "0", "+00", "+00:00"];
    let set = ctx.preceding.iter().rev().flat_map(|statement| statement.actions.iter().rev()).find_map(|action| match action {
        Action::Set(set) if set.name == "timezone" => Some(set.values.first().map(|value| value.to_ascii_lowercase())),
        Action::Reset { name } if name.as_deref().is_none_or(|name| name == "timezone") => Some(None),
        _ => None,
    })?;
    set.map(|zone| UTC.contains(&zone.as_str()))
}

fn safe_way(ctx: &Context, alter: &AlterTable, column: &Name, ty: &TypeName, using: Option<&Expr>) -> String {
    let table = &alter.name;
    let new = crate::facts::quote_identifier(&format!("{}_new", column.value));
    let key = ctx.table(table).and_then(|(_, t)| t.primary_key().first().copied()).unwrap_or("id");
    let key = crate::facts::quote_identifier(key);
    let value = using.map_or_else(|| format!("{column}::{ty}"), |using| ctx.source(using.span).to_owned());
    format!(
        "ALTER TABLE {table} ADD COLUMN {new} {ty};\n-- a trigger keeps {new} in step with {column}; then fill old rows in batches, each in its own transaction:\nUPDATE {table} SET {new} = {value} WHERE {key} BETWEEN :first AND :last;\n-- then move the application to {new}, and drop {column}"
    )
}
