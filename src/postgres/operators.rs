//! Which operator PostgreSQL picks for two operand types, and which operator families belong together.
//!
//! An index serves `column op value` only where the operator that the parser picks is of the index's family *and* the column
//! stands there unconverted: `int = 5.0` converts the column to numeric, and no index on the column is used. From the manual's
//! section 10.2 and from `pg_operator`, `pg_amop` and `pg_cast` of PostgreSQL 15 and 18. Types are internal names, arrays with
//! `[]` behind, `unknown` for a string without a type. Must not know indexes or queries.

use super::types::is_built_in;

/// The type of a literal or parameter that has none yet.
pub const UNKNOWN: &str = "unknown";

/// The operand types that an operator gets, and what it gives; `None`: not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operands {
    /// Of the left operand.
    pub left: Option<String>,
    /// Of the right operand.
    pub right: Option<String>,
    /// The result's type.
    pub result: Option<String>,
}

fn known(left: &str, right: &str, result: Option<&str>) -> Operands {
    Operands { left: Some(left.to_owned()), right: Some(right.to_owned()), result: result.map(str::to_owned) }
}

/// Whether an operator compares in the order of a btree, or for equality.
pub fn is_comparison(op: &str) -> bool {
    matches!(op, "=" | "<>" | "<" | "<=" | ">" | ">=")
}

/// Whether an operator matches patterns in text.
pub fn is_pattern(op: &str) -> bool {
    matches!(op, "~~" | "!~~" | "~~*" | "!~~*" | "~" | "!~" | "~*" | "!~*" | "^@" | "<%" | "%>" | "<<%" | "%>>")
}

/// What an operator gets and gives, for operands of these types.
pub fn operands(op: &str, left: Option<&str>, right: Option<&str>) -> Operands {
    let as_they_are = |result: Option<&str>| Operands {
        left: left.map(str::to_owned),
        right: right.map(str::to_owned),
        result: result.map(str::to_owned),
    };
    if is_comparison(op) {
        let (l, r) = match (left, right) {
            (Some(l), Some(r)) => match compared(l, r) {
                Some(pair) => pair,
                None => return as_they_are(Some("bool")),
            },
            _ => return as_they_are(Some("bool")),
        };
        return known(&l, &r, Some("bool"));
    }
    match op {
        "->" | "#>" => json_access(op, left, right, left.filter(|l| matches!(*l, "json" | "jsonb")).unwrap_or("jsonb")),
        "->>" | "#>>" => json_access(op, left, right, "text"),
        _ if is_pattern(op) || (op == "%" && [left, right].into_iter().flatten().any(is_text)) => pattern(op, left, right),
        "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@?" | "@@" | "@@@" => contained(op, left, right),
        "||" => concatenated(left, right).unwrap_or_else(|| as_they_are(None)),
        "+" | "-" | "*" | "/" | "%" | "^" => arithmetic(op, left, right).unwrap_or_else(|| as_they_are(None)),
        _ => as_they_are(None),
    }
}

fn is_text(ty: &str) -> bool {
    matches!(ty, "text" | "varchar" | "bpchar" | "citext" | "name")
}

fn json_access(op: &str, left: Option<&str>, right: Option<&str>, result: &str) -> Operands {
    let wanted = if op.starts_with('#') { "text[]" } else { "text" };
    let right = match right {
        Some(UNKNOWN | "varchar" | "bpchar" | "name") => Some(wanted),
        other => other,
    };
    Operands { left: left.map(str::to_owned), right: right.map(str::to_owned), result: Some(result.to_owned()) }
}

fn pattern(op: &str, left: Option<&str>, right: Option<&str>) -> Operands {
    let side = |ty: &str| match ty {
        "bpchar" if !matches!(op, "^@" | "%" | "<%" | "%>" | "<<%" | "%>>") => "bpchar".to_owned(),
        "citext" | "name" | "bytea" => ty.to_owned(),
        _ => "text".to_owned(),
    };
    let l = left.map(|l| if l == UNKNOWN { "text".to_owned() } else { side(l) });
    // citext ~~ citext exists beside citext ~~ text; an untyped pattern is taken for the column's own type
    let r = match (l.as_deref(), right) {
        (Some("bytea"), _) => Some("bytea".to_owned()),
        (Some("citext"), Some(UNKNOWN | "citext")) => Some("citext".to_owned()),
        (_, r) => r.map(|_| "text".to_owned()),
    };
    Operands { left: l, right: r, result: Some("bool".to_owned()) }
}

