//! Folds tokens into a hash, and into the normalised text when asked.
//!
//! A list's items are compared by their own hashes; a repeated one is taken back by returning to the state before it, so that
//! nothing is stored but a mark for each open list.

use super::super::token::Dialect;
use super::Fingerprint;
use super::hash::{hash_key, hash_lower, hash_punct, mix};
use super::scan::{Kind, Scanner, Tok};
use super::words::{Class, class, k, key, key_at, reserved, spaced};
use crate::source::FILLER;

/// Lists inside lists up to this depth are folded; deeper ones are kept as they are.
const MAX_LISTS: usize = 8;

/// Different items of one list that are remembered.
const MAX_SEEN: usize = 6;

const START: u64 = 0xd6e8_feb8_6659_fd93;
const LITERAL: u64 = 0x3f;

#[derive(Clone, Copy, PartialEq, Eq)]
enum ListKind {
    /// Items that repeat are left out.
    In,
    /// Rows that repeat are left out.
    Values,
    /// A row of VALUES: neighbouring values become one.
    Row,
    /// Becomes one value if it holds values only.
    Array,
}

#[derive(Clone, Copy)]
struct Mark {
    hash: u64,
    text: usize,
}

#[derive(Clone, Copy)]
struct List {
    kind: ListKind,
    depth: u32,
    /// Before the list's first token, and before the item (its comma included).
    opened: Mark,
    item_at: Mark,
    item: u64,
    /// Of all that was kept: what the list is worth to the list around it.
    kept: u64,
    seen: [u64; MAX_SEEN],
    count: usize,
}

/// What a statement's first words make of the names after them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Names count.
    Keep,
    /// Nothing read yet.
    Start,
    /// The next name is left out, unless it is this key word.
    Next(u128),
    /// `ROLLBACK …`: a name after TO is left out.
    Rollback,
    /// `FETCH …`: every word but directions is left out.
    Cursor,
}

pub(super) struct Folder<'t, const TEXT: bool> {
    scan: Scanner<'t>,
    hash: u64,
    text: String,
    lists: [List; MAX_LISTS],
    open: usize,
    /// An operand ends here.
    operand: bool,
    last: Class,
    last_key: u128,
    before_key: u128,
    /// The state before the sign that was just read.
    sign: Option<(Mark, u64, Class, u128)>,
    names: Names,
    /// A `;` was read and something before it.
    semicolon: bool,
    any: bool,
}

impl<'t, const TEXT: bool> Folder<'t, TEXT> {
    pub(super) fn new(bytes: &'t [u8], dialect: Dialect) -> Self {
        let mark = Mark { hash: 0, text: 0 };
        let list = List { kind: ListKind::In, depth: 0, opened: mark, item_at: mark, item: 0, kept: 0, seen: [0; MAX_SEEN], count: 0 };
        Folder {
            scan: Scanner::new(bytes, dialect),
            hash: START,
            text: String::new(),
            lists: [list; MAX_LISTS],
            open: 0,
            operand: false,
            last: Class::Plain,
            last_key: 0,
            before_key: 0,
            sign: None,
            names: Names::Start,
            semicolon: false,
            any: false,
        }
    }

    pub(super) fn run(mut self) -> (Fingerprint, String) {
        loop {
            let token = self.scan.next(self.operand);
            match token.kind {
                Kind::End => break,
                Kind::Punct(b';') => self.statement_end(),
                _ => self.token(token),
            }
        }
        (Fingerprint(self.hash), self.text)
    }

    fn statement_end(&mut self) {
        self.semicolon |= self.any;
        (self.any, self.open, self.operand, self.names) = (false, 0, false, Names::Start);
        (self.last, self.last_key) = (Class::Plain, 0);
    }

    fn token(&mut self, token: Tok) {
        if std::mem::take(&mut self.semicolon) {
            self.emit(hash_lower(1, b";"), b";", false, true);
        }
        self.any = true;
        let is_name = matches!(token.kind, Kind::Word | Kind::NumberedWord | Kind::QuotedIdent);
        if !is_name && matches!(self.names, Names::Next(_) | Names::Start) {
            self.names = Names::Keep;
        }
        match token.kind {
            Kind::Word | Kind::NumberedWord => self.word(token),
            Kind::QuotedIdent => self.quoted(token),
            Kind::Literal | Kind::String => self.literal(),
            Kind::Operator => self.operator(token),
            Kind::Punct(b) => self.punct(b),
            Kind::End => {}
        }
    }

