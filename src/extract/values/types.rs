//! The type that stands beside a name, and whether its values can be no more than digits, fixed words or groups of hexadecimal
//! digits. Must not know what the name is used for.

use super::PLACES;
use super::names::is_whole;

/// Types whose values are written as digits, fixed words or hexadecimal groups.
const PLAIN: &[&str] = &[
    "int",
    "integer",
    "int2",
    "int4",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "isize",
    "long",
    "short",
    "byte",
    "number",
    "float",
    "float32",
    "float64",
    "f32",
    "f64",
    "double",
    "decimal",
    "bigdecimal",
    "biginteger",
    "bigint",
    "bool",
    "boolean",
    "uuid",
    "guid",
    "date",
    "datetime",
    "localdate",
    "localdatetime",
    "offsetdatetime",
    "zoneddatetime",
    "naivedate",
    "naivedatetime",
    "instant",
    "duration",
    "timedelta",
    "timespan",
    "yearmonth",
    "datetimeoffset",
    "nat",
    "char",
    "rune",
    "timestamp",
    "positiveint",
];

/// What holds values of the types inside it, and words around a type.
const AROUND: &[&str] = &[
    "list",
    "vec",
    "option",
    "optional",
    "set",
    "array",
    "arraylist",
    "sequence",
    "iterable",
    "collection",
    "seq",
    "nullable",
    "null",
    "none",
    "undefined",
    "final",
    "const",
    "readonly",
    "mut",
    "ref",
    "time",
    "datetime",
    "uuid",
    "java",
    "util",
    "lang",
    "chrono",
    "public",
    "private",
    "protected",
    "static",
    "internal",
    "val",
    "var",
    "let",
    "typing",
    "pydantic",
    "std",
    "primitive",
    "numpy",
    "math",
    "big",
];

/// The type that stands beside a name, and whether its values are plain.
pub(super) fn declared(line: &str, right: &str) -> Option<bool> {
    let after = right.trim_start_matches('?');
    if let Some(ty) = after.strip_prefix(": ").or_else(|| after.strip_prefix(':').filter(|ty| ty.starts_with(|c: char| c.is_alphabetic())))
    {
        let ty = ty.split([',', ')', '=', '{', '}', '\n', ';']).next().unwrap_or("").trim();
        // `{ name: value }` of an object tells no type
        return is_plain_type(ty)
            .or_else(|| (ty.starts_with(['\'', '"']) && ty.contains('|')).then_some(true))
            .or_else(|| is_text_type(ty).then_some(false));
    }
    // Go: `name type,`
    if let Some(ty) = after.strip_prefix(' ').and_then(|ty| ty.split([',', ')', '\n', '=']).next())
        && !ty.is_empty()
        && ty.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '[' | ']' | '*'))
        && (is_plain_type(ty) == Some(true) || ty == "string")
    {
        return is_plain_type(ty).or(Some(false));
    }
    // `Type name`
    let ty = line.trim_end().rsplit(['(', ',', '{', ';']).next().unwrap_or("").trim().trim_end_matches('$').trim();
    let spaced = line.ends_with(' ') || line.ends_with('$');
    if spaced
        && !ty.is_empty()
        && ty.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '<' | '>' | '[' | ']' | '?' | ' ' | '@' | '_'))
    {
        return is_plain_type(ty).filter(|plain| *plain).or_else(|| is_text_type(ty.rsplit(' ').next().unwrap_or(ty)).then_some(false));
    }
    None
}

fn is_text_type(ty: &str) -> bool {
    const TEXTS: &[&str] = &["string", "str", "charsequence", "any", "object", "mixed"];
    // `str | None`, `Optional[str]`, `impl AsRef<str>`, `&'a str`
    const WITH: &[&str] =
        &["option", "optional", "null", "none", "undefined", "nil", "final", "const", "mut", "impl", "asref", "into", "a"];
    let lower = ty.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).peekable();
    let mut text = false;
    words.peek().is_some()
        && words.all(|word| {
            let own = TEXTS.contains(&word);
            text |= own;
            own || WITH.contains(&word)
        })
        && text
}

/// Whether a type is made of plain ones only; `None` for one that is none.
fn is_plain_type(ty: &str) -> Option<bool> {
    let words: Vec<String> =
        ty.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    let plain = |word: &String| PLAIN.contains(&word.as_str());
    let known = |word: &String| plain(word) || AROUND.contains(&word.as_str());
    (words.iter().any(plain) && words.iter().all(known)).then_some(true)
}

/// Whether a parameter is declared to be of a type that is neither text nor plain, nor holds text: `status: Status`.
pub(super) fn is_of_another_type(line: &str, right: &str) -> bool {
    const OPEN: &[&str] =
        &["str", "string", "any", "object", "mixed", "unknown", "array", "list", "dict", "tuple", "iterable", "char", "text"];
    let after = right.trim_start_matches('?');
    let ty = match after.strip_prefix(':') {
        Some(ty) => ty.trim_start().split([',', ')', '=', '{', '\n', ';']).next().unwrap_or(""),
        // Go: `status Status,`
        None if line.contains("func ") => after.strip_prefix(' ').and_then(|ty| ty.split([',', ')', '\n']).next()).unwrap_or(""),
        // PHP: `Status $status`
        None => line.strip_suffix('$').map_or("", |line| line.trim_end().rsplit(['(', ',']).next().unwrap_or("")),
    };
    let lower = ty.trim().to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words().next().is_some() && !words().any(|word| OPEN.contains(&word))
}

/// Whether every declaration of a member in the file gives it a plain type.
pub(super) fn typed_member(text: &str, member: &str) -> Option<bool> {
    let mut found = None;
    for (place, _) in text.match_indices(member).take(PLACES) {
        let (left, right) = (&text[..place], &text[place + member.len()..]);
        if !is_whole(left, right) {
            continue;
        }
        let line = left.rsplit('\n').next().unwrap_or("");
        if line.contains('"') || line.trim_start().starts_with(['#', '/', '*', '.']) {
            continue;
        }
        if let Some(plain) = declared(line, right) {
            found = Some(found.unwrap_or(true) && plain);
        }
    }
    found
}
