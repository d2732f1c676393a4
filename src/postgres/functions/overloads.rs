//! Functions and casts whose arguments' types decide how volatile they are, as `pg_proc` and `pg_cast` have them. Must not
//! know about expressions' surroundings: it is asked one call or cast at a time.

use super::infer::{Scope, UNKNOWN, is_datetime, is_text};
use crate::facts::Volatility::{self, Immutable, Stable, Volatile};
use crate::facts::{Call, Expr};

/// A verdict, and whether it holds whatever the unknown types turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) volatility: Volatility,
    pub(super) certain: bool,
}

pub(super) const fn certain(volatility: Volatility) -> Verdict {
    Verdict { volatility, certain: true }
}

pub(super) const fn unsure(volatility: Volatility) -> Verdict {
    Verdict { volatility, certain: false }
}

fn stable_if(stable: bool) -> Verdict {
    certain(if stable { Stable } else { Immutable })
}

/// The volatility of a built-in function whose overloads differ; `None` for every other name.
pub(super) fn overloaded(call: &Call, scope: &Scope<'_>) -> Option<Verdict> {
    let count = call.args.len();
    let arg = |i: usize| call.args.get(i).and_then(|e| scope.type_of(e));
    Some(match call.name.name.value.as_str() {
        "age" => stable_if(count < 2),
        "date_add" | "date_subtract" => stable_if(count < 3),
        "date" | "time" | "timestamp" | "timestamptz" | "timetz" | "numeric" if count == 1 => {
            cast(arg(0).as_deref(), &call.name.name.value, scope)
        }
        "timestamptz" if count == 2 => by_type(arg(1), |ty| ty == "time"),
        "timestamp" | "time" | "timestamptz" | "timetz" | "numeric" => certain(Immutable),
        "date_part" | "extract" => by_type(arg(1), |ty| ty == "timestamptz" || ty == UNKNOWN),
        "date_trunc" if count > 2 => certain(Immutable),
        "date_trunc" => by_type(arg(1), |ty| matches!(ty, "timestamptz" | "date") || ty == UNKNOWN),
        "generate_series" if count == 3 => by_type(arg(0), |ty| matches!(ty, "timestamptz" | "date")),
        "generate_series" => certain(Immutable),
        "json_to_tsvector" | "jsonb_to_tsvector" => stable_if(count < 3),
        "phraseto_tsquery" | "plainto_tsquery" | "to_tsquery" | "to_tsvector" | "websearch_to_tsquery" => stable_if(count < 2),
        "ts_headline" => headline(arg(1), count),
        "ts_rewrite" => certain(if count < 3 { Volatile } else { Immutable }),
        "length" => stable_if(count > 1),
        "to_timestamp" => stable_if(count > 1),
        "quote_literal" | "quote_nullable" => cast(arg(0).as_deref(), "text", scope),
        "timezone" if count < 2 => certain(Stable),
        "timezone" => zone(arg(1)),
        "overlaps" => by_type(arg(0), |ty| ty == "timestamptz"),
        "in_range" | "ts_parse" | "ts_token_type" => unsure(Stable),
        "coalesce" | "greatest" | "least" | "nullif" => mixed_datetimes(&call.args, scope),
        _ => return None,
    })
}

fn by_type(ty: Option<String>, stable: impl Fn(&str) -> bool) -> Verdict {
    ty.map_or(unsure(Stable), |ty| stable_if(stable(&ty)))
}

/// `ts_headline(text, tsquery)` reads `default_text_search_config`; with a configuration first it does not.
fn headline(second: Option<String>, count: usize) -> Verdict {
    match (second.as_deref(), count) {
        (Some("tsquery"), _) | (_, 2) => certain(Stable),
        (_, 4) => certain(Immutable),
        (Some(_), _) => certain(Immutable),
        (None, _) => unsure(Stable),
    }
}

