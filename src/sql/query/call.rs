//! Calls, reduced to `name(a, b, …)`: SQL's own argument syntaxes (`EXTRACT(x FROM y)`, `JSON_VALUE(… RETURNING …)`) lose
//! their words, and ORDER BY, FILTER and OVER are read here and kept aside.

use super::grammar::{begins_query, expr, order_list};
use super::rewrite::{CallTail, MARK, Rewriter};
use super::types::type_name;
use crate::facts::{Expr, JsonOptions};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;
use sqlparser::tokenizer::Token as Sql;

/// The JSON and XML functions with a syntax of their own.
pub(super) const STANDARD: &[&str] = &[
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_value",
    "xmlattributes",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
];
/// Words that separate two arguments in the standard's own call syntaxes.
const SEPARATORS: &[&str] = &["FROM", "FOR", "IN", "PLACING", "SIMILAR", "ESCAPE", "PASSING", "VALUE", "USING"];
/// Words that merely colour an argument.
const NOISE: &[&str] = &["LEADING", "TRAILING", "BOTH", "NAME", "DOCUMENT", "CONTENT", "VERSION", "KEY"];
/// Words after which an argument says nothing that rules look at, up to the next comma.
const TAILS: &[&str] = &[
    "AS",
    "RETURNING",
    "FORMAT JSON",
    "NULL ON",
    "ABSENT ON",
    "ERROR ON",
    "TRUE ON",
    "FALSE ON",
    "UNKNOWN ON",
    "EMPTY",
    "DEFAULT",
    "WITH",
    "BY REF",
    "BY VALUE",
    "WITHOUT",
    "KEEP",
    "OMIT",
    "STANDALONE",
    "PRESERVE",
    "STRIP",
    "INDENT",
    "NO INDENT",
    "COLUMNS",
];

/// Those of them that may be all that an argument is.
const ONLY_TAILS: &[&str] = &["RETURNING", "NULL ON", "ABSENT ON", "FORMAT JSON", "STANDALONE"];

/// Words that begin the options of an SQL/JSON query function.
const JSON_TAILS: &[&str] =
    &["RETURNING", "WITH", "WITHOUT", "KEEP", "OMIT", "NULL ON", "ERROR ON", "EMPTY", "DEFAULT", "TRUE ON", "FALSE ON", "UNKNOWN ON"];

/// Those that say what is so without them, by function. `WITHOUT WRAPPER` and `KEEP QUOTES` are not among them: PostgreSQL tells a query
/// that says so from one that does not.
const JSON_DEFAULTS: &[(&[&str], &str)] = &[
    (&["json_query", "json_value"], "NULL ON EMPTY"),
    (&["json_query", "json_value"], "NULL ON ERROR"),
    (&["json_exists"], "FALSE ON ERROR"),
    (&["json_query"], "ON SCALAR STRING"),
    (&["json_query"], "ARRAY"),
    (&["json_query"], "UNCONDITIONAL"),
];

