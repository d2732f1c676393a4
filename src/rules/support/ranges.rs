//! A test of something computed from a column, turned into a test of the column.

use super::spelling;
use crate::catalog::index_match::{Test, commuted, is_value};
use crate::catalog::resolve::Resolved;
use crate::facts::{Expr, ExprKind, Literal};
use crate::rules::Context;

/// The same rows by the column alone, where that can be written.
pub(crate) fn rewrite(ctx: &Context, test: &Test, column: &Expr, table: &Resolved) -> Option<String> {
    let value = test.value?;
    let c = spelling::text(ctx, column.span);
    let v = spelling::text(ctx, value.span);
    let op = test.op.as_str();
    match &test.tested.kind {
        ExprKind::Cast { ty, .. } if ty.is("date") && is_point_in_time(table) != Some(false) => {
            Some(by_step(&c, op, &as_date(value, &v), "1"))
        }
        // a column's text may be no number: converting it instead may fail
        ExprKind::Cast { .. } if op == "=" && is_value(value) => {
            let own = table.definition()?.ty.as_ref()?;
            let numeric = ["int2", "int4", "int8", "uuid"].iter().any(|name| own.is(name));
            let list = matches!(test.whole.kind, ExprKind::Quantified { .. });
            numeric.then(|| match list {
                true => format!("{c} = ANY ({v}::{own}[])"),
                false => format!("{c} = {}", cast(value, &v, &own.to_string())),
            })
        }
        ExprKind::Call(call) => match (call.name.name.value.as_str(), &call.args[..]) {
            ("date", [_]) => Some(by_step(&c, op, &as_date(value, &v), "1")),
            ("date_trunc", [unit, _]) => {
                let unit = unit.string()?.to_ascii_lowercase();
                let step = if unit == "quarter" { "interval '3 months'".to_owned() } else { format!("interval '1 {unit}'") };
                Some(by_step(&c, op, &as_moment(value, &v, table), &step))
            }
            ("extract" | "date_part", [field, of]) if named(field, "epoch") => since(ctx, of, op, value, &v),
            ("extract" | "date_part", [field, _]) if op == "=" => year(field, &c, value, &v),
            ("to_char", [_, format]) if op == "=" => by_format(format, &c, &v),
            ("age", [_]) => Some(format!("{c} {} current_date - {v}", commuted(op).unwrap_or(op))),
            _ => None,
        },
        ExprKind::Binary { left, op: sign, right, .. } => {
            let interval = |e: &Expr| matches!(&e.kind, ExprKind::Cast { ty, .. } if ty.is("interval"));
            let shifted = interval(left) || interval(right) || is_point_in_time(table) == Some(true);
            let v = if shifted && left.column().is_some() { as_moment(value, &v, table) } else { v };
            moved(ctx, (left, sign, right), op, &v)
        }
        _ => None,
    }
}

/// `c` within the step that begins at `from`.
fn by_step(c: &str, op: &str, from: &str, step: &str) -> String {
    match op {
        "=" => format!("{c} >= {from} AND {c} < {from} + {step}"),
        ">" => format!("{c} >= {from} + {step}"),
        "<=" => format!("{c} < {from} + {step}"),
        _ => format!("{c} {op} {from}"),
    }
}

fn named(field: &Expr, name: &str) -> bool {
    field.string().is_some_and(|f| f.eq_ignore_ascii_case(name)) || field.column().is_some_and(|f| f.column == name)
}

/// `extract(epoch FROM now() - c) < 3600` as `c > now() - make_interval(secs => 3600)`.
fn since(ctx: &Context, of: &Expr, op: &str, value: &Expr, v: &str) -> Option<String> {
    let ExprKind::Binary { left, op: sign, right, .. } = &of.kind else { return None };
    right.column().filter(|_| sign == "-" && left.column().is_none())?;
    let (from, column) = (spelling::text(ctx, left.span), spelling::text(ctx, right.span));
    let seconds = match &value.uncast().kind {
        ExprKind::Literal(Literal::Number(n)) => format!("interval '{n} seconds'"),
        _ => format!("make_interval(secs => {v})"),
    };
    Some(format!("{column} {} {from} - {seconds}", commuted(op)?))
}

/// `to_char(c, 'YYYY-MM') = v` as the month that begins there.
fn by_format(format: &Expr, c: &str, v: &str) -> Option<String> {
    let unit = match format.string()?.to_ascii_uppercase().as_str() {
        "YYYY" => "year",
        "YYYY-MM" | "YYYYMM" | "YYYY/MM" => "month",
        "YYYY-MM-DD" | "YYYYMMDD" | "YYYY/MM/DD" => "day",
        _ => return None,
    };
    let from = format!("to_date({v}, '{}')", format.string()?);
    Some(format!("{c} >= {from} AND {c} < {from} + interval '1 {unit}'"))
}

fn year(field: &Expr, c: &str, value: &Expr, v: &str) -> Option<String> {
    if !named(field, "year") {
        return None;
    }
    Some(match &value.uncast().kind {
        ExprKind::Literal(Literal::Number(n)) => {
            let next = n.parse::<i32>().ok()?.checked_add(1)?;
            format!("{c} >= '{n}-01-01' AND {c} < '{next}-01-01'")
        }
        _ => format!("{c} >= make_date({v}, 1, 1) AND {c} < make_date({v} + 1, 1, 1)"),
    })
}

/// `c + i < v` as `c < v - i`, and `v - c > i` as `c < v - i`.
fn moved(ctx: &Context, (left, sign, right): (&Expr, &str, &Expr), op: &str, v: &str) -> Option<String> {
    let text = |e: &Expr| spelling::text(ctx, e.span);
    let moved = match (left.column(), sign) {
        (Some(_), "+") => format!("{} {op} {v} - {}", text(left), text(right)),
        (Some(_), _) => format!("{} {op} {v} + {}", text(left), text(right)),
        (None, "+") => format!("{} {op} {v} - {}", text(right), text(left)),
        (None, _) => format!("{} {} {} - {v}", text(right), commuted(op).unwrap_or(op), text(left)),
    };
    // the last day of January and a month is the last of February, and that less a month is not in its last days
    let by_months = [left, right].iter().any(|side| {
        let text = text(side).to_ascii_lowercase();
        side.column().is_none() && ["month", " mon", "year"].iter().any(|unit| text.contains(unit))
    });
    Some(if by_months { format!("{moved}  -- months differ in length: for the last days of one it is not quite the same") } else { moved })
}

fn is_point_in_time(table: &Resolved) -> Option<bool> {
    let ty = table.definition()?.ty.as_ref()?;
    Some(ty.is("timestamp") || ty.is("timestamptz"))
}

/// A value as a date: a parameter or a string needs to be told so.
fn as_date(value: &Expr, text: &str) -> String {
    cast(value, text, "date")
}

/// A value as what the column holds: beside an interval PostgreSQL takes an untyped one for an interval too.
fn as_moment(value: &Expr, text: &str, table: &Resolved) -> String {
    let own = table.definition().and_then(|c| c.ty.as_ref()).map(|ty| ty.name.as_str());
    cast(value, text, own.unwrap_or("timestamptz"))
}

fn cast(value: &Expr, text: &str, ty: &str) -> String {
    match &value.kind {
        ExprKind::Parameter(_) => format!("{text}::{ty}"),
        ExprKind::Literal(Literal::String(_)) => format!("{ty} {text}"),
        _ => text.to_owned(),
    }
}