fn contained(op: &str, left: Option<&str>, right: Option<&str>) -> Operands {
    let bool_of = |l: &str, r: &str| known(l, r, Some("bool"));
    match (op, left, right) {
        ("?", Some(l), Some(UNKNOWN | "varchar")) => bool_of(l, "text"),
        ("?|" | "?&", Some(l), Some(UNKNOWN)) => bool_of(l, "text[]"),
        ("@?" | "@@", Some("jsonb"), Some(UNKNOWN)) => bool_of("jsonb", "jsonpath"),
        ("@@" | "@@@", Some("tsvector"), Some(UNKNOWN)) => bool_of("tsvector", "tsquery"),
        (_, Some(l), Some(UNKNOWN)) => bool_of(l, l),
        (_, Some(UNKNOWN), Some(r)) => bool_of(r, r),
        ("@>" | "<@" | "&&", Some("cidr"), Some(r)) => bool_of("inet", r),
        (_, l, r) => Operands { left: l.map(str::to_owned), right: r.map(str::to_owned), result: Some("bool".to_owned()) },
    }
}

fn concatenated(left: Option<&str>, right: Option<&str>) -> Option<Operands> {
    let (l, r) = (left?, right?);
    let text = |ty: &str| matches!(ty, UNKNOWN | "text" | "varchar" | "name" | "bpchar");
    Some(match (l, r) {
        ("jsonb", _) | (_, "jsonb") => known("jsonb", "jsonb", Some("jsonb")),
        ("tsvector", _) => known("tsvector", "tsvector", Some("tsvector")),
        (l, UNKNOWN) if l.ends_with("[]") => known(l, l, Some(l)),
        (l, r) if l.ends_with("[]") => known(l, r, Some(l)),
        (l, r) if r.ends_with("[]") => known(l, r, Some(r)),
        (l, r) if text(l) && text(r) => known("text", "text", Some("text")),
        (l, r) if text(l) => known("text", r, Some("text")),
        (l, r) if text(r) => known(l, "text", Some("text")),
        _ => return None,
    })
}

fn number_rank(ty: &str) -> Option<usize> {
    ["int2", "int4", "int8", "numeric", "float4", "float8"].iter().position(|t| *t == ty)
}

fn arithmetic(op: &str, left: Option<&str>, right: Option<&str>) -> Option<Operands> {
    let (mut l, mut r) = (left?, right?);
    let temporal = |ty: &str| matches!(ty, "date" | "timestamp" | "timestamptz" | "time" | "timetz" | "interval");
    if l == UNKNOWN {
        l = if temporal(r) { "interval" } else { r };
    }
    if r == UNKNOWN {
        r = if temporal(l) && op == "+" { "interval" } else { l };
    }
    if let (Some(a), Some(b)) = (number_rank(l), number_rank(r)) {
        let wider = if a > b { l } else { r };
        // integers among themselves, and the floats, have operators of their own
        return Some(match (a.max(b), a.min(b)) {
            (0..=2, _) => known(l, r, Some(wider)),
            (4..=5, low) if low < 4 => known("float8", "float8", Some("float8")),
            (4..=5, _) => known(l, r, Some(wider)),
            _ => known("numeric", "numeric", Some("numeric")),
        });
    }
    let result = match (l, op, r) {
        ("date", "+" | "-", "int2" | "int4") => return Some(known("date", "int4", Some("date"))),
        ("date", "-", "date") => "int4",
        ("date", "+" | "-", "interval") => "timestamp",
        ("interval", "+", "date") => "timestamp",
        (t @ ("timestamp" | "timestamptz" | "time" | "timetz" | "interval"), "+" | "-", "interval") => t,
        ("interval", "+", t @ ("timestamp" | "timestamptz" | "time")) => t,
        ("timestamp", "-", "timestamp") | ("timestamptz", "-", "timestamptz") => "interval",
        ("interval", "*" | "/", _) => "interval",
        (_, "*", "interval") => "interval",
        ("jsonb", "-", _) => "jsonb",
        _ => return None,
    };
    Some(known(l, r, Some(result)))
}

