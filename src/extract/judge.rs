//! Whether a text is SQL of ours: it reads as a statement, or a call that takes SQL got it. Prose that begins with "Select"
//! and other dialects are not.

use super::words::{ARTICLES, FIRST, FOREIGN, FOREIGN_CALLS};
use crate::source::{FILLER, Span};
use crate::sql::lex::lex;
use crate::sql::token::{Dialect, Token, TokenKind as K};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not SQL.
    No,
    /// SQL.
    Sql,
    /// SQL if it can be read as such.
    IfRead,
}

/// How a text came to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A string like any other.
    Any,
    /// Something about it says SQL: a variable's name, a call that may take SQL.
    Hinted,
    /// A call that takes nothing but SQL got it, or a comment says so.
    Known,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Upper,
    Lower,
    Title,
}

/// Whether the text begins with a word that begins statements.
pub(super) fn begins_like_sql(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == FILLER || **b == b'(').count();
        rest = &rest[blank..];
        let comment = match rest {
            [b'-', b'-', ..] => memchr::memchr(b'\n', rest),
            [b'/', b'*', ..] => memchr::memmem::find(rest, b"*/").map(|i| i + 1),
            _ => break,
        };
        match comment {
            Some(end) => rest = &rest[end + 1..],
            None => return false,
        }
    }
    let mut word = [0u8; 12];
    let mut len = 0;
    for &b in rest.iter().filter(|b| **b != FILLER) {
        if !b.is_ascii_alphabetic() {
            if b == b'_' || b.is_ascii_digit() || b >= 0x80 {
                return false;
            }
            break;
        }
        if len == word.len() {
            return false;
        }
        word[len] = b.to_ascii_lowercase();
        len += 1;
    }
    FIRST.iter().any(|first| first.as_bytes() == &word[..len])
}

/// Whether the text is a query with a FROM of its own word.
pub(super) fn has_from(text: &str) -> bool {
    let select = text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    select && text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case("from"))
}

