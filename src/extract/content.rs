//! The inside of a string: text, escapes, and code.

use super::scan::{Piece, PieceKind, Scanner, Until};
use super::syntax::{Escapes, Hole, Unknown};
use crate::source::Span;

/// How a string's content is read.
#[derive(Debug)]
pub(super) struct Form<'f> {
    /// What ends it; empty: the end of the scanner's range.
    pub(super) close: &'f str,
    pub(super) escapes: Escapes,
    pub(super) holes: &'static [Hole],
    pub(super) lines: bool,
    /// Of a longer run of closing quotes the last three end it.
    pub(super) triple: bool,
}

/// Reads from `at` to the closing quote and past it. `None`: it never ends.
pub(super) fn read(scanner: &mut Scanner, form: &Form) -> Option<(Span, Vec<Piece>)> {
    let start = scanner.at;
    let mut reader = Reader { scanner, form, pieces: vec![], run: start };
    loop {
        if reader.scanner.at >= reader.scanner.end {
            if !form.close.is_empty() {
                return None;
            }
            break;
        }
        let b = reader.scanner.bytes[reader.scanner.at];
        if b == b'\n' && !form.lines {
            return None;
        }
        if !form.close.is_empty() && b == form.close.as_bytes()[0] {
            match reader.ends() {
                End::Here => break,
                End::Doubled => continue,
                End::No => {}
            }
        }
        if !reader.special(b) {
            reader.scanner.at += 1;
        }
    }
    let end = reader.scanner.at;
    reader.flush(end);
    let pieces = reader.pieces;
    scanner.at = (end + form.close.len()).min(scanner.end);
    Some((Span::new(start as u32, end as u32), pieces))
}

struct Reader<'s, 't, 'f> {
    scanner: &'s mut Scanner<'t>,
    form: &'f Form<'f>,
    pieces: Vec<Piece>,
    run: usize,
}

/// What a closing quote's first byte is.
enum End {
    Here,
    /// Two quotes that are one, and passed.
    Doubled,
    No,
}

