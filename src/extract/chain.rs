//! Strings that the language makes one of: concatenated, adjacent, joined, formatted.

use super::growth::BOUND;
use super::scan::{Kind, Scan, Token};
use super::syntax::{Adjacency, Format, Syntax};
use super::tree::Tree;
use crate::source::Span;

/// A string as the program has it at run time.
#[derive(Debug)]
pub(super) struct Chain {
    /// Strings and the code between them, in order.
    pub(super) parts: Vec<Part>,
    /// The first token and the one after the last.
    pub(super) first: usize,
    pub(super) after: usize,
    /// Code comes before the first string.
    pub(super) leading_code: bool,
    /// It is a template that a formatter fills.
    pub(super) format: Option<Format>,
    /// What the formatter fills in, in order.
    pub(super) arguments: Vec<Span>,
    /// A margin that ends in a bar is stripped.
    pub(super) bar_margin: bool,
    /// The common margin is stripped.
    pub(super) margin: bool,
    /// Several statements make it.
    pub(super) grown: bool,
}

/// A part of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A string.
    Literal(usize),
    /// Code whose value stands here.
    Code(Span),
    /// What a join puts here, in place of one byte of code.
    Blank(Span, u8),
    /// Code that may add text here.
    Maybe(Span),
}

/// Finds the chains of a stream.
pub(super) fn chains(tree: &Tree, scan: &Scan, syntax: &'static Syntax) -> Vec<Chain> {
    let mut found = vec![];
    let mut used = vec![false; tree.tokens.len()];
    for at in 0..tree.tokens.len() {
        let Some(literal) = tree.literal(at) else { continue };
        if used[at] || scan.literals[literal].opaque {
            continue;
        }
        let mut linker = Linker { tree, scan, syntax, used: &mut used, chain: Chain::new(at, literal), at: at + 1 };
        linker.chain.leading_code = linker.follows_operator(at);
        linker.run();
        let chain = linker.chain;
        found.push(chain);
    }
    found
}

impl Chain {
    fn new(first: usize, literal: usize) -> Self {
        Chain {
            parts: vec![Part::Literal(literal)],
            first,
            after: first + 1,
            leading_code: false,
            format: None,
            arguments: vec![],
            bar_margin: false,
            margin: false,
            grown: false,
        }
    }

    /// The numbers of its strings.
    pub(super) fn literals(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(i) => Some(*i),
            _ => None,
        })
    }
}

struct Linker<'a, 's> {
    tree: &'a Tree<'s>,
    scan: &'a Scan,
    syntax: &'static Syntax,
    used: &'a mut [bool],
    chain: Chain,
    at: usize,
}

impl Linker<'_, '_> {
    fn run(&mut self) {
        let joined = self.joined();
        loop {
            self.methods();
            self.chain.after = self.at;
            if self.adjacent() || self.appended() || self.operator() || joined.is_some_and(|separator| self.comma(separator)) {
                continue;
            }
            break;
        }
        self.formatted();
    }

    fn push_literal(&mut self, literal: usize) {
        self.chain.parts.push(Part::Literal(literal));
        self.used[self.at] = true;
        self.at += 1;
    }

    fn follows_operator(&self, at: usize) -> bool {
        let operators = self.syntax.concat;
        (1..=3).any(|len| at > len && self.tree.operator(at - len, operators) == Some(len) && !self.is_operator(at - len - 1))
    }

    fn is_operator(&self, at: usize) -> bool {
        matches!(self.tree.punct(at), Some(b'=' | b',' | b'(' | b'[' | b'{' | b':' | b'?' | b'|' | b'&' | b';'))
    }

    /// Whether a newline before this token ends the statement.
    fn ends_line(&self, token: &Token, at: usize) -> bool {
        let grouped = self.tree.around(at).is_some_and(|open| !self.tree.is(open, b'{'));
        token.first && self.syntax.newline_ends && !grouped
    }

