//! Tokens: kinds and bytes, nothing copied.

use crate::source::{FILLER, Span};
use std::borrow::Cow;

/// Which lexical extras are read besides PostgreSQL's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// A file for psql: meta-commands, `:variables`, COPY data.
    #[default]
    Psql,
    /// A statement as the server sees it (bodies, logs): nothing extra.
    Server,
    /// A fragment of host code: the drivers' placeholders `?`, `%s`, `%(name)s`, `:name`, `@name`, `{}`, `{name}`, `${…}`, `#{…}`.
    Host,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and line ends.
    Whitespace,
    /// `-- …`.
    LineComment,
    /// `/* … */`, nested.
    BlockComment,
    /// An unquoted word: key word or identifier.
    Word,
    /// `"…"`.
    QuotedIdent,
    /// `U&"…"`.
    UnicodeIdent,
    /// `'…'`.
    String,
    /// `E'…'`.
    EscapeString,
    /// `U&'…'`.
    UnicodeString,
    /// `N'…'`.
    NationalString,
    /// `B'…'`.
    BitString,
    /// `X'…'`.
    HexString,
    /// `$tag$…$tag$`.
    DollarString,
    /// An integer, decimal, hex, octal, binary; underscores allowed (16).
    Number,
    /// `$1`.
    Param,
    /// A driver's placeholder, or a psql variable (`:name`, `:'name'`, `:"name"`).
    Placeholder,
    /// An operator run as PostgreSQL cuts it (`->>`, `@>`, `<=`, `||`, `=`, `*`); `::`, `:=`, `=>`, `..` are operators too.
    Operator,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// `[`.
    LeftBracket,
    /// `]`.
    RightBracket,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `.`.
    Dot,
    /// A lone `:` (array slices).
    Colon,
    /// A psql meta-command with its arguments, to the end of the line or the next backslash command.
    MetaCommand,
    /// The data lines after `COPY … FROM STDIN;`, up to and including `\.`.
    CopyData,
    /// `...` where an example leaves something out.
    Ellipsis,
    /// A string, comment, identifier or dollar quote that never ends.
    Unterminated,
    /// Anything else.
    Unknown,
}

impl TokenKind {
    /// Blanks and comments.
    pub fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment)
    }

    /// Any quoted string constant.
    pub fn is_string(self) -> bool {
        use TokenKind::*;
        matches!(self, String | EscapeString | UnicodeString | NationalString | DollarString)
    }
}

/// A token: its kind and its bytes in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Kind.
    pub kind: TokenKind,
    /// Bytes, quotes included.
    pub span: Span,
}

impl Token {
    /// The bytes as written.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        self.span.of(text)
    }

    /// Whether it is this key word, in any case. `word` must be upper case.
    #[inline]
    pub fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.span.len() as usize == word.len() && self.text(text).eq_ignore_ascii_case(word)
    }

    /// The bytes between the quotes of a string constant, as written.
    pub fn content_span(&self, text: &str) -> Span {
        let raw = self.text(text);
        let (before, after) = match self.kind {
            TokenKind::DollarString => {
                let tag = raw[1..].find('$').map_or(0, |i| i + 2);
                (tag, tag)
            }
            TokenKind::String | TokenKind::QuotedIdent => (1, 1),
            TokenKind::UnicodeString | TokenKind::UnicodeIdent => (3, 1),
            _ => (2, 1),
        };
        let end = self.span.end.saturating_sub(after as u32);
        Span::new((self.span.start + before as u32).min(end), end)
    }

    /// An identifier folded and unquoted, or a string constant unescaped.
    pub fn value<'t>(&self, text: &'t str) -> Cow<'t, str> {
        super::lex::value(self, text)
    }

    /// Whether a filler lies inside, so that its text is not its value byte for byte.
    pub fn has_filler(&self, text: &str) -> bool {
        self.text(text).as_bytes().contains(&FILLER)
    }
}
