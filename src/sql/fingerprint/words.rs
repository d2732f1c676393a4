//! The few words that folding must recognise, as numbers so that one comparison decides.

/// The first 16 bytes of a word, in lower case, as one number.
pub(super) fn key(word: &[u8]) -> u128 {
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    u128::from_le_bytes(bytes)
}

/// The first 16 bytes of the word `bytes[start..end]`, in lower case: read at once where there are bytes behind it.
pub(super) fn key_at(bytes: &[u8], start: usize, end: usize) -> u128 {
    let len = end - start;
    match bytes.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(chunk) => lower(u128::from_le_bytes(*chunk) & (u128::MAX >> (128 - 8 * len.clamp(1, 16) as u32))),
        None => key(&bytes[start..end]),
    }
}

/// Sixteen bytes in lower case: A to Z are the bytes whose sums reach the highest bit at one end and not at the other.
const fn lower(word: u128) -> u128 {
    const EACH: u128 = u128::from_ne_bytes([1; 16]);
    let seven = word & (EACH * 0x7f);
    let from_a = seven + EACH * (0x80 - b'A' as u128);
    let behind_z = seven + EACH * (0x80 - b'Z' as u128 - 1);
    word | ((from_a & !behind_z & !word & (EACH * 0x80)) >> 2)
}

/// The same for a literal in lower case, at compile time.
pub(super) const fn k(word: &str) -> u128 {
    let word = word.as_bytes();
    let mut key = 0u128;
    let mut i = word.len();
    while i > 0 {
        i -= 1;
        key = key << 8 | word[i] as u128;
    }
    key
}

/// What a word means to the folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A name, a function, any word that ends an operand.
    Plain,
    /// An operand follows, so a sign after it is a sign.
    Before,
    /// `IN`.
    In,
    /// `VALUES`.
    Values,
    /// `ARRAY`.
    Array,
    /// `TRUE`, `FALSE`, `NULL`.
    Constant,
    /// `IS`, `NOT`, `SET`: a constant after it is syntax.
    Syntax,
    /// A type that stands before a string: `date '…'`.
    Type,
}

macro_rules! classes {
    ($($class:ident: $($word:literal)*;)*) => {
        const WORDS: &[(u128, Class)] = &[$($((k($word), Class::$class)),*),*];
    };
}

classes! {
    In: "in";
    Values: "values";
    Array: "array";
    Constant: "true" "false" "null";
    Syntax: "is" "not" "set";
    Type: "date" "time" "timestamp" "timestamptz" "timetz" "interval" "json" "jsonb" "uuid" "inet" "numeric" "text" "bytea" "bool" "boolean" "int" "int2" "int4" "int8" "float4" "float8";
    Before: "select" "and" "or" "where" "on" "like" "ilike" "between" "when" "then" "else" "limit" "offset" "by" "having" "return" "returning" "case" "all" "any" "some" "using" "similar" "escape" "distinct" "from" "as" "default" "fetch" "first" "next" "into" "join" "to" "forward" "backward" "absolute" "relative";
}

/// Places in the table of words: many more than words, so that most are found, or not, at the first look.
const PLACES: usize = 512;

const fn place(word: u128) -> usize {
    ((word as u64 ^ (word >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize
}

static TABLE: [(u128, Class); PLACES] = {
    let mut table = [(0, Class::Plain); PLACES];
    let mut i = 0;
    while i < WORDS.len() {
        let mut at = place(WORDS[i].0);
        while table[at].0 != 0 {
            at = (at + 1) % PLACES;
        }
        table[at] = WORDS[i];
        i += 1;
    }
    table
};

/// The class of a word of up to 16 bytes.
pub(super) fn class(word: u128) -> Class {
    let mut at = place(word);
    loop {
        let (known, class) = TABLE[at];
        if known == word || known == 0 {
            return if known == 0 { Class::Plain } else { class };
        }
        at = (at + 1) % PLACES;
    }
}

/// Key words before which a parenthesis is no call's: a blank stands between them in the normalised text.
pub(super) fn spaced(word: u128) -> bool {
    !matches!(class(word), Class::Plain | Class::Type)
        || const {
            &[
                k("exists"),
                k("over"),
                k("with"),
                k("union"),
                k("except"),
                k("intersect"),
                k("join"),
                k("lateral"),
                k("filter"),
                k("execute"),
            ]
        }
        .contains(&word)
}

/// Words that a quoted name must keep its quotes for.
pub(super) fn reserved(word: u128) -> bool {
    const WORDS: &[u128] = &[
        k("all"),
        k("and"),
        k("any"),
        k("array"),
        k("as"),
        k("asc"),
        k("both"),
        k("case"),
        k("cast"),
        k("check"),
        k("collate"),
        k("column"),
        k("constraint"),
        k("create"),
        k("current_date"),
        k("current_role"),
        k("current_time"),
        k("current_user"),
        k("default"),
        k("desc"),
        k("distinct"),
        k("do"),
        k("else"),
        k("end"),
        k("except"),
        k("false"),
        k("fetch"),
        k("for"),
        k("foreign"),
        k("from"),
        k("grant"),
        k("group"),
        k("having"),
        k("in"),
        k("initially"),
        k("intersect"),
        k("into"),
        k("is"),
        k("join"),
        k("left"),
        k("like"),
        k("limit"),
        k("natural"),
        k("not"),
        k("null"),
        k("offset"),
        k("on"),
        k("only"),
        k("or"),
        k("order"),
        k("outer"),
        k("primary"),
        k("references"),
        k("returning"),
        k("right"),
        k("select"),
        k("session_user"),
        k("set"),
        k("some"),
        k("table"),
        k("then"),
        k("to"),
        k("true"),
        k("union"),
        k("unique"),
        k("user"),
        k("using"),
        k("values"),
        k("when"),
        k("where"),
        k("window"),
        k("with"),
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_at_once_as_byte_by_byte() {
        let text: Vec<u8> = (0..=255u8).chain(*b"SELECT a_Bc9[`@{z Timestamptz$x").chain(0..=255).collect();
        for start in 0..text.len() {
            for end in start + 1..(start + 20).min(text.len() + 1) {
                let expected = key(&text[start..end]);
                assert_eq!(key_at(&text, start, end), expected, "{start}..{end}");
            }
        }
        assert!(WORDS.iter().all(|(word, of)| class(*word) == *of));
        assert_eq!((class(k("orders")), class(0)), (Class::Plain, Class::Plain));
    }
}