/// Whether a parameter is written `{name: Type}`, as ClickHouse has them.
fn has_typed_parameters(sql: &str) -> bool {
    const TYPES: &[&str] =
        &["String", "UInt", "Int", "Float", "DateTime", "Date", "UUID", "Array(", "Bool", "Decimal", "Map(", "Nullable(", "Identifier"];
    sql.match_indices('{').any(|(at, _)| {
        let name = sql[at + 1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let named = name.len() < sql.len() - at - 1;
        named
            && name
                .strip_prefix(':')
                .is_some_and(|ty| TYPES.iter().any(|known| ty.trim_start_matches([' ', FILLER as char]).starts_with(known)))
    })
}

/// Judges the bytes `range` of an overlay; and whether only another database would read it.
pub(super) fn judge(text: &str, range: Span, standing: Standing) -> (Verdict, bool) {
    let tokens: Vec<Token> = lex(text, range, Dialect::Host).into_iter().filter(|t| !t.kind.is_trivia()).collect();
    let words = Words { text, tokens: &tokens };
    let verdict = words.judge(standing);
    (verdict, verdict != Verdict::No && (words.foreign() || has_typed_parameters(range.of(text))))
}

struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl Words<'_> {
    fn kind(&self, at: usize) -> Option<K> {
        self.tokens.get(at).map(|t| t.kind)
    }

    fn lower(&self, at: usize) -> String {
        self.tokens.get(at).filter(|t| t.kind == K::Word).map_or(String::new(), |t| {
            t.text(self.text).chars().filter(|c| *c != FILLER as char).take(40).collect::<String>().to_ascii_lowercase()
        })
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|t| {
            t.kind == K::Word && {
                let raw = t.text(self.text);
                raw.eq_ignore_ascii_case(word) || (raw.len() > word.len() && self.lower(at) == word)
            }
        })
    }

    fn has(&self, word: &str) -> bool {
        (0..self.tokens.len()).any(|at| self.is(at, word))
    }

    fn name(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(K::Word | K::QuotedIdent | K::Placeholder | K::UnicodeIdent | K::Param))
    }

    /// One past a possibly qualified name.
    fn after_name(&self, at: usize) -> Option<usize> {
        if !self.name(at) {
            return None;
        }
        let mut at = at + 1;
        while self.kind(at) == Some(K::Dot) && self.name(at + 1) {
            at += 2;
        }
        // a name made of text and holes
        while self.kind(at) == Some(K::Placeholder) || (self.kind(at - 1) == Some(K::Placeholder) && self.glued(at)) {
            at += 1;
        }
        Some(at)
    }

    fn glued(&self, at: usize) -> bool {
        self.kind(at) == Some(K::Word) && self.tokens[at - 1].span.end == self.tokens[at].span.start
    }

    fn prose(&self, at: usize) -> bool {
        // a table may have such a name: `delete from a where`
        let table = matches!(self.kind(at + 1), Some(K::LeftParen | K::Semicolon | K::Comma | K::Dot))
            || ["where", "set", "values", "add", "order", "join", "group", "limit", "exists", "not"].iter().any(|w| self.is(at + 1, w));
        !table && ARTICLES.contains(&self.lower(at).as_str())
    }

    fn case(&self, at: usize) -> Case {
        let word: String = self.tokens[at].text(self.text).chars().filter(|c| *c != FILLER as char).collect();
        if word.chars().all(|c| c.is_ascii_uppercase()) {
            Case::Upper
        } else if word.chars().all(|c| c.is_ascii_lowercase()) {
            Case::Lower
        } else {
            Case::Title
        }
    }

    fn judge(&self, standing: Standing) -> Verdict {
        let at = self.tokens.iter().take_while(|t| t.kind == K::LeftParen).count();
        if self.kind(at) != Some(K::Word) {
            return Verdict::No;
        }
        let (first, case) = (self.lower(at), self.case(at));
        if at > 0 && !matches!(first.as_str(), "select" | "with" | "values") {
            return Verdict::No;
        }
        let known = standing == Standing::Known;
        let shape = match first.as_str() {
            "select" => self.select(at, case, standing),
            "insert" => self.insert(at, case),
            "update" => self.update(at, case),
            "delete" if self.is(at + 1, "from") && self.name(self.skip(at + 2, "only")) => self.usual(at + 2, case),
            "with" => self.with(at, case),
            "merge" if self.is(at + 1, "into") && self.has("using") => Verdict::Sql,
            "create" | "alter" | "drop" => self.define(at, case, standing),
            "explain" => {
                let inner = (at + 1..self.tokens.len().min(at + 16))
                    .find(|&i| ["select", "insert", "update", "delete", "with"].iter().any(|w| self.is(i, w)));
                inner.map_or(Verdict::No, |_| self.usual(at + 1, case))
            }
            _ => self.rare(at, &first, case, standing),
        };
        match shape {
            // whatever a call that takes SQL got, if it can be read
            Verdict::No if known && self.tokens.len() > at + 1 && FIRST.contains(&first.as_str()) => Verdict::IfRead,
            Verdict::No if known && matches!(first.as_str(), "begin" | "commit" | "rollback" | "abort" | "end") => Verdict::Sql,
            Verdict::IfRead if known && case == Case::Upper => Verdict::Sql,
            shape => shape,
        }
    }

    fn skip(&self, at: usize, word: &str) -> usize {
        at + usize::from(self.is(at, word))
    }

    /// By its case alone, where the shape is right.
    fn usual(&self, next: usize, case: Case) -> Verdict {
        match case {
            Case::Upper => Verdict::Sql,
            _ if self.prose(next) => Verdict::No,
            _ => Verdict::IfRead,
        }
    }

    fn select(&self, at: usize, case: Case, standing: Standing) -> Verdict {
        let next = at + 1;
        let Some(kind) = self.kind(next) else { return Verdict::No };
        // `select a, b from t`: a column of that name
        let column = matches!(self.kind(next + 1), Some(K::Dot | K::Comma)) || self.is(next + 1, "from");
        if self.prose(next) && !(case == Case::Upper || (column && case == Case::Lower)) {
            return Verdict::No;
        }
        let from = (next..self.tokens.len()).find(|&i| self.is(i, "from"));
        let marks = self.tokens[next..].iter().any(|t| match t.kind {
            K::Word | K::Dot | K::Unknown | K::Colon | K::Unterminated | K::Placeholder | K::Ellipsis => false,
            K::Operator => !matches!(t.text(self.text), "?" | "!"),
            _ => true,
        });
        // `Select 'x' AS a`
        let constant =
            || kind == K::String && (next + 1 == self.tokens.len() || self.kind(next + 1) == Some(K::Comma) || self.is(next + 1, "as"));
        match (from, case) {
            (None, Case::Title) if constant() => Verdict::IfRead,
            (Some(from), Case::Upper) if from == next && self.tokens.len() > from + 1 => Verdict::IfRead,
            (Some(from), Case::Upper) if from > next && self.tokens.len() > from + 1 => Verdict::Sql,
            (Some(from), _) if from > next && from + 1 == self.tokens.len() => Verdict::IfRead,
            (Some(from), Case::Lower) if from > next && !self.prose(from + 1) => Verdict::IfRead,
            (Some(from), Case::Title) if from > next && !self.prose(from + 1) && marks => Verdict::IfRead,
            (Some(_), _) => Verdict::No,
            (None, _) => {
                let value = matches!(kind, K::Number | K::String | K::Param | K::LeftParen | K::DollarString)
                    || (kind == K::Operator && self.tokens[next].text(self.text) == "*")
                    || (kind == K::Word
                        && matches!(self.kind(next + 1), Some(K::LeftParen))
                        && (self.tokens[next].span.end == self.tokens[next + 1].span.start
                            || (case == Case::Upper && self.kind(self.tokens.len() - 1) == Some(K::RightParen))))
                    || self.is(next, "exists")
                    || self.is(next, "not")
                    || self.is(next, "current_user")
                    || self.is(next, "null")
                    || (kind == K::Placeholder
                        // `select:focus` is a style
                        && self.tokens[next].span.start > self.tokens[at].span.end
                        && self.tokens[next].text(self.text).starts_with(['?', ':', '@', '%']));
                let listed = marks && self.tokens.iter().any(|t| matches!(t.kind, K::Comma | K::Operator));
                match case {
                    Case::Upper if value || listed => Verdict::IfRead,
                    Case::Lower if value || (listed && standing >= Standing::Hinted) => Verdict::IfRead,
                    _ if standing == Standing::Known => Verdict::IfRead,
                    _ => Verdict::No,
                }
            }
        }
    }

    fn insert(&self, at: usize, case: Case) -> Verdict {
        // other databases: `INSERT IGNORE INTO`, `INSERT OR REPLACE INTO`
        let into = (at + 1..at + 4).find(|&i| self.is(i, "into"));
        let skipped = into.is_some_and(|into| into == at + 1 || self.is(at + 1, "ignore") || self.is(at + 1, "or"));
        let Some(into) = into.filter(|_| skipped) else { return Verdict::No };
        let Some(after) = self.after_name(into + 1) else { return Verdict::No };
        let shaped = self.kind(after) == Some(K::LeftParen)
            || after >= self.tokens.len()
            || ["values", "select", "default", "as", "with", "table", "overriding"].iter().any(|w| self.is(after, w));
        if shaped { self.usual(into + 1, case) } else { Verdict::No }
    }

    fn update(&self, at: usize, case: Case) -> Verdict {
        let Some(after) = self.after_name(self.skip(at + 1, "only")) else { return Verdict::No };
        let set = (after..(after + 4).min(self.tokens.len())).find(|&i| self.is(i, "set"));
        match set {
            // a table of a word's name
            Some(set) if set == after && self.tokens.get(set + 2).is_some_and(|t| t.text(self.text) == "=") => self.usual(set + 1, case),
            Some(_) => self.usual(at + 1, case),
            None => Verdict::No,
        }
    }

    fn with(&self, at: usize, case: Case) -> Verdict {
        let mut name = self.skip(at + 1, "recursive");
        // what may come before the first
        while self.kind(name) == Some(K::Placeholder) && self.kind(name + 1) == Some(K::Word) && !self.is(name + 1, "as") {
            name += 1;
        }
        let Some(mut after) = self.after_name(name) else { return Verdict::No };
        if self.kind(after) == Some(K::LeftParen) {
            let close = (after..self.tokens.len()).find(|&i| self.kind(i) == Some(K::RightParen));
            after = close.map_or(after, |close| close + 1);
        }
        let after_as = self.skip(self.skip(after + 1, "not"), "materialized");
        if self.is(after, "as") && self.kind(after_as) == Some(K::LeftParen) { self.usual(name, case) } else { Verdict::No }
    }

    fn define(&self, at: usize, case: Case, standing: Standing) -> Verdict {
        const MODIFIERS: &[&str] = &[
            "or",
            "replace",
            "global",
            "local",
            "temp",
            "temporary",
            "unlogged",
            "unique",
            "materialized",
            "recursive",
            "constraint",
            "event",
            "foreign",
            "trusted",
            "procedural",
            "default",
            "text",
            "search",
            "operator",
            "access",
            "user",
            "data",
            "large",
        ];
        const OBJECTS: &[&str] = &[
            "table",
            "index",
            "view",
            "function",
            "procedure",
            "trigger",
            "type",
            "schema",
            "extension",
            "sequence",
            "database",
            "role",
            "user",
            "policy",
            "domain",
            "publication",
            "subscription",
            "aggregate",
            "server",
            "rule",
            "cast",
            "collation",
            "conversion",
            "statistics",
            "tablespace",
            "group",
            "language",
            "owned",
            "system",
            "mapping",
            "class",
            "family",
            "operator",
            "dictionary",
            "configuration",
            "parser",
            "template",
            "method",
            "routine",
            "wrapper",
            "privileges",
            "constraint",
        ];
        let mut object = at + 1;
        loop {
            let (word, next) = (self.lower(object), self.lower(object + 1));
            let last = OBJECTS.contains(&word.as_str()) && !OBJECTS.contains(&next.as_str());
            if last || !MODIFIERS.contains(&word.as_str()) {
                break;
            }
            object += 1;
        }
        let kind = self.lower(object);
        if !OBJECTS.contains(&kind.as_str()) || (self.tokens.len() <= object + 1) {
            return Verdict::No;
        }
        let named = |t: &Token| matches!(t.kind, K::Semicolon | K::QuotedIdent | K::Placeholder | K::Dot);
        let sure = self.tokens[object..].iter().any(named) || self.has("exists") || self.has("cascade");
        let alone = self.is(at, "drop") && self.tokens.len() == object + 2 && (kind == "table" || self.lower(object + 1).contains('_'));
        let marks =
            self.tokens.iter().any(|t| matches!(t.kind, K::LeftParen | K::Semicolon | K::QuotedIdent | K::Placeholder | K::Operator))
                || self.has("on")
                || self.has("exists");
        match case {
            Case::Upper if sure => Verdict::Sql,
            Case::Upper if matches!(kind.as_str(), "table" | "index" | "view" | "function" | "trigger" | "type" | "extension") && marks => {
                Verdict::Sql
            }
            Case::Upper => Verdict::IfRead,
            _ if self.prose(object + 1) && self.kind(object + 2) != Some(K::LeftParen) => Verdict::No,
            Case::Lower
                if standing >= Standing::Hinted
                    || sure
                    || alone
                    || (marks && matches!(kind.as_str(), "table" | "index" | "view" | "function" | "trigger" | "type" | "extension")) =>
            {
                Verdict::IfRead
            }
            _ if standing == Standing::Known => Verdict::IfRead,
            _ => Verdict::No,
        }
    }

    /// Statements that begin with words of every day.
    fn rare(&self, at: usize, first: &str, case: Case, standing: Standing) -> Verdict {
        let next = |word: &str| self.is(at + 1, word);
        let shaped = match first {
            "truncate" => {
                let after = || self.after_name(at + 1).unwrap_or(at + 1);
                let ends = || {
                    after() >= self.tokens.len()
                        || matches!(self.kind(after()), Some(K::Comma | K::Semicolon))
                        || ["restart", "continue", "cascade", "restrict"].iter().any(|w| self.is(after(), w))
                };
                next("table") || (self.name(at + 1) && (standing >= Standing::Hinted || ends()))
            }
            "grant" => self.has("on") && self.has("to"),
            "revoke" => self.has("on") && self.has("from"),
            "comment" => next("on") && self.has("is"),
            "lock" => next("table"),
            "refresh" => next("materialized"),
            "reindex" => ["index", "table", "schema", "database"].iter().any(|w| next(w)),
            "copy" => {
                (self.has("from") || self.has("to"))
                    && self.tokens.iter().any(|t| t.kind == K::LeftParen || self.has("stdin") || self.has("stdout"))
            }
            "set" => {
                let name = self.skip(self.skip(at + 1, "local"), "session");
                self.name(name)
                    && self
                        .after_name(name)
                        .is_some_and(|i| self.is(i, "to") || self.tokens.get(i).is_some_and(|t| t.text(self.text) == "="))
                    && case == Case::Upper
                    || ((next("constraints") || next("transaction") || next("role")) && case == Case::Upper)
            }
            "savepoint" => case == Case::Upper && self.name(at + 1),
            "release" => case == Case::Upper && next("savepoint"),
            "rollback" => case == Case::Upper && next("to"),
            "start" => case == Case::Upper && next("transaction"),
            "listen" | "unlisten" => case == Case::Upper && self.name(at + 1) && self.tokens.len() == at + 2,
            "notify" => case == Case::Upper && self.name(at + 1) && self.kind(at + 2) == Some(K::Comma),
            "do" => self.kind(at + 1) == Some(K::DollarString),
            "call" => case == Case::Upper && self.after_name(at + 1).is_some_and(|i| self.kind(i) == Some(K::LeftParen)),
            "vacuum" | "analyze" => case == Case::Upper && self.name(at + 1) && standing >= Standing::Hinted,
            "declare" => self.has("cursor") && self.has("for"),
            "values" => self.kind(at + 1) == Some(K::LeftParen) && standing == Standing::Known,
            _ => false,
        };
        if !shaped {
            return Verdict::No;
        }
        match case {
            Case::Upper if first == "copy" && self.has("stdout") => Verdict::Sql,
            Case::Upper => Verdict::IfRead,
            _ if self.prose(at + 1) || (case == Case::Title && standing < Standing::Known) => Verdict::No,
            _ if standing >= Standing::Hinted || matches!(first, "truncate" | "do" | "refresh") || self.unmistakable(at, first) => {
                Verdict::IfRead
            }
            _ => Verdict::No,
        }
    }

    /// Small letters, but nothing that people say.
    fn unmistakable(&self, at: usize, first: &str) -> bool {
        const PRIVILEGES: &[&str] = &["select", "insert", "update", "delete", "all", "usage", "execute", "create", "connect", "references"];
        match first {
            "grant" | "revoke" => PRIVILEGES.iter().any(|w| self.is(at + 1, w)),
            "comment" => self
                .tokens
                .last()
                .is_some_and(|t| t.kind.is_string() || t.kind == K::Semicolon || t.text(self.text).eq_ignore_ascii_case("null")),
            "copy" => self.has("stdin") || self.has("stdout") || self.kind(at + 1) == Some(K::LeftParen),
            "reindex" => self.tokens.len() == at + 3,
            _ => false,
        }
    }

    /// What only another database would read.
    fn foreign(&self) -> bool {
        (0..self.tokens.len()).any(|at| {
            let token = self.tokens[at];
            let text = token.text(self.text);
            match token.kind {
                K::Operator => text.contains('`'),
                K::Unknown => text == "`",
                K::LeftBracket => {
                    at > 0
                        && ["from", "into", "join", "update", "table"].iter().any(|w| self.is(at - 1, w))
                        && self.kind(at + 1) == Some(K::Word)
                }
                // `UPDATE IGNORE t SET`, `INSERT OR REPLACE INTO t`
                K::Word if at == 1 && (text.eq_ignore_ascii_case("ignore") || text.eq_ignore_ascii_case("or")) => {
                    self.is(0, "update") && self.name(2) && !self.is(2, "set")
                        || self.is(0, "insert")
                        || (self.is(0, "delete") && self.is(2, "from"))
                }
                K::Word if text.len() > 2 => {
                    let call = || self.kind(at + 1) == Some(K::LeftParen);
                    FOREIGN.iter().any(|w| text.eq_ignore_ascii_case(w))
                        || (FOREIGN_CALLS.iter().any(|w| text.eq_ignore_ascii_case(w)) && call())
                        || (text.eq_ignore_ascii_case("top") && at == 1 && matches!(self.kind(2), Some(K::Number | K::LeftParen)))
                        || (text.eq_ignore_ascii_case("duplicate") && self.is(at + 1, "key") && at > 0 && self.is(at - 1, "on"))
                        || (text.eq_ignore_ascii_case("engine")
                            && self.tokens.get(at + 1).is_some_and(|t| t.text(self.text) == "=")
                            && self.is(0, "create"))
                        || (text.eq_ignore_ascii_case("dual") && at > 0 && self.is(at - 1, "from") && self.tokens.len() < 12)
                }
                _ => false,
            }
        })
    }
}
