//! The type of an expression, as far as it can be told without a server. Volatility often hangs on it (`date_trunc` of a
//! timestamp is immutable, of a timestamptz stable). A type here is its internal name, `[]` after arrays, `unknown` for a
//! string constant; `None` is *not known*. Must not guess: a wrong type makes a wrong finding.

use crate::catalog::{Catalog, Qualified};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, Literal, TypeName};

/// How deep domains may stand on domains.
const MAX_DOMAINS: usize = 16;

/// How deep an expression is looked into: types are asked for at every node, and must not cost the square of its size.
const MAX_DEPTH: usize = 48;

/// A string constant's type before anything is known of its surroundings.
pub(super) const UNKNOWN: &str = "unknown";

/// Where an expression stands: what its columns are and what the schema knows.
pub(super) struct Scope<'a> {
    pub(super) column_type: &'a dyn Fn(&ColumnRef) -> Option<TypeName>,
    pub(super) catalog: &'a Catalog,
}

impl Scope<'_> {
    /// The type of an expression.
    pub(super) fn type_of(&self, expr: &Expr) -> Option<String> {
        self.type_at(expr, MAX_DEPTH)
    }

    fn type_at(&self, expr: &Expr, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let name: &str = match &expr.kind {
            ExprKind::Column(column) => return self.name_of(&(self.column_type)(column)?),
            ExprKind::Cast { ty, .. } => return self.name_of(ty),
            ExprKind::Literal(literal) => literal_type(literal),
            ExprKind::Collate { expr, .. } => return self.type_at(expr, depth),
            ExprKind::Binary { left, op, right, .. } => return binary_type(op, self.type_at(left, depth), self.type_at(right, depth)),
            ExprKind::Unary { expr, .. } => return self.type_at(expr, depth),
            ExprKind::Call(call) => return self.call_type(call, depth),
            ExprKind::Case { branches, otherwise, .. } => {
                return self.common(branches.iter().map(|(_, result)| result).chain(otherwise.as_deref()), depth);
            }
            ExprKind::Array(items) => return self.common(items.iter(), depth).map(|element| element + "[]"),
            ExprKind::Subscript { expr, .. } => {
                let inner = self.type_at(expr, depth)?;
                return if inner == "jsonb" { Some(inner) } else { inner.strip_suffix("[]").map(str::to_owned) };
            }
            ExprKind::Row(_) => "record",
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::IsNull { .. }
            | ExprKind::IsTruth { .. }
            | ExprKind::IsDistinct { .. }
            | ExprKind::InList { .. }
            | ExprKind::InSubquery { .. }
            | ExprKind::Between { .. }
            | ExprKind::Like { .. }
            | ExprKind::Quantified { .. }
            | ExprKind::Exists { .. } => "bool",
            _ => return None,
        };
        Some(name.to_owned())
    }

    /// A type's name, domains replaced by what they stand on; `None` for user types that nobody has defined.
    pub(super) fn name_of(&self, ty: &TypeName) -> Option<String> {
        let base = self.base(ty, MAX_DOMAINS)?;
        let dimensions = ty.dimensions.max(base.dimensions);
        Some(if dimensions > 0 { format!("{}[]", base.name) } else { base.name })
    }

    fn base(&self, ty: &TypeName, depth: usize) -> Option<TypeName> {
        let domain = self.catalog.domains.named(&ty.name).find(|(name, _)| names(name, ty));
        match domain {
            Some((_, domain)) if depth > 0 => self.base(&domain.ty, depth - 1),
            Some(_) => None,
            None => Some(ty.clone()),
        }
    }

    /// Whether a type is an enum that the schema defines.
    pub(super) fn is_enum(&self, name: &str) -> bool {
        self.catalog.types.named(name).any(|(_, ty)| matches!(ty.kind, crate::facts::TypeKind::Enum(_)))
    }

    /// The type that several expressions are brought to, where they agree or one is an untyped constant.
    fn common<'e>(&self, items: impl Iterator<Item = &'e Expr>, depth: usize) -> Option<String> {
        let mut found: Option<String> = None;
        for item in items {
            let ty = self.type_at(item, depth)?;
            found = match found {
                None => Some(ty),
                Some(f) if f == ty || ty == UNKNOWN => Some(f),
                Some(f) if f == UNKNOWN => Some(ty),
                Some(f) if is_datetime(&f) && is_datetime(&ty) => Some(wider_datetime(f, ty)),
                Some(f) if is_number(&f) && is_number(&ty) => Some("numeric".to_owned()),
                Some(f) if is_text(&f) && is_text(&ty) => Some("text".to_owned()),
                Some(_) => return None,
            };
        }
        found
    }

    fn call_type(&self, call: &Call, depth: usize) -> Option<String> {
        let arg = |i: usize| call.args.get(i).and_then(|e| self.type_at(e, depth));
        match call.name.name.value.as_str() {
            "coalesce" | "greatest" | "least" => self.common(call.args.iter(), depth),
            "nullif" => arg(0),
            "date_trunc" => arg(1).map(|ty| if ty == "date" || ty == UNKNOWN { "timestamptz".to_owned() } else { ty }),
            "timezone" => match arg(1)?.as_str() {
                "timestamptz" | "date" | UNKNOWN => Some("timestamp".to_owned()),
                "timestamp" => Some("timestamptz".to_owned()),
                "timetz" | "time" => Some("timetz".to_owned()),
                _ => None,
            },
            "unnest" => arg(0)?.strip_suffix("[]").map(str::to_owned),
            "min" | "max" | "abs" | "array_remove" | "array_append" | "array_cat" => arg(0),
            name => result_of(name).map(str::to_owned),
        }
    }
}