    // ---- what goes out ----

    fn mark(&self) -> Mark {
        Mark { hash: self.hash, text: self.text.len() }
    }

    fn back_to(&mut self, mark: Mark) {
        self.hash = mark.hash;
        self.text.truncate(mark.text);
    }

    /// Takes a token into the hash, the innermost list's item, and the text.
    fn emit(&mut self, hash: u64, text: &[u8], before: bool, after: bool) {
        self.hash = mix(self.hash, hash);
        if let Some(list) = self.open.checked_sub(1).map(|top| &mut self.lists[top]) {
            list.item = mix(list.item, hash);
        }
        if TEXT {
            let tight = matches!(self.text.as_bytes().last(), None | Some(b' ' | b'(' | b'[' | b'.')) || self.text.ends_with("::");
            if before && !tight {
                self.text.push(' ');
            }
            self.text.push_str(&String::from_utf8_lossy(text).replace(FILLER as char, ""));
            if after {
                self.text.push(' ');
            }
        }
    }

    /// One value, whatever was written; casts behind it go with it.
    fn literal(&mut self) {
        self.casts();
        if let Some((mark, item, last, last_key)) = self.sign.take() {
            self.back_to(mark);
            (self.last, self.last_key) = (last, last_key);
            if let Some(list) = self.innermost() {
                list.item = item;
            }
        }
        // `IN ?` and `VALUES ?`, as drivers that expand sequences are given them, are lists too.
        if matches!(self.last, Class::In | Class::Values) {
            self.bracket(b'(');
            self.literal();
            return self.plain(b')', true);
        }
        // Behind an operand a question mark would be an operator.
        self.emit(LITERAL, if self.operand { b"$1" } else { b"?" }, true, false);
        self.settle(true, Class::Plain, 0);
    }

    fn settle(&mut self, operand: bool, last: Class, last_key: u128) {
        (self.operand, self.last, self.before_key, self.last_key) = (operand, last, self.last_key, last_key);
        self.sign = None;
    }

    /// Skips `::type` and strings that continue the one before them.
    fn casts(&mut self) {
        loop {
            if self.scan.comes_next(b"'") {
                self.scan.next(true);
            } else if self.scan.comes_next(b"::") {
                self.scan.next(true);
                self.type_name();
            } else {
                return;
            }
        }
    }

    /// Skips a type's name as it may stand behind `::`.
    fn type_name(&mut self) {
        let mut ahead = self.scan;
        let mut token = ahead.next(true);
        while matches!(token.kind, Kind::Word | Kind::NumberedWord | Kind::QuotedIdent) {
            self.scan = ahead;
            let first = key(&self.scan.bytes[token.start..token.end]);
            token = ahead.next(true);
            if token.kind == Kind::Punct(b'.') {
                token = ahead.next(true);
                continue;
            }
            const OPENERS: &[u128] = &[k("double"), k("character"), k("char"), k("bit"), k("national")];
            const CLOCKS: &[u128] = &[k("time"), k("timestamp"), k("interval")];
            let next = key(&self.scan.bytes[token.start..token.end]);
            if OPENERS.contains(&first) && [k("precision"), k("varying"), k("character"), k("char")].contains(&next) {
                continue;
            }
            if token.kind == Kind::Punct(b'(') {
                self.modifiers(b')');
            }
            if CLOCKS.contains(&first) {
                self.zone();
            }
            self.array_marks();
            return;
        }
    }

    /// Skips `(10, 2)`.
    fn modifiers(&mut self, close: u8) {
        let mut ahead = self.scan;
        ahead.next(true);
        for _ in 0..8 {
            match ahead.next(false).kind {
                Kind::Punct(b) if b == close => {
                    self.scan = ahead;
                    return;
                }
                Kind::Literal | Kind::Punct(b',') => {}
                _ => return,
            }
        }
    }

