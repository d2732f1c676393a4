//! What stands in a hole: a value, a name, or a piece of SQL; and what a reader of SQL sees in its place.

use super::overlay::{Draft, HOLE};
use super::values::Giver;
use crate::source::{FILLER, Span};
use crate::sql::lex::lex;
use crate::sql::token::{Dialect, Token, TokenKind as K};

/// Code inside SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Its bytes, `${` and `}` included.
    pub span: Span,
    /// The code; empty where a formatter fills the hole.
    pub code: Span,
    /// What it gives.
    pub role: Role,
    /// It cannot bring SQL of its own: a constant, a number, what was quoted, or placeholders.
    pub trusted: bool,
    /// Who gives it, as far as the file shows it; nobody where it is trusted.
    pub giver: Option<Giver>,
}

/// What a hole gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A value, where a parameter could stand.
    Value,
    /// A value inside a string constant of SQL.
    InString,
    /// The name of an object, inside a string constant: a catalog is asked for it.
    NameInString,
    /// The name of a table, column or another object.
    Identifier,
    /// A piece of SQL, perhaps an empty one.
    Fragment,
    /// A parameter's number or name.
    Parameter,
}

/// Names each hole's role and writes what parses in its place.
pub(super) fn settle(draft: &mut Draft) -> Vec<Hole> {
    if draft.holes.is_empty() {
        return vec![];
    }
    let Ok(text) = String::from_utf8(draft.bytes.clone()) else { return vec![] };
    let all = lex(&text, Span::new(0, text.len() as u32), Dialect::Host);
    let tokens: Vec<Token> = all.iter().copied().filter(|t| !t.kind.is_trivia()).collect();
    let comments: Vec<Token> = all.into_iter().filter(|t| matches!(t.kind, K::LineComment | K::BlockComment)).collect();
    let mut found = vec![];
    let holes = std::mem::take(&mut draft.holes);
    for hole in &holes {
        let at = hole.span.start - draft.span.start;
        let role = if comments.iter().any(|t| t.span.contains(Span::new(at, at + 1))) {
            write(draft, at, [FILLER, FILLER]);
            Role::Fragment
        } else if hole.optional {
            maybe(draft, &text, &tokens, at)
        } else {
            place(draft, &text, &tokens, at)
        };
        found.push(Hole { span: hole.span, code: hole.code, role, trusted: false, giver: None });
    }
    draft.holes = holes;
    found
}

/// What statements may add is left out where it can be.
fn maybe(draft: &mut Draft, text: &str, tokens: &[Token], at: u32) -> Role {
    let before = tokens.partition_point(|t| t.span.end <= at).checked_sub(1).and_then(|i| tokens.get(i));
    if follows_operand(before, text) {
        write(draft, at, [FILLER, FILLER]);
    }
    Role::Fragment
}

fn write(draft: &mut Draft, at: u32, bytes: [u8; 2]) {
    if let Some(target) = draft.bytes.get_mut(at as usize..at as usize + HOLE.len()) {
        target.copy_from_slice(&bytes);
    }
}

fn place(draft: &mut Draft, text: &str, tokens: &[Token], at: u32) -> Role {
    let index = tokens.partition_point(|t| t.span.end <= at);
    let Some(token) = tokens.get(index).filter(|t| t.span.start <= at) else { return Role::Fragment };
    match token.kind {
        K::QuotedIdent | K::UnicodeIdent => {
            write(draft, at, [b'_', FILLER]);
            return Role::Identifier;
        }
        K::DollarString => {
            in_body(draft, text, at);
            return Role::Fragment;
        }
        kind if kind.is_string() || matches!(kind, K::BitString | K::HexString | K::Unterminated) => {
            write(draft, at, [FILLER, FILLER]);
            return if names_relation(text, tokens, index) { Role::NameInString } else { Role::InString };
        }
        K::Placeholder if token.span.start < at => return Role::Parameter,
        _ => {}
    }
    let before = index.checked_sub(1).and_then(|i| tokens.get(i));
    let after = tokens.get(index + 1);
    let glued = |a: &Token, b: &Token| {
        text.as_bytes()[a.span.end as usize..(b.span.start as usize).max(a.span.end as usize)].iter().all(|&b| b == FILLER)
    };
    if let Some(before) = before.filter(|before| glued(before, token)) {
        match before.kind {
            // `$` and a number
            K::Unknown if before.text(text) == "$" => {
                if let Some(dollar) = draft.bytes.get_mut(before.span.start as usize) {
                    *dollar = FILLER;
                }
                return Role::Parameter;
            }
            // `:id_` and a number
            K::Placeholder if before.text(text).starts_with([':', '@']) => {
                write(draft, at, [FILLER, FILLER]);
                return Role::Parameter;
            }
            K::Colon => {
                if let Some(colon) = draft.bytes.get_mut(before.span.start as usize) {
                    *colon = FILLER;
                }
                return Role::Parameter;
            }
            K::Word if !ends_clause(before, text) && !before.text(text).bytes().all(|b| b.is_ascii_uppercase()) => {
                write(draft, at, [b'_', FILLER]);
                return Role::Identifier;
            }
            K::Dot => {
                write(draft, at, [b'_', FILLER]);
                return Role::Identifier;
            }
            _ => {}
        }
    }
    if let Some(after) = after.filter(|after| glued(token, after)) {
        match after.kind {
            // the name of a function
            K::Dot | K::LeftParen => {
                write(draft, at, [b'_', FILLER]);
                return Role::Identifier;
            }
            K::Word => {
                write(draft, at, [b'_', FILLER]);
                return Role::Identifier;
            }
            _ => {}
        }
    }
    let role = by_position(text, tokens, index);
    // `count(*) ${op} 1`: no piece of SQL but an operator stands between two values
    let compares = || {
        before.is_some_and(|t| t.kind != K::Semicolon)
            && after.is_some_and(|t| t.kind.is_string() || matches!(t.kind, K::Number | K::Param))
    };
    let table = || {
        let word = |back: usize, words: &[&str]| {
            index.checked_sub(back).and_then(|i| tokens.get(i)).is_some_and(|t| words.iter().any(|w| t.is_word(text, w)))
        };
        word(1, &["TEMP", "TEMPORARY", "UNLOGGED"]) && word(2, &["INTO"])
    };
    if role == Role::Fragment && follows_operand(before, text) && !compares() && !table() {
        write(draft, at, [FILLER, FILLER]);
    }
    role
}