/// The operand types of a comparison.
fn compared(l: &str, r: &str) -> Option<(String, String)> {
    let pair = |l: &str, r: &str| Some((l.to_owned(), r.to_owned()));
    let same = |ty: &str| Some((operand(ty).to_owned(), operand(ty).to_owned()));
    if l == UNKNOWN && r == UNKNOWN {
        return pair("text", "text");
    }
    if r == UNKNOWN || l == r {
        return same(l);
    }
    if l == UNKNOWN {
        return same(r);
    }
    if let (Some(a), Some(b)) = (number_rank(l), number_rank(r)) {
        return match (a.max(b), a.min(b)) {
            (0..=2, _) => pair(l, r),
            (3, _) => pair("numeric", "numeric"),
            (_, 4..=5) => pair(l, r),
            // a float4 keeps its type beside a converted float8
            _ if a >= 4 => pair(l, "float8"),
            _ => pair("float8", r),
        };
    }
    let text = |ty: &str| matches!(ty, "text" | "varchar");
    let datetime = |ty: &str| matches!(ty, "date" | "timestamp" | "timestamptz");
    match (l, r) {
        (l, r) if text(l) && text(r) => pair("text", "text"),
        ("bpchar", "varchar") | ("varchar", "bpchar") => pair("bpchar", "bpchar"),
        ("bpchar" | "citext", r) if text(r) => pair("text", "text"),
        (l, "bpchar" | "citext") if text(l) => pair("text", "text"),
        ("name", r) if text(r) => pair("name", "text"),
        (l, "name") if text(l) => pair("text", "name"),
        (l, r) if datetime(l) && datetime(r) => pair(l, r),
        ("time", "timetz") | ("timetz", "time") => pair("timetz", "timetz"),
        ("time", "interval") | ("interval", "time") => pair("interval", "interval"),
        ("inet" | "cidr", "inet" | "cidr") => pair("inet", "inet"),
        ("oid", r) if number_rank(r).is_some_and(|n| n < 3) => pair("oid", "oid"),
        (l, "oid") if number_rank(l).is_some_and(|n| n < 3) => pair("oid", "oid"),
        (l, r) if is_reference(l) && (is_reference(r) || number_rank(r).is_some_and(|n| n < 3)) => pair("oid", "oid"),
        (l, r) if is_reference(r) && number_rank(l).is_some_and(|n| n < 3) => pair("oid", "oid"),
        _ => None,
    }
}

fn is_reference(ty: &str) -> bool {
    ty == "oid" || (ty.starts_with("reg") && is_built_in(ty))
}

/// The type whose operators a type uses: `varchar` has none of its own.
pub fn operand(ty: &str) -> &str {
    match ty {
        "varchar" => "text",
        "cidr" => "inet",
        ty if is_reference(ty) => "oid",
        ty => ty,
    }
}

/// Whether a value becomes the other type without a change of its bytes (a relabelling, which the planner looks through).
pub fn is_relabelling(from: &str, to: &str) -> bool {
    match (from, to) {
        ("varchar" | "citext", "text") | ("text", "varchar" | "citext") | ("varchar", "bpchar" | "citext") | ("citext", "varchar") => true,
        ("cidr", "inet") => true,
        ("int4", "oid") | ("oid", "int4") => true,
        (f, t) if is_reference(f) && (t == "oid" || t == "int4") => true,
        (f, t) if t.starts_with("reg") => is_reference(f) && is_reference(t),
        ("xml", "text") => true,
        ("bit", "varbit") | ("varbit", "bit") => true,
        (f, t) if f.ends_with("[]") && t.ends_with("[]") => f == t || is_relabelling(f.trim_end_matches("[]"), t.trim_end_matches("[]")),
        _ => false,
    }
}

/// The operator family that a type's btree and hash operators belong to.
pub fn family(ty: &str) -> &str {
    match operand(ty) {
        "int2" | "int4" | "int8" => "integer",
        "float4" | "float8" => "float",
        "date" | "timestamp" | "timestamptz" => "datetime",
        "text" | "name" => "text",
        ty if ty.ends_with("[]") => "array",
        ty if ty.ends_with("multirange") => "multirange",
        ty if ty.ends_with("range") => "range",
        ty => ty,
    }
}

/// The family of a btree or hash operator class by name (`varchar_ops` → `text`, `int8_ops` → `integer`).
pub fn class_family(class: &str) -> &str {
    match class {
        "varchar_pattern_ops" => "text_pattern_ops",
        "text_pattern_ops" | "bpchar_pattern_ops" | "citext_pattern_ops" => class,
        "btree_hstore_ops" | "hash_hstore_ops" => "hstore",
        "hash_ltree_ops" => "ltree",
        _ => match class.strip_suffix("_ops") {
            Some("array") => "array",
            Some("range") => "range",
            Some("multirange") => "multirange",
            Some(ty) => family(ty),
            None => class,
        },
    }
}