    /// Skips `with time zone` and `without time zone`.
    fn zone(&mut self) {
        let mut ahead = self.scan;
        let mut word = || {
            let token = ahead.next(true);
            key(&ahead.bytes[token.start..token.end])
        };
        if [k("with"), k("without")].contains(&word()) && word() == k("time") && word() == k("zone") {
            self.scan = ahead;
        }
    }

    fn array_marks(&mut self) {
        for _ in 0..6 {
            let before = self.scan.at;
            if self.scan.comes_next(b"[") {
                self.modifiers(b']');
            }
            if self.scan.at == before {
                return;
            }
        }
    }

    // ---- words ----

    fn word(&mut self, token: Tok) {
        let bytes = &self.scan.bytes[token.start..token.end];
        // Long words and words with fillers mean nothing here.
        let word = if bytes.len() > 16 { u128::MAX } else { key_at(self.scan.bytes, token.start, token.end) };
        let class = if bytes.len() > 11 { Class::Plain } else { class(word) };
        if self.is_left_out(word) {
            return self.literal();
        }
        match class {
            Class::Constant if self.last != Class::Syntax => return self.literal(),
            Class::Type if self.scan.comes_next(b"'") => {
                self.scan.next(true);
                return self.literal();
            }
            _ => {}
        }
        let opened = self.mark();
        let name = if token.kind == Kind::NumberedWord { without_number(bytes) } else { bytes };
        let whole = name.len() == bytes.len() && bytes.len() <= 16;
        match hash_key(2, word, bytes.len()).filter(|_| whole && !TEXT) {
            Some(hash) => self.emit(hash, name, true, false),
            None => self.emit_word(name),
        }
        // After a dot any word is a name.
        let class = if self.last_key == u128::from(b'.') { Class::Plain } else { class };
        self.settle(class == Class::Plain || class == Class::Constant, class, word);
        match class {
            Class::In => self.in_list(),
            Class::Values => self.values(),
            Class::Array if self.scan.comes_next(b"[") => self.open_list(ListKind::Array, opened),
            _ => {}
        }
    }

    fn emit_word(&mut self, name: &[u8]) {
        let hash = hash_lower(2, name);
        if TEXT {
            let lower = name.to_ascii_lowercase();
            self.emit(hash, &lower, true, false);
        } else {
            self.emit(hash, name, true, false);
        }
    }

    /// Whether the name is of a cursor, savepoint or prepared statement; follows the statement's first words.
    fn is_left_out(&mut self, word: u128) -> bool {
        const DIRECTIONS: &[u128] = &[
            k("next"),
            k("prior"),
            k("first"),
            k("last"),
            k("absolute"),
            k("relative"),
            k("all"),
            k("forward"),
            k("backward"),
            k("from"),
            k("in"),
        ];
        match self.names {
            Names::Keep => false,
            Names::Start => {
                self.names = match word {
                    _ if word == k("savepoint") || word == k("declare") || word == k("execute") => Names::Next(0),
                    _ if word == k("close") => Names::Next(k("all")),
                    _ if word == k("release") => Names::Next(k("savepoint")),
                    _ if word == k("deallocate") => Names::Next(k("prepare")),
                    _ if word == k("prepare") => Names::Next(k("transaction")),
                    _ if word == k("rollback") => Names::Rollback,
                    _ if word == k("fetch") || word == k("move") => Names::Cursor,
                    _ => Names::Keep,
                };
                false
            }
            Names::Next(unless) => {
                let skipped = word == unless && (word == k("savepoint") || word == k("prepare"));
                self.names = if skipped { Names::Next(0) } else { Names::Keep };
                word != unless && word != k("all")
            }
            Names::Rollback => {
                if word == k("to") {
                    self.names = Names::Next(k("savepoint"));
                }
                false
            }
            Names::Cursor => !DIRECTIONS.contains(&word),
        }
    }