impl Rewriter<'_> {
    /// The call whose (last) name is at `at`; its parenthesis follows.
    pub(super) fn call(&mut self, at: usize, to: usize) -> Parse<usize> {
        let token = self.tokens[at];
        let (open, end) = (at + 1, self.close_of(at + 1));
        let bare = token.kind == TokenKind::Word && (at == 0 || self.tokens[at - 1].kind != TokenKind::Dot);
        let name = token.value(self.text).into_owned();
        let lower = if bare { name.to_ascii_lowercase() } else { String::new() };
        let mut tail = CallTail { end: self.tokens[end].span.end, ..CallTail::default() };
        let shown = if matches!(lower.as_str(), "cast" | "treat") { format!("{MARK}cast") } else { name };
        self.ident(&shown, token.span);
        self.symbol(Sql::LParen, self.tokens[open].span);
        match lower.as_str() {
            "cast" | "treat" => self.cast(open + 1, end)?,
            _ if begins_query(&self.cursor(open, self.tokens.len())) && !STANDARD.contains(&lower.as_str()) => {
                self.subquery(open, open, 'q')?;
            }
            "extract" | "normalize" => self.field_first(&lower, open + 1, end)?,
            "position" | "substring" | "trim" | "overlay" => self.special(open + 1, end)?,
            word if STANDARD.contains(&word) => {
                self.reduced(open + 1, end, &mut tail)?;
                if matches!(word, "json_exists" | "json_query" | "json_value") {
                    tail.json = self.json_options(word, open + 1, end).map(Box::new);
                }
            }
            _ => self.arguments(open + 1, end, &mut tail)?,
        }
        self.symbol(Sql::RParen, self.tokens[end].span);
        let next = self.trailing(end + 1, to, &mut tail)?;
        self.out.calls.insert(token.span.start, tail);
        Ok(next)
    }

    /// `COLLATION FOR (x)`, at COLLATION.
    pub(super) fn collation_for(&mut self, at: usize) -> Parse<usize> {
        let (open, end) = (at + 2, self.close_of(at + 2));
        let span = self.tokens[at].span;
        self.ident("pg_collation_for", span);
        self.symbol(Sql::LParen, self.tokens[open].span);
        self.run(open + 1, end)?;
        self.symbol(Sql::RParen, self.tokens[end].span);
        self.out.calls.insert(span.start, CallTail { end: self.tokens[end].span.end, ..CallTail::default() });
        Ok(end + 1)
    }

    /// `x AS type`.
    fn cast(&mut self, from: usize, to: usize) -> Parse<()> {
        let Some(split) = self.last_word(from, to, "AS") else { return self.run(from, to) };
        self.run(from, split)?;
        let mut c = self.cursor(split + 1, to);
        let ty = type_name(&mut c)?;
        c.expect_end()?;
        self.symbol(Sql::Comma, self.tokens[split].span);
        let span = ty.span;
        self.type_mark(ty, span);
        Ok(())
    }

    fn last_word(&self, from: usize, to: usize, word: &str) -> Option<usize> {
        self.top_level(from, to).into_iter().rev().find(|&i| self.is(i, to, word))
    }

    /// The tokens of a range at its own nesting; an opening parenthesis stands for its group. What stands behind a dot is a
    /// name, whatever word it is, and is left out.
    fn top_level(&self, from: usize, to: usize) -> Vec<usize> {
        let mut all = vec![];
        let mut i = from;
        while i < to {
            if i == from || self.tokens[i - 1].kind != TokenKind::Dot {
                all.push(i);
            }
            let opens = matches!(self.tokens[i].kind, TokenKind::LeftParen | TokenKind::LeftBracket);
            i = if opens { self.close_of(i) + 1 } else { i + 1 };
        }
        all
    }

    /// A range cut at the commas of its own nesting.
    fn split_at_commas(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let mut parts = vec![];
        let mut start = from;
        for i in self.top_level(from, to) {
            if self.tokens[i].kind == TokenKind::Comma {
                parts.push((start, i));
                start = i + 1;
            }
        }
        if start < to || !parts.is_empty() {
            parts.push((start, to));
        }
        parts
    }

    /// `EXTRACT(field FROM x)`, `NORMALIZE(x, form)`: the bare word becomes a string.
    fn field_first(&mut self, name: &str, from: usize, to: usize) -> Parse<()> {
        let token = self.tokens[from];
        if name == "extract" && token.kind == TokenKind::Word && self.is(from + 1, to, "FROM") {
            self.literal(&token.text(self.text).to_ascii_lowercase(), token.span);
            self.symbol(Sql::Comma, self.tokens[from + 1].span);
            return self.run(from + 2, to);
        }
        if let (true, Some((start, end))) = (name == "normalize", self.split_at_commas(from, to).get(1).copied())
            && end == start + 1
        {
            self.run(from, start)?;
            self.literal(self.tokens[start].text(self.text), self.tokens[start].span);
            return Ok(());
        }
        self.special(from, to)
    }

    /// Separating words become commas, colouring words go.
    fn special(&mut self, from: usize, to: usize) -> Parse<()> {
        let mut start = from;
        let mut written = false;
        let mut cases = 0usize;
        let mut places = self.top_level(from, to);
        places.push(to);
        for i in places {
            cases += usize::from(self.is(i, to, "CASE"));
            cases = cases.saturating_sub(usize::from(self.is(i, to, "END")));
            let distinct = i > from && self.is(i - 1, to, "DISTINCT");
            let at_word = |words: &[&str]| i < to && words.iter().any(|w| self.is(i, to, w));
            let noise = i == start
                && i < to
                && at_word(NOISE)
                && self.kind(i + 1, to).is_some_and(|k| k != TokenKind::Comma && k != TokenKind::LeftParen);
            if noise {
                start = i + 1;
                continue;
            }
            let comma = i < to && matches!(self.tokens[i].kind, TokenKind::Comma | TokenKind::Colon);
            if i == to || (cases == 0 && (comma || (at_word(SEPARATORS) && !distinct && (start < i || !at_word(&["VALUE"]))))) {
                if start < i {
                    if written {
                        self.symbol(Sql::Comma, Span::new(self.tokens[start].span.start, self.tokens[start].span.start));
                    }
                    self.run(start, i)?;
                    written = true;
                }
                start = i + 1;
            }
        }
        Ok(())
    }

    /// JSON and XML functions: every argument up to its options.
    fn reduced(&mut self, from: usize, to: usize, tail: &mut CallTail) -> Parse<()> {
        let inner = self.cursor(from.saturating_sub(1), to + 1);
        if begins_query(&inner) {
            // Of `JSON_ARRAY(SELECT … RETURNING type)`, which no query reads as, the name alone is kept.
            let _ = self.subquery(from - 1, from - 1, 'q');
            return Ok(());
        }
        let to = self.order_by(from, to, tail)?;
        let mut written = false;
        for (start, end) in self.split_at_commas(from, to) {
            for (start, end) in self.passed(start, end) {
                if start >= end {
                    continue;
                }
                if written {
                    self.symbol(Sql::Comma, Span::new(self.tokens[start].span.start, self.tokens[start].span.start));
                }
                self.special(start, end)?;
                written = true;
            }
        }
        Ok(())
    }

    /// What stands behind the arguments of an SQL/JSON query function; `None` where it is the default, or cannot be read.
    fn json_options(&self, name: &str, from: usize, to: usize) -> Option<JsonOptions> {
        let places = self.top_level(from, to);
        let mut rest = places.iter().copied().find(|&i| i > from && self.cursor(i, to).at_any(JSON_TAILS))?;
        let mut returning = None;
        if self.is(rest, to, "RETURNING") {
            let mut c = self.cursor(rest + 1, to);
            returning = Some(type_name(&mut c).ok()?);
            rest += 1 + c.mark();
        }
        let words = (rest..to).map(|i| self.tokens[i].text(self.text));
        let upper = words.map(|word| if word.starts_with('\'') { word.to_owned() } else { word.to_ascii_uppercase() }).collect::<Vec<_>>();
        let mut rest = upper.join(" ");
        for default in JSON_DEFAULTS.iter().filter(|(of, _)| of.contains(&name)).map(|(_, default)| default) {
            rest = rest.replace(default, "");
        }
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        // the default is not told apart from what is written of json_value alone, as measured on 18
        let returning = returning.filter(|ty| !(name == "json_value" && ty.is("text") && ty.dimensions == 0));
        (returning.is_some() || !rest.is_empty()).then_some(JsonOptions { returning, rest })
    }

    /// One argument cut at PASSING, each piece without its options.
    fn passed(&self, start: usize, end: usize) -> Vec<(usize, usize)> {
        let mut pieces = vec![];
        let mut from = start;
        let mut cut = None;
        for i in self.top_level(start, end) {
            let c = self.cursor(i, end);
            if c.at_words("PASSING") {
                pieces.push((from, cut.take().unwrap_or(i)));
                from = i + 1 + if self.is(i + 1, end, "BY") { 2 } else { 0 };
            } else if cut.is_none() && c.at_any(if i > from { TAILS } else { ONLY_TAILS }) {
                cut = Some(i);
            }
        }
        pieces.push((from.min(end), cut.unwrap_or(end)));
        pieces
    }

    /// Ordinary arguments: DISTINCT, ORDER BY, VARIADIC and names are taken off.
    fn arguments(&mut self, from: usize, to: usize, tail: &mut CallTail) -> Parse<()> {
        let mut from = from;
        if self.is(from, to, "DISTINCT") || self.is(from, to, "ALL") {
            tail.distinct = self.is(from, to, "DISTINCT");
            from += 1;
        }
        let to = self.order_by(from, to, tail)?;
        for (n, (mut start, end)) in self.split_at_commas(from, to).into_iter().enumerate() {
            if n > 0 {
                self.symbol(Sql::Comma, self.tokens[start - 1].span);
            }
            start += usize::from(self.is(start, end, "VARIADIC"));
            let named = start + 1 < end && matches!(self.tokens[start + 1].text(self.text), "=>" | ":=");
            start += if named { 2 } else { 0 };
            if start >= end {
                return self.fail(end);
            }
            self.run(start, end)?;
        }
        Ok(())
    }

    /// Reads `ORDER BY …` at the end of an argument list; returns where the arguments end.
    fn order_by(&mut self, from: usize, to: usize, tail: &mut CallTail) -> Parse<usize> {
        let Some(at) = self.top_level(from, to).into_iter().find(|&i| self.is(i, to, "ORDER") && self.is(i + 1, to, "BY")) else {
            return Ok(to);
        };
        // `JSON_ARRAYAGG(x ORDER BY y NULL ON NULL RETURNING t)`.
        let options = |&i: &usize| self.cursor(i, to).at_any(&["NULL ON", "ABSENT ON", "RETURNING"]);
        let end = self.top_level(at, to).into_iter().find(options).unwrap_or(to);
        let mut c = self.cursor(at + 2, end);
        tail.order_by.extend(order_list(&mut c)?.into_iter().map(|key| key.expr));
        c.expect_end()?;
        Ok(at)
    }

    /// WITHIN GROUP, FILTER, null treatment and OVER, in that order.
    fn trailing(&mut self, at: usize, to: usize, tail: &mut CallTail) -> Parse<usize> {
        let mut c = self.cursor(at, to);
        if c.eat("WITHIN GROUP") {
            let keys = group(&mut c, |c| {
                c.expect("ORDER BY")?;
                order_list(c)
            })?;
            tail.order_by.extend(keys.into_iter().map(|key| key.expr));
        }
        if c.at_words("FILTER") && c.peek_at(1).is_some_and(|t| t.kind == TokenKind::LeftParen) {
            c.eat("FILTER");
            tail.filter = Some(group(&mut c, |c| {
                c.expect("WHERE")?;
                expr(c, &[])
            })?);
        }
        c.eat_any(&["IGNORE NULLS", "RESPECT NULLS"]);
        if c.at_words("OVER") && c.peek_at(1).is_some() {
            c.eat("OVER");
            tail.over = Some(if c.kind() == Some(TokenKind::LeftParen) { window(&mut c)? } else { c.name().map(|_| vec![])? });
        }
        let taken = c.mark();
        if taken > 0 {
            tail.end = self.tokens[at + taken - 1].span.end;
        }
        Ok(at + taken)
    }
}