    fn adjacent(&mut self) -> bool {
        if self.syntax.adjacency == Adjacency::None {
            return false;
        }
        let continued = self.tree.is(self.at, b'\\') && self.tree.tokens.get(self.at + 1).is_some_and(|t| t.first);
        let at = self.at + usize::from(continued);
        let Some(literal) = self.tree.literal(at) else { return false };
        let token = self.tree.tokens[at];
        let grouped = self.syntax.adjacency == Adjacency::InBrackets && self.tree.around(at).is_some();
        if token.first && !continued && !grouped {
            return false;
        }
        self.at = at;
        self.push_literal(literal);
        true
    }

    fn operator(&mut self) -> bool {
        let Some(len) = self.tree.operator(self.at, self.syntax.concat) else { return false };
        if self.ends_line(&self.tree.tokens[self.at], self.at) {
            return false;
        }
        let operand = self.at + len;
        if len == 2 && self.tree.is(self.at, b'+') {
            // fragments of SQL are joined with a blank
            self.chain.parts.push(Part::Blank(self.tree.tokens[self.at].span, b' '));
        }
        // what `",".join(ids)` gives is a list, and the literal stands between its members
        let joins = self.syntax.name == "python" && self.tree.is(operand + 1, b'.') && self.tree.word(operand + 2) == Some("join");
        if let Some(literal) = self.tree.literal(operand).filter(|_| !joins) {
            self.at = operand;
            self.push_literal(literal);
            return true;
        }
        let end = self.operand_end(operand);
        if end == operand {
            return false;
        }
        let span = self.tree.tokens[operand].span.to(self.tree.tokens[end - 1].span);
        // the operator's own bytes make room
        let span = Span::new(self.tree.tokens[self.at].span.start.min(span.start), span.end);
        self.chain.parts.push(Part::Code(span));
        self.at = end;
        true
    }

    /// One past the last token of an operand.
    fn operand_end(&self, from: usize) -> usize {
        let around = self.tree.around(from);
        let mut at = from;
        while let Some(token) = self.tree.tokens.get(at) {
            if at > from && self.breaks_line(token, at) {
                break;
            }
            match token.kind {
                Kind::Punct(b'(' | b'[' | b'{') => {
                    // a block is no operand's
                    if self.tree.is(at, b'{') && at > from && self.tree.punct(at - 1) == Some(b')') {
                        break;
                    }
                    at = self.tree.closing(at) + 1;
                    continue;
                }
                Kind::Punct(b',' | b')' | b']' | b'}' | b';' | b'|' | b'=') => break,
                Kind::Punct(b'?') if token.spaced => break,
                Kind::Punct(b':') if token.spaced => break,
                Kind::Punct(b'&') if self.tree.is(at + 1, b'&') => break,
                Kind::Word
                    if at > from
                        && matches!(token.span.of(self.tree.text), "if" | "unless" | "else" | "for" | "do" | "and" | "or" | "rescue") =>
                {
                    break;
                }
                _ if at > from && self.tree.operator(at, self.syntax.concat).is_some() => break,
                _ if self.tree.around(at) != around => break,
                _ => {}
            }
            at += 1;
        }
        at.min(self.tree.tokens.len())
    }

    fn breaks_line(&self, token: &Token, at: usize) -> bool {
        if !token.first {
            return false;
        }
        let continues = matches!(token.kind, Kind::Punct(b'.' | b'+' | b'?' | b':' | b')' | b'<'));
        self.ends_line(token, at) || (!continues && self.tree.around(at).is_none_or(|open| self.tree.is(open, b'{')))
    }