    /// `"name"` is `name` where PostgreSQL says so.
    fn quoted(&mut self, token: Tok) {
        if self.is_left_out(u128::MAX) {
            return self.literal();
        }
        let bytes = &self.scan.bytes[token.start..token.end];
        let inside = bytes.strip_prefix(b"\"").and_then(|b| b.strip_suffix(b"\"")).unwrap_or(b"");
        let plain = inside.iter().all(|&b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | FILLER))
            && inside.first().is_some_and(|b| !b.is_ascii_digit());
        if !plain {
            let hash = bytes.iter().filter(|&&b| b != FILLER).fold(3, |hash, &b| mix(hash, u64::from(b)));
            self.emit(hash, bytes, true, false);
        } else {
            let name = without_number(inside);
            if TEXT && reserved(key(name)) && name.len() <= 16 {
                self.emit(hash_lower(2, name), bytes, true, false);
            } else {
                self.emit_word(name);
            }
        }
        // A name, but none of the words that mean something.
        self.settle(true, Class::Plain, u128::MAX);
    }

    // ---- operators, lists ----

    fn operator(&mut self, token: Tok) {
        let bytes = &self.scan.bytes[token.start..token.end];
        let operator: &[u8] = match bytes {
            b"!=" => b"<>",
            b"%%" => b"%",
            _ => bytes,
        };
        // A sign belongs to the value behind it, if one comes.
        let is_sign = matches!(operator, b"-" | b"+") && !self.operand;
        let earlier = self.sign.filter(|_| is_sign);
        let sign = is_sign.then(|| (self.mark(), self.innermost().map_or(0, |list| list.item), self.last, self.last_key));
        let tight = operator == b"::";
        self.emit(hash_lower(4, operator), operator, !tight, false);
        self.settle(false, Class::Plain, 0);
        self.sign = earlier.or(sign);
    }

    fn punct(&mut self, b: u8) {
        match b {
            b'(' | b'[' => {
                if b == b'(' && self.top(ListKind::Values, 0) {
                    return self.open_list(ListKind::Row, self.mark());
                }
                if let Some(list) = self.innermost() {
                    list.depth += 1;
                }
                self.bracket(b);
            }
            b')' | b']' => match self.innermost() {
                Some(list) if list.depth == 0 => self.close_list(b),
                Some(list) => {
                    list.depth -= 1;
                    self.plain(b, true);
                }
                None => self.plain(b, true),
            },
            b',' => {
                self.finish_item();
                self.plain(b, false);
                // Between items it belongs to neither.
                if let Some(list) = self.innermost().filter(|list| list.depth == 0) {
                    list.item = 0;
                }
            }
            _ => self.plain(b, false),
        }
    }

    fn bracket(&mut self, b: u8) {
        let into = self.before_key == k("into");
        let call = TEXT && (b == b'[' || self.operand && self.last_key != 0 && !into && !spaced(self.last_key));
        self.emit(hash_punct(b), &[b], !call, false);
        self.settle(false, Class::Plain, 0);
    }

    fn plain(&mut self, b: u8, operand: bool) {
        let loose = !matches!(b, b',' | b')' | b']' | b'.' | b'(' | b'[');
        self.emit(hash_punct(b), &[b], loose, b == b',');
        self.settle(operand, Class::Plain, if b == b'.' { u128::from(b'.') } else { 0 });
    }

    fn innermost(&mut self) -> Option<&mut List> {
        self.open.checked_sub(1).map(|top| &mut self.lists[top])
    }

    fn top(&self, kind: ListKind, depth: u32) -> bool {
        self.open.checked_sub(1).is_some_and(|top| self.lists[top].kind == kind && self.lists[top].depth == depth)
    }

    /// `IN (…)` that is no subquery.
    fn in_list(&mut self) {
        let mut ahead = self.scan;
        if ahead.next(false).kind == Kind::Punct(b'(') {
            let first = ahead.next(false);
            let word = key(&ahead.bytes[first.start..first.end.min(first.start + 16)]);
            if ![k("select"), k("with"), k("values"), k("table")].contains(&word) || first.kind != Kind::Word {
                self.open_list(ListKind::In, self.mark());
            }
        }
    }

    /// `VALUES (…), (…)`.
    fn values(&mut self) {
        let mut ahead = self.scan;
        if ahead.next(false).kind == Kind::Punct(b'(') {
            self.push(ListKind::Values, self.mark());
        }
    }

    /// Takes the list's bracket and begins its first item.
    fn open_list(&mut self, kind: ListKind, opened: Mark) {
        if kind != ListKind::Row {
            self.scan.next(false);
        }
        self.bracket(if kind == ListKind::Array { b'[' } else { b'(' });
        self.push(kind, opened);
    }

    fn push(&mut self, kind: ListKind, opened: Mark) {
        if self.open == MAX_LISTS {
            if let Some(list) = self.innermost().filter(|_| kind != ListKind::Values) {
                list.depth += 1;
            }
            return;
        }
        self.lists[self.open] = List { kind, depth: 0, opened, item_at: self.mark(), item: 0, kept: 0, seen: [0; MAX_SEEN], count: 0 };
        self.open += 1;
    }

    /// At a comma or the end: an item that was there before goes, its comma with it.
    fn finish_item(&mut self) {
        let mark = self.mark();
        let Some(list) = self.open.checked_sub(1).map(|top| &mut self.lists[top]) else { return };
        if list.depth > 0 {
            return;
        }
        let repeated = if list.kind == ListKind::Row {
            let value = list.item == mix(0, LITERAL);
            let repeated = value && list.count > 0 && list.seen[0] == 1;
            list.seen[0] = u64::from(value);
            repeated
        } else {
            list.seen[..list.count.min(MAX_SEEN)].contains(&list.item)
        };
        if repeated {
            let back = list.item_at;
            list.item = 0;
            return self.back_to(back);
        }
        if list.kind != ListKind::Row && list.count < MAX_SEEN {
            list.seen[list.count] = list.item;
        }
        list.kept = mix(list.kept, list.item);
        list.count += 1;
        list.item = 0;
        list.item_at = mark;
    }

    fn close_list(&mut self, b: u8) {
        self.finish_item();
        let Some(top) = self.open.checked_sub(1) else { return };
        let list = self.lists[top];
        self.open = top;
        if list.kind == ListKind::Values {
            // The bracket closes something around VALUES that has no list of its own.
            return self.punct(b);
        }
        if let Some(outer) = self.innermost() {
            outer.item = mix(outer.item, list.kept);
        }
        if list.kind == ListKind::Array && list.count == 1 && list.kept == mix(0, mix(0, LITERAL)) {
            self.back_to(list.opened);
            if let Some(outer) = self.innermost() {
                outer.item = 0;
            }
            self.operand = false;
            return self.literal();
        }
        self.plain(b, true);
        if list.kind == ListKind::Row {
            self.row_end();
        }
    }

    /// After a row of VALUES: another row, or the end of the list.
    fn row_end(&mut self) {
        if self.scan.comes_next(b",") {
            return;
        }
        self.finish_item();
        let Some(top) = self.open.checked_sub(1) else { return };
        let list = self.lists[top];
        self.open = top;
        if let Some(outer) = self.innermost() {
            outer.item = mix(outer.item, list.kept);
        }
    }
}

