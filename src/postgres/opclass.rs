//! Operator classes: defaults per access method and type, and the operators that each serves.
//!
//! From `pg_opclass` and `pg_amop` of PostgreSQL 12, 15 and 18, and of the extensions that come with it. Enums and domains
//! are not here: a type that is not PostgreSQL's own is unknown. Must not know indexes or queries.

use super::types::is_built_in;
use crate::facts::TypeName;

/// Whether a type that is known certainly has no default operator class for the access method. An array is compared by its
/// elements.
pub fn lacks_default(method: &str, ty: &TypeName) -> bool {
    let known_method = matches!(method, "btree" | "hash" | "gin" | "gist" | "spgist" | "brin");
    let dimensions = if matches!(method, "btree" | "hash") { 0 } else { ty.dimensions };
    known_method && class_of(method, &ty.name, dimensions).is_none() && is_built_in(&ty.name) && !is_foreign(&ty.name)
}

/// Types of extensions whose classes are not all listed here.
fn is_foreign(name: &str) -> bool {
    matches!(name, "geography" | "geometry" | "halfvec" | "vector" | "cube")
}

/// The operators that an operator class serves (`jsonb_path_ops` → `@>`, `@?`, `@@`), by access method; `None` if unknown.
pub fn operators(method: &str, opclass: &str) -> Option<&'static [&'static str]> {
    match method {
        "btree" => Some(btree_operators(opclass)),
        "hash" => Some(&["="]),
        "gin" => gin_operators(opclass),
        "gist" => gist_operators(opclass),
        "spgist" => spgist_operators(opclass),
        "brin" => brin_operators(opclass),
        _ => None,
    }
}

const ORDER: &[&str] = &["<", "<=", "=", ">=", ">"];
const RANGE: &[&str] = &["&&", "&<", "&>", "-|-", "<<", "<@", "=", ">>", "@>"];
const BOX: &[&str] = &["&&", "&<", "&<|", "&>", "<<", "<<|", "<@", ">>", "@>", "|&>", "|>>", "~="];
const POINT: &[&str] = &["<<", "<<|", "<@", "<^", ">>", ">^", "|>>", "~="];
const NETWORK: &[&str] = &["&&", "<", "<<", "<<=", "<=", "<>", "=", ">", ">=", ">>", ">>="];
const TRIGRAM: &[&str] = &["%", "%>", "%>>", "=", "LIKE", "ILIKE", "~", "~*", "~~", "~~*"];

/// The pattern classes compare bytes: they serve `LIKE 'x%'` as well as equality, and no plain `<`.
fn btree_operators(opclass: &str) -> &'static [&'static str] {
    if opclass.ends_with("_pattern_ops") { &["=", "~<~", "~<=~", "~>=~", "~>~", "LIKE", "~~", "^@"] } else { ORDER }
}

fn gin_operators(opclass: &str) -> Option<&'static [&'static str]> {
    Some(match opclass {
        "jsonb_ops" => &["?", "?&", "?|", "@>", "@?", "@@"],
        "jsonb_path_ops" => &["@>", "@?", "@@"],
        "array_ops" => &["&&", "<@", "=", "@>"],
        "tsvector_ops" => &["@@", "@@@"],
        "gin_trgm_ops" => TRIGRAM,
        "gin_hstore_ops" => &["?", "?&", "?|", "@>"],
        "gin__int_ops" => &["&&", "<@", "=", "@>", "@@"],
        "enum_ops" => ORDER,
        _ if default_btree(opclass.strip_suffix("_ops")?).is_some() => ORDER, // btree_gin
        _ => return None,
    })
}

fn gist_operators(opclass: &str) -> Option<&'static [&'static str]> {
    Some(match opclass {
        "gist_trgm_ops" => TRIGRAM,
        "range_ops" | "multirange_ops" => RANGE,
        "box_ops" | "circle_ops" | "poly_ops" => BOX,
        "point_ops" => POINT,
        "inet_ops" => NETWORK,
        "tsvector_ops" => &["@@"],
        "tsquery_ops" => &["<@", "@>"],
        "gist__int_ops" | "gist__intbig_ops" => &["&&", "=", "@>", "@@"],
        "gist_ltree_ops" => &["<", "<=", "<@", "=", ">", ">=", "?", "@", "@>", "~"],
        "gist__ltree_ops" => &["<@", "?", "@", "@>", "~"],
        "gist_hstore_ops" => &["?", "?&", "?|", "@>"],
        "gist_cube_ops" => &["&&", "<@", "=", "@>"],
        _ if opclass.starts_with("gist_") && opclass.ends_with("_ops") => &["<", "<=", "<>", "=", ">", ">="], // btree_gist
        _ => return None,
    })
}