    /// `.trimMargin()`, `.format(…)` after a string.
    fn methods(&mut self) {
        // Scala's interpolated fragment of SQL is a function of its values
        let applied = self.syntax.name == "scala"
            && self.tree.is(self.at, b'(')
            && self.tree.tokens.get(self.at).is_some_and(|t| !t.spaced && !t.first);
        if applied {
            self.at = (self.tree.closing(self.at) + 1).min(self.tree.tokens.len());
        }
        while self.syntax.concat != ["."] && self.tree.is(self.at, b'.') {
            let Some(name) = self.tree.word(self.at + 1) else { return };
            self.chain.bar_margin |= self.syntax.bar_margin_calls.contains(&name);
            self.chain.margin |= self.syntax.margin_calls.contains(&name);
            if let Some((_, format)) = self.syntax.formatting_calls.iter().find(|(call, _)| *call == name) {
                self.chain.format = Some(*format);
            }
            self.at += 2;
            // on a line of its own it begins another statement
            let next = self.tree.tokens.get(self.at).is_some_and(|t| t.first && self.syntax.newline_ends);
            if self.tree.is(self.at, b'(') && !next {
                if self.chain.format.is_some() {
                    self.chain.arguments = self.tree.arguments(self.at, self.at + 1);
                }
                self.at = (self.tree.closing(self.at) + 1).min(self.tree.tokens.len());
            }
        }
    }

    /// `sb.append("…").append(x)`.
    fn appended(&mut self) -> bool {
        let Some(open) = self.tree.around(self.at.saturating_sub(1)) else { return false };
        let Some(name) = open.checked_sub(1).and_then(|at| self.tree.word(at)) else { return false };
        let method = self.tree.word(self.at + 2);
        let again = matches!(name, "append" | "Append" | "AppendLine" | "appendLine" | "StringBuilder" | "StringBuffer")
            && self.tree.is(self.at, b')')
            && self.tree.is(self.at + 1, b'.')
            && matches!(method, Some("append" | "Append" | "AppendLine" | "appendLine"))
            && self.tree.is(self.at + 3, b'(');
        if !again {
            return self.pushed(name);
        }
        if matches!(name, "AppendLine" | "appendLine") {
            self.chain.parts.push(Part::Blank(self.tree.tokens[self.at].span, b'\n'));
        }
        let (from, open) = (self.at, self.at + 3);
        self.at = open + 1;
        match self.tree.literal(self.at) {
            Some(literal) => self.push_literal(literal),
            None => {
                let end = self.tree.closing(open).min(self.tree.tokens.len() - 1);
                self.chain.parts.push(Part::Code(self.tree.tokens[from].span.to(self.tree.tokens[end.saturating_sub(1).max(from)].span)));
                self.at = end;
            }
        }
        true
    }

    /// `QueryBuilder::new("…").push_bind(x).push("…")`.
    fn pushed(&mut self, name: &str) -> bool {
        let tree = self.tree;
        let pushes =
            matches!(name, "new" | "push" | BOUND) && tree.is(self.at, b')') && tree.is(self.at + 1, b'.') && tree.is(self.at + 3, b'(');
        let open = self.at + 3;
        let end = tree.closing(open).min(tree.tokens.len().saturating_sub(1));
        match tree.word(self.at + 2).filter(|_| pushes && self.syntax.name == "rust") {
            Some("push") => match tree.literal(open + 1) {
                Some(literal) => {
                    self.at = open + 1;
                    self.push_literal(literal);
                }
                None => {
                    self.chain.parts.push(Part::Code(tree.tokens[self.at].span.to(tree.tokens[end.saturating_sub(1)].span)));
                    self.at = end;
                }
            },
            Some(BOUND) => {
                self.chain.parts.push(Part::Blank(tree.tokens[self.at].span, b'?'));
                self.at = end;
            }
            _ => return false,
        }
        true
    }