/// In the body of a function a hole that is a part of a name is one: `${schema}.orders`.
fn in_body(draft: &mut Draft, text: &str, at: u32) {
    let bytes = text.as_bytes();
    let joins = |b: Option<&u8>| b.is_some_and(|&b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let mut around =
        (bytes.get(..at as usize).unwrap_or_default().last(), bytes.get(at as usize + HOLE.len()..).unwrap_or_default().iter());
    if joins(around.0) || joins(around.1.find(|&&b| b != FILLER)) {
        write(draft, at, [b'_', FILLER]);
    }
}

/// Whether a string constant is the name of a relation: `nextval('…')`, `'…'::regclass`.
fn names_relation(text: &str, tokens: &[Token], index: usize) -> bool {
    let word =
        |at: Option<usize>, words: &[&str]| at.and_then(|at| tokens.get(at)).is_some_and(|t| words.iter().any(|w| t.is_word(text, w)));
    let cast = tokens.get(index + 1).is_some_and(|t| t.text(text) == "::") && word(Some(index + 2), &["REGCLASS"]);
    let opens = index.checked_sub(1).is_some_and(|at| tokens.get(at).is_some_and(|t| t.kind == K::LeftParen));
    const TAKE: &[&str] =
        &["SETVAL", "NEXTVAL", "CURRVAL", "TO_REGCLASS", "PG_RELATION_SIZE", "PG_TOTAL_RELATION_SIZE", "PG_GET_SERIAL_SEQUENCE"];
    cast || (opens && word(index.checked_sub(2), TAKE))
}

/// Key words after which no name is glued on.
fn ends_clause(token: &Token, text: &str) -> bool {
    const WORDS: &[&str] = &[
        "SELECT", "FROM", "WHERE", "AND", "OR", "BY", "LIMIT", "OFFSET", "IN", "VALUES", "SET", "LIKE", "ILIKE", "ANY", "INTO", "JOIN",
        "ON",
    ];
    WORDS.iter().any(|w| token.is_word(text, w))
}

fn follows_operand(before: Option<&Token>, text: &str) -> bool {
    let Some(before) = before else { return true };
    match before.kind {
        K::Word => !EXPECTS.iter().any(|w| before.is_word(text, w)),
        K::RightParen | K::RightBracket | K::QuotedIdent | K::Number | K::Param | K::Placeholder | K::Semicolon => true,
        K::Operator => before.text(text) == "*",
        kind => kind.is_string(),
    }
}

/// Key words that something follows.
const EXPECTS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "ON",
    "HAVING",
    "SET",
    "BY",
    "VALUES",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "INTO",
    "UPDATE",
    "TABLE",
    "ANY",
    "ALL",
    "AS",
    "WHEN",
    "THEN",
    "ELSE",
    "CASE",
    "RETURNING",
    "USING",
    "DISTINCT",
    "INTERVAL",
    "EXISTS",
    "ONLY",
    "INDEX",
    "VIEW",
    "SCHEMA",
    "IF",
    "COLUMN",
    "TO",
    "WITH",
    "UNION",
    "EXECUTE",
    "CALL",
    "COPY",
    "SEQUENCE",
    "FUNCTION",
    "TYPE",
    "TRIGGER",
    "DATABASE",
    "ROLE",
    "USER",
    "CONSTRAINT",
    "REFERENCES",
    "TRUNCATE",
    "VIEW",
    "NOTIFY",
    "LISTEN",
    "EXTENSION",
    "PARTITION",
    "LOCAL",
    "ARRAY",
    "IS",
];