/// `x AT TIME ZONE zone`: immutable but for `timetz`, and for dates, which become timestamptz first.
fn zone(ty: Option<String>) -> Verdict {
    by_type(ty, |ty| matches!(ty, "timetz" | "time" | "date"))
}

/// `coalesce(timestamptz, date)` brings the date to a timestamptz.
fn mixed_datetimes(args: &[Expr], scope: &Scope<'_>) -> Verdict {
    let types: Vec<String> = args.iter().filter_map(|e| scope.type_of(e)).collect();
    let zoned = types.iter().any(|ty| ty == "timestamptz");
    stable_if(zoned && types.iter().any(|ty| ty == "date" || ty == "timestamp"))
}

/// The volatility of a conversion.
pub(super) fn cast(from: Option<&str>, to: &str, scope: &Scope<'_>) -> Verdict {
    let Some(from) = from else { return cast_from_unknown(to) };
    match (from, to) {
        (UNKNOWN, _) => certain(Immutable), // a constant is converted once, while parsing
        (from, to) if from == to => certain(Immutable),
        ("timestamptz", "date" | "time" | "timetz" | "timestamp") => certain(Stable),
        ("date" | "timestamp", "timestamptz") | ("time", "timetz") => certain(Stable),
        ("int4" | "int8" | "numeric", "money") | ("money", "numeric") => certain(Stable),
        (from, to) if is_text(from) && !is_text(to) => text_to(to, scope),
        (from, to) if is_text(to) && !is_text(from) => to_text(from, scope),
        _ => certain(Immutable),
    }
}

/// From a column whose type nobody knows: it may be the target type itself.
fn cast_from_unknown(to: &str) -> Verdict {
    let text_or_time = is_text(to) || reads_settings(to);
    if text_or_time { unsure(Stable) } else { certain(Immutable) }
}

/// Reading a type from text (its input function's volatility).
fn text_to(to: &str, scope: &Scope<'_>) -> Verdict {
    stable_if(reads_settings(to) || matches!(to, "time" | "timetz" | "xml") || scope.is_enum(to))
}

/// Writing a type as text (its output function's volatility).
fn to_text(from: &str, scope: &Scope<'_>) -> Verdict {
    stable_if(reads_settings(from) || from == "record" || scope.is_enum(from))
}

/// The types whose text form depends on settings or on other objects, in both directions.
fn reads_settings(ty: &str) -> bool {
    ty.ends_with("[]")
        || ty.ends_with("range")
        || (ty.starts_with("reg") && ty != "region")
        || matches!(ty, "date" | "timestamp" | "timestamptz" | "interval" | "money" | "aclitem")
}

/// The volatility of an operator between two types.
pub(super) fn operator(op: &str, left: Option<&str>, right: Option<&str>, scope: &Scope<'_>) -> Verdict {
    let comparison = matches!(op, "=" | "<>" | "<" | "<=" | ">" | ">=");
    match (left, right) {
        (Some("timestamptz"), Some("interval")) | (Some("interval"), Some("timestamptz")) if op == "+" || op == "-" => certain(Stable),
        (Some(l), Some(r)) if comparison && is_datetime(l) && is_datetime(r) => stable_if((l == "timestamptz") != (r == "timestamptz")),
        (Some(l), Some(r)) if op == "@@" => stable_if(is_text(l) && (is_text(r) || r == "tsquery" || r == UNKNOWN)),
        (Some(l), Some(r)) if op == "||" && (is_text(l) || is_text(r)) => concatenation(l, r, scope),
        _ => certain(Immutable),
    }
}

/// `text || anything` turns the other side into text; PostgreSQL inlines it, so that only that conversion counts.
fn concatenation(left: &str, right: &str, scope: &Scope<'_>) -> Verdict {
    let other = if is_text(left) { right } else { left };
    if is_text(other) || other == UNKNOWN || other.ends_with("[]") { certain(Immutable) } else { to_text(other, scope) }
}