    /// What the strings of this list are joined with; zero where with nothing.
    fn joined(&self) -> Option<u8> {
        let (tree, first) = (self.tree, self.chain.first);
        let open = tree.around(first)?;
        let word = |at: Option<usize>| at.and_then(|at| tree.word(at));
        let before = |n: usize| open.checked_sub(n);
        if tree.is(open, b'(') {
            let bang = before(1).is_some_and(|at| tree.is(at, b'!'));
            if word(before(1 + usize::from(bang))).is_some_and(|name| self.syntax.joining_calls.contains(&name)) {
                return Some(0);
            }
            // `String.join(" ", "…", "…")`
            if matches!(word(before(1)), Some("join" | "Join")) && matches!(word(before(3)), Some("String" | "string")) && first == open + 3
            {
                return self.separator(open + 1);
            }
        }
        if first != open + 1 {
            return None;
        }
        // `[…].join(" ")`, `listOf(…).joinToString(" ")`
        let close = tree.closing(open);
        if tree.is(close + 1, b'.') && matches!(tree.word(close + 2), Some("join" | "joinToString" | "mkString")) {
            return self.separator(close + 4);
        }
        // `" ".join([…])`, `implode(" ", […])`, `Join([]string{…}, " ")`, `Enum.join([…], " ")`
        let call = (open.saturating_sub(7)..open).rev().find(|&at| tree.is(at, b'('))?;
        if tree.around(open) != Some(call) || !matches!(word(call.checked_sub(1)), Some("join" | "Join" | "implode")) {
            return None;
        }
        let quoted = call.checked_sub(3).filter(|&at| tree.literal(at).is_some() && tree.is(at + 1, b'.'));
        let earlier = (call + 1 < open && tree.literal(call + 1).is_some()).then_some(call + 1);
        self.separator(quoted.or(earlier).unwrap_or(close + 2))
    }

    /// The first byte of a separator that is white space, a comma or a semicolon.
    fn separator(&self, at: usize) -> Option<u8> {
        let content = self.scan.literals.get(self.tree.literal(at)?)?.content.of(self.tree.text);
        match content.trim_matches(' ').bytes().next() {
            None if content.is_empty() => Some(0),
            None => Some(b' '),
            Some(b'\\' | b'\n' | b'\t' | b'\r') => Some(b'\n'),
            Some(b @ (b',' | b';')) => Some(b),
            Some(_) => None,
        }
    }

    fn comma(&mut self, separator: u8) -> bool {
        if !self.tree.is(self.at, b',') {
            return false;
        }
        let between = (separator > 0).then_some(Part::Blank(self.tree.tokens[self.at].span, separator));
        let next = self.at + 1;
        if let Some(literal) = self.tree.literal(next) {
            self.chain.parts.extend(between);
            self.at = next;
            self.push_literal(literal);
            return true;
        }
        let end = self.operand_end(next);
        if end == next {
            return false;
        }
        self.chain.parts.extend(between);
        self.chain.parts.push(Part::Code(self.tree.tokens[next].span.to(self.tree.tokens[end - 1].span)));
        self.at = end;
        true
    }

    /// `"…" % x`, `Sprintf("…", x)`, `format!("…", x)`.
    fn formatted(&mut self) {
        if self.chain.format.is_some() {
            return;
        }
        if self.syntax.percent_fills && self.tree.is(self.at, b'%') && !self.ends_line(&self.tree.tokens[self.at], self.at) {
            self.chain.format = Some(Format::Percent);
            self.chain.arguments = match self.tree.punct(self.at + 1) {
                Some(b'(' | b'[') => self.tree.arguments(self.at + 1, self.at + 2),
                _ => {
                    let end = self.operand_end(self.at + 1);
                    let tokens = self.tree.tokens.get(self.at + 1..end).unwrap_or_default();
                    tokens.first().zip(tokens.last()).map(|(a, b)| a.span.to(b.span)).into_iter().collect()
                }
            };
            return;
        }
        let first = self.chain.first;
        let Some(open) = self.tree.around(first).filter(|&open| self.tree.is(open, b'(')) else { return };
        let bang = open > 0 && self.tree.is(open - 1, b'!');
        let name = open.checked_sub(1 + usize::from(bang)).and_then(|at| self.tree.word(at));
        // the template comes first, or after what it is written to
        let early = (open + 1..first).filter(|&at| self.tree.is(at, b',')).count() <= 1;
        self.chain.margin |= name.is_some_and(|name| self.syntax.margin_calls.contains(&name));
        let found = name.and_then(|name| self.syntax.formatting_calls.iter().find(|(call, _)| *call == name));
        self.chain.format = found.filter(|_| early).map(|(_, format)| *format);
        if self.chain.format.is_some() && self.tree.is(self.chain.after, b',') {
            self.chain.arguments = self.tree.arguments(open, self.chain.after + 1);
        }
    }
}
