//! Which expressions PostgreSQL takes into an index: those that give the same for the same row, whatever the session says.
//!
//! The casts and functions are those that servers of 12 to 18 call immutable for these types; what is not known is not held.

use crate::catalog::index_match::Node;

/// Values that print and read alike in every session.
const SETTLED: &[&str] = &[
    "int2", "int4", "int8", "numeric", "float4", "float8", "bool", "uuid", "inet", "cidr", "macaddr", "bytea", "jsonb", "json", "oid",
    "tsvector", "text", "varchar", "bpchar", "citext", "name",
];

const TIMES: &[&str] = &["date", "timestamp", "timestamptz", "time", "timetz", "interval"];

const TEXTS: &[&str] = &["text", "varchar", "bpchar", "citext", "name", "unknown"];

/// Whether a conversion is the same in every session.
pub(super) fn cast(from: Option<&str>, to: &str) -> bool {
    let base = to.split('(').next().unwrap_or(to).trim();
    let zoned = |ty: &str| ty == "timestamptz" || ty == "timetz";
    match from {
        Some(from) if from == base => true,
        Some(from) if TIMES.contains(&from) => TIMES.contains(&base) && zoned(from) == zoned(base),
        Some(from) => SETTLED.contains(&from) && SETTLED.contains(&base),
        None => false,
    }
}

/// Whether a conversion is one that no comparison makes by itself: somebody wrote it.
pub(super) fn is_asked_for(from: Option<&str>, to: &str) -> bool {
    let to_text = TEXTS.contains(&to) && from.is_some_and(|from| !TEXTS.contains(&from));
    to_text || to == "date" && matches!(from, Some("timestamp" | "timestamptz"))
}

/// Whether an operator is: `||` between texts is, with another type it prints that type's value as the session says; times with
/// an interval depend on the time zone.
pub(super) fn operator(op: &str, operands: &[Node]) -> bool {
    let types: Vec<&str> = operands.iter().filter_map(|n| n.ty.as_deref()).collect();
    match op {
        "||" => {
            let array_or_json = |ty: &&str| ty.ends_with("[]") || **ty == *"jsonb" || **ty == *"tsvector" || **ty == *"bytea";
            types.len() == operands.len() && (types.iter().all(|ty| TEXTS.contains(ty)) || types.iter().all(array_or_json))
        }
        "+" | "-" => !types.contains(&"timestamptz"),
        _ => true,
    }
}

/// Whether a function is.
pub(super) fn call(name: &str, args: &[Node]) -> bool {
    if super::print::SQL_JSON.iter().any(|own| name.split(' ').next() == Some(own)) {
        // a method of the path (`.timestamp_tz()`) is refused, whatever type is given back is not
        let settled = args.get(1).and_then(Node::text).is_some_and(|path| !path.contains('('));
        return settled && args.len() == 2;
    }
    const CALLS: &[&str] = &[
        "abs",
        "array_length",
        "ascii",
        "bit_length",
        "btrim",
        "cardinality",
        "ceil",
        "ceiling",
        "char_length",
        "character_length",
        "coalesce",
        "decode",
        "div",
        "encode",
        "floor",
        "greatest",
        "hashtext",
        "host",
        "initcap",
        "json_extract_path_text",
        "jsonb_array_length",
        "jsonb_extract_path",
        "jsonb_extract_path_text",
        "jsonb_typeof",
        "least",
        "left",
        "length",
        "lower",
        "lpad",
        "ltrim",
        "masklen",
        "md5",
        "mod",
        "network",
        "nullif",
        "octet_length",
        "overlay",
        "position",
        "regexp_replace",
        "repeat",
        "replace",
        "reverse",
        "right",
        "round",
        "rpad",
        "rtrim",
        "sha256",
        "sign",
        "split_part",
        "strpos",
        "substr",
        "substring",
        "translate",
        "trunc",
        "upper",
    ];
    let ty = |at: usize| args.get(at).and_then(|a| a.ty.as_deref());
    match name {
        "date_trunc" => args.len() == 2 && ty(1) == Some("timestamp"),
        "extract" | "date_part" => matches!(ty(1), Some("timestamp" | "date" | "time")),
        "date" => ty(0) == Some("timestamp"),
        "timezone" => args.first().is_some_and(Node::is_const) && matches!(ty(1), Some("timestamp" | "timestamptz")),
        "to_tsvector" => args.len() == 2 && args[0].is_const(),
        _ => CALLS.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::index_match::Kind;

    #[test]
    fn what_the_session_decides_is_not_held() {
        for (from, to) in
            [("text", "int4"), ("jsonb", "numeric"), ("int8", "text"), ("timestamp", "date"), ("text", "jsonb"), ("varchar", "varchar(20)")]
        {
            assert!(cast(Some(from), to), "{from} -> {to}");
        }
        for (from, to) in
            [("timestamptz", "date"), ("text", "date"), ("mood", "text"), ("money", "text"), ("date", "text"), ("text[]", "text")]
        {
            assert!(!cast(Some(from), to), "{from} -> {to}");
        }
        let typed = |ty: &str| Node::new(Kind::Column("c".to_owned()), Some(ty));
        assert!(operator("||", &[typed("text"), typed("varchar")]));
        assert!(!operator("||", &[typed("text"), typed("int4")]));
        assert!(!operator("+", &[typed("timestamptz"), typed("interval")]));
        assert!(call("lower", &[typed("text")]) && !call("concat", &[typed("text")]) && !call("date", &[typed("timestamptz")]));
    }
}