fn spgist_operators(opclass: &str) -> Option<&'static [&'static str]> {
    Some(match opclass {
        "text_ops" => &["<", "<=", "=", ">=", ">", "^@", "~<~", "~<=~", "~>=~", "~>~"],
        "range_ops" => RANGE,
        "box_ops" | "poly_ops" => BOX,
        "kd_point_ops" | "quad_point_ops" => POINT,
        "inet_ops" => NETWORK,
        _ => return None,
    })
}

fn brin_operators(opclass: &str) -> Option<&'static [&'static str]> {
    Some(match opclass {
        "box_inclusion_ops" => BOX,
        "inet_inclusion_ops" => &["&&", "<<", "<<=", "=", ">>", ">>="],
        "range_inclusion_ops" => &["&&", "&<", "&>", "-|-", "<", "<<", "<=", "<@", "=", ">", ">=", ">>", "@>"],
        _ if opclass.ends_with("_bloom_ops") => &["="],
        _ if opclass.ends_with("_minmax_ops") || opclass.ends_with("_minmax_multi_ops") => ORDER,
        _ => return None,
    })
}

/// The name of the default operator class of a type for an access method (`gin`, `jsonb` → `jsonb_ops`).
pub fn default_class(method: &str, ty: &TypeName) -> Option<&'static str> {
    class_of(method, &ty.name, ty.dimensions)
}

fn class_of(method: &str, name: &str, dimensions: u8) -> Option<&'static str> {
    if dimensions > 0 {
        return matches!(method, "btree" | "hash" | "gin").then_some("array_ops");
    }
    match method {
        "btree" => default_btree(name),
        "hash" => default_hash(name),
        "gin" => default_gin(name),
        "gist" => default_gist(name),
        "spgist" => default_spgist(name),
        "brin" => default_brin(name),
        _ => None,
    }
}

fn default_btree(name: &str) -> Option<&'static str> {
    Some(match name {
        "bit" => "bit_ops",
        "bool" => "bool_ops",
        "bpchar" => "bpchar_ops",
        "bytea" => "bytea_ops",
        "char" => "char_ops",
        "citext" => "citext_ops",
        "cube" => "cube_ops",
        "date" => "date_ops",
        "float4" => "float4_ops",
        "float8" => "float8_ops",
        "hstore" => "btree_hstore_ops",
        "inet" | "cidr" => "inet_ops",
        "int2" => "int2_ops",
        "int4" => "int4_ops",
        "int8" => "int8_ops",
        "interval" => "interval_ops",
        "jsonb" => "jsonb_ops",
        "ltree" => "ltree_ops",
        "macaddr" => "macaddr_ops",
        "macaddr8" => "macaddr8_ops",
        "money" => "money_ops",
        "name" => "name_ops",
        "numeric" => "numeric_ops",
        "oid" => "oid_ops",
        "pg_lsn" => "pg_lsn_ops",
        "text" | "varchar" => "text_ops",
        "tid" => "tid_ops",
        "time" => "time_ops",
        "timestamp" => "timestamp_ops",
        "timestamptz" => "timestamptz_ops",
        "timetz" => "timetz_ops",
        "tsquery" => "tsquery_ops",
        "tsvector" => "tsvector_ops",
        "uuid" => "uuid_ops",
        "varbit" => "varbit_ops",
        "xid8" => "xid8_ops",
        _ if name.ends_with("multirange") => "multirange_ops",
        _ if name.ends_with("range") => "range_ops",
        _ if name.starts_with("reg") && is_built_in(name) => "oid_ops",
        _ => return None,
    })
}

fn default_hash(name: &str) -> Option<&'static str> {
    match name {
        "bit" | "varbit" | "money" | "tsquery" | "tsvector" | "cube" => None,
        "aclitem" => Some("aclitem_ops"),
        "cid" => Some("cid_ops"),
        "xid" => Some("xid_ops"),
        "hstore" => Some("hash_hstore_ops"),
        "ltree" => Some("hash_ltree_ops"),
        _ => default_btree(name),
    }
}

/// Without btree_gin, which gives most scalars a class.
fn default_gin(name: &str) -> Option<&'static str> {
    Some(match name {
        "jsonb" => "jsonb_ops",
        "tsvector" => "tsvector_ops",
        "hstore" => "gin_hstore_ops",
        _ => return None,
    })
}

