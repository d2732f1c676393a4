//! Identifiers and types as written, folded as PostgreSQL folds them.

use crate::source::Span;
use std::fmt;

/// One identifier: its value after folding and unquoting, and where it stands. Equality ignores the place.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// Folded to lower case unless it was quoted.
    pub value: String,
    /// Where it stands, quotes included; empty for a name that was made up.
    pub span: Span,
}

impl Name {
    /// A name at a place.
    pub fn new(value: impl Into<String>, span: Span) -> Self {
        Name { value: value.into(), span }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl Eq for Name {}
impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.value == other
    }
}
impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.value == *other
    }
}
impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Display for Name {
    /// As SQL: quoted only where it must be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(&self.value) { f.write_str(&self.value) } else { f.write_str(&quote_identifier(&self.value)) }
    }
}

/// The identifier as SQL: bare where PostgreSQL reads it back as the same name, else in double quotes.
pub fn quote_identifier(value: &str) -> String {
    if is_plain(value) { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\"\"")) }
}

fn is_plain(value: &str) -> bool {
    value.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'$')
        && !is_reserved(value)
}

/// Key words that cannot stand bare as a column or table name (manual, appendix C: reserved, and reserved but usable as
/// a function or type name).
pub fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "authorization",
        "binary",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "constraint",
        "create",
        "cross",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "system_user",
        "table",
        "tablesample",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
    ];
    /// Where the words of each first letter begin.
    const STARTS: [usize; 27] = {
        let (mut starts, mut letter) = ([0; 27], 0);
        while letter < 26 {
            let mut at = starts[letter];
            while at < RESERVED.len() && RESERVED[at].as_bytes()[0] == b'a' + letter as u8 {
                at += 1;
            }
            letter += 1;
            starts[letter] = at;
        }
        starts
    };
    let letter = word.bytes().next().map_or(26, |first| usize::from(first.wrapping_sub(b'a')));
    letter < 26 && RESERVED[STARTS[letter]..STARTS[letter + 1]].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_found_by_their_first_letter() {
        for word in ["all", "asymmetric", "case", "end", "order", "primary", "user", "with"] {
            assert!(is_reserved(word), "{word}");
        }
        for word in ["", "a", "orders", "Order", "withs", "zone", "{", "état", "name"] {
            assert!(!is_reserved(word), "{word}");
        }
    }
}

/// A possibly qualified name of a relation, type, function or other object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ObjectName {
    /// The schema, where it was written (a database before it is dropped).
    pub schema: Option<Name>,
    /// The object.
    pub name: Name,
}

impl ObjectName {
    /// An unqualified name.
    pub fn bare(name: Name) -> Self {
        ObjectName { schema: None, name }
    }

    /// The whole name's bytes.
    pub fn span(&self) -> Span {
        self.schema.as_ref().map_or(self.name.span, |schema| schema.span.to(self.name.span))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        self.name.fmt(f)
    }
}

/// A type as written: `numeric(10,2)[]`, `timestamp with time zone`. Equality ignores the place.
#[derive(Debug, Clone, Default)]
pub struct TypeName {
    /// The schema, where written and not `pg_catalog`.
    pub schema: Option<String>,
    /// PostgreSQL's internal name for the built-in spellings (`int4` for `integer`, `timestamptz`, `bpchar` for `char`,
    /// `varchar`, `bool`, `float8`, `varbit`), else the name as folded. `serial`, `bigserial`, `smallserial` stay.
    pub name: String,
    /// Type modifiers in their order: `[10, 2]` for `numeric(10,2)`; empty when none. Non-numeric ones are omitted.
    pub modifiers: Vec<i64>,
    /// `interval` fields (`day to second`), or any modifier text that is not a list of integers.
    pub detail: Option<String>,
    /// Array dimensions; 0 for a scalar.
    pub dimensions: u8,
    /// `SETOF`.
    pub setof: bool,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for TypeName {
    fn eq(&self, o: &Self) -> bool {
        (&self.schema, &self.name, &self.modifiers, &self.detail, self.dimensions, self.setof)
            == (&o.schema, &o.name, &o.modifiers, &o.detail, o.dimensions, o.setof)
    }
}
impl Eq for TypeName {}
impl std::hash::Hash for TypeName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.name, &self.schema, &self.modifiers, &self.detail, self.dimensions, self.setof).hash(state);
    }
}

impl TypeName {
    /// A plain type by its internal name.
    pub fn named(name: &str) -> Self {
        TypeName { name: name.to_owned(), ..TypeName::default() }
    }

    /// Whether it is this scalar built-in, by internal name.
    pub fn is(&self, name: &str) -> bool {
        self.dimensions == 0 && self.schema.is_none() && self.name == name
    }
}

impl fmt::Display for TypeName {
    /// As SQL, in the standard spelling (`integer`, `timestamp with time zone`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.setof {
            f.write_str("SETOF ")?;
        }
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quote_identifier(schema))?;
        }
        let modifiers = || {
            let list: Vec<String> = self.modifiers.iter().map(i64::to_string).collect();
            if list.is_empty() { String::new() } else { format!("({})", list.join(",")) }
        };
        match (self.schema.is_none(), self.name.as_str()) {
            (true, "int4") => f.write_str("integer")?,
            (true, "int8") => f.write_str("bigint")?,
            (true, "int2") => f.write_str("smallint")?,
            (true, "bool") => f.write_str("boolean")?,
            (true, "float8") => f.write_str("double precision")?,
            (true, "float4") => f.write_str("real")?,
            (true, "varchar") => write!(f, "character varying{}", modifiers())?,
            // without a length it is a type of its own: `character` alone is of one
            (true, "bpchar") if self.modifiers.is_empty() => f.write_str("bpchar")?,
            (true, "bpchar") => write!(f, "character{}", modifiers())?,
            (true, "varbit") => write!(f, "bit varying{}", modifiers())?,
            (true, "timestamptz") => write!(f, "timestamp{} with time zone", modifiers())?,
            (true, "timestamp") => write!(f, "timestamp{} without time zone", modifiers())?,
            (true, "timetz") => write!(f, "time{} with time zone", modifiers())?,
            (true, "time") => write!(f, "time{} without time zone", modifiers())?,
            (true, "interval") => {
                f.write_str("interval")?;
                if let Some(fields) = &self.detail {
                    write!(f, " {fields}")?;
                }
                f.write_str(&modifiers())?;
            }
            _ => {
                write!(f, "{}{}", quote_identifier(&self.name), modifiers())?;
                if let (Some(detail), true) = (&self.detail, self.modifiers.is_empty()) {
                    write!(f, "({detail})")?;
                }
            }
        }
        (0..self.dimensions).try_for_each(|_| f.write_str("[]"))
    }
}