fn group<T>(c: &mut Cursor<'_>, read: impl FnOnce(&mut Cursor<'_>) -> Parse<T>) -> Parse<T> {
    c.expect_kind(TokenKind::LeftParen)?;
    let value = read(c)?;
    c.expect_kind(TokenKind::RightParen)?;
    Ok(value)
}

/// A window's partition and order expressions, between their parentheses.
pub(super) fn window(c: &mut Cursor<'_>) -> Parse<Vec<Expr>> {
    group(c, window_definition)
}

/// The same inside the parentheses; the frame is passed over.
fn window_definition(c: &mut Cursor<'_>) -> Parse<Vec<Expr>> {
    const FRAME: &[&str] = &[
        "ROWS BETWEEN",
        "RANGE BETWEEN",
        "GROUPS BETWEEN",
        "ROWS UNBOUNDED",
        "RANGE UNBOUNDED",
        "GROUPS UNBOUNDED",
        "ROWS CURRENT",
        "RANGE CURRENT",
        "GROUPS CURRENT",
        "ROWS",
        "GROUPS",
        "RANGE",
    ];
    let mut all = vec![];
    if !c.at_any(&["PARTITION BY", "ORDER BY"]) && !c.at_any(FRAME) && c.kind() != Some(TokenKind::RightParen) {
        c.name()?;
    }
    if c.eat("PARTITION BY") {
        let stops: Vec<&str> = FRAME.to_vec();
        all.extend(c.comma_list(|c| expr(c, &stops))?);
    }
    if c.eat("ORDER BY") {
        loop {
            let tokens_before = c.mark();
            all.push(expr(c, &["ASC", "DESC", "USING", "NULLS", "ROWS", "RANGE", "GROUPS"])?);
            if c.mark() == tokens_before {
                break;
            }
            c.take_until(|c| c.kind() == Some(TokenKind::Comma) || c.at_any(FRAME));
            if !c.eat_kind(TokenKind::Comma) {
                break;
            }
        }
    }
    if c.at_any(FRAME) {
        c.take_until(|_| false);
    }
    Ok(all)
}