fn by_position(text: &str, tokens: &[Token], index: usize) -> Role {
    let Some(before) = index.checked_sub(1).and_then(|i| tokens.get(i)) else { return Role::Fragment };
    let is = |words: &[&str]| words.iter().any(|w| before.is_word(text, w));
    match before.kind {
        K::Operator if before.text(text) == "::" => Role::Identifier,
        K::Operator if before.text(text) != "*" => Role::Value,
        K::LeftBracket => Role::Value,
        K::LeftParen | K::Comma => in_list(text, tokens, index),
        K::Word if is(&["LIMIT", "OFFSET", "LIKE", "ILIKE", "BETWEEN", "IN", "INTERVAL", "THEN", "ELSE", "ANY"]) => Role::Value,
        K::Word if is(&["AND"]) => {
            let between = tokens[..index]
                .iter()
                .rev()
                .take(8)
                .skip(1)
                .take_while(|t| !t.is_word(text, "AND") && !t.is_word(text, "WHERE"))
                .any(|t| t.is_word(text, "BETWEEN"));
            if between { Role::Value } else { Role::Fragment }
        }
        K::Word
            if is(&["WHERE", "OR", "ON", "HAVING", "SET", "VALUES", "NOT", "RETURNING", "WHEN", "EXISTS", "AS", "IF", "WITH", "UNION"]) =>
        {
            Role::Fragment
        }
        K::Word if EXPECTS.iter().any(|w| before.is_word(text, w)) => Role::Identifier,
        _ => Role::Fragment,
    }
}

/// After a parenthesis or comma: what the list is of.
fn in_list(text: &str, tokens: &[Token], index: usize) -> Role {
    let mut depth = 0usize;
    for i in (0..index).rev() {
        let token = &tokens[i];
        match token.kind {
            K::RightParen => depth += 1,
            K::LeftParen if depth == 0 => {
                let Some(head) = i.checked_sub(1).map(|i| &tokens[i]) else { return Role::Fragment };
                let table = i >= 2 && (tokens[i - 2].is_word(text, "INTO") || tokens[i - 2].kind == K::Dot);
                let word = |words: &[&str]| words.iter().any(|w| head.is_word(text, w));
                if word(&[
                    "DISTINCT",
                    "COALESCE",
                    "NULLIF",
                    "GREATEST",
                    "LEAST",
                    "DATE_TRUNC",
                    "TO_CHAR",
                    "CAST",
                    "EXTRACT",
                    "STRING_AGG",
                    "JSON_AGG",
                    "JSONB_AGG",
                    "MAX",
                    "MIN",
                    "SUM",
                    "AVG",
                    "COUNT",
                    "ARRAY_AGG",
                    "LOWER",
                    "UPPER",
                    "TRIM",
                    "NORMALIZE",
                    "LENGTH",
                    "ROUND",
                    "ABS",
                ]) {
                    return Role::Identifier;
                }
                // `ROWS FROM (…) AS t(a, b)`: names of columns
                let alias = i >= 2 && tokens[i - 2].kind == K::RightParen && head.kind == K::Word && !word(EXPECTS);
                if alias {
                    return Role::Identifier;
                }
                // a lock's number, of the program's own
                let lock = head.text(text).to_ascii_lowercase();
                if lock.starts_with("pg_") && lock.contains("advisory") {
                    return Role::Fragment;
                }
                return if word(&[
                    "FROM", "WHERE", "AND", "OR", "AS", "JOIN", "EXISTS", "SELECT", "CONFLICT", "USING", "KEY", "UNIQUE", "BY",
                ]) {
                    if index == i + 1 && !word(&["CONFLICT", "USING", "KEY", "UNIQUE", "BY"]) { Role::Fragment } else { Role::Identifier }
                } else if table || word(&["TABLE", "INDEX"]) {
                    Role::Identifier
                } else {
                    Role::Value
                };
            }
            K::LeftParen => depth -= 1,
            K::Word if depth == 0 => {
                if ["SELECT", "BY", "FROM", "ON", "RETURNING", "DISTINCT"].iter().any(|w| token.is_word(text, w)) {
                    return Role::Identifier;
                }
                if ["SET", "VALUES", "WHERE"].iter().any(|w| token.is_word(text, w)) {
                    return Role::Fragment;
                }
            }
            _ => {}
        }
    }
    Role::Fragment
}
