//! What psql takes for itself: backslash commands, and the rows behind `COPY … FROM STDIN`.

use super::{K, Lexer};
use crate::sql::token::TokenKind;

/// Follows `COPY … FROM STDIN` to its `;`, after which lines of data come.
#[derive(Default, Clone, Copy)]
pub(super) struct CopyWatch {
    words: u32,
    is_copy: bool,
    from: bool,
    /// Data comes behind the `;`.
    pub(super) from_stdin: bool,
}

impl CopyWatch {
    pub(super) fn word(&mut self, word: &[u8]) {
        if self.words == 0 {
            self.is_copy = word.eq_ignore_ascii_case(b"copy");
        }
        self.words += 1;
        if self.is_copy {
            self.from_stdin |= self.from && word.eq_ignore_ascii_case(b"stdin");
            self.from = word.eq_ignore_ascii_case(b"from");
        }
    }
}

impl Lexer<'_> {
    /// A backslash command, to the end of its line; `\;` is a semicolon that psql does not send at.
    pub(super) fn meta_command(&mut self) -> TokenKind {
        if self.peek(1) == b';' {
            self.at += 2;
            return K::Semicolon;
        }
        self.skip_line();
        K::MetaCommand
    }

    pub(super) fn reads_stdin(&self, start: usize) -> bool {
        let line = self.bytes[start..self.at].to_ascii_lowercase();
        line.starts_with(b"\\copy") && memchr::memmem::find(&line, b"from stdin").is_some()
    }

    /// The lines up to and including `\.`; without such a line there is no data.
    pub(super) fn copy_data(&mut self) {
        let start = self.at;
        let mut line = start;
        while let Some(i) = memchr::memchr(b'\n', &self.bytes[line..]) {
            line += i + 1;
            let rest = &self.bytes[line..];
            if rest.starts_with(b"\\.") && matches!(rest.get(2), None | Some(b'\n' | b'\r')) {
                self.at = line + 2;
                self.push(K::CopyData, start);
                return;
            }
        }
    }
}