/// A temporary table's name without what makes it differ from run to run: `tmp_orders_8f3a2`, `temp12`, `pg_temp_3`.
fn without_number(name: &[u8]) -> &[u8] {
    let lower = |i: usize| name.get(i).map_or(0, u8::to_ascii_lowercase);
    let starts = |text: &[u8]| text.iter().enumerate().all(|(i, &b)| lower(i) == b);
    let marked = |text: &[u8]| name.windows(text.len()).any(|w| w.eq_ignore_ascii_case(text));
    let from = if starts(b"pg_temp") {
        7
    } else if starts(b"tmp") {
        3
    } else if starts(b"temp") {
        4
    } else {
        0
    };
    let begins = from > 0 && (lower(from) == b'_' || lower(from).is_ascii_digit());
    if !begins && !marked(b"_tmp_") && !marked(b"_temp_") {
        return name;
    }
    let mut end = name.len();
    loop {
        let tail = name[..end].iter().rev().take_while(|b| b.is_ascii_hexdigit()).count();
        let has_digit = name[end - tail..end].iter().any(u8::is_ascii_digit);
        if has_digit && end > tail && name[end - tail - 1] == b'_' {
            end -= tail + 1;
            continue;
        }
        let digits = name[..end].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        return if digits > 0 && digits < end { &name[..end - digits] } else { &name[..end] };
    }
}