/// Without btree_gist, which gives most scalars a class.
fn default_gist(name: &str) -> Option<&'static str> {
    Some(match name {
        "box" => "box_ops",
        "circle" => "circle_ops",
        "point" => "point_ops",
        "polygon" => "poly_ops",
        "tsquery" => "tsquery_ops",
        "tsvector" => "tsvector_ops",
        "hstore" => "gist_hstore_ops",
        "ltree" => "gist_ltree_ops",
        "cube" => "gist_cube_ops",
        _ if name.ends_with("multirange") => "multirange_ops",
        _ if name.ends_with("range") => "range_ops",
        _ => return None,
    })
}

fn default_spgist(name: &str) -> Option<&'static str> {
    Some(match name {
        "box" => "box_ops",
        "inet" | "cidr" => "inet_ops",
        "point" => "quad_point_ops",
        "polygon" => "poly_ops",
        "text" | "varchar" => "text_ops",
        _ if name.ends_with("multirange") => return None,
        _ if name.ends_with("range") => "range_ops",
        _ => return None,
    })
}

fn default_brin(name: &str) -> Option<&'static str> {
    Some(match name {
        "bit" => "bit_minmax_ops",
        "box" => "box_inclusion_ops",
        "bpchar" => "bpchar_minmax_ops",
        "bytea" => "bytea_minmax_ops",
        "char" => "char_minmax_ops",
        "date" => "date_minmax_ops",
        "float4" => "float4_minmax_ops",
        "float8" => "float8_minmax_ops",
        "inet" | "cidr" => "inet_inclusion_ops",
        "int2" => "int2_minmax_ops",
        "int4" => "int4_minmax_ops",
        "int8" => "int8_minmax_ops",
        "interval" => "interval_minmax_ops",
        "macaddr" => "macaddr_minmax_ops",
        "macaddr8" => "macaddr8_minmax_ops",
        "name" => "name_minmax_ops",
        "numeric" => "numeric_minmax_ops",
        "oid" => "oid_minmax_ops",
        "pg_lsn" => "pg_lsn_minmax_ops",
        "text" | "varchar" => "text_minmax_ops",
        "tid" => "tid_minmax_ops",
        "time" => "time_minmax_ops",
        "timestamp" => "timestamp_minmax_ops",
        "timestamptz" => "timestamptz_minmax_ops",
        "timetz" => "timetz_minmax_ops",
        "uuid" => "uuid_minmax_ops",
        "varbit" => "varbit_minmax_ops",
        _ if name.ends_with("multirange") => return None,
        _ if name.ends_with("range") => "range_inclusion_ops",
        _ if name.starts_with("reg") && is_built_in(name) => "oid_minmax_ops",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_btree_class_and_jsonb_has_gin() {
        let ty = TypeName::named;
        assert!(lacks_default("btree", &ty("json")));
        assert!(lacks_default("btree", &ty("point")));
        assert!(lacks_default("gin", &ty("text")));
        assert!(!lacks_default("gin", &ty("jsonb")));
        assert!(!lacks_default("btree", &ty("mood")), "it may be an enum");
        assert_eq!(default_class("brin", &ty("timestamptz")), Some("timestamptz_minmax_ops"));
        assert_eq!(default_class("hash", &ty("money")), None);
    }

    #[test]
    fn arrays_follow_their_elements() {
        let array = |name: &str| TypeName { dimensions: 1, ..TypeName::named(name) };
        assert!(!lacks_default("gin", &array("text")));
        assert!(lacks_default("btree", &array("json")));
        assert!(lacks_default("gist", &array("int4")));
    }

    #[test]
    fn classes_serve_their_operators_only() {
        assert_eq!(operators("gin", "jsonb_path_ops"), Some(&["@>", "@?", "@@"][..]));
        let serves = |method, class, op| operators(method, class).is_some_and(|list| list.contains(&op));
        assert!(serves("gin", "jsonb_ops", "?") && !serves("gin", "jsonb_path_ops", "?"));
        assert!(serves("gin", "gin_trgm_ops", "ILIKE") && serves("gist", "gist_trgm_ops", "~"));
        assert!(serves("btree", "text_pattern_ops", "LIKE") && !serves("btree", "text_pattern_ops", "<"));
        assert!(serves("gin", "int4_ops", "=") && operators("gin", "mystery_ops").is_none());
    }
}