impl Reader<'_, '_, '_> {
    fn flush(&mut self, to: usize) {
        if self.run < to {
            self.pieces.push(Piece { span: Span::new(self.run as u32, to as u32), kind: PieceKind::Text });
        }
        self.run = to;
    }

    fn piece(&mut self, len: usize, kind: PieceKind) {
        let start = self.scanner.at;
        let end = (start + len).min(self.scanner.end);
        self.flush(start);
        self.pieces.push(Piece { span: Span::new(start as u32, end as u32), kind });
        self.scanner.at = end;
        self.run = end;
    }

    /// Whether the string ends here; a doubled quote is passed.
    fn ends(&mut self) -> End {
        let close = self.form.close.as_bytes();
        if !self.scanner.rest().starts_with(close) {
            return End::No;
        }
        if self.form.triple && self.form.escapes == Escapes::Raw && self.scanner.peek(3) == b'"' {
            return End::No;
        }
        if self.form.escapes == Escapes::Doubled && self.scanner.peek(1) == close[0] {
            self.piece(1, PieceKind::Gone);
            self.scanner.at += 1;
            return End::Doubled;
        }
        End::Here
    }

    /// An escape or a hole.
    fn special(&mut self, b: u8) -> bool {
        match b {
            b'\\' => self.backslash(),
            b'$' | b'#' | b'{' | b'}' | b'`' if !self.form.holes.is_empty() => self.hole(b),
            _ => false,
        }
    }

    fn backslash(&mut self) -> bool {
        let next = self.scanner.peek(1);
        match self.form.escapes {
            Escapes::Raw | Escapes::Doubled => false,
            Escapes::RawBackslash => {
                self.scanner.at = next_boundary(self.scanner, 1);
                true
            }
            Escapes::QuoteOnly => {
                let quote = self.form.close.as_bytes().first().copied().unwrap_or(b'\'');
                if next == b'\\' || next == quote {
                    self.piece(2, PieceKind::Decoded([next, 0, 0, 0], 1));
                    return true;
                }
                false
            }
            Escapes::Shell => {
                match next {
                    b'$' | b'`' | b'"' | b'\\' => self.piece(2, PieceKind::Decoded([next, 0, 0, 0], 1)),
                    b'\n' => self.piece(2, PieceKind::Gone),
                    _ => return false,
                }
                true
            }
            Escapes::Backslash(unknown) => {
                self.escape(next, unknown);
                true
            }
        }
    }

    fn escape(&mut self, next: u8, unknown: Unknown) {
        let one = |b: u8| PieceKind::Decoded([b, 0, 0, 0], 1);
        match next {
            b'n' => self.piece(2, one(b'\n')),
            b't' | b's' if next == b't' || unknown == Unknown::Drop => self.piece(2, one(b' ')),
            b'r' => self.piece(2, one(b'\r')),
            b'0'..=b'7' => self.octal(),
            b'a' | b'b' | b'f' | b'v' | b'e' => self.piece(2, one(b' ')),
            b'x' => self.code(2, 2, 2),
            b'u' if self.scanner.peek(2) == b'{' => self.braced_code(),
            b'u' => self.code(2, 4, 4),
            b'U' => self.code(2, 8, 8),
            b'\r' if self.scanner.peek(2) == b'\n' => self.continuation(3, unknown),
            b'\n' => self.continuation(2, unknown),
            b'\\' | b'"' | b'\'' | b'`' | b'$' | b'#' | b'{' | b'/' => self.piece(2, one(next)),
            _ if unknown == Unknown::Keep => self.scanner.at = next_boundary(self.scanner, 1),
            _ if next < 0x80 && self.scanner.at + 1 < self.scanner.end => self.piece(2, one(next)),
            _ => self.piece(1, PieceKind::Gone),
        }
    }

    /// A backslash at the end of a line.
    fn continuation(&mut self, len: usize, unknown: Unknown) {
        let rest = self.scanner.rest();
        let indent = if unknown == Unknown::DropIndent {
            rest.get(len..).map_or(0, |tail| tail.iter().take_while(|b| b.is_ascii_whitespace()).count())
        } else {
            0
        };
        self.piece(len + indent, PieceKind::Gone);
    }

    fn octal(&mut self) {
        let digits = self.scanner.rest()[1..].iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
        let value = self.scanner.rest()[1..=digits].iter().fold(0u32, |v, b| v * 8 + u32::from(b - b'0'));
        self.character(1 + digits, value);
    }

    fn code(&mut self, from: usize, least: usize, most: usize) {
        let digits = self.scanner.rest().iter().skip(from).take(most).take_while(|b| b.is_ascii_hexdigit()).count();
        if digits < least {
            self.piece(1, PieceKind::Gone);
            return;
        }
        let value = hex(&self.scanner.rest()[from..from + digits]);
        self.character(from + digits, value);
    }

    fn braced_code(&mut self) {
        let digits = self.scanner.rest().iter().skip(3).take(8).take_while(|b| b.is_ascii_hexdigit()).count();
        if self.scanner.peek(3 + digits) != b'}' {
            self.piece(1, PieceKind::Gone);
            return;
        }
        let value = hex(&self.scanner.rest()[3..3 + digits]);
        self.character(4 + digits, value);
    }

    fn character(&mut self, len: usize, value: u32) {
        let c = char::from_u32(value).filter(|c| *c != '\0').unwrap_or(' ');
        let mut bytes = [0; 4];
        let width = c.encode_utf8(&mut bytes).len();
        let kind = if width <= len { PieceKind::Decoded(bytes, width as u8) } else { PieceKind::Decoded([b' ', 0, 0, 0], 1) };
        self.piece(len, kind);
    }

    fn hole(&mut self, b: u8) -> bool {
        let next = self.scanner.peek(1);
        self.form.holes.iter().any(|hole| match (hole, b) {
            (Hole::DollarBrace, b'$') if next == b'{' => self.code_hole(2, Until::Byte(b'}')),
            (Hole::Substitution, b'$') if next == b'(' => self.code_hole(2, Until::Byte(b')')),
            (Hole::HashBrace, b'#') if next == b'{' => self.code_hole(2, Until::Byte(b'}')),
            (Hole::PhpBrace, b'{') if next == b'$' => self.code_hole(1, Until::Byte(b'}')),
            (Hole::Backticks, b'`') => self.code_hole(1, Until::Byte(b'`')),
            (Hole::Brace, b'{' | b'}') if next == b => {
                self.piece(2, PieceKind::Decoded([b, 0, 0, 0], 1));
                true
            }
            (Hole::Brace, b'{') => self.code_hole(1, Until::Format),
            (Hole::DollarName, b'$') if is_name_start(next) || next == b'`' => {
                let len = self.scanner.rest()[1..].iter().take_while(|&&b| is_name(b)).count();
                self.name_hole(1 + len)
            }
            // the script's own argument
            (Hole::Substitution, b'$') if next.is_ascii_digit() => self.name_hole(2),
            (Hole::PhpName, b'$') if is_name_start(next) => {
                let len = php_name(self.scanner.rest());
                self.name_hole(len)
            }
            _ => false,
        })
    }

    /// `${code}`: `before` bytes, code, its closing byte.
    fn code_hole(&mut self, before: usize, until: Until) -> bool {
        let start = self.scanner.at;
        self.flush(start);
        self.scanner.at = start + before;
        match self.scanner.hole(until) {
            Some((inner, number)) => {
                let span = Span::new(start as u32, self.scanner.at as u32);
                self.pieces.push(Piece { span, kind: PieceKind::Hole(inner, number) });
                self.run = self.scanner.at;
                true
            }
            None => {
                self.scanner.at = start;
                false
            }
        }
    }

    fn name_hole(&mut self, len: usize) -> bool {
        let start = self.scanner.at as u32;
        self.piece(len, PieceKind::Hole(Span::new(start + 1, start + len as u32), 0));
        true
    }
}

fn hex(digits: &[u8]) -> u32 {
    digits.iter().fold(0u32, |v, b| v.wrapping_mul(16).wrapping_add((*b as char).to_digit(16).unwrap_or(0)))
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

fn is_name(b: u8) -> bool {
    is_name_start(b) || b.is_ascii_digit()
}

/// The length of `$name`, `$name->field`, `$name[key]`.
fn php_name(rest: &[u8]) -> usize {
    let name = |from: usize| rest.get(from..).map_or(0, |tail| tail.iter().take_while(|&&b| is_name(b)).count());
    let len = 1 + name(1);
    match rest.get(len..) {
        Some([b'-', b'>', c, ..]) if is_name_start(*c) => len + 2 + name(len + 2),
        Some([b'[', tail @ ..]) => {
            tail.iter().take(100).position(|&b| b == b']' || b == b'\n').map_or(len, |i| if tail[i] == b']' { len + i + 2 } else { len })
        }
        _ => len,
    }
}

/// The first character boundary after the byte `ahead`.
fn next_boundary(scanner: &Scanner, ahead: usize) -> usize {
    let mut at = scanner.at + ahead + 1;
    while at < scanner.end && !scanner.text.is_char_boundary(at) {
        at += 1;
    }
    at.min(scanner.end)
}
