//! ATTACH PARTITION reads the new partition, and the default one, under ACCESS EXCLUSIVE unless a valid CHECK proves the bound.
use super::support::locks::{effects_of, is_live, live_alterations, made_up_name, object_name};
use super::{Check, Context, Kind};
use crate::facts::{Expr, ObjectName, PartitionBound, TableChange};
use crate::postgres::effect::Work;

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for (action, alter) in live_alterations(ctx) {
        let TableChange::AttachPartition { partition, bound } = &alter.change else { continue };
        let scanned = effects_of(ctx, action).iter().find(|e| e.work.contains(&Work::Scan) && is_live(ctx, e));
        let Some(effect) = scanned else { continue };
        let (parent, relation) = (&alter.name, &effect.relation);
        let message = format!(
            "attaching {partition} to {parent} holds ACCESS EXCLUSIVE on {relation} while every row is checked against the bound: all reads and writes of {relation} wait"
        );
        let check = made_up_name(&object_name(relation), &[], "bound");
        let inside = ctx.catalog.resolve(partition) == *relation;
        let condition = condition(ctx, parent, bound, inside).unwrap_or_else(|| "…".to_owned());
        let help = format!(
            "let a valid CHECK prove it first:\nALTER TABLE {relation} ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID;\n-- in a later transaction:\nALTER TABLE {relation} VALIDATE CONSTRAINT {check};\n-- then, with nothing left to read:\nALTER TABLE {parent} {};\nALTER TABLE {relation} DROP CONSTRAINT {check};",
            ctx.source(alter.span)
        );
        ctx.add(ctx.report(alter.span, message).help(help));
    }
}

/// What PostgreSQL takes as proof: for the new partition that all its rows lie in the bound, for the DEFAULT one that none does.
fn condition(ctx: &Context, parent: &ObjectName, bound: &PartitionBound, inside: bool) -> Option<String> {
    let key = match ctx.table(parent)?.1.partition_by.as_ref()?.keys.as_slice() {
        [only] => only.expr.column()?.column.to_string(),
        _ => return None,
    };
    let text = |expr: &Expr| ctx.source(expr.span).to_owned();
    let open = |expr: &Expr| expr.column().is_some_and(|c| matches!(c.column.value.as_str(), "minvalue" | "maxvalue"));
    match bound {
        PartitionBound::Range { from, to } => {
            let ([from], [to]) = (from.as_slice(), to.as_slice()) else { return None };
            let (low, high) = if inside { (">=", "<") } else { ("<", ">=") };
            let side = |expr: &Expr, op: &str| (!open(expr)).then(|| format!("{key} {op} {}", text(expr)));
            let sides: Vec<String> = [side(from, low), side(to, high)].into_iter().flatten().collect();
            Some(if inside { format!("{key} IS NOT NULL AND {}", sides.join(" AND ")) } else { sides.join(" OR ") })
        }
        PartitionBound::List(values) => {
            let list = values.iter().map(text).collect::<Vec<_>>().join(", ");
            Some(if inside { format!("{key} IS NOT NULL AND {key} IN ({list})") } else { format!("{key} NOT IN ({list})") })
        }
        PartitionBound::Default | PartitionBound::Hash { .. } => None,
    }
}