/// The type that a function of PostgreSQL's own gives, and the type of each argument that decides; `None`: not known.
pub fn function(name: &str, args: &[Option<&str>]) -> (Option<String>, Option<&'static str>) {
    let first = args.first().copied().flatten();
    let owned = |ty: &str| Some(ty.to_owned());
    match name {
        "lower" | "upper" if first.is_some_and(|f| f.ends_with("range")) => (None, None),
        "lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "trim" | "substring" | "substr" | "replace" | "translate" | "left" | "right"
        | "initcap" | "reverse" | "lpad" | "rpad" | "split_part" | "regexp_replace" | "md5" | "overlay" | "repeat" | "unaccent"
        | "quote_literal" | "chr" => (owned("text"), Some("text")),
        "concat"
        | "concat_ws"
        | "format"
        | "to_char"
        | "string_agg"
        | "jsonb_extract_path_text"
        | "json_extract_path_text"
        | "jsonb_array_element_text"
        | "jsonb_object_field_text"
        | "jsonb_typeof"
        | "host"
        | "array_to_string"
        | "encode" => (owned("text"), None),
        "length" | "char_length" | "octet_length" | "position" | "strpos" | "array_length" | "cardinality" | "jsonb_array_length"
        | "ascii" | "array_position" | "hashtext" => (owned("int4"), None),
        "count" | "row_number" | "nextval" => (owned("int8"), None),
        "now"
        | "current_timestamp"
        | "transaction_timestamp"
        | "statement_timestamp"
        | "clock_timestamp"
        | "to_timestamp"
        | "make_timestamptz" => (owned("timestamptz"), None),
        "localtimestamp" | "make_timestamp" => (owned("timestamp"), None),
        "current_date" | "to_date" | "make_date" => (owned("date"), None),
        "make_interval" | "age" | "justify_days" => (owned("interval"), None),
        "date_trunc" => match args.get(1).copied().flatten() {
            Some("date") => (owned("timestamptz"), None),
            other => (other.map(str::to_owned), None),
        },
        "extract" => (owned("numeric"), None),
        "date_part" | "random" | "similarity" | "sqrt" | "ln" | "exp" | "power" => (owned("float8"), None),
        "timezone" => match args.get(1).copied().flatten() {
            Some("timestamptz") => (owned("timestamp"), None),
            Some("timestamp") => (owned("timestamptz"), None),
            _ => (None, None),
        },
        "abs" | "coalesce" | "nullif" | "greatest" | "least" | "min" | "max" | "round" | "floor" | "ceil" | "ceiling" | "trunc" => {
            (first.filter(|f| *f != UNKNOWN).map(str::to_owned), None)
        }
        "to_tsvector" | "setweight" | "strip" => (owned("tsvector"), None),
        "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery" => (owned("tsquery"), None),
        "gen_random_uuid" | "uuid_generate_v4" | "uuidv7" | "uuidv4" => (owned("uuid"), None),
        "jsonb_extract_path" | "jsonb_build_object" | "jsonb_build_array" | "to_jsonb" | "jsonb_set" | "jsonb_object_field" => {
            (owned("jsonb"), None)
        }
        "jsonb_path_exists" | "jsonb_path_match" | "jsonb_exists" | "starts_with" | "isfinite" => (owned("bool"), None),
        "int4range" | "int8range" | "numrange" | "tsrange" | "tstzrange" | "daterange" => (owned(name), None),
        "box" | "point" | "circle" | "polygon" | "lower_inc" => (owned(if name == "lower_inc" { "bool" } else { name }), None),
        "string_to_array" | "regexp_split_to_array" => (owned("text[]"), None),
        "array_append" | "array_remove" | "array_cat" => (first.map(str::to_owned), None),
        "current_user" | "session_user" | "current_schema" | "user" => (owned("name"), None),
        "current_setting" => (owned("text"), None),
        "network" => (owned("cidr"), None),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(op: &str, left: &str, right: &str) -> (String, String) {
        let found = operands(op, Some(left), Some(right));
        (found.left.unwrap_or_default(), found.right.unwrap_or_default())
    }

    #[test]
    fn comparisons_convert_as_the_parser_does() {
        let pair = |l: &str, r: &str| (l.to_owned(), r.to_owned());
        assert_eq!(of("=", "int8", "int4"), pair("int8", "int4"), "in the family: nothing is converted");
        assert_eq!(of("=", "int4", "numeric"), pair("numeric", "numeric"), "the column is converted");
        assert_eq!(of("=", "float4", "numeric"), pair("float4", "float8"));
        assert_eq!(of("<", "date", "timestamptz"), pair("date", "timestamptz"));
        assert_eq!(of("=", "bpchar", "text"), pair("text", "text"));
        assert_eq!(of("=", "citext", "text"), pair("text", "text"));
        assert_eq!(of("=", "varchar", UNKNOWN), pair("text", "text"));
        assert_eq!(of("?", "jsonb", UNKNOWN), pair("jsonb", "text"));
    }

    #[test]
    fn families_span_types() {
        assert_eq!(family("int2"), family("int8"));
        assert_eq!(class_family("varchar_ops"), family("text"));
        assert_ne!(class_family("citext_ops"), family("text"));
        assert_ne!(class_family("text_pattern_ops"), family("text"));
    }
}