/// Whether a type name means that object of the schema.
pub(super) fn names(object: &Qualified, ty: &TypeName) -> bool {
    object.name == ty.name && ty.schema.as_ref().is_none_or(|schema| *schema == object.schema)
}

fn literal_type(literal: &Literal) -> &'static str {
    match literal {
        Literal::Null | Literal::String(_) => UNKNOWN,
        Literal::Boolean(_) => "bool",
        Literal::Bits(_) => "bit",
        Literal::Number(digits) if digits.parse::<i32>().is_ok() => "int4",
        Literal::Number(_) => "numeric",
    }
}

/// What calls of common functions return.
fn result_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "lower"
        | "upper"
        | "initcap"
        | "concat"
        | "concat_ws"
        | "substring"
        | "substr"
        | "trim"
        | "btrim"
        | "ltrim"
        | "rtrim"
        | "replace"
        | "translate"
        | "md5"
        | "to_char"
        | "format"
        | "regexp_replace"
        | "split_part"
        | "left"
        | "right"
        | "lpad"
        | "rpad"
        | "repeat"
        | "reverse"
        | "encode"
        | "array_to_string"
        | "quote_literal"
        | "quote_ident"
        | "quote_nullable"
        | "jsonb_extract_path_text"
        | "json_extract_path_text"
        | "chr"
        | "overlay"
        | "string_agg" => "text",
        "now"
        | "current_timestamp"
        | "clock_timestamp"
        | "transaction_timestamp"
        | "statement_timestamp"
        | "to_timestamp"
        | "make_timestamptz"
        | "timestamptz" => "timestamptz",
        "localtimestamp" | "make_timestamp" | "timestamp" => "timestamp",
        "current_date" | "to_date" | "make_date" | "date" => "date",
        "age" | "make_interval" | "justify_days" | "justify_hours" | "justify_interval" => "interval",
        "length" | "char_length" | "octet_length" | "position" | "strpos" | "ascii" | "array_length" | "cardinality"
        | "jsonb_array_length" | "hashtext" => "int4",
        "count" => "int8",
        "date_part" | "extract" | "round" | "floor" | "ceil" | "ceiling" | "trunc" => "numeric",
        "jsonb_extract_path" | "jsonb_build_object" | "to_jsonb" | "jsonb_build_array" | "jsonb_set" | "jsonb_strip_nulls" => "jsonb",
        "gen_random_uuid" | "uuidv4" | "uuidv7" | "uuid_generate_v4" => "uuid",
        "to_tsvector" | "setweight" => "tsvector",
        "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery" => "tsquery",
        "tstzrange" => "tstzrange",
        "tsrange" => "tsrange",
        "daterange" => "daterange",
        "digest" | "sha256" | "decode" => "bytea",
        _ => return None,
    })
}

/// What an operator returns.
fn binary_type(op: &str, left: Option<String>, right: Option<String>) -> Option<String> {
    // of json or jsonb, whichever it is
    if matches!(op, "->>" | "#>>") {
        return Some("text".to_owned());
    }
    let (left, right) = (left?, right?);
    let name = match op {
        "=" | "<>" | "<" | "<=" | ">" | ">=" | "~" | "~*" | "!~" | "!~*" | "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@@" | "@?" => "bool",
        "->" | "#>" | "#-" => return Some(left),
        "||" => return concatenation(left, right),
        "+" | "-" => return sum(op, &left, &right).map(str::to_owned),
        "*" | "/" | "%" if left == "interval" || right == "interval" => "interval",
        "*" | "/" | "%" if is_number(&left) && is_number(&right) => "numeric",
        _ => return None,
    };
    Some(name.to_owned())
}

fn concatenation(left: String, right: String) -> Option<String> {
    let either = |test: &dyn Fn(&str) -> bool| [&left, &right].into_iter().find(|ty| test(ty)).cloned();
    either(&|ty| ty.ends_with("[]") || matches!(ty, "jsonb" | "tsvector" | "bytea" | "hstore" | "bit" | "varbit"))
        .or_else(|| either(&|ty| is_text(ty) || ty == UNKNOWN).map(|_| "text".to_owned()))
}

fn sum(op: &str, left: &str, right: &str) -> Option<&'static str> {
    Some(match (left, right) {
        ("timestamptz", "interval") | ("interval", "timestamptz") => "timestamptz",
        ("timestamp" | "date", "interval") | ("interval", "timestamp" | "date") => "timestamp",
        ("timestamp" | "timestamptz", "timestamp" | "timestamptz" | UNKNOWN) if op == "-" => "interval",
        ("date", "date") if op == "-" => "int4",
        ("date", "int4" | "int2" | "int8") => "date",
        ("interval", "interval") => "interval",
        ("time", "interval") => "time",
        ("timetz", "interval") => "timetz",
        ("jsonb", _) if op == "-" => "jsonb",
        (l, r) if is_number(l) && is_number(r) => "numeric",
        _ => return None,
    })
}

/// Text and what is brought to it without a word.
pub(super) fn is_text(ty: &str) -> bool {
    matches!(ty, "text" | "varchar" | "bpchar" | "name" | "citext")
}

fn is_number(ty: &str) -> bool {
    matches!(ty, "int2" | "int4" | "int8" | "numeric" | "float4" | "float8")
}

/// The three types that compare with each other through TimeZone.
pub(super) fn is_datetime(ty: &str) -> bool {
    matches!(ty, "date" | "timestamp" | "timestamptz")
}

fn wider_datetime(a: String, b: String) -> String {
    const ORDER: [&str; 3] = ["date", "timestamp", "timestamptz"];
    let rank = |ty: &str| ORDER.iter().position(|o| *o == ty);
    if rank(&a) >= rank(&b) { a } else { b }
}
