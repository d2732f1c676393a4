//! ALTER COLUMN TYPE that writes or reads every row under ACCESS EXCLUSIVE.
use super::support::locks::{live_alterations, named_effect};
use super::{Check, Context, Kind};
use crate::facts::{Action, AlterTable, ConstraintKind, Expr, Name, ObjectName, TableChange, TypeName};
use crate::finding::Severity;
use crate::postgres::effect::{Effect, EffectKind, Work};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        if let TableChange::SetType { column, ty, using, .. } = &alter.change
            && let Some(effect) = named_effect(ctx, action) {
                type_change(ctx, alter, column, ty, using.as_ref(), effect);
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
    let same_number = zoned && using.is_none() && in_utc == Some(true); // under another name
    let built = affected_indexes(ctx, table, column, same_number);
    if same_number && built.is_empty() {
        return;
    }
    let message = if same_number {
        format!("{change} rebuilds {} under ACCESS EXCLUSIVE: all reads and writes of {table} wait", built.join(", "))
    } else if let Some(unsure) = unsure {
        format!("{change} may rewrite {table} under ACCESS EXCLUSIVE, with all reads and writes waiting: {unsure} is not known and decides")
    } else if effect.work.contains(&Work::Rewrite) {
        format!("{change} rewrites {table} and all its indexes under ACCESS EXCLUSIVE: all reads and writes wait until the last row is written")
    } else if effect.work.contains(&Work::Scan) {
        format!("{change} holds ACCESS EXCLUSIVE on {table} while every row is checked against its CHECKs again: all reads and writes wait")
    } else if !built.is_empty() {
        format!("{change} rebuilds {} under ACCESS EXCLUSIVE: all reads and writes of {table} wait", built.join(", "))
    } else {
        return; // brief: the catalog changes and no row is touched
    };
    let stays = same_number || (unsure.is_none() && !effect.work.contains(&Work::Rewrite));
    let around = if stays { around_dependents(ctx, alter, column, &built) } else { None };
    let mut help = around.unwrap_or_else(|| safe_way(ctx, alter, column, ty, using));
    if zoned && !stays {
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

/// The indexes on the column that are built anew, where rows stay as they are.
fn affected_indexes(ctx: &Context, table: &ObjectName, column: &Name, any: bool) -> Vec<String> {
    let effects = ctx.effects.iter().filter(|effect| effect.kind == EffectKind::Index && (any || effect.work.contains(&Work::IndexBuild)));
    let on_column = |effect: &&Effect| {
        let index = ctx.catalog.indexes.get(&effect.relation);
        index.is_some_and(|index| {
            let reads_it = index.keys.iter().map(|key| &key.expr).chain(index.predicate.as_deref()).any(|expr| reads(expr, column));
            reads_it && (ctx.is_partitioned(table) || index.table == ctx.catalog.resolve(table))
        })
    };
    effects.filter(on_column).map(|effect| effect.relation.to_string()).collect()
}

fn reads(expr: &Expr, column: &Name) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.column().is_some_and(|c| c.column == *column));
    found
}

/// Where no row is written, what is done again can be put off: CHECKs by NOT VALID, indexes by building them concurrently.
fn around_dependents(ctx: &Context, alter: &AlterTable, column: &Name, built: &[String]) -> Option<String> {
    let table = &alter.name;
    let (name, known) = ctx.table(table)?;
    if built.iter().any(|index| ctx.catalog.indexes_of(name).any(|(q, i)| q.to_string() == *index && i.constraint)) {
        return None;
    }
    let checks: Vec<_> = known
        .constraints
        .iter()
        .filter(|c| c.valid && matches!(&c.constraint.kind, ConstraintKind::Check(expr) if reads(expr, column)))
        .collect();
    let quote = crate::facts::quote_identifier;
    let drops: String = checks.iter().map(|c| format!("DROP CONSTRAINT {}, ", quote(&c.name))).collect();
    let adds: String = checks.iter().map(|c| format!(", ADD CONSTRAINT {} {} NOT VALID", quote(&c.name), c.sql)).collect();
    let mut help = built.iter().map(|index| format!("DROP INDEX CONCURRENTLY {index};\n")).collect::<String>();
    help.push_str(&format!("ALTER TABLE {table} {drops}{}{adds};", ctx.source(alter.span)));
    if !checks.is_empty() || !built.is_empty() {
        help.push_str("\n-- then, each in its own transaction or outside of one:");
    }
    for check in checks {
        help.push_str(&format!("\nALTER TABLE {table} VALIDATE CONSTRAINT {};", quote(&check.name)));
    }
    for index in built {
        help.push_str(&format!("\n-- and {index} again, with CREATE INDEX CONCURRENTLY"));
    }
    Some(help)
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
